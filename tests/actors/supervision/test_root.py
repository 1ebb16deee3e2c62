"""The root supervisor by itself: however crashes, starts and stops fall together, each plan has one actor, or none."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pykka
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

import actors.supervision.root as root_module
from actors.connection.backoff import BackoffSettings
from actors.runtime import Address, LoopActor, LoopHost, Ref, Reply, TerminationCause, handles
from actors.supervision.plans import ChildPlan, GroupPlan, RestartSettings
from actors.supervision.root import GetSupervision, RootSupervisor, StartGroup, StopGroups
from tests.support.eventually import eventually
from tests.support.world import until_async

AT_ONCE = BackoffSettings(first_s=0.001, max_s=0.001, stable_s=0.0)


class Crash(msgspec.Struct, frozen=True):
    """What no part survives."""


class Part(LoopActor):
    """One of a group; takes as long to start and to end as its stage wants."""

    def __init__(self, stage: "Stage", name: str) -> None:
        super().__init__()
        self.name = name
        self._stage = stage

    def on_start(self) -> Any:
        return self._stage.pass_gate(self._stage.entrance)

    def on_stop(self) -> Any:
        return self._stage.pass_gate(self._stage.exit)

    def on_failure(self, *_: object) -> Any:
        return self._stage.pass_gate(self._stage.exit)

    @handles(Crash)
    def _crash(self, _: Crash) -> None:
        raise ZeroDivisionError


class Stage:
    """A root supervisor and one group of two parts; gates hold parts up at their start and at their end."""

    def __init__(self) -> None:
        self.entrance, self.exit = asyncio.Event(), asyncio.Event()
        self.entrance.set()
        self.exit.set()
        self.waiting = 0
        loop = asyncio.get_running_loop()
        self.host = LoopHost.current(spawn=lambda coroutine, name: loop.create_task(coroutine, name=name))
        settings = RestartSettings(max_restarts=100, backoff=AT_ONCE)
        self.root = RootSupervisor.start(settings=settings, rng=random.Random(1), host=self.host)
        self.first, self.second = Address("first"), Address("second")

    async def pass_gate(self, gate: asyncio.Event) -> None:
        self.waiting += 1
        await gate.wait()
        self.waiting -= 1

    def plan(self) -> GroupPlan:
        def went_down(_: TerminationCause) -> None:
            return

        async def resumed() -> None:
            return

        def child(name: str, address: Address) -> ChildPlan:
            def start() -> Ref[Any]:
                return Part.start(self, name, host=self.host)

            return ChildPlan(name=name, start=start, address=address)

        children = (child("first", self.first), child("second", self.second))
        return GroupPlan(name="both", children=children, went_down=went_down, resumed=resumed, given_up=went_down)

    async def until_whole(self) -> None:
        """Up again, and each part once, at its address."""

        async def is_up() -> bool:
            (status,) = await self.root.ask(GetSupervision())
            return bool(status.is_up and status.restarts)

        await until_async(is_up, what="the group to be up again")
        assert alive() == ["first", "second"]
        assert self.first.is_bound
        assert self.second.is_bound


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    await stage.root.ask(StartGroup(stage.plan()))
    yield stage
    stage.entrance.set()
    stage.exit.set()
    await stage.root.ask(StopGroups())
    await stage.root.stop()
    assert alive() == []


def alive() -> list[str]:
    """Names of the parts that live."""
    return sorted(ref.name for ref in pykka.ActorRegistry.get_by_class(Part) if isinstance(ref, Ref))


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
async def test_two_crashes_at_once_make_one_restart_of_each(stage: Stage, order: tuple[str, str]) -> None:
    stage.exit.clear()
    parts = {"first": stage.first, "second": stage.second}
    for number, name in enumerate(order, start=1):
        parts[name].tell(Crash())
        await eventually(lambda wanted=number: stage.waiting == wanted, what=f"{name} to be at its end")
    stage.exit.set()  # their ends become known together
    await stage.until_whole()


async def test_a_crash_while_a_restart_is_under_way_takes_that_back_and_begins_another(stage: Stage) -> None:
    stage.entrance.clear()
    stage.second.tell(Crash())
    await eventually(lambda: stage.waiting == 1, what="the second to start again")
    stage.first.tell(Crash())
    await eventually(lambda: not stage.first.is_bound, what="the first to be gone")
    stage.entrance.set()
    await stage.until_whole()


async def test_a_stop_calls_off_a_restart_that_is_under_way(stage: Stage) -> None:
    stage.entrance.clear()
    stage.second.tell(Crash())
    await eventually(lambda: stage.waiting == 1, what="the second to start again")
    await stage.root.ask(StopGroups())
    assert alive() == []


async def test_a_stop_while_a_crashed_part_is_still_ending_leaves_nobody(stage: Stage) -> None:
    stage.exit.clear()
    stage.second.tell(Crash())
    await eventually(lambda: stage.waiting == 1, what="the second to be at its end")
    stopping = stage.root.ask(StopGroups())
    stage.exit.set()
    await stopping
    assert alive() == []


async def test_a_part_that_does_not_end_in_its_time_is_left_behind_and_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last hook is cut off at its deadline; here that fails, as it does for a thread in a call that blocks."""
    monkeypatch.setattr(root_module, "_STOP_MARGIN_S", 0.1)
    never: Reply[bool] = Reply()
    (first, second) = stage.plan().children
    running = [
        root_module._Running(
            msgspec.structs.replace(child, stop_deadline_s=0.0), Part.start(stage, name, host=stage.host)
        )
        for child, name in ((first, "left-1"), (second, "left-2"))
    ]
    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(Ref, "stop", lambda *_args, **_settings: never)
        async with asyncio.timeout(3):
            await root_module._stop_in_reverse(running)
    assert [row["child"] for row in logs if row["event"] == "child_left_behind"] == ["second", "first"]
    for each in running:
        await each.ref.stop()
