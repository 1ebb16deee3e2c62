"""Gate's JSON of spot as typed Structs: only the fields that we use, all others ignored.

Amounts are `Decimal` straight from their text (R11). See `exchanges.gateio.wire` for times and for values left out.
"""

from decimal import Decimal
from typing import Any

import msgspec

from exchanges.gateio.wire import ZERO, Acknowledgement, Envelope, Number, Pong, Time


class OrderFields(msgspec.Struct, frozen=True, kw_only=True):
    """What REST and socket orders have in common (docs/venues/gateio.md, fields).

    In the order in which Gate sends them: the decoder looks for the next member behind the one before.
    """

    id: Number
    text: str = ""
    create_time: Time = 0
    update_time: Time = 0
    create_time_ms: Time = 0
    update_time_ms: Time = 0
    currency_pair: str
    type: str
    account: str = "spot"
    side: str
    amount: Decimal
    price: Decimal = ZERO
    time_in_force: str = "gtc"
    left: Decimal
    filled_total: Decimal = ZERO
    filled_amount: Decimal | None = None
    avg_deal_price: Decimal | None = None
    fee: Decimal = ZERO
    fee_currency: str = ""
    point_fee: Decimal = ZERO
    gt_fee: Decimal = ZERO
    rebated_fee: Decimal = ZERO
    rebated_fee_currency: str = ""
    finish_as: str = ""


class RestOrder(OrderFields, frozen=True, kw_only=True):
    """An order as REST tells it. ``succeeded`` is there in answers about several orders."""

    status: str = ""
    succeeded: bool = True


class SocketOrder(OrderFields, frozen=True, kw_only=True):
    """An order as `spot.orders` tells it: no status, the state is in ``event``."""

    event: str


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, by REST `my_trades` or by `spot.usertrades`."""

    id: Number
    order_id: Number
    currency_pair: str
    side: str
    role: str = ""
    amount: Decimal
    price: Decimal
    create_time: Time = 0
    create_time_ms: Time = 0
    text: str = ""
    fee: Decimal = ZERO
    fee_currency: str = ""
    gt_fee: Decimal = ZERO
    point_fee: Decimal = ZERO


class SocketBalance(msgspec.Struct, frozen=True, kw_only=True):
    """One currency by `spot.balances`: ``available`` free, ``freeze`` locked."""

    currency: str
    available: Decimal
    freeze: Decimal
    timestamp_ms: Time


class OrdersFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.orders"):
    result: list[SocketOrder] | Acknowledgement | None = None


class TradesFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.usertrades"):
    result: list[Trade] | Acknowledgement | None = None


class BalancesFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.balances"):
    result: list[SocketBalance] | Acknowledgement | None = None


class PongFrame(Pong, frozen=True, kw_only=True, tag_field="channel", tag="spot.pong"):
    """The answer to `spot.ping`."""


class TickerResult(Acknowledgement, frozen=True, kw_only=True):
    """``result`` on `spot.book_ticker`: a ticker, or the ``status`` of an answer to a subscription.

    Best bid (b, B) and ask (a, A), price and amount; an empty side is "". ``t``: unix ms, ``u``: update id.
    """

    t: int = 0
    u: int = 0
    s: str = ""
    b: Decimal | None = None
    B: Decimal | None = None
    a: Decimal | None = None
    A: Decimal | None = None


class TickerFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.book_ticker"):
    result: TickerResult | None = None


PrivateFrame = OrdersFrame | TradesFrame | BalancesFrame | PongFrame
PublicFrame = TickerFrame | PongFrame


class CurrencyPair(msgspec.Struct, frozen=True, kw_only=True):
    """Rules of a market. ``precision`` counts the decimals of a price, ``amount_precision`` those of an amount."""

    id: str
    base: str
    quote: str
    precision: int
    amount_precision: int
    trade_status: str
    min_base_amount: Decimal | None = None
    min_quote_amount: Decimal | None = None
    max_base_amount: Decimal | None = None
    max_quote_amount: Decimal | None = None
    buy_start: int = 0
    sell_start: int = 0


class ServerTime(msgspec.Struct, frozen=True):
    server_time: int


class OrderBook(msgspec.Struct, frozen=True, kw_only=True):
    """Levels are price and amount; ``update`` is the book's time in milliseconds."""

    id: int
    update: int
    asks: list[tuple[Decimal, Decimal]]
    bids: list[tuple[Decimal, Decimal]]


class SpotAccount(msgspec.Struct, frozen=True, kw_only=True):
    currency: str
    available: Decimal
    locked: Decimal


class OpenOrdersOfPair(msgspec.Struct, frozen=True, kw_only=True):
    """``total`` counts all open orders of the pair, ``orders`` are those of the page."""

    currency_pair: str
    total: int
    orders: list[RestOrder]


class OpenRowsOfPair(msgspec.Struct, frozen=True, kw_only=True):
    """The same, of which only the form is sure."""

    currency_pair: Any = None
    total: Any = None
    orders: list[msgspec.Raw] = []


class WalletFee(msgspec.Struct, frozen=True, kw_only=True):
    """Fractions; the ``gt_`` pair holds when fees are paid in GT at a discount."""

    maker_fee: Decimal
    taker_fee: Decimal
    gt_discount: bool = False
    gt_maker_fee: Decimal | None = None
    gt_taker_fee: Decimal | None = None


class CountdownBody(msgspec.Struct, frozen=True):
    """POST /spot/countdown_cancel_all; ``timeout`` in seconds."""

    timeout: int


class Countdown(msgspec.Struct, frozen=True):
    """When it runs out, unix milliseconds; documented in two types (docs/venues/gateio.md, countdown)."""

    triggerTime: int | str  # noqa: N815  # Gate's own spelling


class AccountDetail(msgspec.Struct, frozen=True, kw_only=True):
    user_id: Number
    ip_whitelist: list[str] = []
    currency_pairs: list[str] = []


class WireWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    id: Number
    currency: str
    amount: Decimal
    status: str
    chain: str = ""
    address: str = ""
    memo: str = ""
    txid: str = ""
    withdraw_order_id: str | None = None
    fee: Decimal | None = None
    timestamp: Time = 0


class PlaceBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `POST /spot/orders` takes; amounts as text."""

    text: str
    currency_pair: str
    type: str
    side: str
    amount: str
    account: str
    time_in_force: str
    price: str | None = None


class AmendBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `PATCH /spot/orders/{id}` takes; ``amount`` is the new total, filled part included."""

    currency_pair: str
    account: str
    amount: str | None = None
    price: str | None = None


class WithdrawBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `POST /withdrawals` takes."""

    currency: str
    amount: str
    chain: str
    address: str
    withdraw_order_id: str
    memo: str = ""
