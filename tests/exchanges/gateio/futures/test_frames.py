"""Frames of both sockets, good ones and bad ones, without a socket: one bad frame is one error and the next is read."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.base.futures_clients import FuturesPrivateHandlers, FuturesPublicHandlers
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from exchanges.base.server_clock import ServerClock
from exchanges.base.websocket_connection import HandlerFailedError
from exchanges.gateio.futures.private_ws import GateioFuturesPrivateFrames, PrivateFrameDecoder
from exchanges.gateio.futures.public_ws import GateioFuturesPublicFrames, PublicFrameDecoder
from exchanges.gateio.settings import GateioSettings
from messages.enums import OrderOrigin, OrderStatus
from messages.errors import ProtocolError, RefusalReason, TellerError, VenueRefusedError
from messages.margin import LedgerEntry, LedgerKind
from messages.market import BookTicker
from messages.order import Fill, Order
from messages.perpetual import MarkPrice
from messages.position import Position
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.futures.scripted import ALPHA, NOW_MS, SOL
from tests.exchanges.gateio.futures.tables import contracts_of

D = Decimal
PRIVATE = ["futures.orders", "futures.usertrades", "futures.positions", "futures.balances"]
GOOD: dict[str, dict[str, Any]] = {
    "futures.orders": payloads.socket_order(),
    "futures.usertrades": payloads.socket_trade(),
    "futures.positions": payloads.socket_position(),
    "futures.balances": payloads.socket_balance(),
}


class Listener:
    """Handlers that remember, and someone who waits for answers to requests 1 to 4."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.fills: list[Fill] = []
        self.positions: list[Position] = []
        self.entries: list[LedgerEntry] = []
        self.tickers: list[BookTicker] = []
        self.marks: list[MarkPrice] = []
        self.errors: list[TellerError] = []
        self.granted: list[int] = []
        self.refused: dict[int, TellerError] = {}
        table = contracts_of(SOL_USDT="0.5")
        self.handlers = FuturesPrivateHandlers(
            order=self.orders.append,
            balance=lambda _: None,
            execution=self.fills.append,
            connection=lambda _up, _cause: None,
            error=self.errors.append,
            position=self.positions.append,
            ledger=self.entries.append,
        )
        self.private = PrivateFrameDecoder(self.handlers, table, hide=ALPHA)
        self.private.attach(self)
        self.public = PublicFrameDecoder(
            FuturesPublicHandlers(
                book_ticker=self.tickers.append,
                connection=lambda _up, _cause: None,
                error=self.errors.append,
                mark_price=self.marks.append,
            ),
            table,
        )
        self.public.attach(self)

    @property
    def told(self) -> dict[str, int]:
        return {
            "futures.orders": len(self.orders),
            "futures.usertrades": len(self.fills),
            "futures.positions": len(self.positions),
            "futures.balances": len(self.entries),
        }

    def acknowledge(self, request_id: int, result: object = None) -> bool:
        self.granted.append(request_id)
        return 1 <= request_id <= 4

    def refuse(self, request_id: int, error: TellerError) -> bool:
        if not 1 <= request_id <= 4:
            return False
        self.refused[request_id] = error
        return True


@pytest.fixture
def listener() -> Listener:
    return Listener()


class TestPrivate:
    def test_orders_are_in_base_one_by_one_in_their_order(self, listener: Listener) -> None:
        listener.private.feed(payloads.orders(payloads.socket_order(id=1), payloads.socket_order(id=2, left=-10)))
        assert [(order.order_id, order.filled_quantity) for order in listener.orders] == [("1", D(20)), ("2", D(15))]
        assert listener.errors == []

    def test_a_liquidation_is_told_as_such(self, listener: Listener) -> None:
        listener.private.feed(payloads.orders(payloads.socket_order(is_liq=True, text="liq-1")))
        listener.private.feed(payloads.trades(payloads.socket_trade(text="auto_deleveraging")))
        assert listener.orders[0].origin is OrderOrigin.LIQUIDATION
        assert listener.fills[0].origin is OrderOrigin.AUTO_DELEVERAGING

    def test_fills_positions_and_the_wallet(self, listener: Listener) -> None:
        listener.private.feed(payloads.trades(payloads.socket_trade(), payloads.socket_trade(id="8")))
        listener.private.feed(
            payloads.positions(payloads.socket_position(), payloads.socket_position(size=0, update_id=19))
        )
        listener.private.feed(payloads.balances(payloads.socket_balance(type="fund", text="SOL_USDT")))
        assert [fill.trade_id for fill in listener.fills] == ["3335259", "8"]
        assert [(each.quantity, each.update_id) for each in listener.positions] == [(D(-20), 18), (D(0), 19)]
        assert [entry.kind for entry in listener.entries] == [LedgerKind.FUNDING]

    def test_sizes_come_as_texts_with_decimals_too(self, listener: Listener) -> None:
        listener.private.feed(payloads.orders(payloads.socket_order(size="-40.5", left="-0.5", iceberg="0")))
        listener.private.feed(payloads.positions(payloads.socket_position(size="-40.5")))
        assert (listener.orders[0].quantity, listener.orders[0].filled_quantity) == (D("20.25"), D(20))
        assert listener.positions[0].quantity == D("-20.25")

    def test_handlers_of_every_account_are_told_orders_and_fills_and_nothing_of_positions(self) -> None:
        orders: list[Order] = []
        errors: list[TellerError] = []
        plain = PrivateFrameDecoder(
            PrivateWebsocketHandlers(
                order=orders.append,
                balance=lambda _: None,
                execution=lambda _: None,
                connection=lambda _up, _cause: None,
                error=errors.append,
            ),
            contracts_of(),
        )
        for channel in PRIVATE:
            plain.feed(payloads.frame(channel, [GOOD[channel]]))
        assert (len(orders), errors) == (1, [])

    @pytest.mark.parametrize("channel", PRIVATE)
    def test_an_acknowledgement(self, listener: Listener, channel: str) -> None:
        listener.private.feed(payloads.frame(channel, {"status": "success"}, event="subscribe", id=2, error=None))
        assert listener.granted == [2]

    @pytest.mark.parametrize("channel", PRIVATE)
    def test_a_refusal(self, listener: Listener, channel: str) -> None:
        error = {"code": 4, "message": "invalid key"}
        listener.private.feed(payloads.frame(channel, None, event="subscribe", id=2, error=error))
        refusal = listener.refused[2]
        assert isinstance(refusal, VenueRefusedError)
        assert refusal.reason is RefusalReason.AUTHENTICATION

    def test_no_futures_account_yet(self, listener: Listener) -> None:
        error = {"code": 2, "message": '{"label":"USER_NOT_FOUND","message":"no account"}'}
        listener.private.feed(payloads.frame("futures.orders", None, event="subscribe", id=1, error=error))
        refusal = listener.refused[1]
        assert isinstance(refusal, VenueRefusedError)
        assert refusal.reason is RefusalReason.TRADING_DISABLED

    def test_a_pong_and_an_announcement_are_no_events(self, listener: Listener) -> None:
        listener.private.feed(payloads.frame("futures.pong", None, event="", error=None))
        upgrade = payloads.frame("futures.system", {"type": "upgrade", "msg": "soon"})
        listener.private.feed(upgrade)
        listener.public.feed(upgrade)
        assert (listener.told, listener.errors) == (dict.fromkeys(PRIVATE, 0), [])

    @pytest.mark.parametrize("channel", PRIVATE)
    @pytest.mark.parametrize(
        "junk",
        [None, 7, "x", [], {}, {"contract": "SOL_USDT"}, {"contract": "BTC_USD"}, {"size": "x"}, {"update_id": "x"}],
        ids=str,
    )
    def test_r10_what_is_wrong_with_one_keeps_no_other_from_being_told(
        self, listener: Listener, channel: str, junk: Any
    ) -> None:
        if junk in ({"contract": "SOL_USDT"}, {"contract": "BTC_USD"}, {"size": "x"}, {"update_id": "x"}):
            junk = {name: value for name, value in GOOD[channel].items() if name in {"contract", "id"}} | junk
        with structlog.testing.capture_logs() as logs:
            listener.private.feed(payloads.frame(channel, [GOOD[channel], junk, GOOD[channel]]))
        assert listener.told[channel] == 2
        assert len(listener.errors) == len(logs) == 1
        listener.private.feed(payloads.frame(channel, [GOOD[channel]]))
        assert listener.told[channel] == 3

    def test_a_market_whose_size_is_not_known_is_one_error_and_is_asked_for(self, listener: Listener) -> None:
        listener.private.feed(payloads.orders(payloads.socket_order(contract="NEW_USDT"), payloads.socket_order()))
        assert len(listener.orders) == 1
        assert [type(error) for error in listener.errors] != []
        assert all(isinstance(error, ProtocolError) for error in listener.errors)

    @pytest.mark.parametrize("channel", PRIVATE)
    def test_a_handler_that_fails_is_one_error(self, channel: str) -> None:
        errors: list[TellerError] = []

        def fail(_: object) -> None:
            raise ZeroDivisionError

        decoder = PrivateFrameDecoder(
            FuturesPrivateHandlers(
                order=fail,
                balance=fail,
                execution=fail,
                connection=lambda _up, _cause: None,
                error=errors.append,
                position=fail,
                ledger=fail,
            ),
            contracts_of(),
        )
        with structlog.testing.capture_logs():
            decoder.feed(payloads.frame(channel, [GOOD[channel], GOOD[channel]]))
        assert [type(error) for error in errors] == [HandlerFailedError]

    @settings(max_examples=300, deadline=None)
    @given(
        st.binary()
        | st.builds(
            lambda channel, result: payloads.frame(channel, result),
            st.sampled_from([*PRIVATE, "futures.new", "futures.pong"]),
            st.recursive(
                st.none() | st.integers(-(2**63), 2**63) | st.text() | st.booleans(),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
                max_leaves=6,
            ),
        )
    )
    def test_r10_any_bytes_are_taken(self, frame: bytes) -> None:
        listener = Listener()
        with structlog.testing.capture_logs():
            listener.private.feed(frame)
            listener.public.feed(frame)
        listener.private.feed(payloads.orders(payloads.socket_order()))
        assert listener.orders[-1].status is OrderStatus.FILLED


class TestPublic:
    def test_a_book_ticker_in_base(self, listener: Listener) -> None:
        listener.public.feed(payloads.frame("futures.book_ticker", payloads.book_ticker(B=840, A="77")))
        (ticker,) = listener.tickers
        assert (ticker.bid_quantity, ticker.ask_quantity) == (D(420), D("38.5"))

    def test_mark_prices_have_the_time_of_their_frame(self, listener: Listener) -> None:
        listener.public.feed(
            payloads.frame("futures.tickers", [payloads.ticker(), payloads.ticker(contract="BTC_USDT")])
        )
        assert [(str(mark.symbol), mark.mark_price, mark.time_ms) for mark in listener.marks] == [
            ("SOL/USDT:USDT", D("141.21"), 1760000002047),
            ("BTC/USDT:USDT", D("141.21"), 1760000002047),
        ]

    @pytest.mark.parametrize("junk", [{"mark_price": "soon"}, {"mark_price": "0"}, {"contract": "BTC_USD"}], ids=str)
    def test_r10_junk_among_tickers_keeps_no_other_from_being_told(
        self, listener: Listener, junk: dict[str, Any]
    ) -> None:
        with structlog.testing.capture_logs():
            listener.public.feed(payloads.frame("futures.tickers", [payloads.ticker(**junk), payloads.ticker()]))
        assert (len(listener.marks), len(listener.errors)) == (1, 1)

    def test_who_wants_no_mark_prices_is_told_none(self) -> None:
        tickers: list[BookTicker] = []
        errors: list[TellerError] = []
        handlers = PublicWebsocketHandlers(
            book_ticker=tickers.append, connection=lambda _up, _cause: None, error=errors.append
        )
        plain = PublicFrameDecoder(handlers, contracts_of())
        plain.feed(payloads.frame("futures.tickers", [payloads.ticker()]))
        plain.feed(payloads.frame("futures.book_ticker", payloads.book_ticker()))
        assert (len(tickers), errors) == (1, [])

    @pytest.mark.parametrize("channel", ["futures.book_ticker", "futures.tickers"])
    def test_answers_to_subscriptions(self, listener: Listener, channel: str) -> None:
        listener.public.feed(payloads.frame(channel, {"status": "success"}, event="subscribe", id=1, error=None))
        assert listener.granted == [1]
        error = {"code": 2, "message": "unknown contract FOO_USDT"}
        listener.public.feed(payloads.frame(channel, None, event="subscribe", id=3, error=error))
        refusal = listener.refused[3]
        assert isinstance(refusal, VenueRefusedError)
        assert refusal.reason is RefusalReason.UNKNOWN_SYMBOL

    def test_handlers_that_fail(self) -> None:
        errors: list[TellerError] = []

        def fail(_: object) -> None:
            raise ZeroDivisionError

        handlers = FuturesPublicHandlers(
            book_ticker=fail, connection=lambda _up, _cause: None, error=errors.append, mark_price=fail
        )
        decoder = PublicFrameDecoder(handlers, contracts_of())
        with structlog.testing.capture_logs():
            decoder.feed(payloads.frame("futures.book_ticker", payloads.book_ticker()))
            decoder.feed(payloads.frame("futures.tickers", [payloads.ticker(), payloads.ticker()]))
        assert [type(error) for error in errors] == [HandlerFailedError, HandlerFailedError]


class TestSubscriptions:
    async def test_an_account_names_its_number_and_asks_for_all_markets(self) -> None:
        async def user_id() -> str:
            return "7"

        frames = GateioFuturesPrivateFrames(
            url="ws://exchange.test/v4/ws/usdt",
            credentials=ALPHA,
            handlers=Listener().handlers,
            contracts=contracts_of(),
            user_id=user_id,
            server_clock=ServerClock(ManualClock(unix_ms=NOW_MS)),
            settings=GateioSettings(),
        )
        assert await frames.url() == "ws://exchange.test/v4/ws/usdt"
        assert frames.login() == ()
        asked = [msgspec.json.decode(frame) for _, frame in frames.subscriptions()]
        assert [(each["channel"], each["payload"]) for each in asked] == [
            ("futures.orders", ["7", "!all"]),
            ("futures.usertrades", ["7", "!all"]),
            ("futures.positions", ["7", "!all"]),
            ("futures.balances", ["7"]),
        ]
        assert {each["auth"]["KEY"] for each in asked} == {"demo-key"}
        assert frames.handshake_headers == {"X-Gate-Size-Decimal": "1"}
        assert msgspec.json.decode(frames.heartbeat())["channel"] == "futures.ping"

    @pytest.mark.parametrize(("wants_marks", "channels"), [(True, 2), (False, 1)])
    async def test_a_feed_asks_for_what_its_handlers_want(self, wants_marks: bool, channels: int) -> None:
        told = FuturesPublicHandlers if wants_marks else PublicWebsocketHandlers
        frames = GateioFuturesPublicFrames(
            url="ws://exchange.test/v4/ws/usdt",
            handlers=told(book_ticker=lambda _: None, connection=lambda _up, _cause: None, error=lambda _: None),
            contracts=contracts_of(),
            server_clock=ServerClock(ManualClock(unix_ms=NOW_MS)),
            settings=GateioSettings(),
        )
        assert await frames.url() == "ws://exchange.test/v4/ws/usdt"
        asked = [msgspec.json.decode(frame) for _, frame in frames.subscriptions([SOL, SOL])]
        assert [each["payload"] for each in asked] == [["SOL_USDT"]] * channels
        assert [each["channel"] for each in asked] == ["futures.book_ticker", "futures.tickers"][:channels]
