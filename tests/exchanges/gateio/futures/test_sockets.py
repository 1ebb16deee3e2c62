"""Both sockets against a venue that a test writes, over real sockets: who subscribes to what, with which headers."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from exchanges.base.futures_clients import FuturesPrivateHandlers, FuturesPublicHandlers
from exchanges.base.handlers import PublicWebsocketHandlers
from exchanges.gateio.futures.venue import GateioFuturesVenue
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, VenueRefusedError
from messages.margin import LedgerEntry
from messages.order import Order
from messages.perpetual import MarkPrice
from messages.position import Position
from messages.symbol import Symbol
from tests.exchanges.base.loopback import websocket_server
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.futures.scripted import ALPHA, NOW_MS, SOL, Reply, Script, refused, scripted
from tests.support.eventually import eventually

D = Decimal


class Site:
    """The exchange's end: grants every subscription and keeps what it heard."""

    def __init__(self, refuse: str = "") -> None:
        self.refuse = refuse
        self.requests: list[dict[str, Any]] = []
        self.headers: list[str | None] = []
        self.peers: list[ServerConnection] = []

    async def converse(self, peer: ServerConnection) -> None:
        assert peer.request is not None
        self.headers.append(peer.request.headers.get("X-Gate-Size-Decimal"))
        self.peers.append(peer)
        async for message in peer:
            request = msgspec.json.decode(message)
            self.requests.append(request)
            await peer.send(self.answer(request).decode())

    def answer(self, request: dict[str, Any]) -> bytes:
        channel = request["channel"]
        if channel == "futures.ping":
            return payloads.frame("futures.pong", None, event="", error=None)
        if channel == self.refuse:
            error = {"code": 2, "message": "unknown contract FOO_USDT"}
            return payloads.frame(channel, None, event="subscribe", id=request["id"], error=error)
        return payloads.frame(channel, {"status": "success"}, event="subscribe", id=request["id"], error=None)


class Heard:
    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.positions: list[Position] = []
        self.entries: list[LedgerEntry] = []
        self.marks: list[MarkPrice] = []
        self.links: list[tuple[bool, str]] = []
        self.errors: list[TellerError] = []

    def private(self) -> FuturesPrivateHandlers:
        return FuturesPrivateHandlers(
            order=self.orders.append,
            balance=lambda _: None,
            execution=lambda _: None,
            connection=lambda is_up, cause: self.links.append((is_up, cause)),
            error=self.errors.append,
            position=self.positions.append,
            ledger=self.entries.append,
        )

    def public(self) -> FuturesPublicHandlers:
        return FuturesPublicHandlers(
            book_ticker=lambda _: None,
            connection=lambda is_up, cause: self.links.append((is_up, cause)),
            error=self.errors.append,
            mark_price=self.marks.append,
        )


@asynccontextmanager
async def venue_at(site: Site, script: Script) -> AsyncIterator[GateioFuturesVenue]:
    """A venue whose socket ends at ``site``."""
    async with websocket_server(site.converse) as url, scripted(script, ws=url) as venue:
        yield venue


def account() -> Script:
    return Script(Reply(payloads.account()))


async def test_four_channels_of_the_account_each_with_a_signature_of_its_own() -> None:
    site, heard, script = Site(), Heard(), account()
    async with venue_at(site, script) as venue:
        socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
        await socket.connect()
        assert heard.links == [(True, "")]
        await socket.close()
    assert [(request["channel"], request["payload"]) for request in site.requests] == [
        ("futures.orders", ["20417733", "!all"]),
        ("futures.usertrades", ["20417733", "!all"]),
        ("futures.positions", ["20417733", "!all"]),
        ("futures.balances", ["20417733"]),
    ]
    for request in site.requests:
        text = f"channel={request['channel']}&event=subscribe&time={NOW_MS // 1000}"
        sign = hmac.new(b"s3cr3t-demo", text.encode(), hashlib.sha512).hexdigest()
        assert request["auth"] == {"method": "api_key", "KEY": "demo-key", "SIGN": sign}
    assert site.headers == ["1"], "sizes with their decimals"


async def test_the_accounts_number_is_asked_for_once() -> None:
    site, script = Site(), account()
    async with venue_at(site, script) as venue:
        for _ in range(2):
            socket = venue.create_private_ws_with_handlers(ALPHA, Heard().private())
            await socket.connect()
            await socket.close()
    assert [request.path.rpartition("/")[2] for request in script.asked] == ["accounts"]
    assert len(script.requests) == 2, "and the contracts once"


async def test_events_arrive_in_base() -> None:
    site, heard = Site(), Heard()
    async with venue_at(site, account()) as venue:
        socket = venue.create_private_ws_with_handlers(ALPHA, heard.private())
        await socket.connect()
        for frame in (
            payloads.orders(payloads.socket_order(contract="BTC_USDT")),
            payloads.positions(payloads.socket_position(contract="BTC_USDT", size="-40")),
            payloads.balances(payloads.socket_balance()),
        ):
            await site.peers[0].send(frame.decode())
        await eventually(lambda: bool(heard.entries))
        await socket.close()
    assert [order.quantity for order in heard.orders] == [D("0.004")]
    assert [position.quantity for position in heard.positions] == [D("-0.004")]
    assert heard.errors == []


async def test_without_a_futures_account_there_is_no_socket() -> None:
    site = Site()
    async with venue_at(site, Script(refused("USER_NOT_FOUND"))) as venue:
        socket = venue.create_private_ws_with_handlers(ALPHA, Heard().private())
        with pytest.raises(VenueRefusedError) as error:
            await socket.connect()
        assert error.value.reason is RefusalReason.TRADING_DISABLED
        await socket.close()
    assert site.peers == []


async def test_without_the_sizes_of_contracts_there_is_no_socket() -> None:
    site = Site()
    script = Script(Reply(payloads.account()), contracts=Reply({}, 503))
    async with venue_at(site, script) as venue:
        for socket in (
            venue.create_private_ws_with_handlers(ALPHA, Heard().private()),
            venue.create_public_ws_with_handlers(Heard().public()),
        ):
            with pytest.raises(ConnectionFailedError):
                await (socket.connect([SOL]) if hasattr(socket, "subscribe") else socket.connect())
            await socket.close()
    assert site.peers == []


async def test_book_tickers_and_mark_prices_of_the_markets_that_are_wanted() -> None:
    site, heard = Site(), Heard()
    markets = [Symbol(f"C{number}", "USDT", "USDT") for number in range(60)]
    async with venue_at(site, account()) as venue:
        socket = venue.create_public_ws_with_handlers(heard.public())
        await socket.connect(markets)
        await site.peers[0].send(payloads.frame("futures.tickers", [payloads.ticker()]).decode())
        await eventually(lambda: bool(heard.marks))
        await socket.close()
    asked = [(request["channel"], len(request["payload"]), "auth" in request) for request in site.requests]
    assert asked == [(channel, n, False) for channel in ("futures.book_ticker", "futures.tickers") for n in (50, 10)]
    assert site.headers == ["1"]


async def test_who_wants_no_mark_prices_subscribes_to_none() -> None:
    site, errors = Site(), list[TellerError]()
    handlers = PublicWebsocketHandlers(book_ticker=lambda _: None, connection=lambda _up, _c: None, error=errors.append)
    async with venue_at(site, account()) as venue:
        socket = venue.create_public_ws_with_handlers(handlers)
        await socket.connect([SOL])
        await socket.close()
    assert [request["channel"] for request in site.requests] == ["futures.book_ticker"]


async def test_a_contract_that_is_not_listed_fails_loudly() -> None:
    async with venue_at(Site(refuse="futures.book_ticker"), account()) as venue:
        socket = venue.create_public_ws_with_handlers(Heard().public())
        with pytest.raises(VenueRefusedError) as error:
            await socket.connect([SOL])
        assert error.value.reason is RefusalReason.UNKNOWN_SYMBOL
        await socket.close()
