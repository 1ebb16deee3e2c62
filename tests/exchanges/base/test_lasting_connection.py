"""Connections that are replaced before they end, or when what they were opened with does: to their owner it is one."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NoReturn

import msgspec
import pytest

from exchanges.base.environment import Environment
from exchanges.base.lasting_connection import Ending, LastingConnection, Request
from exchanges.base.transport import RequestNotSentError, SocketClosedError
from exchanges.base.websocket_connection import Answers, SessionSettings
from messages.errors import ConnectionFailedError
from tests.exchanges.base.loopback import Tasks
from tests.exchanges.base.manual_clock import ManualClock, settle


class Peer:
    """The other end: grants every request by its number."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_open = True
        self.grants = True
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def send(self, message: bytes | str) -> None:
        if self.grants:
            self._frames.put_nowait(bytes(message) if isinstance(message, bytes) else message.encode())

    def end(self) -> None:
        self._frames.put_nowait(None)

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        while (frame := await self._frames.get()) is not None:
            listener(frame)
        self.is_open = False
        raise SocketClosedError("ended")

    async def close(self) -> None:
        self.is_open = False
        self._frames.put_nowait(None)


class Frames:
    """`SocketFrames` and `LeasedFrames`: each is opened with a ticket of its own."""

    name = "test"

    def __init__(self, office: "Office") -> None:
        self.settings = office.settings
        self._office = office
        self._answers: Answers | None = None
        self.expired = asyncio.Event()
        office.frames.append(self)

    async def url(self) -> str:
        if self._office.url_fails:
            raise ConnectionFailedError("no ticket")
        await asyncio.sleep(0)
        return f"ws://test?ticket={len(self._office.frames)}"

    def attach(self, answers: Answers) -> None:
        self._answers = answers

    def feed(self, frame: bytes) -> None:
        if self._answers is not None and frame != b"0":
            self._answers.acknowledge(msgspec.json.decode(frame, type=int))

    def heartbeat(self) -> bytes:
        return b"0"

    async def until_expired(self) -> None:
        await self.expired.wait()

    async def release(self, ending: Ending) -> None:
        self._office.endings.append(ending)


class Office:
    """Attributes: links: what the owner was told. endings: how the connections of each frames were given back."""

    def __init__(self, life_s: float | None) -> None:
        self.settings = SessionSettings(life_s=life_s)
        self.clock = ManualClock()
        self.tasks = Tasks()
        self.peers: list[Peer] = []
        self.refused = 0
        self.url_fails = False
        self.frames: list[Frames] = []
        self.endings: list[Ending] = []
        self.links: list[bool] = []
        environment = Environment(
            clock=self.clock,
            rng=random.Random(1),
            spawn=self.tasks.spawn,
            http=None,
            sockets=self,  # type: ignore[arg-type]
        )
        self.line = LastingConnection[Frames](
            environment,
            lambda: Frames(self),
            self.requests,
            connection=lambda up, _: self.links.append(up),
            error=lambda _: None,
        )

    def requests(self, _: Frames) -> Sequence[Sequence[Request]]:
        return ([(1, b"1")], [(2, b"2"), (3, b"3")])

    async def connect(self, url: str, *, timeout_s: float, headers: Mapping[str, str]) -> Peer:
        if self.refused:
            self.refused -= 1
            raise RequestNotSentError("no socket")
        self.peers.append(Peer(url))
        return self.peers[-1]

    @property
    def open(self) -> list[Peer]:
        return [peer for peer in self.peers if peer.is_open]


@asynccontextmanager
async def office(life_s: float | None = 100.0, *, connected: bool = True) -> AsyncIterator[Office]:
    made = Office(life_s)
    try:
        if connected:
            await made.line.open()
            made.line.announce()
        yield made
    finally:
        await made.line.close()
        await settle()
        assert made.tasks.running == []
        assert made.open == []


async def test_it_is_replaced_after_its_life_again_and_again_and_its_owner_hears_nothing() -> None:
    async with office() as here:
        for count in (2, 3, 4):
            await here.clock.advance(101)
            assert len(here.peers) == count
            assert here.open == [here.peers[-1]]
        assert here.links == [True]
        assert here.endings == [Ending.CLOSED] * 3


async def test_it_is_replaced_when_what_it_was_opened_with_has_expired() -> None:
    async with office(None) as here:
        await here.clock.advance(100_000)
        assert len(here.peers) == 1
        here.frames[0].expired.set()
        await settle()
        await here.clock.advance(1)
        assert [peer.url for peer in here.peers] == ["ws://test?ticket=1", "ws://test?ticket=2"]
        assert here.open == [here.peers[1]]
        assert here.links == [True]


@pytest.mark.parametrize("fails", ["url", "socket"])
async def test_while_it_cannot_be_replaced_the_old_one_stays(fails: str) -> None:
    async with office() as here:
        here.url_fails, here.refused = fails == "url", 99 if fails == "socket" else 0
        await here.clock.advance(150)
        assert here.open == [here.peers[0]]
        assert Ending.NOT_OPENED in here.endings
        here.url_fails, here.refused = False, 0
        await here.clock.advance(20)
        assert here.open == [here.peers[1]]
        assert here.links == [True]


async def test_one_that_ends_by_itself_is_told_once_and_not_replaced() -> None:
    async with office() as here:
        here.peers[0].end()
        await settle()
        assert here.links == [True, False]
        await here.clock.advance(1000)
        assert len(here.peers) == 1
    assert here.endings == [Ending.LOST]


async def test_the_end_of_the_new_one_is_told_as_that_of_the_old_was() -> None:
    async with office() as here:
        await here.clock.advance(101)
        here.peers[1].end()
        await settle()
        assert here.links == [True, False]


async def test_one_that_cannot_be_opened_is_given_back_and_the_cause_is_raised() -> None:
    async with office(connected=False) as here:
        here.refused = 1
        with pytest.raises(ConnectionFailedError, match="no socket"):
            await here.line.open()
        assert (here.endings, here.links) == ([Ending.NOT_OPENED], [])


async def test_one_that_is_closed_while_it_is_opened_is_given_back() -> None:
    async with office(connected=False) as here:
        opening = here.tasks.spawn(here.line.open(), "open")
        await asyncio.sleep(0)
        await here.line.close()
        with pytest.raises(ConnectionFailedError):
            await opening
        assert set(here.endings) == {Ending.NOT_OPENED}
        assert here.open == []


async def test_one_is_used_once() -> None:
    async with office() as here:
        with pytest.raises(ConnectionFailedError):
            await here.line.open()
        await here.line.close()
        with pytest.raises(ConnectionFailedError):
            await here.line.open()
        with pytest.raises(ConnectionFailedError):
            await here.line.request_all(lambda _: [(4, b"4")])
    assert here.endings == [Ending.CLOSED]


async def test_closing_while_it_is_replaced_leaves_nothing_open() -> None:
    async with office() as here:
        await here.clock.advance(99.9)
        here.frames[0].expired.set()
        for _ in range(3):
            await asyncio.sleep(0)
        await here.line.close()
        assert here.open == []
        assert here.links == [True]
