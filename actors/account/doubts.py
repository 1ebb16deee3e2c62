"""Asking the exchange about orders whose fate what we heard does not settle (R3, R6).

A doubt is asked about until the exchange answers: by the exchange's id, else by our client id, else by the fills. No
answer is ever guessed; "no such order" is believed only when it can no longer arrive late.
"""

from collections.abc import Callable
from typing import Final

import structlog

from actors.account.context import AccountContext
from actors.account.state import Doubt
from exchanges.base.clients import PrivateRest
from messages.commands import GetOrder
from messages.enums import OrderStatus
from messages.errors import WeRefusedError
from messages.order import Fill, Order

Settled = Callable[[Order | None], None]
"""Called in a turn of the account with the order as now known, or None when the exchange knows no such order."""

Failed = Callable[[Exception], None]
"""Called in a turn of the account with what kept the exchange from answering."""

_log: Final = structlog.get_logger("teller.account")


class _Inquiry:
    """One doubt being asked about."""

    __slots__ = ("asking", "attempts", "doubt", "failed", "waiting")

    def __init__(self, doubt: Doubt) -> None:
        self.doubt = doubt
        self.attempts = 0
        self.asking = False
        self.waiting: list[Settled] = []
        self.failed: list[Failed] = []


class DoubtDesk:
    """Keeps one inquiry for each doubtful order, however many want to know."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._inquiries: dict[Doubt, _Inquiry] = {}
        self._arrives_by_ms: dict[str, int] = {}
        self._odd_before: dict[Doubt, None] = {}

    @property
    def open_count(self) -> int:
        return len(self._inquiries)

    def sent(self, client_order_id: str, arrives_by_ms: int) -> None:
        """An order is on its way: up to ``arrives_by_ms`` of the exchange's clock "no such order" may only mean "not
        yet"."""
        self._arrives_by_ms[client_order_id] = arrives_by_ms

    def answered(self, client_order_id: str) -> None:
        """The answer to that order came."""
        self._arrives_by_ms.pop(client_order_id, None)

    def ask(self, doubt: Doubt, settled: Settled | None = None, failed: Failed | None = None) -> None:
        """Asks until the exchange answers, then calls ``settled``; joins an inquiry that is under way.

        ``failed``: called once when a look-up does not get an answer; the exchange is asked again all the same.
        """
        inquiry = self._inquiries.get(doubt)
        if inquiry is None:
            inquiry = self._inquiries[doubt] = _Inquiry(doubt)
            self._attempt(inquiry)
        if settled is not None:
            inquiry.waiting.append(settled)
        if failed is not None:
            inquiry.failed.append(failed)

    def hurry(self) -> None:
        """Asks again at once about everything open: the link is back."""
        for inquiry in list(self._inquiries.values()):
            inquiry.attempts = 0
            self._attempt(inquiry)

    def look_for_oddities(self) -> None:
        """Asks about orders that were odd at the last look already: what merely was under way has arrived by now."""
        odd = dict.fromkeys(self._context.state.doubts())
        for doubt in odd:
            if doubt in self._odd_before:
                self.ask(doubt)
        self._odd_before = odd

    @property
    def has_oddities(self) -> bool:
        return bool(self._odd_before)

    def _attempt(self, inquiry: _Inquiry) -> None:
        if inquiry.asking or self._inquiries.get(inquiry.doubt) is not inquiry:
            return
        rest = self._context.rest
        if rest is None:
            self._again_later(inquiry)
            return
        inquiry.asking = True
        inquiry.attempts += 1
        asked, asked_ms = self._by_best_ids(inquiry.doubt), self._context.server_now_ms()
        self._context.io(
            "look_up_order",
            _look_up(rest, asked),
            lambda found: self._answered(inquiry, asked, asked_ms, *found),
            lambda error: self._failed(inquiry, error),
        )

    def _failed(self, inquiry: _Inquiry, error: Exception) -> None:
        inquiry.asking = False
        _log.warning(
            "order_look_up_failed",
            account=self._context.name,
            symbol=str(inquiry.doubt.symbol),
            order_id=inquiry.doubt.order_id,
            client_order_id=inquiry.doubt.client_order_id,
            attempts=inquiry.attempts,
            error=str(error),
        )
        self._context.tell_trouble(error)
        if not isinstance(error, WeRefusedError):
            for failed in inquiry.failed:
                failed(error)
            inquiry.failed.clear()
        self._again_later(inquiry)

    def _by_best_ids(self, doubt: Doubt) -> Doubt:
        """The same order by all ids that are known by now."""
        known = self._context.state.find(doubt)
        return doubt if known is None else Doubt(doubt.symbol, known.order_id, known.client_order_id)

    def _answered(
        self, inquiry: _Inquiry, asked: Doubt, asked_ms: int, order: Order | None, fills: tuple[Fill, ...]
    ) -> None:
        inquiry.asking = False
        context, doubt = self._context, inquiry.doubt
        for fill in fills:
            context.hear_fill(fill)
        if order is not None:
            context.hear_order(order, asked_ms, answers=asked.client_order_id)
            if not context.state.is_about(order, doubt):
                order = None  # an earlier order of that client id: ours is not there
        # The exchange may have named the order while the question was on its way: then the answer is older than that.
        is_outdated = self._by_best_ids(doubt) != asked
        if order is None and (is_outdated or self._could_arrive_later(doubt, asked_ms)):
            self._again_later(inquiry)
            return
        if order is None:
            known = context.state.conclude_unknown(asked, asked_ms)
            if known is not None:
                context.tell_order(known)
        del self._inquiries[doubt]
        if doubt.client_order_id is not None:
            self.answered(doubt.client_order_id)
        record = context.state.orders.find(doubt.symbol, doubt.order_id, doubt.client_order_id)
        _log.info(
            "order_settled",
            account=context.name,
            symbol=str(doubt.symbol),
            order_id=doubt.order_id,
            client_order_id=doubt.client_order_id,
            status=record.order.status.value if record is not None else "unknown_to_the_exchange",
            attempts=inquiry.attempts,
        )
        for settled in inquiry.waiting:
            settled(order if record is None else record.order)

    def _could_arrive_later(self, doubt: Doubt, asked_ms: int) -> bool:
        """Whether an order that the exchange did not know could have arrived after it was asked, at ``asked_ms``."""
        record = self._context.state.orders.find(doubt.symbol, doubt.order_id, doubt.client_order_id)
        if record is None or record.is_acknowledged or doubt.client_order_id is None:
            return False
        if record.order.status is OrderStatus.PENDING:
            return True
        arrives_by_ms = self._arrives_by_ms.get(doubt.client_order_id)
        return arrives_by_ms is not None and asked_ms <= arrives_by_ms

    def _again_later(self, inquiry: _Inquiry) -> None:
        settings = self._context.settings
        delay_s = min(settings.lookup_first_s * 2 ** min(inquiry.attempts, 16), settings.lookup_max_s)
        self._context.later(delay_s, lambda: self._attempt(inquiry))


async def _look_up(rest: PrivateRest, doubt: Doubt) -> tuple[Order | None, tuple[Fill, ...]]:
    """The order by its ids, and where the exchange no longer knows it, what its fills say."""
    order = await rest.get_order(
        GetOrder(symbol=doubt.symbol, order_id=doubt.order_id, client_order_id=doubt.client_order_id)
    )
    if order is not None:
        return order, ()
    if doubt.order_id is not None:
        return None, await rest.load_fills(doubt.symbol, order_id=doubt.order_id)
    fills = tuple(fill for fill in await rest.load_fills(doubt.symbol) if fill.client_order_id == doubt.client_order_id)
    if not fills:
        return None, ()
    return await rest.get_order(GetOrder(symbol=doubt.symbol, order_id=fills[0].order_id)), fills
