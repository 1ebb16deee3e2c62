"""Public spot endpoints: time, currencies, pairs, tickers, books, trades and candles."""

from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.orders import Side
from exchanges.simulator.core.rules import RefusedError, plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.transfers import chains_of
from exchanges.simulator.faces.gateio import render
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, public
from exchanges.simulator.faces.gateio.errors import GateError, invalid
from exchanges.simulator.faces.gateio.parameters import parse_decimal

NAMES = {"USDT": "Tether", "BTC": "Bitcoin", "ETH": "Ethereum", "SOL": "Solana", "PEPE": "Pepe"}
MAX_POINTS_BACK = 10_000
DEFAULT_POINTS, MAX_POINTS = 100, 1_000


class SpotPublic:
    """Answers what anybody may ask."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            public("/spot/time", self.time),
            public("/spot/currencies", self.currencies),
            public("/spot/currencies/{}", self.currency),
            public("/spot/currency_pairs", self.pairs),
            public("/spot/currency_pairs/{}", self.pair),
            public("/spot/tickers", self.tickers, "currency_pair timezone"),
            public("/spot/order_book", self.order_book, "currency_pair interval limit with_id"),
            public("/spot/trades", self.trades, "currency_pair limit last_id reverse from to page"),
            public("/spot/candlesticks", self.candlesticks, "currency_pair interval limit from to"),
        ]

    def time(self, _call: Call) -> Answer:
        """The exchange's time in ms."""
        return Answer({"server_time": self._services.now_ms()})

    def currencies(self, _call: Call) -> Answer:
        """All currencies that a pair trades, or has traded."""
        return Answer([_currency(name, is_traded) for name, is_traded in self._engine.currencies().items()])

    def currency(self, call: Call) -> Answer:
        """One currency."""
        currencies = self._engine.currencies()
        if call.item not in currencies:
            raise GateError("INVALID_CURRENCY", f"unknown currency {call.item}")
        return Answer(_currency(call.item, currencies[call.item]))

    def pairs(self, _call: Call) -> Answer:
        """All pairs."""
        return Answer([self._pair(market.rules) for market in self._engine.markets.values()])

    def pair(self, call: Call) -> Answer:
        """One pair."""
        return Answer(self._pair(self._market(call.item).rules))

    def tickers(self, call: Call) -> Answer:
        """The tickers of all pairs or, with the sizes at the top, of one."""
        utc_shift = call.query.choice("timezone", "", "utc0", "utc8", "all")
        wanted = call.query.text("currency_pair")
        markets = [self._market(wanted)] if wanted else list(self._engine.markets.values())
        rendered = []
        for market in markets:
            day = self._services.histories.day(market.rules.id)
            entry = render.ticker(market, day)
            if wanted:
                entry |= render.best_sizes(market)
            for zone in ("utc0", "utc8"):
                if utc_shift in (zone, "all"):
                    entry[f"change_{zone}"] = plain(day.change_percent)
            rendered.append(entry)
        return Answer(rendered)

    def order_book(self, call: Call) -> Answer:
        """The best levels of a book; ``id`` is its update id, as in ``spot.order_book_update``."""
        query = call.query
        market = self._market(query.required("currency_pair"))
        depth = query.whole("limit", 10, low=1, high=1000)
        interval = parse_decimal("interval", query.text("interval", "0"))
        now = self._services.now_ms()
        answer: dict[str, object] = {
            "current": now,
            "update": now,
            "asks": render.levels(market, Side.SELL, depth, interval),
            "bids": render.levels(market, Side.BUY, depth, interval),
        }
        if query.flag("with_id"):
            answer = {"id": market.book.update_id, **answer}
        return Answer(answer)

    def trades(self, call: Call) -> Answer:
        """Trades, newest first; with ``last_id`` those after it, or before it when reversed, whatever the time."""
        query = call.query
        pair = self._market(query.required("currency_pair")).rules.id
        limit = query.whole("limit", 100, low=1, high=1000)
        offset = (query.whole("page", 1, low=1) - 1) * limit
        last_id = query.whole("last_id", 0)
        before = query.flag("reverse")
        since_s, until_s = query.whole("from", 0), query.whole("to", 10**12)
        found = [
            trade
            for trade in reversed(self._services.histories.of(pair).trades)
            if (
                since_s <= trade.time_ms // 1000 <= until_s
                if not last_id
                else trade.id < last_id
                if before
                else trade.id > last_id
            )
        ]
        return Answer([render.rest_trade(trade) for trade in found[offset : offset + limit]])

    def candlesticks(self, call: Call) -> Answer:
        """Candles, oldest first: those of a time, or the newest ones. One that is under way at its start is of it.

        The manual wants no ``limit`` beside ``from`` or ``to``; clients in use send it with one of them, and get so
        many candles. A time of 1,000 intervals is refused, as it has one candle more (both ends are in it).
        """
        query = call.query
        pair = self._market(query.required("currency_pair")).rules.id
        interval = query.choice("interval", "30m", *INTERVALS_S)
        length_s = INTERVALS_S[interval]
        limit, now_s = query.whole("limit", DEFAULT_POINTS, low=1, high=MAX_POINTS), self._services.now_ms() // 1000
        given = query.given()
        since_s, until_s = query.whole("from", 0), query.whole("to", now_s)
        reach_s = (limit - 1) * length_s
        if "from" not in given:
            since_s = until_s - reach_s
        elif "limit" in given:
            if "to" in given:
                raise invalid("limit conflicts with from and to")
            until_s = since_s + reach_s
        if {"from", "to"} & given.keys() and now_s - since_s > MAX_POINTS_BACK * length_s:
            raise invalid(f"Candlestick too long ago. Maximum {MAX_POINTS_BACK} points ago are allowed")
        if until_s - since_s >= MAX_POINTS * length_s:
            raise invalid(f"Candlestick range too broad. Maximum {MAX_POINTS} data points are allowed per request")
        candles = self._services.histories.candles_between(pair, interval, since_s - since_s % length_s, until_s)
        return Answer([render.rest_candle(candle, length_s, now_s) for candle in candles])

    def _market(self, pair: str) -> Market:
        try:
            return self._engine.market(pair)
        except RefusedError as refused:
            raise GateError.of(refused) from refused

    def _pair(self, rules: PairConfig) -> dict[str, object]:
        return {
            "id": rules.id,
            "base": rules.base,
            "base_name": NAMES.get(rules.base, rules.base),
            "quote": rules.quote,
            "quote_name": NAMES.get(rules.quote, rules.quote),
            "fee": plain(self._services.config.taker_fee_rate * 100),
            "min_base_amount": plain(rules.min_base_amount),
            "min_quote_amount": plain(rules.min_quote_amount),
            "max_base_amount": None,
            "max_quote_amount": plain(rules.max_quote_amount),
            "amount_precision": rules.amount_precision,
            "precision": rules.price_precision,
            "trade_status": rules.trade_status.value,
            "sell_start": rules.sell_start_s,
            "buy_start": rules.buy_start_s,
            "delisting_time": 0,
            "type": "normal",
            "st_tag": False,
        }


def _currency(name: str, is_traded: bool) -> dict[str, object]:
    flags = {"withdraw_disabled": False, "withdraw_delayed": False, "deposit_disabled": False}
    chains = chains_of(name)
    return {
        "currency": name,
        "name": NAMES.get(name, name),
        "delisted": not is_traded,
        **flags,
        "trade_disabled": not is_traded,
        "fixed_rate": "",
        "chain": chains[0].name,
        "chains": [{"name": chain.name, "addr": "", **flags} for chain in chains],
    }
