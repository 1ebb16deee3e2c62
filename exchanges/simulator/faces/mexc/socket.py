"""One socket: what it asks, what it is subscribed to, and for how long it lives (docs/venues/mexc.md, sockets)."""

from collections.abc import Callable, Collection

import msgspec

from exchanges.simulator.core.delay import DelayLine, Latency
from exchanges.simulator.core.scheduling import Cancellable
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.face import Frame, Link
from exchanges.simulator.faces.mexc.channels import topic as topic_of
from exchanges.simulator.faces.mexc.feeds import Feeds, Topic
from exchanges.simulator.faces.mexc.form import FORM
from exchanges.simulator.faces.mexc.listen_keys import ListenKey
from exchanges.simulator.faces.mexc.symbols import Symbols
from exchanges.simulator.faults.acknowledgements import AckForm
from exchanges.simulator.faults.faults import ActiveFault, SocketCut
from exchanges.simulator.faults.injection import FaultyLink
from exchanges.simulator.faults.refusals import SubscriptionRefused

NORMAL, GOING_AWAY = 1000, 1001
LOOKS_IN_A_SPAN = 6  # how often idleness is looked at within the shortest time that is allowed
BLOCKED = "Blocked!"


class Request(msgspec.Struct):
    """A frame from the client."""

    method: str
    params: list[str] = []
    id: int = 0


class Ack(msgspec.Struct):
    """The answer to a frame; ``code`` is 0 for a refusal, too."""

    id: int
    code: int
    msg: str


class MexcSocket:
    """Answers frames and pushes news, all in order and after the push latency. ``key``: what it was opened with."""

    def __init__(
        self,
        services: Services,
        feeds: Feeds,
        symbols: Symbols,
        link: Link,
        latency: Latency,
        *,
        key: ListenKey | None,
        on_gone: Callable[["MexcSocket"], None],
    ) -> None:
        self.id = f"{services.rng.getrandbits(64):016x}"
        self.key = key
        self.subscriptions: dict[str, Topic] = {}
        self.mute: dict[str, Topic] = {}  # acknowledged beyond the most that there may be
        self._services = services
        self._rules = services.config.socket_rules
        self._feeds = feeds
        self._symbols = symbols
        self._link = FaultyLink(link, self, services.faults, services.schedule, FORM)
        self._line: DelayLine[Frame] = DelayLine(lambda: latency.push_ms, services.schedule, self._deliver)
        self._on_gone = on_gone
        self._open = True
        self._since_life_s = self._since_subscribed_s = self._since_moved_s = 0.0
        self._look_s = min(self._rules.unsubscribed_s, self._rules.quiet_s, self._rules.life_s) / LOOKS_IN_A_SPAN
        self._timer: Cancellable = services.schedule(self._look_s, self._tend)

    @property
    def account(self) -> str:
        """Whose private streams it may have, "" for nobody's."""
        return "" if self.key is None else self.key.account

    @property
    def topics(self) -> Collection[Topic]:
        """What it is subscribed to."""
        return self.subscriptions.values()

    @property
    def is_silent(self) -> bool:
        """Whether a fault keeps it from sending anything, even answers to protocol pings."""
        return self._link.is_silent

    def push(self, frame: bytes) -> None:
        """Sends a frame after all others."""
        self._since_moved_s = 0.0
        self._send(frame)

    def heard(self) -> None:
        """Notes that the client has sent a frame of any kind."""
        self._since_moved_s = 0.0

    def concerns(self, account: str | None, channel: str | None) -> bool:
        """Whether it has a subscription of this account and channel; None is any, also of none at all."""
        return (account is None and channel is None) or any(
            account in (None, topic.account) and channel in (None, topic.channel) for topic in self.topics
        )

    def is_private(self, channel: str) -> bool:
        """Whether it is subscribed to this channel for an account."""
        return any(topic.channel == channel and topic.account for topic in self.topics)

    def note(self, active: ActiveFault, begins: bool) -> None:
        """Takes in that a fault begins or ends."""
        self._link.note(active, begins)

    def cut(self, how: str) -> None:
        """Ends the session with a close frame ("close") or without a word ("reset")."""
        if how == "close":
            self.close()
        else:
            self.reset()

    def receive(self, frame: Frame) -> None:
        """Takes a frame; the answer goes out like a push."""
        self.heard()
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        try:
            request = msgspec.json.decode(text, type=Request)
        except (msgspec.DecodeError, UnicodeEncodeError):
            self._answer(0, "msg format invalid")
            return
        match request.method:
            case "PING":
                self._answer(request.id, "PONG")
            case "SUBSCRIPTION":
                self._subscribe(request)
            case "UNSUBSCRIPTION":
                self._unsubscribe(request)
            case _:
                self._answer(request.id, f"method {request.method} is unknown")

    def refuse(self, why: str) -> None:
        """Ends a session that should not have begun, with a word that is no JSON."""
        self._link.send(why)
        self.close(NORMAL)

    def deafen(self) -> None:
        """Keeps the session open without any private push, as when its listen key has silently ended."""
        self.key = None
        self._end([topic for topic in self.topics if topic.account])

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
        self._end(list(self.topics))
        self._on_gone(self)

    def leave(self, pair: str) -> None:
        """Ends what is subscribed of a pair that is no more, without a word."""
        self._end([topic for topic in self.topics if topic.pair == pair])
        self.mute = {name: topic for name, topic in self.mute.items() if topic.pair != pair}

    def _end(self, topics: list[Topic]) -> None:
        for topic in topics:
            del self.subscriptions[topic.name]
            self._feeds.unsubscribe(self, topic)

    def _subscribe(self, request: Request) -> None:
        topics: dict[str, Topic] = {}
        refused: dict[str, str] = {}
        for name in request.params:
            topic = topic_of(name, self.account, self._symbols)
            reason = BLOCKED if topic is None else self._refusal(topic)
            if topic is None or reason:
                refused[name] = reason
            else:
                topics[name] = topic
        cut = self._services.faults.strike(
            SocketCut, lambda fault: any(_concerns(fault, topic) for topic in topics.values())
        )
        if cut is not None:
            self.cut(cut.how)
            return
        self._answer(request.id, self._ack(topics, refused))
        for name, topic in topics.items():
            if name in self.subscriptions:
                continue
            if len(self.subscriptions) >= self._rules.subscriptions_per_socket:
                self.mute[name] = topic
                continue
            self.subscriptions[name] = topic
            self._feeds.subscribe(self, topic)

    def _refusal(self, topic: Topic) -> str:
        """Returns why a fault refuses a stream, "" when none does."""
        refused = self._services.faults.strike(
            SubscriptionRefused, lambda fault: fault.concerns(topic.account, topic.channel, topic.pair)
        )
        return "" if refused is None else refused.message or BLOCKED

    def _ack(self, topics: dict[str, Topic], refused: dict[str, str]) -> str:
        """Returns one of the three forms in which a subscription is answered."""
        is_long = self._services.faults.strike(
            AckForm, lambda fault: any(_concerns(fault, topic) for topic in topics.values())
        )
        granted = ",".join(topics)
        if not refused and is_long is None:
            return granted
        reasons = ", ".join(dict.fromkeys(refused.values()))
        refusal = f"Not Subscribed successfully! [{','.join(refused)}].  Reason： {reasons} "  # noqa: RUF001
        return f"Subscribed successful! [{granted}]. {refusal}" if topics else refusal

    def _unsubscribe(self, request: Request) -> None:
        self._end([topic for name, topic in self.subscriptions.items() if name in request.params])
        self.mute = {name: topic for name, topic in self.mute.items() if name not in request.params}
        self._answer(request.id, ",".join(request.params))

    def _answer(self, request_id: int, message: str) -> None:
        self._send(msgspec.json.encode(Ack(request_id, 0, message)).decode())

    def _send(self, frame: Frame) -> None:
        if self._open:
            self._line.send(frame)

    def _deliver(self, frame: Frame) -> None:
        if self._open:
            self._link.send(frame)

    def _tend(self) -> None:
        """Ends a session that has lived long enough, has no subscription, or in which nothing moves."""
        for name in ("_since_life_s", "_since_subscribed_s", "_since_moved_s"):
            setattr(self, name, getattr(self, name) + self._look_s)
        if self.subscriptions:
            self._since_subscribed_s = 0.0
        if (
            self._since_life_s >= self._rules.life_s
            or self._since_subscribed_s >= self._rules.unsubscribed_s
            or self._since_moved_s >= self._rules.quiet_s
        ):
            self.close()
            return
        self._timer = self._services.schedule(self._look_s, self._tend)


def _concerns(fault: SocketCut | AckForm, topic: Topic) -> bool:
    return fault.account in (None, topic.account) and fault.channel in (None, topic.channel)
