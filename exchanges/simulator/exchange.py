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
from exchanges.simulator.core.keys import Keys
from exchanges.simulator.core.listings import Listings
from exchanges.simulator.core.margin import MarginOrders
from exchanges.simulator.core.market_history import MarketHistory
from exchanges.simulator.core.past import write_past
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
        self.engine = Engine(
            config.pairs,
            now_ms=Clock("engine", now_ms, faults, step_ms=config.engine_clock_step_ms).now_ms,
            maker_fee_rate=config.maker_fee_rate,
            taker_fee_rate=config.taker_fee_rate,
            max_open_orders=config.max_open_orders_per_account,
            self_trades_allowed=config.self_trades_allowed,
            dust_cancels=config.dust_cancels,
            unfit_orders_end=rules.unfit_orders_end,
            texts_repeat=rules.texts_repeat,
        )
        self.keys = Keys(config.accounts, config.seed, rules.key_prefix)
        for account in self.keys.accounts.values():
            self.engine.open_account(account.name, fees=account.fees)
            for currency, amount in account.balances.items():
                self.engine.deposit(account.name, currency, amount)
        if config.past is not None:
            write_past(self.engine, config.past, self.keys.accounts, random.Random(rng.random()))
        views = Views(self.engine, faults, config.retention, clock_ms=now_ms)
        self.traders = Traders(
            self.engine,
            rng=traders_rng,
            schedule=schedule,
            interval_ms=config.traders_interval_ms,
            pairs=config.traders_pairs,
            fair_values=FairValues(config.seed, make_face.name, now_ms) if has_neighbours else None,
        )
        histories = MarketHistory(self.engine, past_seed=config.seed if config.public_past else None)
        account_book = AccountBook(now_ms=self.engine.now_ms)
        self.engine.listeners += (histories, self.traders, account_book)
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
            triggers=Triggers(self.engine, now_ms=self.engine.now_ms, schedule=schedule),
            account_book=account_book,
            now_ms=Clock("gateway", now_ms, faults).now_ms,
            schedule=schedule,
            rng=services_rng,
            faults=faults,
            views=views,
        )
        # margin orders before the face, which ends all subscriptions to a delisted pair
        late_fills = LateFills(self.engine, faults, schedule)
        self.engine.listeners += (self.services.margin, self.services.triggers, late_fills)
        self.face: Face = make_face(self.services, self.latency)
        self.listings = Listings(self.engine)
        self._control = Control(self.services, self.face, self.traders, self.latency, self.listings)
        self._schedule = schedule

    def start(self) -> None:
        """Begins trading, if the config wants synthetic traders."""
        if self.config.traders_on:
            self.traders.start()

    def stop(self) -> None:
        """Stops the traders and ends all sessions."""
        self.traders.stop()
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
