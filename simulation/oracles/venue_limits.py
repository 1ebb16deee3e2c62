"""The exchange never counts us over a limit: our own limiter holds back first, unless the way was uneven."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from exchanges.simulator import Exchange, HttpRequest, HttpResponse
from exchanges.simulator.http import Witness
from simulation.oracles.oracle import Oracle

_TOO_MANY: Final = 429


class VenueLimits(Oracle, Witness):
    """Witnesses every request that the exchange itself answers; refusals that a fault made up never come to it."""

    def __init__(self, *, exchange: Exchange, names: Iterable[str], is_even: Callable[[], bool]) -> None:
        """``is_even``: whether requests arrive as far apart as they were sent, sent by one program that knows of all of
        them."""
        self._owner = exchange.keys.owner
        self._names = frozenset(names)
        self._is_even = is_even
        self._found: list[str] = []
        exchange.gateio.rest.witnesses.append(self)

    def ends(self, request: HttpRequest, response: HttpResponse) -> None:
        name = self._owner(request.headers.get("key", ""))
        if response.status == _TOO_MANY and name in self._names and self._is_even():
            self._found.append(f"{name}: counted over the limit at {request.method} {request.path} (R13)")

    def look(self) -> Iterator[str]:
        found, self._found = self._found, []
        yield from found

    def final(self) -> Iterator[str]:
        return self.look()
