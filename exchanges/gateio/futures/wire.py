"""Gate's JSON of perpetuals as typed Structs: only the fields that we use, all others ignored.

Sizes count contracts and are signed. They come as numbers or, where the request or the handshake asked for it, as
texts that may hold decimals; both are `Decimal` here. Amounts of money come as texts by REST and as numbers by socket,
and are `Decimal` straight from their digits (R11). See `exchanges.gateio.wire` for times and for values left out.
"""

from decimal import Decimal
from typing import Any

import msgspec

from exchanges.gateio.wire import ZERO, Acknowledgement, Envelope, Number, Pong, Time


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order by REST or by `futures.orders`, in the order in which the socket sends its fields.

    ``left`` has the sign of ``size``. ``fill_price`` is the average. ``succeeded`` is there in answers about several.
    """

    contract: str
    create_time: Time = 0
    create_time_ms: Time = 0
    fill_price: Decimal = ZERO
    finish_as: str = ""
    finish_time: Time = 0
    finish_time_ms: Time = 0
    id: Number
    is_close: bool = False
    is_liq: bool = False
    is_reduce_only: bool = False
    left: Decimal
    price: Decimal = ZERO
    size: Decimal
    status: str = ""
    text: str = ""
    tif: str = ""
    update_time: Time = 0
    auto_size: str = ""
    succeeded: bool = True


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, by `my_trades` or `futures.usertrades` (``id``), or by `my_trades_timerange` (``trade_id``).

    ``fee`` is what was paid in the settlement currency, ``point_fee`` in points; some old rows lack both.
    """

    id: Number | None = None
    create_time: Time = 0
    create_time_ms: Time = 0
    contract: str
    order_id: Number
    size: Decimal
    price: Decimal
    role: str = ""
    text: str = ""
    fee: Decimal = ZERO
    point_fee: Decimal = ZERO
    trade_id: Number | None = None


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A position by REST or by `futures.positions`; the socket leaves out mark price, value and unrealised profit.

    ``leverage`` is 0 for cross margin, where ``cross_leverage_limit`` is in force; ``lever`` and ``pos_margin_mode``
    say the same plainly, where they are sent.
    """

    contract: str
    cross_leverage_limit: Decimal | None = None
    entry_price: Decimal | None = None
    leverage: Decimal
    liq_price: Decimal | None = None
    margin: Decimal = ZERO
    mode: str = "single"
    realised_pnl: Decimal = ZERO
    risk_limit: Decimal | None = None
    size: Decimal
    time: Time = 0
    time_ms: Time = 0
    update_id: int = 0
    mark_price: Decimal | None = None
    maintenance_margin: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    update_time: Time = 0
    pos_margin_mode: str = ""
    lever: Decimal | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """``total`` has no unrealised profit in it. ``position_margin`` is out of date, and the ``cross_`` and
    ``isolated_`` amounts take its place where they are sent."""

    user: Number
    currency: str
    total: Decimal
    available: Decimal
    unrealised_pnl: Decimal = ZERO
    position_margin: Decimal | None = None
    order_margin: Decimal = ZERO
    maintenance_margin: Decimal | None = None
    cross_order_margin: Decimal | None = None
    cross_initial_margin: Decimal | None = None
    cross_maintenance_margin: Decimal | None = None
    cross_unrealised_pnl: Decimal | None = None
    cross_available: Decimal | None = None
    isolated_position_margin: Decimal | None = None
    in_dual_mode: bool = False
    position_mode: str = ""
    margin_mode: int = 0


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the wallet by `account_book` or `futures.balances`; ``text`` is ``CONTRACT:order id`` for fees."""

    balance: Decimal
    change: Decimal
    text: str = ""
    time: Time = 0
    time_ms: Time = 0
    type: str = ""
    currency: str = ""
    contract: str = ""
    trade_id: Number | None = None
    id: Number | None = None


class OrdersFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="futures.orders"):
    result: list[Order] | Acknowledgement | None = None


class TradesFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="futures.usertrades"):
    result: list[Trade] | Acknowledgement | None = None


class PositionsFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="futures.positions"):
    result: list[Position] | Acknowledgement | None = None


class LedgerFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="futures.balances"):
    result: list[LedgerRow] | Acknowledgement | None = None


class PongFrame(Pong, frozen=True, kw_only=True, tag_field="channel", tag="futures.pong"):
    """The answer to `futures.ping`."""


class SystemFrame(Pong, frozen=True, kw_only=True, tag_field="channel", tag="futures.system"):
    """An announcement, of an upgrade for one: the socket is closed soon after, and opened anew like any other."""


class BookTickerResult(Acknowledgement, frozen=True, kw_only=True):
    """``result`` on `futures.book_ticker`: a ticker, or the ``status`` of an answer to a subscription.

    Best bid (b, B) and ask (a, A), price and size in contracts; an empty side is "" and 0. ``t``: unix ms.
    """

    t: int = 0
    u: int = 0
    s: str = ""
    b: Decimal | None = None
    B: Decimal | None = None
    a: Decimal | None = None
    A: Decimal | None = None


class BookTickerFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="futures.book_ticker"):
    result: BookTickerResult | None = None


class Ticker(msgspec.Struct, frozen=True, kw_only=True):
    """By REST `tickers` or by `futures.tickers`."""

    contract: str
    mark_price: Decimal
    index_price: Decimal | None = None
    last: Decimal | None = None
    funding_rate: Decimal | None = None


class TickersFrame(Envelope, frozen=True, kw_only=True, tag_field="channel", tag="futures.tickers"):
    time_ms: int = 0
    result: list[Ticker] | Acknowledgement | None = None


PrivateFrame = OrdersFrame | TradesFrame | PositionsFrame | LedgerFrame | PongFrame | SystemFrame
PublicFrame = BookTickerFrame | TickersFrame | PongFrame | SystemFrame


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """Rules of a market. Sizes are in contracts, ``quanto_multiplier`` is the base of one; it is 0 for inverse ones."""

    name: str
    type: str = "direct"
    quanto_multiplier: Decimal
    leverage_min: Decimal = Decimal(1)
    leverage_max: Decimal = Decimal(1)
    maintenance_rate: Decimal = ZERO
    order_price_round: Decimal
    order_price_deviate: Decimal | None = None
    order_size_min: Decimal = ZERO
    order_size_max: Decimal = ZERO
    market_order_size_max: Decimal = ZERO
    orders_limit: int = 0
    funding_interval: int = 0
    in_delisting: bool = False
    status: str = ""
    enable_decimal: bool = False


class RiskTier(msgspec.Struct, frozen=True, kw_only=True):
    """``risk_limit``: notional value in quote up to which it holds."""

    risk_limit: Decimal
    initial_rate: Decimal
    maintenance_rate: Decimal
    leverage_max: Decimal
    contract: str = ""


class ServerTime(msgspec.Struct, frozen=True):
    server_time: int


class BookLevel(msgspec.Struct, frozen=True):
    """Price and size in contracts."""

    p: Decimal
    s: Decimal


class OrderBook(msgspec.Struct, frozen=True, kw_only=True):
    """``update`` is the book's time in **seconds**, with a fraction."""

    id: int
    update: Time
    asks: list[BookLevel]
    bids: list[BookLevel]


class FeeRate(msgspec.Struct, frozen=True, kw_only=True):
    maker_fee: Decimal
    taker_fee: Decimal


class AccountDetail(msgspec.Struct, frozen=True, kw_only=True):
    user_id: Number
    ip_whitelist: list[str] = []


class CountdownBody(msgspec.Struct, frozen=True):
    """POST countdown_cancel_all; ``timeout`` in seconds."""

    timeout: int


class Countdown(msgspec.Struct, frozen=True):
    """When it runs out, unix milliseconds; nothing rests on it."""

    triggerTime: Any = None  # noqa: N815  # Gate's own spelling


class InitialOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a conditional order sends. ``amount`` is the size with decimals, and goes before ``size``."""

    contract: str
    size: Decimal = ZERO
    amount: Decimal | None = None
    price: Decimal = ZERO
    text: str = ""
    auto_size: str = ""
    is_reduce_only: bool = False
    reduce_only: bool = False
    is_close: bool = False
    close: bool = False


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """``price_type``: 0 last, 1 mark, 2 index. ``rule``: 1 at or above, 2 at or below."""

    price: Decimal
    rule: int
    price_type: int = 0


class ConditionalOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `price_orders`. ``trade_id``: of the order that it made, 0 or "" while there is none."""

    id: Number
    initial: InitialOrder
    trigger: Trigger
    status: str
    finish_as: str = ""
    order_type: str = ""
    trade_id: Number | None = None
    create_time: Time = 0


class PlaceBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What POST orders takes. ``size``: contracts as text, signed, "0" where the order closes a whole position;
    ``price``: "0" at the market."""

    text: str
    contract: str
    size: str
    price: str
    tif: str
    reduce_only: bool = False
    close: bool = False
    auto_size: str | None = None


class AmendBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What PUT orders/{id} takes; ``size`` is the new total, filled part included, of the order's sign."""

    size: str | None = None
    price: str | None = None


class MarginModeBody(msgspec.Struct, frozen=True, kw_only=True):
    """What POST cross_mode takes; ``mode``: CROSS or ISOLATED."""

    mode: str
    contract: str
