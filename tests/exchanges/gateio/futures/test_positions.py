"""Positions, money and ledger of a futures account become ours, and modes that we do not support are named."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.base.json_reader import Reader
from exchanges.gateio.futures import conditional_orders, positions, wire
from messages.conditional_order import ConditionalOrder, ConditionalOrderStatus, TriggerPriceType
from messages.enums import Side
from messages.errors import ConfigurationError, InvalidValueError, ProtocolError, TellerError
from messages.margin import LedgerEntry, LedgerKind, MarginBalance
from messages.position import MarginMode, Position, PositionMode, PositionSide
from messages.symbol import Symbol
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.futures.tables import contracts_of

D = Decimal
SOL = Symbol("SOL", "USDT", "USDT")
JUNK = st.none() | st.text() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
read_position = Reader[wire.Position](wire.Position).read
read_account = Reader[wire.Account](wire.Account).read
read_row = Reader[wire.LedgerRow](wire.LedgerRow).read
read_conditional = Reader[wire.ConditionalOrder](wire.ConditionalOrder).read


def ours(payload: dict[str, Any], **multipliers: str) -> Position:
    return positions.position(read_position(payloads.encode(payload)), contracts_of(**multipliers))


def by_rest(**changes: Any) -> Position:
    return ours(payloads.rest_position(**changes))


def by_socket(**changes: Any) -> Position:
    return ours(payloads.socket_position(**changes))


class TestPositions:
    def test_every_field_by_rest(self) -> None:
        assert by_rest() == Position(
            symbol=SOL,
            quantity=D(-40),
            side=PositionSide.NET,
            entry_price=D("142.05"),
            mark_price=D("141.21"),
            liquidation_price=D("188.3"),
            leverage=D(10),
            margin_mode=MarginMode.CROSS,
            margin=D("564.84"),
            maintenance_margin=D("28.24"),
            unrealized_pnl=D("33.6"),
            realized_pnl=D("-2.84"),
            risk_limit=D(1000000),
            update_id=17,
            updated_ms=1760000000000,
        )

    def test_the_socket_tells_no_mark_price_and_what_hangs_on_it(self) -> None:
        assert by_socket() == Position(
            symbol=SOL,
            quantity=D(-40),
            entry_price=D("142.05"),
            liquidation_price=D("188.3"),
            leverage=D(10),
            margin_mode=MarginMode.CROSS,
            margin=D("564.84"),
            realized_pnl=D("-2.84"),
            risk_limit=D(1000000),
            update_id=18,
            updated_ms=1760000001503,
        )

    @pytest.mark.parametrize("size", ["0.5", 0.5])
    def test_r11_amounts_are_in_base_from_a_number_or_a_text(self, size: Any) -> None:
        position = ours(payloads.socket_position(size=size, margin=0.1), SOL_USDT="0.01")
        assert (position.quantity, position.margin) == (D("0.005"), D("0.1"))

    @pytest.mark.parametrize(
        ("mode", "size", "side"),
        [
            ("single", 5, PositionSide.NET),
            ("single", -5, PositionSide.NET),
            ("dual_long", 5, PositionSide.LONG),
            ("dual_long", 0, PositionSide.LONG),
            ("dual_short", -5, PositionSide.SHORT),
        ],
    )
    def test_sides_of_both_modes(self, mode: str, size: int, side: PositionSide) -> None:
        for told in (by_rest(mode=mode, size=size), by_socket(mode=mode, size=size)):
            assert (told.side, told.quantity) == (side, D(size))

    @pytest.mark.parametrize(("mode", "size"), [("dual_long", -5), ("dual_short", 5), ("split_3", 5)])
    def test_a_side_that_its_mode_does_not_have_is_refused(self, mode: str, size: int) -> None:
        with pytest.raises(TellerError):
            by_rest(mode=mode, size=size)

    def test_a_position_that_is_closed_has_no_entry(self) -> None:
        closed = by_socket(size=0, entry_price=0, liq_price=0, margin=0, leverage=0, cross_leverage_limit=0)
        assert closed.is_flat
        assert (closed.entry_price, closed.liquidation_price, closed.leverage) == (None, None, None)

    @pytest.mark.parametrize(
        ("told", "mode", "leverage"),
        [
            ({"pos_margin_mode": "isolated", "lever": "5", "leverage": "5"}, MarginMode.ISOLATED, 5),
            ({"pos_margin_mode": "cross", "lever": "7", "leverage": "0"}, MarginMode.CROSS, 7),
            ({"pos_margin_mode": "", "lever": None, "leverage": "5"}, MarginMode.ISOLATED, 5),
            ({"pos_margin_mode": None, "lever": "", "leverage": "0"}, MarginMode.CROSS, 10),
            ({"pos_margin_mode": "newer", "lever": None, "leverage": "0"}, MarginMode.CROSS, 10),
        ],
    )
    def test_leverage_and_margin_mode_by_the_newer_fields_or_by_the_older_pair(
        self, told: dict[str, Any], mode: MarginMode, leverage: int
    ) -> None:
        position = by_rest(**told)
        assert (position.margin_mode, position.leverage) == (mode, leverage)

    @pytest.mark.parametrize(
        "odd",
        [
            *({"size": size} for size in ("NaN", "Infinity", "1e30")),
            *({name: "NaN"} for name in ("margin", "realised_pnl", "unrealised_pnl", "mark_price", "entry_price")),
            *({name: "-1"} for name in ("mark_price", "liq_price", "maintenance_margin", "lever")),
            {"update_time": "never"},
            {"contract": "BTC_USD"},
            {"contract": "UNKNOWN_USDT"},
        ],
        ids=str,
    )
    def test_r11_a_position_that_cannot_be_is_one_refusal(self, odd: dict[str, Any]) -> None:
        with pytest.raises((TellerError, ArithmeticError)):
            by_rest(**odd)

    @given(st.dictionaries(st.sampled_from(sorted(payloads.rest_position())), JUNK))
    def test_r11_any_value_in_any_field_is_a_position_or_one_refusal(self, junk: dict[str, Any]) -> None:
        with contextlib.suppress(TellerError, ArithmeticError, ValueError):
            assert by_rest(**junk).quantity.is_finite()


class TestMoney:
    def balance(self, **changes: Any) -> MarginBalance:
        return positions.margin_balance(read_account(payloads.encode(payloads.account(**changes))), 77)

    def mode(self, **changes: Any) -> PositionMode:
        return positions.position_mode(read_account(payloads.encode(payloads.account(**changes))))

    def test_every_field(self) -> None:
        assert self.balance() == MarginBalance(
            currency="USDT",
            wallet_balance=D("9988.3"),
            available=D("9410.96"),
            unrealized_pnl=D("33.6"),
            position_margin=D("564.84"),
            order_margin=D("12.5"),
            updated_ms=77,
        )

    def test_newer_fields_take_the_place_of_those_that_are_out_of_date(self) -> None:
        balance = self.balance(
            position_margin="0",
            cross_initial_margin="500",
            isolated_position_margin="64.84",
            cross_order_margin="20",
            cross_maintenance_margin="28.24",
            maintenance_margin="0",
            unrealised_pnl="0",
            cross_unrealised_pnl="-3",
        )
        assert (balance.position_margin, balance.order_margin) == (D("564.84"), D(20))
        assert (balance.maintenance_margin, balance.unrealized_pnl) == (D("28.24"), D(-3))

    def test_position_modes(self) -> None:
        assert self.mode() is PositionMode.ONE_WAY
        assert self.mode(position_mode="dual", in_dual_mode=True) is PositionMode.HEDGE
        assert self.mode(position_mode="", in_dual_mode=True) is PositionMode.HEDGE
        assert self.mode(position_mode=None) is PositionMode.ONE_WAY

    @pytest.mark.parametrize(
        ("told", "named"),
        [
            ({"position_mode": "dual_plus"}, "dual_plus"),
            ({"margin_mode": 1}, "multi-currency"),
            ({"margin_mode": 2}, "portfolio"),
            ({"margin_mode": 3}, "single-currency"),
            ({"margin_mode": 9}, "9"),
        ],
    )
    def test_a_mode_that_we_do_not_support_is_refused_by_its_name(self, told: dict[str, Any], named: str) -> None:
        with pytest.raises(ConfigurationError, match=named):
            self.mode(**told)

    @pytest.mark.parametrize("name", ["total", "available", "unrealised_pnl", "position_margin", "order_margin"])
    def test_r11_money_that_is_no_number_is_refused(self, name: str) -> None:
        with pytest.raises((InvalidValueError, ArithmeticError)):
            self.balance(**{name: "NaN"})


class TestLedger:
    def entry(self, payload: dict[str, Any]) -> LedgerEntry:
        return positions.ledger_entry(read_row(payloads.encode(payload)))

    def test_every_field_by_both_ways(self) -> None:
        expected = LedgerEntry(
            currency="USDT",
            kind=LedgerKind.FEE,
            amount=D("-2.841"),
            balance=D("9988.3"),
            venue_kind="fee",
            symbol=SOL,
            reference="36028797827161124",
            entry_id="5001",
            time_ms=1760000001502,
        )
        assert self.entry(payloads.ledger_row()) == expected
        by_socket = self.entry(payloads.socket_balance())
        assert by_socket == LedgerEntry(
            **{name: getattr(expected, name) for name in expected.__struct_fields__} | {"entry_id": ""}
        )

    @pytest.mark.parametrize(
        ("word", "kind"),
        [
            ("dnw", LedgerKind.TRANSFER),
            ("pnl", LedgerKind.REALIZED_PNL),
            ("fee", LedgerKind.FEE),
            ("refr", LedgerKind.REBATE),
            ("fund", LedgerKind.FUNDING),
            ("bonus_dnw", LedgerKind.BONUS),
            ("point_fee", LedgerKind.OTHER),
            ("a_newer_word", LedgerKind.OTHER),
        ],
    )
    def test_kinds(self, word: str, kind: LedgerKind) -> None:
        entry = self.entry(payloads.socket_balance(type=word))
        assert (entry.kind, entry.venue_kind) == (kind, word)

    def test_funding_names_its_market(self) -> None:
        row = payloads.socket_balance(type="fund", change=-0.47, text="SOL_USDT")
        funding = self.entry(row).funding
        assert funding is not None
        assert (funding.symbol, funding.amount, funding.currency) == (SOL, D("-0.47"), "USDT")

    def test_a_transfer_concerns_no_market(self) -> None:
        entry = self.entry(payloads.ledger_row(type="dnw", text="", contract=""))
        assert (entry.symbol, entry.reference) == (None, "")
        assert self.entry(payloads.socket_balance(currency=None)).currency == "USDT"


class TestConditionalOrders:
    def ours(
        self, *, initial: dict[str, Any] | None = None, trigger: dict[str, Any] | None = None, **more: Any
    ) -> ConditionalOrder:
        payload = payloads.conditional_order(**more)
        payload["initial"] |= initial or {}
        payload["trigger"] |= trigger or {}
        return conditional_orders.conditional_order(
            read_conditional(payloads.encode(payload)), contracts_of(SOL_USDT="0.5")
        )

    def test_every_field(self) -> None:
        assert self.ours() == ConditionalOrder(
            conditional_id="88010042",
            symbol=SOL,
            side=Side.SELL,
            quantity=D(20),
            price=None,
            trigger_price=D(130),
            trigger_price_type=TriggerPriceType.MARK,
            triggers_above=False,
            status=ConditionalOrderStatus.OPEN,
            reduce_only=True,
            client_order_id="stop-1",
            created_ms=1760000000250,
        )

    def test_an_amount_with_decimals_goes_before_the_size(self) -> None:
        assert self.ours(initial={"amount": "0.5", "size": 0}).quantity == D("0.25")

    @pytest.mark.parametrize(
        ("initial", "order_type", "side"),
        [
            ({"size": 0, "auto_size": "close_long"}, "", Side.SELL),
            ({"size": 0, "auto_size": "close_short"}, "", Side.BUY),
            ({"size": 0}, "close-long-position", Side.SELL),
            ({"size": 0}, "plan-close-short-position", Side.BUY),
            ({"size": 0}, "", None),
        ],
    )
    def test_one_that_closes_a_whole_position(
        self, initial: dict[str, Any], order_type: str, side: Side | None
    ) -> None:
        order = self.ours(initial=initial, order_type=order_type)
        assert (order.side, order.quantity, order.closes_position, order.reduce_only) == (side, D(0), True, True)

    @pytest.mark.parametrize(
        ("told", "expected"),
        [
            ({"status": "open"}, ConditionalOrderStatus.OPEN),
            ({"status": "inactive"}, ConditionalOrderStatus.OPEN),
            ({"status": "invalid"}, ConditionalOrderStatus.FAILED),
            ({"status": "finished", "finish_as": "succeeded"}, ConditionalOrderStatus.TRIGGERED),
            ({"status": "finished", "finish_as": "cancelled"}, ConditionalOrderStatus.CANCELED),
            ({"status": "finished", "finish_as": "expired"}, ConditionalOrderStatus.EXPIRED),
            ({"status": "finished", "finish_as": "failed"}, ConditionalOrderStatus.FAILED),
        ],
    )
    def test_states(self, told: dict[str, Any], expected: ConditionalOrderStatus) -> None:
        assert self.ours(**told).status is expected

    def test_the_order_that_it_made(self) -> None:
        assert self.ours(trade_id=36028797827161124).order_id == "36028797827161124"
        assert [self.ours(trade_id=none).order_id for none in (0, "0", "", None)] == [None] * 4

    @pytest.mark.parametrize(
        "odd",
        [{"status": "new"}, {"status": "finished", "finish_as": "new"}, {"trigger": {"rule": 3}}, {"id": ""}],
        ids=str,
    )
    def test_what_we_do_not_know_is_refused(self, odd: dict[str, Any]) -> None:
        with pytest.raises(ProtocolError):
            self.ours(**odd)
