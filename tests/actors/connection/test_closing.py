"""A session that a supervisor has opened is closed whole, however the supervisor ends."""

import asyncio
import random
from collections.abc import Callable

import pytest

from actors.connection.messages import Connect
from actors.connection.neighbours import Neighbours
from actors.connection.settings import SupervisorSettings
from actors.connection.supervisor import ConnectionSupervisor
from actors.runtime import LoopHost, Ref
from messages.commands import Command
from messages.errors import ConnectionFailedError
from messages.events import ConnectionStatus


class Crash(Command, frozen=True):
    """What no supervisor survives."""


class SlowToClose:
    """A session whose goodbye takes a few turns of the loop, as that of a socket does."""

    def __init__(self, *, opens: bool) -> None:
        self.opens = opens
        self.is_closed = False

    async def open(self) -> None:
        if not self.opens:
            raise ConnectionFailedError("subscriptions were not acknowledged")

    async def load(self) -> None:
        """There is nothing to load."""

    async def check(self) -> None:
        """All is well."""

    async def close(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        self.is_closed = True

    def links(self) -> ConnectionStatus:
        return ConnectionStatus()

    def answers_count(self) -> int:
        return 0

    def is_open(self) -> bool:
        return self.opens and not self.is_closed


class OneSession:
    """A factory of this one session."""

    def __init__(self, session: SlowToClose) -> None:
        self._session = session
        self.lost: Callable[[str], None] = str

    def next_number(self) -> int:
        return 1

    def __call__(self, _connection: int, lost: Callable[[str], None]) -> SlowToClose:
        self.lost = lost
        return self._session


class LateToForget(Neighbours):
    """Tells also who has ended meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Callable[[], None]] = []

    def join(self, member: object, told: Callable[[], None]) -> None:
        self.told.append(told)


async def supervise(
    session: SlowToClose, *, sessions: OneSession | None = None, neighbours: Neighbours | None = None
) -> Ref[ConnectionSupervisor]:
    ref = ConnectionSupervisor.start(
        name="alpha",
        sessions=sessions or OneSession(session),
        neighbours=neighbours or Neighbours(),
        tell_sync=lambda *_: None,
        settings=SupervisorSettings(),
        rng=random.Random(1),
        host=LoopHost.current(),
    )
    await ref.started
    return ref


async def test_a_stop_right_after_a_failed_attempt_does_not_cut_its_closing_short() -> None:
    session = SlowToClose(opens=False)
    supervisor = await supervise(session)

    with pytest.raises(ConnectionFailedError):
        await supervisor.ask(Connect())
    await supervisor.stop()

    assert session.is_closed


async def test_a_crash_closes_the_session_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ConnectionSupervisor._handlers, Crash, lambda _actor, _message: 1 / 0)
    session = SlowToClose(opens=True)
    supervisor = await supervise(session)
    await supervisor.ask(Connect())

    supervisor.tell(Crash())
    await supervisor.terminated

    assert session.is_closed


async def test_r10_who_tells_a_supervisor_that_has_crashed_meanwhile_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket breaks, or a neighbour is through, before either has heard of the end."""
    monkeypatch.setitem(ConnectionSupervisor._handlers, Crash, lambda _actor, _message: 1 / 0)
    session, neighbours = SlowToClose(opens=True), LateToForget()
    sessions = OneSession(session)
    supervisor = await supervise(session, sessions=sessions, neighbours=neighbours)
    await supervisor.ask(Connect())
    supervisor.tell(Crash())
    await supervisor.terminated

    sessions.lost("the socket was closed by the exchange with code 1001")
    [told] = neighbours.told
    told()
