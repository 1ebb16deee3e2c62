"""The exchange never counts us over a limit: our own limiter holds back first, unless the way was uneven."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from exchanges.simulator import Exchange, HttpRequest, HttpResponse
from exchanges.simulator.faces.http import Witness
from simulation.oracles.oracle import Oracle
from simulation.venues.wire import Allowance
from simulation.venues.wires import wire_at

_HIGHEST: Final = 200
_Scope = tuple[str, Allowance]


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
        self._names = frozenset(names)
        self._is_even = is_even
        self._sent_s = sent_s
        self._allowed: dict[_Scope, deque[float]] = {}
        self._found: list[str] = []
        exchange.face.witnesses.append(self)

    def ends(self, request: HttpRequest, response: HttpResponse) -> None:
        wire = wire_at(request.path)
        name, allowance = self._owner(wire.key_of(request.headers) or ""), wire.allowance_of(request)
        if name not in self._names or allowance is None:
            return
        scope, left_s, limit = (name, allowance), self._sent_s(request), wire.is_over(response)
        allowed = self._allowed.setdefault(scope, deque(maxlen=_HIGHEST))
        if limit is None:
            allowed.append(left_s)
        elif self._is_even() and self._left_too_soon(scope, left_s, limit):
            self._found.append(f"{name}: counted over the limit at {request.method} {request.path} (R13)")

    def look(self) -> Iterator[str]:
        found, self._found = self._found, []
        yield from found

    def final(self) -> Iterator[str]:
        return self.look()

    def _left_too_soon(self, scope: _Scope, left_s: float, limit: int) -> bool:
        """One that left later may have been counted before this one: what matters is a window that holds them all."""
        within_s = scope[1].window_s
        near_s = sorted([left_s, *(s for s in self._allowed[scope] if abs(left_s - s) < within_s)])
        return any(last_s - first_s < within_s for first_s, last_s in zip(near_s, near_s[limit:], strict=False))
