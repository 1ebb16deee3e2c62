"""What an account may change about its positions without an order: leverage, margin, and how it holds them."""

from decimal import ROUND_UP, Decimal

from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.futures.engine import FuturesEngine
from exchanges.simulator.core.futures.positions import QUANTUM, Leg, Position
from exchanges.simulator.core.orders import ZERO
from exchanges.simulator.core.rules import Reason, RefusedError, plain


class MarginCommands:
    """Each changes all that it is asked for, or raises ``RefusedError`` and changes nothing."""

    def __init__(self, engine: FuturesEngine) -> None:
        self._engine = engine

    def position(self, account: str, contract: ContractConfig, leg: Leg) -> Position:
        """Returns a position of an account, an empty one when there never was one."""
        return self._engine.margins[account].position(contract, leg)

    def set_leverage(self, position: Position, leverage: Decimal, *, is_cross: bool) -> None:
        """Sets leverage and margin mode; an isolated position is backed anew by its cost at that leverage."""
        contract = position.contract
        highest = contract.tier(position.value(self._engine.mark(position))).max_leverage
        if leverage > highest:
            raise RefusedError(Reason.LEVERAGE_TOO_HIGH, f"leverage {plain(leverage)} is above {plain(highest)}")
        if leverage < 1:
            raise RefusedError(Reason.LEVERAGE_TOO_LOW, f"leverage {plain(leverage)} is below 1")
        before = position.leverage, position.is_cross, position.margin
        position.leverage, position.is_cross = leverage, is_cross
        position.margin = ZERO if is_cross else (position.cost / leverage).quantize(QUANTUM, ROUND_UP)
        try:
            self._check(position)
        except RefusedError:
            position.leverage, position.is_cross, position.margin = before
            raise
        self._changed(position)

    def change_margin(self, position: Position, change: Decimal) -> None:
        """Adds to the margin of an isolated position, or takes from it what is more than it must have."""
        if position.is_cross:
            raise RefusedError(Reason.POSITION_CROSS, "a cross position has no margin of its own")
        if not position.size:
            raise RefusedError(Reason.POSITION_EMPTY, "empty position")
        least = (position.cost / position.leverage).quantize(QUANTUM, ROUND_UP)
        if change < 0 and position.margin + change < least:
            raise RefusedError(Reason.NOT_ENOUGH_FUNDS, f"margin must not fall below {plain(least)}")
        before = position.margin
        position.margin += change
        try:
            self._check(position)
        except RefusedError:
            position.margin = before
            raise
        self._changed(position)

    def set_dual(self, account: str, is_dual: bool) -> None:
        """Holds one position of each contract, or a long and a short one side by side."""
        mine = self._engine.margins[account]
        if mine.is_dual is is_dual:
            raise RefusedError(Reason.NO_CHANGE, "the position mode is that already")
        if any(True for _ in mine.held()):
            raise RefusedError(Reason.POSITION_HELD, "there are positions")
        if self._engine.accounts[account].open_orders:
            raise RefusedError(Reason.ORDERS_OPEN, "there are open orders")
        mine.is_dual = is_dual

    def _check(self, position: Position) -> None:
        engine = self._engine
        available = engine.available(position.account)
        if available < 0:
            raise RefusedError(Reason.NOT_ENOUGH_FUNDS, f"{plain(-available)} more is needed")
        left = engine.backing(position) + engine.unrealised(position)
        if position.size and left <= engine.maintenance_margin(position):
            raise RefusedError(Reason.WOULD_LIQUIDATE, "the position would be liquidated at once")

    def _changed(self, position: Position) -> None:
        position.changed(self._engine.now_ms())
        self._engine.tell_position(position)
