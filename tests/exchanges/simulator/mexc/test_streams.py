"""What is pushed of orders, deals and balances, and of the market (docs/venues/mexc.md, streams)."""

import pytest

from exchanges.simulator.faults.texts import TextMissing

from .quiet import ACCOUNT, BOOK_TICKER, DEALS, DEPTH, ORDERS, Client, Venue


@pytest.fixture
def venue() -> Venue:
    opened = Venue()
    opened.market()
    return opened


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def test_the_life_of_an_order_is_told_in_order(venue: Venue, client: Client) -> None:
    _, link = client.socket(ORDERS, DEALS, ACCOUNT)
    placed = client.order(quantity="12", price="142", newClientOrderId="a-1").json
    client.call("DELETE", "order", f"symbol=SOLUSDT&orderId={placed['orderId']}")
    assert [push.channel for push in link.pushes] == [ACCOUNT, ORDERS, DEALS, ORDERS, ACCOUNT, ACCOUNT, ORDERS, ACCOUNT]
    told = link.on(ORDERS)
    assert [(order.status, order.lastDealQuantity, order.cumulativeQuantity) for order in told] == [
        (1, "", "0"),
        (3, "10", "10"),
        (5, "", "10"),
    ]
    last = told[-1]
    assert (last.id, last.clientId, last.price, last.quantity) == (placed["orderId"], "a-1", "142", "12")
    assert (last.amount, last.avgPrice, last.cumulativeAmount) == ("1704", "142", "1420")
    assert (last.remainQuantity, last.remainAmount, last.orderType, last.tradeType) == ("2", "284", 1, 1)
    assert {push.symbol for push in link.pushes if push.channel != ACCOUNT} == {"SOLUSDT"}
    (deal,) = link.on(DEALS)
    assert (deal.orderId, deal.clientOrderId, deal.quantity, deal.amount) == (placed["orderId"], "a-1", "10", "1420")
    assert (deal.tradeId, deal.feeAmount, deal.feeCurrency, deal.isMaker) == (
        client.get("myTrades", "symbol=SOLUSDT")[0]["id"],
        "0.005",
        "SOL",
        False,
    )
    assert [(row.vcoinName, row.balanceAmount, row.frozenAmount, row.type) for row in link.on(ACCOUNT)] == [
        ("USDT", "98296", "1704", "ENTRUST_PLACE"),
        ("USDT", "98296", "284", "ENTRUST"),
        ("SOL", "1009.995", "0", "ENTRUST"),
        ("USDT", "98580", "0", "ENTRUST_CANCEL"),
    ]


@pytest.mark.parametrize(
    ("kind", "price", "statuses", "number"),
    [
        ("LIMIT", "142", [1, 2], 1),
        ("LIMIT_MAKER", "142", [1, 4], 2),
        ("IMMEDIATE_OR_CANCEL", "141", [4], 3),
        ("FILL_OR_KILL", "141", [4], 4),
    ],
)
def test_each_type_has_its_number_and_its_end(
    client: Client, kind: str, price: str, statuses: list[int], number: int
) -> None:
    _, link = client.socket(ORDERS)
    client.order(type=kind, price=price)
    assert [order.status for order in link.on(ORDERS)] == statuses
    assert {order.orderType for order in link.on(ORDERS)} == {number}


def test_a_market_order_is_told_with_what_it_got(client: Client) -> None:
    _, link = client.socket(ORDERS)
    client.order(type="MARKET", price="", quantity="", quoteOrderQty="71")
    (order,) = link.on(ORDERS)
    assert (order.orderType, order.status, order.quantity, order.cumulativeAmount) == (5, 2, "0.5", "71")


def test_each_account_is_told_of_its_own(venue: Venue, client: Client) -> None:
    _, link = client.socket(ORDERS)
    venue.client("beta").order()
    assert link.pushes == []


def test_the_clients_id_may_be_missing(venue: Venue, client: Client) -> None:
    _, link = client.socket(ORDERS, DEALS)
    venue.fault(TextMissing(account="alpha", place="fills"))
    client.order(price="142", newClientOrderId="a-1")
    assert [deal.clientOrderId for deal in link.on(DEALS)] == [""]
    assert {order.clientId for order in link.on(ORDERS)} == {"a-1"}


def test_versions_of_the_book_follow_each_other_from_the_snapshot_on(venue: Venue, client: Client) -> None:
    _, link = client.socket(DEPTH)
    snapshot = client.send("GET", "depth", "symbol=SOLUSDT").json["lastUpdateId"]
    for price in ("139", "138"):
        client.order(price=price)
        client.order(price=price)
        venue.time.advance(0.1)
    first, second = link.on(DEPTH)
    assert (int(first.fromVersion), int(first.toVersion)) == (snapshot + 1, snapshot + 2)
    assert int(second.fromVersion) == int(first.toVersion) + 1
    assert [(level.price, level.quantity) for level in first.bids] == [("139", "2")]
    client.call("DELETE", "order/all")
    venue.time.advance(0.1)
    gone = link.on(DEPTH)[-1]
    assert {(level.price, level.quantity) for level in gone.bids} == {("139", "0"), ("138", "0")}


def test_the_best_prices_come_at_once_and_when_they_change(venue: Venue, client: Client) -> None:
    _, link = client.socket(BOOK_TICKER)
    client.order(price="139")
    venue.time.advance(1)
    client.order(price="141", quantity="3")
    venue.time.advance(1)
    tops = [(top.bidPrice, top.bidQuantity, top.askPrice, top.askQuantity) for top in link.on(BOOK_TICKER)]
    assert tops == [("140", "10", "142", "10"), ("141", "3", "142", "10")]


def test_trades_snapshots_candles_and_figures_are_pushed(venue: Venue, client: Client) -> None:
    deals = "spot@public.aggre.deals.v3.api.pb@100ms@SOLUSDT"
    depth = "spot@public.limit.depth.v3.api.pb@SOLUSDT@5"
    kline = "spot@public.kline.v3.api.pb@SOLUSDT@Min1"
    ticker = "spot@public.miniTicker.v3.api.pb@SOLUSDT@24H"
    _, link = client.socket(deals, depth, kline, ticker)
    for quantity in ("2", "1"):
        client.order(price="142", quantity=quantity)
    venue.time.advance(3)
    ((first, second),) = [told.deals for told in link.on(deals)]
    assert (first.price, first.quantity, second.quantity, first.tradeType) == ("142", "2", "1", 1)
    assert any(isinstance(frame, bytes) and b"X0_0" in frame for frame in link.raw)  # ids, which are newer than ccxt
    book = link.on(depth)[-1]
    assert [(level.price, level.quantity) for level in book.asks] == [("142", "7")]
    (candle,) = link.on(kline)
    assert (candle.interval, candle.closingPrice, candle.volume, candle.amount) == ("Min1", "142", "3", "426")
    assert candle.windowEnd - candle.windowStart == 60
    figures = link.on(ticker)[-1]
    assert (figures.symbol, figures.price, figures.quantity, figures.volume) == ("SOLUSDT", "142", "3", "426")


def test_the_streams_of_a_delisted_market_end(venue: Venue, client: Client) -> None:
    session, _ = client.socket(DEPTH, ORDERS)
    venue.exchange.listings.remove("SOL_USDT")
    assert [topic.channel for topic in session.topics] == [ORDERS]
