"""Page sizes and memory bounds of the client and the account, made small for a run so that they bite.

They are constants of the product: real ones (a page of 1,000 fills) would need a run of hours before they matter.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from actors.account import session
from actors.account.actor import AccountActor
from actors.account.orders import store as order_store
from actors.journal import commits
from simulation.venues.wires import VENUE_WIRES


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    fills_page, open_orders_page, finished_page: rows that the client asks for in one request.
    most_pages: a window of a history with more pages is read in halves.
    open_orders_readings: so often the list of open orders is read when it changes too fast.
    instruments_good_for_s: how old the rules of markets may be at a reconnect before they are read anew, seconds.
    orphan_fills: what an account keeps of fills without an order. trade_ids: of ids of fills of each market.
    evicted_ids: and of finished orders that were dropped for room.
    fills_rows, orders_rows: the same where an answer that is full is told from one that is not by its rows.
    key_renewed_every_s, key_good_for_s, key_retry_s: when a listen key is prolonged, how long it is good for after
        that, and when a prolonging that failed is tried again, seconds.
    commands: so many may wait in an account's mailbox. checkpoint_records: after so many a journal's log starts anew.
    """

    fills_page: int = 1000
    open_orders_page: int = 100
    finished_page: int = 100
    most_pages: int = 100
    instruments_good_for_s: float = 900.0
    orphan_fills: int = 10_000
    trade_ids: int = 20_000
    evicted_ids: int = 20_000
    commands: int = 1_000
    checkpoint_records: int = 2_000
    open_orders_readings: int = 4
    fills_rows: int = 100
    orders_rows: int = 1000
    key_renewed_every_s: float = 1_500.0
    key_good_for_s: float = 3_300.0
    key_retry_s: float = 60.0


USUAL: Final = Bounds()
_CONSTANTS: Final[tuple[tuple[Any, str, str], ...]] = (
    *(bound for wire in VENUE_WIRES.values() for bound in wire.bounds),
    (session, "_INSTRUMENTS_GOOD_FOR_S", "instruments_good_for_s"),
    (order_store, "_ORPHAN_FILLS_LIMIT", "orphan_fills"),
    (order_store, "_FILL_IDS_LIMIT", "trade_ids"),
    (order_store, "_EVICTED_IDS_LIMIT", "evicted_ids"),
    (AccountActor, "command_capacity", "commands"),
    (commits, "_CHECKPOINT_RECORDS", "checkpoint_records"),
)


@contextmanager
def bounded_by(bounds: Bounds) -> Iterator[None]:
    """While it lasts, these bounds are in force in this process."""
    before = [(module, name, getattr(module, name)) for module, name, _ in _CONSTANTS]
    for module, name, field in _CONSTANTS:
        setattr(module, name, getattr(bounds, field))
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
