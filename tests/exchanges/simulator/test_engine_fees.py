"""In which currencies fills are paid for. Makers pay 0.1 %, takers 0.2 %; a GT is worth 10 USDT."""

from decimal import Decimal

import pytest

from exchanges.simulator.core.config import FeeScheme
from exchanges.simulator.core.orders import Fill
from exchanges.simulator.core.rules import plain

from .market import BUY, SELL, SmallMarket

Parts = tuple[str, ...]


def parts(fill: Fill) -> Parts:
    """In what was received, in GT, in points, and what came back."""
    return tuple(plain(part) for part in (fill.fee, fill.gt_fee, fill.point_fee, fill.rebated_fee))


def trade(market: SmallMarket, amount: str = "1") -> tuple[Fill, Fill]:
    """Lets bob, the taker, sell to ann, the maker, at 100."""
    market.limit("ann", BUY, amount, "100")
    market.limit("bob", SELL, amount, "100")
    return market.engine.accounts["ann"].fills[-1], market.engine.accounts["bob"].fills[-1]


@pytest.mark.parametrize(
    ("scheme", "maker", "taker"),
    [
        (FeeScheme.RECEIVED, ("0.001", "0", "0", "0"), ("0.2", "0", "0", "0")),
        (FeeScheme.GT, ("0", "0.01", "0", "0"), ("0", "0.02", "0", "0")),
        (FeeScheme.POINTS, ("0", "0", "0.1", "0"), ("0", "0", "0.2", "0")),
        (FeeScheme.SPLIT, ("0.0005", "0.005", "0", "0"), ("0.1", "0.01", "0", "0")),
        (FeeScheme.REBATE, ("0", "0", "0", "0.1"), ("0.2", "0", "0", "0")),
        (FeeScheme.ZERO, ("0", "0", "0", "0"), ("0", "0", "0", "0")),
    ],
)
def test_each_scheme_has_its_parts(scheme: FeeScheme, maker: Parts, taker: Parts) -> None:
    market = SmallMarket(gt="1", fees=(scheme,))
    bought, sold = trade(market)
    assert (parts(bought), parts(sold)) == (maker, taker)
    assert (bought.fee_currency, bought.rebated_fee_currency) == ("SOL", "USDT")
    assert (sold.fee_currency, sold.rebated_fee_currency) == ("USDT", "SOL")
    assert [market.balance("ann", currency)[0] for currency in ("SOL", "USDT", "GT")] == [
        101 - bought.fee,
        99_900 + bought.rebated_fee,
        1 - bought.gt_fee,
    ]
    assert [market.balance("bob", currency)[0] for currency in ("SOL", "USDT", "GT")] == [
        99 + sold.rebated_fee,
        100_100 - sold.fee,
        1 - sold.gt_fee,
    ]


def test_when_gt_runs_out_the_fee_is_taken_from_what_is_received() -> None:
    market = SmallMarket(gt="0.015", fees=(FeeScheme.GT,))
    assert parts(trade(market)[0]) == ("0", "0.01", "0", "0")
    assert parts(trade(market)[0]) == ("0.001", "0", "0", "0")
    assert market.balance("ann", "GT") == (Decimal("0.005"), Decimal(0))


def test_an_account_without_gt_pays_from_what_it_receives_and_shows_no_gt() -> None:
    market = SmallMarket(fees=(FeeScheme.SPLIT,))
    assert parts(trade(market)[0]) == ("0.001", "0", "0", "0")
    assert "GT" not in market.engine.ledger.balances("ann")


def test_the_last_gt_pays_its_share_of_a_split_fee() -> None:
    market = SmallMarket(gt="0.0025", fees=(FeeScheme.SPLIT,))
    assert parts(trade(market)[0]) == ("0.00075", "0.0025", "0", "0")
    assert market.balance("ann", "GT") == (Decimal(0), Decimal(0))


def test_the_schemes_take_turns_from_fill_to_fill_of_one_order() -> None:
    market = SmallMarket(gt="1", fees=(FeeScheme.RECEIVED, FeeScheme.GT, FeeScheme.REBATE))
    order = market.limit("ann", BUY, "4", "100")
    for _ in range(4):
        market.limit("bob", SELL, "1", "100")
    assert [parts(fill) for fill in order.fills] == [
        ("0.001", "0", "0", "0"),
        ("0", "0.01", "0", "0"),
        ("0", "0", "0", "0.1"),
        ("0.001", "0", "0", "0"),
    ]
    assert (order.fee, order.gt_fee, order.rebated_fee) == (Decimal("0.002"), Decimal("0.01"), Decimal("0.1"))


def test_fees_in_gt_and_rebates_are_told_after_the_match() -> None:
    market = SmallMarket(gt="1", fees=(FeeScheme.GT, FeeScheme.REBATE))
    market.limit("ann", BUY, "2", "100")
    market.limit("bob", SELL, "1", "100")
    market.limit("bob", SELL, "1", "100")
    told = [event for event in market.told.events if event[:2] == ("balances", "ann")]
    assert told[-4:] == [
        ("balances", "ann", "order_matched", ("USDT", "-100", "-100"), ("SOL", "1", "0")),
        ("balances", "ann", "fee", ("GT", "-0.01", "0")),
        ("balances", "ann", "order_matched", ("USDT", "-100", "-100"), ("SOL", "1", "0")),
        ("balances", "ann", "rebate", ("USDT", "0.1", "0")),
    ]
