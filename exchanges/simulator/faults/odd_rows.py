"""A fault of lists: one row of them is not like the rows that clients know."""

from typing import Literal

from exchanges.simulator.faults.faults import Fault, check

FIRST_MADE_UP_ID = 990_000_000_000  # of orders and trades; above all that the engine gives out
MADE_UP_CURRENCY = "ODD"  # with a number after it
ListName = Literal["currency_pairs", "open_orders", "finished_orders", "my_trades", "accounts", "positions"]
Oddity = Literal[
    "unknown_word",
    "null_field",
    "empty_field",
    "missing_field",
    "margin_order",
    "distant_time",
    "unknown_market",
    "large_number",
]

_ORDER_TIMES = ("create_time", "update_time", "create_time_ms", "update_time_ms")
_ORDER_WORDS = ("status", "event", "type", "side", "time_in_force", "finish_as")
_ORDER_NUMBERS = ("amount", "price", "left", "filled_amount", "filled_total", "avg_deal_price", "fee")
_ORDER = ("id", "text", "currency_pair", "account", "fee_currency", *_ORDER_TIMES, *_ORDER_WORDS, *_ORDER_NUMBERS)
_ORDER_ODDITIES: dict[Oddity, tuple[str, ...]] = {
    "unknown_word": _ORDER_WORDS,
    "null_field": _ORDER,
    "empty_field": _ORDER,
    "missing_field": _ORDER,
    "margin_order": ("account",),
    "distant_time": _ORDER_TIMES,
    "large_number": _ORDER_NUMBERS,
}
_TRADE_TIMES = ("create_time", "create_time_ms")
_TRADE_NUMBERS = ("amount", "price", "fee")
_TRADE = ("id", "order_id", "text", "currency_pair", "side", "role", "fee_currency", *_TRADE_TIMES, *_TRADE_NUMBERS)
_BALANCE_NUMBERS = ("available", "locked", "total", "freeze")
_BALANCE = ("currency", *_BALANCE_NUMBERS)
_PAIR_TIMES = ("buy_start", "sell_start", "delisting_time")
_PAIR_NUMBERS = ("min_base_amount", "min_quote_amount", "max_quote_amount")
_PAIR = ("id", "base", "quote", "trade_status", "type", "amount_precision", "precision", *_PAIR_TIMES, *_PAIR_NUMBERS)
_POSITION_NUMBERS = ("size", "entry_price", "margin", "leverage", "liquidation_price")
_POSITION = ("currency_pair", "leg", "version", "update_time", *_POSITION_NUMBERS)

FIELDS: dict[ListName, dict[Oddity, tuple[str, ...]]] = {
    "open_orders": {**_ORDER_ODDITIES, "unknown_market": ("currency_pair",)},
    "finished_orders": _ORDER_ODDITIES,
    "my_trades": {
        "unknown_word": ("side", "role"),
        "null_field": _TRADE,
        "empty_field": _TRADE,
        "missing_field": _TRADE,
        "distant_time": _TRADE_TIMES,
        "unknown_market": ("currency_pair",),
        "large_number": _TRADE_NUMBERS,
    },
    "accounts": {
        "null_field": _BALANCE,
        "empty_field": _BALANCE,
        "missing_field": _BALANCE,
        "large_number": _BALANCE_NUMBERS,
    },
    "currency_pairs": {
        "unknown_word": ("trade_status", "type"),
        "null_field": _PAIR,
        "empty_field": _PAIR,
        "missing_field": _PAIR,
        "distant_time": _PAIR_TIMES,
        "large_number": _PAIR_NUMBERS,
    },
}
"""Which oddities each list of spot may have, and of which fields; of those, a row has the ones of its form (REST or
push)."""
FIELDS_OF_ALL: dict[ListName, dict[Oddity, tuple[str, ...]]] = FIELDS | {
    "positions": {
        "unknown_word": ("leg",),
        "null_field": _POSITION,
        "empty_field": _POSITION,
        "missing_field": _POSITION,
        "distant_time": ("update_time",),
        "unknown_market": ("currency_pair",),
        "large_number": _POSITION_NUMBERS,
    },
}
"""The same with the lists that only an exchange of contracts has."""
PUSHED_ON: dict[ListName, tuple[str, ...]] = {
    "open_orders": ("spot.orders", "spot.orders_v2"),
    "my_trades": ("spot.usertrades", "spot.usertrades_v2"),
    "accounts": ("spot.balances",),
}
PUSHED: frozenset[ListName] = frozenset(PUSHED_ON) | {"positions"}


class OddRows(Fault, frozen=True, kw_only=True, tag="odd_rows"):
    """A list over REST has an odd row: one more, made up after a real one; or a real one is odd (``replace``).

    ``field``: which one is odd, by default any that can be. ``account``: of whom, None is any; ``currency_pairs`` is
    everybody's. ``push``: the private channel of the list is struck, too, each push being an occasion. One standing
    fault shows one made-up row to an account, again and again; it changes nothing in the books.
    """

    list: ListName
    oddity: Oddity
    field: str | None = None
    account: str | None = None
    replace: bool = False
    push: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        kinds = FIELDS_OF_ALL[self.list]
        check("oddity", self.oddity, self.oddity in kinds, f"for {self.list} one of {', '.join(kinds)}")
        fields = kinds[self.oddity]
        check("field", self.field, self.field in (None, *fields), f"null, or one of {', '.join(fields)}")
        check(
            "push",
            self.push,
            not self.push or self.list in PUSHED,
            f"false, or list one of {', '.join(sorted(PUSHED))}",
        )
        is_other_order = self.oddity == "margin_order" and self.replace
        check("replace", self.replace, not is_other_order, "false for margin_order: no order changes its account")
        is_public = self.list == "currency_pairs"
        check("account", self.account, self.account is None or not is_public, "null for currency_pairs")

    def fields(self, row: dict[str, object]) -> tuple[str, ...]:
        """Returns the fields of a row that can be odd."""
        wanted = FIELDS_OF_ALL[self.list][self.oddity] if self.field is None else (self.field,)
        return tuple(name for name in wanted if name in row)
