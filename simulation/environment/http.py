"""HTTP in memory: the client's bytes go to the embedded exchange, its answer comes back, unless the weather is bad."""

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from exchanges.base.transport import AnswerLostError, HttpResponse, RequestNotSentError
from exchanges.simulator import Exchange, HttpRequest
from exchanges.simulator.faces.http import HttpResponse as ExchangeResponse
from simulation.environment.faults import Cut, Fault, Link, Weather
from simulation.process import Outside
from simulation.trace import Trace
from simulation.venues.wires import wire_at

_LEG_S: Final = 0.02
_REFUSAL_S: Final = 0.001
_CONNECT_SHARE: Final = 0.9
_BEFORE: Final = (
    Fault.REST_REFUSED,
    Fault.REST_RESET_BEFORE,
    Fault.REST_SILENT_BEFORE,
    Fault.REST_5XX_BEFORE,
    Fault.REST_429,
    Fault.REST_LATE,
)
_AFTER: Final = (
    Fault.REST_RESET_AFTER,
    Fault.REST_SILENT_AFTER,
    Fault.REST_5XX_AFTER,
    Fault.REST_SLOW_ANSWER,
    Fault.REST_JUNK_ANSWER,
)
_FRONT_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_JUNK: Final = (b"", b"<html>please log in</html>", b'{"id": "9', b"null", b"[[[]]]", b'{"label": 7}')


class MemoryHttp:
    """`exchanges.base.transport.HttpTransport` to one embedded exchange.

    Attributes:
        names: of accounts by their keys, for traces.
    """

    def __init__(self, outside: Outside, exchange: Exchange, weather: Weather, trace: Trace) -> None:
        self._outside = outside
        self._exchange = exchange
        self._weather = weather
        self._trace = trace
        self._count = 0
        self._sent_s: dict[int, float] = {}
        self.names = {account.key: name for name, account in exchange.keys.accounts.items()}

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        """One request and its answer. A request that is on its way arrives also when nobody waits for it any more.

        Raises:
            RequestNotSentError, AnswerLostError: as the real transport says it in the same case.
        """
        self._count += 1
        call = _Call(self, self._count, _plain(method, url, headers, body))
        call.begin(timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                return await call.answered
        except TimeoutError:
            call.note("no answer in time")
            raise AnswerLostError(f"no answer within {timeout_s:g} s") from None

    async def close(self) -> None:
        """Nothing is kept open."""

    def sent_s(self, request: HttpRequest) -> float:
        """When a request left that the exchange is carrying out now, in virtual seconds; now, where it has been
        answered and is carried out late."""
        return self._sent_s.get(id(request), self._weather.now_s())


class _Call:
    """One request on its way there and back."""

    def __init__(self, net: MemoryHttp, number: int, request: HttpRequest) -> None:
        self.request = request
        self._sent_s = net._sent_s
        self._number = number
        self._outside, self._exchange = net._outside, net._exchange
        self._weather, self._trace = net._weather, net._trace
        self._wire = wire_at(request.path)
        self._key = self._wire.key_of(request.headers)
        self._whose = net.names.get(self._key or "", "")
        self._link = Link.PUBLIC_REST if self._key is None else Link.PRIVATE_REST
        self._fate: Fault | None = None
        self.answered: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()

    def begin(self, timeout_s: float) -> None:
        weather, request = self._weather, self.request
        self._sent_s[id(request)] = weather.now_s()
        if self._trace.on:
            body = request.body.decode(errors="replace")
            self.note(f"{request.method} {request.path}?{request.query} {body}")
        outage = weather.outage(self._link, self._key)
        if outage is not None and outage.cut is Cut.REFUSE:
            self._fail_later(_REFUSAL_S, RequestNotSentError("no connection: refused"))
            return
        if outage is not None and outage.cut is Cut.SWALLOW:
            self._fail_later(timeout_s * _CONNECT_SHARE, RequestNotSentError("no connection in time"))
            return
        held_s = 0.0 if outage is None else outage.until_s - self._weather.now_s()
        self._fate = fate = weather.first_of(*_BEFORE)
        leg_s = held_s + weather.delay_s(_LEG_S)
        if fate is None:
            self._outside.later(leg_s, self._arrive)
            return
        self.note(fate.value)
        if fate is Fault.REST_REFUSED:
            self._fail_later(_REFUSAL_S, RequestNotSentError("no connection: refused"))
        elif fate is Fault.REST_RESET_BEFORE:
            self._fail_later(leg_s, AnswerLostError("the connection broke before the answer"))
        elif fate is Fault.REST_5XX_BEFORE:
            self._answer_later(2 * leg_s, self._front_page())
        elif fate is Fault.REST_429:
            self._answer_later(2 * leg_s, self._too_many())
        elif fate is Fault.REST_LATE:
            self._outside.later(leg_s + weather.between(0.0, 2 * timeout_s), self._arrive)

    def note(self, what: str) -> None:
        if self._trace.on:
            self._trace.add("rest", f"#{self._number} {self._whose} {what}")

    def _arrive(self) -> None:
        self._exchange.request(self.request, self._leave, self._break_off)

    def _break_off(self) -> None:
        """The exchange breaks the connection off instead of answering."""
        self.note("broken off by the exchange")
        self._fail_later(self._weather.delay_s(_LEG_S), AnswerLostError("the connection broke: reset"))

    def _leave(self, response: ExchangeResponse) -> None:
        """The exchange has answered: what was to happen there has happened."""
        self._sent_s.pop(id(self.request), None)
        if self._trace.on:
            self.note(f"-> {response.status} {response.body.decode(errors='replace')[:400]}")
        weather = self._weather
        outage = weather.outage(self._link, self._key)
        leg_s = weather.delay_s(_LEG_S)
        if outage is not None:
            if outage.cut is Cut.REFUSE:
                self._fail_later(leg_s, AnswerLostError("the connection broke: reset"))
                return
            if outage.cut is Cut.SWALLOW:
                self.note("answer swallowed by an outage")
                return
            leg_s += outage.until_s - self._weather.now_s()
        answer = HttpResponse(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.body,
        )
        fate = weather.first_of(*_AFTER)
        if fate is not None:
            self.note(fate.value)
        if fate is Fault.REST_RESET_AFTER:
            self._fail_later(leg_s, AnswerLostError("the connection broke: reset"))
        elif fate is Fault.REST_5XX_AFTER:
            self._answer_later(leg_s, self._front_page())
        elif fate is Fault.REST_JUNK_ANSWER:
            junk = _JUNK[weather.index(len(_JUNK))]
            self._answer_later(leg_s, HttpResponse(status=answer.status, headers=answer.headers, body=junk))
        elif fate is Fault.REST_SLOW_ANSWER:
            self._answer_later(leg_s + weather.between(0.5, 6.0), answer)
        elif fate is not Fault.REST_SILENT_AFTER:
            self._answer_later(leg_s, answer)

    def _front_page(self) -> HttpResponse:
        status = (502, 503, 504)[self._weather.index(3)]
        return HttpResponse(status=status, headers={"content-type": "text/html"}, body=_FRONT_PAGE)

    def _too_many(self) -> HttpResponse:
        headers = {"content-type": "application/json", "retry-after": str(1 + self._weather.index(3))}
        return HttpResponse(status=429, headers=headers, body=self._wire.too_many_requests())

    def _answer_later(self, delay_s: float, response: HttpResponse) -> None:
        self._outside.later(delay_s, self._settle, response)

    def _fail_later(self, delay_s: float, error: Exception) -> None:
        self._outside.later(delay_s, self._settle, error)

    def _settle(self, outcome: HttpResponse | Exception) -> None:
        if self.answered.done():
            return
        if isinstance(outcome, HttpResponse):
            self.answered.set_result(outcome)
        else:
            self.note(f"{type(outcome).__name__}: {outcome}")
            self.answered.set_exception(outcome)


def _plain(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpRequest:
    """The request as the exchange gets it: path and query byte for byte as they were signed."""
    parts = urlsplit(url)
    return HttpRequest(
        method=method,
        path=parts.path,
        query=parts.query,
        headers={name.lower(): value for name, value in headers.items()},
        body=body or b"",
        remote="10.0.0.1",
    )
