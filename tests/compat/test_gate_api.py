"""Gate's own Python SDK, unchanged but for its URL, against the embedded exchange."""

import time
from decimal import Decimal
from typing import Any

import gate_api
import pytest
from gate_api.exceptions import GateApiException

from .conftest import Exchange

PAIR = "SOL_USDT"


def api_of(exchange: Exchange, number: int = 0, **wrong: str) -> Any:
    account = exchange.accounts[number] | wrong
    configuration = gate_api.Configuration(
        host=exchange.endpoints["gateio"]["rest"], key=account["key"], secret=account["secret"]
    )
    return gate_api.ApiClient(configuration)


@pytest.fixture(scope="module")
def spot(exchange: Exchange) -> Any:
    return gate_api.SpotApi(api_of(exchange))


@pytest.fixture(scope="module")
def wallet(exchange: Exchange) -> Any:
    return gate_api.WalletApi(api_of(exchange))


def order(text: str, **fields: str) -> Any:
    terms = {"currency_pair": PAIR, "side": "buy", "amount": "1", "price": "100", "type": "limit", "account": "spot"}
    return gate_api.Order(**{**terms, "text": text, **fields})


def refusal(spot: Any, wrong: Any) -> str:
    with pytest.raises(GateApiException) as refused:
        spot.create_order(wrong)
    return str(refused.value.label)


def test_what_anybody_may_ask(spot: Any) -> None:
    assert {pair.id for pair in spot.list_currency_pairs()} == {"BTC_USDT", "ETH_USDT", "SOL_USDT", "PEPE_USDT"}
    assert spot.get_currency_pair(PAIR).min_quote_amount == "3"
    assert {"SOL", "USDT"} <= {currency.currency for currency in spot.list_currencies()}
    assert spot.get_currency("SOL").name == "Solana"
    assert abs(spot.get_system_time().server_time - time.time() * 1000) < 5_000
    (ticker,) = spot.list_tickers(currency_pair=PAIR)
    assert (ticker.highest_bid, ticker.lowest_ask) == ("140", "142")
    book = spot.list_order_book(PAIR, limit=5, with_id=True)
    assert (book.bids, book.asks) == ([["140", "1000"]], [["142", "1000"]])
    assert book.id > 0


def test_trades_and_candles_reach_back_before_the_start(spot: Any) -> None:
    newest = spot.list_trades("BTC_USDT", limit=10)
    assert len(newest) == 10
    later = spot.list_trades("BTC_USDT", last_id=newest[-1].id)
    assert {trade.id for trade in newest[:-1]} <= {trade.id for trade in later}
    earlier = spot.list_trades("BTC_USDT", last_id=newest[0].id, reverse=True, limit=1000)
    assert all(int(trade.id) < int(newest[0].id) for trade in earlier)
    for interval, length_s in (("1m", 60), ("1h", 3_600), ("1d", 86_400)):
        candles = spot.list_candlesticks(PAIR, interval=interval, limit=1000)
        starts = [int(candle[0]) for candle in candles]
        assert starts == list(range(starts[0], starts[0] + 1000 * length_s, length_s))
        for candle in candles:
            close, high, low, opened = map(Decimal, candle[2:6])
            assert low <= min(opened, close) <= max(opened, close) <= high
        ranged = spot.list_candlesticks(PAIR, interval=interval, _from=starts[100], to=starts[700])
        assert len(ranged) == 601


def test_an_order_lives_from_creation_to_cancel(spot: Any) -> None:
    placed = spot.create_order(order("t-sdk-1"))
    assert (placed.status, placed.text, placed.left) == ("open", "t-sdk-1", "1")
    assert spot.get_order(placed.id, PAIR).price == spot.get_order("t-sdk-1", PAIR).price == "100"
    assert placed.id in {each.id for each in spot.list_orders(PAIR, "open")}
    assert placed.id in {each.id for pair in spot.list_all_open_orders() for each in pair.orders}
    amended = spot.amend_order(placed.id, gate_api.OrderPatch(currency_pair=PAIR, price="101", account="spot"))
    assert (amended.id, amended.price) == (placed.id, "101")
    assert spot.cancel_order(placed.id, PAIR).status == "cancelled"
    assert placed.id in {each.id for each in spot.list_orders(PAIR, "finished")}


def test_an_order_trades_and_the_account_book_shows_it(spot: Any, wallet: Any) -> None:
    before = Decimal(wallet.get_total_balance(currency="USDT").total.amount)
    bought = spot.create_order(order("t-sdk-2", price="142", time_in_force="ioc"))
    assert (bought.status, bought.finish_as, bought.filled_amount) == ("closed", "filled", "1")
    fills = spot.list_my_trades(currency_pair=PAIR, order_id=bought.id)
    assert [(fill.side, fill.role, fill.price, fill.text) for fill in fills] == [("buy", "taker", "142", "t-sdk-2")]
    (balance,) = spot.list_spot_accounts(currency="SOL")
    newest = spot.list_spot_account_book(currency="SOL", limit=2)
    assert Decimal(newest[0].balance) == Decimal(balance.available) + Decimal(balance.locked)
    paid = spot.list_spot_account_book(currency="USDT", limit=1)
    assert Decimal(paid[0].change) == -142
    after = Decimal(wallet.get_total_balance(currency="USDT").total.amount)
    assert before / 2 < after < before * 2, "worth what the last prices make of it"


def test_batches_answer_for_each(spot: Any) -> None:
    placed = spot.create_batch_orders([order("t-sdk-3"), order("t-sdk-4", amount="0.00001")])
    assert [(each.succeeded, each.text) for each in placed] == [(True, "t-sdk-3"), (False, "t-sdk-4")]
    assert (placed[0].order_id, placed[1].label) == (placed[0].id, "INVALID_PRECISION")
    change = gate_api.BatchAmendItem(order_id=placed[0].id, currency_pair=PAIR, price="99")
    (amended,) = spot.amend_batch_orders([change])
    assert (amended.succeeded, amended.order_id, amended.price) == (True, placed[0].id, "99")
    (canceled,) = spot.cancel_batch_orders([gate_api.CancelBatchOrder(currency_pair=PAIR, id=placed[0].id)])
    assert (canceled.succeeded, canceled.id) == (True, placed[0].id)
    for number in (5, 6):
        spot.create_order(order(f"t-sdk-{number}"))
    ended = spot.cancel_orders(currency_pair=PAIR, side="buy", account="spot")
    assert [(each.succeeded, each.label, each.message) for each in ended] == [(True, "", ""), (True, "", "")]


def test_a_dead_mans_switch_is_set_and_taken_back(spot: Any) -> None:
    for timeout in (30, 0):
        task = gate_api.CountdownCancelAllSpotTask(timeout=timeout, currency_pair=PAIR)
        assert bool(int(spot.countdown_cancel_all_spot(task).trigger_time)) is bool(timeout)


def test_a_price_triggered_order_is_placed_when_the_price_comes(spot: Any, exchange: Exchange) -> None:
    def waiting(price: str, rule: str, text: str) -> Any:
        return gate_api.SpotPriceTriggeredOrder(
            trigger=gate_api.SpotPriceTrigger(price=price, rule=rule, expiration=3600),
            put=gate_api.SpotPricePutOrder(
                type="limit", side="buy", price="100", amount="1", account="normal", time_in_force="gtc", text=text
            ),
            market=PAIR,
        )

    reached = spot.create_spot_price_triggered_order(waiting("142", ">=", "t-sdk-7")).id
    other = spot.create_spot_price_triggered_order(waiting("10", "<=", "t-sdk-8")).id
    assert {each.id for each in spot.list_spot_price_triggered_orders("open", market=PAIR)} == {reached, other}
    spot.create_order(order("t-sdk-9", price="142", time_in_force="ioc"))
    deadline_s = time.monotonic() + 10
    while (fired := spot.get_spot_price_triggered_order(reached)).status != "finish":
        assert time.monotonic() < deadline_s, fired
    assert spot.get_order(str(fired.fired_order_id), PAIR).text == "t-sdk-7"
    assert spot.cancel_spot_price_triggered_order(other).status == "cancelled"
    assert {each.id for each in spot.list_spot_price_triggered_orders("finished")} >= {reached, other}
    assert spot.cancel_spot_price_triggered_order_list(market=PAIR) == []
    spot.cancel_orders(currency_pair=PAIR)


def test_fees_and_wallet(spot: Any, wallet: Any, exchange: Exchange) -> None:
    assert spot.get_fee(currency_pair=PAIR).taker_fee == "0.0005"
    assert set(spot.get_batch_spot_fee("SOL_USDT,BTC_USDT")) == {"SOL_USDT", "BTC_USDT"}
    assert wallet.get_trade_fee(currency_pair=PAIR).maker_fee == "0.0002"
    assert wallet.get_deposit_address("USDT").currency == "USDT"
    assert wallet.list_withdrawals() == []
    with pytest.raises(GateApiException, match="there is no futures account here"):
        wallet.transfer(gate_api.Transfer(currency="USDT", _from="spot", to="futures", amount="1", settle="usdt"))
    detail = gate_api.AccountApi(api_of(exchange)).get_account_detail()
    assert detail.user_id > 0


@pytest.mark.parametrize(
    ("wrong", "status", "label"),
    [({"key": "nobody"}, 401, "INVALID_KEY"), ({"secret": "wrong"}, 401, "INVALID_SIGNATURE")],
)
def test_who_is_nobody_is_refused(exchange: Exchange, wrong: dict[str, str], status: int, label: str) -> None:
    with pytest.raises(GateApiException) as refused:
        gate_api.SpotApi(api_of(exchange, **wrong)).list_spot_accounts()
    assert (refused.value.status, refused.value.label) == (status, label)


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"amount": "1000000"}, "AMOUNT_TOO_MUCH"),
        ({"amount": "20000"}, "BALANCE_NOT_ENOUGH"),
        ({"amount": "0.01"}, "INVALID_PARAM_VALUE"),
        ({"currency_pair": "FOO_USDT"}, "INVALID_CURRENCY_PAIR"),
        ({"text": "mine"}, "INVALID_PARAM_VALUE"),
    ],
)
def test_a_wrong_order_is_refused_under_its_label(spot: Any, fields: dict[str, str], label: str) -> None:
    wrong = order("t-sdk-10", **fields) if "text" not in fields else order(**fields)
    refused = refusal(spot, wrong)
    while refused == "TOO_MANY_REQUESTS":  # ten orders a second
        refused = refusal(spot, wrong)
    assert refused == label
    with pytest.raises(GateApiException) as unknown:
        spot.get_order("1", PAIR)
    assert (unknown.value.status, unknown.value.label) == (404, "ORDER_NOT_FOUND")
