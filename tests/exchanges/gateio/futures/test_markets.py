"""Gate's rules of contracts and its prices become ours, in base."""

from decimal import Decimal
from typing import Any

import pytest

from exchanges.base.json_reader import Reader
from exchanges.gateio.futures import markets, wire
from messages.enums import Side
from messages.errors import InvalidValueError
from messages.market import BookTicker
from messages.perpetual import MarkPrice, PerpetualInstrument, RiskTier
from messages.symbol import Symbol
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.futures.tables import contracts_of, size_of

D = Decimal
SOL = Symbol("SOL", "USDT", "USDT")
read_contract = Reader[wire.Contract](wire.Contract).read
read_ticker = Reader[wire.Ticker](wire.Ticker).read
read_book = Reader[wire.OrderBook](wire.OrderBook).read
read_best = Reader[wire.BookTickerResult](wire.BookTickerResult).read
read_tier = Reader[wire.RiskTier](wire.RiskTier).read


def rules(**changes: Any) -> PerpetualInstrument:
    return markets.instrument(read_contract(payloads.encode(payloads.contract(**changes))))


class TestInstruments:
    def test_every_field_in_base(self) -> None:
        assert rules(quanto_multiplier="0.01", market_order_size_max=500) == PerpetualInstrument(
            symbol=SOL,
            tick=D("0.01"),
            lot=D("0.01"),
            quote_step=D("0.01"),
            min_quantity=D("0.01"),
            max_quantity=D(10000),
            multiplier=D("0.01"),
            max_market_quantity=D(5),
            max_price_deviation=D("0.2"),
            max_open_orders=100,
            min_leverage=D(1),
            max_leverage=D(100),
            maintenance_rate=D("0.005"),
            funding_interval_s=28800,
        )

    def test_sizes_come_as_texts_too(self) -> None:
        assert rules(order_size_min="1", order_size_max="1000000", market_order_size_max="0") == rules()

    def test_zero_means_no_rule(self) -> None:
        instrument = rules(order_size_max=0, order_price_deviate="0", orders_limit=0, market_order_size_max=0)
        assert (instrument.max_quantity, instrument.max_price_deviation) == (None, None)
        assert (instrument.max_open_orders, instrument.max_market_quantity) == (None, None)

    @pytest.mark.parametrize(("smallest", "lot"), [("0", "0.01"), ("0.1", "0.001"), ("1", "0.01"), ("5", "0.01")])
    def test_a_step_that_is_not_published_is_the_smallest_size_or_a_contract(self, smallest: str, lot: str) -> None:
        instrument = rules(enable_decimal=True, order_size_min=smallest, quanto_multiplier="0.01")
        assert (instrument.lot, instrument.takes_fractions) == (D(lot), True)
        if smallest == "0":
            assert instrument.min_quantity is None
            instrument.check(Side.BUY, now_ms=0, quantity=D("0.0025"), price=D("141.2"))
        whole = rules(enable_decimal=False, order_size_min=0, quanto_multiplier="0.01")
        assert whole.lot == D("0.01")
        with pytest.raises(InvalidValueError, match="quantity"):
            whole.check(Side.BUY, now_ms=0, quantity=D("0.0025"), price=D("141.2"))

    @pytest.mark.parametrize(
        ("told", "is_open", "reduces_only"),
        [
            ({}, True, False),
            ({"status": ""}, True, False),
            ({"status": "circuit_breaker"}, True, False),
            ({"status": "prelaunch"}, False, False),
            ({"status": "delisted"}, False, False),
            ({"status": "delisting"}, True, True),
            ({"in_delisting": True}, True, True),
        ],
    )
    def test_which_orders_it_takes(self, told: dict[str, Any], is_open: bool, reduces_only: bool) -> None:
        instrument = rules(**told)
        assert (instrument.can_buy, instrument.can_sell, instrument.reduces_only) == (is_open, is_open, reduces_only)

    @pytest.mark.parametrize(
        "odd",
        [
            {"quanto_multiplier": "0"},
            {"quanto_multiplier": "NaN"},
            {"order_price_round": "0"},
            {"order_price_round": "1e-80"},
            {"name": "BTC_USD"},
            {"leverage_max": "0"},
        ],
        ids=str,
    )
    def test_r11_rules_that_cannot_be_are_refused(self, odd: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError):
            rules(**odd)


class TestPrices:
    def best(self, **changes: Any) -> BookTicker:
        told = read_best(payloads.encode(payloads.book_ticker(**changes)))
        return markets.book_ticker(told, contracts_of(SOL_USDT="0.5"))

    @pytest.mark.parametrize(("bid_size", "ask_size"), [("840", "77"), (840, 77)])
    def test_best_bid_and_ask_are_in_base(self, bid_size: Any, ask_size: Any) -> None:
        assert self.best(B=bid_size, A=ask_size) == BookTicker(
            symbol=SOL,
            bid=D("141.2"),
            bid_quantity=D(420),
            ask=D("141.21"),
            ask_quantity=D("38.5"),
            update_id=990112240,
            time_ms=1760000000123,
        )

    @pytest.mark.parametrize("empty", ["", None])
    def test_an_empty_side(self, empty: Any) -> None:
        ticker = self.best(b=empty, B=0)
        assert (ticker.bid, ticker.bid_quantity) == (None, None)
        assert ticker.ask == D("141.21")
        ticker = self.best(a=empty, A="0")
        assert (ticker.ask, ticker.ask_quantity) == (None, None)

    @pytest.mark.parametrize("size", ["40.5", 40.5])
    def test_the_top_of_an_order_book_whose_time_is_in_seconds(self, size: Any) -> None:
        book = {
            "id": 7,
            "current": 1760000000.2,
            "update": 1760000000.123,
            "asks": [{"p": "141.21", "s": size}],
            "bids": [],
        }
        ticker = markets.top_of_book(size_of("SOL_USDT", "0.1"), read_book(payloads.encode(book)))
        assert (ticker.ask, ticker.ask_quantity, ticker.bid) == (D("141.21"), D("4.05"), None)
        assert (ticker.time_ms, ticker.update_id) == (1760000000123, 7)

    def test_mark_index_and_funding(self) -> None:
        assert markets.mark_price(read_ticker(payloads.encode(payloads.ticker())), 5) == MarkPrice(
            symbol=SOL,
            mark_price=D("141.21"),
            index_price=D("141.19"),
            last_price=D("141.2"),
            funding_rate=D("0.000083"),
            time_ms=5,
        )

    @pytest.mark.parametrize("price", ["0", "-1", "NaN", "1e26"])
    def test_r11_a_mark_price_that_is_none_is_refused(self, price: str) -> None:
        with pytest.raises((InvalidValueError, ArithmeticError)):
            markets.mark_price(read_ticker(payloads.encode(payloads.ticker(mark_price=price))), 5)

    def test_a_risk_tier(self) -> None:
        told = {
            "tier": 1,
            "risk_limit": "500000",
            "initial_rate": "0.01",
            "maintenance_rate": "0.005",
            "leverage_max": "100",
        }
        assert markets.risk_tier(read_tier(payloads.encode(told))) == RiskTier(
            max_notional=D(500000), max_leverage=D(100), initial_rate=D("0.01"), maintenance_rate=D("0.005")
        )
