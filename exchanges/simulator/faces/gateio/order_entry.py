"""Orders over a WebSocket session (Gate WebSocket manual, spot trade): the same endpoints as over REST.

A session logs in once; every request is answered with its ``req_id``. Placing is acknowledged first, which means no
more than that it was received and could be read. Checks come in this order: login, permission, rate limit, expiry,
shape of the parameters; then the acknowledgement, and what the endpoint itself checks.
"""

from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from exchanges.simulator.core.config import AccountConfig
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio.calls import Call
from exchanges.simulator.faces.gateio.errors import GateError
from exchanges.simulator.faces.gateio.frames import encode
from exchanges.simulator.faces.gateio.limits import Allowance
from exchanges.simulator.faces.gateio.parameters import OrderBody, Query, parse_json, typed, without_nulls
from exchanges.simulator.faces.gateio.rest import GateRest, check_expiry, check_permission, log_failure
from exchanges.simulator.faces.gateio.signatures import api_signature, check_signature, check_time, known_key

ORIGIN = "apiv4-ws"
LOGIN = "spot.login"
PLACE = "spot.order_place"
LIMIT_TOLD = (PLACE, "spot.order_amend")
RATE_CODE = 211  # spot, as Gate writes it behind the message


class Payload(msgspec.Struct):
    """The ``payload`` of a request; login has the key, the time and the signature, the others need not."""

    req_id: str
    req_param: msgspec.Raw = msgspec.Raw()
    req_header: dict[str, str | int | None] | None = None
    api_key: str | None = None
    timestamp: str | int | None = None
    signature: str | None = None


class ApiRequest(msgspec.Struct):
    """A frame with the event ``api``."""

    channel: str
    payload: Payload


class OrderEntry:
    """One session's order entry; ``push`` sends frames, ``session_id`` is told in every header."""

    def __init__(self, services: Services, rest: GateRest, session_id: str, push: Callable[[str], None]) -> None:
        self._services = services
        self._rest = rest
        self._session_id = session_id
        self._push = push
        self._account: AccountConfig | None = None

    def receive(self, text: str) -> None:
        """Takes a request. Raises ``msgspec.DecodeError`` when it is not one."""
        request = msgspec.json.decode(text, type=ApiRequest)
        allowances: list[Allowance] = []
        try:
            result = self._login(request) if request.channel == LOGIN else self._perform(request, allowances)
        except GateError as error:
            self._fail(request, error, allowances)
        except Exception:
            log_failure(request.channel, "api")
            self._fail(request, GateError("SERVER_ERROR", "Internal server error"), allowances)
        else:
            self._answer(request, 200, {"result": result}, allowances)

    def _login(self, request: ApiRequest) -> object:
        payload = request.payload
        timestamp = str(payload.timestamp or "")
        check_time(timestamp, self._services.now_ms())
        account = known_key(self._services.keys, payload.api_key or "")
        # the manual signs an empty text, clients sign what they send: the raw text of the parameters
        parameters = bytes(payload.req_param).decode()
        expected = api_signature(account.secret, channel=request.channel, parameters=parameters, timestamp=timestamp)
        check_signature(expected, payload.signature or "")
        self._account = account
        return {"api_key": payload.api_key, "uid": str(self._services.engine.accounts[account.name].user_id)}

    def _perform(self, request: ApiRequest, allowances: list[Allowance]) -> object:
        if self._account is None:
            raise GateError("AUTHENTICATION_FAILED", "Not login")
        known_key(self._services.keys, self._account.key)
        payload = request.payload
        parameters = parse_json(bytes(payload.req_param) or b"null")
        method, path, fields, body = _as_rest(request.channel, without_nulls(parameters))
        endpoint, item = self._rest.endpoint(method, path)
        check_permission(self._account, endpoint)
        call = Call(self._account, Query(urlencode(fields), endpoint.params), body, item, ORIGIN)
        self._rest.admit(endpoint, call, self._session_id, allowances)
        headers = {name.lower(): value for name, value in (payload.req_header or {}).items()}
        if endpoint.order_entry:
            check_expiry(str(headers.get("x-gate-exptime") or ""), self._services.now_ms())
        if request.channel == PLACE:
            _check_shape(body)
            self._acknowledge(request, parameters, allowances)
        try:
            return self._rest.perform(endpoint, call).value
        except RefusedError as refused:
            raise _in_full(GateError.of(refused)) from refused
        except GateError as error:
            raise _in_full(error) from error

    def _acknowledge(self, request: ApiRequest, parameters: object, allowances: list[Allowance]) -> None:
        echo = {"req_id": request.payload.req_id, "req_header": request.payload.req_header, "req_param": parameters}
        blanks = {"api_key": "", "timestamp": "", "signature": ""}
        self._answer(request, 200, {"result": echo | blanks}, allowances, ack=True)

    def _fail(self, request: ApiRequest, error: GateError, allowances: list[Allowance]) -> None:
        if error.label == "TOO_MANY_REQUESTS":
            error = GateError(error.label, f"{error.message}({RATE_CODE})")
        self._answer(request, error.status, {"errs": error.body()}, allowances)

    def _answer(
        self, request: ApiRequest, status: int, data: object, allowances: list[Allowance], *, ack: bool = False
    ) -> None:
        now_ms = self._services.now_ms()
        trace_id = f"{self._services.rng.getrandbits(128):032x}"
        header: dict[str, object] = {
            "response_time": str(now_ms),
            "status": str(status),
            "channel": request.channel,
            "event": "api",
            "client_id": f"127.0.0.1-{self._session_id}",
            "x_in_time": now_ms * 1000,
            "x_out_time": now_ms * 1000,
            "conn_id": self._session_id,
            "conn_trace_id": trace_id,
            "trace_id": trace_id,
        }
        if request.channel in LIMIT_TOLD:
            for allowance in allowances:
                if allowance.remaining:
                    header["x_gate_ratelimit_requests_remain"] = allowance.remaining
                header["x_gate_ratelimit_limit"] = allowance.limit
                header["x_gat_ratelimit_reset_timestamp"] = allowance.reset_ms  # spelled like this by Gate
        answer: dict[str, object] = {"request_id": request.payload.req_id}
        if ack:
            answer["ack"] = True
        self._push(encode(answer | {"header": header, "data": data}))


def _as_rest(channel: str, parameters: object) -> tuple[str, str, dict[str, str], object]:
    """Returns method, path, query and body of the REST request that a channel stands for. Raises ``GateError``."""
    fields = parameters if isinstance(parameters, dict) else {}
    texts = {name: str(value) for name, value in fields.items() if name != "order_id"}
    one = f"/spot/orders/{fields.get('order_id', '')}"
    match channel:
        case "spot.order_place":
            return "POST", "/spot/batch_orders" if isinstance(parameters, list) else "/spot/orders", {}, parameters
        case "spot.order_cancel_ids":
            return "POST", "/spot/cancel_batch_orders", {}, parameters
        case "spot.order_cancel":
            return "DELETE", one, texts, None
        case "spot.order_cancel_cp":
            return "DELETE", "/spot/orders", texts, None
        case "spot.order_amend":
            return "PATCH", one, {}, {name: value for name, value in fields.items() if name != "order_id"}
        case "spot.order_status":
            return "GET", one, texts, None
        case "spot.order_list":
            return "GET", "/spot/orders", texts, None
        case _:
            raise GateError("INVALID_ARGUMENT", f"unknown channel {channel}")


def _check_shape(body: object) -> None:
    """Raises ``GateError`` when what is to be placed has not the fields of an order, or of some."""
    try:
        typed(body, list[OrderBody]) if isinstance(body, list) else typed(body, OrderBody)
    except GateError:
        raise GateError("INVALID_ARGUMENT", "OrderPlace request params error") from None


def _in_full(error: GateError) -> GateError:
    """Returns an endpoint's refusal as it is told here: the label is in the message once more."""
    return GateError(error.label, f"label: {error.label}, message: {error.message}")
