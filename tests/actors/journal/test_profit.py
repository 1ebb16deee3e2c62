"""Realised profit by average cost, against sums done by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.journal.profit import AverageCost, RealisedProfit
from messages.enums import Liquidity, Side
from messages.order import Fee, Fill, sum_fees
from tests.support.orders import SOL

BUY, SELL = Side.BUY, Side.SELL
Trade = tuple[Side, str, str, str, str | None]
"""Side, quantity, price, fee, currency of the fee."""


def _fill(number: int, trade: Trade) -> Fill:
    side, quantity, price, fee, currency = trade
    return Fill(
        symbol=SOL,
        trade_id=str(number),
        order_id="1",
        client_order_id=None,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fees=() if currency is None else sum_fees((Fee(currency, Decimal(fee)),)),
        liquidity=Liquidity.TAKER,
        time_ms=number,
    )


def profit_of(*trades: Trade, span_from: int = 0) -> RealisedProfit:
    average = AverageCost(SOL)
    for number, trade in enumerate(trades):
        average.add(_fill(number, trade), counts=number >= span_from)
    return average.result("alice", is_complete=True)


def test_selling_realises_the_price_less_the_average_cost() -> None:
    # 10 at 100 and 10 at 120 cost 110 on average; 5 sold at 130 make 5 x 20.
    profit = profit_of((BUY, "10", "100", "0", None), (BUY, "10", "120", "0", None), (SELL, "5", "130", "0", None))
    assert profit.realised == Decimal(100)
    assert (profit.held, profit.held_cost) == (Decimal(15), Decimal(1650))
    assert (profit.bought, profit.bought_quote) == (Decimal(20), Decimal(2200))
    assert (profit.sold, profit.sold_quote) == (Decimal(5), Decimal(650))
    assert (profit.fills_count, profit.uncovered) == (3, Decimal(0))


def test_a_loss_is_negative() -> None:
    assert profit_of((BUY, "2", "100", "0", None), (SELL, "2", "90.5", "0", None)).realised == Decimal(-19)


def test_selling_does_not_change_the_average_cost_of_the_rest() -> None:
    # Average 110; 10 of 20 sold at 110 make nothing; the rest still costs 110 each, sold at 120 it makes 100.
    profit = profit_of(
        (BUY, "10", "100", "0", None),
        (BUY, "10", "120", "0", None),
        (SELL, "10", "110", "0", None),
        (SELL, "10", "120", "0", None),
    )
    assert (profit.realised, profit.held, profit.held_cost) == (Decimal(100), Decimal(0), Decimal(0))


def test_a_fee_in_quote_is_taken_off_at_once_for_buys_and_sells() -> None:
    # 100 made, 1 and 1.3 paid.
    profit = profit_of((BUY, "10", "100", "1", "USDT"), (SELL, "10", "110", "1.3", "USDT"))
    assert (profit.realised, profit.fees_quote) == (Decimal("97.7"), Decimal("2.3"))


def test_a_fee_in_base_makes_what_was_bought_less_and_dearer() -> None:
    # 10 at 99.9 cost 999; 0.01 goes in fees, 9.99 are left at 100 each; sold at 101 they bring 1008.99.
    profit = profit_of((BUY, "10", "99.9", "0.01", "SOL"), (SELL, "9.99", "101", "0", None))
    assert profit.realised == Decimal("9.99")
    assert (profit.fees_base, profit.fees_quote) == (Decimal("0.01"), Decimal(0))
    assert (profit.held, profit.held_cost) == (Decimal(0), Decimal(0))


def test_a_fee_in_base_on_a_sell_leaves_the_holding_too() -> None:
    # 10 at 100; 4.9 sold at 110 bring 539 and 0.1 goes in fees: 5 leave, which cost 500.
    profit = profit_of((BUY, "10", "100", "0", None), (SELL, "4.9", "110", "0.1", "SOL"))
    assert (profit.realised, profit.held, profit.held_cost) == (Decimal(39), Decimal(5), Decimal(500))


def test_a_fee_in_a_third_currency_is_listed_apart() -> None:
    profit = profit_of((BUY, "10", "100", "0.2", "GT"), (SELL, "10", "110", "0.3", "GT"))
    assert (profit.realised, profit.fees_other) == (Decimal(100), {"GT": Decimal("0.5")})
    assert (profit.fees_quote, profit.fees_base) == (Decimal(0), Decimal(0))


def test_a_rebate_is_a_negative_fee() -> None:
    profit = profit_of((BUY, "10", "100", "-0.5", "USDT"), (SELL, "10", "100", "-0.5", "USDT"))
    assert (profit.realised, profit.fees_quote) == (Decimal(1), Decimal(-1))
    # 1 SOL for nothing: 11 cost 1000, and bring 1100.
    assert profit_of((BUY, "10", "100", "-1", "SOL"), (SELL, "11", "100", "0", None)).realised == Decimal(100)


def test_what_was_never_bought_on_record_has_no_known_cost_and_realises_nothing() -> None:
    # 4 of the 10 sold are covered: they bring 440 and cost 400. The other 6 bring 660.
    profit = profit_of((BUY, "4", "100", "0", None), (SELL, "10", "110", "0", None))
    assert profit.realised == Decimal(40)
    assert (profit.uncovered, profit.uncovered_quote) == (Decimal(6), Decimal(660))
    assert (profit.held, profit.held_cost) == (Decimal(0), Decimal(0))
    assert profit_of((SELL, "1", "100", "0", None)).realised == Decimal(0)


def test_fills_before_the_span_make_the_cost_but_do_not_count() -> None:
    trades: list[Trade] = [
        (BUY, "10", "100", "1", "USDT"),
        (SELL, "5", "110", "1", "USDT"),
        (SELL, "5", "120", "1", "USDT"),
    ]
    profit = profit_of(*trades, span_from=2)
    assert (profit.realised, profit.fills_count) == (Decimal(99), 1)
    assert (profit.bought, profit.sold, profit.fees_quote) == (Decimal(0), Decimal(5), Decimal(1))


def test_results_have_18_digits_behind_the_point_at_most() -> None:
    profit = profit_of((BUY, "3", "1", "0", None), (BUY, "4", "2", "0", None), (SELL, "1", "10", "0", None))
    assert str(profit.realised) == "8.428571428571428571"  # 10 - 11/7
    assert str(profit_of((BUY, "100", "100", "0", None)).held_cost) == "10000"


trades = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.decimals("0.0001", 1000, places=4).map(str),
        st.decimals("0.01", 1000, places=2).map(str),
        st.decimals("-0.00001", "0.00001", places=6).map(str),
        st.sampled_from(["USDT", "SOL", "GT", None]),
    ),
    max_size=30,
)


@given(trades)
def test_every_quote_is_accounted_for(trades: list[Trade]) -> None:
    """What came in less what went out, less fees in quote, is what was realised, what is held at cost, and the
    uncovered."""
    profit = profit_of(*trades)
    cash = profit.sold_quote - profit.bought_quote - profit.fees_quote
    assert cash == pytest.approx(profit.realised - profit.held_cost + profit.uncovered_quote, abs=Decimal("1e-12"))
    assert profit.bought - profit.sold - profit.fees_base == pytest.approx(
        profit.held - profit.uncovered, abs=Decimal("0.001")
    )
