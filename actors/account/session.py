"""An account's connection: one template for every venue."""

import itertools
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

import msgspec
import structlog

from actors.account.messages import FillsNeeded, GetFillsNeeded, LoadedBesides, SessionOpened, SnapshotLoaded
from actors.journal import Journal
from actors.runtime import Address, Reply
from exchanges.base.account_wide import AccountWideRest
from exchanges.base.clients import FillsReport, PrivateRest, PrivateWebsocket, PublicRest, Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.base.parallel import in_parallel
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidValueError,
    ListChangedError,
    LocalRefusalError,
    ProtocolError,
    RateLimitedError,
    RefusalReason,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
)
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatus,
    ErrorEvent,
    ErrorKind,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.instrument import Instrument
from messages.order import Order
from messages.symbol import Symbol

T = TypeVar("T")
_INSTRUMENTS_GOOD_FOR_S: Final = 900.0
"""So old the rules of markets may become before they are read anew."""
_DOUBTED_INSTRUMENTS_GOOD_FOR_S: Final = 30.0
"""The same once something was refused as if they were out of date."""
_LISTED: Final = "listed"
"""With the market's name a key in the journal's state: that it was listed once."""
_LONGEST_KEY: Final = 64
_log: Final = structlog.get_logger("teller.account")


class AccountSessions:
    """Makes the sessions of one account; keeps what outlives each of them: REST clients with their rate limits, and the
    markets' rules."""

    def __init__(
        self,
        *,
        account: str,
        address: Address,
        venue: Venue,
        credentials: Credentials,
        environment: Environment,
        symbols: tuple[Symbol, ...],
        journal: Journal | None = None,
        public_rest: PublicRest | None = None,
    ) -> None:
        """``symbols``: markets that the account's strategies trade; the start fails if one is not listed and, as far as
        the ``journal`` remembers, never was. ``public_rest``: what it shares with the venue's other accounts; None for
        one of its own."""
        self.account = account
        self.address = address
        self.venue = venue
        self.credentials = credentials
        self.environment = environment
        self.symbols = symbols
        self._journal = journal
        self.public_rest: PublicRest = public_rest or venue.create_public_rest()
        self.private_rest: PrivateRest = venue.create_private_rest(credentials)
        self.instruments: Mapping[Symbol, Instrument] = {}
        self.instruments_loaded_s: float | None = None
        self.instruments_are_doubted = False
        self._rules_trouble = ""
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        return next(self._numbers)

    @property
    def instruments_are_due(self) -> bool:
        """Whether the rules of markets are too old, or never were read."""
        loaded_s = self.instruments_loaded_s
        good_for_s = _INSTRUMENTS_GOOD_FOR_S
        if self.instruments_are_doubted:
            good_for_s = min(good_for_s, _DOUBTED_INSTRUMENTS_GOOD_FOR_S)
        return loaded_s is None or self.environment.clock.monotonic_s() - loaded_s >= good_for_s

    async def renew_instruments(self) -> None:
        """Reads the rules of markets where that is due. Old ones stand while they cannot be read anew.

        Raises:
            ConfigurationError: the first time, for a market of ours that is not listed and never was.
            TellerError: there are none yet, and they cannot be read.
        """
        if not self.instruments_are_due:
            return
        asked_s = self.environment.clock.monotonic_s()
        try:
            instruments = await self.public_rest.load_instruments()
        except TellerError as error:
            if self.instruments_loaded_s is None:
                raise
            self._tell_rules_trouble(str(error))
            return
        self._require_listed(instruments)
        self._tell_rules_trouble("")
        self.instruments, self.instruments_loaded_s, self.instruments_are_doubted = instruments, asked_s, False

    def _require_listed(self, instruments: Mapping[Symbol, Instrument]) -> None:
        """A symbol that never was listed is a mistake of whoever wrote it; one that was is delisted, which is no
        reason not to look after the account's other markets, also when the program starts anew."""
        listed = [symbol for symbol in self.symbols if symbol in instruments]
        unknown = [str(symbol) for symbol in self.symbols if symbol not in instruments and not self._was_listed(symbol)]
        if unknown and self.instruments_loaded_s is None:
            raise ConfigurationError(
                f"account {self.account!r}: {self.venue.name} does not list {', '.join(unknown)}; mend its symbols"
            )
        for symbol in listed:
            if self._journal is not None and not self._was_listed(symbol):
                self._journal.set_state(f"{_LISTED} {symbol}"[:_LONGEST_KEY], "yes")

    def _was_listed(self, symbol: Symbol) -> bool:
        return self._journal is not None and self._journal.get_state(f"{_LISTED} {symbol}"[:_LONGEST_KEY]) is not None

    def _tell_rules_trouble(self, trouble: str) -> None:
        """Once for each change."""
        if trouble and trouble != self._rules_trouble:
            age_s = self.environment.clock.monotonic_s() - (self.instruments_loaded_s or 0.0)
            _log.warning("market_rules_not_renewed", account=self.account, age_s=round(age_s), error=trouble)
        elif self._rules_trouble and not trouble:
            _log.info("market_rules_renewed_again", account=self.account)
        self._rules_trouble = trouble

    def __call__(self, session_id: int, lost: Callable[[str], None]) -> "AccountSession":
        return AccountSession(self, session_id, lost)


class AccountSession:
    """One connection of an account: clients, subscriptions, snapshot."""

    def __init__(self, parts: AccountSessions, session_id: int, lost: Callable[[str], None]) -> None:
        self._parts = parts
        self._session_id = session_id
        self._lost = lost
        self._socket: PrivateWebsocket | None = None
        self._links = ConnectionStatus()
        self._subscribed_ms = 0
        self._unreadable_ms = 0

    async def open(self) -> None:
        """Clock and market rules, then the private socket with its subscriptions acknowledged.

        Raises:
            VenueRefusedError: by the private socket; where that is hopeless, it is the key that is refused.
            ConfigurationError: a market that the account is to trade is not listed.
            ConnectionFailedError: a link fails.
        """
        parts = self._parts
        parts.address.tell(SessionOpened(self._session_id, parts.private_rest))  # served before what comes later
        await in_parallel(parts.environment.spawn, self._learn_clock(), _not_of_the_key(parts.renew_instruments()))
        self._socket = parts.venue.create_private_ws_with_handlers(parts.credentials, self._handlers())
        await self._socket.connect()
        self._subscribed_ms = parts.venue.server_now_ms()
        self._links = msgspec.structs.replace(self._links, private_ws=True)

    async def load(self) -> None:
        """Balances, open orders and missing fills in parallel; returns when the account has joined them and settled its
        doubts. Public REST is asked first where it did not answer last."""
        if not self._links.public_rest:
            await self._learn_clock()
        await self._load()

    async def _load(self) -> int:
        parts = self._parts
        needed: FillsNeeded = await parts.address.ask(GetFillsNeeded())
        rest, spawn = parts.private_rest, parts.environment.spawn
        wide = AccountWideRest(rest, parts.venue.server_now_ms)
        try:
            balances, open_orders, fills, again, besides = await in_parallel(
                spawn,
                rest.load_balances(),
                wide.load_open_orders(needed.markets),
                _not_of_the_key(wide.load_fills(needed.turn, from_ms=needed.from_ms, spawn=spawn)),
                self._load_again(wide, needed.again),
                self._load_besides(needed),
            )
        except ListChangedError:
            raise
        except ConnectionFailedError as error:
            self._links = msgspec.structs.replace(self._links, private_rest=False)
            raise ConnectionFailedError(f"private REST does not answer: {error}") from error
        self._links = msgspec.structs.replace(self._links, private_rest=True)
        snapshot = SnapshotLoaded(
            session_id=self._session_id,
            subscribed_ms=self._subscribed_ms,
            unreadable_ms=self._unreadable_ms,
            balances=balances,
            open_orders=open_orders,
            fills=fills,
            fills_from_ms=needed.from_ms,
            fills_lag_ms=rest.query_lag_ms,
            again=again,
            instruments=parts.instruments,
            besides=besides,
        )
        missed: int = await _not_of_the_key(_wait_for(parts.address.ask(snapshot)))
        return missed

    async def _load_besides(self, needed: FillsNeeded) -> LoadedBesides:
        """What accounts of one product load more; raises as the queries of the client do."""
        del needed
        return LoadedBesides()

    async def _load_again(self, wide: AccountWideRest, wanted: Mapping[Symbol, int]) -> dict[Symbol, FillsReport | str]:
        """Fills of single markets; what is refused concerns that market only. Those for which the rate limit has no
        room wait for the next time."""
        spawn = self._parts.environment.spawn
        answers = await in_parallel(spawn, *(_fills_of(wide, symbol, from_ms) for symbol, from_ms in wanted.items()))
        return {symbol: answer for symbol, answer in zip(wanted, answers, strict=True) if answer is not None}

    async def check(self) -> None:
        """Both REST links answer, and what the snapshot says is what the socket has told.

        Market rules that are due are read anew on the way.

        Raises:
            ConnectionFailedError: a link does not answer, or the socket is deaf: it kept something from us that is
                older than any delay on the way.
            ListChangedError: open orders could not be read whole.
            VenueRefusedError, LocalRefusalError: something could not be asked; hopeless only where the key itself is
                refused.
        """
        # Both to their end, whatever comes of one, so that each link is known for what it is.
        (missed, private), (_, public) = await in_parallel(
            self._parts.environment.spawn, _outcome(self._renew_and_load()), _outcome(self._learn_clock())
        )
        is_link_gone = isinstance(private, ConnectionFailedError) and not isinstance(private, ListChangedError)
        failed = private if is_link_gone else public or private
        if failed is not None:
            raise failed
        if missed:
            self._links = msgspec.structs.replace(self._links, private_ws=False)
            raise ConnectionFailedError(f"the private socket is deaf: it did not tell {missed} things")

    async def _renew_and_load(self) -> int:
        await _not_of_the_key(self._parts.renew_instruments())
        return await self._load()

    def doubt_facts(self) -> bool:
        """Market rules may be out of date; True where they are old enough to be read anew now."""
        was_doubted, self._parts.instruments_are_doubted = self._parts.instruments_are_doubted, True
        return not was_doubted and self._parts.instruments_are_due

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        self._links = ConnectionStatus()
        if socket is not None:
            await socket.close()

    def links(self) -> ConnectionStatus:
        return self._links

    def answers_count(self) -> int:
        return self._parts.private_rest.answers_count

    def is_open(self) -> bool:
        return self._socket is not None and self._links.private_ws

    async def _learn_clock(self) -> None:
        """Public REST answers, if only with a refusal: the clock is learnt from private answers, too."""
        try:
            await self._parts.public_rest.server_time_ms()
        except ConnectionFailedError as error:
            self._links = msgspec.structs.replace(self._links, public_rest=False)
            raise ConnectionFailedError(f"public REST does not answer: {error}") from error
        except (VenueRefusedError, LocalRefusalError) as error:
            _log.info("clock_not_asked", account=self._parts.account, error=str(error))
        self._links = msgspec.structs.replace(self._links, public_rest=True)

    def _handlers(self) -> PrivateWebsocketHandlers:
        name, address, session_id = self._parts.account, self._parts.address, self._session_id
        tell = address.tell

        def tell_order(order: Order) -> None:
            tell(OrderUpdateEvent(name, order, session_id))

        return PrivateWebsocketHandlers(
            order=tell_order,
            balance=lambda balances: _done(tell(BalanceUpdateEvent(name, balances, session_id))),
            execution=lambda fill: _done(tell(ExecutionReportEvent(name, fill, session_id))),
            connection=self._socket_changed,
            error=self._frame_refused,
        )

    def _frame_refused(self, error: TellerError) -> None:
        self._unreadable_ms = self._parts.venue.server_now_ms()
        self._parts.address.tell(error_event(self._parts.account, "private_ws", error))

    def _socket_changed(self, is_up: bool, cause: str) -> None:
        self._links = msgspec.structs.replace(self._links, private_ws=is_up)
        if not is_up:
            self._lost(cause)


async def _outcome(work: Coroutine[Any, Any, T]) -> tuple[T | None, TellerError | None]:
    """What came of it, or why nothing did."""
    try:
        return await work, None
    except TellerError as error:
        return None, error


async def _not_of_the_key(work: Coroutine[Any, Any, T]) -> T:
    """A refusal of something that is not the account itself (fills, market rules, one order) is no word on its key."""
    try:
        return await work
    except VenueRefusedError as error:
        if not error.is_hopeless:
            raise
        raise VenueRefusedError(
            RefusalReason.OTHER, error.label, error.detail, retry_after_s=error.retry_after_s
        ) from error


async def _fills_of(wide: AccountWideRest, symbol: Symbol, from_ms: int) -> FillsReport | str | None:
    """A text says why there are none; None: our own limits hold the question back."""
    try:
        return await wide.load_fills_of(symbol, from_ms=from_ms)
    except RateLimitedError:
        return None
    except (VenueRefusedError, LocalRefusalError, ProtocolError) as error:
        return f"its fills cannot be had: {error}"


async def _wait_for(reply: Reply[T]) -> T:
    return await reply


def _done(_: bool) -> None:
    """Handlers return nothing; a message nobody took is counted as a dead letter by the address."""


def error_event(name: str, where: str, error: TellerError) -> ErrorEvent:
    """An error of the tree as an event, by its branch."""
    return ErrorEvent(name=name, kind=_kind_of(error), where=where, message=str(error))


def _kind_of(error: TellerError) -> ErrorKind:
    for branch, kind in _KINDS.items():
        if isinstance(error, branch):
            return kind
    return ErrorKind.INTERNAL


_KINDS: Final = {
    VenueRefusedError: ErrorKind.VENUE_REFUSED,
    InvalidValueError: ErrorKind.WE_REFUSED,
    LocalRefusalError: ErrorKind.WE_REFUSED,
    UnknownOutcomeError: ErrorKind.UNKNOWN_OUTCOME,
    ConnectionFailedError: ErrorKind.CONNECTION,
    ConfigurationError: ErrorKind.CONFIGURATION,
}
