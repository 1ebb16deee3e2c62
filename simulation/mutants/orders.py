"""What is known of orders and fills is not the join of what the exchange has told (R2, R6)."""

from typing import Final

from simulation.mutants.mutant import BESIDE_OTHERS, NIGHT_OFF, SELF_TRADES, Change, Mutant, bug

_RECORD: Final = "actors/account/orders/record.py"
_STORE: Final = "actors/account/orders/store.py"
_STATE: Final = "actors/account/state.py"
_SNAPSHOTS: Final = "actors/account/snapshot_joiner.py"
_SESSION: Final = "actors/account/session.py"
_RECONCILER: Final = "actors/account/orders/reconciler.py"
_EVIDENCE: Final = "actors/account/orders/evidence.py"

ORDERS: Final = (
    bug(
        "filled is allowed to fall",
        _RECORD,
        "        elif _filled_of(report) > _filled_of(self._reported):\n            self._reported = report\n",
        "        else:\n            self._reported = report\n            self._fills_quantity = ZERO\n",
    ),
    bug(
        "a finished order reopens",
        _RECORD,
        "        self._finish = max(self._finish, _finish_of(report))\n",
        "        self._finish = _finish_of(report)\n",
    ),
    bug(
        "an older report's terms overrule newer ones",
        _RECORD,
        "        if _version_of(report, as_of_ms) > _version_of(self._terms, self._terms_seen_ms):\n",
        "        if report is not self._terms:\n",
    ),
    bug(
        "a fill after the end is dropped",
        _RECORD,
        "        if fill.trade_id in self._trade_ids:\n            return False\n",
        "        if fill.trade_id in self._trade_ids or self.order.is_finished:\n            return False\n",
    ),
    Mutant(
        "a fill counts as often as it is told",
        (
            Change(_STORE, "            return False\n        seen = ", "            pass\n        seen = "),
            Change(_RECORD, "        if fill.trade_id in self._trade_ids:\n            return False\n", ""),
        ),
    ),
    bug(
        "a fill that comes before its order is not told",
        _STATE,
        "            self.fills_count += 1\n            return None, True\n",
        "            self.fills_count += 1\n            return None, False\n",
        BESIDE_OTHERS,
    ),
    bug(
        "a trade of the account with itself counts once",
        _STORE,
        "        key, total = (trade_id, order_id), ",
        "        key, total = (trade_id, trade_id), ",
        SELF_TRADES,
    ),
    bug(
        "absence is taken for a cancel",
        _SNAPSHOTS,
        "            self._reconciler.ask("
        "order_key, partial(settled, order_key, state.find(order_key)), refused, unsure)\n",
        "            before = state.find(order_key)\n"
        "            gone = state.conclude_unknown(order_key, self._context.server_now_ms())\n"
        "            if gone is not None:\n"
        "                self._context.tell_order(gone)\n"
        "            settled(order_key, before, gone)\n",
    ),
    bug(
        "an open order that a list lacks is never asked for",
        _SNAPSHOTS,
        "            for order_key in state.missing_from(message.open_orders.orders)\n",
        "            for order_key in state.missing_from(message.open_orders.orders)[:0]\n",
    ),
    bug(
        "an order of unknown fate is believed lost at the first no",
        _EVIDENCE,
        "        return self._sent_of(inquiry).arrives_by_ms + lag_ms\n",
        "        return 0\n",
    ),
    bug(
        "no fills are loaded with a snapshot",
        _SESSION,
        "            fills=fills,\n",
        "            fills=msgspec.structs.replace(fills, fills=()),\n",
        NIGHT_OFF,
    ),
    Mutant(
        "the snapshot is loaded before the subscription",
        (
            Change(
                _SESSION,
                "        await self._socket.connect()\n",
                "        await self._load()\n        await self._socket.connect()\n        self._loaded_early = True\n",
            ),
            Change(
                _SESSION,
                "    async def _load(self) -> int:\n",
                "    _loaded_early = False\n\n"
                "    async def _load(self) -> int:\n"
                "        if self._loaded_early:\n"
                "            return 0\n",
            ),
        ),
    ),
    bug(
        "an order of unknown fate is asked about once",
        _RECONCILER,
        "                failed(error)\n        self._again_later(inquiry)\n",
        "                failed(error)\n",
    ),
)
