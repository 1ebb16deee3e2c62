"""Gate's orders and fills of perpetuals become ours, value by value, in base, with their signs (R11)."""

import contextlib
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.base.json_reader import Reader
from exchanges.gateio.futures import orders, wire
from messages.enums import Liquidity, OrderOrigin, OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InvalidValueError, ProtocolError, TellerError
from messages.order import Fill, Order
from messages.symbol import Symbol
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.futures.tables import contracts_of
from tests.support.orders import paid

D = Decimal
SOL = Symbol("SOL", "USDT", "USDT")
TABLE = contracts_of()
read_order = Reader[wire.Order](wire.Order).read
read_trade = Reader[wire.Trade](wire.Trade).read


def ours(payload: dict[str, Any], **multipliers: str) -> Order:
    return orders.order(read_order(payloads.encode(payload)), contracts_of(**multipliers))


def by_rest(**changes: Any) -> Order:
    return ours(payloads.rest_order(**changes))


def by_socket(**changes: Any) -> Order:
    return ours(payloads.socket_order(**changes))


def fill(payload: dict[str, Any], **multipliers: str) -> Fill:
    return orders.fill(read_trade(payloads.encode(payload)), contracts_of(**multipliers))


class TestOrders:
    def test_every_field_of_an_order_is_the_same_by_both_ways(self) -> None:
        expected = Order(
            symbol=SOL,
            side=Side.SELL,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            status=OrderStatus.FILLED,
            quantity=D(40),
            price=None,
            filled_quantity=D(40),
            filled_quote=D(5682),
            fees=(),
            order_id="36028797827161124",
            client_order_id="desk7-f00009",
            finish_reason="filled",
            created_ms=1760000000211,
            updated_ms=1760000001500,
        )
        assert by_rest() == expected
        assert by_socket() == expected

    def test_an_open_order_with_a_part_filled(self) -> None:
        order = ours(payloads.open_order(size="40", left="30", fill_price="150.4"), SOL_USDT="0.5")
        assert (order.side, order.type, order.status) == (Side.BUY, OrderType.LIMIT, OrderStatus.PARTIALLY_FILLED)
        assert (order.quantity, order.filled_quantity, order.remaining) == (D(20), D(5), D(15))
        assert (order.price, order.filled_quote, order.finish_reason) == (D("150.5"), D(752), None)
        assert ours(payloads.open_order()).status is OrderStatus.NEW

    def test_an_id_beyond_the_doubles_keeps_every_digit(self) -> None:
        assert by_socket(id=9223372036854775807).order_id == "9223372036854775807"
        assert by_rest(id="36028797827161124").order_id == "36028797827161124"

    @pytest.mark.parametrize(
        ("status", "finish_as", "left", "expected"),
        [
            ("open", "", -40, OrderStatus.NEW),
            ("open", "open", -40, OrderStatus.NEW),
            ("open", "_new", -40, OrderStatus.NEW),
            ("open", "_update", -30, OrderStatus.PARTIALLY_FILLED),
            ("open", "a_newer_word", -30, OrderStatus.PARTIALLY_FILLED),
            ("finished", "filled", 0, OrderStatus.FILLED),
            ("finished", "", 0, OrderStatus.FILLED),
            ("finished", "ioc", 0, OrderStatus.FILLED),
            ("finished", "cancelled", -40, OrderStatus.CANCELED),
            ("finished", "cancelled", -10, OrderStatus.CANCELED),
            ("finished", "liquidated", -40, OrderStatus.CANCELED),
            ("finished", "liquidate_cancelled", -40, OrderStatus.CANCELED),
            ("finished", "auto_deleveraged", -40, OrderStatus.CANCELED),
            ("finished", "position_closed", -40, OrderStatus.CANCELED),
            ("finished", "reduce_only", -40, OrderStatus.CANCELED),
            ("finished", "ioc", -10, OrderStatus.EXPIRED),
            ("finished", "fok", -40, OrderStatus.EXPIRED),
            ("finished", "poc", -40, OrderStatus.EXPIRED),
            ("finished", "stp", -40, OrderStatus.EXPIRED),
            ("finished", "reduce_out", -40, OrderStatus.EXPIRED),
            ("finished", "small", -40, OrderStatus.EXPIRED),
            ("finished", "depth_not_enough", -40, OrderStatus.EXPIRED),
            ("finished", "trader_not_enough", -40, OrderStatus.EXPIRED),
            ("finished", "a_newer_word", -10, OrderStatus.CANCELED),
            ("", "cancelled", -10, OrderStatus.CANCELED),
            ("a_newer_status", "ioc", -10, OrderStatus.EXPIRED),
            ("a_newer_status", "open", -40, OrderStatus.NEW),
        ],
    )
    def test_states_of_both_lists_of_words(self, status: str, finish_as: str, left: int, expected: OrderStatus) -> None:
        assert by_rest(status=status, finish_as=finish_as, left=left).status is expected
        assert by_socket(status=status, finish_as=finish_as, left=left).status is expected

    def test_how_it_ended_is_kept_in_the_venues_word(self) -> None:
        assert by_rest(finish_as="auto_deleveraged", left="-40").finish_reason == "auto_deleveraged"
        assert by_rest(finish_as="a_newer_word", left="-1").finish_reason == "unknown_word:a_newer_word"
        assert by_rest(finish_as="a_newer_word").finish_reason == "a_newer_word", "nothing is left, so it is filled"

    @pytest.mark.parametrize(
        ("text", "is_liq", "expected"),
        [
            ("t-liq-1", False, OrderOrigin.TRADER),
            ("api", False, OrderOrigin.TRADER),
            ("web", False, OrderOrigin.TRADER),
            ("", False, OrderOrigin.TRADER),
            ("liq-88", False, OrderOrigin.LIQUIDATION),
            ("hedge-liq-88", False, OrderOrigin.LIQUIDATION),
            ("liquidation", False, OrderOrigin.LIQUIDATION),
            ("pm_liquidate", False, OrderOrigin.LIQUIDATION),
            ("comb_margin_liquidate", False, OrderOrigin.LIQUIDATION),
            ("scm_liquidate", False, OrderOrigin.LIQUIDATION),
            ("insurance", False, OrderOrigin.LIQUIDATION),
            ("whatever", True, OrderOrigin.LIQUIDATION),
            ("auto_deleveraging", False, OrderOrigin.AUTO_DELEVERAGING),
            ("clear", False, OrderOrigin.SETTLEMENT),
        ],
    )
    def test_who_made_it(self, text: str, is_liq: bool, expected: OrderOrigin) -> None:
        assert by_rest(text=text, is_liq=is_liq).origin is expected
        assert by_socket(text=text, is_liq=is_liq).origin is expected
        if not is_liq:
            assert fill(payloads.rest_trade(text=text)).origin is expected

    @pytest.mark.parametrize("field", ["is_reduce_only", "is_close"])
    def test_what_only_reduces_says_so(self, field: str) -> None:
        assert not by_rest().reduce_only
        assert by_rest(**{field: True}).reduce_only
        assert by_socket(**{field: True}).reduce_only

    @pytest.mark.parametrize(("word", "ours"), [("gtc", "gtc"), ("ioc", "ioc"), ("fok", "fok"), ("poc", "post_only")])
    def test_times_in_force(self, word: str, ours: str) -> None:
        assert by_rest(tif=word).time_in_force.value == ours
        assert by_rest(tif="rpi").time_in_force is TimeInForce.OTHER

    def test_a_close_that_is_told_without_a_size_has_the_side_that_it_was_sent_with(self) -> None:
        told = read_order(payloads.encode(payloads.rest_order(size=0, left=0, is_close=True)))
        order = orders.order(told, TABLE, side=Side.BUY)
        assert (order.side, order.quantity, order.filled_quantity) == (Side.BUY, D(0), D(0))
        with pytest.raises(ProtocolError, match="without a size"):
            orders.order(told, TABLE)
        for word, side in (("close_long", Side.SELL), ("close_short", Side.BUY)):
            assert by_rest(size=0, left=0, auto_size=word).side is side
        assert orders.order(read_order(payloads.encode(payloads.rest_order())), TABLE, side=Side.BUY).side is Side.SELL

    @pytest.mark.parametrize(
        "odd",
        [
            {"left": "-41"},
            {"left": "1"},
            {"size": "NaN"},
            {"size": "Infinity", "left": "Infinity"},
            {"size": "-1e30"},
            {"price": "-1"},
            {"price": "1e-40"},
            {"fill_price": "1e26"},
            {"id": ""},
            {"id": "x" * 65},
            {"status": "", "finish_as": ""},
            {"status": "a_newer_status", "finish_as": "a_newer_word"},
            {"contract": "BTC_USD"},
            {"contract": "UNKNOWN_USDT"},
            {"create_time": "soon"},
            {"update_time": -1},
            {"update_time": 10**18},
        ],
        ids=str,
    )
    def test_r11_an_order_that_cannot_be_is_one_refusal(self, odd: dict[str, Any]) -> None:
        with pytest.raises((TellerError, ArithmeticError)):
            by_rest(**odd)

    @given(
        size=st.integers(1, 10**9),
        left=st.floats(0, 1),
        multiplier=st.sampled_from(["1", "0.0001", "10", "0.03", "1000"]),
        is_sell=st.booleans(),
    )
    def test_r11_quantities_are_sizes_times_the_multiplier_without_their_sign(
        self, size: int, left: float, multiplier: str, is_sell: bool
    ) -> None:
        rest = int(size * left)
        sign = -1 if is_sell else 1
        order = ours(
            payloads.open_order(size=sign * size, left=sign * rest, fill_price="1.5" if rest < size else "0"),
            SOL_USDT=multiplier,
        )
        assert order.side is (Side.SELL if is_sell else Side.BUY)
        assert Fraction(order.quantity) == size * Fraction(multiplier)
        assert Fraction(order.filled_quantity) == (size - rest) * Fraction(multiplier)

    @given(
        st.dictionaries(
            st.sampled_from(sorted(payloads.socket_order())), st.none() | st.text() | st.integers() | st.floats()
        )
    )
    def test_r11_any_value_in_any_field_is_an_order_or_one_refusal(self, junk: dict[str, Any]) -> None:
        with contextlib.suppress(TellerError, ArithmeticError, ValueError):
            told = read_order(payloads.encode(payloads.socket_order(**junk)))
            order = orders.order(told, TABLE)
            assert order.quantity.is_finite()
            assert order.filled_quantity <= order.quantity


class TestFills:
    def test_every_field_of_a_fill_is_the_same_by_every_way(self) -> None:
        expected = Fill(
            symbol=SOL,
            trade_id="3335259",
            order_id="36028797827161124",
            client_order_id="desk7-f00009",
            side=Side.SELL,
            price=D("142.05"),
            quantity=D(40),
            fees=paid("2.841 USDT"),
            liquidity=Liquidity.TAKER,
            time_ms=1760000001500,
        )
        assert fill(payloads.rest_trade()) == expected
        assert fill(payloads.timerange_trade()) == expected
        assert fill(payloads.socket_trade()) == expected

    def test_quantities_are_in_base(self) -> None:
        bought = fill(payloads.socket_trade(size=77), SOL_USDT="0.01")
        assert (bought.side, bought.quantity, bought.quote) == (Side.BUY, D("0.77"), D("109.3785"))

    def test_fees_are_in_the_settlement_currency_or_in_points(self) -> None:
        assert fill(payloads.rest_trade(fee="-0.5")).fees == paid("-0.5 USDT")
        assert fill(payloads.rest_trade(fee="0", point_fee="1.5")).fees == paid("1.5 POINT")
        assert fill(payloads.rest_trade(fee="1", point_fee="1.5")).fees == paid("1.5 POINT", "1 USDT")
        old = payloads.rest_trade()
        del old["fee"], old["point_fee"]
        assert fill(old).fees == ()

    @pytest.mark.parametrize(
        "odd",
        [
            {"size": "0"},
            {"size": "NaN"},
            {"price": "0"},
            {"price": "1e30"},
            {"id": None},
            {"fee": "NaN"},
            {"order_id": ""},
        ],
        ids=str,
    )
    def test_r11_a_fill_that_cannot_be_is_one_refusal(self, odd: dict[str, Any]) -> None:
        with pytest.raises((TellerError, ArithmeticError, ValueError)):
            fill(payloads.rest_trade(**odd))

    def test_a_role_that_is_new_is_an_other_one(self) -> None:
        assert fill(payloads.rest_trade(role="maker")).liquidity is Liquidity.MAKER
        assert fill(payloads.rest_trade(role="auction")).liquidity is Liquidity.OTHER


def test_a_contract_of_another_currency_is_no_market_of_ours() -> None:
    with pytest.raises(InvalidValueError, match="contract"):
        by_rest(contract="BTC_USD")
