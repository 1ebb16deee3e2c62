"""The exchange without sockets, on time that is moved by hand: latency, silence, timers."""

import json
from decimal import Decimal
from random import Random

import msgspec
import pytest

from exchanges.simulator import Exchange, HttpRequest, HttpResponse
from exchanges.simulator.core.orders import NewOrder, OrderType, TimeInForce
from tests.exchanges.simulator.wire import HANDSHAKE

from .clocks import VirtualTime
from .conftest import QUIET
from .links import MemoryLink
from .market import BUY


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def exchange(time: VirtualTime) -> Exchange:
    return Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(7))


def place(exchange: Exchange, account: str = "alpha", price: str = "100") -> None:
    exchange.engine.place(
        account,
        NewOrder(
            pair="SOL_USDT",
            side=BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
            amount=Decimal(1),
            price=Decimal(price),
        ),
    )


def open_orders(exchange: Exchange, account: str = "alpha") -> int:
    return len(exchange.engine.accounts[account].open_orders)


def test_tickers_candles_and_book_snapshots_come_at_their_pace(exchange: Exchange, time: VirtualTime) -> None:
    place(exchange, price="141")
    exchange.engine.fill_from_house(next(iter(exchange.engine.accounts["alpha"].open_orders.values())))
    place(exchange, price="140")
    link = MemoryLink()
    session = exchange.open_socket(HANDSHAKE, link)
    assert session is not None
    for channel, payload in (
        ("spot.candlesticks", ["1m", "SOL_USDT"]),
        ("spot.tickers", ["SOL_USDT"]),
        ("spot.order_book", ["SOL_USDT", "5", "100ms"]),
    ):
        session.receive(json.dumps({"channel": channel, "event": "subscribe", "payload": payload}))
    time.advance(10)
    book, ticker, candle = (frame["result"] for frame in link.frames if frame["event"] == "update")
    assert (book["s"], book["l"], book["bids"], book["asks"]) == ("SOL_USDT", "5", [["140", "1"]], [])
    assert (ticker["last"], ticker["highest_bid"], ticker["lowest_ask"]) == ("141", "140", "")
    assert (candle["n"], candle["c"], candle["a"], candle["t"]) == ("1m_SOL_USDT", "141", "1", "1759999980")
    place(exchange, price="139")
    time.advance(10)
    assert [frame["channel"] for frame in link.frames[-2:]] == ["spot.order_book", "spot.tickers"]


def subscribed(exchange: Exchange, channel: str, *payload: str) -> MemoryLink:
    link = MemoryLink()
    session = exchange.open_socket(HANDSHAKE, link)
    assert session is not None
    session.receive(json.dumps({"channel": channel, "event": "subscribe", "payload": payload}))
    return link


def test_the_book_ticker_is_silent_while_the_top_stands(exchange: Exchange, time: VirtualTime) -> None:
    place(exchange, price="100")
    link = subscribed(exchange, "spot.book_ticker", "SOL_USDT")
    time.advance(1)
    place(exchange, price="99")
    time.advance(1)
    place(exchange, price="101")
    exchange.engine.cancel(list(exchange.engine.accounts["alpha"].open_orders.values())[-1])
    time.advance(1)
    assert len(link.frames) == 1  # the acknowledgement
    place(exchange, price="102")
    place(exchange, price="103")
    time.advance(0.01)
    (told,) = link.frames[1:]
    assert (told["result"]["b"], told["result"]["B"]) == ("103", "1")
    assert told["result"]["u"] == exchange.engine.markets["SOL_USDT"].book.update_id


def test_whoever_joins_a_book_late_gets_changes_from_there_on(exchange: Exchange, time: VirtualTime) -> None:
    first = subscribed(exchange, "spot.obu", "ob.SOL_USDT.50")
    place(exchange, price="100")
    late = subscribed(exchange, "spot.obu", "ob.SOL_USDT.50")
    place(exchange, price="99")
    time.advance(1)
    for link, ids in ((first, [1, 1]), (late, [1])):
        whole, *changes = [frame["result"] for frame in link.frames if frame["event"] == "update"]
        assert whole["full"] is True
        assert [change["u"] - change["U"] + 1 for change in changes] == ids
        assert [change["U"] for change in changes] == [whole["u"] + 1 + number for number in range(len(ids))]


def test_an_answer_takes_half_of_the_latency_each_way(exchange: Exchange, time: VirtualTime) -> None:
    exchange.latency.rest_ms = 50
    answers: list[HttpResponse] = []
    asked_at = time.now_ms()
    exchange.request(HttpRequest(method="GET", path="/api/v4/spot/time"), answers.append)
    time.advance(0.049)
    assert answers == []
    time.advance(0.001)
    assert json.loads(answers[0].body) == {"server_time": asked_at + 25}


def test_pushes_keep_their_order_when_the_latency_falls(exchange: Exchange, time: VirtualTime) -> None:
    link = MemoryLink()
    session = exchange.open_socket(HANDSHAKE, link)
    assert session is not None
    session.receive('{"channel":"spot.order_book","event":"subscribe","payload":["SOL_USDT","5","100ms"]}')
    exchange.latency.push_ms = 500
    for number in range(3):
        session.receive(json.dumps({"channel": "spot.gossip", "event": "subscribe", "id": number}))
    exchange.latency.push_ms = 0
    for number in range(3, 6):
        session.receive(json.dumps({"channel": "spot.gossip", "event": "subscribe", "id": number}))
    time.advance(1.0)
    ids = [frame["id"] for frame in link.frames if frame["channel"] == "spot.gossip"]
    assert ids == [0, 1, 2, 3, 4, 5]


def test_a_client_that_is_silent_for_a_minute_is_dropped(exchange: Exchange, time: VirtualTime) -> None:
    link = MemoryLink()
    session = exchange.open_socket(HANDSHAKE, link)
    assert session is not None
    time.advance(45)
    session.heard()
    time.advance(45)
    assert (link.pings, link.closed_with) == (4, None)
    time.advance(40)
    assert link.closed_with == 1001
    assert not exchange.face.sockets


def test_no_more_sockets_are_opened_than_allowed(time: VirtualTime) -> None:
    config = msgspec.structs.replace(QUIET, max_sockets=2)
    exchange = Exchange(config, now_ms=time.now_ms, schedule=time.schedule, rng=Random(7))
    first = exchange.open_socket(HANDSHAKE, MemoryLink())
    assert first is not None
    assert exchange.open_socket(HANDSHAKE, MemoryLink()) is not None
    assert exchange.open_socket(HANDSHAKE, MemoryLink()) is None
    first.gone()
    assert exchange.open_socket(HANDSHAKE, MemoryLink()) is not None


def test_the_countdown_cancels_what_is_open_when_it_runs_out(exchange: Exchange, time: VirtualTime) -> None:
    place(exchange)
    place(exchange, "beta")
    countdowns = exchange.services.countdowns
    assert countdowns.arm("alpha", None, 5) == time.now_ms() + 5_000
    time.advance(4)
    countdowns.arm("alpha", None, 5)
    time.advance(4)
    assert open_orders(exchange) == 1
    time.advance(1)
    assert (open_orders(exchange), open_orders(exchange, "beta")) == (0, 1)


def test_a_countdown_can_be_stopped_and_can_be_for_one_pair(exchange: Exchange, time: VirtualTime) -> None:
    place(exchange)
    countdowns = exchange.services.countdowns
    countdowns.arm("alpha", "BTC_USDT", 5)
    countdowns.arm("alpha", "SOL_USDT", 5)
    assert countdowns.arm("alpha", "SOL_USDT", 0) == 0
    time.advance(60)
    assert open_orders(exchange) == 1


@pytest.mark.parametrize("slip", [0, 1])
def test_the_same_seed_makes_the_same_exchange_and_another_seed_another(time: VirtualTime, slip: int) -> None:
    def run(seed: int) -> tuple[list[str], object]:
        clock = VirtualTime()
        config = msgspec.structs.replace(QUIET, traders_on=True, seed=seed)
        exchange = Exchange(config, now_ms=clock.now_ms, schedule=clock.schedule, rng=Random(seed))
        link = MemoryLink()
        exchange.start()
        session = exchange.open_socket(HANDSHAKE, link)
        assert session is not None
        for channel in ("spot.trades", "spot.book_ticker", "spot.tickers"):
            session.receive(json.dumps({"channel": channel, "event": "subscribe", "payload": ["SOL_USDT"]}))
        clock.advance(5)
        return link.texts, exchange.keys.accounts

    assert (run(1) == run(1 + slip)) is (slip == 0)
