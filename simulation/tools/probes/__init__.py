"""The branches that matter: where an order's fate is decided, where a link is given up, where a refusal is understood.

Each is a `Probe`; `python -m simulation --seeds N --reach` says which of them N seeds have been in. A name is unique
and begins with the part of the program that it is in.
"""

from typing import Final

from simulation.tools.probes.account import ACCOUNT
from simulation.tools.probes.answers import ANSWERS
from simulation.tools.probes.commands import COMMANDS
from simulation.tools.probes.connections import CONNECTIONS
from simulation.tools.probes.intents import INTENTS
from simulation.tools.probes.journals import JOURNALS
from simulation.tools.probes.order_reconciler import RECONCILER
from simulation.tools.probes.orders import ORDERS
from simulation.tools.probes.requests import REQUESTS
from simulation.venues.registry import VENUE_PROBES

PROBES: Final = (
    *ORDERS,
    *RECONCILER,
    *COMMANDS,
    *INTENTS,
    *ACCOUNT,
    *CONNECTIONS,
    *JOURNALS,
    *REQUESTS,
    *ANSWERS,
    *VENUE_PROBES,
)
