"""What pushes say, in vectors made by hand, in made ones of every kind, and in any bytes."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.mexc.private_ws import PrivateFrameDecoder
from exchanges.mexc.proto.teller_mexc_pb2 import AccountPush, BookTickerPush, DealPush, OrderPush, Push
from exchanges.mexc.public_ws import PublicFrameDecoder
from exchanges.mexc.symbols import Markets
from messages.balance import Balance
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from messages.errors import TellerError
from messages.market import BookTicker
from messages.order import Fee, Fill, Order
from messages.symbol import Symbol
from tests.exchanges.base.manual_clock import ManualClock

D = Decimal
SOL = Symbol("SOL", "USDT")
BOOK_TICKER = bytes.fromhex(
    "0a3473706f74407075626c69632e61676772652e626f6f6b5469636b65722e76332e6170692e7062403130306d7340534f4c"
    "555344541a07534f4c5553445430fb80b3c19c33da13190a063134312e3138120431322e351a063134312e3139220133"
)
ORDER = bytes.fromhex(
    "0a1d73706f7440707269766174652e6f72646572732e76332e6170692e70621a07534f4c5553445430bb81b3c19c3382136a"
    "0a174330325f5f363030303030303030303030303030303031120c6465736b372d3030303034321a053134312e322203322e"
    "352a0333353332063134312e31383801400152053134312e325a01316203312e356a03312e3572063231312e373778038001"
    "fb80b3c19c33"
)
DEAL = bytes.fromhex(
    "0a1c73706f7440707269766174652e6465616c732e76332e6170692e70621a07534f4c5553445430bc81b3c19c3392136b0a"
    "063134312e31381203312e351a063231312e373720013a143630303030303030303030303030303030315831420c6465736b"
    "372d3030303034324a174330325f5f3630303030303030303030303030303030315208302e3130353838355a045553445460"
    "b581b3c19c33"
)
ACCOUNT = bytes.fromhex(
    "0a1e73706f7440707269766174652e6163636f756e742e76332e6170692e706228b681b3c19c3330be81b3c19c339a13430a"
    "0455534454120d636f696e3064656d6f376633311a07313634372e30332204302e30332a053134312e3232062d3231312e38"
    "3a07454e545255535440b681b3c19c33"
)
DEPTH = bytes.fromhex(
    "0a2f73706f74407075626c69632e61676772652e64657074682e76332e6170692e7062403130306d7340534f4c555344541a"
    "07534f4c55534454308c81b3c19c33ca135a0a0b0a063134312e3139120130120e0a063134312e3138120431302e351a2773"
    "706f74407075626c69632e61676772652e64657074682e76332e6170692e7062403130306d73220837303031303032312a08"
    "3730303130303234"
)


class Heard:
    """Decoders of both sockets, and what they tell."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.errors: list[TellerError] = []
        markets = Markets(ManualClock(), self._load)
        markets.learn([("SOLUSDT", SOL)])
        self.private = PrivateFrameDecoder(
            PrivateWebsocketHandlers(
                order=self.told.append,
                balance=self.told.extend,
                execution=self.told.append,
                connection=lambda *_: None,
                error=self.errors.append,
            ),
            markets,
        )
        self.public = PublicFrameDecoder(
            PublicWebsocketHandlers(book_ticker=self.told.append, connection=lambda *_: None, error=self.errors.append),
            markets,
        )

    async def _load(self) -> None:
        raise AssertionError("nothing asks for it here")


def told(frame: bytes, *, public: bool = False) -> Any:
    heard = Heard()
    (heard.public if public else heard.private).feed(frame)
    assert heard.errors == []
    (only,) = heard.told
    return only


def order_push(**fields: Any) -> bytes:
    made: dict[str, Any] = {
        "id": "C02__1",
        "price": "141.2",
        "quantity": "2.5",
        "amount": "353",
        "orderType": 1,
        "tradeType": 1,
        "status": 1,
        "createTime": 1_760_000_000_123,
    }
    return Push(symbol="SOLUSDT", sendTime=1_760_000_000_187, order=OrderPush(**made | fields)).SerializeToString()


def test_an_order_that_is_filled_in_part() -> None:
    assert told(ORDER) == Order(
        symbol=SOL,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        status=OrderStatus.PARTIALLY_FILLED,
        quantity=D("2.5"),
        price=D("141.2"),
        filled_quantity=D("1.5"),
        filled_quote=D("211.77"),
        order_id="C02__600000000000000001",
        client_order_id="desk7-000042",
        created_ms=1_760_000_000_123,
        updated_ms=1_760_000_000_187,
    )


def test_a_fill() -> None:
    assert told(DEAL) == Fill(
        symbol=SOL,
        trade_id="600000000000000001X1",
        order_id="C02__600000000000000001",
        client_order_id="desk7-000042",
        side=Side.BUY,
        price=D("141.18"),
        quantity=D("1.5"),
        fees=(Fee("USDT", D("0.105885")),),
        liquidity=Liquidity.TAKER,
        time_ms=1_760_000_000_181,
    )


def test_a_balance_is_what_is_available_beside_what_is_frozen() -> None:
    balance = told(ACCOUNT)
    assert balance == Balance(currency="USDT", available=D("1647.03"), locked=D("141.2"), updated_ms=1_760_000_000_182)
    assert balance.total == D("1788.23")


def test_best_bid_and_ask() -> None:
    assert told(BOOK_TICKER, public=True) == BookTicker(
        symbol=SOL,
        bid=D("141.18"),
        bid_quantity=D("12.5"),
        ask=D("141.19"),
        ask_quantity=D(3),
        update_id=1_760_000_000_123,
        time_ms=1_760_000_000_123,
    )


@pytest.mark.parametrize("public", [True, False])
def test_what_was_not_subscribed_to_is_one_error(public: bool) -> None:
    heard = Heard()
    (heard.public if public else heard.private).feed(DEPTH)
    assert (heard.told, len(heard.errors)) == ([], 1)


@pytest.mark.parametrize(
    ("number", "kind", "status"),
    [
        (1, 1, OrderStatus.NEW),
        (2, 1, OrderStatus.FILLED),
        (3, 1, OrderStatus.PARTIALLY_FILLED),
        (4, 1, OrderStatus.CANCELED),
        (5, 1, OrderStatus.CANCELED),
        (4, 2, OrderStatus.CANCELED),
        (4, 3, OrderStatus.EXPIRED),
        (5, 3, OrderStatus.EXPIRED),
        (4, 4, OrderStatus.EXPIRED),
        (0, 100, OrderStatus.NEW),
    ],
)
def test_every_status_is_one_of_ours(number: int, kind: int, status: OrderStatus) -> None:
    filled = {"cumulativeQuantity": "1", "cumulativeAmount": "141.2"} if number in {3, 5} else {}
    order = told(order_push(status=number, orderType=kind, **filled))
    assert order.status is status
    assert order.filled_quantity == (1 if filled else 0)


def test_status_5_is_a_finished_order_with_its_fills() -> None:
    order = told(order_push(status=5, cumulativeQuantity="1.5", cumulativeAmount="211.77"))
    assert order.is_finished
    assert (order.filled_quantity, order.filled_quote, order.finish_reason) == (
        D("1.5"),
        D("211.77"),
        "PARTIALLY_CANCELED",
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (1, (OrderType.LIMIT, TimeInForce.GTC)),
        (2, (OrderType.LIMIT, TimeInForce.POST_ONLY)),
        (3, (OrderType.LIMIT, TimeInForce.IOC)),
        (4, (OrderType.LIMIT, TimeInForce.FOK)),
        (5, (OrderType.MARKET, TimeInForce.IOC)),
        (101, (OrderType.OTHER, TimeInForce.OTHER)),
    ],
)
def test_every_type_is_one_of_ours(kind: int, expected: tuple[OrderType, TimeInForce]) -> None:
    order = told(order_push(orderType=kind))
    assert (order.type, order.time_in_force) == expected


def test_a_market_buy_is_in_quote_and_what_cannot_be_spent_is_dust() -> None:
    filled = {"cumulativeQuantity": "2.499", "cumulativeAmount": "352.85"}
    order = told(order_push(orderType=5, status=5, price="", quantity="", **filled))
    assert (order.quantity, order.quote_quantity, order.price) == (D(0), D(353), None)
    assert order.status is OrderStatus.FILLED


def test_defaults_are_left_out_on_the_wire_and_mean_nothing_paid_and_nobodys_id() -> None:
    deal = DealPush(price="1", quantity="2", tradeType=2, tradeId="t", orderId="o", isMaker=True, time=5)
    fill = told(Push(symbol="SOLUSDT", deal=deal).SerializeToString())
    assert (fill.fees, fill.client_order_id, fill.liquidity, fill.side) == ((), None, Liquidity.MAKER, Side.SELL)
    assert told(order_push()).client_order_id is None
    balance = told(Push(sendTime=7, account=AccountPush(vcoinName="SOL")).SerializeToString())
    assert (balance.available, balance.locked, balance.updated_ms) == (0, 0, 7)


def test_a_fee_may_be_paid_in_mx() -> None:
    deal = DealPush(
        price="1", quantity="2", tradeType=1, tradeId="t", orderId="o", feeAmount="0.00000123456789", feeCurrency="MX"
    )
    assert told(Push(symbol="SOLUSDT", deal=deal).SerializeToString()).fees == (Fee("MX", D("0.00000123456789")),)


def test_an_empty_side_of_a_book_has_no_price() -> None:
    body = BookTickerPush(bidPrice="141", bidQuantity="2", askPrice="0", askQuantity="0")
    ticker = told(Push(symbol="SOLUSDT", sendTime=9, bookTicker=body).SerializeToString(), public=True)
    assert (ticker.bid, ticker.ask, ticker.ask_quantity) == (D(141), None, None)


def test_a_quote_that_has_not_changed_is_told_once() -> None:
    heard = Heard()
    for price in ("141", "141", "142", "141"):
        body = BookTickerPush(bidPrice=price, bidQuantity="2", askPrice="150", askQuantity="1")
        heard.public.feed(Push(symbol="SOLUSDT", sendTime=9, bookTicker=body).SerializeToString())
    assert [ticker.bid for ticker in heard.told] == [D(141), D(142), D(141)]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": 0},
        {"status": 6},
        {"tradeType": 0},
        {"id": ""},
        {"id": "x" * 65},
        {"quantity": "NaN"},
        {"quantity": "Infinity"},
        {"quantity": "-1"},
        {"price": "1e40"},
        {"price": "x"},
        {"createTime": -1},
        {"createTime": 2**62},
    ],
)
def test_r10_an_order_that_cannot_be_is_one_error_and_the_next_is_read(fields: dict[str, Any]) -> None:
    heard = Heard()
    heard.private.feed(order_push(**fields))
    assert (heard.told, len(heard.errors)) == ([], 1)
    heard.private.feed(ORDER)
    assert len(heard.told) == 1


def test_a_market_that_is_not_in_the_table_is_told_as_an_error() -> None:
    heard = Heard()
    push = Push.FromString(order_push())
    push.symbol = "NEWUSDT"
    heard.private.feed(push.SerializeToString())
    assert "name of a market" in str(heard.errors[0])


def test_fields_of_other_numbers_are_skipped() -> None:
    grown = ORDER + bytes.fromhex("ca3e03616263")  # field 1001, "abc"
    assert told(grown) == told(ORDER)


def test_a_handler_that_fails_is_one_error() -> None:
    heard = Heard()

    def fail(order: Order) -> None:
        raise ZeroDivisionError

    heard.private._order = fail
    heard.private.feed(ORDER)
    assert "a handler failed: ZeroDivisionError" in str(heard.errors[0])


@given(st.binary(max_size=300) | st.integers(0, 155).map(lambda cut: ORDER[:cut]) | st.text().map(str.encode))
def test_any_bytes_are_told_or_are_an_error_and_nothing_is_raised(frame: bytes) -> None:
    heard = Heard()
    heard.private.feed(frame)
    heard.public.feed(frame)
    assert all(isinstance(error, TellerError) for error in heard.errors)
