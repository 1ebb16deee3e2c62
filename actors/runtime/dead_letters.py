"""Messages that no handler will see: counted, the last ones remembered, never silent."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping

import msgspec
import structlog

_log = structlog.get_logger(__name__)


class DeadLetter(msgspec.Struct, frozen=True):
    """One lost message. Its content is left out on purpose: it may hold a secret (R12)."""

    message_type: str
    actor: str
    reason: str


class DeadLetters:
    """Counts lost messages; safe from any thread.

    Args:
        keep: how many of the last letters stay readable in `recent`.
        log_every_s: at most one ``dead_letter`` log event in so many seconds; it says how many came unlogged.
        clock: monotonic seconds.
    """

    def __init__(
        self, *, keep: int = 200, log_every_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._recent: deque[DeadLetter] = deque(maxlen=keep)
        self._by_reason: Counter[str] = Counter()
        self._log_every_s = log_every_s
        self._clock = clock
        self._next_log_s: float | None = None
        self._unlogged = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """All letters so far."""
        with self._lock:
            return self._by_reason.total()

    @property
    def by_reason(self) -> Mapping[str, int]:
        """All letters so far, by reason."""
        with self._lock:
            return dict(self._by_reason)

    @property
    def recent(self) -> list[DeadLetter]:
        """The last letters, oldest first."""
        with self._lock:
            return list(self._recent)

    def add(self, message: object, actor: str, reason: str) -> None:
        """Take note that ``actor`` did not handle ``message``."""
        letter = DeadLetter(name_of(message), actor, reason)
        now_s = self._clock()
        with self._lock:
            self._recent.append(letter)
            self._by_reason[reason] += 1
            if self._next_log_s is not None and now_s < self._next_log_s:
                self._unlogged += 1
                return
            unlogged, self._unlogged = self._unlogged, 0
            self._next_log_s = now_s + self._log_every_s
        _log.warning("dead_letter", message_type=letter.message_type, actor=actor, reason=reason, unlogged=unlogged)


def name_of(message: object) -> str:
    """What logs call a message: its type, and what it is about where all of that type are alike."""
    what = getattr(message, "what", None)
    kind = type(message).__name__
    return kind if what is None else f"{kind}({what})"


PROCESS_DEAD_LETTERS = DeadLetters()
"""What hosts and addresses use when none is handed to them."""
