"""Which API key belongs to which account, and what it may do."""

from collections.abc import Iterable

from exchanges.simulator.core.config import AccountConfig


class Keys:
    """The API keys of all accounts; one key each. ``prefix``: what those begin with that are made up."""

    def __init__(self, accounts: Iterable[AccountConfig], seed: int, prefix: str = "") -> None:
        self.accounts = {account.name: account.with_credentials(seed, prefix) for account in accounts}
        self.revoked: set[str] = set()
        self._by_key = {account.key: account for account in self.accounts.values()}

    def find(self, key: str) -> AccountConfig | None:
        """Returns the account of a key, None when nobody has it or its account's key is revoked."""
        account = self._by_key.get(key)
        return None if account is None or account.name in self.revoked else account

    def owner(self, key: str) -> str | None:
        """Returns the name of the account that a key was made for, revoked or not."""
        account = self._by_key.get(key)
        return None if account is None else account.name
