"""Gate's error labels in our words (REST manual, error labels; spot WebSocket manual, error codes)."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from exchanges.base.credentials import Credentials
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, UnknownOutcomeError, VenueRefusedError

_R = RefusalReason

REASONS: Final[Mapping[str, RefusalReason]] = {
    # the request's form
    "INVALID_PARAM_VALUE": _R.BAD_REQUEST,
    "INVALID_PROTOCOL": _R.BAD_REQUEST,
    "INVALID_ARGUMENT": _R.BAD_REQUEST,
    "INVALID_REQUEST_BODY": _R.BAD_REQUEST,
    "MISSING_REQUIRED_PARAM": _R.BAD_REQUEST,
    "BAD_REQUEST": _R.BAD_REQUEST,
    "INVALID_CONTENT_TYPE": _R.BAD_REQUEST,
    "NOT_ACCEPTABLE": _R.BAD_REQUEST,
    "METHOD_NOT_ALLOWED": _R.BAD_REQUEST,
    "NOT_FOUND": _R.BAD_REQUEST,
    # who asks
    "INVALID_CREDENTIALS": _R.AUTHENTICATION,
    "INVALID_KEY": _R.AUTHENTICATION,
    "INVALID_SIGNATURE": _R.AUTHENTICATION,
    "MISSING_REQUIRED_HEADER": _R.AUTHENTICATION,
    "AUTHENTICATION_FAILED": _R.AUTHENTICATION,
    "REQUEST_EXPIRED": _R.CLOCK,
    "IP_FORBIDDEN": _R.PERMISSION,
    "READ_ONLY": _R.PERMISSION,
    "FORBIDDEN": _R.PERMISSION,
    "ACCOUNT_LOCKED": _R.PERMISSION,
    # spot orders
    "BALANCE_NOT_ENOUGH": _R.INSUFFICIENT_BALANCE,
    "QUANTITY_NOT_ENOUGH": _R.BELOW_MINIMUM,
    "AMOUNT_TOO_LITTLE": _R.BELOW_MINIMUM,
    "AMOUNT_TOO_MUCH": _R.ABOVE_MAXIMUM,
    "INVALID_PRECISION": _R.PRECISION,
    "INVALID_CURRENCY": _R.UNKNOWN_SYMBOL,
    "INVALID_CURRENCY_PAIR": _R.UNKNOWN_SYMBOL,
    "ORDER_BOOK_NOT_FOUND": _R.UNKNOWN_SYMBOL,
    "POC_FILL_IMMEDIATELY": _R.WOULD_TAKE,
    "FOK_NOT_FILL": _R.WOULD_NOT_FILL,
    "ORDER_NOT_FOUND": _R.ORDER_NOT_FOUND,
    "CLIENT_ID_NOT_FOUND": _R.ORDER_NOT_FOUND,
    "ORDER_CLOSED": _R.ORDER_FINISHED,
    "ORDER_CANCELLED": _R.ORDER_FINISHED,
    "CANCEL_FAIL": _R.OTHER,
    "REPEATED_CREATION": _R.DUPLICATE,
    "NO_CHANGE": _R.NO_CHANGE,
    "TOO_MANY_CURRENCY_PAIRS": _R.BAD_REQUEST,
    "TOO_MANY_ORDERS": _R.TOO_MANY_ORDERS,
    "MIXED_ACCOUNT_TYPE": _R.BAD_REQUEST,
    "TRADE_RESTRICTED": _R.TRADING_DISABLED,
    "PRICE_THRESHOLD_EXCEEDED": _R.PRICE_OUT_OF_RANGE,
    # wallet
    "TOO_FAST": _R.RATE_LIMIT,
    "WITHDRAWAL_OVER_LIMIT": _R.WITHDRAWAL,
    "API_WITHDRAW_DISABLED": _R.PERMISSION,
    "INVALID_WITHDRAW_ID": _R.WITHDRAWAL,
    "INVALID_WITHDRAW_CANCEL_STATUS": _R.WITHDRAWAL,
    "ADDRESS_NOT_USED": _R.WITHDRAWAL,
    "DUPLICATE_REQUEST": _R.DUPLICATE,
    "ORDER_EXISTS": _R.DUPLICATE,
    "INVALID_CLIENT_ORDER_ID": _R.BAD_REQUEST,
    "FUTURES_BALANCE_NOT_ENOUGH": _R.INSUFFICIENT_BALANCE,
    "TOO_MUCH_FUTURES_AVAILABLE": _R.WITHDRAWAL,
    "SUB_ACCOUNT_NOT_FOUND": _R.BAD_REQUEST,
    "SUB_ACCOUNT_LOCKED": _R.PERMISSION,
    "SUB_ACCOUNT_TRANSFER_FAILED": _R.WITHDRAWAL,
    # rates
    "TOO_MANY_REQUESTS": _R.RATE_LIMIT,
}
"""Every label after which it is certain that nothing happened."""

SERVER_FAULTS: Final = frozenset({"INTERNAL", "SERVER_ERROR", "TOO_BUSY"})
"""Labels after which a change may or may not have happened (R3)."""

_NAMES_A_MINIMUM: Final = re.compile(r"\bminimum\b|\btoo small\b|\bmin_(?:base|quote)_amount\b", re.IGNORECASE)
_LABEL: Final = re.compile(r"[A-Z0-9_]{1,60}")
_LONGEST_DETAIL: Final = 300
_WEBSOCKET_AUTHENTICATION: Final = frozenset({4, 6, 11})
_WEBSOCKET_RATES: Final = ("211", "212")


class ErrorBody(msgspec.Struct, frozen=True):
    """What Gate sends with a status of 400 and above; ``detail`` takes the place of ``message`` now and then."""

    label: str = ""
    message: str = ""
    detail: str = ""


_read_body: Final = msgspec.json.Decoder(ErrorBody).decode


def from_response(
    operation: str,
    status: int,
    body: bytes,
    *,
    changes: bool,
    retry_after_s: float | None = None,
    hide: Credentials | None = None,
) -> TellerError:
    """The error for an answer that is not a success.

    Args:
        changes: whether the request changes something: decides what a fault of the server's proves.
        hide: whose key and secret must not show, should the exchange quote them (R12).
    """
    try:
        parsed = _read_body(body)
    except (msgspec.MsgspecError, UnicodeError):
        parsed = ErrorBody()
    label, detail = scrub(parsed.label, hide).upper(), scrub(parsed.message or parsed.detail, hide)
    if _LABEL.fullmatch(label) is None:
        return _without_label(operation, status, changes=changes, retry_after_s=retry_after_s)
    return from_label(operation, label, detail, changes=changes, retry_after_s=retry_after_s)


def from_label(
    operation: str, label: str, detail: str, *, changes: bool, retry_after_s: float | None = None
) -> TellerError:
    """The error for one of Gate's labels; an unknown one is a refusal for another reason."""
    if label in SERVER_FAULTS:
        if changes:
            return UnknownOutcomeError(f"{operation}: {label}: it may or may not have happened")
        return ConnectionFailedError(f"{operation}: {label}")
    reason = REASONS.get(label, RefusalReason.OTHER)
    if label == "INVALID_PARAM_VALUE" and _NAMES_A_MINIMUM.search(detail):
        # An order below the minimum notional is refused with this label and a text such as "The minimum is 3 USDT".
        reason = RefusalReason.BELOW_MINIMUM
    return VenueRefusedError(reason, label, detail, retry_after_s=retry_after_s)


def from_websocket(code: int, message: str, *, hide: Credentials | None = None) -> TellerError:
    """The error for the ``error`` object of a WebSocket frame.

    Codes: 1 malformed, 2 bad argument, 3 server side, 4 (also 6, 11) authentication. The message of 4 may be a JSON
    text with a label of its own; a message may end with a rate code.
    """
    label = f"WS_{code}"
    if message.startswith("{"):
        try:
            inner = _read_body(message.encode())
        except (msgspec.MsgspecError, UnicodeError):
            inner = ErrorBody()
        if inner.label in REASONS:
            return from_label("websocket", inner.label, scrub(inner.message or inner.detail, hide), changes=False)
    detail = scrub(message, hide)
    if code in _WEBSOCKET_AUTHENTICATION:
        return VenueRefusedError(RefusalReason.AUTHENTICATION, label, detail)
    if message.rstrip(" .)").endswith(_WEBSOCKET_RATES):
        return VenueRefusedError(RefusalReason.RATE_LIMIT, label, detail)
    if code == 3:
        return ConnectionFailedError(f"the exchange failed: {label}: {detail}")
    if "currency pair" in message.lower():
        return VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, label, detail)
    reason = RefusalReason.BAD_REQUEST if code in {1, 2} else RefusalReason.OTHER
    return VenueRefusedError(reason, label, detail)


def scrub(text: str, hide: Credentials | None) -> str:
    """The exchange's free text, cut to a sensible length and without key or secret (R12)."""
    if hide is not None:
        for hidden in (hide.reveal_secret(), hide.reveal_key()):
            if hidden:
                text = text.replace(hidden, "***")
    return text if len(text) <= _LONGEST_DETAIL else text[:_LONGEST_DETAIL] + "..."


def _without_label(operation: str, status: int, *, changes: bool, retry_after_s: float | None) -> TellerError:
    """An answer of something in front of the exchange: a proxy, a firewall, a maintenance page."""
    if status >= 500 or status == 408:
        if changes:
            return UnknownOutcomeError(f"{operation}: status {status}: it may or may not have happened")
        return ConnectionFailedError(f"{operation}: status {status}")
    reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER
    return VenueRefusedError(reason, f"HTTP_{status}", retry_after_s=retry_after_s)
