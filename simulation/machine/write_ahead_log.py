"""SQLite's write-ahead log as bytes: what of it may be missing after a loss of power.

Layout: https://www.sqlite.org/fileformat2.html#walformat. A header of 32 bytes, its salts in bytes 16 to 24, then
frames of 24 bytes and one page each. A frame counts when it carries the header's salts; the first that does not ends
the log.
"""

import random
import struct
from typing import Final

import msgspec

_HEADER: Final = 32
_FRAME_HEADER: Final = 24


class LogMark(msgspec.Struct, frozen=True):
    """How far a log went at some moment.

    Attributes:
        salts: tell one run of the log from the next; empty for a log without a header. frames: that count in it.
    """

    salts: bytes = b""
    frames: int = 0

    def at_least(self, other: "LogMark") -> int:
        """Frames of this log that are also behind ``other``, which was taken of it or of an earlier run of it."""
        return min(self.frames, other.frames) if self.salts == other.salts else 0


def mark_of(log: bytes) -> LogMark:
    """How far it goes."""
    if len(log) < _HEADER:
        return LogMark()
    salts = log[16:24]
    frame = _frame_bytes(log)
    frames = 0
    while (end := _HEADER + (frames + 1) * frame) <= len(log):
        if log[end - frame + 8 : end - frame + 16] != salts:
            break
        frames += 1
    return LogMark(salts, frames)


def cut(log: bytes, safe: LogMark, rng: random.Random) -> bytes:
    """What a disk without power may have of it: all that was ``safe``, and of the rest the beginning, torn somewhere.

    Pages reach a disk in any order, so behind the first that is missing nothing counts.
    """
    mark = mark_of(log)
    if not mark.frames:
        return log
    floor = mark.at_least(safe)
    kept = rng.randint(floor, mark.frames)
    frame = _frame_bytes(log)
    torn = rng.randrange(frame) if kept < mark.frames else 0
    return log[: _HEADER + kept * frame + torn]


def _frame_bytes(log: bytes) -> int:
    (page,) = struct.unpack(">I", log[8:12])
    return _FRAME_HEADER + (page if page != 1 else 65_536)
