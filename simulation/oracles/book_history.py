"""All that the exchange's books have ever said, with the virtual time at which each of it began to be so, and why.

The books show the present only; whether an answer of a second ago was true can only be judged by the past. It is told
by the engine itself, before any network, lag or fault.
"""

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from exchanges.simulator import Exchange, HttpRequest
from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.orders import BalanceReason, Fill, Finish, Order, OrderChange
from exchanges.simulator.faces.http import HttpResponse, Witness
from simulation.venues.wire import Action, WireCommand
from simulation.venues.wires import wire_at

_ONE_MOMENT_S: Final = 1e-6


class Cause(enum.Enum):
    """What made the books change.

    PLACE, AMEND, CANCEL, CANCEL_ALL: a request, of this account or, for fills, of another one. COUNTDOWN: the dead
    man's switch ran out. OUTSIDE: no request at all: the house, traders, the operator, other programs.
    """

    PLACE = "place"
    AMEND = "amend"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel all"
    COUNTDOWN = "countdown"
    OUTSIDE = "outside"


_CAUSES: Final = {
    Action.PLACE: Cause.PLACE,
    Action.AMEND: Cause.AMEND,
    Action.CANCEL: Cause.CANCEL,
    Action.CANCEL_ALL: Cause.CANCEL_ALL,
}


class CarriedOut(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is to change something, as the exchange carried it out, and what it answered.

    Attributes:
        number: counts all of them from 1. at_s: virtual seconds. sent_s: when it left the program, by the same.
        account: whose key signed it; empty for none known.
        label: the exchange's word where it refused; None where it did as it was told.
        order_id, text: of the order that the answer tells of; None where it tells of none or of several.
    """

    number: int
    at_s: float
    sent_s: float
    account: str
    command: WireCommand
    status: int
    label: str | None
    order_id: int | None
    text: str | None


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the books had it from ``at_s`` (virtual seconds) until its next state.

    Attributes:
        amount, remaining: base, for a market buy quote. price: 0 for market orders. filled_quote: before fees.
        cause: of this state. request: number of the `CarriedOut` that caused it; None where none did.
    """

    at_s: float
    finish: Finish
    price: Decimal
    amount: Decimal
    remaining: Decimal
    filled_base: Decimal
    filled_quote: Decimal
    fee: Decimal
    cause: Cause
    request: int | None

    @property
    def is_open(self) -> bool:
        return self.finish is Finish.OPEN


class BalanceState(msgspec.Struct, frozen=True, kw_only=True):
    """A balance as the books had it from ``at_s`` (virtual seconds) until its next state."""

    at_s: float
    available: Decimal
    locked: Decimal


S = TypeVar("S", OrderState, BalanceState)


class BookHistory(Listener, Witness):
    """Keeps every state of every order and balance of the accounts that keep history.

    Attributes:
        requests: all that were to change something, in the order in which they were carried out.
    """

    def __init__(
        self,
        exchange: Exchange,
        now_s: Callable[[], float],
        sent_s: Callable[[HttpRequest], float] | None = None,
    ) -> None:
        """What the books hold already has always been so. ``now_s``: virtual seconds. ``sent_s``: when a request left
        its program; just now, where nobody says."""
        self._exchange = exchange
        self._now_s = now_s
        self._sent_s = sent_s or (lambda _: now_s())
        self.requests: list[CarriedOut] = []
        self._command: WireCommand | None = None
        self._orders: dict[str, dict[int, list[OrderState]]] = {}
        self._balances: dict[tuple[str, str], list[BalanceState]] = {}
        self._texts: dict[tuple[str, str], list[int]] = {}
        self._countdowns: dict[tuple[str, str | None], float] = {}
        self._began = False
        engine = exchange.engine
        for name, record in engine.accounts.items():
            if not record.internal:
                for currency, balance in engine.ledger.balances(name).items():
                    self._note_balance(name, currency, balance.available, balance.locked)
                for order in record.orders.values():
                    self._note_order(order)
        self._began = True
        engine.listeners.insert(0, self)  # before those who tell others: whoever is told finds it noted
        exchange.face.witnesses.append(self)

    # -- questions ------------------------------------------------------------------------------------------------

    def order_ids(self, account: str) -> list[int]:
        """All orders that the account ever had, oldest first."""
        return list(self._orders.get(account, ()))

    def with_text(self, account: str, text: str) -> list[int]:
        """All orders of the account that were placed with this text, prefix included, oldest first."""
        return list(self._texts.get((account, text), ()))

    def order(self, account: str, order_id: int) -> Order | None:
        """The order as it is now: for what never changes, as its market and its side."""
        return self._exchange.engine.accounts[account].orders.get(order_id)

    def states(self, account: str, order_id: int) -> list[OrderState]:
        """Every state of an order, oldest first; none when the account has no such order."""
        return self._orders.get(account, {}).get(order_id, [])

    def state_at(self, account: str, order_id: int, at_s: float) -> OrderState | None:
        """The last state that the order had by then; None when there was no such order yet."""
        return _last(self.states(account, order_id), at_s)

    def during(self, account: str, order_id: int, from_s: float, to_s: float) -> list[OrderState | None]:
        """Every state that held at some instant of the span, both ends included; None stands for no such order."""
        return _during(self.states(account, order_id), from_s, to_s)

    def was_there(self, account: str, order_id: int, from_s: float, to_s: float) -> bool:
        """Whether the order was open, or began or ended, within the span; quicker than to look at its states."""
        states = self.states(account, order_id)
        return states[0].at_s <= to_s and (states[-1].is_open or states[-1].at_s >= from_s)

    def balance_states(self, account: str, currency: str) -> list[BalanceState]:
        """Every state of a balance, oldest first; none when the account never had the currency."""
        return self._balances.get((account, currency), [])

    def balance_during(self, account: str, currency: str, from_s: float, to_s: float) -> list[BalanceState | None]:
        """Every state that the balance had at some instant of the span; None stands for never heard of: zero."""
        return _during(self.balance_states(account, currency), from_s, to_s)

    def currencies(self, account: str) -> list[str]:
        """Every currency that the account ever had."""
        return [currency for name, currency in self._balances if name == account]

    # -- what the exchange does -----------------------------------------------------------------------------------

    def begins(self, request: HttpRequest) -> None:
        self._command = wire_at(request.path).read_command(request)

    def ends(self, request: HttpRequest, response: HttpResponse) -> None:
        command, self._command = self._command, None
        if command is None:
            return
        wire = wire_at(request.path)
        account = self._exchange.keys.owner(wire.key_of(request.headers) or "") or ""
        answer = wire.read_answer(response)
        done = CarriedOut(
            number=len(self.requests) + 1,
            at_s=self._now_s(),
            sent_s=self._sent_s(request),
            account=account,
            command=command,
            status=response.status,
            label=None if response.status < 300 else answer.label,
            order_id=answer.order_number,
            text=answer.text,
        )
        self.requests.append(done)
        if command.action is Action.COUNTDOWN and done.label is None:
            timeout_s = command.number("timeout") or Decimal(0)
            whose = account, command.terms.get("pair")
            self._countdowns.pop(whose, None)
            if timeout_s:
                self._countdowns[whose] = self._now_s() + float(timeout_s)

    def on_order(self, order: Order, change: OrderChange) -> None:
        del change  # the order itself says it all
        self._note_order(order)

    def on_fill(self, fill: Fill) -> None:
        self._note_order(self._exchange.engine.accounts[fill.account].orders[fill.order_id])

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        del reason
        for change in changes:
            self._note_balance(account, change.currency, change.balance.available, change.balance.locked)

    # -- keeping --------------------------------------------------------------------------------------------------

    def _note_order(self, order: Order) -> None:
        orders = self._orders.setdefault(order.account, {})
        states = orders.get(order.id)
        if states is None:
            states = orders[order.id] = []
            if order.text:
                self._texts.setdefault((order.account, order.text), []).append(order.id)
        new = OrderState(
            at_s=self._since_s(),
            finish=order.finish,
            price=order.price,
            amount=order.amount,
            remaining=order.remaining,
            filled_base=order.filled_base,
            filled_quote=order.filled_quote,
            fee=order.fee,
            cause=self._cause(order),
            request=None if self._command is None else len(self.requests) + 1,
        )
        if not states or _without_origin(states[-1]) != _without_origin(new):
            states.append(new)

    def _note_balance(self, account: str, currency: str, available: Decimal, locked: Decimal) -> None:
        states = self._balances.setdefault((account, currency), [])
        states.append(BalanceState(at_s=self._since_s(), available=available, locked=locked))

    def _since_s(self) -> float:
        """What was there before anybody looked has always been there."""
        return self._now_s() if self._began else float("-inf")

    def _cause(self, order: Order) -> Cause:
        if self._command is not None:
            return _CAUSES.get(self._command.action, Cause.OUTSIDE)
        for pair in (None, order.pair):
            runs_out_s = self._countdowns.get((order.account, pair))
            if runs_out_s is not None and abs(runs_out_s - self._now_s()) < _ONE_MOMENT_S:
                return Cause.COUNTDOWN
        return Cause.OUTSIDE


def _without_origin(state: OrderState) -> tuple[object, ...]:
    return state.finish, state.price, state.amount, state.remaining, state.filled_base, state.filled_quote, state.fee


def _last(states: list[S], at_s: float) -> S | None:
    index = bisect_right(states, at_s, key=_began_s)
    return states[index - 1] if index else None


def _during(states: list[S], from_s: float, to_s: float) -> list[S | None]:
    """A state that ended at the very moment of ``from_s`` is one of them: who asked may have asked just before."""
    first, end = bisect_left(states, from_s, key=_began_s), bisect_right(states, to_s, key=_began_s)
    held: list[S | None] = [states[first - 1] if first else None]
    held += states[first:end]
    return held


def _began_s(state: OrderState | BalanceState) -> float:
    return state.at_s
