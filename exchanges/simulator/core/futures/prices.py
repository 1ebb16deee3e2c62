"""Index and mark prices, and the funding rates that follow from them.

The index is what the pair is worth by common consent; the mark stands above or below it by a moving basis. Both change
once a second, and are the same whenever they are asked for within it.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from math import exp
from typing import Final

from exchanges.simulator.core.fair_values import FairValues
from exchanges.simulator.core.futures.contracts import ContractConfig

INTEREST: Final = Decimal("0.0001")
"""What is added to the premium, a fraction of the value."""
RATE_QUANTUM: Final = Decimal("1e-6")


class Prices:
    """Of all contracts. ``values``: the fair values as the venue sees them; ``now_ms``: since 1970."""

    def __init__(self, values: FairValues, now_ms: Callable[[], int]) -> None:
        self._values = values
        self._now_ms = now_ms
        self._set: dict[str, tuple[Decimal, Decimal]] = {}
        self._known: dict[str, tuple[int, Decimal, Decimal]] = {}

    def index(self, contract: ContractConfig) -> Decimal:
        """What the base is worth on spot markets."""
        return self.at(contract, self._now_ms())[0]

    def mark(self, contract: ContractConfig) -> Decimal:
        """What positions are valued at."""
        return self.at(contract, self._now_ms())[1]

    def at(self, contract: ContractConfig, at_ms: int) -> tuple[Decimal, Decimal]:
        """Index and mark as they are or were at a time, unless they have been set."""
        fixed = self._set.get(contract.id)
        if fixed is not None:
            return fixed
        second_ms = at_ms - at_ms % 1000
        known = self._known.get(contract.id)
        if known is not None and known[0] == second_ms:
            return known[1:]
        index = _price(contract, self._values.common(contract.id, second_ms))
        mark = _price(contract, self._values.moved(contract.id, second_ms))
        self._known[contract.id] = (second_ms, index, mark)
        return index, mark

    def set(self, contract: ContractConfig, prices: tuple[Decimal, Decimal] | None) -> None:
        """Holds index and mark of a contract at these; None lets them move again."""
        if prices is None:
            self._set.pop(contract.id, None)
        else:
            self._set[contract.id] = prices

    def funding_rate(self, contract: ContractConfig, at_ms: int) -> Decimal:
        """What longs pay to shorts at a settlement then, as a fraction of the value at the mark price."""
        index, mark = self.at(contract, at_ms)
        rate = ((mark - index) / index + INTEREST).quantize(RATE_QUANTUM, ROUND_HALF_EVEN)
        return max(-contract.funding_limit, min(contract.funding_limit, rate))


def _price(contract: ContractConfig, moved: float) -> Decimal:
    price = (contract.start_price * Decimal(exp(moved))).quantize(contract.tick, ROUND_HALF_EVEN)
    return max(contract.tick, price)
