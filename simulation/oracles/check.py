"""What an account says against the exchange's books, to the last digit."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from actors.journal import HistoryFilter, read_history
from exchanges.simulator import Exchange
from exchanges.simulator.core.engine import FIRST_ORDER_ID
from exchanges.simulator.core.orders import Fill as BookedFill
from exchanges.simulator.core.orders import Finish, TimeInForce
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.core.other_program import ORIGINS, OtherProgram
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID
from messages.balance import Balance
from messages.enums import OrderStatus, SyncState
from messages.order import VANISHED, Fill, Order
from messages.snapshot import AccountSnapshot
from simulation.oracles.ids import number_of_order, order_key
from simulation.oracles.markets import symbol_of
from simulation.oracles.order_truth import is_end_guessed, may_end_be_guessed
from simulation.oracles.watcher import FillKey, Told, key_of
from simulation.oracles.wish_terms import text_of
from simulation.venues.wires import wire_of

_TIMES_IN_FORCE: Final = {
    TimeInForce.GOOD_TILL_CANCELED: "GTC",
    TimeInForce.IMMEDIATE_OR_CANCEL: "IOC",
    TimeInForce.POST_ONLY: "POST_ONLY",
    TimeInForce.FILL_OR_KILL: "FOK",
}
"""By the names that accounts give them."""
_ENDINGS: Final = {
    Finish.FILLED: OrderStatus.FILLED,
    Finish.CANCELED: OrderStatus.CANCELED,
    Finish.IMMEDIATE_REST: OrderStatus.EXPIRED,
    Finish.SELF_TRADE: OrderStatus.EXPIRED,
    Finish.BOOK_RAN_DRY: OrderStatus.EXPIRED,
}
_UNTOLD: Final = {OrderStatus.CANCELED, OrderStatus.EXPIRED}
"""Where a venue has one word for both."""

Excused: TypeAlias = Callable[[BookedOrder], bool]


def _nobody(_: BookedOrder) -> bool:
    return False


def differences(
    exchange: Exchange,
    snapshot: AccountSnapshot,
    executed: tuple[Order, ...],
    told: Told,
    *,
    forgets: bool = False,
    excused: Excused = _nobody,
    reuses_ids: bool = False,
    texts_may_lack: bool = False,
    fill_texts_may_lack: bool = False,
    of_others: Excused = _nobody,
    unaskable: Excused = _nobody,
    before: Excused = _nobody,
) -> Iterator[str]:
    """Everything in which the account, or what its subscribers were told, differs from the books.

    ``forgets``: the account keeps so few finished orders that it may have dropped one (R9). ``excused``: which orders
    of the books it need not know. ``reuses_ids``: orders are given the ids of earlier ones on purpose.
    ``texts_may_lack``: the exchange may have told of orders without our text: by that those ``of_others`` are known.
    ``fill_texts_may_lack``: the same of fills, each of which is told once. ``unaskable``: orders of which the exchange
    tells no more than their fills. ``before``: those that need not be known, nor any of their fills, nor how they ended
    where they are ``unaskable`` besides.
    """
    name = snapshot.account
    if snapshot.sync_state is not SyncState.LIVE:
        yield f"{name}: is {snapshot.sync_state.value}, not live"
    yield from _balances(exchange, name, snapshot.balances)
    yield from _balances(exchange, f"{name}: as told", told.balances_now, account=name)
    booked = _with_names(exchange.engine.accounts[name].orders)
    known = {
        order_key(order.order_id): order for order in (*executed, *snapshot.open_orders) if order.order_id is not None
    }
    vanished = _vanished_texts(name, (*executed, *snapshot.open_orders, *told.orders.values()))
    for number, truth in booked.items():
        may_lack = number < FIRST_ORDER_ID or excused(truth) or before(truth) or _is_among(truth, vanished)
        if may_lack and (str(number) not in known or (before(truth) and unaskable(truth))):
            continue
        may_lack_text = texts_may_lack and (of_others(truth) or _is_among(truth, vanished))
        views = {f"{name}: order {number} as told": told.numbered.get(str(number))}
        if truth.is_open or not forgets or str(number) in known:
            views[f"{name}: order {number}"] = known.get(str(number))
        for label, ours in views.items():
            yield from _order(label, ours, truth, may_lack_text=may_lack_text, is_unaskable=unaskable(truth))
    there = {truth.text for truth in booked.values() if not _is_among(truth, vanished)}
    texts = set() if reuses_ids else there
    for order in (*executed, *snapshot.open_orders):
        yield from _without_counterpart(name, order, booked, texts)
    yield from _fills_against(
        exchange.engine.accounts[name].fills,
        f"{name}: as told",
        told.fills,
        texts_may_lack=fill_texts_may_lack,
        may_lack=_of_orders(booked, before),
    )
    if not reuses_ids:
        yield from _doubled(name, booked)


def _with_names(orders: Mapping[int, BookedOrder]) -> dict[int, BookedOrder]:
    """Without markets that have no name for an account. Of the past that an exchange may have begun with nothing need
    be known, and what is told of it must be so: fills are asked for again from a little before the start."""
    return {number: order for number, order in orders.items() if symbol_of(order.pair) is not None}


def _balances(
    exchange: Exchange, label: str, balances: Mapping[str, Balance], *, account: str | None = None
) -> Iterator[str]:
    booked = exchange.engine.ledger.balances(account or label)
    for currency in dict.fromkeys([*booked, *balances]):
        truth, ours = booked.get(currency), balances.get(currency)
        there = (truth.available, truth.locked) if truth is not None else (Decimal(0), Decimal(0))
        here = (ours.available, ours.locked) if ours is not None else (Decimal(0), Decimal(0))
        if there != here:
            yield f"{label}: {currency} is {here[0]} + {here[1]} here, {there[0]} + {there[1]} there"


def _order(
    name: str, ours: Order | None, truth: BookedOrder, *, may_lack_text: bool, is_unaskable: bool
) -> Iterator[str]:
    if ours is None:
        yield f"{name} is unknown here, {truth.finish.value} there"
        return
    if truth.is_open:
        status = OrderStatus.PARTIALLY_FILLED if truth.filled_base else OrderStatus.NEW
    else:
        status = _ENDINGS[truth.finish]
    # Dust is left of most quote amounts: its fills alone do not say whether an order has ended filled or canceled.
    may_be_either = ours.status is OrderStatus.FILLED or ours.finish_reason == VANISHED or is_end_guessed(ours)
    is_dust = truth.in_quote and truth.filled_base and not truth.is_open and may_be_either
    is_guess = is_end_guessed(ours) and not truth.is_open and may_end_be_guessed(ours, truth.finish, truth.amount)
    is_as_good = not wire_of(truth.account).endings_are_told and {ours.status, status} == _UNTOLD
    if ours.status is not status and not is_dust and not is_guess and not is_as_good:
        yield f"{name} is {ours.status.value} here, {status.value} there"
    if ours.filled_quantity != truth.filled_base:
        yield f"{name} has filled {ours.filled_quantity} here, {truth.filled_base} there"
    if ours.filled_quote != truth.filled_quote:
        yield f"{name} has filled {ours.filled_quote} in quote here, {truth.filled_quote} there"
    here_fees, there_fees = fees_of(ours), booked_fees(truth)
    is_partial = is_unaskable and ours.fees_are_partial and _is_part_of_rebate(here_fees, truth)
    if here_fees != there_fees and not is_partial:
        yield f"{name} has paid fees of {_amounts(here_fees)} here, {_amounts(there_fees)} there"
    amount = ours.quote_quantity if truth.in_quote else ours.quantity
    # Of an order that the exchange had forgotten when it was asked, nobody could learn the last terms. It does not
    # forget one with fills, unless with its whole market.
    is_forgotten = ours.finish_reason == VANISHED and not truth.is_open and (is_unaskable or not truth.filled_base)
    if amount != truth.amount and not is_forgotten:
        yield f"{name} is over {amount} here, {truth.amount} there"
    if truth.price and ours.price != truth.price and not is_forgotten:
        yield f"{name} is at {ours.price} here, {truth.price} there"
    if may_lack_text and ours.client_order_id is None:
        ours = msgspec.structs.replace(ours, client_order_id=client_id_of(truth))
    here, there = terms_of(ours), booked_terms(truth)
    if OtherProgram.placed(truth) and ours.client_order_id is None:
        there = (*there[:-1], None)  # an id that the exchange may have left out wherever it told of the order
    if here != there:
        yield f"{name} is {here} here, {there} there"


def fees_of(paid: Order | Fill) -> dict[str, Decimal]:
    """What an account says was paid for an order or a fill, by currency; a rebate is negative."""
    return {fee.currency: fee.amount for fee in paid.fees}


def booked_fees(paid: BookedOrder | BookedFill, *, with_rebate: bool = True) -> dict[str, Decimal]:
    """The same of the books. A rebate is told with an order only (rows of fills may have no fields for it)."""
    received = paid.receives if isinstance(paid, BookedOrder) else paid.fee_currency
    parts = [(received, paid.fee), ("GT", paid.gt_fee), ("POINT", paid.point_fee)]
    if isinstance(paid, BookedOrder) and with_rebate:
        parts.append((paid.pays, -paid.rebated_fee))
    fees: dict[str, Decimal] = {}
    for currency, amount in parts:
        if amount:
            fees[currency] = fees.get(currency, Decimal(0)) + amount
    return fees


def _is_part_of_rebate(fees: Mapping[str, Decimal], truth: BookedOrder) -> bool:
    """Whether they are the books', save that some of the rebate may lack: it is told with the order only, and so by
    nobody of what is filled once its market is gone."""
    least, most = booked_fees(truth), booked_fees(truth, with_rebate=False)
    return all(
        least.get(currency, 0) <= fees.get(currency, 0) <= most.get(currency, 0) for currency in {*fees, *least, *most}
    )


def _amounts(fees: Mapping[str, Decimal]) -> str:
    return " + ".join(f"{amount} {currency}" for currency, amount in fees.items()) or "nothing"


def terms_of(order: Order) -> tuple[str | None, ...]:
    """What never changes of an order, as an account tells it: market, side, type, time in force, id."""
    terms = order.side.value, order.type.value, order.time_in_force.name
    return f"{order.symbol.base}_{order.symbol.quote}", *terms, order.client_order_id


def booked_terms(order: BookedOrder) -> tuple[str | None, ...]:
    """The same of an order in the books."""
    terms = order.side.value, order.type.value, _TIMES_IN_FORCE[order.time_in_force]
    return order.pair, *terms, client_id_of(order)


def client_id_of(booked: BookedOrder | BookedFill) -> str | None:
    """Our id out of the text that the exchange keeps; None where the text is no id of a client."""
    if booked.text in ORIGINS.values():
        return None
    prefix = wire_of(booked.account).client_id_prefix
    return (booked.text.removeprefix(prefix) or None) if booked.text.startswith(prefix) else None


def _without_counterpart(
    name: str, order: Order, booked: dict[int, BookedOrder], texts: Collection[str]
) -> Iterator[str]:
    """Orders here that the exchange never had must be rejected ones, and it must not have them under any id."""
    label = f"{name}: order {order.client_order_id} / {order.order_id}"
    if order.status in {OrderStatus.PENDING, OrderStatus.UNRESOLVED}:
        yield f"{label} is still {order.status.value}"
    elif order.order_id is None:
        if order.status is not OrderStatus.REJECTED and not _has_vanished(order):
            yield f"{label} is {order.status.value} without an id of the exchange"
        text = text_of(name, str(order.client_order_id))
        if text in texts:
            there = ", ".join(truth.finish.value for truth in booked.values() if truth.text == text)
            yield f"{label} is {order.status.value} ({order.finish_reason}) here, and the exchange has it, {there}"
    elif number_of_order(order.order_id) not in booked and not is_made_up(order.order_id):
        yield f"{label} is not in the books"


def _has_vanished(order: Order) -> bool:
    """Whether an account says of an order that it may have been there, and have ended without a fill and been
    forgotten: it was asked about when the exchange could not know any more."""
    return order.order_id is None and order.is_finished and order.finish_reason == VANISHED


def _vanished_texts(account: str, orders: Iterable[Order]) -> set[str]:
    return {text_of(account, str(order.client_order_id)) for order in orders if _has_vanished(order)}


def _is_among(truth: BookedOrder, vanished: Collection[str]) -> bool:
    """Whether that is so of an order of the books."""
    return truth.text in vanished and not truth.is_open and not truth.filled_base


def is_made_up(order_id: str) -> bool:
    """Whether it is an odd row of the exchange's: in no books, and in the lists all the same."""
    return (number_of_order(order_id) or 0) >= FIRST_MADE_UP_ID


def _of_orders(booked: Mapping[int, BookedOrder], which: Excused) -> Callable[[BookedFill], bool]:
    """Whether a fill is of an order of that kind, or of the past before the exchange began."""
    return lambda fill: fill.order_id < FIRST_ORDER_ID or (fill.order_id in booked and which(booked[fill.order_id]))


def _fills_against(
    booked: Iterable[BookedFill],
    name: str,
    fills: Mapping[FillKey, Fill],
    *,
    texts_may_lack: bool,
    may_lack: Callable[[BookedFill], bool],
) -> Iterator[str]:
    missing = dict(fills)
    for truth in booked:
        key = _key_of_booked(truth)
        if key is None:
            continue
        ours = missing.pop(key, None)
        label = f"{name}: fill {truth.trade_id} of {key[0]} (order {truth.order_id})"
        if ours is None and may_lack(truth):
            continue
        if ours is None:
            yield f"{label} is missing"
        elif _fill_told(ours) != _fill_booked(truth) and not (texts_may_lack and _lacks_its_text(ours, truth)):
            yield f"{label} is {_fill_told(ours)} here, {_fill_booked(truth)} there"
    for (symbol, _, trade_id), fill in missing.items():
        if not is_made_up(fill.order_id):
            yield f"{name}: fill {trade_id} of {symbol} is not in the books"


def _lacks_its_text(ours: Fill, truth: BookedFill) -> bool:
    named = msgspec.structs.replace(ours, client_order_id=client_id_of(truth))
    return ours.client_order_id is None and _fill_told(named) == _fill_booked(truth)


def _fill_told(fill: Fill) -> tuple[object, ...]:
    money = fill.quantity, fill.price, sorted(fees_of(fill).items())
    return order_key(fill.order_id), fill.client_order_id, fill.side.value, fill.liquidity.value, fill.time_ms, *money


def _fill_booked(fill: BookedFill) -> tuple[object, ...]:
    money = fill.amount, fill.price, sorted(booked_fees(fill).items())
    return str(fill.order_id), client_id_of(fill), fill.side.value, fill.role.value, fill.time_ms, *money


def _doubled(name: str, booked: dict[int, BookedOrder]) -> Iterator[str]:
    numbers: dict[str, int] = {}
    for number, truth in booked.items():
        if truth.text and truth.text in numbers:
            yield f"{name}: {truth.text} is two orders: {numbers[truth.text]} and {number} (R3)"
        numbers[truth.text] = number


def journal_differences(
    exchange: Exchange,
    name: str,
    path: Path,
    *,
    excused: Excused = _nobody,
    keeps_all: bool = True,
    texts_may_lack: bool = False,
    fill_texts_may_lack: bool = False,
    of_others: Excused = _nobody,
    unaskable: Excused = _nobody,
    before: Excused = _nobody,
) -> Iterator[str]:
    """What an account's journal, after an orderly end, says otherwise than the books.

    ``excused``: which orders of the books it need not have. ``keeps_all``: False where it drops what is over and old.
    ``texts_may_lack``, ``fill_texts_may_lack``, ``of_others``, ``unaskable``, ``before``: as in
    `differences`.
    """
    record = exchange.engine.accounts[name]
    everything = HistoryFilter(limit=1_000_000)
    history = read_history(path, everything)
    filed = {order_key(order.order_id): order for order in history.orders if order.order_id is not None}
    booked = _with_names(record.orders)
    vanished = _vanished_texts(name, history.orders)
    for number, truth in booked.items():
        may_lack = (
            number < FIRST_ORDER_ID
            or excused(truth)
            or before(truth)
            or _is_among(truth, vanished)
            or not (keeps_all or truth.is_open)
        )
        if may_lack and (str(number) not in filed or (before(truth) and unaskable(truth))):
            continue
        yield from _order(
            f"{name}: order {number} in the journal",
            filed.get(str(number)),
            truth,
            may_lack_text=texts_may_lack and (of_others(truth) or _is_among(truth, vanished)),
            is_unaskable=unaskable(truth),
        )
    for order in history.orders:
        if order.order_id is None and order.status is not OrderStatus.REJECTED and not _has_vanished(order):
            yield f"{name}: order {order.client_order_id} is {order.status.value} in the journal"
        elif (
            order.order_id is not None
            and number_of_order(order.order_id) not in booked
            and not is_made_up(order.order_id)
        ):
            yield f"{name}: order {order.order_id} is in the journal and not in the books"
    fills = {key_of(fill): fill for fill in history.fills}
    booked_fills = record.fills if keeps_all else [fill for fill in record.fills if _key_of_booked(fill) in fills]
    yield from _fills_against(
        booked_fills,
        f"{name}: in the journal",
        fills,
        texts_may_lack=fill_texts_may_lack,
        may_lack=_of_orders(booked, before),
    )


def _key_of_booked(fill: BookedFill) -> FillKey | None:
    symbol = symbol_of(fill.pair)
    return None if symbol is None else (symbol, str(fill.order_id), str(fill.trade_id))
