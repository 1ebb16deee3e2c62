"""The kill switch from outside: a file beside each account's journal, written by people, obeyed by the program.

What the file says is level, not edge: as long as it says engaged, the account is engaged, whatever anybody inside says.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from actors.journal import Journal
from actors.runtime import Reply
from actors.strategy.handle import AccountHandle
from exchanges.base.environment import Clock
from messages.errors import ConfigurationError, TellerError
from messages.snapshot import TradingStats

_log = structlog.get_logger("teller.kill_switch")
_LOOK_EVERY_S: Final = 0.2


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said from outside.

    Attributes:
        engaged: False for a release that no program has obeyed yet. at_ms: when, unix milliseconds.
    """

    engaged: bool
    reason: str = ""
    at_ms: int = 0


_decode: Final = msgspec.json.Decoder(Word).decode


class KillSwitchFile:
    """The file of one account. Whoever writes it holds a lock on its directory for that moment."""

    def __init__(self, directory: Path, account: str) -> None:
        self.path: Final = directory / f"{account}.kill-switch"

    def read(self) -> Word | None:
        """The latest word; None where there is none. A file that cannot be read says engaged."""
        try:
            return _decode(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            return Word(engaged=True, reason=f"{self.path.name} cannot be read ({type(error).__name__})")

    def write(self, word: Word) -> None:
        """Says something else from now on; whole or not at all, also when the machine stops.

        Raises:
            ConfigurationError: it cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._alone():
                draft = self.path.with_name(self.path.name + ".new")
                with draft.open("wb") as file:
                    file.write(msgspec.json.encode(word) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                draft.rename(self.path)
        except OSError as error:
            raise ConfigurationError(f"kill switch {self.path} cannot be written: {error.strerror}") from None

    def obeyed(self, word: Word) -> None:
        """Takes a release away once it has been obeyed, unless there is a newer word."""
        with self._alone():
            if self.read() == word:
                self.path.unlink()

    def rule(self, remembered: str | None) -> str | None:
        """Why the account takes no orders at its start; ``remembered`` by its journal."""
        word = self.read()
        if word is None:
            return remembered
        return word.reason if word.engaged else None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class KillSwitchWatch:
    """Looks at the file of one account a few times a second, and sees to it that the account does what it says.

    The account itself goes on canceling while it is engaged.
    """

    def __init__(self, file: KillSwitchFile, account: AccountHandle, journal: Journal | None, clock: Clock) -> None:
        self._file = file
        self._account = account
        self._journal = journal
        self._clock = clock
        self._engaging: Reply[Any] | None = None

    async def run(self) -> None:
        """Until canceled."""
        while True:
            word = self._file.read()
            try:
                if word is not None:
                    await (self._engage(word) if word.engaged else self._release(word))
            except (TellerError, OSError) as error:
                _log.warning("kill_switch_not_obeyed_yet", account=self._account.name, error=str(error))
            await self._clock.sleep(_LOOK_EVERY_S)

    async def _engage(self, word: Word) -> None:
        """Engages without waiting for the cancels: the file is looked at all the while."""
        stats: TradingStats = await self._account.get_trading_stats()
        asked, self._engaging = self._engaging, None
        if stats.kill_switch is None:
            self._engaging = self._account.engage_kill_switch(word.reason or "engaged from outside")
        if asked is not None and asked.done and asked.error is not None:
            _log.warning("kill_switch_cancel_not_done_yet", account=self._account.name, error=str(asked.error))
        elif asked is not None and not asked.done:
            self._engaging = self._engaging or asked

    async def _release(self, word: Word) -> None:
        await self._account.release_kill_switch()
        if self._journal is not None:
            await self._journal.flush()  # from now on a restart remembers it
        self._file.obeyed(word)
