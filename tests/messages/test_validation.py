"""Invalid values are refused at construction, with field, value and what is allowed."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.commands import (
    AmendOrder,
    CancelOrder,
    GetOrder,
    GetWithdrawals,
    PlaceOrder,
    Withdraw,
)
from messages.enums import OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InvalidValueError, LocalRefusalError, TellerError
from messages.instrument import Instrument
from messages.symbol import Symbol
from tests.support.orders import SOL, order

ONE = Decimal(1)


@pytest.mark.parametrize(
    ("make", "field", "allowed"),
    [
        (lambda: Symbol("SO L", "USDT"), "symbol.base", "letters, digits and . _ - $"),
        (lambda: Symbol("SOL/", "USDT"), "symbol.base", "letters, digits and . _ - $"),
        (lambda: Symbol("-SOL", "USDT"), "symbol.base", "a letter, digit or $ first"),
        (lambda: Symbol("S" * 65, "USDT"), "symbol.base", "1 to 64"),
        (lambda: Symbol("SOL", ""), "symbol.quote", "letters, digits and . _ - $"),
        (lambda: Symbol("SOL", "SOL"), "symbol.quote", "another currency than the base"),
        (lambda: Symbol.parse("SOLUSDT"), "symbol", "BASE/QUOTE"),
        (lambda: PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(0)), "price", "above zero"),
        (lambda: PlaceOrder.limit(SOL, Side.BUY, Decimal(-1), ONE), "quantity", "above zero"),
        (lambda: PlaceOrder.limit(SOL, Side.BUY, 1.5, ONE), "quantity", "a Decimal, not float"),  # type: ignore[arg-type]  # the refusal under test
        (lambda: PlaceOrder.limit(SOL, Side.BUY, Decimal("NaN"), ONE), "quantity", "finite"),
        (lambda: PlaceOrder.limit(SOL, Side.BUY, Decimal("1e30"), ONE), "quantity", "between"),
        (lambda: PlaceOrder(symbol=SOL, side=Side.BUY, quantity=ONE), "price", "a price for a limit order"),
        (lambda: PlaceOrder(symbol=SOL, side=Side.BUY, price=ONE), "quantity", "given by quantity"),
        (
            lambda: PlaceOrder(
                symbol=SOL, side=Side.BUY, type=OrderType.MARKET, time_in_force=TimeInForce.IOC, quantity=ONE
            ),
            "quantity",
            "a market buy is given by quote_quantity",
        ),
        (
            lambda: PlaceOrder(symbol=SOL, side=Side.SELL, type=OrderType.MARKET, quantity=ONE),
            "time_in_force",
            "ioc or fok",
        ),
        (
            lambda: PlaceOrder.limit(SOL, Side.BUY, ONE, ONE, client_order_id="has space"),
            "client_order_id",
            "1 to 28 characters",
        ),
        (
            lambda: PlaceOrder.limit(SOL, Side.BUY, ONE, ONE, client_order_id="x" * 29),
            "client_order_id",
            "1 to 28 characters",
        ),
        (lambda: CancelOrder(symbol=SOL), "order_id", "an order_id or a client_order_id"),
        (lambda: GetOrder(symbol=SOL, order_id=""), "order_id", "not empty"),
        (lambda: AmendOrder(symbol=SOL, order_id="1"), "quantity", "a new quantity or a new price"),
        (lambda: AmendOrder(symbol=SOL, order_id="1", price=Decimal(0)), "price", "above zero"),
        (lambda: Withdraw(currency="USDT", amount=Decimal(0), chain="TRX", address="T1"), "amount", "above zero"),
        (lambda: Withdraw(currency="USDT", amount=ONE, chain="TRX", address=""), "address", "not empty"),
        (lambda: GetWithdrawals(limit=0), "limit", "1 to 1000"),
        (lambda: order(quantity="-1"), "order.quantity", "zero or more"),
        (lambda: order(order_id=None, client_order_id=None), "order.order_id", "an id"),
    ],
)
def test_an_invalid_value_is_refused_with_field_value_and_what_is_allowed(make, field, allowed) -> None:
    with pytest.raises(InvalidValueError) as refused:
        make()
    assert refused.value.field == field
    assert allowed in refused.value.allowed
    assert field in str(refused.value)
    assert repr(refused.value.value) in str(refused.value)


def test_a_refusal_of_ours_is_in_the_tree_and_a_value_error() -> None:
    assert issubclass(InvalidValueError, LocalRefusalError)
    assert issubclass(InvalidValueError, ValueError)
    assert issubclass(LocalRefusalError, TellerError)


def test_messages_are_frozen() -> None:
    with pytest.raises(AttributeError):
        order().status = OrderStatus.FILLED  # type: ignore[misc]  # the refusal under test


def test_replacing_a_field_is_checked_like_constructing() -> None:
    with pytest.raises(InvalidValueError, match=r"order\.filled_quantity"):
        msgspec.structs.replace(order(), filled_quantity=Decimal(-1))


RULES = Instrument(
    symbol=SOL,
    tick=Decimal("0.01"),
    lot=Decimal("0.001"),
    quote_step=Decimal("0.01"),
    min_quantity=Decimal("0.01"),
    max_quantity=Decimal(1000),
    min_notional=Decimal(3),
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quantity": Decimal("0.0015"), "price": Decimal(150)}, "quantity = .* multiple of the lot 0.001 SOL"),
        ({"quantity": Decimal(1), "price": Decimal("150.001")}, "price = .* multiple of the tick 0.01"),
        ({"quantity": Decimal("0.005"), "price": Decimal(1000)}, "quantity = .* at least 0.01 SOL"),
        ({"quantity": Decimal(1001), "price": Decimal(1)}, "quantity = .* at most 1000 SOL"),
        ({"quantity": Decimal("0.01"), "price": Decimal(100)}, "price x quantity = .* at least 3 USDT"),
        ({"quote_quantity": Decimal("2.99")}, "quote_quantity = .* at least 3 USDT"),
        ({"quote_quantity": Decimal("5.001")}, "quote_quantity = .* multiple of 0.01 USDT"),
    ],
)
def test_what_the_exchange_would_refuse_is_refused_before_it_costs_a_request(arguments, message) -> None:
    with pytest.raises(InvalidValueError, match=message):
        RULES.check(Side.BUY, now_ms=1, **arguments)


def test_a_market_that_is_closed_for_a_side_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="not open to sell"):
        msgspec.structs.replace(RULES, can_sell=False).check(
            Side.SELL, now_ms=1, quantity=Decimal(1), price=Decimal(10)
        )


@given(st.decimals("0.02", "10000", places=5), st.sampled_from(Side))
def test_a_rounded_price_is_on_the_grid_and_no_worse_for_the_one_who_asks(price: Decimal, side: Side) -> None:
    rounded = RULES.round_price(price, side)
    assert rounded % RULES.tick == 0
    assert abs(rounded - price) < RULES.tick
    assert rounded <= price if side is Side.BUY else rounded >= price


@given(st.decimals("0", "10000", places=6))
def test_a_rounded_quantity_is_on_the_grid_and_not_above(quantity: Decimal) -> None:
    rounded = RULES.round_quantity(quantity)
    assert rounded % RULES.lot == 0
    assert 0 <= quantity - rounded < RULES.lot
