"""The comparison at the end: whatever differs is told, and nothing else is."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.errors import UnavailableError
from console.account_records import AccountRecords, RecordedFill, RecordedOrder, compare
from console.closing import AccountEnd
from console.exit_codes import ExitCode
from console.kept_fills import KeptFills
from console.summary import exit_code_of, verdict_of
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from messages.errors import (
    BusyError,
    ConfigurationError,
    ConnectionFailedError,
    NotPermittedError,
    RateLimitedError,
    RefusalReason,
    StoppedError,
    VenueRefusedError,
)
from messages.order import Fill, Order
from messages.symbol import Symbol
from tests.support.orders import paid

ORDER = RecordedOrder(
    order_id="1",
    client_order_id="a-1",
    symbol="SOL/USDT",
    status=OrderStatus.FILLED,
    filled_quantity=Decimal(5),
    filled_quote=Decimal("705.25"),
    updated_ms=1000,
)
OPEN = RecordedOrder(
    order_id="2",
    client_order_id="a-2",
    symbol="SOL/USDT",
    status=OrderStatus.NEW,
    filled_quantity=Decimal(0),
    filled_quote=Decimal(0),
    updated_ms=1000,
)
FILL = RecordedFill(
    trade_id="9",
    order_id="1",
    symbol="SOL/USDT",
    side="buy",
    price=Decimal("141.05"),
    quantity=Decimal(5),
    fees=paid("0.001 SOL", "0.02 GT"),
    time_ms=1000,
)


def changed(what: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(what, **changes)


def books(
    *, orders: tuple[RecordedOrder, ...] = (ORDER, OPEN), fills: tuple[RecordedFill, ...] = (FILL,), **more: Any
) -> AccountRecords:
    made = AccountRecords(balances={"SOL": (Decimal(10), Decimal(0))}, **more)
    for order in orders:
        made.orders[order.order_id] = order
    for fill in fills:
        made.add_fill(fill)
    return made


def differences(ours: AccountRecords, theirs: AccountRecords) -> tuple[str, ...]:
    return compare(ours, theirs).differences


def test_equal_books_agree_and_are_counted() -> None:
    comparison = compare(books(), books())
    assert comparison.differences == ()
    assert (comparison.balances, comparison.open_orders, comparison.finished_orders, comparison.fills) == (1, 1, 1, 1)


def test_a_balance_that_differs_is_told_with_both_sides() -> None:
    theirs = books()
    theirs.balances["SOL"] = (Decimal(9), Decimal(1))
    assert differences(books(), theirs) == ("balance SOL: we say 10 available and 0 locked, the exchange 9 and 1",)


def test_a_missing_balance_is_zero() -> None:
    theirs = books()
    theirs.balances["BTC"] = (Decimal("0.1"), Decimal(0))
    assert differences(books(), theirs) == ("balance BTC: we say 0 available and 0 locked, the exchange 0.1 and 0",)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": OrderStatus.CANCELED},
        {"filled_quantity": Decimal(4)},
        {"filled_quote": Decimal("705.24")},
    ],
)
def test_an_order_that_differs_in_status_filled_or_average_price_is_told(changes: dict[str, Any]) -> None:
    (difference,) = differences(books(), books(orders=(changed(ORDER, **changes), OPEN)))
    assert difference.startswith("order 1 SOL/USDT: we say filled, filled 5 at 141.05; the exchange ")


@pytest.mark.parametrize("order", [ORDER, OPEN])
def test_an_order_that_one_side_lacks_is_told(order: RecordedOrder) -> None:
    others = tuple(one for one in (ORDER, OPEN) if one is not order)
    assert f"order {order.order_id} SOL/USDT: only we have it" in differences(books(), books(orders=others))[0]
    assert f"order {order.order_id} SOL/USDT: only the exchange has it" in differences(books(orders=others), books())[0]


@pytest.mark.parametrize(
    "changes",
    [{"price": Decimal("141.06")}, {"quantity": Decimal(4)}, {"fees": paid("0.001 SOL")}, {"side": "sell"}],
)
def test_a_fill_that_differs_is_told(changes: dict[str, Any]) -> None:
    (difference,) = differences(books(), books(fills=(changed(FILL, **changes),)))
    assert difference.startswith(
        "fill 9 SOL/USDT: we say buy 5 at 141.05 fees 0.02 GT, 0.001 SOL on order 1; the exchange "
    )


def test_r2_the_two_sides_of_a_trade_with_oneself_are_two_fills() -> None:
    other = changed(FILL, order_id="2", side="sell")
    assert compare(books(fills=(FILL, other)), books(fills=(other, FILL))).fills == 2
    assert "fill 9 SOL/USDT: only the exchange has it: sell 5" in differences(books(), books(fills=(FILL, other)))[0]


def test_a_fill_that_one_side_lacks_is_told() -> None:
    assert "only we have it" in differences(books(), books(fills=()))[0]
    assert "only the exchange has it" in differences(books(fills=()), books())[0]


# -- more fills than are kept one by one -------------------------------------------------------------------------------


def fill(number: int, *, symbol: str = "SOL/USDT", **changes: Any) -> Fill:
    return Fill(
        **{
            "symbol": Symbol.parse(symbol),
            "trade_id": str(number),
            "order_id": "1",
            "client_order_id": "a-1",
            "side": Side.SELL if number % 3 else Side.BUY,
            "price": Decimal("123456789.0123456789") + number,
            "quantity": Decimal("0.0000000007") * (number + 1),
            "fees": paid("0.001 SOL", "0.02 GT"),
            "liquidity": Liquidity.MAKER,
            "time_ms": 1000 + number,
            **changes,
        }
    )


def kept(fills: Iterable[Fill], *, kept_count: int, from_ms: int = 0) -> AccountRecords:
    made, books_ = KeptFills(kept_count), AccountRecords()
    made.begin(from_ms)
    for one in fills:
        made.add(one)
    for one in made:
        books_.add_fill(RecordedFill.of(one))
    books_.earlier_fills |= made.earlier
    return books_


def all_of(fills: Iterable[Fill]) -> AccountRecords:
    made = AccountRecords()
    for one in fills:
        made.add_fill(RecordedFill.of(one))
    return made


def test_fills_beyond_those_kept_are_compared_by_their_totals_market_by_market() -> None:
    fills = [fill(number, symbol="SOL/USDT" if number % 2 else "BTC/USDT") for number in range(50)]
    ours = kept(fills, kept_count=10)
    assert (len(ours.fills), {symbol: sums.count for symbol, sums in ours.earlier_fills.items()}) == (
        10,
        {"SOL/USDT": 20, "BTC/USDT": 20},
    )
    comparison = compare(ours, all_of(reversed(fills)))
    assert (comparison.fills, comparison.differences) == (50, ())


@pytest.mark.parametrize("changes", [{"price": Decimal(1)}, {"quantity": Decimal(1)}, {"fees": ()}, {"side": Side.BUY}])
def test_an_earlier_fill_that_differs_is_told_as_totals_that_differ(changes: dict[str, Any]) -> None:
    fills = [fill(number) for number in range(50)]
    theirs = all_of([*fills, fill(4, **changes)])
    (difference,) = differences(kept(fills, kept_count=10), theirs)
    assert difference.startswith("earlier fills SOL/USDT: we say 40 fills, bought 0.0000002009 for ")
    assert "; the exchange 40 fills" in difference


def test_an_earlier_fill_that_one_side_lacks_is_told_as_totals_and_a_newer_one_by_its_name() -> None:
    fills = [fill(number) for number in range(50)]
    ours = kept(fills, kept_count=10)
    (lacking,) = differences(ours, all_of(fills[1:]))
    assert "we say 40 fills" in lacking
    assert "the exchange 39 fills" in lacking
    (more,) = differences(ours, all_of([*fills, fill(3, order_id="2")]))
    assert "the exchange 41 fills" in more
    (newer,) = differences(ours, all_of([*fills, fill(50)]))
    assert newer.startswith("fill 50 SOL/USDT: only the exchange has it")


def test_a_fill_that_was_heard_late_is_among_the_kept_though_it_is_older_than_the_totals() -> None:
    fills = [fill(number) for number in range(50)]
    late = fill(99, time_ms=1003)
    assert differences(kept([*fills, late], kept_count=10), all_of([late, *fills])) == ()


def test_fills_from_before_the_comparison_begins_are_in_no_totals() -> None:
    made = KeptFills(3)
    for number in range(8):
        made.add(fill(number))
    assert (len(list(made)), made.earlier) == (8, {})  # what the exchange will be asked for is not known yet
    made.begin(1002)
    made.add(fill(1))
    assert [one.trade_id for one in made] == ["5", "6", "7"]
    assert made.earlier["SOL/USDT"].count == 3


@given(st.lists(st.integers(0, 60), unique=True), st.integers(0, 20), st.integers(0, 60))
def test_totals_agree_exactly_when_each_fill_is_there(numbers: list[int], kept_count: int, gone: int) -> None:
    fills = [fill(number) for number in numbers]
    ours = kept(fills, kept_count=kept_count)
    assert not differences(ours, all_of(reversed(fills)))
    if gone in numbers:
        assert differences(ours, all_of(one for one in fills if one.trade_id != str(gone)))


def test_what_ended_before_a_side_is_complete_is_not_compared_but_open_orders_always_are() -> None:
    limited = books(orders=(), fills=(), complete_from_ms={"SOL/USDT": 1001})
    assert differences(limited, books()) == ("order 2 SOL/USDT: only the exchange has it: new, filled 0",)


def unnamed(status: OrderStatus) -> Order:
    return Order(
        symbol=Symbol("SOL", "USDT"),
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        status=status,
        quantity=Decimal(1),
        price=Decimal(1),
        client_order_id="a-3",
    )


def test_an_order_that_the_exchange_has_not_named_yet_is_a_difference() -> None:
    ours = books()
    ours.add_order(unnamed(OrderStatus.UNRESOLVED))
    assert differences(ours, books()) == ("order a-3 SOL/USDT is unresolved",)


def test_an_order_that_never_reached_the_exchange_is_none() -> None:
    ours = books()
    ours.add_order(unnamed(OrderStatus.REJECTED))
    assert differences(ours, books()) == ()


ORDERS = st.builds(
    RecordedOrder,
    order_id=st.sampled_from("12345"),
    client_order_id=st.none(),
    symbol=st.just("SOL/USDT"),
    status=st.sampled_from(list(OrderStatus)),
    filled_quantity=st.integers(0, 3).map(Decimal),
    filled_quote=st.integers(0, 3).map(Decimal),
    updated_ms=st.integers(0, 3),
)


@given(st.lists(ORDERS), st.lists(ORDERS))
def test_books_agree_exactly_when_every_order_is_the_same(
    mine: list[RecordedOrder], other: list[RecordedOrder]
) -> None:
    ours, theirs = books(orders=tuple(mine)), books(orders=tuple(other))
    are_same = ours.orders.keys() == theirs.orders.keys() and all(
        order.is_same_as(theirs.orders[key]) for key, order in ours.orders.items()
    )
    assert (not differences(ours, theirs)) is are_same


# -- the code of it all ------------------------------------------------------------------------------------------------


def end(verdict: Any, code: ExitCode) -> AccountEnd:
    return AccountEnd(account="a", venue="v", verdict=verdict, exit_code=code)


@pytest.mark.parametrize(
    ("ends", "given_up", "code", "verdict"),
    [
        ([end("AGREE", ExitCode.OK)], False, ExitCode.OK, "AGREE"),
        ([end("AGREE", ExitCode.OK)], True, ExitCode.UNEXPECTED, "AGREE"),
        ([end("AGREE", ExitCode.OK), end("AGREE", ExitCode.ORDERS_LEFT_OPEN)], False, 6, "AGREE"),
        ([end("UNKNOWN", ExitCode.CONNECTION), end("AGREE", ExitCode.ORDERS_LEFT_OPEN)], True, 6, "UNKNOWN"),
        ([end("UNKNOWN", ExitCode.CONNECTION), end("UNKNOWN", ExitCode.VENUE_REFUSED)], False, 4, "UNKNOWN"),
        ([end("UNKNOWN", ExitCode.CONNECTION), end("DISAGREE", ExitCode.BOOKS_DISAGREE)], False, 5, "DISAGREE"),
    ],
)
def test_the_worst_account_decides_the_exit_code(
    ends: list[AccountEnd], given_up: bool, code: int, verdict: str
) -> None:
    assert exit_code_of(ends, given_up=given_up) == code
    assert verdict_of(ends) == verdict


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("a typo"), ExitCode.CONFIGURATION),
        (NotPermittedError("withdrawals are off"), ExitCode.CONFIGURATION),
        (ConnectionFailedError("nobody answers"), ExitCode.CONNECTION),
        (RateLimitedError("orders", 0.5), ExitCode.CONNECTION),
        (BusyError("the mailbox is full"), ExitCode.CONNECTION),
        (VenueRefusedError(RefusalReason.RATE_LIMIT, "TOO_MANY_REQUESTS"), ExitCode.CONNECTION),
        (VenueRefusedError(RefusalReason.OVERLOADED, "SERVER_BUSY"), ExitCode.CONNECTION),
        (VenueRefusedError(RefusalReason.AUTHENTICATION, "INVALID_KEY"), ExitCode.VENUE_REFUSED),
        (UnavailableError("alpha is unavailable: it crashed too often"), ExitCode.UNEXPECTED),
        (StoppedError("alpha stopped"), ExitCode.UNEXPECTED),
        (ZeroDivisionError(), ExitCode.UNEXPECTED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_has_the_code_that_is_written_down(error: Exception, code: ExitCode) -> None:
    """A limit that is used up is no matter of configuration: start again later."""
    assert ExitCode.of(error) is code
