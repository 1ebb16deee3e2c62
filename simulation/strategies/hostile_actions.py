"""What a random trader does only with the feature for it: strange, absurd and inconvenient things."""

from decimal import Decimal
from typing import Final

from messages.commands import (
    CancelOrder,
    CancelWithdrawal,
    GetWithdrawal,
    GetWithdrawals,
    PlaceOrder,
    Withdraw,
)
from messages.enums import OrderStatus, Side, TimeInForce
from messages.order import Order
from messages.symbol import Symbol
from simulation.strategies.trading import Trading

_UNLISTED: Final = (Symbol("NOPE", "USDT"), Symbol("SOL", "USDTT"), Symbol("BTC", "ETH"))
_MAY_BE_LISTED: Final = (Symbol("NEW1", "USDT"), Symbol("NEW2", "USDT"))
_ABSURD: Final = tuple(map(Decimal, ("1E+19", "1E-19", "99999999999999999999.99", "0.00000000000000000001", "1E+300")))
_LONG_REASON: Final = "because " * 625
_FROM_CALLBACK: Final = 0.2


class HostileActions(Trading):
    """An action is a method with the name that `HOSTILE_ACTIONS` has for it."""

    def _act_on(self, order: Order) -> None:
        """Commands out of the callback that tells of the order, when it has no id of the exchange yet."""
        own_id = order.client_order_id
        if order.status is not OrderStatus.PENDING or own_id is None or self._rng.random() >= _FROM_CALLBACK:
            return
        handle, side = self._handle(), self._rng.choice((None, order.side, order.side.opposite))
        which = self._rng.randrange(3)
        if which == 0:
            self._ask("cancel", handle.ask(CancelOrder(symbol=order.symbol, client_order_id=own_id)))
        elif which == 1:
            self._ask("cancel all", handle.cancel_all(order.symbol, side))
        elif order.price is not None:
            self._ask("amend", handle.amend(order, price=order.price * 2))

    def _place_and_cancel_all(self) -> None:
        """The cancel of everything is told after the order, so that the order may not outlive it."""
        self._place(TimeInForce.GTC, self._rng.uniform(-0.004, -0.001))
        self._cancel_all()

    def _cancel_by_own_id(self) -> None:
        orders = [order for order in self._open.values() if order.client_order_id is not None]
        if orders:
            order = self._rng.choice(orders)
            command = CancelOrder(symbol=order.symbol, client_order_id=order.client_order_id)
            self._ask("cancel", self._handle().ask(command))

    def _cancel_unknown(self) -> None:
        symbol = self._rng.choice((*self._symbols, *_UNLISTED))
        number = str(self._rng.randrange(10**12))
        command = self._rng.choice(
            (CancelOrder(symbol=symbol, order_id=number), CancelOrder(symbol=symbol, client_order_id=f"no-{number}"))
        )
        self._ask("cancel", self._handle().ask(command))

    def _look_up_unlisted(self) -> None:
        symbol, handle = self._rng.choice(_UNLISTED), self._handle()
        which = self._rng.randrange(3)
        if which == 0:
            self._ask("look up", handle.get_active_order(symbol, str(self._rng.randrange(10**12))))
        elif which == 1:
            self._ask("executed", handle.executed_orders(symbol))
        else:
            self._ask("instrument", handle.instrument(symbol))

    def _place_unlisted(self) -> None:
        command = PlaceOrder.limit(self._rng.choice(_UNLISTED), Side.BUY, Decimal(1), Decimal(1))
        self._ask("place", self._handle().place(command))

    def _place_new_market(self) -> None:
        """A market that may have been listed while the account was live."""
        command = PlaceOrder.limit(self._rng.choice(_MAY_BE_LISTED), Side.BUY, Decimal(1), Decimal("9.5"))
        self._ask("place", self._handle().place(command))

    def _place_absurd(self) -> None:
        market = self._market()
        if market is None:
            return
        instrument, mid = market
        quantity, price = instrument.round_quantity(self._notional() / mid), instrument.round_price(mid, Side.BUY)
        if self._rng.random() < 0.5:
            quantity = self._rng.choice(_ABSURD)
        else:
            price = self._rng.choice(_ABSURD)
        side = self._rng.choice((Side.BUY, Side.SELL))
        self._ask("place", self._handle().place(PlaceOrder.limit(instrument.symbol, side, quantity, price)))

    def _kill_switch_long_reason(self) -> None:
        self._engage(_LONG_REASON, self._rng.uniform(5.0, 20.0))

    def _kill_switch_kept(self) -> None:
        self._engage("for longer", self._rng.uniform(10.0, 40.0))

    def _withdraw(self) -> None:
        command = Withdraw(
            currency="USDT",
            amount=Decimal(self._rng.choice((10, 25, 10**9))),
            chain="TRX",
            address="TVjsyZ7fYF3qLF6BQgPmTEZy1xrNNyVAAA",
        )
        self._ask("withdraw", self._handle().ask(command))

    def _read_withdrawals(self) -> None:
        handle, number = self._handle(), f"w{self._rng.randrange(1, 10)}"
        which = self._rng.randrange(3)
        if which == 0:
            self._ask("withdrawals", handle.ask(GetWithdrawals()))
        elif which == 1:
            self._ask("withdrawal", handle.ask(GetWithdrawal(withdrawal_id=number)))
        else:
            self._ask("cancel withdrawal", handle.ask(CancelWithdrawal(withdrawal_id=number)))
