"""Money of an account: what each currency has, and what of it is set aside for orders on their way."""

from collections.abc import Collection, Iterable
from decimal import Decimal

import msgspec

from actors.account.funds.reservations import Reservation, Reservations
from messages.balance import Balance
from messages.errors import InsufficientBalanceError
from messages.order import Order
from messages.validation import ZERO


class Money:
    """Base of `actors.account.funds.funds.Funds` of every product, which say what orders lock and what they have used
    of that; only used inside the account's turns (R1).

    Attributes:
        balances: by currency, each as it was last told.
    """

    def __init__(self, told_currencies: set[str] | None = None) -> None:
        """``told_currencies``: of which an earlier life of the account has told a balance; kept up, so that what a
        complete list leaves out is told as zero (R14)."""
        self.balances: dict[str, Balance] = {}
        self._told_currencies = set() if told_currencies is None else told_currencies
        self._queried: set[str] = set()
        self._reservations = Reservations()

    # -- orders ---------------------------------------------------------------------------------------------------

    @property
    def has_reservations(self) -> bool:
        """Whether anything is set aside."""
        return bool(self._reservations)

    def reservation_for(self, order: Order) -> Reservation:
        """What an order of ours will lock; of each product."""
        raise NotImplementedError

    def used_by(self, order: Order, reservation: Reservation) -> Decimal:
        """What an order that has ended has used of what was set aside for it; of each product."""
        raise NotImplementedError

    def reserve(self, client_order_id: str, reservation: Reservation) -> None:
        """Sets money aside for an order that will be sent.

        Raises:
            InsufficientBalanceError: what is available less what is set aside does not cover it; nothing has changed.
        """
        available = self.available(reservation.currency)
        if reservation.amount > available:
            raise InsufficientBalanceError(reservation.currency, reservation.amount, available)
        self._reservations.add(client_order_id, reservation)

    def restore(self, order: Order) -> None:
        """Sets money aside for an order of an earlier life, whatever is there."""
        if order.client_order_id is not None:
            self._reservations.add(order.client_order_id, self.reservation_for(order))

    def settle(self, order: Order, taken_ms: int | None) -> None:
        """An order of ours has changed: its money stays set aside as long as no balance shows it.

        ``taken_ms``: since when the exchange has it, by its clock; None while it has not told of it.
        """
        client_order_id = order.client_order_id
        reservation = None if client_order_id is None else self._reservations.of(client_order_id)
        if client_order_id is None or reservation is None:
            return
        if taken_ms is None:
            if order.is_finished:
                self._reservations.free(client_order_id)
            return
        used = self.used_by(order, reservation) if order.is_finished else None
        self._reservations.take(client_order_id, taken_ms, used, self.balances.get(reservation.currency))

    # -- balances -------------------------------------------------------------------------------------------------

    def apply_all_balances(
        self, balances: Iterable[Balance], as_of_ms: int, unreadable: Collection[str] = ()
    ) -> tuple[Balance, ...]:
        """Joins a complete list: a currency that it lacks is zero, unless an event says something newer.

        ``as_of_ms``: events of later moments stand, by the exchange's clock. ``unreadable``: currencies of rows that
        could not be read, which stay as they were; "" for one without a name, which may be any.
        """
        return self._join_balances(self._complete(balances, as_of_ms, unreadable), is_push=False)

    def contested_by(
        self, balances: Iterable[Balance], as_of_ms: int, unreadable: Collection[str] = ()
    ) -> list[Balance]:
        """Balances as events after ``as_of_ms`` told them that a complete list has otherwise: one of the two is old."""
        known = ((self.balances.get(row.currency), row) for row in self._complete(balances, as_of_ms, unreadable))
        return [
            balance
            for balance, row in known
            if balance is not None
            and balance.updated_ms > as_of_ms
            and (balance.available, balance.locked) != (row.available, row.locked)
        ]

    def _complete(self, balances: Iterable[Balance], as_of_ms: int, unreadable: Collection[str]) -> list[Balance]:
        """What a complete list says of each currency, dated ``as_of_ms``."""
        listed = {row.currency: msgspec.structs.replace(row, updated_ms=as_of_ms) for row in balances}
        if "" in unreadable:
            return list(listed.values())
        zeros = (
            Balance(currency=currency, available=ZERO, locked=ZERO, updated_ms=as_of_ms)
            for currency in dict.fromkeys([*self.balances, *sorted(self._told_currencies)])
            if currency not in listed and currency not in unreadable
        )
        return [*listed.values(), *zeros]

    def apply_balances(self, balances: Iterable[Balance]) -> tuple[Balance, ...]:
        """Joins balances that the exchange pushed, newest wins by its time stamp; returns those that changed."""
        return self._join_balances(balances, is_push=True)

    def _join_balances(self, balances: Iterable[Balance], *, is_push: bool) -> tuple[Balance, ...]:
        """Of one millisecond the later push stands, and any push against a query: that was taken up in this
        millisecond, perhaps before the change."""
        known, queried = self.balances, self._queried
        changed = []
        for balance in balances:
            currency = balance.currency
            before = known.get(currency)
            if before is not None and (
                balance.updated_ms < before.updated_ms
                or (balance.updated_ms == before.updated_ms and not is_push and currency not in queried)
            ):
                continue
            known[currency] = balance
            if is_push:
                queried.discard(currency)
            else:
                queried.add(currency)
            if self._reservations:
                self._reservations.apply(before, balance, is_push=is_push)
            if before is None or before.available != balance.available or before.locked != balance.locked:
                changed.append(balance)
                self._told_currencies.add(currency)
        return tuple(changed)

    def available(self, currency: str) -> Decimal:
        """What a new order may use: available on the exchange less what orders on their way will lock."""
        balance = self.balances.get(currency)
        free = balance.available if balance is not None else ZERO
        return free - self._reservations.amount_of(currency)
