"""Group commit: records queue up on the event loop, and one transaction at a time takes in whatever has queued up.

* PROCESS_CRASH: committing an intent takes no disk, and less than a thread waits for the interpreter while the loop is
  busy. So it is written at the end of the turn in which it was told, by a thread that has nothing else to do, and the
  loop waits for that, which gives the thread the interpreter; without such a thread the loop writes. All else is
  written by a thread of the executor, beside which events go on. An intent that comes while that one is in the file
  waits for the rest of its batch, a millisecond or two. A disk that stalls holds the loop for `_HOLD_S` once, and not
  again until it is through.
* POWER_LOSS: a commit takes as long as the disk does. A thread of the executor does it, and whatever comes meanwhile
  shares the next one.

Telling costs one append. Orders, fills, outcomes and state keep their order and wait a little for company. Intents go
before them, however many wait: so nothing is ever in the file before an intent that was told before it, and a burst of
events delays no order.

While the file cannot be written, intents fail, the rest waits, and the write is tried again; when too much waits the
journal takes no more until the next start. So the file holds the beginning of what it was told, but for records that no
file can hold (a number beyond 64 bits), which are refused alone. What is missing at a start lies after the newest
record: the account asks the exchange for all fills from `fills_through_ms` on, which is filed like any other record and
never beside a loss, for the open orders, and by id for the orders that it knows by their fills only. Orders of others
that ended without a fill in the lost part are in no list that is asked for, and stay unknown.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeGuard, TypeVar

import structlog

from actors.journal.errors import JournalError, JournalGoneError
from actors.journal.intent_thread import IntentThread
from actors.journal.records import JournalFigures
from actors.journal.refusals import Refusal, RefusalLog
from actors.journal.settings import Durability, JournalSettings
from actors.journal.store import Store
from actors.journal.told import AwaitedRecord, IntentRecord, OutcomeRecord, Probe, Record, StateRecord
from actors.runtime import Reply
from messages.order import Fill, Order

Then: TypeAlias = Callable[[Any, BaseException | None], None]
"""Called on the loop with the result of work, or with what it raised."""

_BATCH_LIMIT: Final = 256
_ON_LOOP_LIMIT: Final = 64
"""Holds the loop for half a millisecond, or a whole one."""
_HOLD_S: Final = 0.005
"""A commit takes a tenth of a millisecond, and a batch that is in its way one or two."""
_COMMIT_AT_ONCE_FROM: Final = 1024
"""With so many waiting nothing more is waited for. A shorter burst of events is over before it is written."""
_HELP_LIMIT: Final = 4096
"""When more wait, the thread cannot keep up with a loop that has no rest; then the loop writes in its place."""
_RETRY_FIRST_S: Final = 0.5
_RETRY_MAX_S: Final = 30.0
_LOOK_S: Final = 0.5
"""So often it is looked whether the file is still there, however quiet the account."""
_CHECKPOINT_RECORDS: Final = 2000
_LOG_LIMIT_PAGES: Final = 4096
T = TypeVar("T")
_log: Final = structlog.get_logger("teller.journal")


class CommitQueue:
    """What waits to be written to one journal, and the writing. Used on the loop's thread only."""

    def __init__(
        self,
        store: Store,
        path: Path,
        *,
        account: str,
        settings: JournalSettings,
        loop: asyncio.AbstractEventLoop,
        executor: Executor | None,
        intent_thread: IntentThread | None,
    ) -> None:
        """As in `Journal.open`."""
        self._store = store
        self._path = path
        self._account = account
        self._settings = settings
        self._loop = loop
        self._executor = executor
        self._intent_thread = intent_thread
        self._late_intents: list[IntentRecord] = []
        self._backlog_limit = settings.backlog_limit
        self._are_intents_here = executor is None or settings.durability is Durability.PROCESS_CRASH
        self._intents: deque[IntentRecord] = deque()
        self._queue: deque[Record] = deque()
        self._under_way: list[Record] = []
        self._awaited = 0
        self._is_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._turn_end: asyncio.Handle | None = None
        self._jobs: set[Future[Any]] = set()
        self._is_busy = False
        self._is_restarting_log = False
        self._is_checkpointing = False
        self._is_closed = False
        self._failure: JournalError | None = None
        self._failures = 0
        self._lost = 0
        self._refusals = RefusalLog(account, path)
        self._commits = 0
        self._records = 0
        self._since_checkpoint = 0
        self._log_pages = 0
        self._to_drop = not settings.keeps_all
        self._trouble_told = ""
        self._was_gone = False
        self._looks: asyncio.TimerHandle | None = None
        loop.call_soon_threadsafe(self._look)

    @property
    def is_empty(self) -> bool:
        """True when nothing waits."""
        return not self._queue and not self._intents and not self._late_intents

    @property
    def is_closed(self) -> bool:
        """True after `end`."""
        return self._is_closed

    @property
    def has_lost(self) -> bool:
        """True once too many records waited, so that some will never be in the file."""
        return self._lost > 0

    @property
    def figures(self) -> JournalFigures:
        """How it does."""
        return JournalFigures(
            waiting=len(self._intents) + len(self._late_intents) + len(self._queue) + len(self._under_way),
            lost=self._lost,
            refused=self._refusals.count,
            commits=self._commits,
            records=self._records,
            failure="" if self._failure is None else str(self._failure),
        )

    def require_writable(self) -> None:
        """Raises `JournalError` while nothing can be written, and for good once something was lost."""
        if self._failure is not None:
            raise JournalError.because_of(self._path, self._failure)

    def add(self, record: Order | Fill | OutcomeRecord) -> None:
        """Takes a record that can wait a little. Never raises; what cannot be taken is counted and logged."""
        queue = self._queue
        waiting = len(queue)
        if waiting >= self._backlog_limit or self._lost or self._is_closed:
            self._lose()
            return
        queue.append(record)
        if self._timer is None:
            self._timer = self._loop.call_later(self._settings.linger_s, self._linger_over)
        elif waiting == _COMMIT_AT_ONCE_FROM and not self._failures:
            self._is_due = True
            self._commit_soon()

    def add_intent(self, record: IntentRecord) -> None:
        """Takes an intent; only after `require_writable`."""
        self._intents.append(record)
        self._commit_soon()

    def add_awaited(self, record: StateRecord | Probe) -> None:
        """Takes a record that somebody waits for, behind those that came before it; also tried while writing fails."""
        if self._is_closed and self._failure is not None:
            record.receipt.set_error(self._failure)
            return
        self._queue.append(record)
        self._awaited += 1
        self._is_due = True
        self._commit_soon()

    def checkpoint_soon(self) -> None:
        """The log is moved into the file after the next write: then no loss of power takes what is in it."""
        self._since_checkpoint = _CHECKPOINT_RECORDS

    async def end(self, problem: str) -> None:
        """Takes and writes no more; returns when nothing is under way any more. What waits fails."""
        self._end(problem)
        for job in list(self._jobs):
            with suppress(Exception):
                await asyncio.wrap_future(job, loop=self._loop)

    def end_now(self, problem: str) -> None:
        """The same, and holds the thread until a write that is under way is done."""
        self._end(problem)
        for job in list(self._jobs):
            job.exception()

    def _end(self, problem: str) -> None:
        self._is_closed = True
        self._stop_timer()
        if self._looks is not None:
            self._looks.cancel()
        self._failure = JournalError(self._path, problem, "open it again")
        for record in (*self._under_way, *self._late_intents, *self._intents, *self._queue):
            if isinstance(record, AwaitedRecord):
                record.receipt.set_error(self._failure)
        self._under_way = []
        self._late_intents = []
        self._intents.clear()
        self._queue.clear()

    # -- writing --------------------------------------------------------------------------------------------------

    def _commit_soon(self) -> None:
        if self._turn_end is None:
            self._turn_end = self._loop.call_soon(self._turn_over)

    def _turn_over(self) -> None:
        self._turn_end = None
        self._commit()

    def _linger_over(self) -> None:
        self._timer = None
        self._is_due = True
        self._commit()

    def _lose(self) -> None:
        self._lost += 1
        if self._lost > 1:
            return
        if self._is_closed:
            _log.warning("journal_told_after_its_end", account=self._account, path=str(self._path))
        else:
            cause = "" if self._failure is None else f"; before that it {self._failure.problem}"
            self._failure = JournalError(
                self._path,
                f"takes no more records: {len(self._queue)} wait to be written{cause}",
                "mend the disk and restart the account, which then asks the exchange for what is missing",
            )
            _log.error("journal_gave_up", account=self._account, path=str(self._path), waiting=len(self._queue))

    def _commit(self) -> None:
        """Commits what is due, intents first, unless that is under way already."""
        if self._is_closed or self._late_intents:  # nothing may overtake them
            return
        if self._intents and self._are_intents_here:
            if not self._is_restarting_log:
                self._commit_intents()
            if self._intents:  # nothing may overtake them
                return
        if self._is_busy:
            return
        if self._intents or (self._queue and self._is_due):
            self._commit_batch()
        else:
            self._prune()

    def _commit_intents(self) -> None:
        """Also beside a thread that is writing something else."""
        batch = _take(self._intents, _ON_LOOP_LIMIT)
        work = partial(self._store.write, batch)
        if self._intent_thread is None:
            self._intents_done(batch, *_outcome(work))
            return
        under_way = self._intent_thread.submit(work)
        if under_way.wait(_HOLD_S):
            self._intents_done(batch, *_outcome(under_way.result))
            return
        self._late_intents = batch
        self._follow(under_way.as_future(), self._late_intents_done)
        _log.warning("journal_is_slow", account=self._account, path=str(self._path), held_ms=round(_HOLD_S * 1e3))

    def _late_intents_done(self, refused: list[Refusal], error: BaseException | None) -> None:
        batch, self._late_intents = self._late_intents, []
        if not self._is_closed:
            self._intents_done(batch, refused, error)

    def _intents_done(self, batch: Sequence[Record], refused: list[Refusal], error: BaseException | None) -> None:
        if error is None:
            self._written(batch, refused)
        else:
            self._not_written(batch, error)

    def _commit_batch(self) -> None:
        is_far_behind = self._are_intents_here and len(self._queue) > _HELP_LIMIT
        here = self._executor is None or (is_far_behind and self._intent_thread is None)
        limit = _ON_LOOP_LIMIT if here else _BATCH_LIMIT
        intents = _take(self._intents, limit)
        others = _take(self._queue, limit - len(intents))
        if others:
            self._awaited -= sum(_is_awaited(record) for record in others)
            self._is_due = self._awaited > 0 or len(self._queue) >= _BATCH_LIMIT
        self._under_way = [*intents, *others]
        hold_s = _HOLD_S if is_far_behind else 0.0
        self._run(partial(self._store.write, self._under_way), self._batch_done, here=here, hold_s=hold_s)

    def _batch_done(self, refused: list[Refusal], error: BaseException | None) -> None:
        batch, self._under_way = self._under_way, []
        self._intents_done(batch, refused, error)

    def _run(self, work: Callable[[], object], then: Then, *, here: bool, hold_s: float = 0.0) -> None:
        """Runs ``work`` alone on the store, then ``then(result, error)`` on the loop."""
        self._is_busy = True
        if here or self._executor is None:
            self._finished(then, *_outcome(work))
        else:
            self._submit(self._executor, work, partial(self._finished, then), hold_s=hold_s)

    def _submit(self, executor: Executor, work: Callable[[], object], then: Then, *, hold_s: float = 0.0) -> None:
        """``hold_s``: the loop waits so long, so that the thread has the interpreter."""
        try:
            job = executor.submit(work)
        except RuntimeError as error:  # it was shut down before us
            then(None, error)
            return
        if hold_s:
            with suppress(Exception):  # what it raised is asked for below
                job.result(hold_s)
            if job.done():
                then(*_outcome(job.result))
                return
        self._follow(job, then)

    def _follow(self, job: Future[Any], then: Then) -> None:
        self._jobs.add(job)
        job.add_done_callback(partial(self._back_to_loop, then))

    def _back_to_loop(self, then: Then, job: Future[Any]) -> None:
        self._jobs.discard(job)
        error = job.exception()
        result = job.result() if error is None else None
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(then, result, error)

    def _finished(self, then: Then, result: object, error: BaseException | None) -> None:
        self._is_busy = False
        if not self._is_closed:
            then(result, error)

    def _written(self, batch: Sequence[Record], refused: list[Refusal]) -> None:
        if refused:
            self._refuse(refused)
        self._commits += 1
        self._records += len(batch) - len(refused)
        self._since_checkpoint += len(batch)
        if self._failures:
            self._failures = 0
            self._trouble_told = ""
            self._is_due = True
            self._stop_timer()
            _log.info("journal_writable_again", account=self._account, path=str(self._path))
            if not self._lost:
                self._failure = None
        for record in batch:
            if _is_awaited(record):
                record.receipt.set(record.answer)
        self._prune()
        self._begin_next()

    def _refuse(self, refusals: list[Refusal]) -> None:
        """Records that will never be in the file: whoever waits for one is told."""
        self._refusals.add(refusals)
        for refusal in refusals:
            if isinstance(refusal.record, AwaitedRecord):
                refusal.record.receipt.set_error(JournalError.unwritable(self._path, refusal.what, refusal.why))

    def _begin_next(self) -> None:
        """Sees to it that what waits is committed in its time."""
        if self._intents or (self._queue and self._is_due):
            self._commit_soon()
        elif self._queue and self._timer is None:
            self._timer = self._loop.call_later(self._settings.linger_s, self._linger_over)

    def _not_written(self, batch: Sequence[Record], error: BaseException) -> None:
        """Intents fail, the rest waits in its order."""
        failure = JournalError.because_of(self._path, error)
        waiting = [*batch, *self._intents, *self._queue]
        trouble = "journal_gone" if isinstance(error, JournalGoneError) else "journal_not_writable"
        if trouble != self._trouble_told:
            self._trouble_told = trouble
            _log.error(trouble, account=self._account, error=str(failure), waiting=len(waiting))
        self._failures += 1
        if not self._lost:
            self._failure = failure
        self._intents.clear()
        self._queue.clear()
        self._awaited = 0
        self._is_due = False
        for record in waiting:
            if isinstance(record, AwaitedRecord):
                record.receipt.set_error(JournalError.because_of(self._path, failure))
            if not isinstance(record, IntentRecord | Probe):
                self._queue.append(record)
        self._stop_timer()
        delay_s = min(_RETRY_FIRST_S * 2 ** min(self._failures - 1, 16), _RETRY_MAX_S)
        self._timer = self._loop.call_later(delay_s, self._try_again)

    def _look(self) -> None:
        """Notices within a second that the file was taken away, or is back, also while nothing is written."""
        if self._is_closed:
            return
        self._looks = self._loop.call_later(_LOOK_S, self._look)
        is_gone = self._store.is_gone
        if is_gone is not self._was_gone:
            self._was_gone = is_gone
            self._stop_timer()
            self._try_again()

    def _try_again(self) -> None:
        self._timer = None
        if not self._queue:
            self.add_awaited(Probe(Reply()))
        self._is_due = True
        self._commit()

    # -- housekeeping ---------------------------------------------------------------------------------------------

    def _prune(self) -> None:
        """Keeps the log short, and drops what is too old while nobody waits."""
        if self._is_busy or self._failures:
            return
        if self._to_drop and not self._intents and not self._awaited:
            self._run(self._store.drop_some, self._dropped, here=False)
            return
        if self._log_pages > _LOG_LIMIT_PAGES:
            self._restart_log()
            return
        if self._since_checkpoint < _CHECKPOINT_RECORDS or self._is_checkpointing:
            return
        self._since_checkpoint = 0
        self._to_drop = not self._settings.keeps_all
        if self._executor is None:
            self._restart_log()
            return
        self._is_checkpointing = True
        self._submit(self._executor, self._store.checkpoint, self._checkpointed)

    def _dropped(self, more: bool, error: BaseException | None) -> None:
        self._to_drop = more and error is None
        self._chore_done("journal_not_shortened", error)

    def _restart_log(self) -> None:
        self._log_pages = 0
        self._is_restarting_log = True
        self._run(self._store.restart_log, self._restarted, here=False)

    def _restarted(self, _: object, error: BaseException | None) -> None:
        self._is_restarting_log = False
        if error is not None:
            self.checkpoint_soon()
        self._chore_done("journal_checkpoint_failed", error)

    def _checkpointed(self, pages: int | None, error: BaseException | None) -> None:
        self._is_checkpointing = False
        self._log_pages = pages or 0
        if error is not None:
            _log.warning("journal_checkpoint_failed", account=self._account, error=str(error))
            self.checkpoint_soon()
        elif not self._is_closed:
            self._prune()

    def _chore_done(self, event: str, error: BaseException | None) -> None:
        """A chore that failed changed nothing; it is tried again in its time, and writes tell what is wrong."""
        if error is not None:
            _log.warning(event, account=self._account, error=str(error))
        self._begin_next()
        if self._to_drop:
            self._commit_soon()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _outcome(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What it returns, or what it raises."""
    try:
        return work(), None
    except Exception as failure:
        return None, failure


def _take(records: deque[T], limit: int) -> list[T]:
    """The first ones, out of the queue."""
    return [records.popleft() for _ in range(min(limit, len(records)))]


def _is_awaited(record: Record) -> TypeGuard[AwaitedRecord]:
    """True while somebody waits for it."""
    return isinstance(record, AwaitedRecord) and not record.receipt.done
