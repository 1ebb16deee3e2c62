"""The order book of one pair: best price first, and first come first served at each price."""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from decimal import Decimal

from exchanges.simulator.core.orders import ZERO, Order, Side

LevelChange = tuple[Side, Decimal, Decimal]


class Level:
    """The orders that wait at one price, oldest first, and how much they offer together."""

    __slots__ = ("amount", "orders", "price")

    def __init__(self, price: Decimal) -> None:
        self.price = price
        self.amount = ZERO
        self.orders: OrderedDict[int, Order] = OrderedDict()


class BookSide:
    """The bids or the asks. The best price stands last in ``_ranks``, where adding and removing is cheapest."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._sign = 1 if side is Side.BUY else -1
        self._ranks: list[Decimal] = []
        self._levels: dict[Decimal, Level] = {}

    def __len__(self) -> int:
        return len(self._levels)

    def level_at(self, price: Decimal) -> Level | None:
        """Returns the level of this price, or None when nobody waits there."""
        return self._levels.get(price)

    def best(self) -> Level | None:
        """Returns the level that trades next, or None when this side is empty."""
        return self._levels[self._sign * self._ranks[-1]] if self._ranks else None

    def levels(self) -> Iterator[Level]:
        """Yields all levels, best first."""
        for rank in reversed(self._ranks):
            yield self._levels[self._sign * rank]

    def obtain(self, price: Decimal) -> Level:
        """Returns the level of this price, made when it is new."""
        level = self._levels.get(price)
        if level is None:
            level = self._levels[price] = Level(price)
            insort(self._ranks, self._sign * price)
        return level

    def drop(self, price: Decimal) -> None:
        """Takes away a level that has no orders left."""
        del self._levels[price]
        del self._ranks[bisect_left(self._ranks, self._sign * price)]


class Book:
    """Both sides, with a number that grows by one at each change of a level, and the changes not yet collected."""

    def __init__(self, first_update_id: int) -> None:
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)
        self.update_id = first_update_id
        self._changes: list[LevelChange] = []

    def side(self, side: Side) -> BookSide:
        """Returns the side on which orders of ``side`` wait."""
        return self.bids if side is Side.BUY else self.asks

    def add(self, order: Order) -> None:
        """Puts an order at the end of the queue of its price."""
        level = self.side(order.side).obtain(order.price)
        level.orders[order.id] = order
        level.amount += order.remaining
        self._changed(order.side, level)

    def remove(self, order: Order) -> None:
        """Takes an order out of the book; it must be in it."""
        book_side = self.side(order.side)
        level = book_side.obtain(order.price)
        del level.orders[order.id]
        level.amount -= order.remaining
        if not level.orders:
            book_side.drop(order.price)
        self._changed(order.side, level)

    def reduce(self, order: Order, amount: Decimal) -> None:
        """Lowers what a waiting order offers by ``amount``; it keeps its place, and leaves when nothing remains."""
        book_side = self.side(order.side)
        level = book_side.obtain(order.price)
        order.remaining -= amount
        level.amount -= amount
        if not order.remaining:
            del level.orders[order.id]
            if not level.orders:
                book_side.drop(order.price)
        self._changed(order.side, level)

    def contains(self, order: Order) -> bool:
        """Whether the order waits in the book."""
        level = self.side(order.side).level_at(order.price)
        return level is not None and order.id in level.orders

    def collect_changes(self) -> list[LevelChange]:
        """Returns the level changes since the last call, oldest first: side, price, amount now there."""
        changes, self._changes = self._changes, []
        return changes

    def _changed(self, side: Side, level: Level) -> None:
        self.update_id += 1
        self._changes.append((side, level.price, level.amount))
