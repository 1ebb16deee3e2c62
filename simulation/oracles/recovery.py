"""LIVE when nothing speaks against it: back within seconds once the venue can be reached, and never lost in a calm."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from messages.enums import SyncState
from simulation.environment.faults import Outage
from simulation.oracles.check import is_made_up
from simulation.oracles.oracle import Oracle
from simulation.oracles.watcher import Told
from simulation.venues.wires import VENUE_WIRES

BACK_WITHIN_S: Final = 8.0
"""A request that left in the last moment of the outage may take its time-out of 4 s; then everybody tries at once."""


class Recovery(Oracle):
    """Watches what comes after the one outage of a run that has no other fault."""

    def __init__(
        self,
        outage: Outage,
        told: Mapping[str, Told],
        names: tuple[str, ...],
        now_s: Callable[[], float],
        *,
        within_s: float = BACK_WITHIN_S,
    ) -> None:
        """``now_s``: virtual seconds. ``within_s``: of the outage's end everybody is back."""
        self._within_s = within_s
        self._over_s = outage.until_s
        self._told = told
        self._waiting = set(names)
        self._now_s = now_s

    def resume(self) -> None:
        """It stood still, and has to come back from now on."""
        self._over_s = max(self._over_s, self._now_s())

    def look(self) -> Iterator[str]:
        """Once after the outage: who is live need not be looked at any more."""
        over_s = self._now_s() - self._over_s
        if over_s < 0:
            return
        self._waiting -= {name for name in self._waiting if self._told[name].sync_state is SyncState.LIVE}
        if over_s > self._within_s:
            for name in sorted(self._waiting):
                state = self._told[name].sync_state.value
                yield f"{name}: is {state} still, {over_s:.0f} s after the venue can be reached again (recovery)"
            self._waiting.clear()


_SHARED: Final = "exchange:AllowanceShared"
_LIMITED: Final = ("rate limit", *(wire.refusals["too many requests"][1] for wire in VENUE_WIRES.values()))


class StaysLive(Oracle):
    """In a run without any fault of network, machine or exchange an account that is live stays so; unless a list shows
    it a row that is made up (whatever no socket has told looks kept back), or others use its limits up."""

    def __init__(self, told: Mapping[str, Told], names: tuple[str, ...], begun: Mapping[str, int]) -> None:
        """``begun``: see `ExchangeFaults.begun`."""
        self._told = told
        self._names = names
        self._begun = begun
        self._was_live: set[str] = set()
        self._alarms = dict.fromkeys(names, 0)
        self._made_up: dict[str, set[str]] = {name: set() for name in names}

    def look(self) -> Iterator[str]:
        for name in self._names:
            state = self._told[name].sync_state
            if state is SyncState.LIVE:
                self._was_live.add(name)
            elif name in self._was_live:
                self._was_live.discard(name)
                if not (self._takes_it_for_deaf(name) or self._is_starved(name)):
                    yield f"{name}: went from live to {state.value} although all was calm (R10)"

    def _is_starved(self, name: str) -> bool:
        """Whether nothing could be asked for want of an allowance that somebody else has spent."""
        cause = self._told[name].left_live_cause
        return _SHARED in self._begun and any(refusal in cause for refusal in _LIMITED)

    def _takes_it_for_deaf(self, name: str) -> bool:
        """Whether its socket was called deaf when it had just been told of what is made up."""
        told = self._told[name]
        numbers = {*told.numbered, *(order_id for _, order_id, _ in told.fills)}
        made_up = {number for number in numbers if is_made_up(number)}
        is_so = told.deaf_alarms > self._alarms[name] and made_up > self._made_up[name]
        self._alarms[name], self._made_up[name] = told.deaf_alarms, made_up
        return is_so
