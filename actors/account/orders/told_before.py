"""Cancels overtake other commands in the mailbox; an order told before a cancel does not live all the same (R13).

A strategy that says "place" and then "cancel all" means both, in this order. The mailbox serves the cancel first, so
what the cancel covers is remembered for as long as commands wait that were told before it.
"""

from typing import Final

import msgspec

from messages.commands import AmendOrder, CancelAll, CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import CanceledBeforeSentError
from messages.order import Order
from messages.symbol import Symbol

_REFUSED_KEPT: Final = 1000

_Scope = tuple[Symbol | None, Side | None]
_Id = tuple[Symbol, str]


class ToldBefore:
    """Which commands a cancel has overtaken; only used inside the account's turns (R1).

    Numbers are those of envelopes: what was told later has the higher one.
    """

    def __init__(self) -> None:
        self._scopes: dict[_Scope, int] = {}
        self._ids: dict[_Id, int] = {}
        self._refused: dict[_Id, Order] = {}

    def cancel_served(self, command: CancelOrder | CancelAll, number: int) -> None:
        """A cancel was served while commands wait, some of them perhaps told before it."""
        if isinstance(command, CancelAll):
            self._scopes[command.symbol, command.side] = number
            return
        for name in (command.order_id, command.client_order_id):
            if name is not None:
                self._ids[command.symbol, name] = number

    def require_not_canceled(self, command: PlaceOrder | AmendOrder, number: int, side: Side | None) -> None:
        """To be asked of each command that adds risk. ``side``: of the order; None where that is not known.

        Raises:
            CanceledBeforeSentError: a cancel that covers it was told after it.
        """
        if not (self._scopes or self._ids):
            return
        self._forget_through(number)
        order_id = command.order_id if isinstance(command, AmendOrder) else None
        names = [name for name in (order_id, command.client_order_id) if name is not None]
        is_canceled = any((command.symbol, name) in self._ids for name in names) or any(
            symbol in {None, command.symbol} and (wanted is None or side is None or wanted is side)
            for symbol, wanted in self._scopes
        )
        if not is_canceled:
            return
        if isinstance(command, AmendOrder):
            raise CanceledBeforeSentError("amending", command.client_order_id)
        if command.client_order_id is not None:
            self._remember(command.symbol, command.client_order_id, command)
        raise CanceledBeforeSentError("placing", command.client_order_id)

    def refused(self, command: CancelOrder) -> Order | None:
        """The order of a cancel that was refused because of it; None where there is none.

        One that names an order by the exchange's id means that order, not a later one of the same client id.
        """
        name = command.client_order_id
        return None if name is None or command.order_id is not None else self._refused.get((command.symbol, name))

    def _forget_through(self, number: int) -> None:
        """Commands are served in the order in which they were told: nothing older than this one waits any more."""
        self._scopes = {scope: served for scope, served in self._scopes.items() if served > number}
        self._ids = {name: served for name, served in self._ids.items() if served > number}

    def _remember(self, symbol: Symbol, client_order_id: str, command: PlaceOrder) -> None:
        order = msgspec.structs.replace(
            command.as_order(OrderStatus.REJECTED), finish_reason="canceled_before_it_was_sent"
        )
        self._refused[symbol, client_order_id] = order
        if len(self._refused) > _REFUSED_KEPT:
            del self._refused[next(iter(self._refused))]
