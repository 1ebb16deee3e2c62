"""Whether an order that was refused for want of money could not have been paid, and the other way round.

An account refuses an order when what is available, less what its orders on their way will lock, does not cover it. From
outside it is not known when it has heard of which balance, so it is only told to be wrong where it must be.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from exchanges.simulator.core.orders import Side as BookedSide
from messages.commands import PlaceOrder
from messages.enums import Side
from messages.errors import (
    BusyError,
    InsufficientBalanceError,
    InvalidValueError,
    KillSwitchError,
    NotLiveError,
    UnknownMarketError,
    UnknownOutcomeError,
    VenueRefusedError,
)
from simulation.oracles.book_history import BookHistory, Cause, OrderState
from simulation.oracles.command_log import NOT_SENT, FiledCommand
from simulation.oracles.placings import Placings

_UNRESOLVED_S: Final = 120.0
"""So long the fate of an order whose answer was lost may be unknown, and its money set aside."""
_UNWRITTEN_S: Final = 1.0
"""How an order ended in the last moments of a life may not have reached its journal."""
_NEVER_FILED: Final = (
    BusyError,
    InsufficientBalanceError,
    InvalidValueError,
    KillSwitchError,
    NotLiveError,
    UnknownMarketError,
)
"""With these an order is refused before its intent is written anywhere."""
_NOT_ENOUGH: Final = "BALANCE_NOT_ENOUGH"
_MOST_ON_THEIR_WAY: Final = 50
"""Orders before one that are looked at: where nothing is lost none is on its way for longer."""


def needed(command: PlaceOrder) -> tuple[str, Decimal]:
    """The currency that an order pays in, and how much of it."""
    quantity = command.quantity or Decimal(0)
    if command.side is Side.SELL:
        return command.symbol.base, quantity
    quote = command.quote_quantity
    return command.symbol.quote, quantity * (command.price or Decimal(0)) if quote is None else quote


def wrongly_refused(
    history: BookHistory,
    filed: FiledCommand,
    placed: Sequence[FiledCommand],
    stale_s: float,
    *,
    stood_still_s: float = 0.0,
    loses_records: bool = False,
) -> Iterator[str]:
    """What is wrong with an `InsufficientBalanceError` that a `PlaceOrder` was answered with.

    ``placed``: all orders of the account, in the order of asking. ``stale_s``: balances may be known so late.
    ``stood_still_s``: for so long nothing could be found out before it was asked.
    ``loses_records``: the journal of an earlier life may lack how its orders ended.
    """
    error, command = filed.error, filed.command
    assert isinstance(error, InsufficientBalanceError)
    assert isinstance(command, PlaceOrder)
    assert filed.answered_s is not None
    currency, amount = needed(command)
    if (error.currency, error.needed) != (currency, amount):
        yield f"it needs {amount} {currency}, refused was {error.needed} {error.currency} (R14)"
        return
    states = history.balance_during(filed.account, currency, filed.asked_s - stale_s, filed.answered_s)
    least = min(Decimal(0) if state is None else state.available for state in states)
    aside = sum(
        _may_be_aside(
            filed, placed, currency, stale_s, unresolved_s=_UNRESOLVED_S + stood_still_s, loses_records=loses_records
        ),
        Decimal(0),
    )
    if amount <= least - aside:
        yield (
            f"it was refused for {amount} {currency}; available were {least} at least, "
            f"of which {aside} at most were set aside (funds)"
        )


def let_through(history: BookHistory, placings: Placings, account: str, stale_s: float) -> Iterator[str]:
    """Orders that the exchange had to refuse for want of money, in a run in which the account knew its balances.

    For amends nothing is set aside, so those of the last ``stale_s`` may have locked what an order lacked. A push that
    changes a balance by what was set aside for an order is taken for that order's, so of several changes by the same
    amount a wrong one may have ended what was set aside.
    """
    for each in placings.requests:
        done, filed = each.done, placings.matching.wishes.get(each.done.number)
        if done.label != _NOT_ENOUGH:
            continue
        if filed is not None:
            currency, amount = needed(_placing(filed))
            (state,) = history.balance_during(account, currency, done.at_s, done.at_s)[-1:]
            lacked = amount if state is None else amount - state.available
            span = filed.asked_s - stale_s, done.at_s
            amended = _locked_by_amends(history, account, currency, span)
            if lacked <= amended + _taken_for_shown(history, placings, account, currency, span):
                continue
        yield f"the order at {done.at_s:.3f} s {done.command.terms} was let through without the money (funds)"


def _taken_for_shown(
    history: BookHistory, placings: Placings, account: str, currency: str, span: tuple[float, float]
) -> Decimal:
    """How much was set aside in the span for orders that another change of the same amount may be taken for."""
    from_s, to_s = span
    changes: Counter[Decimal] = Counter()
    for before, after in pairwise(history.balance_states(account, currency)):
        if from_s <= after.at_s <= to_s:
            locked, available = after.locked - before.locked, before.available - after.available
            changes.update({locked, available, available - locked})
    wishes = placings.matching.wishes
    placed = (wishes.get(each.done.number) for each in placings.requests if from_s <= each.done.at_s <= to_s)
    amounts = (needed(_placing(filed)) for filed in placed if filed is not None)
    return sum((amount for pays, amount in amounts if pays == currency and changes[amount] > 1), Decimal(0))


def _locked_by_amends(history: BookHistory, account: str, currency: str, span: tuple[float, float]) -> Decimal:
    """How much of a currency amends have locked in the span."""
    from_s, to_s = span
    total = Decimal(0)
    for number in history.order_ids(account):
        order = history.order(account, number)
        if order is None or order.pays != currency:
            continue
        for before, after in pairwise(history.states(account, number)):
            if after.cause is Cause.AMEND and from_s <= after.at_s <= to_s:
                total += max(_locked(after, order.side) - _locked(before, order.side), Decimal(0))
    return total


def _locked(state: OrderState, side: BookedSide) -> Decimal:
    return state.remaining * state.price if side is BookedSide.BUY else state.remaining


def spent_twice(history: BookHistory, placings: Placings, account: str, stale_s: float) -> Iterator[str]:
    """Orders that were sent although others on their way had the money already: in a run without any loss.

    On its way is what was asked for earlier and had not reached the exchange by then: no balance tells of that, and
    whoever does not set the money aside spends it twice. What was available is taken for the most that it was in
    ``stale_s``.
    """
    wishes = placings.matching.wishes
    sent = [(wishes[each.done.number], each.done.at_s) for each in placings.requests if each.done.number in wishes]
    sent.sort(key=lambda each: each[0].number)
    for place, (filed, _) in enumerate(sent):
        currency, amount = needed(_placing(filed))
        earlier = sent[max(place - _MOST_ON_THEIR_WAY, 0) : place]
        amounts = (needed(_placing(each)) for each, at_s in earlier if at_s > filed.asked_s)
        aside = sum((money for pays, money in amounts if pays == currency), Decimal(0))
        states = history.balance_during(account, currency, filed.asked_s - stale_s, filed.asked_s)
        most = max(Decimal(0) if state is None else state.available for state in states)
        if amount > most - aside:
            yield f"{filed} was sent for {amount} {currency}: of {most} at most {aside} were on their way (funds)"


def _placing(filed: FiledCommand) -> PlaceOrder:
    assert isinstance(filed.command, PlaceOrder)
    return filed.command


def _may_be_aside(
    filed: FiledCommand,
    placed: Sequence[FiledCommand],
    currency: str,
    stale_s: float,
    *,
    unresolved_s: float,
    loses_records: bool,
) -> Iterator[Decimal]:
    heard_s: dict[int | None, float] = {}
    for each in placed:
        heard_s[each.life] = max(heard_s.get(each.life, 0.0), each.answered_s or each.asked_s)
    for each in placed:
        if each.number >= filed.number:
            return
        assert isinstance(each.command, PlaceOrder)
        pays, amount = needed(each.command)
        is_unwritten = loses_records or (each.answered_s or 0.0) >= heard_s[each.life] - _UNWRITTEN_S
        is_lost = is_unwritten and not isinstance(each.error, _NEVER_FILED)
        may_be_open = is_lost or isinstance(each.error, UnknownOutcomeError)
        is_restored = each.life != filed.life and may_be_open
        since_s = float("-inf") if is_restored else filed.asked_s - _kept_s(each.error, stale_s, unresolved_s)
        if pays == currency and (each.answered_s is None or each.answered_s >= since_s):
            yield amount


def _kept_s(error: BaseException | None, stale_s: float, unresolved_s: float) -> float:
    """How long after its answer an order's money may be set aside, or not be known yet to be spent."""
    if isinstance(error, InsufficientBalanceError):
        return float("-inf")
    if isinstance(error, (*NOT_SENT, VenueRefusedError)):
        return 0.0
    return unresolved_s if isinstance(error, UnknownOutcomeError) else stale_s
