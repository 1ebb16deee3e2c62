"""How a journal is to be kept; values only, handed down from the configuration."""

import enum

import msgspec

from messages.errors import InvalidValueError


class Durability(enum.Enum):
    """What a committed record survives.

    PROCESS_CRASH: the end of the process at any moment, ``kill -9`` included: a commit is in the operating system's
        hands when it counts. When the machine itself loses power, commits of the last moments may be missing, and the
        file is sound. An intent costs the event loop some hundred microseconds; orders, fills and outcomes are written
        by a thread.
    POWER_LOSS: also that. A commit counts once the disk has confirmed it (fsync), which costs whatever the disk takes:
        some hundred microseconds on a good SSD, ten milliseconds on a rotating one. A thread waits for it, and while
        the loop has no rest that thread waits for the interpreter, too. Intents that come meanwhile share the next
        commit.
    """

    PROCESS_CRASH = "process_crash"
    POWER_LOSS = "power_loss"


class JournalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    keep_finished_orders, keep_fills, keep_settled_intents: the newest so many orders, fills and intents are kept, over
        all symbols; of the older ones all that is over is dropped, in small steps. None keeps all. A fill that the next
        start asks for again stays. Without its oldest fills realised profit is incomplete, and says so.
    linger_s: how long orders, fills and outcomes may wait to be committed together. Intents do not wait.
    backlog_limit: records that may wait while the disk does not take them, before the journal gives up.
    """

    durability: Durability = Durability.PROCESS_CRASH
    keep_finished_orders: int | None = None
    keep_fills: int | None = None
    keep_settled_intents: int | None = None
    linger_s: float = 0.05
    backlog_limit: int = 100_000

    def __post_init__(self) -> None:
        for name in ("keep_finished_orders", "keep_fills", "keep_settled_intents"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidValueError(name, value, "1 or more, or left out to keep all")
        if not 0 <= self.linger_s <= 60:
            raise InvalidValueError("linger_s", self.linger_s, "0 to 60 seconds")
        if self.backlog_limit < 1:
            raise InvalidValueError("backlog_limit", self.backlog_limit, "1 or more")

    @property
    def keeps_all(self) -> bool:
        """True when nothing is ever dropped."""
        return self.keep_finished_orders is None and self.keep_fills is None and self.keep_settled_intents is None
