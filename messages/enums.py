"""Closed sets of values, in the field's standard terms."""

import enum


class Side(enum.Enum):
    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(enum.Enum):
    """OTHER: placed elsewhere, of a type that we do not know; it is there and locks money. It cannot be asked for."""

    LIMIT = "limit"
    MARKET = "market"
    OTHER = "other"


class TimeInForce(enum.Enum):
    """How long an order lives: until canceled, take now and drop the rest, all now or nothing, never take.

    OTHER: placed elsewhere, for a time that we do not know. It cannot be asked for.
    """

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"
    OTHER = "other"


class Liquidity(enum.Enum):
    """Whether a fill gave liquidity (the order was resting) or took it; OTHER where the exchange's word is unknown."""

    MAKER = "maker"
    TAKER = "taker"
    OTHER = "other"


class OrderOrigin(enum.Enum):
    """Who made an order, and with it the fills of it.

    TRADER: somebody with the account's key or password. The exchange itself makes the others: LIQUIDATION takes over a
    position that has lost its margin; AUTO_DELEVERAGING closes one against another's that could not be liquidated;
    SETTLEMENT closes what is left in a market that ends.
    """

    TRADER = "trader"
    LIQUIDATION = "liquidation"
    AUTO_DELEVERAGING = "auto_deleveraging"
    SETTLEMENT = "settlement"

    @property
    def is_forced(self) -> bool:
        """Nobody of the account asked for it."""
        return self is not OrderOrigin.TRADER


class OrderStatus(enum.Enum):
    """The life of an order.

    PENDING: told to send, no answer yet. UNRESOLVED: sent, and the answer was lost; being looked up (R3).
    NEW and PARTIALLY_FILLED rest on the exchange. The others are finished and never reopen (R2).
    """

    PENDING = "pending"
    UNRESOLVED = "unresolved"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    is_finished: bool
    """True for FILLED, CANCELED, EXPIRED and REJECTED."""


for _status in OrderStatus:
    _status.is_finished = _status.name in {"FILLED", "CANCELED", "EXPIRED", "REJECTED"}


class SyncState(enum.Enum):
    """How far an account or feed can be believed: only LIVE is the truth of now (R5)."""

    DOWN = "down"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    LIVE = "live"
    DEGRADED = "degraded"
    RECOVERING = "recovering"
    FAILED = "failed"


class WithdrawalStatus(enum.Enum):
    """Open: REQUESTED, PROCESSING. Finished: DONE, CANCELED, FAILED."""

    REQUESTED = "requested"
    PROCESSING = "processing"
    DONE = "done"
    CANCELED = "canceled"
    FAILED = "failed"
