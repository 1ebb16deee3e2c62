"""The REST side: finds the endpoint, checks who asks and how often, and writes the answer.

Checks come in this order: path and method; headers, key, time and signature; permission; expiry of an order request;
body and parameters that can be read; rate limit; then what the endpoint itself checks.
"""

import traceback
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Protocol
from urllib.parse import unquote

import structlog

from exchanges.simulator.core.config import AccountConfig
from exchanges.simulator.core.rules import Reason, RefusedError
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio import unsupported_products
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint
from exchanges.simulator.faces.gateio.errors import LABELS, GateError, invalid
from exchanges.simulator.faces.gateio.limits import Allowance, LimitKind, RateLimiter
from exchanges.simulator.faces.gateio.parameters import Query, parse_json
from exchanges.simulator.faces.gateio.price_orders import PriceOrders
from exchanges.simulator.faces.gateio.signatures import authenticate_request
from exchanges.simulator.faces.gateio.spot_orders import SpotOrders
from exchanges.simulator.faces.gateio.spot_public import SpotPublic
from exchanges.simulator.faces.gateio.wallet import Wallet
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, Witness, json_response
from exchanges.simulator.faults.refusals import AllowanceShared

PREFIX = "/api/v4"
SIZE_HEADER = "x-gate-size-decimal"
BODY_METHODS = {"POST", "PUT", "PATCH"}
log = structlog.get_logger(__name__)


class OddAnswers(Protocol):
    """What stands between the endpoints and their answers."""

    def answer(self, endpoint: Endpoint, call: Call) -> Answer:
        """Lets the endpoint answer; the answer may have an odd row. Raises as the endpoint does."""


def spot_endpoints(services: Services) -> Iterator[Endpoint]:
    """Yields what the spot face answers."""
    yield from SpotPublic(services).endpoints()
    yield from SpotOrders(services).endpoints()
    yield from PriceOrders(services).endpoints()
    yield from Wallet(services).endpoints()
    yield from unsupported_products.endpoints()


class GateRest:
    """Answers one request after the other. ``labels``: what refusals of the engine are called."""

    def __init__(
        self,
        services: Services,
        odd_lists: OddAnswers,
        endpoints: Iterable[Endpoint],
        labels: Mapping[Reason, str] = LABELS,
    ) -> None:
        self._services = services
        self._labels = labels
        self._odd_lists = odd_lists
        self.limiter = RateLimiter(services.config.rate_limits, services.now_ms)
        self.witnesses: list[Witness] = []
        self._endpoints: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            self._endpoints.setdefault(endpoint.path, {})[endpoint.method] = endpoint

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Returns the answer to a request; whatever the request holds, it is an answer in Gate's form."""
        for witness in self.witnesses:
            witness.begins(request)
        came_in_ms = self._services.now_ms()
        allowances: list[Allowance] = []
        try:
            answer = self._answer(request, allowances)
            response = json_response(answer.status, answer.value, answer.headers)
        except GateError as error:
            response = error.response()
        except RefusedError as refused:
            response = GateError.of(refused, self._labels).response()
        except Exception:
            log_failure(request.method, request.path)
            response = GateError("SERVER_ERROR", "Internal server error").response()
        response.headers["X-In-Time"] = str(came_in_ms * 1000)
        response.headers["X-Out-Time"] = str(self._services.now_ms() * 1000)
        response.headers["X-Gate-Trace-ID"] = f"{self._services.rng.getrandbits(128):032x}"
        for allowance in allowances:
            response.headers.update(allowance.headers())
        for witness in self.witnesses:
            witness.ends(request, response)
        return response

    def endpoint(self, method: str, path: str) -> tuple[Endpoint, str]:
        """Returns the endpoint of a path without prefix, and the item in it. Raises ``GateError``."""
        methods, item = self._endpoints.get(path), ""
        parts = path.split("/")
        for place in (-1, -2):  # where the item may be
            if methods is None and len(parts) > 2 and parts[place]:
                item = parts[place]
                methods = self._endpoints.get("/".join([*parts[:place], "{}", *parts[len(parts) + place + 1 :]]))
        if methods is None:
            raise GateError("NOT_FOUND", f"there is no {path}")
        endpoint = methods.get(method)
        if endpoint is None:
            raise GateError("METHOD_NOT_ALLOWED", f"{path} does not take {method}")
        return endpoint, item

    def name_of(self, request: HttpRequest) -> str:
        """Returns what faults call the endpoint of a request: its method and path, "" when there is no such."""
        try:
            endpoint, _ = self.endpoint(request.method, request.path.removeprefix(PREFIX))
        except GateError:
            return ""
        return f"{endpoint.method} {endpoint.path}"

    def knows(self, name: str) -> bool:
        """Whether an endpoint is called this, with or without its method."""
        return any(
            name in (path, f"{method} {path}") for path, methods in self._endpoints.items() for method in methods
        )

    def admit(self, endpoint: Endpoint, call: Call, remote: str, allowances: list[Allowance]) -> None:
        """Counts a call; adds to ``allowances``. Raises ``GateError`` when there were too many."""
        allowance = self._count(endpoint, call, remote)
        allowances.append(allowance)
        if not allowance.allowed:
            raise GateError("TOO_MANY_REQUESTS", "Request Rate limit Exceeded")

    def perform(self, endpoint: Endpoint, call: Call) -> Answer:
        """Lets the endpoint answer a call that was counted. Raises ``GateError`` or ``RefusedError``."""
        return self._odd_lists.answer(endpoint, call)

    def _count(self, endpoint: Endpoint, call: Call, remote: str) -> Allowance:
        """Counts a call against its limit, for each pair that it names where pairs count apart."""
        if endpoint.limit is LimitKind.PUBLIC:
            return self.limiter.take(LimitKind.PUBLIC, remote, endpoint.path)
        owner, others = call.owner, self._others(call.owner)
        if endpoint.each_counts and isinstance(call.body, list):
            others += max(0, len(call.body) - 1)
        if endpoint.pairs is not None:
            pairs = sorted(endpoint.pairs(call))
            taken = [self.limiter.take(endpoint.limit, owner, pair, others=others) for pair in pairs]
            return min(taken, key=lambda allowance: (allowance.allowed, allowance.remaining))
        by_endpoint = endpoint.path if endpoint.limit is LimitKind.PRIVATE else ""
        return self.limiter.take(endpoint.limit, owner, by_endpoint, others=others)

    def _others(self, account: str) -> int:
        """How many requests of other programs are counted with one of this account."""
        if not self._services.faults.active:
            return 0
        fault = self._services.faults.strike(AllowanceShared, lambda fault: fault.account in (None, account))
        return 0 if fault is None else fault.more

    def _answer(self, request: HttpRequest, allowances: list[Allowance]) -> Answer:
        if not request.path.startswith(f"{PREFIX}/"):
            raise GateError("NOT_FOUND", f"there is no {request.path}")
        endpoint, item = self.endpoint(request.method, request.path.removeprefix(PREFIX))
        now_ms = self._services.now_ms()
        account: AccountConfig | None = None
        if endpoint.private:
            account = authenticate_request(request, self._services.keys, now_ms)
            check_permission(account, endpoint)
        if endpoint.order_entry:
            check_expiry(request.headers.get("x-gate-exptime", ""), now_ms)
        call = Call(
            account,
            Query(request.query, endpoint.params),
            _body(request),
            unquote(item),
            decimal_sizes=request.headers.get(SIZE_HEADER) == "1",
        )
        self.admit(endpoint, call, request.remote, allowances)
        return self.perform(endpoint, call)


def log_failure(method: str, path: str) -> None:
    """Logs the exception that is being handled; as text, as a renderer of local variables would show secrets."""
    log.error("request_failed", method=method, path=path, trace=traceback.format_exc())


def check_permission(account: AccountConfig, endpoint: Endpoint) -> None:
    """Raises ``GateError`` when the key may not do this."""
    if account.read_only and endpoint.method != "GET":
        raise GateError("READ_ONLY", "This API key may only read")


def check_expiry(expires_ms: str, now_ms: int) -> None:
    """Raises ``GateError`` when the time after which an order request is not wanted any more has passed."""
    if not expires_ms:
        return
    try:
        expired = Decimal(expires_ms) < now_ms
    except InvalidOperation:
        raise invalid(f"X-Gate-Exptime {expires_ms} is not a time in ms") from None
    if expired:
        raise GateError("REQUEST_EXPIRED", "The request came in after its X-Gate-Exptime")


def _body(request: HttpRequest) -> object:
    if request.method not in BODY_METHODS or not request.body:
        return None
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise GateError("INVALID_CONTENT_TYPE", f"Content-Type {content_type!r} must be application/json")
    return parse_json(request.body)
