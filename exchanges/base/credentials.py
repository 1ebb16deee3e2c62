"""An API key and its secret, kept out of every text (R12)."""

from typing import Final


class Credentials:
    """Key and secret of one account. Neither shows in ``repr``, ``str``, format or pickles."""

    __slots__ = ("_key", "_secret")

    def __init__(self, key: str, secret: str) -> None:
        self._key: Final = key
        self._secret: Final = secret

    def reveal_key(self) -> str:
        """The key, for the header that carries it."""
        return self._key

    def reveal_secret(self) -> str:
        """The secret, for the signature only."""
        return self._secret

    def __repr__(self) -> str:
        return "Credentials(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("credentials are never serialised")
