"""The control API's side of contracts: positions as they are, prices, funding, and the margin of accounts."""

from decimal import Decimal

import msgspec
import structlog

from exchanges.simulator.control.requests import ControlError, Handler, Json, body_of, known_account
from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.futures.positions import Position
from exchanges.simulator.core.futures.services import FuturesServices
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.http import HttpRequest

log = structlog.get_logger(__name__)


class PricesBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /prices/{pair}: both are held there; with neither they move again. ``index``: by default the mark."""

    mark: Decimal | None = None
    index: Decimal | None = None


class FundingBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /funding/{pair}: settles now; ``rate`` is a fraction, by default the one of now."""

    rate: Decimal | None = None


class FuturesControl:
    """Answers control requests about contracts; there are none where none are traded."""

    def __init__(self, services: Services) -> None:
        self._accounts = services.keys.accounts
        self._futures = services.futures

    def handlers(self) -> dict[tuple[str, ...], Handler]:
        """Returns the handlers by method and parts of the path."""
        if self._futures is None:
            return {}
        return {
            ("GET", "accounts", "*", "positions"): self._show,
            ("POST", "prices", "*"): self._set_prices,
            ("POST", "funding", "*"): self._settle,
        }

    def books(self, account: str) -> Json:
        """What the books of an account have more on contracts."""
        if self._futures is None:
            return {}
        engine = self._futures.engine
        mine = engine.margins[account]
        return {"is_dual": mine.is_dual, "positions": [self._record(each) for each in mine.known()]}

    def _show(self, item: str, _request: HttpRequest) -> Json:
        return self.books(known_account(self._accounts, item))

    def _set_prices(self, pair: str, request: HttpRequest) -> Json:
        """Holds mark and index; what is reached or lost by that happens at once."""
        body, contract = body_of(request, PricesBody), self._contract(pair)
        futures = self._parts()
        mark, index = body.mark, body.index if body.index is not None else body.mark
        if mark is None and index is None:
            futures.engine.prices.set(contract, None)
        else:
            prices = [price if price is not None else index for price in (index, mark)]
            if any(price is None or not price.is_finite() or price <= 0 for price in prices):
                raise ControlError(400, f"mark: {mark}, index: {index} must be above 0")
            held = [price for price in prices if price is not None]
            futures.engine.prices.set(contract, (held[0], held[1]))
        futures.watch.look()
        now = futures.engine.prices
        return {"pair": pair, "mark": plain(now.mark(contract)), "index": plain(now.index(contract))}

    def _settle(self, pair: str, request: HttpRequest) -> Json:
        body, contract = body_of(request, FundingBody), self._contract(pair)
        futures = self._parts()
        rate = body.rate
        if rate is None:
            rate = futures.engine.prices.funding_rate(contract, futures.engine.now_ms())
        if not rate.is_finite() or abs(rate) > contract.funding_limit:
            raise ControlError(400, f"rate: {rate} must be at most {contract.funding_limit} either way")
        futures.watch.settle(contract, rate)
        log.info("funding_settled", pair=pair, rate=str(rate))
        return {"pair": pair, "rate": plain(rate)}

    def _contract(self, pair: str) -> ContractConfig:
        engine = self._parts().engine
        if pair not in engine.markets:
            raise ControlError(404, f"there is no contract {pair}")
        return engine.contract(pair)

    def _parts(self) -> FuturesServices:
        if self._futures is None:
            raise ControlError(404, "no contracts are traded here")
        return self._futures

    def _record(self, position: Position) -> Json:
        engine = self._parts().engine
        return {
            "currency_pair": position.contract.id,
            "leg": position.leg.value,
            "size": plain(position.size),
            "cost": plain(position.cost),
            "entry_price": plain(position.entry_price),
            "margin": plain(position.margin),
            "leverage": plain(position.leverage),
            "is_cross": position.is_cross,
            "mark_price": plain(engine.mark(position)),
            "liquidation_price": plain(engine.liquidation_price(position)),
            "unrealised": plain(engine.unrealised(position)),
            "from_trades": plain(position.from_trades),
            "from_funding": plain(position.from_funding),
            "from_fees": plain(position.from_fees),
            "history": plain(position.history),
            "version": position.version,
        }
