"""Every link of an account at every venue, cut alone and in pairs; sockets that look open but are not (R5, R6, R7)."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from itertools import combinations

import pytest
import structlog

from actors.strategy.handle import AccountHandle
from exchanges.simulator.core.config import SocketRules
from exchanges.simulator.faults.faults import (
    Fault,
    FrameDrop,
    RestAbort,
    RestError,
    SocketCut,
    SocketDeaf,
    SocketSilent,
)
from exchanges.simulator.faults.listen_keys import ListenKeysExhausted, ListenKeysRevoked
from messages.enums import OrderStatus, SyncState
from messages.errors import NotLiveError, UnresolvedOrderError
from messages.events import ConnectionStatus, ConnectionStatusEvent
from tests.exchanges.conformance.trading import agrees_to_the_last_fill, bid, cancel, fill, start
from tests.exchanges.conformance.words import channels, endpoints
from tests.support.virtual_world import VirtualWorld, on_virtual_time

LISTEN_KEY = "listen_key"
LINKS = ("public_rest", "public_ws", "private_rest", "private_ws", LISTEN_KEY)
OUTAGES = [(link,) for link in LINKS] + list(combinations(LINKS, 2))
WHOLE = ConnectionStatus(public_rest=True, public_ws=True, private_rest=True, private_ws=True)


def cuts(world: VirtualWorld, link: str) -> list[Fault]:
    """What cuts a link for as long as it stands."""
    faults: dict[str, list[Fault]] = {
        "public_rest": [RestAbort(access="public")],
        "public_ws": [SocketCut(channel=channels(world).book_tickers)],
        "private_rest": [RestAbort(access="private", account="alpha")],
        "private_ws": [SocketCut(account="alpha")],
        LISTEN_KEY: [ListenKeysRevoked(account="alpha"), ListenKeysExhausted(account="alpha")],
    }
    return faults[link]


def listen_keys(world: VirtualWorld) -> set[str]:
    """Those of the private sockets that are open; none where a venue's sockets need none."""
    keys = (getattr(session, "key", None) for session in world.exchange.face.sockets)
    return {key.text for key in keys if key is not None}


def private_sessions(world: VirtualWorld) -> set[str]:
    return {session.id for session in world.exchange.face.concerned("alpha", None)}


def stand(world: VirtualWorld, *faults: Fault) -> list[int]:
    """Lets them stand until `end`."""
    return [world.exchange.faults.add(fault).id for fault in faults]


def end(world: VirtualWorld, *faults: int) -> None:
    for number in faults:
        world.exchange.faults.clear(number)


async def until_links(world: VirtualWorld, account: AccountHandle, *, down: str = "", up: str = "") -> None:
    for _ in range(600):
        links = (await account.get_trading_stats()).connection_status
        if (not down or not getattr(links, down)) and (not up or getattr(links, up)):
            return
        await world.environment.clock.sleep(0.1)
    raise AssertionError(f"{down or up} does not change: {links}")


async def sleep(world: VirtualWorld, seconds: float) -> None:
    await world.environment.clock.sleep(seconds)


@pytest.mark.parametrize("outage", OUTAGES, ids="+".join)
@on_virtual_time()
async def test_links_that_are_cut_and_restored(world: VirtualWorld, outage: tuple[str, ...]) -> None:
    account, recorder = await start(world)
    # Where private sockets need no listen key, the loss of one is none.
    cut = [link for link in outage if link != LISTEN_KEY or listen_keys(world)]
    names = ("filled", "vanished", "canceled", "kept")
    filled, vanished, canceled, kept = [await account.place(bid(name)) for name in names]
    faults = stand(world, *(fault for link in outage for fault in cuts(world, link)))
    if not cut:
        await sleep(world, 30.0)
        assert SyncState.DEGRADED not in recorder.states()
        end(world, *faults)
        await agrees_to_the_last_fill(world, account, recorder)
        return

    await world.until_state(account, SyncState.DEGRADED)
    degraded = len(recorder.states())
    stale_since_ms = (await account.snapshot()).stale_since_ms
    assert stale_since_ms is not None
    with pytest.raises(NotLiveError) as refused:
        await account.place(bid("refused"))
    assert refused.value.stale_since_ms == stale_since_ms
    fill(world, filled, "0.25")
    fill(world, filled)
    cancel(world, vanished)
    canceling = account.cancel(canceled)
    if "private_rest" not in cut:
        assert (await canceling).status is OrderStatus.CANCELED
    for link in cut:
        await until_links(world, account, down="private_ws" if link == LISTEN_KEY else link)
    assert SyncState.LIVE not in recorder.states()[degraded:]
    assert (await account.snapshot()).stale_since_ms == stale_since_ms

    end(world, *faults)
    await world.until_state(account, SyncState.LIVE)
    if "private_rest" in cut:
        with contextlib.suppress(UnresolvedOrderError):  # unless it just got through, the order was found open
            await canceling
        assert (await account.cancel(canceled)).status is OrderStatus.CANCELED
    assert (await account.snapshot()).stale_since_ms is None
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [kept.order_id]
    assert recorder.statuses("filled")[-1] is OrderStatus.FILLED
    assert recorder.statuses("vanished")[-1] is OrderStatus.CANCELED
    await account.place(bid("after"))
    await agrees_to_the_last_fill(world, account, recorder)
    assert (await account.get_trading_stats()).connection_status == WHOLE


@pytest.mark.parametrize("where", ["private", "public"])
@on_virtual_time()
async def test_a_half_open_socket_is_noticed_by_its_silence(world: VirtualWorld, where: str) -> None:
    account, recorder = await start(world, check_every_s=1000.0)
    placed = await account.place(bid("placed"))
    before = private_sessions(world)
    if where == "private":
        world.fault(SocketSilent(account="alpha"))
    else:
        world.fault(SocketSilent(channel=channels(world).book_tickers))
    fill(world, placed)
    await world.until(lambda: SyncState.DEGRADED in recorder.states())
    await world.until_state(account, SyncState.LIVE)
    assert bool(private_sessions(world) - before) is (where == "private")
    assert recorder.statuses("placed")[-1] is OrderStatus.FILLED
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_a_deaf_socket_that_answers_pings_is_noticed_by_the_check_and_replaced(world: VirtualWorld) -> None:
    account, recorder = await start(world, check_every_s=20.0)
    placed = await account.place(bid("placed"))
    before = private_sessions(world)
    world.fault(SocketDeaf(account="alpha"))
    fill(world, placed)
    await world.until(lambda: SyncState.DEGRADED in recorder.states())
    await world.until_state(account, SyncState.LIVE)
    assert private_sessions(world) - before
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_market_data_that_is_back_first_does_not_make_an_account_live_whose_rest_is_down(
    world: VirtualWorld,
) -> None:
    account, recorder = await start(world)
    market_data = stand(world, *cuts(world, "public_ws"))
    await world.until_state(account, SyncState.DEGRADED)
    rest = stand(world, *cuts(world, "private_rest"))
    await until_links(world, account, down="private_rest")
    degraded = len(recorder.states())
    end(world, *market_data)
    await until_links(world, account, up="public_ws")
    assert SyncState.LIVE not in recorder.states()[degraded:]
    with pytest.raises(NotLiveError):
        await account.place(bid("refused"))
    end(world, *rest)
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_a_private_socket_that_is_lost_while_market_data_is_awaited_is_opened_again(world: VirtualWorld) -> None:
    account, recorder = await start(world)

    def waits() -> bool:
        told = (event for event in recorder.events if isinstance(event, ConnectionStatusEvent))
        return any(event.name == "alpha" and "waiting" in event.cause for event in told)

    market_data = stand(world, *cuts(world, "public_ws"))
    world.control("POST", "/sockets/cut", b'{"account":"alpha"}')
    await world.until(waits, what="the private session to be whole again and to wait for market data")
    before = private_sessions(world)
    world.control("POST", "/sockets/cut", b'{"account":"alpha"}')
    await world.until(lambda: bool(private_sessions(world) - before), what="a new private socket")
    end(world, *market_data)
    await world.until_state(account, SyncState.LIVE)
    fill(world, await account.place(bid("after")))
    await agrees_to_the_last_fill(world, account, recorder)


@on_virtual_time()
async def test_r6_a_check_that_cannot_ask_about_a_missing_order_does_not_wait_for_ever(world: VirtualWorld) -> None:
    account, recorder = await start(world)
    placed = await account.place(bid("placed"))
    faults = stand(
        world,
        FrameDrop(account="alpha", channel=channels(world).orders),
        RestError(account="alpha", endpoint=endpoints(world).order),
    )
    cancel(world, placed)  # untold, and missing in the next snapshot
    await world.until_state(account, SyncState.DEGRADED, within_s=300.0)
    with pytest.raises(NotLiveError):
        await account.place(bid("refused"))
    assert [order.order_id for order in (await account.snapshot()).open_orders] == [placed.order_id]
    end(world, *faults)
    await world.until_state(account, SyncState.LIVE)
    assert recorder.statuses("placed")[-1] is OrderStatus.CANCELED
    await agrees_to_the_last_fill(world, account, recorder)


# -- listen keys ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def whole_log() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, down to the last detail, as the program writes it."""
    written, before = io.StringIO(), structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    try:
        yield written
    finally:
        structlog.configure(**before)


KEY_LIFE_S = 300.0


@pytest.mark.parametrize("how", ["revoked", "revoked unsaid", "expired", "exhausted"])
@on_virtual_time(socket_rules=SocketRules(key_life_s=KEY_LIFE_S))  # shorter than any client reckons with
async def test_r12_what_private_sockets_are_opened_with_may_end_and_is_never_told(
    world: VirtualWorld, how: str
) -> None:
    """Live again by itself, agreeing to the last fill; at a venue without listen keys nothing happens to it at all."""
    with whole_log() as log:
        account, recorder = await start(world)
        placed = await account.place(bid("placed"))
        keys, before = listen_keys(world), private_sessions(world)
        if how == "revoked":
            world.fault(ListenKeysRevoked(account="alpha", times=1))
        elif how == "revoked unsaid":
            world.fault(ListenKeysRevoked(account="alpha", times=1, how="silent"))
        elif how == "exhausted":
            world.fault(ListenKeysExhausted(account="alpha", for_s=600.0))
            world.fault(SocketCut(account="alpha", times=1))
        fill(world, placed, "0.25")
        await sleep(world, KEY_LIFE_S + 10.0 if how == "expired" else 60.0)
        await world.until_state(account, SyncState.LIVE)
        fill(world, placed)
        later = await account.place(bid("later"))
        fill(world, later)
        await world.until(lambda: recorder.statuses("later")[-1] is OrderStatus.FILLED, within_s=1.0)
        await agrees_to_the_last_fill(world, account, recorder)
        if keys and how != "exhausted":
            assert not listen_keys(world) & keys, "another key"
            assert not private_sessions(world) & before, "another socket"
        keys |= listen_keys(world)
    text = log.getvalue()
    assert "socket_opened" in text
    told = [json.loads(line) for line in text.splitlines()]
    assert len(told) > 10
    for secret in (*keys, *(part for key in world.keys.values() for part in (key.reveal_key(), key.reveal_secret()))):
        assert secret not in text
