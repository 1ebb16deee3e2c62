"""What comes of a supervisor's own tasks and timers; each says which attempt or connection it belongs to."""

from typing import Any

import msgspec

from actors.runtime import Reply


class Opened(msgspec.Struct, frozen=True):
    attempt: int
    is_new: bool


class Loaded(msgspec.Struct, frozen=True):
    attempt: int


class AttemptFailed(msgspec.Struct, frozen=True):
    attempt: int
    error: Exception


class RetryDue(msgspec.Struct, frozen=True):
    attempt: int


class AttemptDue(msgspec.Struct, frozen=True):
    """Another attempt in the same state: the one before was broken off or has to be confirmed."""

    attempt: int


class CheckDue(msgspec.Struct, frozen=True):
    attempt: int


class CheckAgain(msgspec.Struct, frozen=True):
    attempt: int


class Checked(msgspec.Struct, frozen=True):
    session_id: int
    asked_s: float
    error: Exception | None


class Resynced(msgspec.Struct, frozen=True):
    session_id: int
    asked_s: float
    reply: Reply[Any]
    error: Exception | None
