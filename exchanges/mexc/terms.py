"""What MEXC's words and numbers for orders mean; the same by query and by push (docs/venues/mexc.md, orders)."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from messages.enums import OrderStatus, OrderType, Side, TimeInForce
from messages.errors import ProtocolError
from messages.order import NO_FEES, UNNAMED_CURRENCY, Fee, Order
from messages.symbol import Symbol
from messages.validation import ZERO, require_currency

_LARGEST: Final = Decimal("1e25")
"""Beyond any amount; keeps infinities out, and a NaN fails the comparison itself."""
_SMALLEST: Final = -_LARGEST
_LEAST: Final = Decimal("1e-30")
"""Below any step."""
_LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999, where calendars end."""
_ID_LENGTH: Final = 64
_DUST_SHARE: Final = 100

Kind = tuple[OrderType, TimeInForce]
OTHER_KIND: Final[Kind] = (OrderType.OTHER, TimeInForce.OTHER)
LIMIT: Final[Kind] = (OrderType.LIMIT, TimeInForce.GTC)
LIMIT_MAKER: Final[Kind] = (OrderType.LIMIT, TimeInForce.POST_ONLY)
IMMEDIATE_OR_CANCEL: Final[Kind] = (OrderType.LIMIT, TimeInForce.IOC)
FILL_OR_KILL: Final[Kind] = (OrderType.LIMIT, TimeInForce.FOK)
MARKET: Final[Kind] = (OrderType.MARKET, TimeInForce.IOC)
"""Whatever a market order is sent as, MEXC has one kind."""

KINDS: Final[Mapping[str, Kind]] = {
    "LIMIT": LIMIT,
    "LIMIT_MAKER": LIMIT_MAKER,
    "IMMEDIATE_OR_CANCEL": IMMEDIATE_OR_CANCEL,
    "FILL_OR_KILL": FILL_OR_KILL,
    "MARKET": MARKET,
}
KIND_NUMBERS: Final[Mapping[int, Kind]] = dict(enumerate(KINDS.values(), start=1))
SIDES: Final[Mapping[str, Side]] = {"BUY": Side.BUY, "SELL": Side.SELL}
SIDE_NUMBERS: Final[Mapping[int, Side]] = {1: Side.BUY, 2: Side.SELL}
OPEN: Final = frozenset({"NEW", "PARTIALLY_FILLED"})
STATUS_NUMBERS: Final[Mapping[int, str]] = {
    1: "NEW",
    2: "FILLED",
    3: "PARTIALLY_FILLED",
    4: "CANCELED",
    5: "PARTIALLY_CANCELED",
}
_ENDED: Final = frozenset({"FILLED", "CANCELED", "PARTIALLY_CANCELED"})
# A look-up in an Enum class costs more than one in a module.
_BUY: Final = Side.BUY
_MARKET: Final = OrderType.MARKET
_NEW: Final = OrderStatus.NEW
_PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED
_FILLED: Final = OrderStatus.FILLED
_CANCELED: Final = OrderStatus.CANCELED
_EXPIRED: Final = OrderStatus.EXPIRED
_NEVER_REST: Final = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def order(  # noqa: PLR0917 by place, for speed: a push is read in a few microseconds
    symbol: Symbol,
    side: Side | None,
    kind: Kind,
    word: str,
    price: Decimal,
    quantity: Decimal,
    quote_quantity: Decimal,
    filled_quantity: Decimal,
    filled_quote: Decimal,
    order_id: str,
    client_order_id: str | None,
    created_ms: int,
    updated_ms: int,
) -> Order:
    """An order by what MEXC says of it, in whichever form; by place, as that is quicker. ``word``: its status.

    Raises:
        ProtocolError: a status or a side that we do not know, or amounts beyond reason.
    """
    if side is None:
        raise ProtocolError("an order with a side that we do not know")
    if not (
        quantity < _LARGEST
        and price < _LARGEST
        and quote_quantity < _LARGEST
        and filled_quantity < _LARGEST
        and filled_quote < _LARGEST
    ):
        raise ProtocolError("an order with an amount beyond all amounts")
    # As a rule each is at least that, and one comparison says so.
    if (quantity < _LEAST and quantity) or (price < _LEAST and price) or (filled_quantity < _LEAST and filled_quantity):
        raise ProtocolError("an order with an amount below all amounts")
    order_type, time_in_force = kind
    is_market = order_type is _MARKET
    in_quote = is_market and side is _BUY and quote_quantity > ZERO
    if word in OPEN:
        status, reason = (_PARTIALLY_FILLED if filled_quantity else _NEW), None
    elif word in _ENDED:
        reason = word
        if word == "FILLED":
            status = _FILLED
        elif in_quote and filled_quantity and (quote_quantity - filled_quote) * _DUST_SHARE < quote_quantity:
            # A market buy spends quote; a rest too small to buy one more lot is dust, and it did what it could.
            status = _FILLED
        else:
            status = _EXPIRED if time_in_force in _NEVER_REST else _CANCELED
    else:
        raise ProtocolError("an order status that we do not know")
    if not (0 <= created_ms <= _LAST_MS and 0 <= updated_ms <= _LAST_MS):
        raise ProtocolError("a time beyond all time")
    # By place, in the order of the fields: passing so many by name takes longer than all of the above.
    return Order(
        symbol,
        side,
        order_type,
        time_in_force,
        status,
        ZERO if in_quote else quantity,
        None if is_market or not price else price,
        quote_quantity if in_quote else None,
        filled_quantity,
        filled_quote,
        NO_FEES,
        order_id,
        client_order_id,
        reason,
        created_ms,
        updated_ms if updated_ms > created_ms else created_ms,
    )


def item_id(value: str | int) -> str:
    """An id of the exchange's as text."""
    text = value if type(value) is str else str(value)
    if not (text and len(text) <= _ID_LENGTH and text.isprintable()):
        raise ProtocolError(f"an id that is empty, longer than {_ID_LENGTH} characters or not printable")
    return text


def milliseconds(value: int) -> int:
    """A time that a calendar has."""
    if not 0 <= value <= _LAST_MS:
        raise ProtocolError("a time beyond all time")
    return value


def fees(currency: str, amount: Decimal) -> tuple[Fee, ...]:
    """One fee, in whichever currency the account pays: the market's, or MX."""
    if not _SMALLEST < amount < _LARGEST:
        raise ProtocolError("a fee beyond all amounts")
    return (Fee(currency or UNNAMED_CURRENCY, amount),) if amount else NO_FEES


def traded(amount: Decimal) -> Decimal:
    """A price or quantity of a trade."""
    if not _LEAST < amount < _LARGEST:
        raise ProtocolError("a trade with an amount beyond all amounts")
    return amount


def held(amount: Decimal) -> Decimal:
    """A balance, or a level of a book."""
    if not _SMALLEST < amount < _LARGEST:
        raise ProtocolError("an amount beyond all amounts")
    return amount


@lru_cache(maxsize=4096)
def currency(name: str) -> str:
    """A currency's name; raises `InvalidValueError` for what can be none."""
    require_currency("currency", name)
    return name
