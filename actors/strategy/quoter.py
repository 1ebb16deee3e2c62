"""A two-sided quoter: keeps a post-only bid and ask around the mid of one market on one account.

The mid is that of the others, so that the quoter does not chase itself: where our own quote is alone at the top of a
side, the other side and the last spread between others tell where the mid is.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from actors.strategy.base import Strategy, StrategyReport
from actors.strategy.handle import AccountHandle
from messages.commands import PlaceOrder
from messages.enums import Side, TimeInForce
from messages.errors import InvalidValueError, RefusalReason, TellerError, UnknownOutcomeError, VenueRefusedError
from messages.events import ConnectionStatusEvent, ExecutionReportEvent, OrderUpdateEvent
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Order
from messages.symbol import Symbol
from messages.validation import ZERO

_BASIS_POINTS: Final = Decimal(10_000)
_OWN_IDS_KEPT: Final = 5_000
"""Longer ago than so many quotes nothing comes back."""


class QuoterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    quantity: base on each side. half_spread_bps: distance of each quote from the mid, in 1/10000 of the mid.
    requote_bps: a quote moves when it is further than this from where it should be.
    max_inventory: base; the side that would take the inventory past it, long or short, is not quoted.
    requote_every_s: a side moves at most so often (venues take some ten new orders a second for one market).
    """

    symbol: Symbol
    quantity: Decimal
    half_spread_bps: Decimal
    requote_bps: Decimal
    max_inventory: Decimal
    requote_every_s: float = 0.25

    def __post_init__(self) -> None:
        for name in ("quantity", "half_spread_bps", "max_inventory"):
            if not getattr(self, name) > ZERO:
                raise InvalidValueError(name, getattr(self, name), "above zero")
        if self.half_spread_bps >= _BASIS_POINTS:
            raise InvalidValueError("half_spread_bps", self.half_spread_bps, f"below {_BASIS_POINTS}")
        if self.requote_bps < ZERO:
            raise InvalidValueError("requote_bps", self.requote_bps, "zero or more")
        if not self.requote_every_s > 0:
            raise InvalidValueError("requote_every_s", self.requote_every_s, "above 0 seconds")


class _Quote:
    """One side of the market as the quoter keeps it.

    Attributes:
        unresolved: client order id of a quote whose fate is unknown. moved_s: when this side was last quoted.
        extra: orders of ours that are open beside the quote, as one that was taken for ended; to be canceled.
    """

    __slots__ = ("extra", "moved_s", "order", "side", "unresolved")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.order: Order | None = None
        self.unresolved: str | None = None
        self.extra: list[Order] = []
        self.moved_s = float("-inf")


class Quoter(Strategy):
    """Quotes while its account and the venue's feed are live; takes its quotes away when one of them is not.

    A quote whose fate is unknown is not replaced before the account has found out (R3), and an order of its own that
    shows open again is taken as the quote or canceled: the strategy never has two orders on a side.
    """

    def __init__(self, name: str, account: str, settings: QuoterSettings) -> None:
        super().__init__(name, (account,))
        self._settings = settings
        self._account_name = account
        self._instrument: Instrument | None = None
        self._bid = _Quote(Side.BUY)
        self._ask = _Quote(Side.SELL)
        self._account_is_live = False
        self._feed_is_live = False
        self._ticker: BookTicker | None = None
        self._timer_is_set = False
        self._mid: Decimal | None = None
        self._spread: Decimal | None = None
        self._inventory = ZERO
        self._cash = ZERO
        self._other_fees: dict[str, Decimal] = {}
        self._fills_count = 0
        self._orders_count = 0
        self._own_ids: dict[str, None] = {}
        self._requotes_count = 0

    async def on_start(self) -> None:
        account = self.account(self._account_name)
        self._account_is_live = (await account.snapshot()).is_live
        self._instrument = await account.instrument(self._settings.symbol)
        quantity = self._settings.quantity
        if quantity != self._instrument.round_quantity(quantity):
            raise InvalidValueError("quantity", quantity, f"a multiple of the lot {self._instrument.lot}")
        await self._know_earlier_quotes(account)
        self._cancel_earlier_quotes()

    async def _know_earlier_quotes(self, account: AccountHandle) -> None:
        """Knows what an earlier life has left, should it show again."""
        symbol = self._settings.symbol
        known = ((await account.snapshot()).open_orders, await account.executed_orders(symbol))
        for order in (order for orders in known for order in orders):
            if order.symbol == symbol and self._is_like_a_quote(order):
                self._remember(order.client_order_id)

    def _cancel_earlier_quotes(self) -> None:
        """Nothing is quoted beside what is left: the book is watched once all is canceled. Nobody waits for that, as it
        may take as long as the exchange answers no query."""
        account, symbol = self.account(self._account_name), self._settings.symbol

        def failed(error: Exception) -> None:
            if not isinstance(error, UnknownOutcomeError):
                raise error
            self.log.warning("earlier_quotes_not_canceled_yet", error=str(error))
            self._cancel_earlier_quotes()

        self.then(account.cancel_all(symbol), lambda _: self.watch_book_ticker(account.venue, symbol), failed)

    async def on_connection_status(self, event: ConnectionStatusEvent) -> None:
        is_live = event.is_live_for(self._settings.symbol)
        if event.name == self._account_name:
            self._account_is_live = is_live
            if is_live:
                await self._reconcile()
        else:
            self._feed_is_live = is_live
        await self._requote()

    async def on_book_ticker(self, ticker: BookTicker) -> None:
        if ticker.symbol != self._settings.symbol:
            return
        self._ticker = ticker
        self._find_mid(ticker)
        await self._requote()

    async def on_timer(self, _name: str) -> None:
        self._timer_is_set = False
        await self._requote()

    async def on_order_update(self, event: OrderUpdateEvent) -> None:
        order = event.order
        if order.symbol != self._settings.symbol or order.client_order_id not in self._own_ids:
            return
        quote = self._bid if order.side is Side.BUY else self._ask
        if quote.order is not None and quote.order.order_id == order.order_id:
            quote.order = None if order.is_finished else order
        elif quote.unresolved == order.client_order_id or order.is_open or quote.extra:
            await self._reconcile()  # what is told may be older than what is known by now
        if order.is_finished or quote.extra:
            await self._requote()

    async def _reconcile(self) -> None:
        """Takes up what the account knows of our orders: one is the quote of its side, others are to go."""
        try:
            snapshot = await self.account(self._account_name).snapshot()
        except TellerError as error:
            self.log.info("quotes_not_reconciled", error=str(error))
            return
        symbol = self._settings.symbol
        own = [o for o in snapshot.open_orders if o.symbol == symbol and o.client_order_id in self._own_ids]
        for quote in (self._bid, self._ask):
            named = {o.order_id: o for o in own if o.side is quote.side and o.order_id is not None}
            unnamed = [o.client_order_id for o in own if o.side is quote.side and o.order_id is None]
            kept_id = "" if quote.order is None else str(quote.order.order_id)
            quote.order = named.pop(kept_id, None) or (named.popitem()[1] if named else None)
            quote.unresolved = unnamed[0] if unnamed else None
            quote.extra = list(named.values())

    def on_fill(self, event: ExecutionReportEvent) -> None:
        fill = event.fill
        if fill.symbol != self._settings.symbol:
            return
        self._fills_count += 1
        sign = 1 if fill.side is Side.BUY else -1
        self._inventory += sign * fill.quantity
        self._cash -= sign * fill.quote
        for fee in fill.fees:
            if fee.currency == fill.symbol.base:
                self._inventory -= fee.amount
            elif fee.currency == fill.symbol.quote:
                self._cash -= fee.amount
            else:
                self._other_fees[fee.currency] = self._other_fees.get(fee.currency, ZERO) + fee.amount

    def report(self) -> StrategyReport:
        """Profit in quote since the start; fees in a third currency are named in the note, not valued."""
        pnl = None if self._mid is None else self._cash + self._inventory * self._mid
        fees = ", ".join(f"{amount} {currency}" for currency, amount in sorted(self._other_fees.items()))
        return StrategyReport(
            strategy=self.name,
            account=self._account_name,
            symbol=self._settings.symbol,
            inventory=self._inventory,
            pnl=pnl,
            fills_count=self._fills_count,
            orders_count=self._orders_count,
            requotes_count=self._requotes_count,
            note=f"fees not in pnl: {fees}" if fees else "",
        )

    def _find_mid(self, ticker: BookTicker) -> None:
        bid = None if _is_alone(self._bid, ticker.bid, ticker.bid_quantity) else ticker.bid
        ask = None if _is_alone(self._ask, ticker.ask, ticker.ask_quantity) else ticker.ask
        if bid is not None and ask is not None:
            self._mid = (bid + ask) / 2
            self._spread = ask - bid
        elif self._spread is not None and bid is not None:
            self._mid = bid + self._spread / 2
        elif self._spread is not None and ask is not None:
            self._mid = ask - self._spread / 2

    # -- quoting --------------------------------------------------------------------------------------------------

    async def _requote(self) -> None:
        """Brings both sides to where they should be by the latest ticker; comes back later to a side that must wait."""
        ticker = self._ticker
        for quote in (self._bid, self._ask):
            if not self._account_is_live:
                return
            if not await self._cancel_extra(quote):
                self._come_back(self._settings.requote_every_s)
            elif ticker is not None and self._feed_is_live:
                await self._keep(quote, ticker)
            elif quote.order is not None and not await self._withdraw(quote):
                self._come_back(self._settings.requote_every_s)

    async def _keep(self, quote: _Quote, ticker: BookTicker) -> None:
        """Brings one side to where it should be, if it is too far away and was not moved just now."""
        if quote.unresolved is not None:
            return
        target = self._target(quote.side, ticker)
        wait_s = quote.moved_s + self._settings.requote_every_s - self.now_s()
        if wait_s > 0:
            self._come_back(wait_s)
            return
        if quote.order is not None:
            if target is not None and not self._is_too_far(quote.order, target):
                return
            if not await self._withdraw(quote):
                self._come_back(self._settings.requote_every_s)
                return
            self._requotes_count += 1
        if target is not None:
            await self._place(quote, target)

    def _come_back(self, wait_s: float) -> None:
        if not self._timer_is_set:
            self._timer_is_set = True
            self.set_timer(wait_s, "requote")

    def _target(self, side: Side, ticker: BookTicker) -> Decimal | None:
        """The price to quote; None when the side is not to be quoted."""
        settings, instrument, mid = self._settings, self._instrument, self._mid
        if instrument is None or mid is None or ticker.bid is None or ticker.ask is None:
            return None
        away = settings.half_spread_bps / _BASIS_POINTS
        if side is Side.BUY:
            if self._inventory + settings.quantity > settings.max_inventory:
                return None
            price = instrument.round_price(mid * (1 - away), side)
            return min(price, ticker.ask - instrument.tick)
        if self._inventory - settings.quantity < -settings.max_inventory:
            return None
        price = instrument.round_price(mid * (1 + away), side)
        return max(price, ticker.bid + instrument.tick)

    def _is_too_far(self, order: Order, target: Decimal) -> bool:
        assert order.price is not None, "quotes are limit orders"
        return abs(order.price - target) > target * self._settings.requote_bps / _BASIS_POINTS

    async def _place(self, quote: _Quote, price: Decimal) -> None:
        quote.moved_s = self.now_s()
        self._orders_count += 1
        account = self.account(self._account_name)
        command = PlaceOrder.post_only(self._settings.symbol, quote.side, self._settings.quantity, price)
        try:
            order = await account.place(command)
        except VenueRefusedError as error:
            if error.reason is not RefusalReason.WOULD_TAKE:  # the market moved into the quote: try again later
                self.log.warning("quote_refused", side=quote.side.value, price=str(price), error=str(error))
        except UnknownOutcomeError as error:
            quote.unresolved = getattr(error, "client_order_id", None)
            self._remember(quote.unresolved)
        except TellerError as error:
            self.log.info("quote_not_sent", side=quote.side.value, price=str(price), error=str(error))
        else:
            self._remember(order.client_order_id)
            quote.order = None if order.is_finished else order

    async def _cancel_extra(self, quote: _Quote) -> bool:
        """Cancels what is open beside the quote of one side; True when nothing is."""
        left = []
        for order in quote.extra:
            try:
                ended = await self.account(self._account_name).cancel(order)
            except TellerError as error:
                self.log.warning("extra_quote_not_canceled", order_id=order.order_id, error=str(error))
                left.append(order)
            else:
                left += [] if ended.is_finished else [ended]
        quote.extra = left
        return not left

    def _remember(self, client_order_id: str | None) -> None:
        if client_order_id is not None:
            self._own_ids[client_order_id] = None
            if len(self._own_ids) > _OWN_IDS_KEPT:
                del self._own_ids[next(iter(self._own_ids))]

    def _is_like_a_quote(self, order: Order) -> bool:
        return order.time_in_force is TimeInForce.POST_ONLY and order.quantity == self._settings.quantity

    async def _withdraw(self, quote: _Quote) -> bool:
        """Cancels the quote of one side; True when nothing of it is left on the exchange."""
        order: Any = quote.order
        if order is None:
            return quote.unresolved is None
        try:
            ended = await self.account(self._account_name).cancel(order)
        except TellerError as error:
            self.log.info("quote_not_canceled", side=quote.side.value, order_id=order.order_id, error=str(error))
            return False
        quote.order = None if ended.is_finished else ended
        return quote.order is None


def _is_alone(quote: _Quote, price: Decimal | None, quantity: Decimal | None) -> bool:
    """Whether the best price of a side is our own quote and nobody else's."""
    own = quote.order
    return own is not None and own.price == price and quantity is not None and quantity <= own.remaining
