"""A Gate REST request: URL, signature, errors, clock and limits; public and private clients speak through this."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from exchanges.base.http_client import HttpAnswer, HttpCall, HttpClient, lost
from exchanges.base.rate_limiter import Priority, RateLimiter, Scope
from exchanges.base.server_clock import ServerClock
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import reason_of
from exchanges.gateio import errors, limits
from exchanges.gateio.labels import LABELS, Label
from exchanges.gateio.signing import sign_request
from messages.errors import InvalidValueError, ProtocolError, RefusalReason, TellerError, VenueRefusedError

T = TypeVar("T")
R = TypeVar("R")

Query = Sequence[tuple[str, str]]

_encode_body: Final = msgspec.json.Encoder().encode
_NO_HEADERS: Final[Mapping[str, str]] = {}
_DAY_MS: Final = 86_400_000
_PAUSE_AFTER_429_S: Final = 1.0
"""How long a scope rests after a refusal that does not say how long."""
_ID: Final = re.compile(r"[._-]*[0-9A-Za-z][0-9A-Za-z._-]*")


class GateioRest:
    """Sends requests of one account, or public ones where there are no credentials."""

    def __init__(
        self,
        environment: Environment,
        *,
        base_url: str,
        limiter: RateLimiter,
        server_clock: ServerClock,
        settings: VenueSettings,
        credentials: Credentials | None = None,
        name: str = "gateio",
        labels: Mapping[str, Label] = LABELS,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        """
        Args:
            name: of the venue, for logs. labels: what its labels mean. headers: of every request.
        """
        self.clock = environment.clock
        self.server_clock = server_clock
        self.settings = settings
        self._base_url = base_url
        self._path_prefix = urlsplit(base_url).path
        self._credentials = credentials
        self._labels = labels
        self._fixed_headers = headers
        self._http = HttpClient(
            environment,
            name=name if credentials is None else f"{name}.private",
            limiter=limiter,
            timeout_s=settings.request_timeout_s,
            max_wait_s=settings.max_wait_s,
        )

    @property
    def answers_count(self) -> int:
        """See `HttpClient`."""
        return self._http.answers_count

    async def query(
        self,
        operation: str,
        path: str,
        read: Callable[[bytes], R],
        *,
        scope: Scope,
        query: Query = (),
        priority: Priority = Priority.NORMAL,
    ) -> R:
        """A GET; see `query_as_of`."""
        answer = await self._send(operation, "GET", path, scope=scope, query=query, priority=priority)
        return self._read(answer, read)

    async def query_as_of(
        self,
        operation: str,
        path: str,
        read: Callable[[bytes, int], R],
        *,
        scope: Scope,
        query: Query = (),
        continues: bool = False,
    ) -> R:
        """A GET whose ``read`` also gets the exchange's clock (unix ms) at which it took the query up.

        ``continues``: it asks for a further page of a list; see `HttpCall`.

        Raises:
            VenueRefusedError: refused. RateLimitedError: not sent. ConnectionFailedError: no usable answer.
        """
        answer = await self._send(operation, "GET", path, scope=scope, query=query, continues=continues)
        taken_up_ms = self._taken_up_ms(answer[1])
        return self._read(answer, lambda body: read(body, taken_up_ms))

    async def change(
        self,
        operation: str,
        method: str,
        path: str,
        read: Callable[[bytes], R],
        *,
        scope: Scope,
        query: Query = (),
        body: msgspec.Struct | None = None,
        priority: Priority = Priority.NORMAL,
        expires_at_ms: int | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> R:
        """A request that changes something.

        Args:
            expires_at_ms: after this moment of its clock the exchange shall refuse it; None: never. See `expiry_ms`.
            before_sending: called when its turn has come; what it raises keeps it from being sent.

        Raises:
            VenueRefusedError: refused, nothing happened. RateLimitedError, ConnectionFailedError: not sent.
            UnknownOutcomeError: it left and no usable answer came (R3).
        """
        answer = await self._send(
            operation,
            method,
            path,
            scope=scope,
            query=query,
            body=None if body is None else _encode_body(body),
            changes=True,
            priority=priority,
            expires_at_ms=expires_at_ms,
            before_sending=before_sending,
        )
        return self._read(answer, read)

    def expiry_ms(self, decided_ms: int | None = None) -> int | None:
        """When the exchange shall refuse, by its own clock, a command that was decided at ``decided_ms`` (None: now).

        Counted from the decision, not from the turn in the limiter: who decided may rely on it (R3).
        """
        if self.settings.order_expiry_ms is None:
            return None
        return (self.server_clock.now_ms() if decided_ms is None else decided_ms) + self.settings.order_expiry_ms

    async def _send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        scope: Scope,
        query: Query,
        body: bytes | None = None,
        changes: bool = False,
        priority: Priority = Priority.NORMAL,
        expires_at_ms: int | None = None,
        before_sending: Callable[[], None] | None = None,
        continues: bool = False,
    ) -> tuple[HttpCall, HttpAnswer]:
        url = f"{self._base_url}{path}"
        if query:
            url += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query)

        def headers() -> Mapping[str, str]:
            if before_sending is not None:
                before_sending()
            return self._headers(method, path, query, body, expires_at_ms)

        call = HttpCall(
            operation=operation,
            method=method,
            url=url,
            headers=headers,
            scope=scope,
            body=body,
            changes=changes,
            priority=priority,
            max_wait_s=None if expires_at_ms is None else max(expires_at_ms - self.server_clock.now_ms(), 0) / 2000,
            continues=continues,
        )
        answer = await self._http.send(call)
        self._learn(answer)
        if not 200 <= answer.response.status < 300:
            raise self._refusal(call, answer)
        return call, answer

    def _headers(
        self, method: str, path: str, query: Query, body: bytes | None, expires_at_ms: int | None
    ) -> Mapping[str, str]:
        if self._credentials is None:
            return self._fixed_headers
        headers = sign_request(
            self._credentials,
            method=method,
            path=self._path_prefix + path,
            query="&".join(f"{name}={value}" for name, value in query),
            body=body,
            seconds=self.server_clock.seconds(),
        )
        headers.update(self._fixed_headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if expires_at_ms is not None:
            headers["X-Gate-Exptime"] = str(expires_at_ms)
        return headers

    def _learn(self, answer: HttpAnswer) -> None:
        """Every answer carries the exchange's clock and its count of our requests."""
        server_ms = _in_time_ms(answer)
        if server_ms is not None and abs(server_ms - self.clock.now_ms()) < _DAY_MS:
            self.server_clock.sample(answer.sent_s, answer.received_s, server_ms)
        limit, remaining, reset_in_s = limits.read_headers(answer.response, self.server_clock)
        answer.permit.observe(limit=limit, remaining=remaining, reset_in_s=reset_in_s)

    def _refusal(self, call: HttpCall, answer: HttpAnswer) -> TellerError:
        wait_s = answer.retry_after_s
        if answer.response.status == 429 and wait_s is None:
            _, _, wait_s = limits.read_headers(answer.response, self.server_clock)
            answer.permit.block(min(wait_s or _PAUSE_AFTER_429_S, call.scope.window_s))
        error = errors.from_response(
            call.operation,
            answer.response.status,
            answer.response.body,
            changes=call.changes,
            retry_after_s=wait_s,
            hide=self._credentials,
            labels=self._labels,
        )
        if isinstance(error, VenueRefusedError) and error.reason is RefusalReason.RATE_LIMIT and wait_s is None:
            error.retry_after_s = _PAUSE_AFTER_429_S
        return error

    def _read(self, answer: tuple[HttpCall, HttpAnswer], read: Callable[[bytes], R]) -> R:
        """The typed answer. One that cannot be read proves nothing of a change (R3)."""
        call, got = answer
        try:
            return read(got.response.body)
        except Exception as error:
            why = f"an answer of {len(got.response.body)} bytes that cannot be read: {reason_of(error)}"
            if call.changes:
                raise lost(call, why) from error
            raise ProtocolError(f"{call.operation}: {why}") from error

    def _taken_up_ms(self, answer: HttpAnswer) -> int:
        server_ms = _in_time_ms(answer)
        if server_ms is not None:
            return int(server_ms)
        return self.server_clock.now_ms() - round((self.clock.monotonic_s() - answer.sent_s) * 1000)


def _in_time_ms(answer: HttpAnswer) -> float | None:
    """``X-In-Time``: microseconds by the exchange's clock at which it took the request up."""
    text = answer.response.headers.get("x-in-time", "")
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) <= 18 else None


def single(reader: Callable[[bytes], T], convert: Callable[[T], R]) -> Callable[[bytes], R]:
    """A reader of one JSON value, converted."""

    def read(body: bytes) -> R:
        return convert(reader(body))

    return read


def path_part(field: str, value: str) -> str:
    """An id as a part of a path; one that would lead elsewhere is refused before it is signed.

    Raises:
        InvalidValueError: it has other characters than Gate's ids have.
    """
    if _ID.fullmatch(value) is None:
        raise InvalidValueError(
            field, value, "letters, digits and _ - . as in the exchange's ids, with a letter or digit"
        )
    return value
