"""The orderly end of a run: open orders are cancelled, and every account is compared with the exchange's books."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
import structlog

from actors.strategy.handle import AccountHandle
from actors.system import TradingSystem
from config import AccountConfig, Config
from console.auditors import Auditor, our_books
from console.books import Comparison, compare
from console.exit_codes import ExitCode
from console.observer import Notes
from exchanges.base.environment import Clock, Environment
from messages.balance import Balance
from messages.enums import SyncState
from messages.errors import TellerError
from messages.snapshot import TradingStats
from messages.symbol import Symbol

_log = structlog.get_logger("teller.closing")
_LOOK_EVERY_S: Final = 0.05
_AGREE_WITHIN_S: Final = 5.0
"""Events that are on their way when the exchange is asked arrive a moment later than its answer."""

Verdict = Literal["AGREE", "DISAGREE", "UNKNOWN"]


class AccountEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How one account stands at the end.

    Attributes:
        verdict: AGREE, DISAGREE, or UNKNOWN where the comparison could not be made; ``why`` says why.
        comparison: what was compared and the differences; None if UNKNOWN.
        left_open: why open orders could not all be cancelled; empty if they were, or were meant to stay.
        canceled: orders that were cancelled at the end. stats: None if the account could not be asked.
    """

    account: str
    venue: str
    verdict: Verdict
    why: str = ""
    exit_code: int = ExitCode.OK
    comparison: Comparison | None = None
    canceled: int = 0
    left_open: str = ""
    balances: tuple[Balance, ...] = ()
    stats: TradingStats | None = None


class Closing:
    """Ends a run; the actors of the accounts live on until it is over."""

    def __init__(
        self,
        *,
        system: TradingSystem,
        config: Config,
        notes: Notes,
        auditors: Mapping[str, Auditor],
        environment: Environment,
        patient_s: float = _AGREE_WITHIN_S,
        read_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        """``auditors``: by account name. ``patient_s``: how long the two sides may take to agree."""
        self._system = system
        self._config = config
        self._notes = notes
        self._auditors = auditors
        self._environment = environment
        self._patient_s = patient_s
        self._read_every_s = read_every_s

    async def run(self) -> tuple[AccountEnd, ...]:
        """Cancels and compares, all accounts together; one that cannot be reached does not hold up the others (R10)."""
        tasks = [
            self._environment.spawn(self._end(account), f"closing:{account.name}") for account in self._config.accounts
        ]
        await asyncio.wait(tasks)
        return tuple(task.result() for task in tasks)

    async def _end(self, account: AccountConfig) -> AccountEnd:
        handle = self._system.account(account.name)
        canceled, left_open = 0, ""
        if self._config.shutdown.cancel_open_orders:
            canceled, left_open = await cancel_open_orders(
                handle, patience_s=self._config.shutdown.patience_s, clock=self._environment.clock
            )
        shared: dict[str, Any] = {"account": account.name, "venue": account.venue, "canceled": canceled}
        shared["left_open"] = left_open
        try:
            stats: TradingStats = await handle.get_trading_stats()
            snapshot = await handle.snapshot()
            shared |= {"stats": stats, "balances": tuple(b for b in snapshot.balances.values() if b.total)}
            if snapshot.sync_state is not SyncState.LIVE:
                status = self._notes.statuses.get(account.name)
                cause = f": {status.cause}" if status is not None and status.cause else ""
                code = ExitCode.VENUE_REFUSED if snapshot.sync_state is SyncState.FAILED else ExitCode.CONNECTION
                why = f"the account is {snapshot.sync_state.value}{cause}"
                return AccountEnd(verdict="UNKNOWN", why=why, exit_code=code, **shared)
            comparison = await self._compare(account, handle)
        except TellerError as error:
            return AccountEnd(verdict="UNKNOWN", why=str(error), exit_code=ExitCode.of(error), **shared)
        if comparison.differences:
            return AccountEnd(verdict="DISAGREE", exit_code=ExitCode.BOOKS_DISAGREE, comparison=comparison, **shared)
        code = ExitCode.ORDERS_LEFT_OPEN if left_open else ExitCode.OK
        return AccountEnd(verdict="AGREE", exit_code=code, comparison=comparison, **shared)

    async def _compare(self, account: AccountConfig, handle: AccountHandle) -> Comparison:
        clock = self._environment.clock
        deadline_s = clock.monotonic_s() + self._patient_s
        auditor = self._auditors[account.name]
        while True:
            symbols = {*self._config.symbols_of(account.name), *self._notes.symbols_of(account.name)}
            theirs = await auditor.read(sorted(symbols))
            ours = await our_books(
                handle,
                self._notes.fills_of(account.name),
                {*symbols, *(Symbol.parse(order.symbol) for order in theirs.orders.values())},
                executed_limit=account.settings.executed_limit,
            )
            comparison = compare(ours, theirs)
            if not comparison.differences or clock.monotonic_s() >= deadline_s:
                return comparison
            await clock.sleep(self._read_every_s)


async def cancel_open_orders(account: AccountHandle, *, patience_s: float, clock: Clock) -> tuple[int, str]:
    """Cancels until nothing is open, also what was still on its way to the exchange when that began.

    Returns:
        How many orders were cancelled, and why some are left after ``patience_s`` seconds (empty if none is).
    """
    deadline_s = clock.monotonic_s() + patience_s
    canceled: set[str | None] = set()
    while True:
        problem = ""
        try:
            async with asyncio.timeout(max(0.1, deadline_s - clock.monotonic_s())):
                ended = await account.cancel_all()
                canceled.update(order.order_id for order in ended)
                left = (await account.snapshot()).open_orders
            problem = f"{len(left)} orders are still open" if left else ""
        except TellerError as error:
            problem = str(error)
        except TimeoutError:
            problem = f"the exchange did not confirm within {patience_s:g} s"
        if not problem:
            _log.info("open_orders_canceled", account=account.name, canceled=len(canceled))
            return len(canceled), ""
        if clock.monotonic_s() >= deadline_s:
            _log.error("open_orders_not_canceled", account=account.name, error=problem)
            return len(canceled), problem
        await clock.sleep(_LOOK_EVERY_S)
