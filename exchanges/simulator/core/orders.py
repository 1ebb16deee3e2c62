"""What the exchange knows of orders and trades, in its own words; wire faces render these for their venue."""

import enum
from dataclasses import dataclass, field
from decimal import Decimal

from exchanges.simulator.core.config import PairConfig

ZERO = Decimal(0)


class Side(enum.Enum):
    """Which way an order trades the base currency."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        """The side that this one trades with."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(enum.Enum):
    """With a limit price or at any price."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(enum.Enum):
    """How long an order may wait."""

    GOOD_TILL_CANCELED = "gtc"
    IMMEDIATE_OR_CANCEL = "ioc"
    POST_ONLY = "post_only"
    FILL_OR_KILL = "fok"

    @property
    def may_rest(self) -> bool:
        """Whether what is not filled at once stays in the book."""
        return self in (TimeInForce.GOOD_TILL_CANCELED, TimeInForce.POST_ONLY)


class SelfTrade(enum.Enum):
    """What gives way when an order meets a resting order of its own account."""

    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    CANCEL_BOTH = "cancel_both"


class Finish(enum.Enum):
    """How an order stands: open, or why it ended."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "cancelled"  # as the control API has told it from the beginning
    IMMEDIATE_REST = "immediate_rest"
    SELF_TRADE = "self_trade"
    BOOK_RAN_DRY = "book_ran_dry"
    POSITION_CLOSED = "position_closed"
    REDUCE_OUT = "reduce_out"
    LIQUIDATED = "liquidated"
    DELEVERAGED = "deleveraged"


class AccountType(enum.Enum):
    """Whose money an order trades with."""

    SPOT = "spot"
    MARGIN = "margin"
    CROSS_MARGIN = "cross_margin"


class Role(enum.Enum):
    """Whether a fill's order was waiting in the book or came to it."""

    MAKER = "maker"
    TAKER = "taker"


class OrderChange(enum.Enum):
    """What a listener is told has happened to an order."""

    PUT = "put"
    UPDATE = "update"
    FINISH = "finish"


class BalanceReason(enum.Enum):
    """Why a balance changed."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    ORDER_PLACED = "order_placed"
    ORDER_MATCHED = "order_matched"
    ORDER_CHANGED = "order_changed"
    FEE = "fee"
    REBATE = "rebate"
    REALISED = "realised"
    FUNDING = "funding"


class Forced(enum.Enum):
    """Why the exchange itself trades for an account."""

    LIQUIDATION = "liquidation"
    DELEVERAGING = "deleveraging"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """A request to trade. ``amount`` is in base units, for a market buy in quote units.

    ``text`` is the client id, unique among the account's open orders; ``origin`` is shown where there is none.
    On contracts only: ``reduce_only`` may not open or add; ``closes`` is for all that the position has, whatever
    ``amount`` says.
    """

    pair: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    amount: Decimal
    price: Decimal | None = None
    text: str = ""
    origin: str = ""
    self_trade: SelfTrade | None = None
    iceberg: Decimal = ZERO
    reduce_only: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One order's half of a trade. What it costs comes in parts, each 0 or more and in a currency of its own:

    ``fee`` in ``fee_currency`` (what the order received), ``gt_fee`` in GT, ``point_fee`` in points; ``rebated_fee`` is
    what the account got back, in ``rebated_fee_currency`` (what the order paid with). On contracts, ``closed`` of the
    ``amount`` came off a position.
    """

    trade_id: int
    sequence: int
    order_id: int
    account: str
    pair: str
    side: Side
    role: Role
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_currency: str
    text: str
    amend_text: str
    time_ms: int
    gt_fee: Decimal = ZERO
    point_fee: Decimal = ZERO
    rebated_fee: Decimal = ZERO
    rebated_fee_currency: str
    closed: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A trade as the public sees it; ``side`` is the taker's."""

    id: int
    sequence: int
    pair: str
    side: Side
    price: Decimal
    amount: Decimal
    time_ms: int


@dataclass(slots=True, eq=False, kw_only=True)
class Order:
    """An order and all that became of it. ``remaining`` is in the unit of ``amount``, ``locked`` in what it pays.

    ``fee`` (in what it receives), ``gt_fee`` (GT), ``point_fee`` (points) and ``rebated_fee`` (in what it pays) are
    sums over its fills.
    ``ended_ms`` is 0 while it is open; ``updated_ms`` moves on when an ended order turns out to have traded.
    ``version`` grows with each change. ``reduce_only`` and ``closes`` as in ``NewOrder``.
    """

    id: int
    account: str
    rules: PairConfig
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    amount: Decimal
    price: Decimal
    remaining: Decimal
    created_ms: int
    updated_ms: int
    text: str = ""
    origin: str = ""
    amend_text: str = ""
    self_trade: SelfTrade | None = None
    iceberg: Decimal = ZERO
    locked: Decimal = ZERO
    filled_base: Decimal = ZERO
    filled_quote: Decimal = ZERO
    fee: Decimal = ZERO
    gt_fee: Decimal = ZERO
    point_fee: Decimal = ZERO
    rebated_fee: Decimal = ZERO
    finish: Finish = Finish.OPEN
    ended_ms: int = 0
    account_type: AccountType = AccountType.SPOT
    reduce_only: bool = False
    closes: bool = False
    forced: Forced | None = None
    version: int = 0
    fills: list[Fill] = field(default_factory=list)

    @property
    def pair(self) -> str:
        """The id of its currency pair."""
        return self.rules.id

    @property
    def shown_text(self) -> str:
        """The client id, or where the order came from."""
        return self.text or self.origin

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.finish is Finish.OPEN

    @property
    def in_quote(self) -> bool:
        """Whether ``amount`` and ``remaining`` are in the quote currency: only for a market buy of spot."""
        return self.type is OrderType.MARKET and self.side is Side.BUY and self.rules.market_buys_in_quote

    @property
    def pays(self) -> str:
        """The currency that it locks, and that its ``rebated_fee`` is in."""
        return self.rules.quote if self.side is Side.BUY else self.rules.base

    @property
    def receives(self) -> str:
        """The currency that it is filled with, and that its ``fee`` is in."""
        return self.rules.base if self.side is Side.BUY else self.rules.quote

    @property
    def average_price(self) -> Decimal:
        """What a base unit cost on average, 0 while nothing is filled."""
        if not self.filled_base:
            return ZERO
        return round(self.filled_quote / self.filled_base, self.rules.price_precision + 6)
