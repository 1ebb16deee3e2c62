"""What reaches the exchange is not what was asked for."""

from typing import Final

from simulation.mutants.mutant import CALM, Change, Mutant, bug

_CONVERT: Final = "exchanges/gateio/convert.py"
_REST: Final = "exchanges/gateio/private_rest.py"
_DESK: Final = "actors/account/order_commands.py"
_MASS_CANCEL: Final = "actors/account/mass_cancel.py"
_CLIENT_IDS: Final = "actors/account/client_ids.py"

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
        _REST,
        '        if side is not None:\n            query.append(("side", side.value))\n',
        "",
    ),
    bug(
        "cancel-all forgets its symbol on the wire",
        _REST,
        '        if symbol is not None:\n            query.append(("currency_pair", to_pair(symbol)))\n',
        "",
        CALM,
    ),
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
                "                lambda: rest.place_order("
                "command, decided_ms=decided_ms, before_sending=sending.require_wanted)\n",
                "                lambda: _insist(rest, command)\n",
            ),
            Change(
                _DESK,
                "def _cancel_of(",
                "async def _insist(rest: Any, command: PlaceOrder) -> Order:\n"
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
