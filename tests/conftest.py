"""Fixtures that many tests share."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.support.world import World, open_world

# How long a draw takes says something of a busy machine, and of tables that are made once, not of the tests.
settings.register_profile("teller", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("teller")

OPENERS = frozenset(
    {
        "exchanges.simulator.server",
        "tests.exchanges.base.loopback",
        "tests.exchanges.gateio.quiet_world",
        "tests.exchanges.gateio.scripted",
        "tests.support.world",
    }
)
"""What opens sockets: a test module that has a name from one of them is left out by ``--without-sockets``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-sockets", action="store_true", help="only modules that open none; who does all the same fails"
    )
    parser.addoption(
        "--beyond", default="", help="all but what --without-sockets runs of these paths, separated by spaces"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    beyond = [config.rootpath / path for path in config.getoption("--beyond").split()]

    def is_left_out(item: pytest.Item) -> bool:
        if config.getoption("--without-sockets"):
            return _opens_sockets(item)
        return any(item.path.is_relative_to(path) for path in beyond) and not _opens_sockets(item)

    left_out = [item for item in items if is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not is_left_out(item)]


def _opens_sockets(item: pytest.Item) -> bool:
    names = vars(item.module).values() if isinstance(item, pytest.Function) else ()
    return "world" in getattr(item, "fixturenames", ()) or any(
        getattr(value, "__module__", None) in OPENERS for value in names
    )


@pytest.fixture(autouse=True)
def no_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    """With ``--without-sockets``, whoever binds or connects one fails."""
    if not request.config.getoption("--without-sockets"):
        yield
        return

    def refuse(opened: socket.socket, address: object) -> None:
        raise AssertionError(f"a socket is opened to {address}: its opener is to be named in tests/conftest.py")

    with pytest.MonkeyPatch.context() as patch:  # of its own: tests' patches end before the fixtures they came after
        patch.setattr(socket.socket, "bind", refuse)
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """The embedded exchange with a quiet market: SOL/USDT is 140 bid, 141 asked."""
    async with open_world() as opened:
        yield opened
