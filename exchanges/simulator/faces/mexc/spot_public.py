"""Public spot endpoints: time, symbols, books, trades, candles and tickers."""

from collections.abc import Callable

from exchanges.simulator.core.market_history import INTERVALS_S
from exchanges.simulator.core.orders import Side
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.mexc import render
from exchanges.simulator.faces.mexc.calls import Call, Endpoint, Json, public, query
from exchanges.simulator.faces.mexc.errors import wrong
from exchanges.simulator.faces.mexc.symbols import Symbols

INTERVALS = {
    "1m": "1m",
    "5m": "5m",
    "15m": "15m",
    "30m": "30m",
    "60m": "1h",
    "4h": "4h",
    "1d": "1d",
    "1W": "7d",
    "1M": "30d",
}
"""MEXC's name of each interval, and the exchange's own."""


class SpotPublic:
    """Answers what anybody may ask."""

    def __init__(self, services: Services, symbols: Symbols) -> None:
        self._services = services
        self._symbols = symbols

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            public("/api/v3/ping", lambda _call: {}),
            public("/api/v3/time", lambda _call: {"serverTime": self._services.now_ms()}),
            public("/api/v3/defaultSymbols", self.default_symbols),
            public("/api/v3/exchangeInfo", self.exchange_info, 25),
            public("/api/v3/depth", self.depth, 3),
            public("/api/v3/trades", self.trades, 5),
            public("/api/v3/klines", self.klines),
            public("/api/v3/avgPrice", self.average_price),
            public("/api/v3/ticker/24hr", self.day_tickers, 25),
            public("/api/v3/ticker/price", self.prices, 10),
            public("/api/v3/ticker/bookTicker", self.book_tickers, 10),
            query("/api/v3/selfSymbols", self.default_symbols, 1),
            # there are no contracts here; clients ask for them while they load all markets
            public("/api/v1/contract/detail", lambda _call: {"success": True, "code": 0, "data": []}),
        ]

    def default_symbols(self, _call: Call) -> object:
        """The symbols that may be traded over the API."""
        return {"code": 200, "data": list(self._symbols.markets()), "msg": None}

    def exchange_info(self, call: Call) -> object:
        """The rules of all symbols, of one, or of some."""
        wanted = call.parameters.text("symbols") or call.parameters.text("symbol")
        markets = self._symbols.markets()
        named = {name: self._symbols.market(name) for name in wanted.split(",")} if wanted else markets
        config, now_ms = self._services.config, self._services.now_ms()
        rates = {"maker": config.maker_fee_rate, "taker": config.taker_fee_rate}
        return {
            "timezone": "CST",
            "serverTime": now_ms,
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [render.symbol_row(market.rules, **rates, now_ms=now_ms) for market in named.values()],
        }

    def depth(self, call: Call) -> object:
        """The best levels of a book; ``lastUpdateId`` counts as the versions of the depth stream do."""
        market = self._symbols.market(call.parameters.required("symbol"))
        depth = call.parameters.whole("limit", 100, low=1, high=5000)
        return {
            "lastUpdateId": market.book.update_id,
            "bids": render.levels(market, Side.BUY, depth),
            "asks": render.levels(market, Side.SELL, depth),
            "timestamp": self._services.now_ms(),
        }

    def trades(self, call: Call) -> object:
        """The latest trades, newest first."""
        market = self._symbols.market(call.parameters.required("symbol"))
        limit = call.parameters.whole("limit", 500, low=1, high=1000)
        found = list(self._services.histories.of(market.rules.id).trades)[-limit:]
        return [render.trade_row(trade) for trade in reversed(found)]

    def klines(self, call: Call) -> object:
        """Candles, oldest first: those of a time, or the newest ones."""
        parameters = call.parameters
        pair = self._symbols.market(parameters.required("symbol")).rules.id
        interval = INTERVALS.get(parameters.required("interval"))
        if interval is None:
            raise wrong(f"interval is not one of {', '.join(INTERVALS)}")
        limit, length_s = parameters.whole("limit", 500, low=1, high=1000), INTERVALS_S[interval]
        since_ms, until_ms = parameters.whole("startTime", 0), parameters.whole("endTime", self._services.now_ms())
        since_s = since_ms // 1000 or until_ms // 1000 - (limit - 1) * length_s
        until_s = min(until_ms // 1000, since_s + limit * length_s)
        candles = self._services.histories.candles_between(pair, interval, since_s - since_s % length_s, until_s)
        return [render.kline_row(candle, length_s) for candle in candles[:limit]]

    def average_price(self, call: Call) -> object:
        """The price of the last trade, for the average of five minutes."""
        market = self._symbols.market(call.parameters.required("symbol"))
        return {"mins": 5, "price": plain(self._services.histories.day(market.rules.id).last)}

    def day_tickers(self, call: Call) -> object:
        """The last 24 hours of one symbol or of all."""
        return self._each(call, self._day_ticker)

    def prices(self, call: Call) -> object:
        """The last price of one symbol or of all."""
        return self._each(call, self._price)

    def book_tickers(self, call: Call) -> object:
        """The best bid and ask of one symbol or of all."""
        return self._each(call, lambda symbol: render.book_ticker(self._symbols.market(symbol)))

    def _day_ticker(self, symbol: str) -> Json:
        market = self._symbols.market(symbol)
        return render.day_ticker(market, self._services.histories.day(market.rules.id), self._services.now_ms())

    def _price(self, symbol: str) -> Json:
        day = self._services.histories.day(self._symbols.market(symbol).rules.id)
        return {"symbol": symbol, "price": plain(day.last)}

    def _each(self, call: Call, row: Callable[[str], object]) -> object:
        wanted = call.parameters.text("symbol")
        return row(wanted) if wanted else [row(symbol) for symbol in self._symbols.markets()]
