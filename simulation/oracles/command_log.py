"""Every command that anybody asks of an account, filed from outside: who asks is the only one who knows the wish.

Filed are the commands of strategies, of the program itself (an orderly end, a strategy given up) and of the harness,
with the time of asking and, once there is one, the answer. A kill loses answers: such commands stay unanswered.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from heapq import merge
from typing import Any, Final, TypeVar
from unittest.mock import patch

from actors.runtime import Address, Reply
from messages.commands import Command
from messages.errors import ConfigurationError, ConnectionFailedError, LocalRefusalError
from simulation.process import LIFE

C = TypeVar("C", bound=Command)
NOT_SENT: Final = (LocalRefusalError, ConnectionFailedError, ConfigurationError)
"""Errors that promise: nothing has left for the exchange, and nothing will."""


class FiledCommand:
    """One command and what became of it.

    Attributes:
        number: counts all commands of a run from 1. asked_s, answered_s: virtual seconds; None: no answer (yet).
        life: number of the life of the program that asked; None for the harness.
        value: of the answer; None without one, or for an error. error: of the answer; None for a value.
    """

    __slots__ = ("account", "answered_s", "asked_s", "command", "error", "life", "number", "value")

    def __init__(self, number: int, account: str, command: Command, asked_s: float, life: int | None) -> None:
        self.number = number
        self.account = account
        self.command = command
        self.asked_s = asked_s
        self.life = life
        self.answered_s: float | None = None
        self.value: Any = None
        self.error: BaseException | None = None

    def __repr__(self) -> str:
        return f"<#{self.number} {self.command!r} at {self.asked_s:.3f}>"

    @property
    def is_answered(self) -> bool:
        return self.answered_s is not None

    @property
    def was_not_sent(self) -> bool:
        """Whether the answer promises that nothing has left for the exchange."""
        return isinstance(self.error, NOT_SENT)


class CommandLog:
    """All commands of a run, in the order of asking.

    Attributes:
        when_answered: called with each command at the moment of its answer.
    """

    def __init__(self, now_s: Callable[[], float], *, first: "CommandLog | None" = None) -> None:
        """``now_s``: virtual seconds. ``first``: files the same without the commands of a second program."""
        self.commands: list[FiledCommand] = []
        self.when_answered: list[Callable[[FiledCommand], None]] = []
        self._now_s = now_s
        self._first = first
        self._of_kind: dict[tuple[str, type[Command]], list[FiledCommand]] = {}

    def of(self, account: str, *kinds: type[C]) -> Iterator[FiledCommand]:
        """The commands to one account that are of these kinds, in the order of asking."""
        of_kinds = [self._of_kind.get((account, kind), ()) for kind in kinds]
        return iter(tuple(of_kinds[0]) if len(kinds) == 1 else merge(*of_kinds, key=lambda filed: filed.number))

    def file(self, account: str, command: Command, reply: Reply[Any] | None = None) -> FiledCommand:
        """Files a command; the answer is filed when ``reply`` has it. None: it was told, not asked."""
        life = LIFE.get()
        filed = FiledCommand(
            len(self.commands) + 1, account, command, self._now_s(), None if life is None else life.number
        )
        logs = [self]
        if self._first is not None and (life is None or not life.is_second):
            logs.append(self._first)
        for log in logs:
            log.commands.append(filed)
            log._of_kind.setdefault((account, type(command)), []).append(filed)
        if reply is not None:
            reply.add_done_callback(lambda settled: self._answered(filed, settled, logs))
        return filed

    def _answered(self, filed: FiledCommand, reply: Reply[Any], logs: "Iterable[CommandLog]") -> None:
        filed.answered_s = self._now_s()
        filed.error = reply.error
        if filed.error is None:
            filed.value = reply.result()
        for log in logs:
            for call in log.when_answered:
                call(filed)

    @contextmanager
    def filing(self) -> Iterator[None]:
        """While it lasts, whatever is sent to an address and is one of `messages.commands` is filed."""
        ask, tell = Address.ask, Address.tell

        def ask_and_file(address: Address, message: Any) -> Reply[Any]:
            reply = ask(address, message)
            if _is_command(message):
                self.file(address.name, message, reply)
            return reply

        def tell_and_file(address: Address, message: Any) -> bool:
            if _is_command(message):
                self.file(address.name, message)
            return tell(address, message)

        with patch.object(Address, "ask", ask_and_file), patch.object(Address, "tell", tell_and_file):
            yield


def _is_command(message: object) -> bool:
    """One of the vocabulary's; what the harness has made up itself (a crash on command) is none."""
    return type(message).__module__ == Command.__module__
