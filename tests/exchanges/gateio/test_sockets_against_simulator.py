"""Events of both sockets against the embedded exchange, over real sockets, in step with what queries say."""

import pytest

from exchanges.base.credentials import Credentials
from exchanges.base.handlers import PublicWebsocketHandlers
from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder
from messages.enums import Liquidity, OrderStatus, Side
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, VenueRefusedError
from messages.market import BookTicker
from messages.symbol import Symbol
from tests.exchanges.gateio.quiet_world import BTC, SOL, D, Heard, World, buy, listening
from tests.support.eventually import eventually


class TestPublic:
    async def test_best_bid_and_ask_by_socket_follow_the_book(self, here: World) -> None:
        tickers: list[BookTicker] = []
        links: list[bool] = []
        errors: list[TellerError] = []
        socket = here.venue.create_public_ws_with_handlers(
            PublicWebsocketHandlers(
                book_ticker=tickers.append,
                connection=lambda is_up, _: links.append(is_up),
                error=errors.append,
            )
        )
        await socket.connect([SOL])
        await here.quiet_market("SOL_USDT", "150", "151")
        await eventually(lambda: tickers and tickers[-1].ask == D(151))
        assert (tickers[-1].symbol, tickers[-1].bid, tickers[-1].ask_quantity) == (SOL, D(150), D(100))
        await here.quiet_market("SOL_USDT", "150", None)
        await eventually(lambda: tickers[-1].ask is None)
        assert (tickers[-1].bid, tickers[-1].ask_quantity) == (D(150), None)
        await socket.subscribe([BTC])
        await here.quiet_market("BTC_USDT", "90000", "90001", "1")
        await eventually(lambda: tickers[-1].symbol == BTC and tickers[-1].bid == D(90000))
        assert [ticker.update_id for ticker in tickers if ticker.symbol == SOL] == sorted(
            ticker.update_id for ticker in tickers if ticker.symbol == SOL
        )
        await socket.close()
        assert links == [True]
        assert errors == []

    async def test_a_subscription_to_an_unknown_market_fails_loudly(self, here: World) -> None:
        links: list[bool] = []
        socket = here.venue.create_public_ws_with_handlers(
            PublicWebsocketHandlers(
                book_ticker=lambda _: None, connection=lambda is_up, _: links.append(is_up), error=lambda _: None
            )
        )
        with pytest.raises(VenueRefusedError) as refused:
            await socket.connect([SOL, Symbol("NO", "USDT")])
        assert refused.value.reason is RefusalReason.UNKNOWN_SYMBOL
        assert links == []


class TestPrivateSocket:
    async def test_the_life_of_an_order_that_is_filled_in_two_parts(self, here: World) -> None:
        async with listening(here) as heard:
            placed = await here.rest.place_order(buy("2.5", "139", "a-1"))
            await eventually(lambda: heard.life_of("a-1") == [OrderStatus.NEW])
            await here.tell(f"/orders/{placed.order_id}/fill", amount="1")
            await eventually(lambda: heard.life_of("a-1")[-1] is OrderStatus.PARTIALLY_FILLED)
            await here.tell(f"/orders/{placed.order_id}/fill", amount="1.5")
            await eventually(lambda: heard.life_of("a-1")[-1] is OrderStatus.FILLED)
            await eventually(lambda: len(heard.fills) == 2)
            by_rest = await here.rest.get_order(GetOrder(symbol=SOL, order_id=placed.order_id))
            fills = (await here.rest.load_fills(SOL)).fills
        assert heard.life_of("a-1") == [OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED]
        assert heard.orders[-1] == by_rest
        assert heard.orders[0].order_id == placed.order_id
        assert {fill.trade_id: fill for fill in heard.fills} == {fill.trade_id: fill for fill in fills}
        assert [(fill.quantity, fill.liquidity) for fill in heard.fills] == [
            (D(1), Liquidity.MAKER),
            (D("1.5"), Liquidity.MAKER),
        ]
        assert heard.errors == []
        assert heard.links == [(True, "")]

    async def test_a_taking_order_and_a_canceled_one_say_the_same_by_socket_and_by_rest(self, here: World) -> None:
        async with listening(here) as heard:
            taken = await here.rest.place_order(PlaceOrder.ioc(SOL, Side.BUY, D(150), D(141), client_order_id="a-1"))
            await here.rest.place_order(buy("1", "130", "a-2"))
            ended = await here.rest.cancel_order(CancelOrder(symbol=SOL, client_order_id="a-2"))
            market = await here.rest.place_order(PlaceOrder.market_sell(SOL, D(1), client_order_id="a-3"))
            await eventually(lambda: heard.life_of("a-3")[-1:] == [OrderStatus.FILLED])
        last = {order.client_order_id: order for order in heard.orders}
        assert last["a-1"] == taken
        assert last["a-2"] == ended
        assert last["a-3"] == market

    async def test_balances_by_socket_are_those_by_query(self, here: World) -> None:
        async with listening(here) as heard:
            await here.rest.place_order(buy("1", "141", "a-1"))
            await here.rest.place_order(buy("1", "130", "a-2"))
            expected = {balance.currency: balance for balance in (await here.rest.load_balances()).balances}
            await eventually(
                lambda: (
                    {"USDT", "SOL"} <= set(heard.balances)
                    and heard.balances["USDT"].locked == expected["USDT"].locked
                    and heard.balances["SOL"].available == expected["SOL"].available
                )
            )
        for currency in ("USDT", "SOL"):
            assert heard.balances[currency].available == expected[currency].available
            assert abs(heard.balances[currency].updated_ms - here.venue.server_now_ms()) < 5000

    async def test_an_amendment_and_a_cancel_from_outside_are_heard(self, here: World) -> None:
        async with listening(here) as heard:
            placed = await here.rest.place_order(buy("1", "130", "a-1"))
            await here.rest.amend_order(AmendOrder(symbol=SOL, order_id=placed.order_id, price=D(131)))
            await eventually(lambda: heard.orders and heard.orders[-1].price == D(131))
            await here.tell(f"/orders/{placed.order_id}/cancel")
            await eventually(lambda: heard.life_of("a-1")[-1] is OrderStatus.CANCELED)

    async def test_r10_two_accounts_on_one_venue_hear_only_their_own(self, here: World) -> None:
        beta = here.venue.create_private_rest(here.credentials("beta"))
        async with listening(here, "alpha") as alpha_heard, listening(here, "beta") as beta_heard:
            await here.rest.place_order(buy("1", "130", "of-alpha"))
            await beta.place_order(buy("1", "130", "of-beta"))
            await eventually(lambda: alpha_heard.orders and beta_heard.orders)
        assert {order.client_order_id for order in alpha_heard.orders} == {"of-alpha"}
        assert {order.client_order_id for order in beta_heard.orders} == {"of-beta"}

    @pytest.mark.parametrize("how", ["close", "reset"])
    async def test_a_cut_socket_is_told_once_with_its_cause(self, here: World, how: str) -> None:
        async with listening(here) as heard:
            await here.tell("/sockets/cut", account="alpha", how=how)
            await eventually(lambda: len(heard.links) == 2)
        assert heard.links[0] == (True, "")
        assert heard.links[1][0] is False
        assert heard.links[1][1]

    @pytest.mark.parametrize(("key", "secret"), [("wrong", None), (None, "wrong")])
    async def test_a_wrong_key_or_secret_fails_the_connection_as_authentication(
        self, here: World, key: str | None, secret: str | None
    ) -> None:
        account = here.accounts["alpha"]
        credentials = Credentials(key or account["key"], secret or account["secret"])
        heard = Heard()
        socket = here.venue.create_private_ws_with_handlers(credentials, heard.handlers())
        with pytest.raises(VenueRefusedError) as refused:
            await socket.connect()
        assert refused.value.reason is RefusalReason.AUTHENTICATION
        assert refused.value.is_hopeless
        with pytest.raises(VenueRefusedError) as refused:
            await here.venue.create_private_rest(credentials).load_balances()
        assert refused.value.reason is RefusalReason.AUTHENTICATION
        assert heard.links == []

    async def test_a_client_is_used_once(self, here: World) -> None:
        socket = here.venue.create_private_ws_with_handlers(here.credentials("alpha"), Heard().handlers())
        await socket.connect()
        await socket.close()
        with pytest.raises(ConnectionFailedError):
            await socket.connect()
