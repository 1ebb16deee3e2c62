"""What is handed in from outside instead of taken from the air: time that passes."""

from collections.abc import Callable
from typing import Protocol


class Cancellable(Protocol):
    """A call that has been scheduled."""

    def cancel(self) -> None:
        """The call will not happen any more."""


Schedule = Callable[[float, Callable[[], None]], Cancellable]
"""Calls a function once after a number of seconds, as ``loop.call_later`` does."""
