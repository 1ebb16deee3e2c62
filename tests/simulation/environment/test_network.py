"""The network in memory says in each case what the real transports say."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from exchanges.base.transport import AnswerLostError, RequestNotSentError, Socket, SocketClosedError
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, Witness
from simulation.environment.faults import Cut, Fault, Link, Outage
from simulation.loop import VirtualLoop, run_on_virtual_time
from tests.support.frames import Frames
from tests.support.net import Net


def on_virtual_time(test: Callable[[Net], Coroutine[Any, Any, None]]) -> float:
    """Runs it; returns how much virtual time it took."""
    loop = VirtualLoop()

    async def main() -> None:
        await test(Net(loop))

    run_on_virtual_time(loop, main())
    return loop.time()


def test_it_knows_when_a_request_left_that_the_exchange_carries_out() -> None:
    left_s: list[tuple[float, float]] = []

    async def test(net: Net) -> None:
        class Departures(Witness):
            def ends(self, request: HttpRequest, response: HttpResponse) -> None:
                left_s.append((net.http.sent_s(request), asyncio.get_running_loop().time()))

        net.exchange.face.witnesses.append(Departures())
        await asyncio.sleep(3)
        await net.time()

    on_virtual_time(test)
    [(sent_s, arrived_s)] = left_s
    assert sent_s == 3 < arrived_s


def test_a_request_and_its_answer_pass() -> None:
    async def test(net: Net) -> None:
        answer = await net.time()
        assert answer.status == 200
        assert b"server_time" in answer.body
        assert answer.headers["content-type"] == "application/json"

    assert 0 < on_virtual_time(test) < 1


@pytest.mark.parametrize(
    ("fault", "error", "arrives"),
    [
        (Fault.REST_REFUSED, RequestNotSentError, 0),
        (Fault.REST_RESET_BEFORE, AnswerLostError, 0),
        (Fault.REST_RESET_AFTER, AnswerLostError, 1),
        (Fault.REST_SILENT_BEFORE, AnswerLostError, 0),
        (Fault.REST_SILENT_AFTER, AnswerLostError, 1),
    ],
)
def test_a_lost_request_says_whether_it_may_have_left(fault: Fault, error: type[Exception], arrives: int) -> None:
    async def test(net: Net) -> None:
        net.weather.rates[fault] = 1.0
        with pytest.raises(error):
            await net.time()
        assert net.arrived == arrives

    on_virtual_time(test)


@pytest.mark.parametrize(
    ("fault", "statuses", "arrives"),
    [
        (Fault.REST_5XX_BEFORE, {502, 503, 504}, 0),
        (Fault.REST_5XX_AFTER, {502, 503, 504}, 1),
        (Fault.REST_429, {429}, 0),
    ],
)
def test_a_front_end_answers_in_place_of_the_exchange(fault: Fault, statuses: set[int], arrives: int) -> None:
    async def test(net: Net) -> None:
        net.weather.rates[fault] = 1.0
        assert (await net.time()).status in statuses
        assert net.arrived == arrives

    on_virtual_time(test)


def test_a_late_request_arrives_though_nobody_waits_any_more() -> None:
    async def test(net: Net) -> None:
        net.weather.rates[Fault.REST_LATE] = 1.0
        lost = 0
        for _ in range(20):
            try:
                await net.time()
            except AnswerLostError:
                lost += 1
        await asyncio.sleep(10.0)
        assert lost > 0
        assert net.arrived == 20

    on_virtual_time(test)


@pytest.mark.parametrize("cut", list(Cut))
def test_an_outage_takes_its_links_and_gives_them_back(cut: Cut) -> None:
    async def test(net: Net) -> None:
        net.weather.outages = [Outage(0.0, 10.0, frozenset({Link.PUBLIC_REST}), cut, None)]
        with pytest.raises(AnswerLostError if cut is Cut.HOLD else RequestNotSentError):
            await net.time()
        await asyncio.sleep(10.0)
        assert (await net.time()).status == 200
        assert net.arrived == (2 if cut is Cut.HOLD else 1), "what was held back arrives, what was swallowed does not"

    on_virtual_time(test)


PING = b'{"time":1,"channel":"spot.ping"}'


async def pong(socket: Socket, frames: Frames) -> bytes:
    await socket.send(PING)
    async with asyncio.timeout(5.0):
        return await frames.next()


def test_frames_keep_their_order_and_a_goodbye_is_answered() -> None:
    async def test(net: Net) -> None:
        socket = await net.connect()
        for number in range(50):
            await socket.send(b'{"time":1,"id":%d,"channel":"spot.tickers","event":"subscribe","payload":[]}' % number)
        frames = Frames(socket)
        answers = [await frames.next() for _ in range(50)]
        assert [b'"id":%d,' % number in answer for number, answer in enumerate(answers)] == [True] * 50
        await socket.close()
        assert not net.exchange.face.sockets
        with pytest.raises(SocketClosedError):
            await frames.next()
        with pytest.raises(SocketClosedError):
            await socket.send(PING)

    on_virtual_time(test)


@pytest.mark.parametrize("fault", [Fault.SOCKET_RESET, Fault.SOCKET_CLOSED])
def test_a_cut_socket_ends_on_both_sides(fault: Fault) -> None:
    async def test(net: Net) -> None:
        socket = await net.connect()
        net.weather.rates[fault] = 1.0
        with pytest.raises(SocketClosedError):
            await Frames(socket).next()
        await asyncio.sleep(1.0)
        assert not net.exchange.face.sockets
        assert not net.sockets.open

    on_virtual_time(test)


@pytest.mark.parametrize("fault", [Fault.SOCKET_SILENT, Fault.SOCKET_DEAF])
def test_a_half_open_socket_says_nothing_and_does_not_end(fault: Fault) -> None:
    async def test(net: Net) -> None:
        socket = await net.connect()
        frames = Frames(socket)
        await pong(socket, frames)
        net.weather.rates[fault] = 1.0
        await asyncio.sleep(3.0)
        with pytest.raises(TimeoutError):
            await pong(socket, frames)
        assert net.sockets.open

    on_virtual_time(test)


@pytest.mark.parametrize("fault", [Fault.CONNECT_REFUSED, Fault.CONNECT_SILENT])
def test_a_socket_that_cannot_be_opened_says_so(fault: Fault) -> None:
    async def test(net: Net) -> None:
        net.weather.rates[fault] = 1.0
        with pytest.raises(RequestNotSentError):
            await net.connect()
        assert not net.exchange.face.sockets

    on_virtual_time(test)
