"""Where requests wait for their turn, get lost, and are refused."""

from typing import Final

from simulation.tools.reach import Probe

_LIMITER: Final = "exchanges/base/rate_limiter.py"
_HTTP: Final = "exchanges/base/http_client.py"
_CLOCK: Final = "exchanges/base/server_clock.py"
_ERRORS: Final = "exchanges/gateio/errors.py"
_REST: Final = "exchanges/gateio/rest.py"

REQUESTS: Final = (
    Probe("limiter: waits for its turn", _LIMITER, "RateLimiter._wait", "await self._clock.sleep(opens_s - moment)"),
    Probe("limiter: waits behind others", _LIMITER, "RateLimiter._wait", "await waiter.called"),
    Probe(
        "limiter: refuses, the wait would be too long",
        _LIMITER,
        "RateLimiter._wait",
        "raise RateLimitedError(line.scope.name, expected_s)",
    ),
    Probe(
        "limiter: refuses one that was pushed back",
        _LIMITER,
        "RateLimiter._wait",
        "raise RateLimitedError(line.scope.name, opens_s - moment)",
    ),
    Probe(
        "limiter: somebody else uses the same allowance",
        _LIMITER,
        "_Line.observe",
        "self._foreign_until_s = sent_s + self._span_s",
        "self._foreign > 0",
    ),
    Probe(
        "limiter: the exchange says that nothing is left",
        _LIMITER,
        "_Line.observe",
        "self.block(min(reset_in_s, self._span_s))",
    ),
    Probe(
        "limiter: the exchange allows less than we know",
        _LIMITER,
        "_Line.observe",
        "self._cap = min(self.scope.capacity, limit)",
        "limit < self.scope.capacity",
    ),
    Probe("limiter: blocked by Retry-After", _HTTP, "HttpClient.send", "permit.block(retry_after_s)"),
    Probe(
        "limiter: a pause is shorter than the exchange asked for",
        _LIMITER,
        "_Pause.extend",
        "self._ends_s[priority] = max(self._ends_s[priority], now + min(seconds, longest_s))",
        "seconds > longest_s",
    ),
    Probe(
        "limiter: blocked after a 429 without Retry-After",
        _REST,
        "GateioRest._refusal",
        "answer.permit.block(min(wait_s or _PAUSE_AFTER_429_S, call.scope.window_s))",
    ),
    Probe("request: a change's answer is lost", _HTTP, "HttpClient.send", "raise"),
    Probe(
        "request: a query's answer is lost",
        _HTTP,
        "HttpClient.send",
        'raise ConnectionFailedError(f"{call.operation}: {error}") from error',
    ),
    Probe(
        "request: a change ends with 5xx",
        _HTTP,
        "HttpClient.send",
        'raise lost(call, f"status {response.status}")',
        "call.changes",
    ),
    Probe(
        "request: a query ends with 5xx",
        _HTTP,
        "HttpClient.send",
        'raise lost(call, f"status {response.status}")',
        "not call.changes",
    ),
    Probe("request: a change's answer cannot be read", _REST, "GateioRest._read", "raise lost(call, why) from error"),
    Probe(
        "request: a query's answer cannot be read",
        _REST,
        "GateioRest._read",
        'raise ProtocolError(f"{call.operation}: {why}") from error',
    ),
    Probe(
        "clock: the exchange's is a second off what we thought",
        _CLOCK,
        "ServerClock.sample",
        "self._offset_ms = offset_ms",
        "self._offset_ms is not None and abs(offset_ms - self._offset_ms) > 1000",
    ),
    Probe(
        "error: a label that we know",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "known is not None",
    ),
    Probe(
        "error: a label that we do not know, after a query",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "known is None",
    ),
    Probe(
        "error: a label that we do not know, after a change",
        _ERRORS,
        "from_label",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        "known is None",
    ),
    Probe(
        "error: REPEATED_CREATION",
        _ERRORS,
        "from_label",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        'label == "REPEATED_CREATION"',
    ),
    Probe(
        "error: REQUEST_EXPIRED",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        'label == "REQUEST_EXPIRED"',
    ),
    Probe(
        "error: ORDER_NOT_FOUND",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        'label == "ORDER_NOT_FOUND"',
    ),
    Probe(
        "error: a label of permission or key",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "known is not None and known.reason in {RefusalReason.PERMISSION, RefusalReason.AUTHENTICATION}",
    ),
    Probe(
        "error: a minimum behind INVALID_PARAM_VALUE",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.BELOW_MINIMUM",
    ),
    Probe(
        "error: a label of the server's fault, after a change",
        _ERRORS,
        "from_label",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        "known is not None and known.proof is Proof.SERVER",
    ),
    Probe(
        "error: a label of the server's fault, after a query",
        _ERRORS,
        "from_label",
        'return ConnectionFailedError(f"{operation}: {label}")',
    ),
    Probe(
        "error: no label, after a change",
        _ERRORS,
        "_without_label",
        "return UnknownOutcomeError(",
    ),
    Probe(
        "error: no label, 429 to a query",
        _ERRORS,
        "_without_label",
        "reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER",
        "status == 429",
    ),
    Probe(
        "error: no label, another status below 500 to a query",
        _ERRORS,
        "_without_label",
        "reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER",
        "status != 429",
    ),
)
