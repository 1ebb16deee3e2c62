"""Money of a spot account."""

from decimal import Decimal

from actors.account.funds.money import Money
from actors.account.funds.reservations import Reservation
from messages.enums import Side
from messages.order import Order
from messages.validation import ZERO


class SpotFunds(Money):
    """`actors.account.funds.funds.Funds` of a spot account: orders lock what they give away."""

    def reservation_for(self, order: Order) -> Reservation:
        """What an order of ours will lock: base to sell; to buy, its limit's cost or the quote that it is to spend."""
        if order.side is Side.SELL:
            return Reservation(order.symbol.base, order.quantity)
        if order.quote_quantity is not None:
            return Reservation(order.symbol.quote, order.quote_quantity)
        return Reservation(order.symbol.quote, order.quantity * (order.price or ZERO))

    def used_by(self, order: Order, reservation: Reservation) -> Decimal:
        """What it has given away."""
        del reservation
        return order.filled_quote if order.side is Side.BUY else order.filled_quantity
