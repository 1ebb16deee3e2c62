"""All positions of one account: as the exchange tells them, and as fills move them (R2, R6)."""

from collections.abc import Collection, Iterable, Mapping

from actors.account.funds.margin.record import OutOfStep, PositionRecord
from messages.enums import OrderOrigin, Side
from messages.order import Fill
from messages.position import Position, PositionMode, PositionSide
from messages.symbol import Symbol

_REDUCES = {OrderOrigin.LIQUIDATION, OrderOrigin.AUTO_DELEVERAGING, OrderOrigin.SETTLEMENT}


def side_of(mode: PositionMode, side: Side, *, reduces: bool) -> PositionSide:
    """Which position of a market an order or a fill works on. In hedge mode a buy that reduces concerns the short one,
    any other buy the long one (`messages.commands.PlaceOrder`)."""
    if mode is PositionMode.ONE_WAY:
        return PositionSide.NET
    return PositionSide.LONG if (side is Side.BUY) is not reduces else PositionSide.SHORT


class Positions:
    """Plain synchronous state; only used inside the account's turns (R1).

    Every method that takes something in returns the positions that are to be told: those that have changed.

    Attributes:
        mode: how the account holds positions; None until the exchange has told.
    """

    def __init__(self) -> None:
        self.mode: PositionMode | None = None
        self._records: dict[tuple[Symbol, PositionSide], PositionRecord] = {}
        self._told: dict[tuple[Symbol, PositionSide], Position] = {}
        self._unplaced: dict[tuple[Symbol, str, str], Fill] = {}
        self._listed = (0, 0)
        self._unlisted: frozenset[Symbol] = frozenset()

    # -- what is heard ------------------------------------------------------------------------------------------------

    def apply(self, position: Position) -> tuple[Position, ...]:
        """Joins what the socket has told."""
        record = self._record(position.symbol, position.side)
        record.apply(position)
        return self._changed([record])

    def apply_query(self, positions: Iterable[Position], as_of_ms: int, lag_ms: int) -> tuple[Position, ...]:
        """Joins positions that a query found so. ``as_of_ms``: when it was taken up, the exchange's clock; it may lag
        ``lag_ms`` behind."""
        records = []
        for position in positions:
            record = self._record(position.symbol, position.side)
            record.apply(position, as_of_ms, lag_ms)
            records.append(record)
        return self._changed(records)

    def apply_list(
        self, positions: Collection[Position], as_of_ms: int, lag_ms: int, unreadable: Collection[Symbol] = ()
    ) -> tuple[Position, ...]:
        """Joins a complete list. What it lacks is none where nothing else was told of it, but for the markets of rows
        that could not be read; what was told otherwise is for the caller to ask about (R6)."""
        changed = self.apply_query(positions, as_of_ms, lag_ms)
        if as_of_ms > self._listed[0]:
            self._listed, self._unlisted = (as_of_ms, lag_ms), frozenset(unreadable)
        denied = [
            record
            for record in self._records.values()
            if record.symbol not in self._unlisted and not record.told_quantity
        ]
        listed = {(position.symbol, position.side) for position in positions}
        denied = [record for record in denied if (record.symbol, record.side) not in listed]
        for record in denied:
            record.deny(as_of_ms, lag_ms)
        return (*changed, *self._changed(denied))

    def apply_none(self, symbol: Symbol, as_of_ms: int, lag_ms: int) -> tuple[Position, ...]:
        """The exchange, asked for this market, has no position in it and never had one."""
        denied = [record for (of, _), record in self._records.items() if of == symbol]
        for record in denied:
            record.deny(as_of_ms, lag_ms)
        return self._changed(denied)

    def fill(self, fill: Fill, *, reduces: bool | None) -> tuple[Position, ...]:
        """Follows a fill. ``reduces``: whether its order is reduce-only; None where the order is not known: in hedge
        mode it waits then for `place`."""
        if fill.origin in _REDUCES:
            reduces = True
        mode = self.mode
        if mode is None or (reduces is None and mode is PositionMode.HEDGE):
            self._unplaced[fill.symbol, fill.trade_id, fill.order_id] = fill
            return ()
        record = self._record(fill.symbol, side_of(mode, fill.side, reduces=bool(reduces)))
        record.fill(fill)
        return self._changed([record])

    def place(self, reduces: Mapping[tuple[Symbol, str], bool]) -> tuple[Position, ...]:
        """Follows the fills that waited, as far as it is known now whether their orders, by market and id, reduce."""
        changed: list[Position] = []
        waiting, self._unplaced = self._unplaced, {}
        for fill in waiting.values():
            changed.extend(self.fill(fill, reduces=reduces.get((fill.symbol, fill.order_id))))
        return tuple(changed)

    @property
    def unplaced_orders(self) -> set[tuple[Symbol, str]]:
        """Market and id of the orders of fills that wait to be placed."""
        return {(fill.symbol, fill.order_id) for fill in self._unplaced.values()}

    # -- what is known ------------------------------------------------------------------------------------------------

    @property
    def held(self) -> tuple[Position, ...]:
        """Every position that there is, in the order in which they were first heard of."""
        return tuple(position for position in self._told.values() if not position.is_flat)

    def find(self, symbol: Symbol, side: PositionSide) -> Position | None:
        """As it is known now, flat or not; None where nothing is known of it."""
        return self._told.get((symbol, side))

    def of(self, symbol: Symbol) -> tuple[Position, ...]:
        """Those of one market, flat or not."""
        return tuple(position for (of, _), position in self._told.items() if of == symbol)

    @property
    def told_held(self) -> tuple[tuple[Symbol, PositionSide], ...]:
        """Positions of which the exchange has told that they are there: those that a complete list lacks are to be
        asked for by their market (R6)."""
        return tuple(name for name, record in self._records.items() if record.told_quantity)

    # -- whether fills and positions agree ----------------------------------------------------------------------------

    def out_of_step(self) -> tuple[OutOfStep, ...]:
        """Positions of which the exchange tells what their fills do not explain."""
        found = (record.out_of_step for record in self._records.values())
        return tuple(each for each in found if each is not None)

    def settle(self, before_ms: int) -> None:
        """See `PositionRecord.settle`."""
        for record in self._records.values():
            record.settle(before_ms)

    def accept(self, symbol: Symbol, side: PositionSide) -> tuple[Position, ...]:
        """See `PositionRecord.accept`."""
        record = self._record(symbol, side)
        record.accept()
        return self._changed([record])

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _record(self, symbol: Symbol, side: PositionSide) -> PositionRecord:
        record = self._records.get((symbol, side))
        if record is None:
            record = self._records[symbol, side] = PositionRecord(symbol, side)
            if self._listed[0] and symbol not in self._unlisted:
                record.deny(*self._listed)
        return record

    def _changed(self, records: Iterable[PositionRecord]) -> tuple[Position, ...]:
        changed = []
        for record in records:
            position = record.position
            name = (record.symbol, record.side)
            if position is not None and position != self._told.get(name):
                self._told[name] = position
                changed.append(position)
        return tuple(changed)
