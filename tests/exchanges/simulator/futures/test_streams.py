"""What sockets of the face of futures tell, in which order and form."""

import json
from decimal import Decimal
from typing import Any

import pytest

from .quiet import FUTURES, Client, Link, Venue

PRIVATE = ("futures.orders", "futures.usertrades", "futures.positions", "futures.balances", "futures.position_closes")


@pytest.fixture
def venue() -> Venue:
    return Venue()


def told(link: Link) -> list[str]:
    """The channels of what was pushed, in order."""
    return [frame["channel"] for frame in link.frames if frame["event"] == "update"]


def refusal(link: Link) -> tuple[int, str]:
    error = link.frames[-1]["error"]
    return error["code"], error["message"]


def test_the_life_of_an_order_and_its_position(venue: Venue) -> None:
    client = venue.client()
    _, link = client.private(*PRIVATE)
    order_id = client.order(text="t-life", price="140", size=6).json["id"]
    venue.control("POST", f"/orders/{order_id}/fill", {"amount": "2"})
    venue.control("POST", f"/orders/{order_id}/fill")
    client.at_market(-6, reduce_only=True)
    assert told(link) == [
        "futures.orders",
        *("futures.usertrades", "futures.orders", "futures.balances", "futures.positions"),
        *("futures.usertrades", "futures.orders", "futures.balances", "futures.positions"),
        # closed at the price at which it was opened: no profit to be booked, only the fee
        *("futures.usertrades", "futures.orders", "futures.balances", "futures.positions", "futures.position_closes"),
    ]
    mine = [row for row in link.on("futures.orders") if row["id"] == order_id]
    assert [(row["status"], row["left"], row["finish_as"], row["update_id"]) for row in mine] == [
        ("open", 6, "open", 1),
        ("open", 4, "open", 2),
        ("finished", 0, "filled", 3),
    ]
    assert mine[-1]["fill_price"] == 140
    assert (mine[-1]["user"], mine[-1]["stp_id"]) == (client.user, "0")
    positions = link.on("futures.positions")
    assert [(row["size"], row["update_id"]) for row in positions] == [(2, 1), (6, 2), (0, 3)]
    assert not {"mark_price", "unrealised_pnl"} & positions[0].keys()
    fills = link.on("futures.usertrades")
    assert [(row["size"], row["close_size"]) for row in fills] == [(2, 0), (4, 0), (-6, -6)]
    assert all(isinstance(row["id"], str) for row in fills)
    (closed,) = link.on("futures.position_closes")
    assert (closed["side"], closed["pnl"], closed["contract"]) == ("long", Decimal("-0.588"), "SOL_USDT")
    balances = link.on("futures.balances")
    assert [(row["type"], row["change"]) for row in balances] == [
        ("fee", Decimal("-0.056")),
        ("fee", Decimal("-0.112")),
        ("fee", Decimal("-0.42")),
    ]
    assert balances[0]["text"] == f"SOL_USDT:{order_id}"
    assert balances[-1]["balance"] == Decimal("99999.412")


def test_profit_funding_and_transfers_are_told_as_what_they_are(venue: Venue) -> None:
    client = venue.client()
    client.at_market(10)
    _, link = client.private("futures.balances")
    venue.control("POST", "/funding/SOL_USDT", {"rate": "0.001"})
    venue.control("POST", "/accounts/alpha/deposit", {"currency": "USDT", "amount": "5"})
    client.at_market(-10)
    rows = [(row["type"], row["change"], row["text"].partition(":")[0]) for row in link.on("futures.balances")]
    assert rows == [
        ("fund", Decimal("-1.41"), "SOL_USDT"),
        ("dnw", 5, "-"),
        ("pnl", -20, "SOL_USDT"),
        ("fee", Decimal("-0.7"), "SOL_USDT"),
    ]


def test_a_liquidation_is_told_with_what_it_ended(venue: Venue) -> None:
    client = venue.client()
    client.at_market(100)
    client.call("POST", f"{FUTURES}/positions/SOL_USDT/leverage", "leverage=20")
    waiting = client.order(size=-5, price="160", reduce_only=True).json["id"]
    _, link = client.private(*PRIVATE, "futures.liquidates")
    assert Decimal(client.position()["liq_price"]) == pytest.approx(Decimal("135.58"))
    venue.prices("135.59")
    assert told(link) == []
    venue.prices("135.57")
    ended, taken = link.on("futures.orders")
    assert (ended["id"], ended["finish_as"], ended["is_liq"]) == (waiting, "liquidate_cancelled", False)
    assert (taken["text"], taken["is_liq"], taken["finish_as"], taken["size"]) == ("liquidation", True, "filled", -100)
    (row,) = link.on("futures.liquidates")
    assert (row["size"], row["order_id"], row["mark_price"]) == (100, taken["id"], Decimal("135.57"))
    assert [each["size"] for each in link.on("futures.positions")] == [0]
    assert client.get("/position_close")[0]["text"] == "liquidation"
    assert client.get(f"/orders/{waiting}")["finish_as"] == "liquidated"
    # all of its margin is gone, and nothing else
    assert Decimal(client.get("/accounts")["total"]) == pytest.approx(100_000 - 710 - Decimal("7.1"))


def test_who_is_deleveraged_is_told_so(venue: Venue) -> None:
    loser, winner = venue.client("alpha"), venue.client("beta")
    venue.market(bid=None, ask=None)
    loser.call("POST", f"{FUTURES}/positions/SOL_USDT/leverage", "leverage=20")
    winner.order(size=-100, price="141")
    loser.order(size=100, price="141", tif="ioc")
    _, link = winner.private("futures.orders", "futures.auto_deleverages")
    venue.prices("130")
    (order,) = link.on("futures.orders")
    assert (order["text"], order["finish_as"]) == ("auto_deleveraging", "auto_deleveraged")
    (row,) = link.on("futures.auto_deleverages")
    assert (row["trade_size"], row["position_size"], row["order_id"]) == (100, 0, order["id"])
    assert (winner.position()["size"], loser.position()["size"]) == (0, 0)
    assert len(winner.get("/auto_deleverages")) == 1


def test_sizes_go_out_as_each_session_wants_them(venue: Venue) -> None:
    venue.control("POST", "/prices/ETH_USDT", {"mark": "3000"})
    plain, decimal = venue.client(), Client(venue, decimal=True)
    (_, whole), (_, exact) = plain.private("futures.orders"), decimal.private("futures.orders")
    decimal.order(contract="ETH_USDT", size="2.7", price="3000")
    assert [row["size"] for row in whole.on("futures.orders")] == [2]
    assert [row["size"] for row in exact.on("futures.orders")] == ["2.7"]


def test_private_payloads_begin_with_the_user(venue: Venue) -> None:
    client, other = venue.client(), venue.client("beta")
    for payload in (["!all"], [other.user, "!all"], [client.user], [client.user, "FOO_USDT"], []):
        _, link = client.socket(("futures.orders", payload))
        code, message = refusal(link)
        assert code == 2, payload
        assert (message == "unknown contract FOO_USDT") is (payload[1:] == ["FOO_USDT"])
    _, link = client.socket(("futures.orders", [client.user, "SOL_USDT"]), ("futures.balances", [client.user]))
    assert [frame["result"] for frame in link.frames] == [{"status": "success"}] * 2
    client.order(contract="ETH_USDT", price="3200", size=1)
    client.order()
    assert [row["contract"] for row in link.on("futures.orders")] == ["SOL_USDT"]
    stranger = venue.client()
    stranger.secret = "wrong"
    _, link = stranger.private("futures.orders")
    code, message = refusal(link)
    assert (code, json.loads(message)["label"]) == (4, "INVALID_SIGNATURE")


def test_public_channels(venue: Venue) -> None:
    client = venue.client()
    _, link = client.socket(
        ("futures.book_ticker", ["SOL_USDT"]),
        ("futures.tickers", ["SOL_USDT"]),
        ("futures.trades", ["SOL_USDT"]),
        ("futures.candlesticks", ["1m", "SOL_USDT"]),
        ("futures.order_book_update", ["SOL_USDT", "100ms", "20"]),
        ("futures.order_book", ["SOL_USDT", "5", "0"]),
    )
    before = client.get("/order_book", "contract=SOL_USDT&with_id=true")
    client.at_market(5)
    client.order(price="141", size=3)
    venue.time.advance(3)
    top = link.on("futures.book_ticker")[-1]
    assert (top["b"], top["B"], top["a"], top["A"]) == ("141", 3, "142", 995)
    (trade,) = link.on("futures.trades")
    assert (trade["size"], trade["price"]) == (5, "142")
    ticker = link.on("futures.tickers")[-1]
    assert (ticker["last"], ticker["mark_price"], ticker["funding_interval"]) == ("142", "141", 28_800)
    candle = link.on("futures.candlesticks")[-1]
    assert (candle["c"], candle["v"], candle["n"]) == ("142", 5, "1m_SOL_USDT")
    updates = link.on("futures.order_book_update")
    assert updates[0]["U"] == before["id"] + 1
    assert updates[-1]["u"] == before["id"] + 2
    assert {"p": "141", "s": 3} in updates[-1]["b"]
    assert link.on("futures.order_book")[-1]["bids"][0] == {"p": "141", "s": 3}


@pytest.mark.parametrize(
    ("channel", "payload"),
    [
        ("futures.tickers", ["SOL_USDT", "FOO_USDT"]),
        ("futures.order_book_update", ["SOL_USDT", "20ms", "100"]),
        ("futures.candlesticks", ["2m", "SOL_USDT"]),
        ("futures.nothing", ["SOL_USDT"]),
        ("futures.book_ticker", []),
        ("spot.orders", ["SOL_USDT"]),
    ],
)
def test_what_is_not_there_is_refused(venue: Venue, channel: str, payload: list[str]) -> None:
    _, link = venue.client().socket((channel, payload))
    assert refusal(link)[0] == 2
    assert link.frames[-1]["result"] == {"status": "fail"}


def test_pings_and_frames_that_mean_nothing(venue: Venue) -> None:
    session, link = venue.client().socket()
    session.receive('{"time":1760000000,"channel":"futures.ping"}')
    assert link.frames[-1]["channel"] == "futures.pong"
    for junk in ("", "[]", '{"channel":7}', '{"channel":"futures.login","event":"api","payload":{}}', "\x00"):
        session.receive(junk)
        assert link.frames[-1]["error"]["code"] == 1
    frame: dict[str, Any] = {"time": 1, "channel": "spot.ping"}
    session.receive(json.dumps(frame))
    assert link.frames[-1]["error"]["code"] == 1
