"""What all accounts of a venue of perpetuals ask is asked once."""

from exchanges.base.environment import Environment
from exchanges.base.futures_clients import FuturesPublicRest
from exchanges.base.shared_public_rest import SharedPublicRest
from messages.perpetual import MarkPrice, RiskTier
from messages.symbol import Symbol


class SharedFuturesPublicRest(SharedPublicRest):
    """A `FuturesPublicRest` for many; see `SharedPublicRest`."""

    def __init__(self, rest: FuturesPublicRest, environment: Environment) -> None:
        super().__init__(rest, environment)
        self._futures = rest

    async def load_mark_prices(self) -> tuple[MarkPrice, ...]:
        """See `FuturesPublicRest`; the same for all who ask together."""
        return await self.once("marks", self._load_mark_prices)

    async def load_risk_tiers(self, symbol: Symbol) -> tuple[RiskTier, ...]:
        """See `FuturesPublicRest`; the same for all who ask together."""

        async def ask() -> tuple[RiskTier, ...]:
            return await self._futures.load_risk_tiers(symbol)

        return await self.once(f"tiers {symbol}", ask)

    async def _load_mark_prices(self) -> tuple[MarkPrice, ...]:
        return await self._futures.load_mark_prices()
