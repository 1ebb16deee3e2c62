"""The control API's side of markets: what is listed, and the operator's hand on it."""

from decimal import Decimal

import msgspec
import structlog

from exchanges.simulator.control.requests import ControlError, Empty, Handler, Json, body_of
from exchanges.simulator.core.config import PairConfig, TradeStatus
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.listings import Listings
from exchanges.simulator.faces.http import HttpRequest

log = structlog.get_logger(__name__)


class ChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /markets/{pair}; what is not given stays."""

    trade_status: TradeStatus | None = None
    buy_start_s: int | None = None
    sell_start_s: int | None = None
    price_precision: int | None = None
    amount_precision: int | None = None
    min_base_amount: Decimal | None = None
    min_quote_amount: Decimal | None = None
    max_quote_amount: Decimal | None = None


class MarketsControl:
    """Answers control requests about markets."""

    def __init__(self, engine: Engine, listings: Listings) -> None:
        self._engine = engine
        self._listings = listings

    def handlers(self) -> dict[tuple[str, ...], Handler]:
        """Returns the handlers by method and parts of the path."""
        return {
            ("GET", "markets"): self._show,
            ("POST", "markets"): self._list,
            ("POST", "markets", "*"): self._change,
            ("DELETE", "markets", "*"): self._delist,
        }

    def _show(self, _item: str, _request: HttpRequest) -> list[Json]:
        return [market_record(market.rules) for market in self._engine.markets.values()]

    def _list(self, _item: str, request: HttpRequest) -> Json:
        rules = body_of(request, self._engine.rules_type)
        self._listings.add(rules)
        log.info("market_listed", pair=rules.id)
        return market_record(rules)

    def _change(self, pair: str, request: HttpRequest) -> Json:
        body = body_of(request, ChangeBody)
        changes = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
        rules = self._listings.change(self._known(pair), **changes)
        log.info("market_changed", pair=pair, fields=sorted(changes))
        return market_record(rules)

    def _delist(self, pair: str, request: HttpRequest) -> Json:
        body_of(request, Empty)
        cancelled = self._listings.remove(self._known(pair))
        log.info("market_delisted", pair=pair, cancelled=len(cancelled))
        return {"pair": pair, "cancelled": [str(order.id) for order in cancelled]}

    def _known(self, pair: str) -> str:
        if pair not in self._engine.markets:
            raise ControlError(404, f"there is no pair {pair}")
        return pair


def market_record(rules: PairConfig) -> Json:
    """Returns a pair's rules, in the form in which a pair is listed."""
    record: Json = msgspec.to_builtins(rules)
    return record
