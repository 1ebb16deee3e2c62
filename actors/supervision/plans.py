"""What the root supervisor is to keep running, and how often it may try."""

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from actors.connection.backoff import BackoffSettings
from actors.runtime import Address, Ref, TerminationCause
from messages.errors import InvalidValueError


class RestartSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    max_restarts, within_s: restart intensity; a group that needs more restarts than this in so many seconds is given
        up: trading with it stops instead of hammering on.
    backoff: pauses before restarts; the first one comes at once.
    """

    max_restarts: int = 5
    within_s: float = 60.0
    backoff: BackoffSettings = BackoffSettings(first_s=0.1, max_s=10.0, stable_s=30.0)

    def __post_init__(self) -> None:
        if self.max_restarts < 0:
            raise InvalidValueError("max_restarts", self.max_restarts, "0 or more")
        if not self.within_s > 0:
            raise InvalidValueError("within_s", self.within_s, "above 0 seconds")


class ChildPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One actor.

    Attributes:
        start: makes and starts it anew; the supervisor waits until its start is acknowledged.
        address: where it can be reached; bound when it has started. stop_deadline_s: for its orderly end.
    """

    name: str
    start: Callable[[], Ref[Any]]
    address: Address
    stop_deadline_s: float = 5.0


class GroupPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Actors of which each depends on those before it (rest for one): when one crashes, those after it are stopped,
    and it and they are started again. Groups do not depend on each other (one for one).

    Attributes:
        went_down: told of a crash before the restart. resumed: run after a restart, until done or the next crash.
        given_up: told when the restart intensity was passed; the group stays down.
    """

    name: str
    children: tuple[ChildPlan, ...]
    went_down: Callable[[TerminationCause], None]
    resumed: Callable[[], Coroutine[Any, Any, None]]
    given_up: Callable[[TerminationCause], None]
