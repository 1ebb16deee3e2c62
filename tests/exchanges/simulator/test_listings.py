"""Markets that live: pairs are listed, halted, opened, changed and delisted while the exchange runs."""

import json
from decimal import Decimal
from random import Random

import msgspec
import pytest

from exchanges.simulator import Exchange, PairConfig
from exchanges.simulator.core.config import TradeStatus
from exchanges.simulator.core.listings import Listings
from exchanges.simulator.core.orders import NewOrder, OrderType, TimeInForce
from exchanges.simulator.core.rules import Reason, RefusedError
from exchanges.simulator.core.traders import MAKERS
from exchanges.simulator.faults.faults import LateFill
from tests.exchanges.simulator.wire import HANDSHAKE

from .clocks import VirtualTime
from .conftest import QUIET, Venue
from .links import MemoryLink
from .market import BUY, SELL, SmallMarket
from .wire import Wire

NEW = {
    "id": "NEW_USDT",
    "start_price": "2",
    "price_precision": 4,
    "amount_precision": 1,
    "min_base_amount": "0.1",
}


def refused(market: SmallMarket, *order: object) -> Reason:
    with pytest.raises(RefusedError) as error:
        market.limit("ann", *order)  # type: ignore[arg-type]
    return error.value.reason


# -- halting and opening ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "buys", "sells"),
    [
        (TradeStatus.TRADABLE, True, True),
        (TradeStatus.UNTRADABLE, False, False),
        (TradeStatus.BUYABLE, True, False),
        (TradeStatus.SELLABLE, False, True),
    ],
)
def test_a_halt_stops_new_orders_of_its_sides(status: TradeStatus, buys: bool, sells: bool) -> None:
    market = SmallMarket()
    Listings(market.engine).change("SOL_USDT", trade_status=status)
    for side, price, allowed in ((BUY, "100", buys), (SELL, "200", sells)):
        if allowed:
            assert market.limit("ann", side, "1", price).is_open
        else:
            assert refused(market, side, "1", price) is Reason.RESTRICTED


def test_on_a_halted_market_orders_rest_and_can_be_canceled_but_not_amended() -> None:
    market = SmallMarket()
    order = market.limit("ann", BUY, "1", "100")
    Listings(market.engine).change("SOL_USDT", trade_status=TradeStatus.UNTRADABLE)
    assert order.is_open
    with pytest.raises(RefusedError) as error:
        market.engine.amend(order, price=Decimal(101))
    assert error.value.reason is Reason.RESTRICTED
    market.engine.cancel(order)
    assert not order.is_open


def test_each_side_opens_at_its_time() -> None:
    market = SmallMarket()
    now_s = market.now_ms // 1000
    Listings(market.engine).change("SOL_USDT", buy_start_s=now_s + 10, sell_start_s=now_s + 20)
    assert refused(market, BUY, "1", "100") is Reason.RESTRICTED
    market.now_ms += 10_000
    market.limit("ann", BUY, "1", "100")
    assert refused(market, SELL, "1", "200") is Reason.RESTRICTED
    market.now_ms += 10_000
    market.limit("ann", SELL, "1", "200")


async def test_gate_refuses_orders_on_a_halted_market_by_label_and_says_so_in_the_table(wire: Wire) -> None:
    changed = await wire.control(
        "POST", "/markets/SOL_USDT", {"trade_status": "sellable", "sell_start_s": 1_760_000_000}
    )
    assert (changed.status, changed.json["trade_status"]) == (200, "sellable")
    pair = await wire.get("/spot/currency_pairs/SOL_USDT")
    assert (pair["trade_status"], pair["sell_start"], pair["buy_start"]) == ("sellable", 1_760_000_000, 0)
    order = await wire.order()
    assert (order.status, order.label) == (400, "TRADE_RESTRICTED")
    assert (await wire.order(side="sell", price="141")).status == 201
    assert (await wire.control("POST", "/markets/SOL_USDT", {"trade_status": "tradable"})).status == 200
    assert (await wire.order()).status == 201


# -- changed rules ----------------------------------------------------------------------------------------------------


def test_new_orders_and_amends_are_judged_by_new_rules_and_what_rests_stays() -> None:
    market = SmallMarket()
    old = market.limit("ann", BUY, "1.234", "100.25")
    Listings(market.engine).change(
        "SOL_USDT", price_precision=1, amount_precision=1, min_base_amount=Decimal("0.5"), min_quote_amount=Decimal(100)
    )
    assert refused(market, BUY, "1", "100.25") is Reason.PRECISION
    assert refused(market, BUY, "1.25", "100.5") is Reason.PRECISION
    assert refused(market, BUY, "0.4", "300") is Reason.BELOW_BASE_MINIMUM
    assert refused(market, BUY, "0.9", "100.5") is Reason.BELOW_QUOTE_MINIMUM
    with pytest.raises(RefusedError):
        market.engine.amend(old, amount=Decimal(2))  # its price is not on the new ticks
    assert (old.is_open, old.amount, old.price) == (True, Decimal("1.234"), Decimal("100.25"))
    market.limit("bob", SELL, "1", "100")
    assert old.remaining == Decimal("0.234")
    market.engine.amend(old, price=Decimal("100.2"), amount=Decimal(2))
    market.engine.fill_from_house(old, amount=Decimal("0.1"))
    market.engine.cancel(old)
    assert market.balance("ann", "USDT")[1] == 0


def test_decimals_of_before_and_of_now_must_fit_together() -> None:
    market = SmallMarket()
    listings = Listings(market.engine)
    listings.change("SOL_USDT", price_precision=9)
    with pytest.raises(ValueError, match=r"price_precision \+ amount_precision: 14, the most of each"):
        listings.change("SOL_USDT", price_precision=0, amount_precision=5)
    assert market.engine.markets["SOL_USDT"].rules.price_precision == 9


async def test_rules_are_changed_by_control(wire: Wire) -> None:
    body = {"price_precision": 1, "amount_precision": 2, "min_base_amount": "0.01", "min_quote_amount": "5"}
    assert (await wire.control("POST", "/markets/SOL_USDT", body)).status == 200
    pair = await wire.get("/spot/currency_pairs/SOL_USDT")
    assert {"precision": 1, "amount_precision": 2, "min_base_amount": "0.01", "min_quote_amount": "5"}.items() <= (
        pair.items()
    )
    assert (await wire.order(price="100.25")).label == "INVALID_PRECISION"


# -- listing ----------------------------------------------------------------------------------------------------------


async def test_a_new_pair_is_traded_like_any_other(venue: Venue, wire: Wire) -> None:
    assert (await wire.get("/spot/currency_pairs/NEW_USDT"))["label"] == "INVALID_CURRENCY_PAIR"
    listed = await wire.control("POST", "/markets", NEW)
    assert (listed.status, listed.json["id"], listed.json["trade_status"]) == (200, "NEW_USDT", "tradable")
    assert [market["id"] for market in (await wire.control("GET", "/markets")).json][-1] == "NEW_USDT"
    assert [pair["id"] for pair in await wire.get("/spot/currency_pairs")][-1] == "NEW_USDT"
    await wire.control("POST", "/accounts/beta/deposit", {"currency": "NEW", "amount": "100"})
    async with wire.socket() as socket:
        for channel in ("spot.book_ticker", "spot.trades"):
            assert (await socket.subscribe(channel, ["NEW_USDT"]))["error"] is None
        await venue.wire("beta").order(currency_pair="NEW_USDT", side="sell", price="2", amount="50")
        assert (await socket.next_on("spot.book_ticker"))["result"]["a"] == "2"
        await wire.order(currency_pair="NEW_USDT", price="2", amount="50")
        assert (await socket.next_on("spot.trades"))["result"]["amount"] == "50"
    (ticker,) = await wire.get("/spot/tickers", "currency_pair=NEW_USDT")
    assert ticker["last"] == "2"
    assert (await wire.get("/spot/trades", "currency_pair=NEW_USDT"))[0]["price"] == "2"


def test_traders_visit_a_new_pair_and_keep_to_its_rules() -> None:
    time = VirtualTime()
    exchange = Exchange(
        msgspec.structs.replace(QUIET, traders_on=True), now_ms=time.now_ms, schedule=time.schedule, rng=Random(1)
    )
    exchange.start()
    exchange.listings.add(msgspec.convert(NEW, PairConfig, strict=False))
    time.advance(1)
    book = exchange.engine.markets["NEW_USDT"].book
    assert len(book.bids) > 3
    exchange.listings.change("NEW_USDT", price_precision=2)
    time.advance(60)
    assert book.bids.best() is not None
    exchange.listings.remove("NEW_USDT")
    time.advance(5)
    assert {order.pair for order in exchange.engine.accounts[MAKERS].open_orders.values()} == {
        rules.id for rules in QUIET.pairs
    }


# -- delisting --------------------------------------------------------------------------------------------------------


async def test_a_delisted_pair_is_unknown_and_its_past_is_still_told(venue: Venue, wire: Wire) -> None:
    await wire.control("POST", "/market/SOL_USDT", {"ask": "141"})
    await wire.order(price="141", amount="1")
    resting = (await wire.order(price="100")).json["id"]
    other = (await wire.order(currency_pair="BTC_USDT", price="90000", amount="0.001")).json["id"]
    gone = await wire.control("DELETE", "/markets/SOL_USDT")
    assert gone.json == {"pair": "SOL_USDT", "cancelled": [resting]}
    assert "SOL_USDT" not in [pair["id"] for pair in await wire.get("/spot/currency_pairs")]
    for path, query in (
        (f"/spot/orders/{resting}", "currency_pair=SOL_USDT"),
        ("/spot/orders", "currency_pair=SOL_USDT&status=finished"),
        ("/spot/my_trades", "currency_pair=SOL_USDT"),
        ("/spot/order_book", "currency_pair=SOL_USDT"),
        ("/spot/tickers", "currency_pair=SOL_USDT"),
    ):
        assert (await wire.get(path, query))["label"] == "INVALID_CURRENCY_PAIR"
    assert (await wire.order()).label == "INVALID_CURRENCY_PAIR"
    assert [fill["currency_pair"] for fill in await wire.get("/spot/my_trades")] == ["SOL_USDT"]
    assert [group["orders"][0]["id"] for group in await wire.get("/spot/open_orders")] == [other]
    sol = await wire.get("/spot/currencies/SOL")
    assert (sol["delisted"], sol["trade_disabled"]) == (True, True)
    books = (await wire.control("GET", "/accounts/alpha/books")).json
    assert {order["id"]: order["finish_as"] for order in books["orders"]}[resting] == "cancelled"
    assert books["balances"]["USDT"]["locked"] == "90"
    assert len(await wire.get("/spot/tickers")) == 3


async def test_subscriptions_to_a_delisted_pair_end_without_a_word(venue: Venue, wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        for channel in ("spot.trades", "spot.book_ticker", "spot.tickers"):
            await socket.subscribe(channel, ["SOL_USDT", "BTC_USDT"])
        await wire.order()
        assert (await socket.next_on("spot.orders"))["result"][0]["event"] == "put"
        await wire.control("DELETE", "/markets/SOL_USDT")
        assert (await socket.next_on("spot.orders"))["result"][0]["finish_as"] == "cancelled"
        (session,) = (await wire.control("GET", "/sockets")).json
        assert {topic["name"] for topic in session["subscriptions"]} == {"BTC_USDT"}
        refused = await socket.subscribe("spot.trades", ["SOL_USDT"])
        assert refused["error"] == {"code": 2, "message": "unknown currency pair: SOL_USDT"}


def test_streams_that_were_about_to_push_stay_silent_when_their_pair_is_delisted() -> None:
    time = VirtualTime()
    exchange = Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(7))
    link = MemoryLink()
    session = exchange.open_socket(HANDSHAKE, link)
    assert session is not None
    for channel, payload in (
        ("spot.tickers", ["SOL_USDT"]),
        ("spot.book_ticker", ["SOL_USDT"]),
        ("spot.candlesticks", ["1m", "SOL_USDT"]),
        ("spot.order_book", ["SOL_USDT", "5", "100ms"]),
        ("spot.order_book_update", ["SOL_USDT", "100ms"]),
        ("spot.obu", ["ob.SOL_USDT.50"]),
    ):
        session.receive(json.dumps({"channel": channel, "event": "subscribe", "payload": payload}))
    link.texts.clear()
    exchange.listings.remove("SOL_USDT")
    time.advance(10)
    assert link.texts == []
    session.close()


def test_a_fill_that_turns_out_late_is_not_made_on_a_delisted_pair() -> None:
    time = VirtualTime()
    exchange = Exchange(QUIET, now_ms=time.now_ms, schedule=time.schedule, rng=Random(7))
    exchange.faults.add(LateFill(delay_ms=1_000))
    exchange.engine.place(
        "alpha",
        NewOrder(
            pair="SOL_USDT",
            side=BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
            amount=Decimal(1),
            price=Decimal(100),
        ),
    )
    (order,) = exchange.listings.remove("SOL_USDT")
    time.advance(2)
    assert (order.fills, order.locked) == ([], 0)
    assert exchange.engine.ledger.balance("alpha", "USDT").available == QUIET.accounts[0].balances["USDT"]


def test_a_pair_that_is_listed_again_goes_on_with_its_ids() -> None:
    market = SmallMarket()
    listings = Listings(market.engine)
    market.limit("ann", BUY, "1", "100")
    market.limit("bob", SELL, "1", "100")
    rules, update_id = market.engine.markets["SOL_USDT"].rules, market.engine.markets["SOL_USDT"].book.update_id
    listings.remove("SOL_USDT")
    listings.add(rules)
    market.limit("ann", BUY, "1", "100")
    market.limit("bob", SELL, "1", "100")
    first, second = market.told.trades
    assert (second.id, second.sequence) == (first.id + 1, first.sequence + 1)
    assert market.engine.markets["SOL_USDT"].book.update_id > update_id
    assert market.engine.delisted == {}


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "status", "said"),
    [
        (("POST", "/markets", NEW | {"id": "SOL_USDT"}), 400, "'SOL_USDT' is listed already"),
        (("POST", "/markets", NEW | {"id": "NEW"}), 400, "pair id: 'NEW'"),
        (("POST", "/markets", NEW | {"tick": 2}), 400, "unknown field `tick`"),
        (("POST", "/markets", NEW | {"start_price": "NaN"}), 400, "start_price: Decimal('NaN')"),
        (("POST", "/markets", {}), 400, "missing required field `id`"),
        (("POST", "/markets/FOO_USDT", {"trade_status": "tradable"}), 404, "no pair FOO_USDT"),
        (("POST", "/markets/SOL_USDT", {"trade_status": "resting"}), 400, "'resting'"),
        (("POST", "/markets/SOL_USDT", {"price_precision": 13}), 400, "price_precision: 13"),
        (("POST", "/markets/SOL_USDT", {"buy_start_s": -1}), 400, "buy_start_s: -1"),
        (("POST", "/markets/SOL_USDT", {"start_price": "3"}), 400, "unknown field `start_price`"),
        (("DELETE", "/markets/FOO_USDT", None), 404, "no pair FOO_USDT"),
    ],
)
async def test_bad_control_requests_are_refused_in_clear_words(
    wire: Wire, call: tuple[str, str, object], status: int, said: str
) -> None:
    reply = await wire.control(*call)
    assert reply.status == status
    assert said in reply.json["error"]
