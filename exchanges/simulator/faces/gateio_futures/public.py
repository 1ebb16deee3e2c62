"""What anybody may ask about contracts."""

from decimal import Decimal

from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.orders import Side
from exchanges.simulator.core.rules import plain
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, public
from exchanges.simulator.faces.gateio.errors import invalid
from exchanges.simulator.faces.gateio_futures import render, render_public
from exchanges.simulator.faces.gateio_futures.own import FUTURES, Futures

EMPTY_LISTS = (
    "/spot/currencies",
    "/spot/currency_pairs",
    "/margin/currency_pairs",
    "/margin/uni/currency_pairs",
    "/margin/cross/currencies",
    "/futures/btc/contracts",
    "/delivery/usdt/contracts",
    "/delivery/btc/contracts",
    "/options/underlyings",
    "/options/contracts",
    "/options/expirations",
)
"""Of what Gate has beside: clients ask for these while they load all markets."""
FAR_S = 10**10


class Public(Futures):
    """Answers without a signature."""

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        paging = "limit offset"
        return [
            public("/spot/time", self.time),
            public(f"{FUTURES}/contracts", self.contracts, paging),
            public(f"{FUTURES}/contracts_all", self.contracts, paging),
            public(f"{FUTURES}/contracts/{{}}", self.contract),
            public(f"{FUTURES}/tickers", self.tickers, "contract"),
            public(f"{FUTURES}/order_book", self.order_book, "contract interval limit with_id"),
            public(f"{FUTURES}/trades", self.trades, "contract limit offset last_id from to"),
            public(f"{FUTURES}/candlesticks", self.candles, "contract interval limit from to"),
            public(f"{FUTURES}/funding_rate", self.funding_rates, "contract limit from to"),
            public(f"{FUTURES}/risk_limit_tiers", self.tiers, f"contract {paging}"),
            *(public(path, _nothing, "limit offset underlying expiration currency") for path in EMPTY_LISTS),
        ]

    def time(self, _call: Call) -> Answer:
        """The gateway's clock."""
        return Answer({"server_time": self.services.now_ms()})

    def contracts(self, call: Call) -> Answer:
        """All contracts with their rules."""
        limit, offset = call.query.whole("limit", 1000, low=1, high=1000), call.query.whole("offset", 0)
        found = [self._contract(pair) for pair in list(self.engine.markets)[offset : offset + limit]]
        return Answer(found)

    def contract(self, call: Call) -> Answer:
        """One of them."""
        return Answer(self._contract(self.engine.contract(call.item).id))

    def tickers(self, call: Call) -> Answer:
        """Prices and volumes, of one contract or all."""
        pair = call.query.text("contract")
        pairs = [self.engine.contract(pair).id] if pair else list(self.engine.markets)
        return Answer([self.ticker(each) for each in pairs])

    def order_book(self, call: Call) -> Answer:
        """The best levels; times are seconds with a fraction."""
        query = call.query
        market = self.engine.market(query.required("contract"))
        if query.text("interval", "0") not in ("0", plain(self.engine.contract(market.rules.id).tick)):
            raise invalid("interval must be 0: levels are not merged here")
        limit = query.whole("limit", 10, low=1, high=1000)
        book: render.Json = {"id": market.book.update_id} if query.flag("with_id") else {}
        now = render.seconds(self.services.now_ms())
        asks, bids = (render_public.levels(market, side, limit) for side in (Side.SELL, Side.BUY))
        return Answer(book | {"current": now, "update": now} | {"asks": asks, "bids": bids})

    def trades(self, call: Call) -> Answer:
        """Trades of the public, newest first; with ``last_id`` those before it."""
        query = call.query
        pair = self.engine.contract(query.required("contract")).id
        limit, offset = query.whole("limit", 100, low=1, high=1000), query.whole("offset", 0)
        since_s, until_s = query.whole("from", 0), query.whole("to", FAR_S)
        last_id = query.whole("last_id", 0)
        found = [
            trade
            for trade in reversed(self.services.histories.of(pair).trades)
            if since_s * 1000 <= trade.time_ms <= until_s * 1000 + 999 and (not last_id or trade.id < last_id)
        ]
        return Answer([render_public.trade(trade, pushed=False) for trade in found[offset : offset + limit]])

    def candles(self, call: Call) -> Answer:
        """Candles, oldest first; of the mark or the index price with a prefix before the contract."""
        query = call.query
        named = query.required("contract")
        source, pair = "", named
        for prefix in ("mark_", "index_"):
            if named.startswith(prefix):
                source, pair = prefix, named.removeprefix(prefix)
        rules = self.engine.contract(pair)
        interval = query.choice("interval", "5m", *INTERVALS_S)
        length_s, now_s = INTERVALS_S[interval], self.services.engine.now_ms() // 1000
        given = query.given()
        limit = query.whole("limit", 100, low=1, high=2000)
        if "limit" in given and "from" in given and "to" in given:
            raise invalid("limit conflicts with from and to")
        until_s = query.whole("to", now_s)
        since_s = query.whole("from", max(0, until_s - (limit - 1) * length_s - until_s % length_s))
        if (until_s - since_s) // length_s > 10_000:
            raise invalid("too many points")
        if source:
            return Answer(self._price_candles(rules, source, length_s, since_s, min(until_s, now_s)))
        found = self.services.histories.candles_between(pair, interval, since_s, until_s)
        return Answer([render_public.candle(row, rules.multiplier) for row in found])

    def funding_rates(self, call: Call) -> Answer:
        """The rates that were settled, newest first."""
        query = call.query
        rules = self.engine.contract(query.required("contract"))
        limit = query.whole("limit", 100, low=1, high=1000)
        since_s, until_s = query.whole("from", 0), query.whole("to", self.services.engine.now_ms() // 1000)
        found = self.futures.watch.rates(rules, since_s * 1000, until_s * 1000 + 999)[:limit]
        return Answer([{"t": rate.time_ms // 1000, "r": plain(rate.rate)} for rate in found])

    def tiers(self, call: Call) -> Answer:
        """Risk limits, leverage and maintenance rates."""
        pair = call.query.text("contract")
        rules = [self.engine.contract(each) for each in ([pair] if pair else list(self.engine.markets))]
        rows = [row for each in rules for row in _tiers(each)]
        limit, offset = call.query.whole("limit", 1000, low=1, high=1000), call.query.whole("offset", 0)
        return Answer(rows[offset : offset + limit])

    def _contract(self, pair: str) -> render.Json:
        market, rules = self.engine.market(pair), self.engine.contract(pair)
        return render_public.contract(market, rules, self.services, self.services.histories.day(pair).last)

    def _price_candles(
        self, rules: ContractConfig, source: str, length_s: int, since_s: int, until_s: int
    ) -> list[render.Json]:
        """Candles of a price that is not traded, from its value at four moments of each."""
        prices, which = self.engine.prices, ("index_", "mark_").index(source)
        found: list[render.Json] = []
        for start_s in range(since_s + -since_s % length_s, until_s + 1, length_s):
            moments = [min(until_s, start_s + length_s * part // 4) for part in range(5)]
            values = [prices.at(rules, moment * 1000)[which] for moment in moments]
            rest = {"o": values[0], "h": max(values), "l": min(values), "c": values[-1]}
            found.append({"t": start_s, "v": Decimal(0)} | {name: plain(value) for name, value in rest.items()})
        return found


def _tiers(rules: ContractConfig) -> list[render.Json]:
    rows: list[render.Json] = []
    deduction, before = Decimal(0), None
    for number, tier in enumerate(rules.tiers, start=1):
        if before is not None:
            deduction += before.limit * (tier.maintenance_rate - before.maintenance_rate)
        before = tier
        rows.append(
            {
                "tier": number,
                "contract": rules.id,
                "risk_limit": plain(tier.limit),
                "initial_rate": plain(round(1 / tier.max_leverage, 8)),
                "maintenance_rate": plain(tier.maintenance_rate),
                "leverage_max": plain(tier.max_leverage),
                "deduction": plain(deduction),
            }
        )
    return rows


def _nothing(_call: Call) -> Answer:
    return Answer([])
