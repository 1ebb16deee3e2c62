"""A past of finished orders and fills, made up, in which everything fits together.

Order ids grow with the time at which orders were placed, trade ids of a pair with the time of the trade, and all are
below the first ones that the engine gives. Fees were paid in what was received. The public tape begins empty.
"""

import math
import random
from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from exchanges.simulator.core.config import PairConfig, Past
from exchanges.simulator.core.engine import FIRST_ORDER_ID, FIRST_TRADE_ID, Engine, Market
from exchanges.simulator.core.fees import FEE_QUANTUM
from exchanges.simulator.core.orders import Fill, Finish, Order, OrderType, Role, Side, TimeInForce

DAY_MS = 86_400_000
WAITED_MS = (1, 60_000)  # between an order and its first fill, or its end
PRICE_REACH = 0.02  # around the pair's start price
FILL_SIZES = (1, 8)  # in the smallest amount that is allowed at the price
ENDED_EARLY = 0.2  # the share of filled orders that were canceled with a rest
TAKER = 0.3
NAMED = 0.5


@dataclass(slots=True)
class Plan:
    """An order to be: when it was placed and filled; ``end_ms`` is the last fill, or the cancel if there is none."""

    account: str
    pair: str
    placed_ms: int
    fills_ms: list[int]
    end_ms: int


def write_past(engine: Engine, past: Past, accounts: Collection[str], rng: random.Random) -> None:
    """Gives each account its past on each pair. To be called before the first order."""
    plans = [
        plan for pair in engine.markets for account in accounts for plan in _plans(account, pair, past, engine, rng)
    ]
    plans.sort(key=lambda plan: plan.placed_ms)
    orders: dict[str, list[Order]] = {account: [] for account in accounts}
    fills: dict[str, list[Fill]] = {account: [] for account in accounts}
    trades: dict[str, list[tuple[int, Order, Role, Decimal]]] = {pair: [] for pair in engine.markets}
    for number, plan in enumerate(plans, start=FIRST_ORDER_ID - len(plans)):
        rules = engine.markets[plan.pair].rules
        order, sizes = _order(number, plan, rules, rng)
        role = Role.TAKER if rng.random() < TAKER else Role.MAKER
        orders[plan.account].append(order)
        trades[plan.pair] += [(ms, order, role, size) for ms, size in zip(plan.fills_ms, sizes, strict=True)]
    for pair, market in engine.markets.items():
        for fill in _fills(market, sorted(trades[pair], key=lambda trade: trade[0]), engine.fee_rates):
            fills[fill.account].append(fill)
    for account in accounts:
        engine.accounts[account].remember(orders[account], fills[account])


def _plans(account: str, pair: str, past: Past, engine: Engine, rng: random.Random) -> list[Plan]:
    """Returns the orders of one account on one pair: fills are dealt out evenly, what gets none was canceled."""
    dealt = [past.fills * (n + 1) // past.orders - past.fills * n // past.orders for n in range(past.orders)]
    count = sum(max(1, fills) for fills in dealt)
    until_s = engine.now_ms() // 1000 - 1
    since_s = until_s - past.days * DAY_MS // 1000
    together = past.fills_in_a_second
    seconds = sorted(int(rng.uniform(since_s, until_s)) for _ in range(math.ceil(count / together)))
    times = sorted(seconds[n // together] * 1000 + n % together * 1000 // together for n in range(count))
    plans, first = [], 0
    for fills in dealt:
        mine = times[first : first + max(1, fills)]
        first += len(mine)
        plans.append(Plan(account, pair, mine[0] - rng.randrange(*WAITED_MS), mine[:fills], mine[-1]))
    return plans


def _order(number: int, plan: Plan, rules: PairConfig, rng: random.Random) -> tuple[Order, list[Decimal]]:
    """Returns the order as it ended, and what each of its fills took."""
    tick, lot = Decimal(1).scaleb(-rules.price_precision), Decimal(1).scaleb(-rules.amount_precision)
    price = max(tick, (rules.start_price * Decimal(1 + rng.uniform(-PRICE_REACH, PRICE_REACH))).quantize(tick))
    smallest = max(1, math.ceil(rules.min_base_amount / lot), math.ceil(rules.min_quote_amount / price / lot))
    low, high = smallest * FILL_SIZES[0], smallest * FILL_SIZES[1]
    sizes = [lot * rng.randint(low, high) for _ in plan.fills_ms]
    rest = Decimal(0) if sizes and rng.random() >= ENDED_EARLY else lot * rng.randint(low, high)
    filled = sum(sizes, Decimal(0))
    order = Order(
        id=number,
        account=plan.account,
        rules=rules,
        side=rng.choice((Side.BUY, Side.SELL)),
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        amount=filled + rest,
        price=price,
        remaining=rest,
        created_ms=plan.placed_ms,
        updated_ms=plan.end_ms,
        ended_ms=plan.end_ms,
        text=f"t-past-{number}" if rng.random() < NAMED else "",
        origin=rng.choice(("web", "apiv4")),
        filled_base=filled,
        filled_quote=filled * price,
        finish=Finish.CANCELED if rest else Finish.FILLED,
    )
    return order, sizes


def _fills(
    market: Market, trades: list[tuple[int, Order, Role, Decimal]], fee_rates: dict[Role, Decimal]
) -> list[Fill]:
    """Returns the fills of a pair, from trades by their time, and books each with its order."""
    fills = []
    for number, (ms, order, role, amount) in enumerate(trades):
        received = amount if order.side is Side.BUY else amount * order.price
        fee = (received * fee_rates[role]).quantize(FEE_QUANTUM, ROUND_UP)
        fill = Fill(
            trade_id=FIRST_TRADE_ID - len(trades) + number,
            sequence=number + 1,
            order_id=order.id,
            account=order.account,
            pair=order.pair,
            side=order.side,
            role=role,
            price=order.price,
            amount=amount,
            fee=fee,
            fee_currency=order.receives,
            text=order.shown_text,
            amend_text="",
            time_ms=ms,
            rebated_fee_currency=order.pays,
        )
        order.fee += fee
        order.fills.append(fill)
        fills.append(fill)
    market.sequence = len(trades)
    return fills
