"""Frames of both sockets, good ones and bad ones, without a socket: one bad frame is one error and the next is read."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.base.credentials import Credentials
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.websocket_connection import HandlerFailedError
from exchanges.gateio.spot.private_ws import PrivateFrameDecoder
from exchanges.gateio.spot.public_ws import PublicFrameDecoder
from messages.balance import Balance
from messages.enums import OrderStatus
from messages.errors import ConnectionFailedError, ProtocolError, RefusalReason, TellerError, VenueRefusedError
from messages.market import BookTicker
from messages.order import Fill, Order
from messages.symbol import Symbol
from tests.exchanges.gateio import payloads

D = Decimal


class Listener:
    """Handlers that remember, and someone who waits for answers to requests 1 to 3."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.fills: list[Fill] = []
        self.balances: list[tuple[Balance, ...]] = []
        self.tickers: list[BookTicker] = []
        self.errors: list[TellerError] = []
        self.granted: list[int] = []
        self.refused: dict[int, TellerError] = {}
        self.private = PrivateFrameDecoder(
            PrivateWebsocketHandlers(
                order=self.apply_order,
                balance=self.balances.append,
                execution=self.fills.append,
                connection=lambda _up, _cause: None,
                error=self.errors.append,
            ),
            answers=self,
            hide=Credentials("demo-key", "s3cr3t-demo"),
        )
        self.public = PublicFrameDecoder(
            PublicWebsocketHandlers(
                book_ticker=self.tickers.append, connection=lambda _up, _cause: None, error=self.errors.append
            ),
            answers=self,
        )

    def apply_order(self, order: Order) -> None:
        self.orders.append(order)

    def acknowledge(self, request_id: int, result: object = None) -> bool:
        self.granted.append(request_id)
        return 1 <= request_id <= 3

    def refuse(self, request_id: int, error: TellerError) -> bool:
        if not 1 <= request_id <= 3:
            return False
        self.refused[request_id] = error
        return True


@pytest.fixture
def listener() -> Listener:
    return Listener()


class TestPrivate:
    def test_orders_of_one_frame_are_told_one_by_one_in_their_order(self, listener: Listener) -> None:
        listener.private.feed(payloads.orders(payloads.socket_order(id="1"), payloads.socket_order(id="2")))
        assert [order.order_id for order in listener.orders] == ["1", "2"]
        assert listener.errors == []

    def test_an_order_that_ended(self, listener: Listener) -> None:
        listener.private.feed(payloads.orders(payloads.socket_order(event="finish", finish_as="cancelled")))
        assert listener.orders[0].status is OrderStatus.CANCELED

    def test_fills(self, listener: Listener) -> None:
        listener.private.feed(payloads.trades(payloads.socket_trade(), payloads.socket_trade(id=8)))
        assert [fill.trade_id for fill in listener.fills] == ["7744112", "8"]

    def test_balances_of_one_frame_are_told_together(self, listener: Listener) -> None:
        listener.private.feed(
            payloads.balances(payloads.socket_balance(), payloads.socket_balance(currency="SOL", freeze="0"))
        )
        assert listener.balances == [
            (
                Balance(currency="USDT", available=D("1647.03"), locked=D("141.2"), updated_ms=1760000002046),
                Balance(currency="SOL", available=D("1647.03"), locked=D(0), updated_ms=1760000002046),
            )
        ]

    def test_keys_in_another_order_and_unknown_ones_do_not_matter(self, listener: Listener) -> None:
        order = dict(reversed((payloads.socket_order() | {"brand_new": [{"x": None}]}).items()))
        listener.private.feed(
            payloads.encode({"result": [order], "event": "update", "channel": "spot.orders", "conn": {"a": 1}})
        )
        assert len(listener.orders) == 1

    def test_no_news_is_no_event(self, listener: Listener) -> None:
        listener.private.feed(payloads.orders())
        listener.private.feed(payloads.trades())
        assert (listener.orders, listener.fills, listener.errors) == ([], [], [])

    @pytest.mark.parametrize("channel", ["spot.orders", "spot.usertrades", "spot.balances"])
    def test_an_acknowledgement(self, listener: Listener, channel: str) -> None:
        listener.private.feed(
            payloads.frame(
                channel, {"status": "success"}, event="subscribe", id=2, error=None, payload=["!all"], requestId="x"
            )
        )
        assert listener.granted == [2]

    @pytest.mark.parametrize("result", [None, {"status": "fail"}])
    def test_a_refusal_goes_to_the_one_who_waits(self, listener: Listener, result: Any) -> None:
        listener.private.feed(
            payloads.frame("spot.orders", result, event="subscribe", id=3, error={"code": 4, "message": "no"})
        )
        assert isinstance(listener.refused[3], VenueRefusedError)
        assert listener.errors == []

    @pytest.mark.parametrize("status", ["fail", "failed", "refused"])
    def test_a_failed_status_without_an_error_is_a_refusal_too(self, listener: Listener, status: str) -> None:
        listener.private.feed(payloads.frame("spot.orders", {"status": status}, event="subscribe", id=3))
        assert "spot.orders: refused without a reason" in str(listener.refused[3])
        assert listener.granted == []

    @pytest.mark.parametrize("channel", ["spot.orders", "spot.usertrades", "spot.balances"])
    def test_a_refusal_names_its_channel(self, listener: Listener, channel: str) -> None:
        error = {"code": 2, "message": "unknown currency pair: NO_USDT"}
        listener.private.feed(payloads.frame(channel, None, event="subscribe", id=3, error=error))
        assert str(listener.refused[3]) == f"the exchange refused: WS_2: {channel}: unknown currency pair: NO_USDT"

    @pytest.mark.parametrize("channel", ["spot.orders", "spot.somewhere_new", ""])
    @pytest.mark.parametrize("more", [{}, {"id": 99}])
    def test_an_error_that_nobody_waits_for_goes_to_the_error_handler(
        self, listener: Listener, channel: str, more: dict[str, int]
    ) -> None:
        listener.private.feed(
            payloads.frame(channel, None, event="", error={"code": 3, "message": "server trouble"}, **more)
        )
        assert [type(error) for error in listener.errors] == [ConnectionFailedError]
        assert "server trouble" in str(listener.errors[0])

    def test_a_refusal_on_a_channel_that_we_do_not_know_still_reaches_the_one_who_waits(
        self, listener: Listener
    ) -> None:
        listener.private.feed(payloads.frame("spot.new", 5, event="subscribe", id=1, error={"code": 2, "message": "?"}))
        assert 1 in listener.refused

    def test_a_pong_is_nothing(self, listener: Listener) -> None:
        listener.private.feed(payloads.frame("spot.pong", None, event="", error=None))
        listener.private.feed(b'{"channel":"spot.pong","result":[1]}')
        assert listener.errors == []

    def test_one_bad_order_does_not_hide_the_good_ones_beside_it(self, listener: Listener) -> None:
        listener.private.feed(
            payloads.orders(
                payloads.socket_order(id="1"), payloads.socket_order(side="sideways"), payloads.socket_order(id="3")
            )
        )
        assert [order.order_id for order in listener.orders] == ["1", "3"]
        assert [type(error) for error in listener.errors] == [ProtocolError]

    def test_a_failing_handler_is_one_error_and_the_others_are_still_told(self) -> None:
        class Fragile(Listener):
            def apply_order(self, order: Order) -> None:
                super().apply_order(order)
                if order.order_id == "1":
                    raise ZeroDivisionError

        listener = Fragile()
        listener.private.feed(payloads.orders(payloads.socket_order(id="1"), payloads.socket_order(id="2")))
        assert [order.order_id for order in listener.orders] == ["1", "2"]
        assert [type(error) for error in listener.errors] == [HandlerFailedError]
        assert isinstance(listener.errors[0].__cause__, ZeroDivisionError)

    @pytest.mark.parametrize(
        "bad",
        [
            b"",
            b"null",
            b"[]",
            b"{}",
            b"5",
            b'{"channel":"spot.orders"}',
            b'{"channel":"spot.orders","event":"update"}',
            b'{"channel":"spot.orders","event":"update","result":{"status":"success"}}',
            b'{"channel":"spot.orders","event":"update","result":[1]}',
            b'{"channel":"spot.orders","event":"shout","result":null}',
            b'{"channel":"spot.unheard_of","event":"update","result":[]}',
            b'{"channel":5}',
            b'{"channel":"spot.balances","event":"update","result":[{"currency":"USDT"}]}',
            payloads.orders(payloads.socket_order(amount="NaN")),
            payloads.orders(payloads.socket_order(amount=[])),
            payloads.orders(payloads.socket_order(fee="1e99999")),
            payloads.trades(payloads.socket_trade(id={"x": 1})),
            payloads.balances(payloads.socket_balance(freeze="-1")),
            payloads.balances(payloads.socket_balance(available="Infinity")),
            payloads.balances(payloads.socket_balance(timestamp_ms="later")),
            b"[" * 100_000,
            b'{"channel":"spot.orders","event":"update","result":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
            b"\xff\xfe{}",
            b'{"channel":"spot.orders\xff"}',
        ],
    )
    def test_a_bad_frame_is_one_error_and_the_next_frame_is_read(self, listener: Listener, bad: bytes) -> None:
        with structlog.testing.capture_logs() as logs:
            listener.private.feed(bad)
        assert len(listener.errors) == 1
        assert isinstance(listener.errors[0], ProtocolError)
        assert [(entry["event"], entry["size"]) for entry in logs] == [("frame_refused", len(bad))]
        listener.private.feed(payloads.orders(payloads.socket_order()))
        assert len(listener.orders) == 1
        assert len(listener.errors) == 1

    @pytest.mark.parametrize("place", [0, 1, 2])
    @pytest.mark.parametrize(
        "odd",
        [
            {"available": "many"},
            {"available": None},
            {"available": "Infinity"},
            {"freeze": "-1"},
            {"freeze": []},
            {"currency": 5},
            {"timestamp_ms": "later"},
        ],
    )
    def test_r10_one_unreadable_balance_does_not_lose_the_others(
        self, listener: Listener, odd: dict[str, Any], place: int
    ) -> None:
        items = [payloads.socket_balance(currency="SOL"), payloads.socket_balance(currency="BTC")]
        items.insert(place, payloads.socket_balance(**odd))
        listener.private.feed(payloads.balances(*items))
        (told,) = listener.balances
        assert [balance.currency for balance in told] == ["SOL", "BTC"]
        assert [type(error) for error in listener.errors] == [ProtocolError]

    @pytest.mark.parametrize("odd", [{"id": []}, {"amount": "many"}, {"side": 5}, {"currency_pair": None}])
    def test_r10_one_unreadable_order_or_fill_does_not_lose_the_others(
        self, listener: Listener, odd: dict[str, Any]
    ) -> None:
        listener.private.feed(
            payloads.orders(payloads.socket_order(id="1"), payloads.socket_order(**odd), payloads.socket_order(id="2"))
        )
        listener.private.feed(
            payloads.trades(payloads.socket_trade(id=1), payloads.socket_trade(**odd), payloads.socket_trade(id=2))
        )
        assert [order.order_id for order in listener.orders] == ["1", "2"]
        assert [fill.trade_id for fill in listener.fills] == ["1", "2"]
        assert [type(error) for error in listener.errors] == [ProtocolError, ProtocolError]

    @pytest.mark.parametrize("item", ["5", "null", "[]", "{}", '"x"'])
    def test_r10_an_item_that_is_no_object_does_not_lose_the_others(self, listener: Listener, item: str) -> None:
        for channel, good in (
            ("spot.orders", payloads.socket_order()),
            ("spot.usertrades", payloads.socket_trade()),
            ("spot.balances", payloads.socket_balance()),
        ):
            listener.private.feed(payloads.frame(channel, [msgspec.Raw(item.encode()), good]))
        assert (len(listener.orders), len(listener.fills), len(listener.balances)) == (1, 1, 1)
        assert len(listener.errors) == 3

    def test_nothing_readable_of_balances_is_no_event(self, listener: Listener) -> None:
        listener.private.feed(payloads.balances(payloads.socket_balance(freeze="-1")))
        assert (listener.balances, len(listener.errors)) == ([], 1)

    @pytest.mark.parametrize("changes", [{"event": "subscribe"}, {"error": {"code": 2, "message": "no"}}])
    def test_an_unreadable_item_of_what_is_no_update_is_not_told(
        self, listener: Listener, changes: dict[str, Any]
    ) -> None:
        frame = payloads.frame("spot.orders", [payloads.socket_order(), 5])
        listener.private.feed(payloads.encode(msgspec.json.decode(frame) | changes))
        assert (listener.orders, len(listener.errors)) == ([], 1)

    def test_r12_neither_log_nor_error_quotes_a_frame(self, listener: Listener) -> None:
        with structlog.testing.capture_logs() as logs:
            for changes in ({"side": "hush"}, {"currency_pair": "hush"}, {"amount": "hush"}, {"text": ["hush"]}):
                listener.private.feed(payloads.orders(payloads.socket_order(**changes)))
        assert len(listener.errors) == 4
        assert "hush" not in repr(logs) + "".join(str(error) for error in listener.errors)

    def test_r12_key_and_secret_do_not_come_back_in_errors(self, listener: Listener) -> None:
        said = "demo-key and s3cr3t-demo"
        listener.private.feed(payloads.frame("spot.orders", None, event="", error={"code": 4, "message": said}))
        assert "demo" not in str(listener.errors[0])


GOOD = [
    payloads.orders(payloads.socket_order()),
    payloads.trades(payloads.socket_trade()),
    payloads.balances(payloads.socket_balance()),
    payloads.frame("spot.book_ticker", payloads.book_ticker()),
    payloads.frame("spot.orders", {"status": "success"}, event="subscribe", id=1),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def check_survives(frame: bytes) -> None:
    """No exception, at most one error, and the next good frame is read."""
    for listener in (Listener(), Listener()):
        feed = listener.private.feed
        feed(frame)
        assert len(listener.errors) <= 1
        heard = len(listener.orders)
        feed(payloads.orders(payloads.socket_order(id="after")))
        assert len(listener.orders) == heard + 1
    listener = Listener()
    listener.public.feed(frame)
    assert len(listener.errors) <= 1
    listener.public.feed(payloads.frame("spot.book_ticker", payloads.book_ticker(u=7)))
    assert listener.tickers[-1].update_id == 7


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(frame: bytes) -> None:
    check_survives(frame)
    listener = Listener()
    listener.private.feed(frame)
    try:
        parsed = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        parsed = None
    if not isinstance(parsed, dict):
        assert len(listener.errors) == 1


@settings(max_examples=100, deadline=None)
@given(frame=st.sampled_from(GOOD), cut=st.floats(0, 1), noise=st.binary(max_size=3))
def test_any_truncated_or_damaged_frame_is_survived(frame: bytes, cut: float, noise: bytes) -> None:
    where = int(len(frame) * cut)
    check_survives(frame[:where])
    check_survives(frame[:where] + noise + frame[where + len(noise) :])


@settings(max_examples=120, deadline=None)
@given(data=st.data(), value=json_values)
def test_any_value_in_place_of_any_field_is_survived(data: st.DataObject, value: Any) -> None:
    make, wrap = data.draw(
        st.sampled_from(
            [
                (payloads.socket_order, payloads.orders),
                (payloads.socket_trade, payloads.trades),
                (payloads.socket_balance, payloads.balances),
                (payloads.book_ticker, lambda item: payloads.frame("spot.book_ticker", item)),
            ]
        )
    )
    field = data.draw(st.sampled_from(sorted(make())))
    check_survives(wrap(make(**{field: value})))


@settings(max_examples=100, deadline=None)
@given(field=st.sampled_from(["channel", "event", "result", "error", "id"]), value=json_values)
def test_any_value_in_place_of_any_part_of_the_envelope_is_survived(field: str, value: Any) -> None:
    for good in GOOD:
        check_survives(payloads.encode(msgspec.json.decode(good) | {field: value}))


class TestPublic:
    def test_best_bid_and_ask(self, listener: Listener) -> None:
        listener.public.feed(payloads.frame("spot.book_ticker", payloads.book_ticker()))
        assert listener.tickers == [
            BookTicker(
                symbol=Symbol("SOL", "USDT"),
                bid=D("141.18"),
                bid_quantity=D("12.5"),
                ask=D("141.19"),
                ask_quantity=D(3),
                update_id=4815162343,
                time_ms=1760000000123,
            )
        ]

    @pytest.mark.parametrize("empty", ["", None])
    def test_an_empty_side_is_none(self, listener: Listener, empty: Any) -> None:
        listener.public.feed(payloads.frame("spot.book_ticker", payloads.book_ticker(b=empty, B=empty)))
        listener.public.feed(payloads.frame("spot.book_ticker", payloads.book_ticker(a=empty, A=empty)))
        assert [(ticker.bid, ticker.ask) for ticker in listener.tickers] == [(None, D("141.19")), (D("141.18"), None)]
        assert listener.tickers[0].bid_quantity is None
        assert listener.tickers[1].mid is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"s": "SOLUSDT"},
            {"s": ""},
            {"b": "NaN"},
            {"A": "-1"},
            {"B": ""},
            {"u": "x"},
            {"a": "Infinity"},
            {"t": -1},
            {"t": 10**15},
        ],
    )
    def test_a_bad_ticker_is_one_error(self, listener: Listener, changes: dict[str, Any]) -> None:
        listener.public.feed(payloads.frame("spot.book_ticker", payloads.book_ticker(**changes)))
        assert len(listener.errors) == 1
        assert listener.tickers == []

    def test_an_acknowledgement_and_a_refusal(self, listener: Listener) -> None:
        channel = "spot.book_ticker"
        listener.public.feed(payloads.frame(channel, {"status": "success"}, event="subscribe", id=1, error=None))
        error = {"code": 2, "message": "unknown currency pair: FOO_USDT"}
        listener.public.feed(payloads.frame(channel, {"status": "fail"}, event="subscribe", id=2, error=error))
        listener.public.feed(payloads.frame(channel, {"status": "fail"}, event="subscribe", id=3))
        assert listener.granted == [1]
        refused = listener.refused[2]
        assert isinstance(refused, VenueRefusedError)
        assert refused.reason is RefusalReason.UNKNOWN_SYMBOL
        assert 3 in listener.refused

    def test_a_failing_handler_is_one_error(self) -> None:
        errors: list[TellerError] = []

        def fail(_: BookTicker) -> None:
            raise ZeroDivisionError

        decoder = PublicFrameDecoder(
            PublicWebsocketHandlers(book_ticker=fail, connection=lambda _up, _cause: None, error=errors.append)
        )
        decoder.feed(payloads.frame("spot.book_ticker", payloads.book_ticker()))
        assert [type(error) for error in errors] == [HandlerFailedError]
