"""Balances, reservations, fees and profit are not those of the books."""

from typing import Final

from simulation.mutants.mutant import CALM, LATE_BALANCES, Change, Mutant, bug
from simulation.options import Feature, Options

_BROADCAST: Final = "actors/account/event_publisher.py"
_CONVERT: Final = "exchanges/gateio/convert.py"
_PRIVATE_WS: Final = "exchanges/gateio/private_ws.py"
_PROFIT: Final = "actors/journal/profit.py"
_RESERVATIONS: Final = "actors/account/reservations.py"
_STATE: Final = "actors/account/state.py"

MONEY: Final = (
    bug(
        "balances are never told",
        _BROADCAST,
        "        if balances:\n",
        "        if not balances:\n",
        CALM,
    ),
    bug("balances are not subscribed to", _PRIVATE_WS, '    ("spot.balances", ()),\n', "", CALM),
    bug(
        "an older balance overrules a newer one",
        _STATE,
        "                balance.updated_ms < before.updated_ms\n",
        "                False\n",
    ),
    Mutant(
        "no money is set aside",
        (
            Change(
                _STATE,
                "        self._reservations.add(order.client_order_id, reservation)\n",
                "",
            ),
        ),
        CALM,
    ),
    Mutant(
        "money that was set aside is never freed",
        (
            Change(_RESERVATIONS, "            if kept.is_over(after):\n", "            if kept.is_over(None):\n"),
            Change(_RESERVATIONS, "kept.is_shown = True\n", "kept.is_shown = False\n"),
        ),
        CALM,
    ),
    bug(
        "money that was set aside is freed by the acknowledgement",
        _RESERVATIONS,
        "        if kept.is_over(balance):\n",
        "        if kept:\n",
        LATE_BALANCES,
    ),
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
    bug(
        "profit is doubled",
        _PROFIT,
        "        self._realised = _CONTEXT.add(self._realised, realised)\n",
        "        self._realised = _CONTEXT.add(self._realised, realised * 2)\n",
        CALM,
    ),
    bug(
        "a fee in quote does not lessen profit",
        _PROFIT,
        "                self._realised = _CONTEXT.subtract(self._realised, fee.amount)\n",
        "                self._realised = _CONTEXT.subtract(self._realised, ZERO)\n",
        CALM,
    ),
)
