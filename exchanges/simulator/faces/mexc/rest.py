"""The REST side: finds the endpoint, checks how much is asked and who asks, and writes the answer.

Checks come in this order: path; weight of the address; content type; key; permission; time; signature; calls of the
account; then what the endpoint itself checks.
"""

import traceback

import structlog

from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, Witness, json_response
from exchanges.simulator.faces.mexc.calls import Call, Endpoint
from exchanges.simulator.faces.mexc.errors import INTERNAL, NOT_FOUND, MexcError
from exchanges.simulator.faces.mexc.limits import Pool, RateLimiter
from exchanges.simulator.faces.mexc.listen_keys import ListenKeys
from exchanges.simulator.faces.mexc.odd_lists import OddLists
from exchanges.simulator.faces.mexc.order_entry import OrderEntry
from exchanges.simulator.faces.mexc.parameters import Parameters
from exchanges.simulator.faces.mexc.signatures import (
    KEY_HEADER,
    check_content_type,
    check_permission,
    check_signature,
    check_time,
    known_key,
)
from exchanges.simulator.faces.mexc.spot_orders import SpotOrders
from exchanges.simulator.faces.mexc.spot_public import SpotPublic
from exchanges.simulator.faces.mexc.symbols import Symbols
from exchanges.simulator.faces.mexc.wallet import Wallet
from exchanges.simulator.faults.refusals import AllowanceShared

log = structlog.get_logger(__name__)


class MexcRest:
    """Answers one request after the other."""

    def __init__(self, services: Services, symbols: Symbols, listen_keys: ListenKeys, odd_lists: OddLists) -> None:
        self._services = services
        self._odd_lists = odd_lists
        self.limiter = RateLimiter(services.config.rate_limits, services.now_ms)
        self.witnesses: list[Witness] = []
        groups = (
            SpotPublic(services, symbols).endpoints(),
            OrderEntry(services, symbols).endpoints(),
            SpotOrders(services, symbols).endpoints(),
            Wallet(services, symbols).endpoints(),
            listen_keys.endpoints(),
        )
        self._endpoints = {(each.method, each.path): each for group in groups for each in group}

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Returns the answer to a request; whatever the request holds, it is an answer in MEXC's form."""
        for witness in self.witnesses:
            witness.begins(request)
        try:
            response = json_response(200, self._answer(request))
        except MexcError as error:
            response = error.response()
        except RefusedError as refused:
            response = MexcError.of(refused).response()
        except Exception:
            # as text, as a renderer of local variables would show secrets
            log.error("request_failed", method=request.method, path=request.path, trace=traceback.format_exc())
            response = MexcError(INTERNAL, "Internal error").response()
        for witness in self.witnesses:
            witness.ends(request, response)
        return response

    def name_of(self, request: HttpRequest) -> str:
        """Returns what faults call the endpoint of a request: its method and path, "" when there is no such."""
        return f"{request.method} {request.path}" if (request.method, request.path) in self._endpoints else ""

    def knows(self, name: str) -> bool:
        """Whether an endpoint is called this, with or without its method."""
        return any(name in (path, f"{method} {path}") for method, path in self._endpoints)

    def _answer(self, request: HttpRequest) -> object:
        endpoint = self._endpoints.get((request.method, request.path))
        if endpoint is None:
            raise MexcError(NOT_FOUND, f"there is no {request.method} {request.path}")
        owner = self._services.keys.owner(request.headers.get(KEY_HEADER, ""))
        others = self._others(owner) if owner is not None and endpoint.private else 0
        if endpoint.weight:
            self.limiter.take(Pool.WEIGHT, request.remote, endpoint.weight, others=others)
        check_content_type(request)
        parameters = Parameters(request.query, request.body.decode(errors="replace"))
        if not endpoint.private:
            return self._odd_lists.answer(endpoint, Call(None, parameters))
        account = known_key(request, self._services.keys)
        check_permission(account, writes=endpoint.writes)
        check_time(parameters, self._services.now_ms())
        check_signature(request, account.secret)
        self._count_calls(endpoint, account.name, others)
        return self._odd_lists.answer(endpoint, Call(account, parameters))

    def _count_calls(self, endpoint: Endpoint, account: str, others: int) -> None:
        """Counts a call of the account. Raises ``MexcError`` when there were too many."""
        self.limiter.take(Pool.CALLS, account, others=others)
        if endpoint.order_calls:
            self.limiter.take(Pool.ORDER_CALLS, account, endpoint.order_calls, others=others)

    def _others(self, account: str) -> int:
        """How many requests of other programs are counted with one of this account."""
        if not self._services.faults.active:
            return 0
        fault = self._services.faults.strike(AllowanceShared, lambda fault: fault.account in (None, account))
        return 0 if fault is None else fault.more
