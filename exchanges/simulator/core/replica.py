"""What an account's books were a short while ago: a copy that queries may be answered from instead of the engine.

It listens to the engine and keeps each order and each balance as they stood after every change, the superseded ones
for ``kept_ms`` only. An order that ended before that, and whatever was never told to change, is as it is now.
"""

import copy
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from exchanges.simulator.core.accounts import AccountRecord
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.ledger import Balance
from exchanges.simulator.core.orders import BalanceReason, Fill, Order, OrderChange

T = TypeVar("T")
ALWAYS_MS = 0  # since when what the replica found at its beginning has been so


class Versions(Generic[T]):
    """One thing as it stood after each of its changes. Times in ms; what changes twice in one ms has one version."""

    __slots__ = ("_since_ms", "_values")

    def __init__(self, since_ms: int, value: T) -> None:
        self._since_ms = [since_ms]
        self._values = [value]

    def add(self, since_ms: int, value: T, *, horizon_ms: int) -> None:
        """Adds the newest version, and drops those that were superseded by ``horizon_ms``."""
        if self._since_ms[-1] == since_ms:
            self._values[-1] = value
        else:
            self._since_ms.append(since_ms)
            self._values.append(value)
        superseded = max(0, bisect_right(self._since_ms, horizon_ms) - 1)
        del self._since_ms[:superseded], self._values[:superseded]

    def at(self, then_ms: int) -> T | None:
        """Returns what it was, None before it came about."""
        count = bisect_right(self._since_ms, then_ms)
        return self._values[count - 1] if count else None

    @property
    def changed_ms(self) -> int:
        """When it changed last."""
        return self._since_ms[-1]


@dataclass(slots=True)
class History:
    """The versions of one account, and what was appended to its lists of late, oldest first."""

    orders: dict[int, Versions[Order]] = field(default_factory=dict)
    balances: dict[str, Versions[Balance]] = field(default_factory=dict)
    ended: deque[tuple[int, Order]] = field(default_factory=deque)
    traded_late: deque[tuple[int, Order]] = field(default_factory=deque)
    fills: deque[tuple[int, Fill]] = field(default_factory=deque)

    def forget(self, horizon_ms: int) -> None:
        """Drops what no look back to ``horizon_ms`` or later can tell from how it is now."""
        while self.fills and self.fills[0][0] <= horizon_ms:
            self.fills.popleft()
        for queue in (self.ended, self.traded_late):
            while queue and queue[0][0] <= horizon_ms:
                _, order = queue.popleft()
                versions = self.orders.get(order.id)
                if versions is not None and versions.changed_ms <= horizon_ms:
                    del self.orders[order.id]


class Replica(Listener):
    """The recent past of all accounts that keep history; looks back at most ``kept_ms``.

    ``now_ms`` is a clock that need not be the exchange's own; where it is set back, it stands still.
    """

    def __init__(self, engine: Engine, *, now_ms: Callable[[], int], kept_ms: int) -> None:
        self.kept_ms = kept_ms
        self._engine = engine
        self._clock_ms = now_ms
        self._last_ms = ALWAYS_MS
        self._histories: dict[str, History] = {}
        for name, record in engine.accounts.items():
            if not record.internal:
                found = engine.ledger.balances(name)
                versions = {currency: Versions(ALWAYS_MS, copy.copy(balance)) for currency, balance in found.items()}
                self._histories[name] = History(balances=versions)

    def past(self, account: str, lag_ms: int) -> "Past":
        """Returns the account's books as they stood ``lag_ms`` ago, at most ``kept_ms``."""
        then_ms = self._now_ms() - min(lag_ms, self.kept_ms)
        return Past(self._engine.accounts[account], self._history(account), then_ms)

    def on_order(self, order: Order, change: OrderChange) -> None:
        """Keeps the order as it is now."""
        now_ms, history = self._note(order)
        if change is OrderChange.FINISH:
            history.ended.append((now_ms, order))

    def on_fill(self, fill: Fill) -> None:
        """Keeps the fill, and its order as it is now: of a fill that comes late nothing else is told."""
        now_ms, history = self._note(self._engine.accounts[fill.account].orders[fill.order_id])
        history.fills.append((now_ms, fill))

    def before_late_fill(self, order: Order) -> None:
        """Keeps an order that ended long ago as it has been since."""
        now_ms, history = self._now_ms(), self._history(order.account)
        history.forget(now_ms - self.kept_ms)
        history.orders.setdefault(order.id, Versions(ALWAYS_MS, copy.copy(order)))
        history.traded_late.append((now_ms, order))

    def on_balances(self, account: str, changes: list[Change], _reason: BalanceReason) -> None:
        """Keeps the balances as they are now."""
        now_ms, history = self._now_ms(), self._history(account)
        for change in changes:
            balance = copy.copy(change.balance)
            versions = history.balances.get(change.currency)
            if versions is None:
                history.balances[change.currency] = Versions(now_ms, balance)
            else:
                versions.add(now_ms, balance, horizon_ms=now_ms - self.kept_ms)

    def _note(self, order: Order) -> tuple[int, History]:
        now_ms, history = self._now_ms(), self._history(order.account)
        horizon_ms = now_ms - self.kept_ms
        history.forget(horizon_ms)
        versions = history.orders.get(order.id)
        if versions is None:
            history.orders[order.id] = Versions(now_ms, copy.copy(order))
        else:
            versions.add(now_ms, copy.copy(order), horizon_ms=horizon_ms)
        return now_ms, history

    def _history(self, account: str) -> History:
        return self._histories.setdefault(account, History())

    def _now_ms(self) -> int:
        self._last_ms = max(self._last_ms, self._clock_ms())
        return self._last_ms


class Past:
    """One account's books as they stood at ``then_ms``."""

    def __init__(self, record: AccountRecord, history: History, then_ms: int) -> None:
        self._record = record
        self._history = history
        self.then_ms = then_ms

    def order(self, order: Order) -> Order | None:
        """Returns the order as it was, None when it was not there yet."""
        versions = self._history.orders.get(order.id)
        return order if versions is None else versions.at(self.then_ms)

    def open_orders(self) -> list[Order]:
        """Returns the orders that were open, oldest first."""
        candidates = {order.id: order for _, order in self._since(self._history.ended)} | self._record.open_orders
        found = [self.order(candidates[order_id]) for order_id in sorted(candidates)]
        return [order for order in found if order is not None and order.is_open]

    def finished(self, pair: str) -> list[Order]:
        """Returns the pair's orders that had ended, by when they did."""
        found = [self.order(order) for order in self._record.finished.get(pair, [])]
        return [order for order in found if order is not None and not order.is_open]

    def fills(self, fills: list[Fill]) -> list[Fill]:
        """Returns those of a list of the account's fills that had happened."""
        later = {(fill.order_id, fill.trade_id) for _, fill in self._since(self._history.fills)}
        return [fill for fill in fills if (fill.order_id, fill.trade_id) not in later] if later else fills

    def balances(self, balances: dict[str, Balance]) -> dict[str, Balance]:
        """Returns the account's balances as they were; a currency that it did not have yet is missing."""
        found: dict[str, Balance] = {}
        for currency, balance in balances.items():
            versions = self._history.balances.get(currency)
            then = balance if versions is None else versions.at(self.then_ms)
            if then is not None:
                found[currency] = then
        return found

    def _since(self, queue: deque[tuple[int, T]]) -> list[tuple[int, T]]:
        return [entry for entry in queue if entry[0] > self.then_ms]
