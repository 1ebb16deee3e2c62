"""The deliberate bugs that the simulation must find, by what they break."""

from typing import Final

from simulation.mutants.answers import ANSWERS
from simulation.mutants.connection import CONNECTION
from simulation.mutants.journal import JOURNAL
from simulation.mutants.money import MONEY
from simulation.mutants.mutant import Mutant
from simulation.mutants.orders import ORDERS
from simulation.mutants.safety import SAFETY
from simulation.mutants.wish import WISH
from simulation.venues.registry import VENUE_MUTANTS

MUTANTS: Final[tuple[Mutant, ...]] = (*VENUE_MUTANTS, *WISH, *ORDERS, *ANSWERS, *MONEY, *SAFETY, *CONNECTION, *JOURNAL)
