"""A small engine with two funded accounts, a clock set by hand, and a record of what the engine tells."""

from dataclasses import dataclass, field
from decimal import Decimal

from exchanges.simulator.core.book import LevelChange
from exchanges.simulator.core.config import FeeScheme, PairConfig
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.orders import (
    BalanceReason,
    Fill,
    NewOrder,
    Order,
    OrderChange,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
    Trade,
)
from exchanges.simulator.core.rules import plain

SOL = PairConfig(
    id="SOL_USDT",
    start_price=Decimal(141),
    price_precision=2,
    amount_precision=3,
    min_base_amount=Decimal("0.001"),
    min_quote_amount=Decimal(3),
    max_quote_amount=Decimal(100_000),
)
BUY, SELL = Side.BUY, Side.SELL


@dataclass
class Recorder(Listener):
    """Writes down events as short tuples, the way a test wants to read them."""

    events: list[tuple[object, ...]] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)

    def on_order(self, order: Order, change: OrderChange) -> None:
        self.events.append(("order", order.account, change.value, order.finish.value, plain(order.remaining)))

    def on_fill(self, fill: Fill) -> None:
        self.events.append(("fill", fill.account, plain(fill.amount), plain(fill.price), fill.role.value))

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        told = tuple((change.currency, plain(change.total), plain(change.freeze)) for change in changes)
        self.events.append(("balances", account, reason.value, *told))

    def on_trade(self, trade: Trade) -> None:
        self.trades.append(trade)

    def on_book(self, pair: str, changes: list[LevelChange], last_update_id: int) -> None:
        assert changes

    def kinds(self, account: str) -> list[str]:
        """The account's events, each in one word or two."""
        return [
            f"{event[0]} {event[2]}" if event[0] != "fill" else "fill" for event in self.events if event[1] == account
        ]


class SmallMarket:
    """One pair, accounts ``ann`` and ``bob``, fees of 0.1 % for makers and 0.2 % for takers."""

    def __init__(
        self,
        *,
        sol: str = "100",
        usdt: str = "100000",
        gt: str = "",
        fees: tuple[FeeScheme, ...] = (FeeScheme.RECEIVED,),
        self_trades_allowed: bool = False,
        dust_cancels: bool = False,
    ) -> None:
        self.now_ms = 1_760_000_000_000
        self.engine = Engine(
            [SOL],
            now_ms=lambda: self.now_ms,
            maker_fee_rate=Decimal("0.001"),
            taker_fee_rate=Decimal("0.002"),
            max_open_orders=1_000,
            self_trades_allowed=self_trades_allowed,
            dust_cancels=dust_cancels,
        )
        for name in ("ann", "bob"):
            self.engine.open_account(name, fees=fees)
            self.engine.deposit(name, "SOL", Decimal(sol))
            self.engine.deposit(name, "USDT", Decimal(usdt))
            if gt:
                self.engine.deposit(name, "GT", Decimal(gt))
        self.told = Recorder()
        self.engine.listeners.append(self.told)

    def limit(
        self,
        account: str,
        side: Side,
        amount: str,
        price: str,
        *,
        time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCELED,
        text: str = "",
        self_trade: SelfTrade | None = None,
    ) -> Order:
        return self.engine.place(
            account,
            NewOrder(
                pair="SOL_USDT",
                side=side,
                type=OrderType.LIMIT,
                time_in_force=time_in_force,
                amount=Decimal(amount),
                price=Decimal(price),
                text=text,
                self_trade=self_trade,
            ),
        )

    def market(
        self,
        account: str,
        side: Side,
        amount: str,
        *,
        time_in_force: TimeInForce = TimeInForce.IMMEDIATE_OR_CANCEL,
    ) -> Order:
        return self.engine.place(
            account,
            NewOrder(
                pair="SOL_USDT",
                side=side,
                type=OrderType.MARKET,
                time_in_force=time_in_force,
                amount=Decimal(amount),
            ),
        )

    def balance(self, account: str, currency: str) -> tuple[Decimal, Decimal]:
        """Available and locked."""
        balance = self.engine.ledger.balance(account, currency)
        return balance.available, balance.locked
