"""MEXC's wire, read by its REST manual (spot trade, wallet, errors) and its WebSocket manual (user data streams)."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from exchanges.mexc import listen_key, private_rest
from exchanges.simulator import HttpRequest, HttpResponse
from exchanges.simulator.core.config import FeeScheme
from simulation.venues.wire import Action, Allowance, Channels, Endpoints, WireAnswer, WireCommand

_PREFIX: Final = "/api/v3"
_ACTIONS: Final = {
    "POST /order": Action.PLACE,
    "DELETE /order": Action.CANCEL,
    "DELETE /openOrders": Action.CANCEL_ALL,
    "DELETE /order/all": Action.CANCEL_ALL,
    "POST /capital/withdraw": Action.WITHDRAW,
    "DELETE /capital/withdraw": Action.CANCEL_WITHDRAWAL,
}
_STREAMS: Final = "/userDataStream"
_NAMES: Final = {
    "symbol": "pair",
    "newClientOrderId": "text",
    "quantity": "amount",
    "quoteOrderQty": "amount",
    "coin": "currency",
    "netWork": "chain",
    "withdrawOrderId": "withdraw_order_id",
}
_OF_THE_REQUEST: Final = {"timestamp", "recvWindow", "signature", "stpMode"}
"""Says nothing of what is wanted; ``stpMode`` is without effect where there is no group for it."""
_ITEMS: Final = ("orderId", "origClientOrderId", "id")
_TYPES: Final = {
    "LIMIT": ("limit", "gtc"),
    "LIMIT_MAKER": ("limit", "post_only"),
    "IMMEDIATE_OR_CANCEL": ("limit", "ioc"),
    "FILL_OR_KILL": ("limit", "fok"),
    "MARKET": ("market", "ioc"),
}
_ORDER: Final = re.compile(r"(?:C02__)?(\d+)")
_CLIENT_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,32}")
_QUOTES: Final = ("USDT", "USDC", "BTC", "ETH")
_PUSHES: Final = (b"spot@private.", b"spot@public.")
_FILLS: Final = b"spot@private.deals"


class MexcWire:
    """`simulation.venues.wire.VenueWire`."""

    rest_path = _PREFIX
    socket_path = "/ws"
    endpoints = Endpoints(
        place="POST /api/v3/order",
        amend=None,
        cancel="DELETE /api/v3/order",
        cancel_all="DELETE /api/v3/openOrders",
        countdown=None,
        order="GET /api/v3/order",
        open_orders="GET /api/v3/openOrders",
        fills="GET /api/v3/myTrades",
        balances="GET /api/v3/account",
        markets="GET /api/v3/exchangeInfo",
        time="GET /api/v3/time",
        withdraw="POST /api/v3/capital/withdraw",
        withdrawals="GET /api/v3/capital/withdraw/history",
        cancel_withdrawal="DELETE /api/v3/capital/withdraw",
    )
    channels = Channels(
        orders="spot@private.orders.v3.api.pb",
        fills="spot@private.deals.v3.api.pb",
        balances="spot@private.account.v3.api.pb",
        book_tickers="spot@public.aggre.bookTicker.v3.api.pb",
    )
    refusals: Mapping[str, tuple[int, str]] = {
        "too many requests": (429, "429"),
        "unknown order": (400, "-2011"),
        "repeated creation": (400, "-2010"),
        "no permission": (401, "700007"),
        "read only": (401, "700007"),
        "trading restricted": (400, "30000"),
        "account locked": (400, "60005"),
        "a label of tomorrow": (400, "987654"),
        "server error": (500, "500"),
        "too busy": (503, "-1003"),
        "internal": (400, "20002"),
        "no withdrawals": (401, "700007"),
    }
    no_permission = frozenset({"700007", "60005"})
    junk: tuple[bytes, ...] = (
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"Invalid request",
        b"\x0a\x1dspot@private.orders.v3.api.pb\x82\x13\x7fcut",
    )
    client_id_prefix = ""
    cancels_by_market = True
    answers_tell_state = False
    fee_schemes: tuple[FeeScheme, ...] = (FeeScheme.RECEIVED, FeeScheme.ZERO)
    endings_are_told = False
    histories_by_market = True
    queries_wait_s = 20.0
    bounds: tuple[tuple[Any, str, str], ...] = (
        (private_rest, "_FILLS_ROWS", "fills_rows"),
        (private_rest, "_ORDERS_ROWS", "orders_rows"),
        (listen_key, "_RENEW_EVERY_S", "key_renewed_every_s"),
        (listen_key, "_GOOD_FOR_S", "key_good_for_s"),
        (listen_key, "_RETRY_S", "key_retry_s"),
    )

    def read_command(self, request: HttpRequest) -> WireCommand | None:
        """What the request asks for; None for one that only asks questions, or is about a stream."""
        path = unquote(request.path).removeprefix(_PREFIX)
        if request.method == "GET" or path == _STREAMS:
            return None
        said = dict(parse_qsl(request.query, keep_blank_values=True))
        if request.body:
            said["body"] = repr(request.body)
        item = next((said.pop(name) for name in _ITEMS if name in said), "")
        terms = {_NAMES.get(name, name): value for name, value in said.items() if name not in _OF_THE_REQUEST}
        if "pair" in terms:
            terms["pair"] = ",".join(map(_pair_of, terms["pair"].split(",")))
        if "side" in terms:
            terms["side"] = terms["side"].lower()
        if "type" in terms:
            terms["type"], terms["time_in_force"] = _TYPES.get(terms["type"], (terms["type"], ""))
        action = _ACTIONS.get(f"{request.method} {path}", Action.OTHER)
        return WireCommand(action=action, item=item, terms=terms, usual={})

    def read_answer(self, response: HttpResponse) -> WireAnswer:
        """What the exchange has answered to something that was to change."""
        answer = _object(response.body)
        order = _ORDER.fullmatch(str(answer.get("orderId", "")))
        return WireAnswer(
            label=str(answer.get("code", "")),
            order_number=None if order is None else int(order[1]),
            text=None,
        )

    def is_client_id(self, text: str) -> bool:
        """Whether the exchange takes it for a client order id."""
        return _CLIENT_ID.fullmatch(text) is not None

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        """The API key of a request."""
        return headers.get("x-mexc-apikey")

    def key_of_frame(self, frame: bytes) -> str | None:
        """None: frames name no key, a private socket's address does."""
        del frame
        return None

    def without_credentials(self, frame: bytes) -> bytes:
        """The frame as a trace may show it."""
        return frame

    def is_push(self, frame: bytes) -> bool:
        """Whether it tells of something that has happened."""
        return any(name in frame[:16] for name in _PUSHES)

    def is_fill(self, frame: bytes) -> bool:
        """Whether it tells of fills."""
        return _FILLS in frame[:32]

    def label_of(self, body: bytes) -> str:
        """The exchange's code in the body of a refusal."""
        return str(_object(body).get("code", ""))

    def too_many_requests(self) -> bytes:
        """The body of a refusal over the limit."""
        return msgspec.json.encode({"code": 429, "msg": "Too Many Requests"})

    def cancels_all(self, method: str, url: str) -> bool:
        """Whether a request is to cancel all of something."""
        return method == "DELETE" and urlsplit(url).path.endswith(("/openOrders", "/order/all"))

    def allowance_of(self, request: HttpRequest) -> Allowance | None:
        """None: requests have weights in several limits at once, and a refusal does not say which was spent."""
        del request
        return None

    def is_over(self, response: HttpResponse) -> int | None:
        """None, as above."""
        del response
        return None


def _pair_of(symbol: str) -> str:
    quote = next((quote for quote in _QUOTES if symbol.endswith(quote)), "USDTT")  # that no market of a run has
    return f"{symbol.removesuffix(quote)}_{quote}"


def _object(body: bytes) -> dict[str, object]:
    try:
        value: object = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
