"""What a trader writes: a class with a handful of callbacks and calls."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import msgspec
import structlog

from actors.runtime import Reply
from actors.strategy.handle import AccountHandle
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatusEvent,
    ErrorEvent,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.market import BookTicker
from messages.position_events import (
    LedgerEvent,
    MarginBalanceUpdateEvent,
    PositionMismatchEvent,
    PositionUpdateEvent,
)
from messages.symbol import Symbol

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class StrategyReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a strategy is doing.

    Attributes:
        inventory: base gained since the start, fees in base taken off. pnl: quote gained since the start, the
            inventory valued at the latest mid; None before there is one.
        fills_count, orders_count, requotes_count: since the start. note: a few words for people.
    """

    strategy: str
    account: str
    symbol: Symbol | None = None
    inventory: Decimal = Decimal(0)
    pnl: Decimal | None = None
    fills_count: int = 0
    orders_count: int = 0
    requotes_count: int = 0
    note: str = ""


class StrategyHost(Protocol):
    """What a strategy may ask of the actor that hosts it."""

    def account(self, name: str) -> AccountHandle: ...

    def watch_book_ticker(self, venue: str, symbol: Symbol) -> None: ...

    def set_timer(self, delay_s: float, name: str) -> None: ...

    def now_s(self) -> float: ...

    def then(self, reply: Reply[Any], callback: Callable[[Any], Any], failed: Callable[[Exception], Any]) -> None: ...


class Strategy:
    """Base of strategies. Override the callbacks that you need; use the calls below from inside of them.

    Callbacks run one at a time, so a strategy needs no locks. On the loop (the default) a callback returns at once or
    is ``async`` and awaits replies; book tickers that arrive meanwhile are conflated to the newest. On a thread
    (``on_thread = True``) callbacks are plain and may block, for example in ``reply.get(timeout=5)``.

    An exception in a callback crashes the strategy: it is reported, its accounts go on, and it is made and started anew
    (`fresh`), up to the restart intensity. What it knew is gone; its orders are still there.
    """

    on_thread: bool = False
    _recipe: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Remembers how the strategy was made, so that it can be made anew after a crash."""
        self = super().__new__(cls)
        self._recipe = (args, kwargs)
        return self

    def __init__(self, name: str, accounts: tuple[str, ...]) -> None:
        """``name``: unique. ``accounts``: whose events the strategy gets."""
        self.name: Final = name
        self.accounts: Final = accounts
        self.log: FilteringBoundLogger = structlog.get_logger("teller.strategy").bind(strategy=name)
        self._host: StrategyHost | None = None

    def fresh(self) -> Self:
        """The same strategy anew, as it was constructed: what runs after a crash."""
        args, kwargs = self._recipe
        return type(self)(*args, **kwargs)

    # -- callbacks ------------------------------------------------------------------------------------------------

    def on_start(self) -> Any:
        """The accounts are live; the place for subscriptions and first orders."""

    def on_stop(self) -> Any:
        """The strategy is being stopped; open orders are canceled after it by whoever stops the system."""

    def on_book_ticker(self, ticker: BookTicker) -> Any:
        """Best bid or ask of a watched market has changed; the newest only."""

    def on_order_update(self, event: OrderUpdateEvent) -> Any:
        """An order of one of the accounts has changed, whoever placed it."""

    def on_fill(self, event: ExecutionReportEvent) -> Any:
        """An order was filled, in part or whole; each fill is told once."""

    def on_balance_update(self, event: BalanceUpdateEvent) -> Any:
        """Balances of an account have changed."""

    def on_position_update(self, event: PositionUpdateEvent) -> Any:
        """A position of a margin account has changed."""

    def on_position_mismatch(self, event: PositionMismatchEvent) -> Any:
        """The exchange tells of a position what its fills do not explain; its word stands."""

    def on_margin_balance_update(self, event: MarginBalanceUpdateEvent) -> Any:
        """The money of a margin account has changed."""

    def on_ledger(self, event: LedgerEvent) -> Any:
        """The wallet of a margin account has changed, by funding for one."""

    def on_connection_status(self, event: ConnectionStatusEvent) -> Any:
        """An account, or a venue's feed, has become live or has ceased to be."""

    def on_error(self, event: ErrorEvent) -> Any:
        """Something went wrong on an account that no reply tells."""

    def on_timer(self, name: str) -> Any:
        """A timer of `set_timer` is due."""

    def report(self) -> StrategyReport:
        """How it is doing; asked for by displays, never waits."""
        return StrategyReport(strategy=self.name, account=", ".join(self.accounts))

    # -- calls ----------------------------------------------------------------------------------------------------

    def account(self, name: str) -> AccountHandle:
        """An account by its name; raises `InvalidValueError` for one that is not among the strategy's own."""
        return self._hosted().account(name)

    def watch_book_ticker(self, venue: str, symbol: Symbol) -> None:
        """From now on `on_book_ticker` is called for this market."""
        self._hosted().watch_book_ticker(venue, symbol)

    def set_timer(self, delay_s: float, name: str) -> None:
        """Calls `on_timer` with ``name`` once, after ``delay_s`` seconds."""
        self._hosted().set_timer(delay_s, name)

    def now_s(self) -> float:
        """Monotonic seconds."""
        return self._hosted().now_s()

    def then(
        self, reply: Reply[Any], callback: Callable[[Any], Any], failed: Callable[[Exception], Any] | None = None
    ) -> None:
        """Calls ``callback`` with the reply's value, or ``failed`` with its error, as one more callback in turn."""
        self._hosted().then(reply, callback, failed or self._log_failure)

    def attach(self, host: StrategyHost) -> None:
        """Called by the host before `on_start`."""
        self._host = host

    def _hosted(self) -> StrategyHost:
        if self._host is None:
            raise RuntimeError(f"strategy {self.name!r} has not been started: use its calls inside callbacks")
        return self._host

    def _log_failure(self, error: Exception) -> None:
        self.log.warning("reply_failed", error=str(error))
