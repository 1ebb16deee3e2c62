"""What becomes of positions whose margin is lost.

An internal account takes them over at the price at which nothing is left of their backing, and sells or buys in the
book at that price or a better one. What nobody takes there is closed against the positions on the other side that have
gained most for what backs them.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from exchanges.simulator.core.futures.engine import INSURANCE, FuturesEngine
from exchanges.simulator.core.futures.positions import Position
from exchanges.simulator.core.futures.requirements import bankruptcy_price
from exchanges.simulator.core.orders import ZERO, Finish, Forced, NewOrder, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError


class Liquidation:
    """Looks at accounts, and takes what is lost from them."""

    def __init__(self, engine: FuturesEngine) -> None:
        self._engine = engine

    def check_all(self) -> None:
        """Liquidates whatever is due, of every account that keeps history."""
        for name, record in self._engine.accounts.items():
            if not record.internal:
                self.check(name)

    def check(self, account: str) -> None:
        """Liquidates what is due: each isolated position by itself, all cross positions together."""
        engine = self._engine
        for position in list(engine.margins[account].held()):
            if not position.is_cross:
                equity = position.margin + engine.unrealised(position)
                if equity <= engine.maintenance_margin(position):
                    self._end_orders(account, position.contract.id)
                    self._take(position, equity)
        cross = engine.cross_positions(account)
        if not cross:
            return
        equity, needed = self._cross_equity(account, cross), self._needed(cross)
        if equity > needed:
            return
        for position in cross:
            self._end_orders(account, position.contract.id)
        for position in cross:
            share = equity * engine.maintenance_margin(position) / needed
            self._take(position, share)

    def _cross_equity(self, account: str, cross: list[Position]) -> Decimal:
        engine = self._engine
        gained = sum((engine.unrealised(position) for position in cross), ZERO)
        return engine.wallet(account) - engine.isolated_margin(account) + gained

    def _needed(self, positions: list[Position]) -> Decimal:
        return sum((self._engine.maintenance_margin(position) for position in positions), ZERO)

    def _end_orders(self, account: str, pair: str) -> None:
        for order in list(self._engine.accounts[account].open_orders.values()):
            if order.pair == pair:
                self._engine.end_forcibly(order, Finish.LIQUIDATED)

    def _take(self, position: Position, equity: Decimal) -> None:
        """Takes a position over at the price at which its account loses this much more than at the mark price."""
        engine, contract = self._engine, position.contract
        mark, size = engine.mark(position), position.size
        price = bankruptcy_price(position, mark, equity)
        taken = engine.margins[INSURANCE].traded(contract, Side.BUY, reduces=False)
        order = engine.force(position, abs(size), price, Forced.LIQUIDATION, taken)
        for listener in engine.listeners:
            listener.on_liquidated(position, order, size, mark)
        self._sell(taken, price)
        if taken.size:
            self._deleverage(taken, price)

    def _sell(self, taken: Position, price: Decimal) -> None:
        """Trades what was taken over in the book, at this price or a better one."""
        is_long = taken.size > 0
        limit = price.quantize(taken.contract.tick, ROUND_CEILING if is_long else ROUND_FLOOR)
        if limit <= 0:
            return
        new = NewOrder(
            pair=taken.contract.id,
            side=Side.SELL if is_long else Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            amount=abs(taken.size),
            price=limit,
        )
        try:
            self._engine.place(INSURANCE, new)
        except RefusedError:
            return  # a halted contract: it is closed against the other side

    def _deleverage(self, taken: Position, price: Decimal) -> None:
        """Closes what is left against the other side: first whoever has gained most for what backs it."""
        engine = self._engine
        for other in self._opposite(taken):
            contracts, size = min(abs(taken.size), abs(other.size)), other.size
            order = engine.force(other, contracts, price, Forced.DELEVERAGING, taken)
            if not engine.accounts[other.account].internal:
                for listener in engine.listeners:
                    listener.on_deleveraged(other, order, size)
            if not taken.size:
                return

    def _opposite(self, taken: Position) -> list[Position]:
        engine = self._engine
        found = [
            position
            for account in engine.margins.values()
            for position in account.held()
            if position.contract.id == taken.contract.id and position.sign == -taken.sign
        ]
        return sorted(found, key=self._gain, reverse=True)

    def _gain(self, position: Position) -> Decimal:
        return self._engine.unrealised(position) * position.leverage / position.cost if position.cost else ZERO
