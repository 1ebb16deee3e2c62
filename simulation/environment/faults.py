"""The faults of network, machine and exchange in a run: which happen how often, drawn from the seed.

Each run has its own mix: most faults are absent from it, the others range from rare to frequent, so that over many
seeds every combination comes up, also the ones in which a fault is not hidden by others (swarm testing).
"""

import enum
import random
from collections.abc import Callable, Mapping
from typing import Final

import msgspec


class Fault(enum.Enum):
    """What can go wrong. "Before" and "after" are about the request's effect at the exchange."""

    REST_REFUSED = "rest_refused"
    REST_RESET_BEFORE = "rest_reset_before"
    REST_RESET_AFTER = "rest_reset_after"
    REST_SILENT_BEFORE = "rest_silent_before"
    REST_SILENT_AFTER = "rest_silent_after"
    REST_5XX_BEFORE = "rest_5xx_before"
    REST_5XX_AFTER = "rest_5xx_after"
    REST_429 = "rest_429"
    REST_LATE = "rest_late"
    REST_SLOW_ANSWER = "rest_slow_answer"
    REST_JUNK_ANSWER = "rest_junk_answer"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_SILENT = "connect_silent"
    FRAME_DROPPED = "frame_dropped"
    FRAME_TWICE = "frame_twice"
    FRAME_SWAPPED = "frame_swapped"
    FRAME_JUNK = "frame_junk"
    FRAME_TRUNCATED = "frame_truncated"
    FRAME_DELAYED = "frame_delayed"
    CALL_DROPPED = "call_dropped"
    SOCKET_RESET = "socket_reset"
    SOCKET_CLOSED = "socket_closed"
    SOCKET_SILENT = "socket_silent"
    SOCKET_DEAF = "socket_deaf"
    SOCKET_MUTE = "socket_mute"
    HOUSE_FILLS = "house_fills"
    HOUSE_CANCELS = "house_cancels"
    DEPOSIT = "deposit"
    CLOCK_SET = "clock_set"
    KILL = "kill"
    CRASH_ACCOUNT = "crash_account"
    CRASH_CONNECTION = "crash_connection"
    CRASH_MARKET = "crash_market"
    CRASH_STRATEGY = "crash_strategy"


_HIGHEST: Final = {
    # for each request
    Fault.REST_REFUSED: 0.2,
    Fault.REST_RESET_BEFORE: 0.2,
    Fault.REST_RESET_AFTER: 0.2,
    Fault.REST_SILENT_BEFORE: 0.1,
    Fault.REST_SILENT_AFTER: 0.1,
    Fault.REST_5XX_BEFORE: 0.2,
    Fault.REST_5XX_AFTER: 0.2,
    Fault.REST_429: 0.1,
    Fault.REST_LATE: 0.1,
    Fault.REST_SLOW_ANSWER: 0.2,
    Fault.REST_JUNK_ANSWER: 0.1,
    Fault.CONNECT_REFUSED: 0.4,
    Fault.CONNECT_SILENT: 0.2,
    # for each frame
    Fault.FRAME_DROPPED: 0.05,
    Fault.FRAME_TWICE: 0.1,
    Fault.FRAME_SWAPPED: 0.1,
    Fault.FRAME_JUNK: 0.05,
    Fault.FRAME_TRUNCATED: 0.05,
    Fault.FRAME_DELAYED: 0.05,
    Fault.CALL_DROPPED: 0.1,
    # for each socket in each second
    Fault.SOCKET_RESET: 0.05,
    Fault.SOCKET_CLOSED: 0.05,
    Fault.SOCKET_SILENT: 0.03,
    Fault.SOCKET_DEAF: 0.03,
    Fault.SOCKET_MUTE: 0.03,
    # for each account in each second
    Fault.HOUSE_FILLS: 0.5,
    Fault.HOUSE_CANCELS: 0.3,
    Fault.DEPOSIT: 0.1,
    # for the machine in each second
    Fault.CLOCK_SET: 0.02,
    Fault.KILL: 0.06,
    Fault.CRASH_MARKET: 0.05,
    # for each account in each second
    Fault.CRASH_ACCOUNT: 0.05,
    Fault.CRASH_CONNECTION: 0.05,
    # for each step of a strategy
    Fault.CRASH_STRATEGY: 0.03,
}
NETWORK: Final = frozenset(
    fault for fault in Fault if fault.value.startswith(("rest_", "connect_", "frame_", "call_", "socket_"))
)
"""Faults on the way between the program and the exchange."""
EXCHANGE: Final = frozenset({Fault.HOUSE_FILLS, Fault.HOUSE_CANCELS, Fault.DEPOSIT})
"""What the exchange's house does without our doing; no fault of anybody."""
MACHINE: Final = frozenset(Fault) - NETWORK - EXCHANGE
_PRESENT: Final = 0.3
_BURST_FACTOR: Final = 4.0
_NO_LIMIT: Final = 10**9


class Link(enum.Enum):
    """What an outage can take away."""

    PUBLIC_REST = "public_rest"
    PRIVATE_REST = "private_rest"
    PUBLIC_SOCKET = "public_socket"
    PRIVATE_SOCKET = "private_socket"


class Cut(enum.Enum):
    """How a link is gone during an outage: connections refused and reset; everything swallowed; everything held back
    and delivered afterwards."""

    REFUSE = "refuse"
    SWALLOW = "swallow"
    HOLD = "hold"


class Outage(msgspec.Struct, frozen=True):
    """``links`` are gone from ``from_s`` until ``until_s`` for everybody, or for the one with ``key``."""

    from_s: float
    until_s: float
    links: frozenset[Link]
    cut: Cut
    key: str | None

    def covers(self, link: Link, key: str | None, now_s: float) -> bool:
        return self.from_s <= now_s < self.until_s and link in self.links and self.key in {None, key}


class Weather:
    """Decides fault by fault; after the storm the answer is always no.

    Attributes:
        now_s: virtual seconds. counts: how often each fault has happened.
    """

    def __init__(
        self,
        rng: random.Random,
        now_s: Callable[[], float],
        *,
        begins_s: float,
        ends_s: float,
        keys: tuple[str, ...],
        kinds: frozenset[Fault] = frozenset(Fault),
        certain: Fault | None = None,
        outages: bool = True,
        outage: Outage | None = None,
        without: frozenset[str] = frozenset(),
        limits: Mapping[str, int] | None = None,
    ) -> None:
        """``begins_s``, ``ends_s``: of the storm. ``keys``: of accounts that outages may be limited to.

        ``kinds``: faults that the run may draw, ``certain``: one that it has in any case; ``outages``: whether links
        may be gone for a while, ``outage``: a time at which they are.
        ``without``: names of faults, ``outage``, ``burst``: left out of what was drawn, with nothing else changed.
        ``limits``: at most so many occurrences of a fault, by its name.
        """
        self._rng = rng
        self.now_s = now_s
        self._begins_s = begins_s
        self._ends_s = ends_s
        drawn = {fault: highest * 10 ** -rng.uniform(0, 1.5) for fault, highest in _HIGHEST.items()}
        present = [fault for fault in drawn if rng.random() < _PRESENT]
        self.rates = {fault: drawn[fault] for fault in present if fault in kinds and fault.value not in without}
        if certain is not None and certain.value not in without:
            self.rates[certain] = drawn[certain]
        length_s = ends_s - begins_s
        bursts = [
            (start_s, start_s + rng.uniform(1.0, 6.0))
            for start_s in sorted(begins_s + rng.random() * length_s for _ in range(rng.randint(0, 3)))
        ]
        self.bursts = [] if "burst" in without else bursts
        drawn_outages = [self._outage(keys) for _ in range(rng.choice((0, 0, 1, 2, 4)))]
        planned = [] if outage is None else [outage]
        self.outages = [] if "outage" in without else drawn_outages if outages else planned
        self.counts: dict[Fault, int] = {}
        # Each fault has its own randomness, so that leaving one out changes as little as possible of the others.
        self._rngs = {fault: random.Random(rng.random()) for fault in Fault}
        self._limits = {fault: (limits or {}).get(fault.value, _NO_LIMIT) for fault in Fault}

    def happens(self, fault: Fault) -> bool:
        """Whether it happens now, to the thing at hand."""
        rate = self.rates.get(fault)
        if rate is None:
            return False
        now_s = self.now_s()
        if not self._begins_s <= now_s < self._ends_s:
            return False
        if any(start_s <= now_s < end_s for start_s, end_s in self.bursts):
            rate *= _BURST_FACTOR
        count = self.counts.get(fault, 0)
        if self._rngs[fault].random() >= rate or count >= self._limits[fault]:
            return False
        self.counts[fault] = count + 1
        return True

    def first_of(self, *faults: Fault) -> Fault | None:
        """The first of these that happens now."""
        for fault in faults:
            if self.happens(fault):
                return fault
        return None

    def outage(self, link: Link, key: str | None) -> Outage | None:
        """What keeps this link down now, for the owner of this API key (None where that is not known)."""
        now_s = self.now_s()
        for outage in self.outages:
            if outage.covers(link, key, now_s):
                return outage
        return None

    def delay_s(self, usual_s: float) -> float:
        """How long something takes on its way: mostly about ``usual_s``, now and then much more."""
        return usual_s * (0.5 + self._rng.expovariate(1.0))

    def between(self, low: float, high: float) -> float:
        return self._rng.uniform(low, high)

    def index(self, count: int) -> int:
        return self._rng.randrange(count)

    def _outage(self, keys: tuple[str, ...]) -> Outage:
        rng = self._rng
        from_s = rng.uniform(self._begins_s, self._ends_s)
        links = frozenset(link for link in Link if rng.random() < 0.5) or frozenset(Link)
        return Outage(
            from_s=from_s,
            until_s=min(from_s + rng.uniform(0.5, 30.0), self._ends_s),
            links=links,
            cut=rng.choice(tuple(Cut)),
            key=rng.choice((None, *keys)),
        )

    def happened(self) -> dict[str, int]:
        """How often what happened, by the names that ``without`` takes; what did not happen is not in it."""
        counts = {fault.value: count for fault, count in self.counts.items()}
        spells = {"burst": len(self.bursts), "outage": len(self.outages)}
        return counts | {name: count for name, count in spells.items() if count}

    def describe(self) -> list[str]:
        """The mix in words, for traces."""
        lines = [f"{fault.value} {rate:.4f}" for fault, rate in self.rates.items()]
        lines += [f"burst from {start_s:.1f} to {end_s:.1f}" for start_s, end_s in self.bursts]
        for outage in self.outages:
            links = ", ".join(link.value for link in Link if link in outage.links)
            whose = "everybody" if outage.key is None else "one account"
            lines.append(
                f"outage {outage.cut.value} from {outage.from_s:.1f} to {outage.until_s:.1f} of {links} for {whose}"
            )
        return lines
