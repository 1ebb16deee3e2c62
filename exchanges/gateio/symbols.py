"""Gate writes a market as ``SOL_USDT`` (REST manual, currency pairs); a base may have a ``_``, too, no quote has."""

from messages.errors import InvalidValueError
from messages.symbol import Product, Symbol

_symbols: dict[str, Symbol] = {}
_pairs: dict[Symbol, str] = {}


def to_symbol(pair: str) -> Symbol:
    """``SOL_USDT`` as a `Symbol`; each pair is parsed once.

    Raises:
        InvalidValueError: it is not of that form.
    """
    symbol = _symbols.get(pair)
    if symbol is None:
        base, underscore, quote = pair.rpartition("_")
        if not underscore:
            raise InvalidValueError("currency_pair", pair, "BASE_QUOTE, for example SOL_USDT")
        symbol = _symbols[pair] = Symbol(base, quote)
    return symbol


def to_pair(symbol: Symbol) -> str:
    """A `Symbol` as ``SOL_USDT``; raises `InvalidValueError` for one that is no spot market."""
    pair = _pairs.get(symbol)
    if pair is None:
        if symbol.product is not Product.SPOT:
            raise InvalidValueError("symbol", str(symbol), "a spot market, BASE/QUOTE")
        pair = _pairs[symbol] = f"{symbol.base}_{symbol.quote}"
    return pair
