"""Orders that wait for a price, of the last trade or another one: placed when it is reached."""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.orders import NewOrder, Trade
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.scheduling import Cancellable, Schedule

KEPT_ENDED = 1_000


class Rule(enum.Enum):
    """Where the last price must be."""

    AT_LEAST = ">="
    AT_MOST = "<="


class PriceSource(enum.Enum):
    """Which price it waits for."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class TriggerStatus(enum.Enum):
    """What became of it."""

    OPEN = "open"
    CANCELLED = "cancelled"
    FINISHED = "finish"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(slots=True, kw_only=True)
class Trigger:
    """One waiting order. ``order_id``: of the order that it became, 0 until then; ``reason``: why it failed.

    ``expires_s`` 0: it waits for ever. ``kind``: what its client calls it, where a venue tells kinds apart.
    ``one_leg``: it closes one of two positions that are held side by side.
    """

    id: int
    account: str
    price: Decimal
    rule: Rule
    expires_s: int
    new: NewOrder
    text: str
    created_ms: int
    status: TriggerStatus = TriggerStatus.OPEN
    ended_ms: int = 0
    order_id: int = 0
    reason: str = ""
    timer: Cancellable | None = None
    source: PriceSource = PriceSource.LAST
    kind: str = ""
    one_leg: bool = False

    def is_reached(self, price: Decimal) -> bool:
        """Whether a trade at this price sets it off."""
        return price >= self.price if self.rule is Rule.AT_LEAST else price <= self.price


class Triggers(Listener):
    """All price-triggered orders of an exchange."""

    def __init__(self, engine: Engine, *, now_ms: Callable[[], int], schedule: Schedule) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._schedule = schedule
        self._open: dict[int, Trigger] = {}
        self._ended: deque[Trigger] = deque(maxlen=KEPT_ENDED)
        self._last_id = 0

    def add(
        self,
        account: str,
        new: NewOrder,
        *,
        price: Decimal,
        rule: Rule,
        expires_s: int,
        text: str,
        source: PriceSource = PriceSource.LAST,
        kind: str = "",
        one_leg: bool = False,
    ) -> Trigger:
        """Takes one; it waits for the next trade, whatever the price is now. Raises ``RefusedError``: no such pair."""
        self._engine.market(new.pair)
        self._last_id += 1
        trigger = Trigger(
            id=self._last_id,
            account=account,
            price=price,
            rule=rule,
            expires_s=expires_s,
            new=new,
            text=text,
            created_ms=self._now_ms(),
            source=source,
            kind=kind,
            one_leg=one_leg,
        )
        self._open[trigger.id] = trigger
        if expires_s:
            trigger.timer = self._schedule(expires_s, lambda: self._end(trigger, TriggerStatus.EXPIRED))
        return trigger

    def of(self, account: str, *, is_open: bool) -> list[Trigger]:
        """Those of an account, newest first."""
        found = self._open.values() if is_open else self._ended
        return sorted((each for each in found if each.account == account), key=lambda each: -each.id)

    def find(self, account: str, number: int) -> Trigger | None:
        """One of an account, by its number."""
        everywhere = (*self._open.values(), *self._ended)
        return next((each for each in everywhere if (each.account, each.id) == (account, number)), None)

    def cancel(self, trigger: Trigger) -> bool:
        """Ends one that waits; False when it has ended before."""
        if trigger.status is not TriggerStatus.OPEN:
            return False
        self._end(trigger, TriggerStatus.CANCELLED)
        return True

    def on_trade(self, trade: Trade) -> None:
        self.note(trade.pair, PriceSource.LAST, trade.price)

    def note(self, pair: str, source: PriceSource, price: Decimal) -> None:
        """Takes in a price: what waits for it is placed as soon as the engine is done."""
        for trigger in [each for each in self._open.values() if (each.new.pair, each.source) == (pair, source)]:
            if trigger.is_reached(price):
                del self._open[trigger.id]  # no later trade sets it off again
                self._schedule(0.0, partial(self._fire, trigger))  # the engine is not to be called back

    def on_delisted(self, pair: str) -> None:
        for trigger in [each for each in self._open.values() if each.new.pair == pair]:
            self._end(trigger, TriggerStatus.CANCELLED)

    def _fire(self, trigger: Trigger) -> None:
        try:
            trigger.order_id = self._engine.place(trigger.account, trigger.new).id
        except RefusedError as refused:
            trigger.reason = refused.message
            self._end(trigger, TriggerStatus.FAILED)
        else:
            self._end(trigger, TriggerStatus.FINISHED)

    def _end(self, trigger: Trigger, status: TriggerStatus) -> None:
        self._open.pop(trigger.id, None)
        if trigger.timer is not None:
            trigger.timer.cancel()
        trigger.status, trigger.ended_ms = status, self._now_ms()
        self._ended.append(trigger)
