"""Orders, fills and balances for tests, with only the interesting part spelt out."""

from decimal import Decimal

from messages.balance import Balance
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from messages.order import Fill, Order
from messages.symbol import Symbol

SOL = Symbol("SOL", "USDT")
BTC = Symbol("BTC", "USDT")


def order(
    status: OrderStatus = OrderStatus.NEW,
    *,
    filled: str = "0",
    at: int = 1,
    order_id: str | None = "1001",
    client_order_id: str | None = "c1",
    quantity: str = "10",
    price: str = "100",
    symbol: Symbol = SOL,
    side: Side = Side.BUY,
    reason: str | None = None,
    created: int = 1,
) -> Order:
    """A limit order; its quote and fee follow from what is filled. ``at``: updated_ms."""
    filled_quantity = Decimal(filled)
    if status is OrderStatus.NEW and filled_quantity:
        status = OrderStatus.PARTIALLY_FILLED
    return Order(
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        status=status,
        quantity=Decimal(quantity),
        price=Decimal(price),
        filled_quantity=filled_quantity,
        filled_quote=filled_quantity * Decimal(price),
        fee=filled_quantity * Decimal("0.001"),
        fee_currency=symbol.base if filled_quantity else None,
        order_id=order_id,
        client_order_id=client_order_id,
        finish_reason=reason or (status.value if status.is_finished else None),
        created_ms=created,
        updated_ms=at,
    )


def fill(
    trade_id: str,
    quantity: str = "1",
    *,
    price: str = "100",
    order_id: str = "1001",
    client_order_id: str | None = "c1",
    at: int = 1,
    symbol: Symbol = SOL,
    side: Side = Side.BUY,
) -> Fill:
    return Fill(
        symbol=symbol,
        trade_id=trade_id,
        order_id=order_id,
        client_order_id=client_order_id,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(quantity) * Decimal("0.001"),
        fee_currency=symbol.base,
        liquidity=Liquidity.MAKER,
        time_ms=at,
    )


def balance(currency: str, available: str, locked: str = "0", *, at: int = 1) -> Balance:
    return Balance(currency=currency, available=Decimal(available), locked=Decimal(locked), updated_ms=at)
