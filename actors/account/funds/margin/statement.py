"""What the exchange has told of one position (R2)."""

from decimal import Decimal
from typing import Final

import msgspec

from messages.position import Position
from messages.validation import ZERO

_WHOLE_SECOND_MS: Final = 1000


class Statement(msgspec.Struct, frozen=True):
    """One report of a position.

    Attributes:
        told_ms: when it was told to be so, the exchange's clock: of a push, when it changed; of a query, when that was
            taken up. is_queried: it answers a query.
    """

    position: Position
    told_ms: int
    is_queried: bool

    @property
    def rank(self) -> tuple[int, int, bool, Decimal, Decimal]:
        """The greater one stands. ``told_ms`` decides between two of one update: what moves with the mark price alone
        is told without a new ``update_id``. Between two of one moment anything decides, but always the same."""
        told = self.position
        return told.update_id, self.told_ms, self.is_queried, told.quantity, told.mark_price or ZERO

    @property
    def moment(self) -> tuple[int, int, Decimal, Decimal]:
        """The greater one is the later query."""
        told = self.position
        return self.told_ms, told.update_id, told.quantity, told.mark_price or ZERO


class Told:
    """The join of all statements of one position: any order and any repetition of them ends in the same.

    What queries alone tell is taken from the newest of them, whatever was pushed since. A query that finds no position
    where one was known is told by `deny`.
    """

    __slots__ = ("_denied_by_ms", "_denied_ms", "_exact_ms", "_newest", "_queried", "_through_ms")

    def __init__(self) -> None:
        self._newest: Statement | None = None
        self._queried: Statement | None = None
        self._exact_ms = 0
        self._through_ms = 0
        self._denied_ms = 0
        self._denied_by_ms = 0

    def apply(self, position: Position, as_of_ms: int = 0, lag_ms: int = 0) -> None:
        """``as_of_ms``: of the query that found it so, the exchange's clock; 0: the socket has told it. ``lag_ms``: so
        far queries may lag behind."""
        told = Statement(position, as_of_ms or position.updated_ms, bool(as_of_ms))
        newest, queried = self._newest, self._queried
        if as_of_ms and (queried is None or told.moment > queried.moment):
            self._queried = told
        if newest is not None and position.update_id < newest.position.update_id:
            return
        if newest is None or position.update_id > newest.position.update_id:
            self._exact_ms = self._through_ms = 0
        self._exact_ms = max(self._exact_ms, position.updated_ms)
        self._through_ms = max(self._through_ms, as_of_ms - lag_ms if as_of_ms else 0)
        if newest is None or told.rank > newest.rank:
            self._newest = told

    def deny(self, as_of_ms: int, lag_ms: int) -> None:
        """A query has found no such position. Taken up at ``as_of_ms`` of the exchange's clock, it may lag ``lag_ms``
        behind: there was none at some moment in between."""
        self._denied_ms = max(self._denied_ms, as_of_ms - lag_ms)
        self._denied_by_ms = max(self._denied_by_ms, as_of_ms)

    @property
    def is_known(self) -> bool:
        """Whether anything was told of it."""
        return self._newest is not None or bool(self._denied_ms)

    @property
    def _exact_by_ms(self) -> int:
        """A time of whole seconds, which is what queries tell, may be any moment of that second."""
        return self._exact_ms + (0 if self._exact_ms % _WHOLE_SECOND_MS else _WHOLE_SECOND_MS - 1)

    @property
    def _is_denied(self) -> bool:
        """What was told to be nothing is not denied: it is confirmed. What may have come to be after it was denied is
        not denied either."""
        newest = self._newest
        if newest is None:
            return True
        return bool(newest.position.quantity) and self._denied_ms > max(self._exact_by_ms, self._through_ms)

    @property
    def quantity(self) -> Decimal:
        """In base, signed."""
        return ZERO if self._newest is None or self._is_denied else self._newest.position.quantity

    @property
    def changed_ms(self) -> int:
        """Since when it is so, the exchange's clock."""
        return self._denied_ms if self._is_denied else self._exact_ms

    @property
    def changed_by_ms(self) -> int:
        """Since that moment at the latest."""
        return self._denied_ms if self._is_denied else self._exact_by_ms

    @property
    def denied_by_ms(self) -> int:
        """The latest moment that a denial may be of."""
        return self._denied_by_ms

    @property
    def through_ms(self) -> int:
        """Until when it is known to be so, the exchange's clock."""
        confirmed_ms = 0 if self.quantity else self._denied_ms
        return max(self.changed_by_ms, self._through_ms, confirmed_ms)

    @property
    def newest(self) -> Position | None:
        """As it was told last; None where nothing was, or where it is denied."""
        return None if self._newest is None or self._is_denied else self._newest.position

    @property
    def queried(self) -> Position | None:
        """As a query told it last."""
        return None if self._queried is None else self._queried.position
