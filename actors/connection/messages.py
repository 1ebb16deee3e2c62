"""What a connection supervisor is told."""

from typing import ClassVar

import msgspec

from messages.lanes import Lane


class Connect(msgspec.Struct, frozen=True):
    """Brings the owner live; answered when it is, or with the error that stopped the first attempt.

    ``persistent``: a first attempt that fails is retried like any other, because the owner has been live before and was
    only restarted.
    """

    lane: ClassVar[Lane] = Lane.CONTROL

    persistent: bool = False


class Resync(msgspec.Struct, frozen=True):
    """Loads the snapshot anew on the session as it is; answered when it has been joined."""


class LinkLost(msgspec.Struct, frozen=True):
    """A link of session number ``connection`` is gone."""

    lane: ClassVar[Lane] = Lane.CONTROL

    session_id: int
    cause: str


class RequestFailed(msgspec.Struct, frozen=True):
    """A request of session number ``connection`` failed for want of an answer: worth a look at the link."""

    session_id: int
    cause: str


class FactsDoubted(msgspec.Struct, frozen=True):
    """Something was refused as if what session number ``connection`` keeps of the venue (market rules) were out of
    date: it is read anew soon, how often so ever this is said."""

    session_id: int


class VenueAnswered(msgspec.Struct, frozen=True):
    """Another connection of the venue has got through after it could not: whoever waits tries at once."""

    lane: ClassVar[Lane] = Lane.CONTROL


class PublicLinkChanged(msgspec.Struct, frozen=True):
    """The venue's market data feed came up or went down (for the status of an account)."""

    is_up: bool
