"""What reaches the exchange is not what was asked for."""

from typing import Final

from simulation.mutants.mutant import CALM, Change, Mutant, bug

_DESK: Final = "actors/account/orders/commands.py"
_MASS_CANCEL: Final = "actors/account/orders/mass_cancel.py"
_CLIENT_IDS: Final = "actors/account/orders/client_ids.py"

WISH: Final = (
    bug(
        "cancel-all takes orders of the other side that are on their way",
        _MASS_CANCEL,
        "        return scope.symbol in {None, order.symbol} and scope.side in {None, order.side}\n",
        "        return scope.symbol in {None, order.symbol}\n",
        CALM,
    ),
    Mutant(
        "an order is submitted again after a time-out",
        (
            Change(
                _DESK,
                "intent.then(lambda: send(command, decided_ms=decided_ms, before_sending=sending.require_wanted)),\n",
                "intent.then(lambda: _insist(context.require_rest(), command)),\n",
            ),
            Change(
                _DESK,
                "def _cancel_of(",
                "async def _insist(rest: Any, command: Any) -> Order:\n"
                "    from messages.errors import UnknownOutcomeError\n\n"
                "    try:\n"
                "        return await rest.place_order(command)\n"
                "    except UnknownOutcomeError:\n"
                "        return await rest.place_order(command)\n\n\n"
                "def _cancel_of(",
            ),
        ),
    ),
    bug(
        "client ids begin anew with every start",
        _CLIENT_IDS,
        '        self._prefix = _base36(started_ms) + "".join(rng.choice(_DIGITS) for _ in range(4))\n',
        '        self._prefix = "teller"\n',
    ),
)
