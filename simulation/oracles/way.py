"""Whether the program can reach the exchange now, as far as the world knows; what oracles may ask depends on it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from exchanges.simulator import Exchange
from exchanges.simulator.faults.faults import Fault as ExchangeFault
from exchanges.simulator.faults.faults import KeyRevoked, Maintenance, RefuseConnections, RestFault
from simulation.environment.faults import Cut, Fault, Link, Weather
from simulation.oracles.oracle import Oracle

_LONGEST_WINDOW_S: Final = 35.0
"""The longest span over which the exchange counts requests, and as long as its clock stands still when it was ahead."""


class Way(Oracle):
    """The way of one program's commands. It finds nothing wrong itself; it remembers what has happened on it."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        weather: Weather,
        keys: Mapping[str, str],
        now_s: Callable[[], float],
        runs: Callable[[], bool],
        is_alone: bool,
    ) -> None:
        """``keys``: by account name. ``runs``: whether the program does. ``is_alone``: nobody else uses its keys."""
        self._exchange = exchange
        self._weather = weather
        self._keys = keys
        self._now_s = now_s
        self._runs = runs
        self._is_alone = is_alone
        self._uneven_s = -_LONGEST_WINDOW_S

    def look(self) -> Iterator[str]:
        self.is_even()  # what it looks like now is remembered for a while
        return iter(())

    def begin_life(self) -> None:
        """A new life knows nothing of what the old one has sent."""
        self._uneven_s = self._now_s()

    def can_reach(self, name: str) -> bool:
        """Whether the program runs and the exchange takes an account's commands that take risk away."""
        if not self._runs() or self._weather.outage(Link.PRIVATE_REST, self._keys[name]) is not None:
            return False
        return not any(_concerns(active.fault, name) for active in self._exchange.faults.active.values())

    def is_even(self) -> bool:
        """Whether requests arrive as far apart as they were sent, by one program that knows of all of them."""
        weather, now_s = self._weather, self._now_s()
        held = any(
            outage.cut is Cut.HOLD and outage.from_s <= now_s <= outage.until_s + _LONGEST_WINDOW_S
            for outage in weather.outages
        )
        if held or self._exchange.faults.active or not self._is_alone or Fault.REST_LATE in weather.rates:
            self._uneven_s = now_s
        return now_s - self._uneven_s > _LONGEST_WINDOW_S


def _concerns(fault: ExchangeFault, name: str) -> bool:
    if isinstance(fault, RestFault):
        is_query = fault.endpoint is not None and fault.endpoint.startswith("GET ")
        return not is_query and fault.account in {None, name}
    if isinstance(fault, KeyRevoked):
        return fault.account == name
    return isinstance(fault, Maintenance | RefuseConnections)
