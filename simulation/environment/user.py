"""The user before the program, who asks for connections: out of place now and then, and where only a user can help."""

import random
from collections.abc import Mapping
from typing import Final

from actors.connection.messages import Connect
from exchanges.simulator import Exchange
from exchanges.simulator.faults.faults import ActiveFault, Fault, KeyRevoked
from exchanges.simulator.faults.refusals import RestRefusal, SubscriptionRefused
from messages.enums import SyncState
from simulation.options import Feature
from simulation.oracles.alarms import refuses_key
from simulation.oracles.watcher import Told
from simulation.program import Program
from simulation.scenario import Scenario
from simulation.trace import Trace
from simulation.venues.wires import VENUE_WIRES

_CONNECTS: Final = 0.15
_NO_PERMISSION: Final = frozenset(label for wire in VENUE_WIRES.values() for label in wire.no_permission)
_MUST_BE_READ: Final = frozenset(
    endpoint for wire in VENUE_WIRES.values() for endpoint in (wire.endpoints.balances, wire.endpoints.open_orders)
)


class User:
    """Knows what subscribers are told, and whose key was revoked."""

    def __init__(
        self, exchange: Exchange, rng: random.Random, trace: Trace, *, scenario: Scenario, told: Mapping[str, Told]
    ) -> None:
        """``told``: by account, and by venue."""
        self._keys = exchange.keys
        self._faults = exchange.faults
        self._rng = rng
        self._trace = trace
        self._scenario = scenario
        self._told = told
        self._refused: dict[str, float | None] = {}
        """Since when the account was live when it was refused: what it has asked may fail it later."""
        exchange.faults.watchers.append(self._note_refused)

    def connect(self, program: Program) -> None:
        """Asks for a connection that is there, is being mended, or waits for something else; called once a second."""
        rng = self._rng
        if self._scenario.has(Feature.USER_CONNECTS) and program.runs and rng.random() < _CONNECTS:
            name = rng.choice(self._scenario.names)
            program.asked.append((f"connect {name}", program.system.connection(name).ask(Connect())))

    def connect_anew(self, program: Program) -> None:
        """A key that was refused is no affair of the program's: its user tells it when to try again, of a key that
        sockets refuse and of a permission that is missing once that is mended. Nothing else is mended for it."""
        for name, told in self._told.items():
            if name not in self._refused or self._is_refused_still(name):
                continue
            if told.live_since_s not in {None, self._refused[name]} and name not in self._keys.revoked:
                del self._refused[name]
            if told.sync_state is SyncState.FAILED and not program.life.is_over:
                self._trace.add("world", f"{name} is to connect anew")
                program.system.connection(name).ask(Connect(persistent=True))

    def _is_refused_still(self, name: str) -> bool:
        return any(_ends(active.fault, name) for active in self._faults.active.values())

    def _note_refused(self, active: ActiveFault, begins: bool) -> None:
        """Keeps whose key was revoked or refused, or lacks a permission, until its account is live again."""
        fault = active.fault
        if begins and isinstance(fault, KeyRevoked):
            self._refused[fault.account] = self._told[fault.account].live_since_s
        elif begins:
            names = (name for name in self._scenario.names if _ends(fault, name))
            self._refused |= {name: self._told[name].live_since_s for name in names}


def _ends(fault: Fault, name: str) -> bool:
    """Whether an account may fail of it: of a key that sockets refuse, or a permission to read what it must."""
    if isinstance(fault, RestRefusal):
        is_of_account = fault.label in _NO_PERMISSION and fault.endpoint in _MUST_BE_READ
    elif isinstance(fault, SubscriptionRefused):
        is_of_account = refuses_key(fault)
    else:
        return False
    return is_of_account and fault.account in (None, name)
