"""What goes over the wire by REST, byte for byte, and what is made of every kind of answer."""

import asyncio
import hashlib
import hmac
from decimal import Decimal
from typing import Any

import pytest

from exchanges.base.endpoints import Endpoints
from exchanges.base.futures_clients import FuturesPrivateRest, FuturesPublicRest
from exchanges.base.shared_futures_public_rest import SharedFuturesPublicRest
from exchanges.gateio.futures import settings
from exchanges.gateio.futures.capabilities import capabilities_of
from exchanges.gateio.futures.venue import GateioFuturesVenue
from exchanges.gateio.settings import GateioSettings
from exchanges.gateio.signing import sign_request
from exchanges.registry import VenueKind
from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder, Withdraw
from messages.enums import OrderStatus, Side
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidValueError,
    ProtocolError,
    RefusalReason,
    UnknownOutcomeError,
    UnsupportedError,
    VenueRefusedError,
)
from messages.perpetual import PerpetualInstrument
from messages.position import MarginMode, PositionMode, PositionSide
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.symbol import Product, Symbol
from tests.exchanges.gateio.futures import payloads
from tests.exchanges.gateio.futures.scripted import (
    ALPHA,
    LOST,
    NOW_MS,
    SOL,
    Call,
    Reply,
    Request,
    Script,
    environment,
    only_request,
    refused,
    run,
    scripted,
)

D = Decimal
BTC = Symbol("BTC", "USDT", "USDT")
ORDER = Reply(payloads.open_order())
POSITION = Reply(payloads.rest_position())
ACCOUNT = Reply(payloads.account())
PLACE = PlaceOrder.limit(SOL, Side.SELL, D(40), D("150.5"), client_order_id="desk7-f00009")
CLOSE = ClosePosition(symbol=SOL, side=Side.BUY, client_order_id="c1")
LEVERAGE = SetLeverage(symbol=SOL, leverage=D(5), margin_mode=MarginMode.ISOLATED)
CROSS = SetMarginMode(symbol=SOL, margin_mode=MarginMode.CROSS)
CHANGES: dict[str, tuple[Call, Reply]] = {
    "place_order": (lambda rest: rest.place_order(PLACE), ORDER),
    "close_position": (lambda rest: rest.close_position(CLOSE), Reply(payloads.rest_order(size=40, left=0))),
    "cancel_order": (lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, order_id="1")), ORDER),
    "cancel_all": (lambda rest: rest.cancel_all(SOL, None), Reply([])),
    "amend_order": (lambda rest: rest.amend_order(AmendOrder(symbol=SOL, order_id="1", price=D(1))), ORDER),
    "set_leverage": (lambda rest: rest.set_leverage(LEVERAGE), POSITION),
    "set_margin_mode": (lambda rest: rest.set_margin_mode(CROSS), POSITION),
    "arm_dead_mans_switch": (lambda rest: rest.arm_dead_mans_switch(30), Reply({"triggerTime": 1})),
    "cancel_conditional_order": (
        lambda rest: rest.cancel_conditional_order("88010042"),
        Reply(payloads.conditional_order(status="finished", finish_as="cancelled")),
    ),
    "cancel_all_conditional_orders": (lambda rest: rest.cancel_all_conditional_orders(SOL), Reply([])),
}
QUERIES: dict[str, tuple[Call, Reply]] = {
    "load_margin": (lambda rest: rest.load_margin(), ACCOUNT),
    "load_balances": (lambda rest: rest.load_balances(), ACCOUNT),
    "load_positions": (lambda rest: rest.load_positions(), Reply([])),
    "load_open_orders": (lambda rest: rest.load_open_orders(), Reply([])),
    "load_finished_orders": (lambda rest: rest.load_finished_orders(SOL, limit=10), Reply([])),
    "load_fills": (lambda rest: rest.load_fills(SOL), Reply([])),
    "load_ledger": (lambda rest: rest.load_ledger(), Reply([])),
    "load_conditional_orders": (lambda rest: rest.load_conditional_orders(), Reply([])),
    "load_fee_rates": (
        lambda rest: rest.load_fee_rates(SOL),
        Reply({"SOL_USDT": {"taker_fee": "0.0005", "maker_fee": "0.0002"}}),
    ),
    "load_key_permissions": (lambda rest: rest.load_key_permissions(), Reply({"user_id": 7})),
    "get_order": (lambda rest: rest.get_order(GetOrder(symbol=SOL, order_id="1")), ORDER),
}
EVERY = CHANGES | QUERIES


class TestEveryRequest:
    @pytest.mark.parametrize("name", EVERY)
    async def test_it_is_signed_and_asks_for_sizes_with_decimals(self, name: str) -> None:
        request = await only_request(*EVERY[name])
        assert request.is_signed_by(ALPHA)
        assert request.headers["x-gate-size-decimal"] == "1"
        assert request.headers["timestamp"] == str(NOW_MS // 1000)
        assert request.path.startswith(("/api/v4/futures/usdt/", "/api/v4/account/"))

    async def test_a_signature_by_hand(self) -> None:
        request = await only_request(*CHANGES["set_leverage"])
        query = "leverage=5&margin_mode=isolated"
        path = "/api/v4/futures/usdt/positions/SOL_USDT/set_leverage"
        assert (request.method, request.path, request.query, request.body) == ("POST", path, query, b"")
        empty = hashlib.sha512(b"").hexdigest()
        text = f"POST\n{path}\n{query}\n{empty}\n1760000000"
        assert request.headers["sign"] == hmac.new(b"s3cr3t-demo", text.encode(), hashlib.sha512).hexdigest()
        made = sign_request(ALPHA, method="POST", path=path, query=query, body=None, seconds=1_760_000_000)
        assert request.headers["sign"] == made["SIGN"]

    @pytest.mark.parametrize("name", CHANGES)
    async def test_r3_a_change_whose_answer_is_lost_or_cannot_be_read_is_unknown(self, name: str) -> None:
        call, _ = CHANGES[name]
        for reply in (LOST, Reply(b"<html>"), Reply({"label": "INTERNAL"}, 500), Reply(b"", 502)):
            with pytest.raises(UnknownOutcomeError):
                await run(call, Script(reply))

    @pytest.mark.parametrize("name", QUERIES)
    async def test_a_query_whose_answer_is_lost_or_cannot_be_read_has_failed(self, name: str) -> None:
        call, _ = QUERIES[name]
        for reply in (LOST, Reply(b"<html>"), Reply({"label": "INTERNAL"}, 500)):
            with pytest.raises(ConnectionFailedError):
                await run(call, Script(reply))

    @pytest.mark.parametrize("name", EVERY)
    async def test_a_refusal_keeps_its_label(self, name: str) -> None:
        call, _ = EVERY[name]
        with pytest.raises(VenueRefusedError) as error:
            await run(call, Script(refused("INSUFFICIENT_AVAILABLE")))
        assert (error.value.reason, error.value.label) == (
            RefusalReason.INSUFFICIENT_BALANCE,
            "INSUFFICIENT_AVAILABLE",
        )

    async def test_the_table_of_contracts_is_asked_for_once_for_all_clients(self) -> None:
        script = Script(ORDER)
        async with scripted(script) as venue:
            for _ in range(2):
                await venue.create_private_rest(ALPHA).place_order(PLACE)
        assert [request.path.rpartition("/")[2] for request in script.requests] == ["contracts", "orders", "orders"]


class TestOrders:
    async def test_a_new_order(self) -> None:
        request = await only_request(*CHANGES["place_order"])
        assert (request.method, request.path, request.query) == ("POST", "/api/v4/futures/usdt/orders", "")
        assert request.json == {
            "text": "t-desk7-f00009",
            "contract": "SOL_USDT",
            "size": "-40",
            "price": "150.5",
            "tif": "gtc",
        }
        assert request.headers["x-gate-exptime"] == str(NOW_MS + 5000)

    async def test_quantities_are_turned_into_contracts_and_back(self) -> None:
        order = PlaceOrder.market(BTC, Side.BUY, D("0.0123"), client_order_id="b1")
        script = Script(Reply(payloads.rest_order(contract="BTC_USDT", size="123", left="0", text="t-b1")))
        placed = await run(lambda rest: rest.place_order(order), script)
        assert script.asked[0].json["size"] == "123"
        assert (placed.symbol, placed.quantity, placed.filled_quantity) == (BTC, D("0.0123"), D("0.0123"))

    async def test_a_quantity_that_does_not_fit_is_not_sent(self) -> None:
        script = Script(ORDER)
        order = PlaceOrder.market(BTC, Side.BUY, D("0.01235"), client_order_id="b1")
        with pytest.raises(InvalidValueError, match="quantity"):
            await run(lambda rest: rest.place_order(order), script)
        assert script.asked == []

    async def test_the_expiry_counts_from_the_decision_and_the_last_look_is_before_sending(self) -> None:
        def stop() -> None:
            raise RuntimeError("not any more")

        request = await only_request(lambda rest: rest.place_order(PLACE, decided_ms=NOW_MS - 2000), ORDER)
        assert request.headers["x-gate-exptime"] == str(NOW_MS + 3000)
        script = Script(ORDER)
        for call in (
            lambda rest: rest.place_order(PLACE, before_sending=stop),
            lambda rest: rest.close_position(CLOSE, before_sending=stop),
        ):
            with pytest.raises(RuntimeError):
                await run(call, script)
        assert script.asked == []
        late = await only_request(
            lambda rest: rest.place_order(PLACE), ORDER, settings=GateioSettings(order_expiry_ms=None)
        )
        assert "x-gate-exptime" not in late.headers

    async def test_a_position_is_closed_whole(self) -> None:
        script = Script(Reply(payloads.rest_order(size=0, left=0, is_close=True, text="t-c1")))
        order = await run(lambda rest: rest.close_position(CLOSE), script)
        assert script.asked[0].json == {
            "text": "t-c1",
            "contract": "SOL_USDT",
            "size": "0",
            "price": "0",
            "tif": "ioc",
            "close": True,
        }
        assert (order.side, order.reduce_only) == (Side.BUY, True), "told without a size, its side is what was asked"
        assert script.asked[0].headers["x-gate-exptime"] == str(NOW_MS + 5000)

    async def test_r3_a_close_whose_answer_was_lost_is_found_by_its_id_though_it_has_no_size(self) -> None:
        script = Script(LOST, Reply(payloads.rest_order(size=0, left=0, is_close=True, text="t-c1")))
        async with scripted(script) as venue:
            rest = venue.create_private_rest(ALPHA)
            with pytest.raises(UnknownOutcomeError):
                await rest.close_position(CLOSE)
            found = await rest.get_order(GetOrder(symbol=SOL, client_order_id="c1"))
        assert found is not None
        assert (found.side, found.client_order_id, found.is_finished) == (Side.BUY, "c1", True)

    async def test_an_order_is_looked_up_by_either_id(self) -> None:
        request = await only_request(lambda rest: rest.get_order(GetOrder(symbol=SOL, order_id="36")), ORDER)
        assert (request.method, request.path) == ("GET", "/api/v4/futures/usdt/orders/36")
        request = await only_request(lambda rest: rest.get_order(GetOrder(symbol=SOL, client_order_id="a-1")), ORDER)
        assert request.path == "/api/v4/futures/usdt/orders/t-a-1"

    @pytest.mark.parametrize("label", ["ORDER_NOT_FOUND", "ORDER_NOT_OWNED"])
    async def test_r6_no_such_order_is_none_and_any_other_refusal_is_one(self, label: str) -> None:
        call, _ = QUERIES["get_order"]
        assert await run(call, Script(refused(label, 404))) is None
        with pytest.raises(VenueRefusedError):
            await run(call, Script(refused("CONTRACT_NOT_FOUND")))

    async def test_a_cancel(self) -> None:
        ended = Reply(payloads.rest_order(finish_as="cancelled", left="-40"))
        script = Script(ended)
        order = await run(lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="a-1")), script)
        assert (script.asked[0].method, script.asked[0].path) == ("DELETE", "/api/v4/futures/usdt/orders/t-a-1")
        assert order.status is OrderStatus.CANCELED

    @pytest.mark.parametrize(("side", "word"), [(Side.BUY, "bid"), (Side.SELL, "ask")])
    async def test_a_cancel_of_all_is_of_one_market_with_sides_in_its_own_words(self, side: Side, word: str) -> None:
        request = await only_request(lambda rest: rest.cancel_all(SOL, side), Reply([]))
        assert (request.method, request.query) == ("DELETE", f"contract=SOL_USDT&side={word}")
        request = await only_request(lambda rest: rest.cancel_all(SOL, None), Reply([]))
        assert request.query == "contract=SOL_USDT"
        with pytest.raises(UnsupportedError, match="cancel of a whole account"):
            await run(lambda rest: rest.cancel_all(None, None), Script(Reply([])))

    async def test_of_a_cancel_of_all_those_that_failed_are_left_out(self) -> None:
        rows = [
            payloads.rest_order(id=1, finish_as="cancelled", left="-40"),
            payloads.rest_order(id=2, succeeded=False),
        ]
        ended = await run(lambda rest: rest.cancel_all(SOL, None), Script(Reply(rows)))
        assert [order.order_id for order in ended] == ["1"]

    async def test_a_new_price_alone_needs_no_side(self) -> None:
        request = await only_request(*CHANGES["amend_order"])
        assert (request.method, request.path, request.json) == ("PUT", "/api/v4/futures/usdt/orders/1", {"price": "1"})
        assert request.headers["x-gate-exptime"] == str(NOW_MS + 5000)

    async def test_a_new_quantity_has_the_sign_of_the_order_which_is_looked_up_once(self) -> None:
        script = Script(ORDER)
        amend = AmendOrder(symbol=SOL, order_id="36028797827161124", quantity=D(30))
        async with scripted(script) as venue:
            rest = venue.create_private_rest(ALPHA)
            await rest.amend_order(amend)
            await rest.amend_order(amend)
        assert [request.method for request in script.asked] == ["GET", "PUT", "PUT"]
        assert [request.json for request in script.asked[1:]] == [{"size": "-30"}] * 2

    async def test_a_new_quantity_of_an_order_that_was_placed_here_needs_no_look(self) -> None:
        script = Script(ORDER)
        async with scripted(script) as venue:
            rest = venue.create_private_rest(ALPHA)
            await rest.place_order(PLACE)
            await rest.amend_order(AmendOrder(symbol=SOL, client_order_id="desk7-f00009", quantity=D(30)))
        assert [request.method for request in script.asked] == ["POST", "PUT"]

    async def test_a_new_quantity_of_an_order_that_is_not_there_is_not_sent(self) -> None:
        script = Script(refused("ORDER_NOT_FOUND", 404))
        with pytest.raises(VenueRefusedError) as error:
            await run(lambda rest: rest.amend_order(AmendOrder(symbol=SOL, order_id="1", quantity=D(3))), script)
        assert error.value.reason is RefusalReason.ORDER_NOT_FOUND
        assert [request.method for request in script.asked] == ["GET"]

    @pytest.mark.parametrize("order_id", ["../accounts", "1?x=2", "..", ""])
    async def test_an_id_that_would_lead_elsewhere_is_refused(self, order_id: str) -> None:
        script = Script(ORDER)
        with pytest.raises(InvalidValueError, match="order_id"):
            await run(lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, order_id=order_id)), script)
        assert script.asked == []

    async def test_the_dead_mans_switch(self) -> None:
        request = await only_request(*CHANGES["arm_dead_mans_switch"])
        assert (request.path, request.json) == ("/api/v4/futures/usdt/countdown_cancel_all", {"timeout": 30})
        await only_request(lambda rest: rest.arm_dead_mans_switch(0), Reply({"triggerTime": "0"}))
        with pytest.raises(InvalidValueError, match="timeout_s"):
            await run(lambda rest: rest.arm_dead_mans_switch(4), Script(ORDER))

    async def test_a_symbol_of_spot_is_refused(self) -> None:
        for call in (
            lambda rest: rest.cancel_all(Symbol("SOL", "USDT"), None),
            lambda rest: rest.load_fills(Symbol("SOL", "USDT")),
        ):
            with pytest.raises(InvalidValueError, match="symbol"):
                await run(call, Script(Reply([])))


class TestAccount:
    async def test_margin_and_position_mode(self) -> None:
        report = await run(lambda rest: rest.load_margin(), Script(ACCOUNT))
        assert report.position_mode is PositionMode.ONE_WAY
        assert report.as_of_ms == NOW_MS
        assert [(each.wallet_balance, each.available, each.updated_ms) for each in report.balances] == [
            (D("9988.3"), D("9410.96"), NOW_MS)
        ]

    async def test_a_mode_that_we_do_not_support_is_named(self) -> None:
        with pytest.raises(ConfigurationError, match="dual_plus"):
            await run(lambda rest: rest.load_margin(), Script(Reply(payloads.account(position_mode="dual_plus"))))

    async def test_balances_lock_what_is_tied_up(self) -> None:
        report = await run(lambda rest: rest.load_balances(), Script(ACCOUNT))
        (balance,) = report.balances
        assert (balance.currency, balance.available, balance.locked) == ("USDT", D("9410.96"), D("577.34"))

    async def test_fees_of_the_market_that_was_asked_for(self) -> None:
        call, reply = QUERIES["load_fee_rates"]
        rates = await run(call, Script(reply))
        assert (rates.maker, rates.taker) == (D("0.0002"), D("0.0005"))
        with pytest.raises(VenueRefusedError) as error:
            await run(call, Script(Reply({})))
        assert error.value.reason is RefusalReason.UNKNOWN_SYMBOL

    async def test_whose_key_it_is(self) -> None:
        reply = Reply({"user_id": 20417733, "ip_whitelist": ["10.1.2.3"], "currency_pairs": ["SOL_USDT"]})
        permissions = await run(lambda rest: rest.load_key_permissions(), Script(reply))
        assert (permissions.user_id, permissions.ip_whitelist, permissions.symbols) == ("20417733", ("10.1.2.3",), ())

    async def test_the_position_of_one_market(self) -> None:
        script = Script(ACCOUNT, POSITION)
        positions = await run(lambda rest: rest.load_position(SOL), script)
        assert [request.path for request in script.asked][1] == "/api/v4/futures/usdt/positions/SOL_USDT"
        assert [position.quantity for position in positions] == [D(-40)]

    async def test_both_positions_of_one_market_in_hedge_mode(self) -> None:
        both = [
            payloads.rest_position(mode="dual_long", size="7"),
            payloads.rest_position(mode="dual_short", size="-2"),
        ]
        script = Script(Reply(payloads.account(position_mode="dual")), Reply(both))
        positions = await run(lambda rest: rest.load_position(SOL), script)
        assert script.asked[1].path == "/api/v4/futures/usdt/dual_comp/positions/SOL_USDT"
        assert [(each.side, each.quantity) for each in positions] == [
            (PositionSide.LONG, D(7)),
            (PositionSide.SHORT, D(-2)),
        ]

    async def test_a_market_without_a_position_has_none_and_a_refusal_is_one(self) -> None:
        script = Script(ACCOUNT, refused("POSITION_NOT_FOUND"))
        assert await run(lambda rest: rest.load_position(SOL), script) == ()
        with pytest.raises(VenueRefusedError):
            await run(lambda rest: rest.load_position(SOL), Script(ACCOUNT, refused("POSITION_DUAL_MODE")))

    @pytest.mark.parametrize(
        ("side", "query"),
        [
            (PositionSide.NET, "leverage=7&margin_mode=cross"),
            (PositionSide.LONG, "leverage=7&margin_mode=cross&dual_side=dual_long"),
            (PositionSide.SHORT, "leverage=7&margin_mode=cross&dual_side=dual_short"),
        ],
    )
    async def test_leverage_names_its_margin_mode_and_in_hedge_mode_its_side(
        self, side: PositionSide, query: str
    ) -> None:
        command = SetLeverage(symbol=SOL, leverage=D(7), margin_mode=MarginMode.CROSS, position_side=side)
        request = await only_request(lambda rest: rest.set_leverage(command), POSITION)
        assert (request.query, request.body) == (query, b"")

    async def test_leverage_is_answered_with_one_position_or_a_list(self) -> None:
        call, _ = CHANGES["set_leverage"]
        for reply in (POSITION, Reply([payloads.rest_position()])):
            assert [each.leverage for each in await run(call, Script(reply))] == [D(10)]

    @pytest.mark.parametrize(
        ("mode", "side", "path", "word"),
        [
            (MarginMode.CROSS, PositionSide.NET, "positions/cross_mode", "CROSS"),
            (MarginMode.ISOLATED, PositionSide.NET, "positions/cross_mode", "ISOLATED"),
            (MarginMode.ISOLATED, PositionSide.LONG, "dual_comp/positions/cross_mode", "ISOLATED"),
        ],
    )
    async def test_margin_modes(self, mode: MarginMode, side: PositionSide, path: str, word: str) -> None:
        command = SetMarginMode(symbol=SOL, margin_mode=mode, position_side=side)
        request = await only_request(lambda rest: rest.set_margin_mode(command), POSITION)
        assert request.path == f"/api/v4/futures/usdt/{path}"
        assert request.json == {"mode": word, "contract": "SOL_USDT"}

    async def test_a_position_mode_is_set_where_it_is_another(self) -> None:
        script = Script(ACCOUNT, Reply(payloads.account(position_mode="dual")))
        await run(lambda rest: rest.set_position_mode(PositionMode.HEDGE), script)
        assert [request.method for request in script.asked] == ["GET", "POST"]
        assert (script.asked[1].path, script.asked[1].query) == ("/api/v4/futures/usdt/dual_mode", "dual_mode=true")
        script = Script(ACCOUNT)
        await run(lambda rest: rest.set_position_mode(PositionMode.ONE_WAY), script)
        assert [request.method for request in script.asked] == ["GET"]
        with pytest.raises(VenueRefusedError) as error:
            await run(
                lambda rest: rest.set_position_mode(PositionMode.HEDGE),
                Script(ACCOUNT, refused("POSITION_HOLDING")),
            )
        assert error.value.reason is RefusalReason.POSITION

    async def test_money_is_not_withdrawn_from_here(self) -> None:
        withdraw = Withdraw(currency="USDT", amount=D(5), chain="TRX", address="T1", client_withdrawal_id="p-1")
        for call in (
            lambda rest: rest.withdraw(withdraw),
            lambda rest: rest.get_withdrawal("1"),
            lambda rest: rest.cancel_withdrawal("1"),
            lambda rest: rest.load_withdrawals(currency=None, from_ms=None, to_ms=None, limit=1),
        ):
            with pytest.raises(UnsupportedError, match="gateio_futures has no withdraw"):
                await run(call, Script(Reply({})))


class TestPublic:
    async def ask(self, call: Any, script: Script) -> Any:
        async with scripted(script) as venue:
            return await call(venue.create_public_rest())

    async def test_the_clock(self) -> None:
        script = Script(Reply({"server_time": NOW_MS + 5}))
        assert await self.ask(lambda rest: rest.server_time_ms(), script) == NOW_MS + 5
        assert script.asked[0].path == "/api/v4/spot/time"
        assert "key" not in script.asked[0].headers

    async def test_rules_of_every_market_but_of_those_that_cannot_be_expressed(self) -> None:
        rows = [payloads.contract(), payloads.contract(name="BTC_USD", quanto_multiplier="0"), {"name": "X_USDT"}]
        instruments = await self.ask(lambda rest: rest.load_instruments(), Script(contracts=Reply(rows)))
        assert list(instruments) == [SOL]
        assert isinstance(instruments[SOL], PerpetualInstrument)

    async def test_best_bid_and_ask_in_base(self) -> None:
        book = {"id": 7, "update": 1760000000.5, "asks": [{"p": "2", "s": "40"}], "bids": [{"p": "1", "s": "30"}]}
        script = Script(Reply(book))
        ticker = await self.ask(lambda rest: rest.load_book_ticker(BTC), script)
        assert script.asked[0].query == "contract=BTC_USDT&limit=1&with_id=true"
        assert (ticker.bid_quantity, ticker.ask_quantity) == (D("0.003"), D("0.004"))

    async def test_mark_prices_and_junk_among_them(self) -> None:
        rows = [
            payloads.ticker(),
            payloads.ticker(contract="Y_USDT", mark_price="soon"),
            payloads.ticker(contract="BTC_USD"),
        ]
        marks = await self.ask(lambda rest: rest.load_mark_prices(), Script(Reply(rows)))
        assert [(mark.symbol, mark.mark_price, mark.time_ms) for mark in marks] == [(SOL, D("141.21"), NOW_MS)]

    async def test_risk_tiers_come_lowest_first(self) -> None:
        higher = payloads.risk_tier(risk_limit="1000000", leverage_max="50")
        script = Script(Reply([higher, payloads.risk_tier()]))
        tiers = await self.ask(lambda rest: rest.load_risk_tiers(SOL), script)
        assert [each.max_leverage for each in tiers] == [D(100), D(50)]
        assert script.asked[0].query == "contract=SOL_USDT"

    async def test_a_list_of_contracts_that_is_none_is_an_error(self) -> None:
        with pytest.raises(ProtocolError):
            await self.ask(lambda rest: rest.load_instruments(), Script(contracts=Reply({"a": 1})))


class TestCancelsWithoutSizes:
    async def test_r13_a_cancel_goes_out_while_the_sizes_of_contracts_cannot_be_had(self) -> None:
        script = Script(ORDER, contracts=Reply({}, 503))
        with pytest.raises(UnknownOutcomeError):
            await run(lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, order_id="1")), script)
        assert [request.method for request in script.asked] == ["DELETE"]
        script = Script(Reply([payloads.rest_order()]), contracts=Reply({}, 503))
        assert await run(lambda rest: rest.cancel_all(SOL, None), script) == ()
        assert [request.method for request in script.asked] == ["DELETE"]

    async def test_a_new_order_does_not(self) -> None:
        script = Script(ORDER, contracts=Reply({}, 503))
        with pytest.raises(ConnectionFailedError):
            await run(lambda rest: rest.place_order(PLACE), script)
        assert script.asked == []


class TestNewContracts:
    async def test_r10_a_row_of_a_market_that_turned_up_since_is_read_when_its_size_was_asked_for(self) -> None:
        def answer(request: Request) -> Reply:
            if request.path.endswith("/contracts/NEW_USDT"):
                return Reply(payloads.contract(name="NEW_USDT", quanto_multiplier="10"))
            return Reply([payloads.rest_position(), payloads.rest_position(contract="NEW_USDT", size="3")])

        script = Script(answer)
        report = await run(lambda rest: rest.load_positions(), script)
        assert [position.quantity for position in report.positions] == [D(-40), D(30)]
        assert [request.path.rpartition("/")[2] for request in script.asked] == ["positions", "NEW_USDT"]

    async def test_r10_one_that_is_not_listed_any_more_is_told_as_such(self) -> None:
        def answer(request: Request) -> Reply:
            if request.path.endswith("/contracts/GONE_USDT"):
                return refused("CONTRACT_NOT_FOUND")
            return Reply([payloads.rest_position(), payloads.rest_position(contract="GONE_USDT", size="3")])

        report = await run(lambda rest: rest.load_positions(), Script(answer))
        assert [position.symbol for position in report.positions] == [SOL]
        assert [row.market for row in report.unreadable] == ["GONE_USDT"]


async def test_what_accounts_ask_together_is_asked_once() -> None:
    script = Script(Reply([payloads.ticker()]))
    seams = environment(script)
    venue = GateioFuturesVenue(Endpoints("http://exchange.test/api/v4", "ws://exchange.test"), seams)
    shared = SharedFuturesPublicRest(venue.create_public_rest(), seams)
    assert isinstance(shared, FuturesPublicRest)
    first, second = await asyncio.gather(shared.load_mark_prices(), shared.load_mark_prices())
    assert first == second
    assert len(script.asked) == 1
    script = Script(Reply([payloads.risk_tier()]))
    venue = GateioFuturesVenue(Endpoints("http://exchange.test/api/v4", "ws://exchange.test"), environment(script))
    shared = SharedFuturesPublicRest(venue.create_public_rest(), seams)
    tiers = await asyncio.gather(*(shared.load_risk_tiers(symbol) for symbol in (SOL, BTC, SOL)))
    assert [len(each) for each in tiers] == [1, 1, 1]
    assert [request.query for request in script.asked] == ["contract=SOL_USDT", "contract=BTC_USDT"]


async def test_it_fits_the_registry() -> None:
    kind = VenueKind(
        name=GateioFuturesVenue.name,
        live=settings.LIVE,
        testnet=settings.TESTNET,
        settings=GateioSettings,
        create=GateioFuturesVenue,
        capabilities=capabilities_of,
    )
    venue = kind.create(kind.live, environment(Script()), kind.settings())
    assert venue.capabilities == kind.capabilities(kind.settings())
    assert venue.capabilities.venue == kind.name


async def test_the_venue_declares_what_it_is() -> None:
    async with scripted(Script(ORDER)) as venue:
        assert (venue.name, venue.capabilities.venue) == ("gateio_futures", "gateio_futures")
        assert venue.capabilities.products == {Product.PERPETUAL}
        assert venue.capabilities.require_margin().position_modes == set(PositionMode)
        rest: Any = venue.create_private_rest(ALPHA)
        assert isinstance(rest, FuturesPrivateRest)
        assert isinstance(venue.create_public_rest(), FuturesPublicRest)
        assert rest.query_lag_ms == 10_000
        assert venue.server_now_ms() > 0
