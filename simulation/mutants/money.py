"""Balances, reservations, fees and profit are not those of the books."""

from typing import Final

from simulation.mutants.mutant import CALM, LATE_BALANCES, Change, Mutant, bug

_BROADCAST: Final = "actors/account/event_publisher.py"
_PROFIT: Final = "actors/journal/profit.py"
_FUNDS: Final = "actors/account/funds/money.py"
_RESERVATIONS: Final = "actors/account/funds/reservations.py"
_STATE: Final = "actors/account/state.py"

MONEY: Final = (
    bug(
        "balances are never told",
        _BROADCAST,
        "        if balances:\n",
        "        if not balances:\n",
        CALM,
    ),
    bug(
        "an older balance overrules a newer one",
        _FUNDS,
        "                balance.updated_ms < before.updated_ms\n",
        "                False\n",
    ),
    Mutant(
        "no money is set aside",
        (
            Change(
                _FUNDS,
                "        self._reservations.add(client_order_id, reservation)\n",
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
