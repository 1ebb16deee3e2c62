"""The oracle of the wish: what reaches the exchange, and what stands in its books, is what somebody asked for.

Judged at the end of a run from the history of the books and the log of commands, so that a request that arrives late
and an answer that comes later still are both known.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar

from exchanges.simulator import Exchange
from exchanges.simulator.core.orders import Finish
from exchanges.simulator.core.orders import Order as BookedOrder
from messages.commands import AmendOrder, CancelWithdrawal, Command, PlaceOrder, Withdraw
from messages.errors import VenueRefusedError
from messages.order import Order
from simulation.oracles import wish_terms as terms
from simulation.oracles.book_history import BookHistory, CarriedOut, Cause
from simulation.oracles.cancel_authority import CancelAuthority
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.ids import number_of_order
from simulation.oracles.matching import Matching, Request, Wanted, id_of_answer
from simulation.oracles.oracle import Oracle
from simulation.oracles.placings import Placings
from simulation.venues.wire import Action

C = TypeVar("C", bound=Command)
_READ_HERE: Final = {
    Action.PLACE,
    Action.AMEND,
    Action.CANCEL,
    Action.CANCEL_ALL,
    Action.COUNTDOWN,
    Action.WITHDRAW,
    Action.CANCEL_WITHDRAWAL,
}


class Wishes(Oracle):
    """Compares every request that is to change something, and every cancel in the books, with the commands."""

    def __init__(
        self,
        exchange: Exchange,
        history: BookHistory,
        commands: CommandLog,
        *,
        own_commands: CommandLog,
        names: Iterable[str],
        countdown_s: Callable[[str], int | None],
        is_lost: Callable[[float, float], bool],
        stamped_s: Callable[[BookedOrder], float] | None = None,
    ) -> None:
        """``own_commands``: those without a second program's. ``names``: of the accounts.
        ``countdown_s``: of the dead man's switch that is wished for on an account; None: none is.
        ``is_lost``: whether what was filed at a virtual second may be missing from the records at another one.
        ``stamped_s``: when an order was taken by its stamp, where that may be all that is known; None: its text is."""
        self._exchange = exchange
        self._history = history
        self._commands = commands
        self._names = tuple(names)
        self._countdown_s = countdown_s
        self._authority = partial(
            CancelAuthority, history, commands, own_commands=own_commands, is_lost=is_lost, stamped_s=stamped_s
        )

    def final(self) -> Iterator[str]:
        """Everything that was not wished for, or was wished for and told otherwise."""
        for done in self._history.requests:
            if done.account not in self._names:
                yield f"{done.account}: a request to {done.command.action.value} by nobody that we know (wish)"
        for name in self._names:
            authority = self._authority(name)
            account = _Account(
                self._exchange,
                self._history,
                self._commands,
                name,
                countdown_s=self._countdown_s(name),
                authority=authority,
            )
            for violation in account.violations():
                yield f"{name}: {violation}"


class _Account:
    """One account's requests and commands."""

    def __init__(
        self,
        exchange: Exchange,
        history: BookHistory,
        commands: CommandLog,
        name: str,
        *,
        countdown_s: int | None,
        authority: CancelAuthority,
    ) -> None:
        self._authority = authority
        self._orders = exchange.engine.accounts[name].orders
        self._history = history
        self._commands = commands
        self._name = name
        self._countdown_s = countdown_s
        self._requests = [done for done in history.requests if done.account == name]
        self._created = {
            first.request: order_id
            for order_id in history.order_ids(name)
            for first in history.states(name, order_id)[:1]
            if first.cause is Cause.PLACE and first.request is not None
        }

    def violations(self) -> Iterator[str]:
        yield from self._placed()
        yield from self._amended()
        yield from self._canceled()
        yield from self._countdowns()
        yield from self._withdrawn()
        for done in self._requests:
            if done.command.action not in _READ_HERE:
                yield f"a request to {done.command.item} {done.command.terms} was wished for by nobody (wish)"

    # -- new orders -----------------------------------------------------------------------------------------------

    def _placed(self) -> Iterator[str]:
        placings = Placings(self._commands, self._requests, self._name)
        for each in placings.requests:
            if not terms.is_text(self._name, each.own_id or ""):
                yield f"{each} has no client order id (R3)"
        yield from placings.matching.violations
        orders_of: dict[int, list[int]] = {}
        for number, filed in placings.matching.wishes.items():
            order_id = self._created.get(number)
            if order_id is not None:
                orders_of.setdefault(filed.number, []).append(order_id)
                yield from self._in_the_books(filed, order_id)
        for wanted in placings.commands:
            yield from self._as_answered(wanted.filed, orders_of.get(wanted.filed.number, []))

    def _in_the_books(self, filed: FiledCommand, order_id: int) -> Iterator[str]:
        """The order as it first stood in the books, in every term."""
        assert isinstance(filed.command, PlaceOrder)
        first = self._history.states(self._name, order_id)[0]
        there = terms.booked(self._orders[order_id], first.amount, first.price)
        wish = terms.placed(filed.command)
        if there != wish:
            yield f"order {order_id} is in the books as {there}, wished for was {wish} (wish)"

    def _as_answered(self, filed: FiledCommand, order_ids: list[int]) -> Iterator[str]:
        """An order was answered with if and only if there is one."""
        answer = filed.value
        if isinstance(answer, Order):
            if number_of_order(answer.order_id) not in order_ids:
                yield f"{filed} was answered with order {answer.order_id}, its own are {order_ids} (R14)"
        elif isinstance(filed.error, VenueRefusedError) and order_ids:
            yield f"{filed} was answered {filed.error!r}, and orders {order_ids} are in the books (R3)"

    # -- changes --------------------------------------------------------------------------------------------------

    def _amended(self) -> Iterator[str]:
        commands = [
            Wanted(filed, terms.amended(command, terms.order_named(self._history, self._name, command, filed.asked_s)))
            for filed, command in self._filed(AmendOrder)
        ]
        requests = [
            Request(done, terms.amended_on_wire(done.command, self._called(done))) for done in self._of(Action.AMEND)
        ]
        yield from Matching(requests, commands).violations

    def _canceled(self) -> Iterator[str]:
        for done in self._requests:
            if done.command.action is Action.CANCEL_ALL:
                yield from self._authority.of_scope(done)
            elif done.command.action is Action.CANCEL:
                yield from self._authority.of_order(done)
        by_number = {done.number: done for done in self._requests}
        for order_id in self._history.order_ids(self._name):
            last = self._history.states(self._name, order_id)[-1]
            if last.finish is not Finish.CANCELED:
                continue
            if last.cause is Cause.COUNTDOWN and self._countdown_s is None:
                yield f"order {order_id} was canceled by a countdown that nobody wanted (wish)"
            request = None if last.request is None else by_number.get(last.request)
            if request is not None and not self._names(request, order_id):
                yield f"order {order_id} was canceled by a request for others: {request.command.terms} (wish)"

    def _names(self, done: CarriedOut, order_id: int) -> bool:
        """Whether a request that canceled or amended an order names it."""
        order, said = self._orders[order_id], done.command.terms
        if done.command.item:
            return number_of_order(done.command.item) == order_id or done.command.item == order.text
        pair = said.get("pair")
        return (pair is None or order.pair in pair.split(",")) and said.get("side") in {None, order.side.value}

    # -- the rest -------------------------------------------------------------------------------------------------

    def _countdowns(self) -> Iterator[str]:
        for done in self._of(Action.COUNTDOWN):
            timeout_s, others = done.command.number("timeout"), done.command.terms.keys() - {"timeout"}
            if others or timeout_s not in {Decimal(0), self._countdown_s}:
                yield f"a countdown of {done.command.terms} was asked for, wanted is {self._countdown_s} s (wish)"

    def _withdrawn(self) -> Iterator[str]:
        commands = [
            Wanted(filed, terms.withdrawn(command), command.client_withdrawal_id or id_of_answer(filed))
            for filed, command in self._filed(Withdraw)
        ]
        requests = [
            Request(done, terms.withdrawn_on_wire(done.command), done.command.terms.get("withdraw_order_id"))
            for done in self._of(Action.WITHDRAW)
        ]
        yield from (f"{each} has no client withdrawal id (R3)" for each in requests if not each.own_id)
        yield from Matching(requests, commands).violations
        wanted = {command.withdrawal_id for _, command in self._filed(CancelWithdrawal)}
        for done in self._of(Action.CANCEL_WITHDRAWAL):
            if done.command.item not in wanted:
                yield f"withdrawal {done.command.item} was called back, wished for by nobody (wish)"

    # -- helpers --------------------------------------------------------------------------------------------------

    def _filed(self, kind: type[C]) -> Iterator[tuple[FiledCommand, C]]:
        for filed in self._commands.of(self._name, kind):
            assert isinstance(filed.command, kind)
            yield filed, filed.command

    def _of(self, action: Action) -> Iterator[CarriedOut]:
        return (done for done in self._requests if done.command.action is action)

    def _called(self, done: CarriedOut) -> int | str:
        item = done.command.item
        number = terms.order_number(self._history, self._name, item, done.at_s)
        return item if number is None else number
