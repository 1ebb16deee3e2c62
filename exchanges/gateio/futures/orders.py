"""Gate's orders and fills of perpetuals to ours: sizes in contracts become quantities in base."""

from collections.abc import Mapping
from typing import Final

from exchanges.gateio.futures import wire
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.values import (
    CLIENT_ID_PREFIX,
    CLOSES,
    LARGEST,
    LEAST,
    exchange_id,
    finite,
    moment_ms,
)
from messages.enums import Liquidity, OrderOrigin, OrderStatus, OrderType, Side, TimeInForce
from messages.errors import ProtocolError
from messages.order import NO_FEES, UNKNOWN_WORD, Fee, Fill, Order, sum_fees
from messages.symbol import Symbol
from messages.validation import ZERO

# A look-up in an Enum class costs more than one in a module.
_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_LIMIT: Final = OrderType.LIMIT
_MARKET: Final = OrderType.MARKET
_NEW: Final = OrderStatus.NEW
_PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED
_FILLED: Final = OrderStatus.FILLED
_TRADER: Final = OrderOrigin.TRADER
_TIMES_IN_FORCE: Final[Mapping[str, TimeInForce]] = {
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "poc": TimeInForce.POST_ONLY,
    "": TimeInForce.GTC,
}
_OTHER_TIME_IN_FORCE: Final = TimeInForce.OTHER
_ROLES: Final[Mapping[str, Liquidity]] = {"maker": Liquidity.MAKER, "taker": Liquidity.TAKER}
_OTHER_ROLE: Final = Liquidity.OTHER
_ENDINGS: Final[Mapping[str, OrderStatus]] = {
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELED,
    "liquidated": OrderStatus.CANCELED,
    "liquidate_cancelled": OrderStatus.CANCELED,
    "auto_deleveraged": OrderStatus.CANCELED,
    "position_closed": OrderStatus.CANCELED,
    "reduce_only": OrderStatus.CANCELED,
    "ioc": OrderStatus.EXPIRED,
    "fok": OrderStatus.EXPIRED,
    "poc": OrderStatus.EXPIRED,
    "stp": OrderStatus.EXPIRED,
    "reduce_out": OrderStatus.EXPIRED,
    "small": OrderStatus.EXPIRED,
    "depth_not_enough": OrderStatus.EXPIRED,
    "trader_not_enough": OrderStatus.EXPIRED,
    "price_protect_cancelled": OrderStatus.EXPIRED,
}
"""The words of REST and of the socket, which have each a list of their own (docs/venues/gateio.md, perpetuals)."""
_OPEN_WORDS: Final = frozenset({"", "open", "_new", "_update"})
_LIQUIDATION_TEXTS: Final = (
    "liq-",
    "liquidation",
    "hedge-liq-",
    "pm_liquidate",
    "comb_margin_liquidate",
    "scm_liquidate",
    "insurance",
)


def origin(text: str, *, is_liquidation: bool = False) -> OrderOrigin:
    """Who made an order, by its ``text`` (docs/venues/gateio.md, perpetuals)."""
    if text.startswith(CLIENT_ID_PREFIX) and not is_liquidation:
        return _TRADER
    if is_liquidation or text.startswith(_LIQUIDATION_TEXTS):
        return OrderOrigin.LIQUIDATION
    if text.startswith("auto_deleverag"):
        return OrderOrigin.AUTO_DELEVERAGING
    return OrderOrigin.SETTLEMENT if text == "clear" else _TRADER


def _ending(order: wire.Order) -> OrderStatus | None:
    """How it ended, None while it is open: ``status`` decides, ``finish_as`` says how, ``left`` where that is new."""
    word = order.finish_as
    if order.status == "open":
        return None
    if order.status != "finished":
        if word in _OPEN_WORDS:
            if not order.status and not word:
                raise ProtocolError("an order without a status")
            return None
        if word not in _ENDINGS:
            raise ProtocolError("an order status that we do not know")
    if not order.left and order.size:
        return _FILLED
    status = _ENDINGS.get(word)
    return OrderStatus.CANCELED if status is None else status


def _reason(order: wire.Order, ending: OrderStatus) -> str:
    word = order.finish_as
    if ending is _FILLED:
        return word or ending.value
    return word if word in _ENDINGS else UNKNOWN_WORD + word


def _closed_side(order: wire.Order) -> Side:
    """Of one that is told without a size: it closes a whole position."""
    closes = CLOSES.get(order.auto_size)
    if closes is None:
        raise ProtocolError("an order without a size, which does not say what it closes")
    return closes


def order(told: wire.Order, contracts: Contracts, *, side: Side | None = None) -> Order:
    """An order by REST or by socket.

    Fees are not told with it, only with its fills. ``filled_quote`` is the average price, which Gate rounds, by the
    filled quantity.

    Args:
        side: known by who sent it, for one that closes a whole position and is told without a size.
    """
    contract = contracts.of(told.contract)
    size, left, price, average = told.size, told.left, told.price, told.fill_price
    ending = _ending(told)
    is_buy = size > ZERO if size else (side or _closed_side(told)) is _BUY
    if not is_buy:
        size, left = -size, -left
    if not ZERO <= left <= size < LARGEST and size:
        raise ProtocolError("an order whose rest does not fit its size, or that is beyond all amounts")
    if not (ZERO <= price < LARGEST and ZERO <= average < LARGEST):
        raise ProtocolError("an order with an amount beyond all amounts")
    if ZERO < size < LEAST or ZERO < price < LEAST or ZERO < average < LEAST:
        raise ProtocolError("an order with an amount below all amounts")
    quantity = contract.to_base(size)
    filled = ZERO if left == size or not size else contract.to_base(size - left) if left else quantity
    created_ms = moment_ms(told.create_time_ms or told.create_time)
    updated_ms = moment_ms(told.update_time)
    if ending is not None and updated_ms < created_ms:
        updated_ms = moment_ms(told.finish_time_ms or told.finish_time)
    text = told.text
    is_ours = text.startswith(CLIENT_ID_PREFIX)
    # By place, in the order of the fields: passing so many by name takes longer than all of the above.
    return Order(
        contract.symbol,
        _BUY if is_buy else _SELL,
        _LIMIT if price else _MARKET,
        _TIMES_IN_FORCE.get(told.tif, _OTHER_TIME_IN_FORCE),
        ending or (_PARTIALLY_FILLED if filled else _NEW),
        quantity,
        price or None,
        None,
        filled,
        filled * average if filled else ZERO,
        NO_FEES,
        exchange_id(told.id),
        (text[2:] or None) if is_ours else None,
        None if ending is None else _reason(told, ending),
        created_ms,
        updated_ms if updated_ms > created_ms else created_ms,
        False,
        False,
        told.is_reduce_only or told.is_close,
        _TRADER if is_ours and not told.is_liq else origin(text, is_liquidation=told.is_liq),
    )


def fill(trade: wire.Trade, contracts: Contracts) -> Fill:
    """A fill by REST or socket; ids are compared as text, one of the two ways sends them as numbers."""
    contract = contracts.of(trade.contract)
    size, price = trade.size, trade.price
    is_buy = size > ZERO
    if not is_buy:
        size = -size
    if not (LEAST < size < LARGEST and LEAST < price < LARGEST):
        raise ProtocolError("a trade with an amount beyond all amounts")
    trade_id = trade.trade_id if trade.id is None else trade.id
    if trade_id is None:
        raise ProtocolError("a trade without an id")
    text = trade.text
    is_ours = text.startswith(CLIENT_ID_PREFIX)
    return Fill(
        symbol=contract.symbol,
        trade_id=exchange_id(trade_id),
        order_id=exchange_id(trade.order_id),
        client_order_id=(text[2:] or None) if is_ours else None,
        side=_BUY if is_buy else _SELL,
        price=price,
        quantity=contract.to_base(size),
        fees=_fees(trade, contract.symbol),
        liquidity=_ROLES.get(trade.role, _OTHER_ROLE),
        time_ms=moment_ms(trade.create_time_ms or trade.create_time),
        origin=_TRADER if is_ours else origin(text),
    )


def _fees(trade: wire.Trade, symbol: Symbol) -> tuple[Fee, ...]:
    fee = finite("fee", trade.fee)
    if not trade.point_fee:
        return (Fee(symbol.settle, fee),) if fee else NO_FEES
    return sum_fees((Fee(symbol.settle, fee), Fee("POINT", finite("point_fee", trade.point_fee))))
