"""What a face of futures needs beside what every face does."""

from dataclasses import dataclass

from exchanges.simulator.core.futures.commands import MarginCommands
from exchanges.simulator.core.futures.engine import FuturesEngine
from exchanges.simulator.core.futures.history import PositionHistory
from exchanges.simulator.core.futures.past import PastPositions
from exchanges.simulator.core.futures.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class FuturesServices:
    """The parts of an exchange that trades contracts."""

    engine: FuturesEngine
    commands: MarginCommands
    positions: PastPositions
    watch: Watch
    history: PositionHistory
