"""Index and mark prices: on the spot market's fair value, with a basis that moves and stays small."""

import math
from decimal import Decimal
from random import Random

from exchanges.simulator import Exchange, SimulatorConfig
from exchanges.simulator.core.fair_values import BASIS_LIMIT, FairValues
from exchanges.simulator.core.futures.contracts import contracts_of
from exchanges.simulator.core.futures.prices import Prices
from exchanges.simulator.core.traders import HALF_SPREAD, STALE_BY

from ..clocks import VirtualTime
from .quiet import SOL

TICK = 0.01 / 141


def apart(one: Decimal, other: Decimal) -> float:
    return abs(math.log(one) - math.log(other))


def test_the_basis_moves_and_stays_within_its_limit() -> None:
    time = VirtualTime()
    prices = Prices(FairValues(3, "here", time.now_ms), time.now_ms)
    seen = set()
    for _ in range(600):
        time.advance(7)
        index, mark = prices.index(SOL), prices.mark(SOL)
        assert apart(index, mark) <= BASIS_LIMIT + TICK
        assert abs(prices.funding_rate(SOL, time.now_ms()) - Decimal("0.0001")) <= Decimal(BASIS_LIMIT) * 2
        seen.add(mark - index)
    assert len(seen) > 10
    assert min(seen) < 0 < max(seen)


def test_prices_stand_still_within_a_second_and_are_the_same_again() -> None:
    time = VirtualTime()
    prices = Prices(FairValues(3, "here", time.now_ms), time.now_ms)
    now_ms = time.now_ms()
    first = prices.at(SOL, now_ms)
    assert {prices.at(SOL, now_ms + part) for part in (1, 500, 999)} == {first}
    assert prices.at(SOL, now_ms + 60_000) != first
    assert prices.at(SOL, now_ms) == first


def test_the_index_is_what_spot_is_worth_and_the_books_follow_the_mark() -> None:
    time = VirtualTime()
    spot, futures = (
        Exchange(
            SimulatorConfig(seed=5),
            now_ms=time.now_ms,
            schedule=time.schedule,
            rng=Random(face),
            face=face,
            has_neighbours=True,
        )
        for face in ("gateio", "gateio_futures")
    )
    for exchange in (spot, futures):
        exchange.start()
    parts = futures.services.futures
    assert parts is not None
    for _ in range(60):
        time.advance(2)
        contract = parts.engine.contract("SOL_USDT")
        index, mark = parts.engine.prices.index(contract), parts.engine.prices.mark(contract)
        reach = HALF_SPREAD + STALE_BY + TICK
        assert apart(middle(spot), index) <= BASIS_LIMIT + reach
        assert apart(middle(futures), mark) <= BASIS_LIMIT + reach


def middle(exchange: Exchange) -> Decimal:
    book = exchange.engine.markets["SOL_USDT"].book
    bid, ask = book.bids.best(), book.asks.best()
    assert bid is not None
    assert ask is not None
    return (bid.price + ask.price) / 2


def test_every_pair_in_the_settlement_currency_has_a_contract() -> None:
    config = SimulatorConfig()
    made = contracts_of(config.pairs, 60)
    assert [contract.id for contract in made] == [pair.id for pair in config.pairs]
    assert {contract.amount_precision for contract in made} == {0, 1}
    for contract in made:
        assert 1 <= contract.value(Decimal(1), contract.start_price) <= 10
        assert contract.funding_interval_s == 60
