"""What is answered, or what an account says of itself, is not so (R3, R5, R14)."""

from typing import Final

from simulation.mutants.mutant import CALM, bug

_INTENTS: Final = "actors/account/intents.py"
_DESK: Final = "actors/account/orders/commands.py"
_MASS_CANCEL: Final = "actors/account/orders/mass_cancel.py"
_LOOKUPS: Final = "actors/account/orders/queries.py"
_REPORTS: Final = "actors/account/reports.py"
_STATE: Final = "actors/account/state.py"
_HTTP: Final = "exchanges/base/http_client.py"

ANSWERS: Final = (
    bug(
        "a time-out is taken for a refusal",
        _INTENTS,
        "CERTAIN: Final = (VenueRefusedError, LocalRefusalError, ConnectionFailedError, ConfigurationError)\n",
        "from messages.errors import TellerError\nCERTAIN: Final = (TellerError,)\n",
    ),
    bug(
        "a lost answer is taken for a request that did not leave",
        _HTTP,
        "            if call.changes:\n                raise\n",
        "",
    ),
    bug(
        "could not ask is answered as no such order",
        _LOOKUPS,
        "            reply.set_error(error)\n",
        "            reply.set(None)\n",
    ),
    bug(
        "a look-up is shared with another order's",
        _LOOKUPS,
        "        key = (command.symbol, command.order_id, command.client_order_id)\n",
        "        key = (command.symbol, None, None)\n",
    ),
    bug(
        "only the first of those who share a look-up is answered",
        _LOOKUPS,
        "        for reply in self._under_way.pop(key, ()):\n            reply.set(order)\n",
        "        for reply in self._under_way.pop(key, [])[:1]:\n            reply.set(order)\n",
    ),
    bug(
        "a cancel whose answer was lost is told as done",
        _DESK,
        "        self._lost.add(_cancel_of(order_key), intent, arrives_by_ms)\n",
        "        gone = self._context.state.conclude_unknown(order_key, self._context.server_now_ms())\n"
        "        if gone is not None:\n"
        "            self._context.tell_order(gone)\n"
        "            reply.set(gone)\n"
        "            return\n"
        "        self._lost.add(_cancel_of(order_key), intent, arrives_by_ms)\n",
    ),
    bug(
        "an order that a lost cancel left open is answered as ended",
        _DESK,
        "        def settled(order: Order | None) -> None:\n            if _has_ended(order):\n",
        "        def settled(order: Order | None) -> None:\n            if order is not None:\n",
    ),
    bug(
        "cancel-all does not tell what it ended",
        _MASS_CANCEL,
        "            reply.set(tuple(ended.values()))\n",
        "            reply.set(())\n",
        CALM,
    ),
    bug(
        "an amend whose answer was lost is told as done",
        _DESK,
        "            if order is not None and order.is_open and is_amended(order, command):\n",
        "            if order is not None:\n",
    ),
    bug(
        "a snapshot is always live",
        _REPORTS,
        "        venue=venue,\n        sync_state=context.sync_state,\n",
        "        venue=venue,\n        sync_state=SyncState.LIVE,\n",
    ),
    bug(
        "a snapshot is always true now",
        _REPORTS,
        "        true_at_ms=context.true_at_ms,\n",
        "        true_at_ms=context.server_now_ms(),\n",
    ),
    bug(
        "the count of open orders is invented",
        _REPORTS,
        "        open_orders_count=state.orders.open_count,\n",
        "        open_orders_count=state.orders.open_count + state.orders.executed_count,\n",
        CALM,
    ),
    bug(
        "the count of executed orders is invented",
        _REPORTS,
        "        executed_orders_count=state.orders.executed_count,\n",
        "        executed_orders_count=state.orders.open_count,\n",
        CALM,
    ),
    bug(
        "refusals of the exchange are not counted",
        _DESK,
        "                context.figures.rejected += 1\n",
        "",
        CALM,
    ),
    bug(
        "fills are counted twice",
        _STATE,
        "        self.fills_count += 1\n        for earlier",
        "        self.fills_count += 2\n        for earlier",
        CALM,
    ),
)
