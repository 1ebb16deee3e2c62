"""A connection supervisor on virtual time, with sessions that do what a test tells them."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from actors.connection.messages import Connect
from actors.connection.neighbours import Neighbours
from actors.connection.settings import SupervisorSettings
from actors.connection.supervisor import ConnectionSupervisor
from actors.runtime import LoopHost, Ref, Reply
from messages.enums import SyncState
from messages.errors import RefusalReason, VenueRefusedError
from messages.events import ConnectionStatus
from simulation.loop import VirtualLoop, run_on_virtual_time

Step = Callable[[], Coroutine[Any, Any, None]]


def refused(reason: RefusalReason = RefusalReason.RATE_LIMIT, label: str = "TOO_MANY_REQUESTS") -> VenueRefusedError:
    return VenueRefusedError(reason, label)


KEY_REFUSED = refused(RefusalReason.AUTHENTICATION, "INVALID_KEY")
NOT_PERMITTED = refused(RefusalReason.PERMISSION, "FORBIDDEN")


class Exchange:
    """What every session meets; a test sets errors, or how long something takes.

    Attributes:
        open_error, load_error, check_error: raised at every attempt while set. takes_s: how long each of them takes.
        answers_left: so many answers come before the end of what is asked next.
        at_work: calls that are under way. errors_left: after so many raised errors there are no more; None: for ever.
    """

    def __init__(self) -> None:
        self.open_error: Exception | None = None
        self.load_error: Exception | None = None
        self.check_error: Exception | None = None
        self.errors_left: int | None = None
        self.takes_s = 0.01
        self.hangs = False
        self.answers_count = 0
        self.answers_left = 0
        self.at_work = 0
        self.opens: list[float] = []
        self.loads: list[float] = []
        self.checks: list[float] = []

    async def do(self, calls: list[float], error: Exception | None) -> None:
        calls.append(asyncio.get_running_loop().time())
        self.at_work += 1
        try:
            if self.hangs:
                await asyncio.Event().wait()
            while self.answers_left:
                await asyncio.sleep(self.takes_s)
                self.answers_left -= 1
                self.answers_count += 1
            await asyncio.sleep(self.takes_s)
        finally:
            self.at_work -= 1
        if error is None or self.errors_left == 0:
            return
        if self.errors_left is not None:
            self.errors_left -= 1
        raise error


class ScriptedSession:
    """A session against such an exchange."""

    def __init__(self, exchange: Exchange, number: int, lost: Callable[[str], None]) -> None:
        self.exchange, self.number, self.lost = exchange, number, lost
        self.known = ConnectionStatus()
        self.is_closed = False
        self.reconciler = 0

    async def open(self) -> None:
        await self.exchange.do(self.exchange.opens, self.exchange.open_error)
        self.known = ConnectionStatus(public_rest=True, private_ws=True)

    async def load(self) -> None:
        self.known = msgspec.structs.replace(self.known, private_rest=False)
        await self.exchange.do(self.exchange.loads, self.exchange.load_error)
        self.known = msgspec.structs.replace(self.known, private_rest=True)

    async def check(self) -> None:
        await self.exchange.do(self.exchange.checks, self.exchange.check_error)
        self.known = msgspec.structs.replace(self.known, private_rest=True)

    def doubt_facts(self) -> bool:
        self.reconciler += 1
        return self.reconciler == 1

    async def close(self) -> None:
        self.is_closed = True
        self.known = ConnectionStatus()

    def links(self) -> ConnectionStatus:
        return self.known

    def answers_count(self) -> int:
        return self.exchange.answers_count

    def is_open(self) -> bool:
        return self.known.private_ws


class Told(msgspec.Struct, frozen=True):
    """One word to the owner, and when."""

    at_s: float
    state: SyncState
    links: ConnectionStatus
    cause: str


class Stage:
    """One supervisor, its sessions and what its owner was told."""

    def __init__(
        self,
        *,
        exchange: Exchange | None = None,
        settings: SupervisorSettings | None = None,
        needs_public_feed: bool = False,
        neighbours: Neighbours | None = None,
        seed: int = 1,
    ) -> None:
        self.exchange = exchange or Exchange()
        self.sessions: list[ScriptedSession] = []
        self.told: list[Told] = []
        self.reconnects = 0
        self._news = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.ref: Ref[ConnectionSupervisor] = ConnectionSupervisor.start(
            name="alpha",
            sessions=self,
            tell_sync=self._tell_sync,
            settings=settings or SupervisorSettings(check_every_s=10.0),
            rng=random.Random(seed),
            needs_public_feed=needs_public_feed,
            neighbours=neighbours,
            host=LoopHost.current(spawn=lambda coroutine, name: loop.create_task(coroutine, name=name)),
        )

    def next_number(self) -> int:
        return len(self.sessions) + 1

    def __call__(self, connection: int, lost: Callable[[str], None]) -> ScriptedSession:
        self.sessions.append(ScriptedSession(self.exchange, connection, lost))
        return self.sessions[-1]

    def connect(self, *, persistent: bool = False) -> Reply[Any]:
        return self.ref.ask(Connect(persistent))

    async def live(self) -> None:
        await self.ref.started
        await self.connect()

    @property
    def state(self) -> SyncState:
        return self.told[-1].state if self.told else SyncState.DOWN

    def states(self) -> list[SyncState]:
        return [told.state for told in self.told]

    async def until(self, state: SyncState) -> float:
        """Returns the moment at which it is told so; waits for it in virtual time."""
        while self.state is not state:
            self._news.clear()
            await self._news.wait()
        return self.told[-1].at_s

    def _tell_sync(self, state: SyncState, links: ConnectionStatus, cause: str, reconnects: int) -> None:
        self.reconnects = reconnects
        self.told.append(Told(asyncio.get_running_loop().time(), state, links, cause))
        self._news.set()


def on_virtual_time(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Plays a scene from the beginning of time."""
    run_on_virtual_time(VirtualLoop(), scene())
