"""What the exit code of `run.py` says. These numbers are a promise to scripts: none is ever given another meaning."""

import enum
from collections.abc import Mapping
from typing import Final

from actors.runtime.errors import UnavailableError
from messages.errors import (
    BusyError,
    ConfigurationError,
    ConnectionFailedError,
    LocalRefusalError,
    NotLiveError,
    RateLimitedError,
    RefusalReason,
    StoppedError,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
)


class OrdersMayBeOpenError(TellerError):
    """The program ends by a fault, and nobody confirmed that its orders are canceled."""

    def __init__(self, problems: Mapping[str, str], fault: BaseException | None) -> None:
        """``problems``: by account, why and which. ``fault``: what ended the program."""
        orders = "; ".join(f"account {name!r}: {problem}" for name, problem in problems.items())
        ended = f" (ended by {type(fault).__name__}: see the log)" if fault is not None else ""
        super().__init__(f"orders may be open: {orders}{ended}")


class ExitCode(enum.IntEnum):
    """The codes; `MEANINGS` says of each what ``--help`` prints."""

    OK = 0
    UNEXPECTED = 1
    CONFIGURATION = 2
    CONNECTION = 3
    VENUE_REFUSED = 4
    BOOKS_DISAGREE = 5
    ORDERS_LEFT_OPEN = 6
    INTERRUPTED = 130

    @classmethod
    def of(cls, error: BaseException) -> "ExitCode":
        """The code for what stopped the program."""
        if isinstance(error, VenueRefusedError) and error.reason in _FOR_NOW:
            return cls.CONNECTION
        for kind, code in _CODES.items():
            if isinstance(error, kind):
                return code
        return cls.UNEXPECTED


_FOR_NOW: Final = {RefusalReason.RATE_LIMIT, RefusalReason.OVERLOADED}
"""The exchange has no room for us now: nothing is wrong with key or request."""

_CODES: Final[dict[type[BaseException], ExitCode]] = {
    OrdersMayBeOpenError: ExitCode.ORDERS_LEFT_OPEN,
    ConfigurationError: ExitCode.CONFIGURATION,
    VenueRefusedError: ExitCode.VENUE_REFUSED,
    **dict.fromkeys((RateLimitedError, BusyError, NotLiveError), ExitCode.CONNECTION),  # later it goes
    **dict.fromkeys((UnavailableError, StoppedError), ExitCode.UNEXPECTED),  # a part of us is gone
    LocalRefusalError: ExitCode.CONFIGURATION,
    ConnectionFailedError: ExitCode.CONNECTION,
    UnknownOutcomeError: ExitCode.CONNECTION,
}

MEANINGS: Final = {
    ExitCode.OK: "all is well, also after Ctrl-C or SIGTERM",
    ExitCode.UNEXPECTED: "a fault of the program, or a part of it that crashed too often",
    ExitCode.CONFIGURATION: "usage, configuration or secrets must be mended",
    ExitCode.CONNECTION: "an exchange could not be reached, a limit is used up for now, or a port is taken",
    ExitCode.VENUE_REFUSED: "the exchange refused the key, a permission or a request",
    ExitCode.BOOKS_DISAGREE: "at the end an account and the exchange's books disagree",
    ExitCode.ORDERS_LEFT_OPEN: "at the end orders are open, or may be, that should have been canceled",
    ExitCode.INTERRUPTED: "a second Ctrl-C or SIGTERM: ended at once, orders may be open",
}
