"""The exchange on real sockets: ports, slow readers, handshakes."""

import asyncio
import json
import socket as sockets

import msgspec
import pytest
import websockets

from exchanges.simulator import start_exchange
from exchanges.simulator.server import MAX_BUFFERED_FRAMES
from tests.support.eventually import eventually

from .conftest import QUIET, Venue, VenueFactory
from .wire import Wire


@pytest.mark.parametrize("field", ["rest_port", "control_port"])
async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(field: str) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=str(port)):
            await start_exchange(msgspec.structs.replace(QUIET, **{field: port}))


async def test_ports_are_free_again_after_closing(start: VenueFactory) -> None:
    first = await start()
    rest = first.wire().rest
    port = int(rest.split(":")[2].split("/")[0])
    await first.running.close()
    second = await start(msgspec.structs.replace(QUIET, rest_port=port))
    assert second.wire().rest == rest


async def test_closing_ends_sessions_with_a_close_frame(start: VenueFactory) -> None:
    venue = await start()
    async with venue.wire().socket() as socket:
        await socket.subscribe("spot.trades", ["SOL_USDT"])
        await venue.running.close()
        with pytest.raises(websockets.ConnectionClosedOK):
            await socket.next()
        assert socket.connection.close_code == 1001


async def test_a_client_that_does_not_read_is_cut_and_others_lose_nothing(venue: Venue, wire: Wire) -> None:
    async with wire.socket() as reader:
        await reader.subscribe("spot.trades", ["SOL_USDT"])
        slow_reader, slow_writer = await asyncio.open_connection("127.0.0.1", int(wire.ws.split(":")[2].split("/")[0]))
        slow_writer.write(
            b"GET /ws/v4/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await slow_reader.readuntil(b"\r\n\r\n")
        sessions = venue.running.exchange.face.sockets
        slow = list(sessions)[-1]
        await eventually(lambda: len(sessions) == 2)
        blob = json.dumps({"channel": "spot.filler", "text": 2_000 * "x"})
        sent = 0
        while slow in sessions and sent < 3 * MAX_BUFFERED_FRAMES:
            slow.push(blob)
            sent += 1
            if not sent % 1_000:
                await asyncio.sleep(0)
        assert slow not in sessions
        assert sent > MAX_BUFFERED_FRAMES
        await venue.wire("beta").order(side="sell", price="141")
        await wire.order(price="141")
        assert (await reader.next())["result"]["price"] == "141"
        slow_writer.close()


async def test_many_pushes_arrive_in_order_and_complete(venue: Venue, wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.trades", ["SOL_USDT"])
        (session,) = venue.running.exchange.face.sockets
        for number in range(10_000):
            session.push(f'{{"number":{number}}}')
        assert [(await socket.next())["number"] for _ in range(10_000)] == list(range(10_000))


async def test_too_many_sockets_are_turned_away(start: VenueFactory) -> None:
    venue = await start(msgspec.structs.replace(QUIET, max_sockets=1))
    async with venue.wire().socket() as first, venue.wire().socket() as second:
        with pytest.raises(websockets.ConnectionClosed):
            await second.next()
        assert second.connection.close_code == 1013
        await first.send({"channel": "spot.ping"})
        assert (await first.next())["channel"] == "spot.pong"


async def test_protocol_pings_are_answered(wire: Wire) -> None:
    async with wire.socket() as socket:
        await (await socket.connection.ping("hello"))


async def test_a_binary_frame_is_read_like_text(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.connection.send(b'{"channel":"spot.ping"}')
        assert (await socket.next())["channel"] == "spot.pong"


async def test_the_socket_path_without_a_handshake_is_refused(venue: Venue, wire: Wire) -> None:
    url = wire.ws.replace("ws://", "http://")
    async with venue.session.get(url) as response:
        assert response.status == 400


async def test_credentials_are_the_same_for_the_same_seed(start: VenueFactory) -> None:
    first, again = await start(), await start()
    other = await start(msgspec.structs.replace(QUIET, seed=8))
    keys = [[venue.wire(name).key for name in ("alpha", "beta")] for venue in (first, again, other)]
    assert keys[0] == keys[1] != keys[2]
    assert len({*keys[0], *keys[2]}) == 4
