"""Whether an order may be: precision, minimum and maximum, and the ways in which the exchange says no."""

import enum
from decimal import Decimal

from exchanges.simulator.core.config import PairConfig, TradeStatus
from exchanges.simulator.core.orders import NewOrder, OrderType, Side


class Reason(enum.Enum):
    """Why the exchange refuses; each wire face has its own name for it."""

    UNKNOWN_PAIR = enum.auto()
    RESTRICTED = enum.auto()
    INVALID_VALUE = enum.auto()
    PRECISION = enum.auto()
    BELOW_BASE_MINIMUM = enum.auto()
    BELOW_QUOTE_MINIMUM = enum.auto()
    ABOVE_MAXIMUM = enum.auto()
    NOT_ENOUGH_FUNDS = enum.auto()
    WOULD_TAKE = enum.auto()
    CANNOT_FILL = enum.auto()
    REPEATED_TEXT = enum.auto()
    TOO_MANY_ORDERS = enum.auto()
    ORDER_UNKNOWN = enum.auto()
    ORDER_FILLED = enum.auto()
    ORDER_CANCELLED = enum.auto()
    NO_CHANGE = enum.auto()
    PRICE_TOO_FAR = enum.auto()
    RISK_LIMIT = enum.auto()
    LEVERAGE_TOO_HIGH = enum.auto()
    LEVERAGE_TOO_LOW = enum.auto()
    WOULD_LIQUIDATE = enum.auto()
    INCREASES_POSITION = enum.auto()
    REDUCES_TOO_MUCH = enum.auto()
    POSITION_EMPTY = enum.auto()
    POSITION_HELD = enum.auto()
    POSITION_CROSS = enum.auto()
    ORDERS_OPEN = enum.auto()


class RefusedError(Exception):
    """The exchange does not do what was asked; nothing has changed."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def plain(value: Decimal) -> str:
    """Returns the decimal without exponent and without trailing zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def decimals_of(value: Decimal) -> int:
    """Returns how many decimals the value really needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def check_tradable(rules: PairConfig, side: Side, now_ms: int) -> None:
    """Raises ``RefusedError`` while the pair takes no new orders of this side: halted in part or whole, or not open."""
    one_sided = TradeStatus.BUYABLE if side is Side.BUY else TradeStatus.SELLABLE
    if rules.trade_status not in (TradeStatus.TRADABLE, one_sided):
        raise RefusedError(Reason.RESTRICTED, f"{rules.id} takes no {side.value} orders: {rules.trade_status.value}")
    start_s = rules.buy_start_s if side is Side.BUY else rules.sell_start_s
    if now_ms < start_s * 1000:
        raise RefusedError(Reason.RESTRICTED, f"{rules.id} takes {side.value} orders from {start_s} on")


def check_new(order: NewOrder, rules: PairConfig) -> None:
    """Raises ``RefusedError`` when the order's kind, precision or size is not allowed on this pair."""
    if order.amount <= 0:
        raise RefusedError(Reason.INVALID_VALUE, f"amount {order.amount} must be above 0")
    if order.type is OrderType.MARKET:
        if order.time_in_force.may_rest:
            raise RefusedError(Reason.INVALID_VALUE, "time_in_force of a market order must be ioc or fok")
        if order.side is Side.BUY:
            check_precision("amount", order.amount, rules.price_precision + rules.amount_precision)
            _check_quote(order.amount, rules)
        else:
            check_precision("amount", order.amount, rules.amount_precision)
            _check_base(order.amount, rules)
        return
    if order.price is None:
        raise RefusedError(Reason.INVALID_VALUE, "price is required for a limit order")
    check_limit(order.price, order.amount, rules)


def check_limit(price: Decimal, amount: Decimal, rules: PairConfig) -> None:
    """Raises ``RefusedError`` when a limit order of this price and base amount is not allowed on this pair."""
    if price <= 0:
        raise RefusedError(Reason.INVALID_VALUE, f"price {price} must be above 0")
    check_precision("price", price, rules.price_precision)
    check_precision("amount", amount, rules.amount_precision)
    _check_base(amount, rules)
    _check_quote(price * amount, rules)


def check_precision(field: str, value: Decimal, allowed: int) -> None:
    """Raises ``RefusedError`` when the value has more decimals than allowed."""
    if decimals_of(value) > allowed:
        raise RefusedError(Reason.PRECISION, f"{field} {plain(value)} has more than {allowed} decimals")


def _check_base(amount: Decimal, rules: PairConfig) -> None:
    if amount < rules.min_base_amount:
        raise RefusedError(
            Reason.BELOW_BASE_MINIMUM,
            f"amount {plain(amount)} {rules.base} is too small, the minimum is {plain(rules.min_base_amount)}",
        )


def _check_quote(value: Decimal, rules: PairConfig) -> None:
    if value < rules.min_quote_amount:
        raise RefusedError(
            Reason.BELOW_QUOTE_MINIMUM,
            f"Your order size {plain(value)} {rules.quote} is too small."
            f" The minimum is {plain(rules.min_quote_amount)} {rules.quote}",
        )
    if value > rules.max_quote_amount:
        raise RefusedError(
            Reason.ABOVE_MAXIMUM,
            f"Your order size {plain(value)} {rules.quote} is too large."
            f" The maximum is {plain(rules.max_quote_amount)} {rules.quote}",
        )
