"""The state of a spot account, as an account of that product makes it."""

from actors.account.funds.spot import SpotFunds
from actors.account.state import AccountState


def spot_state(*, executed_limit: int = 1000, told_currencies: set[str] | None = None) -> AccountState:
    return AccountState(SpotFunds(told_currencies), executed_limit=executed_limit)
