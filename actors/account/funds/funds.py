"""What the orders of an account need of its funds, whatever the product."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Protocol

from actors.account.funds.reservations import Reservation
from messages.balance import Balance
from messages.enums import Side
from messages.instrument import Instrument
from messages.order import Order


class Funds(Protocol):
    """Says what an order will lock, sets that aside, and takes in what the exchange tells of money.

    Attributes:
        balances: by currency, each as it was last told. has_reservations: whether anything is set aside.
    """

    @property
    def balances(self) -> Mapping[str, Balance]: ...

    @property
    def has_reservations(self) -> bool: ...

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
        """Refuses what the market does not take, as `Instrument.check`; raises `InvalidValueError`."""
        ...

    def reservation_for(self, order: Order) -> Reservation:
        """What an order of ours will lock."""
        ...

    def reserve(self, client_order_id: str, reservation: Reservation) -> None:
        """Sets it aside for an order that will be sent; raises `InsufficientBalanceError`."""
        ...

    def restore(self, order: Order) -> None:
        """Sets aside what an order of an earlier life may lock, whatever is there."""
        ...

    def settle(self, order: Order, taken_ms: int | None) -> None:
        """An order of ours has changed. ``taken_ms``: since when the exchange has it; None while it has not told."""
        ...

    def available(self, currency: str) -> Decimal:
        """What a new order may use."""
        ...

    def apply_balances(self, balances: Iterable[Balance]) -> tuple[Balance, ...]:
        """Joins what the exchange pushed; returns what changed."""
        ...

    def apply_all_balances(
        self, balances: Iterable[Balance], as_of_ms: int, unreadable: Collection[str] = ()
    ) -> tuple[Balance, ...]:
        """Joins a complete list; returns what changed."""
        ...

    def contested_by(
        self, balances: Iterable[Balance], as_of_ms: int, unreadable: Collection[str] = ()
    ) -> list[Balance]:
        """Balances as events after ``as_of_ms`` told them that a complete list has otherwise."""
        ...
