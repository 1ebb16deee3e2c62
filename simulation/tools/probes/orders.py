"""Where an order's fate is decided, and what is remembered of orders."""

from typing import Final

from simulation.tools.reach import Probe

_STATE: Final = "actors/account/state.py"
_RECORD: Final = "actors/account/order_record.py"
_STORE: Final = "actors/account/order_store.py"

ORDERS: Final = (
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
