"""Where what the exchange says is read and understood, page by page and frame by frame, or cannot be."""

from typing import Final

from simulation.tools.reach import Probe

_SOCKET: Final = "exchanges/base/websocket_session.py"
_PRIVATE: Final = "exchanges/gateio/private_rest.py"
_FRAMES: Final = "exchanges/gateio/private_ws.py"
_CONVERT: Final = "exchanges/gateio/convert.py"
_ORDERS: Final = "messages/order.py"
_WIRE: Final = "exchanges/gateio/wire.py"

ANSWERS: Final = (
    Probe(
        "open orders: a second page",
        _PRIVATE,
        "GateioPrivateRest._read_open_orders",
        "groups, taken_up_ms = await self._rest.query_as_of(",
        "page > 1",
    ),
    Probe(
        "open orders: the list changed while it was read",
        _PRIVATE,
        "GateioPrivateRest.load_open_orders",
        "if report is not None:",
        "report is None",
    ),
    Probe(
        "open orders: the list kept changing",
        _PRIVATE,
        "GateioPrivateRest.load_open_orders",
        'raise ProtocolError(f"load_open_orders: the list changed during each of {_READINGS} readings")',
    ),
    Probe(
        "fills: a full page",
        _PRIVATE,
        "GateioPrivateRest._read_fills",
        "fills.update((fill.trade_id, fill) for fill in found)",
        "len(found) >= _FILLS_PAGE",
    ),
    Probe(
        "fills: more than were asked for",
        _PRIVATE,
        "GateioPrivateRest._read_fills",
        "if len(found) < page_size or len(fills) >= limit:",
        "len(fills) >= limit",
    ),
    Probe(
        "fills: a past in several spans",
        _PRIVATE,
        "GateioPrivateRest._spans",
        "end_s = begin_s",
        "begin_s > start_s",
    ),
    Probe(
        "order by id: the exchange says that there is none",
        _PRIVATE,
        "GateioPrivateRest.get_order",
        "return None",
    ),
    Probe(
        "order by id: refused for another reason",
        _PRIVATE,
        "GateioPrivateRest.get_order",
        "raise",
    ),
    Probe("wire: read the slow way, with null or an empty text", _WIRE, "Reader.read", "return value"),
    Probe("wire: cannot be read the slow way either", _WIRE, "Reader.read", "raise first from None"),
    Probe("frame: one item of several cannot be read", _FRAMES, "_tell_each", "problem = error"),
    Probe(
        "frame: refused",
        _SOCKET,
        "report_refused_frame",
        'logger.warning("frame_refused", session=name, size=len(frame), reason=reason)',
    ),
    Probe(
        "socket: silent",
        _SOCKET,
        "WebsocketSession._watch",
        'self._end(f"nothing received for {silence_s:g} s")',
    ),
    Probe(
        "socket: a subscription is not answered",
        _SOCKET,
        "WebsocketSession.request_all",
        "raise ConnectionFailedError(",
    ),
    Probe(
        "socket: a subscription is refused",
        _SOCKET,
        "WebsocketSession.refuse",
        "answer.set_exception(error)",
    ),
    Probe(
        "money: the dust of a market buy",
        _CONVERT,
        "_ending",
        "return OrderStatus.FILLED",
    ),
    Probe(
        "order: ended with a word that we do not know",
        _CONVERT,
        "_ending",
        "status = OrderStatus.CANCELED if order.left else OrderStatus.FILLED",
    ),
    Probe(
        "order: a status that we do not know",
        _CONVERT,
        "rest_order",
        'raise ProtocolError("an order status that is not open, closed or cancelled")',
    ),
    Probe(
        "money: filled amount left out",
        _CONVERT,
        "_order",
        "filled_quantity = _filled(order, in_quote=in_quote)",
    ),
    Probe(
        "money: a rebate",
        _CONVERT,
        "_order",
        'rebate = -_finite("rebated_fee", order.rebated_fee)',
    ),
    Probe("money: fees in GT or points", _CONVERT, "_fees", "return sum_fees("),
    Probe("money: fees in two currencies meet", _ORDERS, "add_fees", "return sum_fees((*first, *second))"),
    Probe("time: a text with a fraction", _CONVERT, "milliseconds", "return int(whole)"),
)
