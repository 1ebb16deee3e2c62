"""Where commands are refused, told, answered and settled."""

from typing import Final

from simulation.tools.reach import Probe

_CONTEXT: Final = "actors/account/context.py"
_ORDERS: Final = "actors/account/order_desk.py"
_LOOKUPS: Final = "actors/account/lookup_desk.py"
_WITHDRAWALS: Final = "actors/account/withdrawal_desk.py"
_SETTLED: Final = "OrderDesk.settle.<locals>.settled"
_CANCEL_SETTLED: Final = "OrderDesk._not_canceled.<locals>.settled"
_AMEND_SETTLED: Final = "OrderDesk._not_amended.<locals>.settled"

COMMANDS: Final = (
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
        "order = None if report is None else self._context.hear_order(report, asked_ms)",
        "report is not None",
    ),
    Probe(
        "look-up: the exchange has no such order",
        _LOOKUPS,
        "LookupDesk._found",
        "order = None if report is None else self._context.hear_order(report, asked_ms)",
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
