"""Where a journal cannot be written, and what becomes of it."""

from typing import Final

from simulation.tools.probe import Probe

_COMMITS: Final = "actors/journal/commits.py"
_DATABASE: Final = "actors/journal/database.py"
_JOURNAL_STORE: Final = "actors/journal/store.py"

JOURNALS: Final = (
    Probe(
        "journal: refuses commands",
        _COMMITS,
        "CommitQueue.require_writable",
        "raise JournalError.because_of(self._path, self._failure)",
    ),
    Probe("journal: cannot be written", _COMMITS, "CommitQueue._not_written", "self._failures += 1"),
    Probe(
        "journal: is gone, or back",
        _COMMITS,
        "CommitQueue._look",
        "self._was_gone = is_gone",
    ),
    Probe("journal: is tried again", _COMMITS, "CommitQueue._try_again", "self._is_due = True"),
    Probe("journal: can be written again", _COMMITS, "CommitQueue._written", "self._failures = 0"),
    Probe("journal: backlog full, gives up", _COMMITS, "CommitQueue._lose", "self._failure = JournalError("),
    Probe("journal: its log starts anew", _COMMITS, "CommitQueue._restart_log", "self._log_pages = 0"),
    Probe(
        "journal: of an earlier life, reopened",
        _DATABASE,
        "open_database",
        "if not path.exists():",
        "path.exists()",
    ),
    Probe("journal: missing while its log is there", _DATABASE, "_create", "raise JournalError("),
    Probe(
        "journal: drops its oldest records",
        _JOURNAL_STORE,
        "Store._drop",
        "return len(rows)",
    ),
)
