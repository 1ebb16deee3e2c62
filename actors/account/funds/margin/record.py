"""One position as it is known: what the exchange has told, and what fills say since (R2)."""

from bisect import bisect_right, insort
from decimal import Decimal
from typing import Final

import msgspec

from actors.account.funds.margin.followed import Change, Mark, follow, unexplained
from actors.account.funds.margin.statement import Told
from messages.enums import Side
from messages.order import Fill
from messages.position import Position, PositionSide
from messages.symbol import Symbol
from messages.validation import ZERO

_SKEW_MS: Final = 500
"""A position may be stamped so long before a fill that is in it: the exchange does not say that both have one stamp."""
_MOST_CHANGES: Final = 10_000
"""Fills kept of one position that nothing has explained yet; older ones are taken to be explained."""


class OutOfStep(msgspec.Struct, frozen=True, kw_only=True):
    """The exchange tells of a position what its fills do not explain.

    Attributes:
        quantity: as the exchange tells it, in base, signed. by_fills: what the fills that are known make of it.
        from_ms: fills since then are in question, the exchange's clock.
    """

    symbol: Symbol
    side: PositionSide
    quantity: Decimal
    by_fills: Decimal
    from_ms: int


class PositionRecord:
    """Joins what is told of one position with its fills.

    Told by the exchange, a quantity stands; fills that are later than that are added to it, so that a position is
    known as soon as its fills are. Whether the fills explain what was told is a question of its own: `out_of_step`
    answers it, and nothing is changed by that.
    """

    __slots__ = ("_anchor", "_changes", "_known", "_told", "side", "symbol")

    def __init__(self, symbol: Symbol, side: PositionSide) -> None:
        self.symbol = symbol
        self.side = side
        self._told = Told()
        self._changes: list[Change] = []
        self._known: set[tuple[str, str]] = set()
        self._anchor: Mark | None = None

    # -- what is heard ------------------------------------------------------------------------------------------------

    def apply(self, position: Position, as_of_ms: int = 0, lag_ms: int = 0) -> None:
        """Takes in a report; see `Told.apply`."""
        self._told.apply(position, as_of_ms, lag_ms)
        self._begin()

    def deny(self, as_of_ms: int, lag_ms: int) -> None:
        """Takes in that there is none; see `Told.deny`."""
        self._told.deny(as_of_ms, lag_ms)
        self._begin()

    def fill(self, fill: Fill) -> None:
        """Takes in a fill of it, once (R2)."""
        name = (fill.trade_id, fill.order_id)
        if name in self._known or (self._anchor is not None and fill.time_ms < self._anchor.from_ms):
            return
        self._known.add(name)
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        trade = (len(fill.trade_id), fill.trade_id, fill.order_id)
        insort(self._changes, Change(fill.time_ms, trade, signed, fill.price))

    def _begin(self) -> None:
        if self._anchor is None:
            self._anchor = self._mark()

    def _mark(self) -> Mark:
        told = self._told
        through_ms = told.denied_by_ms if told.newest is None else told.changed_by_ms + _SKEW_MS
        return Mark(told.quantity, told.changed_ms, through_ms)

    def _still(self) -> Mark:
        """The same of the last moment of which it is known."""
        now, through_ms = self._mark(), self._told.through_ms
        return Mark(now.quantity, through_ms, through_ms) if through_ms > now.through_ms else now

    # -- what is known ------------------------------------------------------------------------------------------------

    @property
    def is_known(self) -> bool:
        """Whether the exchange has told anything of it: fills alone do not say what there was before."""
        return self._told.is_known

    @property
    def told_quantity(self) -> Decimal:
        """As the exchange has told it last, in base, signed."""
        return self._told.quantity

    @property
    def quantity(self) -> Decimal:
        """The same with the fills that are later, in base, signed."""
        quantity = self._told.quantity
        return sum((change.quantity for change in self._later()), quantity)

    def _later(self) -> list[Change]:
        if not self._changes or not self._told.is_known:
            return []
        through_ms = self._told.through_ms
        if self._changes[-1].time_ms <= through_ms:
            return []
        return self._changes[bisect_right(self._changes, through_ms, key=lambda change: change.time_ms) :]

    @property
    def position(self) -> Position | None:
        """As it is known now; None while the exchange has told nothing of it.

        Where fills are ahead of the exchange, what hangs on the quantity and cannot be reckoned here is not told: the
        price of liquidation and the maintenance margin.
        """
        if not self._told.is_known:
            return None
        told = self._told.newest
        queried = self._told.queried
        base = told or Position(symbol=self.symbol, side=self.side, quantity=ZERO, updated_ms=self._told.changed_ms)
        later = self._later()
        quantity, entry_price = follow(base.quantity, base.entry_price, later)
        quantity, entry_price = self._of_one_sign(quantity, entry_price)
        mark_price = base.mark_price or (None if queried is None else queried.mark_price)
        same = queried if queried is not None and queried.update_id == base.update_id and not later else None
        unrealized = base.unrealized_pnl if not later else None
        if unrealized is None and same is not None:
            unrealized = same.unrealized_pnl
        if unrealized is None and mark_price is not None and entry_price is not None:
            unrealized = (mark_price - entry_price) * quantity
        return msgspec.structs.replace(
            base,
            quantity=quantity,
            entry_price=entry_price,
            mark_price=mark_price,
            unrealized_pnl=unrealized if quantity else ZERO,
            liquidation_price=None if later else base.liquidation_price or (same and same.liquidation_price),
            maintenance_margin=None if later else base.maintenance_margin or (same and same.maintenance_margin),
            leverage=base.leverage or (None if queried is None else queried.leverage),
            risk_limit=base.risk_limit or (None if queried is None else queried.risk_limit),
            updated_ms=max([base.updated_ms, self._told.changed_ms, *(change.time_ms for change in later[-1:])]),
        )

    def _of_one_sign(self, quantity: Decimal, entry_price: Decimal | None) -> tuple[Decimal, Decimal | None]:
        """A long or short position of hedge mode does not turn: beyond zero are fills of the other one."""
        beyond = (self.side is PositionSide.LONG and quantity < ZERO) or (
            self.side is PositionSide.SHORT and quantity > ZERO
        )
        return (ZERO, None) if beyond else (quantity, entry_price)

    # -- whether both agree -------------------------------------------------------------------------------------------

    @property
    def out_of_step(self) -> OutOfStep | None:
        """What of the position its fills do not explain, or which fills the exchange has not told it with; None where
        they agree."""
        anchor = self._anchor
        if anchor is None or not (self._changes or self._told.quantity != anchor.quantity):
            return None
        now, changes = self._mark(), self._changes
        rest = unexplained(anchor, self._still(), changes) or unexplained(anchor, now, changes)
        later = sum((change.quantity for change in self._later()), ZERO)
        if not rest and not later:
            return None
        return OutOfStep(
            symbol=self.symbol,
            side=self.side,
            quantity=now.quantity,
            by_fills=now.quantity - rest + later,
            from_ms=anchor.from_ms,
        )

    def settle(self, before_ms: int) -> None:
        """What was told before that moment of the exchange's clock, and agrees, is not looked at again."""
        agrees = self._told.changed_ms < before_ms and self.out_of_step is None
        if agrees or len(self._changes) > _MOST_CHANGES:
            self.accept()

    def accept(self) -> None:
        """From here on fills are to explain what is told beyond the position as it is told now."""
        self._anchor = anchor = self._still()
        forgotten = bisect_right(self._changes, anchor.from_ms - 1, key=lambda change: change.time_ms)
        for change in self._changes[:forgotten]:
            self._known.discard((change.trade[1], change.trade[2]))
        del self._changes[:forgotten]
