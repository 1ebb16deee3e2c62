"""Fees are exact, one for each currency (R11)."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from messages.order import NO_FEES, Fee, add_fees, sum_fees

_amounts = st.integers(-(10**9), 10**9).map(lambda units: Decimal(units).scaleb(-6))
_parts = st.lists(st.builds(Fee, st.sampled_from(["GT", "SOL", "USDT"]), _amounts), max_size=6)


@given(_parts, _parts)
def test_adding_two_sums_is_the_sum_of_all(first: list[Fee], second: list[Fee]) -> None:
    assert add_fees(sum_fees(first), sum_fees(second)) == sum_fees([*first, *second])


@given(_parts)
def test_a_sum_has_each_currency_once_in_order_and_no_zeros(parts: list[Fee]) -> None:
    fees = sum_fees(parts)
    currencies = [fee.currency for fee in fees]
    assert currencies == sorted(set(currencies))
    assert all(fee.amount == sum(part.amount for part in parts if part.currency == fee.currency) != 0 for fee in fees)


def test_what_comes_to_nothing_is_no_fee() -> None:
    paid, back = (Fee("SOL", Decimal(1)),), (Fee("SOL", Decimal(-1)),)
    assert add_fees(paid, back) == NO_FEES
    assert add_fees(paid, NO_FEES) is paid
    assert add_fees(NO_FEES, paid) is paid


def test_a_fee_is_written_as_people_write_it() -> None:
    assert str(Fee("SOL", Decimal("1E-8"))) == "0.00000001 SOL"
    assert str(Fee("SOL", Decimal("1E-999999"))) == "1E-999999 SOL"
