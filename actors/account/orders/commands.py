"""Placing, canceling and amending orders: check and act in one turn, send, and take in the answer in another."""

from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, TypeVar

import structlog

from actors.account.context import AccountContext, Defer
from actors.account.intents import CERTAIN, Intent, Intents
from actors.account.orders.client_ids import ClientIds
from actors.account.orders.lost_changes import LostChanges, is_amended
from actors.account.orders.reconciler import OrderReconciler
from actors.account.orders.record import OrderRecord
from actors.account.state import OrderKey
from actors.journal import Placing
from actors.runtime import Reply
from messages.commands import AmendOrder, CancelOrder, PlaceOrder
from messages.enums import OrderStatus
from messages.errors import (
    CanceledBeforeSentError,
    InvalidValueError,
    RefusalReason,
    UnresolvedOrderError,
    VenueRefusedError,
)
from messages.order import Order
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.account")
_ENDED: Final = {RefusalReason.ORDER_NOT_FOUND, RefusalReason.ORDER_FINISHED}


P = TypeVar("P", bound=Placing)
P_contra = TypeVar("P_contra", bound=Placing, contravariant=True)


class Send(Protocol[P_contra]):
    """As `PrivateRest.place_order`."""

    def __call__(
        self, command: P_contra, /, *, decided_ms: int, before_sending: Callable[[], None]
    ) -> Coroutine[Any, Any, Order]: ...


class _Sending:
    """One order between its intent and its turn under the venue's limits: it can still be called back."""

    __slots__ = ("client_order_id", "is_called_back")

    def __init__(self, client_order_id: str) -> None:
        self.client_order_id = client_order_id
        self.is_called_back = False

    def require_wanted(self) -> None:
        """Raises `CanceledBeforeSentError` once it has been called back."""
        if self.is_called_back:
            raise CanceledBeforeSentError("placing", self.client_order_id)


class OrderCommands:
    """Order commands of one account; only used inside its turns (R1)."""

    def __init__(
        self, context: AccountContext, reconciler: OrderReconciler, client_ids: ClientIds, intents: Intents
    ) -> None:
        self._context = context
        self._intents = intents
        self._reconciler = reconciler
        self._client_ids = client_ids
        self._log = _log.bind(account=context.name)
        self._when_answered: dict[OrderKey, list[tuple[CancelOrder, Reply[Any]]]] = {}
        self._sending: dict[str, _Sending] = {}
        self._lost = LostChanges(context, reconciler)
        self._amending: set[tuple[Symbol, str]] = set()

    # -- place ----------------------------------------------------------------------------------------------------

    def place(self, command: PlaceOrder, defer: Defer) -> None:
        """Checks, sets money aside, sends. Answered with the order as the exchange took it.

        Raises:
            KillSwitchError, NotLiveError, UnknownMarketError, InvalidValueError, InsufficientBalanceError,
            JournalError: refused here, nothing was sent.
        """
        context = self._context
        context.require_trading()
        rest = context.require_rest()
        context.state.funds.check(
            context.require_market(command.symbol),
            command.side,
            now_ms=context.server_now_ms(),
            reduce_only=command.reduce_only,
            quantity=command.quantity,
            quote_quantity=command.quote_quantity,
            price=command.price,
        )
        self.submit(command, rest.place_order, defer)

    def submit(self, command: P, send: Send[P], defer: Defer) -> None:
        """Sends a command that makes an order, once what is special to it was checked; see `place`."""
        context = self._context
        if command.client_order_id is not None:
            context.require_rest().capabilities.client_order_ids.require("client_order_id", command.client_order_id)
        if command.client_order_id is not None and self._is_taken(command.client_order_id):
            raise InvalidValueError("client_order_id", command.client_order_id, "an id that no other order of ours has")
        command = self._client_ids.assigned(command)
        client_order_id = str(command.client_order_id)
        self._intents.require_writable()
        pending = command.as_order(OrderStatus.PENDING)
        decided_ms = context.server_now_ms()
        context.state.begin_order(pending, context.state.funds.reservation_for(pending), decided_ms)
        arrives_by_ms = context.arrives_by_ms(decided_ms)
        intent = self._intents.begin(command, arrives_by_ms)
        reply = defer()
        self._intents.track(reply, "placing", client_order_id)
        self._reconciler.sent(client_order_id, decided_ms=decided_ms, arrives_by_ms=arrives_by_ms)
        sending = self._sending[client_order_id] = _Sending(client_order_id)
        started_s = context.monotonic_s()
        self._send(
            "place_order",
            OrderKey(command.symbol, None, client_order_id),
            intent.then(lambda: send(command, decided_ms=decided_ms, before_sending=sending.require_wanted)),
            lambda order: self._placed(command, intent, order, reply, started_s),
            lambda error: self._not_placed(command, intent, error, reply, started_s),
        )
        context.tell_order(pending)  # subscribers have their turn when the request has had its own

    def _placed(self, command: Placing, intent: Intent, report: Order, reply: Reply[Any], started_s: float) -> None:
        intent.ended()
        self._sending.pop(str(command.client_order_id), None)
        self._reconciler.answered(str(command.client_order_id))
        self._context.state.orders.of(command.symbol).acknowledge(str(command.client_order_id), report)
        order = self._context.apply_order(report, answers=command.client_order_id)
        self._time("order_placed", started_s, order)
        reply.set(order)

    def _not_placed(
        self, command: Placing, intent: Intent, error: Exception, reply: Reply[Any], started_s: float
    ) -> None:
        context, client_order_id = self._context, str(command.client_order_id)
        self._sending.pop(client_order_id, None)
        intent.ended(error)
        if isinstance(error, CERTAIN):
            self._reconciler.answered(client_order_id)
            if isinstance(error, VenueRefusedError):
                context.figures.rejected += 1
                reason = error.label
            else:
                context.figures.denied += 1
                reason = type(error).__name__
            context.tell_trouble(error)
            order = context.state.reject_order(command.symbol, client_order_id, reason)
            if order is not None:
                context.tell_order(order)
                self._time("order_refused", started_s, order)
            reply.set_error(error)
            return
        # Anything else, also a fault of ours in reading the answer, leaves the outcome open (R3).
        self._log.warning(
            "order_unresolved",
            symbol=str(command.symbol),
            client_order_id=client_order_id,
            error=str(error),
        )
        context.tell_trouble(error)
        order = context.state.mark_unresolved(command.symbol, client_order_id)
        if order is not None:
            context.tell_order(order)
        self.settle(intent, OrderKey(command.symbol, None, client_order_id))
        reply.set_error(UnresolvedOrderError("placing", client_order_id, str(error)))

    def settle(self, intent: Intent, order_key: OrderKey) -> None:
        """Asks the exchange about an order of unknown fate and files what it says; also for one of an earlier life."""

        def settled(order: Order | None) -> None:
            if order is not None and order.is_inferred and order.order_id is None:
                intent.settled(happened=False, detail=str(order.finish_reason))
            else:
                intent.settled(happened=order is not None and order.order_id is not None)

        self._reconciler.ask(order_key, settled)

    def settle_change(self, intent: Intent, command: CancelOrder | AmendOrder, arrives_by_ms: int) -> None:
        """Finds out how a cancel or an amend of an earlier life ended, and files it when that is certain."""
        self._lost.add(command, intent, arrives_by_ms)

    def call_back(self, order: Order) -> None:
        """Keeps an order of ours from being sent, if it has not left yet; else it is canceled when it is named."""
        sending = self._sending.get(str(order.client_order_id))
        if sending is not None:
            sending.is_called_back = True

    def cancel_named(self, order: Order) -> None:
        """Cancels an order that the exchange has named, for a cancel that covers more than this one."""
        command = CancelOrder(symbol=order.symbol, order_id=order.order_id, client_order_id=order.client_order_id)
        self._cancel_now(command, order, Reply(), is_asked=False)

    def has_changed(self, order: Order) -> None:
        """To be told of every order that has changed: a cancel waits until the exchange has named its order or it is
        certain that it never will, whoever brings the news."""
        self._lost.has_changed(order)
        if not self._when_answered or order.client_order_id is None:
            return
        if order.order_id is None and not order.is_finished:
            return
        waited_for = OrderKey(order.symbol, None, order.client_order_id)
        if waited_for in self._when_answered and self._context.state.is_about(order, waited_for):
            self._cancel_what_waited(self._when_answered.pop(waited_for), order)

    def _cancel_what_waited(self, waiting: list[tuple[CancelOrder, Reply[Any]]], order: Order) -> None:
        for command, reply in waiting:
            if order.is_finished:  # also where that is inferred: it was asked about just now
                reply.set(order)
            else:
                self._cancel_now(command, order, reply)

    # -- cancel ---------------------------------------------------------------------------------------------------

    def cancel(self, command: CancelOrder, defer: Defer) -> Order | None:
        """Cancels; passes in every sync state (R5). Answered with the order as it ended.

        An order that is still on its way is canceled as soon as the exchange has answered for it. One that the
        exchange no longer has open is looked up, to learn how it ended. Where the end is our own conclusion the cancel
        goes out all the same: the exchange may know better (R6).
        """
        context = self._context
        record = self._record(command.symbol, command.order_id, command.client_order_id)
        order = None if record is None else record.order
        if record is not None and record.order.is_finished and not record.is_inferred:
            return order
        context.require_rest()
        reply = defer()
        self._intents.track(reply, "canceling", command.client_order_id)
        if order is not None and order.is_open and order.order_id is None and order.client_order_id is not None:
            self.call_back(order)
            waits = UnresolvedOrderError("canceling", order.client_order_id, "its placing has not been answered")
            self._answer_in_time(reply, waits)
            self._when_answered.setdefault(OrderKey.of(order), []).append((command, reply))
        else:
            self._cancel_now(command, order, reply)
        return None

    def _cancel_now(
        self, command: CancelOrder, order: Order | None, reply: Reply[Any], *, is_asked: bool = True
    ) -> None:
        """``is_asked``: it is a command of somebody's, whose latency counts."""
        order_key = OrderKey.of(order or command)
        context = self._context
        rest, sent_ms = context.require_rest(), context.server_now_ms()
        started_s = context.monotonic_s() if is_asked else None
        intent = self._intents.begin_cancel(command, context.latest_arrival_ms(sent_ms, expires=False))
        self._send(
            "cancel_order",
            order_key,
            intent.then(lambda: rest.cancel_order(_cancel_of(order_key))),
            lambda report: self._canceled(intent, report, reply, started_s),
            lambda error: self._not_canceled(order_key, intent, error, reply),
        )

    def _canceled(self, intent: Intent, report: Order, reply: Reply[Any], started_s: float | None) -> None:
        intent.ended()
        order = self._context.apply_order(report)
        if started_s is not None:
            self._time("order_canceled", started_s, order)
        reply.set(order)

    def _not_canceled(self, order_key: OrderKey, intent: Intent, error: Exception, reply: Reply[Any]) -> None:
        intent.ended(error)
        lost = UnresolvedOrderError("canceling", order_key.client_order_id, str(error))
        if isinstance(error, VenueRefusedError) and error.reason in _ENDED:
            self._answer_in_time(reply, lost)
            self._reconciler.ask(
                order_key, lambda order: reply.set(order) if _has_ended(order) else reply.set_error(error)
            )
            return
        self._context.tell_trouble(error)
        if isinstance(error, CERTAIN):
            reply.set_error(error)
            return
        arrives_by_ms = self._context.latest_arrival_ms(self._context.server_now_ms(), expires=False)
        self._lost.add(_cancel_of(order_key), intent, arrives_by_ms)
        self._answer_in_time(reply, lost)

        def settled(order: Order | None) -> None:
            if _has_ended(order):
                reply.set(order)
            else:
                reply.set_error(lost)

        self._reconciler.ask(order_key, settled)

    # -- amend ----------------------------------------------------------------------------------------------------

    def amend(self, command: AmendOrder, defer: Defer) -> None:
        """Changes price or quantity; answered with the order as amended.

        Raises:
            KillSwitchError, NotLiveError, UnknownMarketError, UnsupportedError, InvalidValueError: refused here,
            nothing was sent.
        """
        context = self._context
        context.require_trading()
        rest = context.require_rest()
        rest.capabilities.require_amend()
        order = self._known(command.symbol, command.order_id, command.client_order_id)
        if order is None or order.order_id is None or order.is_finished:
            state = "unknown" if order is None else order.status.value
            raise InvalidValueError("order_id", command.order_id or command.client_order_id, f"open, but it is {state}")
        if (order.symbol, order.order_id) in self._amending or self._lost.has_amend_of(order):
            # Of two under way at once nobody could say which was the later one, nor how a lost one ended.
            name = command.order_id or command.client_order_id
            raise InvalidValueError("order_id", name, "an order without an earlier amend that may still arrive")
        context.state.funds.check(
            context.require_market(command.symbol),
            order.side,
            now_ms=context.server_now_ms(),
            reduce_only=order.reduce_only,
            quantity=command.quantity or order.quantity,
            quote_quantity=None,
            price=command.price or order.price,
        )
        order_key = OrderKey.of(order or command)
        sent = AmendOrder(
            symbol=command.symbol,
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            quantity=command.quantity,
            price=command.price,
        )
        decided_ms = context.server_now_ms()
        after_ms = max(decided_ms, order.updated_ms + 1)  # also while the exchange's clock stands still
        arrives_by_ms = context.latest_arrival_ms(decided_ms)
        intent = self._intents.begin(sent, arrives_by_ms)
        reply = defer()
        self._intents.track(reply, "amending", order.client_order_id)
        self._amending.add((order.symbol, order.order_id))
        started_s = context.monotonic_s()
        self._send(
            "amend_order",
            order_key,
            intent.then(lambda: rest.amend_order(sent, decided_ms=decided_ms)),
            lambda report: self._amended(sent, intent, report, reply, started_s, after_ms=after_ms),
            lambda error: self._not_amended(order_key, sent, intent, error, reply),
        )

    def _amended(
        self,
        command: AmendOrder,
        intent: Intent,
        report: Order,
        reply: Reply[Any],
        started_s: float,
        *,
        after_ms: int,
    ) -> None:
        """``after_ms``: the exchange's clock when it was sent: what was known of the order then is older."""
        intent.ended()
        self._amending.discard((command.symbol, str(command.order_id)))
        order = self._context.apply_order(report, after_ms)
        self._time("order_amended", started_s, order)
        reply.set(order)

    def _not_amended(
        self, order_key: OrderKey, command: AmendOrder, intent: Intent, error: Exception, reply: Reply[Any]
    ) -> None:
        self._context.tell_trouble(error)
        intent.ended(error)
        self._amending.discard((command.symbol, str(command.order_id)))
        if isinstance(error, CERTAIN):
            if isinstance(error, VenueRefusedError) and error.reason in _ENDED:
                self._reconciler.ask(order_key)
            reply.set_error(error)
            return
        self._lost.add(command, intent, self._context.latest_arrival_ms(self._context.server_now_ms()))
        lost = UnresolvedOrderError("amending", order_key.client_order_id, str(error))
        self._answer_in_time(reply, lost)

        def settled(order: Order | None) -> None:
            if order is not None and order.is_open and is_amended(order, command):
                reply.set(order)
            else:
                reply.set_error(lost)

        self._reconciler.ask(order_key, settled)

    def _answer_in_time(self, reply: Reply[Any], error: UnresolvedOrderError) -> None:
        """Whoever asked is not kept waiting for as long as the exchange may take to tell; the account finds out."""
        self._context.later(self._context.settings.cancel_patience_s, lambda: reply.set_error(error))

    def _send(
        self,
        what: str,
        order_key: OrderKey,
        work: Coroutine[Any, Any, Order],
        answered: Callable[[Order], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Sends a command. Its order is not dropped for room before the answer was taken in: it would be told as one
        that the exchange does not have (R4)."""
        orders, names = self._context.state.orders, (order_key.symbol, order_key.order_id, order_key.client_order_id)

        def then(report: Order) -> None:
            try:
                answered(report)
            finally:
                orders.release(*names)

        def not_done(error: Exception) -> None:
            try:
                failed(error)
            finally:
                orders.release(*names)

        orders.hold(*names)
        self._context.io(what, work, then, not_done)

    # -- helpers --------------------------------------------------------------------------------------------------

    def _is_taken(self, client_order_id: str) -> bool:
        """Whether any order of the account has this id, in whichever market: venues keep ids by account."""
        every_market = self._context.state.orders.symbols()
        return any(orders.find(None, client_order_id) is not None for _, orders in every_market)

    def _known(self, symbol: Symbol, order_id: str | None, client_order_id: str | None) -> Order | None:
        record = self._record(symbol, order_id, client_order_id)
        return None if record is None else record.order

    def _record(self, symbol: Symbol, order_id: str | None, client_order_id: str | None) -> OrderRecord | None:
        return self._context.state.orders.find(symbol, order_id, client_order_id)

    def _time(self, event: str, started_s: float, order: Order) -> None:
        elapsed_ms = (self._context.monotonic_s() - started_s) * 1000
        self._context.figures.command_latency.add(elapsed_ms)
        self._log.debug(
            event,
            symbol=str(order.symbol),
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            status=order.status.value,
            elapsed_ms=round(elapsed_ms, 3),
        )


def _cancel_of(order_key: OrderKey) -> CancelOrder:
    return CancelOrder(symbol=order_key.symbol, order_id=order_key.order_id, client_order_id=order_key.client_order_id)


def _has_ended(order: Order | None) -> bool:
    """Whether the exchange itself has said so: what we only inferred is no answer to a cancel."""
    return order is not None and order.is_finished and not order.is_inferred
