"""Made-up payloads of Gate's perpetuals; every value can be replaced."""

from typing import Any

from tests.exchanges.gateio.payloads import encode, frame

__all__ = ["encode", "frame"]


def contract(**changes: Any) -> dict[str, Any]:
    return {
        "name": "SOL_USDT",
        "type": "direct",
        "quanto_multiplier": "1",
        "leverage_min": "1",
        "leverage_max": "100",
        "maintenance_rate": "0.005",
        "mark_type": "index",
        "mark_price": "141.21",
        "index_price": "141.2",
        "last_price": "141.2",
        "maker_fee_rate": "0.0002",
        "taker_fee_rate": "0.0005",
        "order_price_round": "0.01",
        "mark_price_round": "0.01",
        "funding_rate": "0.000083",
        "funding_interval": 28800,
        "funding_next_apply": 1760025600,
        "order_size_min": 1,
        "order_size_max": 1000000,
        "market_order_size_max": 0,
        "order_price_deviate": "0.2",
        "orders_limit": 100,
        "orderbook_id": 990112233,
        "trade_id": 7711223,
        "in_delisting": False,
        "status": "trading",
        "enable_decimal": False,
    } | changes


def rest_order(**changes: Any) -> dict[str, Any]:
    return {
        "id": 36028797827161124,
        "user": 20417733,
        "create_time": 1760000000.211,
        "update_time": 1760000001.5,
        "finish_time": 1760000001.5,
        "finish_as": "filled",
        "status": "finished",
        "contract": "SOL_USDT",
        "size": "-40",
        "iceberg": "0",
        "price": "0",
        "close": False,
        "is_close": False,
        "reduce_only": False,
        "is_reduce_only": False,
        "is_liq": False,
        "tif": "ioc",
        "left": "0",
        "fill_price": "142.05",
        "text": "t-desk7-f00009",
        "tkfr": "0.0005",
        "mkfr": "0.0002",
        "refu": 0,
        "stp_id": 0,
        "stp_act": "-",
        "amend_text": "-",
    } | changes


def open_order(**changes: Any) -> dict[str, Any]:
    order = rest_order(status="open", price="150.5", tif="gtc", left="-40", fill_price="0", update_time=1760000000.211)
    for only_when_finished in ("finish_time", "finish_as"):
        del order[only_when_finished]
    return order | changes


def socket_order(**changes: Any) -> dict[str, Any]:
    return {
        "contract": "SOL_USDT",
        "create_time": 1760000000,
        "create_time_ms": 1760000000211,
        "fill_price": 142.05,
        "finish_as": "filled",
        "finish_time": 1760000001,
        "finish_time_ms": 1760000001500,
        "iceberg": 0,
        "id": 36028797827161124,
        "is_close": False,
        "is_liq": False,
        "is_reduce_only": False,
        "left": 0,
        "mkfr": 0.0002,
        "price": 0,
        "refr": 0,
        "refu": 0,
        "size": -40,
        "status": "finished",
        "text": "t-desk7-f00009",
        "tif": "ioc",
        "tkfr": 0.0005,
        "user": "20417733",
        "update_id": 2,
        "update_time": 1760000001500,
        "stp_id": "0",
        "stp_act": "-",
        "amend_text": "-",
        "biz_info": "-",
        "stop_profit_price": "",
        "stop_loss_price": "",
    } | changes


def rest_trade(**changes: Any) -> dict[str, Any]:
    return {
        "id": 3335259,
        "create_time": 1760000001.5,
        "contract": "SOL_USDT",
        "order_id": "36028797827161124",
        "size": "-40",
        "close_size": "0",
        "price": "142.05",
        "role": "taker",
        "text": "t-desk7-f00009",
        "fee": "2.841",
        "point_fee": "0",
        "trade_value": "5682",
    } | changes


def timerange_trade(**changes: Any) -> dict[str, Any]:
    trade = rest_trade(trade_id="3335259")
    del trade["id"]
    return trade | changes


def socket_trade(**changes: Any) -> dict[str, Any]:
    trade = rest_trade(id="3335259", create_time=1760000001, create_time_ms=1760000001500, size=-40, fee=2.841)
    return trade | {"point_fee": 0, "close_size": 0} | changes


def rest_position(**changes: Any) -> dict[str, Any]:
    return {
        "user": 20417733,
        "contract": "SOL_USDT",
        "size": "-40",
        "leverage": "0",
        "cross_leverage_limit": "10",
        "leverage_max": "100",
        "risk_limit": "1000000",
        "maintenance_rate": "0.005",
        "value": "5648.4",
        "margin": "564.84",
        "entry_price": "142.05",
        "liq_price": "188.3",
        "mark_price": "141.21",
        "unrealised_pnl": "33.6",
        "realised_pnl": "-2.84",
        "pnl_pnl": "0",
        "pnl_fund": "0",
        "pnl_fee": "-2.84",
        "history_pnl": "12.4",
        "last_close_pnl": "3.1",
        "adl_ranking": 4,
        "pending_orders": 1,
        "close_order": None,
        "mode": "single",
        "update_time": 1760000000,
        "update_id": 17,
        "open_time": 1759990000,
        "pos_margin_mode": "cross",
        "lever": "10",
        "initial_margin": "564.84",
        "maintenance_margin": "28.24",
        "average_maintenance_rate": "0.005",
        "risk_limit_table": "SOL_USDT_demo",
        "pid": 0,
    } | changes


def socket_position(**changes: Any) -> dict[str, Any]:
    return {
        "contract": "SOL_USDT",
        "cross_leverage_limit": 10,
        "entry_price": 142.05,
        "history_pnl": 12.4,
        "history_point": 0,
        "last_close_pnl": 3.1,
        "leverage": 0,
        "leverage_max": 100,
        "liq_price": 188.3,
        "maintenance_rate": 0.005,
        "margin": 564.84,
        "mode": "single",
        "realised_pnl": -2.84,
        "realised_point": 0,
        "risk_limit": 1000000,
        "size": -40,
        "time": 1760000001,
        "time_ms": 1760000001503,
        "update_id": 18,
        "user": "20417733",
    } | changes


def account(**changes: Any) -> dict[str, Any]:
    return {
        "user": 20417733,
        "currency": "USDT",
        "total": "9988.3",
        "unrealised_pnl": "33.6",
        "position_margin": "564.84",
        "order_margin": "12.5",
        "available": "9410.96",
        "point": "0",
        "bonus": "0",
        "in_dual_mode": False,
        "enable_credit": False,
        "position_mode": "single",
        "margin_mode": 0,
        "history": {"dnw": "10000", "pnl": "0", "fee": "-2.84"},
    } | changes


def ledger_row(**changes: Any) -> dict[str, Any]:
    return {
        "time": 1760000001.502,
        "change": "-2.841",
        "balance": "9988.3",
        "type": "fee",
        "text": "SOL_USDT:36028797827161124",
        "contract": "SOL_USDT",
        "trade_id": "3335259",
        "id": "5001",
    } | changes


def socket_balance(**changes: Any) -> dict[str, Any]:
    return {
        "balance": 9988.3,
        "change": -2.841,
        "text": "SOL_USDT:36028797827161124",
        "time": 1760000001,
        "time_ms": 1760000001502,
        "type": "fee",
        "user": "20417733",
        "currency": "usdt",
    } | changes


def conditional_order(**changes: Any) -> dict[str, Any]:
    return {
        "id": 88010042,
        "id_string": "88010042",
        "user": 20417733,
        "initial": {
            "contract": "SOL_USDT",
            "size": -40,
            "price": "0",
            "tif": "ioc",
            "text": "t-stop-1",
            "is_reduce_only": True,
            "is_close": False,
            "auto_size": "",
        },
        "trigger": {"strategy_type": 0, "price_type": 1, "price": "130", "rule": 2, "expiration": 86400},
        "status": "open",
        "finish_as": "",
        "order_type": "plan-close-long-position",
        "trade_id": 0,
        "create_time": 1760000000.25,
    } | changes


def book_ticker(**changes: Any) -> dict[str, Any]:
    return {
        "t": 1760000000123,
        "u": 990112240,
        "s": "SOL_USDT",
        "b": "141.2",
        "B": "840",
        "a": "141.21",
        "A": "77",
    } | changes


def ticker(**changes: Any) -> dict[str, Any]:
    return {
        "contract": "SOL_USDT",
        "last": "141.2",
        "lowest_ask": "141.21",
        "highest_bid": "141.2",
        "mark_price": "141.21",
        "index_price": "141.19",
        "funding_rate": "0.000083",
        "volume_24h": "8123411",
    } | changes


def risk_tier(**changes: Any) -> dict[str, Any]:
    return {
        "tier": 1,
        "risk_limit": "500000",
        "initial_rate": "0.01",
        "maintenance_rate": "0.005",
        "leverage_max": "100",
        "contract": "SOL_USDT",
        "deduction": "0",
    } | changes


def orders(*items: dict[str, Any]) -> bytes:
    return frame("futures.orders", list(items))


def trades(*items: dict[str, Any]) -> bytes:
    return frame("futures.usertrades", list(items))


def positions(*items: dict[str, Any]) -> bytes:
    return frame("futures.positions", list(items))


def balances(*items: dict[str, Any]) -> bytes:
    return frame("futures.balances", list(items))
