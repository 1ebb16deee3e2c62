"""Asking an account for one order, on its event loop, in each of the three tiers.

Open and executed orders are answered from memory; an order that the account has never heard of is asked for by REST,
from the embedded exchange in another process. Each look-up by REST is for another order, since a finished one is kept.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Final

from actors.strategy.handle import AccountHandle
from benchmarks.support.account import live_account, real_environment
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.peers import peer
from benchmarks.support.timing import median, percentile, spread
from benchmarks.support.verdicts import judged
from exchanges.base.clients import PrivateRest
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.gateio.symbols import to_symbol
from exchanges.registry import FIRST_KIND, create_venue
from messages.commands import GetOrder, OrderReference, PlaceOrder
from messages.enums import Side
from messages.order import Order
from messages.symbol import Symbol

MARKETS: Final = 100
_REST_MOST: Final = 120
"""Look-ups by REST: the account's rate limiter lets 133 go in ten seconds, two thirds of what the exchange allows."""
_TARGETS_MS: Final = {"open": 0.1, "executed": 0.1, "rest": 5.0}


async def _place(rest: PrivateRest, symbols: Sequence[Symbol], count: int, *, finish: bool) -> list[Order]:
    """Orders that rest, or that rested and were canceled, spread over the markets."""
    orders = []
    for number in range(count):
        symbol = symbols[number % len(symbols)]
        command = PlaceOrder.limit(
            symbol, Side.BUY, Decimal(1), Decimal(100), client_order_id=f"{'done' if finish else 'open'}-{number}"
        )
        order = await rest.place_order(command)
        if finish:
            order = await rest.cancel_order(OrderReference(symbol=symbol, order_id=order.order_id))
        orders.append(order)
    return orders


async def _look_up(account: AccountHandle, orders: Sequence[Order], times: int) -> list[float]:
    """Milliseconds of each look-up."""
    took = []
    gc.collect()
    for number in range(times):
        wanted = orders[number % len(orders)]
        command = GetOrder(symbol=wanted.symbol, order_id=wanted.order_id)
        began = time.perf_counter()
        found = await account.ask(command)
        took.append((time.perf_counter() - began) * 1000)
        assert found.order_id == wanted.order_id, "the order that was asked for"
    return took


async def _measure(lookups: int, rest_lookups: int) -> dict[str, list[float]]:
    rest_lookups = min(rest_lookups, _REST_MOST)
    pairs = [f"C{number}_USDT" for number in range(MARKETS)]
    symbols = [to_symbol(pair) for pair in pairs]
    async with AsyncExitStack() as stack:
        exchange = await stack.enter_async_context(peer("benchmarks.support.exchange", pairs=pairs, accounts=["alpha"]))
        gate = exchange.ready["gateio"]
        credentials = Credentials(gate["accounts"][0]["key"], gate["accounts"][0]["secret"])
        environment = await stack.enter_async_context(real_environment())
        venue = create_venue(FIRST_KIND, Endpoints(rest=gate["rest"], ws=gate["ws"]), environment)
        by_hand = venue.create_private_rest(credentials)
        unheard_of = await _place(by_hand, symbols, rest_lookups, finish=True)
        open_orders = await _place(by_hand, symbols, MARKETS, finish=False)
        account = await stack.enter_async_context(live_account(venue, environment, credentials=credentials))
        took = {
            "open": await _look_up(account, open_orders, lookups),
            "rest": await _look_up(account, unheard_of, rest_lookups),
        }
        took["executed"] = await _look_up(account, unheard_of, lookups)
        return took


def run(*, lookups: int = 5_000, rest_lookups: int = _REST_MOST) -> Iterator[dict[str, object]]:
    """One object for each tier.

    Args:
        lookups: in each of the two tiers in memory. rest_lookups: by REST, at most 120.
    """
    took = run_on_loop(_measure(lookups, rest_lookups))
    for tier, limit_ms in _TARGETS_MS.items():
        row: dict[str, object] = {
            "benchmark": "lookup",
            "case": tier,
            "p50_ms": median(took[tier]),
            "p99_ms": percentile(took[tier], 0.99),
            "ms_range": spread(took[tier]),
            "lookups": len(took[tier]),
            "loop": LOOP,
        }
        yield judged(row, below={"p50_ms": limit_ms})
