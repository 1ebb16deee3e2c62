"""Made-up payloads of Gate's shapes; every value can be replaced."""

from typing import Any

import msgspec


def encode(value: object) -> bytes:
    return msgspec.json.encode(value)


def rest_order(**changes: Any) -> dict[str, Any]:
    order = {
        "id": "912345678901",
        "text": "t-desk7-000042",
        "amend_text": "-",
        "create_time": "1760000000",
        "update_time": "1760000002",
        "create_time_ms": 1760000000211,
        "update_time_ms": 1760000002045,
        "status": "open",
        "currency_pair": "SOL_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy",
        "amount": "2.5",
        "price": "141.2",
        "time_in_force": "gtc",
        "iceberg": "0",
        "left": "1",
        "filled_amount": "1.5",
        "fill_price": "211.77",
        "filled_total": "211.77",
        "avg_deal_price": "141.18",
        "fee": "0.0015",
        "fee_currency": "SOL",
        "point_fee": "0",
        "gt_fee": "0",
        "gt_maker_fee": "0",
        "gt_taker_fee": "0",
        "gt_discount": False,
        "rebated_fee": "0",
        "rebated_fee_currency": "USDT",
        "stp_id": 0,
        "stp_act": "-",
        "finish_as": "open",
    }
    return order | changes


def socket_order(**changes: Any) -> dict[str, Any]:
    order = rest_order(
        create_time_ms="1760000000211", update_time_ms="1760000002045", user=20417733, event="update", biz_info="-"
    )
    for only_by_rest in ("status", "iceberg", "fill_price", "gt_maker_fee", "gt_taker_fee", "gt_discount"):
        del order[only_by_rest]
    return order | changes


def rest_trade(**changes: Any) -> dict[str, Any]:
    trade = {
        "id": "7744112",
        "create_time": "1760000002",
        "create_time_ms": "1760000002041.377000",
        "currency_pair": "SOL_USDT",
        "side": "buy",
        "role": "taker",
        "amount": "1.5",
        "price": "141.18",
        "order_id": "912345678901",
        "fee": "0.0015",
        "fee_currency": "SOL",
        "point_fee": "0",
        "gt_fee": "0",
        "sequence_id": "55120",
        "text": "t-desk7-000042",
        "amend_text": "-",
        "deal": "211.77",
    }
    return trade | changes


def socket_trade(**changes: Any) -> dict[str, Any]:
    return rest_trade(id=7744112, create_time=1760000002, create_time_ms="1760000002041.377") | changes


def socket_balance(**changes: Any) -> dict[str, Any]:
    balance = {
        "timestamp": "1760000002",
        "timestamp_ms": "1760000002046",
        "user": "20417733",
        "currency": "USDT",
        "change": "-211.77",
        "total": "1788.23",
        "available": "1647.03",
        "freeze": "141.2",
        "freeze_change": "-211.8",
        "change_type": "order-match",
    }
    return balance | changes


def book_ticker(**changes: Any) -> dict[str, Any]:
    ticker = {
        "t": 1760000000123,
        "u": 4815162343,
        "s": "SOL_USDT",
        "b": "141.18",
        "B": "12.5",
        "a": "141.19",
        "A": "3",
    }
    return ticker | changes


def frame(channel: str, result: object, event: str = "update", **more: Any) -> bytes:
    return encode(
        {"time": 1760000002, "time_ms": 1760000002047, "channel": channel, "event": event, "result": result} | more
    )


def orders(*items: dict[str, Any]) -> bytes:
    return frame("spot.orders", list(items))


def trades(*items: dict[str, Any]) -> bytes:
    return frame("spot.usertrades", list(items))


def balances(*items: dict[str, Any]) -> bytes:
    return frame("spot.balances", list(items))
