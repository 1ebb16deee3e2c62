"""Every venue that the simulation knows; a new one is added here."""

from typing import Final

from simulation.mutants.mutant import Mutant
from simulation.tools.probe import Probe
from simulation.venues.gateio import mutants as gateio_mutants
from simulation.venues.gateio import probes as gateio_probes

VENUE_MUTANTS: Final[tuple[Mutant, ...]] = (
    *gateio_mutants.WISH,
    *gateio_mutants.ORDERS,
    *gateio_mutants.ANSWERS,
    *gateio_mutants.MONEY,
)
VENUE_PROBES: Final[tuple[Probe, ...]] = (*gateio_probes.REQUESTS, *gateio_probes.ANSWERS)
