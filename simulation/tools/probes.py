"""The branches that matter: where an order's fate is decided, where a link is given up, where a refusal is understood.

Each is a `Probe`; `python -m simulation --seeds N --reach` says which of them N seeds have been in. A name is unique
and begins with the part of the program that it is in.
"""

from typing import Final

from simulation.tools.reach import Probe

_ACTOR: Final = "actors/account/actor.py"
_CONTEXT: Final = "actors/account/context.py"
_STATE: Final = "actors/account/state.py"
_RECORD: Final = "actors/account/order_record.py"
_STORE: Final = "actors/account/order_store.py"
_DOUBTS: Final = "actors/account/doubts.py"
_ORDERS: Final = "actors/account/order_desk.py"
_INTENTS: Final = "actors/account/intents.py"
_MEMORY: Final = "actors/account/memory.py"
_LATE: Final = "actors/account/late_news.py"
_LOOKUPS: Final = "actors/account/lookup_desk.py"
_WITHDRAWALS: Final = "actors/account/withdrawal_desk.py"
_SWITCH: Final = "actors/account/dead_mans_switch.py"
_SESSION: Final = "actors/account/session.py"
_SUPERVISOR: Final = "actors/connection/supervisor.py"
_ROOT: Final = "actors/supervision/root.py"
_SYSTEM: Final = "actors/system.py"
_COMMITS: Final = "actors/journal/commits.py"
_DATABASE: Final = "actors/journal/database.py"
_JOURNAL_STORE: Final = "actors/journal/store.py"
_ENVELOPE: Final = "actors/runtime/envelope.py"
_DEAD_LETTERS: Final = "actors/runtime/dead_letters.py"
_LIMITER: Final = "exchanges/base/rate_limiter.py"
_HTTP: Final = "exchanges/base/http_client.py"
_SOCKET: Final = "exchanges/base/websocket_session.py"
_CLOCK: Final = "exchanges/base/server_clock.py"
_ERRORS: Final = "exchanges/gateio/errors.py"
_REST: Final = "exchanges/gateio/rest.py"
_PRIVATE: Final = "exchanges/gateio/private_rest.py"
_FRAMES: Final = "exchanges/gateio/private_ws.py"
_CONVERT: Final = "exchanges/gateio/convert.py"
_WIRE: Final = "exchanges/gateio/wire.py"

_SETTLED: Final = "OrderDesk.settle.<locals>.settled"
_CANCEL_SETTLED: Final = "OrderDesk._not_canceled.<locals>.settled"
_AMEND_SETTLED: Final = "OrderDesk._not_amended.<locals>.settled"

_OF_ORDERS: Final = (
    Probe(
        "order: vanished, the exchange knows it no more",
        _STATE,
        "AccountState.conclude_unknown",
        'changed = record.conclude(OrderStatus.FILLED if whole else OrderStatus.CANCELED, "vanished")',
    ),
    Probe(
        "order: never arrived",
        _STATE,
        "AccountState.conclude_unknown",
        "client_order_id = record.order.client_order_id",
    ),
    Probe(
        "order: rejected here, and the exchange has it",
        _STATE,
        "AccountState.hear_order",
        "orders.replace_rejected(record)",
    ),
    Probe("fill: kept until its order is known", _STATE, "AccountState.hear_fill", "is_new = orders.keep_orphan(fill)"),
    Probe("fill: kept, joined by its order", _STATE, "AccountState.hear_order", "changed |= record.hear_fill(fill)"),
    Probe(
        "fill: kept, dropped because the exchange knows no such order",
        _STATE,
        "AccountState.conclude_unknown",
        "orders.drop_orphans(doubt.order_id)",
    ),
    Probe(
        "order: refused here for want of money",
        _STATE,
        "AccountState.begin_order",
        "raise InsufficientBalanceError(reservation.currency, reservation.amount, available)",
    ),
    Probe(
        "order: echo of a dropped one confirmed by the exchange",
        _STATE,
        "AccountState.believe",
        "orders.echoes.pop(record, None)",
        "record in orders.echoes",
    ),
    Probe("balance: older than what is known", _STATE, "AccountState.hear_balances", "continue"),
    Probe(
        "balance: zero because a complete list lacks it",
        _STATE,
        "AccountState.hear_all_balances",
        "return self.hear_balances([*listed.values(), *zeros])",
        "self.balances.keys() - listed.keys()",
    ),
    Probe(
        "order: named by its fill",
        _RECORD,
        "OrderRecord.hear_fill",
        "self.order = msgspec.structs.replace(self.order, order_id=fill.order_id)",
    ),
    Probe(
        "order: its fills say more than its reports",
        _RECORD,
        "OrderRecord._settle",
        "filled_quantity, filled_quote = self._fills_quantity, self._fills_quote",
    ),
    Probe(
        "order: told open after its end",
        _RECORD,
        "OrderRecord.hear",
        "self._finish = max(self._finish, _finish_of(report))",
        "self._finish[0] and not report.status.is_finished",
    ),
    Probe(
        "order: two endings contradict each other",
        _RECORD,
        "OrderRecord.hear",
        "self._finish = max(self._finish, _finish_of(report))",
        "self._finish[0] and report.status.is_finished and _finish_of(report) != self._finish",
    ),
    Probe("fill: trade id heard before", _STORE, "SymbolOrders.is_new_trade", "return False"),
    Probe("order: may be the echo of a dropped one", _STORE, "SymbolOrders.add", "self.echoes[record] = None"),
    Probe(
        "order: finished, dropped for room",
        _STORE,
        "SymbolOrders._keep_executed",
        "self._drop(self._executed.popleft())",
    ),
)

_OF_DOUBTS: Final = (
    Probe("doubt: joins an inquiry under way", _DOUBTS, "DoubtDesk.ask", "if inquiry is None:", "inquiry is not None"),
    Probe("doubt: hurried, the link is back", _DOUBTS, "DoubtDesk.hurry", "inquiry.attempts = 0"),
    Probe("doubt: an oddity is asked about", _DOUBTS, "DoubtDesk.look_for_oddities", "self.ask(doubt)"),
    Probe("doubt: look-up failed", _DOUBTS, "DoubtDesk._failed", "inquiry.asking = False"),
    Probe(
        "doubt: unknown, but could arrive later",
        _DOUBTS,
        "DoubtDesk._answered",
        "self._again_later(inquiry)",
        "not is_outdated",
    ),
    Probe(
        "doubt: unknown, but named while it was asked",
        _DOUBTS,
        "DoubtDesk._answered",
        "self._again_later(inquiry)",
        "is_outdated",
    ),
    Probe(
        "doubt: asked about while the order is still on its way",
        _DOUBTS,
        "DoubtDesk._could_arrive_later",
        "return True",
    ),
    Probe(
        "doubt: found by the exchange's id",
        _DOUBTS,
        "_look_up",
        "return order, ()",
        "doubt.order_id is not None",
    ),
    Probe(
        "doubt: found by our client id",
        _DOUBTS,
        "_look_up",
        "return order, ()",
        "doubt.order_id is None",
    ),
    Probe(
        "doubt: fills asked by the exchange's id",
        _DOUBTS,
        "_look_up",
        "return None, await rest.load_fills(doubt.symbol, order_id=doubt.order_id)",
    ),
    Probe(
        "doubt: all fills searched for our client id",
        _DOUBTS,
        "_look_up",
        "fills = tuple(fill for fill in await rest.load_fills(doubt.symbol) "
        "if fill.client_order_id == doubt.client_order_id)",
    ),
    Probe(
        "doubt: found by its fills",
        _DOUBTS,
        "_look_up",
        "return await rest.get_order(GetOrder(symbol=doubt.symbol, order_id=fills[0].order_id)), fills",
    ),
)

_OF_COMMANDS: Final = (
    Probe(
        "command: refused while not live",
        _CONTEXT,
        "AccountContext.require_trading",
        "raise NotLiveError(self.name, self.sync_state.value, self.stale_since_ms)",
    ),
    Probe(
        "command: refused by the kill switch",
        _CONTEXT,
        "AccountContext.require_trading",
        "raise KillSwitchError(self.name, self.kill_switch)",
    ),
    Probe(
        "place: client id is taken",
        _ORDERS,
        "OrderDesk.place",
        'raise InvalidValueError("client_order_id", command.client_order_id, "an id that no other order of ours has")',
    ),
    Probe("place: refused by the exchange", _ORDERS, "OrderDesk._not_placed", "reason = error.label"),
    Probe("place: did not leave", _ORDERS, "OrderDesk._not_placed", "reason = type(error).__name__"),
    Probe(
        "place: answer lost",
        _ORDERS,
        "OrderDesk._not_placed",
        "self.settle(intent, Doubt(command.symbol, None, client_order_id))",
    ),
    Probe(
        "place: lost, settled as there",
        _ORDERS,
        _SETTLED,
        "self._cancel_what_waited(order)",
        "order is not None and order.order_id is not None",
    ),
    Probe(
        "place: lost, settled as not there",
        _ORDERS,
        _SETTLED,
        "self._cancel_what_waited(order)",
        "order is None or order.order_id is None",
    ),
    Probe(
        "cancel: waits for the order's name",
        _ORDERS,
        "OrderDesk.cancel",
        "self._when_answered.setdefault(order.client_order_id, []).append((command, reply))",
    ),
    Probe(
        "cancel: waited, goes out",
        _ORDERS,
        "OrderDesk._cancel_what_waited",
        "self._cancel_now(command, order, reply)",
    ),
    Probe("cancel: waited, the order has ended", _ORDERS, "OrderDesk._cancel_now", "reply.set(order)"),
    Probe(
        "cancel: of an order unknown here",
        _ORDERS,
        "OrderDesk._cancel_now",
        "doubt = _doubt_of(command, order)",
        "order is None",
    ),
    Probe("cancel: of an order known to have ended", _ORDERS, "OrderDesk.cancel", "return order"),
    Probe("cancel: refused, the order has ended", _ORDERS, "OrderDesk._not_canceled", "self._doubts.ask("),
    Probe("cancel: refused, or did not leave", _ORDERS, "OrderDesk._not_canceled", "reply.set_error(error)"),
    Probe("cancel: lost, settled as open still or unknown", _ORDERS, _CANCEL_SETTLED, "reply.set_error(lost)"),
    Probe("cancel: lost, settled as ended", _ORDERS, _CANCEL_SETTLED, "reply.set(order)"),
    Probe(
        "cancel-all: covers an order on its way",
        _ORDERS,
        "OrderDesk.cancel_all",
        "self._when_answered.setdefault(order.client_order_id, []).append((late, Reply()))",
    ),
    Probe(
        "cancel-all: left an order over, which is asked for",
        _ORDERS,
        "OrderDesk._canceled_all",
        "self._doubts.ask(Doubt(record.order.symbol, record.order.order_id, record.order.client_order_id), settled)",
    ),
    Probe("cancel-all: answer lost", _ORDERS, "OrderDesk._not_canceled_all", "intent.settled(happened=True)"),
    Probe(
        "cancel-all: refused, or did not leave",
        _ORDERS,
        "OrderDesk._not_canceled_all",
        "reply.set_error(error)",
        "isinstance(error, CERTAIN)",
    ),
    Probe("amend: done", _ORDERS, "OrderDesk._amended", "intent.ended()"),
    Probe(
        "amend: of an order that is not open here",
        _ORDERS,
        "OrderDesk.amend",
        'raise InvalidValueError("order_id", command.order_id or command.client_order_id, f"open, but it is {state}")',
    ),
    Probe("amend: refused, the order has ended", _ORDERS, "OrderDesk._not_amended", "self._doubts.ask(doubt)"),
    Probe("amend: refused, or did not leave", _ORDERS, "OrderDesk._not_amended", "reply.set_error(error)"),
    Probe("amend: lost, settled as done", _ORDERS, _AMEND_SETTLED, "reply.set(order)"),
    Probe("amend: lost, settled as not done", _ORDERS, _AMEND_SETTLED, "reply.set_error(lost)"),
    Probe(
        "look-up: finished order from memory",
        _LOOKUPS,
        "LookupDesk.get",
        "if record is not None and record.order.is_finished:",
        "record is not None and record.order.is_finished",
    ),
    Probe(
        "look-up: open order from memory",
        _LOOKUPS,
        "LookupDesk.get",
        "if record is not None and context.sync_state is SyncState.LIVE:",
        "record is not None and context.sync_state is SyncState.LIVE",
    ),
    Probe("look-up: shares a request under way", _LOOKUPS, "LookupDesk.get", "waiting.append(reply)"),
    Probe(
        "look-up: the exchange has it",
        _LOOKUPS,
        "LookupDesk._found",
        "order = None if report is None else self._context.hear_order(report)",
        "report is not None",
    ),
    Probe(
        "look-up: the exchange has no such order",
        _LOOKUPS,
        "LookupDesk._found",
        "order = None if report is None else self._context.hear_order(report)",
        "report is None",
    ),
    Probe("look-up: could not be asked", _LOOKUPS, "LookupDesk._failed", "self._context.tell_trouble(error)"),
    Probe(
        "withdrawal: not permitted",
        _WITHDRAWALS,
        "WithdrawalDesk._require_permission",
        "raise NotPermittedError(",
    ),
    Probe(
        "withdrawal: sent",
        _WITHDRAWALS,
        "WithdrawalDesk.withdraw",
        "intent = self._intents.begin(command)",
    ),
    Probe(
        "withdrawal: answer lost",
        _WITHDRAWALS,
        "WithdrawalDesk._run.<locals>.failed",
        "self._context.tell_trouble(error)",
        'name == "withdraw" and type(error).__name__ == "UnknownOutcomeError"',
    ),
    Probe(
        "withdrawal: of an earlier life, found",
        _WITHDRAWALS,
        "WithdrawalDesk.settle.<locals>.looked",
        "intent.settled(happened=True)",
    ),
    Probe(
        "withdrawal: of an earlier life, fate unknown",
        _WITHDRAWALS,
        "WithdrawalDesk.settle.<locals>.looked",
        "_log.error(",
    ),
)

_OF_INTENTS: Final = (
    Probe("intent: confirmed", _INTENTS, "Intent.ended", 'self._file(Outcome.CONFIRMED, "")'),
    Probe("intent: rejected", _INTENTS, "Intent.ended", "self._file(Outcome.REJECTED, error.label)"),
    Probe("intent: denied", _INTENTS, "Intent.ended", "self._file(Outcome.DENIED, type(error).__name__)"),
    Probe("intent: unresolved", _INTENTS, "Intent.ended", "self._file(Outcome.UNRESOLVED, type(error).__name__)"),
    Probe(
        "intent: settled later as happened",
        _INTENTS,
        "Intent.settled",
        'self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, "asked later")',
        "happened",
    ),
    Probe(
        "intent: settled later as not happened",
        _INTENTS,
        "Intent.settled",
        'self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, "asked later")',
        "not happened",
    ),
    Probe(
        "intent: a cancel goes out that could not be filed",
        _INTENTS,
        "Intents.begin_cancel",
        "return Intent(None, None)",
    ),
    Probe(
        "intent: the account ends with a command under way",
        _INTENTS,
        "Intents.account_ends",
        "reply.set_error(error)",
    ),
    Probe(
        "memory: an order of an earlier life is unresolved",
        _MEMORY,
        "Memory.restore",
        "context.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))",
    ),
    Probe(
        "memory: open intent of an order that the exchange has told of",
        _MEMORY,
        "Memory.settle_open_intents",
        "if known is not None and known.order_id is not None:",
        "known is not None and known.order_id is not None",
    ),
    Probe(
        "memory: open intent that has to be asked about",
        _MEMORY,
        "Memory.settle_open_intents",
        "self._orders.settle(intent, doubt)",
    ),
    Probe(
        "memory: open intent of a withdrawal",
        _MEMORY,
        "Memory.settle_open_intents",
        "self._withdrawals.settle(intent, command)",
    ),
    Probe(
        "memory: open intent of a cancel-all or a withdrawal's cancel",
        _MEMORY,
        "Memory.settle_open_intents",
        "elif isinstance(command, Withdraw):",
        "not isinstance(command, Withdraw)",
    ),
    Probe(
        "kill switch: restored from the journal",
        _MEMORY,
        "Memory.restore",
        "context.kill_switch = journal.get_state(KILL_SWITCH)",
        "journal.get_state(KILL_SWITCH) is not None",
    ),
)

_OF_THE_ACCOUNT: Final = (
    Probe(
        "kill switch: engaged",
        _ACTOR,
        "AccountActor._engage_kill_switch",
        "self._account.kill_switch = command.reason",
    ),
    Probe(
        "kill switch: cancels on going live",
        _ACTOR,
        "AccountActor._sync_changed",
        "self._orders.cancel_all(CancelAll(), Reply)",
    ),
    Probe(
        "kill switch: released",
        _ACTOR,
        "AccountActor._release_kill_switch",
        "self._account.kill_switch = None",
        "self._account.kill_switch is not None",
    ),
    Probe("account: event of an earlier connection", _ACTOR, "AccountActor._hear_order", "return"),
    Probe("account: snapshot of an earlier connection", _ACTOR, "AccountActor._snapshot_loaded", "return 0"),
    Probe(
        "account: the list of open orders lacks one", _ACTOR, "AccountActor._snapshot_loaded", "reply = self.defer()"
    ),
    Probe(
        "account: what the list lacks could not be asked for",
        _ACTOR,
        "AccountActor._snapshot_loaded.<locals>.failed",
        "reply.set_error(error)",
    ),
    Probe(
        "account: a command's refusal is hopeless",
        _ACTOR,
        "AccountActor._tell_trouble",
        "self._supervisor.tell(Hopeless(self._connection, error))",
    ),
    Probe(
        "deaf socket: it did not tell a fill",
        _LATE,
        "LateNews.count_fill",
        "self.count += is_new and fill.time_ms < self._before_ms",
        "is_new and fill.time_ms < self._before_ms",
    ),
    Probe(
        "deaf socket: it did not tell of an order",
        _LATE,
        "LateNews.count_order",
        "self.count += before is None or _essence(before) != _essence(after)",
        "before is None or _essence(before) != _essence(after)",
    ),
    Probe("dead man's switch: armed", _SWITCH, "DeadMansSwitch._armed", "self.is_armed = True"),
    Probe(
        "dead man's switch: arming failed",
        _SWITCH,
        "DeadMansSwitch._not_armed",
        "self._context.tell_trouble(error)",
    ),
    Probe(
        "dead man's switch: left to run out while not live",
        _SWITCH,
        "DeadMansSwitch._tell",
        "self._is_running = False",
    ),
    Probe(
        "dead man's switch: taken back at the end",
        _SWITCH,
        "DeadMansSwitch.disarm",
        "await rest.arm_dead_mans_switch(0)",
    ),
    Probe(
        "dead man's switch: could not be taken back",
        _SWITCH,
        "DeadMansSwitch.disarm",
        '_log.warning("dead_mans_switch_not_disarmed", account=self._context.name, error=str(error))',
    ),
)

_OF_CONNECTIONS: Final = (
    Probe(
        "connection: the private socket is deaf",
        _SESSION,
        "AccountSession.check",
        'raise ConnectionFailedError(f"the private socket is deaf: it did not tell {missed} things")',
    ),
    Probe(
        "connection: private REST does not answer",
        _SESSION,
        "AccountSession._load",
        'raise ConnectionFailedError(f"private REST does not answer: {error}") from error',
    ),
    Probe(
        "connection: public REST does not answer",
        _SESSION,
        "AccountSession._learn_clock",
        'raise ConnectionFailedError(f"public REST does not answer: {error}") from error',
    ),
    Probe("connection: the private socket ended", _SESSION, "AccountSession._socket_changed", "self._lost(cause)"),
    Probe(
        "connection: an attempt timed out",
        _SUPERVISOR,
        "ConnectionSupervisor._bring_live",
        'raise ConnectionFailedError(f"{self._owner!r} was not live within {limit_s} s") from None',
    ),
    Probe(
        "connection: the first attempt failed",
        _SUPERVISOR,
        "ConnectionSupervisor._end_attempt",
        "self._answer(error)",
    ),
    Probe(
        "connection: a later attempt failed",
        _SUPERVISOR,
        "ConnectionSupervisor._end_attempt",
        "self._retry_later()",
    ),
    Probe(
        "connection: FAILED by a hopeless attempt",
        _SUPERVISOR,
        "ConnectionSupervisor._end_attempt",
        "self._fail(error)",
    ),
    Probe(
        "connection: FAILED by a hopeless command",
        _SUPERVISOR,
        "ConnectionSupervisor._hopeless",
        "self._fail(message.error)",
    ),
    Probe(
        "connection: FAILED by a hopeless check",
        _SUPERVISOR,
        "ConnectionSupervisor._checked",
        "self._fail(error)",
    ),
    Probe(
        "connection: a check found it broken",
        _SUPERVISOR,
        "ConnectionSupervisor._checked",
        "self._broke(error)",
    ),
    Probe(
        "connection: a check that was refused is ignored",
        _SUPERVISOR,
        "ConnectionSupervisor._checked",
        "elif not isinstance(error, VenueRefusedError | WeRefusedError):",
        "isinstance(error, VenueRefusedError | WeRefusedError)",
    ),
    Probe(
        "connection: after FAILED somebody connects anew",
        _SUPERVISOR,
        "ConnectionSupervisor._connect",
        "self._has_been_live = message.persistent",
        "self._state is SyncState.FAILED",
    ),
    Probe(
        "connection: an attempt keeps the sound socket",
        _SUPERVISOR,
        "ConnectionSupervisor._begin_attempt",
        "self._attempt_task = self.pipe(",
        "is_open",
    ),
    Probe(
        "connection: the venue's market data is gone",
        _SUPERVISOR,
        "ConnectionSupervisor._public_link_changed",
        'self._move(Signal.LOST, "the venue\'s market data is gone")',
    ),
    Probe(
        "connection: market data is back, and nothing else was missing",
        _SUPERVISOR,
        "ConnectionSupervisor._public_link_changed",
        "self._move(Signal.WHOLE)",
    ),
    Probe(
        "connection: market data is back, and a loaded account waited for it",
        _SUPERVISOR,
        "ConnectionSupervisor._public_link_changed",
        "self._go_live()",
    ),
    Probe(
        "connection: breaks while market data is gone",
        _SUPERVISOR,
        "ConnectionSupervisor._broke",
        "self._report(str(error))",
    ),
    Probe(
        "connection: a reload is asked for while there is none",
        _SUPERVISOR,
        "ConnectionSupervisor._resync",
        'raise ConnectionFailedError(f"{self._owner!r} is {self._state.value}: there is no connection to load from")',
    ),
    Probe(
        "supervision: an actor crashed",
        _ROOT,
        "RootSupervisor._child_ended",
        "group.plan.went_down(message.cause)",
    ),
    Probe(
        "supervision: a group runs again",
        _ROOT,
        "RootSupervisor._group_started",
        'group.resuming = self.spawn(_resume(group.plan), f"resume:{message.name}")',
    ),
    Probe(
        "supervision: a restart was overtaken by another",
        _ROOT,
        "RootSupervisor._group_started",
        "self._take_down(group, message.running)",
    ),
    Probe(
        "supervision: a restart failed",
        _ROOT,
        "RootSupervisor._group_start_failed",
        "self._restart(group, len(group.running), TerminationCause(TerminationKind.START_FAILED, message.error))",
    ),
    Probe("supervision: given up", _ROOT, "RootSupervisor._give_up", "group.is_given_up = True"),
    Probe(
        "supervision: a strategy given up has its account's orders cancelled",
        _SYSTEM,
        "TradingSystem._strategy_group.<locals>.given_up",
        "self._accounts[name].tell(CancelAll())",
    ),
    Probe("runtime: a mailbox is full", _ENVELOPE, "Refusals.busy", "if envelope.reply_to is not None:"),
    Probe("runtime: a dead letter", _DEAD_LETTERS, "DeadLetters.add", "now_s = self._clock()"),
)

_OF_JOURNALS: Final = (
    Probe(
        "journal: refuses commands",
        _COMMITS,
        "CommitQueue.require_writable",
        "raise JournalError.because_of(self._path, self._failure)",
    ),
    Probe("journal: cannot be written", _COMMITS, "CommitQueue._not_written", "self._failures += 1"),
    Probe("journal: is tried again", _COMMITS, "CommitQueue._try_again", "self._is_due = True"),
    Probe("journal: can be written again", _COMMITS, "CommitQueue._written", "self._failures = 0"),
    Probe("journal: backlog full, gives up", _COMMITS, "CommitQueue._lose", "self._failure = JournalError("),
    Probe("journal: its log starts anew", _COMMITS, "CommitQueue._restart_log", "self._log_pages = 0"),
    Probe(
        "journal: of an earlier life, reopened",
        _DATABASE,
        "open_database",
        "if not path.exists():",
        "path.exists()",
    ),
    Probe("journal: missing while its log is there", _DATABASE, "_create", "raise JournalError("),
    Probe(
        "journal: drops its oldest records",
        _JOURNAL_STORE,
        "Store._drop",
        "return len(rows)",
    ),
)

_OF_REQUESTS: Final = (
    Probe("limiter: waits for its turn", _LIMITER, "RateLimiter._wait", "await self._clock.sleep(opens_s - moment)"),
    Probe("limiter: waits behind others", _LIMITER, "RateLimiter._wait", "await waiter.called"),
    Probe(
        "limiter: refuses, the wait would be too long",
        _LIMITER,
        "RateLimiter._wait",
        "raise RateLimitedError(line.scope.name, expected_s)",
    ),
    Probe(
        "limiter: refuses one that was pushed back",
        _LIMITER,
        "RateLimiter._wait",
        "raise RateLimitedError(line.scope.name, opens_s - moment)",
    ),
    Probe(
        "limiter: somebody else uses the same allowance",
        _LIMITER,
        "_Line.observe",
        "self._foreign_until_s = sent_s + self._span_s",
        "self._foreign > 0",
    ),
    Probe(
        "limiter: somebody else has used up the allowance",
        _LIMITER,
        "_Line.opens_at",
        "cap, floor_s = self._cap, max(floor_s, self._foreign_until_s)",
    ),
    Probe(
        "limiter: the exchange says that nothing is left",
        _LIMITER,
        "_Line.observe",
        "self.block(min(reset_in_s, self._span_s))",
    ),
    Probe(
        "limiter: the exchange allows less than we know",
        _LIMITER,
        "_Line.observe",
        "self._cap = min(self.scope.capacity, limit)",
        "limit < self.scope.capacity",
    ),
    Probe("limiter: blocked by Retry-After", _HTTP, "HttpClient.send", "permit.block(retry_after_s)"),
    Probe(
        "limiter: blocked after a 429 without Retry-After",
        _REST,
        "GateioRest._refusal",
        "answer.permit.block(min(wait_s or _PAUSE_AFTER_429_S, call.scope.window_s))",
    ),
    Probe("request: a change's answer is lost", _HTTP, "HttpClient.send", "raise"),
    Probe(
        "request: a query's answer is lost",
        _HTTP,
        "HttpClient.send",
        'raise ConnectionFailedError(f"{call.operation}: {error}") from error',
    ),
    Probe(
        "request: a change ends with 5xx",
        _HTTP,
        "HttpClient.send",
        'raise lost(call, f"status {response.status}")',
        "call.changes",
    ),
    Probe(
        "request: a query ends with 5xx",
        _HTTP,
        "HttpClient.send",
        'raise lost(call, f"status {response.status}")',
        "not call.changes",
    ),
    Probe("request: a change's answer cannot be read", _REST, "GateioRest._read", "raise lost(call, why) from error"),
    Probe(
        "request: a query's answer cannot be read",
        _REST,
        "GateioRest._read",
        'raise ProtocolError(f"{call.operation}: {why}") from error',
    ),
    Probe(
        "clock: the exchange's is a second off what we thought",
        _CLOCK,
        "ServerClock.sample",
        "self._offset_ms = offset_ms",
        "self._offset_ms is not None and abs(offset_ms - self._offset_ms) > 1000",
    ),
    Probe(
        "error: a label that we know",
        _ERRORS,
        "from_label",
        "reason = REASONS.get(label, RefusalReason.OTHER)",
        "label in REASONS",
    ),
    Probe(
        "error: a label that we do not know",
        _ERRORS,
        "from_label",
        "reason = REASONS.get(label, RefusalReason.OTHER)",
        "label not in REASONS",
    ),
    Probe(
        "error: REPEATED_CREATION",
        _ERRORS,
        "from_label",
        "reason = REASONS.get(label, RefusalReason.OTHER)",
        'label == "REPEATED_CREATION"',
    ),
    Probe(
        "error: REQUEST_EXPIRED",
        _ERRORS,
        "from_label",
        "reason = REASONS.get(label, RefusalReason.OTHER)",
        'label == "REQUEST_EXPIRED"',
    ),
    Probe(
        "error: ORDER_NOT_FOUND",
        _ERRORS,
        "from_label",
        "reason = REASONS.get(label, RefusalReason.OTHER)",
        'label == "ORDER_NOT_FOUND"',
    ),
    Probe(
        "error: a label of permission or key",
        _ERRORS,
        "from_label",
        "reason = REASONS.get(label, RefusalReason.OTHER)",
        "REASONS.get(label) in {_R.PERMISSION, _R.AUTHENTICATION}",
    ),
    Probe(
        "error: a minimum behind INVALID_PARAM_VALUE",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.BELOW_MINIMUM",
    ),
    Probe(
        "error: a label of the server's fault, after a change",
        _ERRORS,
        "from_label",
        'return UnknownOutcomeError(f"{operation}: {label}: it may or may not have happened")',
    ),
    Probe(
        "error: a label of the server's fault, after a query",
        _ERRORS,
        "from_label",
        'return ConnectionFailedError(f"{operation}: {label}")',
    ),
    Probe(
        "error: no label, 408",
        _ERRORS,
        "_without_label",
        "if changes:",
    ),
    Probe(
        "error: no label, 429",
        _ERRORS,
        "_without_label",
        "reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER",
        "status == 429",
    ),
    Probe(
        "error: no label, another status below 500",
        _ERRORS,
        "_without_label",
        "reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER",
        "status != 429",
    ),
)

_OF_ANSWERS: Final = (
    Probe(
        "open orders: a second page",
        _PRIVATE,
        "GateioPrivateRest._read_open_orders",
        "groups, taken_up_ms = await self._rest.query_as_of(",
        "page > 1",
    ),
    Probe(
        "open orders: the list changed while it was read",
        _PRIVATE,
        "GateioPrivateRest.load_open_orders",
        "if report is not None:",
        "report is None",
    ),
    Probe(
        "open orders: the list kept changing",
        _PRIVATE,
        "GateioPrivateRest.load_open_orders",
        'raise ProtocolError(f"load_open_orders: the list changed during each of {_READINGS} readings")',
    ),
    Probe(
        "fills: a full page",
        _PRIVATE,
        "GateioPrivateRest._read_fills",
        "fills.update((fill.trade_id, fill) for fill in found)",
        "len(found) >= _FILLS_PAGE",
    ),
    Probe(
        "fills: more than were asked for",
        _PRIVATE,
        "GateioPrivateRest._read_fills",
        "if len(found) < page_size or len(fills) >= limit:",
        "len(fills) >= limit",
    ),
    Probe(
        "fills: a past in several spans",
        _PRIVATE,
        "GateioPrivateRest._spans",
        "end_s = begin_s",
        "begin_s > start_s",
    ),
    Probe(
        "order by id: the exchange says that there is none",
        _PRIVATE,
        "GateioPrivateRest.get_order",
        "return None",
    ),
    Probe(
        "order by id: refused for another reason",
        _PRIVATE,
        "GateioPrivateRest.get_order",
        "raise",
    ),
    Probe("wire: read the slow way, with null or an empty text", _WIRE, "Reader.read", "return value"),
    Probe("wire: cannot be read the slow way either", _WIRE, "Reader.read", "raise first from None"),
    Probe("frame: one item of several cannot be read", _FRAMES, "_tell_each", "problem = error"),
    Probe(
        "frame: refused",
        _SOCKET,
        "report_refused_frame",
        'logger.warning("frame_refused", session=name, size=len(frame), reason=reason)',
    ),
    Probe(
        "socket: silent",
        _SOCKET,
        "WebsocketSession._watch",
        'self._end(f"nothing received for {silence_s:g} s")',
    ),
    Probe(
        "socket: a subscription is not answered",
        _SOCKET,
        "WebsocketSession.request_all",
        "raise ConnectionFailedError(",
    ),
    Probe(
        "socket: a subscription is refused",
        _SOCKET,
        "WebsocketSession.refuse",
        "answer.set_exception(error)",
    ),
    Probe(
        "money: the dust of a market buy",
        _CONVERT,
        "_ending",
        "return OrderStatus.FILLED",
    ),
    Probe(
        "order: ended with a word that we do not know",
        _CONVERT,
        "_ending",
        "status = OrderStatus.CANCELED if order.left else OrderStatus.FILLED",
    ),
    Probe(
        "order: a status that we do not know",
        _CONVERT,
        "rest_order",
        'raise ProtocolError("an order status that is not open, closed or cancelled")',
    ),
    Probe(
        "money: filled amount left out",
        _CONVERT,
        "_order",
        "filled_quantity = _filled(order, in_quote=in_quote)",
    ),
    Probe(
        "money: a rebate",
        _CONVERT,
        "_order",
        'fee, fee_currency = -_finite("rebated_fee", order.rebated_fee), order.rebated_fee_currency or None',
    ),
    Probe("money: a fee in GT", _CONVERT, "_fee", 'return _finite("gt_fee", paid.gt_fee), "GT"'),
    Probe("money: a fee in points", _CONVERT, "_fee", 'return _finite("point_fee", paid.point_fee), "POINT"'),
    Probe("time: a text with a fraction", _CONVERT, "milliseconds", "return int(whole)"),
)

PROBES: Final = (
    *_OF_ORDERS,
    *_OF_DOUBTS,
    *_OF_COMMANDS,
    *_OF_INTENTS,
    *_OF_THE_ACCOUNT,
    *_OF_CONNECTIONS,
    *_OF_JOURNALS,
    *_OF_REQUESTS,
    *_OF_ANSWERS,
)
