"""Gate's queries and commands of one account of USDT perpetuals (docs/venues/gateio.md, perpetuals)."""

from exchanges.gateio.futures.capabilities import NAME
from exchanges.gateio.futures.conditional_rest import ConditionalOrderRest
from exchanges.gateio.futures.order_rest import OrderRest
from exchanges.gateio.futures.position_rest import PositionRest
from messages.commands import Withdraw
from messages.errors import UnsupportedError
from messages.withdrawal import Withdrawal


class GateioFuturesPrivateRest(OrderRest, PositionRest, ConditionalOrderRest):
    """`exchanges.base.futures_clients.FuturesPrivateRest` of one account of Gate.io's USDT perpetuals."""

    async def withdraw(self, withdrawal: Withdraw) -> Withdrawal:
        """Raises `UnsupportedError`: money is withdrawn from the spot account."""
        del withdrawal
        raise _no_withdrawals()

    async def get_withdrawal(self, withdrawal_id: str) -> Withdrawal | None:
        """Raises `UnsupportedError`."""
        del withdrawal_id
        raise _no_withdrawals()

    async def cancel_withdrawal(self, withdrawal_id: str) -> Withdrawal:
        """Raises `UnsupportedError`."""
        del withdrawal_id
        raise _no_withdrawals()

    async def load_withdrawals(
        self, *, currency: str | None, from_ms: int | None, to_ms: int | None, limit: int
    ) -> tuple[Withdrawal, ...]:
        """Raises `UnsupportedError`."""
        del currency, from_ms, to_ms, limit
        raise _no_withdrawals()


def _no_withdrawals() -> UnsupportedError:
    return UnsupportedError(NAME, "withdraw", "withdraw from the spot account")
