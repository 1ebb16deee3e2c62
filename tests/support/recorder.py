"""What a strategy is told, for tests."""

from typing import Any

from actors.strategy.base import Strategy
from messages.enums import OrderStatus, SyncState
from messages.events import ConnectionStatusEvent, ExecutionReportEvent
from messages.order import Fill, Order


class Recorder(Strategy):
    """A strategy that only writes down what it is told."""

    def __init__(self, name: str = "recorder", accounts: tuple[str, ...] = ("alpha",)) -> None:
        super().__init__(name, accounts)
        self.events: list[Any] = []

    def on_order_update(self, event: Any) -> None:
        self.events.append(event)

    on_fill = on_balance_update = on_connection_status = on_error = on_book_ticker = on_order_update

    on_position_update = on_position_mismatch = on_margin_balance_update = on_ledger = on_order_update

    def orders(self, client_order_id: str | None = None) -> list[Order]:
        return [
            event.order
            for event in self.events
            if hasattr(event, "order") and client_order_id in {None, event.order.client_order_id}
        ]

    def statuses(self, client_order_id: str) -> list[OrderStatus]:
        """Of one order as they were told, without repetitions."""
        told = [known.status for known in self.orders(client_order_id)]
        return [status for number, status in enumerate(told) if not number or told[number - 1] is not status]

    def fills(self) -> list[Fill]:
        return [event.fill for event in self.events if isinstance(event, ExecutionReportEvent)]

    def states(self, name: str = "alpha") -> list[SyncState]:
        """Of an account or a feed."""
        told = (event for event in self.events if isinstance(event, ConnectionStatusEvent))
        return [event.sync_state for event in told if event.name == name]
