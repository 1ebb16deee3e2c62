"""The journals of a run: opened before anything starts, closed after everything has stopped."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import structlog

from actors.journal import IntentThread, Journal, JournalError, JournalFigures
from config import Config
from config.tables import allowed_among
from messages.errors import ConfigurationError

_log = structlog.get_logger("teller.journals")
_THREADS: Final = 2
"""They mostly wait for the disk; two serve all accounts."""


class JournalEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How an account's journal stands at the end; ``failure`` says what is not in it, empty while all is."""

    account: str
    file: str
    figures: JournalFigures
    failure: str = ""


class Journals:
    """Those of one run, by account; empty where they are switched off.

    Attributes:
        directory: where they and the kill switch files are; None where there is no such place.
    """

    def __init__(self, directory: Path | None, by_account: dict[str, Journal]) -> None:
        self.directory: Final = directory
        self._by_account = by_account

    def of(self, account: str) -> Journal | None:
        return self._by_account.get(account)

    async def ends(self) -> tuple[JournalEnd, ...]:
        """Everything told so far is written, or the end says why not."""
        ends = []
        for account, journal in self._by_account.items():
            failure = ""
            try:
                await journal.flush()
            except JournalError as error:
                failure = str(error)
            ends.append(JournalEnd(account=account, file=str(journal.path), figures=journal.figures, failure=failure))
        return tuple(ends)


@asynccontextmanager
async def open_journals(
    config: Config, *, now_ms: Callable[[], int], hide: Callable[[str], str]
) -> AsyncIterator[Journals]:
    """Holds the journal of every account while the ``async with`` lasts.

    Raises:
        JournalError: one is damaged, too new, or held by another process.
        ConfigurationError: the embedded exchange would begin anew beside the journals of an earlier one.
    """
    if not config.journal.enabled:
        yield Journals(config.journal_directory, {})
        return
    if config.journal_directory is None:
        with tempfile.TemporaryDirectory(prefix="teller-journal-") as directory:
            async with _open_in(Path(directory), config, now_ms, hide) as journals:
                yield Journals(None, journals)
        return
    if config.embedded is not None:
        _require_none_yet(config.journal_directory, config)
    async with _open_in(config.journal_directory, config, now_ms, hide) as journals:
        yield Journals(config.journal_directory, journals)


def journal_path(directory: Path, account: str) -> Path:
    """The file of one account."""
    return directory / f"{account}.sqlite"


def require_directory(config: Config) -> Path:
    """Where the journals are, for whoever looks at them from outside.

    Raises:
        ConfigurationError: they are temporary.
    """
    if config.journal_directory is None:
        raise ConfigurationError(
            f"{config.source}: the journals of the embedded exchange are gone when a run ends, and nobody else can "
            "reach them: give [journal] a directory to keep them"
        )
    return config.journal_directory


def chosen_accounts(config: Config, wanted: Sequence[str]) -> list[str]:
    """The accounts that were named, each once; all of the file when none was.

    Raises:
        ConfigurationError: the file has no such account.
    """
    known = [account.name for account in config.accounts]
    for name in wanted:
        if name not in known:
            raise ConfigurationError(f"--account {name} is not allowed: {allowed_among(name, known)}")
    return list(dict.fromkeys(wanted)) or known


def _require_none_yet(directory: Path, config: Config) -> None:
    for account in config.accounts:
        path = journal_path(directory, account.name)
        if path.exists():
            raise ConfigurationError(
                f"{config.source}: journal.directory: {path} is of an earlier run, and the embedded exchange begins "
                "anew each time: move it away, or name another directory"
            )


@asynccontextmanager
async def _open_in(
    directory: Path, config: Config, now_ms: Callable[[], int], hide: Callable[[str], str]
) -> AsyncIterator[dict[str, Journal]]:
    loop = asyncio.get_running_loop()
    journals: dict[str, Journal] = {}
    with (
        ThreadPoolExecutor(_THREADS, thread_name_prefix="journal") as executor,
        IntentThread() as intent_thread,
    ):
        try:
            for account in config.accounts:
                journals[account.name] = Journal.open(
                    journal_path(directory, account.name),
                    account=account.name,
                    settings=config.journal.settings,
                    loop=loop,
                    executor=executor,
                    intent_thread=intent_thread,
                    now_ms=now_ms,
                    hide=hide,
                )
            yield journals
        finally:
            for name, journal in journals.items():
                try:
                    await journal.close()
                except JournalError as error:
                    _log.error("journal_not_whole", account=name, error=str(error))
