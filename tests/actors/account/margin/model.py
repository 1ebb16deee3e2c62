"""An exchange that holds one position: what it is, and everything that may be told of it."""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from actors.account.funds.margin.positions import Positions
from messages.enums import Liquidity, OrderOrigin, Side
from messages.order import NO_FEES, Fill
from messages.position import Position, PositionMode
from messages.symbol import Symbol

SOL = Symbol("SOL", "USDT", "USDT")
BTC = Symbol("BTC", "USDT", "USDT")
START_MS = 1_700_000_000_000
LAG_MS = 300


class Push(msgspec.Struct, frozen=True):
    """The socket tells of a position."""

    position: Position


class Query(msgspec.Struct, frozen=True):
    """A list of all positions, taken up at ``as_of_ms``."""

    positions: tuple[Position, ...]
    as_of_ms: int


News = Push | Query | Fill


def fill(
    trade_id: str,
    quantity: str | Decimal,
    *,
    at: int,
    price: str | Decimal = "100",
    order_id: str = "1001",
    symbol: Symbol = SOL,
    origin: OrderOrigin = OrderOrigin.TRADER,
) -> Fill:
    """``quantity``: below zero for a sale. ``at``: milliseconds after the beginning."""
    signed = Decimal(quantity)
    return Fill(
        symbol=symbol,
        trade_id=trade_id,
        order_id=order_id,
        client_order_id=None,
        side=Side.BUY if signed > 0 else Side.SELL,
        price=Decimal(price),
        quantity=abs(signed),
        fees=NO_FEES,
        liquidity=Liquidity.TAKER,
        time_ms=START_MS + at,
        origin=origin,
    )


def position(quantity: str | Decimal, *, at: int, update: int, **more: object) -> Position:
    """As a push tells it. ``at``: milliseconds after the beginning."""
    signed = Decimal(quantity)
    told = Position(
        symbol=SOL,
        quantity=signed,
        entry_price=Decimal(100) if signed else None,
        leverage=Decimal(10),
        update_id=update,
        updated_ms=START_MS + at,
    )
    return replace(told, **more)


class Exchange:
    """Trades, changes the position otherwise, and answers queries; keeps everything that it could tell.

    Attributes:
        fills, pushes: all of them, in their order. now: as it is.
    """

    def __init__(self) -> None:
        self.at = 0
        self.fills: list[Fill] = []
        self.pushes: list[Push] = []
        self.now = position("0", at=0, update=0)

    def trade(self, quantity: Decimal, price: Decimal) -> None:
        self.fills.append(fill(str(len(self.fills) + 1), quantity, at=self.at, price=price))
        before, after = self.now.quantity, self.now.quantity + quantity
        entry = self.now.entry_price
        if not after:
            entry = None
        elif entry is None or (before > 0) is not (after > 0):
            entry = price
        elif abs(after) > abs(before):
            entry = (entry * before + price * quantity) / after
        self._change(quantity=after, entry_price=entry)

    def pay_funding(self) -> None:
        self._change(realized_pnl=self.now.realized_pnl - 1)

    def query(self, mark: Decimal) -> Query:
        """Times are told in whole seconds, and a position of nothing is not listed."""
        told = replace(
            self.now,
            updated_ms=self.now.updated_ms // 1000 * 1000,
            mark_price=mark,
            unrealized_pnl=(mark - (self.now.entry_price or mark)) * self.now.quantity,
        )
        return Query((told,) if told.quantity else (), START_MS + self.at)

    def _change(self, **changed: object) -> None:
        self.now = replace(self.now, update_id=self.now.update_id + 1, updated_ms=START_MS + self.at, **changed)
        self.pushes.append(Push(self.now))


def hear(positions: Positions, news: News) -> None:
    match news:
        case Push():
            positions.apply(news.position)
        case Query():
            positions.apply_list(news.positions, news.as_of_ms, LAG_MS)
        case Fill():
            positions.fill(news, reduces=None)


def one_way(*heard: News) -> Positions:
    """Those of an account that has heard all this."""
    positions = Positions()
    positions.mode = PositionMode.ONE_WAY
    for news in heard:
        hear(positions, news)
    return positions
