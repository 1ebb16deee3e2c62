"""An actor that hears everything the accounts tell, for displays and for the closing comparison."""

from collections import deque

import structlog

from actors.runtime import LoopActor, handles
from console.kept_fills import FILLS_KEPT, KeptFills
from messages.enums import SyncState
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatusEvent,
    ErrorEvent,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.order import Fill
from messages.symbol import Symbol

_log = structlog.get_logger("teller.accounts")


class Notes:
    """What was heard. Written by `Observer` only; read on the same loop, between its turns.

    Attributes:
        statuses: the latest of each account. failures: the first cause for which each was not live.
    """

    def __init__(self, *, fills_kept: int = FILLS_KEPT) -> None:
        """``fills_kept``: how many of an account's fills are kept one by one for the closing comparison."""
        self.events_count: dict[str, int] = {}
        self.fills_count: dict[str, int] = {}
        self.recent_fills: deque[tuple[str, Fill]] = deque(maxlen=50)
        self.statuses: dict[str, ConnectionStatusEvent] = {}
        self.failures: dict[str, str] = {}
        self.latest_error = ""
        self._fills_kept = fills_kept
        self._fills: dict[str, KeptFills] = {}
        self._symbols: dict[str, dict[Symbol, None]] = {}

    def fills_of(self, account: str) -> KeptFills:
        """The fills of an account, oldest first, each once."""
        return self._fills.setdefault(account, KeptFills(self._fills_kept))

    def symbols_of(self, account: str) -> tuple[Symbol, ...]:
        """The markets in which something has happened on an account."""
        return tuple(self._symbols.get(account, ()))

    def count(self, account: str, symbol: Symbol | None = None) -> None:
        """One more event of an account, in a market if it was about one."""
        if symbol is not None:
            self._symbols.setdefault(account, {})[symbol] = None
        self.events_count[account] = self.events_count.get(account, 0) + 1


class Observer(LoopActor):
    """Takes notes."""

    def __init__(self, notes: Notes) -> None:
        super().__init__()
        self.name = "observer"
        self._notes = notes

    @handles(ExecutionReportEvent)
    def _on_fill(self, event: ExecutionReportEvent) -> None:
        notes = self._notes
        notes.count(event.account, event.fill.symbol)
        notes.fills_count[event.account] = notes.fills_count.get(event.account, 0) + 1
        notes.fills_of(event.account).add(event.fill)
        notes.recent_fills.append((event.account, event.fill))

    @handles(OrderUpdateEvent)
    def _on_order(self, event: OrderUpdateEvent) -> None:
        self._notes.count(event.account, event.order.symbol)

    @handles(BalanceUpdateEvent)
    def _on_balances(self, event: BalanceUpdateEvent) -> None:
        self._notes.count(event.account)

    @handles(ConnectionStatusEvent)
    def _on_status(self, event: ConnectionStatusEvent) -> None:
        before = self._notes.statuses.get(event.name)
        self._notes.statuses[event.name] = event
        if event.cause and event.sync_state is not SyncState.LIVE:
            self._notes.failures.setdefault(event.name, event.cause)
        if before is not None and before.sync_state is not event.sync_state:
            _log.info(
                "account_state",
                account=event.name,
                before=before.sync_state.value,
                after=event.sync_state.value,
                cause=event.cause,
            )

    @handles(ErrorEvent)
    def _on_error(self, event: ErrorEvent) -> None:
        self._notes.latest_error = f"{event.name}: {event.where}: {event.message}"
        _log.warning("account_error", account=event.name, kind=event.kind.value, where=event.where, error=event.message)
