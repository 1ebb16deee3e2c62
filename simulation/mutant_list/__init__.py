"""The deliberate bugs that the simulation must find, by what they break."""

from typing import Final

from simulation.mutant import Mutant
from simulation.mutant_list.answers import ANSWERS
from simulation.mutant_list.connection import CONNECTION
from simulation.mutant_list.journal import JOURNAL
from simulation.mutant_list.money import MONEY
from simulation.mutant_list.orders import ORDERS
from simulation.mutant_list.safety import SAFETY
from simulation.mutant_list.wish import WISH

MUTANTS: Final[tuple[Mutant, ...]] = (*WISH, *ORDERS, *ANSWERS, *MONEY, *SAFETY, *CONNECTION, *JOURNAL)
