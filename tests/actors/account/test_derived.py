"""A filled quantity that was calculated from what the exchange said yields to the fills that account for it (R2)."""

from decimal import Decimal
from itertools import permutations

import msgspec
import pytest

from actors.account.orders.record import OrderRecord
from messages.enums import OrderStatus, OrderType
from messages.order import Fill, Order
from tests.support.orders import SOL, apply, fill, order, paid
from tests.support.spot_state import spot_state

FILLED, CANCELED = OrderStatus.FILLED, OrderStatus.CANCELED


def derived(filled: str, quote: str, *, at: int = 5, status: OrderStatus = OrderStatus.NEW) -> Order:
    """A report that left the filled quantity out; its turnover it did say."""
    report = order(status, filled=filled, at=at, quantity="20")
    return msgspec.structs.replace(report, filled_quote=Decimal(quote), filled_is_derived=True)


def joined(*news: Order | Fill) -> Order:
    state = apply(spot_state(), order(at=1, quantity="20"), *news)
    record = state.orders.find(SOL, "1001", None)
    assert record is not None
    return record.order


@pytest.mark.parametrize("status", [OrderStatus.NEW, CANCELED, FILLED])
@pytest.mark.parametrize("is_above", [True, False])
def test_r2_fills_that_make_up_the_turnover_stand_before_a_derived_quantity(
    status: OrderStatus, *, is_above: bool
) -> None:
    report = derived("3.0004" if is_above else "2.9996", "300", status=status)
    news = [report, fill("1", "1", at=3), fill("2", "2", at=4)]
    for arrival in permutations(news):
        known = joined(*arrival)
        assert (known.filled_quantity, known.filled_quote, known.fees) == (3, 300, paid("0.003 SOL"))
        assert not known.filled_is_derived


def test_r2_a_derived_quantity_counts_while_fills_are_missing() -> None:
    known = joined(fill("1", "1", at=3), derived("3.0004", "300"))
    assert (known.filled_quantity, known.filled_quote) == (Decimal("3.0004"), 300)
    assert known.filled_is_derived
    assert known.status is OrderStatus.PARTIALLY_FILLED


def test_r2_a_report_that_says_the_quantity_stands_before_a_derived_one_of_the_same_turnover() -> None:
    news = [derived("3.0004", "300"), order(filled="3", at=5, quantity="20")]
    for arrival in permutations(news):
        known = joined(*arrival)
        assert known.filled_quantity == 3
        assert not known.filled_is_derived


def test_r2_a_derived_quantity_of_a_larger_turnover_stands_before_an_older_exact_one() -> None:
    for at in (5, 7):
        news = [derived("5.0004", "500", at=6), order(filled="3", at=at, quantity="20")]
        for arrival in permutations(news):
            assert joined(*arrival).filled_quantity == Decimal("5.0004")


def test_r2_of_two_derived_quantities_the_one_of_the_larger_turnover_counts() -> None:
    news = [derived("3.1", "300", at=5), derived("5.0004", "500", at=6), derived("5.0002", "500", at=6)]
    for arrival in permutations(news):
        assert joined(*arrival).filled_quantity == Decimal("5.0004")


def test_r2_a_derived_quantity_without_a_turnover_counts_while_it_is_the_larger_one() -> None:
    assert joined(fill("1", "1", at=3), derived("2", "0")).filled_quantity == 2
    assert joined(fill("1", "3", at=3), derived("2", "0")).filled_quantity == 3


def test_r2_an_exact_quantity_that_is_larger_stands_before_a_derived_one_whatever_its_turnover() -> None:
    assert joined(fill("1", "4", at=3, price="90"), derived("3", "400")).filled_quantity == 4


def test_a_first_report_may_be_derived() -> None:
    record = OrderRecord(derived("3.0004", "300"))
    assert (record.order.filled_quantity, record.order.filled_is_derived) == (Decimal("3.0004"), True)
    record.apply(order(at=1))
    assert (record.order.filled_quantity, record.order.filled_is_derived) == (Decimal("3.0004"), True)
    record.apply_fill(fill("1", "3", at=3))
    assert (record.order.filled_quantity, record.order.filled_is_derived) == (3, False)


def test_a_market_buy_that_ended_with_a_derived_quantity_is_what_its_fills_say() -> None:
    report = msgspec.structs.replace(
        derived("0.499900019", "49.99", status=FILLED),
        type=OrderType.MARKET,
        quantity=Decimal(0),
        quote_quantity=Decimal(50),
        price=None,
    )
    record = OrderRecord(report)
    record.apply_fill(fill("1", "0.4999", at=3))
    assert record.order.status is FILLED
    assert record.order.filled_quantity == Decimal("0.4999")
    record.apply(report)
    assert record.order.filled_quantity == Decimal("0.4999")
