"""MEXC's JSON to ours, and our commands to its parameters. Pure; every refusal says which field is wrong."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from exchanges.mexc import terms, wire
from exchanges.mexc.signing import Query
from messages.balance import Balance
from messages.commands import OrderReference, PlaceOrder, Withdraw
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce, WithdrawalStatus
from messages.errors import InvalidValueError, ProtocolError
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Fill, Order
from messages.symbol import Symbol
from messages.validation import ZERO
from messages.withdrawal import Withdrawal

ToSymbol = Callable[[str], Symbol]
"""Reads the name of a market; raises `InvalidValueError` for one that is not known."""

_TYPES: Final[Mapping[TimeInForce, str]] = {
    TimeInForce.GTC: "LIMIT",
    TimeInForce.POST_ONLY: "LIMIT_MAKER",
    TimeInForce.IOC: "IMMEDIATE_OR_CANCEL",
    TimeInForce.FOK: "FILL_OR_KILL",
}
_TO_SIDES: Final[Mapping[Side, str]] = {ours: word for word, ours in terms.SIDES.items()}
_ONLINE: Final = frozenset({"1", "ENABLED"})
"""``ENABLED`` until August 2024."""
_BUYS: Final = frozenset({"1", "2"})
_SELLS: Final = frozenset({"1", "3"})
_WITHDRAWALS: Final[Mapping[int, WithdrawalStatus]] = {
    1: WithdrawalStatus.REQUESTED,
    7: WithdrawalStatus.DONE,
    8: WithdrawalStatus.FAILED,
    9: WithdrawalStatus.CANCELED,
}


def order(row: wire.OrderRow, to_symbol: ToSymbol) -> Order:
    """An order by query: its ``status`` decides."""
    return _order(row, to_symbol, row.status)


def open_order(row: wire.OrderRow, to_symbol: ToSymbol) -> Order:
    """An order in a list of open ones: it is open, in whatever word."""
    return _order(row, to_symbol, row.status if row.status in terms.OPEN else "NEW")


def canceled_order(row: wire.OrderRow, to_symbol: ToSymbol) -> Order:
    """The answer to a cancel, which is the order from before it and may have no status: the exchange took the cancel,
    so it ended, with at least these fills. What it was filled until its end is told by its push."""
    return _order(row, to_symbol, "CANCELED" if row.status in terms.OPEN or not row.status else row.status)


def _order(row: wire.OrderRow, to_symbol: ToSymbol, word: str) -> Order:
    quantity = row.orig_qty if row.orig_qty is not None else row.qty
    own_id = row.client_order_id if row.orig_client_order_id is msgspec.UNSET else row.orig_client_order_id
    return terms.order(
        to_symbol(row.symbol),
        terms.SIDES.get(row.side),
        terms.KINDS.get(row.type, terms.OTHER_KIND),
        word,
        row.price,
        ZERO if quantity is None else quantity,
        row.quote_quantity or ZERO,
        row.executed_qty,
        row.filled_quote,
        terms.item_id(row.order_id),
        _client_id(own_id),
        row.time,
        row.update_time,
    )


def _client_id(value: wire.Id | None) -> str | None:
    return str(value) if value or value == 0 else None


def placed_order(order: PlaceOrder, taken: wire.Taken) -> Order:
    """The order as it was asked for: the answer says that it was taken, and nothing of what became of it since."""
    time_ms = terms.milliseconds(taken.time_ms)
    return msgspec.structs.replace(
        order.as_order(OrderStatus.NEW),
        time_in_force=TimeInForce.IOC if order.type is OrderType.MARKET else order.time_in_force,
        order_id=terms.item_id(taken.order_id),
        created_ms=time_ms,
        updated_ms=time_ms,
    )


def fill(row: wire.TradeRow, to_symbol: ToSymbol) -> Fill:
    """A fill by query."""
    liquidity = Liquidity.OTHER
    if row.is_maker is not None:
        liquidity = Liquidity.MAKER if row.is_maker else Liquidity.TAKER
    return Fill(
        symbol=to_symbol(row.symbol),
        trade_id=terms.item_id(row.id),
        order_id=terms.item_id(row.order_id),
        client_order_id=_client_id(row.client_order_id),
        side=Side.BUY if row.is_buyer else Side.SELL,
        price=terms.traded(row.price),
        quantity=terms.traded(row.qty),
        fees=terms.fees(row.commission_asset, row.commission),
        liquidity=liquidity,
        time_ms=terms.milliseconds(row.time),
    )


def balance(row: wire.BalanceRow) -> Balance:
    """One currency by query; when it was so is for the caller to say."""
    return Balance(
        currency=terms.currency(row.asset), available=terms.held(row.free), locked=terms.held(row.locked), updated_ms=0
    )


def best_prices(symbol: Symbol, prices: wire.BestPrices, as_of_ms: int) -> BookTicker:
    """Best bid and ask by query, which has neither a time nor a number of the book: both are when it was asked for."""
    bid, ask = prices.bid or None, prices.ask or None
    return BookTicker(
        symbol=symbol,
        bid=None if bid is None else terms.held(bid),
        bid_quantity=None if bid is None else prices.bid_quantity,
        ask=None if ask is None else terms.held(ask),
        ask_quantity=None if ask is None else prices.ask_quantity,
        update_id=as_of_ms,
        time_ms=as_of_ms,
    )


def instrument(market: wire.Market) -> Instrument:
    """The rules of a market (docs/venues/mexc.md, markets): its smallest quantity is the step, too."""
    is_open = str(market.status) in _ONLINE and market.is_spot_allowed
    sides = str(market.sides)
    tick = _step("quotePrecision", market.price_decimals)
    return Instrument(
        symbol=Symbol(market.base, market.quote),
        tick=tick,
        lot=market.least_quantity or _step("baseAssetPrecision", market.base_decimals),
        quote_step=tick,
        min_quantity=market.least_quantity or None,
        min_notional=market.least_quote,
        max_notional=market.most_quote,
        can_buy=is_open and sides in _BUYS,
        can_sell=is_open and sides in _SELLS,
    )


def _step(field: str, decimals: int) -> Decimal:
    if not 0 <= decimals <= 20:
        raise InvalidValueError(field, decimals, "0 to 20 decimals")
    return Decimal(1).scaleb(-decimals)


def withdrawal(row: wire.WithdrawalRow) -> Withdrawal:
    """A withdrawal; numbers that mean "under way", and those that we do not know, are PROCESSING."""
    number = _integer(row.status, "a withdrawal's status that is no number")
    fee = row.transaction_fee
    return Withdrawal(
        withdrawal_id=terms.item_id(row.id),
        client_withdrawal_id=row.withdraw_order_id or None,
        currency=terms.currency(row.coin),
        chain=row.net_work or row.network,
        address=row.address,
        memo=row.memo,
        amount=terms.held(row.amount),
        fee=None if fee is None else terms.held(fee),
        status=_WITHDRAWALS.get(number, WithdrawalStatus.PROCESSING),
        venue_status=str(number),
        transaction_id=row.tx_id,
        created_ms=terms.milliseconds(_integer(row.apply_time, "a time that is no number")),
    )


def _integer(value: int | str, otherwise: str) -> int:
    if type(value) is int:
        return value
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ProtocolError(otherwise)
    return int(text)


def asked_withdrawal(withdraw: Withdraw, named: wire.Named, now_ms: int) -> Withdrawal:
    """A withdrawal as it was asked for: the answer is its id."""
    return Withdrawal(
        withdrawal_id=terms.item_id(named.id),
        client_withdrawal_id=withdraw.client_withdrawal_id,
        currency=withdraw.currency,
        chain=withdraw.chain,
        address=withdraw.address,
        memo=withdraw.memo,
        amount=withdraw.amount,
        fee=None,
        status=WithdrawalStatus.REQUESTED,
        venue_status="",
        transaction_id="",
        created_ms=now_ms,
    )


def plain(value: Decimal) -> str:
    """A Decimal as MEXC wants it: digits and a point, never an exponent."""
    return format(value, "f")


def place_query(order: PlaceOrder, name: str) -> Query:
    """The parameters of a new order. A market buy is given in quote: by quantity it may end before all is bought.

    Raises:
        InvalidValueError: it has no client order id.
    """
    if order.client_order_id is None:
        raise InvalidValueError("client_order_id", None, "set before the order is sent (R3)")
    is_market = order.type is OrderType.MARKET
    query = [
        ("symbol", name),
        ("side", _TO_SIDES[order.side]),
        ("type", "MARKET" if is_market else _TYPES[order.time_in_force]),
    ]
    for parameter, value in (
        ("quantity", order.quantity),
        ("quoteOrderQty", order.quote_quantity),
        ("price", order.price),
    ):
        if value is not None:
            query.append((parameter, plain(value)))
    query.append(("newClientOrderId", order.client_order_id))
    return query


def reference_query(order: OrderReference, name: str) -> Query:
    """The parameters that name an order, by the exchange's id where there is one."""
    if order.order_id is not None:
        return (("symbol", name), ("orderId", order.order_id))
    return (("symbol", name), ("origClientOrderId", str(order.client_order_id)))


def withdraw_query(withdraw: Withdraw) -> Query:
    """The parameters of a withdrawal.

    Raises:
        InvalidValueError: it has no client withdrawal id.
    """
    if withdraw.client_withdrawal_id is None:
        raise InvalidValueError("client_withdrawal_id", None, "set before the withdrawal is sent (R3)")
    query = [
        ("coin", withdraw.currency),
        ("netWork", withdraw.chain),
        ("address", withdraw.address),
        ("amount", plain(withdraw.amount)),
        ("withdrawOrderId", withdraw.client_withdrawal_id),
    ]
    if withdraw.memo:
        query.append(("memo", withdraw.memo))
    return query
