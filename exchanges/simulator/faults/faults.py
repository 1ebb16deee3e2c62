"""What can be made to go wrong at the exchange, for whom, how often and until when.

A fault is a plain value (the body of ``POST /faults``, or made by a simulation); ``Faults`` holds those that stand.
The faces ask it at each request and each frame; what is not certain is decided by its seeded randomness.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec

from exchanges.simulator.core.scheduling import Cancellable, Schedule

MAX_S = 3_600
MAX_MS = MAX_S * 1_000
Effect = Literal["none", "done", "late"]
"""What becomes of a request whose answer fails: nothing, all of it, or all of it a while later."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Strikes with ``probability`` at each occasion, at most ``times`` times, for ``for_s`` seconds; None: no bound."""

    probability: float = 1.0
    times: int | None = None
    for_s: float | None = None

    def __post_init__(self) -> None:
        check("probability", self.probability, 0 < self.probability <= 1, "above 0 and at most 1")
        if self.times is not None:
            check("times", self.times, self.times >= 1, "null, or 1 or more")
        if self.for_s is not None:
            check("for_s", self.for_s, 0 < self.for_s <= MAX_S, f"null, or above 0 and at most {MAX_S} seconds")


def check(name: str, value: object, allowed: bool, what: str) -> None:
    """Raises ``ValueError`` unless the value is allowed."""
    if not allowed:
        raise ValueError(f"{name}: {value} must be {what}")


def check_ms(name: str, value: int) -> None:
    """Raises ``ValueError`` unless it is a span that anybody would wait for."""
    check(name, value, 0 <= value <= MAX_MS, f"from 0 to {MAX_MS} ms")


# -- requests ---------------------------------------------------------------------------------------------------------


class RestFault(Fault, frozen=True, kw_only=True):
    """Requests of one account (by its key), to one endpoint, about one pair, public or private ones; by default all.

    ``endpoint``: as the exchange names it, with or without a method: ``POST /spot/orders``, ``/spot/orders/{}``.
    ``pair``: named in the path, the query or the body; a batch is struck as a whole when one of its items names it.
    """

    account: str | None = None
    endpoint: str | None = None
    pair: str | None = None
    access: Literal["public", "private"] | None = None

    def concerns(self, account: str | None, endpoint: str, access: str, pairs: Callable[[], set[str]]) -> bool:
        """Whether a request is among those; its endpoint comes as method and path, ``pairs`` tells those it names."""
        return (
            self.account in (None, account)
            and self.access in (None, access)
            and self.endpoint in (None, endpoint, endpoint.partition(" ")[2])
            and (self.pair is None or self.pair in pairs())
        )


class FailedAnswer(RestFault, frozen=True, kw_only=True):
    """The answer fails; ``effect`` says what the request does, ``late_ms`` when, if late. A request that takes effect
    late is checked then, so that its expiry may have passed."""

    effect: Effect = "none"
    late_ms: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ms("late_ms", self.late_ms)
        check("late_ms", self.late_ms, not self.late_ms or self.effect == "late", 'left out unless effect is "late"')


class RestError(FailedAnswer, frozen=True, kw_only=True, tag="rest_error"):
    """A page with a status of 500 and above from something in front of the exchange."""

    status: int = 502

    def __post_init__(self) -> None:
        super().__post_init__()
        check("status", self.status, 500 <= self.status <= 599, "from 500 to 599")


class RestTimeout(FailedAnswer, frozen=True, kw_only=True, tag="rest_timeout"):
    """No answer at all; the connection stays open."""


class RestAbort(FailedAnswer, frozen=True, kw_only=True, tag="rest_abort"):
    """The connection breaks instead of an answer."""


class RestLimit(RestFault, frozen=True, kw_only=True, tag="rest_limit"):
    """429 TOO_MANY_REQUESTS with ``Retry-After``, whatever the client has used."""

    retry_after_s: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check("retry_after_s", self.retry_after_s, 0 <= self.retry_after_s <= MAX_S, f"from 0 to {MAX_S}")


class RestSlow(RestFault, frozen=True, kw_only=True, tag="rest_slow"):
    """The request takes effect at once, its answer comes after ``delay_ms``."""

    delay_ms: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ms("delay_ms", self.delay_ms)


# -- sockets ----------------------------------------------------------------------------------------------------------


class SocketFault(Fault, frozen=True, kw_only=True):
    """Sessions with a subscription of this account and channel; by default all."""

    account: str | None = None
    channel: str | None = None


class SocketCut(SocketFault, frozen=True, kw_only=True, tag="socket_cut"):
    """The sessions end; while it stands, whoever subscribes to the same again is cut as well."""

    how: Literal["close", "reset"] = "reset"


class SocketSilent(SocketFault, frozen=True, kw_only=True, tag="socket_silent"):
    """The sessions that are open when it begins are half-open: nothing is sent any more, not even a pong."""


class SocketDeaf(SocketFault, frozen=True, kw_only=True, tag="socket_deaf"):
    """The sessions that are open when it begins answer, but get no pushes on private channels any more."""


class FrameFault(SocketFault, frozen=True, kw_only=True):
    """Strikes pushes (never answers) of ``channel`` on sessions of ``account``; ``times`` counts frames."""


class FrameDrop(FrameFault, frozen=True, kw_only=True, tag="frame_drop"):
    """The frame is lost; on ``spot.order_book_update`` that is a gap in the update ids."""


class FrameDelay(FrameFault, frozen=True, kw_only=True, tag="frame_delay"):
    """The frame takes longer, and all behind it wait."""

    delay_ms: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ms("delay_ms", self.delay_ms)


class FrameLate(FrameFault, frozen=True, kw_only=True, tag="frame_late"):
    """The frame takes longer, and others overtake it."""

    delay_ms: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ms("delay_ms", self.delay_ms)


class FrameDuplicate(FrameFault, frozen=True, kw_only=True, tag="frame_duplicate"):
    """The frame is sent, and again after ``delay_ms``."""

    delay_ms: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ms("delay_ms", self.delay_ms)


class FrameReorder(FrameFault, frozen=True, kw_only=True, tag="frame_reorder"):
    """Each ``window`` frames come in another order; fewer when no more come within ``hold_ms``."""

    window: int = 3
    hold_ms: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        check("window", self.window, 2 <= self.window <= 1_000, "from 2 to 1000 frames")
        check_ms("hold_ms", self.hold_ms)


class FrameJunk(FrameFault, frozen=True, kw_only=True, tag="frame_junk"):
    """A frame that means nothing comes before it."""


class FrameTruncate(FrameFault, frozen=True, kw_only=True, tag="frame_truncate"):
    """Only the beginning of the frame arrives."""


class FrameExtended(FrameFault, frozen=True, kw_only=True, tag="frame_extended"):
    """The frame has one more field, which no client knows."""


# -- the exchange as a whole -----------------------------------------------------------------------------------------


class Maintenance(Fault, frozen=True, kw_only=True, tag="maintenance"):
    """Every request is answered with 503; sockets are closed and refused."""


class RefuseConnections(Fault, frozen=True, kw_only=True, tag="refuse_connections"):
    """Nobody listens on the port; connections that exist are reset."""


ClockName = Literal["gateway", "engine"]


class ClockSkew(Fault, frozen=True, kw_only=True, tag="clock_skew"):
    """The exchange's clocks are ``offset_ms`` off, or one of them.

    ``gateway``: signatures, expiry, ``/spot/time``, ``X-In-Time``, limits and frames; ``engine``: times of orders,
    fills and balances. Set back, when it begins or ends, a clock stands still until time has caught up; with
    ``stepwise_back`` it goes back at once.
    """

    offset_ms: int
    clock: Literal["both", ClockName] = "both"
    stepwise_back: bool = False

    def sets(self, clock: ClockName) -> bool:
        """Whether this clock is off."""
        return self.clock in ("both", clock)

    def __post_init__(self) -> None:
        super().__post_init__()
        check("offset_ms", self.offset_ms, abs(self.offset_ms) <= 24 * MAX_MS, f"at most {24 * MAX_MS} either way")


class KeyRevoked(Fault, frozen=True, kw_only=True, tag="key_revoked"):
    """The account's key is refused as INVALID_KEY, its private sockets are closed."""

    account: str


class LateFill(Fault, frozen=True, kw_only=True, tag="late_fill"):
    """An order of the account that is canceled turns out to have traded: ``delay_ms`` after the cancel a fill of
    ``share`` of what was left is told. The order stays canceled, and is not told again."""

    account: str | None = None
    share: Decimal = Decimal("0.5")
    delay_ms: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check("share", self.share, self.share.is_finite() and 0 < self.share < 1, "above 0 and below 1")
        check_ms("delay_ms", self.delay_ms)


AnyFault = (
    RestError
    | RestTimeout
    | RestAbort
    | RestLimit
    | RestSlow
    | SocketCut
    | SocketSilent
    | SocketDeaf
    | FrameDrop
    | FrameDelay
    | FrameLate
    | FrameDuplicate
    | FrameReorder
    | FrameJunk
    | FrameTruncate
    | FrameExtended
    | Maintenance
    | RefuseConnections
    | ClockSkew
    | KeyRevoked
    | LateFill
)
F = TypeVar("F", bound=Fault)


@dataclass(slots=True, eq=False)
class ActiveFault:
    """A fault that stands: how often it has struck, and the timer that ends it."""

    id: int
    fault: Fault
    hits: int = 0
    timer: Cancellable | None = field(default=None, repr=False)

    def record(self) -> dict[str, object]:
        """Returns it for the control API."""
        return {"id": self.id, "hits": self.hits, **msgspec.to_builtins(self.fault)}


class Faults:
    """The faults that stand, in the order in which they were set.

    ``watchers`` are called with each that begins (True) and ends (False).
    """

    def __init__(self, *, schedule: Schedule, rng: random.Random) -> None:
        self.rng = rng
        self.active: dict[int, ActiveFault] = {}
        self.watchers: list[Callable[[ActiveFault, bool], None]] = []
        self._schedule = schedule
        self._last_id = 0

    def add(self, fault: Fault) -> ActiveFault:
        """Lets a fault stand from now on."""
        self._last_id += 1
        active = self.active[self._last_id] = ActiveFault(self._last_id, fault)
        if fault.for_s is not None:
            active.timer = self._schedule(fault.for_s, lambda: self._end(active))
        for watcher in self.watchers:
            watcher(active, True)
        return active

    def clear(self, fault_id: int | None = None) -> int:
        """Ends one fault, or all; returns how many."""
        chosen = [active for active in self.active.values() if fault_id in (None, active.id)]
        for active in chosen:
            self._end(active)
        return len(chosen)

    def strike(self, kind: type[F], concerned: Callable[[F], bool]) -> F | None:
        """Returns the first fault of this kind that concerns the occasion and strikes; counts it."""
        for active in list(self.active.values()):
            fault = active.fault
            if not isinstance(fault, kind) or not concerned(fault):
                continue
            if fault.probability < 1 and self.rng.random() >= fault.probability:
                continue
            active.hits += 1
            if fault.times is not None and active.hits >= fault.times:
                self._end(active)
            return fault
        return None

    def of_kind(self, kind: type[F]) -> list[F]:
        """Returns the faults of this kind that stand."""
        return [active.fault for active in self.active.values() if isinstance(active.fault, kind)]

    def _end(self, active: ActiveFault) -> None:
        if self.active.pop(active.id, None) is None:
            return
        if active.timer is not None:
            active.timer.cancel()
        for watcher in self.watchers:
            watcher(active, False)
