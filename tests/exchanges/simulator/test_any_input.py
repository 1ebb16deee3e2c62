"""Whatever comes in is answered, in the form of whom it came to, and the exchange goes on."""

import hashlib
import hmac
import json
from random import Random
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.simulator import Exchange, HttpRequest, HttpResponse, RateLimits
from tests.exchanges.simulator.wire import HANDSHAKE

from .clocks import START_MS, VirtualTime
from .conftest import QUIET
from .links import MemoryLink
from .wire import hmac_hex


def words(text: str) -> list[str]:
    return text.split()


PAIRS = ["SOL_USDT", "SOL_USDT", "SOL_USDT", "BTC_USDT", "FOO_USDT"]
NUMBERS = ["1", "3", "100", "0.5", "141.25", "0", "-1", "1e9", "NaN", "99999999999999999999", "1.123456789"]
SECONDS = ["0", "1759990000", "1760000000", "1760009999", "soon"]
LIKELY = {
    "currency_pair": PAIRS,
    "currency_pairs": ["SOL_USDT", "SOL_USDT,BTC_USDT", ","],
    "currency": ["USDT", "SOL", "FOO"],
    "status": ["open", "finished", "done"],
    "side": ["buy", "sell", "hold"],
    "type": ["limit", "market", "stop"],
    "account": ["spot", "spot", "margin"],
    "time_in_force": ["gtc", "ioc", "poc", "fok", "gtd"],
    "amount": NUMBERS,
    "price": NUMBERS,
    "text": ["t-1", "t-2", "t-", "mine"],
    "amend_text": ["t-1", "mine"],
    "stp_act": ["cn", "co", "cb", "-", "ab"],
    "action_mode": ["ACK", "RESULT", "FULL", "NONE"],
    "iceberg": ["0", "1", "much"],
    "id": ["912000000001", "912000000002", "t-1", "5", "-"],
    "order_id": ["912000000001", "912000000002", "t-1", "5", "-"],
    "limit": ["1", "2", "100", "1000", "0", "many"],
    "page": ["1", "2", "0", "999999"],
    "offset": ["0", "1", "-1"],
    "interval": ["10s", "1m", "30d", "0", "0.1", "2m"],
    "with_id": ["true", "false", "maybe"],
    "reverse": ["true", "false"],
    "last_id": ["0", "7744001", "x"],
    "timezone": ["utc0", "utc8", "all", "cet"],
    "from": SECONDS,
    "to": SECONDS,
    "timeout": ["0", "5", "x"],
    "chain": ["TRX", "SOL", "ETH"],
    "address": ["somewhere", ""],
    "withdraw_order_id": ["w-1", "w-2"],
}
ENDPOINTS = {
    "POST /spot/orders": "currency_pair side amount price type time_in_force text stp_act action_mode iceberg account",
    "POST /spot/batch_orders": "currency_pair side amount price type time_in_force text",
    "PATCH /spot/orders/912000000001": "currency_pair amount price amend_text account",
    "PATCH /spot/orders/t-1": "currency_pair amount price action_mode",
    "POST /spot/amend_batch_orders": "order_id currency_pair amount price",
    "DELETE /spot/orders/912000000002": "currency_pair account action_mode",
    "DELETE /spot/orders/t-2": "currency_pair",
    "DELETE /spot/orders": "currency_pair side account action_mode",
    "POST /spot/cancel_batch_orders": "currency_pair id account",
    "POST /spot/countdown_cancel_all": "timeout currency_pair",
    "POST /withdrawals": "currency amount chain address withdraw_order_id",
    "DELETE /withdrawals/w2041773": "",
    "GET /spot/orders": "currency_pair status page limit account from to side",
    "GET /spot/orders/t-1": "currency_pair account",
    "GET /spot/open_orders": "page limit account",
    "GET /spot/my_trades": "currency_pair order_id limit page from to",
    "GET /spot/accounts": "currency",
    "GET /spot/batch_fee": "currency_pairs",
    "GET /wallet/withdrawals": "currency from to limit offset withdraw_order_id",
    "GET /wallet/deposits": "currency from to limit offset",
    "GET /wallet/withdraw_status": "currency",
    "GET /wallet/deposit_address": "currency",
    "GET /wallet/currency_chains": "currency",
    "GET /spot/tickers": "currency_pair timezone",
    "GET /spot/order_book": "currency_pair interval limit with_id",
    "GET /spot/trades": "currency_pair limit last_id reverse from to page",
    "GET /spot/candlesticks": "currency_pair interval limit from to",
    "GET /spot/currencies/SOL": "",
    "GET /spot/nothing": "side",
}
# most orders are of a kind that is taken, so that sequences get somewhere
ORDERS = [
    {"currency_pair": "SOL_USDT", "side": side, "amount": "2", "price": price, "text": text}
    for side, price, text in (("buy", "140", "t-1"), ("sell", "150", "t-2"), ("buy", "150", ""), ("sell", "140", ""))
]
ORDER = ORDERS[0]
odd = st.text(max_size=8) | st.integers(-5, 10**20) | st.floats() | st.booleans() | st.none()
anything = st.recursive(odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


def fields(names: list[str]) -> st.SearchStrategy[dict[str, object]]:
    """Objects of these fields, mostly with values that fit."""
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(LIKELY[name]) | st.sampled_from(LIKELY[name]) | odd for name in names}
    )


@st.composite
def rest_requests(draw: st.DrawFn) -> tuple[str, str, dict[str, str], bytes]:
    """A request that has much in common with one that is right."""
    line = draw(st.sampled_from(["POST /spot/orders", *ENDPOINTS]))
    method, path = line.split()
    told = draw(fields(words(ENDPOINTS[line])))
    if method in ("GET", "DELETE"):
        query = {name: value for name, value in told.items() if isinstance(value, str)}
        return method, path, query, draw(st.just(b"") | st.binary(max_size=5))
    body: object = (
        draw(st.sampled_from(ORDERS)) | draw(st.just({}) | st.just(told)) if "side" in ENDPOINTS[line] else told
    )
    if "batch" in path:
        body = [body] * draw(st.integers(0, 3))
    if draw(st.integers(0, 9)) == 0:
        body = draw(anything)
    return method, path, {}, json.dumps(body).encode()


CHANNELS = words(
    """
    spot.orders spot.usertrades spot.balances spot.trades spot.book_ticker spot.tickers spot.candlesticks spot.obu
    spot.order_book spot.order_book_update spot.ping spot.order_place spot.order_cancel spot.login spot.order_list
    nothing
    """
)
CONTROL_PATHS = words(
    """
    /health /accounts /accounts/alpha/books /accounts/alpha/deposit /orders/912000000001/fill /sockets
    /sockets/cut /orders/912000000001/cancel /latency /traders /withdrawals/w1/status /market/SOL_USDT //
    """
)
PAYLOADS = ["SOL_USDT", "!all", "1m", "100ms", "20ms", "5", "ob.SOL_USDT.50", "ob.SOL_USDT.400", "nothing"]


def quiet_exchange() -> tuple[Exchange, VirtualTime]:
    time = VirtualTime()
    config = msgspec.structs.replace(QUIET, rate_limits=RateLimits(enabled=False))
    return Exchange(config, now_ms=time.now_ms, schedule=time.schedule, rng=Random(7)), time


def ask(exchange: Exchange, method: str, path: str, query: dict[str, str], body: bytes) -> HttpResponse:
    account = exchange.keys.accounts["alpha"]
    encoded, timestamp = urlencode(query), str(START_MS // 1000)
    body_hash = hashlib.sha512(body).hexdigest()
    text = "\n".join((method, f"/api/v4{path}", unquote(encoded), body_hash, timestamp))
    sign = hmac.new(account.secret.encode(), text.encode(errors="surrogatepass"), hashlib.sha512).hexdigest()
    headers = {"key": account.key, "timestamp": timestamp, "sign": sign, "content-type": "application/json"}
    answers: list[HttpResponse] = []
    request = HttpRequest(method=method, path=f"/api/v4{path}", query=encoded, headers=headers, body=body)
    exchange.request(request, answers.append)
    return answers[0]


@given(st.lists(rest_requests(), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_rest_request_is_answered_in_gates_form(requests: list[tuple[str, str, dict[str, str], bytes]]) -> None:
    exchange, _ = quiet_exchange()
    for order in ORDERS[:2]:
        assert ask(exchange, "POST", "/spot/orders", {}, json.dumps(order).encode()).status == 201
    for method, path, query, body in requests:
        response = ask(exchange, method, path, query, body)
        answer = json.loads(response.body)
        assert response.status < 500, answer
        assert response.status < 300 or {"label", "message"} == set(answer)
    assert ask(exchange, "GET", "/spot/accounts", {}, b"").status == 200


def sign(frame: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
    account = exchange.keys.accounts["alpha"]
    text = f"channel={frame['channel']}&event={frame['event']}&time={START_MS // 1000}"
    auth = {"method": "api_key", "KEY": account.key, "SIGN": hmac_hex(account.secret, text)}
    return frame | {"auth": auth, "time": START_MS // 1000}


frames = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(CHANNELS),
        "event": st.sampled_from(["subscribe", "unsubscribe", "api", "", "update"]),
        "payload": st.lists(st.sampled_from(PAYLOADS), max_size=3)
        | anything
        | fields(["order_id", "currency_pair", "price", "status"]).map(lambda of: {"req_id": "1", "req_param": of}),
    }
)


@given(st.lists(frames, max_size=12), st.lists(st.text(max_size=30), max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_frame_is_answered_and_the_session_goes_on(asked: list[dict[str, Any]], junk: list[str]) -> None:
    exchange, time = quiet_exchange()
    link = MemoryLink()
    session = exchange.open_socket(HANDSHAKE, link)
    assert session is not None
    for text in [*junk, *(json.dumps(sign(frame, exchange)) for frame in asked)]:
        before = len(link.texts)
        session.receive(text)
        assert len(link.texts) > before
    ask(exchange, "POST", "/spot/orders", {}, json.dumps(ORDER).encode())
    time.advance(3)
    session.receive('{"channel":"spot.ping"}')
    assert link.frames[-1]["channel"] == "spot.pong"
    session.gone()
    sent = len(link.texts)
    ask(exchange, "DELETE", "/spot/orders", {}, b"")
    time.advance(100)
    assert len(link.texts) == sent


@given(
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(CONTROL_PATHS),
    anything.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=5)
    | st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("bid", "ask", "amount", "price", "rest_ms", "push_ms"), odd | st.sampled_from(NUMBERS)),
    ).map(lambda value: json.dumps(value).encode()),
)
@settings(max_examples=300, deadline=None)
def test_any_control_request_is_answered(method: str, path: str, body: bytes) -> None:
    exchange, _ = quiet_exchange()
    ask(exchange, "POST", "/spot/orders", {}, json.dumps(ORDER).encode())
    response = exchange.control(HttpRequest(method=method, path=path, body=body))
    assert response.status in (200, 400, 404)
    assert response.status == 200 or json.loads(response.body)["error"]
