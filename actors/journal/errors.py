"""What can be wrong with a journal, in words that say which file, what is wrong and what to do."""

import sqlite3
from pathlib import Path
from typing import Final

from messages.errors import ConfigurationError

_DAMAGED: Final = (
    "is damaged",
    "nothing was changed; move it and its -wal file away and keep them, then put a sound copy in its place, or start "
    "without one: orders and balances are read from the exchange anew, but open intents and history are not",
)
_CAUSES: Final = {
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_FULL": ("cannot be written: the disk is full", "make room on it"),
    "SQLITE_READONLY": ("cannot be written: the file or its directory is read-only", "mend its permissions"),
    "SQLITE_PERM": ("cannot be opened: no permission", "mend its permissions"),
    "SQLITE_CANTOPEN": ("cannot be opened", "see that its directory exists and may be written to"),
    "SQLITE_BUSY": ("is locked by another program", "end whatever else writes to it"),
    "SQLITE_IOERR": ("cannot be read or written: the disk reports an error", "see to the disk and its free space"),
}


class JournalError(ConfigurationError):
    """An account's journal cannot be used as it is; a person has to look.

    Attributes:
        path: the file. problem: what is wrong with it. remedy: what to do.
    """

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"journal {path} {problem}: {remedy}")
        self.path = path
        self.problem = problem
        self.remedy = remedy

    @classmethod
    def because_of(cls, path: Path, cause: BaseException) -> "JournalError":
        """The words for an error of SQLite or of the operating system."""
        if isinstance(cause, JournalError):
            return cls(cause.path, cause.problem, cause.remedy)
        if isinstance(cause, sqlite3.Error):
            name = getattr(cause, "sqlite_errorname", "")
            words = next((words for prefix, words in _CAUSES.items() if name.startswith(prefix)), None)
            if words is not None:
                problem, remedy = words
                return cls(path, f"{problem} ({cause})", remedy)
        if isinstance(cause, OSError):
            return cls(path, f"cannot be used ({cause.strerror or type(cause).__name__})", "mend that and start again")
        return cls(path, f"cannot be used ({type(cause).__name__}: {cause})", "see the log for where it happened")

    @classmethod
    def unwritable(cls, path: Path, what: str, why: str) -> "JournalError":
        """One record that no file can hold; all else can be written."""
        return cls(path, f"cannot hold {what} ({why})", "this one was not written, all else is; mend its values")

    @classmethod
    def damaged(cls, path: Path, how: str) -> "JournalError":
        """The file holds something that no journal holds."""
        problem, remedy = _DAMAGED
        return cls(path, f"{problem} ({how})", remedy)


class JournalGoneError(JournalError):
    """Its file is not where it was when it was opened: deleted, moved, or another one is in its place."""

    def __init__(self, path: Path, what: str, *, is_replaced: bool) -> None:
        how = "another file is in its place" if is_replaced else "it was deleted or moved"
        super().__init__(
            path,
            f"is gone under the running program: {what} is not where it was opened, {how}",
            "move it back, which is noticed at once, or end the program, put things right and start it again; until "
            "then no order is sent, cancels are",
        )
