"""A market's rules hold for every number there is: exact, and refused in words, never with another error (R11)."""

from decimal import ROUND_DOWN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.enums import Side
from messages.errors import InvalidValueError
from messages.instrument import Instrument
from messages.validation import LATEST_MS
from tests.support.orders import SOL

D = Decimal
STEPS = st.integers(-20, 20).map(lambda places: D(1).scaleb(places)) | st.decimals(
    "0.000001", "1000", places=6, allow_nan=False, allow_infinity=False
).filter(bool)


STEP_NAMES = ["tick", "lot", "quote_step"]
BOUND_NAMES = ["min_quantity", "max_quantity", "min_notional", "max_notional"]
CENT, MILL = D("0.01"), D("0.001")


def rules(tick: Decimal = CENT, lot: Decimal = MILL, step: Decimal = CENT, **more: Any) -> Instrument:
    return Instrument(symbol=SOL, tick=tick, lot=lot, quote_step=step, **more)


@st.composite
def numbers(draw: st.DrawFn) -> Decimal:
    """Of up to 81 digits, anywhere from 1e-60 to 1e20."""
    digits = draw(st.integers(1, 81))
    value = D(draw(st.integers(10 ** (digits - 1), 10**digits - 1)))
    with localcontext(Context(prec=200)):
        return value.scaleb(draw(st.integers(max(-60, -20 - digits + 1), max(-60, 20 - digits + 1))))


anything = (
    numbers()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.sampled_from(
        [
            D("NaN"),
            D("sNaN"),
            D("-Infinity"),
            D("-0"),
            D("0E+999999"),
            D("1e999999"),
            D("1e-999999"),
            D("1e19"),
            D("1e20"),
        ]
    )
    | st.floats()
    | st.integers()
    | st.none()
    | st.text(max_size=3)
    | st.booleans()
)


def is_on_grid(value: Decimal, step: Decimal) -> bool:
    return (Fraction(value) / Fraction(step)).denominator == 1


class TestCheck:
    @given(anything, anything, anything, STEPS, st.sampled_from(Side))
    def test_r11_no_number_ends_in_another_error(
        self, price: Any, quantity: Any, quote: Any, step: Decimal, side: Side
    ) -> None:
        made = rules(step, step, step, min_quantity=D("1e-20"), max_notional=D("1e20"))
        try:
            made.check(side, now_ms=0, price=price, quantity=quantity, quote_quantity=quote)
        except InvalidValueError:
            return
        for value in (price, quantity, quote):
            assert value is None or is_on_grid(value, step)

    @pytest.mark.parametrize("name", ["price", "quantity", "quote_quantity"])
    @pytest.mark.parametrize(
        "value", [*map(D, ("NaN", "sNaN", "Infinity", "-1", "0", "-0", "1e21", "1e-21")), 1.5, 1, "1", True, object()]
    )
    def test_r11_what_is_no_amount_is_refused_by_the_name_of_its_field(self, name: str, value: Any) -> None:
        with pytest.raises(InvalidValueError) as refused:
            rules().check(Side.BUY, now_ms=0, **{name: value})
        assert refused.value.field == name

    @pytest.mark.parametrize("tick", ["1e-10", "1e-20", "0.01"])
    def test_a_price_of_more_digits_than_a_decimal_keeps_is_judged_exactly(self, tick: str) -> None:
        made = rules(tick=D(tick))
        made.check(Side.BUY, now_ms=0, price=D("1e19"))
        off = D("1e19").quantize(D(tick), context=Context(prec=100))
        off = Context(prec=100).add(off, D(tick) / 2)
        with pytest.raises(InvalidValueError, match=r"price = .* multiple of the tick"):
            made.check(Side.BUY, now_ms=0, price=off)

    @given(numbers(), STEPS)
    def test_on_the_grid_is_what_a_fraction_says(self, value: Decimal, step: Decimal) -> None:
        for name in ("price", "quantity", "quote_quantity"):
            try:
                rules(step, step, step).check(Side.SELL, now_ms=0, **{name: value})
            except InvalidValueError as error:
                is_taken, field = False, error.field
            else:
                is_taken, field = True, name
            assert (is_taken, field) == (is_on_grid(value, step), name)

    @given(numbers(), numbers(), numbers())
    def test_the_notional_is_compared_exactly(self, price: Decimal, quantity: Decimal, bound: Decimal) -> None:
        made = rules(D("1e-20"), D("1e-20"), min_notional=bound)
        with localcontext(Context(prec=60, rounding=ROUND_DOWN)):
            price, quantity = price.quantize(D("1e-20")), quantity.quantize(D("1e-20"))
        try:
            made.check(Side.BUY, now_ms=0, price=price, quantity=quantity)
        except InvalidValueError as error:
            if error.field == "price x quantity":
                assert Fraction(price) * Fraction(quantity) < Fraction(bound)
        else:
            assert Fraction(price) * Fraction(quantity) >= Fraction(bound)

    @pytest.mark.parametrize(
        ("bounds", "arguments", "is_taken"),
        [
            ({"min_quantity": D(2)}, {"quantity": D(2)}, True),
            ({"min_quantity": D(2)}, {"quantity": D("1.999")}, False),
            ({"max_quantity": D(2)}, {"quantity": D(2)}, True),
            ({"max_quantity": D(2)}, {"quantity": D("2.001")}, False),
            ({"min_notional": D(6)}, {"quantity": D(2), "price": D(3)}, True),
            ({"min_notional": D(6)}, {"quantity": D(2), "price": D("2.99")}, False),
            ({"max_notional": D(6)}, {"quantity": D(2), "price": D(3)}, True),
            ({"max_notional": D(6)}, {"quantity": D(2), "price": D("3.01")}, False),
            ({"min_notional": D(6)}, {"quantity": D(2)}, True),  # a market sell has no price to judge by
            ({"min_notional": D(6)}, {"quote_quantity": D(6)}, True),
            ({"min_notional": D(6)}, {"quote_quantity": D("5.99")}, False),
            ({"max_notional": D(6)}, {"quote_quantity": D(6)}, True),
            ({"max_notional": D(6)}, {"quote_quantity": D("6.01")}, False),
            ({"min_notional": D(0), "min_quantity": D(0)}, {"quantity": D("0.001"), "price": D("0.01")}, True),
        ],
    )
    def test_bounds_include_their_ends(self, bounds: dict[str, Decimal], arguments: Any, is_taken: bool) -> None:
        made = rules(**bounds)
        if is_taken:
            made.check(Side.BUY, now_ms=0, **arguments)
        else:
            with pytest.raises(InvalidValueError, match=r"at (?:least|most) "):
                made.check(Side.BUY, now_ms=0, **arguments)

    def test_a_refusal_names_what_is_allowed(self) -> None:
        made = rules(D("0.5"), D("0.25"), D("0.2"), max_quantity=D(9), max_notional=D(8))
        for arguments, text in (
            ({"price": D("0.7")}, "price = Decimal('0.7') is not allowed: a multiple of the tick 0.5 of SOL/USDT"),
            ({"quantity": D("0.3")}, "quantity = Decimal('0.3') is not allowed: a multiple of the lot 0.25 SOL"),
            ({"quote_quantity": D("0.3")}, "quote_quantity = Decimal('0.3') is not allowed: a multiple of 0.2 USDT"),
            ({"quantity": D(10)}, "quantity = Decimal('10') is not allowed: at most 9 SOL"),
            ({"quantity": D(5), "price": D(2)}, "price x quantity = Decimal('10') is not allowed: at most 8 USDT"),
            ({"quote_quantity": D(10)}, "quote_quantity = Decimal('10') is not allowed: at most 8 USDT"),
        ):
            with pytest.raises(InvalidValueError) as refused:
                made.check(Side.BUY, now_ms=0, **arguments)
            assert str(refused.value) == text


class TestOpening:
    """When a market opens is judged when an order is placed, by the exchange's clock."""

    OPENS_MS = 1_760_000_000_000

    @pytest.mark.parametrize("side", Side)
    def test_a_side_is_refused_until_it_opens_and_not_from_then_on(self, side: Side) -> None:
        made = rules(**{f"{side.value}_opens_ms": self.OPENS_MS})
        with pytest.raises(InvalidValueError) as refused:
            made.check(side, now_ms=self.OPENS_MS - 1, quantity=D(1))
        assert str(refused.value) == (
            f"side = {side.value!r} is not allowed: SOL/USDT opens to {side.value} at 2025-10-09 08:53:20 UTC"
        )
        made.check(side, now_ms=self.OPENS_MS, quantity=D(1))
        made.check(side.opposite, now_ms=0, quantity=D(1))

    @pytest.mark.parametrize("side", Side)
    def test_a_side_that_is_closed_is_closed_whatever_the_time(self, side: Side) -> None:
        made = rules(**{f"can_{side.value}": False})
        with pytest.raises(InvalidValueError, match=f"SOL/USDT is not open to {side.value} now"):
            made.check(side, now_ms=self.OPENS_MS, quantity=D(1))
        made.check(side.opposite, now_ms=self.OPENS_MS, quantity=D(1))

    def test_a_time_that_no_calendar_has_is_told_in_milliseconds(self) -> None:
        with pytest.raises(InvalidValueError, match=f"at {LATEST_MS} ms"):
            rules(buy_opens_ms=LATEST_MS).check(Side.BUY, now_ms=0)

    @pytest.mark.parametrize("name", ["buy_opens_ms", "sell_opens_ms"])
    @pytest.mark.parametrize("value", [-1, LATEST_MS + 1, 1.5, None, True, "0"])
    def test_a_time_that_is_none_is_refused(self, name: str, value: Any) -> None:
        with pytest.raises(InvalidValueError) as refused:
            rules(**{name: value})
        assert refused.value.field == f"instrument.{name}"


class TestRounding:
    @given(numbers(), STEPS, st.sampled_from(Side))
    def test_a_rounded_price_is_the_nearest_on_the_grid_that_is_no_worse(
        self, price: Decimal, tick: Decimal, side: Side
    ) -> None:
        rounded = rules(tick=tick).round_price(price, side)
        assert is_on_grid(rounded, tick)
        assert abs(Fraction(rounded) - Fraction(price)) < Fraction(tick)
        assert rounded <= price if side is Side.BUY else rounded >= price

    @given(numbers(), STEPS)
    def test_a_rounded_quantity_is_the_largest_on_the_grid_that_is_not_more(
        self, quantity: Decimal, lot: Decimal
    ) -> None:
        rounded = rules(lot=lot).round_quantity(quantity)
        assert is_on_grid(rounded, lot)
        assert rounded <= quantity
        assert Fraction(quantity) - Fraction(rounded) < Fraction(lot)

    @pytest.mark.parametrize("value", [D("NaN"), D(-1), D("1e21"), 1.5, None])
    def test_r11_what_is_no_number_is_refused_by_the_name_of_its_field(self, value: Any) -> None:
        with pytest.raises(InvalidValueError) as refused:
            rules().round_price(value, Side.BUY)
        assert refused.value.field == "price"
        with pytest.raises(InvalidValueError) as refused:
            rules().round_quantity(value)
        assert refused.value.field == "quantity"

    def test_nothing_rounds_to_nothing(self) -> None:
        assert rules().round_quantity(D(0)) == rules().round_price(D(0), Side.SELL) == 0

    def test_what_is_on_the_grid_stays(self) -> None:
        assert str(rules().round_price(D("1.23"), Side.SELL)) == "1.23"
        assert str(rules().round_price(D("1.231"), Side.SELL)) == "1.24"
        assert str(rules().round_price(D("1.239"), Side.BUY)) == "1.23"

    @given(anything)
    def test_r11_no_number_ends_in_another_error(self, value: Any) -> None:
        for round_it in (
            rules().round_quantity,
            lambda number: rules().round_price(number, Side.BUY),
            lambda number: rules().round_price(number, Side.SELL),
        ):
            try:
                rounded = round_it(value)
            except InvalidValueError:
                continue
            assert is_on_grid(rounded, MILL)


@pytest.mark.parametrize("name", [*STEP_NAMES, *BOUND_NAMES])
@pytest.mark.parametrize("value", [D(-1), D("NaN"), D("1e21"), D("1e-21"), D("0E+999999"), 1.5, "1"])
def test_rules_that_cannot_be_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidValueError) as refused:
        msgspec.structs.replace(rules(), **{name: value})
    assert refused.value.field == f"instrument.{name}"


@pytest.mark.parametrize("name", STEP_NAMES)
def test_a_step_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        msgspec.structs.replace(rules(), **{name: D(0)})
    assert refused.value.field == f"instrument.{name}"


@pytest.mark.parametrize("name", BOUND_NAMES)
def test_a_bound_of_nothing_is_one(name: str) -> None:
    assert getattr(msgspec.structs.replace(rules(), **{name: D(0)}), name) == 0
