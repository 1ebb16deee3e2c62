"""Both sockets against a venue that a test writes: subscriptions are acknowledged or fail loudly, over real sockets."""

import contextlib
import hashlib
import hmac
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
import structlog
from websockets.asyncio.server import ServerConnection

from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Clock
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.websocket_connection import SessionSettings
from exchanges.gateio.settings import GateioSettings
from exchanges.gateio.venue import GateioVenue
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol
from tests.exchanges.base.loopback import Tasks, environment, unused_port, websocket_server
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio import payloads
from tests.exchanges.gateio.scripted import ALPHA
from tests.support.eventually import eventually

NOW_MS = 1_760_000_000_000
SOL, BTC = Symbol("SOL", "USDT"), Symbol("BTC", "USDT")
Answer = Callable[[dict[str, Any]], list[bytes]]


def granted(request: dict[str, Any]) -> list[bytes]:
    if request["channel"] == "spot.ping":
        return [payloads.frame("spot.pong", None, event="", error=None)]
    return [
        payloads.frame(request["channel"], {"status": "success"}, event=request["event"], id=request["id"], error=None)
    ]


def refused(code: int, message: str, channel: str = "spot.usertrades") -> Answer:
    def answer(request: dict[str, Any]) -> list[bytes]:
        if request["channel"] != channel:
            return granted(request)
        error = {"code": code, "message": message}
        return [payloads.frame(channel, {"status": "fail"}, event="subscribe", id=request["id"], error=error)]

    return answer


class Site:
    """The exchange's end: answers by ``answer`` and keeps what it heard."""

    def __init__(self, answer: Answer = granted) -> None:
        self.answer = answer
        self.requests: list[dict[str, Any]] = []
        self.peers: list[ServerConnection] = []

    async def converse(self, peer: ServerConnection) -> None:
        self.peers.append(peer)
        async for message in peer:
            request = msgspec.json.decode(message)
            self.requests.append(request)
            for frame in self.answer(request):
                await peer.send(frame.decode())


class Heard:
    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.links: list[tuple[bool, str]] = []
        self.errors: list[TellerError] = []

    def private(self) -> PrivateWebsocketHandlers:
        return PrivateWebsocketHandlers(
            order=self.orders.append,
            balance=lambda _: None,
            execution=lambda _: None,
            connection=lambda is_up, cause: self.links.append((is_up, cause)),
            error=self.errors.append,
        )

    def public(self) -> PublicWebsocketHandlers:
        return PublicWebsocketHandlers(
            book_ticker=lambda _: None,
            connection=lambda is_up, cause: self.links.append((is_up, cause)),
            error=self.errors.append,
        )


@contextlib.asynccontextmanager
async def venue_at(
    converse: Callable[[ServerConnection], Awaitable[None]],
    *,
    clock: Clock | None = None,
    settings: GateioSettings | None = None,
) -> AsyncIterator[GateioVenue]:
    """A venue whose socket ends at ``converse``; afterwards nothing of its clients may still run."""
    tasks = Tasks()
    made_clock = clock or ManualClock(unix_ms=NOW_MS)
    async with websocket_server(converse) as url, environment(made_clock, tasks) as seams:
        yield GateioVenue(Endpoints("http://127.0.0.1:1/api/v4", url), seams, settings)
    assert tasks.running == []


class TestPrivate:
    async def test_three_channels_of_all_markets_each_with_a_signature_of_its_own(self) -> None:
        site, heard = Site(), Heard()
        async with venue_at(site.converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            await socket.connect()
            assert heard.links == [(True, "")]
            await socket.close()
        assert [(request["channel"], request.get("payload", [])) for request in site.requests] == [
            ("spot.orders", ["!all"]),
            ("spot.usertrades", ["!all"]),
            ("spot.balances", []),
        ]
        for request in site.requests:
            text = f"channel={request['channel']}&event=subscribe&time={NOW_MS // 1000}"
            sign = hmac.new(b"s3cr3t-demo", text.encode(), hashlib.sha512).hexdigest()
            assert request["auth"] == {"method": "api_key", "KEY": "demo-key", "SIGN": sign}
            assert (request["event"], request["time"]) == ("subscribe", NOW_MS // 1000)
        assert len({request["id"] for request in site.requests}) == 3
        assert heard.links == [(True, "")]

    async def test_all_are_asked_for_before_the_first_is_acknowledged(self) -> None:
        held: list[dict[str, Any]] = []

        def answer(request: dict[str, Any]) -> list[bytes]:
            held.append(request)
            return list(itertools.chain.from_iterable(map(granted, reversed(held)))) if len(held) == 3 else []

        async with venue_at(Site(answer).converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, Heard().private())
            await socket.connect()
            await socket.close()

    @pytest.mark.parametrize("code", [4, 6, 11])
    @pytest.mark.parametrize("channel", ["spot.orders", "spot.usertrades", "spot.balances"])
    async def test_a_key_that_is_not_accepted_fails_it_as_authentication(self, code: int, channel: str) -> None:
        site, heard = Site(refused(code, "authentication failed for demo-key", channel)), Heard()
        async with venue_at(site.converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            with pytest.raises(VenueRefusedError) as caught:
                await socket.connect()
            await site.peers[0].wait_closed()
        assert caught.value.reason is RefusalReason.AUTHENTICATION
        assert "demo-key" not in str(caught.value)
        assert (heard.links, heard.errors) == ([], [])

    @pytest.mark.parametrize("message", ["invalid key", "auth faild , auth data : &{{87260}}", "Signature mismatch"])
    async def test_a_key_that_is_refused_with_the_code_of_a_bad_argument_is_refused(self, message: str) -> None:
        async with venue_at(Site(refused(2, message)).converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, Heard().private())
            with pytest.raises(VenueRefusedError, match=message.split(maxsplit=1)[0]) as caught:
                await socket.connect()
        assert caught.value.reason is RefusalReason.AUTHENTICATION
        assert caught.value.is_hopeless

    async def test_one_channel_that_is_refused_is_no_refusal_of_the_key(self) -> None:
        async with venue_at(Site(refused(2, "unknown channel", "spot.balances")).converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, Heard().private())
            with pytest.raises(VenueRefusedError, match=r"spot\.balances: unknown channel") as caught:
                await socket.connect()
        assert not caught.value.is_hopeless

    async def test_a_clock_that_is_off_is_told_from_a_wrong_key(self) -> None:
        body = payloads.encode({"label": "REQUEST_EXPIRED", "message": "gap exceeds 60"}).decode()
        async with venue_at(Site(refused(4, body)).converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, Heard().private())
            with pytest.raises(VenueRefusedError) as caught:
                await socket.connect()
        assert caught.value.reason is RefusalReason.CLOCK

    async def test_a_fault_of_the_server_is_a_failed_connection(self) -> None:
        async with venue_at(Site(refused(3, "later")).converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, Heard().private())
            with pytest.raises(ConnectionFailedError):
                await socket.connect()

    async def test_a_missing_acknowledgement_is_a_failed_connection(self) -> None:
        def forget_one(request: dict[str, Any]) -> list[bytes]:
            return [] if request["channel"] == "spot.balances" else granted(request)

        heard = Heard()
        settings = GateioSettings(socket=SessionSettings(acknowledge_timeout_s=0.1))
        async with venue_at(Site(forget_one).converse, settings=settings) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            with pytest.raises(ConnectionFailedError, match="1 of 3 requests unanswered"):
                await socket.connect()
        assert heard.links == []

    async def test_an_end_amid_the_subscriptions_is_a_failed_connection_with_its_cause(self) -> None:
        async def hang_up(peer: ServerConnection) -> None:
            await peer.recv()
            await peer.close(4001, "maintenance")

        heard = Heard()
        async with venue_at(hang_up) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            with pytest.raises(ConnectionFailedError, match="maintenance"):
                await socket.connect()
        assert heard.links == []

    async def test_nobody_there_is_a_failed_connection(self) -> None:
        async with environment() as seams:
            where = Endpoints("http://127.0.0.1:1", f"ws://127.0.0.1:{unused_port()}/")
            socket = GateioVenue(where, seams).create_private_ws_with_handlers(ALPHA, Heard().private())
            with pytest.raises(ConnectionFailedError):
                await socket.connect()

    async def test_r7_events_that_come_before_the_last_acknowledgement_are_told(self) -> None:
        def early(request: dict[str, Any]) -> list[bytes]:
            news = [payloads.orders(payloads.socket_order())] if request["channel"] == "spot.orders" else []
            return granted(request) + news

        heard = Heard()
        async with venue_at(Site(early).converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            await socket.connect()
            assert len(heard.orders) == 1
            await socket.close()

    async def test_a_later_error_goes_to_the_error_handler_and_the_stream_goes_on(self) -> None:
        site, heard = Site(), Heard()
        async with venue_at(site.converse) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            await socket.connect()
            error = {"code": 3, "message": "internal"}
            await site.peers[0].send(payloads.frame("spot.orders", None, event="", error=error).decode())
            await site.peers[0].send("\x00 junk")
            await site.peers[0].send(payloads.orders(payloads.socket_order()).decode())
            await eventually(lambda: heard.orders)
            await socket.close()
        assert len(heard.errors) == 2
        assert heard.links == [(True, "")]

    async def test_heartbeats_are_spot_pings_by_the_exchanges_clock(self) -> None:
        site, heard = Site(), Heard()
        clock = ManualClock(unix_ms=NOW_MS)
        async with venue_at(site.converse, clock=clock) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            await socket.connect()
            await clock.advance(10)
            await eventually(lambda: len(site.requests) == 4)
            await socket.close()
        assert site.requests[3] == {"time": NOW_MS // 1000 + 10, "channel": "spot.ping"}
        assert heard.errors == []

    async def test_a_half_open_socket_is_noticed(self) -> None:
        def deaf_to_pings(request: dict[str, Any]) -> list[bytes]:
            return [] if request["channel"] == "spot.ping" else granted(request)

        heard = Heard()
        clock = ManualClock(unix_ms=NOW_MS)
        async with venue_at(Site(deaf_to_pings).converse, clock=clock) as venue:
            socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
            await socket.connect()
            await clock.advance(30.1)
            assert heard.links == [(True, ""), (False, "nothing received for 30 s")]
            await socket.close()

    async def test_r12_no_log_line_of_a_whole_life_holds_key_secret_or_signature(self) -> None:
        site, heard = Site(), Heard()
        with structlog.testing.capture_logs() as logs:
            async with venue_at(site.converse) as venue:
                socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
                await socket.connect()
                await site.peers[0].send('{"channel":"demo-key","s3cr3t-demo":1}')
                await eventually(lambda: heard.errors)
                await site.peers[0].close(4000, "bye")
                await eventually(lambda: len(heard.links) == 2)
                await socket.close()
        told = repr(logs) + repr(heard.errors) + repr(heard.links) + repr(socket) + repr(vars(socket))
        assert "demo" not in told
        assert not [request for request in site.requests if request["auth"]["SIGN"] in told]


class TestPublic:
    async def test_markets_are_subscribed_in_parts_and_more_can_be_added(self) -> None:
        site, heard = Site(), Heard()
        async with venue_at(site.converse) as venue:
            socket = venue.create_public_ws_with_handlers(heard.public())
            await socket.connect(Symbol(f"C{number:03d}", "USDT") for number in range(120))
            await socket.subscribe([BTC, SOL, BTC])
            await socket.subscribe([])
            await socket.close()
        assert [len(request["payload"]) for request in site.requests] == [50, 50, 20, 2]
        assert site.requests[3]["payload"] == ["BTC_USDT", "SOL_USDT"]
        assert {request["channel"] for request in site.requests} == {"spot.book_ticker"}
        assert all("auth" not in request for request in site.requests)
        assert len({request["id"] for request in site.requests}) == 4

    async def test_an_unknown_market_is_refused_by_name(self) -> None:
        answer = refused(2, "unknown currency pair: FOO_USDT", "spot.book_ticker")
        heard = Heard()
        async with venue_at(Site(answer).converse) as venue:
            socket = venue.create_public_ws_with_handlers(heard.public())
            with pytest.raises(VenueRefusedError) as caught:
                await socket.connect([Symbol("FOO", "USDT")])
        assert caught.value.reason is RefusalReason.UNKNOWN_SYMBOL
        assert "FOO_USDT" in str(caught.value)
        assert heard.links == []

    async def test_adding_an_unknown_market_leaves_the_socket_as_it_is(self) -> None:
        def answer(request: dict[str, Any]) -> list[bytes]:
            if request.get("payload") == ["FOO_USDT"]:
                return refused(2, "unknown currency pair: FOO_USDT", "spot.book_ticker")(request)
            return granted(request)

        heard = Heard()
        async with venue_at(Site(answer).converse) as venue:
            socket = venue.create_public_ws_with_handlers(heard.public())
            await socket.connect([SOL])
            with pytest.raises(VenueRefusedError):
                await socket.subscribe([Symbol("FOO", "USDT")])
            await socket.subscribe([BTC])
            await socket.close()
        assert heard.links == [(True, "")]

    async def test_subscribing_before_connecting_is_a_failed_connection(self) -> None:
        async with venue_at(Site().converse) as venue:
            socket = venue.create_public_ws_with_handlers(Heard().public())
            with pytest.raises(ConnectionFailedError):
                await socket.subscribe([SOL])
            await socket.close()
