"""Positions, margin and the commands about them say what they mean, and refuse what cannot be."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from messages.commands import PlaceOrder
from messages.conditional_order import ConditionalOrder, ConditionalOrderStatus, TriggerPriceType
from messages.enums import Liquidity, OrderOrigin, OrderStatus, OrderType, Side, TimeInForce
from messages.errors import InvalidValueError
from messages.margin import FundingPayment, LedgerEntry, LedgerKind, MarginBalance
from messages.order import Fill, Order
from messages.position import MarginMode, Position, PositionSide
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.position_events import LedgerEvent, MarginBalanceUpdateEvent, PositionUpdateEvent
from messages.symbol import Symbol
from tests.support.orders import SOL

D = Decimal
PERPETUAL = Symbol("SOL", "USDT", "USDT")
NAN = D("NaN")


class TestPosition:
    def test_a_short_one_is_below_zero(self) -> None:
        position = Position(symbol=PERPETUAL, quantity=D(-40), mark_price=D("141.21"), entry_price=D("142.05"))
        assert not position.is_flat
        assert position.notional == D("5648.4")
        assert Position(symbol=PERPETUAL, quantity=D("-0")).is_flat
        assert Position(symbol=PERPETUAL, quantity=D(1)).notional is None

    @pytest.mark.parametrize(
        ("side", "quantity", "is_taken"),
        [
            (PositionSide.NET, D(1), True),
            (PositionSide.NET, D(-1), True),
            (PositionSide.LONG, D(1), True),
            (PositionSide.LONG, D(0), True),
            (PositionSide.LONG, D(-1), False),
            (PositionSide.SHORT, D(-1), True),
            (PositionSide.SHORT, D(0), True),
            (PositionSide.SHORT, D(1), False),
        ],
    )
    def test_the_sign_is_that_of_the_side(self, side: PositionSide, quantity: Decimal, is_taken: bool) -> None:
        if is_taken:
            assert Position(symbol=PERPETUAL, side=side, quantity=quantity).quantity == quantity
        else:
            with pytest.raises(InvalidValueError, match=r"position\.quantity"):
                Position(symbol=PERPETUAL, side=side, quantity=quantity)

    @pytest.mark.parametrize(
        "odd",
        [
            {"quantity": NAN},
            {"quantity": D("Infinity")},
            {"quantity": 1.5},
            {"symbol": SOL},
            *(
                {name: value}
                for name in ("entry_price", "mark_price", "liquidation_price")
                for value in (D(-1), NAN, 1.5)
            ),
            *({name: D("Infinity")} for name in ("leverage", "margin", "unrealized_pnl", "realized_pnl", "risk_limit")),
            {"maintenance_margin": D(-1)},
        ],
        ids=str,
    )
    def test_r11_what_is_no_number_is_refused_by_its_name(self, odd: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError, match=r"position\." + next(iter(odd))):
            Position(**{"symbol": PERPETUAL, "quantity": D(1)} | odd)

    def test_it_is_read_back_as_it_was_written(self) -> None:
        position = Position(
            symbol=PERPETUAL, side=PositionSide.SHORT, quantity=D("-0.10"), margin_mode=MarginMode.ISOLATED, update_id=7
        )
        assert msgspec.json.decode(msgspec.json.encode(position), type=Position) == position


class TestMargin:
    def test_equity_counts_what_is_not_realized(self) -> None:
        balance = MarginBalance(
            currency="USDT",
            wallet_balance=D("9988.3"),
            available=D(9000),
            unrealized_pnl=D("-33.6"),
            position_margin=D("564.84"),
            order_margin=D(10),
        )
        assert balance.equity == D("9954.7")
        assert balance.margin_used == D("574.84")

    @pytest.mark.parametrize(
        "name", ["wallet_balance", "available", "unrealized_pnl", "position_margin", "order_margin"]
    )
    @pytest.mark.parametrize("value", [NAN, D("Infinity"), 1.5, None])
    def test_r11_what_is_no_number_is_refused(self, name: str, value: Any) -> None:
        with pytest.raises(InvalidValueError, match=name):
            MarginBalance(**{"currency": "USDT", "wallet_balance": D(1), "available": D(1)} | {name: value})

    def test_a_funding_payment_is_one_kind_of_entry(self) -> None:
        entry = LedgerEntry(
            currency="USDT", kind=LedgerKind.FUNDING, amount=D("-0.47"), balance=D(100), symbol=PERPETUAL, time_ms=5
        )
        assert entry.funding == FundingPayment(symbol=PERPETUAL, currency="USDT", amount=D("-0.47"), time_ms=5)
        assert msgspec.structs.replace(entry, kind=LedgerKind.FEE).funding is None
        assert msgspec.structs.replace(entry, symbol=None).funding is None

    def test_r11_an_entry_without_a_number_is_none(self) -> None:
        with pytest.raises(InvalidValueError, match=r"ledger_entry\.amount"):
            LedgerEntry(currency="USDT", kind=LedgerKind.FEE, amount=NAN, balance=D(1))
        with pytest.raises(InvalidValueError, match=r"funding_payment\.amount"):
            FundingPayment(symbol=PERPETUAL, currency="USDT", amount=NAN, time_ms=0)


@pytest.mark.parametrize(
    "event",
    [
        PositionUpdateEvent("alpha", Position(symbol=PERPETUAL, quantity=D(1)), 7),
        MarginBalanceUpdateEvent("alpha", MarginBalance(currency="USDT", wallet_balance=D(1), available=D(1))),
        LedgerEvent("alpha", LedgerEntry(currency="USDT", kind=LedgerKind.FEE, amount=D(-1), balance=D(1)), 7),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_say_whose_they_are_and_are_read_back_as_they_were_written(event: Any) -> None:
    assert event.account == "alpha"
    assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event


class TestOrders:
    def test_a_spot_order_cannot_be_reduce_only(self) -> None:
        with pytest.raises(InvalidValueError, match=r"reduce_only = True .* SOL/USDT is spot"):
            PlaceOrder.limit(SOL, Side.SELL, D(1), D(1), reduce_only=True)
        assert PlaceOrder.limit(PERPETUAL, Side.SELL, D(1), D(1), reduce_only=True).reduce_only

    def test_r11_reduce_only_is_true_or_false(self) -> None:
        odd: Any = 1
        with pytest.raises(InvalidValueError, match="reduce_only"):
            PlaceOrder.limit(PERPETUAL, Side.SELL, D(1), D(1), reduce_only=odd)

    def test_a_market_order_of_a_perpetual_is_given_in_base_on_both_sides(self) -> None:
        for side in Side:
            order = PlaceOrder.market(PERPETUAL, side, D(2), reduce_only=True, client_order_id="a")
            assert (order.type, order.quantity, order.quote_quantity) == (OrderType.MARKET, D(2), None)
            told = order.as_order(OrderStatus.PENDING)
            assert (told.quantity, told.reduce_only, told.origin) == (D(2), True, OrderOrigin.TRADER)
        with pytest.raises(InvalidValueError, match="quote_quantity"):
            PlaceOrder.market_buy(PERPETUAL, D(2))

    def test_a_market_buy_of_spot_stays_in_quote(self) -> None:
        assert PlaceOrder.market_buy(SOL, D(2)).quote_quantity == D(2)
        with pytest.raises(InvalidValueError, match="quantity"):
            PlaceOrder.market(SOL, Side.BUY, D(2))
        assert PlaceOrder.market(SOL, Side.SELL, D(2)) == PlaceOrder.market_sell(SOL, D(2))

    def test_who_made_an_order_is_read_from_texts_that_do_not_say_so(self) -> None:
        order = PlaceOrder.limit(SOL, Side.SELL, D(1), D(1), client_order_id="a").as_order(OrderStatus.NEW)
        kept = msgspec.json.decode(msgspec.json.encode(order))
        del kept["origin"], kept["reduce_only"]
        assert msgspec.convert(kept, Order) == order

    def test_only_the_exchange_forces(self) -> None:
        assert [origin for origin in OrderOrigin if not origin.is_forced] == [OrderOrigin.TRADER]
        fill = Fill(
            symbol=PERPETUAL,
            trade_id="1",
            order_id="2",
            client_order_id=None,
            side=Side.BUY,
            price=D(1),
            quantity=D(1),
            fees=(),
            liquidity=Liquidity.TAKER,
            time_ms=0,
            origin=OrderOrigin.LIQUIDATION,
        )
        assert msgspec.json.decode(msgspec.json.encode(fill), type=Fill).origin.is_forced


class TestCommands:
    def test_a_close_says_which_side_it_trades(self) -> None:
        close = ClosePosition(symbol=PERPETUAL, side=Side.SELL, client_order_id="a")
        order = close.as_order(OrderStatus.PENDING)
        assert (order.side, order.quantity, order.reduce_only) == (Side.SELL, D(0), True)
        assert (order.type, order.time_in_force, order.client_order_id) == (OrderType.MARKET, TimeInForce.IOC, "a")

    @pytest.mark.parametrize(
        ("position_side", "side"), [(PositionSide.LONG, Side.BUY), (PositionSide.SHORT, Side.SELL)]
    )
    def test_a_close_that_would_add_is_refused(self, position_side: PositionSide, side: Side) -> None:
        assert ClosePosition(symbol=PERPETUAL, position_side=position_side, side=side.opposite).side is side.opposite
        with pytest.raises(InvalidValueError, match=f"side .* to close a {position_side.value} one"):
            ClosePosition(symbol=PERPETUAL, position_side=position_side, side=side)

    def test_spot_has_none_of_them(self) -> None:
        with pytest.raises(InvalidValueError, match=r"symbol .* a perpetual"):
            ClosePosition(symbol=SOL, side=Side.SELL)
        with pytest.raises(InvalidValueError, match=r"symbol .* a perpetual"):
            SetLeverage(symbol=SOL, leverage=D(5), margin_mode=MarginMode.CROSS)
        with pytest.raises(InvalidValueError, match=r"symbol .* a perpetual"):
            SetMarginMode(symbol=SOL, margin_mode=MarginMode.CROSS)

    @pytest.mark.parametrize("leverage", [D(0), D("0.5"), D(-1), NAN])
    def test_leverage_is_one_or_more(self, leverage: Decimal) -> None:
        with pytest.raises(InvalidValueError, match="leverage"):
            SetLeverage(symbol=PERPETUAL, leverage=leverage, margin_mode=MarginMode.CROSS)


class TestConditionalOrders:
    GOOD: dict[str, Any] = {
        "conditional_id": "88010042",
        "symbol": PERPETUAL,
        "side": Side.SELL,
        "quantity": D(1),
        "price": None,
        "trigger_price": D(100),
        "trigger_price_type": TriggerPriceType.MARK,
        "triggers_above": False,
        "status": ConditionalOrderStatus.OPEN,
    }

    def test_it_is_open_until_it_is_triggered_or_ended(self) -> None:
        open_ones = [
            status for status in ConditionalOrderStatus if ConditionalOrder(**self.GOOD | {"status": status}).is_open
        ]
        assert open_ones == [ConditionalOrderStatus.OPEN]

    @pytest.mark.parametrize(
        "odd",
        [{"quantity": D(-1)}, {"quantity": NAN}, {"trigger_price": D(0)}, {"price": D(0)}, {"price": 1.5}],
        ids=str,
    )
    def test_r11_what_is_no_number_is_refused(self, odd: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError, match=next(iter(odd))):
            ConditionalOrder(**self.GOOD | odd)
