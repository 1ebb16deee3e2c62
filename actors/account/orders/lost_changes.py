"""Cancels and amends whose answer was lost: filed as the exchange shows them when they can no longer arrive (R3, R4).

How an order looks at one moment says nothing of a request that is still on its way. It is looked at once more after the
last moment of its arrival, and after what queries may lag behind that.
"""

from typing import Final

import structlog

from actors.account.context import AccountContext
from actors.account.intents import Intent
from actors.account.orders.reconciler import OrderReconciler
from actors.account.state import OrderKey
from messages.commands import AmendOrder, CancelOrder
from messages.enums import OrderStatus
from messages.order import Order

_log: Final = structlog.get_logger("teller.account")


class _Lost:
    """One command of unknown fate."""

    __slots__ = ("arrives_by_ms", "command", "intent")

    def __init__(self, command: CancelOrder | AmendOrder, intent: Intent, arrives_by_ms: int) -> None:
        self.command = command
        self.intent = intent
        self.arrives_by_ms = arrives_by_ms


class LostChanges:
    """Finds out how they ended; only used inside the account's turns (R1)."""

    def __init__(self, context: AccountContext, reconciler: OrderReconciler) -> None:
        self._context = context
        self._reconciler = reconciler
        self._lost: dict[_Lost, None] = {}

    def add(self, command: CancelOrder | AmendOrder, intent: Intent, arrives_by_ms: int) -> None:
        """From now on its end is looked for. ``arrives_by_ms``: it can no longer arrive after this moment of the
        exchange's clock."""
        lost = _Lost(command, intent, arrives_by_ms)
        self._lost[lost] = None
        self._look(lost)

    def has_amend_of(self, order: Order) -> bool:
        """Whether an amend of this order may still arrive, or have arrived."""
        return any(isinstance(lost.command, AmendOrder) and _is_of(lost.command, order) for lost in self._lost)

    def has_changed(self, order: Order) -> None:
        """To be told of every order that has changed: it may show what an amend has done."""
        if not self._lost:  # as a rule
            return
        for lost in list(self._lost):
            if _is_of(lost.command, order) and (order.is_finished or shows(order, lost.command)):
                self._file(lost, order)

    def _look(self, lost: _Lost) -> None:
        if lost not in self._lost:
            return
        context, command = self._context, lost.command
        order_key = OrderKey.of(command)
        known = context.state.find(order_key)
        if known is not None and (known.is_finished or shows(known, command)):
            self._file(lost, known)
            return
        wait_ms = lost.arrives_by_ms + context.query_lag_ms - context.server_now_ms()
        if wait_ms >= 0:
            context.later((wait_ms + 1) / 1000, lambda: self._look(lost))
        else:
            self._reconciler.ask(order_key, lambda order: self._file(lost, order))

    def _file(self, lost: _Lost, order: Order | None) -> None:
        if lost not in self._lost:
            return
        del self._lost[lost]
        happened = order is not None and shows(order, lost.command)
        lost.intent.settled(happened=happened)
        _log.info(
            "lost_command_settled",
            account=self._context.name,
            command=type(lost.command).__name__,
            order_id=lost.command.order_id,
            client_order_id=lost.command.client_order_id,
            happened=happened,
        )


def is_amended(order: Order, command: AmendOrder) -> bool:
    """Whether the order has the terms that the command wants."""
    return command.quantity in {None, order.quantity} and command.price in {None, order.price}


def shows(order: Order, command: CancelOrder | AmendOrder) -> bool:
    """Whether the order is as the command would have it."""
    if isinstance(command, AmendOrder):
        return is_amended(order, command)
    return order.status is OrderStatus.CANCELED


def _is_of(command: CancelOrder | AmendOrder, order: Order) -> bool:
    if command.symbol != order.symbol:
        return False
    if command.order_id is not None and order.order_id is not None:
        return command.order_id == order.order_id
    return command.client_order_id is not None and command.client_order_id == order.client_order_id
