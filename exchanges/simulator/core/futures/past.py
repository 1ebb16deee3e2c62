"""How positions stood a short while ago, for queries that lag."""

import copy
from collections.abc import Callable

from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.futures.engine import FuturesEngine
from exchanges.simulator.core.futures.positions import Leg, Position
from exchanges.simulator.core.replica import ALWAYS_MS, Versions


class PastPositions(Listener):
    """The positions of all accounts that keep history, as they stood after each change of the last ``kept_ms``."""

    def __init__(self, engine: FuturesEngine, *, now_ms: Callable[[], int], kept_ms: int) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._kept_ms = kept_ms
        self._versions: dict[tuple[str, str, Leg], Versions[Position]] = {}

    def of(self, account: str, then_ms: int | None) -> list[Position]:
        """Returns an account's positions as they are (None) or were; also those that are empty."""
        known = self._engine.margins[account].known()
        if then_ms is None:
            return known
        found = [self._at(position, then_ms) for position in known]
        return [position for position in found if position is not None]

    def on_position(self, position: Position) -> None:
        """Keeps the position as it is now."""
        now_ms, key = self._now_ms(), (position.account, position.contract.id, position.leg)
        versions = self._versions.get(key)
        if versions is None:
            empty = Position(account=position.account, contract=position.contract, leg=position.leg)
            versions = self._versions[key] = Versions(ALWAYS_MS, empty)
        versions.add(now_ms, copy.copy(position), horizon_ms=now_ms - self._kept_ms)

    def _at(self, position: Position, then_ms: int) -> Position | None:
        versions = self._versions.get((position.account, position.contract.id, position.leg))
        return position if versions is None else versions.at(then_ms)
