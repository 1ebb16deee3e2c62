"""MEXC: `spot@private.orders.v3.api.pb` frames as it sends them, in protobuf (docs/venues/mexc.md, pushes).

The floor is a bare parse of the bytes by the same protobuf runtime and message class as ours, and one plain read of
each field without which the order is not known: the market, the moment of sending, and of the order its ids, side,
kind, status, amounts and moment. Nothing is made of what was read: amounts stay text, numbers of sides and kinds stay
numbers.
"""

from collections.abc import Iterable
from typing import Any, Final

from benchmarks.support.frames import PRICE, QUANTITY, Moment
from benchmarks.support.venues.description import Feed, OrderStream, ccxt_connected, ccxt_exchange, ccxt_market
from exchanges.base.environment import SystemClock
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.mexc.private_ws import PrivateFrameDecoder
from exchanges.mexc.proto.teller_mexc_pb2 import Push
from exchanges.mexc.symbols import Markets
from exchanges.simulator.faces.mexc.messages import frame
from messages.symbol import Symbol

_CHANNEL: Final = "spot@private.orders.v3.api.pb"
_STATUSES: Final = {"put": 1, "update": 3, "finish": 2}
_parse: Final = Push.FromString


def write(moment: Moment) -> bytes:
    """One update of one order, with every field that MEXC fills."""
    order = {
        "id": f"C02__{900_000_000_000_000_000 + moment.number}",
        "clientId": f"mgz3f9a2b1x7-{moment.number + 1_000_000}",
        "price": PRICE,
        "quantity": QUANTITY,
        "amount": "353",
        "avgPrice": "141.18" if moment.filled != "0" else "",
        "orderType": 1,
        "tradeType": 1 if moment.is_buy else 2,
        "isMaker": True,
        "remainAmount": {"put": "353", "update": "141.23", "finish": "0.05"}[moment.step],
        "remainQuantity": moment.left,
        "lastDealQuantity": {"put": None, "update": "1.5", "finish": "1"}[moment.step],
        "cumulativeQuantity": moment.filled,
        "cumulativeAmount": moment.total,
        "status": _STATUSES[moment.step],
        "createTime": moment.created_ms,
    }
    name = _name(moment.symbol)
    return frame(_CHANNEL, "privateOrders", order, sent_ms=moment.updated_ms, symbol=name)


def _name(symbol: Symbol) -> str:
    return f"{symbol.base}{symbol.quote}"


def _floor(received: bytes) -> object:
    push = _parse(received)
    order = push.order
    return (
        push.symbol,
        push.sendTime,
        order.id,
        order.clientId,
        order.price,
        order.quantity,
        order.amount,
        order.orderType,
        order.tradeType,
        order.cumulativeQuantity,
        order.cumulativeAmount,
        order.status,
        order.createTime,
    )


async def _nothing_to_load() -> None:
    return


def _make_feed(handlers: PrivateWebsocketHandlers, symbols: Iterable[Symbol]) -> Feed:
    markets = Markets(SystemClock(), _nothing_to_load)
    markets.learn((_name(symbol), symbol) for symbol in symbols)
    return PrivateFrameDecoder(handlers, markets).feed


def _connect_ccxt(symbols: Iterable[Symbol]) -> tuple[Any, Feed]:
    markets = (ccxt_market(symbol, _name(symbol)) for symbol in symbols)
    exchange = ccxt_exchange("mexc", markets, listenKey="key")
    url = f"{exchange.urls['api']['ws']['spot']}?listenKey=key"
    return exchange, ccxt_connected(exchange, url, _CHANNEL)


ORDER_STREAM = OrderStream(
    venue="mexc",
    write=write,
    make_feed=_make_feed,
    floor=_floor,
    connect_ccxt=_connect_ccxt,
    floor_at_most=4.0,
    ccxt_at_least=12.0,
)
