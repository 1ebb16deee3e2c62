"""Where an order's fate is decided, and what is remembered of orders."""

from typing import Final

from simulation.tools.probe import Probe

_STATE: Final = "actors/account/state.py"
_FUNDS: Final = "actors/account/funds/money.py"
_RECORD: Final = "actors/account/orders/record.py"
_STORE: Final = "actors/account/orders/store.py"
_CONCLUDED: Final = (
    "changed = record.conclude(asked_ms, by_order_id=order_key.order_id is not None, may_have_ended=may_have_ended)"
)

ORDERS: Final = (
    Probe(
        "order: vanished, the exchange knows it no more",
        _STATE,
        "AccountState.conclude_unknown",
        _CONCLUDED,
        "record.is_acknowledged and order_key.order_id is not None",
    ),
    Probe(
        "order: never arrived",
        _STATE,
        "AccountState.conclude_unknown",
        _CONCLUDED,
        "not record.is_acknowledged",
    ),
    Probe(
        "order: its client id learnt after its own",
        _STORE,
        "SymbolOrders.adopt",
        "record.decided_ms = awaited.decided_ms",
    ),
    Probe(
        "order: an earlier one of the client id",
        _STORE,
        "SymbolOrders.find",
        "return None if is_another else record",
        "is_another and record.order.order_id is None",
    ),
    Probe("fill: kept until its order is known", _STATE, "AccountState.apply_fill", "orders.keep_orphan(fill)"),
    Probe("fill: kept, joined by its order", _STATE, "AccountState.apply_order", "changed |= record.apply_fill(fill)"),
    Probe(
        "fill: kept, and the exchange knows no such order",
        _STORE,
        "SymbolOrders.deny_orphans",
        "self._orphans_denied.add(order_id)",
    ),
    Probe(
        "order: refused here for want of money",
        _FUNDS,
        "Money.reserve",
        "raise InsufficientBalanceError(reservation.currency, reservation.amount, available)",
    ),
    Probe(
        "order: finished, kept while its command is under way",
        _STORE,
        "SymbolOrders._keep_executed",
        "self._kept_for_now[oldest] = None",
    ),
    Probe(
        "fill: gave way, its total joins its order",
        _STORE,
        "SymbolOrders.index",
        "record.apply_total(total)",
    ),
    Probe(
        "order: may be the echo of a dropped one, and the exchange has it",
        _STATE,
        "AccountState._apply_unknown",
        "del orders.late_reports[str(report.order_id)]",
    ),
    Probe(
        "order: echo of a dropped one not believed",
        _STATE,
        "AccountState._apply_unknown",
        "if report.is_open or (not as_of_ms and evicted.is_told_by(report)):",
        "report.is_open",
    ),
    Probe(
        "balance: older than what is known",
        _FUNDS,
        "Money._join_balances",
        "continue",
        "balance.updated_ms < before.updated_ms",
    ),
    Probe(
        "balance: asked for in the millisecond of a push",
        _FUNDS,
        "Money._join_balances",
        "continue",
        "balance.updated_ms == before.updated_ms",
    ),
    Probe(
        "balance: zero because a complete list lacks it",
        _FUNDS,
        "Money._complete",
        "return [*listed.values(), *zeros]",
        "self.balances.keys() - listed.keys()",
    ),
    Probe(
        "order: named by its fill",
        _RECORD,
        "OrderRecord.apply_fill",
        "self._settle(self.order)",
        "known.order_id is None",
    ),
    Probe(
        "order: its fills say more than its reports",
        _RECORD,
        "OrderRecord._filled",
        "quantity, quote = self._fills_quantity, self._fills_quote",
    ),
    Probe(
        "order: told open after its end",
        _RECORD,
        "OrderRecord.apply",
        "self._finish = max(self._finish, _finish_of(report))",
        "self._finish[0] and not report.status.is_finished",
    ),
    Probe(
        "order: two endings contradict each other",
        _RECORD,
        "OrderRecord.apply",
        "self._finish = max(self._finish, _finish_of(report))",
        "self._finish[0] and report.status.is_finished and _finish_of(report) != self._finish",
    ),
    Probe("fill: trade id heard before", _STORE, "SymbolOrders.is_new_fill", "return False"),
    Probe(
        "order: may be the echo of a dropped one",
        _STATE,
        "AccountState._apply_unknown",
        "orders.late_reports[report.order_id] = OrderRecord(report, as_of_ms)",
    ),
    Probe(
        "order: finished, dropped for room",
        _STORE,
        "SymbolOrders._keep_executed",
        "self._drop(oldest)",
    ),
)
