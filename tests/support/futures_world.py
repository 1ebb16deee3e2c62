"""The small world of `tests.support.world` with the embedded exchange's perpetuals."""

import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from exchanges.base.clients import Venue
from exchanges.base.endpoints import Endpoints
from exchanges.base.environment import Environment
from exchanges.gateio.futures.venue import GateioFuturesVenue
from exchanges.gateio.settings import GateioSettings
from exchanges.simulator import AccountConfig, SimulatorConfig
from messages.symbol import Product, Symbol
from tests.support.world import World, opened

SOL = Symbol("SOL", "USDT", "USDT")
ETH = Symbol("ETH", "USDT", "USDT")


class FuturesWorld(World):
    """A quiet market of SOL at 140 and 142, whose mark price is 141; an account with 2,000 USDT."""

    face = "gateio_futures"
    product = Product.PERPETUAL
    symbols = (SOL,)

    def make_venue(self, endpoints: Endpoints, environment: Environment, settings: GateioSettings) -> Venue:
        return GateioFuturesVenue(endpoints, environment, settings)

    async def prices(self, mark: str, pair: str = "SOL_USDT") -> None:
        """Holds the mark price."""
        await self.control("POST", f"/prices/{pair}", {"mark": mark})

    async def positions(self, account: str = "alpha") -> dict[str, Any]:
        """The exchange's own books of positions that there are, by contract."""
        books = await self.control("GET", f"/accounts/{account}/positions")
        return {row["currency_pair"]: row for row in books["positions"] if Decimal(row["size"])}


@contextlib.asynccontextmanager
async def open_futures_world(config: SimulatorConfig | None = None) -> AsyncIterator[FuturesWorld]:
    config = config or SimulatorConfig(
        traders_on=False,
        faces=(FuturesWorld.face,),
        accounts=(AccountConfig(name="alpha", balances={"USDT": Decimal(2000)}),),
    )
    async with opened(FuturesWorld, config) as world:
        await world.market("SOL_USDT", "140", "142", amount="10000")
        await world.prices("141")
        yield world
