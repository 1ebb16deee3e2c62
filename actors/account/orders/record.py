"""One order as the join of everything heard about it (R2).

The exchange tells of an order from several sources (answers to requests, the order stream, the fill stream, look-ups)
with no common order of arrival. Each report is taken apart into parts that can only grow, so any order of arrival and
any repetition ends in the same state:

* terms (price, quantity): those of its end, which nothing changes any more; before it, those of the newest report, by
  the exchange's own time stamp;
* filled: the larger of what a report said in total and of the sum of fills, each counted once by trade id;
* fees: in each currency as told by whichever of the two covers more; what only the other one knows of stays
  (exchanges tell rebates with the order alone, and some answers have no fees at all), and partial where the order has
  ended and fills cover more than any report;
* finish: once finished by the exchange, always finished; of two contradicting endings the stronger one stands, and
  one in a word that we do not know is the weakest;
* identity: an id once learnt is kept.

What we concluded ourselves ("no such order", said the exchange when asked) is kept apart from that and is the weakest
word: it holds while nothing of the exchange is newer than the question (R6).
"""

from decimal import Decimal
from typing import Final

import msgspec

from messages.enums import OrderOrigin, OrderStatus
from messages.order import NEVER_ARRIVED, NO_FEES, UNKNOWN_WORD, VANISHED, Fee, Fill, Order, add_fees
from messages.validation import ZERO

_NEW: Final = OrderStatus.NEW  # a look-up in an Enum class costs more than one in a module
_TRADER: Final = OrderOrigin.TRADER
_PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED
_FINISH_RANK: Final = {
    OrderStatus.REJECTED: 1,
    OrderStatus.EXPIRED: 3,
    OrderStatus.CANCELED: 4,
    OrderStatus.FILLED: 5,
}
_GUESSED_RANK: Final = 2
_NO_FINISH: Final = (0, "", OrderStatus.NEW)

_Finish = tuple[int, str, OrderStatus]


class FillsTotal(msgspec.Struct):
    """What fills come to of which not more than their ids is kept. Each was counted once.

    Attributes:
        first_ms, last_ms: of the oldest and the newest of them, the exchange's clock.
    """

    quantity: Decimal = ZERO
    quote: Decimal = ZERO
    fees: tuple[Fee, ...] = NO_FEES
    first_ms: int = 0
    last_ms: int = 0
    client_order_id: str | None = None
    trade_ids: set[str] = msgspec.field(default_factory=set)

    def add(self, fill: Fill) -> None:
        """One more."""
        self.trade_ids.add(fill.trade_id)
        self.quantity += fill.quantity
        self.quote += fill.price * fill.quantity
        self.fees = add_fees(self.fees, fill.fees)
        self.first_ms = min(self.first_ms or fill.time_ms, fill.time_ms)
        self.last_ms = max(self.last_ms, fill.time_ms)
        self.client_order_id = self.client_order_id or fill.client_order_id


class OrderRecord:
    """The growing knowledge of one order. Not shared: others get `order`, which is frozen.

    Attributes:
        order: the join, as everybody sees it.
        is_acknowledged: the exchange itself has told of this order, so it exists there.
        is_inferred: it ended by our own conclusion only; any newer word of the exchange reopens it.
        is_contradicted: inferred, and then an older word of the exchange came late: worth asking again.
        decided_ms: when we decided to place it, by the exchange's clock; 0 for orders of others.
    """

    __slots__ = (
        "_concluded_ms",
        "_derived",
        "_fills_fees",
        "_fills_quantity",
        "_fills_quote",
        "_finish",
        "_is_concluded",
        "_last_fill_ms",
        "_may_have_ended",
        "_reported",
        "_seen_ms",
        "_terms",
        "_terms_seen_ms",
        "_trade_ids",
        "decided_ms",
        "is_acknowledged",
        "is_contradicted",
        "is_inferred",
        "order",
    )

    def __init__(self, first: Order, as_of_ms: int = 0, *, decided_ms: int = 0) -> None:
        """``first``: a report of the exchange, or our own PENDING order. ``as_of_ms``: as in `apply`."""
        self.order: Order = first
        self.is_acknowledged: bool = first.order_id is not None
        self.is_inferred: bool = False
        self.is_contradicted: bool = False
        self.decided_ms: int = decided_ms
        self._terms: Order = first
        self._terms_seen_ms: int = as_of_ms
        self._seen_ms: int = as_of_ms
        self._reported: Order = _nothing_filled(first) if first.filled_is_derived else first
        self._derived: Order | None = first if first.filled_is_derived else None
        self._finish: _Finish = _finish_of(first)
        self._is_concluded: bool = False
        self._may_have_ended: bool = False
        self._concluded_ms: int = 0
        self._trade_ids: set[str] = set()
        self._fills_quantity: Decimal = ZERO
        self._fills_quote: Decimal = ZERO
        self._fills_fees: tuple[Fee, ...] = NO_FEES
        self._last_fill_ms: int = 0
        if self.is_acknowledged and not _is_consistent(first):
            self._settle(first)

    @property
    def seen_ms(self) -> int:
        """When the exchange is last known to have had it, by its clock; 0 where it has not said."""
        return max(self.order.updated_ms, self._seen_ms)

    @property
    def fills_count(self) -> int:
        return len(self._trade_ids)

    @property
    def is_filled_but_not_finished(self) -> bool:
        """All of it was filled by what we heard, yet nobody has said that it ended: worth asking."""
        order = self.order
        return order.is_open and ZERO < order.quantity <= order.filled_quantity

    def lacks_fees(self, query_lag_ms: int) -> bool:
        """Its fees are partial, and no query since its last fill has shown the rest: worth asking."""
        order = self.order
        return order.fees_are_partial and max(self._seen_ms, self._concluded_ms) <= order.updated_ms + query_lag_ms

    @property
    def is_refused(self) -> bool:
        """There is certainly no such order: the exchange refused the command, or it never left."""
        return not self.is_acknowledged and self._finish[0] != 0

    def apply(self, report: Order, as_of_ms: int = 0) -> bool:
        """Joins a report of the exchange; True when `order` has changed.

        ``as_of_ms``: the exchange's clock when the query was taken up that found the order like this; 0 for an event.
        Of two versions with one time stamp the one that was there later stands.
        """
        known = self.order
        if report.order_id is not None:
            self.is_acknowledged = True
        if as_of_ms:
            self._seen_ms = max(self._seen_ms, as_of_ms)
        if (
            report.updated_ms > self._terms.updated_ms
            and report.filled_quantity >= self._fills_quantity
            and (
                report.filled_quantity > self._reported.filled_quantity
                or _filled_of(report) >= _filled_of(self._reported)
            )
            and not self._finish[0]
            and not self.is_inferred
            and report.updated_ms >= self._concluded_ms
            and self._derived is None
            and not report.filled_is_derived
            and report.order_id is not None
            and (known.client_order_id is None or report.client_order_id == known.client_order_id)
            and (report.created_ms == known.created_ms or not known.created_ms)
            and report.updated_ms >= self._last_fill_ms
            and (not self._fills_fees or completed(report.fees, self._fills_fees) is report.fees)
            and _is_consistent(report)
        ):
            # The common case: the report is newer in every part, so the join is the report itself. Its fills may have
            # said all of it before.
            self._terms = self._reported = self.order = report
            self._terms_seen_ms = as_of_ms
            if report.status.is_finished:
                self._finish = _finish_of(report)
            return report != known
        if _version_of(report, as_of_ms) > _version_of(self._terms, self._terms_seen_ms):
            self._terms = report
            self._terms_seen_ms = as_of_ms
        if report.filled_is_derived:
            if self._derived is None or _turnover_of(report) > _turnover_of(self._derived):
                self._derived = report
        elif _filled_of(report) > _filled_of(self._reported):
            self._reported = report
        self._finish = max(self._finish, _finish_of(report))
        changed = self._settle(report)
        self.is_contradicted = self.is_inferred
        return changed

    def apply_fill(self, fill: Fill) -> bool:
        """Counts a fill once by its trade id; False when it was known already."""
        if fill.trade_id in self._trade_ids:
            return False
        self._trade_ids.add(fill.trade_id)
        self._fills_quantity += fill.quantity
        self._fills_quote += fill.price * fill.quantity
        self._fills_fees = add_fees(self._fills_fees, fill.fees)
        self._last_fill_ms = max(self._last_fill_ms, fill.time_ms)
        self.is_acknowledged = True
        known = self.order
        if known.order_id is None or known.client_order_id is None:
            self.order = msgspec.structs.replace(
                known,
                order_id=known.order_id or fill.order_id,
                client_order_id=known.client_order_id or fill.client_order_id,
            )
        self._settle(self.order)
        self.is_contradicted = self.is_inferred
        return True

    def apply_total(self, total: FillsTotal) -> None:
        """Counts fills that were heard before the order was known."""
        self._trade_ids |= total.trade_ids
        self._fills_quantity += total.quantity
        self._fills_quote += total.quote
        self._fills_fees = add_fees(self._fills_fees, total.fees)
        self._last_fill_ms = max(self._last_fill_ms, total.last_ms)
        if self.order.client_order_id is None:
            self.order = msgspec.structs.replace(self.order, client_order_id=total.client_order_id)
        self._settle(self.order)
        self.is_contradicted = self.is_inferred

    def mark(self, status: OrderStatus, finish_reason: str | None = None) -> bool:
        """The answer to our own command, or its lack: REJECTED or UNRESOLVED; True if it took.

        Once the exchange has acknowledged the order, only its words about the order count.
        """
        if self.is_acknowledged:
            return False
        if not status.is_finished if self.is_inferred else self.order.is_finished or self.order.status is status:
            return False
        self.is_inferred = self._is_concluded = False
        self.order = msgspec.structs.replace(self.order, status=status, finish_reason=finish_reason)
        self._terms = self._reported = self.order
        self._finish = _finish_of(self.order)
        return True

    def conclude(self, asked_ms: int, *, by_order_id: bool, may_have_ended: bool = False) -> bool:
        """The exchange, asked at ``asked_ms`` of its clock, knows no such order; True when `order` has changed.

        Asked by its own id: an order that it has told of is over, unless it tells something newer. Asked by our id
        only: an order that it has not told of never arrived, unless it tells anything; of others it says nothing, as
        exchanges forget our ids. ``may_have_ended``: it may also have ended without a fill and be forgotten since; what
        is asked later cannot say otherwise.
        """
        if not by_order_id:
            self._may_have_ended = self._may_have_ended if self._is_concluded else may_have_ended
            self._is_concluded = True
        elif asked_ms > self._concluded_ms:
            self._concluded_ms = asked_ms
            self.is_contradicted = False
        return self._settle(self.order)

    def _settle(self, report: Order) -> bool:
        known, terms = self.order, self._terms
        filled_quantity, filled_quote, fees, is_derived = self._filled()
        rank, reason, status = self._finish
        if not self.is_acknowledged:
            self.is_inferred = not rank and self._is_concluded
            if self.is_inferred and self._may_have_ended:
                reason, status = VANISHED, OrderStatus.CANCELED
            elif self.is_inferred:
                reason, status = NEVER_ARRIVED, OrderStatus.REJECTED
            elif not rank:
                status = known.status
        else:
            self.is_inferred = not rank and self._concluded_ms > max(
                terms.updated_ms, self._seen_ms, self._last_fill_ms
            )
            if self.is_inferred:
                is_whole = ZERO < terms.quantity <= filled_quantity
                reason, status = VANISHED, OrderStatus.FILLED if is_whole else OrderStatus.CANCELED
            elif not rank:
                status = _PARTIALLY_FILLED if filled_quantity else _NEW
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
            fees=fees,
            order_id=known.order_id or report.order_id,
            client_order_id=known.client_order_id or report.client_order_id,
            finish_reason=reason or None,
            created_ms=_earliest(known.created_ms, report.created_ms),
            updated_ms=max(known.updated_ms, report.updated_ms, self._last_fill_ms),
            filled_is_derived=is_derived,
            fees_are_partial=status.is_finished and self._are_fees_partial(),
            reduce_only=known.reduce_only or report.reduce_only,
            origin=report.origin if known.origin is _TRADER else known.origin,
        )
        if joined == known:
            return False
        self.order = joined
        return True

    def _filled(self) -> tuple[Decimal, Decimal, tuple[Fee, ...], bool]:
        """Base and quote filled, the fees, and whether the base was only derived.

        A derived quantity counts while its turnover, which the exchange did say, is more than all else accounts for.
        """
        reported, derived = self._reported, self._derived
        if self._fills_quantity > reported.filled_quantity:
            quantity, quote = self._fills_quantity, self._fills_quote
            fees = completed(self._fills_fees, reported.fees)
        else:
            quantity, quote = reported.filled_quantity, reported.filled_quote
            fees = completed(reported.fees, self._fills_fees)
        if derived is None or derived.filled_quantity <= quantity or ZERO < derived.filled_quote <= quote:
            return quantity, quote, fees, False
        return derived.filled_quantity, derived.filled_quote, completed(derived.fees, fees), True

    def _are_fees_partial(self) -> bool:
        reported, derived = self._reported, self._derived
        is_told = self._fills_quantity <= reported.filled_quantity or (
            derived is not None and self._fills_quote <= derived.filled_quote
        )
        return reported.fees_are_partial or not is_told


def _is_consistent(report: Order) -> bool:
    """Whether the report's status fits the rest of it, so that the join of it alone is the report itself."""
    status = report.status
    if status.is_finished:
        return report.finish_reason != ""
    return report.finish_reason is None and status is (_PARTIALLY_FILLED if report.filled_quantity else _NEW)


def _version_of(report: Order, as_of_ms: int) -> tuple[object, ...]:
    """Which of two reports has the newer terms. Past the time stamp only a tie is broken, the same way each time.

    A query that was taken up in the millisecond of an event may have seen what was before it.
    """
    return (
        report.status.is_finished and report.order_id is not None,
        report.updated_ms,
        max(report.updated_ms, as_of_ms),
        as_of_ms == 0,
        report.order_id is not None,
        report.filled_quantity,
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
        not report.fees_are_partial,
        len(report.fees),
        [(fee.currency, abs(fee.amount), fee.amount) for fee in report.fees],
    )


def _turnover_of(report: Order) -> tuple[object, ...]:
    """Which of two reports with a derived quantity counts: the turnover is what the exchange did say."""
    return report.filled_quote, *_filled_of(report)


def _nothing_filled(report: Order) -> Order:
    return msgspec.structs.replace(report, filled_quantity=ZERO, filled_quote=ZERO, fees=NO_FEES)


def completed(fees: tuple[Fee, ...], others: tuple[Fee, ...]) -> tuple[Fee, ...]:
    """The fees, and those of currencies that only the others name; the very same fees where there are none."""
    if not others or (len(fees) == len(others) == 1 and fees[0].currency == others[0].currency):
        return fees
    known = {fee.currency for fee in fees}
    more = [fee for fee in others if fee.currency not in known]
    return tuple(sorted((*fees, *more), key=_currency_of)) if more else fees


def _currency_of(fee: Fee) -> str:
    return fee.currency


def _finish_of(report: Order) -> _Finish:
    if not report.status.is_finished:
        return _NO_FINISH
    reason = report.finish_reason or ""
    rank = _GUESSED_RANK if reason.startswith(UNKNOWN_WORD) else _FINISH_RANK[report.status]
    return rank, reason, report.status


def _earliest(known_ms: int, heard_ms: int) -> int:
    if not known_ms or not heard_ms:
        return known_ms or heard_ms
    return min(known_ms, heard_ms)
