"""What a session makes of answers and refusals: whose they are, and which link has shown what (R5, R10); no sockets."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actors.account.messages import FillsNeeded, GetFillsNeeded, SessionOpened, SnapshotLoaded
from actors.account.session import AccountSession, AccountSessions
from actors.runtime import Reply
from exchanges.base.clients import BalancesReport, FillsReport, OpenOrdersReport
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    ProtocolError,
    RateLimitedError,
    RefusalReason,
    TellerError,
    VenueRefusedError,
)
from messages.events import ErrorEvent, ErrorKind
from messages.instrument import Instrument
from messages.symbol import Symbol
from tests.support.capabilities import EVERYTHING
from tests.support.orders import BTC, SOL, balance, fill, order

KEY = VenueRefusedError(RefusalReason.AUTHENTICATION, "INVALID_KEY", "Invalid key")
NOT_PERMITTED = VenueRefusedError(RefusalReason.PERMISSION, "FORBIDDEN")
BUSY = VenueRefusedError(RefusalReason.RATE_LIMIT, "TOO_MANY_REQUESTS", retry_after_s=7.0)
GONE = ConnectionFailedError("no answer within 10 s")
HELD_BACK = RateLimitedError("GET /spot/accounts", 3.0)


class Venue:
    """All four clients. ``errors``: raised by the call of that name."""

    name = "venue"
    query_lag_ms = 10_000
    capabilities = EVERYTHING

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}
        self.calls: list[str] = []
        self.listed: tuple[Symbol, ...] = (SOL, BTC)
        self.fills_of: list[tuple[Symbol | None, int | None]] = []
        self.handlers: Any = None
        self.is_closed = False

    def create_public_rest(self) -> "Venue":
        return self

    def create_private_rest(self, _credentials: object) -> "Venue":
        return self

    def create_private_ws_with_handlers(self, _credentials: object, handlers: object) -> "Venue":
        self.handlers = handlers
        return self

    async def _call(self, name: str) -> None:
        self.calls.append(name)
        await asyncio.sleep(0)
        if name in self.errors:
            raise self.errors[name]

    async def connect(self) -> None:
        await self._call("connect")

    async def close(self) -> None:
        self.is_closed = True

    async def server_time_ms(self) -> int:
        await self._call("server_time_ms")
        return 0

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        await self._call("load_instruments")
        step = Decimal("0.01")
        return {symbol: Instrument(symbol=symbol, tick=step, lot=step, quote_step=step) for symbol in self.listed}

    async def load_balances(self) -> BalancesReport:
        await self._call("load_balances")
        return BalancesReport((), 100_000)

    def server_now_ms(self) -> int:
        return 50_000

    async def load_open_orders(self) -> OpenOrdersReport:
        await self._call("load_open_orders")
        return OpenOrdersReport((), 100_000)

    async def load_fills(self, symbol: Symbol | None, *, from_ms: int | None = None) -> FillsReport:
        self.fills_of.append((symbol, from_ms))
        await self._call("load_fills" if symbol is None else f"load_fills {symbol}")
        return FillsReport((), 90_000)


class Journal:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get_state(self, key: str) -> str | None:
        return self.kept.get(key)

    def set_state(self, key: str, value: str) -> None:
        assert len(key) <= 64
        self.kept[key] = value


class Account:
    """Stands for the account's address, and for all that a session needs besides."""

    def __init__(self, *, journal: Journal | None = None, symbols: tuple[Symbol, ...] = (SOL, BTC)) -> None:
        self.now_s = 0.0
        self.venue = Venue()
        self.opened: list[int] = []
        self.snapshots: list[SnapshotLoaded] = []
        self.events: list[Any] = []
        self.again: dict[Symbol, int] = {}
        self.answer: int | Exception = 0
        self.lost: list[str] = []
        clock = SimpleNamespace(monotonic_s=lambda: self.now_s)
        environment = SimpleNamespace(spawn=lambda work, _name: asyncio.ensure_future(work), clock=clock)
        self.sessions = AccountSessions(
            account="alpha",
            address=cast("Any", self),
            venue=cast("Any", self.venue),
            credentials=cast("Any", None),
            environment=cast("Any", environment),
            symbols=symbols,
            journal=cast("Any", journal),
        )
        self.session = self.sessions(self.sessions.next_number(), self.lost.append)

    def ask(self, message: object) -> Reply[Any]:
        reply: Reply[Any] = Reply()
        match message:
            case GetFillsNeeded():
                reply.set(FillsNeeded(5_000, self.again, (SOL,), (SOL,)))
            case SnapshotLoaded():
                self.snapshots.append(message)
                if isinstance(self.answer, Exception):
                    reply.set_error(self.answer)
                else:
                    reply.set(self.answer)
        return reply

    def tell(self, message: object) -> bool:
        if isinstance(message, SessionOpened):
            self.opened.append(message.session_id)
        else:
            self.events.append(message)
        return True

    async def live(self) -> AccountSession:
        await self.session.open()
        await self.session.load()
        self.venue.calls.clear()
        return self.session


async def test_a_session_is_opened_before_it_is_loaded_and_knows_its_links() -> None:
    account = Account()
    session = account.session
    assert not session.is_open()
    await session.open()
    assert account.venue.calls[-1] == "connect"  # R7: nothing is loaded before the subscriptions
    assert "load_balances" not in account.venue.calls
    links = session.links()
    assert (links.public_rest, links.private_ws, links.private_rest) == (True, True, False)
    await session.load()
    assert session.links().private_rest
    assert session.is_open()
    assert account.opened == [1]
    (snapshot,) = account.snapshots
    assert (snapshot.session_id, snapshot.fills_from_ms, snapshot.fills_lag_ms) == (1, 5_000, 10_000)
    assert set(snapshot.instruments) == {SOL, BTC}
    assert account.venue.fills_of == [(None, 5_000)]  # all markets in one question
    await session.close()
    assert not session.is_open()
    assert account.venue.is_closed
    await session.close()


# -- whose refusal it is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["load_balances", "load_open_orders"])
@pytest.mark.parametrize("error", [KEY, NOT_PERMITTED], ids=str)
async def test_r10_the_key_is_refused_where_balances_or_open_orders_are(call: str, error: VenueRefusedError) -> None:
    account = Account()
    session = await account.live()
    account.venue.errors = {call: error}
    for work in (session.load, session.check):
        with pytest.raises(VenueRefusedError) as refused:
            await work()
        assert refused.value.is_hopeless


@pytest.mark.parametrize("error", [KEY, NOT_PERMITTED], ids=str)
async def test_r10_the_key_is_refused_where_the_private_socket_is(error: VenueRefusedError) -> None:
    account = Account()
    account.venue.errors = {"connect": error}
    with pytest.raises(VenueRefusedError) as refused:
        await account.session.open()
    assert refused.value.is_hopeless
    assert not account.session.is_open()


@pytest.mark.parametrize("error", [KEY, NOT_PERMITTED], ids=str)
async def test_r10_no_other_refusal_is_of_the_key(error: VenueRefusedError) -> None:
    account = Account()
    account.venue.errors = {"load_instruments": error}
    with pytest.raises(VenueRefusedError) as refused:
        await account.session.open()
    assert not refused.value.is_hopeless
    assert (refused.value.label, refused.value.detail) == (error.label, error.detail)

    account = Account()
    session = await account.live()
    account.venue.errors = {"load_fills": error}
    with pytest.raises(VenueRefusedError) as refused:
        await session.check()
    assert not refused.value.is_hopeless

    account.venue.errors = {}
    account.answer = error  # an order could not be asked for
    with pytest.raises(VenueRefusedError) as refused:
        await session.load()
    assert not refused.value.is_hopeless

    account.answer = 0
    account.venue.errors = {"server_time_ms": error}
    await session.check()
    assert session.links().public_rest


async def test_a_refusal_keeps_its_pause() -> None:
    account = Account()
    session = await account.live()
    account.venue.errors = {"load_fills": BUSY}
    with pytest.raises(VenueRefusedError) as refused:
        await session.load()
    assert (refused.value.reason, refused.value.retry_after_s) == (RefusalReason.RATE_LIMIT, 7.0)


# -- links ------------------------------------------------------------------------------------------------------------


async def test_each_link_is_known_for_what_it_is() -> None:
    account = Account()
    session = await account.live()
    account.venue.errors = {"load_open_orders": GONE}
    with pytest.raises(ConnectionFailedError, match="private REST does not answer: no answer within 10 s"):
        await session.check()
    assert (session.links().private_rest, session.links().public_rest) == (False, True)
    account.venue.errors = {"server_time_ms": GONE}
    with pytest.raises(ConnectionFailedError, match="public REST does not answer"):
        await session.check()
    assert (session.links().private_rest, session.links().public_rest) == (True, False)
    account.venue.calls.clear()
    with pytest.raises(ConnectionFailedError, match="public REST does not answer"):
        await session.load()  # asked first, where it did not answer last
    assert account.venue.calls == ["server_time_ms"]
    account.venue.errors = {}
    await session.load()
    assert session.links().public_rest


@pytest.mark.parametrize("refusal", [BUSY, HELD_BACK, KEY], ids=str)
async def test_a_link_that_does_not_answer_is_worse_than_one_that_refuses(refusal: TellerError) -> None:
    account = Account()
    session = await account.live()
    account.venue.errors = {"load_balances": refusal, "server_time_ms": GONE}
    with pytest.raises(ConnectionFailedError):
        await session.check()
    account.venue.errors = {"load_balances": refusal}
    with pytest.raises(type(refusal)):
        await session.check()


async def test_a_socket_that_kept_something_back_is_deaf() -> None:
    account = Account()
    session = await account.live()
    account.answer = 3
    await session.load()  # loading repairs it, and says nothing of the socket
    assert session.is_open()
    with pytest.raises(ConnectionFailedError, match="deaf: it did not tell 3 things"):
        await session.check()
    assert not session.is_open()


async def test_r14_a_snapshot_says_when_the_socket_last_told_what_could_not_be_read() -> None:
    account = Account()
    session = await account.live()
    account.venue.handlers.error(ProtocolError("a frame"))
    await session.load()
    assert [snapshot.unreadable_ms for snapshot in account.snapshots] == [0, account.venue.server_now_ms()]


async def test_a_socket_that_ends_is_told_with_its_cause_and_events_bear_its_number() -> None:
    account = Account()
    session = await account.live()
    handlers = account.venue.handlers
    handlers.order(order())
    handlers.execution(fill("1"))
    handlers.balance((balance("USDT", "1"),))
    assert [event.session_id for event in account.events] == [1, 1, 1]
    handlers.connection(True, "")
    handlers.connection(False, "cut")
    assert account.lost == ["cut"]
    assert not session.is_open()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BUSY, ErrorKind.VENUE_REFUSED),
        (HELD_BACK, ErrorKind.WE_REFUSED),
        (ProtocolError("a frame"), ErrorKind.CONNECTION),
        (ConfigurationError("mend it"), ErrorKind.CONFIGURATION),
        (TellerError("what else"), ErrorKind.INTERNAL),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_error_of_the_socket_is_told_by_its_branch(error: TellerError, kind: ErrorKind) -> None:
    account = Account()
    await account.live()
    account.venue.handlers.error(error)
    (event,) = account.events
    assert isinstance(event, ErrorEvent)
    assert (event.name, event.kind, event.where, event.message) == ("alpha", kind, "private_ws", str(error))


# -- markets that are asked for again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [NOT_PERMITTED, BUSY, ProtocolError("unreadable")], ids=str)
async def test_r10_what_is_refused_of_one_market_is_told_of_that_market(error: TellerError) -> None:
    account = Account()
    session = await account.live()
    account.again = {BTC: 1_000, SOL: 2_000}
    account.venue.errors = {f"load_fills {BTC}": error}
    await session.load()
    again = account.snapshots[-1].again
    assert again[BTC] == f"its fills cannot be had: {error}"
    assert isinstance(again[SOL], FillsReport)
    assert account.venue.fills_of[-2:] == [(BTC, 1_000), (SOL, 2_000)]


async def test_r10_markets_for_which_the_rate_limit_has_no_room_wait_for_the_next_load() -> None:
    account = Account()
    session = await account.live()
    account.again = {SOL: 1_000, BTC: 2_000}
    account.venue.errors = {f"load_fills {BTC}": HELD_BACK}
    await session.load()
    assert set(account.snapshots[-1].again) == {SOL}


async def test_a_link_that_fails_for_one_market_fails_for_all() -> None:
    account = Account()
    session = await account.live()
    account.again = {BTC: 1_000}
    account.venue.errors = {f"load_fills {BTC}": GONE}
    with pytest.raises(ConnectionFailedError, match="private REST"):
        await session.load()


# -- market rules -----------------------------------------------------------------------------------------------------


async def test_rules_are_read_once_and_then_by_age() -> None:
    account = Account()
    session = await account.live()
    account.now_s = 899.0
    await session.check()
    assert "load_instruments" not in account.venue.calls
    account.now_s = 900.0
    account.venue.listed = (SOL, BTC, Symbol("NEW", "USDT"))
    await session.check()
    assert Symbol("NEW", "USDT") in account.snapshots[-1].instruments  # with the very check
    account.venue.calls.clear()
    await session.check()
    assert "load_instruments" not in account.venue.calls


async def test_doubted_rules_are_read_anew_when_they_are_old_enough_and_once() -> None:
    account = Account()
    session = await account.live()
    account.now_s = 29.0
    assert not session.doubt_facts()
    await session.check()
    assert "load_instruments" not in account.venue.calls
    account.now_s = 30.0
    await session.check()  # the doubt of before still stands
    assert account.venue.calls.count("load_instruments") == 1
    account.now_s = 60.0
    assert session.doubt_facts()
    assert not session.doubt_facts()  # a check is on its way
    await session.check()
    assert account.venue.calls.count("load_instruments") == 2


@pytest.mark.parametrize("error", [GONE, BUSY, HELD_BACK, KEY], ids=str)
async def test_rules_that_cannot_be_read_anew_keep_nobody_out(error: TellerError) -> None:
    account = Account()
    session = await account.live()
    account.now_s = 10_000.0
    account.venue.errors = {"load_instruments": error}
    await session.check()
    await account.sessions(2, account.lost.append).open()
    assert set(account.snapshots[-1].instruments) == {SOL, BTC}
    account.venue.errors = {}
    account.venue.listed = (SOL,)
    await session.check()
    assert set(account.snapshots[-1].instruments) == {SOL}


async def test_without_any_rules_a_session_cannot_open() -> None:
    account = Account()
    account.venue.errors = {"load_instruments": GONE}
    with pytest.raises(ConnectionFailedError):
        await account.session.open()


async def test_a_symbol_that_is_not_listed_at_the_first_start_is_a_mistake() -> None:
    account = Account(symbols=(SOL, Symbol("SLO", "USDT"), Symbol("BCT", "USDT")))
    with pytest.raises(ConfigurationError, match="'alpha': venue does not list SLO/USDT, BCT/USDT; mend its symbols"):
        await account.session.open()


async def test_r10_a_symbol_that_was_listed_once_is_delisted_also_in_a_later_life() -> None:
    journal = Journal()
    first = Account(journal=journal)
    await first.live()
    second = Account(journal=journal)
    second.venue.listed = (SOL,)
    await second.live()
    assert set(second.snapshots[-1].instruments) == {SOL}
    third = Account(journal=journal, symbols=(SOL, BTC, Symbol("SLO", "USDT")))
    third.venue.listed = (SOL,)
    with pytest.raises(ConfigurationError, match="does not list SLO/USDT; mend"):
        await third.session.open()


async def test_names_of_any_length_can_be_remembered() -> None:
    journal, long = Journal(), Symbol("L" * 30, "U" * 30)
    account = Account(journal=journal, symbols=(long,))
    account.venue.listed = (long,)
    await account.live()
    assert len(journal.kept) == 1
