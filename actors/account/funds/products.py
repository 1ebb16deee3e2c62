"""Which funds an account has, by what it trades."""

from collections.abc import Callable, Mapping
from typing import Final

from actors.account.funds.funds import Funds
from actors.account.funds.spot import SpotFunds
from messages.symbol import Product

FUNDS: Final[Mapping[Product, Callable[[set[str]], Funds]]] = {Product.SPOT: SpotFunds}
"""Each is made with the currencies of which a balance was told before, and keeps them up."""
