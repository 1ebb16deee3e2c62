"""MEXC's names of pairs: base and quote with nothing between them."""

from exchanges.simulator.core.engine import Engine, Market
from exchanges.simulator.core.events import Listener
from exchanges.simulator.faces.mexc.errors import unknown_symbol


def symbol_of(pair: str) -> str:
    """Returns the symbol of a pair."""
    base, _, quote = pair.rpartition("_")
    return f"{base}{quote}"


class Symbols(Listener):
    """Which pair each symbol is. Where two pairs have one symbol, it is that of the one that was listed first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pairs: dict[str, str] = {}
        for pair in engine.markets:
            self.on_listed(pair)

    def market(self, symbol: str) -> Market:
        """Returns the market of a symbol. Raises ``MexcError`` when there is none."""
        pair = self._pairs.get(symbol)
        if pair is None:
            raise unknown_symbol()
        return self._engine.markets[pair]

    def markets(self) -> dict[str, Market]:
        """Returns all markets by symbol."""
        return {symbol: self._engine.markets[pair] for symbol, pair in self._pairs.items()}

    def pair(self, symbol: str) -> str | None:
        """Returns the pair of a symbol, None when there is none."""
        return self._pairs.get(symbol)

    def on_listed(self, pair: str) -> None:
        """Takes the pair in."""
        self._pairs.setdefault(symbol_of(pair), pair)

    def on_delisted(self, pair: str) -> None:
        """Forgets the pair."""
        if self._pairs.get(symbol_of(pair)) == pair:
            del self._pairs[symbol_of(pair)]
