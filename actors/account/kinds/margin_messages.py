"""Messages between a margin account and its connection supervisor."""

from collections.abc import Mapping

import msgspec

from actors.account.messages import FillsNeeded, LoadedBesides
from exchanges.base.futures_clients import MarginReport, PositionsReport
from messages.position import Position, PositionSide
from messages.symbol import Symbol


class MarginNeeded(FillsNeeded, frozen=True):
    """As `FillsNeeded`, and:

    Attributes:
        held: positions that are known: those that the list lacks are asked for by their market (R6).
    """

    held: tuple[tuple[Symbol, PositionSide], ...] = ()


class PositionsAsked(msgspec.Struct, frozen=True):
    """The positions of one market, flat or not; none where it never had one. ``as_of_ms``: when it was asked, the
    exchange's clock; the answer may be older by ``lag_ms``."""

    positions: tuple[Position, ...]
    as_of_ms: int
    lag_ms: int


class MarginLoaded(LoadedBesides, frozen=True, kw_only=True):
    """Money and positions. ``asked``: markets whose positions the list lacks. ``lag_ms``: of all of it."""

    margin: MarginReport
    positions: PositionsReport
    asked: Mapping[Symbol, PositionsAsked]
    lag_ms: int
