"""The synthetic market: two-sided, moving, bounded, funded, and good for a quoter's fills."""

import contextlib
from decimal import Decimal
from random import Random

import msgspec
import pytest

from exchanges.simulator import Exchange, SimulatorConfig
from exchanges.simulator.core.orders import NewOrder, Order, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.traders import MAKERS, RUNGS, TAKERS

from .clocks import VirtualTime

PAIRS = ["BTC_USDT", "ETH_USDT", "SOL_USDT", "PEPE_USDT"]


class Running:
    """An exchange with traders, on virtual time."""

    def __init__(self, seed: int = 1) -> None:
        self.time = VirtualTime()
        config = msgspec.structs.replace(SimulatorConfig(), seed=seed)
        self.exchange = Exchange(config, now_ms=self.time.now_ms, schedule=self.time.schedule, rng=Random(seed))
        self.exchange.start()

    def top(self, pair: str) -> tuple[Decimal, Decimal]:
        book = self.exchange.engine.markets[pair].book
        bid, ask = book.bids.best(), book.asks.best()
        assert bid is not None, pair
        assert ask is not None, pair
        return bid.price, ask.price

    def quote(self, pair: str, side: Side, price: Decimal, value: int = 200) -> Order | None:
        """Places a post-only order of this value for ``alpha``."""
        rules = self.exchange.engine.markets[pair].rules
        amount = (Decimal(value) / price).quantize(Decimal(1).scaleb(-rules.amount_precision))
        return self.exchange.engine.place(
            "alpha",
            NewOrder(
                pair=pair,
                side=side,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.POST_ONLY,
                amount=amount,
                price=price,
            ),
        )


def test_there_is_a_market_on_both_sides_at_once_and_it_stays() -> None:
    running = Running()
    for _ in range(300):
        for pair in PAIRS:
            bid, ask = running.top(pair)
            assert bid < ask < bid * Decimal("1.01")
        running.time.advance(0.1)


def test_prices_move_but_come_home() -> None:
    running = Running()
    mids: list[float] = []
    for _ in range(60):
        running.time.advance(2)
        mids.append(float(sum(running.top("SOL_USDT"))) / 2)
    assert len(set(mids)) > 30
    assert all(120 < mid < 165 for mid in mids)


def test_resting_orders_and_money_are_bounded_over_a_long_run() -> None:
    running = Running()
    running.time.advance(120)
    engine = running.exchange.engine
    assert len(engine.accounts[MAKERS].open_orders) <= 2 * RUNGS * len(PAIRS)
    assert not engine.accounts[TAKERS].open_orders
    for account in (MAKERS, TAKERS):
        assert not engine.accounts[account].orders
        assert all(balance.available >= 0 for balance in engine.ledger.balances(account).values())


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("side", list(Side))
def test_a_quoter_at_the_touch_is_filled_within_seconds(pair: str, side: Side) -> None:
    waits: list[float] = []
    for seed in range(5):
        running = Running(seed)
        running.time.advance(3)
        order = running.quote(pair, side, running.top(pair)[0 if side is Side.BUY else 1])
        assert order is not None
        started = running.time.now_ms()
        while order.is_open and running.time.now_ms() - started < 60_000:
            running.time.advance(0.05)
        waits.append((running.time.now_ms() - started) / 1000)
    assert sorted(waits)[2] <= 5


def test_whoever_empties_a_side_sees_it_filled_again() -> None:
    running = Running()
    engine = running.exchange.engine
    engine.place(
        "alpha",
        NewOrder(
            pair="SOL_USDT",
            side=Side.BUY,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            amount=Decimal(900_000),
        ),
    )
    assert engine.markets["SOL_USDT"].book.asks.best() is None
    running.time.advance(0.5)
    running.top("SOL_USDT")


def test_no_money_appears_or_vanishes_between_traders_and_accounts() -> None:
    running, rng = Running(), Random(3)
    engine = running.exchange.engine
    for _ in range(200):
        running.time.advance(0.2)
        pair, side = rng.choice(PAIRS), rng.choice(list(Side))
        with contextlib.suppress(RefusedError):
            running.quote(pair, side, running.top(pair)[rng.randrange(2)], value=rng.randrange(5, 5_000))
        if rng.random() < 0.2:
            engine.cancel_all("alpha", pair=pair)
    assert len(engine.accounts["alpha"].fills) > 20
    for currency, brought_in in engine.ledger.brought_in.items():
        owned = sum(engine.ledger.balance(name, currency).total for name in engine.accounts)
        assert owned + engine.ledger.fees.get(currency, 0) == brought_in


def test_leaving_a_pair_alone_leaves_the_others_moving() -> None:
    running = Running()
    running.exchange.traders.leave("SOL_USDT")
    book = running.exchange.engine.markets["SOL_USDT"].book
    update_id, other = book.update_id, running.top("BTC_USDT")
    running.time.advance(5)
    assert (len(book.bids), len(book.asks), book.update_id) == (0, 0, update_id)
    assert running.top("BTC_USDT") != other
    running.exchange.traders.start()
    running.time.advance(1)
    running.top("SOL_USDT")


def test_stopped_traders_leave_no_order_and_no_timer() -> None:
    running = Running()
    running.exchange.traders.stop()
    assert not running.exchange.engine.accounts[MAKERS].open_orders
    running.time.advance(5)
    assert not running.exchange.engine.accounts[MAKERS].open_orders
