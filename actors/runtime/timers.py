"""Messages that actors send themselves later."""

import math
from collections.abc import Callable

from actors.runtime.inbox import lane_of
from messages.lanes import Lane


class Timer:
    """A message that an actor will send itself; see ``later`` of the actors."""

    __slots__ = ("_cancel",)

    def __init__(self, cancel: Callable[["Timer"], None]) -> None:
        self._cancel = cancel

    def cancel(self) -> None:
        """Do not send it. Nothing happens when it has been sent already. To be called in the actor."""
        self._cancel(self)


def check_delay(delay_s: float) -> None:
    """Raises `ValueError` for a delay that no timer can keep."""
    if not (math.isfinite(delay_s) and delay_s >= 0):
        raise ValueError(f"delay_s = {delay_s!r} is not allowed: finite seconds, 0 or more")


def own_lane(message: object) -> Lane:
    """The lane for what an actor sends itself: never refused for lack of room."""
    return Lane.CONTROL if lane_of(type(message)) is Lane.CONTROL else Lane.EVENT
