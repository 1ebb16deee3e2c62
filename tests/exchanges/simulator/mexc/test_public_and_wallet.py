"""Public endpoints, money, and what an address and an account may ask (docs/venues/mexc.md)."""

import pytest

from exchanges.simulator import AccountConfig, PairConfig, RateLimits
from exchanges.simulator.core.rules import Decimal
from exchanges.simulator.faults.refusals import AllowanceShared

from .quiet import BALANCES, Client, Reply, Venue

WITHDRAWAL = "coin=USDT&address=T1&amount=25"


@pytest.fixture
def venue() -> Venue:
    opened = Venue()
    opened.market()
    return opened


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def public(client: Client, path: str, query: str = "") -> Reply:
    return client.send("GET", path, query, x_mexc_apikey="")


def test_the_rules_of_a_market_have_the_names_that_mislead(client: Client) -> None:
    (row,) = public(client, "exchangeInfo", "symbol=SOLUSDT").json["symbols"]
    assert (row["status"], row["isSpotTradingAllowed"], row["tradeSideType"]) == ("1", True, 1)
    assert (row["baseSizePrecision"], row["quoteAmountPrecision"]) == ("0.001", "3")  # the minimums
    assert (row["baseAssetPrecision"], row["quotePrecision"]) == (3, 2)  # the decimals
    assert (row["makerCommission"], row["takerCommission"]) == ("0.0002", "0.0005")
    assert row["orderTypes"] == ["LIMIT", "MARKET", "LIMIT_MAKER"]
    two = public(client, "exchangeInfo", "symbols=SOLUSDT,BTCUSDT").json["symbols"]
    assert [row["symbol"] for row in two] == ["SOLUSDT", "BTCUSDT"]
    assert public(client, "exchangeInfo", "symbol=NOSUCH").code == -1121


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"trade_status": "untradable"}, ("2", False, 4)),
        ({"trade_status": "buyable"}, ("1", True, 2)),
        ({"trade_status": "sellable"}, ("1", True, 3)),
        ({"buy_start_s": 1_760_000_100}, ("1", True, 3)),
        ({"buy_start_s": 1_760_000_100, "sell_start_s": 1_760_000_100}, ("1", False, 4)),
    ],
)
def test_a_market_says_which_orders_it_takes(
    venue: Venue, client: Client, change: dict[str, object], expected: tuple[str, bool, int]
) -> None:
    venue.control("POST", "/markets/SOL_USDT", change)
    (row,) = public(client, "exchangeInfo", "symbol=SOLUSDT").json["symbols"]
    assert (row["status"], row["isSpotTradingAllowed"], row["tradeSideType"]) == expected


def test_markets_come_and_go(venue: Venue, client: Client) -> None:
    rules = PairConfig(
        id="NEW_USDT",
        start_price=Decimal(1),
        price_precision=4,
        amount_precision=2,
        min_base_amount=Decimal("0.01"),
    )
    venue.exchange.listings.add(rules)
    assert "NEWUSDT" in public(client, "defaultSymbols").json["data"]
    assert client.order(symbol="NEWUSDT", quantity="100", price="0.5").status == 200
    venue.exchange.listings.remove("NEW_USDT")
    assert public(client, "depth", "symbol=NEWUSDT").code == -1121
    assert client.get("openOrders") == []


def test_books_trades_tickers_and_candles(venue: Venue, client: Client) -> None:
    book = public(client, "depth", "symbol=SOLUSDT").json
    assert (book["bids"], book["asks"]) == ([["140", "10"]], [["142", "10"]])
    client.order(price="142", quantity="2")
    (trade,) = public(client, "trades", "symbol=SOLUSDT").json
    assert (trade["id"], trade["price"], trade["qty"], trade["isBuyerMaker"]) == (None, "142", "2", False)
    assert (trade["tradeType"], trade["quoteQty"]) == ("BID", "284")
    assert public(client, "ticker/price", "symbol=SOLUSDT").json == {"symbol": "SOLUSDT", "price": "142"}
    top = public(client, "ticker/bookTicker", "symbol=SOLUSDT").json
    assert (top["bidPrice"], top["askQty"]) == ("140", "8")
    assert len(public(client, "ticker/24hr").json) == 4
    (candle,) = public(client, "klines", "symbol=SOLUSDT&interval=60m").json
    assert len(candle) == 8
    assert candle[1:6] == ["142", "142", "142", "142", "2"]
    assert candle[6] - candle[0] == 3_600_000
    assert public(client, "klines", "symbol=SOLUSDT&interval=1h").code == 33333
    assert public(client, "nothing").status == 404


def test_the_version_of_a_book_grows_with_it(client: Client) -> None:
    before = public(client, "depth", "symbol=SOLUSDT").json["lastUpdateId"]
    client.order(price="139")
    assert public(client, "depth", "symbol=SOLUSDT").json["lastUpdateId"] == before + 1


def test_an_account_is_its_balances_that_are_not_zero(venue: Venue, client: Client) -> None:
    client.order(price="100")
    rows = {row["asset"]: row for row in client.get("account")["balances"]}
    assert (rows["USDT"]["free"], rows["USDT"]["locked"]) == ("99900", "100")
    client.order(side="SELL", type="MARKET", price="", quantity="10")
    venue.control("POST", "/accounts/alpha/deposit", {"currency": "BTC", "amount": "1"})
    assert {row["asset"] for row in client.get("account")["balances"]} == {"USDT", "SOL", "BTC"}


def test_fee_rates_are_numbers_there(client: Client) -> None:
    answer = client.get("tradeFee", "symbol=SOLUSDT")
    assert answer["code"] == 0
    assert answer["data"] == {"makerCommission": 0.0002, "takerCommission": 0.0005}


def test_a_withdrawal_goes_its_way(venue: Venue, client: Client) -> None:
    (usdt,) = [coin for coin in client.get("capital/config/getall") if coin["coin"] == "USDT"]
    assert [network["netWork"] for network in usdt["networkList"]] == ["TRX", "ETH"]
    sent = client.call("POST", "capital/withdraw", f"{WITHDRAWAL}&netWork=TRX&withdrawOrderId=w-1").json
    (row,) = client.get("capital/withdraw/history", "coin=USDT")
    assert (row["id"], row["status"], row["amount"], row["withdrawOrderId"]) == (sent["id"], 1, "25", "w-1")
    venue.time.advance(10)
    (row,) = client.get("capital/withdraw/history")
    assert (row["status"], bool(row["txId"])) == (7, True)
    assert client.call("DELETE", "capital/withdraw", f"id={sent['id']}").code == 22222


def test_a_withdrawal_that_waits_is_canceled(client: Client) -> None:
    sent = client.call("POST", "capital/withdraw", f"{WITHDRAWAL}&network=Tron%28TRC20%29").json
    assert client.call("DELETE", "capital/withdraw", f"id={sent['id']}").json == sent
    (row,) = client.get("capital/withdraw/history", "status=9")
    assert row["id"] == sent["id"]
    assert {row["asset"]: row["free"] for row in client.get("account")["balances"]}["USDT"] == "100000"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("coin=NOSUCH&netWork=TRX&address=T1&amount=25", 10232),
        ("coin=USDT&netWork=SOL&address=T1&amount=25", 33333),
        ("coin=USDT&netWork=TRX&address=T1&amount=0", 10102),
        ("coin=USDT&netWork=TRX&address=T1&amount=1", 10097),
        ("coin=USDT&netWork=TRX&address=T1&amount=25.123456789", 10096),
        ("coin=USDT&netWork=TRX&address=T1&amount=100001", 10101),
        ("coin=USDT&netWork=TRX&amount=25", 44444),
    ],
)
def test_a_bad_withdrawal_is_refused_with_its_code(client: Client, query: str, code: int) -> None:
    assert client.call("POST", "capital/withdraw", query).code == code


def test_a_key_may_not_be_allowed_to_withdraw() -> None:
    account = AccountConfig(name="alpha", balances=BALANCES, withdrawals_allowed=False)
    client = Venue(accounts=(account,)).client()
    assert client.call("POST", "capital/withdraw", "coin=USDT&netWork=TRX&address=T1&amount=25").code == 700007
    assert client.get("account")["canWithdraw"] is False


LIMITS = RateLimits()


def test_all_weights_of_an_address_are_one_pool() -> None:
    venue = Venue(rate_limits=LIMITS)
    clients = [venue.client(), venue.client("beta")]
    for client in clients:
        for _ in range(6):
            assert public(client, "exchangeInfo").status == 200
    refused = public(clients[0], "ping")
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, 429, "10")
    assert clients[1].order().status == 200  # has no weight
    venue.time.advance(10)
    assert public(clients[0], "ping").status == 200


def test_placing_and_canceling_share_twelve_calls_a_second() -> None:
    venue = Venue(rate_limits=LIMITS)
    client = venue.client()
    assert [client.order().status for _ in range(11)] == [200] * 11
    assert client.call("DELETE", "openOrders", "symbol=SOLUSDT").status == 200
    assert client.call("DELETE", "order/all").status == 429
    assert venue.client("beta").order().status == 200
    assert client.get("openOrders") == []
    venue.time.advance(1)
    assert client.order().status == 200


def test_an_account_has_twenty_calls_a_second() -> None:
    client = Venue(rate_limits=LIMITS).client()
    assert [client.call("GET", "uid").status for _ in range(21)] == [200] * 20 + [429]


def test_another_program_may_spend_the_same_limits() -> None:
    venue = Venue(rate_limits=LIMITS)
    client = venue.client()
    venue.fault(AllowanceShared(account="alpha", more=11))
    assert [client.order().status, client.order().status] == [200, 429]


def test_limits_can_be_off() -> None:
    client = Venue(rate_limits=RateLimits(enabled=False)).client()
    assert {client.order(quantity="0.05").status for _ in range(30)} == {200}
    assert {public(client, "exchangeInfo").status for _ in range(20)} == {200}
