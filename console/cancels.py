"""Cancelling over REST, without a running program: until a complete list shows that nothing is open (R13, R14)."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from exchanges.base.account_wide import AccountWideRest
from exchanges.base.clients import OpenOrdersReport, PrivateRest, UnreadableRow
from exchanges.base.environment import Environment
from messages.commands import CancelAll, OrderReference
from messages.errors import RateLimitedError, RefusalReason, TellerError, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 3.0
_SINGLY_FROM_TRY: Final = 3
"""What a list still shows then may be of a kind that a cancel of all does not reach."""
_SINGLY_AT_ONCE: Final = 100
_NAMED: Final = 5
_GONE: Final = frozenset({RefusalReason.ORDER_NOT_FOUND, RefusalReason.ORDER_FINISHED})


class Canceled(msgspec.Struct, frozen=True, kw_only=True):
    """What was done and seen.

    Attributes:
        orders: that ended by it, as the exchange told. left: that may be open, in words; None: it is not known.
        why: it is not known to be done; empty if it is.
    """

    orders: tuple[Order, ...]
    left: tuple[str, ...] | None
    why: str = ""

    def __str__(self) -> str:
        done = f"{len(self.orders)} orders canceled"
        if not self.why:
            return f"{done}, none is open"
        return f"NOT ALL CANCELED: {done}, {_named(self.left)}: {self.why}"


class OpenOrdersCancel:
    """Cancels the open orders of one account."""

    def __init__(
        self,
        rest: PrivateRest,
        environment: Environment,
        *,
        server_now_ms: Callable[[], int],
        markets: Sequence[Symbol],
    ) -> None:
        """``markets``: those that are looked after where the venue lists and cancels by market only."""
        self._rest = rest
        self._wide = AccountWideRest(rest, server_now_ms)
        self._markets = markets
        self._environment = environment
        self._ended: dict[str | None, Order] = {}
        self._swept = False
        self._listed: OpenOrdersReport | None = None
        self._left: list[Order] = []
        self._unreadable: list[UnreadableRow] = []

    async def run(self, scope: CancelAll, *, told_ms: int, spares_later: bool, patience_s: float) -> Canceled:
        """Cancels, looks, and does both again until it is done or ``patience_s`` is over. Never raises `TellerError`.

        Done means that a complete list of open orders shows none of the scope, which was taken up after the exchange
        had answered a cancel of all; where it answers none, so much later that it cannot be behind the command.

        Args:
            told_ms: the exchange's clock of now. spares_later: orders that it took after that are not in scope.
        """
        clock, tries = self._environment.clock, 0
        deadline_s = clock.monotonic_s() + patience_s
        while True:
            tries += 1
            why, pause_s = "", min(_FIRST_PAUSE_S * 2 ** min(tries - 1, 16), _LONGEST_PAUSE_S)
            try:
                await self._cancel(scope, tries)
            except TellerError as error:
                why, pause_s = str(error), _pause_s(error, pause_s)
            try:
                await self._look(scope, told_ms if spares_later else None)
            except TellerError as error:
                why, pause_s = str(error), _pause_s(error, pause_s)
                self._listed = None
            if self._is_done(told_ms):
                return self._result("")
            if clock.monotonic_s() + pause_s >= deadline_s:
                return self._result(why or f"the exchange did not show it within {patience_s:g} s")
            await clock.sleep(pause_s)

    async def _cancel(self, scope: CancelAll, tries: int) -> None:
        is_possible = self._wide.can_cancel_all(scope.side)
        if is_possible and (tries < _SINGLY_FROM_TRY or not self._left):
            try:
                self._take(await self._wide.cancel_all(scope.symbol, scope.side, self._markets))
            except VenueRefusedError as error:
                if error.reason is not RefusalReason.UNKNOWN_SYMBOL:
                    raise  # in a market that is gone nothing is open
            self._swept = True
            return
        for order in self._left[:_SINGLY_AT_ONCE]:
            try:
                self._take([await self._rest.cancel_order(_reference(order))])
            except VenueRefusedError as error:
                if error.reason not in _GONE:
                    raise

    async def _look(self, scope: CancelAll, before_ms: int | None) -> None:
        report = self._listed = await self._wide.load_open_orders({*self._markets, *filter(None, [scope.symbol])})
        in_scope = (
            order
            for order in report.orders
            if scope.symbol in {None, order.symbol} and scope.side in {None, order.side}
        )
        self._left = [order for order in in_scope if before_ms is None or order.created_ms <= before_ms]
        self._unreadable = [
            row for row in report.unreadable if scope.symbol is None or row.symbol in {None, scope.symbol}
        ]

    def _is_done(self, told_ms: int) -> bool:
        if self._listed is None or self._left or self._unreadable:
            return False
        return self._swept or self._listed.as_of_ms >= told_ms + self._rest.query_lag_ms

    def _take(self, orders: Sequence[Order]) -> None:
        self._ended.update((order.order_id, order) for order in orders if order.is_finished)

    def _result(self, why: str) -> Canceled:
        left = [f"{order.symbol} {order.order_id}" for order in self._left]
        left += [f"{row.market or 'a market'} {row.item_id} (cannot be read)" for row in self._unreadable]
        ended = tuple(self._ended.values())
        return Canceled(orders=ended, left=None if self._listed is None else tuple(left), why=why)


def _named(left: Sequence[str] | None) -> str:
    if left is None:
        return "what is open is not known"
    if not left:
        return "none listed as open"
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return f"{len(left)} open ({', '.join(left[:_NAMED])}{more})"


def _reference(order: Order) -> OrderReference:
    return OrderReference(symbol=order.symbol, order_id=order.order_id, client_order_id=order.client_order_id)


def _pause_s(error: TellerError, pause_s: float) -> float:
    """An exchange that says when to come back is obeyed, but for a cancel that would have to wait long (R13)."""
    retry_s = error.retry_after_s if isinstance(error, VenueRefusedError | RateLimitedError) else None
    return pause_s if retry_s is None else max(pause_s, min(retry_s, _LONGEST_PAUSE_S))
