"""Gate's wire, read by its REST manual (spot orders, withdrawals, rate limits) and its WebSocket manual."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from exchanges.gateio.spot import open_orders, private_rest
from exchanges.simulator import HttpRequest, HttpResponse
from exchanges.simulator.core.config import FeeScheme
from simulation.venues.wire import Action, Allowance, Channels, Endpoints, WireAnswer, WireCommand

_PREFIX: Final = "/api/v4"
_USUAL: Final = {"account": "spot", "action_mode": "FULL", "type": "limit", "time_in_force": "gtc"}
"""What a parameter means when it is left out."""
_NAMES: Final = {"currency_pair": "pair"}
_ACTIONS: Final = {
    "POST /spot/orders": Action.PLACE,
    "PATCH /spot/orders/": Action.AMEND,
    "DELETE /spot/orders/": Action.CANCEL,
    "DELETE /spot/orders": Action.CANCEL_ALL,
    "POST /spot/countdown_cancel_all": Action.COUNTDOWN,
    "POST /withdrawals": Action.WITHDRAW,
    "DELETE /withdrawals/": Action.CANCEL_WITHDRAWAL,
}
_TEXT: Final = re.compile(r"t-[0-9A-Za-z_.-]{1,28}")
_KEY: Final = re.compile(rb'"KEY":\s*"([^"]+)"')
_CREDENTIALS: Final = re.compile(rb'"(KEY|SIGN)":\s*"[^"]*"')
_HIDDEN: Final = rb'"\1":"***"'
_PAIR: Final = re.compile(r"""currency_pair"?[=:]\s*"?(\w+)""")
_PLACES: Final = {
    "POST /spot/orders",
    "PATCH /spot/orders/{}",
    "POST /spot/batch_orders",
    "POST /spot/amend_batch_orders",
}
_TOO_MANY: Final = 429


class GateioWire:
    """`simulation.venues.wire.VenueWire`."""

    rest_path = _PREFIX
    socket_path = "/ws/v4"
    endpoints = Endpoints(
        place="POST /spot/orders",
        amend="PATCH /spot/orders/{}",
        cancel="DELETE /spot/orders/{}",
        cancel_all="DELETE /spot/orders",
        countdown="POST /spot/countdown_cancel_all",
        order="GET /spot/orders/{}",
        open_orders="GET /spot/open_orders",
        fills="GET /spot/my_trades",
        balances="GET /spot/accounts",
        markets="GET /spot/currency_pairs",
        time="GET /spot/time",
        withdraw="POST /withdrawals",
        withdrawals="GET /wallet/withdrawals",
        cancel_withdrawal="DELETE /withdrawals/{}",
    )
    channels = Channels(
        orders="spot.orders", fills="spot.usertrades", balances="spot.balances", book_tickers="spot.book_ticker"
    )
    refusals: Mapping[str, tuple[int, str]] = {
        "too many requests": (429, "TOO_MANY_REQUESTS"),
        "unknown order": (404, "ORDER_NOT_FOUND"),
        "repeated creation": (400, "REPEATED_CREATION"),
        "no permission": (403, "FORBIDDEN"),
        "read only": (403, "READ_ONLY"),
        "trading restricted": (400, "TRADE_RESTRICTED"),
        "account locked": (400, "ACCOUNT_LOCKED"),
        "a label of tomorrow": (400, "SOMETHING_OF_TOMORROW"),
        "server error": (400, "SERVER_ERROR"),
        "too busy": (429, "TOO_BUSY"),
        "internal": (400, "INTERNAL"),
        "no withdrawals": (403, "API_WITHDRAW_DISABLED"),
    }
    no_permission = frozenset({"FORBIDDEN", "READ_ONLY", "ACCOUNT_LOCKED"})
    junk: tuple[bytes, ...] = (
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"channel":"spot.orders","event":"update","result":[{}]}',
    )
    client_id_prefix = "t-"
    cancels_by_market = False
    answers_tell_state = True
    fee_schemes: tuple[FeeScheme, ...] = tuple(FeeScheme)
    endings_are_told = True
    histories_by_market = False
    queries_wait_s = 0.0
    bounds: tuple[tuple[Any, str, str], ...] = (
        (private_rest, "_FILLS_PAGE", "fills_page"),
        (private_rest, "_OPEN_ORDERS_PAGE", "open_orders_page"),
        (private_rest, "_FINISHED_PAGE", "finished_page"),
        (private_rest, "_MOST_PAGES", "most_pages"),
        (open_orders, "_READINGS", "open_orders_readings"),
    )

    def read_command(self, request: HttpRequest) -> WireCommand | None:
        """What the request asks for; None for one that only asks questions."""
        if request.method == "GET":
            return None
        path = unquote(request.path).removeprefix(_PREFIX)
        parent, slash, item = path.rpartition("/")
        action = _ACTIONS.get(f"{request.method} {path}")
        if action is None:
            action = _ACTIONS.get(f"{request.method} {parent}{slash}", Action.OTHER)
        else:
            item = ""
        terms: dict[str, str] = {}
        for said, value in (*parse_qsl(request.query, keep_blank_values=True), *_fields(request.body)):
            name = _NAMES.get(said, said)
            terms[name] = value if terms.get(name, value) == value else f"{terms[name]}|{value}"
        for name in ("account", "action_mode"):
            if terms.get(name) == _USUAL[name]:
                del terms[name]
        if terms.get("time_in_force") == "poc":
            terms["time_in_force"] = "post_only"
        return WireCommand(action=action, item=item, terms=terms, usual=_USUAL)

    def read_answer(self, response: HttpResponse) -> WireAnswer:
        """What the exchange has answered to something that was to change."""
        try:
            value: object = msgspec.json.decode(response.body)
        except msgspec.DecodeError:
            value = None
        answer = value if isinstance(value, dict) else {}
        order_id = str(answer.get("id", ""))
        return WireAnswer(
            label=str(answer.get("label", "")),
            order_number=int(order_id) if order_id.isdecimal() else None,
            text=None if answer.get("text") is None else str(answer["text"]),
        )

    def is_client_id(self, text: str) -> bool:
        """Whether the exchange takes it for a client order id."""
        return _TEXT.fullmatch(text) is not None

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        """The API key of a request."""
        return headers.get("key")

    def key_of_frame(self, frame: bytes) -> str | None:
        """The API key in a frame of the client's."""
        found = _KEY.search(frame)
        return None if found is None else found.group(1).decode()

    def without_credentials(self, frame: bytes) -> bytes:
        """The frame as a trace may show it."""
        return _CREDENTIALS.sub(_HIDDEN, frame)

    def is_push(self, frame: bytes) -> bool:
        """Whether it tells of something that has happened."""
        return b'"update"' in frame

    def is_fill(self, frame: bytes) -> bool:
        """Whether it tells of fills."""
        return b'"spot.usertrades"' in frame

    def label_of(self, body: bytes) -> str:
        """The exchange's word in the body of a refusal, in upper case."""
        try:
            value: object = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return ""
        label = value.get("label") if isinstance(value, dict) else None
        return label.upper() if isinstance(label, str) else ""

    def too_many_requests(self) -> bytes:
        """The body of a refusal over the limit."""
        return msgspec.json.encode(
            {"label": self.refusals["too many requests"][1], "message": "Request Rate limit Exceeded"}
        )

    def cancels_all(self, method: str, url: str) -> bool:
        """Whether a request is to cancel all of something."""
        return method == "DELETE" and urlsplit(url).path.endswith("/spot/orders")

    def allowance_of(self, request: HttpRequest) -> Allowance | None:
        """Orders are counted by market, cancels all together, withdrawals too, the rest by endpoint."""
        path = unquote(request.path).removeprefix(_PREFIX)
        parent, _, item = path.rpartition("/")
        if parent in {"/spot/orders", "/withdrawals"} and item:
            path = f"{parent}/{{}}"
        endpoint = f"{request.method} {path}"
        if endpoint in _PLACES:
            pair = _PAIR.search(request.query) or _PAIR.search(request.body.decode(errors="replace"))
            return Allowance("place", pair and pair.group(1), 1.0)
        if request.method == "DELETE" and path.startswith("/spot/orders"):
            return Allowance("cancel", None, 1.0)
        if endpoint == "POST /withdrawals":
            return Allowance("withdraw", None, 3.0)
        return Allowance("private", path, 10.0)

    def is_over(self, response: HttpResponse) -> int | None:
        """The limit that a request was over."""
        return None if response.status != _TOO_MANY else int(response.headers.get("X-Gate-RateLimit-Limit", "0"))


def _fields(body: bytes) -> list[tuple[str, str]]:
    if not body:
        return []
    try:
        value: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return [("body", repr(body))]
    if not isinstance(value, dict):
        return [("body", str(value))]
    return [
        (str(name), each if isinstance(each, str) else msgspec.json.encode(each).decode())
        for name, each in value.items()
    ]
