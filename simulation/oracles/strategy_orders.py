"""Orders of strategies, by what each promises: one quote on a side, nothing left of one that was given up."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from exchanges.simulator import Exchange
from exchanges.simulator.core.orders import Order, Side, TimeInForce
from simulation.oracles.book_history import BookHistory
from simulation.oracles.command_log import CommandLog
from simulation.oracles.oracle import Oracle
from simulation.oracles.placings import Placings
from simulation.oracles.wish_terms import pair_of
from simulation.settings import QUOTER

_MAY_OVERLAP_S: Final = 5.0
"""While a quote is moved its cancel may be on its way for so long."""


class QuoterOrders(Oracle):
    """The quoter never has two orders on a side: not for longer than a cancel takes."""

    def __init__(self, exchange: Exchange, account: str, now_s: Callable[[], float]) -> None:
        self._exchange = exchange
        self._account = account
        self._now_s = now_s
        self._since_s: dict[Side, float] = {}

    def look(self) -> Iterator[str]:
        record = self._exchange.engine.accounts[self._account]
        for side in Side:
            count = sum(_is_quote(order, side) for order in record.open_orders.values())
            if count < 2:
                self._since_s.pop(side, None)
                continue
            since_s = self._since_s.setdefault(side, self._now_s())
            if self._now_s() - since_s > _MAY_OVERLAP_S:
                self._since_s[side] = self._now_s() + 3600.0  # once is enough
                yield f"{self._account}: the quoter has {count} orders on a side, {side.value} (R3)"


class GivenUp(Oracle):
    """A strategy that was given up leaves nothing open, where no other one trades (R13).

    Other programs, which trade on there, are no concern of it: only orders that came of its program's commands count.
    """

    def __init__(
        self,
        exchange: Exchange,
        history: BookHistory,
        log: CommandLog,
        accounts: Mapping[str, Sequence[str]],
        given_up: Callable[[], set[str]],
    ) -> None:
        """``log``: of the program whose strategies they are. ``accounts``: names of the strategies of each.
        ``given_up``: those of this life."""
        self._exchange = exchange
        self._history = history
        self._log = log
        self._accounts = accounts
        self._given_up = given_up

    def compare(self) -> Iterator[str]:
        given_up = self._given_up()
        for name, strategies in self._accounts.items():
            left = self._exchange.engine.accounts[name].open_orders
            if left and set(strategies) <= given_up and (own := self._own(name, left)):
                yield f"{name}: {own} orders of strategies that were given up are open (R13)"

    def _own(self, name: str, numbers: Iterable[int]) -> int:
        """How many of these orders came of commands of the program."""
        wishes = Placings(self._log, self._history.requests, name).matching.wishes
        return sum(self._history.states(name, number)[0].request in wishes for number in numbers)


def _is_quote(order: Order, side: Side) -> bool:
    """By its terms, down to how the quantity is written: traders give every decimal of the market, and may by chance
    ask for as much."""
    return (
        order.side is side
        and order.pair == pair_of(QUOTER.symbol)
        and order.time_in_force is TimeInForce.POST_ONLY
        and order.amount.as_tuple() == QUOTER.quantity.as_tuple()
    )
