"""What a subscription's payload asks for, channel by channel (Gate spot WebSocket manual)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from exchanges.simulator.core.engine import Engine, Market
from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio.feeds import (
    ALL,
    BookFeed,
    BookTickerFeed,
    CandleFeed,
    DepthFeed,
    Feed,
    SnapshotFeed,
    TickerFeed,
    Topic,
)
from exchanges.simulator.faces.gateio.frames import SocketError

PAIRED_PRIVATE = {"spot.orders", "spot.orders_v2", "spot.usertrades", "spot.usertrades_v2"}
# of the last four this exchange has nothing to tell: subscribing works, and nothing comes
PRIVATE = PAIRED_PRIVATE | {
    "spot.balances",
    "spot.margin_balances",
    "spot.funding_balances",
    "spot.cross_balances",
    "spot.priceorders",
}
PUBLIC = {
    "spot.trades",
    "spot.trades_v2",
    "spot.book_ticker",
    "spot.tickers",
    "spot.obu",
    "spot.candlesticks",
    "spot.order_book_update",
    "spot.order_book",
}
SNAPSHOT_DEPTHS = ("5", "10", "20", "50", "100")
SNAPSHOT_INTERVALS_S = {"100ms": 0.1, "1000ms": 1.0}
UPDATE_STREAMS = {"100ms": (100, 0.1), "20ms": (20, 0.02)}
OBU_STREAMS = {"50": (50, 0.02), "400": (400, 0.1)}


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """The channels of one product, and the reading of what is asked of them. ``takes_orders``: sessions log in."""

    product: str
    private: Collection[str]
    topics: Callable[[str, list[str], str, Engine], list[Topic]]
    takes_orders: bool = True


def topics(channel: str, payload: list[str], account: str, engine: Engine) -> list[Topic]:
    """Returns what a payload asks for. Raises ``SocketError``."""
    match channel:
        case _ if channel in PAIRED_PRIVATE:
            names = [name if name == ALL else _known(name, engine) for name in _named(payload)]
            return [Topic(channel, name, name, account) for name in names]
        case _ if channel in PRIVATE:
            return [Topic(channel, ALL, ALL, account)]
        case "spot.trades" | "spot.trades_v2":
            return [Topic(channel, pair, _known(pair, engine)) for pair in _named(payload)]
        case "spot.book_ticker":
            return [Topic(channel, pair, _known(pair, engine), make=BookTickerFeed) for pair in _named(payload)]
        case "spot.tickers":
            return [Topic(channel, pair, _known(pair, engine), make=TickerFeed) for pair in _named(payload)]
        case "spot.obu":
            return [_book(name, engine) for name in _named(payload)]
        case "spot.candlesticks" | "spot.order_book_update" | "spot.order_book":
            return [_shaped(channel, payload, engine)]
        case _:
            raise SocketError(2, f"unknown channel: {channel}")


def _shaped(channel: str, payload: list[str], engine: Engine) -> Topic:
    """Returns the topic of a channel whose payload is not a list of pairs."""
    name = ",".join(payload)
    match channel, payload:
        case "spot.candlesticks", [interval, pair] if interval in INTERVALS_S:
            make = partial(_candles, interval)
        case "spot.order_book_update", [pair, interval] if interval in UPDATE_STREAMS:
            make = partial(_updates, UPDATE_STREAMS[interval])
        case "spot.order_book", [pair, depth, interval] if depth in SNAPSHOT_DEPTHS:
            if interval not in SNAPSHOT_INTERVALS_S:
                raise SocketError(2, f"invalid interval: {interval}")
            make = partial(_snapshots, (int(depth), SNAPSHOT_INTERVALS_S[interval]))
        case _:
            raise SocketError(2, f"invalid payload for {channel}: {payload}")
    return Topic(channel, name, _known(pair, engine), make=make)


def _book(name: str, engine: Engine) -> Topic:
    match name.split("."):
        case ["ob", pair, depth] if depth in OBU_STREAMS:
            return Topic("spot.obu", name, _known(pair, engine), make=partial(_whole_book, OBU_STREAMS[depth]))
        case _:
            raise SocketError(2, f"invalid stream {name!r}, must be like ob.BTC_USDT.50")


def _named(payload: list[str]) -> list[str]:
    if not payload:
        raise SocketError(2, "payload must not be empty")
    return payload


def _known(pair: str, engine: Engine) -> str:
    if pair not in engine.markets:
        raise SocketError(2, f"unknown currency pair: {pair}")
    return pair


def _candles(interval: str, services: Services, market: Market) -> Feed:
    return CandleFeed(services, market, interval)


def _updates(stream: tuple[int, float], services: Services, market: Market) -> Feed:
    return DepthFeed(services, market, *stream)


def _snapshots(stream: tuple[int, float], services: Services, market: Market) -> Feed:
    return SnapshotFeed(services, market, *stream)


def _whole_book(stream: tuple[int, float], services: Services, market: Market) -> Feed:
    return BookFeed(services, market, *stream)


SPOT = ChannelSet("spot", PRIVATE, topics)
