"""Checks that message constructors share; each raises `InvalidValueError` naming field, value and what is allowed."""

import re
from decimal import Decimal
from typing import Final

from messages.errors import InvalidValueError

ZERO: Final = Decimal(0)
_LARGEST_EXPONENT: Final = 20
"""No venue quotes beyond this, and products of two such numbers keep exact in Decimal's working precision."""
_CURRENCY: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,29}")
_CLIENT_ORDER_ID: Final = re.compile(r"[0-9A-Za-z_.-]{1,28}")


def require_decimal(field: str, value: object) -> Decimal:
    """The value as a finite Decimal. A float is refused: it has lost money before it got here (R11)."""
    if type(value) is not Decimal:
        raise InvalidValueError(field, value, f"a Decimal, not {type(value).__name__}")
    if not value.is_finite():
        raise InvalidValueError(field, value, "a finite Decimal")
    if value and abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise InvalidValueError(field, value, f"between 1e-{_LARGEST_EXPONENT} and 1e{_LARGEST_EXPONENT}")
    return value


def require_positive(field: str, value: object) -> None:
    """Refuses anything but a Decimal above zero."""
    if require_decimal(field, value) <= ZERO:
        raise InvalidValueError(field, value, "above zero")


def require_not_negative(field: str, value: object) -> None:
    """Refuses anything but a Decimal of zero or more."""
    if require_decimal(field, value) < ZERO:
        raise InvalidValueError(field, value, "zero or more")


def require_currency(field: str, value: object) -> None:
    """Refuses anything but an upper-case currency code such as ``USDT``."""
    if not isinstance(value, str) or _CURRENCY.fullmatch(value) is None:
        raise InvalidValueError(field, value, "an upper-case currency code such as 'USDT'")


def require_client_order_id(field: str, value: object) -> None:
    """Refuses ids that not every venue takes: 1 to 28 characters of 0-9 A-Z a-z _ - . are safe everywhere."""
    if not isinstance(value, str) or _CLIENT_ORDER_ID.fullmatch(value) is None:
        raise InvalidValueError(field, value, "1 to 28 characters out of 0-9 A-Z a-z _ - .")


def require_text(field: str, value: object) -> None:
    """Refuses an empty or non-text value."""
    if not isinstance(value, str) or not value:
        raise InvalidValueError(field, value, "text that is not empty")
