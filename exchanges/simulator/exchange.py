"""The embedded exchange as a whole, without sockets: give it requests and frames, and time that passes.

A thin server puts it on the network; a simulation on virtual time and in-memory transports can drive it directly.
"""

import random
from collections.abc import Callable

from exchanges.simulator.control.control import Control
from exchanges.simulator.core.account_book import AccountBook
from exchanges.simulator.core.clock import Clock
from exchanges.simulator.core.config import SimulatorConfig
from exchanges.simulator.core.countdown import Countdowns
from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.fair_values import FairValues
from exchanges.simulator.core.futures.commands import MarginCommands
from exchanges.simulator.core.futures.engine import EngineOptions, FuturesEngine
from exchanges.simulator.core.futures.history import PositionHistory
from exchanges.simulator.core.futures.past import PastPositions
from exchanges.simulator.core.futures.prices import Prices
from exchanges.simulator.core.futures.services import FuturesServices
from exchanges.simulator.core.futures.watch import Watch
from exchanges.simulator.core.keys import Keys
from exchanges.simulator.core.listings import Listings
from exchanges.simulator.core.margin import MarginOrders
from exchanges.simulator.core.market_history import MarketHistory
from exchanges.simulator.core.past import write_past
from exchanges.simulator.core.retention import Retention
from exchanges.simulator.core.scheduling import Schedule
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.traders import Traders
from exchanges.simulator.core.transfers import Transfers
from exchanges.simulator.core.triggers import Triggers
from exchanges.simulator.core.views import Views
from exchanges.simulator.faces.face import Face, Link, Session
from exchanges.simulator.faces.http import HttpRequest, HttpResponse
from exchanges.simulator.faces.registry import FACES, FIRST_FACE
from exchanges.simulator.faults.faults import Faults
from exchanges.simulator.faults.injection import LateFills
from exchanges.simulator.faults.queries import MAX_LAG_MS


class Exchange:
    """One exchange with its own books. ``now_ms`` is its clock (ms since 1970), ``schedule`` calls functions later,
    ``rng`` decides; ``face`` is the one that it shows, or the name of a registered one. ``has_neighbours``: prices
    follow the fair values that all exchanges of this seed share."""

    def __init__(
        self,
        config: SimulatorConfig,
        *,
        now_ms: Callable[[], int],
        schedule: Schedule,
        rng: random.Random,
        face: str | type[Face] = FIRST_FACE,
        has_neighbours: bool = False,
    ) -> None:
        make_face = FACES[face] if isinstance(face, str) else face
        rules = make_face.venue_rules
        # each part has its own randomness, so that what clients do does not change how the market moves
        traders_rng, services_rng, faults_rng = (random.Random(rng.random()) for _ in range(3))
        self.config = config
        self.faults = faults = Faults(schedule=schedule, rng=faults_rng)
        self.latency = Latency(config.rest_latency_ms, config.push_latency_ms, config.balance_push_delay_ms)
        engine_now_ms = Clock("engine", now_ms, faults, step_ms=config.engine_clock_step_ms).now_ms
        fair_values = FairValues(config.seed, make_face.name, now_ms)
        contracts = config.all_contracts() if rules.trades_contracts else ()
        options: EngineOptions = {
            "now_ms": engine_now_ms,
            "maker_fee_rate": config.maker_fee_rate,
            "taker_fee_rate": config.taker_fee_rate,
            "max_open_orders": config.max_open_orders_per_account,
            "self_trades_allowed": config.self_trades_allowed,
            "dust_cancels": config.dust_cancels,
            "unfit_orders_end": rules.unfit_orders_end,
            "texts_repeat": rules.texts_repeat,
        }
        futures: FuturesEngine | None = None
        if rules.trades_contracts:
            futures = FuturesEngine(contracts, Prices(fair_values, engine_now_ms), **options)
        self.engine = futures or Engine(config.pairs, **options)
        self.keys = Keys(config.accounts, config.seed, rules.key_prefix)
        for account in self.keys.accounts.values():
            self.engine.open_account(account.name, fees=account.fees)
            for currency, amount in account.balances.items():
                if self.engine.holds(currency):
                    self.engine.deposit(account.name, currency, amount)
        if config.past is not None and futures is None:  # positions of before the start would be a past of their own
            write_past(self.engine, config.past, self.keys.accounts, random.Random(rng.random()))
        views = Views(
            self.engine,
            faults,
            rules.retention if config.retention == Retention() else config.retention,
            clock_ms=now_ms,
        )
        self.traders = Traders(
            self.engine,
            rng=traders_rng,
            schedule=schedule,
            interval_ms=config.traders_interval_ms,
            pairs=None if config.traders_pairs is None else filter(self.engine.markets.get, config.traders_pairs),
            # index and mark prices follow the fair values in any case
            fair_values=fair_values if has_neighbours or futures is not None else None,
        )
        histories = MarketHistory(self.engine, past_seed=config.seed if config.public_past else None)
        account_book = AccountBook(now_ms=self.engine.now_ms)
        self.engine.listeners += (histories, self.traders, account_book)
        triggers = Triggers(self.engine, now_ms=self.engine.now_ms, schedule=schedule)
        self._watch = Watch(futures, triggers, schedule=schedule) if futures is not None else None
        self.services = Services(
            config=config,
            keys=self.keys,
            engine=self.engine,
            histories=histories,
            transfers=Transfers(
                self.engine, now_ms=self.engine.now_ms, schedule=schedule, step_ms=config.withdrawal_step_ms
            ),
            countdowns=Countdowns(self.engine, now_ms=self.engine.now_ms, schedule=schedule),
            margin=MarginOrders(self.engine),
            triggers=triggers,
            account_book=account_book,
            now_ms=Clock("gateway", now_ms, faults).now_ms,
            schedule=schedule,
            rng=services_rng,
            faults=faults,
            views=views,
            futures=None if futures is None or self._watch is None else _futures(futures, self._watch, now_ms),
        )
        # margin orders before the face, which ends all subscriptions to a delisted pair
        late_fills = LateFills(self.engine, faults, schedule)
        self.engine.listeners += (self.services.margin, self.services.triggers, late_fills)
        if self.services.futures is not None:
            parts = self.services.futures
            self.engine.listeners += (parts.positions, parts.watch, parts.history)
        self.face: Face = make_face(self.services, self.latency)
        self.listings = Listings(self.engine)
        self._control = Control(self.services, self.face, self.traders, self.latency, self.listings)
        self._schedule = schedule

    def start(self) -> None:
        """Begins trading, if the config wants synthetic traders; of contracts, also funding and liquidations."""
        if self._watch is not None:
            self._watch.start()
        if self.config.traders_on:
            self.traders.start()

    def stop(self) -> None:
        """Stops the traders and ends all sessions."""
        self.traders.stop()
        if self._watch is not None:
            self._watch.stop()
        for socket in list(self.face.sockets):
            socket.close()

    def request(
        self, request: HttpRequest, reply: Callable[[HttpResponse], None], abort: Callable[[], None] | None = None
    ) -> None:
        """Answers a REST request: half of the latency on the way in, half on the way back.

        A fault may break the connection off instead (``abort``, if given), or leave the request without an answer.
        """
        self._after_half(
            lambda: self.face.request(
                request, lambda response: self._after_half(lambda: reply(response)), abort or (lambda: None)
            )
        )

    def _after_half(self, call: Callable[[], None]) -> None:
        if self.latency.rest_ms:
            self._schedule(self.latency.rest_ms / 2000, call)
        else:
            call()

    def open_socket(self, handshake: HttpRequest, link: Link) -> Session | None:
        """Begins a WebSocket session, or returns None when there are too many or none are taken.

        ``handshake``: the request that asks for it, with its path and query.
        """
        return self.face.open_socket(handshake, link)

    def control(self, request: HttpRequest) -> HttpResponse:
        """Answers a request of the control API."""
        return self._control.handle(request)


def _futures(engine: FuturesEngine, watch: Watch, clock_ms: Callable[[], int]) -> FuturesServices:
    positions = PastPositions(engine, now_ms=clock_ms, kept_ms=MAX_LAG_MS)
    return FuturesServices(
        engine=engine,
        commands=MarginCommands(engine),
        positions=positions,
        watch=watch,
        history=PositionHistory(),
    )
