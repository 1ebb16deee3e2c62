"""Deliberate bugs of the Gate.io client, by what they break."""

from typing import Final

from simulation.mutants.mutant import (
    CALM,
    NIGHT_OFF,
    REFUSED,
    Change,
    Mutant,
    bug,
)
from simulation.options import Feature, Options

_HTTP: Final = "exchanges/base/http_client.py"
_CONVERT: Final = "exchanges/gateio/spot/convert.py"
_ERRORS: Final = "exchanges/gateio/errors.py"
_HISTORIES: Final = "exchanges/gateio/histories.py"
_PRIVATE_REST: Final = "exchanges/gateio/spot/private_rest.py"
_PRIVATE_WS: Final = "exchanges/gateio/spot/private_ws.py"
_REST: Final = "exchanges/gateio/rest.py"

ANSWERS: Final = (
    bug(
        "an answer that cannot be read is taken for a refusal",
        _REST,
        "            if call.changes:\n                raise lost(call, why) from error\n",
        "",
    ),
    Mutant(
        "a gateway's page is taken for the exchange's refusal",
        (
            Change(_HTTP, "        if response.status >= 500:\n", "        if response.status >= 600:\n"),
            Change(
                _ERRORS,
                "    if changes:\n        return UnknownOutcomeError(\n",
                "    if status == 500:\n        return UnknownOutcomeError(\n",
            ),
        ),
    ),
    bug(
        "a label that says that an order is there is taken for a refusal",
        "exchanges/gateio/labels.py",
        "_CERTAIN: Final = frozenset({Proof.NOT_TAKEN, Proof.CHECKED, Proof.NOTHING_TO_DO})\n",
        "_CERTAIN: Final = frozenset({*Proof} - {Proof.SERVER})\n",
        REFUSED,
    ),
)

MONEY: Final = (
    bug("balances are not subscribed to", _PRIVATE_WS, '    ("spot.balances", ()),\n', "", CALM),
    bug("a fill's fee is dropped", _CONVERT, "        fees=_fees(trade),\n", "        fees=NO_FEES,\n", CALM),
    bug(
        "of fees in two currencies one is kept",
        _CONVERT,
        "    if not (paid.gt_fee or paid.point_fee):\n",
        "    if fee or not (paid.gt_fee or paid.point_fee):\n",
        Options(features=frozenset({Feature.FEES}), certain=True),
    ),
    bug(
        "maker and taker are mixed up",
        _CONVERT,
        '{"maker": Liquidity.MAKER, "taker": Liquidity.TAKER}\n',
        '{"maker": Liquidity.TAKER, "taker": Liquidity.MAKER}\n',
        CALM,
    ),
)

ORDERS: Final = (
    Mutant(  # the page is made small, so that there is a second one
        "the second page of fills is never read",
        (
            Change(
                _PRIVATE_REST,
                "            page_size=_FILLS_PAGE,\n",
                "            page_size=3,\n",
            ),
            Change(
                _HISTORIES,
                "        if self._is_enough or await self._is_last_page(window, 1):\n",
                "        if await self._is_last_page(window, 1) or True:\n",
            ),
        ),
        NIGHT_OFF,
    ),
)

WISH: Final = (
    bug(
        "limit buys are sent as sells",
        _CONVERT,
        "        side=order.side.value,\n",
        '        side=order.side.value if order.type is _MARKET else "sell",\n',
    ),
    bug(
        "half the quantity is sent",
        _CONVERT,
        "        amount=plain(amount),\n",
        "        amount=plain(amount / 2),\n",
    ),
    bug(
        "post-only is sent as good till canceled",
        _CONVERT,
        "        time_in_force=_TO_GATE[order.time_in_force],\n",
        '        time_in_force=_TO_GATE[order.time_in_force].replace("poc", "gtc"),\n',
        CALM,
    ),
    bug(
        "the client id's prefix is missing",
        _CONVERT,
        "        text=CLIENT_ID_PREFIX + order.client_order_id,\n",
        "        text=order.client_order_id,\n",
        CALM,
    ),
    bug(
        "an amend forgets its quantity",
        _CONVERT,
        "        amount=None if order.quantity is None else plain(order.quantity),\n",
        "        amount=None,\n",
        CALM,
    ),
    bug(
        "cancel-all forgets its side on the wire",
        _PRIVATE_REST,
        '        if side is not None:\n            query.append(("side", side.value))\n',
        "",
    ),
    bug(
        "cancel-all forgets its symbol on the wire",
        _PRIVATE_REST,
        '        if symbol is not None:\n            query.append(("currency_pair", to_pair(symbol)))\n',
        "",
        CALM,
    ),
)
