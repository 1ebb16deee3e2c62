"""A part that cannot start again waits between its tries, and for what a person mends it waits as long as it takes."""

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from actors.connection.backoff import BackoffSettings
from actors.runtime import Address, LoopActor, LoopHost, Ref, TerminationCause, handles
from actors.supervision.plans import ChildPlan, GroupPlan, RestartSettings
from actors.supervision.root import GetSupervision, RootSupervisor, StartGroup
from messages.errors import ConfigurationError
from tests.actors.connection.stage import on_virtual_time


class Crash(msgspec.Struct, frozen=True):
    """What no part survives."""


class Part(LoopActor):
    """Starts only while nothing is wrong."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.name = "part"
        self._world = world

    def on_start(self) -> None:
        self._world.starts.append(asyncio.get_running_loop().time())
        if self._world.problem is not None:
            raise self._world.problem

    @handles(Crash)
    def _crash(self, _: Crash) -> None:
        raise ZeroDivisionError


class World:
    """A group of one part that has been started once, after an hour of quiet."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.starts: list[float] = []
        self.given_up: list[TerminationCause] = []
        self.address = Address("part")
        loop = asyncio.get_running_loop()
        self.host = LoopHost.current(spawn=lambda coroutine, name: loop.create_task(coroutine, name=name))
        settings = RestartSettings(max_restarts=5, within_s=60.0, backoff=BackoffSettings(first_s=0.1, stable_s=0.0))
        self.root = RootSupervisor.start(settings=settings, rng=random.Random(1), host=self.host)

    async def begin(self) -> None:
        async def resumed() -> None:
            return

        def start() -> Ref[Any]:
            return Part.start(self, host=self.host)

        child = ChildPlan(name="part", start=start, address=self.address)
        plan = GroupPlan(
            name="one", children=(child,), went_down=lambda _: None, resumed=resumed, given_up=self.given_up.append
        )
        await self.root.ask(StartGroup(plan))
        await asyncio.sleep(3600)

    async def is_up(self) -> bool:
        (status,) = await self.root.ask(GetSupervision())
        return bool(status.is_up)


def play(scene: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    async def played() -> None:
        world = World()
        await world.begin()
        await scene(world)
        await world.root.stop()

    on_virtual_time(played)


def test_a_start_that_a_person_has_to_mend_is_tried_with_pauses_until_it_is_mended() -> None:
    async def scene(world: World) -> None:
        world.problem = ConfigurationError("the journal cannot be written: the disk is full")
        world.address.tell(Crash())
        await asyncio.sleep(1800)
        tries = world.starts[2:]
        assert 30 <= len(tries) <= 1800
        assert min(later - earlier for earlier, later in itertools.pairwise(tries)) >= 1.0
        assert not world.given_up
        world.problem = None
        await asyncio.sleep(31)
        assert await world.is_up()

    play(scene)


def test_a_start_that_fails_for_a_fault_of_ours_has_pauses_that_grow_and_is_given_up() -> None:
    async def scene(world: World) -> None:
        world.problem = ZeroDivisionError()
        world.address.tell(Crash())
        await asyncio.sleep(600)
        assert len(world.starts) == 1 + 5
        assert len(set(world.starts)) == len(world.starts)  # never twice at one instant
        assert world.given_up

    play(scene)
