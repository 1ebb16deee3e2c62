"""Asking the exchange about orders whose fate what we heard does not settle (R3, R6).

A doubt is asked about until the exchange answers: by the exchange's id, else by our client id, and where that finds
nothing in its complete lists. No answer is ever guessed. What queries say may be a while behind the trading
(`PrivateRest.query_lag_ms`), so that "no such order" means "not yet" until it was asked late enough, and what is
concluded from it then is the weakest word there is: whatever the exchange tells later stands over it.
"""

from collections import deque
from functools import partial
from typing import Final

import structlog

from actors.account.context import AccountContext
from actors.account.orders.evidence import Evidence
from actors.account.orders.inquiry import Failed, Inquiry, Settled, Unsure, taken
from actors.account.orders.lists import Listed, MarketLists, load_lists
from actors.account.state import OrderKey
from exchanges.base.clients import PrivateRest
from messages.commands import GetOrder
from messages.errors import LocalRefusalError, RefusalReason, VenueRefusedError
from messages.order import Fill, Order
from messages.symbol import Symbol

_AT_ONCE: Final = 8
"""Look-ups under way together: with more the account would use up its rate limit for itself."""
_FEW: Final = 10
"""With more doubts than this lists are asked first: one query tells of many orders."""
_GATHER_S: Final = 0.02
"""Lists wait so long for other orders in doubt: what ends one pause ends many."""
_TOO_MUCH: Final = frozenset({RefusalReason.RATE_LIMIT, RefusalReason.OVERLOADED})
_log: Final = structlog.get_logger("teller.account")


class OrderReconciler:
    """Keeps one inquiry for each doubtful order, however many want to know; only used inside the account's turns."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._evidence = Evidence(context)
        self._inquiries: dict[OrderKey, Inquiry] = {}
        self._inconsistent_before: dict[OrderKey, None] = {}
        self._look_ups = 0
        self._for_look_up: deque[Inquiry] = deque()
        self._for_lists: dict[Inquiry, None] = {}
        self._are_lists_loading = False

    @property
    def open_count(self) -> int:
        return len(self._inquiries)

    def sent(self, client_order_id: str, *, decided_ms: int, arrives_by_ms: int) -> None:
        """An order is on its way since ``decided_ms``: up to ``arrives_by_ms`` "no such order" may only mean "not
        yet". Both by the exchange's clock, unix milliseconds."""
        self._evidence.sent(client_order_id, decided_ms=decided_ms, arrives_by_ms=arrives_by_ms)

    def sent_before(self, client_order_id: str, *, since_ms: int, arrives_by_ms: int) -> None:
        """The same of an order of an earlier life, not decided on before ``since_ms``."""
        self._evidence.sent_before(client_order_id, since_ms=since_ms, arrives_by_ms=arrives_by_ms)

    def answered(self, client_order_id: str) -> None:
        """The answer to that order came."""
        self._evidence.answered(client_order_id)

    def ask(
        self,
        order_key: OrderKey,
        settled: Settled | None = None,
        failed: Failed | None = None,
        unsure: Unsure | None = None,
    ) -> None:
        """Asks until the exchange answers, then calls ``settled``; joins an inquiry that is under way.

        ``failed``: called once when a question does not get an answer. ``unsure``: called once when the exchange has
        answered, and its answer may still change. It is asked again all the same.
        """
        inquiry = self._inquiries.get(order_key)
        if inquiry is None:
            record, now_ms = self._evidence.record(order_key), self._context.server_now_ms()
            awaits_arrival = record is None or not record.is_acknowledged
            inquiry = self._inquiries[order_key] = Inquiry(order_key, now_ms, awaits_arrival=awaits_arrival)
            # What is told meanwhile is the answer, and must be known when it is asked for.
            self._context.state.orders.hold(order_key.symbol, order_key.order_id, order_key.client_order_id)
        if settled is not None:
            inquiry.waiting.append(settled)
        if failed is not None:
            inquiry.failed.append(failed)
        if unsure is not None:
            inquiry.unsure.append(unsure)
        if not inquiry.attempts or failed is not None or unsure is not None:
            self._attempt(inquiry)

    def hurry(self) -> None:
        """Asks again at once about everything open: the link is back."""
        for inquiry in list(self._inquiries.values()):
            inquiry.attempts = 0
            self._attempt(inquiry)

    def has_changed(self, order: Order) -> None:
        """To be told of every order that has changed: one that was asked about may have arrived."""
        if self._inquiries and order.order_id is not None:
            inquiry = self._inquiries.get(OrderKey(order.symbol, None, order.client_order_id))
            if inquiry is not None and inquiry.awaits_arrival:
                self._context.later(0.0, partial(self._attempt, inquiry))

    def query_inconsistent(self) -> None:
        """Asks about orders that were odd at the last look already: what merely was under way has arrived by now."""
        odd = dict.fromkeys(self._context.state.inconsistent_orders())
        for order_key in odd:
            if order_key in self._inconsistent_before:
                self.ask(order_key)
        self._inconsistent_before = odd

    @property
    def has_inconsistent(self) -> bool:
        return bool(self._inconsistent_before)

    # -- one attempt --------------------------------------------------------------------------------------------------

    def _attempt(self, inquiry: Inquiry) -> None:
        if inquiry.is_asking or self._inquiries.get(inquiry.order_key) is not inquiry:
            return
        if self._has_arrived(inquiry):
            return
        if self._context.rest is None:
            self._again_later(inquiry)
            return
        inquiry.begin_attempt()
        if len(self._inquiries) > _FEW or inquiry.is_refused:
            self._want_lists(inquiry)
        else:
            self._want_look_up(inquiry)

    def _has_arrived(self, inquiry: Inquiry) -> bool:
        """Whether the exchange has told of an order by itself since it was asked about: that is the answer."""
        record = self._evidence.record(inquiry.order_key)
        if not inquiry.awaits_arrival or record is None or not record.is_acknowledged:
            return False
        self._settle(inquiry, record.order)
        return True

    def _again_later(self, inquiry: Inquiry) -> None:
        settings = self._context.settings
        delay_s = min(settings.lookup_first_s * 2 ** min(inquiry.attempts, 16), settings.lookup_max_s)
        self._context.later(delay_s, partial(self._due, inquiry, inquiry.begin_wait()))

    def _due(self, inquiry: Inquiry, wait: int) -> None:
        if inquiry.wait == wait:
            self._attempt(inquiry)

    def _failed(self, inquiry: Inquiry, error: Exception) -> None:
        """A question about it got no answer. Told once for each cause, however often it is asked again."""
        if inquiry.trouble != str(error):
            inquiry.trouble = str(error)
            _log.warning(
                "order_look_up_failed",
                account=self._context.name,
                symbol=str(inquiry.order_key.symbol),
                order_id=inquiry.order_key.order_id,
                client_order_id=inquiry.order_key.client_order_id,
                attempts=inquiry.attempts,
                error=inquiry.trouble,
            )
        if not isinstance(error, LocalRefusalError):
            for failed in taken(inquiry.failed):
                failed(error)
        self._again_later(inquiry)

    def _not_yet(self, inquiry: Inquiry) -> None:
        for unsure in taken(inquiry.unsure):
            unsure()
        self._again_later(inquiry)

    # -- by its ids ---------------------------------------------------------------------------------------------------

    def _want_look_up(self, inquiry: Inquiry) -> None:
        self._for_look_up.append(inquiry)
        self._look_up_next()

    def _look_up_next(self) -> None:
        rest = self._context.require_rest()
        while self._for_look_up and self._look_ups < _AT_ONCE:
            inquiry = self._for_look_up.popleft()
            asked, asked_ms = self._by_best_ids(inquiry.order_key), self._context.server_now_ms()
            self._look_ups += 1
            self._context.io(
                "look_up_order",
                look_up(rest, asked),
                partial(self._looked_up, inquiry, asked, asked_ms),
                partial(self._not_looked_up, inquiry),
            )

    def _not_looked_up(self, inquiry: Inquiry, error: Exception) -> None:
        self._look_ups -= 1
        self._context.tell_trouble(error)
        # Lists may tell what this question may not; who has asked too much is not to ask more.
        inquiry.is_refused = isinstance(error, VenueRefusedError) and error.reason not in _TOO_MUCH
        self._failed(inquiry, error)
        self._look_up_next()

    def _looked_up(
        self, inquiry: Inquiry, asked: OrderKey, asked_ms: int, found: tuple[Order | None, tuple[Fill, ...]]
    ) -> None:
        self._look_ups -= 1
        inquiry.is_refused = False
        order, fills = found
        for fill in fills:
            self._context.apply_fill(fill)
        if order is not None and self._evidence.is_another(inquiry, order):
            order = None
        if order is None or not self._apply(inquiry, order, asked, asked_ms):
            self._denied(inquiry, asked, asked_ms)
        self._look_up_next()

    def _denied(self, inquiry: Inquiry, asked: OrderKey, asked_ms: int) -> None:
        """The exchange, asked at ``asked_ms`` of its clock, said that it knows no such order."""
        record = self._evidence.record(inquiry.order_key)
        if self._has_arrived(inquiry):
            return
        if record is None and self._evidence.first_fill_ms(asked) is None:
            # Neither side knows of it.
            self._conclude(inquiry, asked_ms)
        elif record is not None and record.is_inferred:
            # What was concluded before is only said again.
            self._conclude(inquiry, asked_ms)
        elif record is not None and record.order.is_finished:
            self._settle(inquiry, record.order)
        else:
            inquiry.denied_ms = asked_ms
            is_late_enough = self._evidence.counts(inquiry, asked_ms)
            if is_late_enough or self._evidence.must_watch(inquiry):
                self._want_lists(inquiry)
            else:
                self._not_yet(inquiry)

    def _apply(self, inquiry: Inquiry, report: Order, asked: OrderKey, as_of_ms: int) -> bool:
        """Takes in the answer; False where it is about an earlier order of that client id: ours is not there."""
        order = self._context.apply_order(report, as_of_ms, answers=asked.client_order_id)
        if not self._context.state.is_about(report, inquiry.order_key):
            return False
        self._settle(inquiry, order)
        return True

    # -- by lists -----------------------------------------------------------------------------------------------------

    def _want_lists(self, inquiry: Inquiry) -> None:
        """Lists that are loading already may be older than what was heard of this order: it waits for the next."""
        if not self._for_lists:
            self._context.later(_GATHER_S, self._load_lists)
        self._for_lists[inquiry] = None

    def _load_lists(self) -> None:
        if self._are_lists_loading or not self._for_lists:
            return
        rest = self._context.require_rest()
        inquiries, self._for_lists = list(self._for_lists), {}
        since_ms: dict[Symbol, int] = {}
        for inquiry in inquiries:
            symbol, since = inquiry.order_key.symbol, self._evidence.since_ms(inquiry)
            since_ms[symbol] = min(since_ms.get(symbol, since), since)
        self._are_lists_loading = True
        self._context.io(
            "load_lists",
            load_lists(self._context.account_wide(), rest, since_ms),
            partial(self._lists_loaded, inquiries, self._context.server_now_ms()),
            partial(self._lists_not_loaded, inquiries),
        )

    def _lists_not_loaded(self, inquiries: list[Inquiry], error: Exception) -> None:
        self._are_lists_loading = False
        self._context.tell_trouble(error)
        for inquiry in inquiries:
            self._failed(inquiry, error)
        self._load_lists()

    def _lists_loaded(self, inquiries: list[Inquiry], asked_ms: int, listed: Listed) -> None:
        self._are_lists_loading = False
        for inquiry in inquiries:
            self._look_in(inquiry, asked_ms, listed)
        self._load_lists()

    def _look_in(self, inquiry: Inquiry, asked_ms: int, listed: Listed) -> None:
        order_key, market = self._by_best_ids(inquiry.order_key), listed.markets[inquiry.order_key.symbol]
        since_ms = self._evidence.since_ms(inquiry)
        fills = [fill for fill in listed.fills_of(order_key) if fill.time_ms >= since_ms]
        for fill in fills:
            self._context.apply_fill(fill)
        report = next(
            (order for order in listed.orders_of(order_key) if not self._evidence.is_another(inquiry, order)), None
        )
        if report is not None and self._apply(inquiry, report, order_key, asked_ms):
            return
        if fills and order_key.order_id is None and self._by_best_ids(order_key).order_id is not None:
            # Now by the id that they name.
            self._want_look_up(inquiry)
        elif market.error is not None:
            self._failed(inquiry, market.error)
        else:
            self._not_listed(inquiry, asked_ms, market)

    def _not_listed(self, inquiry: Inquiry, asked_ms: int, market: MarketLists) -> None:
        """Complete lists, asked for at ``asked_ms`` of the exchange's clock, lack the order."""
        record, lag_ms = self._evidence.record(inquiry.order_key), self._context.require_rest().query_lag_ms
        is_watched = not market.is_gone and self._evidence.watch(inquiry, asked_ms)
        if not self._evidence.counts(inquiry, asked_ms):
            self._not_yet(inquiry)
        elif record is None or record.is_acknowledged:
            if self._evidence.counts(inquiry, inquiry.denied_ms):
                self._conclude(inquiry, asked_ms)
            else:
                self._want_look_up(inquiry)
        elif inquiry.not_open_ms is None:
            # What ended until now is in every list a lag later.
            inquiry.not_open_ms = self._context.server_now_ms()
            self._not_yet(inquiry)
        elif asked_ms <= inquiry.not_open_ms + lag_ms:
            self._not_yet(inquiry)
        else:
            self._conclude(inquiry, asked_ms, may_have_ended=not is_watched)

    def _conclude(self, inquiry: Inquiry, asked_ms: int, *, may_have_ended: bool = False) -> None:
        order_key, state = self._by_best_ids(inquiry.order_key), self._context.state
        concluded = state.conclude_unknown(order_key, asked_ms, may_have_ended=may_have_ended)
        if concluded is not None:
            self._context.tell_order(concluded)
        self._settle(inquiry, state.find(order_key))

    # -- the end ------------------------------------------------------------------------------------------------------

    def _by_best_ids(self, order_key: OrderKey) -> OrderKey:
        """The same order by all ids that are known by now."""
        known = self._context.state.find(order_key)
        return order_key if known is None else OrderKey(order_key.symbol, known.order_id, known.client_order_id)

    def _settle(self, inquiry: Inquiry, order: Order | None) -> None:
        order_key = inquiry.order_key
        del self._inquiries[order_key]
        if order_key.client_order_id is not None:
            self.answered(order_key.client_order_id)
        _log.info(
            "order_settled",
            account=self._context.name,
            symbol=str(order_key.symbol),
            order_id=order_key.order_id,
            client_order_id=order_key.client_order_id,
            status="unknown_to_the_exchange" if order is None else order.status.value,
            finish_reason=None if order is None else order.finish_reason,
            attempts=inquiry.attempts,
        )
        for settled in inquiry.waiting:
            settled(order)
        self._context.state.orders.release(order_key.symbol, order_key.order_id, order_key.client_order_id)


async def look_up(rest: PrivateRest, order_key: OrderKey) -> tuple[Order | None, tuple[Fill, ...]]:
    """The order by its ids, and where the exchange does not know it the fills of that id."""
    try:
        order = await rest.get_order(
            GetOrder(symbol=order_key.symbol, order_id=order_key.order_id, client_order_id=order_key.client_order_id)
        )
        if order is not None or order_key.order_id is None:
            return order, ()
        return None, (await rest.load_fills(order_key.symbol, order_id=order_key.order_id)).fills
    except VenueRefusedError as error:
        # Of an order that it does not know it may refuse the fills, too; of a market that is gone, everything.
        if error.reason not in {RefusalReason.ORDER_NOT_FOUND, RefusalReason.UNKNOWN_SYMBOL}:
            raise
        return None, ()
