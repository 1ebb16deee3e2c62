"""What a wire face needs of the exchange behind it."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from exchanges.simulator.account_book import AccountBook
from exchanges.simulator.config import SimulatorConfig
from exchanges.simulator.countdown import Countdowns
from exchanges.simulator.engine import Engine
from exchanges.simulator.faults import Faults
from exchanges.simulator.keys import Keys
from exchanges.simulator.margin import MarginOrders
from exchanges.simulator.market_history import MarketHistory
from exchanges.simulator.scheduling import Schedule
from exchanges.simulator.transfers import Transfers
from exchanges.simulator.triggers import Triggers
from exchanges.simulator.views import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one exchange, made once and handed to every face.

    ``now_ms`` is the gateway's clock; what the engine stamps, it stamps with ``engine.now_ms``.
    """

    config: SimulatorConfig
    keys: Keys
    engine: Engine
    histories: MarketHistory
    transfers: Transfers
    countdowns: Countdowns
    margin: MarginOrders
    triggers: Triggers
    account_book: AccountBook
    now_ms: Callable[[], int]
    schedule: Schedule
    rng: random.Random
    faults: Faults
    views: Views
