"""Where what the exchange says is read and understood, page by page and frame by frame, or cannot be."""

from typing import Final

from simulation.tools.probe import Probe

_SOCKET: Final = "exchanges/base/websocket_connection.py"
_ORDERS: Final = "messages/order.py"

ANSWERS: Final = (
    Probe(
        "frame: refused",
        _SOCKET,
        "report_refused_frame",
        'logger.warning("frame_refused", session=name, size=len(frame), reason=reason)',
    ),
    Probe(
        "socket: silent",
        _SOCKET,
        "WebsocketConnection._watch",
        'self._end(f"nothing received for {silence_s:g} s")',
    ),
    Probe(
        "socket: a subscription is not answered",
        _SOCKET,
        "WebsocketConnection.request_all",
        "raise ConnectionFailedError(",
    ),
    Probe(
        "socket: a subscription is refused",
        _SOCKET,
        "WebsocketConnection.refuse",
        "answer.set_exception(error)",
    ),
    Probe("money: fees in two currencies meet", _ORDERS, "add_fees", "return sum_fees((*first, *second))"),
)
