"""What an account with positions may be told to do, besides what `messages.commands` has for every account."""

from decimal import Decimal

from messages.commands import Command
from messages.enums import OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InvalidValueError
from messages.order import Order
from messages.position import MarginMode, PositionSide
from messages.symbol import Product, Symbol
from messages.validation import ZERO, require_client_order_id, require_instance, require_member, require_positive


class PositionReference(Command, frozen=True, kw_only=True):
    """Base of commands about one market's position.

    Attributes:
        position_side: NET in one-way mode; LONG or SHORT in hedge mode.
    """

    symbol: Symbol
    position_side: PositionSide = PositionSide.NET

    def __post_init__(self) -> None:
        require_instance("symbol", self.symbol, Symbol)
        if self.symbol.product is not Product.PERPETUAL:
            raise InvalidValueError("symbol", str(self.symbol), "a perpetual, BASE/QUOTE:SETTLE")
        require_member("position_side", self.position_side, PositionSide)


class SetLeverage(PositionReference, frozen=True, kw_only=True):
    """Sets leverage and margin mode of a market together, as venues do; answered with its positions as they are then.

    Attributes:
        leverage: 5 for five times, 1 or more; the market and the risk tier of the position bound it.
        margin_mode: that the leverage is for; where the position had the other one, it changes.
    """

    leverage: Decimal
    margin_mode: MarginMode

    def __post_init__(self) -> None:
        PositionReference.__post_init__(self)
        require_positive("leverage", self.leverage)
        if self.leverage < 1:
            raise InvalidValueError("leverage", self.leverage, "1 or more")
        require_member("margin_mode", self.margin_mode, MarginMode)


class SetMarginMode(PositionReference, frozen=True, kw_only=True):
    """Changes between cross and isolated margin, the leverage staying as the exchange keeps it for that mode; answered
    with the market's positions as they are then. In hedge mode it holds for both of them."""

    margin_mode: MarginMode

    def __post_init__(self) -> None:
        PositionReference.__post_init__(self)
        require_member("margin_mode", self.margin_mode, MarginMode)


class ClosePosition(PositionReference, frozen=True, kw_only=True):
    """Closes a whole position at the market, however large it is when the exchange takes the order; answered with the
    `Order`. It never opens one.

    Attributes:
        side: of the order: SELL closes a long position, BUY a short one.
        client_order_id: 1 to 28 characters of 0-9 A-Z a-z _ - . ; the account makes one where None is given.
    """

    side: Side
    client_order_id: str | None = None

    def __post_init__(self) -> None:
        PositionReference.__post_init__(self)
        require_member("side", self.side, Side)
        wanted = {PositionSide.LONG: Side.SELL, PositionSide.SHORT: Side.BUY}.get(self.position_side, self.side)
        if self.side is not wanted:
            raise InvalidValueError(
                "side", self.side.value, f"{wanted.value} to close a {self.position_side.value} one"
            )
        if self.client_order_id is not None:
            require_client_order_id("client_order_id", self.client_order_id)

    def as_order(self, status: OrderStatus) -> Order:
        """What is asked for, as an order of which the exchange has not told yet: how large it is, is not known."""
        return Order(
            symbol=self.symbol,
            side=self.side,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            status=status,
            quantity=ZERO,
            client_order_id=self.client_order_id,
            reduce_only=True,
        )
