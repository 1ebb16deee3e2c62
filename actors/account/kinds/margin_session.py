"""A margin account's connection: the template of every account, with money and positions loaded besides."""

from collections.abc import Callable
from typing import Any

from actors.account.kinds.margin_messages import MarginLoaded, MarginNeeded, PositionsAsked
from actors.account.messages import FillsNeeded, LoadedBesides
from actors.account.session import AccountSession, AccountSessions
from exchanges.base.clients import UnreadableRow
from exchanges.base.futures_clients import FuturesPrivateHandlers, FuturesPrivateRest
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.base.parallel import in_parallel
from messages.errors import ConfigurationError, LocalRefusalError, ProtocolError, VenueRefusedError
from messages.margin import LedgerEntry
from messages.position import Position
from messages.position_events import LedgerEvent, PositionUpdateEvent
from messages.symbol import Symbol


class MarginSessions(AccountSessions):
    """Makes the sessions of one margin account."""

    def __call__(self, session_id: int, lost: Callable[[str], None]) -> "MarginSession":
        return MarginSession(self, session_id, lost)


class MarginSession(AccountSession):
    """One connection of a margin account."""

    async def _load_besides(self, needed: FillsNeeded) -> LoadedBesides:
        """Money, position mode and positions, all at once; then what the list of positions lacks, by its markets.

        Raises:
            ConfigurationError: the account is in a mode that we do not support; names it.
        """
        parts = self._parts
        rest, spawn = margin_rest(parts.private_rest), parts.environment.spawn
        margin, positions = await in_parallel(spawn, rest.load_margin(), rest.load_positions())
        if margin.position_mode not in rest.capabilities.require_margin().position_modes:
            raise ConfigurationError(f"account {parts.account!r} is in position mode {margin.position_mode.value}")
        listed = {(position.symbol, position.side) for position in positions.positions}
        held = needed.held if isinstance(needed, MarginNeeded) else ()
        missing = list(dict.fromkeys(symbol for symbol, side in held if (symbol, side) not in listed))
        answers = await in_parallel(spawn, *(self._ask(rest, symbol) for symbol in missing))
        asked = dict(zip(missing, answers, strict=True))
        refused = {symbol: each for symbol, each in asked.items() if isinstance(each, str)}
        return MarginLoaded(
            unknown_markets={**_unreadable(positions.unreadable), **refused},
            margin=margin,
            positions=positions,
            asked={symbol: each for symbol, each in asked.items() if not isinstance(each, str)},
            lag_ms=rest.query_lag_ms,
        )

    async def _ask(self, rest: FuturesPrivateRest, symbol: Symbol) -> PositionsAsked | str:
        """A text says why it cannot be told: that concerns this market only (R10)."""
        try:
            return await ask_for_positions(rest, symbol, self._parts.venue.server_now_ms)
        except (VenueRefusedError, LocalRefusalError, ProtocolError) as error:
            if isinstance(error, VenueRefusedError) and error.is_hopeless:
                raise
            return f"its position cannot be asked for: {error}"

    def _handlers(self) -> PrivateWebsocketHandlers:
        common = super()._handlers()
        name, tell, session_id = self._parts.account, self._parts.address.tell, self._session_id

        def position(told: Position) -> None:
            tell(PositionUpdateEvent(name, told, session_id))

        def ledger(entry: LedgerEntry) -> None:
            tell(LedgerEvent(name, entry, session_id))

        return FuturesPrivateHandlers(
            order=common.order,
            balance=common.balance,
            execution=common.execution,
            connection=common.connection,
            error=common.error,
            position=position,
            ledger=ledger,
        )


async def ask_for_positions(rest: FuturesPrivateRest, symbol: Symbol, now_ms: Callable[[], int]) -> PositionsAsked:
    """Those of one market. ``now_ms``: the exchange's clock. Raises as the queries of the client do."""
    asked_ms = now_ms()
    return PositionsAsked(await rest.load_position(symbol), asked_ms, rest.query_lag_ms)


def margin_rest(rest: Any) -> FuturesPrivateRest:
    """The client of an account whose venue trades on margin.

    Raises:
        ConfigurationError: it does not.
    """
    if not isinstance(rest, FuturesPrivateRest):
        raise ConfigurationError(f"{rest.capabilities.venue} has no positions")
    return rest


def _unreadable(rows: tuple[UnreadableRow, ...]) -> dict[Symbol, str]:
    return {row.symbol: f"its position cannot be read: {row.reason}" for row in rows if row.symbol is not None}
