"""A venue whose answers a test writes, over real sockets, and that keeps every request as it came."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Coroutine
from decimal import Decimal
from typing import Any

import msgspec

from exchanges.base.clients import PrivateRest
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Clock
from exchanges.gateio.settings import GateioSettings
from exchanges.gateio.venue import GateioVenue
from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder, Withdraw
from messages.enums import Side
from messages.symbol import Symbol
from tests.exchanges.base.loopback import environment, http_answer, read_request, reset, tcp_server
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio import payloads

ALPHA = Credentials("demo-key", "s3cr3t-demo")


class Request(msgspec.Struct):
    """One request as it came over the wire; ``query`` is still encoded."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        return dict(part.split("=", 1) for part in self.query.split("&") if part)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def is_signed_by(self, credentials: Credentials) -> bool:
        """The documented recipe, written down a second time."""
        parts = [
            self.method,
            self.path,
            self.query,
            hashlib.sha512(self.body).hexdigest(),
            self.headers["timestamp"],
        ]
        expected = hmac.new(credentials.reveal_secret().encode(), "\n".join(parts).encode(), hashlib.sha512)
        return self.headers["sign"] == expected.hexdigest() and self.headers["key"] == credentials.reveal_key()


class Reply(msgspec.Struct):
    """An answer: ``body`` is sent as JSON, bytes as they are. ``lost`` resets the connection instead."""

    body: Any = None
    status: str = "200 OK"
    headers: str = ""
    lost: bool = False

    def encoded(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)
        return http_answer(body, status=self.status, headers=self.headers)


class Script:
    """Answers by a function of the request, or with replies in turn (the last one again and again)."""

    def __init__(self, *replies: Reply | Callable[[Request], Reply]) -> None:
        self._replies = list(replies)
        self.requests: list[Request] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            line, headers, body = await read_request(reader)
            method, target, _ = line.split(" ")
            path, _, query = target.partition("?")
            request = Request(method, path, query, headers, body)
            self.requests.append(request)
            reply = self._replies[0] if len(self._replies) == 1 else self._replies.pop(0)
            made = reply(request) if callable(reply) else reply
            if made.lost:
                reset(writer)
                return
            writer.write(made.encoded())
            await writer.drain()


@contextlib.asynccontextmanager
async def scripted(
    script: Script, *, clock: Clock | None = None, settings: GateioSettings | None = None
) -> AsyncIterator[GateioVenue]:
    """A venue whose REST face follows the script."""
    async with tcp_server(script.converse) as address, environment(clock) as seams:
        endpoints = Endpoints(f"http://{address}/api/v4", f"ws://{address}/ws/v4/")
        yield GateioVenue(endpoints, seams, settings)


LOST = Reply(lost=True)

D = Decimal
SOL = Symbol("SOL", "USDT")
DAY_MS = 86_400_000
NOW_MS = 1_760_000_000_000
ORDER = Reply(payloads.rest_order())
PLACE = PlaceOrder.limit(SOL, Side.BUY, D("2.5"), D("141.20"), client_order_id="desk7-000042")
WITHDRAW = Withdraw(currency="USDT", amount=D(5), chain="TRX", address="T1", client_withdrawal_id="p-1")
WITHDRAWAL = Reply({"id": "w1", "currency": "USDT", "amount": "5", "status": "REQUEST", "timestamp": "1760000100"})

Call = Callable[[PrivateRest], Coroutine[Any, Any, Any]]

QUERIES: dict[str, Call] = {
    "load_balances": lambda rest: rest.load_balances(),
    "load_open_orders": lambda rest: rest.load_open_orders(),
    "load_finished_orders": lambda rest: rest.load_finished_orders(SOL, from_ms=None, limit=10),
    "load_fills": lambda rest: rest.load_fills(SOL),
    "load_fee_rates": lambda rest: rest.load_fee_rates(SOL),
    "load_key_permissions": lambda rest: rest.load_key_permissions(),
    "get_order": lambda rest: rest.get_order(GetOrder(symbol=SOL, order_id="1")),
    "get_withdrawal": lambda rest: rest.get_withdrawal("w1"),
    "load_withdrawals": lambda rest: rest.load_withdrawals(currency=None, from_ms=None, to_ms=None, limit=10),
}
CHANGES: dict[str, Call] = {
    "place_order": lambda rest: rest.place_order(PLACE),
    "cancel_order": lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, order_id="1")),
    "cancel_all": lambda rest: rest.cancel_all(SOL, None),
    "amend_order": lambda rest: rest.amend_order(AmendOrder(symbol=SOL, order_id="1", price=D(1))),
    "withdraw": lambda rest: rest.withdraw(WITHDRAW),
    "cancel_withdrawal": lambda rest: rest.cancel_withdrawal("w1"),
}
EVERY = QUERIES | CHANGES


async def run(call: Call, script: Script, **more: Any) -> Any:
    async with scripted(script, clock=ManualClock(unix_ms=NOW_MS), **more) as venue:
        return await call(venue.create_private_rest(ALPHA))


async def only_request(call: Call, reply: Reply, **more: Any) -> Request:
    script = Script(reply)
    await run(call, script, **more)
    assert len(script.requests) == 1
    return script.requests[0]
