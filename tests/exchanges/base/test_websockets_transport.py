"""WebSockets over real sockets: bytes come out as they went in, and the end says why."""

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection

from exchanges.base.transport import RequestNotSentError, SocketClosedError
from exchanges.base.websockets_transport import WebsocketsTransport
from tests.exchanges.base.loopback import http_answer, read_request, reset, tcp_server, unused_port, websocket_server
from tests.support.eventually import eventually
from tests.support.frames import Frames


async def test_text_and_binary_messages_come_out_as_bytes_and_go_out_as_text() -> None:
    received: list[str | bytes] = []

    async def converse(peer: ServerConnection) -> None:
        await peer.send("tëxt")
        await peer.send(b"\xff\x00")
        await peer.send([b"in ", b"pieces"])
        received.extend([await peer.recv(), await peer.recv()])
        await peer.close()

    async with websocket_server(converse) as url:
        socket = await WebsocketsTransport().connect(url, timeout_s=5)
        frames = Frames(socket)
        assert await frames.next() == "tëxt".encode()
        assert await frames.next() == b"\xff\x00"
        assert await frames.next() == b"in pieces"
        await socket.send(b'{"a":1}')
        await socket.send("b")
        with pytest.raises(SocketClosedError):
            await frames.next()
    assert received == ['{"a":1}', "b"]


async def test_a_handshake_carries_headers_where_some_are_asked_for() -> None:
    async def converse(peer: ServerConnection) -> None:
        assert peer.request is not None
        await peer.send(peer.request.headers.get("X-Of-Ours", "none"))

    async with websocket_server(converse) as url:
        with_one = await WebsocketsTransport().connect(url, timeout_s=5, headers={"X-Of-Ours": "1"})
        without = await WebsocketsTransport().connect(url, timeout_s=5)
        assert [await Frames(socket).next() for socket in (with_one, without)] == [b"1", b"none"]


async def test_what_came_before_the_end_is_still_read_and_the_end_has_code_and_reason() -> None:
    async def converse(peer: ServerConnection) -> None:
        await peer.send("last words")
        await peer.close(4321, "maintenance")

    async with websocket_server(converse) as url:
        socket = await WebsocketsTransport().connect(url, timeout_s=5)
        frames = Frames(socket)
        assert await frames.next() == b"last words"
        with pytest.raises(SocketClosedError, match=r"by the exchange with code 4321: maintenance"):
            await frames.next()
        with pytest.raises(SocketClosedError):
            await socket.send(b"too late")
        await socket.close()


async def test_a_broken_connection_is_an_end_without_a_close_frame() -> None:
    async def converse(peer: ServerConnection) -> None:
        peer.transport.abort()

    async with websocket_server(converse) as url:
        socket = await WebsocketsTransport().connect(url, timeout_s=5)
        with pytest.raises(SocketClosedError, match="without a close frame"):
            await Frames(socket).next()
        await socket.close()


async def test_what_came_before_anybody_listened_is_handed_out_first() -> None:
    async def converse(peer: ServerConnection) -> None:
        for number in range(3):
            await peer.send(str(number))
        await (await peer.ping())  # its pong proves that the three have been read
        await peer.send("3")
        await peer.close()

    async with websocket_server(converse) as url:
        socket = await WebsocketsTransport().connect(url, timeout_s=5)
        heard: list[bytes] = []
        with pytest.raises(SocketClosedError):
            await socket.stream(heard.append)
        assert heard == [b"0", b"1", b"2", b"3"]


async def test_who_stops_listening_hears_no_more() -> None:
    sent = asyncio.Event()
    go_on = asyncio.Event()

    async def converse(peer: ServerConnection) -> None:
        await peer.send("before")
        await go_on.wait()
        await peer.send("after")
        await (await peer.ping())
        sent.set()
        await peer.wait_closed()

    async with websocket_server(converse) as url:
        socket = await WebsocketsTransport().connect(url, timeout_s=5)
        heard: list[bytes] = []
        listening = asyncio.ensure_future(socket.stream(heard.append))
        await eventually(lambda: heard)
        listening.cancel()
        await asyncio.wait([listening])
        go_on.set()
        await asyncio.wait_for(sent.wait(), 5)
        assert heard == [b"before"]
        await socket.close()


async def test_closing_is_quiet_and_ends_a_waiting_stream() -> None:
    async def converse(peer: ServerConnection) -> None:
        await peer.wait_closed()

    async with websocket_server(converse) as url:
        socket = await WebsocketsTransport().connect(url, timeout_s=5)
        receiving = asyncio.ensure_future(socket.stream(lambda _: None))
        await asyncio.sleep(0)
        await socket.close()
        await socket.close()
        with pytest.raises(SocketClosedError):
            await receiving


async def test_a_server_that_asks_for_life_signs_gets_them() -> None:
    alive = asyncio.Event()

    async def converse(peer: ServerConnection) -> None:
        await (await peer.ping())
        alive.set()

    async with websocket_server(converse) as url:
        socket = await WebsocketsTransport().connect(url, timeout_s=5)
        await asyncio.wait_for(alive.wait(), 5)
        await socket.close()


async def test_refused() -> None:
    with pytest.raises(RequestNotSentError):
        await WebsocketsTransport().connect(f"ws://127.0.0.1:{unused_port()}/", timeout_s=5)


async def test_a_name_that_does_not_resolve() -> None:
    with pytest.raises(RequestNotSentError):
        await WebsocketsTransport().connect("ws://no-such-host.invalid/", timeout_s=5)


async def test_a_url_that_is_none() -> None:
    with pytest.raises(RequestNotSentError):
        await WebsocketsTransport().connect("http://127.0.0.1/", timeout_s=5)


@pytest.mark.parametrize("status", ["403 Forbidden", "200 OK", "503 Service Unavailable"])
async def test_a_handshake_that_is_answered_otherwise(status: str) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(http_answer(status=status))

    async with tcp_server(converse) as address:
        with pytest.raises(RequestNotSentError):
            await WebsocketsTransport().connect(f"ws://{address}/", timeout_s=5)


async def test_a_handshake_that_breaks() -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        reset(writer)

    async with tcp_server(converse) as address:
        with pytest.raises(RequestNotSentError):
            await WebsocketsTransport().connect(f"ws://{address}/", timeout_s=5)


async def test_a_handshake_that_stalls() -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with tcp_server(converse) as address:
        with pytest.raises(RequestNotSentError):
            await WebsocketsTransport().connect(f"ws://{address}/", timeout_s=0.2)
