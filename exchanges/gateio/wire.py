"""Gate's JSON as typed Structs: only the fields that we use, all others ignored.

Amounts are `Decimal` straight from their text (R11). Gate writes "no value" as null, as "" or by leaving the field
out; `Reader` understands all three, on a slower way that is rarely taken.

Times come as integers, texts of integers, texts with a fraction and floats, also for the same field on different
ways; such fields are `Time` and read by `convert.milliseconds`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

Time = str | int | float
Number = str | int
"""An id that is a number on one way and a text on another."""

ZERO: Final = Decimal(0)


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


class FrameError(msgspec.Struct, frozen=True):
    """``error`` of a frame."""

    code: int = 0
    message: str = ""


class Acknowledgement(msgspec.Struct, frozen=True):
    """``result`` of an answer to a subscription."""

    status: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every frame has; ``channel`` is what tells the kinds apart. ``id`` is that of the request it answers."""

    event: str = ""
    id: int | None = None
    error: FrameError | None = None


class OrdersFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.orders"):
    result: list[SocketOrder] | Acknowledgement | None = None


class TradesFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.usertrades"):
    result: list[Trade] | Acknowledgement | None = None


class BalancesFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.balances"):
    result: list[SocketBalance] | Acknowledgement | None = None


class Pieces(Envelope, frozen=True, kw_only=True):
    """A frame whose items are still to be read, each by itself."""

    channel: str
    result: list[msgspec.Raw]


class PongFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="spot.pong"):
    """The answer to `spot.ping`."""

    result: Any = None


class TickerResult(msgspec.Struct, frozen=True, kw_only=True):
    """``result`` on `spot.book_ticker`: a ticker, or the ``status`` of an answer to a subscription.

    Best bid (b, B) and ask (a, A), price and amount; an empty side is "". ``t``: unix ms, ``u``: update id.
    """

    status: str | None = None
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


_read_plain: Final = msgspec.json.Decoder(float_hook=Decimal).decode


class Reader(Generic[T]):
    """Decodes one kind of JSON, in one pass where every value is in its place.

    Where that fails it looks again with null, "" and missing taken for the same thing.
    """

    __slots__ = ("_decode", "_type")

    def __init__(self, kind: Any) -> None:
        """``kind``: a type or union that msgspec can decode into."""
        self._type = kind
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode

    def read(self, data: bytes) -> T:
        """The typed value.

        Raises:
            msgspec.MsgspecError: it is no JSON, or not of that kind. UnicodeDecodeError: it is no UTF-8.
            RecursionError: it is nested beyond reason.
        """
        try:
            return self._decode(data)
        except msgspec.ValidationError as first:
            try:
                value: T = msgspec.convert(_without_empty(_read_plain(data)), self._type)
            except msgspec.ValidationError:
                raise first from None
            return value


def plain_object(data: bytes) -> Mapping[str, Any]:
    """A JSON object as it is; empty for anything else."""
    try:
        value = _read_plain(data)
    except Exception:
        return {}
    return value if type(value) is dict else {}


def _without_empty(value: Any) -> Any:
    """The same JSON value with the members left out that say nothing."""
    if type(value) is dict:
        return {key: _without_empty(item) for key, item in value.items() if item is not None and item != ""}
    if type(value) is list:
        return [_without_empty(item) for item in value]
    return value
