"""The orderly end of a run: open orders are canceled, and every account is compared with the exchange's books."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from actors.orderly_end import LONGEST_PAUSE_S, cancel_open_orders
from actors.strategy.handle import AccountHandle
from actors.system import TradingSystem
from config import AccountConfig, Config
from console.account_records import Comparison, compare
from console.exit_codes import ExitCode
from console.observer import Notes
from console.record_readers import RecordReader, own_records
from exchanges.base.environment import Environment
from messages.balance import Balance
from messages.enums import SyncState
from messages.errors import ConnectionFailedError, TellerError
from messages.snapshot import AccountSnapshot, TradingStats
from messages.symbol import Symbol

_LOOK_EVERY_S: Final = 0.05
_AGREE_WITHIN_S: Final = 5.0
"""Events that are on their way when the exchange is asked arrive a moment later than its answer."""

Verdict = Literal["AGREE", "DISAGREE", "UNKNOWN"]


class AccountEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How one account stands at the end.

    Attributes:
        verdict: AGREE, DISAGREE, or UNKNOWN where the comparison could not be made; ``why`` says why.
        comparison: what was compared and the differences; None if UNKNOWN.
        left_open: why open orders may not all be canceled; empty if they are, or were meant to stay.
        canceled: orders that were canceled at the end. stats: None if the account could not be asked.
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
        readers: Mapping[str, RecordReader],
        environment: Environment,
        has_exchange: bool = True,
        patient_s: float = _AGREE_WITHIN_S,
        read_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        """``readers``: by account name. ``patient_s``: how long the two sides may take to agree.

        ``has_exchange``: whether it is still there; an embedded one that has ended has taken its orders with it.
        """
        self._system = system
        self._config = config
        self._notes = notes
        self._readers = readers
        self._environment = environment
        self._must_cancel = has_exchange and config.shutdown.cancel_open_orders
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
        if self._must_cancel:
            ended = await cancel_open_orders(
                handle, patience_s=self._config.shutdown.patience_s, clock=self._environment.clock
            )
            canceled, left_open = ended.canceled, ended.problem
        shared: dict[str, Any] = {"account": account.name, "venue": account.venue, "canceled": canceled}
        shared["left_open"] = left_open
        try:
            snapshot = await self._until_live(handle)
            shared["stats"] = await handle.get_trading_stats()
            shared["balances"] = tuple(b for b in snapshot.balances.values() if b.total)
            if snapshot.sync_state is not SyncState.LIVE:
                status = self._notes.statuses.get(account.name)
                cause = f": {status.cause}" if status is not None and status.cause else ""
                code = ExitCode.VENUE_REFUSED if snapshot.sync_state is SyncState.FAILED else ExitCode.CONNECTION
                return _unknown(f"the account is {snapshot.sync_state.value}{cause}", code, shared)
            comparison = await self._compare(account, handle)
        except TellerError as error:
            return _unknown(str(error), ExitCode.of(error), shared)
        if comparison.differences:
            return AccountEnd(verdict="DISAGREE", exit_code=ExitCode.BOOKS_DISAGREE, comparison=comparison, **shared)
        if not comparison.open_orders:
            shared["left_open"] = ""  # the account went on canceling, and both sides now show that nothing is open
        code = ExitCode.ORDERS_LEFT_OPEN if shared["left_open"] else ExitCode.OK
        return AccountEnd(verdict="AGREE", exit_code=code, comparison=comparison, **shared)

    async def _until_live(self, handle: AccountHandle) -> AccountSnapshot:
        """The snapshot when it is live, or when patience is at its end: a reconnect in these moments is waited out.

        What is hopeless is not waited for. Raises `TellerError` while nobody can be asked at the end of that.
        """
        clock = self._environment.clock
        deadline_s = clock.monotonic_s() + self._config.shutdown.patience_s
        while True:
            is_over = clock.monotonic_s() >= deadline_s
            try:
                snapshot: AccountSnapshot = await handle.snapshot()
            except TellerError:
                if is_over:
                    raise
            else:
                if is_over or snapshot.sync_state in {SyncState.LIVE, SyncState.FAILED}:
                    return snapshot
            await clock.sleep(self._read_every_s)

    async def _compare(self, account: AccountConfig, handle: AccountHandle) -> Comparison:
        """Reads both sides until they agree, or for so long as they may take; a difference counts only between books
        that are those of now. Raises `TellerError` when one side could not be read to the last."""
        clock = self._environment.clock
        deadline_s = clock.monotonic_s() + self._patient_s
        last_s = deadline_s + self._config.shutdown.patience_s
        pause_s = self._read_every_s
        while True:
            now_s = clock.monotonic_s()
            try:
                comparison = await self._compare_once(account, handle)
                is_live = (await handle.snapshot()).is_live
            except TellerError:
                if now_s >= deadline_s:
                    raise
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                pause_s = self._read_every_s
                if not comparison.differences or (is_live and now_s >= deadline_s):
                    return comparison
                if now_s >= last_s:
                    raise ConnectionFailedError("the account is not live for long enough to be compared")
            await clock.sleep(pause_s)
            await self._until_live(handle)

    async def _compare_once(self, account: AccountConfig, handle: AccountHandle) -> Comparison:
        symbols = {*self._config.symbols_of(account.name), *self._notes.symbols_of(account.name)}
        theirs = await self._readers[account.name].read(sorted(symbols))
        ours = await own_records(
            handle,
            self._notes.fills_of(account.name),
            {*symbols, *(Symbol.parse(order.symbol) for order in theirs.orders.values())},
            executed_limit=account.settings.executed_limit,
        )
        return compare(ours, theirs)


def _unknown(why: str, code: ExitCode, shared: dict[str, Any]) -> AccountEnd:
    """An account that was not compared; orders that may be open are worse than what made that so."""
    if shared["left_open"]:
        code = ExitCode.ORDERS_LEFT_OPEN
    return AccountEnd(verdict="UNKNOWN", why=why, exit_code=code, **shared)
