"""Money and positions of an account that trades on margin."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from actors.account.funds.margin.positions import Positions, side_of
from actors.account.funds.money import Money
from actors.account.funds.reservations import Reservation
from messages.balance import Balance
from messages.enums import Side
from messages.errors import InvalidValueError
from messages.instrument import Instrument
from messages.margin import MarginBalance
from messages.order import Order
from messages.perpetual import PerpetualInstrument
from messages.position import Position, PositionMode
from messages.symbol import Symbol
from messages.validation import ZERO


class MarginFunds(Money):
    """`actors.account.funds.funds.Funds` of a margin account: orders lock the margin of what they would open.

    What is refused here the exchange would refuse, too: where something that it reckons with is not known, the least is
    taken that it may be.

    Attributes:
        positions: all of them. margins: by settlement currency, as they were last told.
        instruments: rules of the markets; for the account to set.
    """

    def __init__(self, told_currencies: set[str] | None = None) -> None:
        super().__init__(told_currencies)
        self.positions = Positions()
        self.margins: dict[str, MarginBalance] = {}
        self.instruments: Mapping[Symbol, Instrument] = {}

    # -- orders -------------------------------------------------------------------------------------------------------

    def check(
        self,
        instrument: Instrument,
        side: Side,
        *,
        now_ms: int,
        reduce_only: bool,
        quantity: Decimal | None,
        quote_quantity: Decimal | None,
        price: Decimal | None,
    ) -> None:
        """As `PerpetualInstrument.check`, but for the price band: the mark price of now is not known here."""
        if not isinstance(instrument, PerpetualInstrument):
            raise InvalidValueError("symbol", str(instrument.symbol), "a perpetual")
        instrument.check(
            side,
            now_ms=now_ms,
            quantity=quantity,
            quote_quantity=quote_quantity,
            price=price,
            reduce_only=reduce_only,
        )

    def reservation_for(self, order: Order) -> Reservation:
        """The initial margin of what an order would open, at its price or the mark price, without fees. What takes a
        position away needs none.

        Raises:
            InvalidValueError: it is reduce-only, and there is nothing that it could make smaller.
        """
        position = self._worked_on(order)
        if order.reduce_only:
            _require_reducible(order, position)
            return Reservation(order.symbol.settle, ZERO)
        held = ZERO if position is None else position.quantity
        opposed = -held if order.side is Side.BUY else held
        opened = order.quantity - max(opposed, ZERO)
        price = order.price or (None if position is None else position.mark_price)
        leverage = self._leverage(order.symbol, position)
        if opened <= ZERO or price is None or leverage is None:
            return Reservation(order.symbol.settle, ZERO)
        return Reservation(order.symbol.settle, opened * price / leverage)

    def used_by(self, order: Order, reservation: Reservation) -> Decimal:
        """The share of what has been filled: it has become margin of the position."""
        return reservation.amount * order.filled_quantity / order.quantity if order.quantity else reservation.amount

    def _worked_on(self, order: Order) -> Position | None:
        mode = self.positions.mode or PositionMode.ONE_WAY
        return self.positions.find(order.symbol, side_of(mode, order.side, reduces=order.reduce_only))

    def _leverage(self, symbol: Symbol, position: Position | None) -> Decimal | None:
        """That in force, else the highest that there is: it asks for the least margin."""
        if position is not None and position.leverage:
            return position.leverage
        instrument = self.instruments.get(symbol)
        return instrument.max_leverage if isinstance(instrument, PerpetualInstrument) else None

    # -- money --------------------------------------------------------------------------------------------------------

    def apply_margins(self, margins: Iterable[MarginBalance], as_of_ms: int) -> tuple[MarginBalance, ...]:
        """Joins margin balances that a query has found so, the newest stands; returns what changed. ``as_of_ms``: when
        they were so at the earliest, the exchange's clock."""
        changed = []
        for margin in margins:
            before = self.margins.get(margin.currency)
            if before is not None and before.updated_ms > margin.updated_ms:
                continue
            self.margins[margin.currency] = margin
            if before is None or _essence(before) != _essence(margin):
                changed.append(margin)
        self._join_balances((_as_balance(margin, as_of_ms) for margin in margins), is_push=False)
        return tuple(changed)

    @property
    def margin_used(self) -> Mapping[str, Decimal]:
        """Tied up by positions and orders, by currency."""
        return {currency: margin.margin_used for currency, margin in self.margins.items()}

    @property
    def unrealized_pnl(self) -> Mapping[str, Decimal]:
        """Of all positions at the mark prices that are known, by settlement currency."""
        sums: dict[str, Decimal] = {}
        for position in self.positions.held:
            settle = position.symbol.settle
            sums[settle] = sums.get(settle, ZERO) + (position.unrealized_pnl or ZERO)
        return sums


def _require_reducible(order: Order, position: Position | None) -> None:
    """Nothing is refused where nothing is known of the position: the exchange says."""
    if position is None:
        return
    if position.is_flat:
        raise InvalidValueError("reduce_only", True, f"False: there is no position in {order.symbol} to reduce")
    if (position.quantity > ZERO) is (order.side is Side.BUY):
        side = "sell" if position.quantity > ZERO else "buy"
        raise InvalidValueError("side", order.side.value, f"{side} to reduce the position of {position.quantity:f}")


def _as_balance(margin: MarginBalance, as_of_ms: int) -> Balance:
    locked = max(margin.margin_used, ZERO)
    return Balance(currency=margin.currency, available=margin.available, locked=locked, updated_ms=as_of_ms)


def _essence(margin: MarginBalance) -> tuple[object, ...]:
    return (
        margin.wallet_balance,
        margin.available,
        margin.unrealized_pnl,
        margin.position_margin,
        margin.order_margin,
        margin.maintenance_margin,
    )
