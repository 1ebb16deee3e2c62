"""Gate's payloads become our messages, value by value, and nothing that is no number passes for one (R11)."""

import contextlib
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.base.json_reader import Reader
from exchanges.gateio.spot import convert, wire
from exchanges.gateio.symbols import to_pair, to_symbol
from messages.balance import Balance
from messages.commands import AmendOrder, PlaceOrder, Withdraw
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce, WithdrawalStatus
from messages.errors import InvalidValueError, ProtocolError, TellerError
from messages.order import Fill, Order
from messages.symbol import Symbol
from messages.validation import LATEST_MS
from tests.exchanges.gateio import payloads
from tests.support.orders import paid

D = Decimal
SOL = Symbol("SOL", "USDT")

read_rest = Reader[wire.RestOrder](wire.RestOrder).read
read_socket = Reader[wire.SocketOrder](wire.SocketOrder).read
read_trade = Reader[wire.Trade](wire.Trade).read


def by_rest(**changes: Any) -> Order:
    return convert.rest_order(read_rest(payloads.encode(payloads.rest_order(**changes))))


def by_socket(**changes: Any) -> Order:
    return convert.socket_order(read_socket(payloads.encode(payloads.socket_order(**changes))))


def fill(**changes: Any) -> Fill:
    return convert.fill(read_trade(payloads.encode(payloads.rest_trade(**changes))))


class TestOrders:
    def test_every_field_of_an_order(self) -> None:
        expected = Order(
            symbol=SOL,
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            status=OrderStatus.PARTIALLY_FILLED,
            quantity=D("2.5"),
            price=D("141.2"),
            quote_quantity=None,
            filled_quantity=D("1.5"),
            filled_quote=D("211.77"),
            fees=paid("0.0015 SOL"),
            order_id="912345678901",
            client_order_id="desk7-000042",
            finish_reason=None,
            created_ms=1760000000211,
            updated_ms=1760000002045,
        )
        assert by_rest() == expected
        assert by_socket() == expected

    @pytest.mark.parametrize(
        ("status", "finish_as", "filled", "left", "expected"),
        [
            ("open", "open", "0", "2.5", OrderStatus.NEW),
            ("open", "open", "1", "1.5", OrderStatus.PARTIALLY_FILLED),
            ("closed", "filled", "2.5", "0", OrderStatus.FILLED),
            ("closed", "-", "2.5", "0", OrderStatus.FILLED),
            ("cancelled", "filled", "2.5", "0", OrderStatus.FILLED),
            ("cancelled", "cancelled", "0", "2.5", OrderStatus.CANCELED),
            ("cancelled", "cancelled", "1", "1.5", OrderStatus.CANCELED),
            ("cancelled", "liquidate_cancelled", "0", "2.5", OrderStatus.CANCELED),
            ("cancelled", "ioc", "1", "1.5", OrderStatus.EXPIRED),
            ("cancelled", "fok", "0", "2.5", OrderStatus.EXPIRED),
            ("cancelled", "poc", "0", "2.5", OrderStatus.EXPIRED),
            ("cancelled", "stp", "0", "2.5", OrderStatus.EXPIRED),
            ("cancelled", "small", "0", "2.5", OrderStatus.EXPIRED),
            ("cancelled", "depth_not_enough", "0", "2.5", OrderStatus.EXPIRED),
            ("cancelled", "trader_not_enough", "0", "2.5", OrderStatus.EXPIRED),
            ("cancelled", "price_protect_cancelled", "0", "2.5", OrderStatus.EXPIRED),
            ("cancelled", "unknown", "0", "2.5", OrderStatus.CANCELED),
            ("cancelled", "-", "2.5", "0", OrderStatus.FILLED),
            ("cancelled", "a_newer_word", "1", "1.5", OrderStatus.CANCELED),
        ],
    )
    def test_states(self, status: str, finish_as: str, filled: str, left: str, expected: OrderStatus) -> None:
        common = {"finish_as": finish_as, "filled_amount": filled, "left": left}
        assert by_rest(status=status, **common).status is expected
        event = "update" if status == "open" else "finish"
        if (status, finish_as) != ("closed", "-"):
            assert by_socket(event=event, **common).status is expected

    def test_a_new_order_by_socket(self) -> None:
        assert by_socket(event="put", filled_amount="0", left="2.5").status is OrderStatus.NEW
        assert by_socket(event="put", filled_amount="1", left="1.5").status is OrderStatus.PARTIALLY_FILLED

    def test_how_it_ended_is_kept_in_the_venues_word(self) -> None:
        assert by_rest(status="cancelled", finish_as="stp").finish_reason == "stp"
        assert by_rest(status="open").finish_reason is None
        assert by_rest(status="closed", finish_as="").finish_reason == "filled"

    def test_an_end_in_a_word_that_we_do_not_know_says_so(self) -> None:
        unknown = {"finish_as": "a_newer_word", "filled_amount": "1", "left": "1.5"}
        assert by_rest(status="cancelled", **unknown).finish_reason == "unknown_word:a_newer_word"
        assert by_socket(event="finish", **unknown).finish_reason == "unknown_word:a_newer_word"
        whole = by_rest(status="cancelled", finish_as="a_newer_word", filled_amount="2.5", left="0")
        assert whole.finish_reason == "a_newer_word", "nothing is left, so it is filled, whatever the word"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("t-a.b_C-9", "a.b_C-9"), ("t-t-x", "t-x"), ("apiv4", None), ("web", None), ("3", None), ("", None)],
    )
    def test_client_ids_lose_their_prefix_and_others_are_none_of_ours(self, text: str, expected: str | None) -> None:
        assert by_rest(text=text).client_order_id == expected

    @pytest.mark.parametrize(("gate", "ours"), [("gtc", "gtc"), ("ioc", "ioc"), ("fok", "fok"), ("poc", "post_only")])
    def test_times_in_force(self, gate: str, ours: str) -> None:
        assert by_rest(time_in_force=gate).time_in_force.value == ours

    def test_a_market_buy_is_in_quote(self) -> None:
        order = by_rest(
            type="market", time_in_force="ioc", amount="300", left="0", price="0", status="closed", finish_as="filled"
        )
        assert (order.quantity, order.quote_quantity, order.price) == (D(0), D(300), None)
        assert (order.filled_quantity, order.filled_quote) == (D("1.5"), D("211.77"))

    @pytest.mark.parametrize("finish_as", ["cancelled", "ioc", "unknown"])
    @pytest.mark.parametrize(
        ("left", "filled", "is_filled"), [("0.7", "2", True), ("150", "1", False), ("3", "0", False)]
    )
    def test_a_market_buy_that_leaves_only_dust_is_filled(
        self, finish_as: str, left: str, filled: str, is_filled: bool
    ) -> None:
        order = by_rest(
            type="market",
            time_in_force="ioc",
            amount="300",
            left=left,
            filled_amount=filled,
            price="0",
            status="cancelled",
            finish_as=finish_as,
        )
        assert (order.status is OrderStatus.FILLED) is is_filled

    def test_a_market_sell_is_in_base_and_dust_is_dust(self) -> None:
        order = by_rest(
            type="market", side="sell", time_in_force="ioc", amount="300", left="0.7", filled_amount="299.3", price="0",
            status="cancelled", finish_as="ioc",
        )  # fmt: skip
        assert (order.quantity, order.quote_quantity, order.status) == (D(300), None, OrderStatus.EXPIRED)

    @pytest.mark.parametrize("missing", [{"filled_amount": ""}, {"filled_amount": None}])
    def test_a_filled_amount_that_is_left_out_is_worked_out(self, missing: dict[str, Any]) -> None:
        assert by_rest(**missing).filled_quantity == D("1.5")
        market = {"type": "market", "time_in_force": "ioc", "amount": "300", "price": "0", "status": "closed"}
        assert by_rest(**missing, **market, filled_total="282", avg_deal_price="141").filled_quantity == D(2)
        assert by_rest(**missing, **market, filled_total="0", left="300").filled_quantity == D(0)
        assert by_rest(**missing).filled_is_derived
        assert by_rest(**missing, **market, filled_total="282", avg_deal_price="141").filled_is_derived
        assert not by_rest(**missing, **market, filled_total="0", left="300").filled_is_derived
        assert not by_rest().filled_is_derived

    @pytest.mark.parametrize(
        ("changes", "fees"),
        [
            ({}, ["0.0015 SOL"]),
            ({"fee": "0"}, []),
            ({"fee": "0.000"}, []),
            ({"fee": "-0.001"}, ["-0.001 SOL"]),
            ({"fee": "0", "gt_fee": "0.02"}, ["0.02 GT"]),
            ({"fee": "0", "point_fee": "3"}, ["3 POINT"]),
            ({"fee": "0", "rebated_fee": "0.01"}, ["-0.01 USDT"]),
            ({"fee": "0.5", "gt_fee": "0.02"}, ["0.02 GT", "0.5 SOL"]),
            ({"fee": "0.5", "rebated_fee": "0.01"}, ["0.5 SOL", "-0.01 USDT"]),
            (
                {"fee": "0.5", "gt_fee": "0.02", "point_fee": "3", "rebated_fee": "0.01"},
                ["0.02 GT", "3 POINT", "0.5 SOL", "-0.01 USDT"],
            ),
            ({"fee": "0.5", "fee_currency": "GT", "gt_fee": "0.02"}, ["0.52 GT"]),
            ({"fee": "0.5", "fee_currency": "USDT", "rebated_fee": "0.5"}, []),
            ({"fee": "0.5", "fee_currency": ""}, ["0.5 ?"]),
        ],
    )
    def test_r2_every_fee_is_kept_in_its_currency_and_rebates_are_negative(
        self, changes: dict[str, str], fees: list[str]
    ) -> None:
        for order in (by_rest(**changes), by_socket(**changes)):
            assert [str(fee) for fee in order.fees] == fees

    @pytest.mark.parametrize(
        "value", [1760000002045, "1760000002045", "1760000002045.000", "1760000002045.9", 1760000002045.0]
    )
    def test_times_of_any_shape(self, value: object) -> None:
        assert by_rest(update_time_ms=value).updated_ms == 1760000002045

    @pytest.mark.parametrize(
        ("in_ms", "in_s", "time_ms"),
        [
            (1760000002045, 1760000002, 1760000002045),
            (0, 1760000002, 1760000002000),
            ("0", "1760000002", 1760000002000),
            ("0", "0", 0),
            (0, 0, 0),
        ],
    )
    def test_a_time_that_is_told_twice_may_be_left_out_in_milliseconds_or_in_both(
        self, in_ms: object, in_s: object, time_ms: int
    ) -> None:
        made = by_rest(create_time_ms=in_ms, create_time=in_s, update_time_ms=in_ms, update_time=in_s)
        assert (made.created_ms, made.updated_ms) == (time_ms, time_ms)
        assert fill(create_time_ms=in_ms, create_time=in_s).time_ms == time_ms

    @pytest.mark.parametrize("value", [1.5, 2, "1.5", "2", "2.50"])
    def test_r11_a_number_that_is_no_text_still_is_exact(self, value: object) -> None:
        order = by_rest(amount=value)
        assert type(order.quantity) is Decimal
        assert order.quantity == D(str(value))

    def test_r11_digits_that_no_float_holds_stay(self) -> None:
        raw = payloads.encode(payloads.rest_order()).replace(b'"2.5"', b"0.1000000000000000055511151231257827")
        assert convert.rest_order(read_rest(raw)).quantity == D("0.1000000000000000055511151231257827")

    @pytest.mark.parametrize("empty", [None, ""])
    @pytest.mark.parametrize("field", ["fee", "gt_fee", "point_fee", "rebated_fee", "filled_total", "text", "price"])
    def test_no_value_in_any_of_its_spellings(self, field: str, empty: object) -> None:
        changes = {field: empty, "type": "market", "time_in_force": "ioc"} if field == "price" else {field: empty}
        assert by_rest(**changes).order_id == "912345678901"
        order = payloads.rest_order(**changes)
        del order[field]
        assert convert.rest_order(read_rest(payloads.encode(order))).order_id == "912345678901"

    @pytest.mark.parametrize(
        "changes",
        [
            {"side": "hold"},
            {"status": "lost", "finish_as": "nobody knows"},
            {"status": "", "finish_as": "-"},
            {"currency_pair": "SOLUSDT"},
            {"currency_pair": "SOL_SOL"},
            {"amount": "NaN"},
            {"amount": "Infinity"},
            {"amount": "-1"},
            {"amount": "1e400"},
            {"amount": "a lot"},
            {"amount": True},
            {"filled_amount": "sNaN"},
            {"filled_total": "-Infinity"},
            {"price": "-1"},
            {"price": "1e-31"},
            {"amount": "1e-31"},
            {"filled_amount": "1e-31"},
            {"price": "Infinity"},
            {"fee": "NaN"},
            {"fee": "much"},
            {"id": 5.5},
            {"id": ""},
            {"id": "9" * 65},
            {"id": "1\n2"},
            {"update_time_ms": "soon"},
            {"update_time_ms": []},
            {"update_time_ms": 10**22},
            {"update_time_ms": "1" + "0" * 22},
            {"update_time_ms": 253_402_300_800_000},
            {"create_time_ms": -1},
            {"update_time_ms": 0, "update_time": 10**12},
            {"text": 7},
        ],
    )
    def test_what_cannot_be_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises((TellerError, ArithmeticError, msgspec.MsgspecError)):
            by_rest(**changes)

    @pytest.mark.parametrize("field", ["amount", "price", "filled_amount", "filled_total"])
    def test_an_amount_is_as_large_or_as_small_as_it_says_up_to_what_none_is(self, field: str) -> None:
        for value in ("9e24", "1e-30"):
            assert by_rest(**{field: value}).order_id == "912345678901"
        with pytest.raises(ProtocolError, match="beyond all amounts"):
            by_rest(**{field: "1e25"})

    @pytest.mark.parametrize("field", ["available", "freeze", "locked"])
    def test_a_balance_is_refused_from_the_amount_on_that_none_is(self, field: str) -> None:
        def read(amount: str) -> Balance:
            if field == "freeze":
                text = payloads.encode(payloads.socket_balance(freeze=amount))
                return convert.socket_balance(msgspec.json.decode(text, type=wire.SocketBalance))
            account = {"currency": "SOL", "available": "1", "locked": "2", field: amount}
            return convert.account_balance(msgspec.json.decode(payloads.encode(account), type=wire.SpotAccount))

        assert D("9e24") in {read("9e24").available, read("9e24").locked}
        with pytest.raises(ProtocolError, match="beyond all amounts"):
            read("1e25")

    def test_only_an_id_of_ours_is_a_client_id(self) -> None:
        assert [convert.client_order_id(text) for text in ("t-a", "t-", "", "web", "apiv4")] == ["a"] + [None] * 4

    def test_a_market_buy_that_bought_nothing_is_not_filled_however_little_is_left(self) -> None:
        made = by_rest(
            type="market",
            amount="100",
            left="0.5",
            filled_amount="0",
            filled_total="0",
            status="cancelled",
            finish_as="ioc",
        )
        assert made.status is OrderStatus.EXPIRED

    @pytest.mark.parametrize("text", ["\u00b2\u00b2.5", "", "9" * 19 + ".5", "1.5.5x", "-1.5"])
    def test_a_time_that_is_no_number_is_a_protocol_error(self, text: str) -> None:
        if text == "1.5.5x":
            assert convert.milliseconds(text) == 1
            return
        with pytest.raises(ProtocolError):
            convert.milliseconds(text)

    def test_an_event_that_nobody_knows_is_refused(self) -> None:
        with pytest.raises(TellerError):
            by_socket(event="vanish", finish_as="-")


class TestFills:
    def test_every_field_by_rest_and_by_socket(self) -> None:
        expected = Fill(
            symbol=SOL,
            trade_id="7744112",
            order_id="912345678901",
            client_order_id="desk7-000042",
            side=Side.BUY,
            price=D("141.18"),
            quantity=D("1.5"),
            fees=paid("0.0015 SOL"),
            liquidity=Liquidity.TAKER,
            time_ms=1760000002041,
        )
        assert fill() == expected
        assert convert.fill(read_trade(payloads.encode(payloads.socket_trade()))) == expected

    def test_ids_are_texts_whatever_they_were(self) -> None:
        made = fill(id=36028797827161124, order_id=36028797827161125)
        assert (made.trade_id, made.order_id) == ("36028797827161124", "36028797827161125")

    @pytest.mark.parametrize(
        ("changes", "fees"),
        [
            ({"fee": "-0.0002"}, ["-0.0002 SOL"]),
            ({"fee": "0", "gt_fee": "0.1"}, ["0.1 GT"]),
            ({"fee": "0", "point_fee": "0.1"}, ["0.1 POINT"]),
            ({"fee": ""}, []),
            ({"fee": "0.2", "gt_fee": "0.1", "point_fee": "3"}, ["0.1 GT", "3 POINT", "0.2 SOL"]),
        ],
    )
    def test_r2_every_fee_is_kept_in_its_currency(self, changes: dict[str, str], fees: list[str]) -> None:
        assert [str(fee) for fee in fill(**changes).fees] == fees

    @pytest.mark.parametrize(
        "changes",
        [
            {"side": ""},
            {"amount": "0"},
            {"price": "Infinity"},
            {"amount": "NaN"},
            {"create_time_ms": 10**22},
            {"amount": "1e26"},
            {"amount": "1e-31"},
            {"price": "1e26"},
            {"price": "1e-31"},
        ],
    )
    def test_what_cannot_be_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises((TellerError, ArithmeticError, msgspec.MsgspecError)):
            fill(**changes)


class TestMarkets:
    PAIR = {
        "id": "SOL_USDT",
        "base": "SOL",
        "base_name": "Solana",
        "quote": "USDT",
        "fee": "0.2",
        "min_base_amount": "0.001",
        "min_quote_amount": "3",
        "max_base_amount": None,
        "max_quote_amount": "5000000",
        "amount_precision": 3,
        "precision": 2,
        "trade_status": "tradable",
        "sell_start": 0,
        "buy_start": 0,
        "delisting_time": 0,
        "type": "normal",
        "st_tag": False,
    }

    def instrument(self, **changes: Any) -> Any:
        raw = payloads.encode(self.PAIR | changes)
        return convert.instrument(Reader[wire.CurrencyPair](wire.CurrencyPair).read(raw))

    def test_rules(self) -> None:
        made = self.instrument()
        assert (made.symbol, made.tick, made.lot, made.quote_step) == (SOL, D("0.01"), D("0.001"), D("0.01"))
        assert (made.min_quantity, made.max_quantity) == (D("0.001"), None)
        assert (made.min_notional, made.max_notional) == (D(3), D(5_000_000))

    @pytest.mark.parametrize(
        ("status", "can_buy", "can_sell"),
        [
            ("tradable", True, True),
            ("buyable", True, False),
            ("sellable", False, True),
            ("untradable", False, False),
            ("a new word", False, False),
        ],
    )
    def test_what_is_open(self, status: str, can_buy: bool, can_sell: bool) -> None:
        made = self.instrument(trade_status=status)
        assert (made.can_buy, made.can_sell) == (can_buy, can_sell)

    def test_when_a_market_opens_is_kept_for_when_an_order_is_placed(self) -> None:
        made = self.instrument(buy_start=1_760_000_001, sell_start=1_759_999_999, delisting_time=1)
        assert (made.can_buy, made.can_sell) == (True, True)
        assert (made.buy_opens_ms, made.sell_opens_ms) == (1_760_000_001_000, 1_759_999_999_000)

    @pytest.mark.parametrize(("start", "opens_ms"), [(-1, 0), (0, 0), (10**18, LATEST_MS), (10**30, LATEST_MS)])
    def test_an_opening_beyond_all_time_keeps_the_other_side_open(self, start: int, opens_ms: int) -> None:
        made = self.instrument(buy_start=start)
        assert (made.buy_opens_ms, made.sell_opens_ms) == (opens_ms, 0)

    @pytest.mark.parametrize("changes", [{"precision": 21}, {"amount_precision": -1}, {"base": "s l"}])
    def test_rules_that_cannot_be_are_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError):
            self.instrument(**changes)

    def test_whole_numbers_only(self) -> None:
        made = self.instrument(amount_precision=0, precision=0)
        assert (made.tick, made.lot) == (D(1), D(1))

    def test_pairs_and_symbols(self) -> None:
        assert to_symbol("SOL_USDT") == SOL
        assert to_symbol("SOL_USDT") is to_symbol("SOL_USDT")
        assert to_pair(SOL) == "SOL_USDT"

    @pytest.mark.parametrize("pair", ["", "SOL", "_USDT", "SOL_", "SOL-USDT", "S/L_USDT"])
    def test_pairs_that_are_none(self, pair: str) -> None:
        with pytest.raises(InvalidValueError):
            to_symbol(pair)


class TestWithdrawals:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("REQUEST", WithdrawalStatus.REQUESTED),
            ("REVIEW", WithdrawalStatus.PROCESSING),
            ("VERIFY", WithdrawalStatus.PROCESSING),
            ("MANUAL", WithdrawalStatus.PROCESSING),
            ("PROCES", WithdrawalStatus.PROCESSING),
            ("PEND", WithdrawalStatus.PROCESSING),
            ("EXTPEND", WithdrawalStatus.PROCESSING),
            ("DMOVE", WithdrawalStatus.PROCESSING),
            ("BCODE", WithdrawalStatus.PROCESSING),
            ("DONE", WithdrawalStatus.DONE),
            ("CANCEL", WithdrawalStatus.CANCELED),
            ("FAIL", WithdrawalStatus.FAILED),
            ("INVALID", WithdrawalStatus.FAILED),
            ("A_NEW_WORD", WithdrawalStatus.PROCESSING),
        ],
    )
    def test_statuses(self, word: str, status: WithdrawalStatus) -> None:
        raw = payloads.encode(
            {"id": "w1", "timestamp": "1760000100", "withdraw_order_id": "", "currency": "USDT", "address": "T1",
             "txid": None, "amount": "120.5", "memo": "", "status": word, "chain": "TRX"}
        )  # fmt: skip
        made = convert.withdrawal(Reader[wire.WireWithdrawal](wire.WireWithdrawal).read(raw))
        assert (made.status, made.venue_status) == (status, word)
        assert (made.client_withdrawal_id, made.transaction_id, made.fee) == (None, "", None)
        assert made.created_ms == 1_760_000_100_000


class TestBodies:
    def test_a_limit_order(self) -> None:
        order = PlaceOrder.post_only(SOL, Side.SELL, D("1E+2"), D("0.00000010"), client_order_id="a-1")
        assert msgspec.json.decode(msgspec.json.encode(convert.place_body(order))) == {
            "text": "t-a-1",
            "currency_pair": "SOL_USDT",
            "type": "limit",
            "side": "sell",
            "amount": "100",
            "account": "spot",
            "time_in_force": "poc",
            "price": "0.00000010",
        }

    def test_a_market_buy_in_quote_without_a_price(self) -> None:
        body = convert.place_body(PlaceOrder.market_buy(SOL, D("25.5"), client_order_id="a-1"))
        raw = msgspec.json.decode(msgspec.json.encode(body))
        assert (raw["amount"], raw["type"], raw["time_in_force"]) == ("25.5", "market", "ioc")
        assert "price" not in raw

    def test_r3_nothing_is_sent_without_an_id_of_ours(self) -> None:
        with pytest.raises(InvalidValueError, match="client_order_id"):
            convert.place_body(PlaceOrder.limit(SOL, Side.BUY, D(1), D(1)))
        with pytest.raises(InvalidValueError, match="client_withdrawal_id"):
            convert.withdraw_body(Withdraw(currency="USDT", amount=D(1), chain="TRX", address="T1"))

    def test_an_amendment_names_only_what_changes(self) -> None:
        body = convert.amend_body(AmendOrder(symbol=SOL, order_id="1", price=D("1E-8")))
        assert msgspec.json.decode(msgspec.json.encode(body)) == {
            "currency_pair": "SOL_USDT",
            "account": "spot",
            "price": "0.00000001",
        }

    @given(st.decimals(min_value=D("1e-20"), max_value=D("1e20"), allow_nan=False, allow_infinity=False))
    def test_r11_a_number_goes_out_exact_and_without_an_exponent(self, value: Decimal) -> None:
        text = convert.plain(value)
        assert D(text) == value
        assert "E" not in text.upper()


@given(value=st.one_of(st.text(max_size=30), st.integers(), st.floats()))
def test_any_time_is_whole_milliseconds_or_refused(value: str | int | float) -> None:
    with contextlib.suppress(TellerError):
        assert type(convert.milliseconds(value)) is int
