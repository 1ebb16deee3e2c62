"""Orders, fills and balances for tests, with only the interesting part spelt out."""

from decimal import Decimal

from actors.account.state import AccountState
from messages.balance import Balance
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from messages.order import Fee, Fill, Order, sum_fees
from messages.symbol import Symbol

SOL = Symbol("SOL", "USDT")
BTC = Symbol("BTC", "USDT")


def paid(*fees: str) -> tuple[Fee, ...]:
    """Fees out of texts such as ``0.001 SOL``."""
    parts = [fee.split() for fee in fees]
    return sum_fees(Fee(currency, Decimal(amount)) for amount, currency in parts)


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
        fees=paid(f"{filled_quantity * Decimal('0.001')} {symbol.base}"),
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
    fees: tuple[Fee, ...] | None = None,
) -> Fill:
    return Fill(
        symbol=symbol,
        trade_id=trade_id,
        order_id=order_id,
        client_order_id=client_order_id,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fees=paid(f"{Decimal(quantity) * Decimal('0.001')} {symbol.base}") if fees is None else fees,
        liquidity=Liquidity.MAKER,
        time_ms=at,
    )


def balance(currency: str, available: str, locked: str = "0", *, at: int = 1) -> Balance:
    return Balance(currency=currency, available=Decimal(available), locked=Decimal(locked), updated_ms=at)


def apply(state: AccountState, *news: Order | Fill) -> AccountState:
    """Tells an account's state one thing after the other."""
    for item in news:
        if isinstance(item, Order):
            state.apply_order(item)
        else:
            state.apply_fill(item)
    return state
