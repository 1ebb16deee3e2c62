"""A MEXC REST request: URL, signature, errors and limits; public and private clients speak through this."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from exchanges.base.http_client import HttpAnswer, HttpCall, HttpClient, lost
from exchanges.base.rate_limiter import Priority, RateLimiter
from exchanges.base.server_clock import ServerClock
from exchanges.base.websocket_connection import reason_of
from exchanges.mexc import errors
from exchanges.mexc.limits import Cost
from exchanges.mexc.settings import MexcSettings
from exchanges.mexc.signing import Query, encode, signed
from messages.errors import ProtocolError, RefusalReason, TellerError, VenueRefusedError

R = TypeVar("R")

_PUBLIC_HEADERS: Final[Mapping[str, str]] = {}
_VERSION: Final = "/api/v3"
"""Of all paths of spot; the address is that of other products, too."""
_TOO_MANY: Final = 429
_PAUSE_AFTER_S: Final[Mapping[int, float]] = {418: 120.0, 403: 60.0}
"""How long all that the request counted in rests after a refusal that does not say how long: a ban grows when it is not
heeded, from two minutes to three days (docs/venues/mexc.md, rate limits). A 403 is the firewall's, unless it has a
code of the exchange's: then it concerns this request and nothing else (R10)."""


class MexcRest:
    """Sends requests of one account, or public ones where there are no credentials."""

    def __init__(
        self,
        environment: Environment,
        base_url: str,
        limiter: RateLimiter,
        server_clock: ServerClock,
        settings: MexcSettings,
        *,
        credentials: Credentials | None,
    ) -> None:
        self.clock = environment.clock
        self.server_clock = server_clock
        self.settings = settings
        self._base_url = base_url
        self._credentials = credentials
        self._http = HttpClient(
            environment,
            name="mexc" if credentials is None else "mexc.private",
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
        cost: Cost,
        query: Query = (),
        priority: Priority = Priority.NORMAL,
    ) -> R:
        """A GET; see `query_as_of`."""
        return (await self.query_as_of(operation, path, read, cost=cost, query=query, priority=priority))[0]

    async def query_as_of(
        self,
        operation: str,
        path: str,
        read: Callable[[bytes], R],
        *,
        cost: Cost,
        query: Query = (),
        priority: Priority = Priority.NORMAL,
        continues: bool = False,
    ) -> tuple[R, int]:
        """A GET, and when it left, by the exchange's clock (unix ms): it was taken up no earlier.

        ``continues``: it asks for more of a list; see `HttpCall`.

        Raises:
            VenueRefusedError: refused. RateLimitedError: not sent. ConnectionFailedError: no usable answer.
        """
        call = self._call(operation, "GET", path, query, cost=cost, priority=priority, continues=continues)
        answer = await self._send(call)
        left_ms = self.server_clock.now_ms() - round((self.clock.monotonic_s() - answer.sent_s) * 1000)
        return self._read(call, answer, read), left_ms

    async def change(
        self,
        operation: str,
        method: str,
        path: str,
        read: Callable[[bytes], R],
        *,
        cost: Cost,
        query: Query = (),
        priority: Priority = Priority.NORMAL,
        decided_ms: int | None = None,
        before_sending: Callable[[], None] | None = None,
        hide: tuple[str, ...] = (),
    ) -> R:
        """A request that changes something. All parameters stand in the query; there is no body.

        Args:
            decided_ms: the exchange refuses it when it arrives later than `order_expiry_ms` after this moment of its
                clock; None: it has the receive window of any request, from when it leaves.
            before_sending: called when its turn has come; what it raises keeps it from being sent.
            hide: what error texts must not quote, besides key and secret (R12).

        Raises:
            VenueRefusedError: refused, nothing happened. RateLimitedError, ConnectionFailedError: not sent.
            UnknownOutcomeError: it left and no usable answer came (R3).
        """
        call = self._call(
            operation,
            method,
            path,
            query,
            cost=cost,
            changes=True,
            priority=priority,
            decided_ms=decided_ms,
            before_sending=before_sending,
        )
        return self._read(call, await self._send(call, hide), read, hide)

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        query: Query,
        *,
        cost: Cost,
        changes: bool = False,
        priority: Priority = Priority.NORMAL,
        continues: bool = False,
        decided_ms: int | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> HttpCall:
        expiry_ms = None if decided_ms is None else self.settings.order_expiry_ms

        def url() -> str:
            """Signed when it is about to leave: the window counts from the time in it."""
            if before_sending is not None:
                before_sending()
            whole = f"{self._base_url}{_VERSION}{path}"
            if self._credentials is None:
                return f"{whole}?{encode(query)}" if query else whole
            if decided_ms is not None and expiry_ms is not None:
                timestamp_ms, window_ms = decided_ms, expiry_ms
            else:
                timestamp_ms, window_ms = self.server_clock.now_ms(), self.settings.receive_window_ms
            return f"{whole}?{signed(self._credentials, query, timestamp_ms=timestamp_ms, window_ms=window_ms)}"

        max_wait_s: float | None = None
        if decided_ms is not None and expiry_ms is not None:
            max_wait_s = max(decided_ms + expiry_ms - self.server_clock.now_ms(), 0) / 2000
        return HttpCall(
            operation=operation,
            method=method,
            url=url,
            headers=self._headers,
            scope=cost.scope,
            weight=cost.weight,
            further=cost.further,
            changes=changes,
            priority=priority,
            max_wait_s=max_wait_s,
            continues=continues,
        )

    def _headers(self) -> Mapping[str, str]:
        """No content type: there is no body, and that of a form is refused."""
        return _PUBLIC_HEADERS if self._credentials is None else {"X-MEXC-APIKEY": self._credentials.reveal_key()}

    async def _send(self, call: HttpCall, hide: tuple[str, ...] = ()) -> HttpAnswer:
        answer = await self._http.send(call)
        status = answer.response.status
        if 200 <= status < 300:
            return answer
        wait_s = answer.retry_after_s
        if status == _TOO_MANY and wait_s is None:
            wait_s = answer.permit.block_window()
        elif status in _PAUSE_AFTER_S and (status != 403 or errors.code_in(answer.response.body) is None):
            wait_s = _PAUSE_AFTER_S[status] if wait_s is None else wait_s
            answer.permit.block_all(wait_s)
        error = errors.from_response(
            call.operation,
            status,
            answer.response.body,
            changes=call.changes,
            retry_after_s=answer.retry_after_s,
            hide=self._hidden(hide),
        )
        if isinstance(error, VenueRefusedError) and error.reason is RefusalReason.RATE_LIMIT:
            error.retry_after_s = wait_s
        raise error

    def _read(self, call: HttpCall, answer: HttpAnswer, read: Callable[[bytes], R], hide: tuple[str, ...] = ()) -> R:
        """The typed answer. Some services refuse with a status of 200; what is neither a value nor a refusal proves
        nothing of a change (R3)."""
        body = answer.response.body
        try:
            return read(body)
        except Exception as problem:
            raise self._unread(call, body, problem, hide) from problem

    def _unread(self, call: HttpCall, body: bytes, problem: Exception, hide: tuple[str, ...]) -> TellerError:
        said = errors.code_in(body)
        if said is not None:
            text = errors.scrub(said[1], self._hidden(hide))
            return errors.from_code(call.operation, said[0], text, changes=call.changes)
        why = f"an answer of {len(body)} bytes that cannot be read: {reason_of(problem)}"
        return lost(call, why) if call.changes else ProtocolError(f"{call.operation}: {why}")

    def _hidden(self, more: tuple[str, ...]) -> tuple[str, ...]:
        own = self._credentials
        return more if own is None else (own.reveal_secret(), own.reveal_key(), *more)
