"""Looking one order up, in three tiers: open orders, executed orders, the exchange."""

from functools import partial
from typing import Any, Final, TypeAlias

import structlog

from actors.account.context import AccountContext, Defer
from actors.account.orders.reconciler import OrderReconciler
from actors.account.orders.record import OrderRecord
from actors.account.state import OrderKey
from actors.runtime import Reply
from exchanges.base.rate_limiter import Priority
from messages.commands import GetOrder
from messages.enums import SyncState
from messages.order import Order
from messages.symbol import Symbol

_Key: TypeAlias = tuple[Symbol, str | None, str | None]
_log: Final = structlog.get_logger("teller.account")


class OrderQueries:
    """Answers `GetOrder`; only used inside the account's turns (R1)."""

    def __init__(self, context: AccountContext, reconciler: OrderReconciler) -> None:
        self._context = context
        self._reconciler = reconciler
        self._under_way: dict[_Key, list[Reply[Any]]] = {}

    def get(self, command: GetOrder, defer: Defer) -> Order | None:
        """The order from memory at once, or by REST; concurrent look-ups of one order share one request.

        An open order is answered from memory only while the account is live, an order whose end the exchange has not
        told never: otherwise the exchange is asked, and if that fails the answer is the error, never the old state
        (R5). None is the answer only where the exchange denies an order that we do not know either: one that it does
        not find yet is told as it is known, one that should be there is asked about until that is settled (R6).
        """
        context = self._context
        record = context.state.orders.find(command.symbol, command.order_id, command.client_order_id)
        if (
            record is not None
            and not record.is_inferred
            and (record.order.is_finished or context.sync_state is SyncState.LIVE)
        ):
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
        context.io(
            "get_order",
            rest.get_order(command, priority=Priority.BACKGROUND),
            partial(self._answered, key, context.server_now_ms(), context.monotonic_s()),
            partial(self._failed, key),
        )
        return None

    def _answered(self, key: _Key, asked_ms: int, started_s: float, report: Order | None) -> None:
        _log.info(
            "order_looked_up",
            account=self._context.name,
            symbol=str(key[0]),
            order_id=key[1],
            client_order_id=key[2],
            found=report is not None,
            elapsed_ms=round((self._context.monotonic_s() - started_s) * 1000, 3),
        )
        record = self._context.state.orders.find(*key)
        if report is None:
            self._denied(key, asked_ms, record)
            return
        if record is None and report.fees_are_partial:
            # It may have been known with all its fees, told so, and dropped for room.
            self._reply(key, report)
            return
        order = self._context.apply_order(report, asked_ms, answers=key[2])
        record = self._context.state.orders.find(*key) or record
        if record is None or record.order.order_id == report.order_id:
            self._reply(key, order)
        else:  # an earlier order of that client id: ours is not there
            self._denied(key, asked_ms, record)

    def _denied(self, key: _Key, asked_ms: int, record: OrderRecord | None) -> None:
        """The exchange, asked at ``asked_ms`` of its clock, said that it knows no such order."""
        if record is None:
            self._reply(key, None)
            return
        is_young = asked_ms <= record.seen_ms + self._context.require_rest().query_lag_ms
        if record.order.is_finished or not record.is_acknowledged or is_young:
            self._reply(key, record.order)
            return
        self._reconciler.ask(OrderKey(*key), partial(self._reply, key), partial(self._reply_error, key))

    def _reply(self, key: _Key, order: Order | None) -> None:
        for reply in self._under_way.pop(key, ()):
            reply.set(order)

    def _failed(self, key: _Key, error: Exception) -> None:
        self._context.tell_trouble(error)
        self._reply_error(key, error)

    def _reply_error(self, key: _Key, error: Exception) -> None:
        for reply in self._under_way.pop(key, ()):
            reply.set_error(error)
