"""Who is subscribed to what, and what they are sent when the exchange moves.

Private channels and public trades are pushed at once, one event a frame. The other public channels are coalesced:
the first change starts a timer, and what stands when it ends is pushed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Protocol

import msgspec

from exchanges.simulator.core.book import LevelChange
from exchanges.simulator.core.delay import DelayLine, Latency
from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.orders import BalanceReason, Fill, Order, OrderChange, Side, Trade
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio import render
from exchanges.simulator.faces.gateio.frames import push_frame
from exchanges.simulator.faces.gateio.odd_lists import OddLists
from exchanges.simulator.faults.texts import NO_TEXT, TextMissing, TextPlace

ALL = "!all"
TEXTS_OF: dict[str, TextPlace] = {
    "spot.orders": "orders",
    "spot.orders_v2": "orders",
    "spot.usertrades": "fills",
    "spot.usertrades_v2": "fills",
}
"""What the rows of a channel are whose text may be missing."""
BOOK_TICKER_S = 0.01
TICKER_S = 1.0
CANDLE_S = 2.0


class Subscriber(Protocol):
    """A socket that frames are pushed to. ``decimal_sizes``: sizes of contracts are text on it."""

    decimal_sizes: bool

    def push(self, text: str) -> None:
        """Sends the frame after the others."""


class Feed(ABC):
    """One coalesced public stream, shared by its subscribers. Dictionaries keep their order: runs must repeat."""

    channel: str

    def __init__(self, services: Services, market: Market, interval_s: float) -> None:
        self.subscribers: dict[Subscriber, None] = {}
        self.services = services
        self.market = market
        self._interval_s = interval_s
        self._scheduled = False

    @abstractmethod
    def result(self) -> object | None:
        """Returns what to push now, None when there is nothing new."""

    def note(self, _changes: list[LevelChange], _last_update_id: int, /) -> None:
        """Takes in changes of the book."""
        self.touch()

    def join(self, subscriber: Subscriber) -> None:
        """Adds a subscriber; by default it gets what stands with the next push."""
        self.subscribers[subscriber] = None
        self.touch()

    def touch(self) -> None:
        """Sees to it that what is new will be pushed."""
        if not self._scheduled and self.subscribers:
            self._scheduled = True
            self.services.schedule(self._interval_s, self._timer)

    def flush(self) -> None:
        """Pushes what is new at once; without subscribers the pair may be gone."""
        result = self.result() if self.subscribers else None
        if result is not None:
            frame = push_frame(self.channel, result, self.services.now_ms())
            for subscriber in list(self.subscribers):
                subscriber.push(frame)

    def _timer(self) -> None:
        self._scheduled = False
        self.flush()


class BookTickerFeed(Feed):
    """``spot.book_ticker``: the best bid and ask, only when they have changed."""

    channel = "spot.book_ticker"

    def __init__(self, services: Services, market: Market) -> None:
        super().__init__(services, market, BOOK_TICKER_S)
        self._told = self._top()

    def join(self, subscriber: Subscriber) -> None:
        """Adds a subscriber, who is told of the next change."""
        self.subscribers[subscriber] = None

    def result(self) -> object | None:
        """Returns the top of the book if it is another one."""
        top = self._top()
        if top == self._told:
            return None
        self._told = top
        ids: dict[str, object] = {
            "t": self.services.now_ms(),
            "u": self.market.book.update_id,
            "s": self.market.rules.id,
        }
        return ids | top

    def _top(self) -> dict[str, object]:
        bid, ask = self.market.book.bids.best(), self.market.book.asks.best()
        return {
            "b": plain(bid.price) if bid else "",
            "B": plain(bid.amount) if bid else "",
            "a": plain(ask.price) if ask else "",
            "A": plain(ask.amount) if ask else "",
        }


class TickerFeed(Feed):
    """``spot.tickers``."""

    channel = "spot.tickers"

    def __init__(self, services: Services, market: Market) -> None:
        super().__init__(services, market, TICKER_S)

    def result(self) -> object:
        """Returns the ticker."""
        return render.ticker(self.market, self.services.histories.day(self.market.rules.id))


class CandleFeed(Feed):
    """``spot.candlesticks``: the candle of now."""

    channel = "spot.candlesticks"

    def __init__(self, services: Services, market: Market, interval: str) -> None:
        super().__init__(services, market, CANDLE_S)
        self._interval = interval

    def note(self, _changes: list[LevelChange], _last_update_id: int, /) -> None:
        """Only trades make candles."""

    def result(self) -> object | None:
        """Returns the newest candle, None before the first trade."""
        pair = self.market.rules.id
        candles = self.services.histories.candles(pair, self._interval)
        if not candles:
            return None
        return render.ws_candle(
            candles[-1],
            name=f"{self._interval}_{pair}",
            length_s=INTERVALS_S[self._interval],
            now_s=self.services.now_ms() // 1000,
        )


class SnapshotFeed(Feed):
    """``spot.order_book``: the best levels, whole."""

    channel = "spot.order_book"

    def __init__(self, services: Services, market: Market, depth: int, interval_s: float) -> None:
        super().__init__(services, market, interval_s)
        self._depth = depth

    def result(self) -> object:
        """Returns the best levels of both sides."""
        return {
            "t": self.services.now_ms(),
            "lastUpdateId": self.market.book.update_id,
            "s": self.market.rules.id,
            "l": str(self._depth),
            "bids": render.levels(self.market, Side.BUY, self._depth),
            "asks": render.levels(self.market, Side.SELL, self._depth),
        }


class DepthFeed(Feed):
    """``spot.order_book_update``: changed levels with their update ids, without a gap from push to push."""

    channel = "spot.order_book_update"

    def __init__(self, services: Services, market: Market, depth: int, interval_s: float) -> None:
        super().__init__(services, market, interval_s)
        self.depth = depth
        self.last_id = market.book.update_id
        self._first_id = self.last_id + 1
        self._changed: dict[Side, dict[str, str]] = {Side.BUY: {}, Side.SELL: {}}

    def note(self, changes: list[LevelChange], last_update_id: int, /) -> None:
        """Keeps what each changed level stands at now; 0 where it is gone."""
        self.last_id = last_update_id
        for side, price, amount in changes:
            self._changed[side][plain(price)] = plain(amount)
        self.touch()

    def result(self) -> object | None:
        """Returns the changes since the last push."""
        if self.last_id < self._first_id:
            return None
        result = self.dressed(self._first_id, self.last_id, *self._changed.values())
        self._changed = {Side.BUY: {}, Side.SELL: {}}
        self._first_id = self.last_id + 1
        return result

    def dressed(self, first_id: int, last_id: int, bids: dict[str, str], asks: dict[str, str]) -> object:
        """Returns the changes in the channel's form."""
        now_ms = self.services.now_ms()
        return {
            "t": now_ms,
            "e": "depthUpdate",
            "E": now_ms // 1000,
            "s": self.market.rules.id,
            "U": first_id,
            "u": last_id,
            "l": str(self.depth),
            "b": list(bids.items()),
            "a": list(asks.items()),
        }


class BookFeed(DepthFeed):
    """``spot.obu``: a whole book to begin with, then changes."""

    channel = "spot.obu"

    def join(self, subscriber: Subscriber) -> None:
        """Sends the subscriber the book as it stands; the others first get what they lack up to here."""
        self.flush()
        now_ms = self.services.now_ms()
        whole = {
            "t": now_ms,
            "full": True,
            "s": self._name,
            "u": self.last_id,
            "b": render.levels(self.market, Side.BUY, self.depth),
            "a": render.levels(self.market, Side.SELL, self.depth),
        }
        self.subscribers[subscriber] = None
        subscriber.push(push_frame(self.channel, whole, now_ms))

    def dressed(self, first_id: int, last_id: int, bids: dict[str, str], asks: dict[str, str]) -> object:
        """Returns the changes in the channel's form."""
        return {
            "t": self.services.now_ms(),
            "s": self._name,
            "U": first_id,
            "u": last_id,
            "b": list(bids.items()),
            "a": list(asks.items()),
        }

    @property
    def _name(self) -> str:
        return f"ob.{self.market.rules.id}.{self.depth}"


class Topic(msgspec.Struct, frozen=True):
    """One thing to be subscribed to. ``account`` is "" for public ones; ``make`` is there for coalesced streams."""

    channel: str
    name: str
    pair: str
    account: str = ""
    make: Callable[[Services, Market], Feed] | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others."""
        return self.channel, self.account, self.name


class Feeds(Listener):
    """Listens to the engine and pushes to all subscribed sockets. ``texts_of``: of which channels, and what."""

    texts_of: ClassVar[dict[str, TextPlace]] = TEXTS_OF

    def __init__(self, services: Services, latency: Latency, odd_lists: OddLists) -> None:
        self._services = services
        self._odd_lists = odd_lists
        self._latency = latency
        self._balances = DelayLine(lambda: latency.balance_push_ms, services.schedule, self._push_balances)
        self._private: dict[tuple[str, str], dict[Subscriber, set[str]]] = {}
        self._trades: dict[tuple[str, str], dict[Subscriber, None]] = {}
        self._feeds: dict[str, dict[tuple[str, str, str], Feed]] = {pair: {} for pair in services.engine.markets}

    def subscribe(self, subscriber: Subscriber, topic: Topic) -> None:
        """Lets the subscriber have a topic from now on."""
        if topic.account:
            subscribers = self._private.setdefault((topic.channel, topic.account), {})
            subscribers.setdefault(subscriber, set()).add(topic.pair)
        elif topic.make is None:
            self._trades.setdefault((topic.channel, topic.pair), {})[subscriber] = None
        else:
            feeds = self._feeds[topic.pair]
            if topic.key not in feeds:
                feeds[topic.key] = topic.make(self._services, self._services.engine.markets[topic.pair])
            feeds[topic.key].join(subscriber)

    def unsubscribe(self, subscriber: Subscriber, topic: Topic) -> None:
        """Takes a topic away from the subscriber; a coalesced stream ends with its last one."""
        if topic.account:
            subscribers = self._private[topic.channel, topic.account]
            subscribers[subscriber].discard(topic.pair)
            if not subscribers[subscriber]:
                del subscribers[subscriber]
        elif topic.make is None:
            del self._trades[topic.channel, topic.pair][subscriber]
        else:
            feeds = self._feeds[topic.pair]
            del feeds[topic.key].subscribers[subscriber]
            if not feeds[topic.key].subscribers:
                del feeds[topic.key]

    def drop(self, pair: str) -> None:
        """Forgets a pair that is no more, once nobody is subscribed to it."""
        del self._feeds[pair]

    def on_listed(self, pair: str) -> None:
        """Takes subscriptions to the pair."""
        self._feeds[pair] = {}

    def on_order(self, order: Order, change: OrderChange) -> None:
        """Pushes the order to its account."""
        user_id = self._user_id(order.account)
        for channel, with_fees in (("spot.orders", True), ("spot.orders_v2", False)):
            result = partial(_order_result, order, change, user_id, with_fees)
            self._push_private(channel, order.account, order.pair, result)

    def on_fill(self, fill: Fill) -> None:
        """Pushes the fill to its account."""
        user_id = self._user_id(fill.account)
        for channel in ("spot.usertrades", "spot.usertrades_v2"):
            self._push_private(channel, fill.account, fill.pair, lambda: [render.ws_fill(fill, user_id)])

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        """Pushes the balances to their account, as they are now, after the delay that balances have."""
        if not self._latency.balance_push_ms and not self._private.get(("spot.balances", account)):
            return
        user_id, now_ms = self._user_id(account), self._services.engine.now_ms()
        rows = [render.ws_balance(change, user_id, reason, now_ms) for change in changes]
        self._balances.send((account, rows))

    def _push_balances(self, told: tuple[str, list[render.Json]]) -> None:
        account, rows = told
        self._push_private("spot.balances", account, ALL, lambda: rows)

    def on_trade(self, trade: Trade) -> None:
        """Pushes the trade to the public; tickers and candles follow in their time."""
        for channel in ("spot.trades", "spot.trades_v2"):
            if subscribers := self._trades.get((channel, trade.pair)):
                frame = push_frame(channel, render.ws_trade(trade), self._services.now_ms())
                for subscriber in list(subscribers):
                    subscriber.push(frame)
        for feed in self._feeds[trade.pair].values():
            if isinstance(feed, TickerFeed | CandleFeed):
                feed.touch()

    def on_book(self, pair: str, changes: list[LevelChange], last_update_id: int) -> None:
        """Lets the pair's streams know."""
        for feed in list(self._feeds[pair].values()):
            feed.note(changes, last_update_id)

    def _push_private(self, channel: str, account: str, pair: str, result: Callable[[], list[render.Json]]) -> None:
        subscribers = self._private.get((channel, account))
        if not subscribers:
            return
        rows = self._odd_lists.pushed(channel, account, result())
        place = self.texts_of.get(channel)
        if place is not None and self._services.faults.active:
            self._drop_texts(rows, account, place)
        self._send(channel, rows, [each for each, pairs in subscribers.items() if ALL in pairs or pair in pairs])

    def _send(self, channel: str, rows: list[render.Json], subscribers: list[Subscriber]) -> None:
        frame = push_frame(channel, rows, self._services.now_ms())
        for subscriber in subscribers:
            subscriber.push(frame)

    def _drop_texts(self, rows: list[render.Json], account: str, place: TextPlace) -> None:
        if self._services.faults.strike(TextMissing, lambda fault: fault.concerns(account, place)):
            for row in rows:
                row["text"] = NO_TEXT

    def _user_id(self, account: str) -> int:
        return self._services.engine.accounts[account].user_id


def _order_result(order: Order, change: OrderChange, user_id: int, with_fees: bool) -> list[render.Json]:
    return [render.ws_order(order, change, user_id, with_fees=with_fees)]
