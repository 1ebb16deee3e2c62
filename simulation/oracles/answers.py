"""The oracle of answers: whatever an account answers was so in the books at some instant between asking and answering.

What it answers from memory while it is live may be as old as it takes to notice what the socket did not tell; what a
lagging query finds may be as old as the lag. Both are declared.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Final

from exchanges.simulator.core.orders import Finish
from exchanges.simulator.core.orders import Order as BookedOrder
from messages.commands import (
    AmendOrder,
    CancelAll,
    CancelOrder,
    EngageKillSwitch,
    GetExecutedOrders,
    GetOrder,
    OrderReference,
    PlaceOrder,
    ReleaseKillSwitch,
    Reload,
)
from messages.enums import OrderStatus
from messages.errors import (
    InsufficientBalanceError,
    KillSwitchError,
    LocalRefusalError,
    NotLiveError,
    VenueRefusedError,
)
from messages.order import Order
from simulation.oracles import funds
from simulation.oracles.book_history import BookHistory
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.delivered import Delivered
from simulation.oracles.ids import number_of_order, order_key
from simulation.oracles.known import Known
from simulation.oracles.matching import texts_of
from simulation.oracles.oracle import Oracle
from simulation.oracles.order_truth import untrue
from simulation.oracles.placings import Placings
from simulation.oracles.watcher import Told
from simulation.oracles.wish_terms import pair_of, text_of
from simulation.venues.wire import Action

_WITHOUT_LABEL: Final = "HTTP_"
"""How the client calls a refusal that says nothing but its status."""
_UNDER_WAY_S: Final = 5.0
"""So old a query may be that is under way: it is given up after that."""
_CHANGES: Final = (PlaceOrder, AmendOrder, CancelOrder)
_PROVE_NOTHING: Final = frozenset(
    {
        "REPEATED_CREATION",
        "NO_CHANGE",
        "CANCEL_FAIL",
        "INTERNAL",
        "SERVER_ERROR",
        "TOO_BUSY",
        "SOMETHING_OF_TOMORROW",
    }
)
"""Labels after which a change may have been made."""


class Answers(Oracle):
    """Judges every answer of a run when it has ended; those about being live, soon after."""

    def __init__(
        self,
        history: BookHistory,
        commands: CommandLog,
        *,
        names: Iterable[str],
        known: Known,
        told: Mapping[str, Told],
        delivered: Delivered,
        now_s: Callable[[], float],
    ) -> None:
        """``commands``: of the program that ``told`` is of. ``names``: of the accounts. ``now_s``: virtual seconds."""
        self._history = history
        self._commands = commands
        self._names = tuple(names)
        self._known = known
        self._told = told
        self._delivered = delivered
        self._now_s = now_s
        self._just_answered: list[tuple[FiledCommand, float | None]] = []
        self._cold: set[int] = set()
        self._looked_s = 0.0
        self._standstills: list[tuple[float, float]] = []
        commands.when_answered.append(self._note)

    def resume(self) -> None:
        """What it answers at once, it knew before."""
        self._standstills.append((self._looked_s, self._now_s()))

    def look(self) -> Iterator[str]:
        """Whether an account was live when it answered is known a look later, when what it told has been heard: a slow
        handler may be in between."""
        looked_s, self._looked_s = self._looked_s, self._now_s()
        yield from self._hold_against_told(looked_s)

    def _hold_against_told(self, before_s: float) -> Iterator[str]:
        answered, self._just_answered = self._just_answered, []
        for filed, live_since_s in answered:
            told = self._told[filed.account]
            if _answered(filed) >= before_s:
                self._just_answered.append((filed, live_since_s))
            elif not isinstance(filed.error, NotLiveError):
                if told.live_since_s is None or told.live_since_s > _answered(filed):
                    self._cold.add(filed.number)
            elif live_since_s is not None and told.live_since_s == live_since_s:
                yield f"{filed.account}: {_short(filed)}: was answered {filed.error!r}, and told was live (R14)"

    def final(self) -> Iterator[str]:
        yield from self._hold_against_told(self._now_s())
        for name in self._names:
            account = _Account(
                self._history,
                self._commands,
                self._known,
                self._delivered,
                name,
                cold=self._cold,
                standstills=self._standstills,
            )
            for violation in account.violations():
                yield f"{name}: {violation}"

    def _note(self, filed: FiledCommand) -> None:
        """Notes what depends on being live: a refusal, and an open order that is told while not live."""
        told, order = self._told.get(filed.account), filed.value
        if told is None:
            return
        is_away = told.live_since_s is None and (told.left_live_s is None or told.left_live_s < filed.asked_s)
        is_looked_up = isinstance(filed.command, GetOrder) and isinstance(order, Order) and order.is_open
        if isinstance(filed.error, NotLiveError) or (is_away and is_looked_up):
            self._just_answered.append((filed, told.live_since_s))


class _Account:
    """The answers of one account."""

    def __init__(
        self,
        history: BookHistory,
        commands: CommandLog,
        known: Known,
        delivered: Delivered,
        name: str,
        *,
        cold: Set[int],
        standstills: Sequence[tuple[float, float]],
    ) -> None:
        """``cold``: numbers of commands that were answered with an open order while the account was not live.
        ``standstills``: from when to when the program stood still."""
        self._history = history
        self._commands = commands
        self._known = known
        self._delivered = delivered
        self._cold = cold
        self._standstills = standstills
        self._name = name
        self._placed = list(commands.of(name, PlaceOrder))
        self._placed_as: dict[str | None, list[FiledCommand]] = {}
        for each in self._placed:
            self._placed_as.setdefault(_text(each), []).append(each)
        self._switches = list(commands.of(name, EngageKillSwitch, ReleaseKillSwitch))

    def violations(self) -> Iterator[str]:
        for filed in self._commands.commands:
            if filed.account == self._name and filed.answered_s is not None:
                judge = self._judge(filed) if filed.error is None else self._judge_error(filed, filed.error)
                yield from (f"{_short(filed)}: {each}" for each in judge)
        placings = Placings(self._commands, self._history.requests, self._name)
        if self._known.funds_are_known:
            yield from funds.spent_twice(self._history, placings, self._name, self._known.stale_s)
        if self._known.funds_are_exact:
            yield from funds.let_through(self._history, placings, self._name, self._known.stale_s)

    def _judge(self, filed: FiledCommand) -> Iterator[str]:
        command, answer = filed.command, filed.value
        match command:
            case PlaceOrder():
                yield from self._true(filed, answer)
            case CancelOrder():
                yield from self._ended(filed, command, answer)
            case CancelAll():
                yield from self._all_ended(filed, command, answer)
            case EngageKillSwitch():
                yield from self._all_ended(filed, CancelAll(), answer)
            case AmendOrder():
                yield from self._amended(filed, command, answer)
            case GetOrder():
                yield from self._found(filed, command, answer)
            case GetExecutedOrders():
                for order in answer:
                    if not order.is_finished or order.symbol != command.symbol:
                        yield f"has {order.symbol} {order.order_id} as {order.status.value} (R14)"
                    yield from self._true(filed, order)

    # -- orders ---------------------------------------------------------------------------------------------------

    def _true(self, filed: FiledCommand, order: Order, *, shared_s: float = math.inf) -> Iterator[str]:
        """``shared_s``: when the question was asked whose answer it shares."""
        if order.order_id is not None:
            asked_s = min(filed.asked_s, shared_s)
            from_s = asked_s - self._known.lag_s if filed.number in self._cold else self._known_from_s(filed)
            yield from untrue(
                self._history,
                self._name,
                order,
                from_s,
                _answered(filed),
                texts_may_lack=self._known.texts_may_lack,
                fills_may_lack=self._known.loses_frames,
            )
        elif order.status is OrderStatus.REJECTED and order.client_order_id is not None:
            yield from self._never_there(text_of(self._name, order.client_order_id))

    def _known_from_s(self, filed: FiledCommand) -> float:
        """From when on that may have been so which a live account answers from memory. One that has just stood still
        takes itself for live until it has looked."""
        stale_s, asked_s = self._known.stale_s, filed.asked_s
        began_s = [from_s for from_s, to_s in self._standstills if to_s <= asked_s <= to_s + stale_s]
        return min([asked_s, *began_s]) - stale_s

    def _never_there(self, text: str) -> Iterator[str]:
        """An order that is said never to have been taken is in the books neither then nor later."""
        asked = self._placed_as.get(text, [])  # a later order may have the same id
        orders = self._history.with_text(self._name, text)
        if len(asked) == 1 and orders:
            yield f"order {text} was said never to have been taken, and is order {orders[0]} (R3)"

    def _ended(self, filed: FiledCommand, command: CancelOrder, order: Order) -> Iterator[str]:
        if not order.is_finished:
            yield f"is answered with order {order.order_id} as {order.status.value} (R14)"
        if not _is_meant(command, order):
            yield f"is answered with order {order.order_id} / {order.client_order_id} (R14)"
        yield from self._not_open(filed, order)
        yield from self._true(filed, order)

    def _not_open(self, filed: FiledCommand, order: Order) -> Iterator[str]:
        if order.order_id is not None:
            state = self._history.state_at(self._name, number_of_order(order.order_id) or -1, _answered(filed))
            if state is not None and state.is_open:
                yield f"order {order.order_id} was said to have ended, and is open (R14)"

    def _all_ended(self, filed: FiledCommand, command: CancelAll, orders: tuple[Order, ...]) -> Iterator[str]:
        pair = None if command.symbol is None else pair_of(command.symbol)
        side = None if command.side is None else command.side.value
        for order in orders:
            if pair not in {None, pair_of(order.symbol)} or side not in {None, order.side.value}:
                yield f"is answered with order {order.order_id}, a {order.side.value} of {order.symbol} (R14)"
            if not order.is_finished:
                yield f"is answered with order {order.order_id} as {order.status.value} (R14)"
            yield from self._not_open(filed, order)
            yield from self._true(filed, order)
        told = {order_key(order.order_id or "") for order in orders}
        by_us = self._cancels_of(filed)
        for number in self._history.order_ids(self._name):
            booked = self._history.order(self._name, number)
            if booked is None or pair not in {None, booked.pair} or side not in {None, booked.side.value}:
                continue
            if not self._history.was_there(self._name, number, filed.asked_s, _answered(filed)):
                continue
            before = self._history.state_at(self._name, number, filed.asked_s)
            after = self._history.state_at(self._name, number, _answered(filed))
            came_before = self._history.states(self._name, number)[0].at_s < filed.asked_s  # and not in the same moment
            if came_before and before is not None and before.is_open and after is not None and after.is_open:
                yield f"order {number} was open before and is open still (R13)"
            is_ended_by_us = after is not None and after.finish is Finish.CANCELED and after.request in by_us
            if is_ended_by_us and str(number) not in told and self._must_be_told(filed, booked):
                yield f"order {number} was canceled by it and is not told (R14)"

    def _must_be_told(self, filed: FiledCommand, ended: BookedOrder) -> bool:
        """Of an order that was told after a cancel of all, or by another hand and perhaps not known, only the answer of
        the exchange says that it was hit, too."""
        return self._delivered.has_told_of_all(self._name, filed.asked_s, _answered(filed)) or any(
            each.number < filed.number and ended.text in texts_of(each) for each in self._placed
        )

    def _cancels_of(self, filed: FiledCommand) -> set[int]:
        """The request that a cancel of all has sent, where it is certain which one that is."""
        requests = {
            done.number
            for done in self._history.requests
            if done.account == self._name
            and done.command.action is Action.CANCEL_ALL
            and filed.asked_s <= done.at_s <= _answered(filed)
        }
        return requests if len(requests) == 1 and not self._overlaps(filed) else set()

    def _overlaps(self, filed: FiledCommand) -> bool:
        """Whether another cancel of all was at work besides; an engaged kill switch cancels whatever shows up."""
        if self._may_be_engaged(filed):
            return True
        others = self._commands.of(self._name, CancelAll, EngageKillSwitch)
        return any(
            each is not filed
            and each.asked_s <= _answered(filed)
            and (each.answered_s is None or each.error is not None or each.answered_s >= filed.asked_s)
            for each in others
        )

    def _amended(self, filed: FiledCommand, command: AmendOrder, order: Order) -> Iterator[str]:
        if not _is_meant(command, order):
            yield f"is answered with order {order.order_id} / {order.client_order_id} (R14)"
        yield from self._true(filed, order)
        if order.order_id is None or order.is_finished:
            return
        from_s = filed.asked_s - self._known.lag_s
        states = self._history.during(self._name, number_of_order(order.order_id) or -1, from_s, _answered(filed))
        if not any(
            state is not None and command.quantity in {None, state.amount} and command.price in {None, state.price}
            for state in states
        ):
            yield f"order {order.order_id} never had these terms (R14)"

    def _found(self, filed: FiledCommand, command: GetOrder, order: Order | None) -> Iterator[str]:
        if order is not None:
            if not _is_meant(command, order):
                yield f"is answered with order {order.order_id} / {order.client_order_id} (R14)"
            yield from self._true(filed, order, shared_s=self._shared_s(filed, order))
            return
        by_text = command.order_id is None
        if by_text and command.client_order_id is not None:
            alike = self._history.with_text(self._name, text_of(self._name, command.client_order_id))
            came = sum(self._history.states(self._name, number)[0].at_s <= _answered(filed) for number in alike)
            numbers = alike[max(came - 1, 0) :]  # the exchange means the latest by it, in whichever market
        else:
            number = number_of_order(command.order_id)
            numbers = [] if number is None else [number]
        for number in numbers:
            booked = self._history.order(self._name, number)
            if booked is None or booked.pair != pair_of(command.symbol):
                continue
            if not self._is_unknown(number, filed, by_text=by_text):
                yield f"is answered None, and there is order {number} (R6)"
            elif self._arrived_later(number, filed, command):
                yield f"is answered None, and order {number} arrived later (R3)"

    def _shared_s(self, filed: FiledCommand, order: Order) -> float:
        """When that order was first asked for by a look-up that was not answered yet: one request serves all."""
        return min(
            each.asked_s
            for each in self._commands.of(self._name, GetOrder)
            if isinstance(each.value, Order)
            and each.value.order_id == order.order_id
            and each.asked_s <= filed.asked_s <= _answered(each)
        )

    def _arrived_later(self, number: int, filed: FiledCommand, command: GetOrder) -> bool:
        """Whether the account had been asked to place it before, and the exchange took it after the answer."""
        text = None if command.client_order_id is None else text_of(self._name, command.client_order_id)
        # One that was refused here is not on its way; where the id is used again later, it may be that one.
        placed = [each for each in self._placed_as.get(text, []) if not isinstance(each.error, LocalRefusalError)]
        asked_before = bool(placed) and all(each.number < filed.number for each in placed)
        return asked_before and self._history.states(self._name, number)[0].at_s > _answered(filed)

    def _is_unknown(self, number: int, filed: FiledCommand, *, by_text: bool) -> bool:
        """Whether the exchange may have said that there is no such order."""
        known, states = self._known, self._history.states(self._name, number)
        first, last = states[0], states[-1]
        if known.denies or first.at_s >= filed.asked_s - known.lag_s:
            return True
        ended_s = next((state.at_s for state in states if not state.is_open), None)
        if ended_s is None:
            return False
        ago_s = _answered(filed) - ended_s
        kept_s = known.retention.unfilled_cancel_kept_s
        if last.finish is Finish.CANCELED and not last.filled_base and kept_s is not None and ago_s >= kept_s:
            return True
        return by_text and ago_s >= known.retention.text_kept_s

    # -- errors ---------------------------------------------------------------------------------------------------

    def _judge_error(self, filed: FiledCommand, error: BaseException) -> Iterator[str]:
        if isinstance(error, InsufficientBalanceError) and isinstance(filed.command, PlaceOrder):
            stale_s = filed.asked_s - self._known_from_s(filed)
            yield from funds.wrongly_refused(
                self._history,
                filed,
                self._placed,
                stale_s,
                stood_still_s=sum(to_s - from_s for from_s, to_s in self._standstills if to_s <= filed.asked_s),
                loses_records=self._known.loses_records,
            )
        elif isinstance(error, KillSwitchError):
            if not self._may_be_engaged(filed):
                yield f"was answered {error!r}, and nobody has engaged it (R14)"
        elif isinstance(error, VenueRefusedError):
            proves_nothing = error.label in _PROVE_NOTHING or error.label.startswith(_WITHOUT_LABEL)
            if proves_nothing and isinstance(filed.command, _CHANGES):
                yield f"was answered {error!r}, which does not say that nothing happened (R3)"
            # A query for the same things that is under way is not sent twice.
            from_s = filed.asked_s - (_UNDER_WAY_S if isinstance(filed.command, Reload) else 0.0)
            refusals = self._delivered.refusals(self._name, from_s, _answered(filed))
            if not any(error.label in {each.label, f"{_WITHOUT_LABEL}{each.status}"} for each in refusals):
                yield f"was answered {error!r}, which the exchange has not said (R14)"

    def _may_be_engaged(self, filed: FiledCommand) -> bool:
        may_be = False
        for each in self._switches:
            if each.asked_s > _answered(filed):
                break
            if isinstance(each.command, EngageKillSwitch):
                may_be = may_be or each is not filed
            elif each.error is None and each.answered_s is not None and each.answered_s < filed.asked_s:
                may_be = False
        return may_be


def _answered(filed: FiledCommand) -> float:
    assert filed.answered_s is not None, "only answers are judged"
    return filed.answered_s


def _text(filed: FiledCommand) -> str | None:
    assert isinstance(filed.command, PlaceOrder)
    own_id = filed.command.client_order_id
    return None if own_id is None else text_of(filed.account, own_id)


def _is_meant(command: OrderReference, order: Order) -> bool:
    """Whether an order is the one that a command names; the exchange's id goes before ours."""
    if command.symbol != order.symbol:
        return False
    if command.order_id is not None:
        return order.order_id == command.order_id
    return order.client_order_id == command.client_order_id


def _short(filed: FiledCommand) -> str:
    asked = f"#{filed.number} {type(filed.command).__name__} of {filed.asked_s:.3f} s"
    return f"{asked}, answered at {filed.answered_s:.3f} s"
