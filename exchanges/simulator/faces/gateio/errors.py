"""How Gate says no: a label, a message and an HTTP status."""

from collections.abc import Mapping

from exchanges.simulator.core.rules import Reason, RefusedError
from exchanges.simulator.faces.http import HttpResponse, json_response

# Statuses by label are mostly undocumented, these are as users report them; clients must go by the label.
STATUSES = {
    "MISSING_REQUIRED_HEADER": 400,
    "INVALID_KEY": 401,
    "REQUEST_EXPIRED": 403,
    "INVALID_SIGNATURE": 401,
    "READ_ONLY": 403,
    "FORBIDDEN": 403,
    "IP_FORBIDDEN": 403,
    "ORDER_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "TOO_MANY_REQUESTS": 429,
    "SERVER_ERROR": 500,
}
LABELS = {
    Reason.UNKNOWN_PAIR: "INVALID_CURRENCY_PAIR",
    Reason.RESTRICTED: "TRADE_RESTRICTED",
    Reason.INVALID_VALUE: "INVALID_PARAM_VALUE",
    Reason.PRECISION: "INVALID_PRECISION",
    Reason.BELOW_BASE_MINIMUM: "AMOUNT_TOO_LITTLE",
    Reason.BELOW_QUOTE_MINIMUM: "INVALID_PARAM_VALUE",  # with the minimum in the text, as users report it
    Reason.ABOVE_MAXIMUM: "AMOUNT_TOO_MUCH",
    Reason.NOT_ENOUGH_FUNDS: "BALANCE_NOT_ENOUGH",
    Reason.WOULD_TAKE: "POC_FILL_IMMEDIATELY",
    Reason.CANNOT_FILL: "FOK_NOT_FILL",
    Reason.REPEATED_TEXT: "REPEATED_CREATION",
    Reason.TOO_MANY_ORDERS: "TOO_MANY_ORDERS",
    Reason.ORDER_UNKNOWN: "ORDER_NOT_FOUND",
    Reason.ORDER_FILLED: "ORDER_CLOSED",
    Reason.ORDER_CANCELLED: "ORDER_CANCELLED",
    Reason.NO_CHANGE: "NO_CHANGE",
}


class GateError(Exception):
    """A request that is refused, with Gate's label (Gate REST manual, error labels)."""

    def __init__(self, label: str, message: str) -> None:
        super().__init__(message)
        self.label = label
        self.message = message

    @classmethod
    def of(cls, refused: RefusedError, labels: Mapping[Reason, str] = LABELS) -> "GateError":
        """Returns the engine's refusal in Gate's words, by default those of spot."""
        return cls(labels[refused.reason], refused.message)

    @property
    def status(self) -> int:
        """The HTTP status that goes with the label."""
        return STATUSES.get(self.label, 400)

    def body(self) -> dict[str, str]:
        """Returns the error as Gate's JSON body."""
        return {"label": self.label, "message": self.message}

    def response(self) -> HttpResponse:
        """Returns the error as a response."""
        return json_response(self.status, self.body())


def invalid(message: str) -> GateError:
    """Returns the error for a parameter with a value that is not allowed."""
    return GateError("INVALID_PARAM_VALUE", message)


def missing(name: str) -> GateError:
    """Returns the error for a parameter that should have been there."""
    return GateError("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
