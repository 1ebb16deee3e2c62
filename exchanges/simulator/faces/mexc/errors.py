"""How MEXC says no: a code, a message and an HTTP status."""

from exchanges.simulator.core.rules import Reason, RefusedError
from exchanges.simulator.faces.http import HttpResponse, json_response

KEY_MISSING = 400
NOT_FOUND = 404
TOO_MANY_REQUESTS = 429
INTERNAL = 500
UNKNOWN_SYMBOL = -1121
ILLEGAL_COMBINATION = -1128
CANNOT_CANCEL = -2011
NO_SUCH_ORDER = -2013
UNKNOWN_KEY = 10072
TOO_MANY_DECIMALS = 10096
WRONG_AMOUNT = 10097
INSUFFICIENT_BALANCE = 10101
NOT_POSITIVE = 10102
UNKNOWN_CURRENCY = 10232
NO_SUCH_RECORD = 22222
SYMBOL_SUSPENDED = 30000
SIDE_NOT_ALLOWED = 30001
BELOW_MINIMUM = 30002
ABOVE_MAXIMUM = 30003
INSUFFICIENT_POSITION = 30004
OVERSOLD = 30005
NOTHING_OPPOSITE = 30025
TOO_MANY_ORDERS = 30029
WRONG_PARAMETER = 33333
REPEATED = -2010  # our choice: nobody has seen which code a client id gets that an order has
MISSING_PARAMETER = 44444
MALFORMED_KEY = 700001
WRONG_SIGNATURE = 700002
OUTSIDE_WINDOW = 700003
NO_ORDER_NAMED = 700004
WINDOW_TOO_LARGE = 700005
NOT_PERMITTED = 700007
ILLEGAL_CHARACTERS = 700008
WRONG_CONTENT_TYPE = 700013
REQUEST_FAILED = 730000
WRONG_LISTEN_KEY = 730708

# only what is known to have a status of its own; every other code comes with 400
STATUSES = {
    KEY_MISSING: 401,
    UNKNOWN_KEY: 401,
    602: 401,
    MALFORMED_KEY: 401,
    WRONG_SIGNATURE: 401,
    NOT_PERMITTED: 401,
    NOT_FOUND: 404,
    TOO_MANY_REQUESTS: 429,
    INTERNAL: 500,
}
CODES = {
    Reason.UNKNOWN_PAIR: (UNKNOWN_SYMBOL, "Invalid symbol."),
    Reason.INVALID_VALUE: (WRONG_PARAMETER, ""),
    Reason.PRECISION: (WRONG_PARAMETER, ""),
    Reason.ABOVE_MAXIMUM: (ABOVE_MAXIMUM, "The maximum transaction volume is exceeded"),
    Reason.NOT_ENOUGH_FUNDS: (INSUFFICIENT_POSITION, "Insufficient position"),
    Reason.REPEATED_TEXT: (REPEATED, "Duplicate client order id"),
    Reason.TOO_MANY_ORDERS: (TOO_MANY_ORDERS, "Exceeded the maximum order limit"),
    Reason.ORDER_UNKNOWN: (NO_SUCH_ORDER, "Order does not exist."),
    Reason.ORDER_FILLED: (CANNOT_CANCEL, "Unknown order sent."),
    Reason.ORDER_CANCELLED: (CANNOT_CANCEL, "Unknown order sent."),
}


class MexcError(Exception):
    """A request that is refused, with MEXC's code (docs/venues/mexc.md, errors)."""

    def __init__(self, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers or {}

    @classmethod
    def of(cls, refused: RefusedError) -> "MexcError":
        """Returns the engine's refusal in MEXC's words, where the order that it is about makes no difference."""
        code, message = CODES.get(refused.reason, (WRONG_PARAMETER, ""))
        return cls(code, message or refused.message)

    def body(self) -> dict[str, object]:
        """Returns the error as MEXC's JSON body."""
        return {"code": self.code, "msg": self.message}

    def response(self) -> HttpResponse:
        """Returns the error as a response."""
        return json_response(STATUSES.get(self.code, 400), self.body(), self.headers)


def wrong(message: str) -> MexcError:
    """Returns the error for a parameter with a value that is not allowed."""
    return MexcError(WRONG_PARAMETER, message)


def missing(name: str) -> MexcError:
    """Returns the error for a parameter that should have been there."""
    return MexcError(MISSING_PARAMETER, f"Mandatory parameter '{name}' was not sent")


def unknown_symbol() -> MexcError:
    """Returns the error for a symbol that is not listed."""
    return MexcError(UNKNOWN_SYMBOL, "Invalid symbol.")
