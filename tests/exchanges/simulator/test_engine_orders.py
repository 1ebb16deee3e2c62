"""What becomes of each kind of order."""

from decimal import Decimal

import pytest

from exchanges.simulator.core.orders import Finish, SelfTrade, TimeInForce
from exchanges.simulator.core.rules import Reason, RefusedError

from .market import BUY, SELL, SmallMarket

IOC = TimeInForce.IMMEDIATE_OR_CANCEL
FOK = TimeInForce.FILL_OR_KILL
POST_ONLY = TimeInForce.POST_ONLY


@pytest.fixture
def market() -> SmallMarket:
    return SmallMarket()


def refused(error: pytest.ExceptionInfo[RefusedError]) -> Reason:
    return error.value.reason


def test_a_limit_order_waits_with_its_money_locked(market: SmallMarket) -> None:
    order = market.limit("ann", BUY, "2.5", "141.20")
    assert order.is_open
    assert market.balance("ann", "USDT") == (Decimal("99647"), Decimal("353"))


def test_a_buyer_pays_the_makers_price_and_gets_the_surplus_back(market: SmallMarket) -> None:
    market.limit("ann", SELL, "1", "140")
    order = market.limit("bob", BUY, "1", "150")
    assert order.finish is Finish.FILLED
    assert order.average_price == Decimal(140)
    assert market.balance("bob", "USDT") == (Decimal("99860"), Decimal(0))


def test_fees_are_taken_from_what_each_side_receives(market: SmallMarket) -> None:
    maker = market.limit("ann", SELL, "2", "100")
    taker = market.limit("bob", BUY, "2", "100")
    assert (taker.fee, taker.receives) == (Decimal("0.004"), "SOL")
    assert (maker.fee, maker.receives) == (Decimal("0.2"), "USDT")
    assert market.balance("bob", "SOL")[0] == Decimal("101.996")
    assert market.balance("ann", "USDT")[0] == Decimal("100199.8")
    assert market.engine.ledger.fees == {"SOL": Decimal("0.004"), "USDT": Decimal("0.2")}


def test_the_better_price_trades_first_and_then_the_older_order(market: SmallMarket) -> None:
    late_but_better = market.limit("ann", SELL, "1", "101")
    first = market.limit("ann", SELL, "1", "100.5")
    second = market.limit("ann", SELL, "1", "100.5")
    market.limit("bob", BUY, "1.4", "101")
    assert first.finish is Finish.FILLED
    assert second.filled_base == Decimal("0.4")
    assert late_but_better.filled_base == 0


def test_a_market_buy_spends_quote_and_ends_filled_with_the_dust_left(market: SmallMarket) -> None:
    market.limit("ann", SELL, "10", "141")
    order = market.market("bob", BUY, "100")
    assert order.finish is Finish.FILLED
    assert order.filled_base == Decimal("0.709")
    assert order.remaining == Decimal("0.031")
    assert market.balance("bob", "USDT") == (Decimal("99900.031"), Decimal(0))


def test_the_dust_of_a_market_buy_may_end_it_as_canceled() -> None:
    market = SmallMarket(dust_cancels=True)
    market.limit("ann", SELL, "10", "141")
    order = market.market("bob", BUY, "100")
    assert (order.finish, order.filled_base) == (Finish.CANCELED, Decimal("0.709"))
    assert market.balance("bob", "USDT") == (Decimal("99900.031"), Decimal(0))
    exact = market.market("bob", BUY, "141")
    assert exact.finish is Finish.FILLED


def test_a_market_sell_takes_level_after_level(market: SmallMarket) -> None:
    market.limit("ann", BUY, "1", "141")
    market.limit("ann", BUY, "1", "140")
    order = market.market("bob", SELL, "2")
    assert (order.finish, order.average_price) == (Finish.FILLED, Decimal("140.5"))


def test_a_market_order_ends_where_the_book_runs_dry(market: SmallMarket) -> None:
    market.limit("ann", BUY, "1", "141")
    order = market.market("bob", SELL, "2")
    assert (order.finish, order.filled_base, order.remaining) == (Finish.BOOK_RAN_DRY, 1, 1)
    assert market.balance("bob", "SOL") == (Decimal(99), Decimal(0))


def test_an_ioc_order_takes_what_there_is_and_never_waits(market: SmallMarket) -> None:
    market.limit("ann", SELL, "1", "141")
    order = market.limit("bob", BUY, "3", "141", time_in_force=IOC)
    assert (order.finish, order.filled_base) == (Finish.IMMEDIATE_REST, 1)
    assert market.balance("bob", "USDT") == (Decimal("99859"), Decimal(0))
    assert not market.engine.markets["SOL_USDT"].book.bids


@pytest.mark.parametrize("amount", ["2.001", "5"])
def test_a_fok_order_that_cannot_fill_whole_is_refused_and_trades_nothing(market: SmallMarket, amount: str) -> None:
    market.limit("ann", SELL, "2", "141")
    with pytest.raises(RefusedError) as error:
        market.limit("bob", BUY, amount, "141", time_in_force=FOK)
    assert refused(error) is Reason.CANNOT_FILL
    assert market.told.trades == []
    assert market.balance("bob", "USDT") == (Decimal(100_000), Decimal(0))


def test_a_fok_order_fills_whole_over_several_levels(market: SmallMarket) -> None:
    market.limit("ann", SELL, "1", "140")
    market.limit("ann", SELL, "1", "141")
    assert market.limit("bob", BUY, "2", "141", time_in_force=FOK).finish is Finish.FILLED


def test_a_market_fok_buy_needs_the_whole_quote_amount_in_the_book(market: SmallMarket) -> None:
    market.limit("ann", SELL, "1", "140")
    with pytest.raises(RefusedError) as error:
        market.market("bob", BUY, "141", time_in_force=FOK)
    assert refused(error) is Reason.CANNOT_FILL
    assert market.market("bob", BUY, "140", time_in_force=FOK).finish is Finish.FILLED


@pytest.mark.parametrize(("side", "price"), [(BUY, "141"), (BUY, "150"), (SELL, "140"), (SELL, "3")])
def test_a_post_only_order_that_would_take_is_refused(market: SmallMarket, side: object, price: str) -> None:
    market.limit("ann", SELL, "1", "141")
    market.limit("ann", BUY, "1", "140")
    with pytest.raises(RefusedError) as error:
        market.limit("bob", BUY if side is BUY else SELL, "1", price, time_in_force=POST_ONLY)
    assert refused(error) is Reason.WOULD_TAKE


def test_a_post_only_order_inside_the_spread_waits(market: SmallMarket) -> None:
    market.limit("ann", SELL, "1", "141")
    assert market.limit("bob", BUY, "1", "140.99", time_in_force=POST_ONLY).is_open


def test_canceling_frees_exactly_what_is_still_locked(market: SmallMarket) -> None:
    order = market.limit("ann", BUY, "2", "141")
    market.limit("bob", SELL, "0.5", "141")
    market.engine.cancel(order)
    assert order.finish is Finish.CANCELED
    assert market.balance("ann", "USDT") == (Decimal("99929.5"), Decimal(0))


def test_an_ended_order_cannot_be_canceled_again(market: SmallMarket) -> None:
    cancelled = market.engine.cancel(market.limit("ann", BUY, "1", "100"))
    market.limit("ann", SELL, "1", "141")
    filled = market.limit("bob", BUY, "1", "141")
    for order, reason in ((cancelled, Reason.ORDER_CANCELLED), (filled, Reason.ORDER_FILLED)):
        with pytest.raises(RefusedError) as error:
            market.engine.cancel(order)
        assert refused(error) is reason


def test_cancel_all_takes_only_the_side_that_is_asked_for(market: SmallMarket) -> None:
    bid = market.limit("ann", BUY, "1", "140")
    ask = market.limit("ann", SELL, "1", "150")
    other = market.limit("bob", BUY, "1", "139")
    assert market.engine.cancel_all("ann", side=BUY) == [bid]
    assert ask.is_open
    assert other.is_open
    assert market.engine.cancel_all("ann", pair="SOL_USDT") == [ask]


@pytest.mark.parametrize(
    ("amount", "price", "reason"),
    [
        ("0.0005", "141", Reason.PRECISION),
        ("1", "141.001", Reason.PRECISION),
        ("0.02", "141", Reason.BELOW_QUOTE_MINIMUM),
        ("1000", "141", Reason.ABOVE_MAXIMUM),
        ("0", "141", Reason.INVALID_VALUE),
        ("1", "0", Reason.INVALID_VALUE),
        ("800", "125", Reason.NOT_ENOUGH_FUNDS),
    ],
)
def test_an_order_against_the_rules_of_its_pair_is_refused(amount: str, price: str, reason: Reason) -> None:
    market = SmallMarket(usdt="99999")
    with pytest.raises(RefusedError) as error:
        market.limit("ann", BUY, amount, price)
    assert refused(error) is reason
    assert market.balance("ann", "USDT") == (Decimal(99_999), Decimal(0))
    assert market.told.events == []


def test_the_text_of_an_open_order_cannot_be_used_again(market: SmallMarket) -> None:
    order = market.limit("ann", BUY, "1", "100", text="t-1")
    with pytest.raises(RefusedError) as error:
        market.limit("ann", BUY, "1", "100", text="t-1")
    assert refused(error) is Reason.REPEATED_TEXT
    assert market.limit("bob", BUY, "1", "100", text="t-1").is_open
    market.engine.cancel(order)
    assert market.limit("ann", BUY, "1", "100", text="t-1").is_open


def test_an_order_never_trades_with_its_own_account(market: SmallMarket) -> None:
    resting = market.limit("ann", SELL, "1", "141")
    newest = market.limit("ann", BUY, "1", "141")
    assert (newest.finish, resting.is_open) == (Finish.SELF_TRADE, True)
    oldest = market.limit("ann", BUY, "1", "141", self_trade=SelfTrade.CANCEL_OLDEST)
    assert (oldest.is_open, resting.finish) == (True, Finish.SELF_TRADE)
    both = market.limit("ann", SELL, "1", "141", self_trade=SelfTrade.CANCEL_BOTH)
    assert (both.finish, oldest.finish) == (Finish.SELF_TRADE, Finish.SELF_TRADE)
    assert market.told.trades == []
    assert market.balance("ann", "SOL") == (Decimal(100), Decimal(0))
    assert market.balance("ann", "USDT") == (Decimal(100_000), Decimal(0))


def test_where_it_is_allowed_an_account_trades_with_itself_under_one_trade_id() -> None:
    market = SmallMarket(self_trades_allowed=True)
    sell = market.limit("ann", SELL, "1", "141")
    buy = market.limit("ann", BUY, "1", "141", time_in_force=FOK)
    assert (sell.finish, buy.finish) == (Finish.FILLED, Finish.FILLED)
    (trade,) = market.told.trades
    halves = market.engine.accounts["ann"].fills
    assert [(fill.trade_id, fill.order_id, fill.side) for fill in halves] == [
        (trade.id, buy.id, BUY),
        (trade.id, sell.id, SELL),
    ]
    assert market.balance("ann", "SOL") == (Decimal(100) - buy.fee, Decimal(0))


def test_an_order_that_asks_for_self_trade_prevention_has_it_where_self_trades_are_allowed() -> None:
    market = SmallMarket(self_trades_allowed=True)
    market.limit("ann", SELL, "1", "141")
    assert market.limit("ann", BUY, "1", "141", self_trade=SelfTrade.CANCEL_NEWEST).finish is Finish.SELF_TRADE
    assert market.told.trades == []


def test_the_house_fills_a_waiting_order_at_its_price_or_better(market: SmallMarket) -> None:
    market.limit("bob", BUY, "1", "142")
    order = market.limit("ann", BUY, "2", "141")
    market.engine.fill_from_house(order, amount=Decimal("0.5"))
    assert (order.filled_quote, order.is_open) == (Decimal("70.5"), True)
    with pytest.raises(RefusedError, match="outside the order's limit"):
        market.engine.fill_from_house(order, price=Decimal("141.01"))
    with pytest.raises(RefusedError, match="at most"):
        market.engine.fill_from_house(order, amount=Decimal("1.6"))
    market.engine.fill_from_house(order, price=Decimal(140))
    assert (order.finish, order.filled_quote) == (Finish.FILLED, Decimal("280.5"))


def test_a_withdrawal_takes_only_what_is_available(market: SmallMarket) -> None:
    market.limit("ann", SELL, "60", "141")
    with pytest.raises(RefusedError) as error:
        market.engine.withdraw("ann", "SOL", Decimal("40.001"))
    assert refused(error) is Reason.NOT_ENOUGH_FUNDS
    market.engine.withdraw("ann", "SOL", Decimal(40))
    assert market.balance("ann", "SOL") == (Decimal(0), Decimal(60))


def test_an_order_filled_in_two_parts_is_told_in_the_venues_order(market: SmallMarket) -> None:
    market.limit("ann", BUY, "2", "141")
    market.limit("bob", SELL, "0.5", "141")
    market.limit("bob", SELL, "1.5", "141")
    assert market.told.kinds("ann") == [
        "balances order_placed",
        "order put",
        "fill",
        "order update",
        "balances order_matched",
        "fill",
        "order finish",
        "balances order_matched",
    ]
    paid_and_received = ("USDT", "-70.5", "-70.5"), ("SOL", "0.4995", "0")
    assert ("balances", "ann", "order_matched", *paid_and_received) in market.told.events


def test_ids_rise_strictly(market: SmallMarket) -> None:
    orders = [market.limit("ann", BUY, "1", "100") for _ in range(5)]
    assert [order.id for order in orders] == sorted({order.id for order in orders})
    for _ in range(3):
        market.limit("bob", SELL, "0.5", "100")
    ids = [trade.id for trade in market.told.trades]
    assert len(ids) == 3
    assert ids == sorted(set(ids))
