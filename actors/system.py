"""The whole program as actors: builds it, starts it in order, stops it in reverse."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from actors.account.actor import KillSwitchRule
from actors.account.kinds.kinds import KINDS
from actors.account.settings import AccountSettings
from actors.connection.messages import Connect, PublicLinkChanged
from actors.connection.neighbours import Neighbours
from actors.connection.routes import AccountRoute, FeedRoute
from actors.connection.session import SessionFactory, TellSync
from actors.connection.settings import SupervisorSettings
from actors.connection.supervisor import ConnectionSupervisor
from actors.journal import Journal
from actors.market.actor import MarketActor
from actors.market.session import FeedSessions
from actors.orderly_end import cancel_open_orders as cancel_until_done
from actors.runtime import Address, LoopHost, Ref, Reply, TerminationCause
from actors.strategy.base import Strategy, StrategyReport
from actors.strategy.handle import AccountHandle
from actors.strategy.hosts import Begin, GetReport, Surroundings, start_strategy
from actors.supervision.plans import ChildPlan, GroupPlan, RestartSettings
from actors.supervision.root import GetSupervision, GroupStatus, RootSupervisor, StartGroup, StopGroups
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from exchanges.base.parallel import in_parallel
from exchanges.base.shared_public_rest import SharedPublicRest
from messages.enums import SyncState
from messages.errors import InvalidValueError, TellerError, one_of
from messages.symbol import Product, Symbol

_log: Final = structlog.get_logger("teller.system")
CANCEL_PATIENCE_S: Final = 15.0
"""So long the cancels of an end, or of a strategy that was given up, are waited for; what is left then is told."""


class AccountPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One account to run.

    Attributes:
        name: unique. venue: one of the venues of the system. product: what it trades.
        symbols: markets of that product that its strategies trade; the start fails if the venue does not list one of
            them and, as far as the journal remembers, never did.
        journal: of this account, open; whoever opened it closes it after the system has stopped. None for none.
        kill_switch: asked whenever the account starts, before it takes orders; None: as the journal remembers it.
    """

    name: str
    venue: str
    credentials: Credentials
    product: Product = Product.SPOT
    symbols: tuple[Symbol, ...] = ()
    settings: AccountSettings = AccountSettings()
    journal: Journal | None = None
    kill_switch: KillSwitchRule | None = None


class TradingSystem:
    """Feeds, accounts and strategies of one process.

    Start: all feeds and accounts together; strategies when every account is live. An account that cannot be brought
    live fails the start as a whole, with its cause: half a hedge is worse than none. Stop: the reverse.
    """

    def __init__(
        self,
        *,
        host: LoopHost,
        environment: Environment,
        venues: Mapping[str, Venue],
        accounts: Sequence[AccountPlan],
        strategies: Sequence[Strategy] = (),
        supervisor_settings: SupervisorSettings | None = None,
        restart_settings: RestartSettings | None = None,
        observers: Sequence[Address] = (),
    ) -> None:
        """``venues``: by the name that account plans use. ``observers``: are told every event of every account, from
        before its first connection to after its last; whoever they are, they outlive the system.

        Raises:
            InvalidValueError: a name is used twice, or something names an account or venue that is not there.
            UnsupportedError: a setting of an account needs what its venue does not have.
        """
        _require_unique("accounts", [plan.name for plan in accounts])
        _require_unique("strategies", [strategy.name for strategy in strategies])
        for plan in accounts:
            if plan.venue not in venues:
                raise InvalidValueError(f"venue of account {plan.name!r}", plan.venue, one_of(venues))
            venues[plan.venue].capabilities.require_product(plan.product)
            plan.settings.require_supported(venues[plan.venue].capabilities)
            for symbol in plan.symbols:
                if symbol.product is not plan.product:
                    raise InvalidValueError(
                        f"symbol of account {plan.name!r}", str(symbol), f"a {plan.product.value} market"
                    )
        names = [plan.name for plan in accounts]
        for strategy in strategies:
            for name in strategy.accounts:
                if name not in names:
                    raise InvalidValueError(f"account of strategy {strategy.name!r}", name, one_of(names))
        self._host = host
        self._environment = environment
        self._venues = venues
        self._public_rests = {
            name: SharedPublicRest(venue.create_public_rest(), environment) for name, venue in venues.items()
        }
        self._plans = {plan.name: plan for plan in accounts}
        self._strategies = {strategy.name: strategy for strategy in strategies}
        self._supervisor_settings = supervisor_settings or SupervisorSettings()
        used = {plan.venue for plan in accounts}
        self._markets = {name: Address(f"{name}:market", host.dead_letters) for name in venues if name in used}
        self._accounts = {name: Address(name, host.dead_letters) for name in names}
        self._supervisors: dict[str, Address] = {
            name: Address(f"{name}:connection", host.dead_letters) for name in [*self._markets, *names]
        }
        self._strategy_addresses = {name: Address(name, host.dead_letters) for name in self._strategies}
        self._subscribers: dict[str, dict[Address, None]] = {name: dict.fromkeys(observers) for name in names}
        self._book_subscribers: dict[str, dict[Symbol, dict[Address, None]]] = {name: {} for name in self._markets}
        self._feed_routes = {
            name: FeedRoute(name, market, (self._supervisors[plan.name] for plan in accounts if plan.venue == name))
            for name, market in self._markets.items()
        }
        self._neighbours = {name: Neighbours() for name in self._markets}
        self._restart_settings = restart_settings or RestartSettings()
        self._given_up: set[str] = set()
        self._canceling: set[asyncio.Task[None]] = set()
        self._root: Ref[RootSupervisor] | None = None

    # -- looking in -----------------------------------------------------------------------------------------------

    @property
    def account_names(self) -> tuple[str, ...]:
        return tuple(self._plans)

    def account(self, name: str) -> AccountHandle:
        """Raises `InvalidValueError` for an unknown name."""
        if name not in self._plans:
            raise InvalidValueError("account", name, one_of(self._plans))
        return AccountHandle(name, self._plans[name].venue, self._accounts[name])

    def address(self, account: str) -> Address:
        """The account's own actor."""
        return self._accounts[account]

    def connection(self, name: str) -> Address:
        """The connection supervisor of an account or of a venue's feed."""
        return self._supervisors[name]

    def market(self, venue: str) -> Address:
        """The market actor of a venue."""
        return self._markets[venue]

    def subscribers(self, account: str) -> tuple[Address, ...]:
        """Who is told the events of an account."""
        return tuple(self._subscribers[account])

    async def strategy_reports(self) -> tuple[StrategyReport, ...]:
        """The report of every strategy that is there now and not busy: one that waits for an answer cannot tell."""
        asked: dict[str, Reply[StrategyReport]] = {
            name: address.ask(GetReport()) for name, address in self._strategy_addresses.items() if address.is_bound
        }
        deadline_s = self._environment.clock.monotonic_s() + _REPORT_WITHIN_S
        reports = []
        for name, reply in asked.items():
            try:
                async with asyncio.timeout(max(0.0, deadline_s - self._environment.clock.monotonic_s())):
                    reports.append(await reply)
            except TellerError as error:
                _log.warning("strategy_report_missing", strategy=name, error=str(error))
            except TimeoutError:
                _log.warning("strategy_report_missing", strategy=name, error=f"it is busy for {_REPORT_WITHIN_S:g} s")
        return tuple(reports)

    async def supervision(self) -> tuple[GroupStatus, ...]:
        """How every group of actors fares: an account with its connection, a feed with its own, a strategy."""
        if self._root is None:
            return ()
        status: tuple[GroupStatus, ...] = await self._root.ask(GetSupervision())
        return status

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns when every account and feed is live and every strategy has begun.

        Raises:
            TellerError: what stopped a feed, an account or a strategy; everything is stopped again.
        """
        root = self._root = RootSupervisor.start(
            settings=self._restart_settings, rng=self._environment.rng, host=self._host
        )
        try:
            await root.started
            for venue_name in self._markets:
                await root.ask(StartGroup(self._market_group(venue_name)))
            for plan in self._plans.values():
                await root.ask(StartGroup(self._account_group(plan)))
            await in_parallel(self._environment.spawn, *(_answer(a.ask(Connect())) for a in self._supervisors.values()))
            for strategy in self._strategies.values():
                await root.ask(StartGroup(self._strategy_group(strategy)))
                await self._strategy_addresses[strategy.name].ask(Begin())
        except BaseException:
            await self.stop(cancel_open_orders=False)
            raise
        _log.info("system_started", accounts=list(self._plans), strategies=list(self._strategies))

    async def stop(self, *, cancel_open_orders: bool, patience_s: float = CANCEL_PATIENCE_S) -> dict[str, str]:
        """Stops strategies, cancels open orders if asked to, stops accounts, then feeds.

        ``patience_s``: for the cancels of all accounts together. Every part has a bound of its own; who does not end in
        time is left behind, and told in the log.

        Returns:
            For each account whose orders could not all be canceled: why, and which.
        """
        await self._stop_groups(tuple(_strategy_group_name(name) for name in self._strategies))
        problems: dict[str, str] = {}
        if cancel_open_orders:
            clock = self._environment.clock
            accounts = [self.account(name) for name in self._plans]
            ends = await in_parallel(
                self._environment.spawn,
                *(cancel_until_done(account, patience_s=patience_s, clock=clock) for account in accounts),
            )
            pairs = zip(accounts, ends, strict=True)
            problems = {account.name: ended.problem for account, ended in pairs if ended.problem}
        await self.stop_actors()
        return problems

    async def stop_strategies(self) -> tuple[StrategyReport, ...]:
        """Stops quoting; returns the last reports."""
        reports = await self.strategy_reports()
        await self._stop_groups(tuple(_strategy_group_name(name) for name in self._strategies))
        return reports

    async def stop_actors(self) -> None:
        """Stops whatever still runs, last started first."""
        for task in list(self._canceling):
            task.cancel()
        root, self._root = self._root, None
        if root is not None and root.is_alive():
            await root.ask(StopGroups())
            await root.stop()

    async def _stop_groups(self, names: tuple[str, ...]) -> None:
        if self._root is not None and self._root.is_alive():
            await self._root.ask(StopGroups(names))

    async def _cancel_of_given_up(self, name: str) -> None:
        """Cancels what strategies have left on an account that nobody trades any more; the log tells how it went."""
        await cancel_until_done(self.account(name), patience_s=CANCEL_PATIENCE_S, clock=self._environment.clock)

    # -- plans for the root supervisor ----------------------------------------------------------------------------

    def _market_group(self, venue_name: str) -> GroupPlan:
        address, connection = self._markets[venue_name], self._supervisors[venue_name]
        on_venue = [plan for plan in self._plans.values() if plan.venue == venue_name]
        symbols = tuple({symbol: None for plan in on_venue for symbol in plan.symbols})
        subscribers = self._book_subscribers[venue_name]

        route = self._feed_routes[venue_name]

        def went_down(cause: TerminationCause) -> None:
            route.went_down([each for some in subscribers.values() for each in some], str(cause))

        sessions = FeedSessions(
            address=address,
            venue=self._venues[venue_name],
            environment=self._environment,
            public_rest=self._public_rests[venue_name],
        )
        return GroupPlan(
            name=f"feed {venue_name}",
            children=(
                ChildPlan(
                    name=address.name,
                    start=lambda: MarketActor.start(
                        venue=venue_name, symbols=symbols, subscribers=subscribers, host=self._host
                    ),
                    address=address,
                ),
                self._connection_plan(venue_name, venue_name, sessions, route),
            ),
            went_down=went_down,
            resumed=lambda: _reconnect(connection),
            given_up=went_down,
        )

    def _account_group(self, plan: AccountPlan) -> GroupPlan:
        name, address, connection = plan.name, self._accounts[plan.name], self._supervisors[plan.name]
        venue, subscribers = self._venues[plan.venue], self._subscribers[plan.name]
        kind = KINDS[plan.product]
        told_currencies: set[str] = set()  # outlives the account, as its subscribers do

        def start_account() -> Ref[Any]:
            return kind.actor.start(
                account=name,
                venue=plan.venue,
                settings=plan.settings,
                supervisor=connection,
                symbols=plan.symbols,
                subscribers=subscribers,
                make_funds=lambda: kind.make_funds(told_currencies),
                has_credentials=bool(plan.credentials.reveal_key() and plan.credentials.reveal_secret()),
                server_now_ms=venue.server_now_ms,
                monotonic_s=self._environment.clock.monotonic_s,
                rng=self._environment.rng,
                journal=plan.journal,
                kill_switch=plan.kill_switch,
                host=self._host,
            )

        route = AccountRoute(address, subscribers)

        async def resumed() -> None:
            connection.tell(PublicLinkChanged(self._feed_routes[plan.venue].is_up))
            await _reconnect(connection)

        sessions = kind.sessions(
            account=name,
            address=address,
            venue=venue,
            credentials=plan.credentials,
            environment=self._environment,
            symbols=plan.symbols,
            journal=plan.journal,
            public_rest=self._public_rests[plan.venue],
        )
        return GroupPlan(
            name=f"account {name}",
            children=(
                ChildPlan(name=name, start=start_account, address=address, stop_deadline_s=_ACCOUNT_ENDS_WITHIN_S),
                self._connection_plan(name, plan.venue, sessions, route, needs_public_feed=True),
            ),
            went_down=lambda cause: route.went_down(SyncState.RECOVERING, str(cause)),
            resumed=resumed,
            given_up=lambda cause: route.went_down(SyncState.FAILED, str(cause)),
        )

    def _connection_plan(
        self, name: str, venue: str, sessions: SessionFactory, tell_sync: TellSync, *, needs_public_feed: bool = False
    ) -> ChildPlan:
        address = self._supervisors[name]
        return ChildPlan(
            name=address.name,
            start=lambda: ConnectionSupervisor.start(
                name=name,
                sessions=sessions,
                tell_sync=tell_sync,
                settings=self._supervisor_settings,
                rng=self._environment.rng,
                needs_public_feed=needs_public_feed,
                neighbours=self._neighbours[venue],
                host=self._host,
            ),
            address=address,
        )

    def _strategy_group(self, strategy: Strategy) -> GroupPlan:
        address = self._strategy_addresses[strategy.name]
        surroundings = Surroundings(
            accounts={name: (plan.venue, self._accounts[name]) for name, plan in self._plans.items()},
            markets=self._markets,
            dead_letters=self._host.dead_letters,
        )
        lives = iter([strategy])

        def start() -> Ref[Any]:
            return start_strategy(next(lives, None) or strategy.fresh(), surroundings, self._host)

        async def resumed() -> None:
            await self._until_live(strategy.accounts)
            await address.ask(Begin())

        def given_up(cause: TerminationCause) -> None:
            _log.error("strategy_given_up", strategy=strategy.name, cause=str(cause))
            self._given_up.add(strategy.name)
            others = [each for each in self._strategies.values() if each.name not in self._given_up]
            for name in strategy.accounts:
                if not any(name in other.accounts for other in others):
                    task = self._environment.spawn(self._cancel_of_given_up(name), f"given_up:{strategy.name}:{name}")
                    self._canceling.add(task)
                    task.add_done_callback(self._canceling.discard)

        return GroupPlan(
            name=_strategy_group_name(strategy.name),
            children=(ChildPlan(name=strategy.name, start=start, address=address),),
            went_down=lambda cause: _log.error("strategy_crashed", strategy=strategy.name, cause=str(cause)),
            resumed=resumed,
            given_up=given_up,
        )

    async def _until_live(self, names: Sequence[str]) -> None:
        """Waits until every one of these accounts is live."""
        for name in names:
            while True:
                try:
                    if (await self.account(name).snapshot()).is_live:
                        break
                except TellerError as error:
                    _log.debug("account_not_there_yet", account=name, error=str(error))
                await self._environment.clock.sleep(_LIVE_POLL_S)


_LIVE_POLL_S: Final = 0.1
_REPORT_WITHIN_S: Final = 2.0
_ACCOUNT_ENDS_WITHIN_S: Final = 8.0
"""It takes back the exchange's countdown, in more than one try."""


def _strategy_group_name(name: str) -> str:
    return f"strategy {name}"


async def _reconnect(connection: Address) -> None:
    await connection.ask(Connect(persistent=True))


async def _answer(reply: Reply[Any]) -> Any:
    return await reply


def _require_unique(field: str, names: Sequence[str]) -> None:
    for name in names:
        if list(names).count(name) > 1:
            raise InvalidValueError(field, name, "names that differ from each other")
