"""Realised profit by average cost, computed anew from the exchange's own fills, in fractions."""

from collections.abc import Container, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from actors.journal import HistoryFilter, read_history
from exchanges.simulator.core.engine import FIRST_ORDER_ID
from exchanges.simulator.core.orders import Fill, Side
from simulation.oracles.ids import order_key, trade_key

_EXACT: Final = Fraction(1, 10**15)
_ZERO: Final = Fraction(0)


class Profit(msgspec.Struct):
    """One market's figures: as `actors.journal.profit.RealisedProfit` defines them, where they have its names."""

    realised: Fraction = _ZERO
    held: Fraction = _ZERO
    held_cost: Fraction = _ZERO
    bought: Fraction = _ZERO
    sold: Fraction = _ZERO
    uncovered: Fraction = _ZERO
    fees_base: Fraction = _ZERO
    fees_quote: Fraction = _ZERO
    fills_count: int = 0


_WHATEVER_THE_ORDER: Final = ("bought", "sold", "fees_base", "fees_quote", "fills_count")
_IN_ORDER: Final = ("realised", "held", "held_cost", "uncovered")


def profit_differences(
    fills: Iterable[Fill], path: Path, *, gone: Container[str] = (), unseen: Container[int] = ()
) -> Iterator[str]:
    """In what the history of a journal differs from the books' fills of the same account.

    Where fills of one market share a millisecond their order is anybody's guess: then only sums are compared. Of the
    past, before the exchange's first order, and of orders that are ``unseen`` counts what the journal has. ``gone``:
    markets in which the exchange tells of no order any more, and so of no rebate that the journal does not have.
    """
    history = read_history(path, HistoryFilter(limit=1_000_000))
    whole = {order_key(order.order_id or "") for order in history.orders if not order.fees_are_partial}
    filed = {(order_key(fill.order_id), trade_key(fill.trade_id)) for fill in history.fills}
    by_pair: dict[str, list[Fill]] = {}
    for fill in fills:
        must_be_filed = fill.order_id >= FIRST_ORDER_ID and fill.order_id not in unseen
        if must_be_filed or (str(fill.order_id), str(fill.trade_id)) in filed:
            by_pair.setdefault(fill.pair, []).append(fill)
    said = {f"{each.symbol.base}_{each.symbol.quote}": each for each in history.profits}
    for pair in dict.fromkeys([*by_pair, *said]):
        booked, ours = by_pair.get(pair, []), said.get(pair)
        if ours is None:
            yield f"no profit of {pair} is told, although there are {len(booked)} fills"
            continue
        untold = {fill.order_id for fill in booked if pair in gone and str(fill.order_id) not in whole}
        truth = profit_of(booked, without_rebate=untold)
        is_ordered = len({fill.time_ms for fill in booked}) == len(booked)
        for name in (*_WHATEVER_THE_ORDER, *(_IN_ORDER if is_ordered else ())):
            here, there = Fraction(getattr(ours, name)), Fraction(getattr(truth, name))
            if abs(here - there) > _EXACT:
                yield f"{name} of {pair} is {float(here)} here, {float(there)} by the books"


def profit_of(fills: Iterable[Fill], *, without_rebate: Container[int] = ()) -> Profit:
    """What the fills of one market came to, by average cost, in the order of time.

    ``without_rebate``: orders whose rebates do not count.
    """
    profit = Profit()
    in_order = sorted(fills, key=lambda each: each.time_ms)
    last = {fill.order_id: fill for fill in in_order}
    rebates: dict[int, Fraction] = {}
    for fill in in_order:
        base, quote = fill.pair.rsplit("_", 1)
        fee_base, fee_quote = _paid(fill, base), _paid(fill, quote)
        amount, value = Fraction(fill.amount), Fraction(fill.amount * fill.price)
        profit.fills_count += 1
        profit.fees_base += fee_base
        profit.fees_quote += fee_quote
        profit.realised -= fee_quote
        if fill.side is Side.BUY:
            profit.bought += amount
            profit.held += amount - fee_base
            profit.held_cost += value
        else:
            profit.sold += amount
            _sell(profit, amount, value, amount + fee_base)
        rebate = _ZERO if fill.order_id in without_rebate else Fraction(fill.rebated_fee)
        rebates[fill.order_id] = rebates.get(fill.order_id, _ZERO) + rebate
        if fill is last[fill.order_id]:
            _give_back(profit, rebates[fill.order_id], in_base=fill.rebated_fee_currency == base)
    return profit


def _give_back(profit: Profit, rebate: Fraction, *, in_base: bool) -> None:
    """A rebate is told with the order, so it counts with the order's last fill; in base it is held and cost nothing."""
    if in_base:
        profit.held += rebate
        profit.fees_base -= rebate
    else:
        profit.realised += rebate
        profit.fees_quote -= rebate


def _sell(profit: Profit, amount: Fraction, value: Fraction, taken: Fraction) -> None:
    covered = min(max(profit.held, _ZERO), taken)
    cost = profit.held_cost * covered / profit.held if profit.held else _ZERO
    share = covered / taken
    profit.realised += value * share - cost
    profit.uncovered += amount * (1 - share)
    profit.held -= covered
    profit.held_cost -= cost


def _paid(fill: Fill, currency: str) -> Fraction:
    """What a fill cost in one currency, rebates apart."""
    parts: tuple[tuple[Decimal, str], ...] = (
        (fill.fee, fill.fee_currency),
        (fill.gt_fee, "GT"),
    )
    return sum((Fraction(amount) for amount, paid_in in parts if paid_in == currency), _ZERO)
