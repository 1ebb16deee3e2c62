"""Whether positions and fills agree, and what the money is: asked for whenever what was heard leaves it open."""

from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from actors.account.context import AccountContext
from actors.account.funds.margin.funds import MarginFunds
from actors.account.funds.margin.record import OutOfStep
from actors.account.kinds.margin_messages import PositionsAsked
from actors.account.kinds.margin_session import ask_for_positions, margin_rest
from actors.account.state import OrderKey
from exchanges.base.account_wide import AccountWideRest
from exchanges.base.clients import FillsReport
from exchanges.base.futures_clients import FuturesPrivateRest, MarginReport
from messages.margin import MarginBalance
from messages.position import Position, PositionSide
from messages.symbol import Symbol

_SETTLED_AFTER_MS: Final = 10_000
"""What was told so long ago, and agrees, is not looked at again."""
_log: Final = structlog.get_logger("teller.account")


class _Doubt(msgspec.Struct):
    """A position that is out of step.

    Attributes:
        found: how. since_ms: since when it is so, the exchange's clock. was_asked: an answer that is late enough has
            come since.
    """

    found: OutOfStep
    since_ms: int
    was_asked: bool = False


class PositionWatch:
    """Only used inside the account's turns (R1).

    Attributes:
        mismatches: how often the exchange, asked, told of a position what its fills, asked for, did not explain.
    """

    def __init__(
        self,
        context: AccountContext,
        funds: MarginFunds,
        *,
        tell_positions: Callable[[tuple[Position, ...]], None],
        tell_margins: Callable[[tuple[MarginBalance, ...]], None],
        tell_mismatch: Callable[[OutOfStep], None],
    ) -> None:
        self._context = context
        self._funds = funds
        self._tell_positions = tell_positions
        self._tell_margins = tell_margins
        self._tell_mismatch = tell_mismatch
        self._doubts: dict[tuple[Symbol, PositionSide], _Doubt] = {}
        self._asking: set[Symbol] = set()
        self._look_is_due = False
        self._refresh_is_due = False
        self.mismatches = 0

    # -- positions ----------------------------------------------------------------------------------------------------

    def look_soon(self) -> None:
        """To be called when something was heard of a position: what is merely under way has arrived by then."""
        if not self._look_is_due:
            self._look_is_due = True
            self._context.later(self._context.settings.settle_delay_s, self._look)

    def _look(self) -> None:
        self._look_is_due = False
        self.place()
        positions, now_ms = self._funds.positions, self._context.server_now_ms()
        positions.settle(now_ms - _SETTLED_AFTER_MS - self._context.query_lag_ms)
        before, self._doubts = self._doubts, {}
        for found in positions.out_of_step():
            name = (found.symbol, found.side)
            known = before.get(name)
            if known is None or known.found != found:
                self._doubts[name] = _Doubt(found, now_ms)
            elif known.was_asked:
                self._conclude(found)
            else:
                self._doubts[name] = known
                self._ask(found)
        if self._doubts or positions.unplaced_orders:
            self.look_soon()

    def place(self) -> None:
        """Fills whose orders have become known are followed."""
        positions = self._funds.positions
        waiting = {name: self._context.state.find(OrderKey(*name, None)) for name in positions.unplaced_orders}
        reduces = {name: order.reduce_only for name, order in waiting.items() if order is not None}
        self._tell_positions(positions.place(reduces))

    def _conclude(self, found: OutOfStep) -> None:
        """The exchange's word stands; that it came without fills is told (R14)."""
        self.mismatches += 1
        _log.error(
            "position_out_of_step",
            account=self._context.name,
            symbol=str(found.symbol),
            side=found.side.value,
            quantity=str(found.quantity),
            by_fills=str(found.by_fills),
        )
        self._tell_positions(self._funds.positions.accept(found.symbol, found.side))
        self._tell_mismatch(found)

    def _ask(self, found: OutOfStep) -> None:
        symbol = found.symbol
        if symbol in self._asking or self._context.rest is None:
            return
        rest, now_ms = margin_rest(self._context.rest), self._context.server_now_ms
        self._asking.add(symbol)

        def failed(error: Exception) -> None:
            self._asking.discard(symbol)
            self._context.tell_trouble(error)

        self._context.io(
            "ask_for_position",
            _position_and_fills(rest, self._context.account_wide(), symbol, found.from_ms, now_ms),
            lambda answer: self._answered(symbol, *answer),
            failed,
        )

    def _answered(self, symbol: Symbol, asked: PositionsAsked, fills: FillsReport) -> None:
        self._asking.discard(symbol)
        for fill in reversed(fills.fills):
            self._context.apply_fill(fill)
        self.joined(symbol, asked)
        for (of, _), doubt in self._doubts.items():
            # An answer may be as old as it may lag behind: only one that was asked for later than that is an answer.
            if of == symbol and asked.as_of_ms - asked.lag_ms > doubt.since_ms:
                doubt.was_asked = True
        self.look_soon()

    def joined(self, symbol: Symbol, asked: PositionsAsked) -> None:
        """Takes in the positions of a market that was asked for by itself."""
        positions = self._funds.positions
        if asked.positions:
            self._tell_positions(positions.apply_query(asked.positions, asked.as_of_ms, asked.lag_ms))
        else:
            self._tell_positions(positions.apply_none(symbol, asked.as_of_ms, asked.lag_ms))

    # -- money --------------------------------------------------------------------------------------------------------

    def refresh_soon(self) -> None:
        """To be called when money has changed: sockets do not tell what is available then."""
        if not self._refresh_is_due:
            self._refresh_is_due = True
            delay_s = max(self._context.settings.settle_delay_s, self._context.query_lag_ms / 1000)
            self._context.later(delay_s, self._refresh)

    def _refresh(self) -> None:
        self._refresh_is_due = False
        if self._context.rest is not None:
            rest = margin_rest(self._context.rest)
            self._context.io("load_margin", rest.load_margin(), self.loaded, self._context.tell_trouble)

    def loaded(self, report: MarginReport) -> None:
        """Joins what there is."""
        as_of_ms = report.as_of_ms - self._context.query_lag_ms
        self._tell_margins(self._funds.apply_margins(report.balances, as_of_ms))


async def _position_and_fills(
    rest: FuturesPrivateRest, wide: AccountWideRest, symbol: Symbol, from_ms: int, now_ms: Callable[[], int]
) -> tuple[PositionsAsked, FillsReport]:
    asked = await ask_for_positions(rest, symbol, now_ms)
    return asked, await wide.load_fills_of(symbol, from_ms=from_ms)
