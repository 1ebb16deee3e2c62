"""The exchange's clock, as well as we can know it from here."""

import math
from collections import deque
from typing import Final

from exchanges.base.environment import Clock
from messages.validation import LATEST_MS

_SAMPLE_LIFE_S: Final = 60.0
"""After this long a fresh sample is taken whatever its round trip: clocks drift."""
_READING_ERROR_MS: Final = 2.0
"""Both clocks are read in whole milliseconds."""
_STEP_MS: Final = 500.0
"""Samples that differ by less may be uneven ways there and back."""
_STEPS_KEPT: Final = 16


class ServerClock:
    """Keeps the offset of the exchange's clock from samples of request, answer and server time.

    The offset is held against the monotonic clock, so that a step of the local wall clock does not move it. Before
    the first sample the local wall clock is taken for the exchange's.

    A sample says that the server's time was read some time between sending and receiving: half a round trip is the
    largest error. The sample with the smallest round trip of the last minute wins, unless a newer one proves it wrong
    (the machine slept, a clock was set): then the newer one wins at once.
    """

    __slots__ = ("_clock", "_offset_ms", "_round_trip_ms", "_steps", "_taken_s")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ms: float | None = None
        self._round_trip_ms = 0.0
        self._taken_s = 0.0
        self._steps: deque[tuple[float, float]] = deque(maxlen=_STEPS_KEPT)
        """When the offset changed, in monotonic seconds, and what it was before."""

    @property
    def is_set(self) -> bool:
        """Whether any sample has been taken."""
        return self._offset_ms is not None

    @property
    def offset_ms(self) -> int:
        """The exchange's clock minus this machine's wall clock, in milliseconds; 0 before the first sample."""
        return self.now_ms() - self._clock.now_ms()

    def now_ms(self) -> int:
        """Unix milliseconds by the exchange's clock."""
        if self._offset_ms is None:
            return self._clock.now_ms()
        return round(self._clock.monotonic_s() * 1000 + self._offset_ms)

    def set_forward_ms(self, within_ms: float) -> int:
        """By how much the exchange's clock has been set forward in the last ``within_ms`` milliseconds, or 0.

        Stamps of that time are farther back by so much than it is long ago.
        """
        if self._offset_ms is None or not self._steps:
            return 0
        since_s = self._clock.monotonic_s() - within_ms / 1000
        before_ms = min((offset_ms for changed_s, offset_ms in self._steps if changed_s >= since_s), default=None)
        return 0 if before_ms is None else max(0, math.ceil(self._offset_ms - before_ms))

    def seconds(self) -> int:
        """Unix seconds by the exchange's clock, as signatures want them."""
        return self.now_ms() // 1000

    def sample(self, sent_s: float, received_s: float, server_ms: float) -> None:
        """Takes one sample.

        Args:
            sent_s, received_s: monotonic seconds around the request.
            server_ms: unix milliseconds that the exchange read in between; what cannot be a time is no sample.
        """
        round_trip_ms = (received_s - sent_s) * 1000
        if round_trip_ms < 0 or not 0 < server_ms < LATEST_MS:
            return
        offset_ms = server_ms - (sent_s + received_s) * 500
        if (
            self._offset_ms is None
            or round_trip_ms <= self._round_trip_ms
            or received_s - self._taken_s > _SAMPLE_LIFE_S
            # Each sample is right within half its round trip: too far apart, they cannot both be.
            or abs(offset_ms - self._offset_ms) > (round_trip_ms + self._round_trip_ms) / 2 + _READING_ERROR_MS
        ):
            if self._offset_ms is not None and abs(offset_ms - self._offset_ms) > _STEP_MS:
                self._steps.append((received_s, self._offset_ms))
            self._offset_ms = offset_ms
            self._round_trip_ms = round_trip_ms
            self._taken_s = received_s
