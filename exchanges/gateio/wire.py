"""What the JSON of all of Gate's products has in common, and how it is read.

Amounts are `Decimal` straight from their text (R11). Gate writes "no value" as null, as "" or by leaving the field
out; `exchanges.base.json_reader.Reader` understands all three.

Times come as integers, texts of integers, texts with a fraction and floats, also for the same field on different
ways; such fields are `Time` and read by `milliseconds`.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from messages.errors import ProtocolError

Time = str | int | float
Number = str | int
"""An id that is a number on one way and a text on another."""

ZERO: Final = Decimal(0)
LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999, where calendars end."""


class FrameError(msgspec.Struct, frozen=True):
    """``error`` of a frame."""

    code: int = 0
    message: str = ""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """``result`` of an answer to a subscription."""

    status: str | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every frame has; ``channel`` is what tells the kinds apart. ``id`` is that of the request it answers."""

    event: str = ""
    id: int | None = None
    error: FrameError | None = None


class Pieces(Envelope, frozen=True, kw_only=True):
    """A frame whose items are still to be read, each by itself."""

    channel: str
    result: list[msgspec.Raw]


class Pong(Envelope, frozen=True, kw_only=True):
    """The answer to a heartbeat; each product has a channel for it."""

    result: Any = None


def milliseconds(value: Time) -> int:
    """Any of Gate's shapes of a time in milliseconds; fractions are cut.

    Raises:
        ProtocolError: a text that is no number, or a time that no calendar has.
    """
    try:
        time_ms = int(value)
    except ValueError:
        whole = str(value).partition(".")[0]
        if not (whole.isascii() and whole.isdigit() and len(whole) <= 18):
            raise ProtocolError("a time that is no number") from None
        time_ms = int(whole)
    except OverflowError:
        raise ProtocolError("a time beyond all time") from None
    if not 0 <= time_ms <= LAST_MS:
        raise ProtocolError("a time beyond all time")
    return time_ms
