"""MEXC's signature: HMAC-SHA256 in lower-case hex over the query as it is sent (docs/venues/mexc.md, signing)."""

import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from exchanges.base.credentials import Credentials

Query = Sequence[tuple[str, str]]

LONGEST_WINDOW_MS: Final = 60_000
"""A longer receive window is refused (700005)."""


def encode(query: Query) -> str:
    """Parameters as they are signed and sent: escapes with upper-case digits, everything but letters, digits and
    ``_ - . ~`` escaped."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in query)


def sign(credentials: Credentials, text: str) -> str:
    """The signature of an encoded query that has a ``timestamp``."""
    signature = _keyed(credentials).copy()
    signature.update(text.encode())
    return signature.hexdigest()


def signed(credentials: Credentials, query: Query, *, timestamp_ms: int, window_ms: int) -> str:
    """The whole query of a private request, encoded, with its time, its receive window and its signature.

    Args:
        timestamp_ms: by the exchange's clock. It refuses the request where that is a second or more ahead, or more than
            ``window_ms`` behind, when the request arrives.
    """
    text = encode((*query, ("recvWindow", str(window_ms)), ("timestamp", str(timestamp_ms))))
    return f"{text}&signature={sign(credentials, text)}"


@lru_cache(maxsize=256)
def _keyed(credentials: Credentials) -> hmac.HMAC:
    """The part of the signature that is the same for all texts."""
    return hmac.new(credentials.reveal_secret().encode(), b"", "sha256")
