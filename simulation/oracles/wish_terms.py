"""What a command wants, in the exchange's words: a reading of our vocabulary without the client's encoder."""

from decimal import Decimal
from typing import Final

import msgspec

from exchanges.simulator.core.orders import Order as BookedOrder
from messages.commands import AmendOrder, OrderReference, PlaceOrder, Withdraw
from messages.enums import TimeInForce
from messages.symbol import Symbol
from simulation.oracles.book_history import BookHistory
from simulation.oracles.ids import number_of_order
from simulation.venues.wire import WireCommand
from simulation.venues.wires import wire_of

TIMES_IN_FORCE: Final = {
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "post_only",
}
_PLACE_TERMS: Final = {"text", "pair", "side", "type", "time_in_force", "amount", "price"}
_AMEND_TERMS: Final = {"pair", "amount", "price"}
_WITHDRAW_TERMS: Final = {"currency", "amount", "chain", "address", "memo", "withdraw_order_id"}


def pair_of(symbol: Symbol) -> str:
    """The exchange's name of a market."""
    return f"{symbol.base}_{symbol.quote}"


def text_of(account: str, client_order_id: str) -> str:
    """The form that the account's exchange has for a client order id."""
    return f"{wire_of(account).client_id_prefix}{client_order_id}"


def is_text(account: str, text: str) -> bool:
    """Whether the account's exchange takes it for a client order id."""
    return wire_of(account).is_client_id(text)


def order_number(history: BookHistory, account: str, item: str, at_s: float, *, pair: str | None = None) -> int | None:
    """The order that a request of that time calls by its number or its text; None where the books have none such.

    ``pair``: of that market; None: of any.
    """
    number = number_of_order(item)
    if number is not None:
        return number if history.states(account, number) else None
    alike = [each for each in history.with_text(account, item) if pair in {None, _pair_of(history, account, each)}]
    there = [order_id for order_id in alike if history.states(account, order_id)[0].at_s <= at_s]
    return next(iter(there[-1:] or alike[:1]), None)


def order_named(history: BookHistory, account: str, reference: OrderReference, at_s: float) -> int | str:
    """The order that a command of that time is about, by number; what the command calls it where there is none."""
    item = reference.order_id
    if item is None and reference.client_order_id is not None:
        item = text_of(account, reference.client_order_id)
    number = order_number(history, account, str(item), at_s, pair=pair_of(reference.symbol))
    return str(item) if number is None else number


def _pair_of(history: BookHistory, account: str, order_id: int) -> str | None:
    order = history.order(account, order_id)
    return None if order is None else order.pair


class OrderTerms(msgspec.Struct, frozen=True):
    """A new order in every term. ``amount``: base, of a market buy quote. ``price``: None for market orders.

    ``others``: what else was said, as ``name=value``; no command of ours says anything else.
    """

    pair: str | None
    side: str | None
    type: str | None
    time_in_force: str | None
    amount: Decimal | None
    price: Decimal | None
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        price = "the market" if self.price is None else self.price
        others = "".join(f", {other}" for other in self.others)
        return f"{self.type} {self.side} {self.amount} of {self.pair} at {price}, {self.time_in_force}{others}"


class AmendTerms(msgspec.Struct, frozen=True):
    """A change of one order: ``order`` is its number in the books, or what it is called where it is in none."""

    order: int | str
    pair: str | None
    amount: Decimal | None
    price: Decimal | None
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        others = "".join(f", {other}" for other in self.others)
        return f"amend order {self.order} of {self.pair} to {self.amount} at {self.price}{others}"


class WithdrawalTerms(msgspec.Struct, frozen=True):
    """Money sent away; without its client id."""

    currency: str | None
    amount: Decimal | None
    chain: str | None
    address: str | None
    memo: str
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"withdraw {self.amount} {self.currency} by {self.chain} to {self.address} {self.memo}"


def placed(command: PlaceOrder) -> OrderTerms:
    """A new order as it was wished for."""
    return OrderTerms(
        pair_of(command.symbol),
        command.side.value,
        command.type.value,
        TIMES_IN_FORCE[command.time_in_force],
        command.quote_quantity if command.quantity is None else command.quantity,
        command.price,
    )


def placed_on_wire(command: WireCommand) -> OrderTerms:
    """A new order as it was asked for at the exchange."""
    return OrderTerms(
        command.term("pair"),
        command.term("side"),
        command.term("type"),
        command.term("time_in_force"),
        command.number("amount"),
        command.number("price"),
        _others(command, _PLACE_TERMS),
    )


def booked(order: BookedOrder, amount: Decimal, price: Decimal) -> OrderTerms:
    """An order as the books have it, with the amount and price that it had at some time."""
    return OrderTerms(
        order.pair,
        order.side.value,
        order.type.value,
        order.time_in_force.value,
        amount,
        price or None,
    )


def amended(command: AmendOrder, order: int | str) -> AmendTerms:
    """A change as it was wished for."""
    return AmendTerms(order, pair_of(command.symbol), command.quantity, command.price)


def amended_on_wire(command: WireCommand, order: int | str) -> AmendTerms:
    """A change as it was asked for at the exchange."""
    return AmendTerms(
        order,
        command.term("pair"),
        command.number("amount"),
        command.number("price"),
        _others(command, _AMEND_TERMS),
    )


def withdrawn(command: Withdraw) -> WithdrawalTerms:
    """A withdrawal as it was wished for."""
    return WithdrawalTerms(command.currency, command.amount, command.chain, command.address, command.memo)


def withdrawn_on_wire(command: WireCommand) -> WithdrawalTerms:
    """A withdrawal as it was asked for at the exchange."""
    return WithdrawalTerms(
        command.term("currency"),
        command.number("amount"),
        command.term("chain"),
        command.term("address"),
        command.terms.get("memo", ""),
        _others(command, _WITHDRAW_TERMS),
    )


def _others(command: WireCommand, usual: set[str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in command.terms.items() if name not in usual)
