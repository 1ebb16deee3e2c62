"""Who is subscribed to what of futures, and what they are sent. Sizes go out in the form that each session wants."""

from decimal import Decimal
from typing import ClassVar

from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.events import Change
from exchanges.simulator.core.futures.history import Closure, ForcedTrade
from exchanges.simulator.core.futures.positions import ClosedPosition, Position
from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.orders import ZERO, BalanceReason, Fill, Order, OrderChange, Side, Trade
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio.feeds import (
    ALL,
    CANDLE_S,
    TICKER_S,
    BookTickerFeed,
    DepthFeed,
    Feed,
    Feeds,
    Subscriber,
)
from exchanges.simulator.faces.gateio.frames import push_frame
from exchanges.simulator.faces.gateio.odd_lists import OddLists
from exchanges.simulator.faces.gateio_futures import render, render_public
from exchanges.simulator.faces.gateio_futures.own import Futures
from exchanges.simulator.faces.gateio_futures.render import Json
from exchanges.simulator.faces.gateio_futures.sizes import sized
from exchanges.simulator.faults.texts import TextPlace

TEXTS: dict[str, TextPlace] = {"futures.orders": "orders", "futures.usertrades": "fills"}


def push_sized(subscribers: list[Subscriber], channel: str, result: object, now_ms: int) -> None:
    """Pushes news to each, with sizes in the form that its session wants."""
    frames: dict[bool, str] = {}
    for subscriber in subscribers:
        form = subscriber.decimal_sizes
        if form not in frames:
            frames[form] = push_frame(channel, sized(result, decimal=form), now_ms)
        subscriber.push(frames[form])


class SizedFeed(Feed):
    """A coalesced stream of contracts."""

    def flush(self) -> None:
        """Pushes what is new at once."""
        result = self.result() if self.subscribers else None
        if result is not None:
            push_sized(list(self.subscribers), self.channel, result, self.services.now_ms())


class ContractTopFeed(SizedFeed, BookTickerFeed):
    """``futures.book_ticker``: the best bid and ask, only when they have changed."""

    channel = "futures.book_ticker"

    def _top(self) -> Json:
        bid, ask = self.market.book.bids.best(), self.market.book.asks.best()
        return {
            "b": plain(bid.price) if bid else "",
            "B": bid.amount if bid else ZERO,
            "a": plain(ask.price) if ask else "",
            "A": ask.amount if ask else ZERO,
        }


class ContractTickerFeed(SizedFeed):
    """``futures.tickers``: the ticker, and when funding is settled next."""

    channel = "futures.tickers"

    def __init__(self, services: Services, market: Market) -> None:
        super().__init__(services, market, TICKER_S)
        self._futures = Futures(services)

    def result(self) -> object:
        """Returns the ticker."""
        rules = self._futures.engine.contract(self.market.rules.id)
        next_s = self._futures.futures.watch.next_settlement_ms(rules) // 1000
        funding: Json = {"funding_interval": rules.funding_interval_s, "funding_next_apply": next_s}
        return [self._futures.ticker(rules.id) | funding]


class ContractCandleFeed(SizedFeed):
    """``futures.candlesticks``: the candle of now."""

    channel = "futures.candlesticks"

    def __init__(self, services: Services, market: Market, interval: str) -> None:
        super().__init__(services, market, CANDLE_S)
        self._interval = interval
        self._engine = Futures(services).engine

    def note(self, _changes: object, _last_update_id: int, /) -> None:
        """Only trades make candles."""

    def result(self) -> object | None:
        """Returns the newest candle, None before the first trade."""
        pair = self.market.rules.id
        candles = self.services.histories.candles(pair, self._interval)
        if not candles:
            return None
        row = render_public.candle(candles[-1], self._engine.contract(pair).multiplier)
        closed = candles[-1].start_s + INTERVALS_S[self._interval] <= self.services.now_ms() // 1000
        return [row | {"n": f"{self._interval}_{pair}", "a": row["sum"], "w": closed}]


class ContractBookFeed(SizedFeed):
    """``futures.order_book``: the best levels, whole."""

    channel = "futures.order_book"

    def __init__(self, services: Services, market: Market, depth: int, interval_s: float) -> None:
        super().__init__(services, market, interval_s)
        self._depth = depth

    def result(self) -> object:
        """Returns the best levels of both sides."""
        market = self.market
        return {
            "t": self.services.now_ms(),
            "id": market.book.update_id,
            "contract": market.rules.id,
            "asks": render_public.levels(market, Side.SELL, self._depth),
            "bids": render_public.levels(market, Side.BUY, self._depth),
        }


class ContractDepthFeed(SizedFeed, DepthFeed):
    """``futures.order_book_update``: changed levels with their update ids, without a gap from push to push."""

    channel = "futures.order_book_update"

    def dressed(self, first_id: int, last_id: int, bids: dict[str, str], asks: dict[str, str]) -> object:
        """Returns the changes in the channel's form."""
        return {
            "t": self.services.now_ms(),
            "s": self.market.rules.id,
            "U": first_id,
            "u": last_id,
            "l": str(self.depth),
            "b": _levels(bids),
            "a": _levels(asks),
        }


class FuturesFeeds(Feeds):
    """Listens to the engine and pushes to all subscribed sockets."""

    texts_of: ClassVar[dict[str, TextPlace]] = TEXTS

    def __init__(self, services: Services, latency: Latency, odd_lists: OddLists) -> None:
        super().__init__(services, latency, odd_lists)
        self._own = Futures(services)

    def on_order(self, order: Order, change: OrderChange) -> None:
        """Pushes the order to its account."""
        del change
        user_id, rates = self._user_id(order.account), self._own.engine.fee_rates
        self._push_private(
            "futures.orders", order.account, order.pair, lambda: [render.ws_order(order, user_id, rates)]
        )

    def on_fill(self, fill: Fill) -> None:
        """Pushes the fill to its account."""
        text = self._own.text_of(fill)
        self._push_private("futures.usertrades", fill.account, fill.pair, lambda: [render.ws_fill(fill, text)])

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        """Pushes changes of the wallet to their account, after the delay that these have."""
        if not self._latency.balance_push_ms and not self._private.get(("futures.balances", account)):
            return
        user_id, now_ms = self._user_id(account), self._services.engine.now_ms()
        self._balances.send((account, [render.ws_wallet(change, user_id, reason, now_ms) for change in changes]))

    def on_position(self, position: Position) -> None:
        """Pushes the position to its account."""
        user_id = self._user_id(position.account)
        row = [render.ws_position(position, self._own.engine, user_id)]
        self._push_private("futures.positions", position.account, position.contract.id, lambda: row)

    def on_position_closed(self, position: Position, closed: ClosedPosition, order: Order) -> None:
        """Pushes what a position brought in that was closed."""
        user_id = self._user_id(position.account)
        row = [render.ws_closure(Closure(closed, order), user_id)]
        self._push_private("futures.position_closes", position.account, closed.pair, lambda: row)

    def on_liquidated(self, position: Position, order: Order, size: Decimal, mark: Decimal) -> None:
        """Pushes a liquidation to its account."""
        user_id = self._user_id(position.account)
        taken = ForcedTrade(order, size, mark, position.leverage, order.updated_ms)
        row = [render.liquidation(taken, pushed=True, user_id=user_id)]
        self._push_private("futures.liquidates", position.account, order.pair, lambda: row)

    def on_deleveraged(self, position: Position, order: Order, size: Decimal) -> None:
        """Pushes an auto-deleveraging to its account."""
        user_id = self._user_id(position.account)
        reduced = ForcedTrade(order, size, order.price, position.leverage, order.updated_ms)
        row = [render.deleveraging(reduced, pushed=True, user_id=user_id)]
        self._push_private("futures.auto_deleverages", position.account, order.pair, lambda: row)

    def on_trade(self, trade: Trade) -> None:
        """Pushes the trade to the public; tickers and candles follow in their time."""
        if subscribers := self._trades.get(("futures.trades", trade.pair)):
            row = [render_public.trade(trade, pushed=True)]
            push_sized(list(subscribers), "futures.trades", row, self._services.now_ms())
        for feed in self._feeds[trade.pair].values():
            if isinstance(feed, ContractTickerFeed | ContractCandleFeed):
                feed.touch()

    def touch_tickers(self) -> None:
        """Sees to it that tickers are pushed: mark and index prices have moved."""
        for feeds in self._feeds.values():
            for feed in feeds.values():
                if isinstance(feed, ContractTickerFeed):
                    feed.touch()

    def _push_balances(self, told: tuple[str, list[Json]]) -> None:
        account, rows = told
        self._push_private("futures.balances", account, ALL, lambda: rows)

    def _send(self, channel: str, rows: list[Json], subscribers: list[Subscriber]) -> None:
        push_sized(subscribers, channel, rows, self._services.now_ms())


def _levels(changed: dict[str, str]) -> list[Json]:
    return [{"p": price, "s": Decimal(amount)} for price, amount in changed.items()]
