"""MEXC's error codes: for each why it refused, and what it proves of a request that changes something (R3).

Every code was gone through with one question: *is it certain that nothing happened?* Checks of form, key, clock, rate,
rules and money come before anything is done; what says that something failed, or that the exchange is at fault, proves
nothing, and neither does a code that is not here. Source: docs/venues/mexc.md, errors.
"""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from messages.errors import RefusalReason


class Proof(enum.Enum):
    """What a code proves of a request that changes something."""

    REFUSED = "refused before anything was done"
    NOTHING_TO_DO = "the order or record that it names cannot be changed any more, or never was"
    FAILED = "it failed, which is not to say that nothing of it was done"
    SERVER = "the exchange is at fault or in maintenance, at whatever moment"

    @property
    def is_certain(self) -> bool:
        """Whether nothing happened, for certain."""
        return self in {Proof.REFUSED, Proof.NOTHING_TO_DO}


class Code(msgspec.Struct, frozen=True):
    """One of MEXC's codes in our words."""

    reason: RefusalReason
    proof: Proof = Proof.REFUSED


_R = RefusalReason
_BAD: Final = Code(_R.BAD_REQUEST)
_CLOSED: Final = Code(_R.TRADING_DISABLED)
_OTHER: Final = Code(_R.OTHER)
_KEY: Final = Code(_R.AUTHENTICATION)
_AT_FAULT: Final = Code(_R.OVERLOADED, Proof.SERVER)
_FAILED: Final = Code(_R.OTHER, Proof.FAILED)

CODES: Final[Mapping[int, Code]] = {
    # the request's form
    -1128: _BAD,
    400: _BAD,  # no key in the header, which ours have; or a start time that is too old
    33333: _BAD,
    44444: _BAD,
    700004: _BAD,
    700005: _BAD,
    700008: _BAD,
    700013: _BAD,
    730001: _BAD,
    730002: _BAD,
    730003: _BAD,
    20001: _BAD,
    10268: _BAD,
    # who asks
    602: _KEY,
    700001: _KEY,
    700002: _KEY,
    700006: _KEY,  # the key is not taken from this address
    10001: _KEY,
    10015: _KEY,
    10072: _KEY,
    401: Code(_R.PERMISSION),
    700007: Code(_R.PERMISSION),
    10098: Code(_R.PERMISSION),  # the whole account is blocked
    60005: Code(_R.PERMISSION),
    140002: Code(_R.PERMISSION),
    403: _OTHER,  # of a firewall: it says nothing of the key
    26: _OTHER,
    10073: Code(_R.CLOCK),
    700003: Code(_R.CLOCK),
    # rates
    429: Code(_R.RATE_LIMIT),
    510: Code(_R.RATE_LIMIT),
    # the exchange itself
    -1003: _AT_FAULT,
    500: _AT_FAULT,
    503: _AT_FAULT,
    504: _AT_FAULT,
    604: _AT_FAULT,
    801: _AT_FAULT,
    11444: _AT_FAULT,
    20002: _AT_FAULT,
    10219: _FAILED,
    10259: _FAILED,
    730000: _FAILED,
    # markets
    -1121: Code(_R.UNKNOWN_SYMBOL),
    30014: Code(_R.UNKNOWN_SYMBOL),
    30021: Code(_R.UNKNOWN_SYMBOL),
    10007: _CLOSED,  # "bad symbol", but also of markets that are only closed to programs
    30000: _CLOSED,
    30001: _CLOSED,
    30016: _CLOSED,
    30018: _CLOSED,
    30019: _CLOSED,
    30020: _CLOSED,
    30027: _CLOSED,
    30028: _CLOSED,
    30041: _CLOSED,
    70011: _CLOSED,
    # orders
    -2011: Code(_R.ORDER_NOT_FOUND, Proof.NOTHING_TO_DO),  # also of one that has ended
    -2013: Code(_R.ORDER_NOT_FOUND, Proof.NOTHING_TO_DO),  # also of one that was just placed: "not yet"
    30026: Code(_R.ORDER_NOT_FOUND, Proof.NOTHING_TO_DO),
    30002: Code(_R.BELOW_MINIMUM),
    30003: Code(_R.ABOVE_MAXIMUM),
    30032: Code(_R.ABOVE_MAXIMUM),
    30004: Code(_R.INSUFFICIENT_BALANCE),
    30005: Code(_R.INSUFFICIENT_BALANCE),
    30010: Code(_R.PRICE_OUT_OF_RANGE),
    30087: Code(_R.PRICE_OUT_OF_RANGE),
    30025: Code(_R.WOULD_NOT_FILL),
    30029: Code(_R.TOO_MANY_ORDERS),
    # wallet
    22222: Code(_R.OTHER, Proof.NOTHING_TO_DO),
    10095: _BAD,
    10096: Code(_R.PRECISION),
    10097: _BAD,
    10102: _BAD,
    10099: _BAD,
    10100: _BAD,
    10103: _BAD,
    10101: Code(_R.INSUFFICIENT_BALANCE),
    10200: _FAILED,  # one is under way: perhaps this one
    10201: _FAILED,
    10202: _FAILED,
    10206: Code(_R.WITHDRAWAL),
    10211: Code(_R.WITHDRAWAL),
    10212: Code(_R.WITHDRAWAL),
    10265: Code(_R.WITHDRAWAL),
    10216: _OTHER,
    10222: _BAD,
    10232: _BAD,
    140001: _BAD,
    730708: _OTHER,  # the listen key
}
_RANGES: Final[Mapping[range, Code]] = {
    range(88_000, 89_000): _BAD,  # margin
    range(730_100, 730_200): _OTHER,  # accounts below this one, and keys
    range(730_600, 730_800): _OTHER,
}


def code_of(number: int) -> Code | None:
    """What a code means; None for one that we do not know."""
    known = CODES.get(number)
    if known is not None:
        return known
    return next((code for numbers, code in _RANGES.items() if number in numbers), None)
