"""Gate writes a perpetual as ``SOL_USDT`` (REST manual, contracts), just as it writes a market of spot.

Here are only those that are quoted and settled in USDT.
"""

from typing import Final

from messages.errors import InvalidValueError
from messages.symbol import Symbol

SETTLE: Final = "USDT"

_symbols: dict[str, Symbol] = {}
_contracts: dict[Symbol, str] = {}


def to_symbol(contract: str) -> Symbol:
    """``SOL_USDT`` as ``SOL/USDT:USDT``; each contract is parsed once.

    Raises:
        InvalidValueError: it is not of that form.
    """
    symbol = _symbols.get(contract)
    if symbol is None:
        base, underscore, quote = contract.rpartition("_")
        if not underscore or quote != SETTLE:
            raise InvalidValueError("contract", contract, f"BASE_{SETTLE}, for example SOL_{SETTLE}")
        symbol = _symbols[contract] = Symbol(base, quote, SETTLE)
    return symbol


def to_contract(symbol: Symbol) -> str:
    """``SOL/USDT:USDT`` as ``SOL_USDT``; raises `InvalidValueError` for any other kind of symbol."""
    contract = _contracts.get(symbol)
    if contract is None:
        if symbol.settle != SETTLE or symbol.quote != SETTLE:
            raise InvalidValueError("symbol", str(symbol), f"a perpetual in {SETTLE}, BASE/{SETTLE}:{SETTLE}")
        contract = _contracts[symbol] = f"{symbol.base}_{symbol.quote}"
    return contract
