"""Rows that are odd, and rows that are made up, in MEXC's forms.

A fault names fields in the exchange's own words; each list has MEXC's words for them here, of REST and of pushes.
"""

import random
from collections.abc import Mapping
from decimal import ROUND_UP, Decimal

import msgspec

from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.orders import Fill, Order, OrderType, Role, Side, TimeInForce
from exchanges.simulator.faces.mexc.calls import Json
from exchanges.simulator.faces.mexc.ids import order_id, trade_id
from exchanges.simulator.faces.mexc.render import fill_row, order_row
from exchanges.simulator.faults.odd_rows import FIELDS, FIRST_MADE_UP_ID, MADE_UP_CURRENCY, ListName, OddRows

_ORDER: Mapping[str, tuple[str, ...]] = {
    "id": ("orderId", "id"),
    "text": ("clientOrderId", "clientId"),
    "currency_pair": ("symbol",),
    "create_time": ("time", "createTime"),
    "update_time": ("updateTime",),
    "status": ("status",),
    "type": ("type", "orderType"),
    "side": ("side", "tradeType"),
    "amount": ("origQty", "quantity"),
    "price": ("price",),
    "left": ("remainQuantity",),
    "filled_amount": ("executedQty", "cumulativeQuantity"),
    "filled_total": ("cummulativeQuoteQty", "cumulativeAmount"),
    "avg_deal_price": ("avgPrice",),
}
WORDS_OF: Mapping[ListName, Mapping[str, tuple[str, ...]]] = {
    "open_orders": _ORDER,
    "finished_orders": _ORDER,
    "my_trades": {
        "id": ("id", "tradeId"),
        "order_id": ("orderId",),
        "text": ("clientOrderId",),
        "currency_pair": ("symbol",),
        "side": ("isBuyer", "tradeType"),
        "role": ("isMaker",),
        "create_time": ("time",),
        "amount": ("qty", "quantity"),
        "price": ("price",),
        "fee": ("commission", "feeAmount"),
        "fee_currency": ("commissionAsset", "feeCurrency"),
    },
    "accounts": {
        "currency": ("asset", "vcoinName"),
        "available": ("free", "balanceAmount"),
        "locked": ("locked", "frozenAmount"),
    },
    "currency_pairs": {
        "id": ("symbol",),
        "base": ("baseAsset",),
        "quote": ("quoteAsset",),
        "trade_status": ("status",),
        "amount_precision": ("baseAssetPrecision",),
        "precision": ("quotePrecision", "quoteAssetPrecision"),
        "buy_start": ("firstOpenTime",),
        "min_base_amount": ("baseSizePrecision",),
        "min_quote_amount": ("quoteAmountPrecision",),
        "max_quote_amount": ("maxQuoteAmount",),
    },
}
UNKNOWN_WORD, UNKNOWN_NUMBER = "PEGGED", 99
UNKNOWN_SYMBOL = "TOMORROWUSDT"
BEYOND_64_BITS = msgspec.Raw(b"1" + b"0" * 22)  # as a raw number, as the encoder has none of that size
LATEST_TIME = 2**63 - 1  # the most that a push can say
LARGE = str(10**30)
VALUE = Decimal(10)  # of a made-up order, in quote units


def odd_fields(fault: OddRows, row: Mapping[str, object]) -> list[str]:
    """Returns the fields of a row that the fault can make odd, in MEXC's words."""
    meant = FIELDS[fault.list][fault.oddity] if fault.field is None else (fault.field,)
    words = WORDS_OF[fault.list]
    return [name for each in meant for name in words.get(each, ()) if name in row]


def make_odd(row: Json, fault: OddRows, rng: random.Random, *, is_push: bool = False) -> None:
    """Changes a field of the row as the fault says; the row must have one that can be."""
    name = rng.choice(odd_fields(fault, row))
    match fault.oddity:
        case "unknown_word":
            is_number = isinstance(row[name], int) and not isinstance(row[name], bool)
            row[name] = UNKNOWN_NUMBER if is_number or is_push else UNKNOWN_WORD
        case "null_field":
            row[name] = None
        case "empty_field":
            row[name] = None if is_push else ""
        case "missing_field":
            del row[name]
        case "distant_time":
            row[name] = LATEST_TIME if is_push else BEYOND_64_BITS
        case "unknown_market":
            row[name] = UNKNOWN_SYMBOL
        case _:
            row[name] = LARGE


def renamed(row: Json, kind: ListName, number: int) -> Json:
    """Returns a copy of a row that is nobody's: with an id, a currency or a symbol of its own."""
    odd = f"{MADE_UP_CURRENCY}{number - FIRST_MADE_UP_ID}"
    match kind:
        case "currency_pairs":
            return {**row, "symbol": f"{odd}{row['quoteAsset']}", "baseAsset": odd}
        case "accounts":
            return {**row, "asset": odd}
        case "my_trades":
            return {**row, "id": trade_id(number), "orderId": order_id(number), "clientOrderId": None}
        case _:
            return {**row, "orderId": order_id(number), "clientOrderId": None}


def renamed_push(message: Json, kind: ListName, number: int) -> Json:
    """Returns a copy of a pushed message that is nobody's."""
    match kind:
        case "accounts":
            return {**message, "vcoinName": f"{MADE_UP_CURRENCY}{number - FIRST_MADE_UP_ID}"}
        case "my_trades":
            return {**message, "tradeId": trade_id(number), "orderId": order_id(number), "clientOrderId": ""}
        case _:
            return {**message, "id": order_id(number), "clientId": ""}


def from_nothing(kind: ListName, rules: PairConfig, rng: random.Random, now_ms: int) -> Json:
    """Returns a row for a list that has none to go by: a small buy, or a little of a currency."""
    if kind == "accounts":
        return {"asset": rules.base, "free": "1", "locked": "0", "available": "1"}
    price = rules.start_price.quantize(Decimal(1).scaleb(-rules.price_precision), ROUND_UP)
    amount = (VALUE / price).quantize(Decimal(1).scaleb(-rules.amount_precision), ROUND_UP)
    if kind == "my_trades":
        fill = Fill(
            trade_id=0,
            sequence=rng.randrange(1, 100_000),
            order_id=0,
            account="",
            pair=rules.id,
            side=Side.BUY,
            role=Role.MAKER,
            price=price,
            amount=amount,
            fee=Decimal(0),
            fee_currency=rules.base,
            rebated_fee_currency=rules.quote,
            text="",
            amend_text="",
            time_ms=now_ms,
        )
        return fill_row(fill)
    order = Order(
        id=0,
        account="",
        rules=rules,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        amount=amount,
        price=price,
        remaining=amount,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    row = order_row(order)
    return row if kind == "open_orders" else canceled(row)


def canceled(row: Json) -> Json:
    """Returns an order's row after its cancel."""
    return row | {"status": "CANCELED"} if "status" in row else row
