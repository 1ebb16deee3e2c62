"""The account that trades on margin: every account, and its positions."""

from typing import Any

import msgspec

from actors.account.actor import AccountActor
from actors.account.funds.margin.funds import MarginFunds
from actors.account.funds.margin.record import OutOfStep
from actors.account.intents import Intent
from actors.account.journal_recovery import SettleOther
from actors.account.kinds.margin_messages import MarginLoaded, MarginNeeded
from actors.account.kinds.position_commands import PositionCommands
from actors.account.kinds.position_watch import PositionWatch
from actors.account.messages import FillsNeeded, GetFillsNeeded, SnapshotLoaded
from actors.account.state import OrderKey
from actors.journal import IntentCommand
from actors.runtime import handles
from messages.commands import GetSnapshot, GetTradingStats
from messages.margin import MarginBalance
from messages.margin_snapshot import MarginAccountSnapshot, MarginTradingStats
from messages.order import Fill, Order
from messages.position import Position
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.position_events import (
    LedgerEvent,
    MarginBalanceUpdateEvent,
    PositionMismatchEvent,
    PositionUpdateEvent,
)
from messages.snapshot import AccountSnapshot, TradingStats


class MarginAccountActor(AccountActor):
    """An `AccountActor` with `MarginFunds`: it keeps positions, too, and what they do to the money."""

    async def _take_up(self) -> None:
        await super()._take_up()
        self._watch = PositionWatch(
            self._account,
            self._funds,
            tell_positions=self._tell_positions,
            tell_margins=self._tell_margins,
            tell_mismatch=self._tell_mismatch,
        )
        self._position_commands = PositionCommands(
            self._account, self._funds, self._intents, self._orders, take_in=self._watch.joined
        )

    def _settle_other(self, intent: Intent, command: IntentCommand, arrives_by_ms: int) -> None:
        if not isinstance(command, SetLeverage | SetMarginMode):
            raise TypeError(f"{type(command).__name__} is no command of a margin account")
        self._position_commands.settle(intent, command, arrives_by_ms)

    def _settles_others(self) -> SettleOther | None:
        return self._settle_other

    @property
    def _funds(self) -> MarginFunds:
        funds = self._state.funds
        assert isinstance(funds, MarginFunds), "a margin account is made with margin funds"
        return funds

    # -- what the exchange says -----------------------------------------------------------------------------------

    @handles(PositionUpdateEvent)
    def _on_position(self, event: PositionUpdateEvent) -> None:
        if event.session_id != self._session_id:
            return
        figures = self._account.figures
        figures.events += 1
        figures.event_latency.add(self._server_now_ms() - event.position.updated_ms)
        self._tell_positions(self._funds.positions.apply(event.position))
        self._watch.look_soon()

    @handles(LedgerEvent)
    def _on_ledger(self, event: LedgerEvent) -> None:
        if event.session_id != self._session_id:
            return
        self._account.figures.events += 1
        self._publisher.event(LedgerEvent(self.name, event.entry))
        self._watch.refresh_soon()

    def _fill_counted(self, fill: Fill) -> None:
        super()._fill_counted(fill)
        order = self._state.find(OrderKey(fill.symbol, fill.order_id, fill.client_order_id))
        reduces = None if order is None else order.reduce_only
        self._tell_positions(self._funds.positions.fill(fill, reduces=reduces))
        self._watch.look_soon()
        self._watch.refresh_soon()

    def _order_changed(self, order: Order) -> None:
        super()._order_changed(order)
        if order.is_finished and order.order_id is not None:
            self._watch.refresh_soon()

    # -- what the connection supervisor says ----------------------------------------------------------------------

    def _get_fills_needed(self, message: GetFillsNeeded) -> FillsNeeded:
        needed = super()._get_fills_needed(message)
        held = self._funds.positions.told_held
        return MarginNeeded(needed.from_ms, needed.again, needed.turn, needed.markets, held)

    def _snapshot_loaded(self, message: SnapshotLoaded) -> int | None:
        if message.session_id == self._session_id and isinstance(message.besides, MarginLoaded):
            self._join(message, message.besides)
        return super()._snapshot_loaded(message)

    def _join(self, message: SnapshotLoaded, loaded: MarginLoaded) -> None:
        """Joins money and positions with what the socket has told since the subscription (R7)."""
        funds, report = self._funds, loaded.positions
        funds.instruments = message.instruments
        funds.positions.mode = loaded.margin.position_mode
        unreadable = {row.symbol for row in report.unreadable if row.symbol is not None}
        self._tell_positions(funds.positions.apply_list(report.positions, report.as_of_ms, loaded.lag_ms, unreadable))
        for symbol, asked in loaded.asked.items():
            self._watch.joined(symbol, asked)
        self._watch.loaded(loaded.margin)
        self._watch.place()
        self._watch.look_soon()

    # -- what strategies ask --------------------------------------------------------------------------------------

    @handles(SetLeverage, SetMarginMode)
    def _set(self, command: SetLeverage | SetMarginMode) -> None:
        self._position_commands.set(self._counted(command), self.defer)

    @handles(ClosePosition)
    def _close(self, command: ClosePosition) -> None:
        self._position_commands.close(self._counted(command), self.defer)

    # -- what is told -------------------------------------------------------------------------------------------------

    def _tell_positions(self, changed: tuple[Position, ...]) -> None:
        for position in changed:
            self._publisher.event(PositionUpdateEvent(self.name, position))

    def _tell_margins(self, changed: tuple[MarginBalance, ...]) -> None:
        for balance in changed:
            self._publisher.event(MarginBalanceUpdateEvent(self.name, balance))

    def _tell_mismatch(self, found: OutOfStep) -> None:
        self._publisher.event(
            PositionMismatchEvent(self.name, found.symbol, found.side, found.quantity, found.by_fills)
        )

    def _get_snapshot(self, message: GetSnapshot) -> AccountSnapshot:
        funds = self._funds
        return MarginAccountSnapshot(
            **_fields(super()._get_snapshot(message)),
            positions=funds.positions.held,
            margins=dict(funds.margins),
            position_mode=funds.positions.mode,
        )

    def _get_trading_stats(self, message: GetTradingStats) -> TradingStats:
        funds = self._funds
        return MarginTradingStats(
            **_fields(super()._get_trading_stats(message)),
            active_positions=len(funds.positions.held),
            margin_used=dict(funds.margin_used),
            unrealized_pnl=dict(funds.unrealized_pnl),
            position_mismatches=self._watch.mismatches,
        )


def _fields(message: msgspec.Struct) -> dict[str, Any]:
    """By name, as they are."""
    return {name: getattr(message, name) for name in message.__struct_fields__}
