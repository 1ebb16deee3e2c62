"""Where what the exchange says is read and understood, page by page and frame by frame, or cannot be."""

from typing import Final

from simulation.tools.reach import Probe

_SOCKET: Final = "exchanges/base/websocket_connection.py"
_PRIVATE: Final = "exchanges/gateio/private_rest.py"
_OPEN: Final = "exchanges/gateio/open_orders.py"
_HISTORIES: Final = "exchanges/gateio/histories.py"
_ROWS: Final = "exchanges/gateio/rows.py"
_FRAMES: Final = "exchanges/gateio/private_ws.py"
_CONVERT: Final = "exchanges/gateio/convert.py"
_ORDERS: Final = "messages/order.py"
_WIRE: Final = "exchanges/gateio/wire.py"

ANSWERS: Final = (
    Probe(
        "open orders: a second page",
        _OPEN,
        "_read_once",
        "page, limit = _next_page(min(pairs[name].read_to for name in unread), overlap, page_size)",
    ),
    Probe(
        "open orders: more ended between two pages than they have in common",
        _OPEN,
        "read_open_orders",
        "if report is not None:",
        "report is None",
    ),
    Probe(
        "open orders: the list changed too fast",
        _OPEN,
        "read_open_orders",
        'raise ListChangedError(f"load_open_orders: the list changed too fast during each of {_READINGS} readings")',
    ),
    Probe(
        "history: more than a page, what is settled is read by itself",
        _HISTORIES,
        "History.read",
        "await self._read_pages(Window(settled_s, to_s), 1)",
    ),
    Probe(
        "history: more pages than the exchange counts",
        _HISTORIES,
        "History._read_pages",
        "middle_s = (from_s + until_s) // 2",
    ),
    Probe(
        "history: more than the exchange tells of 'from' alone",
        _HISTORIES,
        "windows",
        "begin_s = max(from_s, to_s - _SPAN_S)",
    ),
    Probe(
        "list: row by row, as one cannot be read",
        _ROWS,
        "RowReader.read",
        "return self.read_each(raw_rows(body))",
    ),
    Probe(
        "list: a row that cannot be read",
        _ROWS,
        "UnreadableLog.tell",
        "self._told[fact] = None",
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
        "_state",
        'raise ProtocolError(f"{what} that we do not know")',
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
    Probe(
        "order: listed as open, in a word that we do not know",
        _CONVERT,
        "open_order",
        "return rest_order(order) if order.status in _REST_STATES else _order(order, None)",
        "order.status not in _REST_STATES",
    ),
    Probe("order: of another account, by socket", _FRAMES, "_SpotOnly.order", "self._elsewhere[str(order.id)] = None"),
    Probe("time: a text with a fraction", _CONVERT, "milliseconds", "time_ms = int(whole)"),
)
