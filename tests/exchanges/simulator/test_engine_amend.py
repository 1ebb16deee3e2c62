"""Amending an order: the queue, the money and the ends (Gate REST manual, amend an order)."""

from decimal import Decimal

import pytest

from exchanges.simulator.core.orders import Finish, TimeInForce
from exchanges.simulator.core.rules import Reason, RefusedError

from .market import BUY, SELL, SmallMarket


@pytest.fixture
def market() -> SmallMarket:
    return SmallMarket()


def test_a_lower_amount_keeps_the_place_in_the_queue(market: SmallMarket) -> None:
    first = market.limit("ann", BUY, "2", "141")
    second = market.limit("ann", BUY, "2", "141")
    market.engine.amend(first, amount=Decimal(1))
    market.limit("bob", SELL, "1", "141")
    assert (first.finish, second.filled_base) == (Finish.FILLED, 0)


@pytest.mark.parametrize("amount", ["2.001", "3"])
def test_a_higher_amount_loses_the_place_in_the_queue(market: SmallMarket, amount: str) -> None:
    first = market.limit("ann", BUY, "2", "141")
    second = market.limit("ann", BUY, "2", "141")
    market.engine.amend(first, amount=Decimal(amount))
    market.limit("bob", SELL, "1", "141")
    assert (first.filled_base, second.filled_base) == (0, 1)


def test_a_price_changed_there_and_back_loses_the_place_in_the_queue(market: SmallMarket) -> None:
    first = market.limit("ann", BUY, "2", "141")
    second = market.limit("ann", BUY, "2", "141")
    market.engine.amend(first, price=Decimal(140))
    market.engine.amend(first, price=Decimal(141))
    market.limit("bob", SELL, "1", "141")
    assert (first.filled_base, second.filled_base) == (0, 1)


def test_another_price_loses_the_place_even_with_a_lower_amount(market: SmallMarket) -> None:
    order = market.limit("ann", BUY, "2", "141")
    waiting = market.limit("bob", BUY, "2", "140")
    market.engine.amend(order, price=Decimal(140), amount=Decimal(1))
    book = market.engine.markets["SOL_USDT"].book
    assert [(level.price, level.amount) for level in book.bids.levels()] == [(140, 3)]
    market.engine.fill_from_house(waiting, amount=Decimal("0.5"))
    assert [list(level.orders.values()) for level in book.bids.levels()] == [[waiting, order]]


def test_the_amount_is_the_new_total_with_the_filled_part_in_it(market: SmallMarket) -> None:
    order = market.limit("ann", BUY, "2", "141")
    market.limit("bob", SELL, "0.5", "141")
    market.engine.amend(order, amount=Decimal("1.5"))
    assert (order.amount, order.remaining, order.filled_base) == (Decimal("1.5"), 1, Decimal("0.5"))
    assert market.balance("ann", "USDT")[1] == 141


@pytest.mark.parametrize("amount", ["0.5", "0.3"])
def test_an_amount_that_is_filled_already_cancels_the_rest(market: SmallMarket, amount: str) -> None:
    order = market.limit("ann", BUY, "2", "141")
    market.limit("bob", SELL, "0.5", "141")
    market.engine.amend(order, amount=Decimal(amount))
    assert (order.finish, order.filled_base) == (Finish.CANCELED, Decimal("0.5"))
    assert market.balance("ann", "USDT")[1] == 0


def test_a_price_that_crosses_the_book_trades_at_once(market: SmallMarket) -> None:
    market.limit("bob", SELL, "1", "142")
    order = market.limit("ann", BUY, "1", "141")
    market.engine.amend(order, price=Decimal(143))
    assert (order.finish, order.average_price) == (Finish.FILLED, 142)
    assert market.balance("ann", "USDT") == (Decimal(99_858), Decimal(0))


def test_an_amended_order_is_told_as_updated_after_its_balance(market: SmallMarket) -> None:
    order = market.limit("ann", BUY, "1", "141")
    market.told.events.clear()
    market.engine.amend(order, price=Decimal(142), amend_text="t-again")
    assert market.told.events == [
        ("balances", "ann", "order_changed", ("USDT", "0", "1")),
        ("order", "ann", "update", "open", "1"),
    ]
    assert order.amend_text == "t-again"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, Reason.NO_CHANGE),
        ({"price": Decimal("141.00"), "amount": Decimal("1.0")}, Reason.NO_CHANGE),
        ({"price": Decimal("141.001")}, Reason.PRECISION),
        ({"amount": Decimal("0.01")}, Reason.BELOW_QUOTE_MINIMUM),
        ({"amount": Decimal(708)}, Reason.NOT_ENOUGH_FUNDS),
        ({"price": Decimal(150)}, Reason.WOULD_TAKE),
    ],
)
def test_a_refused_amendment_leaves_the_order_as_it_was(change: dict[str, Decimal], reason: Reason) -> None:
    market = SmallMarket(usdt="99000")
    market.limit("bob", SELL, "1", "150")
    order = market.limit("ann", BUY, "1", "141", time_in_force=TimeInForce.POST_ONLY)
    market.told.events.clear()
    with pytest.raises(RefusedError) as error:
        market.engine.amend(order, **change)
    assert error.value.reason is reason
    assert (order.price, order.amount, order.remaining, order.locked) == (141, 1, 1, 141)
    assert market.told.events == []
    assert market.engine.markets["SOL_USDT"].book.contains(order)


def test_an_ended_order_cannot_be_amended(market: SmallMarket) -> None:
    order = market.engine.cancel(market.limit("ann", BUY, "1", "141"))
    with pytest.raises(RefusedError) as error:
        market.engine.amend(order, price=Decimal(142))
    assert error.value.reason is Reason.ORDER_CANCELLED
