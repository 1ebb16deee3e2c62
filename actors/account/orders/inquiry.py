"""One order that the exchange is being asked about."""

from collections.abc import Callable
from typing import TypeVar

from actors.account.state import OrderKey
from messages.order import Order

Settled = Callable[[Order | None], None]
"""Called in a turn of the account with the order as now known, or None when the exchange knows no such order."""

Failed = Callable[[Exception], None]
"""Called in a turn of the account with what kept the exchange from answering."""

Unsure = Callable[[], None]
"""Called in a turn of the account: the exchange has answered that it knows no such order, which may only mean "not
yet"."""

C = TypeVar("C")


class Inquiry:
    """What is known of the asking; changed by the order reconciler only.

    Attributes:
        began_ms: when it began, by the exchange's clock. attempts: so far, since the link was last back.
        is_asking: an attempt is under way. wait: number of the pause before the next one; older ones have lapsed.
        awaits_arrival: the exchange had not told of the order when this began, and whatever it tells is the answer.
        denied_ms: when the exchange was last asked by id and knew no such order; None: it never was.
        not_open_ms: when an order that could arrive no longer was first seen to be in no list; None: not yet.
        trouble: why a question was not answered last; "" for none. is_refused: the exchange refused the last one by id.
        watched_ms: up to here an end without a fill would have been seen in a list; 0: since the order was sent.
    """

    __slots__ = (
        "attempts",
        "awaits_arrival",
        "began_ms",
        "denied_ms",
        "failed",
        "is_asking",
        "is_refused",
        "not_open_ms",
        "order_key",
        "trouble",
        "unsure",
        "wait",
        "waiting",
        "watched_ms",
    )

    def __init__(self, order_key: OrderKey, began_ms: int, *, awaits_arrival: bool) -> None:
        self.order_key = order_key
        self.began_ms = began_ms
        self.awaits_arrival = awaits_arrival
        self.attempts = 0
        self.is_asking = False
        self.is_refused = False
        self.wait = 0
        self.denied_ms: int | None = None
        self.not_open_ms: int | None = None
        self.watched_ms = 0
        self.trouble = ""
        self.waiting: list[Settled] = []
        self.failed: list[Failed] = []
        self.unsure: list[Unsure] = []

    def begin_attempt(self) -> None:
        self.is_asking = True
        self.attempts += 1

    def begin_wait(self) -> int:
        """The attempt is over; returns the number of the pause that follows."""
        self.is_asking = False
        self.wait += 1
        return self.wait


def taken(callbacks: list[C]) -> list[C]:
    """All of them, each to be called once."""
    found = callbacks.copy()
    callbacks.clear()
    return found
