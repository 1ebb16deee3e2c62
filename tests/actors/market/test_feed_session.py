"""A feed's session: what one market is refused keeps no other away, and is asked for again (R10); no sockets."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actors.market.messages import FeedOpened, MarketsUnavailable
from actors.market.session import FeedSession, FeedSessions
from actors.runtime import Reply
from messages.errors import ConnectionFailedError, RateLimitedError, RefusalReason, TellerError, VenueRefusedError
from messages.market import BookTicker
from messages.symbol import Symbol

MARKETS = tuple(Symbol(f"C{number}", "USDT") for number in range(20))
BAD = (MARKETS[3], MARKETS[17])
UNLISTED = VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, "INVALID_CURRENCY_PAIR")
BUSY = VenueRefusedError(RefusalReason.RATE_LIMIT, "TOO_MANY_REQUESTS")
GONE = ConnectionFailedError("no answer within 10 s")


def ticker(symbol: Symbol) -> BookTicker:
    one = Decimal(1)
    return BookTicker(symbol=symbol, bid=one, bid_quantity=one, ask=one, ask_quantity=one, update_id=1, time_ms=1)


class Venue:
    """Its own socket and its own REST client.

    Attributes:
        refuses: of subscriptions that name one of these markets everything is refused.
        ticker_errors: of queries for a first ticker. clock_error: of the query for the clock.
    """

    name = "venue"

    def __init__(self) -> None:
        self.refuses: dict[Symbol, TellerError] = {}
        self.ticker_errors: dict[Symbol, TellerError] = {}
        self.clock_error: TellerError | None = None
        self.subscribed: list[Symbol] = []
        self.requests = 0
        self.asked: list[Symbol] = []
        self.most_at_once = self.at_once = 0
        self.is_closed = False
        self.handlers: Any = None

    def create_public_ws_with_handlers(self, handlers: Any) -> "Venue":
        self.handlers = handlers
        return self

    def create_public_rest(self) -> "Venue":
        return self

    async def connect(self, symbols: Iterable[Symbol]) -> None:
        await self.subscribe(symbols)

    async def subscribe(self, symbols: Iterable[Symbol]) -> None:
        self.requests += 1
        symbols = list(symbols)
        for symbol in symbols:
            if symbol in self.refuses:
                raise self.refuses[symbol]
        self.subscribed += symbols

    async def close(self) -> None:
        self.is_closed = True

    async def server_time_ms(self) -> int:
        if self.clock_error is not None:
            raise self.clock_error
        return 0

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        self.asked.append(symbol)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if symbol in self.ticker_errors:
            raise self.ticker_errors[symbol]
        return ticker(symbol)


class Market:
    """Stands for the market actor's address."""

    def __init__(self, symbols: tuple[Symbol, ...]) -> None:
        self.symbols = symbols
        self.tickers: list[Symbol] = []
        self.unavailable: list[dict[Symbol, str]] = [{}]

    def ask(self, message: object) -> Reply[Any]:
        assert isinstance(message, FeedOpened)
        reply: Reply[Any] = Reply()
        reply.set(self.symbols)
        return reply

    def tell(self, message: object) -> bool:
        if isinstance(message, MarketsUnavailable):
            if message.causes != self.unavailable[-1]:
                self.unavailable.append(message.causes)
        else:
            assert isinstance(message, BookTicker)
            self.tickers.append(message.symbol)
        return True


class Feed:
    def __init__(self, symbols: tuple[Symbol, ...] = MARKETS) -> None:
        self.now_s = 0.0
        self.venue, self.market = Venue(), Market(symbols)
        clock = SimpleNamespace(monotonic_s=lambda: self.now_s)
        environment = SimpleNamespace(spawn=lambda work, _name: asyncio.ensure_future(work), clock=clock)
        self.lost: list[str] = []
        parts = FeedSessions(
            address=cast("Any", self.market), venue=cast("Any", self.venue), environment=cast("Any", environment)
        )
        self.session = FeedSession(parts, 1, self.lost.append)

    async def start(self) -> None:
        await self.session.open()
        await self.session.load()


async def test_all_markets_are_subscribed_to_at_once_and_have_their_first_ticker() -> None:
    feed = Feed()
    await feed.start()
    assert sorted(map(str, feed.venue.subscribed)) == sorted(map(str, MARKETS))
    assert feed.venue.requests == 2  # one empty, with the connection
    assert set(feed.market.tickers) == set(MARKETS)
    assert feed.market.unavailable == [{}]
    links = feed.session.links()
    assert (links.public_ws, links.public_rest, feed.session.is_open()) == (True, True, True)
    await feed.session.check()
    assert len(feed.venue.asked) == len(MARKETS)  # once


async def test_r10_refused_markets_are_found_and_the_others_are_there() -> None:
    feed = Feed()
    feed.venue.refuses = dict.fromkeys(BAD, UNLISTED)
    await feed.start()
    assert set(feed.venue.subscribed) == set(MARKETS) - set(BAD)
    assert len(feed.venue.subscribed) == len(MARKETS) - len(BAD)  # each once
    assert feed.market.unavailable[-1] == dict.fromkeys(BAD, str(UNLISTED))
    assert feed.venue.requests < 20


async def test_r10_a_refused_market_is_asked_for_again_with_growing_pauses_until_it_is_granted() -> None:
    feed = Feed()
    feed.venue.refuses = {BAD[0]: UNLISTED}
    await feed.start()
    moments = []
    for second in range(1, 2000):
        feed.now_s = float(second)
        before = feed.venue.requests
        await feed.session.check()
        if feed.venue.requests > before:
            moments.append(second)
    pauses = [later - earlier for earlier, later in zip([0, *moments], moments, strict=False)]
    assert pauses == [30, 60, 120, 240, 480, 600]
    feed.venue.refuses = {}
    feed.now_s = 5000.0
    await feed.session.check()
    assert BAD[0] in feed.market.tickers
    assert feed.market.unavailable[-1] == {}


async def test_r10_a_first_ticker_that_is_refused_leaves_only_its_market_unavailable() -> None:
    feed = Feed()
    feed.venue.ticker_errors = {BAD[0]: UNLISTED}
    await feed.start()
    assert feed.market.unavailable[-1] == {BAD[0]: str(UNLISTED)}
    assert set(feed.market.tickers) == set(MARKETS) - {BAD[0]}
    feed.venue.handlers.book_ticker(ticker(BAD[0]))  # the socket brings one all the same
    assert feed.market.unavailable[-1] == {}


@pytest.mark.parametrize("error", [BUSY, RateLimitedError("GET /spot/order_book", 3.0)], ids=str)
async def test_r10_first_tickers_that_the_limits_hold_back_are_asked_for_later_and_keep_nobody_away(
    error: TellerError,
) -> None:
    feed = Feed()
    feed.venue.ticker_errors = dict.fromkeys(MARKETS[5:], error)
    await feed.start()
    assert feed.market.unavailable == [{}]
    assert set(feed.market.tickers) == set(MARKETS[:5])
    feed.venue.ticker_errors = {}
    feed.venue.asked.clear()
    await feed.session.check()
    assert set(feed.venue.asked) == set(MARKETS[5:])
    assert set(feed.market.tickers) == set(MARKETS)


async def test_hundreds_of_first_tickers_are_asked_for_a_handful_at_a_time() -> None:
    feed = Feed(tuple(Symbol(f"C{number}", "USDT") for number in range(250)))
    await feed.start()
    assert len(feed.venue.asked) == 250
    assert feed.venue.most_at_once == 50


async def test_a_ticker_that_the_socket_brought_is_not_asked_for() -> None:
    feed = Feed()
    await feed.session.open()
    feed.venue.handlers.book_ticker(ticker(MARKETS[0]))
    await feed.session.load()
    assert set(feed.venue.asked) == set(MARKETS[1:])


async def test_a_rest_link_that_does_not_answer_fails_load_and_check() -> None:
    feed = Feed()
    await feed.session.open()
    feed.venue.ticker_errors = {MARKETS[0]: GONE}
    with pytest.raises(ConnectionFailedError):
        await feed.session.load()
    assert not feed.session.links().public_rest
    feed.venue.clock_error = GONE
    with pytest.raises(ConnectionFailedError):
        await feed.session.check()


@pytest.mark.parametrize("error", [UNLISTED, BUSY], ids=str)
async def test_a_venue_that_refuses_to_tell_its_clock_answers_all_the_same(error: TellerError) -> None:
    feed = Feed()
    await feed.start()
    feed.venue.clock_error = error
    await feed.session.check()


async def test_a_refusal_that_is_of_no_market_fails_the_attempt() -> None:
    feed = Feed()
    feed.venue.refuses = {MARKETS[0]: BUSY}
    with pytest.raises(ConnectionFailedError, match=r"market data is refused: .*TOO_MANY_REQUESTS"):
        await feed.session.open()


async def test_when_every_one_of_several_markets_is_refused_there_is_no_market_data() -> None:
    feed = Feed()
    feed.venue.refuses = dict.fromkeys(MARKETS, UNLISTED)
    with pytest.raises(ConnectionFailedError, match=r"refused for every market: .*INVALID_CURRENCY_PAIR"):
        await feed.session.open()
    one = Feed(MARKETS[:1])
    one.venue.refuses = {MARKETS[0]: UNLISTED}
    await one.start()
    assert one.market.unavailable[-1] == {MARKETS[0]: str(UNLISTED)}
    await Feed(()).start()


@pytest.mark.parametrize("error", [UNLISTED, BUSY, GONE], ids=str)
async def test_r10_a_market_that_is_added_and_refused_is_told_as_unavailable(error: TellerError) -> None:
    feed, new = Feed(), Symbol("NEW", "USDT")
    await feed.start()
    feed.venue.refuses = {new: error}
    await feed.session.add(new)
    assert list(feed.market.unavailable[-1]) == [new]
    feed.venue.refuses = {}
    feed.now_s = 30.0
    await feed.session.check()
    assert feed.market.unavailable[-1] == {}


async def test_r10_a_refused_market_that_is_asked_for_again_and_held_back_by_limits_breaks_nothing() -> None:
    feed = Feed()
    feed.venue.refuses = {BAD[0]: UNLISTED}
    await feed.start()
    feed.venue.refuses = {BAD[0]: BUSY}
    feed.now_s = 30.0
    await feed.session.check()
    assert list(feed.market.unavailable[-1]) == [BAD[0]]


async def test_a_session_that_is_closed_tells_nothing_and_takes_nothing() -> None:
    feed = Feed()
    await feed.start()
    await feed.session.close()
    told = len(feed.market.tickers)
    feed.venue.handlers.book_ticker(ticker(MARKETS[0]))
    requests = feed.venue.requests
    await feed.session.add(MARKETS[0])
    assert (len(feed.market.tickers), feed.venue.requests) == (told, requests)
    assert feed.venue.is_closed
    assert not feed.session.is_open()
    assert not feed.session.doubt_facts()


async def test_a_socket_that_ends_is_told_once_with_its_cause() -> None:
    feed = Feed()
    await feed.start()
    feed.venue.handlers.connection(True, "")
    assert feed.session.is_open()
    feed.venue.handlers.connection(False, "cut")
    assert feed.lost == ["cut"]
    assert not feed.session.is_open()
