"""Money of a spot account."""

from decimal import Decimal

from actors.account.funds.money import Money
from actors.account.funds.reservations import Reservation
from messages.enums import Side
from messages.instrument import Instrument
from messages.order import Order
from messages.validation import ZERO


class SpotFunds(Money):
    """`actors.account.funds.funds.Funds` of a spot account: orders lock what they give away."""

    def check(
        self,
        instrument: Instrument,
        side: Side,
        *,
        now_ms: int,
        quantity: Decimal | None,
        quote_quantity: Decimal | None,
        price: Decimal | None,
        **of_other_products: bool,
    ) -> None:
        """As `Instrument.check`."""
        del of_other_products
        instrument.check(side, now_ms=now_ms, quantity=quantity, quote_quantity=quote_quantity, price=price)

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
