"""Public endpoints: pairs, tickers, books, trades and candles."""

import re

import pytest

from .conftest import Venue
from .wire import Reply, Wire


@pytest.fixture
async def traded(venue: Venue, wire: Wire) -> Wire:
    """A book of two bids and two asks on SOL_USDT, after two trades a minute apart."""
    other = venue.wire("beta")
    await other.order(side="sell", price="141", amount="1")
    await wire.order(price="141", amount="1")
    venue.ms += 60_000
    await other.order(side="buy", price="140", amount="2")
    await wire.order(side="sell", price="140", amount="2")
    for side, price, amount in (
        ("buy", "139.55", "1"),
        ("buy", "139.51", "2"),
        ("sell", "141.11", "3"),
        ("sell", "141.19", "4"),
    ):
        await other.order(side=side, price=price, amount=amount)
    return wire


async def test_a_pair_tells_its_rules_with_gates_types(wire: Wire) -> None:
    pairs = await wire.get("/spot/currency_pairs")
    assert [pair["id"] for pair in pairs] == ["BTC_USDT", "ETH_USDT", "SOL_USDT", "PEPE_USDT"]
    sol = await wire.get("/spot/currency_pairs/SOL_USDT")
    assert sol == pairs[2]
    wanted = {"min_base_amount": "0.001", "min_quote_amount": "3", "amount_precision": 3, "precision": 2}
    assert {name: sol[name] for name in wanted} == wanted
    assert (sol["max_base_amount"], sol["trade_status"], sol["sell_start"]) == (None, "tradable", 0)
    assert (await wire.get("/spot/currency_pairs/FOO_USDT"))["label"] == "INVALID_CURRENCY_PAIR"


async def test_currencies_tell_their_chains(wire: Wire) -> None:
    currencies = await wire.get("/spot/currencies")
    assert [currency["currency"] for currency in currencies] == ["BTC", "USDT", "ETH", "SOL", "PEPE"]
    usdt = await wire.get("/spot/currencies/USDT")
    assert usdt == currencies[1]
    assert [chain["name"] for chain in usdt["chains"]] == ["TRX", "ETH"]
    assert (await wire.get("/spot/currencies/FOO"))["label"] == "INVALID_CURRENCY"


async def test_a_ticker_sums_up_the_day(traded: Wire) -> None:
    (ticker,) = await traded.get("/spot/tickers", "currency_pair=SOL_USDT")
    assert ticker == {
        "currency_pair": "SOL_USDT",
        "last": "140",
        "lowest_ask": "141.11",
        "highest_bid": "139.55",
        "change_percentage": "-0.71",
        "base_volume": "3",
        "quote_volume": "421",
        "high_24h": "141",
        "low_24h": "140",
        "lowest_size": "3",
        "highest_size": "1",
    }
    everything = await traded.get("/spot/tickers")
    assert len(everything) == 4
    assert "lowest_size" not in everything[2]
    assert everything[0]["lowest_ask"] == ""


async def test_a_book_gives_levels_best_first_and_its_update_id(traded: Wire, venue: Venue) -> None:
    book = await traded.get("/spot/order_book", "currency_pair=SOL_USDT&with_id=true&limit=1")
    assert book["asks"] == [["141.11", "3"]]
    assert book["bids"] == [["139.55", "1"]]
    assert isinstance(book["id"], int)
    assert book["current"] == venue.ms
    later = await traded.get("/spot/order_book", "currency_pair=SOL_USDT&with_id=true")
    assert later["id"] == book["id"]
    await traded.order(price="139.51", amount="5")
    after = await traded.get("/spot/order_book", "currency_pair=SOL_USDT&with_id=true")
    assert after["id"] == book["id"] + 1
    assert after["bids"] == [["139.55", "1"], ["139.51", "7"]]
    assert "id" not in await traded.get("/spot/order_book", "currency_pair=SOL_USDT")


async def test_a_book_can_be_merged_to_steps_away_from_the_spread(traded: Wire) -> None:
    book = await traded.get("/spot/order_book", "currency_pair=SOL_USDT&interval=0.1")
    assert (book["asks"], book["bids"]) == ([["141.2", "7"]], [["139.5", "3"]])


async def test_trades_are_listed_newest_first(traded: Wire, venue: Venue) -> None:
    trades = await traded.get("/spot/trades", "currency_pair=SOL_USDT")
    assert [(trade["side"], trade["price"], trade["amount"]) for trade in trades] == [
        ("sell", "140", "2"),
        ("buy", "141", "1"),
    ]
    assert re.fullmatch(r"1760000060000\.\d{6}", trades[0]["create_time_ms"])
    assert trades[0]["create_time"] == "1760000060"
    before = await traded.get("/spot/trades", f"currency_pair=SOL_USDT&last_id={trades[0]['id']}&reverse=true")
    after = await traded.get("/spot/trades", f"currency_pair=SOL_USDT&last_id={trades[1]['id']}&to=1")
    assert (before, after) == (trades[1:], trades[:1])
    assert await traded.get("/spot/trades", "currency_pair=SOL_USDT&limit=1") == trades[:1]
    assert await traded.get("/spot/trades", "currency_pair=SOL_USDT&to=1760000001") == trades[1:]


async def test_candles_are_listed_oldest_first_and_quiet_ones_are_flat(traded: Wire, venue: Venue) -> None:
    venue.ms += 120_000
    candles = await traded.get("/spot/candlesticks", "currency_pair=SOL_USDT&interval=1m")
    assert candles == [
        ["1759999980", "141", "141", "141", "141", "141", "1", "true"],
        ["1760000040", "280", "140", "141", "140", "141", "2", "true"],
        ["1760000100", "0", "140", "140", "140", "140", "0", "true"],
        ["1760000160", "0", "140", "140", "140", "140", "0", "false"],
    ]
    ranged = "currency_pair=SOL_USDT&interval=1m&from=1760000040&to=1760000100"
    assert await traded.get("/spot/candlesticks", ranged) == candles[1:3]
    assert await traded.get("/spot/candlesticks", "currency_pair=SOL_USDT&interval=1m&limit=1") == candles[-1:]
    first_ones = "currency_pair=SOL_USDT&interval=1m&from=1760000040&limit=2"
    assert await traded.get("/spot/candlesticks", first_ones) == candles[1:3]
    last_ones = "currency_pair=SOL_USDT&interval=1m&to=1760000101&limit=2"
    assert await traded.get("/spot/candlesticks", last_ones) == candles[1:3]
    assert await traded.get("/spot/candlesticks", "currency_pair=BTC_USDT") == []


async def test_a_time_of_a_thousand_candles_is_answered_whole_and_a_longer_one_refused(
    traded: Wire, venue: Venue
) -> None:
    venue.ms += 1_200 * 60_000
    first_s = 1_760_000_100

    async def ask(intervals: int) -> Reply:
        span = f"from={first_s}&to={first_s + intervals * 60}"
        return await traded.call("GET", "/spot/candlesticks", f"currency_pair=SOL_USDT&interval=1m&{span}")

    rows = (await ask(999)).json
    assert [int(row[0]) for row in rows] == list(range(first_s, first_s + 60_000, 60))
    refused = await ask(1_000)
    assert (refused.status, refused.label) == (400, "INVALID_PARAM_VALUE")
    assert refused.json["message"] == "Candlestick range too broad. Maximum 1000 data points are allowed per request"
    until = f"currency_pair=SOL_USDT&interval=1m&to={first_s + 999 * 60}"
    assert len(await traded.get("/spot/candlesticks", until)) == 100


@pytest.mark.parametrize(
    ("path", "query", "label"),
    [
        ("/spot/order_book", "", "MISSING_REQUIRED_PARAM"),
        ("/spot/order_book", "currency_pair=FOO_USDT", "INVALID_CURRENCY_PAIR"),
        ("/spot/order_book", "currency_pair=SOL_USDT&limit=0", "INVALID_PARAM_VALUE"),
        ("/spot/order_book", "currency_pair=SOL_USDT&limit=ten", "INVALID_PARAM_VALUE"),
        ("/spot/order_book", "currency_pair=SOL_USDT&with_id=yes", "INVALID_PARAM_VALUE"),
        ("/spot/order_book", "currency_pair=SOL_USDT&currency_pair=BTC_USDT", "INVALID_PARAM_VALUE"),
        ("/spot/trades", "currency_pair=SOL_USDT&limit=1001", "INVALID_PARAM_VALUE"),
        ("/spot/candlesticks", "currency_pair=SOL_USDT&interval=2m", "INVALID_PARAM_VALUE"),
        ("/spot/candlesticks", "currency_pair=SOL_USDT&limit=5&from=1759999000&to=1760000000", "INVALID_PARAM_VALUE"),
        ("/spot/candlesticks", "currency_pair=SOL_USDT&interval=10s&from=1759800000", "INVALID_PARAM_VALUE"),
        ("/spot/tickers", "currency_pair=FOO_USDT", "INVALID_CURRENCY_PAIR"),
    ],
)
async def test_wrong_parameters_are_refused(wire: Wire, path: str, query: str, label: str) -> None:
    reply = await wire.call("GET", path, query, signed=False)
    assert (reply.status, reply.label) == (400, label)
