"""MEXC's JSON as typed Structs: only the fields that we use, all others ignored (docs/venues/mexc.md).

Amounts are texts and become `Decimal` (R11), times are integers in milliseconds. null, "" and a missing field all mean
"none": `exchanges.base.json_reader.Reader` understands the three.
"""

from decimal import Decimal
from typing import Final

import msgspec

ZERO: Final = Decimal(0)

Id = str | int
"""Ids are texts; a number is none that we have seen, and no reason to lose a row."""


class ErrorBody(msgspec.Struct, frozen=True):
    """A refusal. Some services write the code as a text, some call ``msg`` ``message``."""

    code: int | str | None = None
    msg: str | None = None
    message: str | None = None


class ServerTime(msgspec.Struct, frozen=True):
    serverTime: int  # noqa: N815


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `GET exchangeInfo`. ``baseSizePrecision`` and ``quoteAmountPrecision`` are smallest amounts."""

    symbol: str
    status: str | int = ""
    base: str = msgspec.field(name="baseAsset")
    quote: str = msgspec.field(name="quoteAsset")
    base_decimals: int = msgspec.field(name="baseAssetPrecision")
    price_decimals: int = msgspec.field(name="quotePrecision")
    is_spot_allowed: bool = msgspec.field(name="isSpotTradingAllowed", default=False)
    least_quantity: Decimal = msgspec.field(name="baseSizePrecision", default=ZERO)
    least_quote: Decimal | None = msgspec.field(name="quoteAmountPrecision", default=None)
    most_quote: Decimal | None = msgspec.field(name="maxQuoteAmount", default=None)
    sides: str | int = msgspec.field(name="tradeSideType", default=1)


class Markets(msgspec.Struct, frozen=True):
    """`GET exchangeInfo`, its rows still to be read."""

    symbols: msgspec.Raw


class BestPrices(msgspec.Struct, frozen=True, kw_only=True):
    """`GET ticker/bookTicker` of one market."""

    bid: Decimal | None = msgspec.field(name="bidPrice", default=None)
    bid_quantity: Decimal | None = msgspec.field(name="bidQty", default=None)
    ask: Decimal | None = msgspec.field(name="askPrice", default=None)
    ask_quantity: Decimal | None = msgspec.field(name="askQty", default=None)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `POST order`: that it was taken, and nothing of how it stands."""

    order_id: Id = msgspec.field(name="orderId")
    time_ms: int = msgspec.field(name="transactTime", default=0)


class OrderRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An order by query; the answer to a cancel is one, too, as it was before, and may lack half of the fields.

    ``orig_client_order_id``: in answers to a cancel, our id; there ``client_order_id`` may be one of the cancel itself.
    """

    symbol: str
    order_id: Id
    orig_client_order_id: Id | msgspec.UnsetType | None = msgspec.UNSET
    client_order_id: Id | None = None
    price: Decimal = ZERO
    orig_qty: Decimal | None = None
    qty: Decimal | None = msgspec.field(name="Qty", default=None)
    executed_qty: Decimal = ZERO
    filled_quote: Decimal = msgspec.field(name="cummulativeQuoteQty", default=ZERO)
    quote_quantity: Decimal | None = msgspec.field(name="origQuoteOrderQty", default=None)
    status: str = ""
    type: str
    side: str
    time: int = 0
    update_time: int = 0
    cancel_reason: str = ""


class TradeRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A row of `GET myTrades`."""

    symbol: str
    id: Id
    order_id: Id
    client_order_id: Id | None = None
    price: Decimal
    qty: Decimal
    commission: Decimal = ZERO
    commission_asset: str = ""
    time: int
    is_buyer: bool
    is_maker: bool | None = None


class BalanceRow(msgspec.Struct, frozen=True):
    asset: str
    free: Decimal = ZERO
    locked: Decimal = ZERO


class Account(msgspec.Struct, frozen=True):
    """`GET account`, its rows still to be read."""

    balances: msgspec.Raw


class FeeData(msgspec.Struct, frozen=True):
    """Rates are numbers here; elsewhere they are texts."""

    maker: Decimal = msgspec.field(name="makerCommission")
    taker: Decimal = msgspec.field(name="takerCommission")


class Fees(msgspec.Struct, frozen=True):
    """`GET tradeFee`."""

    data: FeeData


class Uid(msgspec.Struct, frozen=True):
    uid: str | int


class Named(msgspec.Struct, frozen=True):
    """The answer to a withdrawal, and to calling one back."""

    id: str


class WithdrawalRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A row of `GET capital/withdraw/history`."""

    id: str
    withdraw_order_id: str = ""
    coin: str
    net_work: str = ""
    network: str = ""
    address: str = ""
    memo: str = ""
    amount: Decimal
    transaction_fee: Decimal | None = None
    status: int | str = 0
    tx_id: str = ""
    apply_time: int | str = 0


class Created(msgspec.Struct, frozen=True):
    """A listen key that was made or prolonged."""

    key: str = msgspec.field(name="listenKey")


class Listed(msgspec.Struct, frozen=True):
    keys: tuple[str, ...] = msgspec.field(name="listenKey", default=())


class Control(msgspec.Struct, frozen=True):
    """A text frame of a socket: the answer to a request."""

    id: int | None = None
    code: int = 0
    msg: str = ""
