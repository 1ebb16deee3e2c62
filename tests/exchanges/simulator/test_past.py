"""What accounts did before the exchange was started: it fits together, is listed, and changes no balance."""

from itertools import pairwise
from random import Random

import msgspec
import pytest

from exchanges.simulator import Exchange, Past, SimulatorConfig
from exchanges.simulator.core.engine import FIRST_ORDER_ID, FIRST_TRADE_ID
from exchanges.simulator.core.orders import Finish, Role
from exchanges.simulator.core.rules import check_limit

from .clocks import START_MS, VirtualTime
from .conftest import BALANCES, QUIET, VenueFactory

DAY_S = 86_400
SHAPES = [
    Past(orders=40, fills=200, days=10),
    Past(orders=50, fills=20, days=3),
    Past(orders=3, fills=2_000, fills_in_a_second=1_500),
]


def with_past(past: Past) -> SimulatorConfig:
    return msgspec.structs.replace(QUIET, past=past)


def exchange_with(past: Past, seed: int = 1) -> Exchange:
    time = VirtualTime()
    return Exchange(with_past(past), now_ms=time.now_ms, schedule=time.schedule, rng=Random(seed))


@pytest.mark.parametrize("past", SHAPES)
def test_orders_and_fills_add_up(past: Past) -> None:
    exchange = exchange_with(past)
    rates = exchange.engine.fee_rates
    assert rates.keys() == set(Role)
    for name in ("alpha", "beta"):
        record = exchange.engine.accounts[name]
        assert not record.open_orders
        for pair in exchange.engine.markets:
            assert len(record.finished[pair]) == past.orders
            assert len(record.fills_by_pair[pair]) == past.fills
        for order in record.orders.values():
            check_limit(order.price, order.amount, order.rules)
            assert order.filled_base == sum(fill.amount for fill in order.fills)
            assert order.filled_quote == sum(fill.amount * fill.price for fill in order.fills)
            assert order.fee == sum(fill.fee for fill in order.fills)
            assert order.remaining == order.amount - order.filled_base
            assert order.finish is (Finish.CANCELED if order.remaining else Finish.FILLED)
            assert {(fill.order_id, fill.text, fill.side) for fill in order.fills} <= {
                (order.id, order.shown_text, order.side)
            }
            times = [order.created_ms, *(fill.time_ms for fill in order.fills), order.updated_ms]
            assert times == sorted(times)
            assert times[0] >= START_MS - past.days * DAY_S * 1000 - 61_000
            assert times[-1] < START_MS
        assert sum(len(order.fills) for order in record.orders.values()) == len(record.fills)


@pytest.mark.parametrize("past", SHAPES)
def test_ids_grow_with_time_and_end_below_the_first_ones_of_the_engine(past: Past) -> None:
    exchange = exchange_with(past)
    records = [exchange.engine.accounts[name] for name in ("alpha", "beta")]
    orders = sorted((order for record in records for order in record.orders.values()), key=lambda order: order.id)
    assert [order.id for order in orders] == list(range(FIRST_ORDER_ID - len(orders), FIRST_ORDER_ID))
    assert all(one.created_ms <= other.created_ms for one, other in pairwise(orders))
    for pair, market in exchange.engine.markets.items():
        fills = sorted(
            (fill for record in records for fill in record.fills_by_pair[pair]), key=lambda fill: fill.trade_id
        )
        assert [fill.trade_id for fill in fills] == list(range(FIRST_TRADE_ID - len(fills), FIRST_TRADE_ID))
        assert all(one.time_ms <= other.time_ms for one, other in pairwise(fills))
        assert market.sequence == len(fills)


def test_the_past_changes_no_balance_and_repeats_with_its_seed() -> None:
    one, same, other = (exchange_with(SHAPES[0], seed) for seed in (1, 1, 2))
    assert {currency: balance.total for currency, balance in one.engine.ledger.balances("alpha").items()} == BALANCES
    assert not one.engine.ledger.fees
    fills = [exchange.engine.accounts["alpha"].fills for exchange in (one, same, other)]
    assert fills[0] == fills[1] != fills[2]


async def test_it_is_listed_page_by_page_though_many_fills_share_a_second(start: VenueFactory) -> None:
    past = Past(orders=30, fills=1_500, fills_in_a_second=1_500)
    wire = (await start(with_past(past))).wire()
    ids: list[str] = []
    seconds = set()
    for page in (1, 2, 3):
        query = f"currency_pair=SOL_USDT&from={START_MS // 1000 - 30 * DAY_S}&limit=1000&page={page}"
        rows = await wire.get("/spot/my_trades", query)
        ids += [row["id"] for row in rows]
        seconds |= {row["create_time"] for row in rows}
    assert (len(ids), len(set(ids)), len(seconds)) == (1_500, 1_500, 1)
    finished = await wire.get("/spot/orders", "currency_pair=SOL_USDT&status=finished&limit=1000")
    assert len(finished) == 30
    one = await wire.get(f"/spot/orders/{finished[0]['id']}", "currency_pair=SOL_USDT")
    assert one == finished[0]
    fills = await wire.get("/spot/my_trades", f"currency_pair=SOL_USDT&order_id={one['id']}&from=1&limit=1000")
    assert len(fills) == 50
    placed = (await wire.order()).json
    assert int(placed["id"]) == FIRST_ORDER_ID + 1
    assert (await wire.get("/spot/open_orders"))[0]["total"] == 1
