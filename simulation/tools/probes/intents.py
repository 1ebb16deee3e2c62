"""Where intents are filed and settled, and where those of an earlier life are restored."""

from typing import Final

from simulation.tools.reach import Probe

_INTENTS: Final = "actors/account/intents.py"
_MEMORY: Final = "actors/account/memory.py"

INTENTS: Final = (
    Probe("intent: confirmed", _INTENTS, "Intent.ended", 'self._file(Outcome.CONFIRMED, "")'),
    Probe("intent: rejected", _INTENTS, "Intent.ended", "self._file(Outcome.REJECTED, error.label)"),
    Probe("intent: denied", _INTENTS, "Intent.ended", "self._file(Outcome.DENIED, type(error).__name__)"),
    Probe("intent: unresolved", _INTENTS, "Intent.ended", "self._file(Outcome.UNRESOLVED, type(error).__name__)"),
    Probe(
        "intent: settled later as happened",
        _INTENTS,
        "Intent.settled",
        'self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, "asked later")',
        "happened",
    ),
    Probe(
        "intent: settled later as not happened",
        _INTENTS,
        "Intent.settled",
        'self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, "asked later")',
        "not happened",
    ),
    Probe(
        "intent: a cancel goes out that could not be filed",
        _INTENTS,
        "Intents.begin_cancel",
        "return Intent(None, None)",
    ),
    Probe(
        "intent: the account ends with a command under way",
        _INTENTS,
        "Intents.account_ends",
        "reply.set_error(error)",
    ),
    Probe(
        "memory: an order of an earlier life is unresolved",
        _MEMORY,
        "Memory.restore",
        "context.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))",
    ),
    Probe(
        "memory: open intent of an order that the exchange has told of",
        _MEMORY,
        "Memory.settle_open_intents",
        "if known is not None and known.order_id is not None:",
        "known is not None and known.order_id is not None",
    ),
    Probe(
        "memory: open intent that has to be asked about",
        _MEMORY,
        "Memory.settle_open_intents",
        "self._orders.settle(intent, doubt)",
    ),
    Probe(
        "memory: open intent of a withdrawal",
        _MEMORY,
        "Memory.settle_open_intents",
        "self._withdrawals.settle(intent, command)",
    ),
    Probe(
        "memory: open intent of a cancel-all or a withdrawal's cancel",
        _MEMORY,
        "Memory.settle_open_intents",
        "elif isinstance(command, Withdraw):",
        "not isinstance(command, Withdraw)",
    ),
    Probe(
        "kill switch: restored from the journal",
        _MEMORY,
        "Memory.restore",
        "context.kill_switch = journal.get_state(KILL_SWITCH)",
        "journal.get_state(KILL_SWITCH) is not None",
    ),
)
