"""An account's journal on disk: its intents, and what it heard of orders and fills (R4)."""

from actors.journal.errors import JournalError
from actors.journal.history import History, HistoryFilter, Missing, read_history
from actors.journal.inspection import JournalReport, inspect_journal, read_state
from actors.journal.intent_thread import IntentThread
from actors.journal.journal import IntentReceipt, Journal
from actors.journal.lock import HeldElsewhereError, ProcessLock, holder_of
from actors.journal.profit import RealisedProfit
from actors.journal.records import (
    FILLS_OVERLAP_MS,
    IntentCommand,
    JournalFigures,
    JournalState,
    OpenIntent,
    Outcome,
    Placing,
    SymbolMemory,
)
from actors.journal.settings import Durability, JournalSettings

__all__ = [
    "FILLS_OVERLAP_MS",
    "Durability",
    "HeldElsewhereError",
    "History",
    "HistoryFilter",
    "IntentCommand",
    "IntentReceipt",
    "IntentThread",
    "Journal",
    "JournalError",
    "JournalFigures",
    "JournalReport",
    "JournalSettings",
    "JournalState",
    "Missing",
    "OpenIntent",
    "Outcome",
    "Placing",
    "ProcessLock",
    "RealisedProfit",
    "SymbolMemory",
    "holder_of",
    "inspect_journal",
    "read_history",
    "read_state",
]
