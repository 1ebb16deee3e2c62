"""Our commands to what Gate's requests of perpetuals take; quantities become contracts, exactly or not at all."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exchanges.gateio.futures import wire
from exchanges.gateio.futures.contracts import ContractSize
from exchanges.gateio.futures.values import CLIENT_ID_PREFIX, plain
from messages.commands import AmendOrder, PlaceOrder
from messages.enums import Side, TimeInForce
from messages.errors import InvalidValueError
from messages.margin import LedgerKind
from messages.position import PositionSide
from messages.position_commands import ClosePosition

_TIMES_IN_FORCE: Final[Mapping[TimeInForce, str]] = {
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "poc",
}
_AUTO_SIZES: Final[Mapping[PositionSide, str]] = {PositionSide.LONG: "close_long", PositionSide.SHORT: "close_short"}
_DUAL_SIDES: Final[Mapping[PositionSide, str]] = {
    PositionSide.LONG: "dual_long",
    PositionSide.SHORT: "dual_short",
}
_TO_LEDGER_TYPE: Final[Mapping[LedgerKind, str]] = {
    LedgerKind.TRANSFER: "dnw",
    LedgerKind.REALIZED_PNL: "pnl",
    LedgerKind.FEE: "fee",
    LedgerKind.REBATE: "refr",
    LedgerKind.FUNDING: "fund",
}


def ledger_type(kind: LedgerKind) -> str:
    """Gate's word for a kind; raises `InvalidValueError` for those that it has several of."""
    word = _TO_LEDGER_TYPE.get(kind)
    if word is None:
        raise InvalidValueError("kind", kind.value, "None for all, or one that the exchange can filter by")
    return word


def signed_size(contract: ContractSize, side: Side, quantity: Decimal) -> str:
    """A quantity in base as Gate's size: contracts, below zero to sell.

    Raises:
        InvalidValueError: it is no whole number of contracts, or of those that take fractions no finite one.
    """
    contracts = contract.to_contracts(quantity)
    return plain(contracts if side is Side.BUY else -contracts)


def place_body(command: PlaceOrder, contract: ContractSize, name: str) -> wire.PlaceBody:
    """The body of a new order; ``name``: Gate's of the contract.

    Raises:
        InvalidValueError: it has no client order id, or its quantity is not of whole contracts.
    """
    if command.client_order_id is None:
        raise InvalidValueError("client_order_id", None, "set before the order is sent (R3)")
    if command.quantity is None:
        raise InvalidValueError("quantity", None, "given: perpetuals are traded by quantity")
    return wire.PlaceBody(
        text=CLIENT_ID_PREFIX + command.client_order_id,
        contract=name,
        size=signed_size(contract, command.side, command.quantity),
        price="0" if command.price is None else plain(command.price),
        tif=_TIMES_IN_FORCE[command.time_in_force],
        reduce_only=command.reduce_only,
    )


def close_body(command: ClosePosition, name: str) -> wire.PlaceBody:
    """The body of an order that closes a whole position: ``close`` in single mode, ``auto_size`` in dual mode, where
    without ``reduce_only`` it would open the other side (REST manual, create a futures order).

    Raises:
        InvalidValueError: it has no client order id.
    """
    if command.client_order_id is None:
        raise InvalidValueError("client_order_id", None, "set before the order is sent (R3)")
    auto_size = _AUTO_SIZES.get(command.position_side)
    return wire.PlaceBody(
        text=CLIENT_ID_PREFIX + command.client_order_id,
        contract=name,
        size="0",
        price="0",
        tif="ioc",
        reduce_only=auto_size is not None,
        close=auto_size is None,
        auto_size=auto_size,
    )


def amend_body(command: AmendOrder, contract: ContractSize, side: Side | None) -> wire.AmendBody:
    """The body of an amendment. ``side``: of the order, whose sign the new size has to have."""
    size = None
    if command.quantity is not None:
        if side is None:
            raise InvalidValueError("side", None, "that of the order, where its quantity is changed")
        size = signed_size(contract, side, command.quantity)
    return wire.AmendBody(size=size, price=None if command.price is None else plain(command.price))


def dual_side(side: PositionSide) -> str | None:
    """Gate's name of one of the two positions of dual mode; None for the only one of single mode."""
    return _DUAL_SIDES.get(side)
