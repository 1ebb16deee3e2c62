"""Which request at the exchange came of which command.

Each request must have come of a command that wanted exactly that, and each command sends at most one (R3): a command
whose answer is lost is looked up, never sent again.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence

from messages.commands import PlaceOrder
from messages.errors import UnresolvedOrderError, VenueRefusedError
from messages.order import Order
from messages.withdrawal import Withdrawal
from simulation.oracles.book_history import CarriedOut
from simulation.oracles.command_log import FiledCommand
from simulation.oracles.wish_terms import text_of


class Wanted:
    """A command with what it wants: ``terms``; ``own_id``: the client id that it names or was answered with."""

    __slots__ = ("filed", "own_id", "terms")

    def __init__(self, filed: FiledCommand, terms: Hashable, own_id: str | None = None) -> None:
        self.filed = filed
        self.terms = terms
        self.own_id = own_id


class Request:
    """A request with what it asks for; ``own_id``: the client id that it carries, where it carries one."""

    __slots__ = ("done", "own_id", "terms")

    def __init__(self, done: CarriedOut, terms: Hashable, own_id: str | None = None) -> None:
        self.done = done
        self.terms = terms
        self.own_id = own_id

    def __str__(self) -> str:
        return f"the request at {self.done.at_s:.3f} s ({self.terms})"


class Matching:
    """One matching of requests with commands.

    Attributes:
        wishes: the command of each request, by the request's number. violations: in words, without the account.
    """

    def __init__(self, requests: Iterable[Request], commands: Iterable[Wanted]) -> None:
        self.wishes: dict[int, FiledCommand] = {}
        self.violations: list[str] = []
        self._by_id: dict[str, list[Wanted]] = {}
        self._by_terms: dict[Hashable, list[Wanted]] = {}
        for command in commands:
            if command.own_id is not None:
                self._by_id.setdefault(command.own_id, []).append(command)
            else:
                self._by_terms.setdefault(command.terms, []).append(command)
        nameless: dict[Hashable, list[Request]] = {}
        seen: set[str] = set()
        for request in requests:
            own_id = request.own_id
            if own_id is not None and own_id in self._by_id:
                self._match_by_id(request, self._by_id[own_id])
            elif own_id is not None and own_id in seen:
                self.violations.append(f"{request} was sent twice (R3)")
            else:
                nameless.setdefault(request.terms, []).append(request)
            if own_id is not None:
                seen.add(own_id)
        for terms, alike in nameless.items():
            self._match_by_terms(alike, self._by_terms.get(terms, []))

    def _match_by_id(self, request: Request, named: list[Wanted]) -> None:
        for command in named:
            if command.terms == request.terms and _could_cause(command, request):
                self.wishes[request.done.number] = command.filed
                named.remove(command)
                return
        others = [command for command in named if _could_cause(command, request)]
        if others:
            self.violations.append(f"{request} is not what was wished for: {others[0].terms} (wish)")
        elif named and all(command.filed.was_not_sent for command in named):
            self.violations.append(f"{request} was sent, and its asker was told {named[-1].filed.error!r} (R3)")
        else:
            self.violations.append(f"{request} was sent twice (R3)")

    def _match_by_terms(self, requests: Sequence[Request], commands: list[Wanted]) -> None:
        """Refused ones first: a command that was told of a refusal can only have sent one of those."""
        for request in sorted(requests, key=lambda each: each.done.label is None):
            possible = [command for command in commands if _could_cause(command, request)]
            found = next(_best_first(request.done, possible), None)
            if found is not None:
                commands.remove(found)
                self.wishes[request.done.number] = found.filed
            elif possible:
                told = possible[0].filed.error
                self.violations.append(f"{request} was carried out, and its asker was told {told!r} (R3)")
            else:
                self.violations.append(f"{request} was wished for by nobody (wish)")


def id_of_answer(filed: FiledCommand) -> str | None:
    """The client id that a command's answer tells, where the command itself names none."""
    answer = filed.value
    if isinstance(answer, Order):
        return answer.client_order_id
    if isinstance(answer, Withdrawal):
        return answer.client_withdrawal_id
    error = filed.error
    return error.client_order_id if isinstance(error, UnresolvedOrderError) else None


def texts_of(filed: FiledCommand) -> list[str]:
    """The text that the exchange has of an order that was asked for; none where nobody can say."""
    assert isinstance(filed.command, PlaceOrder)
    own_id = filed.command.client_order_id or id_of_answer(filed)
    return [] if own_id is None else [text_of(filed.account, own_id)]


def _could_cause(command: Wanted, request: Request) -> bool:
    return command.filed.asked_s <= request.done.at_s and not command.filed.was_not_sent


def _best_first(done: CarriedOut, commands: Sequence[Wanted]) -> Iterator[Wanted]:
    """Those that were told what this request was told, then those that were told nothing certain.

    Of those the one that was asked last: the others may have caused an earlier request, too. A refusal may have become
    unreadable on its way, so that its asker was told of a refusal by another name.
    """
    commands = sorted(commands, key=lambda command: command.filed.asked_s, reverse=True)
    refused = [command for command in commands if isinstance(command.filed.error, VenueRefusedError)]
    if done.label is not None:
        yield from (command for command in refused if _label(command) == done.label.upper())
    yield from (command for command in commands if command not in refused)
    if done.label is not None:
        yield from refused


def _label(command: Wanted) -> str | None:
    error = command.filed.error
    return error.label if isinstance(error, VenueRefusedError) else None
