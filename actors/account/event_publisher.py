"""Where an account's events go: to the journal, then to every subscriber."""

from actors.journal import Journal
from actors.runtime import Address
from messages.balance import Balance
from messages.events import BalanceUpdateEvent, ExecutionReportEvent, OrderUpdateEvent
from messages.order import Fill, Order


class EventPublisher:
    """Tells of changes, in the order in which they happened; only used inside the account's turns (R1)."""

    __slots__ = ("_journal", "_name", "_subscribers")

    def __init__(self, name: str, subscribers: dict[Address, None], journal: Journal | None) -> None:
        """``subscribers``: read at every event; whoever owns it may change it. ``journal``: None for none."""
        self._name = name
        self._subscribers = subscribers
        self._journal = journal

    def order(self, order: Order) -> None:
        if self._journal is not None:
            self._journal.record_order(order)
        event = OrderUpdateEvent(self._name, order)
        for subscriber in self._subscribers:
            subscriber.tell(event)

    def fill(self, fill: Fill) -> None:
        if self._journal is not None:
            self._journal.record_fill(fill)
        self.event(ExecutionReportEvent(self._name, fill))

    def balances(self, balances: tuple[Balance, ...]) -> None:
        if balances:
            self.event(BalanceUpdateEvent(self._name, balances))

    def event(self, event: object) -> None:
        """Anything else that subscribers are to know."""
        for subscriber in self._subscribers:
            subscriber.tell(event)
