"""Orders, fills, trades and markets as MEXC's REST answers them (docs/venues/mexc.md, trading)."""

from decimal import Decimal

from exchanges.simulator.core.config import PairConfig, TradeStatus
from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.fees import GT
from exchanges.simulator.core.market_history import DayFigures
from exchanges.simulator.core.orders import Fill, Finish, Order, OrderType, Role, Side, TimeInForce, Trade
from exchanges.simulator.core.other_program import ORIGINS
from exchanges.simulator.core.public_past import Candle
from exchanges.simulator.core.rules import plain
from exchanges.simulator.faces.mexc.calls import Json
from exchanges.simulator.faces.mexc.ids import order_id, trade_id
from exchanges.simulator.faces.mexc.symbols import symbol_of

TYPES = {
    TimeInForce.GOOD_TILL_CANCELED: "LIMIT",
    TimeInForce.POST_ONLY: "LIMIT_MAKER",
    TimeInForce.IMMEDIATE_OR_CANCEL: "IMMEDIATE_OR_CANCEL",
    TimeInForce.FILL_OR_KILL: "FILL_OR_KILL",
}
SIDES = {Side.BUY: "BUY", Side.SELL: "SELL"}
ONE_SIDED = {TradeStatus.BUYABLE: 2, TradeStatus.SELLABLE: 3}
NAMES = {"USDT": "Tether", "BTC": "Bitcoin", "ETH": "Ethereum", "SOL": "Solana", "PEPE": "Pepe"}


def status_of(order: Order) -> str:
    """Returns one of MEXC's five states."""
    if order.is_open:
        return "PARTIALLY_FILLED" if order.filled_base else "NEW"
    if order.finish is Finish.FILLED:
        return "FILLED"
    return "PARTIALLY_CANCELED" if order.filled_base else "CANCELED"


def type_of(order: Order) -> str:
    """Returns an order's type, which has the time in force in it."""
    return "MARKET" if order.type is OrderType.MARKET else TYPES[order.time_in_force]


def quantity(order: Order) -> Decimal:
    """Returns the base amount of an order; of a market buy, which has none, what it got."""
    return order.filled_base if order.in_quote else order.amount


def quote_amount(order: Order) -> Decimal:
    """Returns the order's worth in quote units."""
    return order.amount if order.in_quote else order.amount * order.price


def order_row(order: Order) -> Json:
    """Returns an order as it is looked up and listed."""
    untouched = order.is_open and not order.filled_base and order.updated_ms == order.created_ms
    return {
        "symbol": symbol_of(order.pair),
        "orderId": order_id(order.id),
        "orderListId": -1,
        "clientOrderId": order.text or None,
        "price": plain(order.price),
        "origQty": plain(quantity(order)),
        "executedQty": plain(order.filled_base),
        "cummulativeQuoteQty": plain(order.filled_quote),
        "status": status_of(order),
        "timeInForce": None,
        "type": type_of(order),
        "side": SIDES[order.side],
        "stopPrice": None,
        "icebergQty": None,
        "time": order.created_ms,
        "updateTime": None if untouched else order.updated_ms,
        "isWorking": True,
        "origQuoteOrderQty": plain(quote_amount(order)),
        "stpMode": "",
        "cancelReason": "stp_cancel" if order.finish is Finish.SELF_TRADE else "",
    }


def placed_row(order: Order, stp_mode: str) -> Json:
    """Returns what is said of an order that was taken: nothing of what has become of it."""
    return {
        "symbol": symbol_of(order.pair),
        "orderId": order_id(order.id),
        "orderListId": -1,
        "price": plain(order.price),
        "origQty": plain(quantity(order)),
        "type": type_of(order),
        "side": SIDES[order.side],
        "stpMode": stp_mode,
        "transactTime": order.created_ms,
    }


def commission(fill: Fill) -> tuple[Decimal, str]:
    """Returns what a fill costs, and in which currency. MEXC tells of one only: the received one goes before."""
    if fill.fee or not fill.gt_fee:
        return fill.fee, fill.fee_currency
    return fill.gt_fee, GT


def client_id(fill: Fill) -> str:
    """Returns the client's own id of a fill's order, "" when there is none: not where the order came from."""
    return "" if fill.text in ORIGINS.values() else fill.text


def fill_row(fill: Fill) -> Json:
    """Returns a fill as it is listed."""
    cost, currency = commission(fill)
    return {
        "symbol": symbol_of(fill.pair),
        "id": trade_id(fill.trade_id),
        "orderId": order_id(fill.order_id),
        "orderListId": -1,
        "price": plain(fill.price),
        "qty": plain(fill.amount),
        "quoteQty": plain(fill.amount * fill.price),
        "commission": plain(cost),
        "commissionAsset": currency,
        "time": fill.time_ms,
        "isBuyer": fill.side is Side.BUY,
        "isMaker": fill.role is Role.MAKER,
        "isBestMatch": True,
        "isSelfTrade": False,
        "clientOrderId": client_id(fill) or None,
    }


def trade_row(trade: Trade) -> Json:
    """Returns a trade as the public sees it."""
    return {
        "id": None,
        "price": plain(trade.price),
        "qty": plain(trade.amount),
        "quoteQty": plain(trade.price * trade.amount),
        "time": trade.time_ms,
        "isBuyerMaker": trade.side is Side.SELL,
        "isBestMatch": True,
        "tradeType": "BID" if trade.side is Side.BUY else "ASK",
    }


def levels(market: Market, side: Side, depth: int) -> list[tuple[str, str]]:
    """Returns the best levels of a side as price and quantity."""
    found: list[tuple[str, str]] = []
    for level in market.book.side(side).levels():
        if len(found) == depth:
            break
        found.append((plain(level.price), plain(level.amount)))
    return found


def book_ticker(market: Market) -> dict[str, str | None]:
    """Returns the best bid and ask; an empty side is null."""
    bid, ask = market.book.bids.best(), market.book.asks.best()
    return {
        "symbol": symbol_of(market.rules.id),
        "bidPrice": plain(bid.price) if bid else None,
        "bidQty": plain(bid.amount) if bid else None,
        "askPrice": plain(ask.price) if ask else None,
        "askQty": plain(ask.amount) if ask else None,
    }


def day_ticker(market: Market, day: DayFigures, now_ms: int) -> Json:
    """Returns the figures of the last 24 hours; the change is a fraction."""
    opened = round(day.last * 100 / (100 + day.change_percent), market.rules.price_precision)
    return {
        **book_ticker(market),
        "priceChange": plain(day.last - opened),
        "priceChangePercent": plain(round(day.change_percent / 100, 4)),
        "prevClosePrice": plain(opened),
        "lastPrice": plain(day.last),
        "openPrice": plain(opened),
        "highPrice": plain(day.high),
        "lowPrice": plain(day.low),
        "volume": plain(day.base_volume),
        "quoteVolume": plain(day.quote_volume),
        "openTime": now_ms - 86_400_000,
        "closeTime": now_ms,
        "count": None,
    }


def kline_row(candle: Candle, length_s: int) -> list[object]:
    """Returns a candle as a row of eight."""
    return [
        candle.start_s * 1000,
        plain(candle.open),
        plain(candle.high),
        plain(candle.low),
        plain(candle.close),
        plain(candle.base_volume),
        (candle.start_s + length_s) * 1000,
        plain(candle.quote_volume),
    ]


def symbol_row(rules: PairConfig, *, maker: Decimal, taker: Decimal, now_ms: int) -> Json:
    """Returns a market's rules; ``baseSizePrecision`` and ``quoteAmountPrecision`` are minimums there."""
    sides = [
        code
        for code, start_s in ((2, rules.buy_start_s), (3, rules.sell_start_s))
        if now_ms >= start_s * 1000 and ONE_SIDED.get(rules.trade_status, code) == code
    ]
    is_open = rules.trade_status is not TradeStatus.UNTRADABLE
    return {
        "symbol": symbol_of(rules.id),
        "status": "1" if is_open else "2",
        "baseAsset": rules.base,
        "baseAssetPrecision": rules.amount_precision,
        "quoteAsset": rules.quote,
        "quotePrecision": rules.price_precision,
        "quoteAssetPrecision": rules.price_precision,
        "baseCommissionPrecision": rules.amount_precision,
        "quoteCommissionPrecision": rules.price_precision,
        "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"],
        "isSpotTradingAllowed": is_open and bool(sides),
        "isMarginTradingAllowed": False,
        "quoteAmountPrecision": plain(rules.min_quote_amount),
        "baseSizePrecision": plain(rules.min_base_amount),
        "permissions": ["SPOT"],
        "filters": [],
        "maxQuoteAmount": plain(rules.max_quote_amount),
        "makerCommission": plain(maker),
        "takerCommission": plain(taker),
        "quoteAmountPrecisionMarket": plain(rules.min_quote_amount),
        "maxQuoteAmountMarket": plain(rules.max_quote_amount),
        "fullName": NAMES.get(rules.base, rules.base),
        "tradeSideType": 4 if not is_open or not sides else 1 if len(sides) == 2 else sides[0],
        "contractAddress": "",
        "firstOpenTime": min(rules.buy_start_s, rules.sell_start_s) * 1000,
        "st": False,
    }
