"""Which kind of account a product needs: the one place that says so."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from actors.account.actor import AccountActor
from actors.account.funds.funds import Funds
from actors.account.funds.margin.funds import MarginFunds
from actors.account.funds.spot import SpotFunds
from actors.account.kinds.margin_actor import MarginAccountActor
from actors.account.kinds.margin_session import MarginSessions
from actors.account.session import AccountSessions
from messages.symbol import Product


class AccountKind(msgspec.Struct, frozen=True):
    """Attributes:
    actor, sessions: of the account and its connection.
    make_funds: with the currencies of which a balance was told before, which it keeps up.
    """

    actor: type[AccountActor]
    sessions: type[AccountSessions]
    make_funds: Callable[[set[str]], Funds]


KINDS: Final[Mapping[Product, AccountKind]] = {
    Product.SPOT: AccountKind(AccountActor, AccountSessions, SpotFunds),
    Product.PERPETUAL: AccountKind(MarginAccountActor, MarginSessions, MarginFunds),
}
