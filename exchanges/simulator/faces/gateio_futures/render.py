"""Contracts, orders, fills, positions and wallets as Gate writes them. Sizes are left as ``Decimal``, see `sizes`.

REST and WebSocket differ in the JSON types of prices, times and ids; each function says which one it is for.
"""

from decimal import Decimal

from exchanges.simulator.core.account_book import Booking
from exchanges.simulator.core.events import Change
from exchanges.simulator.core.futures.accounts import Figures
from exchanges.simulator.core.futures.engine import FuturesEngine
from exchanges.simulator.core.futures.history import Closure, ForcedTrade
from exchanges.simulator.core.futures.positions import Position
from exchanges.simulator.core.futures.requirements import liquidation_price, maintenance
from exchanges.simulator.core.orders import ZERO, BalanceReason, Fill, Forced, Order, OrderType, Role, Side
from exchanges.simulator.core.rules import plain
from exchanges.simulator.faces.gateio.render import STP_GROUP
from exchanges.simulator.faces.gateio.words import SELF_TRADES, TIMES_IN_FORCE
from exchanges.simulator.faces.gateio_futures.ids import order_number_told
from exchanges.simulator.faces.gateio_futures.sizes import number
from exchanges.simulator.faces.gateio_futures.words import (
    FINISHES,
    FORCED_TEXTS,
    MODES,
    PUSHED_FINISHES,
    WALLET_TYPES,
)

Json = dict[str, object]
NO_RANK = 6
USUAL_RANK = 3


def seconds(ms: int) -> float:
    """Returns a time in ms as Gate's seconds with a fraction."""
    return ms / 1000


def signed(side: Side, contracts: Decimal) -> Decimal:
    """Returns a size: below 0 for what is sold."""
    return contracts if side is Side.BUY else -contracts


def shown_text(order: Order) -> str:
    """The client id, where the order came from, or why the exchange made it."""
    return FORCED_TEXTS[order.forced] if order.forced is not None else order.shown_text


def _self_trade(order: Order, *, pushed: bool) -> Json:
    group = 0 if order.self_trade is None else STP_GROUP
    act = "-" if order.self_trade is None else SELF_TRADES[order.self_trade]
    return {"stp_id": str(group) if pushed else group, "stp_act": act}


def rest_order(order: Order, user_id: int, rates: dict[Role, Decimal], action_mode: str = "FULL") -> Json:
    """Returns the order as REST answers it; ``action_mode`` may cut it down."""
    brief = {
        "id": order_number_told(order.id),
        "user": user_id,
        "text": shown_text(order),
        "amend_text": order.amend_text or "-",
    }
    if action_mode == "ACK":
        return brief
    rendered: Json = {
        **brief,
        "contract": order.pair,
        "create_time": seconds(order.created_ms),
        "update_time": seconds(order.updated_ms),
        "update_id": order.version + 1,
        "status": "open" if order.is_open else "finished",
        "size": signed(order.side, order.amount),
        "left": signed(order.side, order.remaining),
        "iceberg": order.iceberg,
        "price": "0" if order.type is OrderType.MARKET else plain(order.price),
        "fill_price": plain(order.average_price),
        "tif": TIMES_IN_FORCE[order.time_in_force],
        "close": order.closes,
        "is_close": order.closes,
        "reduce_only": order.reduce_only,
        "is_reduce_only": order.reduce_only,
        "is_liq": order.forced is Forced.LIQUIDATION,
        "tkfr": plain(rates[Role.TAKER]),
        "mkfr": plain(rates[Role.MAKER]),
        "refu": 0,
        "refr": "0",
        "biz_info": "-",
        "pid": 0,
        **_self_trade(order, pushed=False),
    }
    if not order.is_open:
        rendered |= {"finish_as": FINISHES[order.finish], "finish_time": seconds(order.ended_ms)}
    if action_mode == "RESULT":
        del rendered["fill_price"]
    return rendered


def ws_order(order: Order, user_id: int, rates: dict[Role, Decimal]) -> Json:
    """Returns the order as ``futures.orders`` pushes it."""
    return {
        "id": order_number_told(order.id),
        "user": str(user_id),
        "text": shown_text(order),
        "amend_text": order.amend_text or "-",
        "biz_info": "-",
        "contract": order.pair,
        "create_time": order.created_ms // 1000,
        "create_time_ms": order.created_ms,
        "update_time": order.updated_ms,
        "update_id": order.version + 1,
        "finish_time": order.ended_ms // 1000,
        "finish_time_ms": order.ended_ms,
        "finish_as": PUSHED_FINISHES[order.finish],
        "status": "open" if order.is_open else "finished",
        "size": signed(order.side, order.amount),
        "left": signed(order.side, order.remaining),
        "iceberg": order.iceberg,
        "price": number(ZERO if order.type is OrderType.MARKET else order.price),
        "fill_price": number(order.average_price),
        "tif": TIMES_IN_FORCE[order.time_in_force],
        "is_close": order.closes,
        "is_reduce_only": order.reduce_only,
        "is_liq": order.forced is Forced.LIQUIDATION,
        "tkfr": number(rates[Role.TAKER]),
        "mkfr": number(rates[Role.MAKER]),
        "refu": 0,
        "refr": 0,
        "stop_profit_price": "",
        "stop_loss_price": "",
        **_self_trade(order, pushed=True),
    }


def close_size(fill: Fill) -> Decimal:
    """How much of a fill came off a position: 0 when it opened, with the sign of its size."""
    return signed(fill.side, fill.closed)


def rest_fill(fill: Fill, text: str, value: Decimal) -> Json:
    """Returns the fill as ``my_trades`` lists it; ``value`` in the settlement currency."""
    return {
        "id": fill.trade_id,
        "create_time": seconds(fill.time_ms),
        "contract": fill.pair,
        "order_id": str(order_number_told(fill.order_id)),
        "size": signed(fill.side, fill.amount),
        "close_size": close_size(fill),
        "price": plain(fill.price),
        "role": fill.role.value,
        "text": text,
        "fee": plain(fill.fee),
        "point_fee": plain(fill.point_fee),
        "trade_value": plain(value),
    }


def timerange_fill(fill: Fill, text: str, value: Decimal) -> Json:
    """Returns the fill as ``my_trades_timerange`` lists it: its id is a text there, under another name."""
    row = rest_fill(fill, text, value)
    del row["id"]
    return {"trade_id": str(fill.trade_id), **row}


def ws_fill(fill: Fill, text: str) -> Json:
    """Returns the fill as ``futures.usertrades`` pushes it."""
    return {
        "id": str(fill.trade_id),
        "create_time": fill.time_ms // 1000,
        "create_time_ms": fill.time_ms,
        "contract": fill.pair,
        "order_id": str(order_number_told(fill.order_id)),
        "size": signed(fill.side, fill.amount),
        "close_size": close_size(fill),
        "price": plain(fill.price),
        "role": fill.role.value,
        "text": text,
        "fee": number(fill.fee),
        "point_fee": number(fill.point_fee),
    }


def leverage_of(position: Position) -> tuple[Decimal, Decimal]:
    """Returns ``leverage`` and ``cross_leverage_limit``: the first is 0 for a cross position, the second otherwise."""
    return (ZERO, position.leverage) if position.is_cross else (position.leverage, ZERO)


def rest_position(position: Position, engine: FuturesEngine, *, user_id: int, orders: int) -> Json:
    """Returns the position as REST answers it, at the mark price of now; ``orders``: open ones of its contract."""
    contract, mark = position.contract, engine.mark(position)
    value = position.value(mark)
    tier = contract.tier(value)
    leverage, cross_limit = leverage_of(position)
    needed = maintenance(contract, value)
    return {
        "user": user_id,
        "contract": contract.id,
        "size": position.size,
        "leverage": plain(leverage),
        "cross_leverage_limit": plain(cross_limit),
        "leverage_max": plain(tier.max_leverage),
        "lever": plain(position.leverage),
        "pos_margin_mode": "cross" if position.is_cross else "isolated",
        "risk_limit": plain(tier.limit),
        "risk_limit_table": f"{contract.id}_table",
        "maintenance_rate": plain(tier.maintenance_rate),
        "average_maintenance_rate": plain(round(needed / value, 8)) if value else plain(tier.maintenance_rate),
        "value": plain(value),
        "margin": plain(ZERO if position.is_cross else position.margin),
        "initial_margin": plain(engine.initial_margin(position)),
        "maintenance_margin": plain(needed),
        "entry_price": plain(position.entry_price),
        "liq_price": plain(liquidation_price(position, engine.backing(position))),
        "mark_price": plain(mark),
        "unrealised_pnl": plain(position.unrealised(mark)),
        "realised_pnl": plain(position.realised),
        "pnl_pnl": plain(position.from_trades),
        "pnl_fund": plain(position.from_funding),
        "pnl_fee": plain(position.from_fees),
        "history_pnl": plain(position.history),
        "last_close_pnl": plain(position.last_close),
        "realised_point": "0",
        "history_point": "0",
        "adl_ranking": USUAL_RANK if position.size else NO_RANK,
        "pending_orders": orders,
        "close_order": None,
        "mode": MODES[position.leg],
        "update_time": position.updated_ms // 1000,
        "update_id": position.version,
        "open_time": position.opened_ms // 1000,
        "pid": 0,
    }


def ws_position(position: Position, engine: FuturesEngine, user_id: int) -> Json:
    """Returns the position as ``futures.positions`` pushes it: no mark price, and nothing that follows from it."""
    contract = position.contract
    tier = contract.tier(position.cost)
    leverage, cross_limit = leverage_of(position)
    return {
        "contract": contract.id,
        "size": position.size,
        "entry_price": number(position.entry_price),
        "leverage": number(leverage),
        "leverage_max": number(tier.max_leverage),
        "cross_leverage_limit": number(cross_limit),
        "margin": number(ZERO if position.is_cross else position.margin),
        "liq_price": number(liquidation_price(position, engine.backing(position))),
        "maintenance_rate": number(tier.maintenance_rate),
        "realised_pnl": number(position.realised),
        "history_pnl": number(position.history),
        "last_close_pnl": number(position.last_close),
        "realised_point": 0,
        "history_point": 0,
        "risk_limit": number(tier.limit),
        "mode": MODES[position.leg],
        "time": position.updated_ms // 1000,
        "time_ms": position.updated_ms,
        "update_id": position.version,
        "user": str(user_id),
    }


def account(figures: Figures, *, user_id: int, is_dual: bool, history: dict[BalanceReason, Decimal]) -> Json:
    """Returns the account as REST answers it. ``history``: sums of what its wallet was booked, by reason."""
    cross_balance = figures.wallet - figures.isolated_margin
    position_margin = figures.isolated_margin + figures.cross_initial
    sums: dict[str, Decimal] = {}
    for reason, amount in history.items():
        sums[WALLET_TYPES[reason]] = sums.get(WALLET_TYPES[reason], ZERO) + amount
    # what came in before the first booking is the rest
    sums["dnw"] = figures.wallet - sum((amount for name, amount in sums.items() if name != "dnw"), ZERO)
    return {
        "user": user_id,
        "currency": "USDT",
        "total": plain(figures.wallet),
        "unrealised_pnl": plain(figures.unrealised),
        "position_margin": plain(position_margin),
        "position_initial_margin": plain(position_margin),
        "isolated_position_margin": plain(figures.isolated_margin),
        "order_margin": plain(figures.order_margin),
        "maintenance_margin": plain(figures.maintenance),
        "available": plain(max(ZERO, figures.available)),
        "cross_order_margin": plain(figures.order_margin),
        "cross_initial_margin": plain(figures.cross_initial),
        "cross_maintenance_margin": plain(figures.cross_maintenance),
        "cross_unrealised_pnl": plain(figures.cross_unrealised),
        "cross_margin_balance": plain(cross_balance + figures.cross_unrealised),
        "cross_available": plain(max(ZERO, figures.available)),
        "point": "0",
        "bonus": "0",
        "margin_mode": 0,
        "position_mode": "dual" if is_dual else "single",
        "in_dual_mode": is_dual,
        "enable_credit": False,
        "enable_evolved_classic": True,
        "enable_new_dual_mode": True,
        "enable_tiered_mm": True,
        "enable_dual_plus": False,
        "history": {
            **{name: plain(sums.get(name, ZERO)) for name in ("dnw", "pnl", "fee", "refr", "fund")},
            **dict.fromkeys(("point_dnw", "point_fee", "point_refr", "bonus_dnw", "bonus_offset"), "0"),
        },
    }


def about(pair: str, order_id: int) -> str:
    """Returns the ``text`` of a change of the wallet: the contract, and the order if there is one."""
    return f"{pair}:{order_number_told(order_id)}" if order_id else pair or "-"


def rest_booking(booking: Booking) -> Json:
    """Returns a change of the wallet as ``account_book`` lists it."""
    return {
        "id": str(booking.id),
        "time": booking.time_ms // 1000,  # whole, as clients parse it as an integer
        "change": plain(booking.change),
        "balance": plain(booking.total),
        "type": WALLET_TYPES[booking.reason],
        "text": about(booking.pair, booking.order_id),
        "contract": booking.pair,
        "trade_id": "",
    }


def ws_wallet(change: Change, user_id: int, reason: BalanceReason, now_ms: int) -> Json:
    """Returns a change of the wallet as ``futures.balances`` pushes it."""
    return {
        "balance": number(change.balance.total),
        "change": number(change.total),
        "text": about(change.pair, change.order_id),
        "time": now_ms // 1000,
        "time_ms": now_ms,
        "type": WALLET_TYPES[reason],
        "user": str(user_id),
        "currency": "usdt",
    }


def rest_closure(closure: Closure) -> Json:
    """Returns a closed position as ``position_close`` lists it."""
    closed, order = closure.closed, closure.order
    ours, other = ("short_price", "long_price") if closed.is_long else ("long_price", "short_price")
    return {
        "time": seconds(closed.closed_ms),
        "contract": closed.pair,
        "side": "long" if closed.is_long else "short",
        "pnl": plain(closed.realised),
        "pnl_pnl": plain(closed.from_trades),
        "pnl_fund": plain(closed.from_funding),
        "pnl_fee": plain(closed.from_fees),
        "text": shown_text(order),
        "first_open_time": closed.opened_ms // 1000,
        ours: plain(order.average_price),
        other: plain(closed.entry_price),
        "accum_size": closed.most,
        "max_size": closed.most,
    }


def ws_closure(closure: Closure, user_id: int) -> Json:
    """Returns a closed position as ``futures.position_closes`` pushes it."""
    closed = closure.closed
    return {
        "contract": closed.pair,
        "pnl": number(closed.realised),
        "side": "long" if closed.is_long else "short",
        "text": shown_text(closure.order),
        "time": closed.closed_ms // 1000,
        "time_ms": closed.closed_ms,
        "user": str(user_id),
    }


def liquidation(taken: ForcedTrade, *, pushed: bool, user_id: int) -> Json:
    """Returns a liquidation: prices are numbers in a push, texts over REST."""
    order = taken.order
    price = number if pushed else plain
    row: Json = {
        "time": taken.time_ms // 1000,
        "contract": order.pair,
        "leverage": price(taken.leverage),
        "size": taken.size,
        "margin": price(ZERO),
        "entry_price": price(ZERO),
        "liq_price": price(taken.mark),
        "mark_price": price(taken.mark),
        "order_id": order_number_told(order.id),
        "order_price": price(order.price),
        "fill_price": price(order.average_price),
        "left": order.remaining,
    }
    return row | {"time_ms": taken.time_ms, "user": str(user_id)} if pushed else row


def deleveraging(reduced: ForcedTrade, *, pushed: bool, user_id: int) -> Json:
    """Returns an auto-deleveraging, likewise."""
    order = reduced.order
    price = number if pushed else plain
    row: Json = {
        "time": reduced.time_ms // 1000,
        "contract": order.pair,
        "order_id": order_number_told(order.id),
        "user": str(user_id) if pushed else user_id,
        "leverage": price(reduced.leverage),
        "cross_leverage_limit": price(ZERO),
        "entry_price": price(ZERO),
        "fill_price": price(order.average_price),
        "trade_size": signed(order.side, order.amount),
        "position_size": reduced.size + signed(order.side, order.amount),
    }
    return row | {"time_ms": reduced.time_ms} if pushed else row
