"""Times, ids and amounts, as Gate writes those of perpetuals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exchanges.gateio.wire import LAST_MS, Number, Time, milliseconds
from messages.enums import Side
from messages.errors import InvalidValueError, ProtocolError
from messages.validation import ZERO

CLIENT_ID_PREFIX: Final = "t-"
"""Gate takes client ids only with this prefix (REST manual, order `text`); it never shows outside this package."""
LARGEST: Final = Decimal("1e25")
"""Beyond any amount; keeps infinities out, and a NaN fails the comparison itself."""
SMALLEST: Final = -LARGEST
LEAST: Final = Decimal("1e-30")
_ID_LENGTH: Final = 64
MILLISECONDS_FROM: Final = 100_000_000_000
"""Gate tells times in seconds or milliseconds: as seconds this is in the year 5138, as milliseconds in 1973."""
CLOSES: Final[Mapping[str, Side]] = {"close_long": Side.SELL, "close_short": Side.BUY}


def moment_ms(value: Time) -> int:
    """A time that Gate tells in seconds or in milliseconds, unix ms; 0 for none.

    Raises:
        ProtocolError: it is no number, or a time that no calendar has.
    """
    if type(value) is int:
        if MILLISECONDS_FROM <= value <= LAST_MS:
            return value
        if not 0 <= value < MILLISECONDS_FROM:
            raise ProtocolError("a time beyond all time")
        return milliseconds(value * 1000)
    try:
        number = float(value or 0)
        return milliseconds(round(number if number >= MILLISECONDS_FROM else number * 1000))
    except (ValueError, OverflowError):
        raise ProtocolError("a time that is no number") from None


def client_order_id(text: str) -> str | None:
    """Our id out of Gate's ``text``; None for orders placed elsewhere without one (``api``, ``web``, ...)."""
    return text[2:] or None if text.startswith(CLIENT_ID_PREFIX) else None


def plain(value: Decimal) -> str:
    """A Decimal as Gate wants it: digits and a point, never an exponent."""
    return format(value, "f")


def exchange_id(value: Number) -> str:
    """An id of the exchange's as text; numbers of it may have more digits than a double holds."""
    text = value if type(value) is str else str(value)
    if not (text and len(text) <= _ID_LENGTH and text.isprintable()):
        raise ProtocolError(f"an id that is empty, longer than {_ID_LENGTH} characters or not printable")
    return text


def finite(field: str, value: Decimal) -> Decimal:
    if not value.is_finite() or not SMALLEST < value < LARGEST:
        raise InvalidValueError(field, value, "a finite decimal number")
    return value


def optional(field: str, value: Decimal | None) -> Decimal | None:
    return None if value is None else finite(field, value)


def above_zero(field: str, value: Decimal | None) -> Decimal | None:
    """Gate writes 0 for a price that there is none of."""
    return finite(field, value) if value else None


def level(field: str, value: Decimal | None) -> Decimal:
    if value is None or not value.is_finite() or not ZERO <= value < LARGEST:
        raise InvalidValueError(field, value, "a decimal number of zero or more")
    return value
