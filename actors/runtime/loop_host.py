"""Where loop actors live, and everything that they take from outside: no clock, task or loop comes from the air."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from actors.runtime.dead_letters import PROCESS_DEAD_LETTERS, DeadLetters

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, Any], str], "asyncio.Task[Any]"]
"""Starts a task: ``spawn(coroutine, name)``. Called on the loop's thread."""


@dataclass(frozen=True, slots=True)
class LoopHost:
    """Where loop actors live, and everything that they take from outside.

    Attributes:
        loop: serves mailboxes, timers and tasks; its clock is the actors' clock.
        spawn: starts every task.
        dead_letters: told of every lost message.
        max_per_turn: messages served in one go before I/O gets its turn.
        stop_deadline_s: seconds that a stopping actor's tasks and hooks get when the stop names none.
    """

    loop: asyncio.AbstractEventLoop
    spawn: Spawn
    dead_letters: DeadLetters
    max_per_turn: int = 64
    stop_deadline_s: float = 10.0

    def __post_init__(self) -> None:
        if self.max_per_turn < 1:
            raise ValueError(f"max_per_turn = {self.max_per_turn!r} is not allowed: 1 or more")

    @classmethod
    def current(
        cls,
        spawn: Spawn | None = None,
        *,
        dead_letters: DeadLetters | None = None,
        max_per_turn: int = 64,
        stop_deadline_s: float = 10.0,
    ) -> "LoopHost":
        """A host on the running loop; ``spawn`` defaults to the loop's own ``create_task``."""
        loop = asyncio.get_running_loop()

        def create_task(coroutine: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
            return loop.create_task(coroutine, name=name)

        return cls(
            loop=loop,
            spawn=spawn or create_task,
            dead_letters=PROCESS_DEAD_LETTERS if dead_letters is None else dead_letters,
            max_per_turn=max_per_turn,
            stop_deadline_s=stop_deadline_s,
        )
