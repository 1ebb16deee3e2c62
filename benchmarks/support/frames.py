"""Frames about orders: whole lives of many orders, in whichever venue's words they are written."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from messages.symbol import Symbol

_CREATED_MS: Final = 1_760_001_000_000
QUANTITY: Final = "2.5"
PRICE: Final = "141.2"
STEPS: Final = ("put", "update", "finish")
"""The life of an order: accepted, filled in part, filled."""
_AMOUNTS: Final = {
    "put": ("2.5", "0", "0", "0"),
    "update": ("1", "1.5", "211.77", "0.0015"),
    "finish": ("0", "2.5", "352.95", "0.0025"),
}


class Moment(msgspec.Struct, frozen=True):
    """An order as it is after one step; `QUANTITY` base at `PRICE`, sells and buys in turn.

    Attributes:
        number: of the order. step: one of `STEPS`.
        left, filled: base. total: quote that was traded. fee: base.
        created_ms, updated_ms: the exchange's clock, unix milliseconds.
    """

    number: int
    symbol: Symbol
    step: str
    left: str
    filled: str
    total: str
    fee: str
    created_ms: int
    updated_ms: int

    @property
    def is_buy(self) -> bool:
        return self.number % 2 == 1


Write = Callable[[Moment], bytes]
"""A moment as one frame, as a venue sends it."""


class OrderFrames:
    """Makes frames; every order is a new one.

    Args:
        write: makes a frame. symbols: the orders are spread over these markets in turn. first: number of the first
            order; two makers whose numbers do not meet make different orders.
    """

    def __init__(self, write: Write, symbols: Sequence[Symbol], *, first: int = 1) -> None:
        self._write = write
        self._symbols = symbols
        self._next = first

    def lives(self, orders: int) -> list[bytes]:
        """Three frames for each of ``orders`` orders, several lives running side by side as in a real account."""
        frames: list[bytes] = []
        running: list[Iterator[bytes]] = []
        for _ in range(orders):
            running.append(self._life(STEPS))
            running = [life for life in running if self._step(life, frames)]
        while running:
            running = [life for life in running if self._step(life, frames)]
        return frames

    def finished(self, orders: int) -> Iterator[bytes]:
        """One frame for each of ``orders`` orders, with its end: fills a memory quickly."""
        for _ in range(orders):
            yield from self._life(("finish",))

    @staticmethod
    def _step(life: Iterator[bytes], frames: list[bytes]) -> bool:
        frame = next(life, None)
        if frame is not None:
            frames.append(frame)
        return frame is not None

    def _life(self, steps: Sequence[str]) -> Iterator[bytes]:
        number = self._next
        self._next += 1
        symbol, created_ms = self._symbols[number % len(self._symbols)], _CREATED_MS + number
        for step in steps:
            updated_ms = created_ms + STEPS.index(step) * 17
            yield self._write(Moment(number, symbol, step, *_AMOUNTS[step], created_ms, updated_ms))
