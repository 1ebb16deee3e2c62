"""Contracts, tickers, trades, candles and levels as Gate writes them; sizes are left as ``Decimal``, see `sizes`."""

from decimal import Decimal

from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.futures.engine import FuturesEngine
from exchanges.simulator.core.market_history import DayFigures
from exchanges.simulator.core.orders import ZERO, Role, Side, Trade
from exchanges.simulator.core.public_past import Candle
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio_futures.render import Json, seconds, signed


def contract(market: Market, rules: ContractConfig, services: Services, last: Decimal) -> Json:
    """Returns the contract as REST describes it."""
    futures = services.futures
    assert futures is not None, "only where contracts are traded"
    engine, watch = futures.engine, futures.watch
    next_ms = watch.next_settlement_ms(rules)
    rate = plain(engine.prices.funding_rate(rules, services.engine.now_ms()))
    has_decimals = rules.amount_precision > 0
    return {
        "name": rules.id,
        "type": "direct",
        "contract_type": "",
        "quanto_multiplier": plain(rules.multiplier),
        "leverage_min": "1",
        "leverage_max": plain(rules.tiers[0].max_leverage),
        "cross_leverage_default": "10",
        "maintenance_rate": plain(rules.tiers[0].maintenance_rate),
        "mark_type": "index",
        "mark_price": plain(engine.prices.mark(rules)),
        "index_price": plain(engine.prices.index(rules)),
        "last_price": plain(last),
        "maker_fee_rate": plain(engine.fee_rates[Role.MAKER]),
        "taker_fee_rate": plain(engine.fee_rates[Role.TAKER]),
        "order_price_round": plain(rules.tick),
        "mark_price_round": plain(rules.tick),
        "order_price_deviate": plain(rules.deviation),
        # the smallest size of decimal contracts, and their step, are not told
        "order_size_min": ZERO if has_decimals else rules.min_base_amount,
        "order_size_max": rules.max_size,
        "market_order_size_max": rules.max_market_size,
        "market_order_slip_ratio": "0.05",
        "enable_decimal": has_decimals,
        "orders_limit": rules.max_orders,
        "risk_limit_base": plain(rules.tiers[0].limit),
        "risk_limit_step": "0",
        "risk_limit_max": plain(rules.tiers[-1].limit),
        "funding_rate": rate,
        "funding_rate_indicative": rate,
        "funding_rate_limit": plain(rules.funding_limit),
        "funding_interval": rules.funding_interval_s,
        "funding_next_apply": next_ms // 1000,
        "funding_offset": 0,
        "funding_cap_ratio": "1",
        "funding_impact_value": "5000",
        "interest_rate": "0.0003",
        "ref_discount_rate": "0",
        "ref_rebate_rate": "0",
        "orderbook_id": market.book.update_id,
        "trade_id": market.trade_id,
        "trade_size": ZERO,
        "position_size": open_interest(engine, rules.id),
        "config_change_time": 1_700_000_000,
        "create_time": 1_700_000_000,
        "launch_time": 1_700_000_000,
        "in_delisting": False,
        "status": "trading",
        "enable_bonus": False,
        "enable_credit": False,
        "enable_circuit_breaker": False,
        "is_pre_market": False,
        "voucher_leverage": "0",
    }


def open_interest(engine: FuturesEngine, pair: str) -> Decimal:
    """Returns how many contracts are held long."""
    held = (position for mine in engine.margins.values() for position in mine.held())
    return sum((position.size for position in held if position.contract.id == pair and position.size > 0), ZERO)


def ticker(market: Market, rules: ContractConfig, day: DayFigures, engine: FuturesEngine, rate: Decimal) -> Json:
    """Returns the ticker of a contract, for REST; an empty side is ""."""
    bid, ask = market.book.bids.best(), market.book.asks.best()
    volume_base = day.base_volume * rules.multiplier
    volume_quote = day.quote_volume * rules.multiplier
    return {
        "contract": rules.id,
        "last": plain(day.last),
        "change_percentage": plain(day.change_percent),
        "total_size": plain(open_interest(engine, rules.id)),
        "low_24h": plain(day.low),
        "high_24h": plain(day.high),
        "volume_24h": plain(day.base_volume),
        "volume_24h_base": plain(volume_base),
        "volume_24h_quote": plain(volume_quote),
        "volume_24h_settle": plain(volume_quote),
        "mark_price": plain(engine.prices.mark(rules)),
        "index_price": plain(engine.prices.index(rules)),
        "funding_rate": plain(rate),
        "funding_rate_indicative": plain(rate),
        "quanto_base_rate": "",
        "lowest_ask": plain(ask.price) if ask else "",
        "lowest_size": plain(ask.amount) if ask else "",
        "highest_bid": plain(bid.price) if bid else "",
        "highest_size": plain(bid.amount) if bid else "",
    }


def trade(public: Trade, *, pushed: bool) -> Json:
    """Returns a trade of the public; its time in ms is a float of seconds over REST, and ms in a push."""
    size = signed(public.side, public.amount)
    row: Json = {"id": public.id, "contract": public.pair, "size": size, "price": plain(public.price)}
    if pushed:
        return row | {"create_time": public.time_ms // 1000, "create_time_ms": public.time_ms}
    return row | {"create_time": seconds(public.time_ms), "create_time_ms": seconds(public.time_ms)}


def candle(row: Candle, multiplier: Decimal) -> Json:
    """Returns a candle as REST lists it."""
    return {
        "t": row.start_s,
        "v": row.base_volume,
        "c": plain(row.close),
        "h": plain(row.high),
        "l": plain(row.low),
        "o": plain(row.open),
        "sum": plain(row.quote_volume * multiplier),
    }


def levels(market: Market, side: Side, depth: int) -> list[Json]:
    """Returns the best ``depth`` levels of a side."""
    found: list[Json] = []
    for level in market.book.side(side).levels():
        if len(found) == depth:
            break
        found.append({"p": plain(level.price), "s": level.amount})
    return found
