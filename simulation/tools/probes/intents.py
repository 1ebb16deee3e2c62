"""Where intents are filed and settled, and where those of an earlier life are restored."""

from typing import Final

from simulation.tools.probe import Probe

_INTENTS: Final = "actors/account/intents.py"
_MEMORY: Final = "actors/account/journal_recovery.py"

INTENTS: Final = (
    Probe("intent: confirmed", _INTENTS, "Intent.ended", 'self._file(Outcome.CONFIRMED, "")'),
    Probe("intent: rejected", _INTENTS, "Intent.ended", "self._file(Outcome.REJECTED, error.label)"),
    Probe("intent: denied", _INTENTS, "Intent.ended", "self._file(Outcome.DENIED, type(error).__name__)"),
    Probe("intent: unresolved", _INTENTS, "Intent.ended", "self._file(Outcome.UNRESOLVED, type(error).__name__)"),
    Probe(
        "intent: settled later as happened",
        _INTENTS,
        "Intent.settled",
        "self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, detail)",
        "happened",
    ),
    Probe(
        "intent: settled later as not happened",
        _INTENTS,
        "Intent.settled",
        "self._file(Outcome.CONFIRMED if happened else Outcome.REJECTED, detail)",
        "not happened",
    ),
    Probe(
        "intent: a cancel goes out that could not be filed",
        _INTENTS,
        "Intents.begin_cancel",
        '_log.error("cancel_not_in_journal", error=str(error))',
    ),
    Probe(
        "intent: the account ends with a command under way",
        _INTENTS,
        "Intents.fail_in_flight",
        "reply.set_error(error)",
    ),
    Probe(
        "memory: an order of an earlier life is unresolved",
        _MEMORY,
        "JournalRecovery.restore",
        "context.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))",
    ),
    Probe(
        "memory: open intent of an order that the exchange has told of",
        _MEMORY,
        "JournalRecovery.settle_open_intents",
        "intent.settled(happened=True)",
    ),
    Probe(
        "memory: open intent that has to be asked about",
        _MEMORY,
        "JournalRecovery.settle_open_intents",
        "self._orders.settle(intent, order_key)",
    ),
    Probe(
        "memory: open intent of a withdrawal",
        _MEMORY,
        "JournalRecovery.settle_open_intents",
        "self._withdrawals.settle(intent, command, self._arrives_by_ms(found))",
    ),
    Probe(
        "memory: open intent of a cancel or an amend",
        _MEMORY,
        "JournalRecovery.settle_open_intents",
        "self._orders.settle_change(intent, command, self._arrives_by_ms(found))",
    ),
    Probe(
        "memory: open intent of a withdrawal's cancel",
        _MEMORY,
        "JournalRecovery.settle_open_intents",
        "self._withdrawals.settle_cancel(intent, command, self._arrives_by_ms(found))",
    ),
    Probe(
        "memory: a cancel of all goes on",
        _MEMORY,
        "JournalRecovery._take_up_cancels",
        "self._mass_cancels.take_up(found.command, intent, before_ms, tuple(placings), found.later_ids)",
    ),
    Probe(
        "kill switch: restored from the journal",
        _MEMORY,
        "JournalRecovery.restore",
        "context.kill_switch = journal.get_state(KILL_SWITCH)",
        "journal.get_state(KILL_SWITCH) is not None",
    ),
)
