"""Something with branches, for the tests of reach."""

from collections.abc import Callable
from functools import lru_cache


class Till:
    """Counts money."""

    def __init__(self) -> None:
        self.total = 0

    def pay(self, amount: int) -> int:
        if amount < 0:
            self.total = 0
            return 0
        for each in range(amount):
            self.total += each and 1
        return self.total

    def later(self, amount: int) -> Callable[[], int]:
        def act() -> int:
            return self.pay(amount)

        return act

    @property
    def is_empty(self) -> bool:
        return self.total == 0

    async def wait(self) -> int:
        return self.total


class Drawer(Till):
    """Has a `super()`, which is a closure of its own."""

    def pay(self, amount: int) -> int:
        return super().pay(amount)


@lru_cache(maxsize=1)
def cached(number: int) -> int:
    return number + 1


def twice(number: int) -> int:
    number += 1
    number += 1
    return number
