"""What MEXC's public and private sockets have in common: requests in JSON, their answers, data in protobuf
(docs/venues/mexc.md, sockets)."""

from collections.abc import Callable
from typing import Final

import msgspec

from exchanges.base.json_reader import Reader
from exchanges.base.lasting_connection import Request
from exchanges.base.websocket_connection import Answers, HandlerFailedError, tell_error
from exchanges.mexc import wire
from messages.errors import ProtocolError, RefusalReason, TellerError, VenueRefusedError

TEXT: Final = b"{"
"""How a text frame begins that is JSON; no protobuf message begins so, it would be the end of a group."""
_REFUSED: Final = "Not Subscribed"
_SEPARATORS: Final = str.maketrans(dict.fromkeys("[],; ", "\n"))

_encode: Final = msgspec.json.Encoder().encode
_read_control: Final = Reader[wire.Control](wire.Control).read
PING: Final = _encode({"method": "PING"})
_PONG: Final = "PONG"


class Channels:
    """Requests of one connection and their answers: one channel each, so that each has an answer of its own.

    An answer may lack the number of its request and does not tell a refusal from a grant but by its text: a channel is
    granted where its name stands outside of what follows "Not Subscribed".
    """

    __slots__ = ("_asked", "_error", "_name", "_number", "_reason", "answers")

    def __init__(self, name: str, error: Callable[[TellerError], None], reason: RefusalReason) -> None:
        """``name``: of the socket, for logs. ``error``: the handler for what no request waits for. ``reason``: why a
        channel of this socket is refused, as the exchange says it the same way for all."""
        self._name = name
        self._error = error
        self._reason = reason
        self._asked: dict[str, int] = {}
        self._number = 0
        self.answers: Answers | None = None

    def subscription(self, channel: str) -> Request:
        """Asks for one channel."""
        self._number += 1
        self._asked[channel] = self._number
        frame = {"method": "SUBSCRIPTION", "params": [channel], "id": self._number}
        return self._number, _encode(frame)

    def take(self, frame: bytes) -> None:
        """Takes a text frame.

        Raises:
            msgspec.MsgspecError: it is no answer.
        """
        said = _read_control(frame)
        if said.msg == _PONG:
            return
        granted, refused, _ = said.msg.partition(_REFUSED)
        heard = self._told(granted, lambda number, _: self._grant(number))
        if refused or not heard:
            heard = self._told(said.msg, self._refuse) or heard
        if not heard and said.id is not None:
            channel = next((name for name, number in self._asked.items() if number == said.id), None)
            if channel is not None:
                del self._asked[channel]
                heard = self._refuse(said.id, channel)
        if not heard:
            tell_error(self._name, ProtocolError(f"{self._name}: an answer that nobody waits for"), self._error)

    def _told(self, text: str, answer: Callable[[int, str], bool]) -> bool:
        """Answers each channel that is asked for and named in the text; False where there is none."""
        named = [name for name in text.translate(_SEPARATORS).split() if name in self._asked]
        for name in named:
            answer(self._asked.pop(name), name)
        return bool(named)

    def _grant(self, number: int) -> bool:
        return self.answers is not None and self.answers.acknowledge(number)

    def _refuse(self, number: int, channel: str) -> bool:
        refusal = VenueRefusedError(self._reason, "NOT_SUBSCRIBED", channel)
        return self.answers is not None and self.answers.refuse(number, refusal)


def failed(error: Exception) -> HandlerFailedError:
    """For a handler that raised."""
    problem = HandlerFailedError(f"a handler failed: {type(error).__name__}")
    problem.__cause__ = error
    return problem
