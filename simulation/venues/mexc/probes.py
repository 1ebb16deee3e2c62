"""The branches of the MEXC client that matter; see `simulation.tools.probes`."""

from typing import Final

from simulation.tools.probe import Probe

_CONVERT: Final = "exchanges/mexc/convert.py"
_ERRORS: Final = "exchanges/mexc/errors.py"
_HISTORIES: Final = "exchanges/mexc/histories.py"
_LISTEN_KEY: Final = "exchanges/mexc/listen_key.py"
_PRIVATE_REST: Final = "exchanges/mexc/private_rest.py"
_PRIVATE_WS: Final = "exchanges/mexc/private_ws.py"
_PUSHES: Final = "exchanges/mexc/pushes.py"
_REST: Final = "exchanges/mexc/rest.py"
_SOCKET: Final = "exchanges/mexc/socket_frames.py"
_SYMBOLS: Final = "exchanges/mexc/symbols.py"
_TERMS: Final = "exchanges/mexc/terms.py"

ANSWERS: Final = (
    Probe(
        "MEXC: history: a full answer, what is older is asked for",
        _HISTORIES,
        "History.read",
        "left.append(Window(asked.from_ms, min(times)))",
    ),
    Probe(
        "MEXC: history: a full answer, what is newer is asked for",
        _HISTORIES,
        "History.read",
        "left.append(Window(max(times), asked.to_ms))",
    ),
    Probe(
        "MEXC: history: a full answer whose rows cannot be told apart",
        _HISTORIES,
        "History.read",
        'raise ProtocolError(f"{self._name}: {self._full} rows that cannot be told apart by their time")',
    ),
    Probe(
        "MEXC: fills: older ones are asked for than are told",
        _PRIVATE_REST,
        "MexcPrivateRest.load_fills",
        'unreadable.append(UnreadableRow(symbol, name, "", "fills of more than a month ago are not told"))',
    ),
    Probe(
        "MEXC: order by id: the exchange says that there is none",
        _PRIVATE_REST,
        "MexcPrivateRest.get_order",
        "return None",
    ),
    Probe("MEXC: order by id: refused for another reason", _PRIVATE_REST, "MexcPrivateRest.get_order", "raise"),
    Probe(
        "MEXC: order by id: its fills lack some of its fees",
        _PRIVATE_REST,
        "MexcPrivateRest._with_fees",
        "return msgspec.structs.replace(order, fees=fees, fees_are_partial=told < order.filled_quantity)",
        "told < order.filled_quantity",
    ),
    Probe(
        "MEXC: order by id: its fills are refused",
        _PRIVATE_REST,
        "MexcPrivateRest._with_fees",
        "return msgspec.structs.replace(order, fees_are_partial=True)",
    ),
    Probe(
        "MEXC: a cancel's answer has the order as it was before",
        _CONVERT,
        "canceled_order",
        'return _order(row, to_symbol, "CANCELED" if row.status in terms.OPEN or not row.status else row.status)',
        "row.status in terms.OPEN",
    ),
    Probe(
        "MEXC: order: listed as open, in a word that we do not know",
        _CONVERT,
        "open_order",
        'return _order(row, to_symbol, row.status if row.status in terms.OPEN else "NEW")',
        "row.status not in terms.OPEN",
    ),
    Probe(
        "MEXC: order: a status that we do not know",
        _TERMS,
        "order",
        'raise ProtocolError("an order status that we do not know")',
    ),
    Probe(
        "MEXC: order: a side that we do not know",
        _TERMS,
        "order",
        'raise ProtocolError("an order with a side that we do not know")',
    ),
    Probe(
        "MEXC: order: partly filled, then canceled", _TERMS, "order", "reason = word", 'word == "PARTIALLY_CANCELED"'
    ),
    Probe(
        "MEXC: money: the dust of a market buy",
        _TERMS,
        "order",
        "reason = word",
        'word != "FILLED" and in_quote and bool(filled_quantity) '
        "and (quote_quantity - filled_quote) * _DUST_SHARE < quote_quantity",
    ),
    Probe(
        "MEXC: frame: a fill with a side that we do not know",
        _PUSHES,
        "fill",
        'raise ProtocolError("a trade with a side that we do not know")',
    ),
    Probe(
        "MEXC: frame: neither an update nor an answer",
        _PRIVATE_WS,
        "PrivateFrameDecoder._take",
        'raise ProtocolError("a frame that is neither an update nor an answer")',
    ),
    Probe(
        "MEXC: socket: a channel is refused",
        _SOCKET,
        "Channels._refuse",
        'refusal = VenueRefusedError(self._reason, "NOT_SUBSCRIBED", channel)',
    ),
    Probe(
        "MEXC: markets: a name that the table lacks",
        _SYMBOLS,
        "Markets.to_symbol",
        "self._lacking[name] = None",
    ),
    Probe(
        "MEXC: markets: asked for again in vain, the old table is kept",
        _SYMBOLS,
        "Markets.ready",
        'logger.warning("markets_not_loaded", venue="mexc", error=str(error))',
    ),
)

REQUESTS: Final = (
    Probe("MEXC: limiter: blocked after a refusal", _REST, "MexcRest._send", "answer.permit.block_all(wait_s)"),
    Probe(
        "MEXC: request: a refusal with a status of success",
        _REST,
        "MexcRest._unread",
        "return errors.from_code(call.operation, said[0], text, changes=call.changes)",
    ),
    Probe(
        "MEXC: request: a change's answer cannot be read",
        _REST,
        "MexcRest._unread",
        'return lost(call, why) if call.changes else ProtocolError(f"{call.operation}: {why}")',
        "call.changes",
    ),
    Probe(
        "MEXC: request: a query's answer cannot be read",
        _REST,
        "MexcRest._unread",
        'return lost(call, why) if call.changes else ProtocolError(f"{call.operation}: {why}")',
        "not call.changes",
    ),
    Probe(
        "MEXC: error: a code that we do not know, after a change",
        _ERRORS,
        "from_code",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        "known is None",
    ),
    Probe(
        "MEXC: error: a code of the exchange's fault, after a change",
        _ERRORS,
        "from_code",
        'return UnknownOutcomeError(f"{operation}: {said}: it may or may not have happened")',
        "known is not None",
    ),
    Probe(
        "MEXC: error: a code of the exchange's fault, after a query",
        _ERRORS,
        "from_code",
        'return ConnectionFailedError(f"{operation}: {number}")',
    ),
    Probe(
        "MEXC: error: a code that we know, after a change",
        _ERRORS,
        "from_code",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "changes",
    ),
    Probe(
        "MEXC: error: a code that we do not know, after a query",
        _ERRORS,
        "from_code",
        "reason = RefusalReason.OTHER if known is None else known.reason",
        "known is None",
    ),
    Probe("MEXC: error: no code, after a change", _ERRORS, "_without_code", "return UnknownOutcomeError("),
    Probe(
        "MEXC: error: no code, after a query",
        _ERRORS,
        "_without_code",
        "reason = RefusalReason.RATE_LIMIT if status in _LIMITS else RefusalReason.OTHER",
    ),
)

SESSIONS: Final = (
    Probe(
        "MEXC: listen key: prolonged",
        _LISTEN_KEY,
        "ListenKeys._prolong",
        "key.is_doubtful = False",
    ),
    Probe("MEXC: listen key: cannot be prolonged any more", _LISTEN_KEY, "ListenKeys._prolong", "return False"),
    Probe(
        "MEXC: listen key: prolonging failed, and is tried again",
        _LISTEN_KEY,
        "ListenKeys._keep_alive",
        "pause_s = _RETRY_S",
    ),
    Probe(
        "MEXC: listen key: it died while a socket used it",
        _LISTEN_KEY,
        "ListenKeys._declare_dead",
        "key.dead.set()",
        "key.sockets > 0",
    ),
    Probe(
        "MEXC: listen key: doubtful, as a socket was lost",
        _LISTEN_KEY,
        "ListenKeys.release",
        "key.is_doubtful = True  # the key may be why",
    ),
    Probe(
        "MEXC: listen key: a socket could not be opened with it, deleted when there is another",
        _LISTEN_KEY,
        "ListenKeys.release",
        "self._discarded[key.text] = None  # to be deleted when there is another, and not before",
    ),
    Probe(
        "MEXC: listen key: no more can be made, one that is there is taken",
        _LISTEN_KEY,
        "ListenKeys._reuse",
        "return key",
    ),
    Probe("MEXC: listen key: no more can be made, none is good", _LISTEN_KEY, "ListenKeys._reuse", "raise problem"),
    Probe(
        "MEXC: listen key: deleted with its last socket",
        _LISTEN_KEY,
        "ListenKeys.release",
        "await asyncio.wait([deleting], timeout=_DELETE_PATIENCE_S)",
    ),
)
