"""What an answer about an order in doubt is worth: when it counts, and what it proves (R6).

What queries say may be a while behind what has happened, orders may be on their way for a while, and orders that ended
without a fill are forgotten after a while.
"""

from typing import Final

import msgspec

from actors.account.context import AccountContext
from actors.account.orders.inquiry import Inquiry
from actors.account.orders.record import OrderRecord
from actors.account.state import OrderKey
from messages.enums import OrderStatus
from messages.order import Order

_CLOCK_MARGIN_MS: Final = 10_000
"""By so much our reading of the exchange's clock and the stamps of its engine may differ."""


class _Sent(msgspec.Struct, frozen=True):
    """An order on its way. Unix milliseconds, the exchange's clock.

    Attributes:
        since_ms: it was not there before. arrives_by_ms: until when it may arrive.
        decided_ms: when it was decided on; None: as long before ``arrives_by_ms`` as an order may be on its way.
    """

    since_ms: int
    decided_ms: int | None
    arrives_by_ms: int


class Evidence:
    """Judges answers for the order reconciler; knows which orders are on their way, since when and how long."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._sent: dict[str, _Sent] = {}

    def sent(self, client_order_id: str, *, decided_ms: int, arrives_by_ms: int) -> None:
        """See `OrderReconciler.sent`."""
        self._sent[client_order_id] = _Sent(decided_ms - _CLOCK_MARGIN_MS, decided_ms, arrives_by_ms)

    def sent_before(self, client_order_id: str, *, since_ms: int, arrives_by_ms: int) -> None:
        """See `OrderReconciler.sent_before`."""
        self._sent[client_order_id] = _Sent(since_ms, None, arrives_by_ms)

    def answered(self, client_order_id: str) -> None:
        """Nothing of it is on its way any more."""
        self._sent.pop(client_order_id, None)

    def record(self, order_key: OrderKey) -> OrderRecord | None:
        """What is known of the order."""
        return self._context.state.orders.find(order_key.symbol, order_key.order_id, order_key.client_order_id)

    def first_fill_ms(self, order_key: OrderKey) -> int | None:
        """When the first fill was of an order that is known by its fills only; None where there are none."""
        orders = self._context.state.orders.known(order_key.symbol)
        return None if orders is None else orders.first_orphan_ms(order_key.order_id)

    def counts(self, inquiry: Inquiry, asked_ms: int | None) -> bool:
        """Whether a "no such order" counts that was asked for at this moment of the exchange's clock; None: never."""
        counts_after_ms = self._counts_after_ms(inquiry)
        return asked_ms is not None and counts_after_ms is not None and asked_ms > counts_after_ms

    def _counts_after_ms(self, inquiry: Inquiry) -> int | None:
        """After this moment every answer shows what we know of; None while the order is still with us."""
        lag_ms, record = self._context.require_rest().query_lag_ms, self.record(inquiry.order_key)
        if record is None:
            return inquiry.began_ms + lag_ms
        if record.is_acknowledged:
            return record.seen_ms + lag_ms
        if record.order.status is OrderStatus.PENDING:
            return None
        return self._sent_of(inquiry).arrives_by_ms + lag_ms

    def since_ms(self, inquiry: Inquiry) -> int:
        """From when on lists may tell how the order ended."""
        record = self.record(inquiry.order_key)
        if record is None:
            first_ms = self.first_fill_ms(inquiry.order_key)
        elif record.is_acknowledged:
            first_ms = record.seen_ms
        else:
            return self._sent_of(inquiry).since_ms
        return (first_ms or inquiry.began_ms) - _CLOCK_MARGIN_MS

    def _sent_of(self, inquiry: Inquiry) -> _Sent:
        sent, began_ms = self._sent.get(inquiry.order_key.client_order_id or ""), inquiry.began_ms
        return sent or _Sent(began_ms - _CLOCK_MARGIN_MS, began_ms, self._context.arrives_by_ms(began_ms))

    def _watched_ms(self, inquiry: Inquiry) -> int:
        """Up to here lists have shown that it did not end without a fill; at first since it was decided on."""
        sent = self._sent_of(inquiry)
        decided_ms = sent.decided_ms
        if decided_ms is None:
            decided_ms = sent.arrives_by_ms - self._context.arrives_by_ms(0)
        return max(inquiry.watched_ms, decided_ms)

    def is_another(self, inquiry: Inquiry, found: Order) -> bool:
        """Whether an order with our client id was there before ours was sent: the exchange lets an id be used again."""
        record = self.record(inquiry.order_key)
        if record is None or record.is_acknowledged:
            return False
        return 0 < found.created_ms < self._sent_of(inquiry).since_ms

    def must_watch(self, inquiry: Inquiry) -> bool:
        """Whether an order that may still arrive could end without a fill and be forgotten before lists are asked."""
        kept_ms = self._context.require_rest().capabilities.unfilled_kept_ms
        return kept_ms is not None and self._context.server_now_ms() - self._watched_ms(inquiry) > kept_ms // 2

    def watch(self, inquiry: Inquiry, asked_ms: int) -> bool:
        """Lists lacked the order; whether it cannot have ended without a fill and been forgotten since it was sent."""
        rest = self._context.require_rest()
        kept_ms = rest.capabilities.unfilled_kept_ms
        if kept_ms is None:
            return True
        if self._context.server_now_ms() - kept_ms > self._watched_ms(inquiry):
            return False
        inquiry.watched_ms = max(inquiry.watched_ms, asked_ms - rest.query_lag_ms)
        return True
