"""Where commands are refused, told, answered and settled."""

from typing import Final

from simulation.tools.probe import Probe

_CONTEXT: Final = "actors/account/context.py"
_ORDERS: Final = "actors/account/orders/commands.py"
_MASS_CANCELS: Final = "actors/account/orders/mass_cancel.py"
_LOST: Final = "actors/account/orders/lost_changes.py"
_TOLD_BEFORE: Final = "actors/account/orders/told_before.py"
_LOOKUPS: Final = "actors/account/orders/queries.py"
_WITHDRAWALS: Final = "actors/account/funds/withdrawals.py"
_SETTLED: Final = "OrderCommands.settle.<locals>.settled"
_CANCEL_SETTLED: Final = "OrderCommands._not_canceled.<locals>.settled"
_AMEND_SETTLED: Final = "OrderCommands._not_amended.<locals>.settled"

COMMANDS: Final = (
    Probe(
        "command: refused while not live",
        _CONTEXT,
        "AccountContext.require_live",
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
        "OrderCommands.submit",
        'raise InvalidValueError("client_order_id", command.client_order_id, "an id that no other order of ours has")',
    ),
    Probe("place: refused by the exchange", _ORDERS, "OrderCommands._not_placed", "reason = error.label"),
    Probe("place: did not leave", _ORDERS, "OrderCommands._not_placed", "reason = type(error).__name__"),
    Probe(
        "place: answer lost",
        _ORDERS,
        "OrderCommands._not_placed",
        "self.settle(intent, OrderKey(command.symbol, None, client_order_id))",
    ),
    Probe(
        "place: lost, settled as there",
        _ORDERS,
        _SETTLED,
        "intent.settled(happened=order is not None and order.order_id is not None)",
        "order is not None and order.order_id is not None",
    ),
    Probe(
        "place: lost, settled as not there",
        _ORDERS,
        _SETTLED,
        "intent.settled(happened=False, detail=str(order.finish_reason))",
    ),
    Probe(
        "cancel: waits for the order's name",
        _ORDERS,
        "OrderCommands.cancel",
        "self._when_answered.setdefault(OrderKey.of(order), []).append((command, reply))",
    ),
    Probe(
        "cancel: waited, goes out",
        _ORDERS,
        "OrderCommands._cancel_what_waited",
        "self._cancel_now(command, order, reply)",
    ),
    Probe("cancel: waited, the order has ended", _ORDERS, "OrderCommands._cancel_what_waited", "reply.set(order)"),
    Probe(
        "cancel: of an order unknown here",
        _ORDERS,
        "OrderCommands._cancel_now",
        "order_key = OrderKey.of(order or command)",
        "order is None",
    ),
    Probe("cancel: of an order known to have ended", _ORDERS, "OrderCommands.cancel", "return order"),
    Probe(
        "cancel: refused, the order has ended",
        _ORDERS,
        "OrderCommands._not_canceled",
        "self._reconciler.ask(",
    ),
    Probe("cancel: refused, or did not leave", _ORDERS, "OrderCommands._not_canceled", "reply.set_error(error)"),
    Probe("cancel: lost, settled as open still or unknown", _ORDERS, _CANCEL_SETTLED, "reply.set_error(lost)"),
    Probe("cancel: lost, settled as ended", _ORDERS, _CANCEL_SETTLED, "reply.set(order)"),
    Probe(
        "place: called back before it was sent",
        _ORDERS,
        "_Sending.require_wanted",
        'raise CanceledBeforeSentError("placing", self.client_order_id)',
    ),
    Probe(
        "told before: an order is refused that a cancel has overtaken",
        _TOLD_BEFORE,
        "ToldBefore.require_not_canceled",
        'raise CanceledBeforeSentError("placing", command.client_order_id)',
    ),
    Probe(
        "told before: an amend is refused that a cancel has overtaken",
        _TOLD_BEFORE,
        "ToldBefore.require_not_canceled",
        'raise CanceledBeforeSentError("amending", command.client_order_id)',
    ),
    Probe(
        "mass cancel: covers an order that has not left",
        _MASS_CANCELS,
        "MassCancels._begin",
        "self._call_back(order)",
    ),
    Probe(
        "mass cancel: an order shows that no cancel was sent for",
        _MASS_CANCELS,
        "MassCancels._check",
        "self._cancel_singly(job, new)",
    ),
    Probe(
        "mass cancel: the list shows an order still",
        _MASS_CANCELS,
        "MassCancels._looked",
        "self._cancel_singly(job, listed)",
    ),
    Probe(
        "mass cancel: the list lacks an order that is open here",
        _MASS_CANCELS,
        "MassCancels._looked",
        "self._reconciler.ask(OrderKey.of(order))",
    ),
    Probe("mass cancel: a try failed", _MASS_CANCELS, "MassCancels._failed", "job.cause = str(error)"),
    Probe(
        "mass cancel: spares orders that were told later",
        _MASS_CANCELS,
        "MassCancels._try",
        "self._cancel_singly(job, named)",
    ),
    Probe("mass cancel: patience ends", _MASS_CANCELS, "MassCancels._patience_ends", "reply.set_error(error)"),
    Probe("mass cancel: done", _MASS_CANCELS, "MassCancels._done", "replies = list(job.replies)"),
    Probe("lost command: it shows at once", _LOST, "LostChanges._look", "self._file(lost, known)"),
    Probe(
        "lost command: looked at when it can no longer arrive",
        _LOST,
        "LostChanges._look",
        "self._reconciler.ask(order_key, lambda order: self._file(lost, order))",
    ),
    Probe("amend: done", _ORDERS, "OrderCommands._amended", "intent.ended()"),
    Probe(
        "amend: of an order that is not open here",
        _ORDERS,
        "OrderCommands.amend",
        'raise InvalidValueError("order_id", command.order_id or command.client_order_id, f"open, but it is {state}")',
    ),
    Probe(
        "amend: refused, the order has ended", _ORDERS, "OrderCommands._not_amended", "self._reconciler.ask(order_key)"
    ),
    Probe("amend: refused, or did not leave", _ORDERS, "OrderCommands._not_amended", "reply.set_error(error)"),
    Probe("amend: lost, settled as done", _ORDERS, _AMEND_SETTLED, "reply.set(order)"),
    Probe("amend: lost, settled as not done", _ORDERS, _AMEND_SETTLED, "reply.set_error(lost)"),
    Probe(
        "look-up: finished order from memory",
        _LOOKUPS,
        "OrderQueries.get",
        "return record.order",
        "record.order.is_finished",
    ),
    Probe(
        "look-up: open order from memory",
        _LOOKUPS,
        "OrderQueries.get",
        "return record.order",
        "record.order.is_open",
    ),
    Probe("look-up: shares a request under way", _LOOKUPS, "OrderQueries.get", "waiting.append(reply)"),
    Probe(
        "look-up: the exchange has it",
        _LOOKUPS,
        "OrderQueries._answered",
        "self._reply(key, order)",
    ),
    Probe(
        "look-up: the exchange has no such order",
        _LOOKUPS,
        "OrderQueries._denied",
        "self._reply(key, None)",
    ),
    Probe(
        "look-up: the exchange has none yet, or none any more",
        _LOOKUPS,
        "OrderQueries._denied",
        "self._reply(key, record.order)",
    ),
    Probe(
        "look-up: denied an order that should be there",
        _LOOKUPS,
        "OrderQueries._denied",
        "self._reconciler.ask(OrderKey(*key), partial(self._reply, key), partial(self._reply_error, key))",
    ),
    Probe("look-up: could not be asked", _LOOKUPS, "OrderQueries._failed", "self._context.tell_trouble(error)"),
    Probe(
        "withdrawal: not permitted",
        _WITHDRAWALS,
        "Withdrawals._require_permission",
        "raise NotPermittedError(",
    ),
    Probe(
        "withdrawal: sent",
        _WITHDRAWALS,
        "Withdrawals.withdraw",
        "intent = self._intents.begin(command, arrives_by_ms)",
    ),
    Probe(
        "withdrawal: answer lost",
        _WITHDRAWALS,
        "Withdrawals._run.<locals>.failed",
        "self._context.tell_trouble(error)",
        'name == "withdraw" and type(error).__name__ == "UnknownOutcomeError"',
    ),
    Probe(
        "withdrawal: of unknown fate, found",
        _WITHDRAWALS,
        "Withdrawals.settle.<locals>.judge",
        "intent.settled(happened=True)",
    ),
    Probe(
        "withdrawal: of unknown fate, has never arrived",
        _WITHDRAWALS,
        "Withdrawals.settle.<locals>.judge",
        "intent.settled(happened=False)",
    ),
)
