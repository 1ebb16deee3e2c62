"""What the faults do to requests on their way in and to frames on their way out."""

from collections import deque
from collections.abc import Callable, Mapping
from decimal import ROUND_UP, Decimal
from typing import Protocol

import msgspec
import structlog

from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.orders import Finish, Order, OrderChange
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.scheduling import Schedule
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, json_response
from exchanges.simulator.faults.faults import (
    ActiveFault,
    FailedAnswer,
    Faults,
    FrameDelay,
    FrameDrop,
    FrameDuplicate,
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

JUNK = ("", "null", "[]", '{"channel":7}', '{"time":1,"channel":"spot.orders","event":"update","result":[{}]}', "\x00")
log = structlog.get_logger(__name__)


def front_page(status: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Returns what something in front of the exchange says when the exchange does not answer."""
    body = f"<html><head><title>{status}</title></head><body>the exchange does not answer</body></html>"
    return HttpResponse(status=status, headers={"Content-Type": "text/html", **(headers or {})}, body=body.encode())


def refusal(fault: RestRefusal, now_ms: int) -> HttpResponse:
    """Returns the exchange's own refusal, or that of something in front of it when the fault has no label."""
    headers = fault.headers(now_ms)
    if not fault.label:
        return front_page(fault.status, headers)
    return json_response(fault.status, {"label": fault.label, "message": fault.message}, headers)


def answer_with(
    fault: RestFault,
    request: HttpRequest,
    *,
    perform: Callable[[HttpRequest], HttpResponse],
    reply: Callable[[HttpResponse], None],
    abort: Callable[[], None],
    schedule: Schedule,
    now_ms: Callable[[], int],
) -> None:
    """Lets a request have the effect that the fault leaves it, and answers as the fault wants it."""
    if isinstance(fault, RestLimit):
        body = {"label": "TOO_MANY_REQUESTS", "message": "Request Rate limit Exceeded"}
        reply(json_response(429, body, {"Retry-After": str(fault.retry_after_s)}))
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
            reply(refusal(fault, now_ms()))
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
        if change is not OrderChange.FINISH or order.finish is not Finish.CANCELLED or not self._faults.active:
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

    def send(self, text: str) -> None:
        """Sends a text frame after the others."""

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


class Head(msgspec.Struct):
    """What a frame is."""

    channel: str = ""
    event: str = ""


class FaultyLink:
    """A session's link that does to frames what the faults say; without faults it changes nothing."""

    def __init__(self, link: Wire, session: Subscribed, faults: Faults, schedule: Schedule) -> None:
        self._link = link
        self._session = session
        self._faults = faults
        self._schedule = schedule
        self._silent: set[int] = set()
        self._deaf: set[int] = set()
        self._line: deque[_Held] = deque()
        self._shuffled: list[str] = []
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

    def send(self, text: str) -> None:
        """Sends a frame, or whatever becomes of it."""
        if self._faults.active:
            self._disturb(text)
        else:
            self._pass_on(text)

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

    def _disturb(self, text: str) -> None:
        if self._silent:
            return
        head = msgspec.json.decode(text, type=Head)
        if head.event != "update":
            self._pass_on(text)
            return
        if self._deaf and self._session.is_private(head.channel):
            return
        self._push(text, head.channel)

    def _push(self, text: str, channel: str) -> None:
        def concerned(fault: FrameFault) -> bool:
            return fault.channel in (None, channel) and self._session.concerns(fault.account, fault.channel)

        strike, rng = self._faults.strike, self._faults.rng
        if strike(FrameDrop, concerned):
            return
        if strike(FrameTruncate, concerned):
            text = text[: rng.randrange(1, len(text))]
        if strike(FrameJunk, concerned):
            self._pass_on(rng.choice(JUNK))
        twice = strike(FrameDuplicate, concerned)
        late = strike(FrameLate, concerned)
        delay = strike(FrameDelay, concerned)
        reorder = strike(FrameReorder, concerned)
        if late:
            self._schedule(late.delay_ms / 1000, lambda: self._pass_on(text))
        elif delay:
            held = _Held(text)
            self._line.append(held)
            self._schedule(delay.delay_ms / 1000, lambda: self._release(held))
        elif reorder:
            self._shuffle(text, reorder)
        else:
            self._pass_on(text)
        if twice:
            self._schedule(twice.delay_ms / 1000, lambda: self._pass_on(text))

    def _pass_on(self, text: str) -> None:
        if self._ended:
            return
        if self._line:
            self._line.append(_Held(text, ready=True))
        else:
            self._link.send(text)

    def _release(self, held: "_Held") -> None:
        held.ready = True
        while self._line and self._line[0].ready:
            self._link.send(self._line.popleft().text)

    def _shuffle(self, text: str, fault: FrameReorder) -> None:
        self._shuffled.append(text)
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

    __slots__ = ("ready", "text")

    def __init__(self, text: str, *, ready: bool = False) -> None:
        self.text = text
        self.ready = ready
