"""What the parts of an account share: its state, its client, and the ways to act and to tell others."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import msgspec

from actors.account.latency import LatencyWindow
from actors.account.settings import AccountSettings
from actors.account.state import AccountState
from actors.runtime import Reply
from exchanges.base.account_wide import AccountWideRest
from exchanges.base.clients import PrivateRest
from messages.enums import SyncState
from messages.errors import (
    ConnectionFailedError,
    InvalidValueError,
    KillSwitchError,
    NotLiveError,
    UnknownMarketError,
)
from messages.instrument import Instrument
from messages.order import Fill, Order
from messages.symbol import Symbol

T = TypeVar("T")
Defer = Callable[[], Reply[Any]]
"""Takes the answer of the message in hand into one's own hands; called once every local check has passed."""


class Io(Protocol):
    """Runs a coroutine outside the mailbox; its end comes back as a message and calls ``then`` or ``failed`` in a turn
    of the account's own."""

    def __call__(
        self,
        what: str,
        coro: Coroutine[Any, Any, T],
        /,
        then: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> object: ...


@dataclass(slots=True)
class Figures:
    """Counters and latencies of one account, changed only in its turns."""

    cache_hits: int = 0
    cache_misses: int = 0
    events: int = 0
    commands: int = 0
    rejected: int = 0
    denied: int = 0
    reconnects: int = 0
    event_latency: LatencyWindow = field(default_factory=LatencyWindow)
    command_latency: LatencyWindow = field(default_factory=LatencyWindow)


@dataclass(slots=True)
class AccountContext:
    """One for each account actor; only used inside its turns (R1).

    Attributes:
        symbols: markets that it is to trade. rest: None until the first session is open.
        server_now_ms: the exchange's clock, unix milliseconds.
        sync_state, stale_since_ms, true_at_ms: as in `messages.snapshot.AccountSnapshot`.
        unknown_markets: markets that the account cannot speak for, each with the cause.
        kill_switch: why it is engaged; None while it is not.
        tell_order, tell_fill: publish to the subscribers. tell_trouble: a request has failed for want of a link.
    """

    name: str
    settings: AccountSettings
    state: AccountState
    io: Io
    later: Callable[[float, Callable[[], None]], object]
    monotonic_s: Callable[[], float]
    server_now_ms: Callable[[], int]
    tell_order: Callable[[Order], None]
    tell_fill: Callable[[Fill], None]
    tell_trouble: Callable[[Exception], None]
    symbols: tuple[Symbol, ...] = ()
    rest: PrivateRest | None = None
    instruments: Mapping[Symbol, Instrument] = field(default_factory=dict)
    sync_state: SyncState = SyncState.DOWN
    stale_since_ms: int | None = None
    true_at_ms: int = 0
    unknown_markets: Mapping[Symbol, str] = field(default_factory=dict)
    kill_switch: str | None = None
    figures: Figures = field(default_factory=Figures)

    def require_trading(self) -> None:
        """Raises `KillSwitchError` while that is engaged, `NotLiveError` unless in step with the exchange (R5)."""
        if self.kill_switch is not None:
            raise KillSwitchError(self.name, self.kill_switch)
        self.require_live()

    def require_live(self) -> None:
        """Raises `NotLiveError` unless in step with the exchange (R5)."""
        if self.sync_state is not SyncState.LIVE:
            raise NotLiveError(self.name, self.sync_state.value, self.stale_since_ms)

    def proven(self, at_ms: int) -> None:
        """What is known was found to be true of this moment of the exchange's clock; what is not live is not."""
        if self.sync_state is SyncState.LIVE:
            self.true_at_ms = max(self.true_at_ms, at_ms)

    def require_rest(self) -> PrivateRest:
        """The client; raises `ConnectionFailedError` while there is none."""
        if self.rest is None:
            raise ConnectionFailedError(f"account {self.name!r} has not been connected yet")
        return self.rest

    def account_wide(self) -> AccountWideRest:
        """The client, for requests of the whole account; raises as `require_rest`."""
        return AccountWideRest(self.require_rest(), self.server_now_ms)

    @property
    def markets(self) -> tuple[Symbol, ...]:
        """Those that are to be traded, and those in which orders or fills are known: what is asked for where the venue
        lists by market only."""
        return tuple(dict.fromkeys((*self.symbols, *(symbol for symbol, _ in self.state.orders.symbols()))))

    @property
    def open_markets(self) -> tuple[Symbol, ...]:
        """Those in which an order is open or may be: where the venue cancels by market only, all are canceled in these.
        While the account is not live others may be open in any market that is to be traded."""
        known = dict.fromkeys(record.order.symbol for record in self.state.orders.open_records())
        return tuple(known if self.sync_state is SyncState.LIVE else dict.fromkeys((*known, *self.symbols)))

    def arrives_by_ms(self, decided_ms: int) -> int:
        """After this moment of the exchange's clock an order that was decided at ``decided_ms`` can no longer arrive
        there: the exchange refuses it, or, where it has no expiry, patience is at its end."""
        expiry_ms = self.require_rest().capabilities.order_expiry_ms
        patience_ms = self.settings.unresolved_patience_ms if expiry_ms is None else expiry_ms
        return decided_ms + patience_ms + self.settings.resolve_grace_ms

    def latest_arrival_ms(self, sent_ms: int, *, expires: bool = True) -> int:
        """After this moment of the exchange's clock a request that was sent at ``sent_ms`` can no longer arrive there.

        ``expires``: it is one of those that the venue lets expire; others are waited for with patience.
        """
        expiry_ms = self.rest.capabilities.order_expiry_ms if expires and self.rest is not None else None
        patience_ms = self.settings.unresolved_patience_ms if expiry_ms is None else expiry_ms
        return sent_ms + patience_ms + self.settings.resolve_grace_ms

    @property
    def query_lag_ms(self) -> int:
        """So long after something happened a query may not know of it yet."""
        return 0 if self.rest is None else self.rest.query_lag_ms

    def require_market(self, symbol: Symbol) -> Instrument:
        """The rules of a market that can be traded.

        Raises:
            UnknownMarketError: the account cannot speak for it now. InvalidValueError: the exchange does not list it.
        """
        cause = self.unknown_markets.get(symbol)
        if cause is not None:
            raise UnknownMarketError(self.name, symbol, cause)
        return self.instrument(symbol)

    def instrument(self, symbol: Symbol) -> Instrument:
        """The rules of a market; raises `InvalidValueError` for one that the exchange does not list."""
        instrument = self.instruments.get(symbol)
        if instrument is None:
            raise InvalidValueError("symbol", str(symbol), "a market that the exchange lists")
        return instrument

    def apply_order(self, report: Order, as_of_ms: int = 0, *, answers: str | None = None) -> Order:
        """Joins a report, tells subscribers of what changed, and returns the order as now known.

        ``as_of_ms``: of the query that it answers, by the exchange's clock; 0 where there was none. ``answers``: the
        client id of the order that was asked for or placed: the answer is about that one, whether it says so or not.
        """
        if report.client_order_id is None and answers is not None:
            report = msgspec.structs.replace(report, client_order_id=answers)
        changed = self.state.apply_order(report, as_of_ms)
        if changed is not None:
            self.tell_order(changed)
            return changed
        known = self.state.known(report)
        return report if known is None else known

    def apply_fill(self, fill: Fill) -> bool:
        """Counts a fill and tells subscribers of it, and of its order; False when it was known.

        A fill that comes without our client id is told with it where its order is known by now.
        """
        order, is_new = self.state.apply_fill(fill)
        if is_new:
            if fill.client_order_id is None and order is not None and order.client_order_id is not None:
                fill = msgspec.structs.replace(fill, client_order_id=order.client_order_id)
            self.tell_fill(fill)
        if order is not None:
            self.tell_order(order)
        return is_new
