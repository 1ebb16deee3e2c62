"""Tables of contract sizes, as if they had been loaded."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from exchanges.gateio.futures.contracts import Contracts, ContractSize
from exchanges.gateio.futures.symbols import to_symbol
from tests.exchanges.base.manual_clock import ManualClock


def size_of(contract: str, multiplier: str, *, takes_fractions: bool = False) -> ContractSize:
    return ContractSize(to_symbol(contract), Decimal(multiplier), takes_fractions)


def contracts_of(**multipliers: str) -> Contracts:
    """By the exchange's names; SOL_USDT has one SOL a contract, where it is not said otherwise."""

    async def learn(_: str | None) -> Iterable[tuple[str, ContractSize]]:
        return []

    table = Contracts(learn, ManualClock())
    named: Mapping[str, str] = {"SOL_USDT": "1", "BTC_USDT": "0.0001"} | multipliers
    table.update((name, size_of(name, multiplier)) for name, multiplier in named.items())
    return table
