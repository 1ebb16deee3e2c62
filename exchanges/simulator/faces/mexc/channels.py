"""What a stream's name asks for (docs/venues/mexc.md, channels)."""

import re
from functools import partial

from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.mexc.feeds import Topic
from exchanges.simulator.faces.mexc.form import channel_root
from exchanges.simulator.faces.mexc.names import ACCOUNT, DEALS, ORDERS
from exchanges.simulator.faces.mexc.public_feeds import (
    AGGREGATED_DEALS,
    AGGREGATED_DEPTH,
    BOOK_TICKER,
    KLINE,
    LIMIT_DEPTH,
    MINI_TICKER,
    WS_INTERVALS,
    BookTickerFeed,
    DealsFeed,
    DepthFeed,
    Feed,
    KlineFeed,
    LimitDepthFeed,
    MiniTickerFeed,
)
from exchanges.simulator.faces.mexc.symbols import Symbols

PRIVATE = {ORDERS, DEALS, ACCOUNT}
PUBLIC = {BOOK_TICKER, AGGREGATED_DEALS, AGGREGATED_DEPTH, LIMIT_DEPTH, KLINE, MINI_TICKER}
PACES_S = {"100ms": 0.1, "10ms": 0.01}
DEPTHS = ("5", "10", "20")
ZONE = re.compile(r"24H|UTC[+-]\d{1,2}(:\d{2})?")
PACED: dict[str, type[Feed]] = {
    BOOK_TICKER: BookTickerFeed,
    AGGREGATED_DEALS: DealsFeed,
    AGGREGATED_DEPTH: DepthFeed,
}


def topic(name: str, account: str, symbols: Symbols) -> Topic | None:
    """Returns what a stream's name asks for, None when there is no such stream for this account ("" for nobody's)."""
    channel, arguments = channel_root(name), name.split("@")[2:]
    if channel in PRIVATE:
        return Topic(channel, name, "", account) if account and not arguments else None
    match channel, arguments:
        case _, [pace, symbol] if channel in PACED and pace in PACES_S:
            make = partial(_feed, PACED[channel], name, PACES_S[pace])
        case "spot@public.limit.depth.v3.api.pb", [symbol, depth] if depth in DEPTHS:
            make = partial(_limit_depth, name, int(depth))
        case "spot@public.kline.v3.api.pb", [symbol, interval] if interval in WS_INTERVALS:
            make = partial(_kline, name, interval)
        case "spot@public.miniTicker.v3.api.pb", [symbol, zone] if ZONE.fullmatch(zone):
            make = partial(_feed, MiniTickerFeed, name, 1.0)
        case _:
            return None
    pair = symbols.pair(symbol)
    return None if pair is None else Topic(channel, name, pair, make=make)


def _feed(kind: type[Feed], name: str, pace_s: float, services: Services, market: Market) -> Feed:
    return kind(services, market, name, pace_s)


def _limit_depth(name: str, depth: int, services: Services, market: Market) -> Feed:
    return LimitDepthFeed(services, market, name, depth)


def _kline(name: str, interval: str, services: Services, market: Market) -> Feed:
    return KlineFeed(services, market, name, interval)
