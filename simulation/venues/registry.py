"""Every venue that the simulation knows; a new one is added here."""

from typing import Final

from simulation.mutants.mutant import Mutant
from simulation.tools.probe import Probe
from simulation.venues.gateio import mutants as gateio_mutants
from simulation.venues.gateio import probes as gateio_probes
from simulation.venues.mexc import mutants as mexc_mutants
from simulation.venues.mexc import probes as mexc_probes

VENUE_MUTANTS: Final[tuple[Mutant, ...]] = (
    *gateio_mutants.WISH,
    *gateio_mutants.ORDERS,
    *gateio_mutants.ANSWERS,
    *gateio_mutants.MONEY,
    *mexc_mutants.WISH,
    *mexc_mutants.ORDERS,
    *mexc_mutants.ANSWERS,
    *mexc_mutants.MONEY,
    *mexc_mutants.SESSIONS,
)
VENUE_PROBES: Final[tuple[Probe, ...]] = (
    *gateio_probes.REQUESTS,
    *gateio_probes.ANSWERS,
    *mexc_probes.REQUESTS,
    *mexc_probes.ANSWERS,
    *mexc_probes.SESSIONS,
)
