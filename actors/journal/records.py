"""What a journal takes in and gives back."""

import enum
from typing import Final, TypeAlias

import msgspec

from messages.commands import AmendOrder, CancelAll, CancelOrder, CancelWithdrawal, PlaceOrder, Withdraw
from messages.order import Fill, Order
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.symbol import Symbol

FILLS_THROUGH: Final = "fills_through_ms"
"""The key in a journal's state under which it is kept until when all fills were told."""
FILLS_OVERLAP_MS: Final = 10_000
"""Fills are asked for again from so long before: our reading of the exchange's clock may be ahead of its stamps."""
REFUSED: Final = "refused "
"""Before the name of a table among what was dropped: what no file could hold."""
Placing: TypeAlias = PlaceOrder | ClosePosition
"""Every command that makes an order."""
IntentCommand: TypeAlias = (
    Placing | CancelOrder | CancelAll | AmendOrder | Withdraw | CancelWithdrawal | SetLeverage | SetMarginMode
)
"""Every command that changes something on the exchange. Made of ids and terms; none has room for a secret (R12)."""


class Outcome(enum.Enum):
    """How a command ended (R3).

    CONFIRMED: the exchange did it. REJECTED: the exchange said no, or that it never heard of it. DENIED: we did not
    send it. UNRESOLVED: the answer was lost and the exchange is being asked; one of the others follows.
    """

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    DENIED = "denied"
    UNRESOLVED = "unresolved"

    @property
    def is_final(self) -> bool:
        return self is not Outcome.UNRESOLVED


class OpenIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A command that may have reached the exchange and whose end is not known: to be settled before trading (R4).

    Attributes:
        command: as it was to be sent, ids assigned. made_ms: when, unix milliseconds of this machine's clock.
        arrives_by_ms: after this moment of the exchange's clock it can no longer arrive there; None: not known.
        outcome: UNRESOLVED, or None when nothing was recorded after the intent. detail: of the outcome.
        order: of a `Placing`, the order of that client order id if the exchange is known to have acknowledged it; of
            a cancel or an amend of one order, that order as it was last known.
        later_ids: for a `CancelAll`, the client order ids of all orders that were told after it.
    """

    intent_id: int
    command: IntentCommand
    made_ms: int
    arrives_by_ms: int | None = None
    outcome: Outcome | None = None
    detail: str = ""
    order: Order | None = None
    later_ids: tuple[str, ...] = ()


class SymbolMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of one symbol's orders when the journal was last written.

    Attributes:
        open_orders: open when last heard of. finished_orders: the newest, oldest first.
        lately_finished: those before them that ended in the minute before the newest: a query that lags may still show
            them as open.
        older_through_ms: newest time stamp among finished orders that are not in ``finished_orders``; 0 for none.
        fills: all fills of the orders above, oldest first. Joining them after the orders restores their state (R2).
        loose_fills: the newest fills of orders that the journal does not have (its last records were lost, or they are
            another program's), oldest first, and those of ``lately_finished`` orders that it has without one of them:
            the exchange is to be asked for those orders.
        fill_ids: trade id and order id of the newest fills, oldest first.
        newest_fill_ms: the exchange's clock; 0 where there is no fill.
    """

    symbol: Symbol
    open_orders: tuple[Order, ...] = ()
    finished_orders: tuple[Order, ...] = ()
    lately_finished: tuple[Order, ...] = ()
    older_through_ms: int = 0
    fills: tuple[Fill, ...] = ()
    loose_fills: tuple[Fill, ...] = ()
    fill_ids: tuple[tuple[str, str], ...] = ()
    newest_fill_ms: int = 0


class JournalState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an account needs to go on where it was.

    Attributes:
        open_intents: in the order in which they were made. symbols: in alphabetical order.
        orders_count, fills_count, intents_count: in the file, whether read or not.
    """

    open_intents: tuple[OpenIntent, ...] = ()
    symbols: tuple[SymbolMemory, ...] = ()
    orders_count: int = 0
    fills_count: int = 0
    intents_count: int = 0


class JournalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How a journal does.

    Attributes:
        waiting: records not yet committed. lost: records that will never be, because too many were waiting.
        refused: records that will never be, because no file can hold them; each was logged.
        commits, records: so far; their ratio says how well commits are shared.
        failure: why nothing can be written now; empty while all is well.
    """

    waiting: int
    lost: int
    refused: int
    commits: int
    records: int
    failure: str
