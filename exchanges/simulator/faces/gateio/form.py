"""Gate's form of what faults make up: errors, limits that are spent, junk; and how to see what a frame is."""

import msgspec

from exchanges.simulator.faces.face import Frame
from exchanges.simulator.faces.http import HttpResponse, json_response
from exchanges.simulator.faults.injection import Head

_JUNK = ("", "null", "[]", '{"channel":7}', '{"time":1,"channel":"spot.orders","event":"update","result":[{}]}', "\x00")


class _Head(msgspec.Struct):
    channel: str = ""
    event: str = ""


class GateForm:
    """`exchanges.simulator.faults.injection.WireForm` of Gate."""

    junk: tuple[Frame, ...] = _JUNK

    def head(self, frame: Frame) -> Head:
        """What a frame of ours is."""
        head = msgspec.json.decode(frame, type=_Head)
        return Head(head.channel, head.event == "update")

    def extended(self, frame: Frame) -> Frame:
        """A push of ours with one more field."""
        text = frame if isinstance(frame, str) else frame.decode()
        return '{"since_tomorrow":1,' + text.removeprefix("{")

    def refusal(self, status: int, label: str, message: str, headers: dict[str, str]) -> HttpResponse:
        """An error in Gate's form."""
        return json_response(status, {"label": label, "message": message}, headers)

    def too_many(self, retry_after_s: int) -> HttpResponse:
        """The refusal of a request over the limit."""
        headers = {"Retry-After": str(retry_after_s)}
        return self.refusal(429, "TOO_MANY_REQUESTS", "Request Rate limit Exceeded", headers)

    def spent(self, reset_ms: int) -> dict[str, str]:
        """Headers of a limit that is spent until then (ms since 1970)."""
        return {"X-Gate-RateLimit-Requests-Remain": "0", "X-Gate-RateLimit-Reset-Timestamp": str(reset_ms)}


FORM = GateForm()
