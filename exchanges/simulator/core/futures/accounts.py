"""What one account holds of contracts: its positions, how it holds them, and the order margin that its orders need."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.futures.positions import Leg, Position
from exchanges.simulator.core.futures.requirements import initial
from exchanges.simulator.core.orders import ZERO, Side


@dataclass(frozen=True, slots=True)
class Terms:
    """As much of an open order as its margin depends on."""

    side: Side
    price: Decimal
    contracts: Decimal
    reduce_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What an account comes to, in the settlement currency; ``wallet`` without what positions have gained or lost."""

    wallet: Decimal
    isolated_margin: Decimal
    order_margin: Decimal
    cross_initial: Decimal
    maintenance: Decimal
    cross_maintenance: Decimal
    unrealised: Decimal
    cross_unrealised: Decimal

    @property
    def available(self) -> Decimal:
        """What new orders and margins can be taken from: losses of cross positions lower it, gains do not raise it."""
        used = self.isolated_margin + self.order_margin + self.cross_initial
        return self.wallet - used + min(ZERO, self.cross_unrealised)


class MarginAccount:
    """The positions of one account. ``is_dual``: long and short positions of a contract are held side by side."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dual = False
        self._positions: dict[tuple[str, Leg], Position] = {}

    def legs(self) -> tuple[Leg, ...]:
        """The positions that a contract has."""
        return (Leg.LONG, Leg.SHORT) if self.is_dual else (Leg.NET,)

    def position(self, contract: ContractConfig, leg: Leg) -> Position:
        """Returns the position, an empty one when there never was one."""
        found = self._positions.get((contract.id, leg))
        if found is None:
            found = self._positions[contract.id, leg] = Position(account=self.name, contract=contract, leg=leg)
        return found

    def traded(self, contract: ContractConfig, side: Side, *, reduces: bool) -> Position:
        """Returns the position that an order of this side works on."""
        if not self.is_dual:
            return self.position(contract, Leg.NET)
        is_long = (side is Side.BUY) is not reduces
        return self.position(contract, Leg.LONG if is_long else Leg.SHORT)

    def known(self) -> list[Position]:
        """All that there ever were in the mode of now, also those that are empty."""
        legs = self.legs()
        return [position for (_, leg), position in self._positions.items() if leg in legs]

    def held(self) -> Iterator[Position]:
        """Those that are not empty."""
        return (position for position in list(self._positions.values()) if position.size)

    def forget(self, pair: str) -> None:
        """Forgets the positions of a contract that is no more."""
        for key in [key for key in self._positions if key[0] == pair]:
            del self._positions[key]


def order_margin(account: MarginAccount, contract: ContractConfig, orders: list[Terms], fee_rate: Decimal) -> Decimal:
    """What an account's open orders on a contract need: of each side, in the order in which they would be filled, what
    is beyond the position that they take from; with the fee of a taker for it."""
    total = ZERO
    for side in Side:
        position = account.traded(contract, side, reduces=False)
        covered = abs(position.size) if (position.size < 0) is (side is Side.BUY) else ZERO
        mine = [order for order in orders if order.side is side and not order.reduce_only]
        for order in sorted(mine, key=lambda order: order.price, reverse=side is Side.BUY):
            opening = max(ZERO, order.contracts - covered)
            covered = max(ZERO, covered - order.contracts)
            worth = contract.value(opening, order.price)
            total += initial(contract, worth, position.leverage) + worth * fee_rate
    return total
