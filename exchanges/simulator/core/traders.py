"""Synthetic traders: makers that keep a ladder of orders around a wandering price, and takers that hit it.

They trade through the engine as internal accounts, without a wire. The price is a random walk that is drawn back
to the pair's start price, or follows the fair values that several exchanges have in common. The number of their
resting orders is bounded by the ladder; new money comes when they need it, so they never stop; and each visit puts
back what was taken, so no side stays empty.
"""

import math
import random
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.engine import Engine, Market
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.fair_values import FairValues
from exchanges.simulator.core.orders import NewOrder, Order, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.scheduling import Cancellable, Schedule

MAKERS = "~makers"
TAKERS = "~takers"
RUNGS = 8
HALF_SPREAD = 0.0006
RUNG_GAP = 0.0004
STALE_BY = 0.0003  # a rung is moved once its price is off by this fraction
WALK_STEP = 0.0002  # standard deviation of one visit's move, as a fraction
PULL_HOME = 0.002
TAKE_CHANCE = 0.6
RUNG_VALUE = (400.0, 2_500.0)  # in quote units
TAKE_VALUE = (300.0, 6_000.0)
TAKE_REACH = 0.004  # how far from the middle a taker goes


class Crowd:
    """The makers and takers of one pair."""

    def __init__(self, engine: Engine, market: Market, rng: random.Random, fair_values: FairValues | None) -> None:
        self._fair_values = fair_values
        self._engine = engine
        self._market = market
        self._rng = rng
        self._home = math.log(float(market.rules.start_price))
        self._walk = self._home
        self._rungs: dict[tuple[Side, int], Order] = {}

    @property
    def _rules(self) -> PairConfig:
        return self._market.rules  # they may change while it runs

    def visit(self) -> None:
        """Moves the price, lets a taker come by, and sets the ladder right."""
        if self._fair_values is None:
            self._walk += (self._home - self._walk) * PULL_HOME + self._rng.gauss(0.0, WALK_STEP)
        else:
            self._walk = self._home + self._fair_values.moved(self._rules.id)
        middle = math.exp(self._walk)
        if self._rng.random() < TAKE_CHANCE:
            self._take(middle)
        self._set_ladder(middle)

    def withdraw(self) -> None:
        """Takes the whole ladder out of the book."""
        for order in self._rungs.values():
            if order.is_open:
                self._engine.cancel(order)
        self._rungs.clear()

    def _take(self, middle: float) -> None:
        side = self._rng.choice((Side.BUY, Side.SELL))
        reach = 1 + TAKE_REACH if side is Side.BUY else 1 - TAKE_REACH
        amount = self._amount(self._rng.uniform(*TAKE_VALUE), middle)
        self._place(TAKERS, side, self._price(middle * reach, side), amount, TimeInForce.IMMEDIATE_OR_CANCEL)

    def _set_ladder(self, middle: float) -> None:
        wanted: list[tuple[Side, int, Decimal]] = []
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            for rung in range(RUNGS):
                price = middle * (1 + sign * (HALF_SPREAD + rung * RUNG_GAP))
                order = self._rungs.get((side, rung))
                if order is not None and order.is_open:
                    if abs(float(order.price) - price) <= price * STALE_BY:
                        continue
                    self._engine.cancel(order)
                wanted.append((side, rung, self._price(price, side)))
        for side, rung, limit in wanted:
            amount = self._amount(self._rng.uniform(*RUNG_VALUE), middle)
            order = self._place(MAKERS, side, limit, amount, TimeInForce.GOOD_TILL_CANCELED)
            if order is not None:
                self._rungs[side, rung] = order

    def _place(
        self, account: str, side: Side, price: Decimal, amount: Decimal, time_in_force: TimeInForce
    ) -> Order | None:
        rules = self._rules
        currency, needed = (rules.quote, price * amount) if side is Side.BUY else (rules.base, amount)
        self._engine.provide(account, currency, needed)
        new = NewOrder(
            pair=rules.id,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=time_in_force,
            amount=amount,
            price=price,
        )
        try:
            return self._engine.place(account, new)
        except RefusedError:
            return None  # a pair with unusual minimums, or a halted one: no order this time

    def _price(self, price: float, side: Side) -> Decimal:
        tick = Decimal(1).scaleb(-self._rules.price_precision)
        rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return max(tick, Decimal(price).quantize(tick, rounding))

    def _amount(self, value: float, middle: float) -> Decimal:
        lot = Decimal(1).scaleb(-self._rules.amount_precision)
        return max(lot, Decimal(value / middle / float(self._rules.unit)).quantize(lot, ROUND_HALF_UP))


class Traders(Listener):
    """Visits one pair after the other, one at each tick of the timer; a pair can be left alone.

    ``pairs`` names those that it visits ever; None is all, those that are listed later, too. ``fair_values``: what
    prices follow; None is a walk of their own.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        rng: random.Random,
        schedule: Schedule,
        interval_ms: int,
        pairs: Iterable[str] | None = None,
        fair_values: FairValues | None = None,
    ) -> None:
        for account in (MAKERS, TAKERS):
            engine.open_account(account, internal=True)
        self._fair_values = fair_values
        self._engine = engine
        self._rng = rng
        self._visits_all = pairs is None
        self._crowds: dict[str, Crowd] = {}
        for pair in engine.markets if pairs is None else pairs:
            self._gather(pair)
        self._quiet: set[str] = set()
        self._schedule = schedule
        self._interval_ms = interval_ms
        self._timer: Cancellable | None = None
        self._next = 0

    @property
    def on(self) -> bool:
        """Whether they trade."""
        return self._timer is not None

    def start(self) -> None:
        """Makes a market on every pair at once, and keeps it moving."""
        self._quiet.clear()
        if self._timer is None:
            for crowd in self._crowds.values():
                crowd.visit()
            self._wait()

    def stop(self) -> None:
        """Stops trading and takes all ladders out of the books."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for crowd in self._crowds.values():
            crowd.withdraw()

    def leave(self, pair: str) -> None:
        """Leaves one pair alone, with no order in its book, until they are started again."""
        self._quiet.add(pair)
        if pair in self._crowds:
            self._crowds[pair].withdraw()

    def step(self) -> None:
        """Visits the next pair."""
        pairs = [pair for pair in self._crowds if pair not in self._quiet]
        if pairs:
            self._next = (self._next + 1) % len(pairs)
            self._crowds[pairs[self._next]].visit()

    def on_listed(self, pair: str) -> None:
        """Visits the pair from now on, if all are visited."""
        if self._visits_all:
            self._gather(pair)

    def on_delisted(self, pair: str) -> None:
        """Stays away from the pair."""
        self._crowds.pop(pair, None)
        self._quiet.discard(pair)

    def _gather(self, pair: str) -> None:
        rng = random.Random(self._rng.random())
        self._crowds[pair] = Crowd(self._engine, self._engine.markets[pair], rng, self._fair_values)

    def _tick(self) -> None:
        self.step()
        self._wait()

    def _wait(self) -> None:
        self._timer = self._schedule(self._interval_ms / 1000, self._tick)
