"""Holds requests back before the exchange would refuse them.

One limiter belongs to whatever the exchange counts by: one account, or one address for public queries. Each scope is
a sliding window over the moments at which requests were let go. A sliding window is the strictest reading of "N in W
seconds": whoever keeps it keeps every fixed window too.

What the exchange asks for beyond its own windows (``Retry-After``, a reset far ahead) pauses the scope that it was said
of, and no other, for at most `LONGEST_PAUSE_S`: one header must not silence an account for an hour. Then the next
request goes, and its answer says whether to pause again. Cancels pause for seconds only, whatever is asked (R13).

A request may count in several scopes at once, with a weight in each, and in one that all accounts of an address share.
It waits for one of them at a time, narrowest first, and is in nobody's way in the others meanwhile: an order does not
wait for the weight that a query before it lacks. It is counted in all of them at the moment at which it goes.

The exchange counts by arrival, we count by departure. Requests that leave ``window`` apart may arrive closer than
that when the network is uneven, so each window is stretched by a margin.
"""

import asyncio
import enum
import itertools
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from exchanges.base.environment import Clock
from messages.errors import InvalidValueError, RateLimitedError

DEFAULT_MARGIN_S: Final = 0.05
"""By how much requests of one account may be expected to overtake each other on the way, in seconds."""
_FOREVER: Final = float("inf")
_arrivals: Final = itertools.count()
"""Of requests that wait, in all lines: two that stood in another order in each of two lines would let each other pass
for ever."""
_TICK_S: Final = 1e-6
"""Closer to its moment than this a request may go: sums of seconds are not exact, and a shorter sleep is none."""


class Priority(enum.IntEnum):
    """Who is served first when several wait in one scope; within one level, who came first.

    Requests of the background use two thirds of a scope at most: what somebody merely wants to know takes nothing from
    what an account has to know.
    """

    CANCEL = 0
    NORMAL = 1
    BACKGROUND = 2


LONGEST_PAUSE_S: Final[Mapping[Priority, float]] = {
    Priority.CANCEL: 3.0,
    Priority.NORMAL: 60.0,
    Priority.BACKGROUND: 60.0,
}
"""How long a request is held back at most because the exchange asked for it, in seconds."""


class Scope(msgspec.Struct, frozen=True):
    """What the exchange counts together: at most ``capacity`` requests, or so much weight, in any ``window_s`` seconds.

    ``is_shared``: all accounts together; counted by the limiter that theirs share.
    """

    name: str
    capacity: int
    window_s: float
    is_shared: bool = False

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise InvalidValueError("scope.capacity", self.capacity, "1 or more")
        if not 0 < self.window_s < _FOREVER:
            raise InvalidValueError("scope.window_s", self.window_s, "seconds, above zero")


class Charge(msgspec.Struct, frozen=True):
    """What one request counts in one scope."""

    scope: Scope
    weight: int = 1


class Permit:
    """Leave to send one request, and the place to report what the exchange said of the limit."""

    __slots__ = ("_lines", "_sent_s", "_used")

    def __init__(self, lines: "Sequence[_Line]", sent_s: float, used: int) -> None:
        self._lines = lines
        self._sent_s = sent_s
        self._used = used

    def observe(
        self, *, limit: int | None = None, remaining: int | None = None, reset_in_s: float | None = None
    ) -> None:
        """Takes the exchange's own count into account, of the first scope that the request counts in. It can only
        tighten: never above the scope's capacity.

        Args:
            limit: requests that the exchange allows in the window. remaining: how many it says are left.
            reset_in_s: seconds until the window opens again; only looked at when nothing is left.
        """
        self._lines[0].observe(self._sent_s, self._used, limit, remaining, reset_in_s)

    def block(self, seconds: float) -> None:
        """Lets nothing more of its first scope go for ``seconds`` (``Retry-After``), at most `LONGEST_PAUSE_S`: one
        refused cancel must not keep an account from being checked (R10)."""
        self._lines[0].block(seconds)

    def block_window(self) -> float:
        """The same after a refusal that does not say how long: for the scope's window, after which nothing of what it
        counted is left. Returns that in seconds."""
        first = self._lines[0]
        first.block(first.scope.window_s)
        return first.scope.window_s

    def block_all(self, seconds: float) -> None:
        """Lets nothing more of any of its scopes go: the exchange has shut us out."""
        for line in self._lines:
            line.block(seconds)


class RateLimiter:
    """Lets requests go in order, each as early as its scope allows.

    Nothing polls: the first in line sleeps until its moment, the others wait to be called. A waiter that is canceled
    leaves nothing behind and its turn goes to the next.
    """

    def __init__(
        self, clock: Clock, *, margin_s: float = DEFAULT_MARGIN_S, shared: "RateLimiter | None" = None
    ) -> None:
        """
        Args:
            margin_s: seconds that are added to every window, against uneven network delays.
            shared: counts the scopes that are shared; None: this one does.
        """
        self._clock = clock
        self._margin_s = margin_s
        self._shared = shared
        self._lines: dict[str, _Line] = {}
        self._pause = _Pause()

    async def acquire(
        self,
        scope: Scope,
        *,
        weight: int = 1,
        further: Sequence[Charge] = (),
        priority: Priority = Priority.NORMAL,
        max_wait_s: float = _FOREVER,
    ) -> Permit:
        """Waits for the turn in ``scope`` and in all ``further`` ones, at most ``max_wait_s`` seconds.

        Raises:
            RateLimitedError: the wait would be longer; raised at once where that is plain from the start, later when
                requests of higher priority pushed this one back.
        """
        charged = [(self._line(scope), weight), *((self._line(each.scope), each.weight) for each in further)]
        now = self._clock.monotonic_s()
        if self._pause.ends_s(priority) <= now and all(
            not line.waiting and line.opens_at(now, priority, weight=counted) <= now for line, counted in charged
        ):
            return _take(charged, now)
        return await self._wait(charged, priority, max_wait_s)

    def block(self, seconds: float, scope: Scope | None = None) -> None:
        """Lets nothing go for ``seconds``, at most `LONGEST_PAUSE_S`, in ``scope`` or, with None, in any scope."""
        if scope is not None:
            self._line(scope).block(seconds)
            return
        self._pause.extend(self._clock.monotonic_s(), seconds)

    def waiting(self, scope: Scope) -> int:
        """How many requests wait in ``scope`` now."""
        return self._line(scope).waiting

    def _line(self, scope: Scope) -> "_Line":
        if scope.is_shared and self._shared is not None:
            return self._shared._line(scope)
        line = self._lines.get(scope.name)
        if line is None:
            line = self._lines[scope.name] = _Line(scope, self._clock, self._margin_s)
        return line

    async def _wait(self, charged: "Sequence[tuple[_Line, int]]", priority: Priority, max_wait_s: float) -> Permit:
        now = self._clock.monotonic_s()
        for line, weight in charged:
            opens_s = line.opens_at(now, priority, line.ahead_of(priority), weight)
            expected_s = max(opens_s, self._pause.ends_s(priority)) - now
            if expected_s > max_wait_s:
                raise RateLimitedError(line.scope.name, expected_s)
        joined: dict[_Line, _Waiter] = {}
        number = next(_arrivals)
        try:
            while True:
                moment = self._clock.monotonic_s()
                for line, weight in charged:
                    if line not in joined:
                        joined[line] = line.join(_Waiter(weight, number), priority)
                    opens_s = max(line.opens_at(moment, priority, weight=weight), self._pause.ends_s(priority))
                    is_first = line.first() is joined[line]
                    if is_first and opens_s - moment < _TICK_S:
                        continue
                    _leave([other for other in joined if other is not line], joined, priority)
                    if not is_first:
                        joined[line].called = called = asyncio.get_running_loop().create_future()
                        await called
                    elif opens_s - now > max_wait_s:
                        raise RateLimitedError(line.scope.name, opens_s - moment)
                    else:
                        await self._clock.sleep(opens_s - moment)
                    break
                else:
                    return _take(charged, moment)
        finally:
            _leave(list(joined), joined, priority)


def _take(charged: "Sequence[tuple[_Line, int]]", now: float) -> Permit:
    used = [line.take(now, weight) for line, weight in charged]
    return Permit([line for line, _ in charged], now, used[0])


def _leave(lines: "Iterable[_Line]", joined: "dict[_Line, _Waiter]", priority: Priority) -> None:
    for line in lines:
        line.leave(joined.pop(line), priority)


class _Waiter:
    """One request in line. ``called`` is what it waits for while others are before it. ``number``: by arrival."""

    __slots__ = ("called", "number", "weight")

    def __init__(self, weight: int, number: int) -> None:
        self.called: asyncio.Future[None] | None = None
        self.weight = weight
        self.number = number


class _Pause:
    """Until when, in monotonic seconds, requests of each priority are held back because the exchange asked for it."""

    __slots__ = ("_ends_s",)

    def __init__(self) -> None:
        self._ends_s = [-_FOREVER for _ in Priority]

    def ends_s(self, priority: Priority) -> float:
        return self._ends_s[priority]

    def extend(self, now: float, seconds: float) -> None:
        for priority, longest_s in LONGEST_PAUSE_S.items():
            self._ends_s[priority] = max(self._ends_s[priority], now + min(seconds, longest_s))


class _Line:
    """One scope's window and those who wait for it."""

    __slots__ = ("_cap", "_clock", "_foreign", "_foreign_until_s", "_heard_of_s", "_levels", "_pause", "_sent",
                 "_span_s", "scope", "waiting")  # fmt: skip

    def __init__(self, scope: Scope, clock: Clock, margin_s: float) -> None:
        self.scope = scope
        self.waiting = 0
        self._clock = clock
        self._span_s = scope.window_s + margin_s
        self._cap = scope.capacity
        self._sent: deque[float] = deque(maxlen=scope.capacity)
        self._levels: tuple[deque[_Waiter], ...] = tuple(deque() for _ in Priority)
        self._foreign = 0
        self._foreign_until_s = -_FOREVER
        self._heard_of_s = -_FOREVER
        self._pause = _Pause()

    def opens_at(self, now: float, priority: Priority, ahead: int = 0, weight: int = 1) -> float:
        """The moment (monotonic seconds) at which a request of so much weight, behind others of ``ahead`` in sum, may
        go; not before ``now``."""
        cap, floor_s = self._cap, max(now, self._pause.ends_s(priority))
        if now < self._foreign_until_s:
            cap = max(1, cap - self._foreign)
        if priority is Priority.BACKGROUND:
            cap -= cap // 3
        rounds, place = divmod(ahead + min(weight, cap) - 1, cap)
        index = len(self._sent) - cap + place
        first_s = floor_s if index < 0 else max(floor_s, self._sent[index] + self._span_s)
        return first_s + rounds * self._span_s

    def take(self, now: float, weight: int) -> int:
        """Counts a request; how much was used in the window with it."""
        sent, span_s = self._sent, self._span_s
        while sent and sent[0] + span_s <= now:
            sent.popleft()
        for _ in range(weight):
            sent.append(now)
        return len(sent)

    def observe(
        self, sent_s: float, used: int, limit: int | None, remaining: int | None, reset_in_s: float | None
    ) -> None:
        if sent_s < self._heard_of_s:
            return  # overtaken by the answer to a later request
        self._heard_of_s = sent_s
        if limit is not None and limit > 0:
            self._cap = min(self.scope.capacity, limit)
        if remaining is None:
            return
        # What the exchange counts beyond our own requests was spent by someone else on the same allowance.
        self._foreign = max(0, self._cap - remaining - used)
        self._foreign_until_s = sent_s + self._span_s
        if remaining <= 0 and reset_in_s is not None and reset_in_s > 0:
            self.block(min(reset_in_s, self._span_s))

    def block(self, seconds: float) -> None:
        self._pause.extend(self._clock.monotonic_s(), seconds)

    def ahead_of(self, priority: Priority) -> int:
        return sum(waiter.weight for level in self._levels[: priority + 1] for waiter in level)

    def join(self, waiter: _Waiter, priority: Priority) -> _Waiter:
        """One that comes back from another line stands where it would if it had waited here."""
        level = self._levels[priority]
        place = len(level)
        while place and level[place - 1].number > waiter.number:
            place -= 1
        level.insert(place, waiter)
        self.waiting += 1
        return waiter

    def first(self) -> _Waiter | None:
        for level in self._levels:
            if level:
                return level[0]
        return None

    def leave(self, waiter: _Waiter, priority: Priority) -> None:
        self._levels[priority].remove(waiter)
        self.waiting -= 1
        following = self.first()
        if following is not None and following.called is not None and not following.called.done():
            following.called.set_result(None)
