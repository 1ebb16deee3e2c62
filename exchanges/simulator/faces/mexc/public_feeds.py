"""Coalesced public streams: the first change starts a timer, and what stands when it ends is pushed."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Protocol

from exchanges.simulator.core.book import LevelChange
from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.orders import Side, Trade
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.mexc import render
from exchanges.simulator.faces.mexc.ids import public_trade_id
from exchanges.simulator.faces.mexc.messages import frame
from exchanges.simulator.faces.mexc.protobuf import Message
from exchanges.simulator.faces.mexc.symbols import symbol_of

BOOK_TICKER = "spot@public.aggre.bookTicker.v3.api.pb"
AGGREGATED_DEALS = "spot@public.aggre.deals.v3.api.pb"
AGGREGATED_DEPTH = "spot@public.aggre.depth.v3.api.pb"
LIMIT_DEPTH = "spot@public.limit.depth.v3.api.pb"
KLINE = "spot@public.kline.v3.api.pb"
MINI_TICKER = "spot@public.miniTicker.v3.api.pb"
WS_INTERVALS = {
    "Min1": "1m",
    "Min5": "5m",
    "Min15": "15m",
    "Min30": "30m",
    "Min60": "1h",
    "Hour4": "4h",
    "Hour8": "8h",
    "Day1": "1d",
    "Week1": "7d",
    "Month1": "30d",
}
"""MEXC's name of each interval on sockets, and the exchange's own."""
TRADE_TYPES = {Side.BUY: 1, Side.SELL: 2}
SNAPSHOT_S = 0.1
KLINE_S = 2.0


class Subscriber(Protocol):
    """A socket that frames are pushed to."""

    def push(self, frame: bytes) -> None:
        """Sends the frame after the others."""


class Feed(ABC):
    """One stream, shared by its subscribers: of frames with this ``body``, due when the book or trades move.

    Dictionaries keep their order: runs must repeat.
    """

    body: str
    follows_book = False
    follows_trades = False

    def __init__(self, services: Services, market: Market, name: str, pace_s: float) -> None:
        self.subscribers: dict[Subscriber, None] = {}
        self.services = services
        self.market = market
        self._name = name
        self._pace_s = pace_s
        self._scheduled = False

    @abstractmethod
    def message(self) -> Message | None:
        """Returns what to push now, None when there is nothing new."""

    def on_book(self, _changes: list[LevelChange], _last_update_id: int, /) -> None:
        """Takes in changes of the book."""
        if self.follows_book:
            self.touch()

    def on_trade(self, _trade: Trade, /) -> None:
        """Takes in a trade."""
        if self.follows_trades:
            self.touch()

    def join(self, subscriber: Subscriber) -> None:
        """Adds a subscriber."""
        self.subscribers[subscriber] = None

    def touch(self) -> None:
        """Sees to it that what is new will be pushed."""
        if not self._scheduled and self.subscribers:
            self._scheduled = True
            self.services.schedule(self._pace_s, self._timer)

    def framed(self, message: Message) -> bytes:
        """Returns a message as a frame."""
        sent_ms = self.services.now_ms()
        return frame(self._name, self.body, message, sent_ms=sent_ms, symbol=symbol_of(self.market.rules.id))

    def _timer(self) -> None:
        self._scheduled = False
        message = self.message() if self.subscribers else None
        if message is not None:
            framed = self.framed(message)
            for subscriber in list(self.subscribers):
                subscriber.push(framed)


class BookTickerFeed(Feed):
    """The best bid and ask when they have changed; whoever subscribes is sent them as they are."""

    body = "publicAggreBookTicker"
    follows_book = True

    def __init__(self, services: Services, market: Market, name: str, pace_s: float) -> None:
        super().__init__(services, market, name, pace_s)
        self._told = self._top()

    def join(self, subscriber: Subscriber) -> None:
        """Adds a subscriber, and sends it the top of the book."""
        super().join(subscriber)
        subscriber.push(self.framed(self._versioned(self._top())))

    def message(self) -> Message | None:
        """Returns the top of the book if it is another one."""
        top = self._top()
        if top == self._told:
            return None
        self._told = top
        return self._versioned(top)

    def _versioned(self, top: Message) -> Message:
        return {**top, "version": str(self.market.book.update_id)}

    def _top(self) -> Message:
        bid, ask = self.market.book.bids.best(), self.market.book.asks.best()
        return {
            "bidPrice": plain(bid.price) if bid else "",
            "bidQuantity": plain(bid.amount) if bid else "",
            "askPrice": plain(ask.price) if ask else "",
            "askQuantity": plain(ask.amount) if ask else "",
        }


class DealsFeed(Feed):
    """The trades since the last push."""

    body = "publicAggreDeals"

    def __init__(self, services: Services, market: Market, name: str, pace_s: float) -> None:
        super().__init__(services, market, name, pace_s)
        self._trades: list[Trade] = []

    def on_trade(self, trade: Trade, /) -> None:
        """Keeps the trade until the next push."""
        self._trades.append(trade)
        self.touch()

    def message(self) -> Message | None:
        """Returns the trades, oldest first."""
        trades, self._trades = self._trades, []
        deals = [
            {
                "price": plain(trade.price),
                "quantity": plain(trade.amount),
                "tradeType": TRADE_TYPES[trade.side],
                "time": trade.time_ms,
                "tradeId": public_trade_id(trade.id),
            }
            for trade in trades
        ]
        return {"deals": deals, "eventType": self._name.rpartition("@")[0]} if deals else None


class DepthFeed(Feed):
    """Changed levels with their versions, without a gap from push to push."""

    body = "publicAggreDepths"

    def __init__(self, services: Services, market: Market, name: str, pace_s: float) -> None:
        super().__init__(services, market, name, pace_s)
        self._last = market.book.update_id
        self._first = self._last + 1
        self._changed: dict[Side, dict[str, str]] = {Side.BUY: {}, Side.SELL: {}}

    def on_book(self, changes: list[LevelChange], last_update_id: int, /) -> None:
        """Keeps what each changed level stands at now; 0 where it is gone."""
        self._last = last_update_id
        for side, price, amount in changes:
            self._changed[side][plain(price)] = plain(amount)
        self.touch()

    def message(self) -> Message | None:
        """Returns the changes since the last push."""
        if self._last < self._first:
            return None
        message = {
            "asks": _levels(self._changed[Side.SELL].items()),
            "bids": _levels(self._changed[Side.BUY].items()),
            "eventType": self._name.rpartition("@")[0],
            "fromVersion": str(self._first),
            "toVersion": str(self._last),
        }
        self._changed = {Side.BUY: {}, Side.SELL: {}}
        self._first = self._last + 1
        return message


class LimitDepthFeed(Feed):
    """The best levels, whole."""

    body = "publicLimitDepths"
    follows_book = True

    def __init__(self, services: Services, market: Market, name: str, depth: int) -> None:
        super().__init__(services, market, name, SNAPSHOT_S)
        self._depth = depth

    def join(self, subscriber: Subscriber) -> None:
        """Adds a subscriber, and pushes the book as it stands."""
        super().join(subscriber)
        self.touch()

    def message(self) -> Message:
        """Returns the best levels of both sides."""
        return {
            "asks": _levels(render.levels(self.market, Side.SELL, self._depth)),
            "bids": _levels(render.levels(self.market, Side.BUY, self._depth)),
            "eventType": LIMIT_DEPTH,
            "version": str(self.market.book.update_id),
        }


class KlineFeed(Feed):
    """The candle of now; its times are in seconds."""

    body = "publicSpotKline"
    follows_trades = True

    def __init__(self, services: Services, market: Market, name: str, interval: str) -> None:
        super().__init__(services, market, name, KLINE_S)
        self._interval = interval

    def message(self) -> Message | None:
        """Returns the newest candle, None before the first trade."""
        interval = WS_INTERVALS[self._interval]
        candles = self.services.histories.candles(self.market.rules.id, interval)
        if not candles:
            return None
        candle = candles[-1]
        return {
            "interval": self._interval,
            "windowStart": candle.start_s,
            "openingPrice": plain(candle.open),
            "closingPrice": plain(candle.close),
            "highestPrice": plain(candle.high),
            "lowestPrice": plain(candle.low),
            "volume": plain(candle.base_volume),
            "amount": plain(candle.quote_volume),
            "windowEnd": candle.start_s + INTERVALS_S[interval],
        }


class MiniTickerFeed(Feed):
    """The figures of the last day; ``volume`` is in quote units there."""

    body = "publicMiniTicker"
    follows_trades = True

    def join(self, subscriber: Subscriber) -> None:
        """Adds a subscriber, and pushes the figures as they stand."""
        super().join(subscriber)
        self.touch()

    def message(self) -> Message:
        """Returns the figures."""
        day = self.services.histories.day(self.market.rules.id)
        rate = plain(round(day.change_percent / 100, 4))
        return {
            "symbol": symbol_of(self.market.rules.id),
            "price": plain(day.last),
            "rate": rate,
            "zonedRate": rate,
            "high": plain(day.high),
            "low": plain(day.low),
            "volume": plain(day.quote_volume),
            "quantity": plain(day.base_volume),
        }


def _levels(levels: Iterable[tuple[str, str]]) -> list[Message]:
    return [{"price": price, "quantity": quantity} for price, quantity in levels]
