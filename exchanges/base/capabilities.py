"""What a venue can do, as it declares it: common code asks this and never a venue's name."""

import enum
import re

import msgspec

from messages.errors import InvalidValueError, UnsupportedError
from messages.position import MarginMode, PositionMode
from messages.symbol import Product


class RequestScope(enum.Enum):
    """How far one request reaches: the whole account, or one market."""

    ACCOUNT = "account"
    MARKET = "market"


class ClientIdRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which client order ids a venue takes.

    Attributes:
        longest: characters. pattern: a regular expression for the whole id. allowed: the same in words, for errors.
    """

    longest: int
    pattern: str
    allowed: str

    def require(self, field: str, value: str) -> None:
        """Raises `InvalidValueError` for an id that the venue does not take."""
        if len(value) > self.longest or re.fullmatch(self.pattern, value) is None:
            raise InvalidValueError(field, value, self.allowed)


class MarginCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue of perpetuals can do besides.

    Attributes:
        position_modes, margin_modes: that accounts may be in. closes_positions: one order can close the whole of a
            position, however large it is when the exchange takes it. lists_conditional_orders: those can be listed and
            canceled.
    """

    position_modes: frozenset[PositionMode]
    margin_modes: frozenset[MarginMode]
    closes_positions: bool
    lists_conditional_orders: bool


class VenueCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What one venue can do for one account.

    Attributes:
        venue: its name, for error texts. products: what it lets trade.
        open_orders: what one list of open orders covers. histories: the same of fills and of finished orders.
        cancel_all: what one cancel of all covers. cancels_by_side: whether it can be limited to buys or to sells.
        amends_orders: price or quantity of an open order can be changed.
        shortest_countdown_s: of the venue's own dead man's switch; None: it has none.
        withdraws: withdrawals can be asked for, listed and called back.
        order_entry_by_socket: orders can be placed over a socket.
        answers_tell_state: answers to placing and canceling tell how the order stands then; False: only that it was
            taken, and what the order was before, so that fills are told by the socket or by a query.
        client_order_ids: which ids of ours it takes.
        found_by_client_id_ms: a finished order is found by our id for so long at least; None: as by the venue's.
        order_expiry_ms: the venue itself refuses a new order that reaches it later than this after it was sent, so one
            that cannot be found after that will never be; None where the venue has no such expiry.
        unfilled_kept_ms: an order that ended without a fill is found for no longer than this; None: for ever.
        margin: what it can with positions; None: it trades nothing on margin.
    """

    venue: str
    products: frozenset[Product]
    open_orders: RequestScope
    histories: RequestScope
    cancel_all: RequestScope
    cancels_by_side: bool
    amends_orders: bool
    shortest_countdown_s: int | None
    withdraws: bool
    order_entry_by_socket: bool
    answers_tell_state: bool
    client_order_ids: ClientIdRules
    found_by_client_id_ms: int | None
    order_expiry_ms: int | None
    unfilled_kept_ms: int | None
    margin: MarginCapabilities | None = None

    def require_product(self, product: Product) -> None:
        """Raises `UnsupportedError` for a product that it does not have."""
        if product not in self.products:
            raise UnsupportedError(self.venue, f"{product.value} accounts", "use another venue")

    def require_amend(self) -> None:
        """Raises `UnsupportedError` where open orders cannot be changed."""
        if not self.amends_orders:
            raise UnsupportedError(self.venue, "amend_order", "cancel the order and place a new one")

    def require_withdrawals(self) -> None:
        """Raises `UnsupportedError` where there is no withdrawing."""
        if not self.withdraws:
            raise UnsupportedError(self.venue, "withdraw", "withdraw by the exchange's own pages")

    def require_countdown(self, field: str, timeout_s: int) -> None:
        """Raises `UnsupportedError` where there is no dead man's switch, `InvalidValueError` for a time too short."""
        if self.shortest_countdown_s is None:
            raise UnsupportedError(self.venue, field, "leave it out: the exchange has no dead man's switch")
        if timeout_s < self.shortest_countdown_s:
            raise InvalidValueError(field, timeout_s, f"{self.shortest_countdown_s} seconds or more at {self.venue}")

    def require_margin(self) -> MarginCapabilities:
        """What it can with positions; raises `UnsupportedError` where there are none."""
        if self.margin is None:
            raise UnsupportedError(self.venue, "positions", "use a venue of perpetuals")
        return self.margin

    def require_closing(self) -> None:
        """Raises `UnsupportedError` where no order closes the whole of a position."""
        if not self.require_margin().closes_positions:
            raise UnsupportedError(self.venue, "close_position", "send a reduce-only order for what there is")

    def missing(self) -> tuple[str, ...]:
        """What it cannot do that others can, a few words each."""
        says = {
            "amending orders": self.amends_orders,
            "a dead man's switch": self.shortest_countdown_s is not None,
            "withdrawals": self.withdraws,
            "lists of the whole account's open orders": self.open_orders is RequestScope.ACCOUNT,
            "lists of the whole account's fills": self.histories is RequestScope.ACCOUNT,
            "one cancel for the whole account": self.cancel_all is RequestScope.ACCOUNT,
            "cancels of one side": self.cancels_by_side,
            "expiry of late orders": self.order_expiry_ms is not None,
            "orders by socket": self.order_entry_by_socket,
            "answers that tell how an order stands": self.answers_tell_state,
        }
        return tuple(what for what, is_there in says.items() if not is_there)
