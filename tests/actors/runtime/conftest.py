"""Every test leaves no actor behind, runs on both kinds of actor where it can, and counts its own dead letters."""

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pykka
import pytest

from actors.runtime import DeadLetters, LoopActor, LoopHost, Ref, ThreadActor, ThreadHost
from tests.actors.runtime.samples import Launch


@pytest.fixture
def dead_letters() -> DeadLetters:
    return DeadLetters()


@pytest.fixture
async def host(dead_letters: DeadLetters) -> AsyncIterator[LoopHost]:
    """A host on the test's loop; stops what the test left running on it."""
    yield LoopHost.current(dead_letters=dead_letters, stop_deadline_s=5.0)
    for ref in pykka.ActorRegistry.get_all():
        assert isinstance(ref, Ref)
        await ref.stop()


@pytest.fixture(params=["loop", "thread"])
def launch(request: pytest.FixtureRequest, host: LoopHost, dead_letters: DeadLetters) -> Launch:
    """Starts a mixin of handlers as an actor: once on the loop, once on a thread."""

    def start(behaviour: type, *args: Any, **kwargs: Any) -> Ref[Any]:
        base: Any = LoopActor if request.param == "loop" else ThreadActor
        actor_class = type(behaviour.__name__, (behaviour, base), {})
        on: Any = host if request.param == "loop" else ThreadHost(dead_letters=dead_letters)
        ref: Ref[Any] = actor_class.start(*args, host=on, **kwargs)
        return ref

    return start


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Makes threads change places so often that races which need an unlucky moment find it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
