"""What happens at an exchange without our doing: fills, cancels, deposits."""

import random
from collections.abc import Callable, Iterable
from decimal import Decimal

from exchanges.simulator import Exchange
from exchanges.simulator.core.orders import Order
from exchanges.simulator.core.rules import RefusedError
from simulation.environment.faults import Fault, Weather
from simulation.trace import Trace


class House:
    """The hand of the exchange's house."""

    def __init__(self, exchange: Exchange, weather: Weather, rng: random.Random, trace: Trace) -> None:
        self._engine = exchange.engine
        self._weather = weather
        self._rng = rng
        self._trace = trace

    def meddle(self, accounts: Iterable[str]) -> None:
        """Does to each account what the weather says; called once a second."""
        for name in accounts:
            order = self._waiting(name)
            if order is not None and self._weather.happens(Fault.HOUSE_FILLS):
                self._fill(order)
            order = self._waiting(name)
            if order is not None and self._weather.happens(Fault.HOUSE_CANCELS):
                self._act(f"cancels {order.id}", self._engine.cancel, order)
            if self._weather.happens(Fault.DEPOSIT):
                amount = Decimal(self._rng.randint(1, 500))
                self._act(f"pays {amount} USDT to {name}", self._engine.deposit, name, "USDT", amount)

    def work_at_night(self, accounts: Iterable[str]) -> None:
        """Fills and cancels that happen to each account while its program is away, whatever the weather."""
        for name in accounts:
            order = self._waiting(name)
            if order is not None and self._rng.random() < 0.5:
                self._fill(order)
            order = self._waiting(name)
            if order is not None and self._rng.random() < 0.1:
                self._act(f"cancels {order.id}", self._engine.cancel, order)
            if self._rng.random() < 0.1:
                self._act(f"pays 7 USDT to {name}", self._engine.deposit, name, "USDT", Decimal(7))

    def _waiting(self, name: str) -> Order | None:
        waiting = list(self._engine.accounts[name].open_orders.values())
        return self._rng.choice(waiting) if waiting else None

    def _fill(self, order: Order) -> None:
        """A quarter, a half, or all of what remains."""
        lot = Decimal(1).scaleb(-order.rules.amount_precision)
        amount = max(lot, (order.remaining * self._rng.choice((1, 2, 4)) / 4).quantize(lot))

        def fill() -> None:
            self._engine.fill_from_house(order, amount=amount)

        self._act(f"fills {amount} of {order.id}", fill)

    def _act(self, what: str, act: Callable[..., object], *arguments: object) -> None:
        self._trace.add("house", what)
        try:
            act(*arguments)
        except RefusedError as error:
            self._trace.add("house", f"refused: {error.message}")
