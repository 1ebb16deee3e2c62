"""Where requests wait for their turn, get lost, and are refused."""

from typing import Final

from simulation.tools.probe import Probe

_LIMITER: Final = "exchanges/base/rate_limiter.py"
_HTTP: Final = "exchanges/base/http_client.py"
_CLOCK: Final = "exchanges/base/server_clock.py"

REQUESTS: Final = (
    Probe("limiter: waits for its turn", _LIMITER, "RateLimiter._wait", "await self._clock.sleep(opens_s - moment)"),
    Probe("limiter: waits behind others", _LIMITER, "RateLimiter._wait", "await called"),
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
    Probe(
        "clock: the exchange's is a second off what we thought",
        _CLOCK,
        "ServerClock.sample",
        "self._offset_ms = offset_ms",
        "self._offset_ms is not None and abs(offset_ms - self._offset_ms) > 1000",
    ),
)
