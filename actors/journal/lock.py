"""One process at a time writes an account's journal."""

import fcntl
import os
from pathlib import Path

from actors.journal.errors import JournalError


class HeldElsewhereError(Exception):
    """Another process has a lock.

    Attributes:
        holder: ``process PID`` where that is known.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(f"is held by {holder}")
        self.holder = holder


class ProcessLock:
    """An exclusive lock of the operating system on a file.

    It ends with the process however that ends, so nothing stale is ever left. The file itself stays: removing it would
    let two processes lock two files of one name. It holds the pid of its last holder, for people.
    """

    def __init__(self, path: Path) -> None:
        """Takes the lock.

        Raises:
            HeldElsewhereError: somebody else has it. OSError: the file cannot be written.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _named_in(descriptor)
            os.close(descriptor)
            raise HeldElsewhereError(holder) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Lets others have it. Calling it again does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class JournalLock(ProcessLock):
    """The lock on a file beside a journal."""

    def __init__(self, journal: Path) -> None:
        """Takes the lock.

        Raises:
            JournalError: somebody else has it; the text names the process.
        """
        path = _lock_of(journal)
        try:
            super().__init__(path)
        except HeldElsewhereError as error:
            raise JournalError(
                journal,
                f"is in use by {error.holder}",
                f"one process at a time may trade an account; end that one first (the lock is on {path.name})",
            ) from error
        except OSError as error:
            raise JournalError.because_of(path, error) from error


def holder_of(journal: Path) -> str | None:
    """Who writes this journal now, as ``process PID`` where that is known; None for nobody. Changes nothing.

    Raises:
        JournalError: the lock cannot be looked at.
    """
    try:
        descriptor = os.open(_lock_of(journal), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError.because_of(journal, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _named_in(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _lock_of(journal: Path) -> Path:
    return journal.with_name(journal.name + ".lock")


def _named_in(descriptor: int) -> str:
    holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    return f"process {holder}" if holder.isdigit() else "another process"
