"""Faults of sockets and frames, as a raw client sees them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
import websockets

from exchanges.simulator import Exchange, HttpRequest
from exchanges.simulator.faults.faults import FrameDrop
from tests.exchanges.simulator.wire import HANDSHAKE

from .clocks import VirtualTime
from .conftest import QUIET, Venue
from .links import MemoryLink
from .test_exchange_in_memory import place
from .test_faults_rest import set_fault, until
from .wire import Socket, Wire

PRIVATE = ("spot.orders", "spot.usertrades", "spot.balances")


@asynccontextmanager
async def subscribed(wire: Wire, channels: Sequence[str] = ("spot.orders",)) -> AsyncIterator[Socket]:
    async with wire.socket() as socket:
        for channel in channels:
            payload = None if channel == "spot.balances" else ["!all"]
            await socket.subscribe(channel, payload, private=True)
        yield socket


async def texts(socket: Socket, count: int) -> list[str]:
    """Client ids of the next orders that are told."""
    return [(await socket.next_on("spot.orders"))["result"][0]["text"] for _ in range(count)]


async def place_named(wire: Wire, *names: str) -> None:
    for name in names:
        assert (await wire.order(text=f"t-{name}")).status == 201


async def pong(socket: Socket) -> Any:
    await socket.send({"channel": "spot.ping"})
    return await socket.next_on("spot.pong", "")


async def test_sockets_are_cut_again_as_long_as_the_fault_stands(venue: Venue, wire: Wire) -> None:
    async with subscribed(wire) as socket, subscribed(venue.wire("beta")) as other:
        fault = await set_fault(wire, "socket_cut", account="alpha")
        await socket.connection.wait_closed()
        assert socket.connection.close_code == 1006
        async with wire.socket() as again:
            with pytest.raises(websockets.ConnectionClosed):
                await again.subscribe("spot.orders", ["!all"], private=True)
        async with wire.socket() as public:
            await public.subscribe("spot.book_ticker", ["SOL_USDT"])
            await pong(public)
        await place_named(venue.wire("beta"), "b")
        assert await texts(other, 1) == ["t-b"]
        await wire.control("DELETE", f"/faults/{fault}")
    async with subscribed(wire) as socket:
        await place_named(wire, "a")
        assert await texts(socket, 1) == ["t-a"]


async def test_public_sockets_are_cut_by_channel_with_a_close_frame(wire: Wire) -> None:
    async with wire.socket() as public, subscribed(wire) as private:
        await public.subscribe("spot.book_ticker", ["SOL_USDT"])
        await set_fault(wire, "socket_cut", channel="spot.book_ticker", how="close")
        await public.connection.wait_closed()
        assert public.connection.close_code == 1001
        await pong(private)


async def test_a_half_open_socket_sends_nothing_not_even_pongs(wire: Wire) -> None:
    async with subscribed(wire) as socket, subscribed(wire) as watched:
        await set_fault(wire, "socket_silent", account="alpha")
        async with subscribed(wire) as later:  # a session of after the fault is sound
            await socket.send({"channel": "spot.ping"})
            waiter = await socket.connection.ping()
            await place_named(wire, "unheard")
            assert await texts(later, 1) == ["t-unheard"]
            await pong(later)
            for silent in (socket, watched):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(silent.next(), 0.05)
            assert not waiter.done()


async def test_a_deaf_socket_answers_pings_and_pushes_no_private_news(wire: Wire) -> None:
    async with subscribed(wire, PRIVATE) as socket:
        await socket.subscribe("spot.book_ticker", ["SOL_USDT"])
        fault = await set_fault(wire, "socket_deaf", account="alpha")
        await place_named(wire, "unheard")
        assert (await socket.next())["channel"] == "spot.book_ticker"
        await socket.send({"channel": "spot.ping"})
        assert (await socket.next())["channel"] == "spot.pong"
        await wire.control("DELETE", f"/faults/{fault}")
        await place_named(wire, "heard")
        assert await texts(socket, 1) == ["t-heard"]


async def test_a_single_frame_is_dropped(wire: Wire) -> None:
    async with subscribed(wire, PRIVATE) as socket:
        await set_fault(wire, "frame_drop", account="alpha", channel="spot.orders", times=1)
        await place_named(wire, "lost", "told")
        assert [(await socket.next())["channel"] for _ in range(3)] == [
            "spot.balances",
            "spot.balances",
            "spot.orders",
        ]


async def test_a_frame_comes_twice_the_second_time_later(wire: Wire) -> None:
    async with subscribed(wire) as socket:
        await set_fault(wire, "frame_duplicate", channel="spot.orders", times=1)
        await place_named(wire, "1", "2")
        assert sorted(await texts(socket, 3)) == ["t-1", "t-1", "t-2"]
        await set_fault(wire, "frame_duplicate", channel="spot.orders", times=1, delay_ms=100)
        await place_named(wire, "3", "4")
        assert await texts(socket, 3) == ["t-3", "t-4", "t-3"]


async def test_a_delayed_frame_holds_back_those_behind_it(wire: Wire) -> None:
    async with subscribed(wire) as socket:
        await set_fault(wire, "frame_delay", channel="spot.orders", times=1, delay_ms=100)
        await place_named(wire, "1", "2")
        await socket.send({"channel": "spot.ping"})
        assert await texts(socket, 2) == ["t-1", "t-2"]
        assert (await socket.next())["channel"] == "spot.pong"


async def test_a_late_frame_is_overtaken(wire: Wire) -> None:
    async with subscribed(wire) as socket:
        await set_fault(wire, "frame_late", channel="spot.orders", times=1, delay_ms=100)
        await place_named(wire, "1", "2")
        assert await texts(socket, 2) == ["t-2", "t-1"]


async def test_frames_are_reordered_within_a_window(wire: Wire) -> None:
    async with subscribed(wire) as socket:
        await set_fault(wire, "frame_reorder", channel="spot.orders", window=3, hold_ms=5_000, times=6)
        await place_named(wire, *"123456")
        told = await texts(socket, 6)
        for place, names in ((slice(0, 3), ["t-1", "t-2", "t-3"]), (slice(3, 6), ["t-4", "t-5", "t-6"])):
            assert sorted(told[place]) == names
            assert told[place] != names


async def test_a_window_that_does_not_fill_is_let_go_in_time(wire: Wire) -> None:
    async with subscribed(wire) as socket:
        await set_fault(wire, "frame_reorder", channel="spot.orders", window=10, hold_ms=30)
        await place_named(wire, "1", "2")
        assert sorted(await texts(socket, 2)) == ["t-1", "t-2"]


async def test_junk_comes_between_the_frames(wire: Wire) -> None:
    async with subscribed(wire) as socket:
        await set_fault(wire, "frame_junk", channel="spot.orders", times=3)
        await place_named(wire, *"123")
        told = [await socket.connection.recv() for _ in range(6)]
        assert [json.loads(text)["result"][0]["text"] for text in told[1::2]] == ["t-1", "t-2", "t-3"]
        assert all('"text"' not in str(text) for text in told[::2])


async def test_a_frame_is_truncated(wire: Wire) -> None:
    async with subscribed(wire) as socket:
        await set_fault(wire, "frame_truncate", channel="spot.orders", times=1)
        await place_named(wire, "1", "2")
        text = str(await socket.connection.recv())
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        assert text.startswith("{")
        assert await texts(socket, 1) == ["t-2"]


async def test_a_gap_in_the_update_ids_of_the_book(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.order_book_update", ["SOL_USDT", "20ms"])
        await wire.order(price="99")
        last = (await socket.next_on("spot.order_book_update"))["result"]["u"]
        await set_fault(wire, "frame_drop", channel="spot.order_book_update", times=1)
        await wire.order(price="98")

        async def has_struck() -> bool:
            return not (await wire.control("GET", "/faults")).json

        await until(has_struck)
        await wire.order(price="97")
        first = (await socket.next_on("spot.order_book_update"))["result"]["U"]
        assert first > last + 1


async def test_frames_of_other_accounts_and_channels_are_left_alone(venue: Venue, wire: Wire) -> None:
    async with subscribed(wire, PRIVATE) as socket, subscribed(venue.wire("beta")) as other:
        await set_fault(wire, "frame_drop", account="alpha", channel="spot.usertrades")
        await place_named(wire, "1")
        await place_named(venue.wire("beta"), "2")
        assert await texts(socket, 1) == ["t-1"]
        assert await texts(other, 1) == ["t-2"]
        assert [fault["hits"] for fault in (await wire.control("GET", "/faults")).json] == [0]


def lost_frames(seed: int) -> list[int]:
    """Which of a hundred frames an exchange without sockets loses."""
    time = VirtualTime()
    exchange = Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(seed))
    link = MemoryLink()
    session = exchange.open_socket(HANDSHAKE, link)
    assert session is not None
    session.receive(json.dumps({"channel": "spot.trades", "event": "subscribe", "payload": ["SOL_USDT"]}))
    exchange.faults.add(FrameDrop(channel="spot.trades", probability=0.3, for_s=1_000))
    for number in range(100):
        place(exchange, price=str(100 + number))
        exchange.engine.fill_from_house(next(iter(exchange.engine.accounts["alpha"].open_orders.values())))
        time.advance(1)
    told = {frame["result"]["price"] for frame in link.frames if frame["event"] == "update"}
    return [number for number in range(100) if str(100 + number) not in told]


def test_the_seed_decides_what_is_left_to_chance() -> None:
    assert 10 < len(lost_frames(1)) < 50
    assert lost_frames(1) == lost_frames(1) != lost_frames(2)


def test_without_sockets_an_answer_may_not_come_and_an_order_comes_late() -> None:
    """The same faults in an exchange that a simulation drives: nothing here needs a network."""
    time = VirtualTime()
    exchange = Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(1))
    answers: list[object] = []
    for kind in ("rest_timeout", "rest_abort", "refuse_connections"):
        body = {"kind": kind, "times": 1}
        set_up = HttpRequest(method="POST", path="/faults", body=json.dumps(body).encode())
        assert exchange.control(set_up).status == 200
        exchange.request(
            HttpRequest(method="GET", path="/api/v4/spot/time"), answers.append, lambda: answers.append("aborted")
        )
    assert answers == ["aborted", "aborted"]
    exchange.request(HttpRequest(method="GET", path="/api/v4/spot/time"), answers.append)
    assert len(answers) == 3
