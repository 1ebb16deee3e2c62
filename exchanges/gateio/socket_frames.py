"""What Gate's public and private sockets have in common: requests, their answers, heartbeats, errors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from exchanges.base.credentials import Credentials
from exchanges.base.json_reader import Reader
from exchanges.base.server_clock import ServerClock
from exchanges.base.websocket_connection import Answers, report_refused_frame, tell_error
from exchanges.gateio import errors, wire
from exchanges.gateio.labels import LABELS, Label
from exchanges.gateio.signing import sign_channel
from messages.errors import ProtocolError, TellerError

_encode: Final = msgspec.json.Encoder().encode
_read_envelope: Final = Reader[wire.Envelope](wire.Envelope).read
_ANSWERS: Final = frozenset({"subscribe", "unsubscribe"})


class SocketErrors:
    """Where answers and errors of one socket go.

    Args:
        name: of the socket, for logs. error: the handler for what no request waits for.
        answers: who waits for acknowledgements. hide: whose secrets error texts must not quote (R12).
        labels: what the labels mean that a text may hold.
    """

    __slots__ = ("_error", "_hide", "_labels", "_name", "answers")

    def __init__(
        self,
        name: str,
        error: Callable[[TellerError], None],
        answers: Answers | None = None,
        hide: Credentials | None = None,
        labels: Mapping[str, Label] = LABELS,
    ) -> None:
        self._labels = labels
        self._name = name
        self._error = error
        self._hide = hide
        self.answers = answers

    def take(self, frame: wire.Envelope, result: object) -> None:
        """Takes a frame that is not an update, and its ``result``: an acknowledgement, a refusal, a pong.

        Raises:
            ProtocolError: it is none of these.
        """
        if frame.error is not None:
            self._refuse(frame.id, frame.error, _channel(frame))
        elif frame.event in _ANSWERS:
            if isinstance(result, wire.Acknowledgement) and _is_refused(result.status):
                self._refuse(frame.id, wire.FrameError(message="refused without a reason"), _channel(frame))
            elif self.answers is not None and frame.id is not None:
                self.answers.acknowledge(frame.id)
        elif not isinstance(frame, wire.Pong):
            raise ProtocolError("a frame that is neither an update nor an answer")

    def give_up(self, frame: bytes, problem: Exception) -> None:
        """For a frame that could not be taken as one of a known channel: an error of the exchange's, or junk."""
        if isinstance(problem, msgspec.ValidationError):
            try:
                envelope = _read_envelope(frame)
            except Exception:
                envelope = wire.Envelope()
            if envelope.error is not None:
                self._refuse(envelope.id, envelope.error, "")
                return
        report_refused_frame(self._name, frame, problem, self._error)

    def _refuse(self, request_id: int | None, error: wire.FrameError, channel: str) -> None:
        refusal = errors.from_websocket(
            error.code, error.message, channel=channel, hide=self._hide, labels=self._labels
        )
        if self.answers is not None and request_id is not None and self.answers.refuse(request_id, refusal):
            return
        tell_error(self._name, refusal, self._error)


def _is_refused(status: str | None) -> bool:
    """ "fail", or "failed" on older servers; whatever is not a success is none."""
    return bool(status) and status != "success"


def _channel(frame: wire.Envelope) -> str:
    return str(type(frame).__struct_config__.tag)


def subscription(
    server_clock: ServerClock,
    request_id: int,
    channel: str,
    payload: Sequence[str],
    credentials: Credentials | None = None,
) -> bytes:
    """A frame that subscribes; private channels each carry a signature of their own, over the frame's ``time``."""
    seconds = server_clock.seconds()
    frame: dict[str, Any] = {"time": seconds, "id": request_id, "channel": channel, "event": "subscribe"}
    if payload:
        frame["payload"] = payload
    if credentials is not None:
        frame["auth"] = sign_channel(credentials, channel=channel, event="subscribe", seconds=seconds)
    return _encode(frame)


def heartbeat(server_clock: ServerClock, channel: str) -> Callable[[], bytes]:
    """Makes frames of this channel, which the exchange answers."""

    def ping() -> bytes:
        return _encode({"time": server_clock.seconds(), "channel": channel})

    return ping
