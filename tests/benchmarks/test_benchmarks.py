"""Each benchmark runs, at a tiny size, and yields its fields. What it measures is judged on a machine at rest."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from benchmarks import event_path, init, lookup, mailbox, order_path, scale, socket_path
from benchmarks.__main__ import main, names
from benchmarks.support.frames import PRICE, QUANTITY, OrderFrames
from benchmarks.support.table import lines_of
from benchmarks.support.venues.description import OrderStream
from benchmarks.support.venues.registry import ORDER_STREAMS
from benchmarks.support.verdicts import judged
from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.registry import VENUE_KINDS
from messages.enums import OrderStatus, Side
from messages.errors import TellerError
from messages.order import Order

Row = dict[str, object]


def _rows(rows: Iterator[Row], benchmark: str, *, cases: int, targets: set[str]) -> list[Row]:
    """The rows, which are as many as there are cases, can be written as JSON, and are judged by ``targets``."""
    found = list(rows)
    assert len(found) == cases
    for row in found:
        assert row["benchmark"] == benchmark
        assert json.loads(json.dumps(row)) == row
        judged_by = row["targets"]
        assert isinstance(judged_by, dict)
        assert targets <= set(judged_by)
        assert all(float(str(row[field])) > 0 for field in judged_by)
    return found


@pytest.mark.parametrize("venue", ORDER_STREAMS)
def test_event_path_compares_with_the_floor_and_ccxt(venue: str) -> None:
    rows = _rows(
        event_path.run(venues=(venue,), executed=(0, 30), orders=8, rounds=2),
        "event_path",
        cases=2,
        targets={"ratio_to_floor", "times_faster_than_ccxt"},
    )
    empty, full = rows
    assert empty["venue"] == full["venue"] == venue
    assert empty["executed_orders"] == 0
    assert full["executed_orders"] == 30
    assert "ratio_to_empty" not in empty
    assert float(str(full["ratio_to_empty"])) > 0
    assert all(float(str(row["us_per_event"])) > 0 for row in rows)


def test_event_path_measures_every_venue() -> None:
    assert set(ORDER_STREAMS) == set(VENUE_KINDS)
    rows = list(event_path.run(executed=(0,), orders=1, rounds=1))
    assert [row["venue"] for row in rows] == list(ORDER_STREAMS)


@pytest.mark.parametrize("stream", ORDER_STREAMS.values(), ids=ORDER_STREAMS)
def test_frames_say_the_same_of_an_order_to_our_decoder_and_to_ccxt(stream: OrderStream) -> None:
    orders: list[Order] = []
    errors: list[TellerError] = []
    feed = stream.make_feed(
        PrivateWebsocketHandlers(
            order=orders.append,
            balance=lambda _: None,
            execution=lambda _: None,
            connection=lambda *_: None,
            error=errors.append,
        ),
        event_path.SYMBOLS,
    )
    frames = OrderFrames(stream.write, event_path.SYMBOLS).lives(1)
    for frame in frames:
        assert stream.floor(frame) is not None
        feed(frame)
    assert errors == []
    assert [order.status for order in orders] == [
        OrderStatus.NEW,
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.FILLED,
    ]
    assert {(str(order.symbol), order.side, str(order.price), str(order.quantity)) for order in orders} == {
        (str(event_path.SYMBOLS[1]), Side.BUY, PRICE, QUANTITY)
    }
    assert [str(order.filled_quantity) for order in orders] == ["0", "1.5", "2.5"]
    assert orders[0].created_ms == orders[0].updated_ms < orders[1].updated_ms < orders[2].updated_ms
    assert asyncio.run(_heard_by_ccxt(stream, frames)) == [
        (str(order.symbol), order.order_id, order.side.value, float(order.filled_quantity)) for order in orders
    ]


async def _heard_by_ccxt(stream: OrderStream, frames: list[bytes]) -> list[tuple[object, ...]]:
    """What ccxt.pro knows of the one order after each frame."""
    exchange, feed = stream.connect_ccxt(event_path.SYMBOLS)
    heard: list[tuple[object, ...]] = []
    try:
        for frame in frames:
            feed(frame)
            (order,) = exchange.orders
            heard.append((order["symbol"], order["id"], order["side"], order["filled"]))
    finally:
        await exchange.close()
    return heard


def test_socket_path_gives_latency_and_cpu_beside_a_bare_loop() -> None:
    (row,) = _rows(socket_path.run(orders=12, per_second=2000.0, turns=1), "socket_path", cases=1, targets={"p99_ms"})
    for field in ("p50_ms", "p99_ratio_to_bare", "cpu_us_per_frame", "bare_cpu_us_per_frame", "cpu_ratio_to_bare"):
        assert float(str(row[field])) > 0


def test_order_path_covers_the_minimal_server_and_the_embedded_exchange() -> None:
    rows = _rows(order_path.run(orders=6, markets_count=4), "order_path", cases=2, targets={"ratio_to_bare"})
    assert [row["case"] for row in rows] == ["minimal", "embedded"]
    for row in rows:
        assert 0 < float(str(row["told_to_wire_us"])) < float(str(row["round_trip_us"]))


def test_scale_counts_what_each_account_market_and_order_takes() -> None:
    rows = list(scale.run(accounts=3, markets=2, open_orders=5, executed=50, idle_s=0.1, check_every_s=3.0))
    accounts, markets, open_orders, executed = rows
    assert [json.loads(json.dumps(row)) for row in rows] == rows
    for row in (accounts, markets, open_orders):
        assert float(str(row["start_s"])) > 0
        assert 0 < float(str(row["deaf_found_s"])) < 60
        assert float(str(row["cancel_all_s"])) > 0
    assert float(str(accounts["files_per_account"])) > 0
    assert "bytes_per_executed_order" in executed


def test_init_sends_the_same_requests_however_they_are_spaced() -> None:
    rows = _rows(init.run(latency_ms=2.0, turns=1), "init", cases=2, targets={"ratio_to_sequential", "overhead_ms"})
    assert [row["case"] for row in rows] == ["1 market", "3 markets"]
    assert all(int(str(row["requests"])) > 0 for row in rows)


def test_lookup_goes_through_the_three_tiers() -> None:
    rows = _rows(lookup.run(lookups=10, rest_lookups=3), "lookup", cases=3, targets={"p50_ms"})
    assert [row["case"] for row in rows] == ["open", "executed", "rest"]


def test_mailbox_answers_every_question(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in ("TELLS", "ASKS"):
        monkeypatch.setattr(mailbox, size, 50)
    monkeypatch.setattr(mailbox, "ROUNDS", 1)
    questions = {row["question"] for row in mailbox.run()}
    assert questions == {"tell_from_thread", "tell_from_loop", "ask_from_thread", "await_on_loop"}


def test_every_benchmark_is_found_by_its_name_and_what_they_share_is_not() -> None:
    assert {"event_path", "init", "lookup", "mailbox", "order_path", "socket_path"} <= set(names())
    assert "support" not in names()


def test_a_target_is_met_or_missed_by_its_figure() -> None:
    row = judged({"benchmark": "b", "a": 6.0, "c": 9.9, "d": 1.0}, at_most={"a": 6}, at_least={"c": 10}, below={"d": 1})
    targets = row["targets"]
    assert isinstance(targets, Mapping)
    assert {field: target["met"] for field, target in targets.items()} == {"a": True, "c": False, "d": False}


def test_the_table_has_a_line_for_each_figure_with_target_and_verdict() -> None:
    row = judged(
        {"benchmark": "b", "case": "far", "ratio": 7.25, "range": [1.0, 2.5], "loop": "x"}, at_most={"ratio": 6}
    )
    lines = [line.split() for line in lines_of(row)]
    assert lines == [["b", "far", "ratio", "7.25", "<=", "6", "MISSED"], ["b", "far", "range", "1", "..", "2.5"]]


def test_the_command_line_refuses_an_unknown_name_and_says_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["nonsense"])
    assert refused.value.code == 2
    assert "'nonsense' is not allowed: one of event_path" in capsys.readouterr().err


def test_the_command_line_prints_one_json_object_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "lookup", "--json"], capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["case"] for row in rows] == ["open", "executed", "rest"]
