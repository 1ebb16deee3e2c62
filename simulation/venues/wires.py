"""Every venue's wire; a new one is added here."""

from collections.abc import Mapping
from typing import Final

import msgspec

from exchanges.registry import FIRST_KIND
from exchanges.simulator.faults.faults import Fault
from simulation.venues.gateio.wire import GateioWire
from simulation.venues.mexc.wire import MexcWire
from simulation.venues.wire import Channels, Endpoints, VenueWire

VENUE_WIRES: Final[Mapping[str, VenueWire]] = {"gateio": GateioWire(), "mexc": MexcWire()}
WIRE: Final = VENUE_WIRES[FIRST_KIND]
"""Of the first venue: faults are drawn in its words."""


def account_at(kind: str, name: str) -> str:
    """What an account of a run is called: by its venue, unless that is the first one."""
    return name if kind == FIRST_KIND else f"{kind}-{name}"


def venue_of(account: str) -> str:
    """The kind of venue that an account of a run is at."""
    kind, dash, _ = account.partition("-")
    return kind if dash and kind in VENUE_WIRES else FIRST_KIND


def wire_of(account: str) -> VenueWire:
    """The wire of an account's venue."""
    return VENUE_WIRES[venue_of(account)]


def wire_at(path: str) -> VenueWire:
    """The wire that a request or a socket to this path speaks; the first venue's for a path of none."""
    return next((wire for wire in VENUE_WIRES.values() if path.startswith((wire.rest_path, wire.socket_path))), WIRE)


def translated(fault: Fault, wire: VenueWire) -> Fault | None:
    """A fault in the words of another venue than the first; None where that has no such request or channel."""
    if wire is WIRE:
        return fault
    changes: dict[str, object] = {}
    for name, words in (("endpoint", Endpoints), ("channel", Channels)):
        said = getattr(fault, name, None)
        for role in words.__struct_fields__ if said is not None else ():
            if getattr(getattr(WIRE, f"{name}s"), role) == said:
                changes[name] = getattr(getattr(wire, f"{name}s"), role)
                if changes[name] is None:
                    return None
    label = getattr(fault, "label", "")
    meaning = next((meaning for meaning, (_, there) in WIRE.refusals.items() if label and there == label), None)
    if meaning is not None:
        changes["status"], changes["label"] = wire.refusals[meaning]
    return msgspec.structs.replace(fault, **changes)
