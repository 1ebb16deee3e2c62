"""The life of an account's listen key: made, prolonged, replaced, given up, deleted, and never shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog

from exchanges.base.clients import PrivateWebsocket
from exchanges.base.handlers import PrivateWebsocketHandlers
from messages.errors import ConnectionFailedError, VenueRefusedError
from tests.exchanges.base.manual_clock import settle
from tests.exchanges.mexc.scripted import ALPHA, Reply, Request, World, refusal, world

STREAM = "/userDataStream"
POST, PUT, GET, DELETE = (f"{method} {STREAM}" for method in ("POST", "PUT", "GET", "DELETE"))
MINUTE_S = 60.0


def keys(*texts: str) -> list[Reply]:
    return [Reply({"listenKey": text}) for text in texts]


def echoed(request: Request) -> Reply:
    return Reply({"listenKey": request.parameters["listenKey"]})


ANSWERS = {POST: keys("key-1", "key-2", "key-3"), PUT: echoed, DELETE: echoed}


class Listening:
    """Attributes: links: what was told of the connection. errors: how many frames were refused."""

    def __init__(self, here: World) -> None:
        self.links: list[bool] = []
        self.socket: PrivateWebsocket = here.venue.create_private_ws_with_handlers(
            ALPHA,
            PrivateWebsocketHandlers(
                order=lambda _: None,
                balance=lambda _: None,
                execution=lambda _: None,
                connection=lambda up, _: self.links.append(up),
                error=lambda _: None,
            ),
        )


@asynccontextmanager
async def listening(here: World) -> AsyncIterator[Listening]:
    made = Listening(here)
    await made.socket.connect()
    yield made
    await made.socket.close()


def used(here: World) -> list[str]:
    return [line.url.rpartition("=")[2] for line in here.lines.all]


def calls(here: World) -> list[str]:
    return [request.method for request in here.network.requests if request.path == STREAM]


async def test_a_key_is_made_for_a_socket_and_deleted_at_an_orderly_end() -> None:
    async with world(ANSWERS) as here:
        async with listening(here) as made:
            assert made.links == [True]
            assert used(here) == ["key-1"]
            assert len(here.lines.all[0].channels) == 3
        assert calls(here) == ["POST", "DELETE"]
        assert here.only(DELETE).parameters["listenKey"] == "key-1"
        assert here.tasks.running == []


async def test_all_sockets_of_an_account_share_one_which_is_deleted_with_the_last() -> None:
    async with world(ANSWERS) as here:
        async with listening(here):
            async with listening(here):
                assert used(here) == ["key-1", "key-1"]
            assert calls(here) == ["POST"]
        assert calls(here) == ["POST", "DELETE"]


async def test_a_key_is_prolonged_in_time_for_as_long_as_a_socket_lives() -> None:
    async with world(ANSWERS) as here:
        async with listening(here) as made:
            await here.clock.advance(10 * 60 * MINUTE_S)
            prolonged = [request.at_s for request in here.network.of(PUT)]
            gaps = [later - earlier for earlier, later in zip([1000.0, *prolonged], prolonged, strict=False)]
            assert max(gaps) <= 30 * MINUTE_S
            assert len(prolonged) >= 20
            assert made.links == [True]
        before = len(here.network.of(PUT))
        await here.clock.advance(2 * 60 * MINUTE_S)
        assert len(here.network.of(PUT)) == before


async def test_a_key_that_has_died_is_replaced_and_the_link_stays_up() -> None:
    async with world(ANSWERS | {PUT: [refusal(730708), echoed]}) as here, listening(here) as made:
        await here.clock.advance(26 * MINUTE_S)
        assert used(here) == ["key-1", "key-2"]
        assert [line.url.rpartition("=")[2] for line in here.lines.open] == ["key-2"]
        assert made.links == [True]
        await here.clock.advance(120 * MINUTE_S)
        assert used(here) == ["key-1", "key-2"]


async def test_a_code_with_a_status_of_200_is_a_refusal_of_the_key_too() -> None:
    async with world(ANSWERS | {PUT: [Reply({"code": 730708, "msg": "no"}), echoed]}) as here, listening(here):
        await here.clock.advance(26 * MINUTE_S)
        assert used(here) == ["key-1", "key-2"]


async def test_a_key_that_cannot_be_prolonged_for_long_counts_as_dead() -> None:
    async with world(ANSWERS | {PUT: Reply(lost=True)}) as here, listening(here) as made:
        await here.clock.advance(54 * MINUTE_S)
        assert used(here) == ["key-1"]
        assert 25 <= len(here.network.of(PUT)) <= 31
        await here.clock.advance(3 * MINUTE_S)
        assert used(here) == ["key-1", "key-2"]
        assert made.links == [True]


async def test_after_a_lost_socket_the_key_is_looked_at_before_it_is_used_again() -> None:
    async with world(ANSWERS) as here:
        async with listening(here) as made:
            here.lines.all[0].end()
            await settle()
            assert made.links == [True, False]
        assert calls(here) == ["POST"]
        async with listening(here):
            assert used(here) == ["key-1", "key-1"]
            assert calls(here) == ["POST", "PUT"]


async def test_after_a_lost_socket_a_key_that_was_revoked_is_replaced() -> None:
    async with world(ANSWERS | {PUT: refusal(730708)}) as here:
        async with listening(here):
            here.lines.all[0].end()
            await settle()
        async with listening(here):
            assert used(here) == ["key-1", "key-2"]


async def test_a_key_with_which_no_socket_can_be_opened_is_thrown_away_so_that_none_pile_up() -> None:
    async with world(ANSWERS | {POST: keys(*(f"key-{number}" for number in range(1, 9)))}) as here:
        here.lines.refused = 6
        for _ in range(6):
            with pytest.raises(ConnectionFailedError):
                await Listening(here).socket.connect()
            await settle()
            assert calls(here).count("POST") - calls(here).count("DELETE") <= 1
        async with listening(here):
            assert used(here) == [f"key-{number}" for number in range(1, 8)]
            await settle()
            assert [request.parameters["listenKey"] for request in here.network.of(DELETE)] == used(here)[:6]


async def test_a_key_with_which_no_socket_can_be_opened_is_kept_where_there_is_no_other() -> None:
    answers = ANSWERS | {POST: [*keys("key-1"), refusal(730000)], GET: Reply({"listenKey": ["key-1"]})}
    async with world(answers) as here:
        here.lines.refused = 1
        with pytest.raises(ConnectionFailedError):
            await Listening(here).socket.connect()
        async with listening(here):
            assert used(here) == ["key-1", "key-1"]


@pytest.mark.parametrize("reply", [refusal(730100), refusal(730000), refusal(987_654), Reply(lost=True)])
async def test_where_no_key_can_be_made_one_that_is_there_is_used_and_left_there(reply: Reply) -> None:
    answers = {
        POST: reply,
        GET: Reply({"listenKey": ["gone", "there"]}),
        PUT: lambda request: refusal(730708) if request.parameters["listenKey"] == "gone" else echoed(request),
        DELETE: echoed,
    }
    async with world(answers) as here, listening(here) as made:
        assert used(here) == ["there"]
        assert made.links == [True]


async def test_where_there_is_no_key_to_use_the_refusal_is_told() -> None:
    async with world({POST: refusal(730100), GET: Reply({"listenKey": []})}) as here:
        with pytest.raises(VenueRefusedError) as refused:
            await Listening(here).socket.connect()
        assert refused.value.label == "730100"
        assert here.lines.all == []


@pytest.mark.parametrize("code", [10072, 700002, 700007])
async def test_an_api_key_that_is_refused_is_refused_and_nothing_else_is_tried(code: int) -> None:
    async with world({POST: refusal(code, 401)}) as here:
        with pytest.raises(VenueRefusedError) as refused:
            await Listening(here).socket.connect()
        assert refused.value.is_hopeless
        assert calls(here) == ["POST"]


async def test_where_an_answer_is_lost_and_nothing_is_there_the_connection_has_failed() -> None:
    async with world({POST: Reply(lost=True), GET: Reply({"listenKey": []})}) as here:
        with pytest.raises(ConnectionFailedError):
            await Listening(here).socket.connect()


async def test_a_key_that_the_exchange_hands_out_again_is_the_same_one() -> None:
    answers = ANSWERS | {POST: keys("key-1"), PUT: [refusal(730708), echoed]}
    async with world(answers) as here:
        async with listening(here) as made:
            await here.clock.advance(26 * MINUTE_S)
            assert used(here) == ["key-1", "key-1"]
            assert len(here.lines.open) == 1
            assert made.links == [True]
            assert calls(here).count("DELETE") == 0
        assert calls(here).count("DELETE") == 1


async def test_r12_no_log_line_and_no_error_shows_a_key() -> None:
    def quoted(request: Request) -> Reply:
        return Reply({"code": 730708, "msg": f"{request.parameters['listenKey']} is gone"}, 400)

    answers = ANSWERS | {PUT: [quoted, Reply(lost=True)], DELETE: quoted}
    with structlog.testing.capture_logs() as logs:
        async with world(answers) as here, listening(here):
            await here.clock.advance(120 * MINUTE_S)
            here.lines.open[0].push(b"listen key key-2 is invalid")
            await settle()
    assert logs
    assert "key-" not in str(logs)
    assert "s3cr3t-demo" not in str(logs)


async def test_an_orderly_end_is_one_also_where_the_key_cannot_be_deleted() -> None:
    async with world(ANSWERS | {DELETE: Reply(lost=True)}) as here:
        async with listening(here):
            pass
        assert here.lines.open == []
