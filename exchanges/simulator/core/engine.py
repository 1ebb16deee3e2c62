"""The matching engine: price-time priority, exact money, and events in the order in which a venue tells them.

Pure and synchronous. Each call does all of its work before it returns, or raises ``RefusedError`` and changed nothing.
Choices where venues differ: an order never trades with its own account (self-trade prevention, by default the
newer order gives way), unless that is allowed; a market order that finds the book empty ends there.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_DOWN, Decimal
from typing import ClassVar

from exchanges.simulator.core.accounts import AccountRecord
from exchanges.simulator.core.book import Book
from exchanges.simulator.core.config import FeeScheme, PairConfig
from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.fees import GT, Charge, charge
from exchanges.simulator.core.ledger import Ledger, NotEnoughFundsError
from exchanges.simulator.core.orders import (
    ZERO,
    BalanceReason,
    Fill,
    Finish,
    NewOrder,
    Order,
    OrderChange,
    OrderType,
    Role,
    SelfTrade,
    Side,
    TimeInForce,
    Trade,
)
from exchanges.simulator.core.rules import (
    Reason,
    RefusedError,
    check_limit,
    check_new,
    check_precision,
    check_tradable,
    plain,
)

HOUSE = "~house"
HOUSE_TOP_UP = 1_000
FIRST_ORDER_ID = 912_000_000_000
FIRST_TRADE_ID = 7_744_000  # trade ids are unique on their pair only: every pair begins here
FIRST_UPDATE_ID = 4_815_162_000


class Market:
    """A pair: its rules, its book and its trade counters, which go on from ``earlier`` when it is listed again."""

    __slots__ = ("book", "rules", "sequence", "trade_id")

    def __init__(self, rules: PairConfig, earlier: "Market | None" = None) -> None:
        self.rules = rules
        self.book: Book = Book(earlier.book.update_id if earlier else FIRST_UPDATE_ID)
        self.trade_id: int = earlier.trade_id if earlier else FIRST_TRADE_ID
        self.sequence: int = earlier.sequence if earlier else 0


class Engine:
    """All pairs and all accounts of one exchange. ``now_ms`` gives the time in milliseconds since 1970.

    ``rules_type``: what its markets are described by. Matching is the same for every product; what an order needs and
    what a trade does to accounts is spot's, and replaced by an engine of another product.
    """

    rules_type: ClassVar[type[PairConfig]] = PairConfig

    def __init__(
        self,
        pairs: Iterable[PairConfig],
        *,
        now_ms: Callable[[], int],
        maker_fee_rate: Decimal,
        taker_fee_rate: Decimal,
        max_open_orders: int,
        self_trades_allowed: bool = False,
        dust_cancels: bool = False,
        unfit_orders_end: bool = False,
        texts_repeat: bool = False,
    ) -> None:
        self.markets = {rules.id: Market(rules) for rules in pairs}
        self.delisted: dict[str, Market] = {}
        self.ledger = Ledger()
        self.accounts: dict[str, AccountRecord] = {}
        self.listeners: list[Listener] = []
        self._now_ms = now_ms
        self.fee_rates = {Role.MAKER: maker_fee_rate, Role.TAKER: taker_fee_rate}
        self._max_open_orders = max_open_orders
        self._self_trades_allowed = self_trades_allowed
        self._unfit_orders_end = unfit_orders_end
        self._texts_repeat = texts_repeat
        self._dust_ends_as = Finish.CANCELED if dust_cancels else Finish.FILLED
        self._last_order_id = FIRST_ORDER_ID
        self.open_account(HOUSE, internal=True)

    def open_account(
        self, name: str, *, internal: bool = False, fees: tuple[FeeScheme, ...] = (FeeScheme.RECEIVED,)
    ) -> AccountRecord:
        """Begins an account with nothing in it; ``fees`` as in ``AccountConfig``."""
        user_id = 20_417_700 + len(self.accounts)
        record = self.accounts[name] = AccountRecord(name, user_id, internal=internal, fees=fees)
        self.ledger.open_account(name)
        return record

    def market(self, pair: str) -> Market:
        """Returns the pair's market. Raises ``RefusedError`` when there is no such pair."""
        market = self.markets.get(pair)
        if market is None:
            raise RefusedError(Reason.UNKNOWN_PAIR, f"unknown currency pair {pair}")
        return market

    def currencies(self) -> dict[str, bool]:
        """Returns every currency that was ever traded, and whether a pair still trades it."""
        names: dict[str, bool] = {}
        for markets, is_listed in ((self.markets, True), (self.delisted, False)):
            for market in markets.values():
                names.setdefault(market.rules.base, is_listed)
                names.setdefault(market.rules.quote, is_listed)
        return names

    def settle_delisted(self, pair: str) -> None:
        """Does away with what accounts hold in a pair that is about to be delisted; of spot that is nothing."""

    def now_ms(self) -> int:
        """Returns the time by the engine's clock."""
        return self._now_ms()

    def holds(self, _currency: str) -> bool:
        """Whether accounts can have a balance of it."""
        return True

    def deposit(self, account: str, currency: str, amount: Decimal) -> None:
        """Credits money from outside."""
        self.ledger.bring_in(account, currency, amount)
        self._tell_balances(account, BalanceReason.DEPOSIT, (currency, amount, ZERO))

    def withdraw(self, account: str, currency: str, amount: Decimal) -> None:
        """Takes available money out. Raises ``RefusedError`` when there is less."""
        try:
            self.ledger.take_out(account, currency, amount)
        except NotEnoughFundsError as error:
            raise RefusedError(Reason.NOT_ENOUGH_FUNDS, f"Not enough balance: {error}") from error
        self._tell_balances(account, BalanceReason.WITHDRAWAL, (currency, -amount, ZERO))

    def return_withdrawal(self, account: str, currency: str, amount: Decimal) -> None:
        """Credits back what a withdrawal took that did not go through."""
        self.ledger.bring_in(account, currency, amount)
        self._tell_balances(account, BalanceReason.WITHDRAWAL, (currency, amount, ZERO))

    def place(self, account: str, new: NewOrder) -> Order:
        """Takes an order, matches it, and returns it as it then stands. Raises ``RefusedError``."""
        market = self.market(new.pair)
        check_tradable(market.rules, new.side, self.now_ms())
        self._check_new(account, new, market)
        record = self.accounts[account]
        if new.text and not self._texts_repeat and record.open_with_text(new.text):
            raise RefusedError(Reason.REPEATED_TEXT, f"an open order has the text {new.text}")
        if not record.internal and len(record.open_orders) >= self._max_open_orders:
            raise RefusedError(Reason.TOO_MANY_ORDERS, f"at most {self._max_open_orders} open orders are allowed")
        now = self.now_ms()
        order = Order(
            id=self._last_order_id + 1,
            account=account,
            rules=market.rules,
            side=new.side,
            type=new.type,
            time_in_force=new.time_in_force,
            amount=new.amount,
            price=new.price if new.price is not None else ZERO,
            remaining=new.amount,
            created_ms=now,
            updated_ms=now,
            text=new.text,
            origin=new.origin,
            self_trade=new.self_trade,
            iceberg=new.iceberg,
            reduce_only=new.reduce_only,
            closes=new.closes,
        )
        needed = self._lock_needed(order, order.price, order.remaining)
        self._check_funds(order, needed, order.price, order.remaining)
        unfit = self._unfit(market, order)
        if unfit is not None and not self._unfit_orders_end:
            raise unfit
        self._last_order_id = order.id
        self._lock(order, needed)
        record.began(order)
        self._tell_balances(account, BalanceReason.ORDER_PLACED, (order.pays, ZERO, needed))
        if new.time_in_force.may_rest:
            self._tell_order(order, OrderChange.PUT)
        if unfit is None:
            self._match_and_rest(market, order)
        else:
            self._finish(order, Finish.IMMEDIATE_REST)
        self._tell_book(market)
        return order

    def next_order_id(self) -> int:
        """Takes the next order id: for an order that lives outside of the books."""
        self._last_order_id += 1
        return self._last_order_id

    def cancel(self, order: Order) -> Order:
        """Ends an open order and frees what it locks. Raises ``RefusedError`` when it has ended already."""
        self._check_open(order)
        market = self.markets[order.pair]
        market.book.remove(order)
        self._finish(order, Finish.CANCELED)
        self._tell_book(market)
        return order

    def cancel_all(self, account: str, *, pair: str | None = None, side: Side | None = None) -> list[Order]:
        """Cancels the account's open orders, of one pair or side if given; returns them, oldest first."""
        return [
            self.cancel(order)
            for order in list(self.accounts[account].open_orders.values())
            if pair in (None, order.pair) and side in (None, order.side)
        ]

    def amend(
        self,
        order: Order,
        *,
        price: Decimal | None = None,
        amount: Decimal | None = None,
        amend_text: str = "",
    ) -> Order:
        """Changes price or total amount (filled part included) of an open order.

        A lower amount keeps the place in the queue, a higher one or another price loses it; an amount that is
        filled already cancels the rest. Raises ``RefusedError``, with the order as it was.
        """
        self._check_open(order)
        market = self.markets[order.pair]
        new_price = order.price if price is None else price
        new_amount = order.amount if amount is None else amount
        if (new_price, new_amount) == (order.price, order.amount):
            raise RefusedError(Reason.NO_CHANGE, "No change is made")
        check_tradable(market.rules, order.side, self.now_ms())
        self.check_limit(market.rules, new_price, new_amount)
        order_text = amend_text or order.amend_text
        remaining = new_amount - order.filled_base
        if remaining <= 0:
            order.amend_text = order_text
            return self.cancel(order)
        needed = self._lock_needed(order, new_price, remaining)
        freeze = needed - order.locked
        self._check_funds(order, freeze, new_price, remaining)
        if order.time_in_force is TimeInForce.POST_ONLY:
            self._check_would_rest(market, order, new_price)
        keeps_place = new_price == order.price and new_amount < order.amount
        if keeps_place:
            market.book.reduce(order, order.remaining - remaining)
        else:
            market.book.remove(order)
        self._lock(order, freeze)
        order.price, order.amount, order.remaining = new_price, new_amount, remaining
        order.amend_text, order.updated_ms, order.rules = order_text, self.now_ms(), market.rules
        order.version += 1
        if freeze:
            self._tell_balances(order.account, BalanceReason.ORDER_CHANGED, (order.pays, ZERO, freeze))
        self._tell_order(order, OrderChange.UPDATE)
        if not keeps_place:
            self._match_and_rest(market, order)
        self._tell_book(market)
        return order

    def fill_from_house(self, order: Order, *, amount: Decimal | None = None, price: Decimal | None = None) -> Order:
        """Fills a waiting order against the house, whatever else is in the book.

        By default all that remains, at the order's price; a price must be within the order's limit. Raises
        ``RefusedError``.
        """
        self._check_open(order)
        market = self.markets[order.pair]
        price = order.price if price is None else price
        amount = order.remaining if amount is None else amount
        check_precision("price", price, order.rules.price_precision)
        check_precision("amount", amount, order.rules.amount_precision)
        if price <= 0 or not _accepts(order, price):
            raise RefusedError(Reason.INVALID_VALUE, f"price {price} is outside the order's limit {plain(order.price)}")
        if not 0 < amount <= order.remaining:
            raise RefusedError(
                Reason.INVALID_VALUE, f"amount {amount} must be above 0 and at most {plain(order.remaining)}"
            )
        house = self._house_against(order, amount, price)
        self._trade(market, house, order, amount, price)
        self._tell_book(market)
        return order

    def fill_late(self, order: Order, amount: Decimal) -> None:
        """Lets a canceled order have traded after all, ``amount`` of what was left, with the house at its price.

        The order stays canceled and only the fill and the balances are told. Raises ``RefusedError``: it was not
        canceled, had less left than ``amount`` and a bit, or the account has spent the money.
        """
        if order.finish is not Finish.CANCELED or order.type is OrderType.MARKET:
            raise RefusedError(Reason.INVALID_VALUE, f"order {order.id} is no cancelled limit order")
        if not 0 < amount < order.remaining:
            raise RefusedError(
                Reason.INVALID_VALUE, f"amount {amount} must be above 0 and below {plain(order.remaining)}"
            )
        check_precision("amount", amount, order.rules.amount_precision)
        market = self.market(order.pair)
        needed = self._lock_needed(order, order.price, amount)
        self._check_funds(order, needed, order.price, amount)
        for listener in self.listeners:
            listener.before_late_fill(order)
        self._lock(order, needed)
        house = self._house_against(order, amount, order.price)
        self._trade(market, house, order, amount, order.price)

    def provide(self, account: str, currency: str, needed: Decimal) -> None:
        """Sees to it that an internal account has ``needed`` available, with new money if it has not."""
        if self.ledger.balance(account, currency).available < needed:
            self.ledger.bring_in(account, currency, needed * HOUSE_TOP_UP)

    def _house_against(self, order: Order, amount: Decimal, price: Decimal) -> Order:
        """Returns an order of the house that takes ``amount`` of the order, with its money locked."""
        now = self.now_ms()
        house = Order(
            id=self._last_order_id + 1,
            account=HOUSE,
            rules=order.rules,
            side=order.side.opposite,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            amount=amount,
            price=price,
            remaining=amount,
            created_ms=now,
            updated_ms=now,
        )
        self._last_order_id = house.id
        needed = self._lock_needed(house, price, amount)
        self.provide(HOUSE, house.pays, needed)
        self._lock(house, needed)
        self.accounts[HOUSE].began(house)
        return house

    def _match_and_rest(self, market: Market, order: Order) -> None:
        end = self._match(market, order)
        if not order.is_open:
            return
        if end is not None:
            self._finish(order, end)
        elif order.time_in_force.may_rest:
            market.book.add(order)
        else:
            self._finish(order, Finish.IMMEDIATE_REST)

    def _match(self, market: Market, taker: Order) -> Finish | None:
        """Trades until nothing more fits; returns how the order must end, or None when its own terms decide."""
        opposite = market.book.side(taker.side.opposite)
        while taker.remaining:
            level = opposite.best()
            if level is None:
                return Finish.BOOK_RAN_DRY if taker.type is OrderType.MARKET else None
            if not _accepts(taker, level.price):
                return None
            maker = next(iter(level.orders.values()))
            if self._gives_way(taker, maker):
                act = taker.self_trade or SelfTrade.CANCEL_NEWEST
                if act is not SelfTrade.CANCEL_NEWEST:
                    market.book.remove(maker)
                    self._finish(maker, Finish.SELF_TRADE)
                if act is not SelfTrade.CANCEL_OLDEST:
                    return Finish.SELF_TRADE
                continue
            amount = min(maker.remaining, _base_wanted(taker, level.price))
            if not amount:
                return self._dust_ends_as  # what is left of a market buy does not pay for one lot
            self._trade(market, taker, maker, amount, level.price)
        return None

    def _gives_way(self, order: Order, resting: Order) -> bool:
        """Whether the two must not trade with each other, being of one account."""
        own = order.account == resting.account
        return own and (order.self_trade is not None or not self._self_trades_allowed)

    def _trade(self, market: Market, taker: Order, maker: Order, amount: Decimal, price: Decimal) -> None:
        now = self.now_ms()
        market.trade_id += 1
        market.sequence += 1
        value = amount * price
        if market.book.contains(maker):
            market.book.reduce(maker, amount)
        else:
            maker.remaining -= amount
        taker.remaining -= value if taker.in_quote else amount
        for order, role in ((taker, Role.TAKER), (maker, Role.MAKER)):
            self._settle(market, order, role, amount=amount, price=price, now=now)
        if taker.forced is not None:  # the exchange's own doing is not on the public tape
            return
        trade = Trade(
            id=market.trade_id,
            sequence=market.sequence,
            pair=market.rules.id,
            side=taker.side,
            price=price,
            amount=amount,
            time_ms=now,
        )
        for listener in self.listeners:
            listener.on_trade(trade)

    def _settle(self, market: Market, order: Order, role: Role, *, amount: Decimal, price: Decimal, now: int) -> None:
        """Books one order's half of a trade and tells it: fill, then order unless it had ended, then balances."""
        ledger, account, was_open = self.ledger, order.account, order.is_open
        value = amount * price
        paid, received = (value, amount) if order.side is Side.BUY else (amount, value)
        released = order.locked - (self._lock_needed(order, order.price, order.remaining) if was_open else ZERO)
        cost = self._charge(order, role, paid=paid, received=received, value=value)
        order.locked -= released
        ledger.spend_locked(account, order.pays, paid)
        if released != paid:  # bought below the limit
            ledger.unlock(account, order.pays, released - paid)
        ledger.receive(account, order.receives, received, cost.fee)
        order.filled_base += amount
        order.filled_quote += value
        order.fee += cost.fee
        order.gt_fee += cost.gt
        order.point_fee += cost.points
        order.rebated_fee += cost.rebate
        order.updated_ms = now
        order.version += 1
        record = self.accounts[account]
        if not order.remaining and was_open:
            order.finish = Finish.FILLED
            record.ended(order)
        if record.internal:
            return
        fill = Fill(
            trade_id=market.trade_id,
            sequence=market.sequence,
            order_id=order.id,
            account=account,
            pair=order.pair,
            side=order.side,
            role=role,
            price=price,
            amount=amount,
            fee=cost.fee,
            fee_currency=order.receives,
            text=order.shown_text,
            amend_text=order.amend_text,
            time_ms=now,
            gt_fee=cost.gt,
            point_fee=cost.points,
            rebated_fee=cost.rebate,
            rebated_fee_currency=order.pays,
        )
        record.filled(order, fill)
        for listener in self.listeners:
            listener.on_fill(fill)
        if was_open:
            self._tell_order(order, OrderChange.UPDATE if order.is_open else OrderChange.FINISH)
        self._tell_balances(
            account,
            BalanceReason.ORDER_MATCHED,
            (order.pays, -paid, -released),
            (order.receives, received - cost.fee, ZERO),
        )
        if cost.gt:
            ledger.take_fee(account, GT, cost.gt)
            self._tell_balances(account, BalanceReason.FEE, (GT, -cost.gt, ZERO))
        if cost.rebate:
            ledger.take_fee(account, order.pays, -cost.rebate)
            self._tell_balances(account, BalanceReason.REBATE, (order.pays, cost.rebate, ZERO))

    def _charge(self, order: Order, role: Role, *, paid: Decimal, received: Decimal, value: Decimal) -> Charge:
        """Returns what the order's next fill costs, by the scheme whose turn it is."""
        schemes = self.accounts[order.account].fees
        held = self.ledger.balances(order.account).get(GT)
        return charge(
            schemes[len(order.fills) % len(schemes)],
            role,
            rate=self.fee_rates[role],
            paid=paid,
            received=received,
            value=value,
            gt_available=held.available if held is not None else ZERO,
        )

    def _finish(self, order: Order, finish: Finish) -> None:
        """Ends an order that is in no book, with what it still locks set free."""
        freed, order.locked = order.locked, ZERO
        if freed:
            self.ledger.unlock(order.account, order.pays, freed)
        order.finish, order.updated_ms = finish, self.now_ms()
        order.version += 1
        self.accounts[order.account].ended(order)
        self._tell_order(order, OrderChange.FINISH)
        if freed:
            self._tell_balances(order.account, BalanceReason.ORDER_CHANGED, (order.pays, ZERO, -freed))

    def _lock(self, order: Order, amount: Decimal) -> None:
        order.locked += amount
        if amount > 0:
            self.ledger.lock(order.account, order.pays, amount)
        elif amount < 0:
            self.ledger.unlock(order.account, order.pays, -amount)

    def _check_open(self, order: Order) -> None:
        if order.finish is Finish.FILLED:
            raise RefusedError(Reason.ORDER_FILLED, "Order has been filled")
        if not order.is_open:
            raise RefusedError(Reason.ORDER_CANCELLED, "Order has been cancelled")

    def _check_new(self, _account: str, new: NewOrder, market: Market) -> None:
        """Raises ``RefusedError`` when such an order is not allowed on this market."""
        check_new(new, market.rules)

    def check_limit(self, rules: PairConfig, price: Decimal, amount: Decimal) -> None:
        """Raises ``RefusedError`` when a limit order of this price and amount is not allowed by these rules."""
        check_limit(price, amount, rules)

    def _lock_needed(self, order: Order, price: Decimal, remaining: Decimal) -> Decimal:
        """How much of what it pays the order must hold to be able to pay for all that remains."""
        if order.side is Side.SELL or order.in_quote:
            return remaining
        return price * remaining

    def _check_funds(self, order: Order, needed: Decimal, _price: Decimal, _remaining: Decimal) -> None:
        """Raises ``RefusedError`` when the account cannot lock ``needed`` more, for an order of these terms."""
        available = self.ledger.balance(order.account, order.pays).available
        if needed > available:
            raise RefusedError(
                Reason.NOT_ENOUGH_FUNDS,
                f"Not enough balance: {plain(needed)} {order.pays} needed, {plain(available)} available",
            )

    def _unfit(self, market: Market, order: Order) -> RefusedError | None:
        """Returns why an order could not do what it asks for, None when it can."""
        try:
            if order.time_in_force is TimeInForce.POST_ONLY:
                self._check_would_rest(market, order, order.price)
            if order.time_in_force is TimeInForce.FILL_OR_KILL:
                self._check_fills_whole(market, order)
        except RefusedError as refused:
            return refused
        return None

    def _check_would_rest(self, market: Market, order: Order, price: Decimal) -> None:
        level = market.book.side(order.side.opposite).best()
        if level is not None and (price >= level.price if order.side is Side.BUY else price <= level.price):
            raise RefusedError(Reason.WOULD_TAKE, "Order would match and take immediately so its cancelled")

    def _check_fills_whole(self, market: Market, order: Order) -> None:
        wanted = order.remaining
        for level in market.book.side(order.side.opposite).levels():
            if not _accepts(order, level.price):
                break
            for maker in level.orders.values():
                if self._gives_way(order, maker):
                    if order.self_trade is SelfTrade.CANCEL_OLDEST:
                        continue
                    raise RefusedError(Reason.CANNOT_FILL, "Order cannot be filled completely")
                wanted -= maker.remaining * level.price if order.in_quote else maker.remaining
                if wanted <= 0:
                    return
        raise RefusedError(Reason.CANNOT_FILL, "Order cannot be filled completely")

    def _tell_order(self, order: Order, change: OrderChange) -> None:
        if not self.accounts[order.account].internal:
            for listener in self.listeners:
                listener.on_order(order, change)

    def _tell_balances(self, account: str, reason: BalanceReason, *changes: tuple[str, Decimal, Decimal]) -> None:
        if not self.listeners or self.accounts[account].internal:
            return
        told = [
            Change(currency, self.ledger.balance(account, currency), total, freeze)
            for currency, total, freeze in changes
        ]
        for listener in self.listeners:
            listener.on_balances(account, told, reason)

    def _tell_book(self, market: Market) -> None:
        changes = market.book.collect_changes()
        if changes:
            for listener in self.listeners:
                listener.on_book(market.rules.id, changes, market.book.update_id)


def _accepts(order: Order, price: Decimal) -> bool:
    """Whether the order's limit allows a trade at this price."""
    if order.type is OrderType.MARKET:
        return True
    return price <= order.price if order.side is Side.BUY else price >= order.price


def _base_wanted(order: Order, price: Decimal) -> Decimal:
    """How much base the order would take at this price, in whole lots."""
    if not order.in_quote:
        return order.remaining
    lot = Decimal(1).scaleb(-order.rules.amount_precision)
    return (order.remaining / price).quantize(lot, ROUND_DOWN)
