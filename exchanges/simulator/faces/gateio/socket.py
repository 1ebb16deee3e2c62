"""One WebSocket session: what it asks, what it is subscribed to, and whether it is still alive."""

from collections.abc import Callable, Collection

import msgspec

from exchanges.simulator.core.delay import DelayLine, Latency
from exchanges.simulator.core.scheduling import Cancellable
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.face import Frame, Link
from exchanges.simulator.faces.gateio.channels import ChannelSet
from exchanges.simulator.faces.gateio.errors import GateError
from exchanges.simulator.faces.gateio.feeds import Feeds, Topic
from exchanges.simulator.faces.gateio.form import FORM
from exchanges.simulator.faces.gateio.frames import SocketError, encode
from exchanges.simulator.faces.gateio.order_entry import OrderEntry
from exchanges.simulator.faces.gateio.rest import GateRest
from exchanges.simulator.faces.gateio.signatures import (
    channel_signature,
    check_signature,
    check_time,
    known_key,
)
from exchanges.simulator.faults.faults import ActiveFault, SocketCut
from exchanges.simulator.faults.injection import FaultyLink
from exchanges.simulator.faults.refusals import SubscriptionRefused

PING_EVERY_S = 20.0
SILENT_PINGS_ALLOWED = 3  # a minute without any frame from the client
GOING_AWAY = 1001


class Auth(msgspec.Struct):
    """The ``auth`` of a private subscription."""

    method: str
    KEY: str
    SIGN: str


class Request(msgspec.Struct):
    """A frame from the client."""

    channel: str
    event: str | None = None
    time: int | None = None
    id: int | str | None = None
    payload: object = None
    auth: Auth | None = None


class GateSocket:
    """Answers frames and pushes news, all in order and after the push latency."""

    def __init__(
        self,
        services: Services,
        feeds: Feeds,
        rest: GateRest,
        link: Link,
        latency: Latency,
        *,
        channels: ChannelSet,
        decimal_sizes: bool = False,
        on_gone: Callable[["GateSocket"], None],
    ) -> None:
        self.id = f"{services.rng.getrandbits(64):016x}"
        self.subscriptions: dict[tuple[str, str, str], Topic] = {}
        self.decimal_sizes = decimal_sizes
        self._channels = channels
        self._feeds = feeds
        self._services = services
        self._link = FaultyLink(link, self, services.faults, services.schedule, FORM)
        self._line = DelayLine(lambda: latency.push_ms, services.schedule, self._deliver)
        self._entry = OrderEntry(services, rest, self.id, self.push)
        self._on_gone = on_gone
        self._open = True
        self._unanswered_pings = 0
        self._timer: Cancellable = services.schedule(PING_EVERY_S, self._tend)

    def push(self, text: str) -> None:
        """Sends a frame after all others."""
        if self._open:
            self._line.send(text)

    def heard(self) -> None:
        """Notes that the client has sent a frame of any kind."""
        self._unanswered_pings = 0

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from sending anything, even answers to protocol pings."""
        return self._link.is_silent

    def concerns(self, account: str | None, channel: str | None) -> bool:
        """Whether it has a subscription of this account and channel; None is any, also of none at all."""
        return (account is None and channel is None) or any(
            account in (None, topic.account) and channel in (None, topic.channel)
            for topic in self.subscriptions.values()
        )

    def is_private(self, channel: str) -> bool:
        """Whether it is subscribed to this channel for an account."""
        return any(topic.channel == channel and topic.account for topic in self.subscriptions.values())

    def note(self, active: ActiveFault, begins: bool) -> None:
        """Takes in that a fault begins or ends."""
        self._link.note(active, begins)

    def cut(self, how: str) -> None:
        """Ends the session with a close frame ("close") or without a word ("reset")."""
        if how == "close":
            self.close()
        else:
            self.reset()

    @property
    def topics(self) -> Collection[Topic]:
        """What it is subscribed to."""
        return self.subscriptions.values()

    def receive(self, frame: Frame) -> None:
        """Takes a frame; the answer goes out like a push. Bad frames are answered with an error."""
        self.heard()
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        try:
            request = msgspec.json.decode(text, type=Request)
            if request.event == "api" and self._channels.takes_orders:
                self._entry.receive(text)
                return
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            self._answer(Request(channel=""), SocketError(1, f"malformed request: {error}"))
            return
        if request.channel == f"{self._channels.product}.ping":
            self._pong()
        elif request.event == "subscribe":
            self._subscribe(request)
        elif request.event == "unsubscribe":
            self._unsubscribe(request)
        else:
            self._answer(request, SocketError(1, f"unknown event: {request.event!r}"))

    def close(self, code: int = GOING_AWAY) -> None:
        """Ends the session with a close frame."""
        self._link.close(code)
        self.gone()

    def reset(self) -> None:
        """Ends the session without a word."""
        self._link.reset()
        self.gone()

    def gone(self) -> None:
        """Forgets the session's subscriptions, as its connection has ended."""
        if not self._open:
            return
        self._open = False
        self._timer.cancel()
        self._line.drop()
        self._link.drop()
        self._end(list(self.subscriptions.values()))
        self._on_gone(self)

    def leave(self, pair: str) -> None:
        """Ends what is subscribed of a pair that is no more, without a word."""
        self._end([topic for topic in self.subscriptions.values() if topic.pair == pair])

    def _end(self, topics: list[Topic]) -> None:
        for topic in topics:
            del self.subscriptions[topic.key]
            self._feeds.unsubscribe(self, topic)

    def _subscribe(self, request: Request) -> None:
        channel = request.channel
        try:
            account = self._authenticate(request) if channel in self._channels.private else ""
            topics = self._channels.topics(channel, _strings(request.payload), account, self._services.engine)
            again = [topic.name for topic in topics if topic.key in self.subscriptions]
            if channel == "spot.obu" and again:
                raise SocketError(2, f"Alert sub: {', '.join(again)} is subscribed already")
            for topic in topics:
                self._check_not_refused(topic)
        except SocketError as error:
            self._answer(request, error)
            return
        cut = self._services.faults.strike(SocketCut, lambda fault: any(_is_cut(topic, fault) for topic in topics))
        if cut is not None:
            self.cut(cut.how)
            return
        self._answer(request)
        for topic in topics:
            if topic.key not in self.subscriptions:
                self.subscriptions[topic.key] = topic
                self._feeds.subscribe(self, topic)

    def _check_not_refused(self, topic: Topic) -> None:
        """Raises ``SocketError`` when a fault refuses a topic."""
        refused = self._services.faults.strike(
            SubscriptionRefused, lambda fault: fault.concerns(topic.account, topic.channel, topic.pair)
        )
        if refused is not None:
            raise SocketError(refused.code, refused.says(topic.pair))

    def _unsubscribe(self, request: Request) -> None:
        """Takes topics away; private ones of every account on this session, as no signature is asked for it."""
        try:
            named = self._channels.topics(request.channel, _strings(request.payload), "", self._services.engine)
        except SocketError as error:
            self._answer(request, error)
            return
        names = {topic.name for topic in named}
        self._end(
            [topic for topic in self.subscriptions.values() if topic.channel == request.channel and topic.name in names]
        )
        self._answer(request)

    def _authenticate(self, request: Request) -> str:
        """Returns the account that signed a private subscription. Raises ``SocketError`` with code 4."""
        auth = request.auth
        try:
            if auth is None or request.time is None:
                raise GateError("MISSING_REQUIRED_HEADER", "auth and time are required")
            if auth.method != "api_key":
                raise GateError("INVALID_CREDENTIALS", f"unknown auth method {auth.method}")
            check_time(str(request.time), self._services.now_ms())
            account = known_key(self._services.keys, auth.KEY)
            expected = channel_signature(
                account.secret, channel=request.channel, event=request.event or "", time=request.time
            )
            check_signature(expected, auth.SIGN)
        except GateError as error:
            raise SocketError(4, f"{encode(error.body())}\n") from error
        return account.name

    def _answer(self, request: Request, error: SocketError | None = None) -> None:
        now_ms = self._services.now_ms()
        trace_id = f"{self._services.rng.getrandbits(128):032x}"
        answer: dict[str, object] = {"time": now_ms // 1000, "time_ms": now_ms}
        if request.id is not None:
            answer["id"] = request.id
        answer |= {"conn_id": self.id, "trace_id": trace_id, "channel": request.channel, "event": request.event or ""}
        answer |= {
            "payload": request.payload,
            "error": None if error is None else {"code": error.code, "message": error.message},
            "result": {"status": "success" if error is None else "fail"},
            "requestId": trace_id,
        }
        self.push(encode(answer))

    def _pong(self) -> None:
        now_ms = self._services.now_ms()
        envelope = {"time": now_ms // 1000, "time_ms": now_ms, "channel": f"{self._channels.product}.pong"}
        self.push(encode(envelope | {"event": "", "error": None, "result": None}))

    def _deliver(self, text: str) -> None:
        if self._open:
            self._link.send(text)

    def _tend(self) -> None:
        """Pings every so often, and gives the client up after a minute of silence."""
        if self._unanswered_pings >= SILENT_PINGS_ALLOWED:
            self.close(GOING_AWAY)
            return
        self._unanswered_pings += 1
        self._link.ping()
        self._timer = self._services.schedule(PING_EVERY_S, self._tend)


def _is_cut(topic: Topic, fault: SocketCut) -> bool:
    return fault.account in (None, topic.account) and fault.channel in (None, topic.channel)


def _strings(payload: object) -> list[str]:
    if payload is None or payload == {}:  # the form of some clients for channels that need none
        return []
    try:
        return msgspec.convert(payload, list[str])
    except msgspec.ValidationError as error:
        raise SocketError(1, f"payload: {error}") from error
