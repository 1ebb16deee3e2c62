"""Whatever is done to the engine, its books stay true."""

from collections.abc import Iterator
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.simulator.core.book import BookSide
from exchanges.simulator.core.config import FeeScheme
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.orders import NewOrder, Order, OrderType, SelfTrade, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError

from .market import SmallMarket

ACCOUNTS = ("ann", "bob")
prices = st.integers(9_800, 10_200).map(lambda cents: Decimal(cents) / 100)
amounts = st.integers(1, 4_000).map(lambda lots: Decimal(lots) / 1_000)
picks = st.integers(0, 10**6)
limit_orders = st.builds(
    NewOrder,
    pair=st.just("SOL_USDT"),
    side=st.sampled_from(Side),
    type=st.just(OrderType.LIMIT),
    time_in_force=st.sampled_from(TimeInForce),
    amount=amounts,
    price=prices,
    self_trade=st.sampled_from((None, *SelfTrade)),
)
market_orders = st.builds(
    NewOrder,
    pair=st.just("SOL_USDT"),
    side=st.sampled_from(Side),
    type=st.just(OrderType.MARKET),
    time_in_force=st.sampled_from((TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)),
    amount=amounts.map(lambda amount: amount * 10),
)
operations = st.one_of(
    st.tuples(st.just("place"), st.sampled_from(ACCOUNTS), limit_orders | market_orders),
    st.tuples(st.just("place"), st.sampled_from(ACCOUNTS), limit_orders),
    st.tuples(st.just("cancel"), picks),
    st.tuples(st.just("amend"), picks, st.none() | prices, st.none() | amounts),
    st.tuples(st.just("house"), picks, st.integers(1, 4)),
    st.tuples(st.just("cancel_all"), st.sampled_from(ACCOUNTS)),
    st.tuples(st.just("withdraw"), st.sampled_from(ACCOUNTS), amounts),
)


def apply(engine: Engine, operation: tuple[object, ...]) -> None:
    match operation:
        case "place", str(account), NewOrder() as new:
            engine.place(account, new)
        case "cancel_all", str(account):
            engine.cancel_all(account)
        case "withdraw", str(account), Decimal() as amount:
            engine.withdraw(account, "SOL", amount)
        case name, int(pick), *rest:
            records = [engine.accounts[account] for account in ACCOUNTS]
            # mostly open ones, or little would happen; now and then one that has ended
            known = [order for record in records for order in record.open_orders.values()]
            if not known or not pick % 10:
                known = [order for record in records for order in record.orders.values()]
            if not known:
                return
            order = known[pick % len(known)]
            match name, rest:
                case "cancel", []:
                    engine.cancel(order)
                case "amend", [price, amount]:
                    assert price is None or isinstance(price, Decimal)
                    assert amount is None or isinstance(amount, Decimal)
                    engine.amend(order, price=price, amount=amount)
                case "house", [int(quarters)]:
                    part = (order.remaining * quarters / 4).quantize(Decimal("0.001"))
                    engine.fill_from_house(order, amount=part)


def owned(engine: Engine, currency: str) -> Decimal:
    accounts = sum((engine.ledger.balance(name, currency).total for name in engine.accounts), Decimal(0))
    return accounts + engine.ledger.fees.get(currency, Decimal(0))


def should_lock(order: Order) -> Decimal:
    return order.remaining * order.price if order.side is Side.BUY else order.remaining


def resting(side: BookSide) -> Iterator[Order]:
    for level in side.levels():
        assert level.amount == sum(order.remaining for order in level.orders.values())
        yield from level.orders.values()


def check_books(engine: Engine) -> None:
    book = engine.markets["SOL_USDT"].book
    bid, ask = book.bids.best(), book.asks.best()
    assert bid is None or ask is None or bid.price < ask.price
    waiting = {order.id: order for side in (book.bids, book.asks) for order in resting(side)}
    still_open: dict[int, Order] = {}
    for name, record in engine.accounts.items():
        still_open |= record.open_orders
        for currency in ("SOL", "USDT", "GT"):
            balance = engine.ledger.balance(name, currency)
            locks = [order for order in record.open_orders.values() if order.pays == currency]
            assert balance.available >= 0
            assert balance.locked == sum(should_lock(order) for order in locks)
            assert balance.locked == sum(order.locked for order in locks)
    assert waiting == still_open
    for currency, brought_in in engine.ledger.brought_in.items():
        assert owned(engine, currency) == brought_in


@given(
    st.lists(operations, max_size=40),
    st.lists(st.sampled_from(FeeScheme), min_size=1, max_size=3).map(tuple),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_money_is_conserved_and_the_book_is_never_crossed(
    sequence: list[tuple[object, ...]], fees: tuple[FeeScheme, ...], self_trades_allowed: bool
) -> None:
    market = SmallMarket(sol="25", usdt="2500", gt="0.5", fees=fees, self_trades_allowed=self_trades_allowed)
    for operation in sequence:
        market.now_ms += 7
        before = len(market.told.events), len(market.told.trades)
        try:
            apply(market.engine, operation)
        except RefusedError:
            assert before == (len(market.told.events), len(market.told.trades))
        check_books(market.engine)
    for account in ACCOUNTS:
        record = market.engine.accounts[account]
        assert len(record.fills) == sum(len(order.fills) for order in record.orders.values())
        for order in record.orders.values():
            assert order.filled_base == sum(fill.amount for fill in order.fills)
            for part in ("fee", "gt_fee", "point_fee", "rebated_fee"):
                assert getattr(order, part) == sum(getattr(fill, part) for fill in order.fills)
            assert order.is_open == (order.id in record.open_orders)


@given(st.lists(st.tuples(prices, amounts), min_size=1, max_size=30), amounts)
@settings(max_examples=100, deadline=None)
def test_a_taker_meets_resting_orders_by_price_and_then_by_time(
    resting_orders: list[tuple[Decimal, Decimal]], wanted: Decimal
) -> None:
    market = SmallMarket(sol="1000", usdt="1000000")
    makers = [
        market.limit("ann", Side.SELL, str(max(amount, Decimal("0.031"))), str(price))
        for price, amount in resting_orders
    ]
    market.limit(
        "bob", Side.BUY, str(max(wanted, Decimal("0.031"))), "102", time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL
    )
    by_priority = sorted(makers, key=lambda order: (order.price, order.id))
    touched = [order for order in by_priority if order.filled_base]
    assert touched == by_priority[: len(touched)]
    assert all(order.finish.value == "filled" for order in touched[:-1])
