"""Who is asking: keys, timestamps and signatures of requests (docs/venues/mexc.md, signing)."""

import hashlib
import hmac
import re
from urllib.parse import quote, unquote_plus

from exchanges.simulator.core.config import AccountConfig
from exchanges.simulator.core.keys import Keys
from exchanges.simulator.faces.http import HttpRequest
from exchanges.simulator.faces.mexc.errors import (
    KEY_MISSING,
    MALFORMED_KEY,
    NOT_PERMITTED,
    OUTSIDE_WINDOW,
    UNKNOWN_KEY,
    WINDOW_TOO_LARGE,
    WRONG_CONTENT_TYPE,
    WRONG_SIGNATURE,
    MexcError,
    wrong,
)
from exchanges.simulator.faces.mexc.parameters import Parameters

KEY_HEADER = "x-mexc-apikey"
BODY_METHODS = ("POST", "PUT", "DELETE")
AHEAD_MS = 1_000
DEFAULT_WINDOW_MS, LARGEST_WINDOW_MS = 5_000, 60_000
_KEY = re.compile(r"mx0[0-9A-Za-z]{4,60}")
_NUMBER = re.compile(r"\d{1,18}")
_MARK = "signature="


def check_content_type(request: HttpRequest) -> None:
    """Raises ``MexcError`` unless a request that may have a body says that it is JSON, or says nothing."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in BODY_METHODS and given not in ("", "application/json"):
        raise MexcError(WRONG_CONTENT_TYPE, "Invalid content Type.")


def known_key(request: HttpRequest, keys: Keys) -> AccountConfig:
    """Returns the account whose key a request has. Raises ``MexcError``."""
    key = request.headers.get(KEY_HEADER, "")
    if not key:
        raise MexcError(KEY_MISSING, "api key required")
    account = keys.find(key)
    if account is not None:
        return account
    if not _KEY.fullmatch(key):
        raise MexcError(MALFORMED_KEY, "API-key format invalid.")
    raise MexcError(UNKNOWN_KEY, "Api key info invalid")


def check_permission(account: AccountConfig, *, writes: bool) -> None:
    """Raises ``MexcError`` when the key may not do this."""
    if writes and account.read_only:
        raise MexcError(NOT_PERMITTED, "No permission to access the endpoint.")


def check_time(parameters: Parameters, now_ms: int) -> None:
    """Raises ``MexcError`` unless the request comes in time: sent at most ``recvWindow`` ago, and no second ahead."""
    timestamp, window = parameters.required("timestamp"), parameters.text("recvWindow", str(DEFAULT_WINDOW_MS))
    for name, value in (("timestamp", timestamp), ("recvWindow", window)):
        if not _NUMBER.fullmatch(value):
            raise wrong(f"{name} {value} is not a number of ms")
    if int(window) > LARGEST_WINDOW_MS:
        raise MexcError(WINDOW_TOO_LARGE, f"recvWindow must be less than {LARGEST_WINDOW_MS}")
    if int(timestamp) >= now_ms + AHEAD_MS or now_ms - int(timestamp) > int(window):
        raise MexcError(OUTSIDE_WINDOW, "Timestamp for this request is outside of the recvWindow.")


def check_signature(request: HttpRequest, secret: str) -> None:
    """Raises ``MexcError`` unless the request is signed with the secret.

    The signature is the last parameter, of the query or else of the body; what is signed is the query and the body
    without it, with nothing between them, as they were sent: percent escapes in capitals, whatever needs one escaped.
    """
    query, given = _split(request.query)
    body = request.body.decode(errors="replace")
    if not given:
        body, given = _split(body)
    expected = signature(secret, _canonical(query) + _canonical(body))
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise MexcError(WRONG_SIGNATURE, "Signature for this request is not valid.")


def signature(secret: str, text: str) -> str:
    """Returns the signature of a text."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _split(raw: str) -> tuple[str, str]:
    """Returns parameters without the signature at their end, and that signature, "" when there is none."""
    rest, _, last = raw.rpartition("&")
    return (rest, last.removeprefix(_MARK)) if last.startswith(_MARK) else (raw, "")


def _canonical(raw: str) -> str:
    pairs = (part.partition("=") for part in raw.split("&"))
    return "&".join(f"{name}{equals}{quote(unquote_plus(value), safe='')}" for name, equals, value in pairs)
