"""What an answer of MEXC's that is not a success means (docs/venues/mexc.md, errors)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from exchanges.mexc.codes import Proof, code_of
from exchanges.mexc.wire import ErrorBody
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, UnknownOutcomeError, VenueRefusedError

_LONGEST_DETAIL: Final = 300
_SUCCESS: Final = frozenset({0, 200})
"""Envelopes say one or the other."""
_LIMITS: Final = frozenset({418, 429})
"""418: banned for not having heeded 429."""

_read_body: Final = msgspec.json.Decoder(ErrorBody).decode


def code_in(body: bytes) -> tuple[int, str] | None:
    """The code and the text of a body that says no; None for any other body."""
    try:
        parsed = _read_body(body)
        number = int(parsed.code) if parsed.code is not None else 0
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError):
        return None
    return None if number in _SUCCESS else (number, parsed.msg or parsed.message or "")


def from_response(
    operation: str,
    status: int,
    body: bytes,
    *,
    changes: bool,
    retry_after_s: float | None = None,
    hide: Iterable[str] = (),
) -> TellerError:
    """The error for an answer that is not a success.

    Only the exchange's own code says anything of a change. A status alone is the word of whatever stands in front of
    the exchange, and nobody knows whether that had passed the request on before.

    Args:
        changes: whether the request changes something: decides what an answer proves (R3).
        hide: key, secret and listen key, which must not show, should the exchange quote them (R12).
    """
    said = code_in(body) if status < 500 else None
    if said is None:
        return _without_code(operation, status, changes=changes, retry_after_s=retry_after_s)
    number, text = said
    if status in _LIMITS and code_of(number) is None:
        number = 429
    return from_code(operation, number, scrub(text, hide), changes=changes, retry_after_s=retry_after_s)


def from_code(
    operation: str, number: int, detail: str, *, changes: bool, retry_after_s: float | None = None
) -> TellerError:
    """The error for one of MEXC's codes. One that we do not know is a refusal of a query, and of a change it proves
    nothing (R3). Texts are free, and nothing is read from them."""
    known = code_of(number)
    if changes and (known is None or not known.proof.is_certain):
        said = f"{number}: {detail}" if detail else str(number)
        return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")
    if known is not None and known.proof is Proof.SERVER:
        return ConnectionFailedError(f"{operation}: {number}")
    reason = RefusalReason.OTHER if known is None else known.reason
    return VenueRefusedError(reason, str(number), detail, retry_after_s=retry_after_s)


def scrub(text: str, hide: Iterable[str]) -> str:
    """The exchange's free text, cut to a sensible length and without secrets (R12)."""
    for hidden in hide:
        if hidden:
            text = text.replace(hidden, "***")
    return text if len(text) <= _LONGEST_DETAIL else text[:_LONGEST_DETAIL] + "..."


def _without_code(operation: str, status: int, *, changes: bool, retry_after_s: float | None) -> TellerError:
    """An answer of something in front of the exchange: a proxy, a firewall, a maintenance page."""
    if changes:
        return UnknownOutcomeError(
            f"{operation}: status {status} without a word of the exchange's own: it may or may not have happened"
        )
    if status >= 500 or status == 408:
        return ConnectionFailedError(f"{operation}: status {status}")
    reason = RefusalReason.RATE_LIMIT if status in _LIMITS else RefusalReason.OTHER
    return VenueRefusedError(reason, f"HTTP_{status}", retry_after_s=retry_after_s)
