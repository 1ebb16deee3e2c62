"""MEXC's protobuf pushes to ours (docs/venues/mexc.md, pushes). A field that is not there has its default: "" or 0."""

from decimal import Decimal
from typing import Final

from exchanges.mexc import terms
from exchanges.mexc.convert import ToSymbol
from exchanges.mexc.proto.teller_mexc_pb2 import AccountPush, BookTickerPush, DealPush, OrderPush, Push
from messages.balance import Balance
from messages.enums import Liquidity
from messages.errors import ProtocolError
from messages.market import BookTicker
from messages.order import Fill, Order
from messages.validation import ZERO

_WAITING: Final = 0
"""The status of an order that waits for its trigger; of all others it is no status."""
_FIRST_TRIGGERED: Final = 100
# A look-up in a module costs more than one here.
_order: Final = terms.order
_item_id: Final = terms.item_id
_SIDES: Final = terms.SIDE_NUMBERS.get
_KINDS: Final = terms.KIND_NUMBERS.get
_STATUSES: Final = terms.STATUS_NUMBERS.get
_OTHER_KIND: Final = terms.OTHER_KIND
_TAKER: Final = Liquidity.TAKER
_MAKER: Final = Liquidity.MAKER


def order(push: Push, body: OrderPush, to_symbol: ToSymbol) -> Order:
    """An order by push, which says when it was sent and not when the order changed."""
    kind, status = body.orderType, body.status
    word = _STATUSES(status, "")
    if status == _WAITING and kind >= _FIRST_TRIGGERED:
        word = "NEW"
    price, quantity, amount = body.price, body.quantity, body.amount
    filled_quantity, filled_quote = body.cumulativeQuantity, body.cumulativeAmount
    return _order(
        to_symbol(push.symbol),
        _SIDES(body.tradeType),
        _KINDS(kind, _OTHER_KIND),
        word,
        Decimal(price) if price else ZERO,
        Decimal(quantity) if quantity else ZERO,
        Decimal(amount) if amount else ZERO,
        Decimal(filled_quantity) if filled_quantity else ZERO,
        Decimal(filled_quote) if filled_quote else ZERO,
        _item_id(body.id),
        body.clientId or None,
        body.createTime,
        push.sendTime or push.createTime,
    )


def fill(push: Push, body: DealPush, to_symbol: ToSymbol) -> Fill:
    """A fill by push; its id names it for ever."""
    side = terms.SIDE_NUMBERS.get(body.tradeType)
    if side is None:
        raise ProtocolError("a trade with a side that we do not know")
    fee = body.feeAmount
    return Fill(
        symbol=to_symbol(push.symbol),
        trade_id=terms.item_id(body.tradeId),
        order_id=terms.item_id(body.orderId),
        client_order_id=body.clientOrderId or None,
        side=side,
        price=terms.traded(Decimal(body.price)),
        quantity=terms.traded(Decimal(body.quantity)),
        fees=terms.fees(body.feeCurrency, Decimal(fee)) if fee else (),
        liquidity=_MAKER if body.isMaker else _TAKER,
        time_ms=terms.milliseconds(body.time),
    )


def balance(push: Push, body: AccountPush) -> Balance:
    """One currency as it is after a change; what is frozen is not part of ``balanceAmount``."""
    available, locked = body.balanceAmount, body.frozenAmount
    return Balance(
        currency=terms.currency(body.vcoinName),
        available=terms.held(Decimal(available)) if available else ZERO,
        locked=terms.held(Decimal(locked)) if locked else ZERO,
        updated_ms=terms.milliseconds(body.time or push.sendTime),
    )


def book_ticker(push: Push, body: BookTickerPush, to_symbol: ToSymbol) -> BookTicker:
    """Best bid and ask by push; an empty side has None. The moment of sending is the number of the book, too: it is
    what pushes and queries have in common."""
    bid, bid_quantity = _level(body.bidPrice, body.bidQuantity)
    ask, ask_quantity = _level(body.askPrice, body.askQuantity)
    sent_ms = terms.milliseconds(push.sendTime or push.createTime)
    return BookTicker(
        symbol=to_symbol(push.symbol),
        bid=bid,
        bid_quantity=bid_quantity,
        ask=ask,
        ask_quantity=ask_quantity,
        update_id=sent_ms,
        time_ms=sent_ms,
    )


def _level(price: str, quantity: str) -> tuple[Decimal | None, Decimal | None]:
    at = terms.held(Decimal(price)) if price else ZERO
    if not at:
        return None, None
    return at, terms.held(Decimal(quantity)) if quantity else ZERO
