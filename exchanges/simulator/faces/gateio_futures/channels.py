"""What a subscription's payload asks for, channel by channel (Gate futures WebSocket manual).

Private payloads begin with the number of the user as text; what follows is a contract or all.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from exchanges.simulator.core.engine import Engine, Market
from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio.channels import ChannelSet
from exchanges.simulator.faces.gateio.feeds import ALL, Feed, Topic
from exchanges.simulator.faces.gateio.frames import SocketError
from exchanges.simulator.faces.gateio_futures.feeds import (
    ContractBookFeed,
    ContractCandleFeed,
    ContractDepthFeed,
    ContractTickerFeed,
    ContractTopFeed,
)

BY_CONTRACT: Final = {
    "futures.orders",
    "futures.usertrades",
    "futures.positions",
    "futures.position_closes",
    "futures.liquidates",
    "futures.auto_deleverages",
    "futures.reduce_risk_limits",
    "futures.autoorders",
}
BALANCES: Final = "futures.balances"
RANKS: Final = "futures.position_adl_rank"  # whose payload has no user
# of reduce_risk_limits, autoorders and ranks there is nothing to tell: subscribing works, and nothing comes
PRIVATE: Final = BY_CONTRACT | {BALANCES, RANKS}
PUBLIC: Final = {
    "futures.trades",
    "futures.book_ticker",
    "futures.tickers",
    "futures.candlesticks",
    "futures.order_book",
    "futures.order_book_update",
}
BOOK_DEPTHS: Final = ("1", "5", "10", "20", "50", "100")
UPDATE_STREAMS: Final = {
    ("100ms", "100"): (100, 0.1),
    ("100ms", "50"): (50, 0.1),
    ("100ms", "20"): (20, 0.1),
    ("20ms", "20"): (20, 0.02),
}
MAKERS: Final[dict[str, Callable[[Services, Market], Feed]]] = {
    "futures.book_ticker": ContractTopFeed,
    "futures.tickers": ContractTickerFeed,
}


def topics(channel: str, payload: list[str], account: str, engine: Engine) -> list[Topic]:
    """Returns what a payload asks for; ``account``: who signed it, "" where nobody has to. Raises ``SocketError``."""
    if channel == RANKS:
        return [_private(channel, name, account, engine) for name in _named(payload)]
    if channel == BALANCES:
        _check_user(payload, account, engine)
        return [Topic(channel, ALL, ALL, account)]
    if channel in BY_CONTRACT:
        _check_user(payload, account, engine)
        return [_private(channel, name, account, engine) for name in _named(payload[1:])]
    if channel == "futures.trades" or channel in MAKERS:
        make = MAKERS.get(channel)
        return [Topic(channel, pair, _known(pair, engine), make=make) for pair in _named(payload)]
    return [_shaped(channel, payload, engine)]


def _shaped(channel: str, payload: list[str], engine: Engine) -> Topic:
    """Returns the topic of a channel whose payload is not a list of contracts."""
    make: Callable[[Services, Market], Feed]
    match channel, payload:
        case "futures.candlesticks", [interval, pair] if interval in INTERVALS_S:
            make = partial(_candles, interval)
        case "futures.order_book", [pair, depth, "0"] if depth in BOOK_DEPTHS:
            make = partial(_book, int(depth))
        case "futures.order_book_update", [pair, interval, *rest]:
            stream = UPDATE_STREAMS.get((interval, rest[0] if rest else "20"))
            if stream is None or len(rest) > 1:
                raise SocketError(2, f"invalid payload for {channel}: {payload}")
            make = partial(_updates, stream)
        case _:
            known = channel in PUBLIC
            raise SocketError(
                2, f"invalid payload for {channel}: {payload}" if known else f"unknown channel: {channel}"
            )
    return Topic(channel, ",".join(payload), _known(pair, engine), make=make)


def _private(channel: str, name: str, account: str, engine: Engine) -> Topic:
    return Topic(channel, name, name if name == ALL else _known(name, engine), account)


def _check_user(payload: list[str], account: str, engine: Engine) -> None:
    """Raises ``SocketError`` unless the payload begins with the user who has signed it."""
    user = payload[0] if payload else ""
    if not user.isdecimal() or (account and user != str(engine.accounts[account].user_id)):
        raise SocketError(2, f"invalid user id: {user!r}")


def _named(payload: list[str]) -> list[str]:
    if not payload:
        raise SocketError(2, "payload must name contracts")
    return payload


def _known(pair: str, engine: Engine) -> str:
    if pair not in engine.markets:
        raise SocketError(2, f"unknown contract {pair}")
    return pair


def _candles(interval: str, services: Services, market: Market) -> Feed:
    return ContractCandleFeed(services, market, interval)


def _book(depth: int, services: Services, market: Market) -> Feed:
    return ContractBookFeed(services, market, depth, 0.1)


def _updates(stream: tuple[int, float], services: Services, market: Market) -> Feed:
    return ContractDepthFeed(services, market, *stream)


FUTURES_CHANNELS: Final = ChannelSet("futures", PRIVATE, topics, takes_orders=False)
