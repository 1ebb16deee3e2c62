"""Another program on an account: it lives its own life, beside ours, and repeats with its randomness."""

from collections import Counter
from random import Random

import msgspec
import pytest

from exchanges.simulator import AccountConfig, Exchange
from exchanges.simulator.core.orders import Order, OrderType
from exchanges.simulator.core.other_program import OtherProgram

from .clocks import VirtualTime
from .conftest import QUIET
from .market import SELL, SmallMarket


def run(seed: int, acts: int = 300) -> tuple[Exchange, list[Order | None], int]:
    """Lets it act on a lively market; returns the exchange, what it did, and how many it ever had open."""
    time = VirtualTime()
    config = msgspec.structs.replace(QUIET, traders_on=True)
    exchange = Exchange(config, now_ms=time.now_ms, schedule=time.schedule, rng=Random(seed))
    exchange.start()
    program = OtherProgram(exchange.engine, "alpha", Random(seed), max_open=4)
    done, most = [], 0
    for _ in range(acts):
        time.advance(0.5)
        done.append(program.act())
        most = max(most, len(exchange.engine.accounts["alpha"].open_orders))
    return exchange, done, most


def test_it_places_amends_and_cancels_and_some_of_it_is_filled() -> None:
    exchange, done, most = run(seed=3)
    orders = list(exchange.engine.accounts["alpha"].orders.values())
    assert {order.type for order in orders} == set(OrderType)
    finishes = Counter(order.finish.value for order in orders)
    assert finishes["filled"] >= 20
    assert finishes["cancelled"] >= 20
    touched = Counter(order.id for order in done if order is not None)
    assert max(touched.values()) >= 3  # placed, amended, canceled
    assert {order.shown_text for order in orders if not order.text} == {"web", "101", "apiv4"}
    named = [order.text for order in orders if order.text]
    assert len(named) == len(set(named)) >= 20
    assert all(text.startswith("t-other-") for text in named)
    assert most == 4


def test_it_touches_no_order_but_its_own() -> None:
    market = SmallMarket()
    ours = market.limit("ann", SELL, "1", "200", text="t-ours")
    program = OtherProgram(market.engine, "ann", Random(5))
    for _ in range(200):
        program.act()
    assert (ours.is_open, ours.price, ours.remaining) == (True, 200, 1)
    assert len(market.engine.accounts["ann"].orders) > 20
    assert not market.engine.accounts["bob"].orders


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_randomness_does_the_same(seed: int) -> None:
    one, other = ([order and order.id for order in run(seed, acts=50)[1]] for _ in range(2))
    assert one == other
    assert one != [order and order.id for order in run(seed + 10, acts=50)[1]]


def test_without_money_nothing_is_done() -> None:
    time = VirtualTime()
    config = msgspec.structs.replace(QUIET, accounts=(AccountConfig(name="alpha", balances={}),))
    exchange = Exchange(config, now_ms=time.now_ms, schedule=time.schedule, rng=Random(1))
    program = OtherProgram(exchange.engine, "alpha", Random(1))
    assert {program.act() for _ in range(20)} == {None}
