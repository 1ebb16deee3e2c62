"""Prices of exchanges side by side move together, and are not equal."""

import math
from itertools import combinations
from random import Random

import pytest

from exchanges.simulator import Exchange, SimulatorConfig
from exchanges.simulator.core.fair_values import BASIS_LIMIT, COMMON, FairValues
from exchanges.simulator.core.traders import HALF_SPREAD, STALE_BY
from exchanges.simulator.faces.registry import FACES

from .clocks import VirtualTime

PAIR = "SOL_USDT"


class SideBySide:
    """An exchange for each face, on one virtual time."""

    def __init__(self, seed: int = 5) -> None:
        self.time = VirtualTime()
        self.exchanges = {
            face: Exchange(
                SimulatorConfig(seed=seed),
                now_ms=self.time.now_ms,
                schedule=self.time.schedule,
                rng=Random(f"{seed} {face}"),
                face=face,
                has_neighbours=True,
            )
            for face in FACES
        }
        for exchange in self.exchanges.values():
            exchange.start()

    def middles(self) -> dict[str, float]:
        found = {}
        for face, exchange in self.exchanges.items():
            book = exchange.engine.markets[PAIR].book
            bid, ask = book.bids.best(), book.asks.best()
            assert bid is not None
            assert ask is not None
            found[face] = float(bid.price + ask.price) / 2
        return found


def test_the_fair_values_of_two_venues_are_never_far_from_each_other() -> None:
    time = VirtualTime()
    here, there = (FairValues(3, venue, time.now_ms) for venue in ("here", "there"))
    apart = []
    for _ in range(2_000):
        time.advance(0.5)
        apart.append(here.moved(PAIR) - there.moved(PAIR))
    assert max(map(abs, apart)) <= 2 * BASIS_LIMIT
    assert len(set(apart)) > 1_000


def test_the_common_path_moves_and_stays_around_the_start_price() -> None:
    time = VirtualTime()
    values = FairValues(3, "here", time.now_ms)
    assert abs(values.moved(PAIR)) <= BASIS_LIMIT
    seen = []
    for _ in range(2_000):
        time.advance(5)
        seen.append(values.moved(PAIR))
    assert max(seen) - min(seen) > 0.003
    assert max(map(abs, seen)) <= 2 * sum(height for _, height in COMMON) + BASIS_LIMIT


def test_seed_pair_and_venue_decide() -> None:
    time = VirtualTime()
    made = [FairValues(*which, time.now_ms) for which in ((3, "here"), (3, "here"), (4, "here"), (3, "there"))]
    time.advance(60)
    first, again, other_seed, other_venue = (values.moved(PAIR) for values in made)
    assert first == again
    assert len({first, other_seed, other_venue, made[0].moved("BTC_USDT")}) == 4


def test_books_side_by_side_move_together_but_not_equally() -> None:
    world = SideBySide()
    paths: dict[str, list[float]] = {face: [] for face in world.exchanges}
    for _ in range(300):
        world.time.advance(1)
        for face, middle in world.middles().items():
            paths[face].append(math.log(middle))
    for first, second in combinations(paths.values(), 2):
        apart = [mine - other for mine, other in zip(first, second, strict=True)]
        assert max(map(abs, apart)) < 2 * (BASIS_LIMIT + HALF_SPREAD + STALE_BY)
        assert len(set(apart)) > 200
        moved = [max(path) - min(path) for path in (first, second)]
        assert min(moved) > 2 * max(map(abs, apart)) / 3
        assert correlation(first, second) > 0.9


def test_the_same_seed_gives_the_same_books() -> None:
    worlds = [SideBySide(seed=8) for _ in range(2)]
    for world in worlds:
        world.time.advance(20)
    assert worlds[0].middles() == worlds[1].middles()


def correlation(ours: list[float], theirs: list[float]) -> float:
    mean_ours, mean_theirs = sum(ours) / len(ours), sum(theirs) / len(theirs)
    pairs = [(mine - mean_ours, other - mean_theirs) for mine, other in zip(ours, theirs, strict=True)]
    spread = math.sqrt(sum(mine**2 for mine, _ in pairs) * sum(other**2 for _, other in pairs))
    assert spread > 0
    return sum(mine * other for mine, other in pairs) / spread


@pytest.mark.parametrize("face", list(FACES))
def test_alone_an_exchange_walks_as_it_did(face: str) -> None:
    time = VirtualTime()
    exchange = Exchange(SimulatorConfig(), now_ms=time.now_ms, schedule=time.schedule, rng=Random(1), face=face)
    exchange.start()
    time.advance(5)
    assert exchange.engine.markets[PAIR].book.bids.best() is not None
