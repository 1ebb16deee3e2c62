"""From configuration values to the parts of a system, each with its seams handed in."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

from actors.strategy.base import Strategy
from actors.strategy.quoter import Quoter
from actors.system import AccountPlan
from config import Config
from console.embedded import EmbeddedExchange
from console.journals import Journals
from console.kill_switch import KillSwitchFile
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment, SystemClock
from exchanges.base.websockets_transport import WebsocketsTransport
from exchanges.registry import VENUE_KINDS, create_venue

T = TypeVar("T")
_log = structlog.get_logger("teller.assembly")


@asynccontextmanager
async def open_environment(seed: int | None) -> AsyncIterator[Environment]:
    """The real clock, network and tasks while the ``async with`` lasts; ``seed`` None: a new one, logged."""
    if seed is None:
        seed = random.SystemRandom().getrandbits(63)
    _log.info("randomness", seed=seed)
    tasks: set[asyncio.Task[Any]] = set()

    def spawn(coroutine: Coroutine[Any, Any, T], name: str, /) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    http = AiohttpTransport()
    try:
        yield Environment(
            clock=SystemClock(), rng=random.Random(seed), spawn=spawn, http=http, sockets=WebsocketsTransport()
        )
    finally:
        left_over = [task for task in tasks if task is not asyncio.current_task()]
        for task in left_over:
            task.cancel()
        await asyncio.gather(*left_over, return_exceptions=True)
        await http.close()


def build_venues(config: Config, environment: Environment, embedded: EmbeddedExchange | None) -> dict[str, Venue]:
    """By the name that accounts use."""
    if embedded is not None:
        return {kind: create_venue(kind, endpoints, environment) for kind, endpoints in embedded.endpoints.items()}
    venues: dict[str, Venue] = {}
    for venue in config.venues:
        endpoints = VENUE_KINDS[venue.kind].live
        if venue.rest is not None and venue.ws is not None:
            endpoints = Endpoints(venue.rest, venue.ws)
        venues[venue.name] = create_venue(venue.kind, endpoints, environment)
    return venues


def build_plans(
    config: Config,
    credentials: Mapping[str, Credentials],
    journals: Journals | None = None,
    kill_switches: Mapping[str, KillSwitchFile] | None = None,
) -> list[AccountPlan]:
    """One for each account; ``kill_switches``: files by account."""
    files = kill_switches or {}
    return [
        AccountPlan(
            name=account.name,
            venue=account.venue,
            credentials=credentials[account.name],
            symbols=config.symbols_of(account.name),
            settings=account.settings,
            journal=None if journals is None else journals.of(account.name),
            kill_switch=files[account.name].rule if account.name in files else None,
        )
        for account in config.accounts
    ]


def build_strategies(config: Config) -> list[Strategy]:
    """One for each strategy; there is one kind so far."""
    return [Quoter(strategy.name, strategy.account, strategy.settings) for strategy in config.strategies]
