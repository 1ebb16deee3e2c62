"""An account that goes on with a socket that tells it nothing any more is found, and one that does not is not."""

import asyncio
from collections.abc import Callable, Coroutine

from messages.commands import Reload
from simulation.environment.faults import Fault
from simulation.environment.sockets import Connection
from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.oracles.command_log import CommandLog
from simulation.oracles.deafness import Deafness
from simulation.oracles.watcher import Told
from tests.support.net import Net

FILL = '{"channel":"spot.usertrades","event":"update","result":[]}'
BOUND_S = 20.0


class Scene:
    """An account, live since the first moment, and its private socket, which soon carries no events any more."""

    def __init__(self, net: Net, loop: VirtualLoop) -> None:
        self.net = net
        self.told = Told()
        self.told.live_since_s = 0.0
        self.log = CommandLog(loop.time)
        self.oracle = Deafness(
            keys={"alpha": "K"}, told={"alpha": self.told}, log=self.log, sockets=net.sockets, bound_s=BOUND_S
        )

    async def connect(self) -> Connection:
        socket = await self.net.connect()
        await socket.send(b'{"auth":{"KEY":"K"}}')
        [connection] = self.net.sockets.open
        return connection


def played(play: Callable[[Scene], Coroutine[None, None, None]]) -> list[str]:
    """What the oracle finds in the end."""
    loop, found = VirtualLoop(), list[str]()

    async def main() -> None:
        scene = Scene(Net(loop), loop)
        await play(scene)
        found.extend(scene.oracle.look())

    run_on_virtual_time(loop, main())
    return found


async def keep_back_a_fill(scene: Scene) -> Connection:
    connection = await scene.connect()
    scene.net.weather.rates[Fault.SOCKET_MUTE] = 1.0
    await asyncio.sleep(2.0)
    connection.send(FILL)
    return connection


def test_an_account_that_stays_live_on_a_deaf_socket_is_found() -> None:
    async def play(scene: Scene) -> None:
        await keep_back_a_fill(scene)
        await asyncio.sleep(BOUND_S + 1)

    [found] = played(play)
    assert found == "alpha: is live on a socket that kept back a fill 21 s ago (R5)"


def test_it_has_time_to_notice() -> None:
    async def play(scene: Scene) -> None:
        await keep_back_a_fill(scene)
        await asyncio.sleep(BOUND_S - 1)

    assert played(play) == []


def test_one_that_has_left_live_has_noticed() -> None:
    async def play(scene: Scene) -> None:
        await keep_back_a_fill(scene)
        await asyncio.sleep(5.0)
        scene.told.live_since_s = 6.0
        await asyncio.sleep(BOUND_S)

    assert played(play) == []


def test_what_a_user_has_reloaded_no_check_can_see() -> None:
    async def play(scene: Scene) -> None:
        await keep_back_a_fill(scene)
        scene.log.file("alpha", Reload())
        await asyncio.sleep(BOUND_S + 1)

    assert played(play) == []


def test_a_socket_that_carries_fills_keeps_none_back() -> None:
    async def play(scene: Scene) -> None:
        connection = await scene.connect()
        connection.send(FILL)
        await asyncio.sleep(BOUND_S + 1)
        assert connection.fills_withheld_s == []

    assert played(play) == []
