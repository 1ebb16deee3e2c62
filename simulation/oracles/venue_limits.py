"""The exchange never counts us over a limit: our own limiter holds back first, unless the way was uneven."""

import re
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final

from exchanges.simulator import Exchange, HttpRequest, HttpResponse
from exchanges.simulator.faces.gateio.limits import LimitKind
from exchanges.simulator.faces.http import Witness
from simulation.oracles.oracle import Oracle

_PREFIX: Final = "/api/v4"
_TOO_MANY: Final = 429
_LIMIT: Final = "X-Gate-RateLimit-Limit"
_HIGHEST: Final = 200
_PAIR: Final = re.compile(r"""currency_pair"?[=:]\s*"?(\w+)""")
_WINDOW_S: Final = {LimitKind.PLACE: 1.0, LimitKind.CANCEL: 1.0, LimitKind.PRIVATE: 10.0, LimitKind.WITHDRAW: 3.0}
_Scope = tuple[str, LimitKind, Hashable]


class VenueLimits(Oracle, Witness):
    """Witnesses every request that the exchange itself answers; refusals that a fault made up never come to it.

    The exchange counts by arrival, a limiter by departure, and each request is on its way for a time of its own: one
    refusal too many is ours only where it and as many requests as are allowed had left within one window.
    """

    def __init__(
        self,
        *,
        exchange: Exchange,
        names: Iterable[str],
        is_even: Callable[[], bool],
        sent_s: Callable[[HttpRequest], float],
    ) -> None:
        """``is_even``: whether requests arrive about as far apart as they were sent, sent by one program that knows of
        all of them. ``sent_s``: when a request left, in virtual seconds."""
        self._owner = exchange.keys.owner
        self._rest = exchange.gateio.rest
        self._names = frozenset(names)
        self._is_even = is_even
        self._sent_s = sent_s
        self._allowed: dict[_Scope, deque[float]] = {}
        self._found: list[str] = []
        exchange.gateio.rest.witnesses.append(self)

    def ends(self, request: HttpRequest, response: HttpResponse) -> None:
        name = self._owner(request.headers.get("key", ""))
        if name not in self._names or not self._rest.name_of(request):
            return
        scope, left_s = self._scope(name, request), self._sent_s(request)
        allowed = self._allowed.setdefault(scope, deque(maxlen=_HIGHEST))
        if response.status != _TOO_MANY:
            allowed.append(left_s)
        elif self._is_even() and self._left_too_soon(scope, left_s, int(response.headers.get(_LIMIT, "0"))):
            self._found.append(f"{name}: counted over the limit at {request.method} {request.path} (R13)")

    def look(self) -> Iterator[str]:
        found, self._found = self._found, []
        yield from found

    def final(self) -> Iterator[str]:
        return self.look()

    def _left_too_soon(self, scope: _Scope, left_s: float, limit: int) -> bool:
        """One that left later may have been counted before this one: what matters is a window that holds them all."""
        within_s = _WINDOW_S[scope[1]]
        near_s = sorted([left_s, *(s for s in self._allowed[scope] if abs(left_s - s) < within_s)])
        return any(last_s - first_s < within_s for first_s, last_s in zip(near_s, near_s[limit:], strict=False))

    def _scope(self, name: str, request: HttpRequest) -> _Scope:
        """What is counted together: orders by market, cancels all together, the rest by endpoint."""
        endpoint, _ = self._rest.endpoint(request.method, request.path.removeprefix(_PREFIX))
        if endpoint.limit is LimitKind.PLACE:
            pair = _PAIR.search(request.query) or _PAIR.search(request.body.decode(errors="replace"))
            return name, endpoint.limit, pair and pair.group(1)
        return name, endpoint.limit, endpoint.path if endpoint.limit is LimitKind.PRIVATE else None
