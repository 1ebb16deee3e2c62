"""Gate's public queries of perpetuals (REST manual, futures)."""

from collections.abc import Iterable, Mapping
from typing import Final

from exchanges.base.json_reader import Reader
from exchanges.base.rows import RowReader, UnreadableLog
from exchanges.gateio import limits as shared_limits
from exchanges.gateio.futures import limits, markets, wire
from exchanges.gateio.futures.capabilities import NAME
from exchanges.gateio.futures.contracts import Contracts, ContractSize
from exchanges.gateio.futures.settings import PREFIX
from exchanges.gateio.futures.symbols import to_contract, to_symbol
from exchanges.gateio.rest import GateioRest, single
from messages.errors import RefusalReason, VenueRefusedError
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.perpetual import MarkPrice, RiskTier
from messages.symbol import Symbol

_read_time: Final = Reader[wire.ServerTime](wire.ServerTime).read
_read_contract: Final = Reader[wire.Contract](wire.Contract).read
_read_book: Final = Reader[wire.OrderBook](wire.OrderBook).read
_read_tiers: Final = Reader[list[wire.RiskTier]](list[wire.RiskTier]).read


def _sized(contract: wire.Contract) -> tuple[str, ContractSize]:
    return contract.name, markets.contract_size(contract)


_SIZES: Final = RowReader(wire.Contract, _sized, to_symbol=to_symbol, market="name", item_id="name")
_CONTRACTS: Final = RowReader(
    wire.Contract,
    lambda contract: (_sized(contract), markets.instrument(contract)),
    to_symbol=to_symbol,
    market="name",
    item_id="name",
)


class ContractQueries:
    """What the table of contract sizes is made of; `exchanges.gateio.futures.contracts.Learn`."""

    def __init__(self, rest: GateioRest) -> None:
        self._rest = rest

    async def learn(self, contract: str | None) -> Iterable[tuple[str, ContractSize]]:
        """All contracts, or one: none where the exchange does not know it."""
        if contract is None:
            scope = limits.endpoint("GET contracts")
            rows = await self._rest.query("load_contracts", f"{PREFIX}/contracts", _SIZES.read, scope=scope)
            return rows.items
        try:
            scope = limits.endpoint("GET contracts/{contract}")
            path = f"{PREFIX}/contracts/{to_contract(to_symbol(contract))}"
            return [await self._rest.query("load_contract", path, single(_read_contract, _sized), scope=scope)]
        except VenueRefusedError as error:
            if error.reason is RefusalReason.UNKNOWN_SYMBOL:
                return []
            raise


class GateioFuturesPublicRest:
    """`exchanges.base.futures_clients.FuturesPublicRest` of Gate.io's USDT perpetuals."""

    def __init__(self, rest: GateioRest, contracts: Contracts) -> None:
        self._rest = rest
        self._contracts = contracts
        self._unreadable = UnreadableLog(NAME)

    async def server_time_ms(self) -> int:
        """The exchange's clock, unix milliseconds; also corrects the offset that signing uses.

        All products have one clock, and one address to ask for it.
        """
        clock = self._rest.clock
        sent_s = clock.monotonic_s()
        scope = shared_limits.endpoint("GET /spot/time")
        answer = await self._rest.query("server_time", "/spot/time", _read_time, scope=scope)
        self._rest.server_clock.sample(sent_s, clock.monotonic_s(), answer.server_time)
        return answer.server_time

    async def load_instruments(self) -> Mapping[Symbol, Instrument]:
        """The rules of every market, `PerpetualInstrument`s; those that are closed now say so for both sides.

        A market whose names or rules cannot be expressed is left out, and logged: it must not keep the others from
        being traded. So are inverse ones.
        """
        scope = limits.endpoint("GET contracts")
        rows = await self._rest.query("load_instruments", f"{PREFIX}/contracts", _CONTRACTS.read, scope=scope)
        self._unreadable.tell("load_instruments", rows.unreadable)
        self._contracts.update(sized for sized, _ in rows.items)
        return {instrument.symbol: instrument for _, instrument in rows.items}

    async def load_book_ticker(self, symbol: Symbol) -> BookTicker:
        """Best bid and ask by query."""
        await self._contracts.ready()
        contract = self._contracts.of(to_contract(symbol))
        return await self._rest.query(
            "load_book_ticker",
            f"{PREFIX}/order_book",
            single(_read_book, lambda book: markets.top_of_book(contract, book)),
            scope=limits.endpoint("GET order_book"),
            query=(("contract", to_contract(symbol)), ("limit", "1"), ("with_id", "true")),
        )

    async def load_mark_prices(self) -> tuple[MarkPrice, ...]:
        """Of every market; true when the exchange took the query up, as tickers carry no time."""

        def read(body: bytes, as_of_ms: int) -> tuple[MarkPrice, ...]:
            rows = _tickers(as_of_ms).read(body)
            self._unreadable.tell("load_mark_prices", rows.unreadable)
            return tuple(rows.items)

        scope = limits.endpoint("GET tickers")
        return await self._rest.query_as_of("load_mark_prices", f"{PREFIX}/tickers", read, scope=scope)

    async def load_risk_tiers(self, symbol: Symbol) -> tuple[RiskTier, ...]:
        """Lowest first."""
        tiers = await self._rest.query(
            "load_risk_tiers",
            f"{PREFIX}/risk_limit_tiers",
            single(_read_tiers, lambda rows: tuple(map(markets.risk_tier, rows))),
            scope=limits.endpoint("GET risk_limit_tiers"),
            query=(("contract", to_contract(symbol)),),
        )
        return tuple(sorted(tiers, key=lambda tier: tier.max_notional))


def _tickers(as_of_ms: int) -> RowReader[wire.Ticker, MarkPrice]:
    return RowReader(
        wire.Ticker,
        lambda ticker: markets.mark_price(ticker, as_of_ms),
        to_symbol=to_symbol,
        market="contract",
        item_id="contract",
    )
