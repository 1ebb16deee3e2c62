"""A small engine of contracts with funded accounts, prices set by hand, and a record of what is told."""

from dataclasses import dataclass, field
from decimal import Decimal

from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.fair_values import FairValues
from exchanges.simulator.core.futures.commands import MarginCommands
from exchanges.simulator.core.futures.contracts import ContractConfig, RiskTier
from exchanges.simulator.core.futures.engine import FuturesEngine
from exchanges.simulator.core.futures.liquidation import Liquidation
from exchanges.simulator.core.futures.positions import ClosedPosition, Leg, Position
from exchanges.simulator.core.futures.prices import Prices
from exchanges.simulator.core.orders import BalanceReason, NewOrder, Order, OrderType, Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL
SOL = ContractConfig(
    id="SOL_USDT",
    start_price=Decimal(141),
    price_precision=2,
    amount_precision=0,
    min_base_amount=Decimal(1),
    multiplier=Decimal("0.1"),
    tiers=(
        RiskTier(limit=Decimal(10_000), max_leverage=Decimal(50), maintenance_rate=Decimal("0.01")),
        RiskTier(limit=Decimal(50_000), max_leverage=Decimal(20), maintenance_rate=Decimal("0.025")),
        RiskTier(limit=Decimal(1_000_000), max_leverage=Decimal(5), maintenance_rate=Decimal("0.1")),
    ),
)
ETH = ContractConfig(
    id="ETH_USDT",
    start_price=Decimal(3_200),
    price_precision=2,
    amount_precision=1,
    min_base_amount=Decimal("0.1"),
    multiplier=Decimal("0.01"),
)


@dataclass
class Recorder(Listener):
    """What accounts were told of their money, by reason, and which positions were closed."""

    money: dict[tuple[str, BalanceReason], Decimal] = field(default_factory=dict)
    closed: list[tuple[str, Decimal]] = field(default_factory=list)
    liquidated: list[str] = field(default_factory=list)
    deleveraged: list[str] = field(default_factory=list)

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        for change in changes:
            self.money[account, reason] = self.money.get((account, reason), Decimal(0)) + change.total

    def on_position_closed(self, position: Position, closed: ClosedPosition, order: Order) -> None:
        assert position.last_close == closed.realised
        self.closed.append((position.account, closed.realised))

    def on_liquidated(self, position: Position, order: Order, size: Decimal, mark: Decimal) -> None:
        self.liquidated.append(position.account)

    def on_deleveraged(self, position: Position, order: Order, size: Decimal) -> None:
        self.deleveraged.append(position.account)


class SmallFutures:
    """Two contracts, accounts ``ann``, ``bob`` and ``cid``; makers pay 0.02 %, takers 0.05 %."""

    def __init__(self, usdt: str = "10000") -> None:
        self.now_ms = 1_760_000_000_000
        self.prices = Prices(FairValues(3, "here", lambda: self.now_ms), lambda: self.now_ms)
        self.engine = FuturesEngine(
            [SOL, ETH],
            self.prices,
            now_ms=lambda: self.now_ms,
            maker_fee_rate=Decimal("0.0002"),
            taker_fee_rate=Decimal("0.0005"),
            max_open_orders=1_000,
            self_trades_allowed=False,
            dust_cancels=False,
            unfit_orders_end=False,
            texts_repeat=False,
        )
        self.told = Recorder()
        self.engine.listeners.append(self.told)
        self.commands = MarginCommands(self.engine)
        self.liquidation = Liquidation(self.engine)
        for name in ("ann", "bob", "cid"):
            self.engine.open_account(name)
            self.engine.deposit(name, "USDT", Decimal(usdt))
        self.mark("100")

    def mark(self, price: str | Decimal, contract: ContractConfig = SOL) -> None:
        self.prices.set(contract, (Decimal(price), Decimal(price)))

    def order(
        self,
        account: str,
        side: Side,
        contracts: str,
        price: str | None,
        *,
        reduce_only: bool = False,
        closes: bool = False,
        time_in_force: TimeInForce | None = None,
        contract: ContractConfig = SOL,
    ) -> Order:
        usual = TimeInForce.IMMEDIATE_OR_CANCEL if price is None else TimeInForce.GOOD_TILL_CANCELED
        new = NewOrder(
            pair=contract.id,
            side=side,
            type=OrderType.MARKET if price is None else OrderType.LIMIT,
            time_in_force=time_in_force or usual,
            amount=Decimal(contracts),
            price=None if price is None else Decimal(price),
            reduce_only=reduce_only,
            closes=closes,
        )
        return self.engine.place(account, new)

    def trade(self, buyer: str, seller: str, contracts: str, price: str) -> None:
        """Lets two accounts trade; the seller waits in the book."""
        self.order(seller, SELL, contracts, price)
        self.order(buyer, BUY, contracts, price, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)

    def position(self, account: str, leg: Leg = Leg.NET) -> Position:
        return self.engine.margins[account].position(SOL, leg)
