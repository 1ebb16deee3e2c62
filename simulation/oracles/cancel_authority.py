"""By whose word an order was canceled: a request to cancel needs a command that covers it.

Cancels may be tried again until they have succeeded (R13), new orders never; so a request needs a command that may
still act, not one of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID
from messages.commands import CancelAll, CancelOrder, EngageKillSwitch, PlaceOrder, ReleaseKillSwitch
from messages.errors import UnknownOutcomeError
from simulation.oracles.book_history import BookHistory, CarriedOut
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.ids import number_of_order
from simulation.oracles.matching import texts_of
from simulation.oracles.wish_terms import order_named, order_number, pair_of, text_of
from simulation.venues.wires import wire_of

LATEST_ARRIVAL_S: Final = 60.0
"""A request may be on its way for so long after its asker has given it up: an outage may hold it back."""
_UNWRITTEN_S: Final = 1.0
"""How a command ended in the last moments of a life may not have reached its journal."""


class CancelAuthority:
    """The canceling commands of one account, against which requests are held."""

    def __init__(
        self,
        history: BookHistory,
        commands: CommandLog,
        name: str,
        *,
        own_commands: CommandLog,
        is_lost: Callable[[float, float], bool],
        stamped_s: Callable[[BookedOrder], float] | None,
    ) -> None:
        """See `Wishes`."""
        self._history = history
        self._name = name
        self._is_lost = is_lost
        self._stamped_s = stamped_s
        self._orders = list(commands.of(name, CancelOrder))
        self._scopes = list(commands.of(name, CancelAll, EngageKillSwitch))
        own = list(own_commands.of(name, EngageKillSwitch, ReleaseKillSwitch))
        others = [each for each in commands.of(name, EngageKillSwitch, ReleaseKillSwitch) if each not in own]
        self._switches = own, others  # each program has a kill switch of its own
        self._heard_s: dict[int, float] = {}
        for filed in (each for each in commands.commands if each.account == name):
            life = filed.life or 0
            self._heard_s[life] = max(self._heard_s.get(life, 0.0), filed.answered_s or filed.asked_s)
        self._placed_s: dict[str, list[float]] = {}
        for filed in own_commands.of(name, PlaceOrder):  # of others nobody here knows when they were told
            for text in texts_of(filed):
                self._placed_s.setdefault(text, []).append(filed.asked_s)

    def of_scope(self, done: CarriedOut) -> Iterator[str]:
        """A request to cancel all of a scope; yields what is wrong with it."""
        said = done.command.terms
        scope = said.get("pair"), said.get("side")
        others = said.keys() - {"pair", "side"}
        if others:
            yield f"a cancel of all at {done.at_s:.3f} s says {said} (wish)"
            return
        by_market = wire_of(self._name).cancels_by_market
        pairs, side = (scope[0] or "").split(",") if by_market else [scope[0]], scope[1]
        wider = {(None, side)} if by_market else set()
        able = [_scope_of(each) for each in self._scopes if self._may_act(each, done.at_s)]
        is_able = all(any(each in {(pair, side), *wider} for each in able) for pair in pairs)
        is_of_switch = (scope == (None, None) or (by_market and side is None)) and self._is_engaged(done.at_s)
        if not is_able and not is_of_switch:
            yield f"a cancel of all of {scope} at {done.at_s:.3f} s was wished for by nobody (wish)"

    def of_order(self, done: CarriedOut) -> Iterator[str]:
        """A request to cancel one order; yields what is wrong with it."""
        said, item = done.command.terms, done.command.item
        others = said.keys() - {"pair"}
        order_id = order_number(self._history, self._name, item, done.at_s)
        by_itself = any(
            each.asked_s <= done.at_s and not each.was_not_sent and self._means(each, item, order_id, said)
            for each in self._orders
        )
        is_wished = (
            by_itself
            or self._is_covered(order_id, said.get("pair"), done.at_s)
            or (_is_made_up(item) and self._may_cover(said.get("pair"), done.at_s))
            or self._is_engaged(done.at_s)  # then whatever shows up is canceled, whoever has placed it
        )
        if others or not is_wished:
            yield f"a cancel of {item} of {said} at {done.at_s:.3f} s was wished for by nobody (wish)"

    def _means(self, filed: FiledCommand, item: str, order_id: int | None, said: dict[str, str]) -> bool:
        assert isinstance(filed.command, CancelOrder)
        command = filed.command
        if said.get("pair") != pair_of(command.symbol):
            return False
        if item in (
            command.order_id,
            None if command.client_order_id is None else text_of(self._name, command.client_order_id),
        ):
            return True
        if order_id is None:
            return False
        named = order_named(self._history, self._name, command, filed.asked_s)
        return named == order_id or self._was_on_its_way(command, order_id, filed.asked_s)

    def _was_on_its_way(self, command: CancelOrder, order_id: int, at_s: float) -> bool:
        """Whether the command means by its client id an order that was placed before and had not arrived: a reused id
        means the latest order."""
        if command.client_order_id is None:
            return False
        text = text_of(self._name, command.client_order_id)
        placed_s = max((each for each in self._placed_s.get(text, ()) if each <= at_s), default=None)
        if placed_s is None:
            return False
        numbers = self._history.with_text(self._name, text)
        later = (each for each in numbers if self._history.states(self._name, each)[0].at_s >= placed_s)
        return next(later, None) == order_id

    def _is_covered(self, order_id: int | None, pair: str | None, at_s: float) -> bool:
        """Whether the order was in the scope of a cancel of all, or of the kill switch, that was asked after it.

        Also of one that could not be sent as such: orders on their way are canceled once they are there (R13). One
        that goes on after a loss of power takes for told before it what came in its time and is not on record. One that
        hears of an order without its text, or of another program's, has only the stamp of a clock that may be behind,
        and after a restart takes whatever could still arrive for told before.
        """
        order = None if order_id is None else self._history.order(self._name, order_id)
        if order is None or pair != order.pair:
            return False
        placed_s = self._placed_s.get(order.text, [0.0])[0]  # an id that is wished for again is mostly refused
        if self._stamped_s is not None:
            placed_s = min(placed_s, self._stamped_s(order))
        is_nameless = self._stamped_s is not None or self._is_lost(placed_s, at_s)
        return any(
            (placed_s - LATEST_ARRIVAL_S if is_nameless and self._goes_on(each, at_s) else placed_s)
            <= each.asked_s
            <= at_s
            and _scope_of(each)[0] in {None, order.pair}
            and _scope_of(each)[1] in {None, order.side.value}
            for each in self._scopes
        )

    def _may_cover(self, pair: str | None, at_s: float) -> bool:
        """Whether a cancel of all may be at work in a market; of an odd row's order no side and no time is in books."""
        return any(_scope_of(each)[0] in {None, pair} and self._may_act(each, at_s) for each in self._scopes)

    def _may_act(self, filed: FiledCommand, at_s: float) -> bool:
        """Whether a request of this command can be carried out at this time: it is tried until it is known to have
        succeeded (R13), and each try may be late."""
        if filed.asked_s > at_s or filed.was_not_sent:
            return False
        return self._goes_on(filed, at_s) or (filed.answered_s or 0.0) >= at_s - LATEST_ARRIVAL_S

    def _goes_on(self, filed: FiledCommand, at_s: float) -> bool:
        """Whether the program takes the command for not done at that time, perhaps because it has lost the record."""
        return (
            filed.answered_s is None
            or isinstance(filed.error, UnknownOutcomeError)
            or self._may_be_unwritten(filed, filed.answered_s)
            or self._is_lost(filed.answered_s, at_s)
        )

    def _may_be_unwritten(self, filed: FiledCommand, answered_s: float) -> bool:
        """Whether its life was over just after the answer."""
        life = filed.life or 0
        return life < max(self._heard_s) and answered_s >= self._heard_s[life] - _UNWRITTEN_S

    def _is_engaged(self, at_s: float) -> bool:
        """Whether a kill switch may be engaged, or may have been when a request left that arrives now."""
        return any(_may_be_engaged(self._not_lost(switches, at_s), at_s) for switches in self._switches)

    def _not_lost(self, switches: Iterable[FiledCommand], at_s: float) -> Iterator[FiledCommand]:
        """Without releases that were lost with the power: the next life has its kill switch engaged as before."""
        for each in switches:
            if isinstance(each.command, EngageKillSwitch) or not self._is_lost(each.answered_s or at_s, at_s):
                yield each


def _may_be_engaged(switches: Iterable[FiledCommand], at_s: float) -> bool:
    may_be = False
    for each in switches:
        if isinstance(each.command, EngageKillSwitch) and each.asked_s <= at_s:
            may_be = True
        elif each.answered_s is not None and each.error is None and each.answered_s < at_s - LATEST_ARRIVAL_S:
            may_be = False
    return may_be


def _is_made_up(item: str) -> bool:
    return (number_of_order(item) or 0) >= FIRST_MADE_UP_ID


def _scope_of(filed: FiledCommand) -> tuple[str | None, str | None]:
    command = filed.command
    if not isinstance(command, CancelAll):
        return None, None
    pair = None if command.symbol is None else pair_of(command.symbol)
    return pair, None if command.side is None else command.side.value
