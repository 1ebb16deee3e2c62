"""MEXC's form of what faults make up: errors, limits, junk; and how to see what a frame is."""

from exchanges.simulator.faces.face import Frame
from exchanges.simulator.faces.http import HttpResponse, json_response
from exchanges.simulator.faces.mexc.limits import too_many
from exchanges.simulator.faces.mexc.protobuf import extended, first_text
from exchanges.simulator.faults.injection import Head

_JUNK: tuple[Frame, ...] = (
    "",
    "null",
    "[]",
    "Invalid request",
    '{"id":"x","code":null}',
    b"",
    b"\x00",
    b"\xff\xff\xff\xff",
    b"\x0a\x1dspot@private.orders.v3.api.pb\x82\x13\x7fcut",
    b"\x0a\x1dspot@private.orders.v3.api.pb\x1a\x07SOLUSDT\x82\x13\x02\x0a\x00",
)
NEW_FIELD = 900


def channel_root(name: str) -> str:
    """Returns the channel of a stream's name, without interval and symbol."""
    return "@".join(name.split("@")[:2])


class MexcForm:
    """`exchanges.simulator.faults.injection.WireForm` of MEXC."""

    junk: tuple[Frame, ...] = _JUNK

    def head(self, frame: Frame) -> Head:
        """What a frame of ours is: pushes are binary, answers are text."""
        return Head("", False) if isinstance(frame, str) else Head(channel_root(first_text(frame)), True)

    def extended(self, frame: Frame) -> Frame:
        """A push of ours with one more field."""
        return frame if isinstance(frame, str) else extended(frame, NEW_FIELD, "since tomorrow")

    def refusal(self, status: int, label: str, message: str, headers: dict[str, str]) -> HttpResponse:
        """An error in MEXC's form; a label that is a number is its code."""
        is_code = label.removeprefix("-").isdecimal()
        return json_response(status, {"code": int(label) if is_code else label, "msg": message}, headers)

    def too_many(self, retry_after_s: int) -> HttpResponse:
        """The refusal of a request over the limit."""
        return too_many(retry_after_s).response()

    def spent(self, reset_ms: int) -> dict[str, str]:
        """Nothing: MEXC has no headers for what is left."""
        del reset_ms
        return {}


FORM = MexcForm()
