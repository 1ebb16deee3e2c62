"""Requests wait here so that MEXC never has to refuse them, on a clock that a test moves."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from exchanges.base.rate_limiter import LONGEST_PAUSE_S, Priority
from messages.commands import CancelOrder, GetOrder, PlaceOrder
from messages.enums import Side
from messages.errors import RateLimitedError, RefusalReason, VenueRefusedError
from messages.symbol import Symbol
from tests.exchanges.base.manual_clock import settle
from tests.exchanges.mexc.scripted import NOW_MS, SOL, Reply, Request, World, refusal, world

ROW = {"symbol": "SOLUSDT", "orderId": "1", "price": "1", "origQty": "1", "type": "LIMIT", "side": "BUY"}
ANSWERS = {
    "POST /order": Reply({"orderId": "1", "transactTime": NOW_MS}),
    "DELETE /order": Reply(ROW),
    "GET /order": Reply(ROW | {"status": "NEW"}),
    "GET /openOrders": Reply([]),
    "GET /account": Reply({"balances": []}),
    "GET /tradeFee": Reply(b'{"data":{"makerCommission":0,"takerCommission":0}}'),
}


def most_within(requests: Sequence[Request], window_s: float, weight: int = 1) -> int:
    """The largest number of requests, by weight, in any window."""
    moments = [request.at_s for request in requests]
    return max(weight * sum(begin <= at < begin + window_s for at in moments) for begin in moments)


def place(here: World, count: int, **more: int) -> list[asyncio.Task[object]]:
    order = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(1), client_order_id="a")
    return [here.tasks.spawn(here.rest.place_order(order, **more), "place") for _ in range(count)]


async def test_orders_and_cancels_together_stay_below_twelve_a_second() -> None:
    async with world(ANSWERS, max_wait_s=60.0, order_expiry_ms=60_000) as here:
        placing = place(here, 30)
        canceling = [
            here.tasks.spawn(here.rest.cancel_order(CancelOrder(symbol=SOL, order_id="1")), "cancel") for _ in range(30)
        ]
        await here.passes(20)
        await asyncio.gather(*placing, *canceling)
        sent = here.network.of("POST /order") + here.network.of("DELETE /order")
        assert len(sent) == 60
        assert 8 <= most_within(sent, 1.0) <= 12


async def test_r13_a_cancel_goes_before_all_orders_that_wait() -> None:
    async with world(ANSWERS, max_wait_s=60.0, order_expiry_ms=60_000) as here:
        placing = place(here, 40)
        await settle()
        waiting_from = len(here.network.requests)
        here.tasks.spawn(here.rest.cancel_order(CancelOrder(symbol=SOL, order_id="1")), "cancel")
        await here.passes(20)
        await asyncio.gather(*placing)
        assert here.network.requests[waiting_from].call == "DELETE /order"


async def test_the_weight_of_queries_is_one_pool_for_all_accounts_and_public_queries() -> None:
    async with world(ANSWERS, max_wait_s=60.0) as here:
        public = here.venue.create_public_rest()
        asking = [here.tasks.spawn(public.load_instruments(), "markets") for _ in range(8)]
        asking += [here.tasks.spawn(here.rest.load_fee_rates(SOL), "fees") for _ in range(20)]
        await here.passes(40)
        await asyncio.gather(*asking)
        weights = {"GET /exchangeInfo": 25, "GET /tradeFee": 20}
        sent = [(request.at_s, weights[request.call]) for request in here.network.requests]
        assert len(sent) == 28
        for begin_s, _ in sent:
            assert sum(weight for at_s, weight in sent if begin_s <= at_s < begin_s + 10.0) <= 300


async def test_all_requests_of_an_account_stay_below_twenty_a_second() -> None:
    async with world(ANSWERS, max_wait_s=60.0) as here:
        ask = GetOrder(symbol=SOL, order_id="1")
        asking = [here.tasks.spawn(here.rest.get_order(ask), "order") for _ in range(60)]
        await here.passes(10)
        await asyncio.gather(*asking)
        assert most_within(here.network.requests, 1.0) <= 20


async def test_balances_are_asked_for_twice_a_second_at_most() -> None:
    async with world(ANSWERS, max_wait_s=60.0) as here:
        asking = [here.tasks.spawn(here.rest.load_balances(), "balances") for _ in range(7)]
        await here.passes(10)
        await asyncio.gather(*asking)
        assert most_within(here.network.requests, 1.0) == 2


async def test_r10_one_account_that_waits_for_its_own_limit_is_in_nobodys_way() -> None:
    async with world(ANSWERS, max_wait_s=60.0) as here:
        for _ in range(7):
            here.tasks.spawn(here.rest.load_balances(), "balances")
        await settle()
        asking = here.tasks.spawn(here.venue.create_public_rest().load_instruments(), "markets")
        await settle()
        assert asking.done()


async def test_an_order_waits_for_half_of_its_window_at_most() -> None:
    async with world(ANSWERS, order_expiry_ms=2000) as here:
        place(here, 11)
        await settle()
        for each in place(here, 20, decided_ms=NOW_MS):
            await settle()
            if each.done():
                assert isinstance(each.exception(), RateLimitedError)
        await here.passes(5)
        sent = here.network.of("POST /order")
        assert max(request.at_s for request in sent) - sent[0].at_s <= 1.1


@pytest.mark.parametrize(("status", "pause_s"), [(429, 10.0), (418, 60.0)])
async def test_after_a_refusal_by_the_limit_no_query_goes_for_a_while(status: int, pause_s: float) -> None:
    answers = ANSWERS | {"GET /openOrders": [refusal(429, status), Reply([])]}
    async with world(answers, max_wait_s=100.0) as here:
        await here.venue.create_public_rest().load_instruments()
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.load_open_orders()
        assert refused.value.reason is RefusalReason.RATE_LIMIT
        began_s = here.clock.monotonic_s()
        asking = here.tasks.spawn(here.rest.load_open_orders(), "again")
        await here.passes(pause_s + 5)
        await asking
        assert here.network.requests[-1].at_s - began_s == pytest.approx(pause_s)
        assert pause_s <= LONGEST_PAUSE_S[Priority.NORMAL]


async def test_r10_an_order_that_is_refused_by_the_limit_holds_queries_up_for_a_second_only() -> None:
    """Nothing but orders and requests counted there, and neither window is longer."""
    answers = ANSWERS | {"POST /order": refusal(429, 429), "GET /openOrders": Reply([])}
    async with world(answers, max_wait_s=100.0) as here:
        (placing,) = place(here, 1)
        await settle()
        error = placing.exception()
        assert isinstance(error, VenueRefusedError)
        assert (error.reason, error.retry_after_s) == (RefusalReason.RATE_LIMIT, 1.0)
        asking = here.tasks.spawn(here.rest.load_open_orders(), "query")
        await here.passes(2)
        assert asking.done()


async def test_r10_a_refusal_of_the_firewall_pauses_and_one_of_the_exchange_with_that_status_does_not() -> None:
    answers = {"GET /openOrders": [refusal(700006, 403), Reply(b"<html>", 403), Reply([])]}
    async with world(answers, max_wait_s=100.0) as here:
        for reason in (RefusalReason.AUTHENTICATION, RefusalReason.OTHER):
            with pytest.raises(VenueRefusedError) as refused:
                await here.rest.load_open_orders()
            assert refused.value.reason is reason
        began_s = here.clock.monotonic_s()
        asking = here.tasks.spawn(here.rest.load_open_orders(), "again")
        await here.passes(65)
        await asking
        assert here.network.requests[-1].at_s - began_s == pytest.approx(60.0)


async def test_an_account_with_many_markets_waits_for_the_pool_and_reads_all() -> None:
    async with world(ANSWERS | {"GET /myTrades": Reply([])}) as here:
        symbols = [Symbol(f"C{number:02}", "USDT") for number in range(60)]

        async def load() -> None:
            for symbol in symbols:
                await here.rest.load_fills(symbol)

        loading = here.tasks.spawn(load(), "load")
        await here.passes(30)
        await loading
        assert len(here.network.of("GET /myTrades")) == 60


async def test_what_the_exchange_asks_for_is_waited_for() -> None:
    limited = refusal(429, 429)
    limited.headers = {"retry-after": "3"}
    async with world(ANSWERS | {"POST /order": [limited, ANSWERS["POST /order"]]}, max_wait_s=100.0) as here:
        (first,) = place(here, 1)
        await settle()
        error = first.exception()
        assert isinstance(error, VenueRefusedError)
        assert (error.reason, error.retry_after_s) == (RefusalReason.RATE_LIMIT, 3)
        began_s = here.clock.monotonic_s()
        await here.rest.get_order(GetOrder(symbol=SOL, order_id="1"))
        assert here.network.requests[-1].at_s == began_s, "a query is not what was refused"
        cancel = here.tasks.spawn(here.rest.cancel_order(CancelOrder(symbol=SOL, order_id="1")), "cancel")
        await here.passes(10)
        await cancel
        assert here.network.of("DELETE /order")[-1].at_s - began_s == pytest.approx(3.0)
