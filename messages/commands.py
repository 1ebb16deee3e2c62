"""What an account may be told to do. Every command gets exactly one answer: a result or a typed error (R8)."""

from decimal import Decimal
from typing import ClassVar, Final

import msgspec

from messages.enums import OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InvalidValueError
from messages.lanes import Lane
from messages.order import Order
from messages.symbol import Product, Symbol
from messages.validation import (
    ZERO,
    require_client_order_id,
    require_currency,
    require_instance,
    require_member,
    require_positive,
    require_text,
    require_text_or_empty,
    require_time_ms,
)

LONGEST_ID: Final = 64
"""Characters of an exchange's id; those of the venues have fewer than 40."""
LONGEST_ADDRESS: Final = 512
"""Characters of an address, a chain's name or a memo."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all commands to an account."""

    lane: ClassVar[Lane] = Lane.COMMAND


class OrderReference(Command, frozen=True, kw_only=True):
    """Base of commands about one order, named by the exchange's id, by our client id, or by both."""

    symbol: Symbol
    order_id: str | None = None
    client_order_id: str | None = None

    def __post_init__(self) -> None:
        require_instance("symbol", self.symbol, Symbol)
        if self.order_id is None and self.client_order_id is None:
            raise InvalidValueError("order_id", None, "an order_id or a client_order_id")
        if self.order_id is not None:
            require_text("order_id", self.order_id, longest=LONGEST_ID)
        if self.client_order_id is not None:
            require_client_order_id("client_order_id", self.client_order_id)


class PlaceOrder(Command, frozen=True, kw_only=True):
    """Sends a new order; answered with the `Order` once the exchange has it.

    Made most easily by `limit`, `post_only`, `ioc`, `fok`, `market_sell` and `market_buy`; of a perpetual by `market`
    instead of the last two.

    Attributes:
        quantity: base; None only for a market buy of spot. quote_quantity: quote to spend, only for that.
        price: quote per base; None only for market orders.
        reduce_only: of a perpetual: it opens nothing, it makes smaller what there is. Where an account has a long and a
            short one beside each other, a buy that reduces concerns the short one, any other buy the long one.
        client_order_id: 1 to 28 characters of 0-9 A-Z a-z _ - . ; the account makes one where None is given.

    Raises:
        InvalidValueError: at construction, when the fields do not fit together.
    """

    symbol: Symbol
    side: Side
    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    client_order_id: str | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        require_instance("symbol", self.symbol, Symbol)
        require_member("side", self.side, Side)
        require_member("type", self.type, OrderType)
        require_member("time_in_force", self.time_in_force, TimeInForce)
        if self.type is OrderType.OTHER:
            raise InvalidValueError("type", self.type.value, "limit or market")
        if self.time_in_force is TimeInForce.OTHER:
            raise InvalidValueError("time_in_force", self.time_in_force.value, "gtc, ioc, fok or post_only")
        if self.client_order_id is not None:
            require_client_order_id("client_order_id", self.client_order_id)
        self._require_reduce_only()
        if self.quantity is not None:
            require_positive("quantity", self.quantity)
        if self.quote_quantity is not None:
            require_positive("quote_quantity", self.quote_quantity)
        if self.type is OrderType.LIMIT:
            if self.price is None:
                raise InvalidValueError("price", None, "a price for a limit order")
            require_positive("price", self.price)
            self._require_unit("quantity", unwanted="quote_quantity", of="a limit order")
        else:
            self._require_market_order()

    def _require_reduce_only(self) -> None:
        if type(self.reduce_only) is not bool:
            raise InvalidValueError("reduce_only", self.reduce_only, "True or False")
        if self.reduce_only and self.symbol.product is Product.SPOT:
            raise InvalidValueError("reduce_only", True, f"False: {self.symbol} is spot, where nothing can be reduced")

    def _require_market_order(self) -> None:
        if self.price is not None:
            raise InvalidValueError("price", self.price, "None for a market order")
        if self.time_in_force not in {TimeInForce.IOC, TimeInForce.FOK}:
            raise InvalidValueError("time_in_force", self.time_in_force.value, "ioc or fok for a market order")
        if self.symbol.product is not Product.SPOT:
            self._require_unit("quantity", unwanted="quote_quantity", of="a market order of a perpetual")
        elif self.side is Side.BUY:
            self._require_unit("quote_quantity", unwanted="quantity", of="a market buy")
        else:
            self._require_unit("quantity", unwanted="quote_quantity", of="a market sell")

    def _require_unit(self, wanted: str, *, unwanted: str, of: str) -> None:
        if getattr(self, unwanted) is not None:
            raise InvalidValueError(unwanted, getattr(self, unwanted), f"None: {of} is given by {wanted}")
        if getattr(self, wanted) is None:
            raise InvalidValueError(wanted, None, f"above zero: {of} is given by {wanted}")

    def as_order(self, status: OrderStatus) -> Order:
        """What is asked for, as an order of which the exchange has not told yet."""
        return Order(
            symbol=self.symbol,
            side=self.side,
            type=self.type,
            time_in_force=self.time_in_force,
            status=status,
            quantity=self.quantity or ZERO,
            quote_quantity=self.quote_quantity,
            price=self.price,
            client_order_id=self.client_order_id,
            reduce_only=self.reduce_only,
        )

    @classmethod
    def limit(
        cls,
        symbol: Symbol,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        *,
        time_in_force: TimeInForce = TimeInForce.GTC,
        client_order_id: str | None = None,
        reduce_only: bool = False,
    ) -> "PlaceOrder":
        """A limit order for ``quantity`` base at ``price``."""
        return cls(
            symbol=symbol,
            side=side,
            quantity=quantity,
            price=price,
            time_in_force=time_in_force,
            client_order_id=client_order_id,
            reduce_only=reduce_only,
        )

    @classmethod
    def post_only(
        cls,
        symbol: Symbol,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        *,
        client_order_id: str | None = None,
    ) -> "PlaceOrder":
        """A limit order that the exchange refuses if it would take."""
        tif = TimeInForce.POST_ONLY
        return cls.limit(symbol, side, quantity, price, time_in_force=tif, client_order_id=client_order_id)

    @classmethod
    def ioc(
        cls,
        symbol: Symbol,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        *,
        client_order_id: str | None = None,
    ) -> "PlaceOrder":
        """A limit order that takes what it can now; the rest is dropped."""
        tif = TimeInForce.IOC
        return cls.limit(symbol, side, quantity, price, time_in_force=tif, client_order_id=client_order_id)

    @classmethod
    def fok(
        cls,
        symbol: Symbol,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        *,
        client_order_id: str | None = None,
    ) -> "PlaceOrder":
        """A limit order that is filled whole at once or not at all."""
        tif = TimeInForce.FOK
        return cls.limit(symbol, side, quantity, price, time_in_force=tif, client_order_id=client_order_id)

    @classmethod
    def market(
        cls,
        symbol: Symbol,
        side: Side,
        quantity: Decimal,
        *,
        client_order_id: str | None = None,
        reduce_only: bool = False,
    ) -> "PlaceOrder":
        """Buys or sells ``quantity`` base of a perpetual at the market; sells it of spot."""
        return cls(
            symbol=symbol,
            side=side,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=quantity,
            client_order_id=client_order_id,
            reduce_only=reduce_only,
        )

    @classmethod
    def market_buy(cls, symbol: Symbol, quote_quantity: Decimal, *, client_order_id: str | None = None) -> "PlaceOrder":
        """Buys for ``quote_quantity`` of the quote currency at the market."""
        return cls(
            symbol=symbol,
            side=Side.BUY,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quote_quantity=quote_quantity,
            client_order_id=client_order_id,
        )

    @classmethod
    def market_sell(cls, symbol: Symbol, quantity: Decimal, *, client_order_id: str | None = None) -> "PlaceOrder":
        """Sells ``quantity`` base at the market."""
        return cls(
            symbol=symbol,
            side=Side.SELL,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=quantity,
            client_order_id=client_order_id,
        )


class CancelOrder(OrderReference, frozen=True, kw_only=True):
    """Cancels one order; answered with the `Order` as it ended, also when it had ended already."""

    lane: ClassVar[Lane] = Lane.CONTROL


class CancelAll(Command, frozen=True, kw_only=True):
    """Cancels all open orders, or those of one symbol and side; answered with the orders that it ended."""

    lane: ClassVar[Lane] = Lane.CONTROL

    symbol: Symbol | None = None
    side: Side | None = None

    def __post_init__(self) -> None:
        if self.symbol is not None:
            require_instance("symbol", self.symbol, Symbol)
        if self.side is not None:
            require_member("side", self.side, Side)


class AmendOrder(OrderReference, frozen=True, kw_only=True):
    """Changes price or quantity of an open order; answered with the `Order` as amended.

    Attributes:
        quantity: the new total in base, filled part included. price: the new limit price. At least one is given.
    """

    quantity: Decimal | None = None
    price: Decimal | None = None

    def __post_init__(self) -> None:
        OrderReference.__post_init__(self)
        if self.quantity is None and self.price is None:
            raise InvalidValueError("quantity", None, "a new quantity or a new price, or both")
        if self.quantity is not None:
            require_positive("quantity", self.quantity)
        if self.price is not None:
            require_positive("price", self.price)


class GetOrder(OrderReference, frozen=True, kw_only=True):
    """Looks one order up: open orders, executed orders, then the exchange.

    Answered with the `Order`, or None when the exchange says that there is no such order; an exchange that cannot
    be asked is an error, never None.
    """


class GetSnapshot(Command, frozen=True, kw_only=True):
    """Answered at once with an `AccountSnapshot`, which says how far it can be believed (R5)."""


class GetTradingStats(Command, frozen=True, kw_only=True):
    """Answered at once with the account's `TradingStats`."""


class GetInstrument(Command, frozen=True, kw_only=True):
    """Answered at once with the `Instrument` of ``symbol``: the rules that the account checks orders against."""

    symbol: Symbol

    def __post_init__(self) -> None:
        require_instance("symbol", self.symbol, Symbol)


class GetExecutedOrders(Command, frozen=True, kw_only=True):
    """Answered at once with the finished orders of ``symbol`` that are still kept, oldest first."""

    symbol: Symbol

    def __post_init__(self) -> None:
        require_instance("symbol", self.symbol, Symbol)


class EngageKillSwitch(Command, frozen=True, kw_only=True):
    """Cancels every open order and refuses new ones until released; answered with the orders that it ended.

    The refusal holds from this very message on; orders that could not be canceled now, for want of a connection, are
    canceled as soon as there is one. ``reason``: for people; told with every refusal.
    """

    lane: ClassVar[Lane] = Lane.CONTROL

    reason: str

    def __post_init__(self) -> None:
        require_text("reason", self.reason)


class ReleaseKillSwitch(Command, frozen=True, kw_only=True):
    """Takes orders again; answered at once."""

    lane: ClassVar[Lane] = Lane.CONTROL


class Reload(Command, frozen=True, kw_only=True):
    """Loads balances and open orders anew and joins them with what is known; answered with an `AccountSnapshot`."""


class Withdraw(Command, frozen=True, kw_only=True):
    """Sends money away; refused unless the account's settings allow withdrawals. Answered with a `Withdrawal`.

    Attributes:
        amount: in ``currency``. chain: the venue's name of the network.
        memo: tag or payment id, where the chain has one.
        client_withdrawal_id: 1 to 28 characters of 0-9 A-Z a-z _ - . ; the account makes one where None is given.
    """

    currency: str
    amount: Decimal
    chain: str
    address: str
    memo: str = ""
    client_withdrawal_id: str | None = None

    def __post_init__(self) -> None:
        require_currency("currency", self.currency)
        require_positive("amount", self.amount)
        require_text("chain", self.chain, longest=LONGEST_ADDRESS)
        require_text("address", self.address, longest=LONGEST_ADDRESS)
        require_text_or_empty("memo", self.memo, longest=LONGEST_ADDRESS)
        if self.client_withdrawal_id is not None:
            require_client_order_id("client_withdrawal_id", self.client_withdrawal_id)


class GetWithdrawal(Command, frozen=True, kw_only=True):
    """Answered with one `Withdrawal`, or None when the exchange knows none of that id."""

    withdrawal_id: str

    def __post_init__(self) -> None:
        require_text("withdrawal_id", self.withdrawal_id, longest=LONGEST_ID)


class CancelWithdrawal(Command, frozen=True, kw_only=True):
    """Calls a withdrawal back while the exchange still allows it; answered with the `Withdrawal`."""

    lane: ClassVar[Lane] = Lane.CONTROL

    withdrawal_id: str

    def __post_init__(self) -> None:
        require_text("withdrawal_id", self.withdrawal_id, longest=LONGEST_ID)


class GetWithdrawals(Command, frozen=True, kw_only=True):
    """Answered with past withdrawals, newest first.

    Attributes:
        currency: only this one; None for all. from_ms, to_ms: unix milliseconds; None for the venue's default span.
        limit: 1 to 1000.
    """

    currency: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    limit: int = 100

    def __post_init__(self) -> None:
        if self.currency is not None:
            require_currency("currency", self.currency)
        for name in ("from_ms", "to_ms"):
            if getattr(self, name) is not None:
                require_time_ms(name, getattr(self, name))
        if type(self.limit) is not int or not 1 <= self.limit <= 1000:
            raise InvalidValueError("limit", self.limit, "1 to 1000")
