"""Money that comes and goes: deposits, and withdrawals with the life that they lead."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.scheduling import Schedule


class WithdrawalStatus(enum.Enum):
    """Where a withdrawal stands."""

    REQUEST = "REQUEST"
    REVIEW = "REVIEW"
    VERIFY = "VERIFY"
    MANUAL = "MANUAL"
    PROCESSING = "PROCES"
    PENDING = "PEND"
    EXTERNALLY_PENDING = "EXTPEND"
    MOVING = "DMOVE"
    CODE = "BCODE"
    DONE = "DONE"
    CANCELLED = "CANCEL"
    FAILED = "FAIL"
    INVALID = "INVALID"


CANCELLABLE = {
    WithdrawalStatus.REQUEST,
    WithdrawalStatus.REVIEW,
    WithdrawalStatus.VERIFY,
    WithdrawalStatus.MANUAL,
}
RETURNED = {WithdrawalStatus.CANCELLED, WithdrawalStatus.FAILED, WithdrawalStatus.INVALID}
ENDED = RETURNED | {WithdrawalStatus.DONE}
USUAL_LIFE = (WithdrawalStatus.PROCESSING, WithdrawalStatus.PENDING, WithdrawalStatus.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A network on which a currency moves. ``fee`` is part of the amount that leaves the account."""

    name: str
    fee: Decimal
    minimum: Decimal
    needs_memo: bool = False


CHAINS = {
    "USDT": (
        Chain(name="TRX", fee=Decimal(1), minimum=Decimal(2)),
        Chain(name="ETH", fee=Decimal("2.5"), minimum=Decimal(5)),
    ),
    "BTC": (Chain(name="BTC", fee=Decimal("0.0001"), minimum=Decimal("0.0005")),),
    "ETH": (Chain(name="ETH", fee=Decimal("0.001"), minimum=Decimal("0.005")),),
    "SOL": (Chain(name="SOL", fee=Decimal("0.005"), minimum=Decimal("0.02")),),
}
ANY_CHAINS = (Chain(name="ETH", fee=Decimal(1), minimum=Decimal(10)),)


def chains_of(currency: str) -> tuple[Chain, ...]:
    """Returns the networks of a currency."""
    return CHAINS.get(currency, ANY_CHAINS)


@dataclass(slots=True, kw_only=True)
class Deposit:
    """Money that came in."""

    id: int
    account: str
    currency: str
    amount: Decimal
    time_ms: int


@dataclass(slots=True, kw_only=True)
class Withdrawal:
    """Money on its way out; ``text`` is the user's own id."""

    id: int
    account: str
    currency: str
    amount: Decimal
    chain: Chain
    address: str
    memo: str
    text: str
    time_ms: int
    updated_ms: int
    status: WithdrawalStatus = WithdrawalStatus.REQUEST
    transaction: str = ""
    block: int = 0


class Transfers:
    """Takes deposits and carries out withdrawals.

    A withdrawal's amount leaves the account when it is asked for and comes back when it is canceled or fails.
    It goes through its usual life in steps of ``step_ms``; with 0, or once its status was set by hand, only by hand.
    """

    def __init__(self, engine: Engine, *, now_ms: Callable[[], int], schedule: Schedule, step_ms: int) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._schedule = schedule
        self._step_s = step_ms / 1000
        self.deposits: list[Deposit] = []
        self.withdrawals: dict[int, Withdrawal] = {}
        self._by_hand: set[int] = set()

    def deposit(self, account: str, currency: str, amount: Decimal) -> Deposit:
        """Credits money from outside."""
        deposit = Deposit(
            id=50_000 + len(self.deposits),
            account=account,
            currency=currency,
            amount=amount,
            time_ms=self._now_ms(),
        )
        self.deposits.append(deposit)
        self._engine.deposit(account, currency, amount)
        return deposit

    def withdraw(
        self, account: str, *, currency: str, amount: Decimal, chain: Chain, address: str, memo: str, text: str
    ) -> Withdrawal:
        """Takes the amount and begins a withdrawal. Raises ``RefusedError`` when there is not enough."""
        self._engine.withdraw(account, currency, amount)
        now = self._now_ms()
        withdrawal = Withdrawal(
            id=2_041_773 + len(self.withdrawals),
            account=account,
            currency=currency,
            amount=amount,
            chain=chain,
            address=address,
            memo=memo,
            text=text,
            time_ms=now,
            updated_ms=now,
        )
        self.withdrawals[withdrawal.id] = withdrawal
        if self._step_s:
            self._schedule(self._step_s, lambda: self._live_on(withdrawal, 0))
        return withdrawal

    def cancel(self, withdrawal: Withdrawal) -> bool:
        """Cancels a withdrawal that is still waiting; returns whether it could be."""
        if withdrawal.status not in CANCELLABLE:
            return False
        self._move(withdrawal, WithdrawalStatus.CANCELLED)
        return True

    def set_status(self, withdrawal: Withdrawal, status: WithdrawalStatus, transaction: str = "") -> None:
        """Sets the status by hand. Raises ``ValueError`` when the withdrawal has ended."""
        if withdrawal.status in ENDED:
            raise ValueError(f"status: withdrawal {withdrawal.id} has ended as {withdrawal.status.value}")
        self._by_hand.add(withdrawal.id)
        self._move(withdrawal, status, transaction)

    def _live_on(self, withdrawal: Withdrawal, step: int) -> None:
        if withdrawal.status in ENDED or withdrawal.id in self._by_hand:
            return
        self._move(withdrawal, USUAL_LIFE[step])
        if step + 1 < len(USUAL_LIFE):
            self._schedule(self._step_s, lambda: self._live_on(withdrawal, step + 1))

    def _move(self, withdrawal: Withdrawal, status: WithdrawalStatus, transaction: str = "") -> None:
        withdrawal.status, withdrawal.updated_ms = status, self._now_ms()
        withdrawal.transaction = transaction or withdrawal.transaction
        if status is WithdrawalStatus.DONE:
            withdrawal.block = 68_000_000 + withdrawal.id
            withdrawal.transaction = withdrawal.transaction or f"{withdrawal.id:064x}"
        if status in RETURNED:
            self._engine.return_withdrawal(withdrawal.account, withdrawal.currency, withdrawal.amount)
