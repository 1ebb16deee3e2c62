"""What belongs to one account at a venue, made once, and shared by its REST clients and its sockets."""

from dataclasses import dataclass

from exchanges.base.credentials import Credentials
from exchanges.base.environment import Clock
from exchanges.base.rate_limiter import RateLimiter


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """One account, as the exchange counts it."""

    credentials: Credentials
    limiter: RateLimiter


class VenueAccounts:
    """The accounts of one venue, by their credentials."""

    def __init__(self, clock: Clock, shared: RateLimiter | None = None) -> None:
        """``shared``: counts what the exchange counts over all accounts of an address."""
        self._clock = clock
        self._shared = shared
        self._accounts: dict[Credentials, VenueAccount] = {}

    def of(self, credentials: Credentials) -> VenueAccount:
        """The same for the same credentials."""
        account = self._accounts.get(credentials)
        if account is None:
            account = self._accounts[credentials] = VenueAccount(
                credentials, RateLimiter(self._clock, shared=self._shared)
            )
        return account
