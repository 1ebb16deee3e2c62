"""What a wire face needs of the exchange behind it."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from exchanges.simulator.core.account_book import AccountBook
from exchanges.simulator.core.config import SimulatorConfig
from exchanges.simulator.core.countdown import Countdowns
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.futures.services import FuturesServices
from exchanges.simulator.core.keys import Keys
from exchanges.simulator.core.margin import MarginOrders
from exchanges.simulator.core.market_history import MarketHistory
from exchanges.simulator.core.scheduling import Schedule
from exchanges.simulator.core.transfers import Transfers
from exchanges.simulator.core.triggers import Triggers
from exchanges.simulator.core.views import Views
from exchanges.simulator.faults.faults import Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one exchange, made once and handed to every face.

    ``now_ms`` is the gateway's clock; what the engine stamps, it stamps with ``engine.now_ms``. ``futures``: only where
    contracts are traded.
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
    futures: FuturesServices | None = None
