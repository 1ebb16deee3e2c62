"""What happened in a run, line by line, each with its virtual time; the same for the same seed, byte for byte."""

import logging
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import structlog

from simulation.process import LIFE

_FAULTS_OF_OURS: Final = frozenset(
    {
        "actor_crashed",
        "actor_hook_failed",
        "actor_runtime_failed",
        "actor_start_failed",
        "actor_task_failed",
        "connection_attempt_crashed",
        "connection_handler_failed",
        "error_handler_failed",
        "reply_callback_failed",
        "request_failed",
        "socket_reader_failed",
        "task_outlives_actor",
    }
)
"""Log events that no fault of the network or of the exchange excuses."""
_INJECTED: Final = "InjectedCrash"
_PAST_DEADLINE: Final = frozenset({("actor_hook_failed", "TimeoutError"), ("task_outlives_actor", None)})
"""Whoever stands still while an actor ends finds its deadline passed when it goes on, as does who is held up."""
_DEADLINE_S: Final = 8.0
_ON_BAD_DISK: Final = "actor_start_failed", "JournalError"
"""An account whose journal cannot be used does not start, and says so; it has to come back with its disk."""


class Trace:
    """Collects lines when it is on; costs next to nothing when it is off.

    Attributes:
        faults: log events that show a fault in the program itself, kept in either case.
        given_up: strategies of this life of the program that its root supervisor has given up. is_crippled: whether it
            has given up an account or market data.
        spent_s: how many of the last so many seconds the program's callbacks have taken.
        home: the run's own directory, which is another one each time; left out of all lines.
        readers: called with each text that the program has written or told, and where, whether the trace is on or not.
    """

    def __init__(self, now_s: Callable[[], float], *, on: bool, all_levels: bool = False) -> None:
        """``all_levels``: log events of every level are taken, also where the trace is off."""
        self.on = on
        self.all_levels = on or all_levels
        self.readers: list[Callable[[str, str], None]] = []
        self.spent_s: Callable[[float], float] = lambda _: 0.0
        self.lines: list[str] = []
        self.faults: list[str] = []
        self.given_up: set[str] = set()
        self.is_crippled = False
        self.home = ""
        self._now_s = now_s
        self._resumed_s = -1.0

    def resume(self) -> None:
        """The program goes on after it stood still."""
        self._resumed_s = self._now_s()

    def add(self, who: str, what: str) -> None:
        """Adds a line; callers on hot paths look at `on` first."""
        if self.on:
            told = what.replace(self.home, "") if self.home else what
            self.lines.append(f"{self._now_s():12.6f}  {who:<12} {told}")

    def tell(self, where: str, text: str) -> None:
        """Gives a text of the program's to the readers."""
        for read in self.readers:
            read(where, text)

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    def take_log(self, _logger: object, level: str, event: MutableMapping[str, Any]) -> Any:
        """The last processor of structlog: keeps the event here instead of writing it anywhere."""
        name = str(event.pop("event", ""))
        exc_info = event.pop("exc_info", None)
        if isinstance(exc_info, BaseException):
            event["exception"] = f"{type(exc_info).__name__}: {exc_info}"
        fields = " ".join(f"{key}={value}" for key, value in event.items())
        self.tell(f"the log event {name}", fields)
        kind = event.get("error_type")
        is_late = (name, kind) in _PAST_DEADLINE and self._is_held_up()
        if name in _FAULTS_OF_OURS and kind != _INJECTED and (name, kind) != _ON_BAD_DISK and not is_late:
            self.faults.append(f"{name} {fields}")
        life = LIFE.get()
        if life is None or not life.is_second:
            self._note_given_up(name, event)
        self.add(level, f"{name} {fields}")
        raise structlog.DropEvent

    def _is_held_up(self) -> bool:
        """Whether the program has just stood still, or lost a quarter of an actor's longest deadline."""
        return self._now_s() == self._resumed_s or self.spent_s(_DEADLINE_S) > _DEADLINE_S / 4

    def _note_given_up(self, name: str, event: MutableMapping[str, Any]) -> None:
        """Of the run's own program only: what the second one gives up is another user's affair."""
        if name == "strategy_given_up":
            self.given_up.add(str(event.get("strategy")))
        elif name == "group_given_up" and not str(event.get("group")).startswith("strategy "):
            self.is_crippled = True


@contextmanager
def logging_into(trace: Trace) -> Iterator[None]:
    """While it lasts, log events of the process go into the trace: all, or only errors where it does not want all."""
    before = structlog.get_config()
    structlog.configure(
        processors=[trace.take_log],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if trace.all_levels else logging.ERROR),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
