"""Who is subscribed to what, and what accounts are sent when their orders and balances move.

Private frames are pushed at once, one event a frame; public streams are coalesced (`public_feeds`).
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from exchanges.simulator.core.book import LevelChange
from exchanges.simulator.core.delay import DelayLine, Latency
from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.orders import BalanceReason, Fill, Order, OrderChange, Role, Trade
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.mexc.calls import Json
from exchanges.simulator.faces.mexc.ids import order_id, trade_id
from exchanges.simulator.faces.mexc.messages import frame
from exchanges.simulator.faces.mexc.names import ACCOUNT, DEALS, ORDERS
from exchanges.simulator.faces.mexc.odd_lists import OddLists
from exchanges.simulator.faces.mexc.public_feeds import TRADE_TYPES, Feed, Subscriber
from exchanges.simulator.faces.mexc.render import client_id, commission, quantity, quote_amount, status_of, type_of
from exchanges.simulator.faces.mexc.symbols import symbol_of
from exchanges.simulator.faults.texts import TextMissing

ORDER_TYPES = {"LIMIT": 1, "LIMIT_MAKER": 2, "IMMEDIATE_OR_CANCEL": 3, "FILL_OR_KILL": 4, "MARKET": 5}
STATUSES = {"NEW": 1, "FILLED": 2, "PARTIALLY_FILLED": 3, "CANCELED": 4, "PARTIALLY_CANCELED": 5}
CHANGE_TYPES = {
    BalanceReason.DEPOSIT: "DEPOSIT",
    BalanceReason.WITHDRAWAL: "WITHDRAW",
    BalanceReason.ORDER_PLACED: "ENTRUST_PLACE",
    BalanceReason.ORDER_MATCHED: "ENTRUST",
    BalanceReason.ORDER_CHANGED: "ENTRUST_CANCEL",
    BalanceReason.FEE: "TRADE_FEE",
    BalanceReason.REBATE: "SUGAR",
}


class Topic(msgspec.Struct, frozen=True):
    """One stream. ``account`` is "" for public ones, ``pair`` for private ones; ``make`` begins a public one."""

    channel: str
    name: str
    pair: str
    account: str = ""
    make: Callable[[Services, Market], Feed] | None = None


class Feeds(Listener):
    """Listens to the engine and pushes to all subscribed sockets."""

    def __init__(self, services: Services, latency: Latency, odd_lists: OddLists) -> None:
        self._services = services
        self._latency = latency
        self._odd_lists = odd_lists
        self._balances = DelayLine(lambda: latency.balance_push_ms, services.schedule, self._push_balances)
        self._private: dict[tuple[str, str], dict[Subscriber, None]] = {}
        self._feeds: dict[str, dict[str, Feed]] = {pair: {} for pair in services.engine.markets}
        self._last_fill: Fill | None = None

    def subscribe(self, subscriber: Subscriber, topic: Topic) -> None:
        """Lets the subscriber have a stream from now on."""
        if topic.make is None:
            self._private.setdefault((topic.channel, topic.account), {})[subscriber] = None
            return
        feeds = self._feeds[topic.pair]
        if topic.name not in feeds:
            feeds[topic.name] = topic.make(self._services, self._services.engine.markets[topic.pair])
        feeds[topic.name].join(subscriber)

    def unsubscribe(self, subscriber: Subscriber, topic: Topic) -> None:
        """Takes a stream away from the subscriber; a public one ends with its last one."""
        if topic.make is None:
            del self._private[topic.channel, topic.account][subscriber]
            return
        feeds = self._feeds[topic.pair]
        del feeds[topic.name].subscribers[subscriber]
        if not feeds[topic.name].subscribers:
            del feeds[topic.name]

    def drop(self, pair: str) -> None:
        """Forgets a pair that is no more, once nobody is subscribed to it."""
        del self._feeds[pair]

    def on_listed(self, pair: str) -> None:
        """Takes subscriptions to the pair."""
        self._feeds[pair] = {}

    def on_fill(self, fill: Fill) -> None:
        """Pushes the fill to its account."""
        self._last_fill = fill
        self._push(DEALS, fill.account, "privateDeals", lambda: _deal(fill), symbol=symbol_of(fill.pair))

    def on_order(self, order: Order, change: OrderChange) -> None:
        """Pushes the order to its account."""
        del change
        filled, self._last_fill = self._last_fill, None
        last = filled if filled is not None and filled.order_id == order.id else None
        self._push(ORDERS, order.account, "privateOrders", lambda: _order(order, last), symbol=symbol_of(order.pair))

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        """Pushes each balance to its account, as it is now, after the delay that balances have."""
        if not self._latency.balance_push_ms and not self._private.get((ACCOUNT, account)):
            return
        now_ms = self._services.engine.now_ms()
        for change in changes:
            self._balances.send((account, now_ms, _balance(change, reason, now_ms)))

    def on_trade(self, trade: Trade) -> None:
        """Lets the pair's streams know."""
        for feed in list(self._feeds[trade.pair].values()):
            feed.on_trade(trade)

    def on_book(self, pair: str, changes: list[LevelChange], last_update_id: int) -> None:
        """Lets the pair's streams know."""
        for feed in list(self._feeds[pair].values()):
            feed.on_book(changes, last_update_id)

    def _push_balances(self, told: tuple[str, int, Json]) -> None:
        account, created_ms, message = told
        self._push(ACCOUNT, account, "privateAccount", lambda: message, created_ms=created_ms)

    def _push(
        self,
        channel: str,
        account: str,
        body: str,
        message: Callable[[], Json],
        *,
        symbol: str | None = None,
        created_ms: int | None = None,
    ) -> None:
        subscribers = self._private.get((channel, account))
        if not subscribers:
            return
        sent_ms = self._services.now_ms()
        for each in self._odd_lists.pushed(channel, account, message()):
            told = self._without_text(channel, account, each)
            framed = frame(channel, body, told, sent_ms=sent_ms, symbol=symbol, created_ms=created_ms)
            for subscriber in list(subscribers):
                subscriber.push(framed)

    def _without_text(self, channel: str, account: str, message: Json) -> Json:
        """Returns the message, as a fault wants it without the client's own id."""
        if channel == ACCOUNT or not self._services.faults.active:
            return message
        place, name = ("orders", "clientId") if channel == ORDERS else ("fills", "clientOrderId")
        struck = self._services.faults.strike(
            TextMissing, lambda fault: fault.account in (None, account) and fault.place in (None, place)
        )
        return message if struck is None else {**message, name: ""}


def _order(order: Order, last: Fill | None) -> Json:
    """Returns the order as it is pushed; ``last`` is the fill that it is pushed for."""
    remaining = order.remaining
    return {
        "id": order_id(order.id),
        "clientId": order.text,
        "price": plain(order.price),
        "quantity": plain(quantity(order)),
        "amount": plain(quote_amount(order)),
        "avgPrice": plain(order.average_price),
        "orderType": ORDER_TYPES[type_of(order)],
        "tradeType": TRADE_TYPES[order.side],
        "isMaker": last is not None and last.role is Role.MAKER,
        "remainAmount": plain(remaining if order.in_quote else remaining * order.price),
        "remainQuantity": plain(Decimal(0) if order.in_quote else remaining),
        "lastDealQuantity": None if last is None else plain(last.amount),
        "cumulativeQuantity": plain(order.filled_base),
        "cumulativeAmount": plain(order.filled_quote),
        "status": STATUSES[status_of(order)],
        "createTime": order.created_ms,
    }


def _deal(fill: Fill) -> Json:
    cost, currency = commission(fill)
    return {
        "price": plain(fill.price),
        "quantity": plain(fill.amount),
        "amount": plain(fill.price * fill.amount),
        "tradeType": TRADE_TYPES[fill.side],
        "isMaker": fill.role is Role.MAKER,
        "isSelfTrade": False,
        "tradeId": trade_id(fill.trade_id),
        "clientOrderId": client_id(fill),
        "orderId": order_id(fill.order_id),
        "feeAmount": plain(cost),
        "feeCurrency": currency,
        "time": fill.time_ms,
    }


def _balance(change: Change, reason: BalanceReason, now_ms: int) -> Json:
    """Returns a balance as it is pushed: what is available, and what is frozen."""
    return {
        "vcoinName": change.currency,
        "coinId": f"coin-{change.currency.lower()}",
        "balanceAmount": plain(change.balance.available),
        "balanceAmountChange": plain(change.total - change.freeze),
        "frozenAmount": plain(change.balance.locked),
        "frozenAmountChange": plain(change.freeze),
        "type": CHANGE_TYPES[reason],
        "time": now_ms,
    }
