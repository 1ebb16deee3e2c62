"""Orders, fills, trades, candles and balances as Gate writes them.

REST and WebSocket differ in the JSON types of times and ids; each function says which one it is for.
"""

from decimal import Decimal

from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.events import Change
from exchanges.simulator.core.market_history import DayFigures
from exchanges.simulator.core.orders import BalanceReason, Fill, Finish, Order, OrderChange, Side, Trade
from exchanges.simulator.core.public_past import Candle
from exchanges.simulator.core.rules import plain
from exchanges.simulator.faces.gateio.words import CHANGE_TYPES, FINISHES, SELF_TRADES, TIMES_IN_FORCE

Json = dict[str, object]
STP_GROUP = 1
SETTLEMENT_FIELDS = {
    "fill_price",
    "filled_total",
    "avg_deal_price",
    "fee",
    "fee_currency",
    "point_fee",
    "gt_fee",
    "gt_maker_fee",
    "gt_taker_fee",
    "gt_discount",
    "rebated_fee",
    "rebated_fee_currency",
}


def status_of(order: Order) -> str:
    """Returns ``open``, ``closed`` (filled) or ``cancelled`` (ended with anything unfilled)."""
    if order.is_open:
        return "open"
    return "closed" if order.finish is Finish.FILLED else "cancelled"


def rest_order(order: Order, action_mode: str = "FULL") -> Json:
    """Returns the order as REST answers it; ``action_mode`` may cut it down."""
    text, amend_text = order.shown_text, order.amend_text or "-"
    if action_mode == "ACK":
        return {"id": str(order.id), "text": text, "amend_text": amend_text}
    turnover = plain(order.filled_quote)
    rendered = {
        "id": str(order.id),
        "text": text,
        "amend_text": amend_text,
        "create_time": str(order.created_ms // 1000),
        "update_time": str(order.updated_ms // 1000),
        "create_time_ms": order.created_ms,
        "update_time_ms": order.updated_ms,
        "status": status_of(order),
        "currency_pair": order.pair,
        "type": order.type.value,
        "account": order.account_type.value,
        "side": order.side.value,
        "amount": plain(order.amount),
        "price": plain(order.price),
        "time_in_force": TIMES_IN_FORCE[order.time_in_force],
        "iceberg": plain(order.iceberg),
        "left": plain(order.remaining),
        "filled_amount": plain(order.filled_base),
        "fill_price": turnover,
        "filled_total": turnover,
        "avg_deal_price": plain(order.average_price),
        "fee": plain(order.fee),
        "fee_currency": order.receives,  # also when GT pays, as in a capture of 2026
        "point_fee": plain(order.point_fee),
        "gt_fee": plain(order.gt_fee),
        "gt_maker_fee": "0",
        "gt_taker_fee": "0",
        "gt_discount": bool(order.gt_fee),
        "rebated_fee": plain(order.rebated_fee),
        "rebated_fee_currency": order.pays,
        **_self_trade(order),
        "finish_as": FINISHES[order.finish],
    }
    if action_mode == "RESULT":
        return {name: value for name, value in rendered.items() if name not in SETTLEMENT_FIELDS}
    return rendered


def ws_order(order: Order, change: OrderChange, user_id: int, *, with_fees: bool) -> Json:
    """Returns the order as ``spot.orders`` pushes it; without fees it is ``spot.orders_v2``."""
    rendered = {
        "id": str(order.id),
        "text": order.shown_text,
        "create_time": str(order.created_ms // 1000),
        "update_time": str(order.updated_ms // 1000),
        "currency_pair": order.pair,
        "type": order.type.value,
        "account": order.account_type.value,
        "side": order.side.value,
        "amount": plain(order.amount),
        "price": plain(order.price),
        "time_in_force": TIMES_IN_FORCE[order.time_in_force],
        "left": plain(order.remaining),
        "filled_total": plain(order.filled_quote),
        "filled_amount": plain(order.filled_base),
        "avg_deal_price": plain(order.average_price),
        "fee_currency": order.receives,
        "create_time_ms": str(order.created_ms),
        "update_time_ms": str(order.updated_ms),
        "rebated_fee_currency": order.pays,
        "user": user_id,
        "event": change.value,
        **_self_trade(order),
        "finish_as": FINISHES[order.finish],
        "biz_info": "-",
        "amend_text": order.amend_text or "-",
    }
    if with_fees:
        rendered |= {
            "fee": plain(order.fee),
            "point_fee": plain(order.point_fee),
            "gt_fee": plain(order.gt_fee),
            "rebated_fee": plain(order.rebated_fee),
        }
    return rendered


def _self_trade(order: Order) -> Json:
    if order.self_trade is None:
        return {"stp_id": 0, "stp_act": "-"}
    return {"stp_id": STP_GROUP, "stp_act": SELF_TRADES[order.self_trade]}


def rest_fill(fill: Fill) -> Json:
    """Returns the fill as ``/spot/my_trades`` lists it; only orders tell of rebates."""
    return {
        "id": str(fill.trade_id),
        "create_time": str(fill.time_ms // 1000),
        "create_time_ms": f"{fractional_ms(fill.time_ms, fill.trade_id)}000",
        "currency_pair": fill.pair,
        "side": fill.side.value,
        "role": fill.role.value,
        "amount": plain(fill.amount),
        "price": plain(fill.price),
        "order_id": str(fill.order_id),
        "fee": plain(fill.fee),
        "fee_currency": fill.fee_currency,
        "point_fee": plain(fill.point_fee),
        "gt_fee": plain(fill.gt_fee),
        "sequence_id": str(fill.sequence),
        "text": fill.text,
        "amend_text": fill.amend_text or "-",
        "deal": plain(fill.amount * fill.price),
    }


def ws_fill(fill: Fill, user_id: int) -> Json:
    """Returns the fill as ``spot.usertrades`` pushes it."""
    return {
        "id": fill.trade_id,
        "user_id": user_id,
        "order_id": str(fill.order_id),
        "currency_pair": fill.pair,
        "create_time": fill.time_ms // 1000,
        "create_time_ms": fractional_ms(fill.time_ms, fill.trade_id),
        "side": fill.side.value,
        "amount": plain(fill.amount),
        "role": fill.role.value,
        "price": plain(fill.price),
        "fee": plain(fill.fee),
        "fee_currency": fill.fee_currency,
        "point_fee": plain(fill.point_fee),
        "gt_fee": plain(fill.gt_fee),
        "text": fill.text,
        "id_market": fill.sequence,
    }


def fractional_ms(time_ms: int, trade_id: int) -> str:
    """Returns ms with a fraction, as Gate gives the times of trades; the fraction only tells trades apart."""
    return f"{time_ms}.{trade_id * 377 % 1000:03d}"


def ws_balance(change: Change, user_id: int, reason: BalanceReason, now_ms: int) -> Json:
    """Returns the balance as ``spot.balances`` pushes it."""
    return {
        "timestamp": str(now_ms // 1000),
        "timestamp_ms": str(now_ms),
        "user": str(user_id),
        "currency": change.currency,
        "change": plain(change.total),
        "total": plain(change.balance.total),
        "available": plain(change.balance.available),
        "freeze": plain(change.balance.locked),
        "freeze_change": plain(change.freeze),
        "change_type": CHANGE_TYPES[reason],
    }


def rest_trade(trade: Trade) -> Json:
    """Returns the trade as ``/spot/trades`` lists it."""
    return {
        "id": str(trade.id),
        "create_time": str(trade.time_ms // 1000),
        "create_time_ms": f"{fractional_ms(trade.time_ms, trade.id)}000",
        "currency_pair": trade.pair,
        "side": trade.side.value,
        "amount": plain(trade.amount),
        "price": plain(trade.price),
        "sequence_id": str(trade.sequence),
    }


def ws_trade(trade: Trade) -> Json:
    """Returns the trade as ``spot.trades`` pushes it."""
    return {
        "id": trade.id,
        "id_market": trade.sequence,
        "create_time": trade.time_ms // 1000,
        "create_time_ms": fractional_ms(trade.time_ms, trade.id),
        "side": trade.side.value,
        "currency_pair": trade.pair,
        "amount": plain(trade.amount),
        "price": plain(trade.price),
        "range": f"{trade.sequence}-{trade.sequence}",
    }


def rest_candle(candle: Candle, length_s: int, now_s: int) -> list[str]:
    """Returns the candle as a row of ``/spot/candlesticks``."""
    return [
        str(candle.start_s),
        plain(candle.quote_volume),
        plain(candle.close),
        plain(candle.high),
        plain(candle.low),
        plain(candle.open),
        plain(candle.base_volume),
        "true" if candle.start_s + length_s <= now_s else "false",
    ]


def ws_candle(candle: Candle, *, name: str, length_s: int, now_s: int) -> Json:
    """Returns the candle as ``spot.candlesticks`` pushes it; ``name`` is the interval and the pair."""
    return {
        "t": str(candle.start_s),
        "v": plain(candle.quote_volume),
        "c": plain(candle.close),
        "h": plain(candle.high),
        "l": plain(candle.low),
        "o": plain(candle.open),
        "n": name,
        "a": plain(candle.base_volume),
        "w": candle.start_s + length_s <= now_s,
    }


def ticker(market: Market, day: DayFigures) -> Json:
    """Returns the ticker of a pair, for REST and for ``spot.tickers``; an empty side is ""."""
    bid, ask = market.book.bids.best(), market.book.asks.best()
    return {
        "currency_pair": market.rules.id,
        "last": plain(day.last),
        "lowest_ask": plain(ask.price) if ask else "",
        "highest_bid": plain(bid.price) if bid else "",
        "change_percentage": plain(day.change_percent),
        "base_volume": plain(day.base_volume),
        "quote_volume": plain(day.quote_volume),
        "high_24h": plain(day.high),
        "low_24h": plain(day.low),
    }


def best_sizes(market: Market) -> Json:
    """Returns what a ticker has more when one pair is asked for."""
    bid, ask = market.book.bids.best(), market.book.asks.best()
    return {
        "lowest_size": plain(ask.amount) if ask else "",
        "highest_size": plain(bid.amount) if bid else "",
    }


def levels(market: Market, side: Side, depth: int, interval: Decimal = Decimal(0)) -> list[list[str]]:
    """Returns the best ``depth`` levels of a side as [price, amount], prices rounded away from the spread."""
    merged: dict[Decimal, Decimal] = {}
    for level in market.book.side(side).levels():
        price = level.price
        if interval:
            steps = price // interval
            price = (steps if side is Side.BUY or steps * interval == price else steps + 1) * interval
        if price not in merged and len(merged) == depth:
            break
        merged[price] = merged.get(price, Decimal(0)) + level.amount
    return [[plain(price), plain(amount)] for price, amount in merged.items()]
