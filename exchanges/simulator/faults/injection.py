"""What the faults do to requests on their way in and to frames on their way out."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Protocol

import structlog

from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.orders import Finish, Order, OrderChange
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.scheduling import Schedule
from exchanges.simulator.faces.http import HttpRequest, HttpResponse
from exchanges.simulator.faults.faults import (
    ActiveFault,
    FailedAnswer,
    Faults,
    FrameDelay,
    FrameDrop,
    FrameDuplicate,
    FrameExtended,
    FrameFault,
    FrameJunk,
    FrameLate,
    FrameReorder,
    FrameTruncate,
    LateFill,
    RestAbort,
    RestError,
    RestFault,
    RestLimit,
    RestSlow,
    SocketDeaf,
    SocketSilent,
)
from exchanges.simulator.faults.refusals import RestRefusal

log = structlog.get_logger(__name__)


def front_page(status: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Returns what something in front of the exchange says when the exchange does not answer."""
    body = f"<html><head><title>{status}</title></head><body>the exchange does not answer</body></html>"
    return HttpResponse(status=status, headers={"Content-Type": "text/html", **(headers or {})}, body=body.encode())


@dataclass(frozen=True, slots=True)
class Head:
    """What a frame is: on which channel, and whether it is a push (and not an answer)."""

    channel: str
    is_push: bool


class WireForm(Protocol):
    """How a face says what a fault wants said. ``junk``: frames that nobody can read."""

    junk: tuple[str | bytes, ...]

    def head(self, frame: str | bytes) -> Head:
        """What a frame of the face is."""

    def extended(self, frame: str | bytes) -> str | bytes:
        """A push of the face with one more field."""

    def refusal(self, status: int, label: str, message: str, headers: dict[str, str]) -> HttpResponse:
        """An error in the face's form."""

    def too_many(self, retry_after_s: int) -> HttpResponse:
        """The refusal of a request over the limit."""

    def spent(self, reset_ms: int) -> dict[str, str]:
        """Headers of a limit that is spent until then (ms since 1970)."""


def refusal(fault: RestRefusal, now_ms: int, form: WireForm) -> HttpResponse:
    """Returns the exchange's own refusal, or that of something in front of it when the fault has no label."""
    headers = fault.headers()
    if fault.reset_in_s is not None:
        headers |= form.spent(now_ms + fault.reset_in_s * 1000)
    if not fault.label:
        return front_page(fault.status, headers)
    return form.refusal(fault.status, fault.label, fault.message, headers)


def answer_with(
    fault: RestFault,
    request: HttpRequest,
    *,
    perform: Callable[[HttpRequest], HttpResponse],
    reply: Callable[[HttpResponse], None],
    abort: Callable[[], None],
    schedule: Schedule,
    now_ms: Callable[[], int],
    form: WireForm,
) -> None:
    """Lets a request have the effect that the fault leaves it, and answers as the fault wants it."""
    if isinstance(fault, RestLimit):
        reply(form.too_many(fault.retry_after_s))
    elif isinstance(fault, RestSlow):
        response = perform(request)
        schedule(fault.delay_ms / 1000, lambda: reply(response))
    elif isinstance(fault, FailedAnswer):
        if fault.effect == "done":
            perform(request)
        elif fault.effect == "late":
            schedule(fault.late_ms / 1000, lambda: _perform_late(perform, request))
        if isinstance(fault, RestError):
            reply(front_page(fault.status))
        elif isinstance(fault, RestRefusal):
            reply(refusal(fault, now_ms(), form))
        elif isinstance(fault, RestAbort):
            abort()


def _perform_late(perform: Callable[[HttpRequest], HttpResponse], request: HttpRequest) -> None:
    perform(request)


class LateFills(Listener):
    """Lets canceled orders turn out to have traded, as the faults say."""

    def __init__(self, engine: Engine, faults: Faults, schedule: Schedule) -> None:
        self._engine = engine
        self._faults = faults
        self._schedule = schedule

    def on_order(self, order: Order, change: OrderChange) -> None:
        """Looks out for cancels."""
        if change is not OrderChange.FINISH or order.finish is not Finish.CANCELED or not self._faults.active:
            return
        fault = self._faults.strike(LateFill, lambda fault: fault.account in (None, order.account))
        if fault is not None:
            self._schedule(fault.delay_ms / 1000, lambda: self._fill(order, fault.share))

    def _fill(self, order: Order, share: Decimal) -> None:
        lot = Decimal(1).scaleb(-order.rules.amount_precision)
        try:
            self._engine.fill_late(order, (order.remaining * share).quantize(lot, ROUND_UP))
        except RefusedError as refused:  # the money that the cancel had freed is spent
            log.info("late_fill_refused", order_id=order.id, reason=refused.message)


class Wire(Protocol):
    """What carries a session's frames."""

    def send(self, frame: str | bytes) -> None:
        """Sends a frame after the others."""

    def ping(self) -> None:
        """Sends a protocol ping."""

    def close(self, code: int) -> None:
        """Closes in order."""

    def reset(self) -> None:
        """Breaks the connection off."""


class Subscribed(Protocol):
    """A session, as far as faults choose by it."""

    def concerns(self, account: str | None, channel: str | None) -> bool:
        """Whether it has a subscription of this account and channel; None is any."""

    def is_private(self, channel: str) -> bool:
        """Whether it is subscribed to this channel for an account."""


class FaultyLink:
    """A session's link that does to frames what the faults say; without faults it changes nothing."""

    def __init__(self, link: Wire, session: Subscribed, faults: Faults, schedule: Schedule, form: WireForm) -> None:
        self._link = link
        self._form = form
        self._session = session
        self._faults = faults
        self._schedule = schedule
        self._silent: set[int] = set()
        self._deaf: set[int] = set()
        self._line: deque[_Held] = deque()
        self._shuffled: list[str | bytes] = []
        self._ended = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing goes out any more."""
        return bool(self._silent)

    def note(self, active: ActiveFault, begins: bool) -> None:
        """Takes in that a fault begins or ends: some hold for the sessions that are open just then."""
        fault = active.fault
        if not isinstance(fault, SocketSilent | SocketDeaf):
            return
        chosen = self._silent if isinstance(fault, SocketSilent) else self._deaf
        if not begins:
            chosen.discard(active.id)
        elif self._session.concerns(fault.account, fault.channel):
            chosen.add(active.id)

    def send(self, frame: str | bytes) -> None:
        """Sends a frame, or whatever becomes of it."""
        if self._faults.active:
            self._disturb(frame)
        else:
            self._pass_on(frame)

    def ping(self) -> None:
        """Sends a ping, unless silent."""
        if not self._silent:
            self._link.ping()

    def close(self, code: int) -> None:
        """Closes in order."""
        self._link.close(code)

    def reset(self) -> None:
        """Breaks the connection off."""
        self._link.reset()

    def drop(self) -> None:
        """Forgets what is still held back: the session has ended."""
        self._ended = True
        self._line.clear()
        self._shuffled.clear()

    def _disturb(self, frame: str | bytes) -> None:
        if self._silent:
            return
        head = self._form.head(frame)
        if not head.is_push:
            self._pass_on(frame)
            return
        if self._deaf and self._session.is_private(head.channel):
            return
        self._push(frame, head.channel)

    def _push(self, frame: str | bytes, channel: str) -> None:
        def concerned(fault: FrameFault) -> bool:
            return fault.channel in (None, channel) and self._session.concerns(fault.account, fault.channel)

        strike, rng = self._faults.strike, self._faults.rng
        if strike(FrameDrop, concerned):
            return
        if strike(FrameExtended, concerned):
            frame = self._form.extended(frame)
        if strike(FrameTruncate, concerned):
            frame = frame[: rng.randrange(1, len(frame))]
        if strike(FrameJunk, concerned):
            self._pass_on(rng.choice(self._form.junk))
        twice = strike(FrameDuplicate, concerned)
        late = strike(FrameLate, concerned)
        delay = strike(FrameDelay, concerned)
        reorder = strike(FrameReorder, concerned)
        if late:
            self._schedule(late.delay_ms / 1000, lambda: self._pass_on(frame))
        elif delay:
            held = _Held(frame)
            self._line.append(held)
            self._schedule(delay.delay_ms / 1000, lambda: self._release(held))
        elif reorder:
            self._shuffle(frame, reorder)
        else:
            self._pass_on(frame)
        if twice:
            self._schedule(twice.delay_ms / 1000, lambda: self._pass_on(frame))

    def _pass_on(self, frame: str | bytes) -> None:
        if self._ended:
            return
        if self._line:
            self._line.append(_Held(frame, ready=True))
        else:
            self._link.send(frame)

    def _release(self, held: "_Held") -> None:
        held.ready = True
        while self._line and self._line[0].ready:
            self._link.send(self._line.popleft().frame)

    def _shuffle(self, frame: str | bytes, fault: FrameReorder) -> None:
        self._shuffled.append(frame)
        if len(self._shuffled) == 1:
            self._schedule(fault.hold_ms / 1000, self._release_shuffled)
        if len(self._shuffled) >= fault.window:
            self._release_shuffled()

    def _release_shuffled(self) -> None:
        frames, self._shuffled = self._shuffled, []
        as_they_came = list(frames)
        self._faults.rng.shuffle(frames)
        if frames == as_they_came:
            frames.reverse()
        for frame in frames:
            self._pass_on(frame)


class _Held:
    """A frame in line; sent when it is ready and all before it are gone."""

    __slots__ = ("frame", "ready")

    def __init__(self, frame: str | bytes, *, ready: bool = False) -> None:
        self.frame = frame
        self.ready = ready
