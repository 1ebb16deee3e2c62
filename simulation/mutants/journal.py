"""What is written down, or taken up again, is not what happened (R4)."""

from typing import Final

from simulation.mutants.mutant import CALM, NIGHT_OFF, Change, Mutant, bug
from simulation.options import Feature, Options

_INTENTS: Final = "actors/account/intents.py"
_JOURNAL: Final = "actors/journal/journal.py"
_MEMORY: Final = "actors/account/journal_recovery.py"
_ORDER_STORE: Final = "actors/account/orders/store.py"
_SCHEMA: Final = "actors/journal/schema.py"
_STORE: Final = "actors/journal/store.py"

JOURNAL: Final = (
    Mutant(
        "the journal is written after the wire",
        (
            Change(
                _INTENTS,
                "        if self._receipt is not None:\n"
                "            await (self._filed_or_late(self._receipt) if self._is_cancel else self._receipt)\n"
                "        return await send()\n",
                "        answer = await send()\n"
                "        if self._journal is not None and self._command is not None:\n"
                "            self._receipt = self._journal.record_intent(self._command)\n"
                "            await self._receipt\n"
                "        return answer\n",
            ),
            Change(
                _INTENTS,
                '    __slots__ = ("_is_cancel", "_journal", "_receipt")\n',
                '    __slots__ = ("_command", "_is_cancel", "_journal", "_receipt")\n    _command: Any\n',
            ),
            Change(
                _INTENTS,
                "        receipt = self._journal.record_intent(command, arrives_by_ms=arrives_by_ms)\n"
                "        return Intent(self._journal, receipt)\n",
                "        intent = Intent(self._journal, None)\n"
                "        intent._command = command\n"
                "        return intent\n",
            ),
            Change(
                _INTENTS,
                "        self._receipt = receipt\n",
                "        self._receipt = receipt\n        self._command = None\n",
            ),
        ),
    ),
    Mutant(
        "nobody looks whether the journal is still there",
        (
            Change(_STORE, "        self._presence.require()\n", ""),
            Change(_STORE, "        return self._presence.is_gone\n", "        return False\n"),
        ),
        Options(features=frozenset({Feature.DISK}), certain=True),
    ),
    bug(
        "an order whose command is under way is dropped for room",
        _ORDER_STORE,
        " or self._is_held(record.order)\n",
        "\n",
        Options(features=frozenset({Feature.SMALL_BOUNDS, Feature.REFUSALS, Feature.UNKNOWN_ORDERS}), certain=True),
    ),
    bug(
        "confirmed and rejected are mixed up when they are filed later",
        _INTENTS,
        "        self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED,",
        "        self._file(Outcome.REJECTED if happened else Outcome.CONFIRMED,",
    ),
    bug(
        "refusals are filed as confirmed",
        _INTENTS,
        "            self._file(Outcome.REJECTED, error.label)\n",
        "            self._file(Outcome.CONFIRMED, error.label)\n",
        CALM,
    ),
    bug(
        "every tenth fill is not filed",
        _JOURNAL,
        "        self._commits.add(fill)\n",
        '        if not fill.trade_id.endswith("7"):\n            self._commits.add(fill)\n',
        CALM,
    ),
    bug(
        "the second side of a trade with oneself is not filed",
        _SCHEMA,
        "            UNIQUE (symbol, trade_id, order_id)\n",
        "            UNIQUE (symbol, trade_id)\n",
        Options(features=frozenset({Feature.SELF_TRADES}), certain=True),
    ),
    bug(
        "an order stays in the journal as it was first",
        _STORE,
        '    " WHERE (excluded.updated_ms >= orders.updated_ms OR "\n',
        '    " WHERE (excluded.updated_ms < orders.updated_ms AND "\n',
        CALM,
    ),
    bug(
        "a restart takes what was under way for done",
        _MEMORY,
        "                if known is not None and known.order_id is not None:\n",
        "                if known is not None:\n",
        NIGHT_OFF,
    ),
    bug(
        "a restart leaves open intents open",
        _MEMORY,
        "        self._open_intents = remembered.open_intents\n",
        "        self._open_intents = ()\n",
    ),
)
