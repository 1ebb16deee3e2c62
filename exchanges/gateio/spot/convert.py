"""Gate's Structs to ours, and our commands to Gate's. Pure; every refusal says which field is wrong."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from exchanges.gateio.spot import wire
from exchanges.gateio.symbols import to_pair, to_symbol
from exchanges.gateio.wire import LAST_MS, Number, Time, milliseconds
from messages.balance import Balance
from messages.commands import AmendOrder, PlaceOrder, Withdraw
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce, WithdrawalStatus
from messages.errors import InvalidValueError, ProtocolError
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import NO_FEES, UNKNOWN_WORD, UNNAMED_CURRENCY, Fee, Fill, Order, add_fees, sum_fees
from messages.symbol import Symbol
from messages.validation import LATEST_MS, ZERO, require_currency
from messages.withdrawal import Withdrawal

CLIENT_ID_PREFIX: Final = "t-"
"""Gate takes client ids only with this prefix (REST manual, order `text`); it never shows outside this package."""
_LARGEST: Final = Decimal("1e25")
"""Beyond any amount; keeps infinities out, and a NaN fails the comparison itself."""
_SMALLEST: Final = -_LARGEST
_LEAST: Final = Decimal("1e-30")
"""Below any step; quotients of what is not zero stay within what Decimal can express."""
_ID_LENGTH: Final = 64
_DUST_SHARE: Final = 100

# A look-up in an Enum class costs more than one in a module.
_BUY: Final = Side.BUY
_MARKET: Final = OrderType.MARKET
_OTHER_TYPE: Final = OrderType.OTHER
_OTHER_TIME_IN_FORCE: Final = TimeInForce.OTHER
_NEW: Final = OrderStatus.NEW
_PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED
_FILLED: Final = OrderStatus.FILLED

_SIDES: Final[Mapping[str, Side]] = {side.value: side for side in Side}
_TYPES: Final[Mapping[str, OrderType]] = {"limit": OrderType.LIMIT, "market": OrderType.MARKET}
_TIMES_IN_FORCE: Final[Mapping[str, TimeInForce]] = {
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "poc": TimeInForce.POST_ONLY,
    "": TimeInForce.GTC,
}
_TO_GATE: Final[Mapping[TimeInForce, str]] = {ours: gate for gate, ours in _TIMES_IN_FORCE.items() if gate}
_ROLES: Final[Mapping[str, Liquidity]] = {"maker": Liquidity.MAKER, "taker": Liquidity.TAKER}
_OTHER_ROLE: Final = Liquidity.OTHER
_ENDINGS: Final[Mapping[str, OrderStatus]] = {
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELED,
    "liquidate_cancelled": OrderStatus.CANCELED,
    "ioc": OrderStatus.EXPIRED,
    "fok": OrderStatus.EXPIRED,
    "poc": OrderStatus.EXPIRED,
    "stp": OrderStatus.EXPIRED,
    "small": OrderStatus.EXPIRED,
    "depth_not_enough": OrderStatus.EXPIRED,
    "trader_not_enough": OrderStatus.EXPIRED,
    "price_protect_cancelled": OrderStatus.EXPIRED,
}
_OPEN: Final = "open"
_CLOSED: Final = "closed"
_ENDED: Final = "ended"
_REST_STATES: Final[Mapping[str, str]] = {"open": _OPEN, "closed": _CLOSED, "cancelled": _ENDED}
_EVENTS: Final[Mapping[str, str]] = {"put": _OPEN, "update": _OPEN, "finish": _ENDED}
_WITHDRAWALS: Final[Mapping[str, WithdrawalStatus]] = {
    "REQUEST": WithdrawalStatus.REQUESTED,
    "DONE": WithdrawalStatus.DONE,
    "CANCEL": WithdrawalStatus.CANCELED,
    "FAIL": WithdrawalStatus.FAILED,
    "INVALID": WithdrawalStatus.FAILED,
}


def _time_ms(in_ms: Time, in_s: Time) -> int:
    """A time that Gate tells twice, where it may leave one out; 0 where it tells neither."""
    return milliseconds(in_ms or 0) or milliseconds(milliseconds(in_s or 0) * 1000)


def client_order_id(text: str) -> str | None:
    """Our id out of Gate's ``text``; None for orders placed elsewhere without one (``apiv4``, ``web``, ...)."""
    return text[2:] or None if text.startswith(CLIENT_ID_PREFIX) else None


def is_spot(order: wire.OrderFields) -> bool:
    """Whether the spot account has it: margin, cross margin and unified orders stand in the same lists and pushes."""
    account = order.account
    return account == "spot" or not account


def spot_order(order: wire.RestOrder) -> Order | None:
    """An order by REST; None for one of another account."""
    return rest_order(order) if is_spot(order) else None


def open_order(order: wire.RestOrder) -> Order | None:
    """An order in a list of open ones: it is open, in whatever word; None for one of another account."""
    if not is_spot(order):
        return None
    return rest_order(order) if order.status in _REST_STATES else _order(order, None)


def rest_order(order: wire.RestOrder) -> Order:
    """An order by REST: its ``status`` decides, and ``finish_as`` where that is ``cancelled``.

    How orders end: docs/venues/gateio.md.
    """
    return _order(order, _state(_REST_STATES.get(order.status), order, "an order status"))


def socket_order(order: wire.SocketOrder) -> Order:
    """An order by socket: ``put`` and ``update`` are open, ``finish`` ended as ``finish_as`` says."""
    return _order(order, _state(_EVENTS.get(order.event), order, "an order event"))


def _state(state: str | None, order: wire.OrderFields, what: str) -> OrderStatus | None:
    """How it ended, None while it is open. A word that we do not know leaves it to ``finish_as``, which says so too."""
    if state is _OPEN:
        return None
    if state is _CLOSED:
        return _FILLED
    if state is _ENDED:
        return _ending(order)
    if order.finish_as == "open":
        return None
    if order.finish_as in _ENDINGS:
        return _ending(order)
    raise ProtocolError(f"{what} that we do not know")


def _ending(order: wire.OrderFields) -> OrderStatus:
    status = _ENDINGS.get(order.finish_as)
    if status is None:
        # "unknown", "-", or a word newer than this table.
        status = OrderStatus.CANCELED if order.left else OrderStatus.FILLED
    if (
        status is not _FILLED
        and order.type == "market"
        and order.side == "buy"
        and order.filled_amount
        and order.left * _DUST_SHARE < order.amount
    ):
        # A market buy spends quote; a rest too small to buy one more lot is dust, and the order did what it could.
        return OrderStatus.FILLED
    return status


def _reason(order: wire.OrderFields, ending: OrderStatus) -> str:
    word = order.finish_as
    if ending is _FILLED:
        return word or ending.value
    return word if word in _ENDINGS else UNKNOWN_WORD + word


def _order(order: wire.OrderFields, ending: OrderStatus | None) -> Order:
    side = _SIDES.get(order.side)
    if side is None:
        raise ProtocolError("an order with a side that we do not know")
    kind = _TYPES.get(order.type, _OTHER_TYPE)
    time_in_force = _TIMES_IN_FORCE.get(order.time_in_force, _OTHER_TIME_IN_FORCE)
    quantity, price = order.amount, order.price
    filled_quantity, filled_quote = order.filled_amount, order.filled_total
    in_quote = kind is _MARKET and side is _BUY
    is_derived = filled_quantity is None
    if filled_quantity is None:
        filled_quantity = _filled(order, in_quote=in_quote)
    if not (quantity < _LARGEST and price < _LARGEST and filled_quantity < _LARGEST and filled_quote < _LARGEST):
        raise ProtocolError("an order with an amount beyond all amounts")
    if ZERO < quantity < _LEAST or ZERO < price < _LEAST or ZERO < filled_quantity < _LEAST:
        raise ProtocolError("an order with an amount below all amounts")
    fees = _fees(order)
    if order.rebated_fee:
        rebate = -_finite("rebated_fee", order.rebated_fee)
        fees = add_fees(fees, (Fee(order.rebated_fee_currency or UNNAMED_CURRENCY, rebate),))
    try:
        created_ms, updated_ms = int(order.create_time_ms), int(order.update_time_ms)
    except (ValueError, OverflowError):
        created_ms = updated_ms = 0
    if not 0 < created_ms <= updated_ms <= LAST_MS:
        created_ms = _time_ms(order.create_time_ms, order.create_time)
        updated_ms = max(_time_ms(order.update_time_ms, order.update_time), created_ms)
    # By place, in the order of the fields: passing so many by name takes longer than all of the above.
    return Order(
        to_symbol(order.currency_pair),
        side,
        kind,
        time_in_force,
        ending or (_PARTIALLY_FILLED if filled_quantity else _NEW),
        ZERO if in_quote else quantity,
        None if kind is _MARKET or not price else price,
        quantity if in_quote else None,
        filled_quantity,
        filled_quote,
        fees,
        _id(order.id),
        client_order_id(order.text),
        None if ending is None else _reason(order, ending),
        created_ms,
        updated_ms,
        is_derived and filled_quantity > ZERO,
    )


def _filled(order: wire.OrderFields, *, in_quote: bool) -> Decimal:
    """Base filled, where the exchange leaves `filled_amount` out."""
    if not in_quote:
        return order.amount - order.left
    if not order.filled_total:
        return ZERO
    if not order.avg_deal_price:
        raise ProtocolError("a market buy with turnover, but neither a filled amount nor a price")
    return order.filled_total / order.avg_deal_price


def _fees(paid: wire.OrderFields | wire.Trade) -> tuple[Fee, ...]:
    """All that was paid: in the market's currency, in GT and in points; some are taken together."""
    fee = paid.fee
    if not (paid.gt_fee or paid.point_fee):
        return (Fee(paid.fee_currency or UNNAMED_CURRENCY, _finite("fee", fee)),) if fee else NO_FEES
    return sum_fees(
        (
            Fee(paid.fee_currency or UNNAMED_CURRENCY, _finite("fee", fee)),
            Fee("GT", _finite("gt_fee", paid.gt_fee)),
            Fee("POINT", _finite("point_fee", paid.point_fee)),
        )
    )


def _id(value: Number) -> str:
    """An id of the exchange's as text; one of the two ways sends some of them as numbers."""
    text = value if type(value) is str else str(value)
    if not (text and len(text) <= _ID_LENGTH and text.isprintable()):
        raise ProtocolError(f"an id that is empty, longer than {_ID_LENGTH} characters or not printable")
    return text


def _finite(field: str, value: Decimal) -> Decimal:
    if not _SMALLEST < value < _LARGEST:
        raise InvalidValueError(field, value, "a finite decimal number")
    return value


def fill(trade: wire.Trade) -> Fill:
    """A fill by REST or socket; ids are compared as text, one of the two ways sends them as numbers."""
    side = _SIDES.get(trade.side)
    if side is None:
        raise ProtocolError("a trade with a side that we do not know")
    if not (_LEAST < trade.amount < _LARGEST and _LEAST < trade.price < _LARGEST):
        raise ProtocolError("a trade with an amount beyond all amounts")
    return Fill(
        symbol=to_symbol(trade.currency_pair),
        trade_id=_id(trade.id),
        order_id=_id(trade.order_id),
        client_order_id=client_order_id(trade.text),
        side=side,
        price=trade.price,
        quantity=trade.amount,
        fees=_fees(trade),
        liquidity=_ROLES.get(trade.role, _OTHER_ROLE),
        time_ms=_time_ms(trade.create_time_ms, trade.create_time),
    )


@lru_cache(maxsize=4096)
def _currency(name: str) -> str:
    require_currency("currency", name)
    return name


def socket_balance(balance: wire.SocketBalance) -> Balance:
    """One currency as it is after a change."""
    if not (balance.freeze < _LARGEST and balance.available < _LARGEST):
        raise ProtocolError("a balance beyond all amounts")
    return Balance(
        currency=_currency(balance.currency),
        available=balance.available,
        locked=balance.freeze,
        updated_ms=milliseconds(balance.timestamp_ms),
    )


def account_balance(account: wire.SpotAccount) -> Balance:
    """One currency by query; when it was so is for the caller to say."""
    if not (account.available < _LARGEST and account.locked < _LARGEST):
        raise ProtocolError("a balance beyond all amounts")
    return Balance(
        currency=_currency(account.currency), available=account.available, locked=account.locked, updated_ms=0
    )


def book_ticker(ticker: wire.TickerResult) -> BookTicker:
    """Best bid and ask by socket; an empty side has None."""
    return BookTicker(
        symbol=to_symbol(ticker.s),
        bid=_level("b", ticker.b) if ticker.b else None,
        bid_quantity=_level("B", ticker.B) if ticker.b else None,
        ask=_level("a", ticker.a) if ticker.a else None,
        ask_quantity=_level("A", ticker.A) if ticker.a else None,
        update_id=ticker.u,
        time_ms=ticker.t if 0 <= ticker.t <= LAST_MS else milliseconds(ticker.t),
    )


def top_of_book(symbol: Symbol, book: wire.OrderBook) -> BookTicker:
    """Best bid and ask out of an order book."""
    bid, bid_quantity = book.bids[0] if book.bids else (None, None)
    ask, ask_quantity = book.asks[0] if book.asks else (None, None)
    return BookTicker(
        symbol=symbol,
        bid=None if bid is None else _level("bid", bid),
        bid_quantity=None if bid_quantity is None else _level("bid amount", bid_quantity),
        ask=None if ask is None else _level("ask", ask),
        ask_quantity=None if ask_quantity is None else _level("ask amount", ask_quantity),
        update_id=book.id,
        time_ms=milliseconds(book.update),
    )


def _level(field: str, value: Decimal | None) -> Decimal:
    if value is None or not ZERO <= value < _LARGEST:
        raise InvalidValueError(field, value, "a decimal number of zero or more")
    return value


def instrument(pair: wire.CurrencyPair) -> Instrument:
    """The rules of a market. When it opens is judged when an order is placed; ``delisting_time`` is only expected, and
    ``trade_status`` says when it has come.

    Market buys are given in quote; Gate names no step for them, so the price's number of decimals is taken, which
    its matching accepts.
    """
    status = pair.trade_status
    step = _step("precision", pair.precision)
    return Instrument(
        symbol=Symbol(pair.base, pair.quote),
        tick=step,
        lot=_step("amount_precision", pair.amount_precision),
        quote_step=step,
        min_quantity=pair.min_base_amount,
        max_quantity=pair.max_base_amount,
        min_notional=pair.min_quote_amount,
        max_notional=pair.max_quote_amount,
        can_buy=status in {"tradable", "buyable"},
        can_sell=status in {"tradable", "sellable"},
        buy_opens_ms=_opens_ms(pair.buy_start),
        sell_opens_ms=_opens_ms(pair.sell_start),
    )


def _opens_ms(unix_s: int) -> int:
    """A time beyond all time is one that does not come; it takes nothing else of the market's rules with it."""
    return min(max(unix_s, 0) * 1000, LATEST_MS)


def _step(field: str, decimals: int) -> Decimal:
    if not 0 <= decimals <= 20:
        raise InvalidValueError(field, decimals, "0 to 20 decimals")
    return Decimal(1).scaleb(-decimals)


def withdrawal(wired: wire.WireWithdrawal) -> Withdrawal:
    """A withdrawal; words of Gate's that mean "under way", and words that we do not know, are PROCESSING."""
    return Withdrawal(
        withdrawal_id=_id(wired.id),
        client_withdrawal_id=wired.withdraw_order_id or None,
        currency=_currency(wired.currency),
        chain=wired.chain,
        address=wired.address,
        memo=wired.memo,
        amount=_level("amount", wired.amount),
        fee=None if wired.fee is None else _level("fee", wired.fee),
        status=_WITHDRAWALS.get(wired.status, WithdrawalStatus.PROCESSING),
        venue_status=wired.status,
        transaction_id=wired.txid,
        created_ms=_milliseconds_of_seconds(wired.timestamp),
    )


def _milliseconds_of_seconds(value: Time) -> int:
    try:
        return milliseconds(round(float(value) * 1000))
    except (ValueError, OverflowError):
        raise ProtocolError("a time that is no number") from None


def plain(value: Decimal) -> str:
    """A Decimal as Gate wants it: digits and a point, never an exponent."""
    return format(value, "f")


def place_body(order: PlaceOrder) -> wire.PlaceBody:
    """The body of a new order. A market buy's ``amount`` is in quote (REST manual, order `amount`).

    Raises:
        InvalidValueError: it has no client order id.
    """
    if order.client_order_id is None:
        raise InvalidValueError("client_order_id", None, "set before the order is sent (R3)")
    amount = order.quantity if order.quantity is not None else order.quote_quantity
    if amount is None:
        raise InvalidValueError("quantity", None, "given, or quote_quantity for a market buy")
    return wire.PlaceBody(
        text=CLIENT_ID_PREFIX + order.client_order_id,
        currency_pair=to_pair(order.symbol),
        type=order.type.value,
        side=order.side.value,
        amount=plain(amount),
        account="spot",
        time_in_force=_TO_GATE[order.time_in_force],
        price=None if order.price is None else plain(order.price),
    )


def amend_body(order: AmendOrder) -> wire.AmendBody:
    """The body of an amendment; ``amount`` is the new total, filled part included."""
    return wire.AmendBody(
        currency_pair=to_pair(order.symbol),
        account="spot",
        amount=None if order.quantity is None else plain(order.quantity),
        price=None if order.price is None else plain(order.price),
    )


def withdraw_body(withdraw: Withdraw) -> wire.WithdrawBody:
    """The body of a withdrawal.

    Raises:
        InvalidValueError: it has no client withdrawal id.
    """
    if withdraw.client_withdrawal_id is None:
        raise InvalidValueError("client_withdrawal_id", None, "set before the withdrawal is sent (R3)")
    return wire.WithdrawBody(
        currency=withdraw.currency,
        amount=plain(withdraw.amount),
        chain=withdraw.chain,
        address=withdraw.address,
        withdraw_order_id=withdraw.client_withdrawal_id,
        memo=withdraw.memo,
    )
