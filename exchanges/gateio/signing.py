"""Gate's two signatures, both HMAC-SHA512 in lower-case hex (REST manual, authentication; spot WebSocket manual)."""

import hashlib
import hmac
from functools import lru_cache
from typing import Final

from exchanges.base.credentials import Credentials

_EMPTY_BODY: Final = hashlib.sha512(b"").hexdigest()


def sign_request(
    credentials: Credentials, *, method: str, path: str, query: str, body: bytes | None, seconds: int
) -> dict[str, str]:
    """The three headers that prove who sends a REST request.

    Args:
        path: with the ``/api/v4`` prefix. query: without ``?``, in the order of the URL, **not** percent-encoded.
        body: the very bytes that go out. seconds: unix seconds by the exchange's clock; more than 60 off is refused.
    """
    digest = hashlib.sha512(body).hexdigest() if body else _EMPTY_BODY
    timestamp = str(seconds)
    text = f"{method}\n{path}\n{query}\n{digest}\n{timestamp}"
    return {"KEY": credentials.reveal_key(), "Timestamp": timestamp, "SIGN": _hmac_sha512(credentials, text)}


def sign_channel(credentials: Credentials, *, channel: str, event: str, seconds: int) -> dict[str, str]:
    """The ``auth`` object of a request to a private channel; ``seconds`` must be the ``time`` of the same frame."""
    text = f"channel={channel}&event={event}&time={seconds}"
    return {"method": "api_key", "KEY": credentials.reveal_key(), "SIGN": _hmac_sha512(credentials, text)}


@lru_cache(maxsize=256)
def _keyed(credentials: Credentials) -> hmac.HMAC:
    """The part of the signature that is the same for all texts."""
    return hmac.new(credentials.reveal_secret().encode(), b"", "sha512")


def _hmac_sha512(credentials: Credentials, text: str) -> str:
    signature = _keyed(credentials).copy()
    signature.update(text.encode())
    return signature.hexdigest()
