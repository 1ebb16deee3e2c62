"""MEXC writes a market as ``SOLUSDT``, which says what it is made of only to who has the table of markets.

The table is what `GET exchangeInfo` told last. Whoever is to read names of markets that nobody here has named (a
socket, a list of the whole account) waits for the table first. Requests about one market need no table: its name is
base and quote together, and it stands for that symbol as long as there is no table that says otherwise.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import structlog

from exchanges.base.environment import Clock
from messages.errors import InvalidValueError, TellerError
from messages.symbol import Product, Symbol

logger = structlog.get_logger(__name__)

_ASK_AGAIN_S: Final = 60.0
"""A name that is not in the table makes it old; so often it is asked for anew at most."""


class Markets:
    """The table of markets of one venue."""

    def __init__(self, clock: Clock, load: Callable[[], Awaitable[object]]) -> None:
        """``load``: asks for all markets, and hands them to `learn`."""
        self._clock = clock
        self._load = load
        self._lock = asyncio.Lock()
        self._symbols: dict[str, Symbol] = {}
        self._named: dict[str, Symbol] = {}
        self._names: dict[Symbol, str] = {}
        self._asked_s: float | None = None
        self._lacks_one = False

    def learn(self, markets: Iterable[tuple[str, Symbol]]) -> None:
        """What the exchange lists now; markets that it lists no more stay known by name."""
        self._symbols.update(markets)
        self._names.update((symbol, name) for name, symbol in self._symbols.items())
        self._asked_s = self._clock.monotonic_s()
        self._lacks_one = False

    async def ready(self) -> None:
        """Returns when there is a table; one that is known to lack a market is first asked for anew.

        Raises:
            TellerError: as the query does, where there is no table yet; an old one is better than none.
        """
        async with self._lock:
            now_s, asked_s = self._clock.monotonic_s(), self._asked_s
            if asked_s is not None and not (self._lacks_one and now_s - asked_s >= _ASK_AGAIN_S):
                return
            try:
                await self._load()
            except TellerError as error:
                if asked_s is None:
                    raise
                self._asked_s = now_s
                logger.warning("markets_not_loaded", venue="mexc", error=str(error))

    def to_symbol(self, name: str) -> Symbol:
        """``SOLUSDT`` as a `Symbol`.

        Raises:
            InvalidValueError: there is no such market in the table; it is asked for anew before the next list.
        """
        symbol = self._symbols.get(name) or self._named.get(name)
        if symbol is None:
            self._lacks_one = True
            raise InvalidValueError("symbol", name, "the name of a market that the exchange lists")
        return symbol

    def to_name(self, symbol: Symbol) -> str:
        """A `Symbol` as ``SOLUSDT``.

        Raises:
            InvalidValueError: it is no spot market, or its name is that of another market.
        """
        name = self._names.get(symbol)
        if name is None:
            if symbol.product is not Product.SPOT:
                raise InvalidValueError("symbol", str(symbol), "a spot market, BASE/QUOTE")
            name = f"{symbol.base}{symbol.quote}"
            listed = self._symbols.get(name)
            if listed is not None and listed != symbol:
                raise InvalidValueError("symbol", str(symbol), f"{listed}, which is what {name} stands for")
            self._named[name] = symbol
        return name
