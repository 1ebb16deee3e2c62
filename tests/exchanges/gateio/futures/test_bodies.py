"""Commands become requests: signed contracts, reduce-only, whole positions closed in both modes; exactly or not."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.gateio.futures import bodies
from messages.commands import AmendOrder, PlaceOrder
from messages.enums import Side, TimeInForce
from messages.errors import InvalidValueError
from messages.margin import LedgerKind
from messages.position import PositionSide
from messages.position_commands import ClosePosition
from messages.symbol import Symbol
from tests.exchanges.gateio.futures.tables import size_of

D = Decimal
SOL = Symbol("SOL", "USDT", "USDT")
SIZE = size_of("SOL_USDT", "0.5")


def sent(body: msgspec.Struct) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(body))
    return made


def placed(order: PlaceOrder) -> dict[str, Any]:
    return sent(bodies.place_body(order, SIZE, "SOL_USDT"))


class TestPlace:
    def test_a_limit_order_to_buy(self) -> None:
        order = PlaceOrder.limit(SOL, Side.BUY, D("2.5"), D("141.20"), client_order_id="desk7-1")
        assert placed(order) == {
            "text": "t-desk7-1",
            "contract": "SOL_USDT",
            "size": "5",
            "price": "141.20",
            "tif": "gtc",
        }

    def test_a_market_order_to_sell_that_only_reduces(self) -> None:
        order = PlaceOrder.market(SOL, Side.SELL, D(20), reduce_only=True, client_order_id="a")
        assert placed(order) == {
            "text": "t-a",
            "contract": "SOL_USDT",
            "size": "-40",
            "price": "0",
            "tif": "ioc",
            "reduce_only": True,
        }

    @pytest.mark.parametrize(
        ("ours", "word"),
        [(TimeInForce.GTC, "gtc"), (TimeInForce.IOC, "ioc"), (TimeInForce.FOK, "fok"), (TimeInForce.POST_ONLY, "poc")],
    )
    def test_times_in_force(self, ours: TimeInForce, word: str) -> None:
        assert (
            placed(PlaceOrder.limit(SOL, Side.BUY, D(1), D(1), time_in_force=ours, client_order_id="a"))["tif"] == word
        )

    def test_numbers_are_written_without_an_exponent(self) -> None:
        order = PlaceOrder.limit(SOL, Side.BUY, D("1E+3"), D("1E-7"), client_order_id="a")
        assert (placed(order)["size"], placed(order)["price"]) == ("2000", "0.0000001")

    def test_r3_an_order_without_an_id_of_ours_is_refused(self) -> None:
        with pytest.raises(InvalidValueError, match="client_order_id"):
            placed(PlaceOrder.limit(SOL, Side.BUY, D(1), D(1)))
        with pytest.raises(InvalidValueError, match="client_order_id"):
            bodies.close_body(ClosePosition(symbol=SOL, side=Side.SELL), "SOL_USDT")

    def test_a_quantity_of_no_whole_contracts_is_refused_and_not_rounded(self) -> None:
        with pytest.raises(InvalidValueError, match=r"quantity = .* a multiple of 0\.5 SOL"):
            placed(PlaceOrder.limit(SOL, Side.BUY, D("2.6"), D(1), client_order_id="a"))

    @given(
        size=st.integers(1, 10**9),
        multiplier=st.sampled_from(["1", "0.0001", "10", "0.03", "1000"]),
        side=st.sampled_from(list(Side)),
    )
    def test_r11_the_sign_is_the_side_and_nothing_is_rounded(self, size: int, multiplier: str, side: Side) -> None:
        contract = size_of("SOL_USDT", multiplier)
        text = bodies.signed_size(contract, side, contract.to_base(D(size)))
        assert Fraction(text) == (size if side is Side.BUY else -size)
        assert text.lstrip("-").isdigit()


class TestClose:
    def test_the_only_position_of_single_mode(self) -> None:
        close = ClosePosition(symbol=SOL, side=Side.SELL, client_order_id="c1")
        assert sent(bodies.close_body(close, "SOL_USDT")) == {
            "text": "t-c1",
            "contract": "SOL_USDT",
            "size": "0",
            "price": "0",
            "tif": "ioc",
            "close": True,
        }

    @pytest.mark.parametrize(
        ("position_side", "side", "word"),
        [(PositionSide.LONG, Side.SELL, "close_long"), (PositionSide.SHORT, Side.BUY, "close_short")],
    )
    def test_one_of_the_two_of_dual_mode(self, position_side: PositionSide, side: Side, word: str) -> None:
        close = ClosePosition(symbol=SOL, position_side=position_side, side=side, client_order_id="c1")
        assert sent(bodies.close_body(close, "SOL_USDT")) == {
            "text": "t-c1",
            "contract": "SOL_USDT",
            "size": "0",
            "price": "0",
            "tif": "ioc",
            "reduce_only": True,
            "auto_size": word,
        }


class TestAmend:
    @pytest.mark.parametrize(("side", "size"), [(Side.BUY, "6"), (Side.SELL, "-6")])
    def test_a_new_quantity_has_the_sign_of_the_order(self, side: Side, size: str) -> None:
        amend = AmendOrder(symbol=SOL, order_id="1", quantity=D(3), price=D("140.5"))
        assert sent(bodies.amend_body(amend, SIZE, side)) == {"size": size, "price": "140.5"}
        with pytest.raises(InvalidValueError, match="side"):
            bodies.amend_body(amend, SIZE, None)

    def test_a_new_price_alone(self) -> None:
        amend = AmendOrder(symbol=SOL, order_id="1", price=D("140.5"))
        assert sent(bodies.amend_body(amend, SIZE, None)) == {"price": "140.5"}


def test_words_of_the_exchange() -> None:
    assert [bodies.dual_side(side) for side in PositionSide] == [None, "dual_long", "dual_short"]
    assert bodies.ledger_type(LedgerKind.FUNDING) == "fund"
    with pytest.raises(InvalidValueError, match="kind"):
        bodies.ledger_type(LedgerKind.OTHER)
