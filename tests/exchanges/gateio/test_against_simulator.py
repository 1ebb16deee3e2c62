"""The normal life of every command against the embedded exchange, over real sockets.

The embedded exchange reads the protocol on its own: where both agree, it is not because they share code.
"""

import asyncio

import msgspec
import pytest

from exchanges.base.environment import SystemClock
from exchanges.gateio.spot.private_rest import GateioPrivateRest
from exchanges.gateio.venue import GateioSettings
from exchanges.simulator import AccountConfig, RateLimits
from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder, Withdraw
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce, WithdrawalStatus
from messages.errors import RefusalReason, UnknownOutcomeError, VenueRefusedError
from messages.symbol import Symbol
from tests.exchanges.gateio.quiet_world import BTC, SOL, D, World, buy, listening, world
from tests.support.eventually import eventually
from tests.support.orders import paid


class TestPlacing:
    async def test_a_limit_order_rests(self, here: World) -> None:
        order = await here.rest.place_order(buy("2.5", "139.20", "a-1"))
        assert order == msgspec.structs.replace(
            order,
            symbol=SOL,
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            status=OrderStatus.NEW,
            quantity=D("2.5"),
            price=D("139.2"),
            quote_quantity=None,
            filled_quantity=D(0),
            filled_quote=D(0),
            fees=(),
            client_order_id="a-1",
            finish_reason=None,
        )
        assert order.order_id is not None
        assert order.order_id.isdigit()
        assert abs(order.updated_ms - here.venue.server_now_ms()) < 5000

    async def test_a_limit_order_that_takes_is_filled_with_its_fee_in_what_it_receives(self, here: World) -> None:
        order = await here.rest.place_order(buy("2", "141", "a-1"))
        assert (order.status, order.filled_quantity, order.filled_quote) == (OrderStatus.FILLED, D(2), D(282))
        assert (order.fees, order.finish_reason) == (paid("0.001 SOL"), "filled")
        assert order.average_price == D(141)

    async def test_a_part_taken_and_the_rest_resting_is_partially_filled(self, here: World) -> None:
        order = await here.rest.place_order(buy("150", "141", "a-1"))
        assert (order.status, order.filled_quantity, order.remaining) == (
            OrderStatus.PARTIALLY_FILLED,
            D(100),
            D(50),
        )

    async def test_a_market_buy_is_given_in_quote(self, here: World) -> None:
        order = await here.rest.place_order(PlaceOrder.market_buy(SOL, D("141.00"), client_order_id="a-1"))
        assert (order.type, order.status) == (OrderType.MARKET, OrderStatus.FILLED)
        assert (order.quantity, order.quote_quantity, order.price) == (D(0), D(141), None)
        assert (order.filled_quantity, order.filled_quote) == (D(1), D(141))

    async def test_a_market_buy_with_dust_left_is_filled(self, here: World) -> None:
        order = await here.rest.place_order(PlaceOrder.market_buy(SOL, D("141.05"), client_order_id="a-1"))
        assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, D(1))

    async def test_a_market_sell_is_given_in_base(self, here: World) -> None:
        order = await here.rest.place_order(PlaceOrder.market_sell(SOL, D("1.5"), client_order_id="a-1"))
        assert (order.status, order.quantity, order.filled_quote) == (OrderStatus.FILLED, D("1.5"), D(210))
        assert order.fees == paid("0.105 USDT")

    async def test_post_only_rests_and_is_refused_where_it_would_take(self, here: World) -> None:
        order = await here.rest.place_order(
            PlaceOrder.post_only(SOL, Side.BUY, D(1), D("140.5"), client_order_id="a-1")
        )
        assert (order.status, order.time_in_force) == (OrderStatus.NEW, TimeInForce.POST_ONLY)
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.place_order(PlaceOrder.post_only(SOL, Side.BUY, D(1), D(141), client_order_id="a-2"))
        assert refused.value.reason is RefusalReason.WOULD_TAKE

    async def test_immediate_or_cancel_takes_what_there_is_and_expires(self, here: World) -> None:
        order = await here.rest.place_order(PlaceOrder.ioc(SOL, Side.BUY, D(150), D(141), client_order_id="a-1"))
        assert (order.status, order.filled_quantity, order.finish_reason) == (OrderStatus.EXPIRED, D(100), "ioc")

    async def test_fill_or_kill_is_whole_or_refused(self, here: World) -> None:
        order = await here.rest.place_order(PlaceOrder.fok(SOL, Side.SELL, D(3), D(140), client_order_id="a-1"))
        assert order.status is OrderStatus.FILLED
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.place_order(PlaceOrder.fok(SOL, Side.SELL, D(500), D(140), client_order_id="a-2"))
        assert refused.value.reason is RefusalReason.WOULD_NOT_FILL

    @pytest.mark.parametrize(
        ("order", "reason"),
        [
            (buy("2", "141.123", "x"), RefusalReason.PRECISION),
            (buy("2.12345", "141", "x"), RefusalReason.PRECISION),
            (buy("0.01", "100", "x"), RefusalReason.BELOW_MINIMUM),
            (
                PlaceOrder.limit(BTC, Side.SELL, D("0.000009"), D(990000), client_order_id="x"),
                RefusalReason.BELOW_MINIMUM,
            ),
            (buy("4900", "999999", "x"), RefusalReason.ABOVE_MAXIMUM),
            (buy("30000", "140", "x"), RefusalReason.INSUFFICIENT_BALANCE),
            (
                PlaceOrder.limit(Symbol("NO", "USDT"), Side.BUY, D(1), D(1), client_order_id="x"),
                RefusalReason.UNKNOWN_SYMBOL,
            ),
        ],
    )
    async def test_what_the_exchange_refuses_is_refused_for_the_right_reason(
        self, here: World, order: PlaceOrder, reason: RefusalReason
    ) -> None:
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.place_order(order)
        assert refused.value.reason is reason
        assert refused.value.label
        assert (await here.rest.load_open_orders()).orders == ()

    async def test_r3_a_client_id_of_an_open_order_is_no_proof_that_the_order_was_not_placed(self, here: World) -> None:
        await here.rest.place_order(buy("1", "130", "a-1"))
        with pytest.raises(UnknownOutcomeError, match="REPEATED_CREATION"):
            await here.rest.place_order(buy("1", "130", "a-1"))

    async def test_the_longest_client_id_and_every_character_of_it_come_back_as_they_went(self, here: World) -> None:
        for client_order_id in ("abcdefghijklmnopqrstuvwxyz01", "AZ_09-x.y", "t-"):
            order = await here.rest.place_order(buy("1", "130", client_order_id))
            assert order.client_order_id == client_order_id


class TestOneOrder:
    async def test_it_is_found_by_either_id_and_both_say_the_same(self, here: World) -> None:
        placed = await here.rest.place_order(buy("1", "130", "a-1"))
        by_id = await here.rest.get_order(GetOrder(symbol=SOL, order_id=placed.order_id))
        by_client_id = await here.rest.get_order(GetOrder(symbol=SOL, client_order_id="a-1"))
        assert by_id == by_client_id == placed

    async def test_one_that_never_was_is_none(self, here: World) -> None:
        assert await here.rest.get_order(GetOrder(symbol=SOL, order_id="123456")) is None
        assert await here.rest.get_order(GetOrder(symbol=SOL, client_order_id="nobody")) is None

    @pytest.mark.parametrize("by_client_id", [False, True])
    async def test_canceling_ends_it_and_a_second_time_finds_none_open(self, here: World, by_client_id: bool) -> None:
        placed = await here.rest.place_order(buy("1", "130", "a-1"))
        cancel = (
            CancelOrder(symbol=SOL, client_order_id="a-1")
            if by_client_id
            else CancelOrder(symbol=SOL, order_id=placed.order_id)
        )
        ended = await here.rest.cancel_order(cancel)
        assert (ended.status, ended.finish_reason, ended.order_id) == (
            OrderStatus.CANCELED,
            "cancelled",
            placed.order_id,
        )
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.cancel_order(cancel)
        assert refused.value.reason in {RefusalReason.ORDER_NOT_FOUND, RefusalReason.ORDER_FINISHED}
        found = await here.rest.get_order(GetOrder(symbol=SOL, order_id=placed.order_id))
        assert found == ended

    async def test_a_canceled_part_keeps_its_fills(self, here: World) -> None:
        await here.rest.place_order(buy("150", "141", "a-1"))
        ended = await here.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="a-1"))
        assert (ended.status, ended.filled_quantity) == (OrderStatus.CANCELED, D(100))

    async def test_canceling_a_filled_one_finds_none_open(self, here: World) -> None:
        await here.rest.place_order(buy("1", "141", "a-1"))
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="a-1"))
        assert refused.value.reason in {RefusalReason.ORDER_NOT_FOUND, RefusalReason.ORDER_FINISHED}

    async def test_amending_changes_price_and_total_quantity(self, here: World) -> None:
        placed = await here.rest.place_order(buy("2", "130", "a-1"))
        amended = await here.rest.amend_order(
            AmendOrder(symbol=SOL, order_id=placed.order_id, quantity=D("1.5"), price=D("131.5"))
        )
        assert (amended.quantity, amended.price, amended.status) == (D("1.5"), D("131.5"), OrderStatus.NEW)
        again = await here.rest.amend_order(AmendOrder(symbol=SOL, client_order_id="a-1", price=D(132)))
        assert (again.quantity, again.price, again.order_id) == (D("1.5"), D(132), placed.order_id)

    async def test_r3_amending_to_what_it_is_already_is_no_proof_that_the_amendment_did_nothing(
        self, here: World
    ) -> None:
        placed = await here.rest.place_order(buy("2", "130", "a-1"))
        with pytest.raises(UnknownOutcomeError, match="NO_CHANGE"):
            await here.rest.amend_order(AmendOrder(symbol=SOL, order_id=placed.order_id, price=D(130)))

    async def test_amending_one_that_ended_finds_none_open(self, here: World) -> None:
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.amend_order(AmendOrder(symbol=SOL, order_id="99", price=D(130)))
        assert refused.value.reason is RefusalReason.ORDER_NOT_FOUND


class TestManyOrders:
    async def test_open_orders_of_every_pair_are_loaded(self, here: World) -> None:
        await here.quiet_market("BTC_USDT", "90000", "90001", "1")
        placed = [
            await here.rest.place_order(buy("1", "130", "a-1")),
            await here.rest.place_order(buy("1", "131", "a-2")),
            await here.rest.place_order(PlaceOrder.limit(BTC, Side.SELL, D("0.5"), D(99000), client_order_id="a-3")),
        ]
        report = await here.rest.load_open_orders()
        assert {order.order_id: order for order in report.orders} == {order.order_id: order for order in placed}
        assert abs(report.as_of_ms - here.venue.server_now_ms()) < 5000

    async def test_r6_every_page_of_the_open_orders_is_read(self) -> None:
        async with world(rate_limits=RateLimits(enabled=False)) as here:
            wanted = {f"many-{number}" for number in range(205)}
            for client_order_id in wanted:
                fresh = here.another_venue().create_private_rest(
                    here.credentials("alpha")
                )  # with an allowance of its own
                await fresh.place_order(buy("0.1", "100", client_order_id))
            report = await here.rest.load_open_orders()
        assert {order.client_order_id for order in report.orders} == wanted
        assert len(report.orders) == len(wanted)

    async def test_cancel_all_of_one_symbol_leaves_the_others(self, here: World) -> None:
        await here.rest.place_order(buy("1", "130", "a-1"))
        await here.rest.place_order(PlaceOrder.limit(SOL, Side.SELL, D(1), D(150), client_order_id="a-2"))
        await here.rest.place_order(PlaceOrder.limit(BTC, Side.SELL, D("0.5"), D(99000), client_order_id="a-3"))
        ended = await here.rest.cancel_all(SOL, Side.BUY)
        assert [(order.client_order_id, order.status) for order in ended] == [("a-1", OrderStatus.CANCELED)]
        ended = await here.rest.cancel_all(SOL, None)
        assert [order.client_order_id for order in ended] == ["a-2"]
        ended = await here.rest.cancel_all(None, None)
        assert [order.client_order_id for order in ended] == ["a-3"]
        assert (await here.rest.load_open_orders()).orders == ()
        assert await here.rest.cancel_all(None, None) == ()

    async def test_finished_orders_newest_first(self, here: World) -> None:
        for number in range(4):
            await here.rest.place_order(buy("1", "130", f"a-{number}"))
            await here.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id=f"a-{number}"))
        report = await here.rest.load_finished_orders(SOL, from_ms=None, limit=3)
        finished = report.orders
        assert (len(finished), report.is_complete) == (3, False)
        assert finished[0].updated_ms >= finished[-1].updated_ms
        assert all(order.status is OrderStatus.CANCELED for order in finished)
        every = await here.rest.load_finished_orders(SOL, from_ms=here.venue.server_now_ms() - 60_000, limit=100)
        assert {order.client_order_id for order in every.orders} == {"a-0", "a-1", "a-2", "a-3"}
        assert every.is_complete
        assert (await here.rest.load_finished_orders(BTC, from_ms=None, limit=10)).orders == ()

    async def test_fills_of_a_symbol_and_of_one_order(self, here: World) -> None:
        first = await here.rest.place_order(buy("1", "141", "a-1"))
        second = await here.rest.place_order(PlaceOrder.limit(SOL, Side.SELL, D(2), D(140), client_order_id="a-2"))
        fills = (await here.rest.load_fills(SOL)).fills
        assert {fill.order_id for fill in fills} == {first.order_id, second.order_id}
        assert len({fill.trade_id for fill in fills}) == len(fills)
        (only,) = (await here.rest.load_fills(SOL, order_id=first.order_id)).fills
        assert (only.client_order_id, only.side, only.price, only.quantity) == ("a-1", Side.BUY, D(141), D(1))
        assert (only.fees, only.liquidity) == (paid("0.0005 SOL"), Liquidity.TAKER)
        now_ms = here.venue.server_now_ms()
        for from_ms, to_ms in ((now_ms - 60_000, None), (now_ms - 100 * 86_400_000, None), (None, now_ms)):
            assert (await here.rest.load_fills(SOL, from_ms=from_ms, to_ms=to_ms)).fills == fills


class TestMoney:
    async def test_balances_follow_what_orders_lock(self, here: World) -> None:
        before = {balance.currency: balance for balance in (await here.rest.load_balances()).balances}
        await here.rest.place_order(buy("2", "130", "a-1"))
        report = await here.rest.load_balances()
        after = {balance.currency: balance for balance in report.balances}
        assert after["USDT"].available == before["USDT"].available - D(260)
        assert after["USDT"].locked == D(260)
        assert after["USDT"].total == before["USDT"].total
        assert after["USDT"].updated_ms == report.as_of_ms
        assert abs(report.as_of_ms - here.venue.server_now_ms()) < 5000

    async def test_fee_rates(self, here: World) -> None:
        rates = await here.rest.load_fee_rates(SOL)
        assert (rates.maker, rates.taker) == (D("0.0002"), D("0.0005"))

    async def test_what_the_key_may(self, here: World) -> None:
        permissions = await here.rest.load_key_permissions()
        assert permissions.user_id.isdigit()
        assert (permissions.symbols, permissions.ip_whitelist) == ((), ())

    async def test_the_life_of_a_withdrawal(self, here: World) -> None:
        sent = await here.rest.withdraw(
            Withdraw(
                currency="USDT",
                amount=D("120.5"),
                chain="TRX",
                address="TDemoAddress",
                client_withdrawal_id="payout-7",
            )
        )
        assert (sent.status, sent.amount, sent.client_withdrawal_id) == (
            WithdrawalStatus.REQUESTED,
            D("120.5"),
            "payout-7",
        )
        found = await here.rest.get_withdrawal(sent.withdrawal_id)
        assert found is not None
        assert (found.status, found.chain, found.address) == (WithdrawalStatus.REQUESTED, "TRX", "TDemoAddress")
        await here.tell(f"/withdrawals/{sent.withdrawal_id}/status", status="PROCES")
        found = await here.rest.get_withdrawal(sent.withdrawal_id)
        assert found is not None
        assert (found.status, found.venue_status) == (WithdrawalStatus.PROCESSING, "PROCES")
        await here.tell(f"/withdrawals/{sent.withdrawal_id}/status", status="DONE", txid="abc")
        found = await here.rest.get_withdrawal(sent.withdrawal_id)
        assert found is not None
        assert (found.status, found.transaction_id) == (WithdrawalStatus.DONE, "abc")
        with pytest.raises(VenueRefusedError) as refused:
            await here.rest.cancel_withdrawal(sent.withdrawal_id)
        assert refused.value.reason is RefusalReason.WITHDRAWAL
        listed = await here.rest.load_withdrawals(currency="USDT", from_ms=None, to_ms=None, limit=10)
        assert listed == (found,)

    async def test_a_withdrawal_called_back(self, here: World) -> None:
        sent = await here.rest.withdraw(
            Withdraw(currency="USDT", amount=D(50), chain="TRX", address="T1", client_withdrawal_id="p-1")
        )
        ended = await here.rest.cancel_withdrawal(sent.withdrawal_id)
        assert ended.status is WithdrawalStatus.CANCELED

    async def test_a_withdrawal_that_never_was_is_none(self, here: World) -> None:
        assert await here.rest.get_withdrawal("w999999") is None

    async def test_withdrawals_of_a_long_time_are_asked_for_in_spans_that_the_exchange_takes(self, here: World) -> None:
        await here.rest.withdraw(
            Withdraw(currency="USDT", amount=D(50), chain="TRX", address="T1", client_withdrawal_id="p-1")
        )
        now_ms = here.venue.server_now_ms()
        listed = await here.rest.load_withdrawals(
            currency=None, from_ms=now_ms - 100 * 86_400_000, to_ms=now_ms + 1000, limit=10
        )
        assert [each.client_withdrawal_id for each in listed] == ["p-1"]
        assert await here.rest.load_withdrawals(currency="BTC", from_ms=None, to_ms=None, limit=10) == ()


class TestPublic:
    async def test_the_clock(self, here: World) -> None:
        server_ms = await here.public.server_time_ms()
        assert abs(server_ms - here.venue.server_now_ms()) < 5000

    async def test_instruments(self, here: World) -> None:
        instruments = await here.public.load_instruments()
        sol = instruments[SOL]
        assert (sol.tick, sol.lot, sol.min_notional, sol.min_quantity) == (D("0.01"), D("0.001"), D(3), D("0.001"))
        assert (sol.can_buy, sol.can_sell, sol.max_notional) == (True, True, D(5_000_000))
        assert instruments[Symbol("PEPE", "USDT")].tick == D("1E-10")

    async def test_a_market_buy_on_the_step_that_instruments_name_is_taken(self, here: World) -> None:
        step = (await here.public.load_instruments())[SOL].quote_step
        order = await here.rest.place_order(PlaceOrder.market_buy(SOL, 10 + step, client_order_id="a-1"))
        assert order.filled_quantity > 0

    async def test_best_bid_and_ask_by_query(self, here: World) -> None:
        ticker = await here.public.load_book_ticker(SOL)
        assert (ticker.bid, ticker.bid_quantity, ticker.ask, ticker.ask_quantity) == (D(140), D(100), D(141), D(100))
        assert ticker.mid == D("140.5")
        assert ticker.update_id > 0

    async def test_an_unknown_market_is_refused(self, here: World) -> None:
        with pytest.raises(VenueRefusedError) as refused:
            await here.public.load_book_ticker(Symbol("NO", "USDT"))
        assert refused.value.reason is RefusalReason.UNKNOWN_SYMBOL


class TestLimits:
    async def test_a_burst_beyond_the_limit_waits_here_and_none_is_refused_there(self, here: World) -> None:
        orders = [here.rest.place_order(buy("0.1", "130", f"a-{number}")) for number in range(12)]
        placed = await asyncio.gather(*orders)
        assert all(order.status is OrderStatus.NEW for order in placed)

    async def test_what_another_process_spends_is_seen_and_a_refusal_says_how_long_to_wait(self) -> None:
        async with world(rate_limits=RateLimits(private_per_10s=2)) as here:
            rest = here.venue.create_private_rest(here.credentials("alpha"))
            other = here.another_venue().create_private_rest(here.credentials("alpha"))
            await other.load_balances()
            await other.load_balances()
            with pytest.raises(VenueRefusedError) as refused:
                await rest.load_balances()
        assert refused.value.reason is RefusalReason.RATE_LIMIT
        assert refused.value.retry_after_s is not None
        assert 0 < refused.value.retry_after_s <= 10

    async def test_an_order_that_comes_too_late_is_refused_by_the_exchange(self) -> None:
        async with world(GateioSettings(order_expiry_ms=20), rest_latency_ms=0) as here:
            await here.public.server_time_ms()
            assert isinstance(here.rest, GateioPrivateRest)
            assert here.rest.capabilities.order_expiry_ms == 20
            await here.tell("/latency", rest_ms=200)
            with pytest.raises(VenueRefusedError) as refused:
                await here.rest.place_order(buy("1", "130", "a-1"))
        assert refused.value.reason is RefusalReason.CLOCK

    async def test_a_key_that_may_only_read_is_refused_as_a_permission(self) -> None:
        accounts = (AccountConfig(name="alpha", read_only=True),)
        async with world(accounts=accounts) as here:
            assert (await here.rest.load_balances()).balances
            with pytest.raises(VenueRefusedError) as refused:
                await here.rest.place_order(buy("1", "130", "a-1"))
        assert refused.value.reason is RefusalReason.PERMISSION


class TestClock:
    async def test_a_local_clock_that_is_an_hour_off_is_corrected_by_the_exchanges_answers(self) -> None:
        class AnHourFast(SystemClock):
            def now_ms(self) -> int:
                return super().now_ms() + 3_600_000

        async with world(clock=AnHourFast()) as here:
            with pytest.raises(VenueRefusedError) as refused:
                await here.rest.load_balances()
            assert refused.value.reason is RefusalReason.CLOCK
            assert (await here.rest.load_balances()).balances
            await here.public.server_time_ms()
            assert abs(here.venue.server_now_ms() - SystemClock().now_ms()) < 5000
            async with listening(here) as heard:
                await here.rest.place_order(buy("1", "130", "a-1"))
                await eventually(lambda: heard.orders)
