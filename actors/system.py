"""The whole program as actors: builds it, starts it in order, stops it in reverse."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from actors.account.actor import AccountActor
from actors.account.messages import Subscribe, SyncChanged
from actors.account.session import AccountSessions
from actors.account.settings import AccountSettings
from actors.connection.messages import Connect, PublicLinkChanged
from actors.connection.session import SessionFactory, TellSync, in_parallel
from actors.connection.supervisor import ConnectionSupervisor, SupervisorSettings
from actors.market.actor import MarketActor
from actors.market.messages import FeedStatus, FeedSyncChanged, GetFeed
from actors.market.session import FeedSessions
from actors.runtime import Address, LoopHost, Ref, Reply, started, stop, terminated
from actors.strategy.base import Strategy, StrategyReport
from actors.strategy.handle import AccountHandle
from actors.strategy.hosts import Begin, GetReport, Surroundings, start_strategy
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from messages.enums import SyncState
from messages.errors import InvalidValueError, TellerError, one_of
from messages.events import ConnectionStatus
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.system")


class AccountPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One account to run.

    Attributes:
        name: unique. venue: one of the venues of the system. symbols: markets that its strategies trade; the start
            fails if the venue does not list one of them.
    """

    name: str
    venue: str
    credentials: Credentials
    symbols: tuple[Symbol, ...] = ()
    settings: AccountSettings = AccountSettings()


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
        observers: Sequence[Address] = (),
    ) -> None:
        """``venues``: by the name that account plans use. ``observers``: are told every event of every account, from
        before its first connection to after its last; whoever they are, they outlive the system.

        Raises:
            InvalidValueError: a name is used twice, or something names an account or venue that is not there.
        """
        _require_unique("accounts", [plan.name for plan in accounts])
        _require_unique("strategies", [strategy.name for strategy in strategies])
        for plan in accounts:
            if plan.venue not in venues:
                raise InvalidValueError(f"venue of account {plan.name!r}", plan.venue, one_of(venues))
        names = [plan.name for plan in accounts]
        for strategy in strategies:
            for name in strategy.accounts:
                if name not in names:
                    raise InvalidValueError(f"account of strategy {strategy.name!r}", name, one_of(names))
        self._host = host
        self._environment = environment
        self._venues = venues
        self._plans = {plan.name: plan for plan in accounts}
        self._strategies = {strategy.name: strategy for strategy in strategies}
        self._supervisor_settings = supervisor_settings or SupervisorSettings()
        used = {plan.venue for plan in accounts}
        self._markets = {name: Address(f"{name}:market", host.dead_letters) for name in venues if name in used}
        self._accounts = {name: Address(name, host.dead_letters) for name in names}
        self._supervisors: dict[str, Address] = {
            name: Address(f"{name}:connection", host.dead_letters) for name in [*self._markets, *names]
        }
        self._observers = tuple(observers)
        self._strategy_refs: dict[str, Ref[Any]] = {}
        self._refs: list[Ref[Any]] = []

    # -- looking in -----------------------------------------------------------------------------------------------

    @property
    def account_names(self) -> tuple[str, ...]:
        return tuple(self._plans)

    def account(self, name: str) -> AccountHandle:
        """Raises `InvalidValueError` for an unknown name."""
        if name not in self._plans:
            raise InvalidValueError("account", name, one_of(self._plans))
        return AccountHandle(name, self._plans[name].venue, self._accounts[name])

    async def strategy_reports(self) -> tuple[StrategyReport, ...]:
        """The report of every strategy that is still there."""
        replies: list[Reply[StrategyReport]] = [
            ref.ask(GetReport(), block=False) for ref in self._strategy_refs.values() if ref.is_alive()
        ]
        reports = []
        for reply in replies:
            try:
                reports.append(await reply)
            except TellerError as error:
                _log.warning("strategy_report_missing", error=str(error))
        return tuple(reports)

    async def feed_statuses(self) -> tuple[FeedStatus, ...]:
        """The state of every venue's feed."""
        return tuple([await address.ask(GetFeed()) for address in self._markets.values()])

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns when every account and feed is live and every strategy has begun.

        Raises:
            TellerError: what stopped a feed, an account or a strategy; everything is stopped again.
        """
        try:
            for venue_name, address in self._markets.items():
                await self._start_market(venue_name, address)
            for name, address in self._accounts.items():
                await self._start_account(self._plans[name], address)
            await in_parallel(self._environment.spawn, *(_answer(a.ask(Connect())) for a in self._supervisors.values()))
            for strategy in self._strategies.values():
                await self._start_strategy(strategy)
        except BaseException:
            await self.stop(cancel_open_orders=False)
            raise
        _log.info("system_started", accounts=list(self._plans), strategies=list(self._strategies))

    async def stop(self, *, cancel_open_orders: bool) -> dict[str, str]:
        """Stops strategies, cancels open orders if asked to, stops accounts, then feeds.

        Returns:
            For each account whose orders could not all be cancelled: why.
        """
        for ref in self._strategy_refs.values():
            await stop(ref)
        problems: dict[str, str] = {}
        if cancel_open_orders:
            for name in self._plans:
                problem = await self._cancel_open_orders(name)
                if problem is not None:
                    problems[name] = problem
        await self.stop_actors()
        return problems

    async def stop_strategies(self) -> tuple[StrategyReport, ...]:
        """Stops quoting; returns the last reports."""
        reports = await self.strategy_reports()
        for ref in self._strategy_refs.values():
            await stop(ref)
        return reports

    async def stop_actors(self) -> None:
        """Stops whatever still runs, last started first."""
        while self._refs:
            await stop(self._refs.pop())

    async def _cancel_open_orders(self, name: str) -> str | None:
        account = self.account(name)
        try:
            ended = await account.cancel_all()
            left = (await account.snapshot()).open_orders
        except TellerError as error:
            _log.error("open_orders_not_canceled", account=name, error=str(error))
            return str(error)
        _log.info("open_orders_canceled", account=name, canceled=len(ended), left=len(left))
        return f"{len(left)} orders are still open" if left else None

    async def _start_market(self, venue_name: str, address: Address) -> None:
        symbols = {s: None for plan in self._plans.values() if plan.venue == venue_name for s in plan.symbols}
        market = MarketActor.start(venue=venue_name, symbols=tuple(symbols), host=self._host)
        await self._register(market, address)
        on_venue = [self._supervisors[plan.name] for plan in self._plans.values() if plan.venue == venue_name]

        def tell_sync(sync_state: SyncState, links: ConnectionStatus, cause: str, _reconnects: int) -> None:
            address.tell(FeedSyncChanged(sync_state, links.public_rest, links.public_ws, cause))
            for supervisor in on_venue:
                if supervisor.is_bound:
                    supervisor.tell(PublicLinkChanged(links.public_ws))

        sessions = FeedSessions(address=address, venue=self._venues[venue_name], environment=self._environment)
        await self._start_supervisor(venue_name, sessions, tell_sync)

    async def _start_account(self, plan: AccountPlan, address: Address) -> None:
        venue = self._venues[plan.venue]
        ref = AccountActor.start(
            account=plan.name,
            venue=plan.venue,
            settings=plan.settings,
            supervisor=self._supervisors[plan.name],
            symbols=plan.symbols,
            has_credentials=bool(plan.credentials.reveal_key() and plan.credentials.reveal_secret()),
            server_now_ms=venue.server_now_ms,
            rng=self._environment.rng,
            host=self._host,
        )
        await self._register(ref, address)
        for observer in self._observers:
            await address.ask(Subscribe(observer))

        def tell_sync(sync_state: SyncState, links: ConnectionStatus, cause: str, reconnects: int) -> None:
            address.tell(SyncChanged(sync_state=sync_state, links=links, cause=cause, reconnects=reconnects))

        sessions = AccountSessions(
            account=plan.name,
            address=address,
            venue=venue,
            credentials=plan.credentials,
            environment=self._environment,
            symbols=plan.symbols,
        )
        await self._start_supervisor(plan.name, sessions, tell_sync, needs_public_feed=True)

    async def _start_supervisor(
        self, name: str, sessions: SessionFactory, tell_sync: TellSync, *, needs_public_feed: bool = False
    ) -> None:
        ref = ConnectionSupervisor.start(
            name=name,
            sessions=sessions,
            tell_sync=tell_sync,
            settings=self._supervisor_settings,
            rng=self._environment.rng,
            needs_public_feed=needs_public_feed,
            host=self._host,
        )
        await self._register(ref, self._supervisors[name])

    async def _start_strategy(self, strategy: Strategy) -> None:
        surroundings = Surroundings(
            accounts={name: (plan.venue, self._accounts[name]) for name, plan in self._plans.items()},
            markets=self._markets,
        )
        ref = start_strategy(strategy, surroundings, self._host)
        self._strategy_refs[strategy.name] = ref
        await started(ref)
        terminated(ref).add_done_callback(
            lambda cause: _log.info("strategy_ended", strategy=strategy.name, cause=str(cause.result()))
        )
        await ref.ask(Begin(), block=False)

    async def _register(self, ref: Ref[Any], address: Address) -> None:
        self._refs.append(ref)
        await started(ref)
        address.bind(ref)


async def _answer(reply: Reply[Any]) -> Any:
    return await reply


def _require_unique(field: str, names: Sequence[str]) -> None:
    for name in names:
        if list(names).count(name) > 1:
            raise InvalidValueError(field, name, "names that differ from each other")
