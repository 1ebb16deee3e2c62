"""What orders of perpetuals need, against what is available and what there is to reduce."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.account.funds.margin.funds import MarginFunds
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import InsufficientBalanceError, InvalidValueError
from messages.margin import MarginBalance
from messages.order import Order
from messages.perpetual import PerpetualInstrument
from messages.position import PositionMode

from .model import LAG_MS, SOL, START_MS, position

RULES = PerpetualInstrument(
    symbol=SOL,
    tick=Decimal("0.01"),
    lot=Decimal("0.01"),
    quote_step=Decimal(1),
    multiplier=Decimal("0.01"),
    max_leverage=Decimal(50),
)


def money(available: str, *, at: int = 0, used: str = "0") -> MarginBalance:
    return MarginBalance(
        currency="USDT",
        wallet_balance=Decimal(available) + Decimal(used),
        available=Decimal(available),
        order_margin=Decimal(used),
        updated_ms=START_MS + at,
    )


def funds_with(
    quantity: str = "0", *, leverage: str | None = "10", mode: PositionMode = PositionMode.ONE_WAY
) -> MarginFunds:
    funds = MarginFunds()
    funds.instruments = {SOL: RULES}
    funds.positions.mode = mode
    held = position(quantity, at=0, update=1, leverage=leverage and Decimal(leverage), mark_price=Decimal(100))
    funds.positions.apply_list([held], START_MS + LAG_MS, LAG_MS)
    funds.apply_margins([money("1000")], START_MS)
    return funds


def limit(side: Side, quantity: str, price: str = "100", *, reduce_only: bool = False) -> Order:
    command = PlaceOrder(
        symbol=SOL,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        client_order_id="c1",
        reduce_only=reduce_only,
    )
    return command.as_order(OrderStatus.PENDING)


@pytest.mark.parametrize(
    ("held", "side", "quantity", "price", "expected"),
    [
        ("0", Side.BUY, "5", "100", "50"),
        ("0", Side.SELL, "5", "110", "55"),
        ("2", Side.BUY, "5", "100", "50"),
        ("2", Side.SELL, "2", "100", "0"),
        ("2", Side.SELL, "5", "100", "30"),
        ("-3", Side.BUY, "5", "100", "20"),
        ("-3", Side.SELL, "5", "100", "50"),
    ],
)
def test_an_order_needs_the_margin_of_what_it_would_open(
    held: str, side: Side, quantity: str, price: str, expected: str
) -> None:
    reservation = funds_with(held).reservation_for(limit(side, quantity, price))
    assert (reservation.currency, reservation.amount) == ("USDT", Decimal(expected))


def test_a_market_order_is_reckoned_at_the_mark_price() -> None:
    order = PlaceOrder.market(SOL, Side.BUY, Decimal(5), client_order_id="c1").as_order(OrderStatus.PENDING)
    assert funds_with().reservation_for(order).amount == 50


def test_where_the_leverage_is_not_known_the_least_margin_is_asked_for() -> None:
    assert funds_with(leverage=None).reservation_for(limit(Side.BUY, "5")).amount == 10
    nothing_known = MarginFunds()
    assert nothing_known.reservation_for(limit(Side.BUY, "5")).amount == 0


def test_more_than_is_available_is_refused() -> None:
    funds = funds_with()
    funds.reserve("c1", funds.reservation_for(limit(Side.BUY, "60")))
    assert funds.available("USDT") == 400
    with pytest.raises(InsufficientBalanceError) as refused:
        funds.reserve("c2", funds.reservation_for(limit(Side.BUY, "41")))
    assert (refused.value.needed, refused.value.available) == (410, 400)
    assert funds.available("USDT") == 400


@pytest.mark.parametrize(("held", "side"), [("0", Side.SELL), ("2", Side.BUY), ("-2", Side.SELL)])
def test_what_reduces_nothing_is_refused(held: str, side: Side) -> None:
    with pytest.raises(InvalidValueError, match="reduce"):
        funds_with(held).reservation_for(limit(side, "1", reduce_only=True))


def test_what_reduces_needs_no_margin() -> None:
    assert funds_with("2").reservation_for(limit(Side.SELL, "1", reduce_only=True)).amount == 0
    assert MarginFunds().reservation_for(limit(Side.SELL, "1", reduce_only=True)).amount == 0  # the exchange will say


def test_in_hedge_mode_the_other_side_takes_nothing_away() -> None:
    funds = funds_with("0", mode=PositionMode.HEDGE)
    assert funds.reservation_for(limit(Side.SELL, "5")).amount == 10  # of the short one the leverage is not known


def test_money_is_set_aside_until_a_query_shows_it() -> None:
    funds = funds_with()
    order = limit(Side.BUY, "60")
    funds.reserve("c1", funds.reservation_for(order))
    funds.settle(order, START_MS + 500)
    funds.apply_margins([money("1000", at=400)], START_MS + 400)
    assert funds.available("USDT") == 400
    funds.apply_margins([money("400", at=600, used="600")], START_MS + 600)
    assert funds.available("USDT") == 400
    assert not funds.has_reservations


@given(st.permutations([money(str(1000 - at), at=at) for at in range(0, 500, 50)]))
@settings(max_examples=50, deadline=None)
def test_r2_the_newest_money_stands_in_whichever_order_it_is_heard(heard: list[MarginBalance]) -> None:
    funds = MarginFunds()
    for each in heard:
        funds.apply_margins([each], each.updated_ms)
    assert funds.margins["USDT"].available == funds.available("USDT") == 550


def test_figures_are_sums_over_positions() -> None:
    funds = funds_with("2")
    assert (dict(funds.unrealized_pnl), dict(funds.margin_used)) == ({"USDT": 0}, {"USDT": 0})
    funds.positions.apply_query([position("2", at=0, update=1, mark_price=Decimal(103))], START_MS + 9000, LAG_MS)
    assert dict(funds.unrealized_pnl) == {"USDT": 6}


@pytest.mark.parametrize(("reduce_only", "is_taken"), [(True, True), (False, False)])
def test_a_market_that_is_about_to_go_takes_only_what_reduces(reduce_only: bool, is_taken: bool) -> None:
    def check() -> None:
        funds_with("2").check(
            replace(RULES, reduces_only=True),
            Side.SELL,
            now_ms=START_MS,
            reduce_only=reduce_only,
            quantity=Decimal(1),
            quote_quantity=None,
            price=Decimal(100),
        )

    if is_taken:
        check()
    else:
        with pytest.raises(InvalidValueError, match="takes no other order"):
            check()
