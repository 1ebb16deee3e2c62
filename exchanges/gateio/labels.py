"""Gate's error labels: for each why it refused, and what it proves of a request that changes something (R3).

Every label was gone through with one question: *is it certain that nothing happened?* The answer is the ``proof``; the
comment beside a row says why wherever it is not plain. Sources: REST manual, error labels (docs/venues/gateio.md);
ccxt's table of the same list; others where named. A label that is not here proves nothing.
"""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from messages.errors import RefusalReason


class Proof(enum.Enum):
    """What a label proves of a request that changes something."""

    NOT_TAKEN = "form, key, clock or rate: refused before anybody looked at what it asks for"
    CHECKED = "looked at and refused: an order is checked before it is taken, a withdrawal before it is filed"
    NOTHING_TO_DO = "the order or withdrawal that it names cannot be changed any more, or never was"
    IS_THERE = "what it asks for is there already, by whichever request: the first copy of this one, for all we know"
    FAILED = "it failed, which is not to say that nothing of it was done"
    SERVER = "the exchange is at fault, at whatever moment"

    @property
    def is_certain(self) -> bool:
        """Whether nothing happened, for certain."""
        return self in _CERTAIN


_CERTAIN: Final = frozenset({Proof.NOT_TAKEN, Proof.CHECKED, Proof.NOTHING_TO_DO})


class Label(msgspec.Struct, frozen=True):
    """One of Gate's labels in our words."""

    reason: RefusalReason
    proof: Proof


_R = RefusalReason

LABELS: Final[Mapping[str, Label]] = {
    # the request's form
    "INVALID_PARAM_VALUE": Label(_R.BAD_REQUEST, Proof.CHECKED),  # a value, or an order below the minimum (4.2)
    "INVALID_PROTOCOL": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "INVALID_ARGUMENT": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "INVALID_REQUEST_BODY": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "MISSING_REQUIRED_PARAM": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "BAD_REQUEST": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "INVALID_CONTENT_TYPE": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "NOT_ACCEPTABLE": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "METHOD_NOT_ALLOWED": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),
    "NOT_FOUND": Label(_R.BAD_REQUEST, Proof.NOT_TAKEN),  # the URL, not an order
    # who asks: checked in the order headers, time, key, signature, permission (docs/venues/gateio.md, signing)
    "INVALID_CREDENTIALS": Label(_R.AUTHENTICATION, Proof.NOT_TAKEN),
    "INVALID_KEY": Label(_R.AUTHENTICATION, Proof.NOT_TAKEN),
    "INVALID_SIGNATURE": Label(_R.AUTHENTICATION, Proof.NOT_TAKEN),
    "MISSING_REQUIRED_HEADER": Label(_R.AUTHENTICATION, Proof.NOT_TAKEN),
    "AUTHENTICATION_FAILED": Label(_R.AUTHENTICATION, Proof.NOT_TAKEN),
    # The time of the signature, or `X-Gate-Exptime`: both are looked at when the request is received.
    "REQUEST_EXPIRED": Label(_R.CLOCK, Proof.NOT_TAKEN),
    "IP_FORBIDDEN": Label(_R.AUTHENTICATION, Proof.NOT_TAKEN),  # the key is not taken from this address
    "READ_ONLY": Label(_R.PERMISSION, Proof.NOT_TAKEN),
    "FORBIDDEN": Label(_R.PERMISSION, Proof.NOT_TAKEN),
    "ACCOUNT_LOCKED": Label(_R.PERMISSION, Proof.NOT_TAKEN),
    # rates: the limiter stands before everything that changes something
    "TOO_MANY_REQUESTS": Label(_R.RATE_LIMIT, Proof.NOT_TAKEN),
    "TOO_FAST": Label(_R.RATE_LIMIT, Proof.NOT_TAKEN),  # the wallet's word for the same (withdrawals: 1 in 3 s)
    # spot orders
    "BALANCE_NOT_ENOUGH": Label(_R.INSUFFICIENT_BALANCE, Proof.CHECKED),
    "MARGIN_BALANCE_NOT_ENOUGH": Label(_R.INSUFFICIENT_BALANCE, Proof.CHECKED),
    "MARGIN_NOT_SUPPORTED": Label(_R.BAD_REQUEST, Proof.CHECKED),
    "AUTO_BORROW_TOO_MUCH": Label(_R.INSUFFICIENT_BALANCE, Proof.CHECKED),
    "QUANTITY_NOT_ENOUGH": Label(_R.BELOW_MINIMUM, Proof.CHECKED),
    "AMOUNT_TOO_LITTLE": Label(_R.BELOW_MINIMUM, Proof.CHECKED),
    "AMOUNT_TOO_MUCH": Label(_R.ABOVE_MAXIMUM, Proof.CHECKED),
    "INVALID_PRECISION": Label(_R.PRECISION, Proof.CHECKED),
    "INVALID_CURRENCY": Label(_R.UNKNOWN_SYMBOL, Proof.CHECKED),
    "INVALID_CURRENCY_PAIR": Label(_R.UNKNOWN_SYMBOL, Proof.CHECKED),
    "ORDER_BOOK_NOT_FOUND": Label(_R.UNKNOWN_SYMBOL, Proof.CHECKED),
    "TRADE_RESTRICTED": Label(_R.TRADING_DISABLED, Proof.CHECKED),
    "PRICE_THRESHOLD_EXCEEDED": Label(_R.PRICE_OUT_OF_RANGE, Proof.CHECKED),
    "TOO_MANY_CURRENCY_PAIRS": Label(_R.BAD_REQUEST, Proof.CHECKED),
    "TOO_MANY_ORDERS": Label(_R.TOO_MANY_ORDERS, Proof.CHECKED),
    "MIXED_ACCOUNT_TYPE": Label(_R.BAD_REQUEST, Proof.CHECKED),
    "POC_FILL_IMMEDIATELY": Label(_R.WOULD_TAKE, Proof.CHECKED),  # "cancelled" in its text: nothing rests or trades
    "FOK_NOT_FILL": Label(_R.WOULD_NOT_FILL, Proof.CHECKED),
    # "Order with ID ... not found": of a cancel or an amendment; who is told so looks the order up all the same.
    "ORDER_NOT_FOUND": Label(_R.ORDER_NOT_FOUND, Proof.NOTHING_TO_DO),
    "CLIENT_ID_NOT_FOUND": Label(_R.ORDER_NOT_FOUND, Proof.NOTHING_TO_DO),
    "ORDER_CLOSED": Label(_R.ORDER_FINISHED, Proof.NOTHING_TO_DO),
    "ORDER_CANCELLED": Label(_R.ORDER_FINISHED, Proof.NOTHING_TO_DO),
    # Says neither why nor what became of the order.
    "CANCEL_FAIL": Label(_R.OTHER, Proof.FAILED),
    # An order with that text is there: with the first copy of the request lost or asked again on the way, it is ours.
    "REPEATED_CREATION": Label(_R.DUPLICATE, Proof.IS_THERE),
    # The order is as the amendment wants it: so it is, too, when the first copy of the request made it so.
    "NO_CHANGE": Label(_R.NO_CHANGE, Proof.IS_THERE),
    # wallet
    "WITHDRAWAL_OVER_LIMIT": Label(_R.WITHDRAWAL, Proof.CHECKED),
    "API_WITHDRAW_DISABLED": Label(_R.PERMISSION, Proof.NOT_TAKEN),
    "ADDRESS_NOT_USED": Label(_R.WITHDRAWAL, Proof.CHECKED),
    "INVALID_CLIENT_ORDER_ID": Label(_R.BAD_REQUEST, Proof.CHECKED),
    "INVALID_WITHDRAW_ID": Label(_R.WITHDRAWAL, Proof.NOTHING_TO_DO),
    "INVALID_WITHDRAW_CANCEL_STATUS": Label(_R.WITHDRAWAL, Proof.NOTHING_TO_DO),
    "DUPLICATE_REQUEST": Label(_R.DUPLICATE, Proof.IS_THERE),
    "ORDER_EXISTS": Label(_R.DUPLICATE, Proof.IS_THERE),
    "FUTURES_BALANCE_NOT_ENOUGH": Label(_R.INSUFFICIENT_BALANCE, Proof.CHECKED),
    "TOO_MUCH_FUTURES_AVAILABLE": Label(_R.WITHDRAWAL, Proof.CHECKED),
    "SUB_ACCOUNT_NOT_FOUND": Label(_R.BAD_REQUEST, Proof.CHECKED),
    "SUB_ACCOUNT_LOCKED": Label(_R.PERMISSION, Proof.CHECKED),
    # Two accounts or services take part in these, and the label does not say how far they came.
    "SUB_ACCOUNT_TRANSFER_FAILED": Label(_R.WITHDRAWAL, Proof.FAILED),
    "MARGIN_TRANSFER_FAILED": Label(_R.WITHDRAWAL, Proof.FAILED),
    "MARGIN_BALANCE_EXCEPTION": Label(_R.OTHER, Proof.FAILED),
    "ACCOUNT_EXCEPTION": Label(_R.OTHER, Proof.FAILED),
    # the server
    "INTERNAL": Label(_R.OVERLOADED, Proof.SERVER),
    "SERVER_ERROR": Label(_R.OVERLOADED, Proof.SERVER),
    "TOO_BUSY": Label(_R.OVERLOADED, Proof.SERVER),
}
"""The labels that every account can meet, and those of spot orders."""
