"""WebSocket sessions: acknowledgements, errors, private events in the venue's order, public streams."""

import asyncio
import json
from typing import Any

import pytest

from .conftest import Venue
from .wire import Wire, hmac_hex

PRIVATE = ("spot.orders", "spot.usertrades", "spot.balances")


async def test_a_ping_is_answered_with_a_pong(wire: Wire, venue: Venue) -> None:
    async with wire.socket() as socket:
        await socket.send({"time": 1_760_000_000, "channel": "spot.ping"})
        assert await socket.next() == {
            "time": 1_760_000_000,
            "time_ms": venue.ms,
            "channel": "spot.pong",
            "event": "",
            "error": None,
            "result": None,
        }


async def test_a_subscription_is_acknowledged(wire: Wire, venue: Venue) -> None:
    async with wire.socket() as socket:
        ack = await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        assert ack.pop("trace_id") == ack.pop("requestId")
        assert len(ack.pop("conn_id")) == 16
        assert ack == {
            "time": 1_760_000_000,
            "time_ms": venue.ms,
            "id": 7,
            "channel": "spot.orders",
            "event": "subscribe",
            "payload": ["SOL_USDT"],
            "error": None,
            "result": {"status": "success"},
        }


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", 1),
        ("[]", 1),
        ('{"event":"subscribe"}', 1),
        ('{"channel":"spot.trades","event":"dance"}', 1),
        ('{"channel":"spot.trades","event":"subscribe","payload":"SOL_USDT"}', 1),
        ('{"channel":"spot.trades","event":"subscribe","payload":[1]}', 1),
        ('{"channel":"spot.trades","event":"subscribe"}', 2),
        ('{"channel":"spot.trades","event":"subscribe","payload":["FOO_USDT"]}', 2),
        ('{"channel":"spot.gossip","event":"subscribe","payload":["SOL_USDT"]}', 2),
        ('{"channel":"spot.candlesticks","event":"subscribe","payload":["2m","SOL_USDT"]}', 2),
        ('{"channel":"spot.order_book_update","event":"subscribe","payload":["SOL_USDT"]}', 2),
        ('{"channel":"spot.order_book_update","event":"subscribe","payload":["SOL_USDT","5s"]}', 2),
        ('{"channel":"spot.order_book","event":"subscribe","payload":["SOL_USDT","7","100ms"]}', 2),
        ('{"channel":"spot.obu","event":"subscribe","payload":["SOL_USDT"]}', 2),
        ('{"channel":"spot.trades","event":"unsubscribe","payload":["FOO_USDT"]}', 2),
        ('{"channel":"spot.balances","event":"subscribe"}', 4),
        ('{"channel":"spot.orders","event":"subscribe","payload":["SOL_USDT"],"time":1760000000}', 4),
    ],
)
async def test_a_bad_frame_is_answered_with_an_error_and_the_session_goes_on(wire: Wire, frame: str, code: int) -> None:
    async with wire.socket() as socket:
        await socket.send(frame)
        answer = await socket.next()
        assert answer["error"]["code"] == code
        assert answer["result"] == {"status": "fail"}
        assert (await socket.subscribe("spot.trades", ["SOL_USDT"]))["error"] is None


async def test_an_unknown_pair_is_named(wire: Wire) -> None:
    async with wire.socket() as socket:
        ack = await socket.subscribe("spot.trades", ["SOL_USDT", "FOO_USDT"])
        assert ack["error"] == {"code": 2, "message": "unknown currency pair: FOO_USDT"}
        await wire.order(side="sell", price="141")
        await wire.call("DELETE", "/spot/orders")
    sockets = (await wire.control("GET", "/sockets")).json
    assert all(not socket["subscriptions"] for socket in sockets)


@pytest.mark.parametrize(
    ("key", "secret", "seconds", "label"),
    [
        ("nobody", "", -61, "REQUEST_EXPIRED"),
        ("nobody", "", 0, "INVALID_KEY"),
        ("", "wrong", -61, "REQUEST_EXPIRED"),
        ("", "wrong", 0, "INVALID_SIGNATURE"),
    ],
)
async def test_a_private_subscription_must_be_signed(
    wire: Wire, key: str, secret: str, seconds: int, label: str
) -> None:
    wire.key, wire.secret = key or wire.key, secret or wire.secret
    now_s = wire.now_s
    wire.now_s = lambda: now_s() + seconds
    async with wire.socket() as socket:
        ack = await socket.subscribe("spot.orders", ["!all"], private=True)
        assert ack["error"]["code"] == 4
        assert json.loads(ack["error"]["message"])["label"] == label


async def test_the_signature_belongs_to_one_channel(wire: Wire) -> None:
    async with wire.socket() as socket:
        frame = socket.signed("spot.orders", "subscribe", ["SOL_USDT"])
        await socket.send(frame | {"channel": "spot.usertrades"})
        error = (await socket.next())["error"]
        assert json.loads(error["message"])["label"] == "INVALID_SIGNATURE"


async def private_frames(wire: Wire, until: str, act: Any) -> list[dict[str, Any]]:
    """Frames of all private channels, up to the one after the order event ``until``."""
    async with wire.socket() as socket:
        for channel, payload in zip(PRIVATE, (["SOL_USDT"], ["!all"], None), strict=True):
            await socket.subscribe(channel, payload, private=True)
        await act()
        frames: list[dict[str, Any]] = []
        while not any(f["channel"] == "spot.orders" and f["result"][0]["event"] == until for f in frames[:-1]):
            frames.append(await socket.next())
        return frames


async def test_an_order_filled_in_two_parts_is_told_in_gates_order_and_types(venue: Venue, wire: Wire) -> None:
    other = venue.wire("beta")

    async def act() -> None:
        await wire.order(text="t-desk7-000042", amount="2.5", price="141.2")
        venue.ms += 2_045
        await other.order(side="sell", amount="1.5", price="141")
        await other.order(side="sell", amount="1", price="141")

    frames = await private_frames(wire, "finish", act)
    told = [
        f"{frame['channel']} {frame['result'][0].get('change_type') or frame['result'][0].get('event') or ''}".strip()
        for frame in frames
    ]
    assert told == [
        "spot.balances order-create",
        "spot.orders put",
        "spot.usertrades",
        "spot.orders update",
        "spot.balances order-match",
        "spot.usertrades",
        "spot.orders finish",
        "spot.balances order-match",
    ]
    assert {frame["event"] for frame in frames} == {"update"}
    update = frames[3]["result"][0]
    order_id = update.pop("id")
    assert isinstance(order_id, str)
    user = update.pop("user")
    assert isinstance(user, int)
    assert update == {
        "text": "t-desk7-000042",
        "create_time": "1760000000",
        "update_time": "1760000002",
        "create_time_ms": "1760000000000",
        "update_time_ms": "1760000002045",
        "currency_pair": "SOL_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy",
        "amount": "2.5",
        "price": "141.2",
        "time_in_force": "gtc",
        "left": "1",
        "filled_total": "211.8",
        "filled_amount": "1.5",
        "avg_deal_price": "141.2",
        "fee": "0.0003",
        "fee_currency": "SOL",
        "point_fee": "0",
        "gt_fee": "0",
        "rebated_fee": "0",
        "rebated_fee_currency": "USDT",
        "event": "update",
        "stp_id": 0,
        "stp_act": "-",
        "finish_as": "open",
        "biz_info": "-",
        "amend_text": "-",
    }
    fill = frames[2]["result"][0]
    assert isinstance(fill.pop("id"), int)
    assert fill.pop("create_time_ms").startswith("1760000002045.")
    assert fill == {
        "user_id": user,
        "order_id": order_id,
        "currency_pair": "SOL_USDT",
        "create_time": 1_760_000_002,
        "side": "buy",
        "amount": "1.5",
        "role": "maker",
        "price": "141.2",
        "fee": "0.0003",
        "fee_currency": "SOL",
        "point_fee": "0",
        "gt_fee": "0",
        "text": "t-desk7-000042",
        "id_market": 1,
    }
    assert frames[4]["result"][0] == {
        "timestamp": "1760000002",
        "timestamp_ms": "1760000002045",
        "user": str(user),
        "currency": "USDT",
        "change": "-211.8",
        "total": "99788.2",
        "available": "99647",
        "freeze": "141.2",
        "freeze_change": "-211.8",
        "change_type": "order-match",
    }
    finish = frames[6]["result"][0]
    assert (finish["event"], finish["finish_as"], finish["left"]) == ("finish", "filled", "0")


async def test_a_canceled_order_is_told_with_its_money_set_free(wire: Wire) -> None:
    async def act() -> None:
        order = (await wire.order()).json
        await wire.call("DELETE", f"/spot/orders/{order['id']}", "currency_pair=SOL_USDT")

    frames = await private_frames(wire, "finish", act)
    finish, balance = frames[-2]["result"][0], frames[-1]["result"][0]
    assert (finish["event"], finish["finish_as"], finish["left"]) == ("finish", "cancelled", "1")
    assert (balance["change"], balance["freeze_change"], balance["freeze"]) == ("0", "-100", "0")


async def test_an_immediate_order_goes_straight_to_its_end(venue: Venue, wire: Wire) -> None:
    await venue.wire("beta").order(side="sell", price="100", amount="0.4")

    async def act() -> None:
        await wire.order(time_in_force="ioc")

    frames = await private_frames(wire, "finish", act)
    events = [frame["result"][0]["event"] for frame in frames if frame["channel"] == "spot.orders"]
    assert events == ["update", "finish"]


async def test_the_push_may_come_before_the_answer_to_the_request(wire: Wire) -> None:
    await wire.control("POST", "/latency", {"rest_ms": 40})
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        request = asyncio.ensure_future(wire.order(text="t-1"))
        frame = await socket.next()
        assert frame["result"][0]["text"] == "t-1"
        assert not request.done()
        assert (await request).status == 201


async def test_private_events_go_to_their_account_and_their_pairs_only(venue: Venue, wire: Wire) -> None:
    other = venue.wire("beta")
    async with wire.socket() as socket, other.socket() as other_socket:
        await socket.subscribe("spot.orders", ["BTC_USDT"], private=True)
        await other_socket.subscribe("spot.orders", ["!all"], private=True)
        await wire.order(text="t-not-told")
        await other.order(text="t-told")
        await wire.call("POST", "/spot/countdown_cancel_all", body={"timeout": 0})
        assert (await other_socket.next())["result"][0]["text"] == "t-told"
        await socket.send({"channel": "spot.ping"})
        assert (await socket.next())["channel"] == "spot.pong"


async def test_subscriptions_add_up_and_are_told_once(wire: Wire) -> None:
    async with wire.socket() as socket:
        for payload in (["SOL_USDT"], ["!all"], ["SOL_USDT", "BTC_USDT"]):
            await socket.subscribe("spot.orders", payload, private=True)
        await wire.order(text="t-1")
        await wire.order(text="t-2")
        texts = [(await socket.next())["result"][0]["text"] for _ in range(2)]
        assert texts == ["t-1", "t-2"]


async def test_two_accounts_can_share_a_session(venue: Venue, wire: Wire) -> None:
    other = venue.wire("beta")
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        frame = socket.request("spot.orders", "subscribe", ["SOL_USDT"])
        text = f"channel=spot.orders&event=subscribe&time={frame['time']}"
        auth = {"method": "api_key", "KEY": other.key, "SIGN": hmac_hex(other.secret, text)}
        await socket.send(frame | {"auth": auth})
        assert (await socket.next())["error"] is None
        await wire.order(text="t-1")
        await other.order(text="t-2")
        assert [(await socket.next())["result"][0]["text"] for _ in range(2)] == ["t-1", "t-2"]


async def test_after_unsubscribing_nothing_comes(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        await socket.subscribe("spot.trades", ["SOL_USDT"])
        for channel in ("spot.orders", "spot.trades"):
            await socket.send(socket.request(channel, "unsubscribe", ["SOL_USDT"]))
            assert (await socket.next())["result"] == {"status": "success"}
        await wire.order()
        await socket.send({"channel": "spot.ping"})
        assert (await socket.next())["channel"] == "spot.pong"


async def test_orders_v2_leaves_the_fees_out(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders_v2", ["!all"], private=True)
        await wire.order()
        frame = await socket.next()
        assert frame["channel"] == "spot.orders_v2"
        assert not {"fee", "gt_fee", "point_fee", "rebated_fee"} & set(frame["result"][0])


async def test_trades_are_told_to_the_public_with_the_takers_side(venue: Venue, wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.trades", ["SOL_USDT"])
        await wire.order(price="141.18", amount="1.5")
        await venue.wire("beta").order(side="sell", price="141", amount="1.5")
        trade = (await socket.next())["result"]
        assert isinstance(trade["id"], int)
        wanted = {"side": "sell", "currency_pair": "SOL_USDT", "amount": "1.5", "price": "141.18"}
        assert {name: trade[name] for name in wanted} == wanted
        assert (trade["create_time"], trade["id_market"]) == (1_760_000_000, 1)


async def test_the_book_ticker_is_pushed_only_when_the_top_changes(wire: Wire, venue: Venue) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.book_ticker", ["SOL_USDT"])
        await wire.order(price="100")
        first = (await socket.next())["result"]
        assert isinstance(first.pop("u"), int)
        assert first == {"t": venue.ms, "s": "SOL_USDT", "b": "100", "B": "1", "a": "", "A": ""}
        await wire.order(price="99")
        await wire.order(side="sell", price="102.5", amount="2")
        second = (await socket.next())["result"]
        assert (second["b"], second["B"], second["a"], second["A"]) == ("100", "1", "102.5", "2")
        book = await wire.get("/spot/order_book", "currency_pair=SOL_USDT&with_id=true")
        assert second["u"] <= book["id"]


async def follow_book(socket: Any, channel: str, sides: tuple[dict[str, str], dict[str, str]], last: int) -> int:
    """Applies one push of changed levels, checking that no update id is missing; returns the new last one."""
    update = (await socket.next_on(channel))["result"]
    assert update["U"] == last + 1
    for side, changes in zip(sides, (update["b"], update["a"]), strict=True):
        for price, amount in changes:
            side.pop(price, None)
            if amount != "0":
                side[price] = amount
    return int(update["u"])


async def test_book_updates_follow_a_snapshot_without_a_gap(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.order_book_update", ["SOL_USDT", "20ms"])
        snapshot = await wire.get("/spot/order_book", "currency_pair=SOL_USDT&with_id=true&limit=100")
        last, sides = snapshot["id"], (dict(snapshot["bids"]), dict(snapshot["asks"]))
        orders = [(await wire.order(price=str(90 + i))).json["id"] for i in range(3)]
        last = await follow_book(socket, "spot.order_book_update", sides, last)
        await wire.call("DELETE", f"/spot/orders/{orders[0]}", "currency_pair=SOL_USDT")
        await wire.order(side="sell", price="120", amount="3")
        while ("120", "3") not in sides[1].items():
            last = await follow_book(socket, "spot.order_book_update", sides, last)
        book = await wire.get("/spot/order_book", "currency_pair=SOL_USDT&with_id=true")
        assert (dict(book["bids"]), dict(book["asks"]), book["id"]) == (*sides, last)


async def test_a_whole_book_comes_first_and_then_its_changes(venue: Venue, wire: Wire) -> None:
    await wire.order(price="100")
    async with wire.socket() as socket, venue.wire("beta").socket() as late:
        await socket.subscribe("spot.obu", ["ob.SOL_USDT.50"])
        whole = (await socket.next())["result"]
        assert (whole["full"], whole["s"], whole["b"], whole["a"]) == (True, "ob.SOL_USDT.50", [["100", "1"]], [])
        await wire.order(price="101")
        await late.subscribe("spot.obu", ["ob.SOL_USDT.50"])
        late_whole = (await late.next())["result"]
        assert late_whole["b"] == [["101", "1"], ["100", "1"]]
        sides: tuple[dict[str, str], dict[str, str]] = ({"100": "1"}, {})
        last = await follow_book(socket, "spot.obu", sides, whole["u"])
        assert (sides[0], last) == ({"100": "1", "101": "1"}, late_whole["u"])
        again = await socket.subscribe("spot.obu", ["ob.SOL_USDT.50"])
        assert again["error"]["message"].startswith("Alert sub")


async def test_a_socket_that_ends_leaves_nothing_behind(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        (listed,) = (await wire.control("GET", "/sockets")).json
        assert listed["accounts"] == ["alpha"]
        assert listed["subscriptions"] == [{"channel": "spot.orders", "name": "SOL_USDT", "account": "alpha"}]
    while (await wire.control("GET", "/sockets")).json:
        continue
    assert (await wire.order()).status == 201
