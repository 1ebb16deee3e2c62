"""The account actor: the one writer of an account's state (R1)."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import structlog

from actors.account.context import AccountContext
from actors.account.dead_mans_switch import DeadMansSwitch
from actors.account.event_publisher import EventPublisher
from actors.account.funds.funds import Funds
from actors.account.funds.withdrawals import Withdrawals
from actors.account.intents import Intents
from actors.account.journal_recovery import JournalRecovery, SettleOther
from actors.account.messages import (
    FillsNeeded,
    GetFillsNeeded,
    SessionOpened,
    SnapshotLoaded,
    Subscribe,
    SyncChanged,
    Unsubscribe,
)
from actors.account.orders.client_ids import ClientIds
from actors.account.orders.commands import OrderCommands
from actors.account.orders.mass_cancel import MassCancels
from actors.account.orders.queries import OrderQueries
from actors.account.orders.reconciler import OrderReconciler
from actors.account.orders.told_before import ToldBefore
from actors.account.reports import snapshot_of, stats_of
from actors.account.settings import AccountSettings
from actors.account.snapshot_joiner import SnapshotJoiner
from actors.account.state import AccountState, OrderKey
from actors.connection.messages import FactsDoubted, RequestFailed, Resync
from actors.journal import Journal
from actors.runtime import Address, Continue, Envelope, LoopActor, Reply, handles
from messages.commands import (
    AmendOrder,
    CancelAll,
    CancelOrder,
    CancelWithdrawal,
    Command,
    EngageKillSwitch,
    GetExecutedOrders,
    GetInstrument,
    GetOrder,
    GetSnapshot,
    GetTradingStats,
    GetWithdrawal,
    GetWithdrawals,
    PlaceOrder,
    ReleaseKillSwitch,
    Reload,
    Withdraw,
)
from messages.enums import SyncState
from messages.errors import (
    ConnectionFailedError,
    InvalidValueError,
    RefusalReason,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
)
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatus,
    ConnectionStatusEvent,
    ErrorEvent,
    ErrorKind,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.instrument import Instrument
from messages.lanes import Lane
from messages.order import Fill, Order
from messages.snapshot import AccountSnapshot, TradingStats
from messages.symbol import Symbol

T = TypeVar("T")
KillSwitchRule: TypeAlias = Callable[[str | None], str | None]
"""From the reason that the journal remembers to the one that holds from now on; None: not engaged."""
_SPEAKS_OF_RULES: Final = {
    RefusalReason.PRECISION,
    RefusalReason.BELOW_MINIMUM,
    RefusalReason.ABOVE_MAXIMUM,
    RefusalReason.UNKNOWN_SYMBOL,
    RefusalReason.TRADING_DISABLED,
}
_log: Final = structlog.get_logger("teller.account")
_LONGEST_REASON: Final = 500
"""Characters of a kill switch's reason that are kept: it is told with every refusal."""


class AccountActor(LoopActor):
    """One account on one venue.

    Events of the exchange arrive from the private socket's handlers, commands from strategies; both change the state
    only here, one message at a time. The connection supervisor opens sessions, brings snapshots and says how far the
    account can be believed. Subscribers get every change as a frozen event.
    """

    def __init__(
        self,
        *,
        account: str,
        venue: str,
        settings: AccountSettings,
        supervisor: Address,
        has_credentials: bool,
        symbols: tuple[Symbol, ...],
        subscribers: dict[Address, None],
        make_funds: Callable[[], Funds],
        server_now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        rng: random.Random,
        journal: Journal | None = None,
        kill_switch: KillSwitchRule | None = None,
    ) -> None:
        """``account``: unique name. ``symbols``: markets that it is to trade.
        ``subscribers``: who is told every event; given by whoever restarts the account, so that it outlives it.
        ``make_funds``: those of the account's product, anew for each life.
        ``server_now_ms``: the exchange's clock, unix milliseconds. ``monotonic_s``: times what the account does, finer
        than the loop's own clock. ``journal``: outlives the actor; None for none.
        ``kill_switch``: has the last word at every start; None leaves it as the journal remembers it."""
        super().__init__()
        self.name = account
        self._venue = venue
        self._supervisor = supervisor
        self._has_credentials = has_credentials
        self._settings = settings
        self._symbols = symbols
        self._started_ms = 0
        self._server_now_ms = server_now_ms
        self._monotonic_s = monotonic_s
        self._rng = rng
        self._session_id = 0
        self._links = ConnectionStatus()
        self._sync_cause = ""
        self._since_ms = 0
        self._told_state: SyncState | None = None
        self._told_unknown: dict[Symbol, str] = {}
        self._subscribers = subscribers
        self._make_funds = make_funds
        self._publisher = EventPublisher(account, subscribers, journal)
        self._inconsistency_check_due = False
        self._socket_check_due = False
        self._journal = journal
        self._kill_switch_rule = kill_switch
        self._intents = Intents(journal)
        self._recovery: JournalRecovery | None = None

    def on_start(self) -> Any:
        """Takes up what the journal knows; what it leaves open is settled before the account goes live (R4)."""
        return self._take_up()

    async def _take_up(self) -> None:
        state = AccountState(self._make_funds(), executed_limit=self._settings.executed_limit)
        self._state = state
        self._account = AccountContext(
            name=self.name,
            settings=self._settings,
            state=state,
            io=self.io,
            later=lambda delay_s, run: self.call_later(delay_s, "account timer", run),
            monotonic_s=self._monotonic_s,
            server_now_ms=self._server_now_ms,
            tell_order=self._order_changed,
            tell_fill=self._fill_counted,
            tell_trouble=self._tell_trouble,
            symbols=self._symbols,
            stale_since_ms=self._server_now_ms(),
        )
        self._started_ms = since_ms = self._server_now_ms()
        client_ids = ClientIds(self._started_ms, self._rng)
        intents = self._intents
        self._reconciler = OrderReconciler(self._account)
        self._orders = OrderCommands(self._account, self._reconciler, client_ids, intents)
        self._mass_cancels = MassCancels(
            self._account,
            self._reconciler,
            intents,
            self._rng,
            cancel_one=self._orders.cancel_named,
            call_back=self._orders.call_back,
        )
        self._told_before = ToldBefore()
        self._lookups = OrderQueries(self._account, self._reconciler)
        self._withdrawals = Withdrawals(self._account, client_ids, intents)
        self._dead_mans_switch = DeadMansSwitch(self._account)
        if self._journal is not None:
            self._recovery = JournalRecovery(
                self._journal,
                self._account,
                intents=intents,
                reconciler=self._reconciler,
                orders=self._orders,
                mass_cancels=self._mass_cancels,
                withdrawals=self._withdrawals,
                settle_other=self._settles_others(),
            )
            since_ms = await self._recovery.restore(self._started_ms)
        self._snapshots = SnapshotJoiner(
            self._account,
            self._reconciler,
            self._recovery,
            since_ms=since_ms,
            age_ms=max(0, self._started_ms - since_ms),
            tell_balances=self._publisher.balances,
            markets_changed=self._markets_changed,
        )
        if self._kill_switch_rule is not None:
            remembered = self._account.kill_switch
            self._account.kill_switch = _cut(self._kill_switch_rule(remembered))
            if self._account.kill_switch != remembered:
                self._kill_switch_changed()
        if self._account.kill_switch is not None:
            self._mass_cancels.engage(None)

    def _settles_others(self) -> SettleOther | None:
        """How commands of an earlier life are settled that only accounts of this kind have; None: there are none."""
        return None

    def on_stop(self) -> Any:
        """An orderly end takes the exchange's countdown back."""
        self._intents.fail_in_flight()
        return self._dead_mans_switch.disarm()

    def on_failure(self, *_: object) -> None:
        """Commands whose request may have left are answered as unresolved, not as refused (R3)."""
        self._intents.fail_in_flight()

    # -- what the exchange says -----------------------------------------------------------------------------------

    @handles(OrderUpdateEvent)
    def _on_order(self, event: OrderUpdateEvent) -> None:
        if event.session_id != self._session_id:
            return
        figures, order = self._account.figures, event.order
        figures.events += 1
        figures.event_latency.add(self._server_now_ms() - order.updated_ms)
        changed = self._state.apply_order(order)
        if changed is not None:
            self._order_changed(changed)
        if self._state.has_new_inconsistent:
            self._look_for_oddities_soon()

    @handles(ExecutionReportEvent)
    def _on_fill(self, event: ExecutionReportEvent) -> None:
        if event.session_id != self._session_id:
            return
        self._account.figures.events += 1
        self._account.apply_fill(event.fill)
        self._look_for_oddities_soon()

    @handles(BalanceUpdateEvent)
    def _on_balances(self, event: BalanceUpdateEvent) -> None:
        if event.session_id != self._session_id:
            return
        self._account.figures.events += 1
        self._publisher.balances(self._state.funds.apply_balances(event.balances))

    def _look_for_oddities_soon(self) -> None:
        self._state.has_new_inconsistent = False
        if not self._inconsistency_check_due:
            self._inconsistency_check_due = True
            self._account.later(self._settings.settle_delay_s, self._look_for_oddities)

    def _look_for_oddities(self) -> None:
        self._reconciler.query_inconsistent()
        self._inconsistency_check_due = self._reconciler.has_inconsistent
        if self._inconsistency_check_due:
            self._account.later(self._settings.settle_delay_s, self._look_for_oddities)

    def _fill_counted(self, fill: Fill) -> None:
        self._publisher.fill(fill)

    def _order_changed(self, order: Order) -> None:
        self._publisher.order(order)
        self._orders.has_changed(order)
        self._mass_cancels.has_changed(order)
        self._reconciler.has_changed(order)

    # -- what the connection supervisor says ----------------------------------------------------------------------

    @handles(SessionOpened)
    def _session_opened(self, message: SessionOpened) -> None:
        self._session_id = message.session_id
        self._account.rest = message.rest
        self._state.query_lag_ms = message.rest.query_lag_ms
        self._mass_cancels.hurry()

    @handles(GetFillsNeeded)
    def _get_fills_needed(self, _: GetFillsNeeded) -> FillsNeeded:
        return self._snapshots.fills_needed()

    @handles(SnapshotLoaded)
    def _snapshot_loaded(self, message: SnapshotLoaded) -> int | None:
        if message.session_id != self._session_id:
            return 0
        return self._snapshots.loaded(message, self.defer, self._look_for_oddities_soon)

    def _markets_changed(self, causes: dict[Symbol, str]) -> None:
        """The status says which markets are unknown now; one that has become so is an error besides."""
        for symbol, cause in causes.items():
            if symbol not in self._told_unknown:
                text = f"market {symbol} is unknown, orders in it are refused: {cause}"
                where = f"market {symbol}"
                self._publisher.event(
                    ErrorEvent(name=self.name, kind=ErrorKind.VENUE_REFUSED, where=where, message=text)
                )
        self._told_unknown = causes
        self._publisher.event(self._status())

    @handles(SyncChanged)
    def _sync_changed(self, message: SyncChanged) -> None:
        context = self._account
        was_live, is_live = context.sync_state is SyncState.LIVE, message.sync_state is SyncState.LIVE
        now_ms = self._server_now_ms()
        if was_live and not is_live:
            context.stale_since_ms = now_ms
        elif is_live and not was_live:
            context.stale_since_ms = None
            context.true_at_ms = self._snapshots.proven_ms
            self._reconciler.hurry()
            self._mass_cancels.hurry()
        context.sync_state = message.sync_state
        context.figures.reconnects = message.reconnects
        if is_live and not was_live:
            self._dead_mans_switch.live()
        if message.sync_state is not self._told_state:
            self._told_state, self._since_ms = message.sync_state, now_ms
        self._links, self._sync_cause = message.links, message.cause
        self._publisher.event(self._status())

    @handles(ErrorEvent)
    def _on_error(self, event: ErrorEvent) -> None:
        """What the socket told and nobody could read may have been anything: a check finds out (R5)."""
        self._publisher.event(event)
        if not self._socket_check_due:
            self._socket_check_due = True
            self._account.later(self._settings.settle_delay_s, self._check_socket)

    def _check_socket(self) -> None:
        self._socket_check_due = False
        self._supervisor.tell(
            RequestFailed(self._session_id, "the private socket told something that could not be read")
        )

    # -- what strategies ask --------------------------------------------------------------------------------------

    @handles(PlaceOrder)
    def _place(self, command: PlaceOrder) -> None:
        self._account.figures.commands += 1
        try:
            self._told_before.require_not_canceled(command, self._number, command.side)
            self._orders.place(command, self.defer)
        except Exception as error:
            self._account.figures.denied += 1
            self._doubt_rules(error)
            raise

    @handles(CancelOrder)
    def _cancel(self, command: CancelOrder) -> Order | None:
        self._counted(command)
        self._overtakes(command)
        if self.inbox.command_depth and self._state.find(OrderKey.of(command)) is None:
            # Perhaps the order that it means waits behind it: what was told before has its turn first.
            later = Continue("cancel_when_told", partial(self._cancel_when_told, command, self.defer()))
            self.inbox.put(Envelope(later), Lane.EVENT)
            return None
        return self._orders.cancel(command, self.defer)

    def _cancel_when_told(self, command: CancelOrder, reply: Reply[Any]) -> None:
        refused = self._told_before.refused(command)
        try:
            known = self._state.find(OrderKey.of(command))
            order = refused if known is None and refused is not None else self._orders.cancel(command, lambda: reply)
        except TellerError as error:
            reply.set_error(error)
        else:
            if order is not None:
                reply.set(order)

    @handles(CancelAll)
    def _cancel_all(self, command: CancelAll) -> None:
        self._overtakes(self._counted(command))
        self._mass_cancels.cancel(command, self.defer)

    @handles(EngageKillSwitch)
    def _engage_kill_switch(self, command: EngageKillSwitch) -> None:
        self._account.kill_switch = reason = _cut(command.reason)
        self._overtakes(CancelAll())
        self._mass_cancels.engage(self.defer)
        _log.critical("kill_switch_engaged", account=self.name, reason=reason)
        self._kill_switch_changed()

    @handles(ReleaseKillSwitch)
    def _release_kill_switch(self, _: ReleaseKillSwitch) -> None:
        self._account.kill_switch = None
        self._mass_cancels.release()
        self._kill_switch_changed()
        _log.warning("kill_switch_released", account=self.name)

    def _overtakes(self, command: CancelOrder | CancelAll) -> None:
        """Cancels are served before commands that were told before them: those are not to be sent any more (R13)."""
        if self.inbox.command_depth:
            self._told_before.cancel_served(command, self._number)

    @property
    def _number(self) -> int:
        """Of the message in hand, in the order of telling; 0 for one that nobody has told."""
        return 0 if self.in_hand is None else self.in_hand.number

    @handles(AmendOrder)
    def _amend(self, command: AmendOrder) -> None:
        order = self._state.find(OrderKey.of(self._counted(command)))
        self._told_before.require_not_canceled(command, self._number, None if order is None else order.side)
        try:
            self._orders.amend(command, self.defer)
        except InvalidValueError as error:
            self._doubt_rules(error)
            raise

    @handles(GetOrder)
    def _get_order(self, command: GetOrder) -> Order | None:
        return self._lookups.get(self._counted(command), self.defer)

    @handles(GetInstrument)
    def _get_instrument(self, command: GetInstrument) -> Instrument:
        return self._account.instrument(command.symbol)

    @handles(GetExecutedOrders)
    def _get_executed(self, command: GetExecutedOrders) -> tuple[Order, ...]:
        return self._state.orders.executed(command.symbol)

    @handles(GetSnapshot)
    def _get_snapshot(self, _: GetSnapshot) -> AccountSnapshot:
        return snapshot_of(self._account, self._venue)

    @handles(GetTradingStats)
    def _get_trading_stats(self, _: GetTradingStats) -> TradingStats:
        depth = self.actor_ref.depth
        return stats_of(self._account, self._links, has_credentials=self._has_credentials, mailbox_depth=depth)

    @handles(Reload)
    def _reload(self, _: Reload) -> None:
        reply = self.defer()
        asked = self._supervisor.ask(Resync())
        self.io(
            "reload",
            _wait_for(asked),
            lambda _: reply.set(self._get_snapshot(GetSnapshot())),
            reply.set_error,
        )

    @handles(Withdraw)
    def _withdraw(self, command: Withdraw) -> None:
        self._withdrawals.withdraw(self._counted(command), self.defer)

    @handles(CancelWithdrawal)
    def _cancel_withdrawal(self, command: CancelWithdrawal) -> None:
        self._withdrawals.cancel(self._counted(command), self.defer)

    @handles(GetWithdrawal)
    def _get_withdrawal(self, command: GetWithdrawal) -> None:
        self._withdrawals.get(self._counted(command), self.defer)

    @handles(GetWithdrawals)
    def _get_withdrawals(self, command: GetWithdrawals) -> None:
        self._withdrawals.history(self._counted(command), self.defer)

    # -- subscribers ----------------------------------------------------------------------------------------------

    @handles(Subscribe)
    def _subscribe(self, message: Subscribe) -> ConnectionStatusEvent:
        self._subscribers[message.subscriber] = None
        return self._status()

    @handles(Unsubscribe)
    def _unsubscribe(self, message: Unsubscribe) -> None:
        self._subscribers.pop(message.subscriber, None)

    def _status(self) -> ConnectionStatusEvent:
        return ConnectionStatusEvent(
            name=self.name,
            sync_state=self._account.sync_state,
            links=self._links,
            since_ms=self._since_ms,
            cause=self._sync_cause,
            unknown_markets=dict(self._account.unknown_markets),
        )

    def _kill_switch_changed(self) -> None:
        if self._recovery is not None:
            self._recovery.kill_switch_changed()

    # -- helpers --------------------------------------------------------------------------------------------------

    def _counted(self, command: Command) -> Any:
        self._account.figures.commands += 1
        return command

    def _tell_trouble(self, error: Exception) -> None:
        """A refusal is the answer of what was asked and no more (R10); one of the key or of the rules of markets is
        worth a look at those."""
        reason = error.reason if isinstance(error, VenueRefusedError) else None
        if reason in _SPEAKS_OF_RULES:
            self._supervisor.tell(FactsDoubted(self._session_id))
        elif reason is RefusalReason.AUTHENTICATION or isinstance(error, ConnectionFailedError | UnknownOutcomeError):
            self._supervisor.tell(RequestFailed(self._session_id, str(error)))

    def _doubt_rules(self, error: Exception) -> None:
        """What was refused here by its market's rules the exchange may take by now: they are read anew."""
        if isinstance(error, InvalidValueError):
            self._supervisor.tell(FactsDoubted(self._session_id))


def _cut(reason: str | None) -> str | None:
    if reason is None or len(reason) <= _LONGEST_REASON:
        return reason
    return reason[: _LONGEST_REASON - 3] + "..."


async def _wait_for(reply: Any) -> Any:
    return await reply
