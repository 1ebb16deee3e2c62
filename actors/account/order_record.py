"""One order as the join of everything heard about it (R2).

The exchange tells of an order from several sources (answers to requests, the order stream, the fill stream, look-ups)
with no common order of arrival. Each report is taken apart into four parts that can only grow, so any order of arrival
and any repetition ends in the same state:

* terms (price, quantity): those of the newest report, by the exchange's own time stamp;
* filled: the larger of what a report said in total and of the sum of fills, each counted once by trade id;
* finish: once finished, always finished; of two contradicting endings the stronger one stands;
* identity: an id once learnt is kept.
"""

from decimal import Decimal
from typing import Final

import msgspec

from messages.enums import OrderStatus
from messages.order import Fill, Order
from messages.validation import ZERO

_NEW: Final = OrderStatus.NEW  # a look-up in an Enum class costs more than one in a module
_PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED
_FINISH_RANK: Final = {
    OrderStatus.REJECTED: 1,
    OrderStatus.EXPIRED: 2,
    OrderStatus.CANCELED: 3,
    OrderStatus.FILLED: 4,
}
_NO_FINISH: Final = (0, "", OrderStatus.NEW)

_Finish = tuple[int, str, OrderStatus]


class OrderRecord:
    """The growing knowledge of one order. Not shared: others get `order`, which is frozen.

    Attributes:
        order: the join, as everybody sees it.
        is_acknowledged: the exchange itself has told of this order, so it exists there.
    """

    __slots__ = (
        "_fees",
        "_fills_quantity",
        "_fills_quote",
        "_finish",
        "_last_fill_ms",
        "_reported",
        "_terms",
        "_terms_seen_ms",
        "_trade_ids",
        "is_acknowledged",
        "order",
    )

    def __init__(self, first: Order, as_of_ms: int = 0) -> None:
        """``first``: a report of the exchange, or our own PENDING order. ``as_of_ms``: as in `hear`."""
        self.order: Order = first
        self.is_acknowledged: bool = first.order_id is not None
        self._terms: Order = first
        self._terms_seen_ms: int = as_of_ms
        self._reported: Order = first
        self._finish: _Finish = _finish_of(first)
        self._trade_ids: set[str] = set()
        self._fills_quantity: Decimal = ZERO
        self._fills_quote: Decimal = ZERO
        self._fees: dict[str | None, Decimal] = {}
        self._last_fill_ms: int = 0
        if self.is_acknowledged and not _is_consistent(first):
            self._settle(first)

    @property
    def fills_count(self) -> int:
        return len(self._trade_ids)

    @property
    def is_filled_but_not_finished(self) -> bool:
        """All of it was filled by what we heard, yet nobody has said that it ended: worth asking."""
        order = self.order
        return order.is_open and ZERO < order.quantity <= order.filled_quantity

    def hear(self, report: Order, as_of_ms: int = 0) -> bool:
        """Joins a report of the exchange; True when `order` has changed.

        ``as_of_ms``: the exchange's clock when the query was taken up that found the order like this. Of two versions
        with one time stamp the one that was there later stands.
        """
        known = self.order
        if report.order_id is not None:
            self.is_acknowledged = True
        if (
            report.updated_ms > self._terms.updated_ms
            and report.filled_quantity >= self._fills_quantity
            and (
                report.filled_quantity > self._reported.filled_quantity
                or _filled_of(report) >= _filled_of(self._reported)
            )
            and not self._finish[0]
            and report.order_id is not None
            and (known.client_order_id is None or report.client_order_id == known.client_order_id)
            and (report.created_ms == known.created_ms or not known.created_ms)
            and report.updated_ms >= self._last_fill_ms
            and _is_consistent(report)
        ):
            # The common case: the report is newer in every part, so the join is the report itself.
            self._terms = self._reported = self.order = report
            self._terms_seen_ms = as_of_ms
            if report.status.is_finished:
                self._finish = _finish_of(report)
            return True
        if _version_of(report, as_of_ms) > _version_of(self._terms, self._terms_seen_ms):
            self._terms = report
            self._terms_seen_ms = as_of_ms
        if _filled_of(report) > _filled_of(self._reported):
            self._reported = report
        self._finish = max(self._finish, _finish_of(report))
        return self._settle(report)

    def hear_fill(self, fill: Fill) -> bool:
        """Counts a fill once by its trade id; False when it was known already."""
        if fill.trade_id in self._trade_ids:
            return False
        self._trade_ids.add(fill.trade_id)
        self._fills_quantity += fill.quantity
        self._fills_quote += fill.price * fill.quantity
        if fill.fee:
            self._fees[fill.fee_currency] = self._fees.get(fill.fee_currency, ZERO) + fill.fee
        self._last_fill_ms = max(self._last_fill_ms, fill.time_ms)
        self.is_acknowledged = True
        if self.order.order_id is None:
            self.order = msgspec.structs.replace(self.order, order_id=fill.order_id)
        self._settle(self.order)
        return True

    def mark(self, status: OrderStatus, finish_reason: str | None = None) -> bool:
        """Our own word on an order that the exchange has not told of: UNRESOLVED or REJECTED; True if it took.

        Once the exchange has acknowledged the order, only the exchange's word counts.
        """
        if self.is_acknowledged or self.order.is_finished or self.order.status is status:
            return False
        self.order = msgspec.structs.replace(self.order, status=status, finish_reason=finish_reason)
        self._terms = self._reported = self.order
        self._finish = _finish_of(self.order)
        return True

    def conclude(self, status: OrderStatus, finish_reason: str) -> bool:
        """Ends an order that the exchange, asked by id, no longer knows; True when it was open until now."""
        if self.order.is_finished:
            return False
        self._finish = (_FINISH_RANK[status], finish_reason, status)
        return self._settle(self.order)

    def _settle(self, report: Order) -> bool:
        known, terms, reported = self.order, self._terms, self._reported
        if self._fills_quantity > reported.filled_quantity:
            filled_quantity, filled_quote = self._fills_quantity, self._fills_quote
            fee_currency, fee = self._largest_fee()
        else:
            filled_quantity, filled_quote = reported.filled_quantity, reported.filled_quote
            fee_currency, fee = reported.fee_currency, reported.fee
        rank, reason, status = self._finish
        if not rank:
            if not self.is_acknowledged:
                status = known.status
            else:
                status = OrderStatus.PARTIALLY_FILLED if filled_quantity else OrderStatus.NEW
        joined = Order(
            symbol=known.symbol,
            side=known.side,
            type=terms.type,
            time_in_force=terms.time_in_force,
            status=status,
            quantity=terms.quantity,
            price=terms.price,
            quote_quantity=terms.quote_quantity,
            filled_quantity=filled_quantity,
            filled_quote=filled_quote,
            fee=fee,
            fee_currency=fee_currency,
            order_id=known.order_id or report.order_id,
            client_order_id=known.client_order_id or report.client_order_id,
            finish_reason=reason or None,
            created_ms=_earliest(known.created_ms, report.created_ms),
            updated_ms=max(known.updated_ms, report.updated_ms, self._last_fill_ms),
        )
        if joined == known:
            return False
        self.order = joined
        return True

    def _largest_fee(self) -> tuple[str | None, Decimal]:
        if not self._fees:
            return None, ZERO
        return max(self._fees.items(), key=lambda item: (abs(item[1]), item[0] or ""))


def _is_consistent(report: Order) -> bool:
    """Whether the report's status fits the rest of it, so that the join of it alone is the report itself."""
    status = report.status
    if status.is_finished:
        return report.finish_reason != ""
    return report.finish_reason is None and status is (_PARTIALLY_FILLED if report.filled_quantity else _NEW)


def _version_of(report: Order, as_of_ms: int) -> tuple[object, ...]:
    """Which of two reports has the newer terms. Past the time stamp only a tie is broken, the same way each time."""
    return (
        report.updated_ms,
        max(report.updated_ms, as_of_ms),
        report.order_id is not None,
        report.filled_quantity,
        report.status.is_finished,
        report.quantity,
        report.price or ZERO,
        report.quote_quantity or ZERO,
        report.type.value,
        report.time_in_force.value,
    )


def _filled_of(report: Order) -> tuple[object, ...]:
    return (
        report.filled_quantity,
        report.filled_quote,
        abs(report.fee),
        report.fee_currency or "",
        report.fee,
    )


def _finish_of(report: Order) -> _Finish:
    if not report.status.is_finished:
        return _NO_FINISH
    return _FINISH_RANK[report.status], report.finish_reason or "", report.status


def _earliest(known_ms: int, heard_ms: int) -> int:
    if not known_ms or not heard_ms:
        return known_ms or heard_ms
    return min(known_ms, heard_ms)
