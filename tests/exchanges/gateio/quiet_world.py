"""A quiet embedded exchange with two accounts, a venue that points at it, and ears on the private socket."""

import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import msgspec

from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Clock, Environment
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.gateio.venue import GateioSettings, GateioVenue
from exchanges.simulator import RunningExchange, SimulatorConfig, start_exchange
from messages.balance import Balance
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.errors import TellerError
from messages.order import Fill, Order
from messages.symbol import Symbol
from tests.exchanges.base.loopback import Tasks, environment

SOL, BTC = Symbol("SOL", "USDT"), Symbol("BTC", "USDT")
D = Decimal


class World:
    """A quiet embedded exchange, a venue that points at it, and one account's clients."""

    def __init__(self, exchange: RunningExchange, seams: Environment, settings: GateioSettings) -> None:
        self.exchange = exchange
        self.seams = seams
        where: Any = exchange.endpoints
        self.control = where["control"]
        self.accounts = {account["name"]: account for account in where["gateio"]["accounts"]}
        self._settings = settings
        self._endpoints = Endpoints(where["gateio"]["rest"], where["gateio"]["ws"])
        self.venue = self.another_venue()
        self.public = self.venue.create_public_rest()
        self.rest = self.venue.create_private_rest(self.credentials("alpha"))

    def another_venue(self) -> GateioVenue:
        """As another process has it, which knows nothing of what this one has sent."""
        return GateioVenue(self._endpoints, self.seams, self._settings)

    def credentials(self, name: str) -> Credentials:
        return Credentials(self.accounts[name]["key"], self.accounts[name]["secret"])

    async def tell(self, path: str, **body: object) -> Any:
        answer = await self.seams.http.request(
            "POST",
            f"{self.control}{path}",
            headers={"Content-Type": "application/json"},
            body=msgspec.json.encode(body),
            timeout_s=5,
        )
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    async def quiet_market(
        self, pair: str = "SOL_USDT", bid: str | None = "140", ask: str | None = "141", amount: str = "100"
    ) -> None:
        await self.tell(f"/market/{pair}", bid=bid, ask=ask, amount=amount)


@contextlib.asynccontextmanager
async def world(
    settings: GateioSettings | None = None, clock: Clock | None = None, **config: Any
) -> AsyncIterator[World]:
    given = {"seed": 5, "traders_on": False, "withdrawal_step_ms": 0} | config
    tasks = Tasks()
    exchange = await start_exchange(SimulatorConfig(**given))
    try:
        async with environment(clock, tasks) as seams:
            made = World(exchange, seams, settings or GateioSettings())
            await made.quiet_market()
            yield made
    finally:
        await exchange.close()
    assert tasks.running == []


class Heard:
    """Everything that a private socket told."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.fills: list[Fill] = []
        self.balances: dict[str, Balance] = {}
        self.balance_events = 0
        self.links: list[tuple[bool, str]] = []
        self.errors: list[TellerError] = []

    def handlers(self) -> PrivateWebsocketHandlers:
        return PrivateWebsocketHandlers(
            order=self.orders.append,
            balance=self.apply_balances,
            execution=self.fills.append,
            connection=lambda is_up, cause: self.links.append((is_up, cause)),
            error=self.errors.append,
        )

    def apply_balances(self, balances: tuple[Balance, ...]) -> None:
        self.balance_events += 1
        self.balances.update((balance.currency, balance) for balance in balances)

    def life_of(self, client_order_id: str) -> list[OrderStatus]:
        return [order.status for order in self.orders if order.client_order_id == client_order_id]


@contextlib.asynccontextmanager
async def listening(here: World, name: str = "alpha") -> AsyncIterator[Heard]:
    heard = Heard()
    socket = here.venue.create_private_ws_with_handlers(here.credentials(name), heard.handlers())
    await socket.connect()
    try:
        yield heard
    finally:
        await socket.close()


def buy(quantity: str, price: str, client_order_id: str, **more: Any) -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, D(quantity), D(price), client_order_id=client_order_id, **more)
