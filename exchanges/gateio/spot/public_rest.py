"""Gate's public spot queries (REST manual, spot)."""

from collections.abc import Mapping
from typing import Final

from exchanges.base.json_reader import Reader
from exchanges.base.rows import UnreadableLog
from exchanges.gateio import limits
from exchanges.gateio.rest import GateioRest, single
from exchanges.gateio.rows import RowReader
from exchanges.gateio.spot import convert, wire
from exchanges.gateio.symbols import to_pair
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.symbol import Symbol

_read_time: Final = Reader[wire.ServerTime](wire.ServerTime).read
_PAIRS: Final = RowReader(wire.CurrencyPair, convert.instrument, market="id")
_read_book: Final = Reader[wire.OrderBook](wire.OrderBook).read


class GateioPublicRest:
    """`exchanges.base.clients.PublicRest` of Gate.io spot."""

    def __init__(self, rest: GateioRest) -> None:
        self._rest = rest
        self._unreadable = UnreadableLog("gateio")

    async def server_time_ms(self) -> int:
        """The exchange's clock, unix milliseconds; also corrects the offset that signing uses."""
        clock = self._rest.clock
        sent_s = clock.monotonic_s()
        scope = limits.endpoint("GET /spot/time")
        answer = await self._rest.query("server_time", "/spot/time", _read_time, scope=scope)
        self._rest.server_clock.sample(sent_s, clock.monotonic_s(), answer.server_time)
        return answer.server_time

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        """The rules of every market; those that are closed now say so for both sides.

        A market whose names or rules cannot be expressed is left out, and logged: it must not keep the others from
        being traded.
        """
        scope = limits.endpoint("GET /spot/currency_pairs")
        return await self._rest.query("load_instruments", "/spot/currency_pairs", self._instruments, scope=scope)

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        """Best bid and ask by query."""
        return await self._rest.query(
            "load_book_ticker",
            "/spot/order_book",
            single(_read_book, lambda book: convert.top_of_book(symbol, book)),
            scope=limits.endpoint("GET /spot/order_book"),
            query=(("currency_pair", to_pair(symbol)), ("limit", "1"), ("with_id", "true")),
        )

    def _instruments(self, body: bytes) -> Mapping[Symbol, Instrument]:
        rows = _PAIRS.read(body)
        self._unreadable.tell("load_instruments", rows.unreadable)
        return {instrument.symbol: instrument for instrument in rows.items}
