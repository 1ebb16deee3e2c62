"""An API key and its secret, kept out of every text (R12)."""

from typing import Final


class Credentials:
    """Key and secret of one account. Neither shows in ``repr``, ``str``, format or pickles. Two are equal when both
    are, so that what belongs to one account can be kept by its credentials."""

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Credentials) and (self._key, self._secret) == (other._key, other._secret)

    def __hash__(self) -> int:
        return hash((self._key, self._secret))

    def __repr__(self) -> str:
        return "Credentials(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("credentials are never serialised")
