"""The branches of the Gate.io client that matter; see `simulation.tools.probes`."""

from typing import Final

from simulation.tools.probe import Probe

_CONVERT: Final = "exchanges/gateio/spot/convert.py"
_ERRORS: Final = "exchanges/gateio/errors.py"
_HISTORIES: Final = "exchanges/gateio/histories.py"
_OPEN_ORDERS: Final = "exchanges/gateio/spot/open_orders.py"
_PRIVATE_REST: Final = "exchanges/gateio/spot/private_rest.py"
_PRIVATE_WS: Final = "exchanges/gateio/spot/private_ws.py"
_REST: Final = "exchanges/gateio/rest.py"
_ROWS: Final = "exchanges/base/rows.py"
_WIRE: Final = "exchanges/gateio/wire.py"
_JSON: Final = "exchanges/base/json_reader.py"

ANSWERS: Final = (
    Probe(
        "open orders: a second page",
        _OPEN_ORDERS,
        "_read_once",
        "page, limit = _next_page(min(pairs[name].read_to for name in unread), overlap, page_size)",
    ),
    Probe(
        "open orders: more ended between two pages than they have in common",
        _OPEN_ORDERS,
        "read_open_orders",
        "if report is not None:",
        "report is None",
    ),
    Probe(
        "open orders: the list changed too fast",
        _OPEN_ORDERS,
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
        _PRIVATE_REST,
        "GateioPrivateRest.get_order",
        "return None",
    ),
    Probe(
        "order by id: refused for another reason",
        _PRIVATE_REST,
        "GateioPrivateRest.get_order",
        "raise",
    ),
    Probe("wire: read the slow way, with null or an empty text", _JSON, "Reader.read", "return value"),
    Probe("wire: cannot be read the slow way either", _JSON, "Reader.read", "raise first from None"),
    Probe("frame: one item of several cannot be read", _PRIVATE_WS, "_tell_each", "problem = error"),
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
    Probe(
        "order: listed as open, in a word that we do not know",
        _CONVERT,
        "open_order",
        "return rest_order(order) if order.status in _REST_STATES else _order(order, None)",
        "order.status not in _REST_STATES",
    ),
    Probe(
        "order: of another account, by socket", _PRIVATE_WS, "_SpotOnly.order", "self._elsewhere[str(order.id)] = None"
    ),
    Probe("time: a text with a fraction", _WIRE, "milliseconds", "time_ms = int(whole)"),
)

REQUESTS: Final = (
    Probe(
        "limiter: blocked after a 429 without Retry-After",
        _REST,
        "GateioRest._refusal",
        "answer.permit.block(min(wait_s or _PAUSE_AFTER_429_S, call.scope.window_s))",
    ),
    Probe("request: a change's answer cannot be read", _REST, "GateioRest._read", "raise lost(call, why) from error"),
    Probe(
        "request: a query's answer cannot be read",
        _REST,
        "GateioRest._read",
        'raise ProtocolError(f"{call.operation}: {why}") from error',
    ),
    Probe(
        "error: a label that we know",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "known is not None",
    ),
    Probe(
        "error: a label that we do not know, after a query",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "known is None",
    ),
    Probe(
        "error: a label that we do not know, after a change",
        _ERRORS,
        "from_label",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        "known is None",
    ),
    Probe(
        "error: REPEATED_CREATION",
        _ERRORS,
        "from_label",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        'label == "REPEATED_CREATION"',
    ),
    Probe(
        "error: REQUEST_EXPIRED",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        'label == "REQUEST_EXPIRED"',
    ),
    Probe(
        "error: ORDER_NOT_FOUND",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        'label == "ORDER_NOT_FOUND"',
    ),
    Probe(
        "error: a label of permission or key",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "known is not None and known.reason in {RefusalReason.PERMISSION, RefusalReason.AUTHENTICATION}",
    ),
    Probe(
        "error: a minimum behind INVALID_PARAM_VALUE",
        _ERRORS,
        "from_label",
        "reason = RefusalReason.BELOW_MINIMUM",
    ),
    Probe(
        "error: a label of the server's fault, after a change",
        _ERRORS,
        "from_label",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        "known is not None and known.proof is Proof.SERVER",
    ),
    Probe(
        "error: a label of the server's fault, after a query",
        _ERRORS,
        "from_label",
        'return ConnectionFailedError(f"{operation}: {label}")',
    ),
    Probe(
        "error: no label, after a change",
        _ERRORS,
        "_without_label",
        "return UnknownOutcomeError(",
    ),
    Probe(
        "error: no label, 429 to a query",
        _ERRORS,
        "_without_label",
        "reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER",
        "status == 429",
    ),
    Probe(
        "error: no label, another status below 500 to a query",
        _ERRORS,
        "_without_label",
        "reason = RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER",
        "status != 429",
    ),
)
