"""Whether a journal is still where it was opened: a file that is deleted or moved under its writer takes everything
without a word, and the next start does not find it (R4)."""

import os
from pathlib import Path
from typing import Final

from actors.journal.errors import JournalGoneError

_WITH_IT: Final = ("", "-wal", ".lock")
"""The journal, its log with the newest records, and the lock, without which a second program could write beside us."""


class Presence:
    """The files of one journal as they were when it was opened, told apart by device and inode."""

    def __init__(self, path: Path) -> None:
        """``path``: of a journal that is open, and whose lock is held."""
        self._path = path
        beside = (path.with_name(path.name + ending) for ending in _WITH_IT)
        self._files = [(each, found) for each in beside if (found := _identity(each)) is not None]

    def require(self) -> None:
        """Costs a few microseconds, and no disk.

        Raises:
            JournalGoneError: one of them is not where it was.
        """
        for path, identity in self._files:
            found = _identity(path)
            if found != identity:
                what = "the journal" if path == self._path else path.name
                raise JournalGoneError(self._path, what, is_replaced=found is not None)

    def forget(self) -> None:
        """The journal is closed: where its files are is nobody's affair any more."""
        self._files = []

    @property
    def is_gone(self) -> bool:
        """True while one of them is not where it was."""
        return any(_identity(path) != identity for path, identity in self._files)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
