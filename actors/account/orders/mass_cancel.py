"""Mass cancels: the kill switch and cancels of a whole scope, tried until they are done (R13).

Done means: a complete list of open orders, taken up after the last cancel, shows nothing of the scope, and no order of
ours that was told before is still on its way or of unknown fate. Lists lag: unless a cancel of all was answered since
the command, the list must be so much younger than that. Whatever goes wrong until then (refused, lost, limited,
unreachable, not connected yet) is waited out and tried again. Who asked is answered when it is done, or after some time
that it goes on; it also goes on in the next life of an account that crashes (`actors.account.journal_recovery`).
"""

import math
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Final

import structlog

from actors.account.context import AccountContext, Defer
from actors.account.intents import Intent, Intents
from actors.account.orders.reconciler import OrderReconciler
from actors.account.state import OrderKey
from actors.journal import Placing
from actors.runtime import Reply
from exchanges.base.clients import OpenOrdersReport
from messages.commands import CancelAll
from messages.enums import OrderStatus
from messages.errors import CancelGoesOnError, RateLimitedError, RefusalReason, UnresolvedOrderError, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.account")
_AT_ONCE: Final = 100
"""So many orders are canceled one by one in one try; the rest in the next."""
_TRIES_TO_LOOK: Final = 3
_SWEEPS_BEFORE_SINGLY: Final = 2
_LONGEST_ASKED_WAIT_S: Final = 5.0
"""A ``Retry-After`` is obeyed up to here: a cancel that is refused once more costs less than an order that rests."""

_Key = tuple[Symbol, str | None]


class _MassCancel:
    """One scope that is being canceled.

    Attributes:
        told_s: when it was commanded last; swept_s: when the last cancel of all was sent that was answered. Both
            monotonic.
        before_ms: orders that the exchange took later (its clock) are not in scope; None: all orders are, whenever they
            show, until it is released (the kill switch).
        own, later: names (ids of either kind) of our own orders that were told before and not known to have ended, and
            of those told after; later_ids: of those told after in an earlier life.
        seen: orders in scope that were open at some time, or may have been, as last heard. ended: those that a cancel
            of all has ended.
        sent: orders that a cancel was sent for since they were named.
        is_clean: the last list, asked for after the last cancel, showed nothing of the scope. is_list_old: it may not
            show what was there at the command. has_looked: what is open is known, if need be by a list.
        sweeps_refused: how often in a row the exchange has refused a cancel of all.
        wake_number: of the wait for the next try that counts.
    """

    def __init__(self, scope: CancelAll, told_s: float, before_ms: int | None, intent: Intent | None) -> None:
        self.scope = scope
        self.told_s = told_s
        self.swept_s = -math.inf
        self.before_ms = before_ms
        self.intent = intent
        self.own: set[_Key] = set()
        self.later: set[_Key] = set()
        self.later_ids: frozenset[str] = frozenset()
        self.seen: dict[_Key, Order] = {}
        self.ended: dict[_Key, Order] = {}
        self.sent: set[_Key] = set()
        self.replies: list[Reply[Any]] = []
        self.tries = 0
        self.sweeps_refused = 0
        self.cause = "the exchange has not answered yet"
        self.is_trying = False
        self.is_clean = False
        self.is_list_old = False
        self.has_looked = False
        self.is_over = False
        self.is_check_due = False
        self.wake_number = 0

    @property
    def is_swept(self) -> bool:
        """Whether the exchange itself has canceled all that was there at the command."""
        return self.swept_s >= self.told_s

    def matches(self, order: Order) -> bool:
        """Whether the order is of the market and side."""
        scope = self.scope
        return scope.symbol in {None, order.symbol} and scope.side in {None, order.side}

    def covers(self, order: Order) -> bool:
        """Whether the order is to end: told, or taken by the exchange, before the command."""
        if not self.matches(order):
            return False
        if self.before_ms is None:
            return True
        names = _names(order)
        if not self.later.isdisjoint(names) or order.client_order_id in self.later_ids:
            return False
        return not self.own.isdisjoint(names) or order.created_ms <= self.before_ms


class MassCancels:
    """The mass cancels of one account; only used inside its turns (R1)."""

    def __init__(
        self,
        context: AccountContext,
        reconciler: OrderReconciler,
        intents: Intents,
        rng: random.Random,
        *,
        cancel_one: Callable[[Order], None],
        call_back: Callable[[Order], None],
    ) -> None:
        """``cancel_one``: cancels an order that the exchange has named. ``call_back``: keeps one of ours that has not
        left yet from being sent."""
        self._context = context
        self._reconciler = reconciler
        self._intents = intents
        self._rng = rng
        self._cancel_one = cancel_one
        self._call_back = call_back
        self._active: list[_MassCancel] = []
        self._kill_switch: _MassCancel | None = None
        self._lookers: list[_MassCancel] = []
        self._list_is_due = False
        self._listed_s = -math.inf
        self._log = _log.bind(account=context.name)

    # -- what begins and ends it ----------------------------------------------------------------------------------

    def cancel(self, command: CancelAll, defer: Defer) -> None:
        """Cancels everything in scope that was told before; answered with the orders that ended by it."""
        told_ms = self._context.server_now_ms()
        intent = self._intents.begin_cancel(command, self._context.latest_arrival_ms(told_ms))
        job = _MassCancel(command, self._context.monotonic_s(), told_ms, intent)
        job.has_looked = True  # what is open is known, and later orders will be told
        for record in self._context.state.orders.open_records(command.symbol):
            if job.matches(record.order):
                job.own.update(_names(record.order))
        reply = defer()
        self._intents.track(reply, "canceling", None)
        self._begin(job, reply, sweeps=True)

    def take_up(
        self,
        command: CancelAll,
        intent: Intent,
        before_ms: int,
        told: Iterable[Placing],
        later_ids: Iterable[str],
    ) -> None:
        """Goes on with one that an earlier life left open.

        Args:
            before_ms: what the exchange (its clock) took up to then is in scope: what was told before could arrive.
            told: orders of unknown fate that were told before. later_ids: client ids of those told after.
        """
        self._log.warning("mass_cancel_taken_up", symbol=_text(command), before_ms=before_ms)
        job = _MassCancel(command, self._context.monotonic_s(), before_ms, intent)
        job.own.update((order.symbol, str(order.client_order_id)) for order in told)
        job.later_ids = frozenset(later_ids)
        self._begin(job, None, sweeps=False)

    def engage(self, defer: Defer | None) -> None:
        """The kill switch is engaged: whatever is open, or comes to be, is canceled until `release`."""
        job, told_s = self._kill_switch, self._context.monotonic_s()
        if job is None:
            job = self._kill_switch = _MassCancel(CancelAll(), told_s, None, None)
        job.told_s = told_s
        reply = None if defer is None else defer()
        if reply is not None:
            self._intents.track(reply, "canceling", None)
        if job in self._active:
            job.is_clean = False
            self._await(job, reply)
            self._try(job, sweeps=True)
        else:
            self._begin(job, reply, sweeps=True)

    def release(self) -> None:
        """The kill switch is released."""
        job, self._kill_switch = self._kill_switch, None
        if job is not None:
            self._over(job)
            for reply in job.replies:
                reply.set_error(UnresolvedOrderError("canceling", None, "the kill switch was released before"))

    def _begin(self, job: _MassCancel, reply: Reply[Any] | None, *, sweeps: bool) -> None:
        self._active.append(job)
        for order in list(self._left(job)):
            if order.order_id is not None:
                job.seen[_key(order)] = order
                continue
            job.own.update(_names(order))
            if order.status is OrderStatus.PENDING:
                self._call_back(order)
        self._await(job, reply)
        self._try(job, sweeps=sweeps)

    def _await(self, job: _MassCancel, reply: Reply[Any] | None) -> None:
        if reply is not None:
            job.replies.append(reply)
            self._context.later(self._context.settings.cancel_patience_s, lambda: self._patience_ends(job, reply))

    def _patience_ends(self, job: _MassCancel, reply: Reply[Any]) -> None:
        if job.is_over or reply.done:
            return
        left = list(self._left(job))
        patience_s = self._context.settings.cancel_patience_s
        error = CancelGoesOnError(patience_s, len(left), job.cause)
        self._log.error(
            "mass_cancel_goes_on",
            symbol=_text(job.scope),
            left=[order.order_id or order.client_order_id for order in left[:20]],
            cause=job.cause,
        )
        if job.intent is not None:
            job.intent.ended(error)
        reply.set_error(error)

    # -- what wakes it --------------------------------------------------------------------------------------------

    def hurry(self) -> None:
        """The link is back: tries again at once."""
        for job in list(self._active):
            job.tries = 0
            if not job.is_clean or any(self._left(job)):
                self._try(job)

    def has_changed(self, order: Order) -> None:
        """To be told of every order that has changed."""
        for job in self._active:
            if order.status is OrderStatus.PENDING and job.own.isdisjoint(_names(order)):
                job.later.update(_names(order))
            if not job.covers(order):
                continue
            key = _key(order)
            was_open = key in job.seen or not job.own.isdisjoint(_names(order))
            if order.order_id is not None and (order.is_open or was_open):
                job.seen[key] = order
            self._check_soon(job)

    def _check_soon(self, job: _MassCancel) -> None:
        """Once for all changes of a moment."""
        if not job.is_check_due:
            job.is_check_due = True
            self._context.later(0.0, lambda: self._check(job))

    def _check(self, job: _MassCancel) -> None:
        job.is_check_due = False
        if job.is_over:
            return
        left = list(self._left(job))
        new = [order for order in left if order.order_id is not None and _key(order) not in job.sent]
        if new and self._context.rest is not None:
            self._cancel_singly(job, new)
        elif left:
            self._again_later(job, None)
        elif job.is_clean:
            self._done(job)
        elif not job.is_trying:
            self._look(job)

    # -- a try ----------------------------------------------------------------------------------------------------

    def _try(self, job: _MassCancel, *, sweeps: bool = False) -> None:
        """Cancels what is known or feared to be open, then looks.

        ``sweeps``: all of the scope in one request, whatever else is open: nothing has been told since.
        """
        rest = self._context.rest
        if job.is_over or job.is_trying:
            return
        job.wake_number += 1
        if rest is None:
            job.cause = "the account has not been connected yet"
            self._again_later(job, None)
            return
        left = list(self._left(job))
        named = [order for order in left if order.order_id is not None]
        job.tries += 1
        if not named and (job.is_swept or (job.tries > 1 and self._looks_first(job))):
            if left and job.is_clean:
                self._again_later(job, None)  # nothing that a cancel could name; their fate is being asked for
            else:
                self._look(job)
        elif self._can_sweep(job, named) and (sweeps or self._may_sweep(job)):
            job.is_trying, job.is_clean, job.is_list_old = True, False, False
            job.sent.update(map(_key, named))
            scope, intent, context, sent_s = job.scope, job.intent, self._context, self._context.monotonic_s()

            def send() -> Coroutine[Any, Any, tuple[Order, ...]]:
                return context.account_wide().cancel_all(scope.symbol, scope.side, context.open_markets)

            self._context.io(
                "cancel_all",
                send() if intent is None else intent.then(send),
                lambda reports: self._answered(job, sent_s, reports),
                lambda error: self._not_answered(job, sent_s, error),
            )
        elif named:
            self._cancel_singly(job, named)
        else:
            self._look(job)

    def _looks_first(self, job: _MassCancel) -> bool:
        """A list tells what another cancel of all would hit besides; not where all is to be hit, or where no list that
        shows what is open is to be had."""
        return job.before_ms is not None and job.has_looked and not job.is_list_old

    def _may_sweep(self, job: _MassCancel) -> bool:
        """Orders that were told later are not to be hit by a try that comes after them; where nobody knows of any
        before there was a list, and none is to be had, they are not spared."""
        if job.before_ms is None:
            return True
        if not job.has_looked and job.tries <= _TRIES_TO_LOOK:
            return False
        records = self._context.state.orders.open_records(job.scope.symbol)
        return all(job.covers(record.order) for record in records if job.matches(record.order))

    def _can_sweep(self, job: _MassCancel, named: list[Order]) -> bool:
        """Where a cancel of all was refused again and again, every second try cancels what is named one by one."""
        if named and job.sweeps_refused >= _SWEEPS_BEFORE_SINGLY and job.tries % 2:
            return False
        return self._context.account_wide().can_cancel_all(job.scope.side)

    def _answered(self, job: _MassCancel, sent_s: float, reports: tuple[Order, ...]) -> None:
        job.swept_s, job.sweeps_refused = sent_s, 0
        for order in map(self._context.apply_order, reports):
            if order.is_finished:
                job.ended[_key(order)] = order
        self._look(job)

    def _not_answered(self, job: _MassCancel, sent_s: float, error: Exception) -> None:
        if isinstance(error, VenueRefusedError) and error.reason is RefusalReason.UNKNOWN_SYMBOL:
            job.swept_s = sent_s  # in a market that is gone nothing is open
        job.sweeps_refused += isinstance(error, VenueRefusedError)
        self._failed(job, error)

    def _cancel_singly(self, job: _MassCancel, orders: list[Order]) -> None:
        job.is_clean = False
        for order in orders[:_AT_ONCE]:
            job.sent.add(_key(order))
            self._cancel_one(order)
        self._again_later(job, None)

    def _look(self, job: _MassCancel) -> None:
        if job.is_over or self._context.rest is None:
            return
        job.is_trying = True
        self._lookers.append(job)
        if not self._list_is_due:
            self._list_is_due = True
            pause_s = self._listed_s + self._context.settings.cancel_again_first_s - self._context.monotonic_s()
            if pause_s > 0:
                self._context.later(pause_s, self._list)
            else:
                self._list()

    def _list(self) -> None:
        """One list serves all who wait for one: many cancels may be at work, and the exchange limits queries."""
        context, asked_s = self._context, self._context.monotonic_s()
        jobs, self._lookers = self._lookers, []
        self._list_is_due, self._listed_s = False, asked_s

        def listed(report: OpenOrdersReport) -> None:
            for job in jobs:
                self._looked(job, asked_s, report)

        def failed(error: Exception) -> None:
            for job in jobs:
                self._failed(job, error)

        markets = {*context.markets, *(job.scope.symbol for job in jobs if job.scope.symbol is not None)}
        context.io("look_after_cancel", context.account_wide().load_open_orders(markets), listed, failed)

    def _looked(self, job: _MassCancel, asked_s: float, report: OpenOrdersReport) -> None:
        job.is_trying = False
        if job.is_over:
            return
        job.has_looked = True
        context = self._context
        heard = [context.apply_order(order, report.as_of_ms) for order in report.orders]
        listed = [order for order in heard if order.is_open and job.covers(order)]
        names = {_key(order) for order in report.orders}
        job.is_list_old = not job.is_swept and asked_s - context.query_lag_ms / 1000 < job.told_s
        job.is_clean = not listed and not job.is_list_old
        for order in self._left(job):
            if order.order_id is not None and _key(order) not in names and report.covers(order.symbol):
                self._reconciler.ask(OrderKey.of(order))
        if listed:
            job.cause = f"{len(listed)} orders are still listed as open"
            self._cancel_singly(job, listed)
        elif any(self._left(job)):
            job.cause = "the fate of some orders is not known yet"
            self._again_later(job, None)
        elif job.is_list_old:
            job.cause = "the list of open orders may be older than the command"
            self._again_later(job, None)
        else:
            self._check_soon(job)

    def _failed(self, job: _MassCancel, error: Exception) -> None:
        job.is_trying = False
        if job.is_over:
            return
        job.cause = str(error)
        self._context.tell_trouble(error)
        self._log.warning("mass_cancel_tried_again", tries=job.tries, error=str(error))
        self._again_later(job, error)

    def _again_later(self, job: _MassCancel, error: Exception | None) -> None:
        settings = self._context.settings
        longest_s = min(settings.cancel_again_first_s * 2 ** min(job.tries, 16), settings.cancel_again_max_s)
        delay_s = longest_s * self._rng.uniform(0.5, 1.0)
        if isinstance(error, VenueRefusedError | RateLimitedError) and error.retry_after_s is not None:
            delay_s = max(delay_s, min(error.retry_after_s, _LONGEST_ASKED_WAIT_S))
        number = job.wake_number

        def wake() -> None:
            if job.wake_number == number:
                self._try(job)

        self._context.later(delay_s, wake)

    # -- the end --------------------------------------------------------------------------------------------------

    def _left(self, job: _MassCancel) -> Iterator[Order]:
        """Orders in scope that are open as far as is known, or on their way."""
        for record in self._context.state.orders.open_records(job.scope.symbol):
            if job.covers(record.order):
                yield record.order

    def _done(self, job: _MassCancel) -> None:
        ended = {key: order for key, order in job.seen.items() if order.status is OrderStatus.CANCELED} | job.ended
        if job.tries:
            self._log.info("mass_cancel_done", canceled=len(ended), tries=job.tries)
        if job.before_ms is not None:
            self._over(job)
            if job.intent is not None:
                job.intent.ended()
        replies = list(job.replies)
        job.replies.clear()
        job.own.clear()
        job.seen.clear()
        job.ended.clear()
        job.sent.clear()
        job.tries = 0
        job.wake_number += 1
        for reply in replies:
            reply.set(tuple(ended.values()))

    def _over(self, job: _MassCancel) -> None:
        job.is_over = True
        if job in self._active:
            self._active.remove(job)


def _text(scope: CancelAll) -> str:
    return "all" if scope.symbol is None else str(scope.symbol)


def _key(order: Order) -> _Key:
    return order.symbol, order.order_id


def _names(order: Order) -> set[_Key]:
    return {(order.symbol, name) for name in (order.order_id, order.client_order_id) if name is not None}
