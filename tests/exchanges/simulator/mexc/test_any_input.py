"""Whatever comes in is answered, in MEXC's form, and the exchange goes on."""

import json
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from .quiet import ORDERS, Venue

NUMBERS = ["1", "3", "100", "0.5", "141.25", "0", "-1", "1e9", "NaN", "99999999999999999999", "1.123456789", "٣"]
LIKELY = {
    "symbol": ["SOLUSDT", "SOLUSDT", "BTCUSDT", "FOOUSDT", "SOLUSDT,BTCUSDT", "SOL_USDT"],
    "symbols": ["SOLUSDT,BTCUSDT", ","],
    "side": ["BUY", "SELL", "HOLD"],
    "type": ["LIMIT", "MARKET", "LIMIT_MAKER", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL", "STOP"],
    "quantity": NUMBERS,
    "quoteOrderQty": NUMBERS,
    "price": NUMBERS,
    "newClientOrderId": ["a-1", "a-2", "no spaces", "x" * 40],
    "origClientOrderId": ["a-1", "a-2", "-"],
    "orderId": ["C02__000000912000000001", "C02__000000912000000002", "5", "C02__", "C02__٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣"],
    "stpMode": ["", "cancel_maker", "cancel_taker", "cancel_both", "none"],
    "limit": ["1", "100", "1000", "0", "many"],
    "startTime": ["0", "1760000000000", "1770000000000", "soon"],
    "endTime": ["0", "1760000000000", "1770000000000", "late"],
    "interval": ["1m", "60m", "1h", "1M"],
    "listenKey": ["0" * 64, "x"],
    "coin": ["USDT", "SOL", "FOO"],
    "netWork": ["TRX", "SOL", "ETH"],
    "address": ["somewhere"],
    "amount": NUMBERS,
    "id": [f"{2_041_773:032x}", "5"],
    "status": ["1", "9", "x"],
    "batchOrders": [
        "[]",
        '[{"symbol":"SOLUSDT","side":"BUY","type":"LIMIT","quantity":1,"price":"90"}]',
        "[1]",
        "{",
        "[{}]",
    ],
}
ENDPOINTS = [
    "POST order",
    "POST order/test",
    "POST batchOrders",
    "GET order",
    "DELETE order",
    "GET openOrders",
    "DELETE openOrders",
    "DELETE order/all",
    "GET allOrders",
    "GET myTrades",
    "GET account",
    "GET tradeFee",
    "GET exchangeInfo",
    "GET depth",
    "GET trades",
    "GET klines",
    "GET ticker/24hr",
    "POST userDataStream",
    "PUT userDataStream",
    "DELETE userDataStream",
    "POST capital/withdraw",
    "DELETE capital/withdraw",
    "GET capital/withdraw/history",
    "GET capital/deposit/hisrec",
    "PATCH order",
    "GET nothing",
]
values = st.one_of(
    *(st.tuples(st.just(name), st.sampled_from(some) | st.text(max_size=5)) for name, some in LIKELY.items())
)
STREAMS = [ORDERS, "spot@public.aggre.depth.v3.api.pb@100ms@SOLUSDT", "spot@", "@", ""]
requests = st.tuples(st.sampled_from(ENDPOINTS), st.lists(values, max_size=8))


@given(st.lists(requests, max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_request_is_answered_in_mexcs_form(asked: list[tuple[str, list[tuple[str, str]]]]) -> None:
    venue = Venue()
    client = venue.client()
    for client_id in ("a-1", "a-2"):
        assert client.order(newClientOrderId=client_id).status == 200
    for endpoint, given_values in asked:
        method, _, path = endpoint.partition(" ")
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given_values)
        reply = client.call(method, path, query)
        assert reply.status < 500, reply.json
        assert reply.status == 200 or set(reply.json) == {"code", "msg"}
    assert client.call("GET", "account").status == 200


@given(st.binary(max_size=60), st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_query_and_body_are_answered(body: bytes, query: str) -> None:
    client = Venue().client()
    reply = client.send("POST", "order", query, body=body)
    assert 400 <= reply.status < 500
    assert set(reply.json) == {"code", "msg"}


frames = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["SUBSCRIPTION", "UNSUBSCRIPTION", "PING", "LOGIN", ""]) | st.integers(),
        "params": st.lists(st.sampled_from(STREAMS) | st.text(max_size=9), max_size=4) | st.none(),
        "id": st.integers(min_value=0, max_value=9) | st.text(max_size=3),
    }
)


@given(st.lists(frames, max_size=12), st.lists(st.text(max_size=30) | st.binary(max_size=30), max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_frame_is_answered_and_the_session_goes_on(asked: list[object], junk: list[str | bytes]) -> None:
    venue = Venue()
    client = venue.client()
    session, link = client.socket()
    for frame in [*junk, *(json.dumps(frame) for frame in asked)]:
        before = len(link.texts)
        session.receive(frame)
        assert len(link.texts) > before
    client.order()
    venue.time.advance(3)
    session.receive('{"method":"PING"}')
    assert link.answers[-1] == "PONG"
    session.gone()
    sent = len(link.raw)
    client.call("DELETE", "order/all")
    venue.time.advance(100)
    assert len(link.raw) == sent
