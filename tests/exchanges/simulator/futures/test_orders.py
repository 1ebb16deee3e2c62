"""What orders on contracts need, what is refused, and how positions are reduced and lost."""

from decimal import Decimal

import pytest

from exchanges.simulator.core.futures.engine import INSURANCE
from exchanges.simulator.core.futures.positions import Leg
from exchanges.simulator.core.orders import Finish, TimeInForce
from exchanges.simulator.core.rules import Reason, RefusedError

from .small import BUY, ETH, SELL, SmallFutures


@pytest.fixture
def market() -> SmallFutures:
    return SmallFutures()


def refusal(market: SmallFutures, *order: object, **terms: object) -> Reason:
    with pytest.raises(RefusedError) as refused:
        market.order(*order, **terms)  # type: ignore[arg-type]
    return refused.value.reason


def test_an_order_needs_its_value_over_the_leverage_and_a_fee(market: SmallFutures) -> None:
    market.order("ann", BUY, "100", "99")
    assert market.engine.available("ann") == 10_000 - 99 - Decimal("0.495")
    assert market.engine.wallet("ann") == 10_000


def test_orders_that_take_from_a_position_need_nothing(market: SmallFutures) -> None:
    market.trade("ann", "bob", "100", "100")
    before = market.engine.available("ann")
    market.order("ann", SELL, "100", "110")
    assert market.engine.available("ann") == before
    market.order("ann", SELL, "10", "120")
    # the nearer one takes from the position, the other one opens: 10 contracts of 0.1 at 120, and the fee
    assert market.engine.available("ann") == before - 12 - Decimal("0.06")


def test_a_trade_is_paid_for_by_its_fee_only(market: SmallFutures) -> None:
    market.trade("ann", "bob", "100", "100")
    assert (market.engine.wallet("ann"), market.engine.wallet("bob")) == (Decimal("9999.5"), Decimal("9999.8"))
    assert (market.position("ann").size, market.position("bob").size) == (100, -100)
    market.trade("bob", "ann", "40", "110")
    assert market.position("ann").from_trades == 40
    assert market.engine.wallet("ann") == Decimal("9999.5") + 40 - Decimal("0.088")


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (("ann", BUY, "0", "100"), Reason.INVALID_VALUE),
        (("ann", BUY, "1.5", "100"), Reason.PRECISION),
        (("ann", BUY, "1", "100.001"), Reason.PRECISION),
        (("ann", BUY, "1000001", "100"), Reason.ABOVE_MAXIMUM),
        (("ann", BUY, "1", "120.01"), Reason.PRICE_TOO_FAR),
        (("ann", SELL, "1", "79.99"), Reason.PRICE_TOO_FAR),
        (("ann", BUY, "9960", "100"), Reason.NOT_ENOUGH_FUNDS),
        (("ann", BUY, "5001", "99"), Reason.RISK_LIMIT),
    ],
)
def test_what_a_contract_does_not_take(order: tuple[object, ...], reason: Reason) -> None:
    market = SmallFutures()
    if reason is Reason.RISK_LIMIT:  # 20 times is for positions of up to 50,000
        market.commands.set_leverage(market.position("ann"), Decimal(20), is_cross=True)
    assert refusal(market, *order) is reason
    assert not market.engine.accounts["ann"].orders


def test_a_decimal_contract_takes_a_tenth(market: SmallFutures) -> None:
    market.mark("3200", ETH)
    assert market.order("ann", BUY, "0.1", "3200", contract=ETH).is_open
    assert refusal(market, "ann", BUY, "0.05", "3200", contract=ETH) is Reason.PRECISION


def test_reduce_only_reduces_and_no_more(market: SmallFutures) -> None:
    assert refusal(market, "ann", SELL, "1", "100", reduce_only=True) is Reason.POSITION_EMPTY
    market.trade("ann", "bob", "100", "100")
    assert refusal(market, "ann", BUY, "1", "100", reduce_only=True) is Reason.INCREASES_POSITION
    assert refusal(market, "ann", SELL, "101", "110", reduce_only=True) is Reason.REDUCES_TOO_MUCH
    first = market.order("ann", SELL, "60", "110", reduce_only=True)
    second = market.order("ann", SELL, "40", "111", reduce_only=True)
    assert refusal(market, "ann", SELL, "1", "112", reduce_only=True) is Reason.REDUCES_TOO_MUCH
    market.trade("bob", "ann", "30", "101")  # what is left is too little for both
    assert (first.is_open, second.finish) == (True, Finish.REDUCE_OUT)
    market.trade("bob", "ann", "70", "101")
    assert (first.finish, market.position("ann").size) == (Finish.POSITION_CLOSED, 0)
    assert [account for account, _ in market.told.closed] == ["bob", "ann"]


def test_closing_is_for_all_that_there_is(market: SmallFutures) -> None:
    assert refusal(market, "ann", SELL, "0", None, closes=True) is Reason.POSITION_EMPTY
    market.trade("ann", "bob", "70", "100")
    waiting = market.order("ann", SELL, "70", "119", reduce_only=True)
    market.order("bob", BUY, "100", "99")
    order = market.order("ann", BUY, "0", None, closes=True)  # the position says which side
    assert (order.side, order.filled_base, order.finish) == (SELL, 70, Finish.FILLED)
    assert (market.position("ann").size, waiting.finish) == (0, Finish.POSITION_CLOSED)


def test_closing_changes_nothing_when_it_is_refused_and_leaves_nothing_to_others_when_it_rests(
    market: SmallFutures,
) -> None:
    market.trade("ann", "bob", "70", "100")
    waiting = market.order("ann", SELL, "50", "119", reduce_only=True)
    terms = {"closes": True, "time_in_force": TimeInForce.FILL_OR_KILL}
    assert refusal(market, "ann", SELL, "0", "110", **terms) is Reason.CANNOT_FILL
    assert waiting.is_open
    order = market.order("ann", SELL, "0", "110", closes=True)
    assert (order.remaining, order.is_open, waiting.finish) == (70, True, Finish.REDUCE_OUT)
    with pytest.raises(RefusedError) as refused:
        market.engine.amend(order, price=Decimal(121))
    assert refused.value.reason is Reason.PRICE_TOO_FAR


def test_two_positions_side_by_side(market: SmallFutures) -> None:
    market.commands.set_dual("ann", True)
    market.trade("ann", "bob", "50", "100")
    market.trade("bob", "ann", "20", "100")  # without reduce-only it opens the other one
    assert (market.position("ann", Leg.LONG).size, market.position("ann", Leg.SHORT).size) == (50, -20)
    assert market.position("bob").size == -30
    for is_dual, reason in ((True, Reason.NO_CHANGE), (False, Reason.POSITION_HELD)):
        with pytest.raises(RefusedError) as refused:
            market.commands.set_dual("ann", is_dual)
        assert refused.value.reason is reason
    market.order("bob", BUY, "50", "99")
    market.order("ann", SELL, "50", "99", reduce_only=True)
    assert (market.position("ann", Leg.LONG).size, market.position("ann", Leg.SHORT).size) == (0, -20)


def test_an_isolated_position_loses_its_margin_and_no_more(market: SmallFutures) -> None:
    market.commands.set_leverage(market.position("ann"), Decimal(10), is_cross=False)
    market.trade("ann", "bob", "100", "100")
    waiting = market.order("ann", BUY, "1", "90")
    market.order("cid", BUY, "100", "90.5")
    before = market.engine.wallet("ann")
    market.mark("91.2")
    market.liquidation.check_all()
    assert market.told.liquidated == []
    market.mark("90.9")  # 100 - 91 is more than 100 less 1 % of 909
    market.liquidation.check_all()
    assert market.told.liquidated == ["ann"]
    assert (market.position("ann").size, waiting.finish) == (0, Finish.LIQUIDATED)
    assert market.engine.wallet("ann") == before - 100
    assert market.position("cid").size == 100  # which took it in the book
    assert market.engine.margins[INSURANCE].traded(market.position("ann").contract, BUY, reduces=False).size == 0


def test_what_nobody_takes_is_closed_against_who_has_gained_most(market: SmallFutures) -> None:
    market.commands.set_leverage(market.position("ann"), Decimal(10), is_cross=False)
    market.trade("ann", "bob", "60", "100")
    market.trade("ann", "cid", "40", "102")
    market.mark("90.5")
    market.liquidation.check_all()
    assert market.told.liquidated == ["ann"]
    assert market.told.deleveraged == ["cid", "bob"]
    assert {name: market.position(name).size for name in ("ann", "bob", "cid")} == {"ann": 0, "bob": 0, "cid": 0}
    (last,) = [order for order in market.engine.accounts["bob"].orders.values() if order.forced is not None]
    assert last.finish is Finish.DELEVERAGED


def test_cross_positions_are_lost_together_and_take_the_whole_wallet() -> None:
    market = SmallFutures(usdt="200")
    market.engine.deposit("bob", "USDT", Decimal(100_000))
    market.mark("3000", ETH)
    market.trade("ann", "bob", "100", "100")
    market.order("bob", SELL, "5", "3000", contract=ETH)
    market.order("ann", BUY, "5", "3000", contract=ETH)
    market.mark("80.9")
    market.liquidation.check_all()
    assert market.told.liquidated == ["ann", "ann"]
    assert abs(market.engine.wallet("ann")) < Decimal("1e-9")


def test_leverage_is_bound_by_the_risk_tier(market: SmallFutures) -> None:
    market.trade("ann", "bob", "2000", "100")
    for leverage, reason in ((Decimal(21), Reason.LEVERAGE_TOO_HIGH), (Decimal("0.5"), Reason.LEVERAGE_TOO_LOW)):
        with pytest.raises(RefusedError) as refused:
            market.commands.set_leverage(market.position("ann"), leverage, is_cross=True)
        assert refused.value.reason is reason
    market.commands.set_leverage(market.position("ann"), Decimal(4), is_cross=False)
    assert market.position("ann").margin == 5_000
    market.commands.change_margin(market.position("ann"), Decimal(100))
    assert (market.position("ann").margin, market.engine.available("ann")) == (5_100, Decimal("4890"))
    for change in (Decimal(-101), Decimal(5_000)):
        with pytest.raises(RefusedError) as refused:
            market.commands.change_margin(market.position("ann"), change)
        assert refused.value.reason is Reason.NOT_ENOUGH_FUNDS
