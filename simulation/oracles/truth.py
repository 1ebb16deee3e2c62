"""R5 while it storms: an account that has been live for a while without a break knows, has told and says all that is
older than that while; one that is not live says so.

The while is what an account needs to notice what its socket did not tell: a check, and the time-outs of its queries.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import Final

from actors.runtime import Reply
from exchanges.simulator.core.engine import FIRST_ORDER_ID
from exchanges.simulator.core.orders import Finish
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID, MADE_UP_CURRENCY
from messages.commands import Command, GetSnapshot
from messages.order import Order
from messages.snapshot import AccountSnapshot
from simulation.oracles.book_history import BookHistory, OrderState
from simulation.oracles.check import client_id_of
from simulation.oracles.ids import number_of_order
from simulation.oracles.markets import symbol_of
from simulation.oracles.oracle import Oracle
from simulation.oracles.watcher import Told

Ask = Callable[[str, Command], "Reply[AccountSnapshot] | None"]
"""Asks an account, by its name; None while there is nobody to ask."""

_SETTLED_S: Final = 1.0
"""So long after a change of state the event of it may be on its way to whom it is told."""
_ON_ITS_WAY_S: Final = 5.0
"""What a push may take that is only late, and a clock may be wrong."""
_CLOCK_MS: Final = 2_000
"""By so much an account may be wrong about the exchange's clock."""
_NOTHING: Final = (Decimal(0), Decimal(0))


class Truth(Oracle):
    """Compares what accounts have told and what they say with what the books said ``bound_s`` ago, and since."""

    def __init__(
        self,
        *,
        history: BookHistory,
        told: dict[str, Told],
        names: Iterable[str],
        ask: Ask,
        now_s: Callable[[], float],
        venue_ms: Callable[[], int],
        bound_s: float,
        proven_within_s: float,
        balances_lag_s: float = 0.0,
        loses_frames: bool = True,
        may_be_unreadable: bool = False,
        lag_s: float = 0.0,
        later: Callable[[float, Callable[[], None]], object],
        to_the_letter: bool = False,
        lost_for_good: Callable[[BookedOrder], bool] = lambda _: False,
    ) -> None:
        """``now_s``: virtual. ``venue_ms``: the exchange's clock, unix milliseconds. ``bound_s``: the while.
        ``proven_within_s``: whoever is live has been found to agree with the exchange in this while, events apart.
        ``balances_lag_s``: by so much longer a balance may stay what an event said, for an account that reckons with
        lists that lag.
        ``loses_frames``: what happens may not be told by a socket, without a sign of it.
        ``may_be_unreadable``: nor may a frame or a row that tells it be one that an account can read.
        ``lag_s``: by so much what proves it may lag.
        ``later``: runs something after so many seconds.
        ``to_the_letter``: a live snapshot was so at its ``true_at_ms``, give or take what messages may take.
        ``lost_for_good``: the journal may have lost an order, and nothing is left to find it by once it has ended."""
        self._history = history
        self._told = told
        self._ask = ask
        self._now_s = now_s
        self._venue_ms = venue_ms
        self._bound_s = bound_s
        self._proven_within_s = proven_within_s
        self._balances_lag_s = balances_lag_s
        self._loses_frames = loses_frames
        self._may_be_unreadable = may_be_unreadable
        self._lag_s = lag_s
        self._later = later
        self._to_the_letter = to_the_letter
        self._lost_for_good = lost_for_good
        self._accounts = {name: _Account() for name in names}
        self._found: list[str] = []
        self._clock: tuple[float, float] | None = None
        self._clock_moved_s = 0.0
        self._life = 0

    def begin_life(self) -> None:
        """What the last one was asked is of no interest any more."""
        self._life += 1

    def look(self) -> Iterator[str]:
        yield from self._take_found()
        now_s = self._now_s()
        self._watch_clock(now_s)
        for name, account in self._accounts.items():
            told = self._told[name]
            if told.live_since_s is not None:
                account.live_ms = self._venue_ms()
            if self._is_bound(told, now_s):
                yield from self._untold(name, told, account, now_s)
            self._ask_for_snapshot(name)

    def resume(self) -> None:
        """What it says at once is as old as its standstill was long, and says so."""
        self._clock_moved_s = self._now_s()

    def compare(self) -> Iterator[str]:
        yield from self._take_found()

    def _take_found(self) -> Iterator[str]:
        found, self._found = self._found, []
        yield from found

    def _is_bound(self, told: Told, now_s: float) -> bool:
        return told.live_since_s is not None and now_s - told.live_since_s >= self._bound_s

    def _watch_clock(self, now_s: float) -> None:
        """A clock of the exchange that is set, or stands still, makes no account a liar."""
        ahead_s = self._venue_ms() / 1000 - now_s
        if self._clock is not None and abs(ahead_s - self._clock[1]) > _SETTLED_S / 10:
            self._clock_moved_s = now_s
        if self._clock is None or now_s != self._clock[0]:
            self._clock = now_s, ahead_s

    def _is_clock_moving(self, now_s: float) -> bool:
        return bool(self._clock_moved_s) and now_s - self._clock_moved_s < self._bound_s

    # -- what was told --------------------------------------------------------------------------------------------

    def _untold(self, name: str, told: Told, account: "_Account", now_s: float) -> Iterator[str]:
        from_s, history = now_s - self._bound_s, self._history
        since = f"{self._bound_s:g} s after the fact, live all the while (R5)"
        account.take_new(history.order_ids(name), lambda number: self._can_be_told(name, number))
        for number in list(account.unsettled):
            state = history.state_at(name, number, from_s)
            if state is None or not self._speaks_of(name, number, told, now_s):
                continue
            wrong = _order_untold(told, number, state, history.during(name, number, from_s, now_s))
            is_missed = str(number) not in told.numbered and self._may_be_missed(name, number, told)
            if is_missed or self._may_be_lost(name, number, told):
                del account.unsettled[number]
                continue
            if wrong is not None and str(number) not in account.wrong:
                account.wrong.add(str(number))
                yield f"{name}: order {number} {wrong} {since}"
            if wrong is None:
                account.wrong.discard(str(number))
            if wrong is None and not state.is_open:
                del account.unsettled[number]
        for currency in history.currencies(name):
            ours = told.balances_now.get(currency)
            held = self._balances_held(name, currency, from_s, now_s)
            said = _NOTHING if ours is None else (ours.available, ours.locked)
            if said not in held and currency not in account.wrong:
                account.wrong.add(currency)
                yield f"{name}: {currency} was told as {said[0]} + {said[1]}, is {held[-1][0]} + {held[-1][1]} {since}"
            elif said in held:
                account.wrong.discard(currency)

    def _speaks_of(self, name: str, number: int, told: Told, now_s: float) -> bool:
        """Not of a market that it has told to be unknown, nor within the while after that."""
        order = self._history.order(name, number)
        symbol = None if order is None else symbol_of(order.pair)
        return symbol is None or told.known_for_s(symbol, now_s) >= self._bound_s

    def _can_be_told(self, name: str, number: int) -> bool:
        """Not of the past before the exchange began, and of a market that accounts have a name for."""
        order = self._history.order(name, number)
        return number >= FIRST_ORDER_ID and order is not None and symbol_of(order.pair) is not None

    def _may_be_missed(self, name: str, number: int, told: Told) -> bool:
        """An order by another hand that came and went between two checks, and moved no money: once the frames that told
        of it are lost, no list that an account reads shows that it was there. Nor does any of which no row can be
        read."""
        order, states = self._history.order(name, number), self._history.states(name, number)
        if order is None or states[-1].is_open or states[-1].filled_base:
            return False
        symbol, client_id = symbol_of(order.pair), client_id_of(order)
        if symbol is None or (symbol, client_id) in told.orders:
            return False
        began_s = max(states[0].at_s, told.live_since_s or 0.0)
        return self._may_be_unreadable or (self._loses_frames and states[-1].at_s - began_s < self._bound_s)

    def _may_be_lost(self, name: str, number: int, told: Told) -> bool:
        """An order that has ended and of which this life has said nothing, as far as nothing is left to find it by."""
        order = self._history.order(name, number)
        if order is None or order.is_open or not self._lost_for_good(order):
            return False
        return str(number) not in told.numbered_now

    def _balances_held(self, name: str, currency: str, from_s: float, to_s: float) -> list[tuple[Decimal, Decimal]]:
        states = self._history.balance_during(name, currency, from_s - self._balances_lag_s, to_s)
        return [_NOTHING if state is None else (state.available, state.locked) for state in states]

    # -- what a snapshot says -------------------------------------------------------------------------------------

    def _ask_for_snapshot(self, name: str) -> None:
        reply = self._ask(name, GetSnapshot())
        if reply is not None:
            reply.add_done_callback(partial(self._answered, name, self._now_s(), self._life))

    def _answered(self, name: str, asked_s: float, life: int, answer: Reply[AccountSnapshot]) -> None:
        """Judged a moment later: what was told in the turn of the answer has been heard then."""
        self._later(0.0, partial(self._judge, name, asked_s, life, answer))

    def _judge(self, name: str, asked_s: float, life: int, answer: Reply[AccountSnapshot]) -> None:
        if answer.error is None and life == self._life:
            told, now_s = self._told[name], self._now_s()
            self._watch_clock(now_s)  # it may have been set since the look
            snapshot = answer.result()
            wrong = list(self._state_said(snapshot, told, now_s))
            if snapshot.is_live and self._is_bound(told, asked_s):
                wrong += self._content_said(name, snapshot, now_s, self._bound_s, "")
            if snapshot.is_live and self._to_the_letter and not wrong and not self._is_clock_moving(now_s):
                age_s = max(0.0, (self._venue_ms() - snapshot.true_at_ms) / 1000) + _ON_ITS_WAY_S + self._lag_s
                if age_s < self._bound_s:
                    wrong += self._content_said(name, snapshot, now_s, age_s, "by its true_at_ms ")
            said = self._accounts[name].said
            self._found += (f"{name}: a snapshot {each}" for each in wrong if each not in said)
            said.update(wrong)

    def _state_said(self, snapshot: AccountSnapshot, told: Told, now_s: float) -> Iterator[str]:
        if snapshot.is_live is not (snapshot.stale_since_ms is None):
            yield f"is {snapshot.sync_state.value} and stale since {snapshot.stale_since_ms} (R5)"
        left_s = told.left_live_s
        if snapshot.is_live and told.live_since_s is None and (left_s is None or now_s - left_s >= _SETTLED_S):
            yield f"is live, and told was {told.sync_state.value} (R5)"
        if not snapshot.is_live and told.live_since_s is not None and now_s - told.live_since_s >= _SETTLED_S:
            yield f"is {snapshot.sync_state.value}, and told was live (R5)"
        if self._is_clock_moving(now_s):
            return
        ahead_ms = snapshot.true_at_ms - self._venue_ms()
        if ahead_ms > _CLOCK_MS:
            yield f"claims to be true {ahead_ms} ms from now (R5)"
        if snapshot.is_live and -ahead_ms > self._proven_within_s * 1000 + _CLOCK_MS:
            yield f"is live, and true {-ahead_ms} ms ago (R5)"
        if snapshot.is_live or told.live_since_s is not None:
            return
        if left_s is None and snapshot.true_at_ms:
            yield f"claims to be true at {snapshot.true_at_ms} ms, and never was live (R5)"
        # By the exchange's clock of then, which may have been set since; looked at once a second.
        is_after = snapshot.true_at_ms > self._accounts[snapshot.account].live_ms + _CLOCK_MS + 1_000
        if left_s is not None and is_after and (now_s - left_s) * 1000 + ahead_ms > _CLOCK_MS:
            yield f"claims to be true {(now_s - left_s) * 1000 + ahead_ms:.0f} ms after it left live (R5)"

    def _content_said(self, name: str, snapshot: AccountSnapshot, now_s: float, age_s: float, by: str) -> Iterator[str]:
        from_s, history = now_s - age_s, self._history
        since = f"{by}at no moment of the last {age_s:.0f} s (R5)"
        told = [currency for currency in snapshot.balances if not currency.startswith(MADE_UP_CURRENCY)]
        for currency in dict.fromkeys([*history.currencies(name), *told]):  # a made-up one is the exchange's word
            ours = snapshot.balances.get(currency)
            said = _NOTHING if ours is None else (ours.available, ours.locked)
            if said not in self._balances_held(name, currency, from_s, now_s):
                yield f"has {currency} at {said[0]} + {said[1]}, which it was {since}"
        listed = {number_of_order(order.order_id): order for order in snapshot.open_orders}
        for number, order in listed.items():
            if number is None:
                continue  # on its way
            if number >= FIRST_MADE_UP_ID:
                continue  # an odd row: the exchange's word, and in no books
            if not self._speaks_of(name, number, self._told[name], now_s):
                continue
            during = history.during(name, number, from_s, now_s)
            states = [state for state in during if state is not None]
            if states and None in during:
                continue  # it came in this while, and may have ended at once: its fill is heard before its end
            if not any(state.is_open for state in states):
                yield f"has order {number} as {order.status.value}, which was open {since}"
            elif not any(_terms(order) == (state.price, state.amount) for state in states):
                yield f"has order {number} at {order.price} over {order.quantity}, which it was {since}"
        for number in self._accounts[name].unsettled:
            states_or_none = history.during(name, number, from_s, now_s)
            if not self._speaks_of(name, number, self._told[name], now_s):
                continue
            if number not in listed and all(state is not None and state.is_open for state in states_or_none):
                yield f"lacks order {number}, which was {by}open for the last {age_s:.0f} s (R5)"


class _Account:
    """What is kept of one account.

    Attributes:
        unsettled: orders whose end has not been found told. wrong: orders and currencies found wrong, not right since.
        said: findings about snapshots, each told once. live_ms: the exchange's clock when it was live last.
    """

    def __init__(self) -> None:
        self.unsettled: dict[int, None] = {}
        self.wrong: set[str] = set()
        self.said: set[str] = set()
        self.live_ms = 0
        self._known = 0

    def take_new(self, numbers: list[int], can_be_told: Callable[[int], bool]) -> None:
        self.unsettled.update((number, None) for number in numbers[self._known :] if can_be_told(number))
        self._known = len(numbers)


def _order_untold(told: Told, number: int, state: OrderState, since: list[OrderState | None]) -> str | None:
    """What subscribers do not know of an order that was so at the beginning of the span, in words."""
    order = told.numbered.get(str(number))
    if order is None:
        return "is untold"
    if order.filled_quantity < state.filled_base:
        return f"was told as filled {order.filled_quantity}, was {state.filled_base}"
    if told.filled.get(str(number), Decimal(0)) < state.filled_base:
        return f"had fills of {told.filled.get(str(number), Decimal(0))} told, was filled {state.filled_base}"
    if order.is_open and not state.is_open:
        return f"was told as {order.status.value}, was {state.finish.value}"
    is_open = all(each is not None and each.is_open for each in since)
    if is_open and order.is_finished:
        return f"was told as {order.status.value}, was {Finish.OPEN.value}"
    if is_open and not any(each is not None and _terms(order) == (each.price, each.amount) for each in since):
        return f"was told at {order.price} over {order.quantity}, was at {state.price} over {state.amount}"
    return None


def _terms(order: Order) -> tuple[Decimal, Decimal]:
    amount = order.quantity if order.quote_quantity is None else order.quote_quantity
    return order.price or Decimal(0), amount
