"""The envelope of WebSocket frames (Gate WebSocket manual, request and response)."""

import msgspec


class SocketError(Exception):
    """A request on a socket that fails. Codes: 1 malformed, 2 bad argument, 3 server, 4 authentication."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def encode(value: object) -> str:
    """Returns the value as JSON text."""
    return msgspec.json.encode(value).decode()


def push_frame(channel: str, result: object, now_ms: int) -> str:
    """Returns a frame that tells news on a channel."""
    return encode({"time": now_ms // 1000, "time_ms": now_ms, "channel": channel, "event": "update", "result": result})
