"""What an account with positions needs of its clients *in addition* to `exchanges.base.clients`.

A venue whose `VenueCapabilities.margin` is not None keeps `FuturesVenue`: the four factories are those of `Venue`, and
what they make can do more. Errors are as in `exchanges.base.clients`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import msgspec

from exchanges.base.clients import PrivateRest, PublicRest, UnreadableRow, Venue
from exchanges.base.credentials import Credentials
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from messages.conditional_order import ConditionalOrder
from messages.margin import LedgerEntry, LedgerKind, MarginBalance
from messages.order import Order
from messages.perpetual import MarkPrice, RiskTier
from messages.position import Position, PositionMode
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.symbol import Symbol


class MarginReport(msgspec.Struct, frozen=True):
    """The account's money and how it holds positions.

    Attributes:
        balances: one for each settlement currency. as_of_ms: server clock at which the query was taken up; the answer
            may be older by `PrivateRest.query_lag_ms`.
    """

    balances: tuple[MarginBalance, ...]
    position_mode: PositionMode
    as_of_ms: int


class PositionsReport(msgspec.Struct, frozen=True):
    """All positions of an account: a market that is in neither list has none (R6).

    Attributes:
        positions: those of a quantity of zero may be among them. as_of_ms: as of `MarginReport`.
    """

    positions: tuple[Position, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...] = ()


class LedgerReport(msgspec.Struct, frozen=True):
    """Every change of the wallet in the time that was asked for, newest first. ``as_of_ms``: as of `FillsReport`."""

    entries: tuple[LedgerEntry, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...] = ()


class ConditionalOrdersReport(msgspec.Struct, frozen=True):
    """All open conditional orders, every page of them. ``as_of_ms``: as of `OpenOrdersReport`."""

    orders: tuple[ConditionalOrder, ...]
    as_of_ms: int
    unreadable: tuple[UnreadableRow, ...] = ()


@runtime_checkable
class FuturesPublicRest(PublicRest, Protocol):
    """`load_instruments` tells `PerpetualInstrument`s."""

    async def load_mark_prices(self) -> tuple[MarkPrice, ...]:
        """Of every market."""
        ...

    async def load_risk_tiers(self, symbol: Symbol) -> tuple[RiskTier, ...]:
        """Lowest first."""
        ...


@runtime_checkable
class FuturesPrivateRest(PrivateRest, Protocol):
    """Queries and commands of one account with positions.

    Of `PrivateRest`: orders, fills and finished orders are in base, as everywhere; `place_order` takes ``reduce_only``;
    `load_balances` tells ``available`` and what positions and orders tie up as ``locked``, `load_margin` tells more.
    """

    async def load_margin(self) -> MarginReport:
        """Balances and position mode.

        Raises:
            ConfigurationError: the account is in a mode that we do not support; names it.
        """
        ...

    async def load_positions(self) -> PositionsReport: ...

    async def load_position(self, symbol: Symbol) -> tuple[Position, ...]:
        """Those of one market: one, or in hedge mode two. Empty where the exchange says that there never was one."""
        ...

    async def set_position_mode(self, mode: PositionMode) -> None:
        """Refused by the venue while there are positions or open orders; quiet where it is so already."""
        ...

    async def set_leverage(self, command: SetLeverage) -> tuple[Position, ...]:
        """The market's positions as they are then. Setting it again changes nothing."""
        ...

    async def set_margin_mode(self, command: SetMarginMode) -> tuple[Position, ...]:
        """The market's positions as they are then. Setting it again changes nothing."""
        ...

    async def close_position(
        self,
        command: ClosePosition,
        *,
        decided_ms: int | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> Order:
        """``command.client_order_id`` must be set. As `PrivateRest.place_order`, and looked up in the same way."""
        ...

    async def load_ledger(
        self, *, kind: LedgerKind | None = None, from_ms: int | None = None, to_ms: int | None = None
    ) -> LedgerReport:
        """Changes of the wallet of one kind, or with None of all; times as in `PrivateRest.load_fills`."""
        ...

    async def load_conditional_orders(self, symbol: Symbol | None = None) -> ConditionalOrdersReport:
        """The open ones, of one market or of all."""
        ...

    async def cancel_conditional_order(self, conditional_id: str) -> ConditionalOrder:
        """As it ended; `VenueRefusedError` (ORDER_NOT_FOUND, ORDER_FINISHED) when there is none open."""
        ...

    async def cancel_all_conditional_orders(self, symbol: Symbol | None) -> tuple[ConditionalOrder, ...]:
        """Those of one market or of all that were ended by this."""
        ...


def _ignore(_: object) -> None:
    """For what nobody wants to hear."""


@dataclass(frozen=True, slots=True)
class FuturesPrivateHandlers(PrivateWebsocketHandlers):
    """Attributes:
    position: what the exchange says of one position. ledger: a change of the wallet; what is available then is not
        told. Both besides those of `PrivateWebsocketHandlers`, of which ``balance`` is never called.
    """

    position: Callable[[Position], None] = field(default=_ignore)
    ledger: Callable[[LedgerEntry], None] = field(default=_ignore)


@dataclass(frozen=True, slots=True)
class FuturesPublicHandlers(PublicWebsocketHandlers):
    """Attributes:
    mark_price: mark, index and funding of a market, besides those of `PublicWebsocketHandlers`.
    """

    mark_price: Callable[[MarkPrice], None] = field(default=_ignore)


class FuturesVenue(Venue, Protocol):
    """A `Venue` of perpetuals. Its sockets tell positions and mark prices to handlers that are `FuturesPrivateHandlers`
    and `FuturesPublicHandlers`; with the handlers of every account they tell orders and fills."""

    def create_public_rest(self) -> FuturesPublicRest: ...

    def create_private_rest(self, credentials: Credentials) -> FuturesPrivateRest: ...
