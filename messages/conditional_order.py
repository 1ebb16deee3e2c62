"""Orders that wait outside of the book for a price: no `Order` until they are triggered."""

import enum
from decimal import Decimal

import msgspec

from messages.enums import Side
from messages.symbol import Symbol
from messages.validation import require_finite_not_negative, require_finite_positive


class TriggerPriceType(enum.Enum):
    """Which price triggers; OTHER where the exchange's word is unknown."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"
    OTHER = "other"


class ConditionalOrderStatus(enum.Enum):
    """OPEN: waits for its price. TRIGGERED: it has made an order. CANCELED, EXPIRED, FAILED: it never will."""

    OPEN = "open"
    TRIGGERED = "triggered"
    CANCELED = "canceled"
    EXPIRED = "expired"
    FAILED = "failed"


class ConditionalOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A stop, take-profit or other order that is sent when a price is reached (FIX: OrdType stop, stop limit).

    Its id is of a space of its own: it names no `Order`, and no order's id names it.

    Attributes:
        side: of the order that it makes; None where it closes whatever position there is.
        quantity: in base, zero where it closes the whole position. price: limit; None for a market order.
        trigger_price: that makes it go, quote per base. triggers_above: when the price is at or above, else at or
            below.
        reduce_only: it opens no position. closes_position: it closes the whole of one.
        order_id: of the order that it has made; None while it has made none.
    """

    conditional_id: str
    symbol: Symbol
    side: Side | None
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal
    trigger_price_type: TriggerPriceType
    triggers_above: bool
    status: ConditionalOrderStatus
    reduce_only: bool = False
    closes_position: bool = False
    client_order_id: str | None = None
    order_id: str | None = None
    finish_reason: str | None = None
    created_ms: int = 0

    def __post_init__(self) -> None:
        require_finite_not_negative("conditional_order.quantity", self.quantity)
        require_finite_positive("conditional_order.trigger_price", self.trigger_price)
        if self.price is not None:
            require_finite_positive("conditional_order.price", self.price)

    @property
    def is_open(self) -> bool:
        return self.status is ConditionalOrderStatus.OPEN
