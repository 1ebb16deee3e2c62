"""What is asked for by REST, in which form, and what the answers mean."""

import itertools
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from exchanges.base.clients import PrivateRest, UnreadableRow
from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder, Withdraw
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce, WithdrawalStatus
from messages.errors import (
    ConnectionFailedError,
    InvalidValueError,
    ProtocolError,
    RefusalReason,
    TellerError,
    UnknownOutcomeError,
    UnsupportedError,
    VenueRefusedError,
)
from messages.instrument import Instrument
from messages.order import Fee
from messages.symbol import Symbol
from tests.exchanges.mexc.scripted import ALPHA, BTC, MARKETS, NOW_MS, SOL, Reply, market, refusal, world

D = Decimal
PLACE = PlaceOrder.limit(SOL, Side.BUY, D("2.50"), D("141.2"), client_order_id="desk7-000042")
TAKEN = Reply({"symbol": "SOLUSDT", "orderId": "C02__1", "orderListId": -1, "transactTime": NOW_MS + 5})
ROW: dict[str, Any] = {
    "symbol": "SOLUSDT",
    "orderId": "C02__1",
    "orderListId": -1,
    "clientOrderId": "desk7-000042",
    "price": "141.2",
    "origQty": "2.5",
    "executedQty": "1.5",
    "cummulativeQuoteQty": "211.77",
    "status": "PARTIALLY_FILLED",
    "timeInForce": None,
    "type": "LIMIT",
    "side": "BUY",
    "stopPrice": None,
    "time": NOW_MS,
    "updateTime": NOW_MS + 58,
    "origQuoteOrderQty": "353",
    "stpMode": "",
    "cancelReason": "",
}
TRADE: dict[str, Any] = {
    "symbol": "SOLUSDT",
    "id": "6X1",
    "orderId": "C02__1",
    "price": "141.18",
    "qty": "1.5",
    "quoteQty": "211.77",
    "commission": "0.105885",
    "commissionAsset": "MX",
    "time": NOW_MS - 5,
    "isBuyer": True,
    "isMaker": False,
    "clientOrderId": None,
}
WITHDRAW = Withdraw(
    currency="USDT", amount=D("1E+2"), chain="TRX", address="T1", client_withdrawal_id="p-1", memo="m 1"
)
PAID_OUT: dict[str, Any] = {
    "id": "w1",
    "coin": "USDT",
    "netWork": "TRX",
    "address": "T1",
    "amount": "100",
    "status": 1,
    "applyTime": NOW_MS - 1000,
    "withdrawOrderId": "p-1",
    "transactionFee": "1",
    "txId": None,
}
Call = Callable[[PrivateRest], Awaitable[Any]]
CHANGES: dict[str, tuple[str, Call]] = {
    "place": ("POST /order", lambda rest: rest.place_order(PLACE)),
    "cancel": ("DELETE /order", lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, order_id="1"))),
    "cancel_all": ("DELETE /openOrders", lambda rest: rest.cancel_all(SOL, None)),
    "withdraw": ("POST /capital/withdraw", lambda rest: rest.withdraw(WITHDRAW)),
    "call_back": ("DELETE /capital/withdraw", lambda rest: rest.cancel_withdrawal("w1")),
}
QUERIES: dict[str, tuple[str, Call]] = {
    "balances": ("GET /account", lambda rest: rest.load_balances()),
    "open_orders": ("GET /openOrders", lambda rest: rest.load_open_orders()),
    "finished": ("GET /allOrders", lambda rest: rest.load_finished_orders(SOL)),
    "fills": ("GET /myTrades", lambda rest: rest.load_fills(SOL)),
    "fees": ("GET /tradeFee", lambda rest: rest.load_fee_rates(SOL)),
    "key": ("GET /uid", lambda rest: rest.load_key_permissions()),
    "order": ("GET /order", lambda rest: rest.get_order(GetOrder(symbol=SOL, order_id="1"))),
    "withdrawals": (
        "GET /capital/withdraw/history",
        lambda rest: rest.load_withdrawals(currency=None, from_ms=None, to_ms=None, limit=9),
    ),
}


# -- placing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "asked"),
    [
        (PLACE, {"type": "LIMIT", "side": "BUY", "quantity": "2.50", "price": "141.2"}),
        (
            PlaceOrder.post_only(SOL, Side.SELL, D(1), D("1E+3"), client_order_id="a"),
            {"type": "LIMIT_MAKER", "side": "SELL", "quantity": "1", "price": "1000"},
        ),
        (
            PlaceOrder.ioc(SOL, Side.BUY, D("1E-7"), D(5), client_order_id="a"),
            {"type": "IMMEDIATE_OR_CANCEL", "side": "BUY", "quantity": "0.0000001", "price": "5"},
        ),
        (
            PlaceOrder.fok(SOL, Side.BUY, D(1), D(5), client_order_id="a"),
            {"type": "FILL_OR_KILL", "side": "BUY", "quantity": "1", "price": "5"},
        ),
        (
            PlaceOrder.market_buy(SOL, D(100), client_order_id="a"),
            {"type": "MARKET", "side": "BUY", "quoteOrderQty": "100"},
        ),
        (PlaceOrder.market_sell(SOL, D(3), client_order_id="a"), {"type": "MARKET", "side": "SELL", "quantity": "3"}),
    ],
)
async def test_an_order_of_every_kind_is_asked_for_in_the_query(order: PlaceOrder, asked: dict[str, str]) -> None:
    async with world({"POST /order": TAKEN}) as here:
        placed = await here.rest.place_order(order, decided_ms=NOW_MS - 700)
        sent = here.only("POST /order").parameters
        del sent["signature"]
        assert sent == asked | {
            "symbol": "SOLUSDT",
            "newClientOrderId": order.client_order_id,
            "recvWindow": "5000",
            "timestamp": str(NOW_MS - 700),
        }
        assert (placed.status, placed.order_id, placed.created_ms) == (OrderStatus.NEW, "C02__1", NOW_MS + 5)
        assert (placed.client_order_id, placed.quote_quantity) == (order.client_order_id, order.quote_quantity)


async def test_what_is_not_an_order_has_the_window_of_a_request_from_when_it_leaves() -> None:
    async with world({"GET /order": Reply(ROW)}) as here:
        await here.clock.advance(3)
        await here.rest.get_order(GetOrder(symbol=SOL, order_id="C02__1"))
        sent = here.only("GET /order").parameters
        assert (sent["recvWindow"], sent["timestamp"]) == ("10000", str(NOW_MS + 3000))


async def test_without_an_expiry_an_order_has_the_window_of_any_request() -> None:
    async with world({"POST /order": TAKEN}, order_expiry_ms=None) as here:
        await here.rest.place_order(PLACE, decided_ms=NOW_MS - 60_000)
        sent = here.only("POST /order").parameters
        assert (sent["recvWindow"], sent["timestamp"]) == ("10000", str(NOW_MS))
        assert here.rest.capabilities.order_expiry_ms is None


async def test_an_order_without_a_client_id_is_not_sent() -> None:
    async with world() as here:
        with pytest.raises(InvalidValueError, match="client_order_id"):
            await here.rest.place_order(PlaceOrder.limit(SOL, Side.BUY, D(1), D(1)))
        assert here.network.requests == []


async def test_r13_an_order_that_is_called_back_before_its_turn_is_not_sent() -> None:
    def called_back() -> None:
        raise ConnectionFailedError("called back")

    async with world() as here:
        with pytest.raises(ConnectionFailedError, match="called back"):
            await here.rest.place_order(PLACE, before_sending=called_back)
        assert here.network.requests == []


# -- what an answer proves --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        Reply(lost=True),
        Reply(b"<html>", 502),
        Reply(b"<html>", 403),
        Reply(b"", 200),
        Reply(b"[1]", 200),
        refusal(20002),
        refusal(987_654),
    ],
)
@pytest.mark.parametrize("change", CHANGES)
async def test_r3_without_a_word_of_the_exchange_nobody_knows(change: str, reply: Reply) -> None:
    call, make = CHANGES[change]
    async with world({call: reply}) as here:
        with pytest.raises(UnknownOutcomeError):
            await make(here.rest)


@pytest.mark.parametrize("change", CHANGES)
async def test_a_refusal_is_one_also_where_its_status_is_200(change: str) -> None:
    call, make = CHANGES[change]
    async with world({call: Reply({"code": 700007, "msg": "no"})}) as here:
        with pytest.raises(VenueRefusedError) as refused:
            await make(here.rest)
        assert refused.value.reason is RefusalReason.PERMISSION


@pytest.mark.parametrize("reply", [Reply(lost=True), Reply(b"<html>", 502), Reply(b"<html>", 200), Reply(unsent=True)])
@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_without_an_answer_is_no_answer(query: str, reply: Reply) -> None:
    call, make = QUERIES[query]
    async with world({call: reply}) as here:
        with pytest.raises(ConnectionFailedError):
            await make(here.rest)


@pytest.mark.parametrize("name", QUERIES | CHANGES)
async def test_r12_no_error_quotes_key_or_secret(name: str) -> None:
    call, make = (QUERIES | CHANGES)[name]
    said = {"code": 33333, "msg": f"{ALPHA.reveal_key()} {ALPHA.reveal_secret()}"}
    async with world({call: Reply(said, 400)}) as here:
        with pytest.raises(TellerError) as refused:
            await make(here.rest)
        assert "demo" not in str(refused.value)


# -- one order --------------------------------------------------------------------------------------------------------


async def test_an_order_is_found_by_either_id() -> None:
    async with world({"GET /order": Reply(ROW)}) as here:
        order = await here.rest.get_order(GetOrder(symbol=SOL, client_order_id="desk7-000042"))
        assert here.only("GET /order").parameters["origClientOrderId"] == "desk7-000042"
        assert order is not None
        assert (order.status, order.filled_quantity, order.filled_quote) == (
            OrderStatus.PARTIALLY_FILLED,
            D("1.5"),
            D("211.77"),
        )
        assert (order.created_ms, order.updated_ms, order.fees) == (NOW_MS, NOW_MS + 58, ())
        await here.rest.get_order(GetOrder(symbol=SOL, order_id="C02__1", client_order_id="desk7-000042"))
        assert here.network.requests[-1].parameters["orderId"] == "C02__1"


FILLED = ROW | {"status": "FILLED", "executedQty": "1.5", "origQty": "1.5"}


@pytest.mark.parametrize(
    ("trades", "fees", "is_partial"),
    [
        (Reply([TRADE]), (Fee("MX", D("0.105885")),), False),
        (Reply([]), (), True),
        (refusal(700007), (), True),
    ],
)
async def test_r14_an_order_that_has_ended_is_told_with_the_fees_of_its_fills_or_says_that_they_are_partial(
    trades: Reply, fees: tuple[Fee, ...], *, is_partial: bool
) -> None:
    async with world({"GET /order": Reply(FILLED), "GET /myTrades": trades}) as here:
        order = await here.rest.get_order(GetOrder(symbol=SOL, order_id="C02__1"))
        assert order is not None
        assert (order.fees, order.fees_are_partial) == (fees, is_partial)
        assert here.only("GET /myTrades").parameters["orderId"] == "C02__1"


async def test_an_order_whose_fills_could_not_be_asked_for_is_no_answer() -> None:
    async with world({"GET /order": Reply(FILLED), "GET /myTrades": Reply("", 502)}) as here:
        with pytest.raises(ConnectionFailedError):
            await here.rest.get_order(GetOrder(symbol=SOL, order_id="C02__1"))


async def test_r6_an_order_that_is_not_known_or_not_known_yet_is_none() -> None:
    async with world({"GET /order": refusal(-2013)}) as here:
        assert await here.rest.get_order(GetOrder(symbol=SOL, order_id="1")) is None


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "NEW", "executedQty": "0", "cummulativeQuoteQty": "0", "updateTime": None}, OrderStatus.NEW),
        ({"status": "FILLED", "executedQty": "2.5"}, OrderStatus.FILLED),
        ({"status": "CANCELED", "executedQty": "0"}, OrderStatus.CANCELED),
        ({"status": "PARTIALLY_CANCELED"}, OrderStatus.CANCELED),
        ({"status": "PARTIALLY_CANCELED", "type": "IMMEDIATE_OR_CANCEL"}, OrderStatus.EXPIRED),
        ({"status": "CANCELED", "type": "FILL_OR_KILL", "executedQty": "0"}, OrderStatus.EXPIRED),
        ({"status": "CANCELED", "type": "LIMIT_MAKER", "executedQty": "0"}, OrderStatus.CANCELED),
        ({"status": "PARTIALLY_CANCELED", "type": "MARKET", "cummulativeQuoteQty": "352.9"}, OrderStatus.FILLED),
        ({"status": "PARTIALLY_CANCELED", "type": "MARKET"}, OrderStatus.EXPIRED),
        ({"status": "PARTIALLY_CANCELED", "type": "MARKET", "side": "SELL"}, OrderStatus.EXPIRED),
    ],
)
async def test_every_status_is_one_of_ours(fields: dict[str, Any], status: OrderStatus) -> None:
    async with world({"GET /order": Reply(ROW | fields), "GET /myTrades": Reply([])}) as here:
        order = await here.rest.get_order(GetOrder(symbol=SOL, order_id="C02__1"))
        assert order is not None
        assert order.status is status


async def test_a_quantity_has_two_names_and_a_type_may_be_new() -> None:
    row = {name: value for name, value in ROW.items() if name != "origQty"} | {"Qty": "2.5", "type": "STOP_LOSS_LIMIT"}
    async with world({"GET /order": Reply(row)}) as here:
        order = await here.rest.get_order(GetOrder(symbol=SOL, order_id="C02__1"))
        assert order is not None
        assert (order.quantity, order.type, order.time_in_force) == (D("2.5"), OrderType.OTHER, TimeInForce.OTHER)


async def test_a_status_that_we_do_not_know_is_no_answer() -> None:
    async with world({"GET /order": Reply(ROW | {"status": "PENDING"})}) as here:
        with pytest.raises(ProtocolError):
            await here.rest.get_order(GetOrder(symbol=SOL, order_id="C02__1"))


@pytest.mark.parametrize("status", ["NEW", "PARTIALLY_FILLED", "CANCELED", None])
async def test_an_answer_to_a_cancel_is_from_before_it_and_the_order_has_ended(status: str | None) -> None:
    row = ROW | {"status": status, "origClientOrderId": "desk7-000042", "clientOrderId": "of-the-cancel"}
    async with world({"DELETE /order": Reply(row)}) as here:
        ended = await here.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="desk7-000042"))
        assert (ended.status, ended.filled_quantity) == (OrderStatus.CANCELED, D("1.5"))
        assert ended.client_order_id == "desk7-000042"
        assert "newClientOrderId" not in here.only("DELETE /order").parameters


async def test_an_order_that_cannot_be_canceled_any_more_is_refused_as_not_found() -> None:
    async with world({"DELETE /order": refusal(-2011)}) as here:
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.cancel_order(CancelOrder(symbol=SOL, order_id="1"))
        assert refused.value.reason is RefusalReason.ORDER_NOT_FOUND


async def test_a_cancel_of_all_lists_what_it_ended_though_rows_say_little() -> None:
    bare = {"symbol": "SOLUSDT", "orderId": "2", "price": "30", "origQty": "1", "type": "LIMIT", "side": "SELL"}
    async with world({"DELETE /openOrders": Reply([ROW, bare])}) as here:
        ended = await here.rest.cancel_all(SOL, None)
        assert [(order.order_id, order.status, order.client_order_id) for order in ended] == [
            ("C02__1", OrderStatus.CANCELED, "desk7-000042"),
            ("2", OrderStatus.CANCELED, None),
        ]
        assert here.only("DELETE /openOrders").parameters["symbol"] == "SOLUSDT"


async def test_what_mexc_does_not_have_is_refused_here() -> None:
    async with world() as here:
        for ask in (
            here.rest.cancel_all(None, None),
            here.rest.cancel_all(SOL, Side.BUY),
            here.rest.load_finished_orders(None),
            here.rest.load_fills(None),
            here.rest.amend_order(AmendOrder(symbol=SOL, order_id="1", price=D(1))),
            here.rest.arm_dead_mans_switch(60),
        ):
            with pytest.raises(UnsupportedError, match="mexc has no"):
                await ask
        assert here.network.requests == []


# -- lists ------------------------------------------------------------------------------------------------------------


async def test_r6_open_orders_of_the_account_and_of_a_market() -> None:
    other = ROW | {"symbol": "BTCUSDT", "orderId": "2", "status": "SOMETHING_NEW", "executedQty": "0"}
    async with world({"GET /openOrders": Reply([ROW, other])}) as here:
        report = await here.rest.load_open_orders()
        assert {order.symbol: order.status for order in report.orders} == {
            SOL: OrderStatus.PARTIALLY_FILLED,
            BTC: OrderStatus.NEW,
        }
        assert (report.markets, report.as_of_ms, report.unreadable) == (None, NOW_MS, ())
        assert "symbol" not in here.only("GET /openOrders").parameters
        assert (await here.rest.load_open_orders(SOL)).markets == frozenset({SOL})
        assert here.network.requests[-1].parameters["symbol"] == "SOLUSDT"


async def test_r10_a_row_that_cannot_be_read_keeps_nothing_from_the_others() -> None:
    rows = [ROW, ROW | {"orderId": "2", "origQty": "x"}, ROW | {"orderId": "3", "symbol": "NEWUSDT"}, 7]
    async with world({"GET /openOrders": Reply(rows)}) as here:
        report = await here.rest.load_open_orders()
        assert [order.order_id for order in report.orders] == ["C02__1"]
        assert [(row.symbol, row.market, row.item_id) for row in report.unreadable] == [
            (SOL, "SOLUSDT", "2"),
            (None, "NEWUSDT", "3"),
            (None, "", ""),
        ]


async def test_r5_a_market_that_was_listed_since_is_asked_for_with_the_list_that_names_it() -> None:
    row = ROW | {"symbol": "NEWUSDT"}
    newer = Reply({"symbols": [market("NEWUSDT", "NEW")]})
    answers = {"GET /openOrders": Reply([row]), "GET /exchangeInfo": [MARKETS, newer]}
    async with world(answers) as here:
        assert (await here.rest.load_open_orders()).orders == (), "the table has just been asked for"
        assert (await here.rest.load_open_orders()).orders == ()
        assert len(here.network.of("GET /exchangeInfo")) == 1
        await here.clock.advance(6)
        (order,) = (await here.rest.load_open_orders()).orders
        assert order.symbol == Symbol("NEW", "USDT")


async def test_r10_a_name_that_is_no_markets_is_asked_about_once_a_minute_and_a_new_one_at_once() -> None:
    answers = {"GET /openOrders": Reply([ROW | {"symbol": "NONEUSDT"}]), "GET /exchangeInfo": MARKETS}
    async with world(answers) as here:
        for _ in range(10):
            assert len((await here.rest.load_open_orders()).unreadable) == 1
            await here.clock.advance(6)
        assert len(here.network.of("GET /exchangeInfo")) == 2
        here.network.answers["GET /openOrders"] = Reply([ROW | {"symbol": "OTHERUSDT"}])
        await here.rest.load_open_orders()
        assert len(here.network.of("GET /exchangeInfo")) == 3


async def test_r10_a_table_that_cannot_be_had_anew_keeps_no_list_from_being_read() -> None:
    answers = {
        "GET /openOrders": Reply([ROW, ROW | {"symbol": "NEWUSDT"}]),
        "GET /exchangeInfo": [MARKETS, refusal(500)],
    }
    async with world(answers) as here:
        for _ in range(3):
            report = await here.rest.load_open_orders()
            assert (len(report.orders), len(report.unreadable)) == (1, 1)
            await here.clock.advance(40)
        assert len(here.network.of("GET /exchangeInfo")) == 2


async def test_a_list_that_needs_the_table_fails_where_there_is_none() -> None:
    async with world({"GET /openOrders": Reply([ROW]), "GET /exchangeInfo": refusal(500)}) as here:
        with pytest.raises(ConnectionFailedError):
            await here.rest.load_open_orders()


async def test_balances_are_free_and_locked() -> None:
    rows = [{"asset": "USDT", "free": "1647.03", "locked": "141.2", "available": "9"}, {"asset": "SOL", "free": "-"}]
    async with world({"GET /account": Reply({"balances": rows})}) as here:
        report = await here.rest.load_balances()
        (only,) = report.balances
        assert (only.currency, only.available, only.locked, only.updated_ms) == (
            "USDT",
            D("1647.03"),
            D("141.2"),
            NOW_MS,
        )
        assert [row.market for row in report.unreadable] == ["SOL"]


async def test_finished_orders_are_what_has_ended_of_the_last_seven_days() -> None:
    ended = [
        ROW | {"orderId": str(number), "status": "CANCELED", "time": NOW_MS - 9, "updateTime": NOW_MS - number}
        for number in range(4)
    ]
    async with world({"GET /allOrders": Reply([ROW, *ended])}) as here:
        every = await here.rest.load_finished_orders(SOL, from_ms=NOW_MS - 2)
        assert [order.order_id for order in every.orders] == ["0", "1", "2"]
        assert every.is_complete
        asked = here.only("GET /allOrders").parameters
        assert 6 * 86_400_000 < NOW_MS - int(asked["startTime"]) < 7 * 86_400_000
        newest = await here.rest.load_finished_orders(SOL, limit=3)
        assert (len(newest.orders), newest.is_complete) == (3, False)
        assert not (await here.rest.load_finished_orders(SOL, from_ms=NOW_MS - 8 * 86_400_000)).is_complete


def trades(count: int, *, newest_first: bool) -> Callable[[Any], Reply]:
    """So many trades, one each second; an answer has the 100 newest or oldest of the span."""
    rows = [TRADE | {"id": f"{number}X1", "time": NOW_MS - 1000 * number} for number in range(count)]

    def answer(request: Any) -> Reply:
        asked = request.parameters
        within = [row for row in rows if int(asked["startTime"]) <= row["time"] <= int(asked["endTime"])]
        assert asked["limit"] == "100"
        return Reply(within[:100] if newest_first else within[::-1][:100])

    return answer


@pytest.mark.parametrize("newest_first", [True, False])
async def test_every_page_of_fills_is_read_whichever_side_an_answer_is_cut_on(newest_first: bool) -> None:
    async with world({"GET /myTrades": trades(350, newest_first=newest_first)}, max_wait_s=100.0) as here:
        reading = here.tasks.spawn(here.rest.load_fills(SOL, from_ms=NOW_MS - 1000 * 340), "reading")
        await here.clock.advance(60)
        report = await reading
        assert [fill.trade_id for fill in report.fills] == [f"{number}X1" for number in range(341)]


async def test_a_fill() -> None:
    async with world({"GET /myTrades": Reply([TRADE])}) as here:
        (fill,) = (await here.rest.load_fills(SOL, order_id="C02__1")).fills
        assert here.only("GET /myTrades").parameters["orderId"] == "C02__1"
        assert (fill.trade_id, fill.order_id, fill.client_order_id) == ("6X1", "C02__1", None)
        assert (fill.side, fill.liquidity, fill.fees) == (Side.BUY, Liquidity.TAKER, (Fee("MX", D("0.105885")),))
        assert (fill.price, fill.quantity, fill.time_ms) == (D("141.18"), D("1.5"), NOW_MS - 5)


async def test_r14_fills_that_are_older_than_mexc_tells_are_said_to_be_unknown() -> None:
    async with world({"GET /myTrades": Reply([])}) as here:
        report = await here.rest.load_fills(SOL, from_ms=NOW_MS - 40 * 86_400_000)
        assert report.unreadable == (UnreadableRow(SOL, "SOLUSDT", "", "fills of more than a month ago are not told"),)


async def test_more_rows_of_one_moment_than_an_answer_holds_are_no_answer() -> None:
    rows = [TRADE | {"id": str(number)} for number in range(100)]
    async with world({"GET /myTrades": Reply(rows)}) as here:
        with pytest.raises(ProtocolError):
            await here.rest.load_fills(SOL)


# -- markets, fees, key -----------------------------------------------------------------------------------------------


async def rules(**fields: Any) -> Instrument:
    async with world({"GET /exchangeInfo": Reply({"symbols": [market("SOLUSDT", "SOL", **fields)]})}) as here:
        return (await here.venue.create_public_rest().load_instruments())[SOL]


async def test_the_rules_of_a_market() -> None:
    found = await rules()
    assert (found.tick, found.lot, found.min_quantity) == (D("0.01"), D("0.01"), D("0.01"))
    assert (found.min_notional, found.max_notional, found.can_buy, found.can_sell) == (1, 2_000_000, True, True)
    assert (await rules(baseSizePrecision="0")).lot == D("0.01")
    assert (await rules(baseSizePrecision="0")).min_quantity is None


@pytest.mark.parametrize(
    ("fields", "can"),
    [
        ({"status": "ENABLED"}, (True, True)),
        ({"status": "2"}, (False, False)),
        ({"status": "3"}, (False, False)),
        ({"isSpotTradingAllowed": False}, (False, False)),
        ({"tradeSideType": "1"}, (True, True)),
        ({"tradeSideType": 2}, (True, False)),
        ({"tradeSideType": "3"}, (False, True)),
        ({"tradeSideType": 4}, (False, False)),
    ],
)
async def test_a_market_is_open_or_closed_for_each_side(fields: dict[str, Any], can: tuple[bool, bool]) -> None:
    found = await rules(**fields)
    assert (found.can_buy, found.can_sell) == can


async def test_r10_a_market_whose_rules_cannot_be_expressed_is_left_out() -> None:
    rows = [market("ODD", "SOL", "SOL"), market("SOLUSDT", "SOL"), market("BTCUSDT", "BTC", quotePrecision=99)]
    async with world({"GET /exchangeInfo": Reply({"symbols": rows})}) as here:
        assert set(await here.venue.create_public_rest().load_instruments()) == {SOL}


async def test_a_symbol_whose_name_is_that_of_another_market_is_refused() -> None:
    async with world({"GET /order": Reply(ROW)}) as here:
        await here.venue.create_public_rest().load_instruments()
        with pytest.raises(InvalidValueError, match="SOL/USDT, which is what SOLUSDT stands for"):
            await here.rest.get_order(GetOrder(symbol=Symbol("SOLU", "SDT"), order_id="1"))
        with pytest.raises(InvalidValueError, match="a spot market"):
            await here.rest.get_order(GetOrder(symbol=Symbol("SOL", "USDT", "USDT"), order_id="1"))
        assert here.network.of("GET /order") == []


async def test_best_prices_by_query() -> None:
    said = {"symbol": "SOLUSDT", "bidPrice": "141.18", "bidQty": "12.5", "askPrice": "", "askQty": ""}
    async with world({"GET /ticker/bookTicker": Reply(said)}) as here:
        ticker = await here.venue.create_public_rest().load_book_ticker(SOL)
        assert (ticker.bid, ticker.bid_quantity, ticker.ask, ticker.ask_quantity) == (
            D("141.18"),
            D("12.5"),
            None,
            None,
        )
        assert (ticker.time_ms, ticker.update_id) == (NOW_MS, NOW_MS)


async def test_the_clock_is_the_exchanges() -> None:
    async with world({"GET /time": Reply({"serverTime": NOW_MS + 4000})}) as here:
        assert await here.venue.create_public_rest().server_time_ms() == NOW_MS + 4000
        assert here.venue.server_now_ms() == NOW_MS + 4000


async def test_fee_rates_are_numbers_and_stay_exact() -> None:
    said = b'{"data":{"makerCommission":0.0,"takerCommission":0.0005},"code":0,"msg":"success"}'
    async with world({"GET /tradeFee": Reply(said), "GET /uid": Reply({"uid": "20417733"})}) as here:
        rates = await here.rest.load_fee_rates(SOL)
        assert (rates.maker, rates.taker) == (D(0), D("0.0005"))
        assert (await here.rest.load_key_permissions()).user_id == "20417733"


# -- withdrawals ------------------------------------------------------------------------------------------------------


async def test_the_life_of_a_withdrawal() -> None:
    answers = {
        "POST /capital/withdraw": Reply({"id": "w1"}),
        "DELETE /capital/withdraw": Reply({"id": "w1"}),
        "GET /capital/withdraw/history": Reply([PAID_OUT]),
    }
    async with world(answers) as here:
        sent = await here.rest.withdraw(WITHDRAW)
        asked = here.only("POST /capital/withdraw")
        wanted = {"coin": "USDT", "netWork": "TRX", "address": "T1", "amount": "100", "memo": "m 1"}
        assert wanted.items() <= asked.parameters.items()
        assert "memo=m%201" in asked.query
        assert (sent.status, sent.withdrawal_id, sent.client_withdrawal_id) == (WithdrawalStatus.REQUESTED, "w1", "p-1")
        ended = await here.rest.cancel_withdrawal("w1")
        assert (ended.status, ended.amount, ended.chain) == (WithdrawalStatus.CANCELED, D(100), "TRX")


async def test_a_withdrawal_is_looked_for_in_ninety_days() -> None:
    async with world({"GET /capital/withdraw/history": Reply([])}) as here:
        finding = here.tasks.spawn(here.rest.get_withdrawal("w9"), "finding")
        await here.clock.advance(10)
        assert await finding is None
        spans = [(int(each.parameters["startTime"]), int(each.parameters["endTime"])) for each in here.network.requests]
        assert NOW_MS - spans[-1][0] > 89 * 86_400_000
        assert all(end - begin <= 7 * 86_400_000 for begin, end in spans)
        assert all(later[0] == earlier[1] for later, earlier in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (1, WithdrawalStatus.REQUESTED),
        (4, WithdrawalStatus.PROCESSING),
        (7, WithdrawalStatus.DONE),
        (8, WithdrawalStatus.FAILED),
        ("9", WithdrawalStatus.CANCELED),
        (77, WithdrawalStatus.PROCESSING),
    ],
)
async def test_every_state_of_a_withdrawal_is_one_of_ours(number: int | str, status: WithdrawalStatus) -> None:
    async with world({"GET /capital/withdraw/history": Reply([PAID_OUT | {"status": number}])}) as here:
        (found,) = await here.rest.load_withdrawals(currency="USDT", from_ms=None, to_ms=None, limit=5)
        assert (found.status, found.venue_status, found.fee) == (status, str(number), D(1))
        assert here.only("GET /capital/withdraw/history").parameters["coin"] == "USDT"
