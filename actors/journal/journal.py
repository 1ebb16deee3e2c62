"""An account's journal: what it is about to do, how that ended, and every order and fill it heard of (R4)."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, Self

import msgspec

from actors.journal.codec import decode_command, encode, kind_of
from actors.journal.commits import CommitQueue
from actors.journal.database import open_database
from actors.journal.errors import JournalError
from actors.journal.intent_thread import IntentThread
from actors.journal.loading import load
from actors.journal.lock import JournalLock
from actors.journal.records import FILLS_THROUGH, IntentCommand, JournalFigures, JournalState, Outcome
from actors.journal.refusals import as_written
from actors.journal.settings import JournalSettings
from actors.journal.store import Store
from actors.journal.told import IntentRecord, OutcomeRecord, Probe, StateRecord
from actors.runtime import Reply
from messages.errors import InvalidValueError
from messages.order import Fill, Order

_KEY_LIMIT: Final = 64
_VALUE_LIMIT: Final = 1_000_000


class IntentReceipt(Reply[int]):
    """Awaiting it gives the intent's id once the intent is durable; `JournalError` when it could not be written, and
    then the command must not be sent."""

    def __init__(self, intent_id: int) -> None:
        super().__init__()
        self.intent_id = intent_id


class Journal:
    """Made by `open`, ended by `close`. Used on one event loop's thread only.

    Attributes:
        path: of the file. began_ms: when that was made, unix milliseconds; no loss of records takes it.
    """

    def __init__(
        self,
        *,
        path: Path,
        store: Store,
        lock: JournalLock,
        commits: CommitQueue,
        loop: asyncio.AbstractEventLoop,
        executor: Executor | None,
        now_ms: Callable[[], int],
    ) -> None:
        """For `open`."""
        self.path = path
        self._store = store
        self._lock = lock
        self._commits = commits
        self._loop = loop
        self._executor = executor
        self._now_ms = now_ms
        self._next_intent_id = store.newest_intent_id() + 1
        self._state = store.read_state()
        self.began_ms = store.read_began_ms()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        account: str,
        settings: JournalSettings,
        loop: asyncio.AbstractEventLoop,
        executor: Executor | None,
        now_ms: Callable[[], int],
        hide: Callable[[str], str] = str,
        intent_thread: IntentThread | None = None,
    ) -> Self:
        """Opens or makes the journal of ``account``. Blocks while the file is checked; may be called on a thread.

        Args:
            path: of the file, on a local disk; its directory is made if it is missing.
            loop: on which the journal will be used.
            executor: of threads, for what waits for the disk; two threads serve many journals. None does everything on
                the loop, so that a simulation on virtual time is the same each time.
            now_ms: unix milliseconds, for stamps.
            hide: takes known secrets out of free text (R12).
            intent_thread: writes intents, so that a disk that stalls holds the loop for milliseconds only; one serves
                many journals. None writes them on the loop.

        Raises:
            JournalError: another process has it, or it is damaged, too new, not the journal of this account, or cannot
                be read or written. Nothing is left open or locked then.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = path.resolve()
        except OSError as error:
            raise JournalError.because_of(path, error) from error
        lock = JournalLock(path)
        try:
            connection = open_database(path, account=account, durability=settings.durability, now_ms=now_ms())
            store = Store(connection, path, settings, hide)
            commits = CommitQueue(
                store,
                path,
                account=account,
                settings=settings,
                loop=loop,
                executor=executor,
                intent_thread=intent_thread,
            )
            try:
                return cls(
                    path=path, store=store, lock=lock, commits=commits, loop=loop, executor=executor, now_ms=now_ms
                )
            except BaseException:
                store.close()
                raise
        except BaseException as error:
            lock.release()
            if isinstance(error, sqlite3.Error | OSError):
                raise JournalError.because_of(path, error) from error
            raise

    # -- reading --------------------------------------------------------------------------------------------------

    def load(self, *, executed_limit: int = 1000, fill_ids_limit: int = 20_000) -> JournalState:
        """What was committed, for a start. Blocks; may be called on a thread, also while the journal is written to.

        After a crash of the account alone, `flush` first.

        Args:
            executed_limit: finished orders for each symbol, 1 or more. fill_ids_limit: the same of ids of fills.

        Raises:
            JournalError: a record cannot be read.
        """
        return load(self.path, executed_limit=executed_limit, fill_ids_limit=fill_ids_limit)

    async def recall(self, *, executed_limit: int = 1000) -> JournalState:
        """Everything told so far, written and read back, without holding up the loop where there is an executor.

        Raises:
            JournalError: something could not be written or read.
        """
        await self.flush()
        if self._executor is None:
            return self.load(executed_limit=executed_limit)
        read = partial(self.load, executed_limit=executed_limit)
        try:
            reading = self._loop.run_in_executor(self._executor, read)
        except RuntimeError as error:  # it was shut down before us
            raise JournalError.because_of(self.path, error) from error
        return await reading

    def get_state(self, key: str) -> str | None:
        """The value last set under ``key``."""
        return self._state.get(key)

    @property
    def figures(self) -> JournalFigures:
        """How it does."""
        return self._commits.figures

    def require_writable(self) -> None:
        """Raises `JournalError` while nothing can be written: then nothing new may be sent."""
        self._commits.require_writable()

    # -- writing --------------------------------------------------------------------------------------------------

    def record_intent(self, command: IntentCommand, *, arrives_by_ms: int | None = None) -> IntentReceipt:
        """Files a command before it is sent, ids assigned. Await the receipt before the first byte leaves (R4).

        ``arrives_by_ms``: see `OpenIntent`.

        Raises:
            JournalError: nothing can be written at present, or not this command; do not send.
        """
        self._commits.require_writable()
        text = self._as_filed(command)
        receipt = IntentReceipt(self._next_intent_id)
        self._next_intent_id += 1
        self._commits.add_intent(IntentRecord(receipt, receipt.intent_id, command, text, self._now_ms(), arrives_by_ms))
        return receipt

    def _as_filed(self, command: IntentCommand) -> str:
        """Its text, which the next start can read: whoever made the command may have put anything into it."""
        try:
            text = encode(command)
            if decode_command(kind_of(command), text) == command:
                return text
            why = "it would not be read as it was written"
        except (msgspec.MsgspecError, ValueError, OverflowError, TypeError) as error:
            why = as_written(str(error))
        raise JournalError.unwritable(self.path, f"a command to {kind_of(command).replace('_', ' ')}", why)

    def record_outcome(self, intent_id: int, outcome: Outcome, detail: str = "") -> None:
        """How a command ended: UNRESOLVED may be followed by an end, and an end stands.

        Only an intent that was taken for never arrived may still turn out CONFIRMED. ``detail`` is cut at 500
        characters.
        """
        self._commits.add(OutcomeRecord(intent_id, outcome, detail, self._now_ms()))

    def record_order(self, order: Order) -> None:
        """The order as it is now known. One that the exchange has not acknowledged is told by its intent instead."""
        if order.order_id is not None:
            self._commits.add(order)

    def record_fill(self, fill: Fill) -> None:
        """One fill; filed once by symbol and trade id, however often it is told."""
        self._commits.add(fill)

    def set_state(self, key: str, value: str | None) -> Reply[None]:
        """Keeps a value under ``key`` across restarts, None forgets it; the reply is settled when it is durable.

        A reply with `JournalError` means that it is not yet: it will be written as soon as that is possible. Halves of
        characters (lone surrogates), which no file can hold, become question marks.

        Raises:
            InvalidValueError: key or value is too long.
        """
        if not 0 < len(key) <= _KEY_LIMIT:
            raise InvalidValueError("key", key[: 2 * _KEY_LIMIT], f"1 to {_KEY_LIMIT} characters")
        if value is not None and len(value) > _VALUE_LIMIT:
            raise InvalidValueError(f"value of {key}", f"{len(value):,} characters", f"at most {_VALUE_LIMIT:,}")
        if value is None:
            self._state.pop(key, None)
        else:
            self._state[key] = value = as_written(value)
        receipt: Reply[None] = Reply()
        self._commits.add_awaited(StateRecord(receipt, key, value, self._now_ms()))
        return receipt

    def record_fills_through(self, through_ms: int) -> None:
        """Every fill up to this time of the exchange's clock was told: from here on the next life asks.

        Not filed once something was lost, for then it is not true of the file.
        """
        if self._commits.has_lost:
            return
        is_first = self.fills_through_ms is None
        self.set_state(FILLS_THROUGH, str(through_ms))
        if is_first:
            # Until now only `began_ms` says from where to ask, by our own clock, which may be far ahead.
            self._commits.checkpoint_soon()

    @property
    def fills_through_ms(self) -> int | None:
        """What was last filed with `record_fills_through`; None for a journal that has never been told."""
        through = self._state.get(FILLS_THROUGH)
        return None if through is None else int(through)

    async def flush(self) -> None:
        """Returns when everything that was told so far is durable, but for records that no file can hold.

        Raises:
            JournalError: some of it cannot be written, or was lost before.
        """
        receipt: Reply[None] = Reply()
        self._commits.add_awaited(Probe(receipt))
        await receipt
        if self._commits.has_lost:
            self._commits.require_writable()

    # -- the end --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Writes what waits, and lets another process have the file.

        Raises:
            JournalError: some of it could not be written; the file is closed all the same.
        """
        if self._commits.is_closed:
            return
        try:
            await self.flush()
            while not self._commits.is_empty:  # told meanwhile
                await self.flush()
        finally:
            await self._commits.end("is closed")
            try:
                await self._close_store()
            finally:
                self._lock.release()

    def abandon(self) -> None:
        """What ``kill -9`` would do at this moment: what is not committed is gone. For simulations and last resorts."""
        if not self._commits.is_closed:
            self._commits.end_now("was abandoned")
            self._store.close()
            self._lock.release()

    async def _close_store(self) -> None:
        if self._executor is not None:
            with suppress(RuntimeError):  # it was shut down before us
                await self._loop.run_in_executor(self._executor, self._store.close)
                return
        self._store.close()
