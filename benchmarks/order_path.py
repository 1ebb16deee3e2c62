"""A `PlaceOrder` told to an account: until the request is on the wire, and until the sender has the answer.

The full way is compared, order by order in turns, with bare aiohttp sending a like request whose body and signed
headers were made beforehand, over a session of its own that keeps its connection; and with the same by a `script` that
encodes, signs and reads the answer itself, as any client has to. Two servers: one that answers at once (`minimal`;
whatever we add weighs most there) and the embedded exchange (`embedded`), both in another process. Orders go to many
markets in turn, since ten a second is all that the account's rate limiter lets through on each.
"""

import gc
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from actors.strategy.handle import AccountHandle
from benchmarks.support.account import live_account, real_environment
from benchmarks.support.canned import CREDENTIALS, CannedVenue
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.peers import peer
from benchmarks.support.timing import median, percentile, ratio, spread
from benchmarks.support.verdicts import judged
from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.transport import HttpResponse
from exchanges.gateio.signing import sign_request
from exchanges.gateio.spot import convert, wire
from exchanges.gateio.symbols import to_symbol
from exchanges.registry import FIRST_KIND, create_venue
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.order import Order
from messages.symbol import Symbol

_EXPIRY_MS: Final = 5_000
_decode: Final = msgspec.json.Decoder(wire.RestOrder).decode


def markets(count: int) -> list[str]:
    """Names of ``count`` markets."""
    return [f"C{number}_USDT" for number in range(count)]


class StampingTransport(AiohttpTransport):
    """The real transport; notes when the last request was handed to it."""

    handed_s = 0.0

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        self.handed_s = time.perf_counter()
        return await super().request(method, url, headers=headers, body=body, timeout_s=timeout_s)


def _order(symbol: Symbol, client_order_id: str | None = None) -> PlaceOrder:
    return PlaceOrder.limit(symbol, Side.BUY, Decimal(1), Decimal(100), client_order_id=client_order_id)


class Bare:
    """Bare aiohttp with requests made beforehand."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, credentials: Credentials) -> None:
        self._session = session
        self._url = URL(f"{base_url}/spot/orders")
        self._credentials = credentials
        self._made = 0

    def prepare(self, symbol: Symbol) -> tuple[bytes, dict[str, str]]:
        """Body and signed headers of an order, the same as our client makes."""
        self._made += 1
        body = msgspec.json.encode(convert.place_body(_order(symbol, f"mgz3f9a2b1x7-{self._made:06}")))
        now_ms = time.time_ns() // 1_000_000
        headers = sign_request(
            self._credentials, method="POST", path=self._url.path, query="", body=body, seconds=now_ms // 1000
        )
        headers["Content-Type"] = "application/json"
        headers["X-Gate-Exptime"] = str(now_ms + _EXPIRY_MS)
        return body, headers

    async def send(self, body: bytes, headers: dict[str, str]) -> bytes:
        """The request and its whole answer."""
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            content = await answer.read()
            assert answer.status == 201, f"an order is created, not {answer.status}"
            return content

    async def place(self, symbol: Symbol) -> Order:
        """As a script would: encodes, signs, sends, and reads the answer."""
        return convert.rest_order(_decode(await self.send(*self.prepare(symbol))))


@asynccontextmanager
async def _minimal(symbols: list[str]) -> AsyncIterator[tuple[str, Credentials]]:
    currencies = [pair.partition("_")[0] for pair in symbols] + ["USDT"]
    async with peer("benchmarks.support.order_server", currencies=currencies) as server:
        yield server.ready["rest"], CREDENTIALS


@asynccontextmanager
async def _embedded(symbols: list[str]) -> AsyncIterator[tuple[str, Credentials]]:
    async with peer("benchmarks.support.exchange", pairs=symbols, accounts=["alpha"]) as server:
        gate = server.ready["gateio"]
        account = gate["accounts"][0]
        yield gate["rest"], Credentials(account["key"], account["secret"])


_SERVERS: Final[Mapping[str, Callable[[list[str]], Any]]] = {"minimal": _minimal, "embedded": _embedded}


class Figures:
    """What single orders took, in microseconds."""

    def __init__(self) -> None:
        self.to_wire: list[float] = []
        self.ours: list[float] = []
        self.bare: list[float] = []
        self.script: list[float] = []


async def _in_turns(account: AccountHandle, transport: StampingTransport, bare: Bare, symbols: list[Symbol]) -> Figures:
    figures = Figures()
    for number, symbol in enumerate(symbols):
        body, headers = bare.prepare(symbol)

        async def send_ours(symbol: Symbol = symbol) -> None:
            command = _order(symbol)
            began = time.perf_counter()
            order: Order = await account.ask(command)
            figures.ours.append((time.perf_counter() - began) * 1e6)
            figures.to_wire.append((transport.handed_s - began) * 1e6)
            assert order.status is OrderStatus.NEW, f"the order rests, it is not {order.status}"

        async def send_bare(body: bytes = body, headers: dict[str, str] = headers) -> None:
            began = time.perf_counter()
            await bare.send(body, headers)
            figures.bare.append((time.perf_counter() - began) * 1e6)

        async def send_script(symbol: Symbol = symbol) -> None:
            began = time.perf_counter()
            await bare.place(symbol)
            figures.script.append((time.perf_counter() - began) * 1e6)

        sides: deque[Callable[[], Awaitable[None]]] = deque((send_ours, send_bare, send_script))
        sides.rotate(number)
        for send in sides:
            await send()
    return figures


async def _measure(server: str, orders: int, markets_count: int) -> dict[str, object]:
    pairs = markets(markets_count)
    symbols = [to_symbol(pair) for pair in pairs]
    async with AsyncExitStack() as stack:
        base_url, credentials = await stack.enter_async_context(_SERVERS[server](pairs))
        transport = StampingTransport()
        environment = await stack.enter_async_context(real_environment(transport))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        gate = create_venue(FIRST_KIND, Endpoints(rest=base_url, ws="ws://127.0.0.1"), environment)
        venue = CannedVenue(symbols, orders_go_to=gate)
        account = await stack.enter_async_context(live_account(venue, environment, credentials=credentials))
        bare = Bare(session, base_url, credentials)
        await _in_turns(account, transport, bare, symbols[: len(symbols) // 2])  # warms up
        gc.collect()
        figures = await _in_turns(account, transport, bare, [symbols[n % len(symbols)] for n in range(orders)])
    return {
        "benchmark": "order_path",
        "case": server,
        "ratio_to_bare": ratio(figures.ours, figures.bare),
        "ratio_to_script": ratio(figures.ours, figures.script),
        "added_us": round(median(figures.ours) - median(figures.bare), 1),
        "told_to_wire_us": median(figures.to_wire),
        "round_trip_us": median(figures.ours),
        "bare_round_trip_us": median(figures.bare),
        "script_round_trip_us": median(figures.script),
        "round_trip_p99_us": percentile(figures.ours, 0.99),
        "bare_round_trip_p99_us": percentile(figures.bare, 0.99),
        "round_trip_us_range": spread(figures.ours),
        "bare_round_trip_us_range": spread(figures.bare),
        "orders": orders,
        "loop": LOOP,
    }


def run(*, orders: int = 3_000, markets_count: int = 200) -> Iterator[dict[str, object]]:
    """One object for each server.

    Args:
        orders: to time, of each side. markets_count: over how many markets they are spread.
    """
    for server in _SERVERS:
        yield judged(run_on_loop(_measure(server, orders, markets_count)), at_most={"ratio_to_bare": 1.2})
