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
_ASK_FOR_NEW_S: Final = 5.0
"""A name that is not in the table makes it old: so often it is asked for anew at most, for names that were not there
when it was asked for last and for others."""
_UNLISTED_REMEMBERED: Final = 1000


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
        self._lacking: dict[str, None] = {}
        self._unlisted: dict[str, None] = {}

    def learn(self, markets: Iterable[tuple[str, Symbol]]) -> None:
        """What the exchange lists now; markets that it lists no more stay known by name."""
        self._symbols.update(markets)
        self._names.update((symbol, name) for name, symbol in self._symbols.items())
        self._was_asked()

    @property
    def is_due(self) -> bool:
        """Whether it is to be asked for: there is none, or it lacks a market."""
        if self._asked_s is None:
            return True
        pause_s = _ASK_AGAIN_S if self._lacking.keys() <= self._unlisted.keys() else _ASK_FOR_NEW_S
        return bool(self._lacking) and self._clock.monotonic_s() - self._asked_s >= pause_s

    async def ready(self) -> None:
        """Returns when there is a table; one that is known to lack a market is first asked for anew.

        Raises:
            TellerError: as the query does, where there is no table yet; an old one is better than none.
        """
        async with self._lock:
            if not self.is_due:
                return
            try:
                await self._load()
            except TellerError as error:
                if self._asked_s is None:
                    raise
                self._was_asked()
                logger.warning("markets_not_loaded", venue="mexc", error=str(error))

    def _was_asked(self) -> None:
        self._asked_s = self._clock.monotonic_s()
        self._unlisted.update(self._lacking)
        self._lacking.clear()
        while len(self._unlisted) > _UNLISTED_REMEMBERED:
            del self._unlisted[next(iter(self._unlisted))]

    def to_symbol(self, name: str) -> Symbol:
        """``SOLUSDT`` as a `Symbol`.

        Raises:
            InvalidValueError: there is no such market in the table; it is asked for anew before the next list.
        """
        symbol = self._symbols.get(name) or self._named.get(name)
        if symbol is None:
            self._lacking[name] = None
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
