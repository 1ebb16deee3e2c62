"""Rows that are odd, and rows that are made up, in Gate's forms."""

import random
from decimal import ROUND_UP, Decimal

import msgspec

from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.orders import Fill, Order, OrderType, Role, Side, TimeInForce
from exchanges.simulator.faces.gateio.render import Json, rest_fill, rest_order
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID, MADE_UP_CURRENCY, ListName, OddRows

WORDS = {
    "status": "suspended",
    "event": "replace",
    "type": "pegged",
    "side": "both",
    "time_in_force": "gtd",
    "finish_as": "session_closed",
    "role": "auctioneer",
    "trade_status": "auction",
}
STATES = ("status", "event")
ENDED_ANEW = 0.5  # how often a new state has a new ending, too
BEYOND_64_BITS = 10**22
LARGE = str(10**30)
VALUE = Decimal(10)  # of a made-up order, in quote units
ORIGINS = ("web", "apiv4", "101")


def make_odd(row: Json, fault: OddRows, rng: random.Random) -> None:
    """Changes a field of the row as the fault says; the row must have one that can be."""
    name: str = rng.choice(fault.fields(row))
    match fault.oddity:
        case "unknown_word":
            row[name] = WORDS[name]
            if name in STATES and "finish_as" in row and rng.random() < ENDED_ANEW:
                row["finish_as"] = WORDS[name]
        case "null_field":
            row[name] = None
        case "empty_field":
            row[name] = ""
        case "missing_field":
            del row[name]
        case "margin_order":
            row[name] = rng.choice(("margin", "cross_margin"))
        case "distant_time":
            # as a raw number, as the encoder has none of that size
            row[name] = str(BEYOND_64_BITS) if isinstance(row[name], str) else msgspec.Raw(b"%d" % BEYOND_64_BITS)
        case "unknown_market":
            row[name] = "TOMORROW_USDT"
        case "large_number":
            row[name] = LARGE


def renamed(row: Json, kind: ListName, number: int, rng: random.Random) -> Json:
    """Returns a copy of a row that is nobody's: with an id, a currency or a pair of its own."""
    match kind:
        case "currency_pairs":
            base = f"{MADE_UP_CURRENCY}{number - FIRST_MADE_UP_ID}"
            return {**row, "id": f"{base}_{row['quote']}", "base": base, "base_name": base}
        case "accounts":
            return {**row, "currency": f"{MADE_UP_CURRENCY}{number - FIRST_MADE_UP_ID}"}
        case "my_trades":
            return {**row, "id": str(number), "order_id": str(number), "text": rng.choice(ORIGINS)}
        case _:
            return {**row, "id": str(number), "text": rng.choice(ORIGINS), "amend_text": "-"}


def from_nothing(kind: ListName, rules: PairConfig, rng: random.Random, now_ms: int) -> Json:
    """Returns a row for a list that has none to go by: a small buy, or a little of a currency."""
    if kind == "accounts":
        return {"currency": rules.base, "available": "1", "locked": "0", "update_id": 1}
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
        return rest_fill(fill)
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
    row = rest_order(order)
    return row if kind == "open_orders" else cancelled(row)


def cancelled(row: Json) -> Json:
    """Returns an order's row after its cancel; what is odd stays so, save a word for what it was before."""
    was = {"status": ("open", WORDS["status"]), "finish_as": ("open",)}
    return row | {name: "cancelled" for name, words in was.items() if row.get(name) in words}


def _like(value: object, template: object) -> object:
    if type(value) is int and type(template) is str:
        return str(value)
    return value if type(value) is type(template) else template


def as_push(row: Json, template: Json, number: int) -> Json:
    """Returns a made-up row in the form of a push of the same channel: lists have some numbers that are text there."""
    told = {name: _like(row.get(name), value) for name, value in template.items()}
    if "id" in told:
        told["id"] = number if isinstance(template["id"], int) else str(number)
    return told
