"""What an answer of Gate's that is not a success means (REST manual, errors; spot WebSocket manual, error codes)."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from exchanges.base.credentials import Credentials
from exchanges.gateio.labels import LABELS, Label, Proof
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, UnknownOutcomeError, VenueRefusedError

_NAMES_A_MINIMUM: Final = re.compile(r"\bminimum\b|\btoo small\b|\bmin_(?:base|quote)_amount\b", re.IGNORECASE)
_NAMES_A_MARKET: Final = re.compile(r"currency pair|\bunknown contract\b", re.IGNORECASE)
"""What a subscription is refused with for a market that is not listed, of spot and of futures."""
_LABEL: Final = re.compile(r"[A-Z0-9_]{1,60}")
_LONGEST_DETAIL: Final = 300
_WEBSOCKET_AUTHENTICATION: Final = frozenset({4, 6, 11})
_WEBSOCKET_RATES: Final = ("211", "212", "311", "312")
"""Codes at the end of a text: of the rate of spot and of its share of fills, and of the same two of futures."""
_LABEL_INSIDE: Final = re.compile(r'"label"\s*:\s*"([A-Za-z0-9_]{1,60})"')
_TEXT_INSIDE: Final = re.compile(r'"(?:message|detail)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_REFUSES_THE_KEY: Final = re.compile(
    r"\b(?:invalid|unknown|wrong|expired)\s+(?:api[\s_-]?)?key\b|\bauth(?:entication|orization)?\s*fail|\bauth faild\b"
    r"|\bsignature\b|\bunauthori[sz]ed\b|\bnot authenticated\b",
    re.IGNORECASE,
)
"""Texts by which a socket refuses the key under another code: "auth faild , auth data : ..." came with code 2
(gateapi-python issue 14), and so did a signature mismatch (gateio/WebSocket-API issue 13)."""
_COULD_NOT_LOOK: Final = re.compile(
    r"\bstatus\s*:\s*5\d\d\b|\btime(?:d)?\s?-?out\b|\bdeadline exceeded\b|\bconnection refused\b|\bunavailable\b",
    re.IGNORECASE,
)
"""The socket asks another service about the key over HTTP ("http get status code err, status : 400, url :
.../ws_auth", the same issue): what it could not find out says nothing of the key."""


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
    labels: Mapping[str, Label] = LABELS,
) -> TellerError:
    """The error for an answer that is not a success.

    Only the exchange's own label, with a status of 400 to 499, says anything of a change. A status alone is the word of
    whatever stands in front of the exchange (proxy, firewall, CDN), and nobody knows whether that had passed the
    request on before. So it is even with a 429: Gate's own limiter has a label, and a gateway that asks again by
    itself answers with what its last try met.

    Args:
        changes: whether the request changes something: decides what an answer proves (R3).
        hide: whose key and secret must not show, should the exchange quote them (R12).
        labels: what the labels mean that the account can meet.
    """
    try:
        parsed = _read_body(body)
    except (msgspec.MsgspecError, UnicodeError):
        parsed = ErrorBody()
    label, detail = scrub(parsed.label, hide).upper(), scrub(parsed.message or parsed.detail, hide)
    if not 400 <= status < 500 or _LABEL.fullmatch(label) is None:
        return _without_label(operation, status, changes=changes, retry_after_s=retry_after_s)
    return from_label(operation, label, detail, changes=changes, retry_after_s=retry_after_s, labels=labels)


def from_label(
    operation: str,
    label: str,
    detail: str,
    *,
    changes: bool,
    retry_after_s: float | None = None,
    labels: Mapping[str, Label] = LABELS,
) -> TellerError:
    """The error for one of Gate's labels. One that we do not know is a refusal of a query, and of a change it proves
    nothing (R3)."""
    known = labels.get(label)
    if changes and (known is None or not known.proof.is_certain):
        said = f"{label}: {detail}" if detail else label
        return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")
    if known is not None and known.proof is Proof.SERVER:
        return ConnectionFailedError(f"{operation}: {label}")
    reason = RefusalReason.OTHER if known is None else known.reason
    if label == "INVALID_PARAM_VALUE" and _NAMES_A_MINIMUM.search(detail):
        # An order below the minimum notional is refused with this label and a text such as "The minimum is 3 USDT".
        reason = RefusalReason.BELOW_MINIMUM
    return VenueRefusedError(reason, label, detail, retry_after_s=retry_after_s)


def from_websocket(
    code: int,
    message: str,
    *,
    channel: str = "",
    hide: Credentials | None = None,
    labels: Mapping[str, Label] = LABELS,
) -> TellerError:
    """The error for the ``error`` object of a WebSocket frame.

    Codes: 1 malformed, 2 bad argument, 3 server side, 4 (also 6, 11) authentication. The number is not to be relied on:
    a label inside the message goes before it, and texts that refuse the key do so under any code. A message may end
    with a rate code.

    Returns:
        `VenueRefusedError`: AUTHENTICATION, PERMISSION: of the key. UNKNOWN_SYMBOL, BAD_REQUEST, OTHER: of this one
        subscription; others on the same socket may stand. RATE_LIMIT, CLOCK: worth another try, as is
        `ConnectionFailedError`: the exchange could not look at it.
    """
    text = scrub(message.strip(), hide)
    operation = f"subscription to {channel}" if channel else "websocket"
    inside = _LABEL_INSIDE.search(message)
    if inside is not None and inside[1].upper() in labels:
        said = _TEXT_INSIDE.search(message)
        words = scrub(said[1], hide) if said else ""
        return from_label(operation, inside[1].upper(), words, changes=False, labels=labels)
    if code == 3 or _COULD_NOT_LOOK.search(message):
        return ConnectionFailedError(f"{operation}: the exchange failed: WS_{code}: {text}")
    if _NAMES_A_MARKET.search(message):
        reason = RefusalReason.UNKNOWN_SYMBOL
    elif message.rstrip(" .)").endswith(_WEBSOCKET_RATES):
        reason = RefusalReason.RATE_LIMIT
    elif code in _WEBSOCKET_AUTHENTICATION or _REFUSES_THE_KEY.search(message):
        reason = RefusalReason.AUTHENTICATION
    else:
        reason = RefusalReason.BAD_REQUEST if code in {1, 2} else RefusalReason.OTHER
    return VenueRefusedError(reason, f"WS_{code}", f"{channel}: {text}" if channel else text)


def scrub(text: str, hide: Credentials | None) -> str:
    """The exchange's free text, cut to a sensible length and without key or secret (R12)."""
    if hide is not None:
        for hidden in (hide.reveal_secret(), hide.reveal_key()):
            if hidden:
                text = text.replace(hidden, "***")
    return text if len(text) <= _LONGEST_DETAIL else text[:_LONGEST_DETAIL] + "..."


def _without_label(operation: str, status: int, *, changes: bool, retry_after_s: float | None) -> TellerError:
    """An answer of something in front of the exchange: a proxy, a firewall, a maintenance page."""
    if changes:
        return UnknownOutcomeError(
            f"{operation}: status {status} without a word of the exchange's own: it may or may not have happened"
        )
    if status >= 500 or status == 408:
        return ConnectionFailedError(f"{operation}: status {status}")
    reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER
    return VenueRefusedError(reason, f"HTTP_{status}", retry_after_s=retry_after_s)
