"""The connections of one venue, which tell each other when it can be reached again."""

from collections.abc import Callable
from typing import Final

WITHIN_S: Final = 1.0
"""Whoever is told tries within so many seconds, at a moment of its own: not all at once."""


class Neighbours:
    """Accounts and feed of one venue; only used on their common loop."""

    def __init__(self) -> None:
        self._told: dict[object, Callable[[], None]] = {}

    def join(self, member: object, told: Callable[[], None]) -> None:
        """``told`` is called whenever another member has got through."""
        self._told[member] = told

    def leave(self, member: object) -> None:
        """Hears no more of it."""
        self._told.pop(member, None)

    def answered(self, member: object) -> None:
        """``member`` got through after it could not."""
        for other, told in list(self._told.items()):
            if other is not member:
                told()
