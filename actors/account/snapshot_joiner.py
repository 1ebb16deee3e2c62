"""Joining the exchange's books with what an account knows (R2, R7), and which markets it cannot speak for."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import structlog

from actors.account.context import AccountContext, Defer
from actors.account.journal_recovery import JournalRecovery
from actors.account.messages import FillsNeeded, SnapshotLoaded
from actors.account.orders.fills_coverage import FillsCoverage
from actors.account.orders.missed_updates import MissedUpdates
from actors.account.orders.reconciler import OrderReconciler
from actors.account.state import OrderKey
from exchanges.base.capabilities import RequestScope
from messages.balance import Balance
from messages.errors import ProtocolError, RefusalReason, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.account")
_NOT_LISTED: Final = "the exchange does not list it any more"
_OF_ALL: Final = {
    RefusalReason.AUTHENTICATION,
    RefusalReason.CLOCK,
    RefusalReason.RATE_LIMIT,
    RefusalReason.OVERLOADED,
}
"""Refusals of a look-up that are not of the order or its market."""


class SnapshotJoiner:
    """Takes snapshots in; only used inside the account's turns (R1).

    Attributes:
        proven_ms: what the account knows was what the exchange's books were at this moment of its clock; 0: never.
    """

    def __init__(
        self,
        context: AccountContext,
        reconciler: OrderReconciler,
        recovery: JournalRecovery | None,
        *,
        since_ms: int,
        age_ms: int = 0,
        tell_balances: Callable[[tuple[Balance, ...]], None],
        markets_changed: Callable[[dict[Symbol, str]], None],
    ) -> None:
        """``since_ms``, ``age_ms``: from here on fills may be unknown, see `FillsCoverage`.
        ``markets_changed``: told which markets are unknown now, each with the cause, when that has changed."""
        self._context = context
        self._reconciler = reconciler
        self._recovery = recovery
        self._coverage = FillsCoverage(since_ms, age_ms)
        self._tell_balances = tell_balances
        self._markets_changed = markets_changed
        self._unanswered: dict[OrderKey, str] = {}
        self._unreadable: dict[Symbol, str] = {}
        self.proven_ms = 0

    def fills_needed(self) -> FillsNeeded:
        """Which fills are to be loaded with a snapshot."""
        context, coverage = self._context, self._coverage
        now_ms, now_s = context.server_now_ms(), context.monotonic_s()
        from_ms = coverage.from_ms(now_ms)
        if self._recovery is not None:
            self._recovery.fills_asked(from_ms)
        if context.require_rest().capabilities.histories is RequestScope.MARKET:
            return coverage.turn(now_ms, now_s, context.markets)
        return FillsNeeded(from_ms, coverage.again(now_s), (), context.markets)

    def loaded(self, message: SnapshotLoaded, defer: Defer, found_inconsistent: Callable[[], None]) -> int | None:
        """Joins a snapshot with what is known and with what has arrived since the subscriptions.

        Events are joined as they come: because state is a join it does not matter that the snapshot comes after them.
        Nothing is cleared. What is open here and missing there is asked for by id before the answer (R6). The answer is
        how many things it told that the socket should have told before.

        Args:
            found_inconsistent: called when something was heard that is to be asked about soon.
        """
        account, state = self._context, self._context.state
        account.instruments = message.instruments
        missed = MissedUpdates(
            subscribed_ms=message.subscribed_ms,
            as_of_ms=message.open_orders.as_of_ms,
            unreadable_ms=message.unreadable_ms,
        )
        # Fills before that are all known, and may be forgotten by now; they are listed all the same where this was
        # asked before another snapshot was joined.
        kept_from_ms = state.fills_asked_from_ms
        for fill in reversed(message.fills.fills):  # the known ones are met before they could be forgotten
            if fill.time_ms >= max(message.fills_from_ms, kept_from_ms):
                missed.count_fill(fill, is_new=account.apply_fill(fill))
        for report in message.again.values():
            # What could not be read in its time is no sign of a deaf socket.
            for fill in () if isinstance(report, str) else reversed(report.fills):
                if fill.time_ms >= kept_from_ms:
                    account.apply_fill(fill)
        self._coverage.loaded(
            message.fills,
            message.again,
            from_ms=message.fills_from_ms,
            lag_ms=message.fills_lag_ms,
            now_s=account.monotonic_s(),
        )
        state.fills_asked_from_ms = self._coverage.asked_from_ms
        for order in message.open_orders.orders:
            before = state.known(order)
            dropped_through_ms = state.orders.of(order.symbol).evicted_through_ms
            after = account.apply_order(order, message.open_orders.as_of_ms)
            missed.count_order(before, after, dropped_through_ms=dropped_through_ms)
        if self._recovery is not None:
            self._recovery.fills_loaded(self._coverage.complete_ms)
            self._recovery.settle_open_intents()
        true_ms = self._join_balances(message)
        if state.inconsistent_orders():
            found_inconsistent()
        self._unreadable = self._cannot_be_read(message)
        return self._ask_for_missing(message, missed, defer, min(true_ms, message.open_orders.as_of_ms))

    def _join_balances(self, message: SnapshotLoaded) -> int:
        """Joins the list of balances; the answer is when what is known of them now was so, by the exchange's clock.

        A query may lag: it is certain to be newer than what the socket told of moments longer ago than that, or before
        its subscription. Where it contradicts a younger push, the push stands until a list is certainly newer.
        """
        account, report = self._context, message.balances
        settled_ms = max(report.as_of_ms - account.query_lag_ms, min(message.subscribed_ms, report.as_of_ms))
        unreadable = {row.market for row in report.unreadable}
        contested = account.state.funds.contested_by(report.balances, settled_ms, unreadable)
        self._tell_balances(account.state.funds.apply_all_balances(report.balances, settled_ms, unreadable))
        return min([report.as_of_ms, *(balance.updated_ms for balance in contested)])

    def _ask_for_missing(
        self, message: SnapshotLoaded, missed: MissedUpdates, defer: Defer, as_of_ms: int
    ) -> int | None:
        state = self._context.state
        unreadable = {row.item_id for row in message.open_orders.unreadable}
        missing = [
            order_key
            for order_key in state.missing_from(message.open_orders.orders)
            if message.open_orders.covers(order_key.symbol)
            and (order_key.order_id is None or order_key.order_id not in unreadable)
        ]
        self._unanswered = {order_key: why for order_key, why in self._unanswered.items() if order_key in missing}
        to_ask = dict.fromkeys(order_key for order_key in missing if order_key not in self._unanswered)
        if not to_ask:
            self._joined(as_of_ms)
            return missed.count
        reply = defer()

        def end(order_key: OrderKey) -> None:
            if to_ask.pop(order_key, order_key) is None and not to_ask and not reply.done:
                self._joined(as_of_ms)
                reply.set(missed.count)

        def settled(order_key: OrderKey, before: Order | None, after: Order | None) -> None:
            if order_key in to_ask:
                missed.count_order(before, after)
                end(order_key)
            elif self._unanswered.pop(order_key, None) is not None:
                self._tell_markets()

        def failed(order_key: OrderKey, error: Exception) -> None:
            if _is_of_one_market(error):
                name = order_key.order_id or order_key.client_order_id
                self._unanswered[order_key] = f"its order {name} cannot be asked for: {error}"
                end(order_key)
            elif not reply.done:  # what cannot be asked about is not loaded: the link is in doubt
                reply.set_error(error)

        for order_key in list(to_ask):
            # An order that the exchange has been asked about and that may still turn up is known for what it is: it is
            # unresolved, or lately heard of, and is asked about on while the account is live.
            unsure, refused = partial(end, order_key), partial(failed, order_key)
            self._reconciler.ask(order_key, partial(settled, order_key, state.find(order_key)), refused, unsure)
        return None

    def _joined(self, as_of_ms: int) -> None:
        self.proven_ms = max(self.proven_ms, as_of_ms)
        self._context.proven(self.proven_ms)
        self._tell_markets()

    def _cannot_be_read(self, message: SnapshotLoaded) -> dict[Symbol, str]:
        causes = {
            row.symbol: f"its order {row.item_id or 'without an id'} cannot be read: {row.reason}"
            for row in message.open_orders.unreadable
            if row.symbol is not None
        }
        for row in message.balances.unreadable:
            for symbol in self._context.symbols:
                if row.market in {symbol.base, symbol.quote}:
                    causes.setdefault(symbol, f"the balance of {row.market} cannot be read: {row.reason}")
        return {**message.besides.unknown_markets, **causes}

    def _tell_markets(self) -> None:
        """Logs and tells what has changed since it was last told, once."""
        context = self._context
        before, causes = context.unknown_markets, self._causes()
        if causes == before:
            return
        context.unknown_markets = causes
        for symbol in causes.keys() - before.keys():
            _log.warning("market_unknown", account=context.name, symbol=str(symbol), cause=causes[symbol])
        for symbol in before.keys() - causes.keys():
            _log.info("market_known_again", account=context.name, symbol=str(symbol))
        self._markets_changed(causes)

    def _causes(self) -> dict[Symbol, str]:
        unanswered = {order_key.symbol: why for order_key, why in self._unanswered.items()}
        return {
            **self._coverage.causes(),
            **unanswered,
            **self._unreadable,
            **dict.fromkeys(self._delisted(), _NOT_LISTED),
        }

    def _delisted(self) -> Iterable[Symbol]:
        return (symbol for symbol in self._context.symbols if symbol not in self._context.instruments)


def _is_of_one_market(error: Exception) -> bool:
    if isinstance(error, VenueRefusedError):
        return error.reason not in _OF_ALL
    return isinstance(error, ProtocolError)
