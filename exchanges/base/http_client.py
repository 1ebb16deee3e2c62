"""What every venue's REST client shares: its turn in the limiter, the request, and what a lost answer means.

The venue says what a request is; this says when it goes and what its failure proves. Signing happens after the wait
for the turn, so that a signature is never older than its way to the exchange.
"""

from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec
import structlog

from exchanges.base.environment import Environment
from exchanges.base.rate_limiter import Charge, Permit, Priority, RateLimiter, Scope
from exchanges.base.transport import AnswerLostError, HttpResponse
from messages.errors import ConnectionFailedError, UnknownOutcomeError

_RETRY_AFTER_MOST_S: Final = 3600.0


class HttpCall(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the venue wants it.

    Attributes:
        operation: for logs and errors, for example ``place_order``.
        url: complete, encoded; a function where a signature stands in it. headers: both are made when the request is
            about to leave.
        changes: whether it changes something at the exchange; decides what a lost answer means (R3).
        scope, weight: the rate limit that it counts against, and how much. further: what it counts in others besides.
        max_wait_s: the longest wait for its turn, where that is
            shorter than the client's own.
        continues: whether it asks for more of a list that has begun: what was read already would be lost with it, so
            it waits longer for its turn, for two windows of the scope.
    """

    operation: str
    method: str
    url: str | Callable[[], str]
    headers: Callable[[], Mapping[str, str]]
    scope: Scope
    weight: int = 1
    further: Sequence[Charge] = ()
    body: bytes | None = None
    changes: bool = False
    priority: Priority = Priority.NORMAL
    max_wait_s: float | None = None
    continues: bool = False


class HttpAnswer(msgspec.Struct, frozen=True):
    """A whole answer, with what the venue needs to read more from it.

    Attributes:
        sent_s, received_s: monotonic seconds around the request. permit: where to report the exchange's count.
        retry_after_s: what ``Retry-After`` asked for, in seconds, if it did.
    """

    response: HttpResponse
    sent_s: float
    received_s: float
    permit: Permit
    retry_after_s: float | None


class HttpClient:
    """Sends a venue's requests through the transport, within the limits.

    Attributes:
        answers_count: how many have been answered so far, whatever the status.
    """

    def __init__(
        self, environment: Environment, *, name: str, limiter: RateLimiter, timeout_s: float, max_wait_s: float
    ) -> None:
        """``timeout_s``: for the whole request. ``max_wait_s``: the longest wait for a turn, both in seconds."""
        self._environment = environment
        self._limiter = limiter
        self._logger = structlog.get_logger(__name__).bind(client=name)
        self._timeout_s = timeout_s
        self._max_wait_s = max_wait_s
        self.answers_count = 0

    async def send(self, call: HttpCall) -> HttpAnswer:
        """Waits for its turn, sends, and returns the answer, whatever its status below 500.

        Raises:
            RateLimitedError: its turn would come too late. ConnectionFailedError: it did not leave; or it is a query
            and no usable answer came (lost, or status 5xx). UnknownOutcomeError: it changes something, left, and no
            usable answer came.
        """
        clock = self._environment.clock
        max_wait_s = self._max_wait_s
        if call.continues:
            windows_s = (call.scope.window_s, *(each.scope.window_s for each in call.further))
            max_wait_s = max(max_wait_s, 2 * max(windows_s))
        if call.max_wait_s is not None:
            max_wait_s = min(max_wait_s, call.max_wait_s)
        permit = await self._limiter.acquire(
            call.scope, weight=call.weight, further=call.further, priority=call.priority, max_wait_s=max_wait_s
        )
        sent_s = clock.monotonic_s()
        outcome = "failed"
        try:
            url = call.url if isinstance(call.url, str) else call.url()
            response = await self._environment.http.request(
                call.method, url, headers=call.headers(), body=call.body, timeout_s=self._timeout_s
            )
            outcome = str(response.status)
            self.answers_count += 1
        except AnswerLostError as error:
            outcome = "answer_lost"
            if call.changes:
                raise
            raise ConnectionFailedError(f"{call.operation}: {error}") from error
        finally:
            received_s = clock.monotonic_s()
            self._logger.debug(
                "http_request",
                operation=call.operation,
                outcome=outcome,
                elapsed_ms=round((received_s - sent_s) * 1000, 3),
            )
        retry_after_s = parse_retry_after(response.headers.get("retry-after"), clock.now_ms())
        if retry_after_s is not None and response.status in {429, 503}:
            permit.block(retry_after_s)
        if response.status >= 500:
            raise lost(call, f"status {response.status}")
        return HttpAnswer(response, sent_s, received_s, permit, retry_after_s)


def lost(call: HttpCall, why: str) -> ConnectionFailedError | UnknownOutcomeError:
    """The error for a request that left and got no usable answer (R3)."""
    if call.changes:
        return UnknownOutcomeError(f"{call.operation}: {why}: it may or may not have happened")
    return ConnectionFailedError(f"{call.operation}: {why}")


def parse_retry_after(value: str | None, now_ms: int) -> float | None:
    """Seconds to wait by a ``Retry-After`` header (RFC 9110: seconds or a date); None where it says nothing usable.

    Never more than an hour: a typing error of the exchange must not end trading for the day.
    """
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text) if text.isascii() and text[:1].isdigit() else _seconds_until(text, now_ms)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _RETRY_AFTER_MOST_S)


def _seconds_until(date: str, now_ms: int) -> float:
    return parsedate_to_datetime(date).timestamp() - now_ms / 1000
