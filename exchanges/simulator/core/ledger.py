"""Who owns what: balances with an available and a locked part, and the rule that no money appears or vanishes."""

from dataclasses import dataclass
from decimal import Decimal

from exchanges.simulator.core.orders import ZERO


class NotEnoughFundsError(Exception):
    """The account has less available than is asked for."""

    def __init__(self, currency: str, needed: Decimal, available: Decimal) -> None:
        super().__init__(f"needs {needed} {currency}, {available} is available")
        self.currency = currency


@dataclass(slots=True)
class Balance:
    """One currency of one account. ``version`` grows with each change."""

    available: Decimal = ZERO
    locked: Decimal = ZERO
    version: int = 0

    @property
    def total(self) -> Decimal:
        """All that the account owns of the currency."""
        return self.available + self.locked


class Ledger:
    """All accounts' balances, the fees taken, and what came in from outside less what left."""

    def __init__(self) -> None:
        self._accounts: dict[str, dict[str, Balance]] = {}
        self.fees: dict[str, Decimal] = {}
        self.brought_in: dict[str, Decimal] = {}

    def open_account(self, account: str) -> None:
        """Begins an account with nothing in it."""
        self._accounts[account] = {}

    def balances(self, account: str) -> dict[str, Balance]:
        """Returns the account's balances by currency; a currency that it never had is missing."""
        return self._accounts[account]

    def balance(self, account: str, currency: str) -> Balance:
        """Returns the balance, an empty one when the account never had the currency."""
        balances = self._accounts[account]
        found = balances.get(currency)
        if found is None:
            found = balances[currency] = Balance()
        return found

    def bring_in(self, account: str, currency: str, amount: Decimal) -> None:
        """Adds money from outside: a deposit, or a withdrawal that came back."""
        balance = self.balance(account, currency)
        balance.available += amount
        balance.version += 1
        self.brought_in[currency] = self.brought_in.get(currency, ZERO) + amount

    def take_out(self, account: str, currency: str, amount: Decimal) -> None:
        """Removes available money to the outside. Raises ``NotEnoughFundsError``."""
        balance = self._with_available(account, currency, amount)
        balance.available -= amount
        balance.version += 1
        self.brought_in[currency] = self.brought_in.get(currency, ZERO) - amount

    def lock(self, account: str, currency: str, amount: Decimal) -> None:
        """Sets available money aside for an order. Raises ``NotEnoughFundsError``."""
        balance = self._with_available(account, currency, amount)
        balance.available -= amount
        balance.locked += amount
        balance.version += 1

    def unlock(self, account: str, currency: str, amount: Decimal) -> None:
        """Makes locked money available again."""
        balance = self._with_locked(account, currency, amount)
        balance.locked -= amount
        balance.available += amount
        balance.version += 1

    def spend_locked(self, account: str, currency: str, amount: Decimal) -> None:
        """Pays out of locked money; the receiver is credited by ``receive``."""
        balance = self._with_locked(account, currency, amount)
        balance.locked -= amount
        balance.version += 1

    def receive(self, account: str, currency: str, amount: Decimal, fee: Decimal) -> None:
        """Credits ``amount`` less ``fee``, and the fee to the exchange."""
        balance = self.balance(account, currency)
        balance.available += amount - fee
        balance.version += 1
        self.fees[currency] = self.fees.get(currency, ZERO) + fee

    def take_fee(self, account: str, currency: str, amount: Decimal) -> None:
        """Moves available money to the exchange's fees; below 0 it is a rebate. Raises ``NotEnoughFundsError``."""
        balance = self._with_available(account, currency, amount)
        balance.available -= amount
        balance.version += 1
        self.fees[currency] = self.fees.get(currency, ZERO) + amount

    def change(self, account: str, currency: str, amount: Decimal) -> None:
        """Books what another account's balance is booked with the other sign; a balance may end below 0."""
        balance = self.balance(account, currency)
        balance.available += amount
        balance.version += 1

    def charge(self, account: str, currency: str, fee: Decimal) -> None:
        """Moves money to the exchange's fees, whether the account has it or not; below 0 it is a rebate."""
        self.change(account, currency, -fee)
        self.fees[currency] = self.fees.get(currency, ZERO) + fee

    def _with_available(self, account: str, currency: str, amount: Decimal) -> Balance:
        balance = self.balance(account, currency)
        if balance.available < amount:
            raise NotEnoughFundsError(currency, amount, balance.available)
        return balance

    def _with_locked(self, account: str, currency: str, amount: Decimal) -> Balance:
        balance = self.balance(account, currency)
        if balance.locked < amount:
            raise AssertionError(f"{account} has {balance.locked} {currency} locked, not the {amount} to be used")
        return balance
