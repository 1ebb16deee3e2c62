"""The numbers of all fields that MEXC pushes (docs/venues/mexc.md, protobuf schema)."""

from exchanges.simulator.faces.mexc.protobuf import Field, Kind, Message, Table, encode


def _texts(*names: str, first: int = 1) -> dict[str, Field]:
    """Fields of text, numbered from ``first`` on."""
    return {name: Field(number) for number, name in enumerate(names, start=first)}


def _number(number: int, *, optional: bool = False) -> Field:
    return Field(number, Kind.NUMBER, optional)


def _items(number: int, table: Table) -> Field:
    return Field(number, Kind.MESSAGE, repeated=True, table=table)


ORDERS: Table = {
    **_texts("id", "clientId", "price", "quantity", "amount", "avgPrice"),
    "orderType": _number(7),
    "tradeType": _number(8),
    "isMaker": _number(9),
    **_texts("remainAmount", "remainQuantity", first=10),
    "lastDealQuantity": Field(12, optional=True),
    **_texts("cumulativeQuantity", "cumulativeAmount", first=13),
    "status": _number(15),
    "createTime": _number(16),
}
DEALS: Table = {
    **_texts("price", "quantity", "amount"),
    "tradeType": _number(4),
    "isMaker": _number(5),
    "isSelfTrade": _number(6),
    **_texts("tradeId", "clientOrderId", "orderId", "feeAmount", "feeCurrency", first=7),
    "time": _number(12),
}
ACCOUNT: Table = {
    **_texts(
        "vcoinName",
        "coinId",
        "balanceAmount",
        "balanceAmountChange",
        "frozenAmount",
        "frozenAmountChange",
        "type",
    ),
    "time": _number(8),
}
BOOK_TICKER: Table = {
    **_texts("bidPrice", "bidQuantity", "askPrice", "askQuantity", "version"),
    "lastOrderCreateTime": _number(6),
}
LEVEL: Table = _texts("price", "quantity")
AGGREGATED_DEPTHS: Table = {
    "asks": _items(1, LEVEL),
    "bids": _items(2, LEVEL),
    **_texts("eventType", "fromVersion", "toVersion", first=3),
}
LIMIT_DEPTHS: Table = {
    "asks": _items(1, LEVEL),
    "bids": _items(2, LEVEL),
    **_texts("eventType", "version", first=3),
}
DEAL: Table = {**_texts("price", "quantity"), "tradeType": _number(3), "time": _number(4), "tradeId": Field(5)}
AGGREGATED_DEALS: Table = {"deals": _items(1, DEAL), "eventType": Field(2)}
KLINE: Table = {
    "interval": Field(1),
    "windowStart": _number(2),
    **_texts("openingPrice", "closingPrice", "highestPrice", "lowestPrice", "volume", "amount", first=3),
    "windowEnd": _number(9),
}
MINI_TICKER: Table = _texts(
    "symbol",
    "price",
    "rate",
    "zonedRate",
    "high",
    "low",
    "volume",
    "quantity",
    "lastCloseRate",
    "lastCloseZonedRate",
    "lastCloseHigh",
    "lastCloseLow",
)
MINI_TICKERS: Table = {"items": _items(1, MINI_TICKER)}
BODIES: dict[str, tuple[int, Table]] = {
    "publicLimitDepths": (303, LIMIT_DEPTHS),
    "privateOrders": (304, ORDERS),
    "privateDeals": (306, DEALS),
    "privateAccount": (307, ACCOUNT),
    "publicSpotKline": (308, KLINE),
    "publicMiniTicker": (309, MINI_TICKER),
    "publicMiniTickers": (310, MINI_TICKERS),
    "publicAggreDepths": (313, AGGREGATED_DEPTHS),
    "publicAggreDeals": (314, AGGREGATED_DEALS),
    "publicAggreBookTicker": (315, BOOK_TICKER),
}
WRAPPER: Table = {
    "channel": Field(1),
    "symbol": Field(3, optional=True),
    "createTime": _number(5, optional=True),
    "sendTime": _number(6, optional=True),
    **{name: Field(number, Kind.MESSAGE, table=table) for name, (number, table) in BODIES.items()},
}


def frame(
    channel: str, body: str, message: Message, *, sent_ms: int, symbol: str | None = None, created_ms: int | None = None
) -> bytes:
    """Returns a push: what it is about, when it was sent, and its body, one of ``BODIES``."""
    head = {"channel": channel, "symbol": symbol, "createTime": created_ms, "sendTime": sent_ms}
    return encode({**head, body: message}, WRAPPER)
