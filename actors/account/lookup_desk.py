"""Looking one order up, in three tiers (DESIGN section 5): open orders, executed orders, the exchange."""

from typing import Any, Final

import structlog

from actors.account.context import AccountContext, Defer
from actors.runtime import Reply
from messages.commands import GetOrder
from messages.enums import SyncState
from messages.order import Order
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.account")


class LookupDesk:
    """Answers `GetOrder`; only used inside the account's turns (R1)."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._under_way: dict[tuple[Symbol, str | None, str | None], list[Reply[Any]]] = {}

    def get(self, command: GetOrder, defer: Defer) -> Order | None:
        """The order from memory at once, or by REST; concurrent look-ups of one order share one request.

        An open order is answered from memory only while the account is live: otherwise the exchange is asked, and if
        that fails the answer is the error, never the old state (R5) and never None.
        """
        context = self._context
        record = context.state.orders.find(command.symbol, command.order_id, command.client_order_id)
        if record is not None and record.order.is_finished:
            context.figures.cache_hits += 1
            return record.order
        if record is not None and context.sync_state is SyncState.LIVE:
            context.figures.cache_hits += 1
            return record.order
        context.figures.cache_misses += 1
        rest = context.require_rest()
        reply = defer()
        if record is not None and record.order.order_id is not None:
            command = GetOrder(
                symbol=command.symbol, order_id=record.order.order_id, client_order_id=record.order.client_order_id
            )
        key = (command.symbol, command.order_id, command.client_order_id)
        waiting = self._under_way.get(key)
        if waiting is not None:
            waiting.append(reply)
            return None
        self._under_way[key] = [reply]
        started_s, asked_ms = context.monotonic_s(), context.server_now_ms()
        context.io(
            "get_order",
            rest.get_order(command),
            lambda order: self._found(key, order, started_s, asked_ms),
            lambda error: self._failed(key, error),
        )
        return None

    def _found(
        self, key: tuple[Symbol, str | None, str | None], report: Order | None, started_s: float, asked_ms: int
    ) -> None:
        order = None if report is None else self._context.hear_order(report, asked_ms)
        _log.info(
            "order_looked_up",
            account=self._context.name,
            symbol=str(key[0]),
            order_id=key[1],
            client_order_id=key[2],
            found=order is not None,
            elapsed_ms=round((self._context.monotonic_s() - started_s) * 1000, 3),
        )
        for reply in self._under_way.pop(key):
            reply.set(order)

    def _failed(self, key: tuple[Symbol, str | None, str | None], error: Exception) -> None:
        self._context.tell_trouble(error)
        for reply in self._under_way.pop(key):
            reply.set_error(error)
