"""Who is asking: keys, timestamps and signatures of REST requests and of WebSocket subscriptions."""

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote

from exchanges.simulator.core.config import AccountConfig
from exchanges.simulator.core.keys import Keys
from exchanges.simulator.faces.gateio.errors import GateError
from exchanges.simulator.faces.http import HttpRequest

TOLERANCE_S = 60


def _sign(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def rest_signature(secret: str, request: HttpRequest, timestamp: str) -> str:
    """Returns what SIGN must be (Gate REST manual, APIv4 signed request); the query is signed un-encoded."""
    body_hash = hashlib.sha512(request.body).hexdigest()
    parts = (request.method.upper(), unquote(request.path), unquote(request.query), body_hash, timestamp)
    return _sign(secret, "\n".join(parts))


def channel_signature(secret: str, *, channel: str, event: str, time: int) -> str:
    """Returns what a private subscription must be signed with (Gate WebSocket manual, authentication)."""
    return _sign(secret, f"channel={channel}&event={event}&time={time}")


def api_signature(secret: str, *, channel: str, parameters: str, timestamp: str) -> str:
    """Returns what a WebSocket login must be signed with, over the raw text of its parameters."""
    return _sign(secret, f"api\n{channel}\n{parameters}\n{timestamp}")


def authenticate_request(request: HttpRequest, keys: Keys, now_ms: int) -> AccountConfig:
    """Returns whose request it is. Raises ``GateError``: missing header, time, key, signature, in this order."""
    timestamp, key, signature = (_header(request.headers, name) for name in ("Timestamp", "KEY", "SIGN"))
    check_time(timestamp, now_ms)
    account = known_key(keys, key)
    check_signature(rest_signature(account.secret, request, timestamp), signature)
    return account


def known_key(keys: Keys, key: str) -> AccountConfig:
    """Returns the account of a key. Raises ``GateError``."""
    account = keys.find(key)
    if account is None:
        raise GateError("INVALID_KEY", "Invalid key provided")
    return account


def check_time(timestamp: str, now_ms: int) -> None:
    """Raises ``GateError`` unless the timestamp (seconds, may have decimals) is within a minute of now."""
    try:
        in_time = abs(Decimal(now_ms) / 1000 - Decimal(timestamp)) <= TOLERANCE_S
    except InvalidOperation:
        raise GateError("REQUEST_EXPIRED", "Timestamp must be a number of seconds") from None
    if not in_time:
        raise GateError("REQUEST_EXPIRED", f"gap between request Timestamp and server time exceeds {TOLERANCE_S}")


def check_signature(expected: str, given: str) -> None:
    """Raises ``GateError`` unless the signature is right."""
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise GateError("INVALID_SIGNATURE", "Signature mismatch")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name.lower(), "")
    if not value:
        raise GateError("MISSING_REQUIRED_HEADER", f"Missing required header: {name}")
    return value
