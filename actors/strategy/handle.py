"""An account as a strategy sees it."""

from decimal import Decimal
from typing import Any

from actors.runtime import Address, Reply
from messages.commands import (
    AmendOrder,
    CancelAll,
    CancelOrder,
    CancelWithdrawal,
    Command,
    EngageKillSwitch,
    GetExecutedOrders,
    GetInstrument,
    GetOrder,
    GetSnapshot,
    GetTradingStats,
    GetWithdrawal,
    GetWithdrawals,
    PlaceOrder,
    ReleaseKillSwitch,
    Reload,
    Withdraw,
)
from messages.enums import Side
from messages.instrument import Instrument
from messages.order import Order
from messages.position import MarginMode, Position, PositionSide
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.snapshot import AccountSnapshot, TradingStats
from messages.symbol import Symbol
from messages.withdrawal import Withdrawal


class AccountHandle:
    """A reference to an account by its name; stays good when the account's actor is restarted (R8).

    Every call returns a `Reply` at once: ``await`` it in an async callback, ``get()`` it on a thread, or hand it to
    `Strategy.then`. A reply is a result or a typed error of `messages.errors`, exactly once.
    """

    def __init__(self, name: str, venue: str, address: Address) -> None:
        self.name = name
        self.venue = venue
        self._address = address

    def __repr__(self) -> str:
        return f"<AccountHandle {self.name} on {self.venue}>"

    def ask(self, command: Command) -> Reply[Any]:
        """Sends any command of `messages.commands` or `messages.position_commands`."""
        return self._address.ask(command)

    def place(self, order: PlaceOrder) -> Reply[Order]:
        """Sends an order; the reply is the order as the exchange took it."""
        return self._address.ask(order)

    def cancel(self, order: Order) -> Reply[Order]:
        """Cancels an order; the reply is the order as it ended."""
        return self._address.ask(
            CancelOrder(symbol=order.symbol, order_id=order.order_id, client_order_id=order.client_order_id)
        )

    def cancel_all(self, symbol: Symbol | None = None, side: Side | None = None) -> Reply[tuple[Order, ...]]:
        """Cancels all open orders, or those of one symbol and side."""
        return self._address.ask(CancelAll(symbol=symbol, side=side))

    def amend(self, order: Order, *, quantity: Decimal | None = None, price: Decimal | None = None) -> Reply[Order]:
        """Changes an open order: ``quantity`` is the new total in base, ``price`` in quote per base."""
        return self._address.ask(
            AmendOrder(
                symbol=order.symbol,
                order_id=order.order_id,
                client_order_id=order.client_order_id,
                quantity=quantity,
                price=price,
            )
        )

    def get_active_order(
        self, symbol: Symbol, order_id: str | None = None, *, client_order_id: str | None = None
    ) -> Reply[Order | None]:
        """An order from memory or from the exchange; None when the exchange says that there is no such order."""
        return self._address.ask(GetOrder(symbol=symbol, order_id=order_id, client_order_id=client_order_id))

    def executed_orders(self, symbol: Symbol) -> Reply[tuple[Order, ...]]:
        """Finished orders of ``symbol`` that are still kept, oldest first."""
        return self._address.ask(GetExecutedOrders(symbol=symbol))

    def instrument(self, symbol: Symbol) -> Reply[Instrument]:
        """The rules of a market."""
        return self._address.ask(GetInstrument(symbol=symbol))

    def snapshot(self) -> Reply[AccountSnapshot]:
        """Balances and open orders, with how far they can be believed (R5)."""
        return self._address.ask(GetSnapshot())

    def get_trading_stats(self) -> Reply[TradingStats]:
        """Figures of the account."""
        return self._address.ask(GetTradingStats())

    def withdraw(self, withdrawal: Withdraw) -> Reply[Withdrawal]:
        """Sends money away; refused unless the account's settings allow withdrawals."""
        return self._address.ask(withdrawal)

    def cancel_withdrawal(self, withdrawal: Withdrawal) -> Reply[Withdrawal]:
        """Calls one back while the exchange still allows it."""
        return self._address.ask(CancelWithdrawal(withdrawal_id=withdrawal.withdrawal_id))

    def get_withdrawal(self, withdrawal_id: str) -> Reply[Withdrawal | None]:
        """One withdrawal by the exchange's id; None when the exchange knows none of that id."""
        return self._address.ask(GetWithdrawal(withdrawal_id=withdrawal_id))

    def withdrawals(self, currency: str | None = None, *, limit: int = 100) -> Reply[tuple[Withdrawal, ...]]:
        """Past withdrawals, newest first, within the venue's default span."""
        return self._address.ask(GetWithdrawals(currency=currency, limit=limit))

    def close_position(self, position: Position) -> Reply[Order]:
        """Closes the whole of a position of a margin account at the market; the reply is the closing order."""
        side = Side.SELL if position.quantity > 0 else Side.BUY
        return self._address.ask(ClosePosition(symbol=position.symbol, position_side=position.side, side=side))

    def set_leverage(
        self, symbol: Symbol, leverage: Decimal, margin_mode: MarginMode, side: PositionSide = PositionSide.NET
    ) -> Reply[tuple[Position, ...]]:
        """Sets both of a market of a margin account; the reply is its positions.

        ``side``: LONG or SHORT in hedge mode."""
        return self._address.ask(
            SetLeverage(symbol=symbol, leverage=leverage, margin_mode=margin_mode, position_side=side)
        )

    def set_margin_mode(
        self, symbol: Symbol, margin_mode: MarginMode, side: PositionSide = PositionSide.NET
    ) -> Reply[tuple[Position, ...]]:
        """The same of the margin mode alone."""
        return self._address.ask(SetMarginMode(symbol=symbol, margin_mode=margin_mode, position_side=side))

    def engage_kill_switch(self, reason: str) -> Reply[tuple[Order, ...]]:
        """Cancels everything and refuses new orders until released; ``reason`` is told with every refusal."""
        return self._address.ask(EngageKillSwitch(reason=reason))

    def release_kill_switch(self) -> Reply[None]:
        """Takes orders again."""
        return self._address.ask(ReleaseKillSwitch())

    def reload(self) -> Reply[AccountSnapshot]:
        """Loads everything anew from the exchange and joins it."""
        return self._address.ask(Reload())
