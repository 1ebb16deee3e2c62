"""What the exit code of `run.py` says. These numbers are a promise to scripts: none is ever given another meaning."""

import enum
from typing import Final

from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    UnknownOutcomeError,
    VenueRefusedError,
    WeRefusedError,
)


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
        for kind, code in _CODES.items():
            if isinstance(error, kind):
                return code
        return cls.UNEXPECTED


_CODES: Final[dict[type[BaseException], ExitCode]] = {
    ConfigurationError: ExitCode.CONFIGURATION,
    VenueRefusedError: ExitCode.VENUE_REFUSED,
    WeRefusedError: ExitCode.CONFIGURATION,
    ConnectionFailedError: ExitCode.CONNECTION,
    UnknownOutcomeError: ExitCode.CONNECTION,
}

MEANINGS: Final = {
    ExitCode.OK: "all is well, also after Ctrl-C or SIGTERM",
    ExitCode.UNEXPECTED: "a fault of the program, or a part of it that crashed too often",
    ExitCode.CONFIGURATION: "usage, configuration or secrets must be mended",
    ExitCode.CONNECTION: "an exchange could not be reached, or a port is taken",
    ExitCode.VENUE_REFUSED: "the exchange refused the key, a permission or a request",
    ExitCode.BOOKS_DISAGREE: "at the end an account and the exchange's books disagree",
    ExitCode.ORDERS_LEFT_OPEN: "at the end orders are open that should have been cancelled",
    ExitCode.INTERRUPTED: "a second Ctrl-C or SIGTERM: ended at once, orders may be open",
}
