"""Errors in code of the users: callbacks of strategies, callbacks on replies, subscribers of their own."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from actors.runtime import Address, DeadLetters, LoopActor, LoopHost, Ref, Reply
from actors.strategy.hosts import GetReport, _Desk
from simulation.environment.crashes import InjectedCrash
from simulation.machine.chance import Chance
from simulation.machine.replaced import replaced


@contextmanager
def callback_errors(*, callbacks: Chance, replies: Chance) -> Iterator[None]:
    """While it lasts, strategies now and then fail in a callback, before or after they have done their work, and give
    replies a callback that fails.

    ``callbacks``: for each callback, `Strategy.on_start` and those of replies among them. ``replies``: for each reply
    that a strategy waits for.
    """
    deliver, then = _Desk.deliver, _Desk.then

    def failing_deliver(desk: _Desk, message: object) -> Any:
        if isinstance(message, GetReport) or not callbacks.happens():
            return deliver(desk, message)
        if callbacks.rng.random() < 0.5:
            raise InjectedCrash
        result = deliver(desk, message)
        if isinstance(result, Awaitable):
            return _fail_after(result)
        raise InjectedCrash

    def failing_then(
        desk: _Desk, reply: Reply[Any], callback: Callable[[Any], Any], failed: Callable[[Exception], Any]
    ) -> None:
        fails = replies.happens()
        is_first = fails and replies.rng.random() < 0.5
        if is_first:
            reply.add_done_callback(_fail)
        then(desk, reply, callback, failed)
        if fails and not is_first:
            reply.add_done_callback(_fail)

    with replaced(_Desk, "deliver", failing_deliver), replaced(_Desk, "then", failing_then):
        yield


class FragileSubscriber(LoopActor):
    """Listens to accounts and now and then crashes on what it hears."""

    def __init__(self, chance: Chance) -> None:
        super().__init__()
        self.name = "fragile subscriber"
        self._chance = chance

    def on_receive(self, message: object) -> None:
        del message
        if self._chance.happens():
            raise InjectedCrash


class FragileSubscription:
    """The subscriber under one address, started anew whenever it has crashed.

    Attributes:
        address: to subscribe with.
    """

    def __init__(self, chance: Chance, host: LoopHost, dead_letters: DeadLetters) -> None:
        """``chance``: for each event."""
        self.address = Address("fragile subscriber", dead_letters)
        self._chance = chance
        self._host = host
        self._ref: Ref[FragileSubscriber] | None = None

    async def start(self) -> None:
        self._ref = FragileSubscriber.start(self._chance, host=self._host)
        await self._ref.started
        self.address.bind(self._ref)

    async def revive(self) -> None:
        """If it has crashed, a new one takes its place."""
        if self._ref is not None and self._ref.terminated.done:
            await self.start()

    async def stop(self) -> None:
        if self._ref is not None:
            await self._ref.stop()


async def _fail_after(result: Awaitable[Any]) -> NoReturn:
    await result
    raise InjectedCrash


def _fail(_: Reply[Any]) -> NoReturn:
    raise InjectedCrash
