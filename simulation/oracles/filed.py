"""The journal, read by another reader than its writer's: what it says of commands is what the exchange did."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from exchanges.simulator import Exchange
from exchanges.simulator.core.engine import FIRST_ORDER_ID
from exchanges.simulator.core.orders import Order as BookedOrder
from simulation.oracles.book_history import BookHistory, Cause, OrderState
from simulation.oracles.check import client_id_of
from simulation.oracles.ids import number_of_order, order_key
from simulation.oracles.kill_switch import Seen
from simulation.oracles.markets import symbol_of
from simulation.oracles.oracle import Oracle
from simulation.oracles.profit import profit_differences
from simulation.oracles.wish_terms import text_of

_INTENTS: Final = "SELECT id, kind, order_id, client_id, command, is_open, outcome, detail FROM intents ORDER BY id"
_CONFIRMED: Final = "confirmed"


class Intent(msgspec.Struct, frozen=True):
    """One command as it was filed; ``outcome``: None while there is none."""

    number: int
    kind: str
    order_id: str | None
    client_id: str | None
    terms: dict[str, Any]
    is_open: bool
    outcome: str | None
    detail: str


class Filed(Oracle):
    """Reads each account's journal when a life of the program is over, and at the end."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        history: BookHistory,
        names: Iterable[str],
        directory: Path,
        kill_switch: Callable[[str], Seen | None],
        is_alone: bool,
        is_disk_sound: bool,
        out_of_sight: Callable[[BookedOrder], bool],
    ) -> None:
        """``kill_switch``: what an account is known to have said of it. ``is_alone``: no other program has ids like
        ours. ``is_disk_sound``: what was written is there after a kill. ``out_of_sight``: orders of others of which an
        account could not learn."""
        self._exchange = exchange
        self._history = history
        self._names = tuple(names)
        self._directory = directory
        self._kill_switch = kill_switch
        self._is_alone = is_alone
        self._is_disk_sound = is_disk_sound
        self._out_of_sight = out_of_sight
        self._forgets = exchange.services.views.retention.unfilled_cancel_kept_s is not None
        self._found: list[str] = []

    def begin_life(self) -> None:
        if not self._is_disk_sound:
            return
        for name in self._names:
            intents, reason = read_journal(self._path(name))
            self._found += (f"{name}: {wrong}" for wrong in self._unfiled(name, intents))
            self._found += (f"{name}: {wrong}" for wrong in self._kill_switch_filed(name, reason))

    def look(self) -> Iterator[str]:
        found, self._found = self._found, []
        yield from found

    def compare(self) -> Iterator[str]:
        """In the quiet every command of unknown fate is settled, when it can no longer arrive."""
        for name in self._names if self._is_disk_sound else ():
            intents, _ = read_journal(self._path(name))
            yield from (f"{name}: {wrong}" for wrong in _unended(intents))

    def final(self) -> Iterator[str]:
        yield from self.look()
        if not self._is_disk_sound:
            return
        for name in self._names:
            intents, reason = read_journal(self._path(name))
            wrongs = (
                *self._unfiled(name, intents),
                *self._kill_switch_filed(name, reason),
                *_unended(intents),
                *self._places(name, intents),
                *self._cancels(name, intents),
                *self._amends(name, intents),
                *self._withdrawals(name, intents),
            )
            if not self._exchange.face.made_up:  # the exchange itself has told of fills that are in no books
                account = self._exchange.engine.accounts[name]
                fills = [each for each in account.fills if symbol_of(each.pair)]
                unseen = {number for number, order in account.orders.items() if self._out_of_sight(order)}
                gone = self._exchange.engine.delisted
                wrongs = (*wrongs, *profit_differences(fills, self._path(name), gone=gone, unseen=unseen))
            for wrong in wrongs:
                yield f"{name}: {wrong}"

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.sqlite"

    def _unfiled(self, name: str, intents: list[Intent]) -> Iterator[str]:
        """Orders of ours that reached the exchange without having been filed before."""
        if not self._is_alone:
            return
        filed = {intent.client_id for intent in intents if intent.kind == "place"}
        for number, order in self._exchange.engine.accounts[name].orders.items():
            own_id = client_id_of(order)
            if own_id is not None and own_id not in filed and number >= FIRST_ORDER_ID:
                yield f"order {number} is at the exchange, and its intent {own_id} was never filed (R4)"

    def _kill_switch_filed(self, name: str, reason: str | None) -> Iterator[str]:
        seen = self._kill_switch(name)
        if seen is not None and seen.reason != reason:
            yield f"the kill switch was said to be {_short(seen.reason)}, and is filed as {_short(reason)} (R13)"

    def _places(self, name: str, intents: list[Intent]) -> Iterator[str]:
        confirmed = Counter(each.client_id for each in intents if each.kind == "place" and each.outcome == _CONFIRMED)
        for own_id in dict.fromkeys(each.client_id for each in intents if each.kind == "place"):
            numbers = self._history.with_text(name, text_of(name, str(own_id)))
            there = len(numbers)
            forgotten = sum(self._may_be_forgotten(name, number) for number in numbers)
            if not there - forgotten <= confirmed[own_id] <= there:
                yield f"{confirmed[own_id]} placings of {own_id} are filed as confirmed, {there} happened (R4)"

    def _may_be_forgotten(self, name: str, number: int) -> bool:
        """Whether the exchange may have denied, when it was asked late, an order that was there."""
        order = self._exchange.engine.accounts[name].orders[number]
        is_unaskable = order.pair in self._exchange.engine.delisted
        return (self._forgets or is_unaskable) and not order.is_open and not order.filled_base

    def _cancels(self, name: str, intents: list[Intent]) -> Iterator[str]:
        """An order that a cancel of it has ended has one that is filed as confirmed."""
        cancels = [each for each in intents if each.kind == "cancel" and each.outcome == _CONFIRMED]
        named = {order_key(each.order_id or "") for each in cancels} | {
            each.client_id for each in cancels if each.client_id is not None
        }
        for number, order in self._exchange.engine.accounts[name].orders.items():
            last = self._history.states(name, number)[-1:]
            if not self._is_alone or not any(each.cause is Cause.CANCEL and not each.is_open for each in last):
                continue
            if str(number) not in named and client_id_of(order) not in named:
                yield f"order {number} was ended by a cancel, and none of it is filed as confirmed (R4)"

    def _amends(self, name: str, intents: list[Intent]) -> Iterator[str]:
        """Each change of terms is an amend filed as confirmed, and each amend filed so is a change of terms."""
        amends: dict[str, list[Intent]] = {}
        for each in intents:
            if each.kind == "amend" and each.outcome == _CONFIRMED:
                amends.setdefault(order_key(str(each.order_id)), []).append(each)
        for number in self._history.order_ids(name) if self._is_alone else ():
            for state in _amended(self._history.states(name, number)):
                if not any(_wants(amend, state) for amend in amends.get(str(number), ())):
                    yield f"order {number} was amended to {state.price} over {state.amount}, filed as not done (R4)"
        for number_text, confirmed in amends.items():
            states = self._history.states(name, number_of_order(number_text) or -1)
            for amend in confirmed:
                if not any(_is_done(amend, state) for state in states):
                    price, quantity = amend.terms.get("price"), amend.terms.get("quantity")
                    wanted = f"{price or 'its price'} over {quantity or 'its quantity'}"
                    yield f"an amend of {number_text} to {wanted} is filed as confirmed, and never happened (R4)"

    def _withdrawals(self, name: str, intents: list[Intent]) -> Iterator[str]:
        there = Counter(
            each.text for each in self._exchange.services.transfers.withdrawals.values() if each.account == name
        )
        for each in intents:
            if each.kind != "withdraw":
                continue
            happened = there[f"{each.client_id}"] + there[text_of(name, f"{each.client_id}")] > 0
            if happened is not (each.outcome == _CONFIRMED) and not each.is_open:
                word = "happened" if happened else "never happened"
                yield f"the withdrawal {each.client_id} is filed as {each.outcome}, and {word} (R4)"


def read_journal(path: Path) -> tuple[list[Intent], str | None]:
    """All intents in the order of filing, and the kill switch's reason; none where there is no journal yet."""
    if not path.exists():
        return [], None
    with closing(sqlite3.connect(path)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'intents'").fetchone():
            return [], None
        intents = [
            Intent(number, kind, order_id, client_id, json.loads(command), bool(is_open), outcome, detail)
            for number, kind, order_id, client_id, command, is_open, outcome, detail in connection.execute(_INTENTS)
        ]
        row = connection.execute("SELECT value FROM state WHERE key = 'kill_switch'").fetchone()
    return intents, None if row is None else str(row[0])


def _unended(intents: list[Intent]) -> Iterator[str]:
    for each in intents:
        if each.is_open:
            yield f"the {each.kind} {each.number} of {each.client_id or each.order_id} is filed as {each.outcome} (R4)"


def _amended(states: list[OrderState]) -> Iterator[OrderState]:
    """Those in which an amend has changed price or amount."""
    for before, after in pairwise(states):
        if after.cause is Cause.AMEND and (before.price, before.amount) != (after.price, after.amount):
            yield after


def _wants(amend: Intent, state: OrderState) -> bool:
    price, quantity = amend.terms.get("price"), amend.terms.get("quantity")
    is_price = price is None or Decimal(price) == state.price
    return is_price and (quantity is None or Decimal(quantity) == state.amount)


def _is_done(amend: Intent, state: OrderState) -> bool:
    """An amount that is filled already cancels the rest."""
    return _wants(amend, state) or (state.cause is Cause.AMEND and not state.is_open)


def _short(reason: str | None) -> str:
    return "released" if reason is None else f"engaged ({reason[:40]})"
