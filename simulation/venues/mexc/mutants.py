"""Deliberate bugs of the MEXC client, by what they break; each run has an account at MEXC."""

from typing import Final

import msgspec

from simulation.mutants.mutant import CALM, NIGHT_OFF, REFUSED, STORM, Change, Mutant, bug
from simulation.options import Feature, Options


def _at_mexc(options: Options, *features: Feature) -> Options:
    more = frozenset(features)
    return msgspec.structs.replace(
        options, features=options.features | more, certain=options.certain or bool(more), venues=True
    )


_FILLS_COVERAGE: Final = "actors/account/orders/fills_coverage.py"
_CODES: Final = "exchanges/mexc/codes.py"
_CONVERT: Final = "exchanges/mexc/convert.py"
_ERRORS: Final = "exchanges/mexc/errors.py"
_HISTORIES: Final = "exchanges/mexc/histories.py"
_LASTING: Final = "exchanges/base/lasting_connection.py"
_LISTEN_KEY: Final = "exchanges/mexc/listen_key.py"
_PRIVATE_REST: Final = "exchanges/mexc/private_rest.py"
_PRIVATE_WS: Final = "exchanges/mexc/private_ws.py"
_PUSHES: Final = "exchanges/mexc/pushes.py"
_REST: Final = "exchanges/mexc/rest.py"
_TERMS: Final = "exchanges/mexc/terms.py"

_CALM: Final = _at_mexc(CALM)
_STORM: Final = _at_mexc(STORM)
_CALM_SHORT: Final = _at_mexc(CALM, Feature.SHORT_SESSIONS)
_STORM_SHORT: Final = _at_mexc(STORM, Feature.SHORT_SESSIONS)
_REFUSED: Final = _at_mexc(REFUSED)

ANSWERS: Final = (
    bug(
        "MEXC: a fault of the exchange's own is taken for a refusal",
        _CODES,
        "    20002: _AT_FAULT,\n",
        "    20002: _OTHER,\n",
        _REFUSED,
    ),
    bug(
        "MEXC: a firewall's page is taken for the exchange's refusal",
        _ERRORS,
        "    if changes:\n        return UnknownOutcomeError(\n",
        "    if changes and status >= 500:\n        return UnknownOutcomeError(\n",
        _REFUSED,
    ),
    bug(
        "MEXC: an answer that cannot be read is taken for a refusal",
        _REST,
        '        return lost(call, why) if call.changes else ProtocolError(f"{call.operation}: {why}")\n',
        '        return ProtocolError(f"{call.operation}: {why}")\n',
        _STORM,
    ),
)

MONEY: Final = (
    bug("MEXC: balances are not subscribed to", _PRIVATE_WS, '    "spot@private.account.v3.api.pb",\n', "", _CALM),
    bug(
        "MEXC: what is locked is taken for available, too",
        _CONVERT,
        "available=terms.held(row.free), locked",
        "available=terms.held(row.free + row.locked), locked",
        _CALM,
    ),
    bug(
        "MEXC: the currency of a fee is dropped",
        _PUSHES,
        "fees=terms.fees(body.feeCurrency, Decimal(fee))",
        'fees=terms.fees("", Decimal(fee))',
        _CALM,
    ),
    bug(
        "MEXC: maker and taker are mixed up",
        _PUSHES,
        "_MAKER if body.isMaker else _TAKER",
        "_TAKER if body.isMaker else _MAKER",
        _CALM,
    ),
    bug(
        "MEXC: an order that was looked up has no fees",
        _PRIVATE_REST,
        "await self._with_fees(found, priority) if found.is_finished and found.filled_quantity else found\n",
        "found\n",
        _CALM,
    ),
)

ORDERS: Final = (
    bug("MEXC: fills are not subscribed to", _PRIVATE_WS, '    "spot@private.deals.v3.api.pb",\n', "", _CALM),
    bug(
        "MEXC: an order that was partly filled, then canceled, is taken for open",
        _TERMS,
        '    5: "PARTIALLY_CANCELED",\n',
        '    5: "PARTIALLY_FILLED",\n',
        _CALM,
    ),
    bug(
        "MEXC: the answer to a cancel is taken for how the order stands",
        _CONVERT,
        '"CANCELED" if row.status in terms.OPEN or not row.status else row.status)',
        'row.status or "NEW")',
        _CALM,
    ),
    bug(
        "MEXC: the client id of a fill is read from its order id",
        _CONVERT,
        "client_order_id=_client_id(row.client_order_id)",
        "client_order_id=_client_id(row.order_id)",
        _STORM,
    ),
    bug(
        "MEXC: the client id of a push is dropped",
        _PUSHES,
        "        body.clientId or None,\n",
        "        None,\n",
        _STORM,
    ),
    Mutant(  # the answer is made small, so that there is a rest
        "MEXC: of a full answer the rest is never asked for",
        (
            Change(_PRIVATE_REST, "            rows=_FILLS_ROWS,\n", "            rows=3,\n"),
            Change(
                _HISTORIES,
                "            if len(rows.ids) < self._full:\n",
                "            if len(rows.ids) <= self._full:\n",
            ),
        ),
        _at_mexc(NIGHT_OFF),
    ),
    bug(
        "MEXC: fills of a market are asked for once and never again",
        _FILLS_COVERAGE,
        "chosen = covered[: _AT_ONCE - len(due)]\n",
        "chosen = covered[:0]\n",
        _STORM,
    ),
)

WISH: Final = (
    bug("MEXC: post-only is sent as good till canceled", _CONVERT, '"LIMIT_MAKER",\n', '"LIMIT",\n', _CALM),
    bug(
        "MEXC: a cancel of one market is sent as one of the whole account",
        _PRIVATE_REST,
        '            "DELETE",\n            "/openOrders",\n',
        '            "DELETE",\n            "/order/all",\n',
        _CALM,
    ),
    bug(
        "MEXC: our clock is taken for the exchange's",
        _REST,
        "self.server_clock.now_ms(), self.settings.receive_window_ms\n",
        "self.clock.now_ms(), self.settings.receive_window_ms\n",
        _CALM,
    ),
)

SESSIONS: Final = (
    bug(
        "MEXC: a listen key is never prolonged",
        _LISTEN_KEY,
        "            await self._clock.sleep(pause_s)\n            try:\n",
        "            await key.dead.wait()\n            try:\n",
        _CALM_SHORT,
    ),
    Mutant(
        "MEXC: a listen key that died is never replaced",
        (
            Change(
                _LISTEN_KEY,
                "        if key is not None and is_doubtful and not await self._prolong(key):\n",
                "        if key is not None and is_doubtful and key.is_made is None:\n",
            ),
            Change(
                _LISTEN_KEY,
                "        key.dead.set()\n        if self._current is key:\n            self._current = None\n",
                "        key.dead.set()\n",
            ),
            Change(
                _LISTEN_KEY,
                "(key.text, None)\n        if self._current is key:\n            self._current = None\n",
                "(key.text, None)\n",
            ),
        ),
        _STORM_SHORT,
    ),
    bug(
        "MEXC: where no more listen keys are to be had, none that is there is taken",
        _LISTEN_KEY,
        "            return await self._reuse(error)\n",
        "            raise\n",
        _STORM_SHORT,
    ),
    bug(
        "MEXC: a socket that is due is closed before the next one streams",
        _LASTING,
        "            new = await self._dial()\n            if not old.connection.is_open:\n",
        "            await self._close(old)\n            new = await self._dial()\n"
        "            if not new.connection.is_open:\n",
        _CALM_SHORT,
    ),
)
