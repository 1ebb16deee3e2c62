"""One socket from opening to its end, over real sockets, with a venue that speaks in single words."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NoReturn

import msgspec
import pytest
import structlog
from websockets.asyncio.server import ServerConnection

from exchanges.base.websocket_connection import (
    HandlerFailedError,
    SessionSettings,
    WebsocketConnection,
    reason_of,
    report_refused_frame,
)
from messages.errors import (
    ConnectionFailedError,
    InvalidValueError,
    ProtocolError,
    RefusalReason,
    TellerError,
    VenueRefusedError,
)
from tests.exchanges.base.loopback import Tasks, environment, unused_port, websocket_server
from tests.exchanges.base.manual_clock import ManualClock, settle
from tests.support.eventually import eventually

Script = Callable[[ServerConnection], Awaitable[None]]

SETTINGS = SessionSettings(connect_timeout_s=5, acknowledge_timeout_s=5, heartbeat_s=10, silence_s=30)


class Client:
    """A made-up venue: ``ack N``, ``no N``, ``news WORD``; anything else is refused."""

    def __init__(self, session_settings: SessionSettings = SETTINGS) -> None:
        self.settings = session_settings
        self.clock = ManualClock()
        self.tasks = Tasks()
        self.news: list[str] = []
        self.links: list[tuple[bool, str]] = []
        self.errors: list[TellerError] = []
        self.frames = 0
        self.session: WebsocketConnection
        self.url = "ws://nowhere"

    def feed(self, frame: bytes) -> None:
        self.frames += 1
        word, _, rest = frame.decode().partition(" ")
        if word == "ack":
            self.session.acknowledge(int(rest), f"granted {rest}")
        elif word == "no":
            self.session.refuse(int(rest), VenueRefusedError(RefusalReason.AUTHENTICATION, "NO"))
        elif word == "news":
            self.hear(rest)
        elif word != "pong":
            raise ProtocolError("a word that nobody knows")

    def hear(self, news: str) -> None:
        self.news.append(news)
        if news == "poison":
            raise ZeroDivisionError(news)

    def complain(self, error: TellerError) -> None:
        self.errors.append(error)

    def told(self, is_up: bool, cause: str) -> None:
        self.links.append((is_up, cause))


@contextlib.asynccontextmanager
async def connected(client: Client, script: Script) -> AsyncIterator[Client]:
    """The client with an open session to a server that follows ``script``; afterwards nothing of it may still run."""
    async with websocket_server(script) as client.url, environment(client.clock, client.tasks) as seams:
        client.session = WebsocketConnection(
            seams,
            name="test",
            settings=client.settings,
            feed=client.feed,
            heartbeat=lambda: b"ping",
            connection=client.told,
            error=client.complain,
        )
        await client.session.open(client.url)
        try:
            yield client
        finally:
            await client.session.close()
            assert client.tasks.running == []


async def acknowledge_all(peer: ServerConnection) -> None:
    async for message in peer:
        await peer.send("pong" if message == "ping" else f"ack {message}")


async def say_nothing(peer: ServerConnection) -> None:
    await peer.wait_closed()


def saying(*words: str) -> Script:
    async def script(peer: ServerConnection) -> None:
        for word in words:
            await peer.send(word)
        await peer.wait_closed()

    return script


async def test_requests_are_sent_together_and_answered_in_their_order() -> None:
    async def backwards(peer: ServerConnection) -> None:
        numbers = [await peer.recv() for _ in range(3)]
        for number in reversed(numbers):
            await peer.send(f"ack {number}")
        await peer.wait_closed()

    async with connected(Client(), backwards) as client:
        answers = await client.session.request_all([(1, b"1"), (2, b"2"), (3, b"3")])
    assert answers == ["granted 1", "granted 2", "granted 3"]


async def test_no_requests_need_no_answers() -> None:
    async with connected(Client(), say_nothing) as client:
        assert await client.session.request_all([]) == []


async def test_a_refused_request_raises_what_the_venue_made_of_it_without_waiting_for_the_others() -> None:
    async with connected(Client(), saying("no 2")) as client:
        with pytest.raises(VenueRefusedError) as refused:
            await client.session.request_all([(1, b"1"), (2, b"2")])
    assert refused.value.label == "NO"


async def test_a_missing_answer_is_a_failed_connection() -> None:
    client = Client(SessionSettings(acknowledge_timeout_s=0.1))
    async with connected(client, saying("ack 1")):
        with pytest.raises(ConnectionFailedError, match="1 of 2 requests unanswered"):
            await client.session.request_all([(1, b"1"), (2, b"2")])


async def test_an_answer_that_nobody_waits_for_is_said_to_be_so() -> None:
    async with connected(Client(), say_nothing) as client:
        assert not client.session.acknowledge(7)
        assert not client.session.refuse(7, ProtocolError("x"))


async def test_requests_under_way_fail_when_the_socket_ends() -> None:
    async def hang_up(peer: ServerConnection) -> None:
        await peer.recv()
        await peer.close(4000, "go away")

    async with connected(Client(), hang_up) as client:
        with pytest.raises(ConnectionFailedError, match="4000: go away"):
            await client.session.request_all([(1, b"1")])
        with pytest.raises(ConnectionFailedError, match="4000: go away"):
            await client.session.request_all([(2, b"2")])


async def test_requests_under_way_fail_when_it_is_closed() -> None:
    async with connected(Client(), say_nothing) as client:
        asking = asyncio.ensure_future(client.session.request_all([(1, b"1")]))
        await settle()
        await client.session.close()
        with pytest.raises(ConnectionFailedError, match="closed"):
            await asking


async def test_a_bad_frame_in_mid_stream_is_one_error_and_the_stream_goes_on() -> None:
    with structlog.testing.capture_logs() as logs:
        async with connected(Client(), saying("news a", "hush-hush", "news b")) as client:
            await eventually(lambda: client.news == ["a", "b"])
    assert [type(error) for error in client.errors] == [ProtocolError]
    refused = [entry for entry in logs if entry["event"] == "frame_refused"]
    assert [(entry["size"], entry["reason"]) for entry in refused] == [(9, "a word that nobody knows")]
    assert "hush" not in repr(logs) + str(client.errors[0])


async def test_a_failing_handler_is_one_error_and_the_stream_goes_on() -> None:
    async with connected(Client(), saying("news poison", "news b")) as client:
        await eventually(lambda: client.news == ["poison", "b"])
    assert len(client.errors) == 1
    assert isinstance(client.errors[0].__cause__, ZeroDivisionError)


async def test_a_failing_error_handler_does_not_stop_the_stream_either() -> None:
    class Helpless(Client):
        def complain(self, error: TellerError) -> None:
            super().complain(error)
            raise ZeroDivisionError

    client = Helpless()
    async with connected(client, saying("junk", "news b")):
        await eventually(lambda: client.news == ["b"])
    assert len(client.errors) == 1


def test_r12_a_report_of_a_bad_value_names_the_field_and_never_the_value() -> None:
    errors: list[TellerError] = []
    report_refused_frame("test", bytes(100), InvalidValueError("price", "hush", "above zero"), errors.append)
    assert "hush" not in str(errors[0])
    assert "price must be above zero" in str(errors[0])


def test_r12_a_report_of_unexpected_trouble_names_only_its_kind() -> None:
    errors: list[TellerError] = []
    report_refused_frame("test", b"x", KeyError("secret"), errors.append)
    assert str(errors[0]).endswith("KeyError")


def test_a_report_of_a_failed_handler_stays_what_it_is() -> None:
    errors: list[TellerError] = []
    failed = HandlerFailedError("a handler failed")
    report_refused_frame("test", b"x", failed, errors.append)
    assert errors == [failed]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Invalid value 'hush' - at `$.channel`", "Invalid value"),
        ("Invalid value 'hush - at hush' - at `$.channel`", "Invalid value"),
        ("Invalid enum value 'hu\nsh'", "Invalid enum value"),
        ("Expected `str`, got `int` - at `$.id`", "Expected `str`, got `int` - at `$.id`"),
    ],
)
def test_r12_values_that_the_json_reader_quotes_are_cut_out(said: str, told: str) -> None:
    assert reason_of(msgspec.ValidationError(said)) == told


def test_the_reasons_of_the_json_reader_are_told() -> None:
    errors: list[TellerError] = []
    report_refused_frame("test", b"x", msgspec.ValidationError("Expected `str`"), errors.append)
    assert "Expected `str`" in str(errors[0])


async def test_an_announced_session_tells_of_its_end_once_with_the_cause() -> None:
    async def hang_up(peer: ServerConnection) -> None:
        await peer.recv()
        await peer.close(4000, "maintenance")

    async with connected(Client(), hang_up) as client:
        client.session.announce()
        assert client.session.is_open
        asking = asyncio.ensure_future(client.session.request_all([(1, b"1")]))
        await eventually(lambda: len(client.links) == 2)
        assert not client.session.is_open
        with pytest.raises(ConnectionFailedError):
            await asking
    assert client.links == [(True, ""), (False, "the socket was closed by the exchange with code 4000: maintenance")]


async def test_a_session_that_was_never_announced_ends_without_a_word() -> None:
    async def hang_up(peer: ServerConnection) -> None:
        await peer.close()

    async with connected(Client(), hang_up) as client:
        await eventually(lambda: not client.session.is_open)
        with pytest.raises(ConnectionFailedError):
            client.session.announce()
    assert client.links == []


async def test_a_reset_is_an_end_like_any_other() -> None:
    async def break_off(peer: ServerConnection) -> None:
        await peer.recv()
        peer.transport.abort()

    async with connected(Client(), break_off) as client:
        client.session.announce()
        with pytest.raises(ConnectionFailedError):
            await client.session.request_all([(1, b"1")])
        await eventually(lambda: len(client.links) == 2)
    assert client.links[1] == (False, "the socket broke without a close frame")


async def test_a_failing_connection_handler_does_not_keep_the_session_from_ending() -> None:
    class Helpless(Client):
        def told(self, is_up: bool, cause: str) -> None:
            super().told(is_up, cause)
            raise ZeroDivisionError

    client = Helpless()

    async def hang_up(peer: ServerConnection) -> None:
        await peer.recv()

    async with connected(client, hang_up):
        client.session.announce()
        with pytest.raises(ConnectionFailedError):
            await client.session.request_all([(1, b"1")])
        await eventually(lambda: len(client.links) == 2)


async def test_after_close_no_handler_is_called() -> None:
    async def talk_for_ever(peer: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            while True:
                await peer.send("news x")
                await asyncio.sleep(0)

    async with connected(Client(), talk_for_ever) as client:
        client.session.announce()
        await eventually(lambda: len(client.news) > 100)
        closing = asyncio.ensure_future(client.session.close())
        await asyncio.sleep(0)
        heard = len(client.news)
        await closing
        await settle()
        assert len(client.news) == heard
    assert client.links == [(True, "")]
    assert client.errors == []


async def test_a_close_that_is_canceled_at_any_moment_closes_the_socket_all_the_same() -> None:
    gone = asyncio.Event()

    async def until_gone(peer: ServerConnection) -> None:
        await peer.wait_closed()
        gone.set()

    async with connected(Client(), until_gone) as client:
        closing = asyncio.create_task(client.session.close())
        await asyncio.sleep(0)  # it has begun, and waits for its tasks to end
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await eventually(gone.is_set)


async def test_heartbeats_keep_a_quiet_session_alive() -> None:
    async with connected(Client(), acknowledge_all) as client:
        client.session.announce()
        for beat in range(1, 8):
            await client.clock.advance(SETTINGS.heartbeat_s)
            await eventually(lambda beat=beat: client.frames == beat)
        assert client.clock.monotonic_s() > 1000 + 2 * SETTINGS.silence_s
        assert client.session.is_open


async def test_a_session_on_which_nothing_arrives_is_ended_with_the_cause() -> None:
    async with connected(Client(), say_nothing) as client:
        client.session.announce()
        await client.clock.advance(SETTINGS.silence_s - 0.1)
        assert client.session.is_open
        await client.clock.advance(0.2)
        assert client.links == [(True, ""), (False, "nothing received for 30 s")]


async def test_the_silence_is_counted_from_the_last_frame() -> None:
    async def speak_when_told(peer: ServerConnection) -> None:
        async for message in peer:
            if message != "ping":
                await peer.send("ack 1")

    async with connected(Client(), speak_when_told) as client:
        await client.clock.advance(29)
        await client.session.request_all([(1, b"1")])
        await client.clock.advance(29)
        assert client.session.is_open
        await client.clock.advance(1.1)
        assert not client.session.is_open


class Buffered:
    """A socket with frames in its buffer that the event loop has not looked at yet; tells them two turns later."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.is_closed = False

    async def send(self, message: bytes | str) -> None:
        """Nobody listens."""

    async def stream(self, listener: Callable[[bytes], None]) -> NoReturn:
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            await asyncio.sleep(0)
            listener(b"news from before")

    async def close(self) -> None:
        self.is_closed = True


class Opens:
    """A transport with one socket."""

    def __init__(self, socket: Buffered) -> None:
        self.socket = socket

    async def connect(self, url: str, *, timeout_s: float, headers: Mapping[str, str]) -> Buffered:
        return self.socket


@pytest.mark.parametrize("has_arrived", [True, False])
async def test_r5_after_a_stop_what_has_arrived_is_read_before_the_silence_counts(has_arrived: bool) -> None:
    """The process was stopped for longer than the silence (SIGSTOP): the watch wakes before the buffer is looked at."""
    client, socket = Client(), Buffered()
    async with environment(client.clock, client.tasks) as seams:
        client.session = WebsocketConnection(
            dataclasses.replace(seams, sockets=Opens(socket)),
            name="test",
            settings=client.settings,
            feed=client.feed,
            heartbeat=lambda: b"ping",
            connection=client.told,
            error=client.complain,
        )
        await client.session.open(client.url)
        client.session.announce()
        await settle()
        if has_arrived:
            asyncio.get_running_loop().call_soon(socket.arrived.set)
        client.clock.jump(SETTINGS.silence_s + 60)
        await settle()
        assert client.session.is_open is has_arrived
        assert client.links == [(True, ""), *([] if has_arrived else [(False, "nothing received for 30 s")])]
        await client.session.close()
    assert client.news == (["from before"] if has_arrived else [])


async def test_a_session_is_opened_once() -> None:
    async with connected(Client(), say_nothing) as client:
        with pytest.raises(ConnectionFailedError):
            await client.session.open(client.url)


async def test_a_session_closed_before_it_was_opened_stays_closed() -> None:
    client = Client()
    async with environment(client.clock, client.tasks) as seams:
        session = WebsocketConnection(
            seams,
            name="test",
            settings=SETTINGS,
            feed=client.feed,
            heartbeat=lambda: b"ping",
            connection=client.told,
            error=client.complain,
        )
        await session.close()
        with pytest.raises(ConnectionFailedError):
            await session.open(f"ws://127.0.0.1:{unused_port()}/")


@pytest.mark.parametrize(
    ("field", "value"),
    [("connect_timeout_s", 0), ("acknowledge_timeout_s", -1), ("heartbeat_s", 0), ("silence_s", 15)],
)
def test_settings_that_cannot_work_are_refused(field: str, value: float) -> None:
    with pytest.raises(InvalidValueError, match=field):
        SessionSettings(**{field: value})
