"""MEXC's public spot queries (docs/venues/mexc.md, markets)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from exchanges.base.json_reader import Reader
from exchanges.base.rows import RowReader, UnreadableLog
from exchanges.mexc import convert, limits, wire
from exchanges.mexc.rest import MexcRest
from exchanges.mexc.symbols import Markets
from messages.errors import InvalidValueError
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.symbol import Symbol

_read_time: Final = Reader[wire.ServerTime](wire.ServerTime).read
_read_prices: Final = Reader[wire.BestPrices](wire.BestPrices).read
_read_markets: Final = msgspec.json.Decoder(wire.Markets).decode


class MexcPublicRest:
    """`exchanges.base.clients.PublicRest` of MEXC spot."""

    def __init__(self, rest: MexcRest) -> None:
        self.markets: Final = Markets(rest.clock, self.load_instruments)
        self._rest = rest
        self._unreadable = UnreadableLog("mexc")
        self._rows = RowReader(
            wire.Market, lambda row: (row.symbol, convert.instrument(row)), to_symbol=_no_symbol, market="symbol"
        )

    async def server_time_ms(self) -> int:
        """The exchange's clock, unix milliseconds; also corrects the offset that signing uses."""
        clock = self._rest.clock
        sent_s = clock.monotonic_s()
        answer = await self._rest.query("server_time", "/time", _read_time, cost=limits.query(1))
        self._rest.server_clock.sample(sent_s, clock.monotonic_s(), answer.serverTime)
        return answer.serverTime

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        """The rules of every market; those that are closed now say so for both sides.

        A market whose names or rules cannot be expressed is left out, and logged: it must not keep the others from
        being traded.
        """
        return await self._rest.query("load_instruments", "/exchangeInfo", self._instruments, cost=limits.query(25))

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        """Best bid and ask by query."""
        name = self.markets.to_name(symbol)
        prices, left_ms = await self._rest.query_as_of(
            "load_book_ticker", "/ticker/bookTicker", _read_prices, cost=limits.query(10), query=(("symbol", name),)
        )
        return convert.best_prices(symbol, prices, left_ms)

    def _instruments(self, body: bytes) -> Mapping[Symbol, Instrument]:
        rows = self._rows.read(bytes(_read_markets(body).symbols))
        self._unreadable.tell("load_instruments", rows.unreadable)
        self.markets.learn((name, instrument.symbol) for name, instrument in rows.items)
        return {instrument.symbol: instrument for _, instrument in rows.items}


def _no_symbol(name: str) -> Symbol:
    raise InvalidValueError("symbol", name, "a market whose row can be read")
