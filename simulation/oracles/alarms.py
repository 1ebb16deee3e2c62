"""Alarms of an account: none without a cause, and the one that only a person can answer is given."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from exchanges.simulator.faults.faults import Fault as ExchangeFault
from exchanges.simulator.faults.refusals import SubscriptionRefused
from messages.enums import SyncState
from simulation.oracles.oracle import Oracle
from simulation.oracles.watcher import Told

REFUSED_KEY: Final = "invalid key"
"""What a socket says with code 2 of a key that it does not take."""


def refuses_key(fault: ExchangeFault | None) -> bool:
    """Whether the private socket of an account is refused because of its key."""
    return isinstance(fault, SubscriptionRefused) and fault.message == REFUSED_KEY


class FalseAlarms(Oracle):
    """In a run in which nothing is lost on any socket nobody may call one deaf."""

    def __init__(self, told: Mapping[str, Told], names: tuple[str, ...]) -> None:
        self._told = told
        self._seen = dict.fromkeys(names, 0)

    def look(self) -> Iterator[str]:
        for name, seen in self._seen.items():
            alarms = self._told[name].deaf_alarms
            if alarms > seen:
                self._seen[name] = alarms
                yield f"{name}: its socket was called deaf, and nothing of it was lost (R14)"


class RefusedKey(Oracle):
    """A key that is refused for good ends in FAILED, for its user to mend; nobody tries it for ever."""

    def __init__(self, told: Mapping[str, Told], account: str, stands: Callable[[], bool]) -> None:
        """``stands``: whether the key is refused now."""
        self._told = told
        self._account = account
        self._stands = stands

    def compare(self) -> Iterator[str]:
        state = self._told[self._account].sync_state
        if self._stands() and state is not SyncState.FAILED:
            yield f"{self._account}: its key is refused by its socket, and it is {state.value}: it is tried for ever"
