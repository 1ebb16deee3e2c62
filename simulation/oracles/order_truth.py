"""Whether what is said of an order was so in the books, part by part, at some instant of a span.

What an account knows of an order is a join of what it has heard (R2): its end, its fills and its terms each arrive on
their own, so each of them must have been so, not all at one instant.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Final

from exchanges.simulator.core.orders import Finish
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID
from messages.enums import OrderStatus
from messages.order import UNKNOWN_WORD, VANISHED, Order
from simulation.oracles.book_history import BookHistory, OrderState
from simulation.oracles.ids import number_of_order
from simulation.oracles.wish_terms import TIMES_IN_FORCE, pair_of, text_of
from simulation.venues.wires import wire_of

_ENDS: Final = {
    Finish.FILLED: {OrderStatus.FILLED},
    Finish.CANCELED: {OrderStatus.CANCELED},
    Finish.IMMEDIATE_REST: {OrderStatus.EXPIRED},
    Finish.SELF_TRADE: {OrderStatus.EXPIRED},
    Finish.BOOK_RAN_DRY: {OrderStatus.EXPIRED},
}
_UNTOLD: Final = {OrderStatus.CANCELED, OrderStatus.EXPIRED}
"""Where a venue has one word for both."""
_ZERO: Final = Decimal(0)
_MOST_STATES: Final = 12
"""Of one order are looked at for what its fills may add up to: each doubles the sums."""


def untrue(
    history: BookHistory,
    account: str,
    order: Order,
    from_s: float,
    to_s: float,
    *,
    texts_may_lack: bool = False,
    fills_may_lack: bool = False,
) -> Iterator[str]:
    """What of an order with an id of the exchange was never so in the span; of a finished one, not since its end.

    ``texts_may_lack``: the exchange may have told of it without our text. ``fills_may_lack``: frames may be lost, and
    with them some fills of those that were told.
    """
    number = number_of_order(order.order_id)
    number = -1 if number is None else number
    booked = history.order(account, number)
    if booked is None and number >= FIRST_MADE_UP_ID:
        return  # an odd row: the exchange's word, and in no books
    if booked is None:
        yield f"order {order.order_id} is not in the books (R14)"
        return
    yield from _other(order, booked, texts_may_lack=texts_may_lack)
    wire = wire_of(account)
    began_s = history.states(account, number)[0].at_s
    if not wire.answers_tell_state and order.status is OrderStatus.NEW and from_s <= began_s <= to_s:
        return  # it was taken within the span, and no answer says more
    if order.is_finished:
        ends_s = [state.at_s for state in history.states(account, number) if not state.is_open]
        from_s = min(from_s, *ends_s[:1], from_s)
    states = [state for state in history.during(account, number, from_s, to_s) if state is not None]
    if not any(_is_so(order, booked, state) for state in states):
        said = {state.finish.value for state in states}
        yield f"order {number} was said to be {order.status.value}, was {said or 'not there yet'} (R5)"
    filled = {(state.filled_base, state.filled_quote) for state in states}
    if fills_may_lack:
        before = [state for state in history.states(account, number) if state.at_s <= to_s]
        if not order.is_finished or _was_filled_after_its_end(before):
            filled |= _sums_of_some(before)
    if states and (order.filled_quantity, order.filled_quote) not in filled:
        yield f"order {number} was said to be filled {order.filled_quantity} for {order.filled_quote} (R5)"
    if order.finish_reason == VANISHED:  # forgotten when it was asked about: its terms are the last that were heard
        states = history.states(account, number)
    terms = {(state.amount, state.price) for state in states}
    amount = order.quantity if order.quote_quantity is None else order.quote_quantity
    if states and (amount, order.price or _ZERO) not in terms:
        yield f"order {number} was said to be over {amount} at {order.price} (R5)"


def _was_filled_after_its_end(states: Iterable[OrderState]) -> bool:
    """Such a fill is added to the sum of those that are known, until the order has been asked for."""
    return len({state.filled_base for state in states if not state.is_open}) > 1


def _sums_of_some(states: Iterable[OrderState]) -> set[tuple[Decimal, Decimal]]:
    """What may be taken for filled, in base and quote, by who has heard of some of the fills only."""
    sums, base, quote = {(_ZERO, _ZERO)}, _ZERO, _ZERO
    for state in islice(states, _MOST_STATES):
        more_base, more_quote = state.filled_base - base, state.filled_quote - quote
        base, quote = state.filled_base, state.filled_quote
        if more_base:
            sums |= {(one + more_base, other + more_quote) for one, other in sums}
    return sums


def _is_so(order: Order, booked: BookedOrder, state: OrderState) -> bool:
    if state.is_open:
        rests = OrderStatus.PARTIALLY_FILLED if order.filled_quantity else OrderStatus.NEW
        return order.status is rests
    if state.finish is Finish.FILLED and order.status is OrderStatus.PARTIALLY_FILLED:
        return order.filled_quantity == state.filled_base  # its fills were heard, and its end not yet
    may_be_either = order.status is OrderStatus.FILLED or order.finish_reason == VANISHED  # see `check`
    is_dust = booked.in_quote and state.filled_base > 0 and may_be_either
    is_guess = is_end_guessed(order) and may_end_be_guessed(order, state.finish, state.amount)
    ends = _ENDS[state.finish]
    if not wire_of(booked.account).endings_are_told and ends & _UNTOLD:
        ends = _UNTOLD
    return order.status in ends or is_dust or is_guess


def is_end_guessed(order: Order) -> bool:
    """Whether it says that it ended, not filled whole, and that nobody has told how: by its own conclusion, or in a
    word that we do not know."""
    reason = order.finish_reason or ""
    return order.status is OrderStatus.CANCELED and (reason == VANISHED or reason.startswith(UNKNOWN_WORD))


def may_end_be_guessed(order: Order, finish: Finish, amount: Decimal) -> bool:
    """Whether an end that nobody has told may be taken for a cancel: not where the fills that were heard, each of which
    is known in the end, make up the whole amount, as last heard."""
    heard = order.quantity if order.quote_quantity is None else order.quote_quantity
    return finish is not Finish.FILLED or heard != amount


def _other(order: Order, booked: BookedOrder, *, texts_may_lack: bool) -> Iterator[str]:
    """What never changes."""
    said = (pair_of(order.symbol), order.side.value, order.type.value, TIMES_IN_FORCE[order.time_in_force])
    there = (booked.pair, booked.side.value, booked.type.value, booked.time_in_force.value)
    if said != there:
        yield f"order {order.order_id} was said to be {' '.join(said)}, is {' '.join(there)} (R14)"
    text = None if order.client_order_id is None else text_of(booked.account, order.client_order_id)
    if (booked.text or None) != text and not (texts_may_lack and text is None):
        yield f"order {order.order_id} was said to be {text}, is {booked.text or 'without a text'} (R14)"
