"""Rows of every shape that Gate sends are read; those that nobody can read end in one refusal each (R10).

What a row may look like: docs/venues/gateio.md, and what was seen in the wild (texts for numbers and numbers for
texts; null, "" and nothing for "no value").
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.base import rows as rows_module
from exchanges.base.clients import UnreadableRow
from exchanges.base.json_reader import Reader
from exchanges.base.rows import Rows, UnreadableLog
from exchanges.gateio.rows import RowReader
from exchanges.gateio.spot import convert, wire
from exchanges.gateio.symbols import to_pair, to_symbol
from messages.enums import Liquidity, OrderType, TimeInForce
from messages.order import Order
from messages.symbol import Symbol
from tests.exchanges.gateio import payloads
from tests.exchanges.gateio.scripted import D

ORDERS: RowReader[wire.RestOrder, Order] = RowReader(wire.RestOrder, convert.spot_order)
FILLS = RowReader(wire.Trade, convert.fill)
BALANCES = RowReader(wire.SpotAccount, convert.account_balance, market="currency")
WITHDRAWALS = RowReader(wire.WireWithdrawal, convert.withdrawal, market="currency")
PAIRS = RowReader(wire.CurrencyPair, convert.instrument, market="id")

SHAPES: list[dict[str, Any]] = [
    {"time_in_force": ""},
    {"time_in_force": None},
    {"time_in_force": "rpi"},
    {"type": "limit_maker"},
    {"type": "market", "price": "0", "time_in_force": "ioc"},
    {"type": "market", "price": "", "time_in_force": "ioc"},
    {"type": "market", "price": "0", "time_in_force": ""},
    {"price": None},
    {"price": ""},
    {"price": "0"},
    {"fee": None, "create_time_ms": 1760000000211.5, "update_time_ms": 1760000002045.25},
    {"finish_as": ""},
    {"finish_as": None},
    {"text": None},
    {"text": ""},
    {"text": "t-"},
    {"update_time_ms": None},
    {"update_time_ms": None, "update_time": None},
    {"create_time_ms": None, "create_time": "", "update_time_ms": "", "update_time": None},
    {"id": 912345678901},
    {"rebated_fee": "", "fee": ""},
    {"avg_deal_price": ""},
    {"filled_amount": ""},
    {"left": 1, "amount": 1.5},
    {"currency_pair": "币安人生_USDT"},
    {"currency_pair": "sUSD_USDT"},
    {"currency_pair": "pump_fun_USDT"},
    {"account": None},
    {"account": ""},
    {"amount": "1e2"},
]


@pytest.mark.parametrize("changes", SHAPES, ids=str)
@pytest.mark.parametrize("event", ["put", "update"])
def test_an_order_of_any_of_these_shapes_is_read(changes: dict[str, Any], event: str) -> None:
    rest = ORDERS.read(payloads.encode([payloads.rest_order(**changes)]))
    socket = Reader[wire.SocketOrder](wire.SocketOrder).read(
        payloads.encode(payloads.socket_order(event=event, **changes))
    )
    assert (len(rest.items), rest.unreadable) == (1, [])
    assert rest.items == [convert.socket_order(socket)]
    without_nulls = {name: value for name, value in payloads.rest_order(**changes).items() if value is not None}
    assert ORDERS.read(payloads.encode([without_nulls])).items == rest.items


@pytest.mark.parametrize(
    ("changes", "kind", "time_in_force", "price"),
    [
        ({"type": "limit_maker"}, OrderType.OTHER, TimeInForce.GTC, "141.2"),
        ({"time_in_force": "rpi"}, OrderType.LIMIT, TimeInForce.OTHER, "141.2"),
        ({"type": "trailing", "price": ""}, OrderType.OTHER, TimeInForce.GTC, None),
    ],
)
def test_an_order_of_a_kind_that_we_do_not_know_is_there_all_the_same(
    changes: dict[str, Any], kind: OrderType, time_in_force: TimeInForce, price: str | None
) -> None:
    (made,) = ORDERS.read(payloads.encode([payloads.rest_order(**changes)])).items
    assert (made.type, made.time_in_force, made.price) == (kind, time_in_force, None if price is None else D(price))
    assert (made.quantity, made.filled_quantity, made.is_open) == (D("2.5"), D("1.5"), True)


def test_a_state_in_a_new_word_is_what_its_ending_says() -> None:
    rows = ORDERS.read(
        payloads.encode([payloads.rest_order(status="suspended"), payloads.rest_order(status="", finish_as="ioc")])
    )
    assert [each.is_open for each in rows.items] == [True, False]


def test_a_time_that_is_only_told_in_seconds_counts() -> None:
    row = payloads.rest_order(create_time_ms=None, update_time_ms="", create_time="1760000000", update_time=1760000002)
    (made,) = ORDERS.read(payloads.encode([row])).items
    assert (made.created_ms, made.updated_ms) == (1_760_000_000_000, 1_760_000_002_000)
    (fill,) = FILLS.read(payloads.encode([payloads.rest_trade(create_time_ms=None)])).items
    assert fill.time_ms == 1_760_000_002_000


def test_an_order_that_was_never_updated_is_as_old_as_it_is() -> None:
    (made,) = ORDERS.read(payloads.encode([payloads.rest_order(update_time_ms=None, update_time=None)])).items
    assert made.updated_ms == made.created_ms == 1_760_000_000_211


@pytest.mark.parametrize("role", ["auctioneer", "", None])
def test_a_fill_in_an_unknown_role_moved_money_all_the_same(role: str | None) -> None:
    (made,) = FILLS.read(payloads.encode([payloads.rest_trade(role=role)])).items
    assert (made.liquidity, made.quantity) == (Liquidity.OTHER, D("1.5"))


@pytest.mark.parametrize("account", ["margin", "cross_margin", "unified"])
def test_an_order_of_another_account_is_no_spot_order(account: str) -> None:
    rows = ORDERS.read(payloads.encode([payloads.rest_order(account=account), payloads.rest_order(id="5")]))
    assert ([each.order_id for each in rows.items], rows.unreadable) == (["5"], [])
    assert rows.ids == ["912345678901", "5"]


@pytest.mark.parametrize(
    ("pair", "symbol"),
    [
        ("SOL_USDT", Symbol("SOL", "USDT")),
        ("币安人生_USDT", Symbol("币安人生", "USDT")),
        ("sUSD_USDT", Symbol("sUSD", "USDT")),
        ("pump_fun_USDT", Symbol("pump_fun", "USDT")),
        ("1000000BABYDOGECOIN_USDT", Symbol("1000000BABYDOGECOIN", "USDT")),
        ("हिन्दी_USDC", Symbol("हिन्दी", "USDC")),
        ("$WIF2_USDT", Symbol("$WIF2", "USDT")),
        ("BRK.B_USDT", Symbol("BRK.B", "USDT")),
        ("X-AI_ETH", Symbol("X-AI", "ETH")),
        ("É2_TRY", Symbol("É2", "TRY")),
    ],
)
def test_every_market_that_is_listed_can_be_named(pair: str, symbol: Symbol) -> None:
    assert to_symbol(pair) == symbol
    assert to_pair(symbol) == pair
    assert Symbol.parse(str(symbol)) == symbol


# -- junk -------------------------------------------------------------------------------------------------------------

JUNK = st.sampled_from(
    [
        msgspec.Raw(b"1e400"),
        msgspec.Raw(b"-1e400"),
        msgspec.Raw(b"1e99999999999999999999"),
        msgspec.Raw(b"9" * 5000),
        msgspec.Raw(b"1" + b"0" * 22),
        "1" + "0" * 22,
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "1e-999999",
        "1e999999",
        -1,
        "-1",
        0,
        "",
        None,
        True,
        1.5,
        [],
        {},
        [None],
        "x" * 5000,
        "\u202e",
        "\n",
        "a b",
        253_402_300_800_000,
        "\uff19",
    ]
)
KINDS: dict[str, tuple[Callable[[bytes], Rows[Any]], dict[str, Any]]] = {
    "orders": (ORDERS.read, payloads.rest_order()),
    "fills": (FILLS.read, payloads.rest_trade()),
    "balances": (BALANCES.read, {"currency": "SOL", "available": "1", "locked": "2", "update_id": 3}),
    "withdrawals": (
        WITHDRAWALS.read,
        {"id": "w1", "currency": "USDT", "amount": "5", "status": "DONE", "timestamp": "1760000100", "fee": "1"},
    ),
    "currency_pairs": (
        PAIRS.read,
        {
            "id": "SOL_USDT",
            "base": "SOL",
            "quote": "USDT",
            "precision": 2,
            "amount_precision": 3,
            "min_base_amount": "1",
            "trade_status": "tradable",
            "buy_start": 0,
        },
    ),
}


def is_ours(item: Any) -> bool:
    """Whether it can be kept, compared, calculated with and written: what the journal does with it."""
    written = msgspec.json.encode(item)
    return bool(msgspec.json.decode(written, type=type(item)) == item)


@settings(max_examples=600, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_r10_junk_in_any_field_is_one_row_and_keeps_no_other_from_being_read(kind: str, data: st.DataObject) -> None:
    read, row = KINDS[kind]
    odd = dict(row)
    for name in data.draw(st.sets(st.sampled_from(sorted(row)), min_size=1, max_size=3)):
        odd[name] = data.draw(JUNK)
    rows = read(msgspec.json.encode([row, odd, row]))
    assert len(rows.ids) == 3
    assert len(rows.items) + len(rows.unreadable) in {2, 3}
    assert rows.items[0] == rows.items[-1]
    assert len(rows.items) >= 2
    assert all(map(is_ours, rows.items))
    for refused in rows.unreadable:
        told = (refused.market, refused.item_id, refused.reason)
        assert all(len(text) < 300 and text.isprintable() for text in told)
    for item in rows.items:
        for name in ("created_ms", "updated_ms", "time_ms"):
            assert 0 <= getattr(item, name, 0) < 2**63


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.none() | st.integers() | st.text() | st.lists(st.none()) | st.just({}) | st.just({"id": "5"})))
def test_r10_rows_that_are_none_are_told_one_by_one(rows: list[Any]) -> None:
    rows = [*rows, {}]
    assert len(ORDERS.read(msgspec.json.encode(rows)).unreadable) == len(rows)


@pytest.mark.parametrize("body", [b'{"label": "X"}', b"[null]", b"[[[]]]", b'["X", 1]'])
def test_a_list_that_is_none_or_of_no_objects_is_no_list(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        ORDERS.read(body)


def test_text_that_is_no_utf_8_spoils_its_row_only() -> None:
    listed = [payloads.rest_order(id=each, text=text) for each, text in (("1", ""), ("2", "t-###"), ("3", ""))]
    body = payloads.encode(listed)
    rows = ORDERS.read(body.replace(b"###", b"\xff\xfe\xfd"))
    assert [each.order_id for each in rows.items] == ["1", "3"]


@pytest.mark.parametrize("field", ["available", "locked"])
def test_a_balance_beyond_all_amounts_is_not_read(field: str) -> None:
    row = {"currency": "SOL", "available": "1", "locked": "2"}
    assert BALANCES.read(payloads.encode([row])).items
    assert BALANCES.read(payloads.encode([row | {field: "1e26"}])).unreadable


def test_steps_of_up_to_twenty_decimals_and_errors_that_name_the_field() -> None:
    row = KINDS["currency_pairs"][1]
    (made,) = PAIRS.read(payloads.encode([row | {"precision": 20}])).items
    assert made.tick == D("1e-20")
    (refused,) = PAIRS.read(payloads.encode([row | {"precision": 21}])).unreadable
    assert refused.reason == "precision must be 0 to 20 decimals"
    (refused,) = WITHDRAWALS.read(payloads.encode([KINDS["withdrawals"][1] | {"amount": "-1"}])).unreadable
    assert refused.reason == "amount must be a decimal number of zero or more"


def test_what_is_known_of_a_row_that_cannot_be_read_whether_ids_are_texts_or_numbers() -> None:
    for number in ("77", 77):
        for changes in ({"side": "both"}, {"amount": []}):
            (row,) = ORDERS.read(payloads.encode([payloads.rest_order(id=number, **changes)])).unreadable
            assert (row.market, row.item_id, row.symbol) == ("SOL_USDT", "77", Symbol("SOL", "USDT"))


def test_the_oldest_facts_of_the_log_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "_ROWS_REMEMBERED", 2)
    told = UnreadableLog("gateio")
    facts = [UnreadableRow(None, "", str(number), "odd") for number in range(3)]
    with structlog.testing.capture_logs() as logs:
        for fact in (*facts, facts[1], facts[2], facts[0]):
            told.tell("a list", [fact])
    assert [entry["item_id"] for entry in logs] == ["0", "1", "2", "0"]
