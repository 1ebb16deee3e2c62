"""The replica shows what was: against what was written down at each moment of a random market."""

import contextlib
import random
from collections.abc import Mapping
from decimal import Decimal

import pytest

from exchanges.simulator.core.ledger import Balance
from exchanges.simulator.core.orders import Finish, Order, TimeInForce
from exchanges.simulator.core.replica import Past, Replica
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.faces.gateio.render import rest_fill, rest_order

from .market import BUY, SELL, SmallMarket

KEPT_MS = 10_000
PAIR = "SOL_USDT"
Books = dict[str, object]


def shown(balances: Mapping[str, Balance]) -> object:
    return {name: (balance.available, balance.locked, balance.version) for name, balance in balances.items()}


def books_now(market: SmallMarket) -> Books:
    record = market.engine.accounts["ann"]
    return {
        "orders": [rest_order(order) for order in record.orders.values()],
        "open": [rest_order(order) for order in record.open_orders.values()],
        "finished": [rest_order(order) for order in record.finished.get(PAIR, [])],
        "fills": [rest_fill(fill) for fill in record.fills],
        "fills by order": {order.id: [fill.trade_id for fill in order.fills] for order in record.orders.values()},
        "balances": shown(market.engine.ledger.balances("ann")),
    }


def books_then(market: SmallMarket, past: Past) -> Books:
    record = market.engine.accounts["ann"]
    orders = [order for order in map(past.order, record.orders.values()) if order is not None]
    return {
        "orders": [rest_order(order) for order in orders],
        "open": [rest_order(order) for order in past.open_orders()],
        "finished": [rest_order(order) for order in past.finished(PAIR)],
        "fills": [rest_fill(fill) for fill in past.fills(record.fills)],
        "fills by order": {order.id: [fill.trade_id for fill in past.fills(order.fills)] for order in orders},
        "balances": shown(past.balances(market.engine.ledger.balances("ann"))),
    }


def act(market: SmallMarket, rng: random.Random) -> None:
    """One thing that an account, its neighbour or the house may do."""
    engine, record = market.engine, market.engine.accounts["ann"]
    open_orders = list(record.open_orders.values())
    cancelled = [order for order in record.finished.get(PAIR, []) if order.finish is Finish.CANCELED]
    who, side = rng.choice(("ann", "bob")), rng.choice((BUY, SELL))
    price, amount = str(rng.randrange(98, 103)), str(rng.randrange(1, 5))
    match rng.randrange(8):
        case 0 | 1:
            market.limit(who, side, amount, price)
        case 2:
            market.limit(who, side, amount, price, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        case 3:
            market.market(who, side, "200" if side is BUY else amount)
        case 4 if open_orders:
            engine.cancel(rng.choice(open_orders))
        case 5 if open_orders:
            engine.amend(rng.choice(open_orders), price=Decimal(price), amount=Decimal(amount))
        case 6 if open_orders:
            engine.fill_from_house(rng.choice(open_orders), amount=Decimal(1))
        case 7 if cancelled:
            order: Order = rng.choice(cancelled)
            engine.fill_late(order, Decimal("0.5"))
        case _:
            engine.deposit("ann", "USDT", Decimal(10))


@pytest.mark.parametrize("seed", range(20))
def test_every_moment_of_the_last_ten_seconds_is_shown_as_it_was(seed: int) -> None:
    rng = random.Random(seed)
    market = SmallMarket(sol="30", usdt="3000")
    replica = Replica(market.engine, now_ms=lambda: market.now_ms, kept_ms=KEPT_MS)
    market.engine.listeners.append(replica)
    written = {market.now_ms - KEPT_MS: books_now(market)}
    for _ in range(150):
        market.now_ms += rng.choice((0, 1, 300, 2_000, 9_000))
        with contextlib.suppress(RefusedError):
            act(market, rng)
        written[market.now_ms] = books_now(market)
        lag_ms = rng.choice((0, 1, rng.randrange(KEPT_MS), KEPT_MS))
        then_ms = market.now_ms - lag_ms
        expected = written[max(at_ms for at_ms in written if at_ms <= then_ms)]
        assert books_then(market, replica.past("ann", lag_ms)) == expected


def test_what_was_superseded_long_ago_is_not_kept() -> None:
    market = SmallMarket()
    replica = Replica(market.engine, now_ms=lambda: market.now_ms, kept_ms=KEPT_MS)
    market.engine.listeners.append(replica)
    for number in range(300):
        order = market.limit("ann", BUY, "1", "100")
        market.engine.amend(order, price=Decimal(90 + number % 5))
        market.engine.cancel(order)
        market.engine.fill_late(order, Decimal("0.5"))
        market.now_ms += 1_000
    history = replica._histories["ann"]
    kept = (history.orders, history.ended, history.traded_late, history.fills, history.balances["USDT"]._values)
    assert all(1 <= len(part) <= 12 for part in kept)


def test_a_clock_that_is_set_back_does_not_bring_back_the_past() -> None:
    market = SmallMarket()
    replica = Replica(market.engine, now_ms=lambda: market.now_ms, kept_ms=KEPT_MS)
    market.engine.listeners.append(replica)
    order = market.limit("ann", BUY, "1", "100")
    market.now_ms -= 60_000
    assert [found.id for found in replica.past("ann", 0).open_orders()] == [order.id]
    assert replica.past("ann", 1).open_orders() == []
