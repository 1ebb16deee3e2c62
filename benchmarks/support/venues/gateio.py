"""Gate.io: `spot.orders` frames as its spot WebSocket manual has them, in JSON.

The floor is msgspec's typed decode of the bytes into the Structs that our decoder reads into; amounts are Decimals in
them.
"""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from benchmarks.support.frames import PRICE, QUANTITY, Moment
from benchmarks.support.venues.description import Feed, OrderStream, ccxt_connected, ccxt_exchange, ccxt_market
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.gateio.spot import wire
from exchanges.gateio.spot.private_ws import PrivateFrameDecoder
from messages.symbol import Symbol


def write(moment: Moment) -> bytes:
    """One update of one order."""
    is_finished = moment.step == "finish"
    order = {
        "id": str(900_000_000_000 + moment.number),
        "text": f"t-mgz3f9a2b1x7-{moment.number + 1_000_000}",
        "create_time": str(moment.created_ms // 1000),
        "update_time": str(moment.updated_ms // 1000),
        "create_time_ms": str(moment.created_ms),
        "update_time_ms": str(moment.updated_ms),
        "currency_pair": _name(moment.symbol),
        "type": "limit",
        "account": "spot",
        "side": "buy" if moment.is_buy else "sell",
        "amount": QUANTITY,
        "price": PRICE,
        "time_in_force": "gtc",
        "left": moment.left,
        "filled_total": moment.total,
        "filled_amount": moment.filled,
        "avg_deal_price": "141.18" if moment.filled != "0" else "0",
        "fee": moment.fee,
        "fee_currency": "SOL",
        "point_fee": "0",
        "gt_fee": "0",
        "rebated_fee": "0",
        "rebated_fee_currency": "USDT",
        "user": 20417733,
        "event": moment.step,
        "stp_id": 0,
        "stp_act": "-",
        "finish_as": "filled" if is_finished else "open",
        "biz_info": "-",
        "amend_text": "-",
    }
    frame = {
        "time": moment.updated_ms // 1000,
        "time_ms": moment.updated_ms,
        "channel": "spot.orders",
        "event": "update",
        "result": [order],
    }
    return json.dumps(frame, separators=(",", ":")).encode()


def _name(symbol: Symbol) -> str:
    return f"{symbol.base}_{symbol.quote}"


def _make_feed(handlers: PrivateWebsocketHandlers, _: Iterable[Symbol]) -> Feed:
    return PrivateFrameDecoder(handlers).feed


def _connect_ccxt(symbols: Iterable[Symbol]) -> tuple[Any, Feed]:
    exchange = ccxt_exchange("gate", (ccxt_market(symbol, _name(symbol)) for symbol in symbols))
    return exchange, ccxt_connected(exchange, exchange.urls["api"]["spot"], "orders")


ORDER_STREAM = OrderStream(
    venue="gateio",
    write=write,
    make_feed=_make_feed,
    floor=msgspec.json.Decoder(wire.PrivateFrame).decode,
    connect_ccxt=_connect_ccxt,
    floor_at_most=6.0,
    ccxt_at_least=10.0,
)
