"""Rules of perpetuals: bands, bounds, steps and tiers hold exactly, for every number there is (R11)."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.enums import Side
from messages.errors import InvalidValueError
from messages.perpetual import MarkPrice, PerpetualInstrument, RiskTier, tier_for
from messages.symbol import Symbol
from tests.support.orders import SOL

D = Decimal
PERPETUAL = Symbol("SOL", "USDT", "USDT")
positive = st.decimals("0.000001", "1000000", places=6, allow_nan=False, allow_infinity=False)


def rules(**changes: Any) -> PerpetualInstrument:
    values: dict[str, Any] = {
        "symbol": PERPETUAL,
        "tick": D("0.01"),
        "lot": D("0.1"),
        "quote_step": D("0.01"),
        "multiplier": D("0.1"),
        "min_quantity": D("0.1"),
        "max_quantity": D(1000),
        "max_market_quantity": D(100),
        "max_price_deviation": D("0.2"),
        "max_open_orders": 3,
        "max_leverage": D(100),
    }
    return PerpetualInstrument(**values | changes)


def check(instrument: PerpetualInstrument, **changes: Any) -> None:
    instrument.check(**{"side": Side.BUY, "now_ms": 0, "quantity": D(1), "price": D(100)} | changes)


def test_what_the_exchange_takes_is_let_pass() -> None:
    check(rules(), mark_price=D(100), open_orders=2)
    check(rules(), price=None, quantity=D(100))
    check(rules(max_price_deviation=None), mark_price=D(1))
    check(rules(reduces_only=True), reduce_only=True)


@pytest.mark.parametrize(
    ("rule", "asked", "field"),
    [
        ({}, {"quantity": D("0.15")}, "quantity"),
        ({}, {"quantity": D("1000.1")}, "quantity"),
        ({}, {"quantity": D("100.1"), "price": None}, "quantity"),
        ({}, {"price": D("100.001")}, "price"),
        ({}, {"mark_price": D("83.33")}, "price"),
        ({}, {"mark_price": D("125.01")}, "price"),
        ({}, {"open_orders": 3}, "open_orders"),
        ({}, {"quote_quantity": D(1)}, "quote_quantity"),
        ({"reduces_only": True}, {}, "reduce_only"),
        ({"can_buy": False}, {}, "side"),
        ({"takes_fractions": True, "multiplier": D(3)}, {"quantity": D(1)}, "quantity"),
        ({"takes_fractions": True}, {"quantity": D("0.01")}, "quantity"),
        ({"takes_fractions": True}, {"quantity": D("1000.01")}, "quantity"),
    ],
    ids=str,
)
def test_what_the_exchange_would_refuse_is_refused_by_its_name(
    rule: dict[str, Any], asked: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidValueError) as refused:
        check(rules(**rule), **asked)
    assert refused.value.field == field


@given(price=positive, mark_price=positive, deviation=st.decimals("0.001", "2", places=3))
def test_r11_the_price_band_is_exact(price: Decimal, mark_price: Decimal, deviation: Decimal) -> None:
    within = abs(Fraction(price) - Fraction(mark_price)) <= Fraction(mark_price) * Fraction(deviation)
    instrument = rules(max_price_deviation=deviation)
    if within:
        instrument.check_price_band(price, mark_price)
    else:
        with pytest.raises(InvalidValueError, match="price"):
            instrument.check_price_band(price, mark_price)


def test_fractions_between_the_steps_pass_where_the_step_is_not_published() -> None:
    instrument = rules(takes_fractions=True, lot=D("0.1"), min_quantity=None)
    check(instrument, quantity=D("0.25"))
    assert instrument.round_quantity(D("0.25")) == D("0.2"), "rounding stays where it is sure to be taken"


@pytest.mark.parametrize(
    "odd",
    [
        {"symbol": SOL},
        {"multiplier": D(0)},
        {"max_market_quantity": D(-1)},
        {"max_price_deviation": D("NaN")},
        {"min_leverage": D(0)},
        {"max_leverage": D(0)},
        {"maintenance_rate": D(-1)},
    ],
    ids=str,
)
def test_r11_rules_that_no_market_has_are_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match=next(iter(odd))):
        rules(**odd)


TIERS = [
    RiskTier(
        max_notional=D(notional), max_leverage=D(leverage), initial_rate=1 / D(leverage), maintenance_rate=D("0.005")
    )
    for notional, leverage in ((200_000, 50), (100_000, 100), (1_000_000, 10))
]


@pytest.mark.parametrize(
    ("notional", "leverage"), [(D(0), 100), (D(100_000), 100), (D("100000.01"), 50), (D(1_000_000), 10)]
)
def test_a_position_is_in_the_lowest_tier_that_reaches_to_it(notional: Decimal, leverage: int) -> None:
    assert tier_for(TIERS, notional).max_leverage == leverage


def test_beyond_the_highest_tier_there_is_none() -> None:
    with pytest.raises(InvalidValueError, match="at most 1000000, the highest risk tier"):
        tier_for(TIERS, D("1000000.01"))
    with pytest.raises(InvalidValueError, match="notional"):
        tier_for([], D(1))


@pytest.mark.parametrize("price", [D(0), D(-1), D("NaN"), D("Infinity"), 1.5])
def test_r11_a_mark_price_is_above_zero(price: Any) -> None:
    with pytest.raises(InvalidValueError, match="mark_price"):
        MarkPrice(symbol=PERPETUAL, mark_price=price)
