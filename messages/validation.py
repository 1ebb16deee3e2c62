"""Checks that message constructors share; each raises `InvalidValueError` naming field, value and what is allowed."""

import enum
import re
import unicodedata
from decimal import Decimal
from typing import Final

from messages.errors import InvalidValueError

ZERO: Final = Decimal(0)
_LARGEST_EXPONENT: Final = 20
"""No venue quotes beyond this."""
_FINEST_EXPONENT: Final = -60
"""The place of the last digit, so that a number has few enough of them to calculate with exactly."""
LATEST_MS: Final = 1 << 53
"""Times beyond the year 287,000 are typing errors, and what keeps them has 64 bits."""
_CURRENCY_LENGTH: Final = 64
_CURRENCY_ALLOWED: Final = (
    f"1 to {_CURRENCY_LENGTH} letters, digits and . _ - $, a letter, digit or $ first, as in 'USDT'"
)
_CLIENT_ORDER_ID: Final = re.compile(r"[0-9A-Za-z_.-]{1,28}")


def require_decimal(field: str, value: object) -> Decimal:
    """The value as a finite Decimal. A float is refused: it has lost money before it got here (R11)."""
    if type(value) is not Decimal:
        raise InvalidValueError(field, value, f"a Decimal, not {type(value).__name__}")
    if not value.is_finite():
        raise InvalidValueError(field, value, "a finite Decimal")
    if value and abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise InvalidValueError(field, value, f"between 1e-{_LARGEST_EXPONENT} and 1e{_LARGEST_EXPONENT}")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not _FINEST_EXPONENT <= exponent <= _LARGEST_EXPONENT:
        raise InvalidValueError(field, value, f"a Decimal of at most {-_FINEST_EXPONENT} decimals")
    return value


def require_positive(field: str, value: object) -> None:
    """Refuses anything but a Decimal above zero."""
    if require_decimal(field, value) <= ZERO:
        raise InvalidValueError(field, value, "above zero")


def require_not_negative(field: str, value: object) -> None:
    """Refuses anything but a Decimal of zero or more."""
    if require_decimal(field, value) < ZERO:
        raise InvalidValueError(field, value, "zero or more")


def require_finite(field: str, value: object) -> None:
    """Refuses anything but a finite Decimal; lighter than `require_decimal`, for what exchanges tell."""
    if type(value) is not Decimal or not value.is_finite():
        raise InvalidValueError(field, value, "a finite Decimal")


def require_finite_not_negative(field: str, value: object) -> None:
    """Refuses anything but a finite Decimal of zero or more; lighter than `require_not_negative`."""
    if type(value) is not Decimal or not value.is_finite() or value < ZERO:
        raise InvalidValueError(field, value, "a finite Decimal of zero or more")


def require_finite_positive(field: str, value: object) -> None:
    """Refuses anything but a finite Decimal above zero; lighter than `require_positive`."""
    if type(value) is not Decimal or not value.is_finite() or value <= ZERO:
        raise InvalidValueError(field, value, "a finite Decimal above zero")


def require_currency(field: str, value: object) -> None:
    """Refuses what no venue lists: names are of letters and digits of any script, and case tells them apart."""
    if not isinstance(value, str) or not 0 < len(value) <= _CURRENCY_LENGTH or not _may_begin_names(value[0]):
        raise InvalidValueError(field, value, _CURRENCY_ALLOWED)
    if not (value.isascii() and value.isalnum()) and not all(map(_is_in_names, value)):
        raise InvalidValueError(field, value, _CURRENCY_ALLOWED)


def _may_begin_names(letter: str) -> bool:
    return letter.isalnum() or letter == "$"


def _is_in_names(letter: str) -> bool:
    """Letters, digits, the marks that some scripts write vowels with, and the signs that listed names have."""
    return letter.isalnum() or letter in "._-$" or unicodedata.category(letter).startswith("M")


def require_client_order_id(field: str, value: object) -> None:
    """Refuses ids that not every venue takes: 1 to 28 characters of 0-9 A-Z a-z _ - . are safe everywhere."""
    if not isinstance(value, str) or _CLIENT_ORDER_ID.fullmatch(value) is None:
        raise InvalidValueError(field, value, "1 to 28 characters out of 0-9 A-Z a-z _ - .")


def require_text(field: str, value: object, *, longest: int | None = None) -> None:
    """Refuses an empty or non-text value, one longer than ``longest`` characters, and one that is no Unicode text."""
    if not isinstance(value, str) or not value:
        raise InvalidValueError(field, value, "text that is not empty")
    if longest is not None and len(value) > longest:
        raise InvalidValueError(field, value, f"text of at most {longest} characters")
    if not value.isascii():
        _require_encodable(field, value)


def require_text_or_empty(field: str, value: object, *, longest: int | None = None) -> None:
    """As `require_text`, but may be empty."""
    if value != "":
        require_text(field, value, longest=longest)


def require_member(field: str, value: object, kind: type[enum.Enum]) -> None:
    """Refuses anything but a member of ``kind``; its value, for example, is not one."""
    if not isinstance(value, kind):
        raise InvalidValueError(field, value, f"a {kind.__name__}: {', '.join(member.name for member in kind)}")


def require_instance(field: str, value: object, kind: type) -> None:
    """Refuses anything but an instance of ``kind``."""
    if not isinstance(value, kind):
        raise InvalidValueError(field, value, f"a {kind.__name__}, not {type(value).__name__}")


def require_time_ms(field: str, value: object) -> None:
    """Refuses anything but unix milliseconds, zero or more."""
    if type(value) is not int or not 0 <= value <= LATEST_MS:
        raise InvalidValueError(field, value, f"unix milliseconds, 0 to {LATEST_MS}")


def _require_encodable(field: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(field, value, "Unicode text, without half of a surrogate pair") from None
