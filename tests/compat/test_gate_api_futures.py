"""Gate's own Python SDK on futures, unchanged but for its URL, against the face of futures."""

import time
from typing import Any

import gate_api
import pytest
from gate_api.exceptions import GateApiException

from .conftest import Exchange

PAIR, USDT = "SOL_USDT", "usdt"


@pytest.fixture(scope="module")
def futures(exchange: Exchange) -> Any:
    account = exchange.futures["accounts"][1]
    configuration = gate_api.Configuration(host=exchange.futures["rest"], key=account["key"], secret=account["secret"])
    return gate_api.FuturesApi(gate_api.ApiClient(configuration))


def order(text: str, size: str, **fields: Any) -> Any:
    return gate_api.FuturesOrder(**{"contract": PAIR, "size": size, "price": "130", "text": text, **fields})


def refused(call: Any, *arguments: Any, **fields: Any) -> str:
    with pytest.raises(GateApiException) as error:
        call(*arguments, **fields)
    return str(error.value.label)


def test_what_anybody_may_ask(futures: Any) -> None:
    contracts = futures.list_futures_contracts(USDT)
    assert {each.name for each in contracts} == {"BTC_USDT", "ETH_USDT", "SOL_USDT", "PEPE_USDT"}
    sol = futures.get_futures_contract(USDT, PAIR)
    assert (sol.quanto_multiplier, sol.order_size_min, sol.enable_decimal) == ("0.01", "1", False)
    assert sol.funding_next_apply > time.time()
    assert futures.get_futures_contract(USDT, "ETH_USDT").order_size_min == "0"
    book = futures.list_futures_order_book(USDT, PAIR, with_id=True)
    assert [(level.p, level.s) for level in book.bids] == [("140", "10000")]
    (ticker,) = futures.list_futures_tickers(USDT, contract=PAIR)
    assert (ticker.mark_price, ticker.index_price) == ("141", "141")
    assert futures.list_futures_trades(USDT, "BTC_USDT")
    assert futures.list_futures_candlesticks(USDT, "BTC_USDT", interval="1m")
    assert futures.list_futures_funding_rate_history(USDT, PAIR)[0].r == "0.0001"
    tiers = futures.list_futures_risk_limit_tiers(USDT, contract=PAIR)
    assert [tier.leverage_max for tier in tiers] == ["100", "50", "20"]
    assert refused(futures.get_futures_contract, USDT, "FOO_USDT") == "CONTRACT_NOT_FOUND"


def test_an_order_lives_from_creation_to_cancel(futures: Any) -> None:
    placed = futures.create_futures_order(USDT, order("t-sdk-f1", "20"))
    assert (placed.status, placed.left, placed.text) == ("open", "20", "t-sdk-f1")
    assert futures.get_futures_order(USDT, str(placed.id)).id == futures.get_futures_order(USDT, "t-sdk-f1").id
    assert placed.id in {each.id for each in futures.list_futures_orders(USDT, "open", contract=PAIR)}
    patch = gate_api.FuturesOrderAmendment(size="25", price="131")
    amended = futures.amend_futures_order(USDT, str(placed.id), patch)
    assert (amended.size, amended.price) == ("25", "131")
    ended = futures.cancel_futures_order(USDT, str(placed.id))
    assert (ended.status, ended.finish_as, ended.left) == ("finished", "cancelled", "25")
    assert placed.id in {each.id for each in futures.list_futures_orders(USDT, "finished", contract=PAIR)}
    assert placed.id in {each.id for each in futures.get_orders_with_time_range(USDT, contract=PAIR)}
    assert refused(futures.cancel_futures_order, USDT, str(placed.id)) == "ORDER_FINISHED"


def test_a_position_is_opened_changed_and_closed(futures: Any) -> None:
    assert refused(futures.get_position, USDT, "PEPE_USDT") == "POSITION_NOT_FOUND"
    before = futures.list_futures_accounts(USDT)
    futures.create_futures_order(USDT, order("t-sdk-f2", "-40", price="0", tif="ioc"))
    held = futures.get_position(USDT, PAIR)
    assert (held.size, held.entry_price, held.mode, held.leverage) == ("-40", "140", "single", "0")
    assert held.unrealised_pnl == "-0.4"
    changed = futures.update_position_leverage(USDT, PAIR, "4")
    assert changed is not None
    assert futures.get_position(USDT, PAIR).margin == "14"
    futures.update_position_margin(USDT, PAIR, "1.5")
    assert futures.get_position(USDT, PAIR).margin == "15.5"
    assert [each.contract for each in futures.list_positions(USDT, holding=True)] == [PAIR]
    account = futures.list_futures_accounts(USDT)
    assert (account.position_mode, account.isolated_position_margin) == ("single", "15.5")
    closing = futures.create_futures_order(USDT, order("t-sdk-f3", "0", price="0", tif="ioc", close=True))
    assert (closing.finish_as, closing.is_close, closing.size) == ("filled", True, "40")
    (trade,) = [each for each in futures.get_my_trades(USDT, contract=PAIR) if each.text == "t-sdk-f3"]
    assert (trade.size, trade.close_size, trade.order_id) == ("40", "40", str(closing.id))
    (same,) = [each for each in futures.get_my_trades_with_time_range(USDT, contract=PAIR) if each.text == "t-sdk-f3"]
    assert same.trade_id == str(trade.id)
    closed = futures.list_position_close(USDT, contract=PAIR)[0]
    assert (closed.side, closed.pnl_pnl, closed.accum_size) == ("short", "-0.8", "40")
    kinds = {each.type for each in futures.list_futures_account_book(USDT, contract=PAIR)}
    assert {"fee", "pnl"} <= kinds
    after = futures.list_futures_accounts(USDT)
    lost = 0.8 + 40 * 0.01 * (140 + 142) * 0.0005
    assert float(after.total) == pytest.approx(float(before.total) - lost)
    futures.update_position_leverage(USDT, PAIR, "0", cross_leverage_limit="10")
    assert futures.get_position(USDT, PAIR).cross_leverage_limit == "10"


def test_several_at_once_and_what_cancels_them(futures: Any) -> None:
    batch = [order(f"t-sdk-b{i}", size) for i, size in enumerate(("1", "2", "1000001"))]
    rows = futures.create_batch_futures_order(USDT, batch)
    assert [(row.succeeded, row.label) for row in rows] == [(True, None), (True, None), (False, "SIZE_TOO_LARGE")]
    told = futures.cancel_batch_future_orders(USDT, [str(rows[0].id), "1"])
    assert [row.succeeded for row in told] == [True, False]
    assert len(futures.cancel_futures_orders(USDT, contract=PAIR, side="ask")) == 0
    assert len(futures.cancel_futures_orders(USDT, contract=PAIR, side="bid")) == 1
    timer = futures.countdown_cancel_all_futures(USDT, gate_api.CountdownCancelAllFuturesTask(timeout=30))
    assert timer.trigger_time > time.time() * 1000
    assert (
        futures.countdown_cancel_all_futures(USDT, gate_api.CountdownCancelAllFuturesTask(timeout=0)).trigger_time == 0
    )


def test_two_positions_side_by_side(futures: Any) -> None:
    assert futures.set_dual_mode(USDT, True).position_mode == "dual"
    try:
        futures.create_futures_order(USDT, order("t-sdk-d1", "10", price="0", tif="ioc"))
        futures.create_futures_order(USDT, order("t-sdk-d2", "-5", price="0", tif="ioc"))
        both = futures.get_dual_mode_position(USDT, PAIR)
        assert [(each.mode, each.size) for each in both] == [("dual_long", "10"), ("dual_short", "-5")]
        for text, auto in (("t-sdk-d3", "close_long"), ("t-sdk-d4", "close_short")):
            futures.create_futures_order(USDT, order(text, "0", price="0", tif="ioc", auto_size=auto))
        assert futures.list_positions(USDT, holding=True) == []
    finally:
        assert futures.set_dual_mode(USDT, False).in_dual_mode is False


def test_orders_that_wait_for_a_price(futures: Any) -> None:
    initial = gate_api.FuturesInitialOrder(contract=PAIR, amount="5", price="100", tif="gtc")
    trigger = gate_api.FuturesPriceTrigger(strategy_type=0, price_type=1, price="150", rule=1, expiration=600)
    body = gate_api.FuturesPriceTriggeredOrder(initial=initial, trigger=trigger)
    made = futures.create_price_triggered_order(USDT, body)
    assert made.id_string == str(made.id)
    found = futures.get_price_triggered_order(USDT, str(made.id))
    assert (found.status, found.trigger.price, found.trigger.price_type) == ("open", "150", 1)
    assert [each.id for each in futures.list_price_triggered_orders(USDT, "open")] == [made.id]
    assert futures.cancel_price_triggered_order(USDT, str(made.id)).finish_as == "cancelled"
    assert futures.cancel_price_triggered_order_list(USDT, contract=PAIR) == []


def test_fees_and_refusals(futures: Any) -> None:
    assert futures.get_futures_fee(USDT, contract=PAIR)[PAIR].taker_fee == "0.0005"
    for wrong, label in (
        (order("t-sdk-r1", "0"), "INVALID_PARAM_VALUE"),
        (order("t-sdk-r2", "1.5"), "INVALID_PARAM_VALUE"),
        (order("t-sdk-r3", "1", price="0"), "INVALID_PARAM_VALUE"),
        (order("t-sdk-r4", "1", contract="FOO_USDT"), "CONTRACT_NOT_FOUND"),
        (order("t-sdk-r5", "1", price="100"), "PRICE_TOO_DEVIATED"),
        (order("t-sdk-r6", "0", price="0", tif="ioc", auto_size="close_long"), "INVALID_PARAM_VALUE"),
        (order("mine", "1"), "INVALID_PARAM_VALUE"),
    ):
        assert refused(futures.create_futures_order, USDT, wrong) == label
