"""Profits, margins and liquidation prices against figures from fractions, reckoned in another way."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from exchanges.simulator.core.futures.contracts import ContractConfig, RiskTier
from exchanges.simulator.core.futures.positions import QUANTUM, Leg, Position
from exchanges.simulator.core.futures.requirements import bankruptcy_price, liquidation_price, maintenance

from .small import SOL

multipliers = st.sampled_from([Decimal(1), Decimal("0.0001"), Decimal("0.01"), Decimal(100_000)])
prices = st.integers(1, 10_000_000).map(lambda ticks: Decimal(ticks) / 100)
sizes = st.integers(1, 100_000).map(lambda tenths: Decimal(tenths) / 10)
trades = st.lists(st.tuples(st.sampled_from([1, -1]), sizes, prices), min_size=1, max_size=30)
TIERS = [(Fraction(10_000), Fraction(1, 100)), (Fraction(50_000), Fraction(1, 40)), (None, Fraction(1, 10))]
"""Of SOL: up to which value, and the rate of the part that is in it."""


def contract(multiplier: Decimal) -> ContractConfig:
    return ContractConfig(
        id="SOL_USDT",
        start_price=Decimal(1),
        price_precision=2,
        amount_precision=1,
        min_base_amount=Decimal("0.1"),
        multiplier=multiplier,
        tiers=(RiskTier(limit=Decimal(10**12), max_leverage=Decimal(100), maintenance_rate=Decimal("0.01")),),
    )


def position(rules: ContractConfig = SOL, *, is_cross: bool = True, leverage: str = "10") -> Position:
    made = Position(account="ann", contract=rules, leg=Leg.NET)
    made.is_cross, made.leverage = is_cross, Decimal(leverage)
    return made


def maintenance_of(value: Fraction) -> Fraction:
    """Part by part, as it is told to people: the part in each tier at its own rate."""
    total, below = Fraction(0), Fraction(0)
    for limit, rate in TIERS:
        part = value - below if limit is None else min(value, limit) - below
        total += max(Fraction(0), part) * rate
        below = limit if limit is not None else below
    return total


@given(multipliers, trades, prices)
def test_profits_and_what_is_open_sum_to_the_cash_that_was_paid_and_received(
    multiplier: Decimal, done: list[tuple[int, Decimal, Decimal]], last: Decimal
) -> None:
    held, cash, size = position(contract(multiplier)), Fraction(0), Fraction(0)
    for sign, contracts, price in done:
        held.trade(sign * contracts, price, 1)
        size += sign * Fraction(contracts)
        cash -= sign * Fraction(contracts) * Fraction(multiplier) * Fraction(price)
    assert Fraction(held.size) == size
    assert Fraction(held.from_trades) + Fraction(held.unrealised(last)) == cash + size * Fraction(
        multiplier
    ) * Fraction(last)
    if not size:
        assert (held.cost, held.margin) == (0, 0)


@given(multipliers, st.lists(st.tuples(sizes, prices), min_size=1, max_size=10), sizes, prices)
def test_closing_a_part_brings_in_its_share_of_the_average_entry(
    multiplier: Decimal, bought: list[tuple[Decimal, Decimal]], part: Decimal, price: Decimal
) -> None:
    held = position(contract(multiplier))
    for contracts, paid in bought:
        held.trade(contracts, paid, 1)
    total = sum((Fraction(contracts) for contracts, _ in bought), Fraction(0))
    entry = sum((Fraction(contracts) * Fraction(paid) for contracts, paid in bought), Fraction(0)) / total
    part = min(part, held.size)
    closed, profit = held.trade(-part, price, 1)
    assert closed == part
    exact = Fraction(part) * Fraction(multiplier) * (Fraction(price) - entry)
    assert abs(Fraction(profit) - exact) <= Fraction(QUANTUM)


@given(trades, st.integers(1, 50))
def test_an_isolated_position_keeps_its_cost_over_its_leverage_set_aside(
    done: list[tuple[int, Decimal, Decimal]], leverage: int
) -> None:
    held = position(is_cross=False, leverage=str(leverage))
    for sign, contracts, price in done:
        held.trade(sign * contracts, price, 1)
        exact = Fraction(held.cost) / leverage
        assert abs(Fraction(held.margin) - exact) <= Fraction(QUANTUM) * 2 * len(done)


def test_a_trade_through_zero_closes_and_opens_the_other_side() -> None:
    held = position()
    held.trade(Decimal(10), Decimal(100), 1)
    assert held.trade(Decimal(-25), Decimal(110), 2) == (10, 10)  # 10 contracts of 0.1, 10 up
    assert (held.size, held.cost, held.opened_ms) == (-15, 165, 2)
    assert held.entry_price == 110


@given(st.integers(0, 30_000_000).map(lambda cents: Decimal(cents) / 100))
def test_maintenance_margin_counts_each_part_at_its_tiers_rate(value: Decimal) -> None:
    assert Fraction(maintenance(SOL, value)) == maintenance_of(Fraction(value))


@given(
    st.sampled_from([1, -1]),
    st.integers(1, 20_000).map(Decimal),
    st.integers(1_000, 30_000).map(lambda ticks: Decimal(ticks) / 100),
    st.integers(1, 20),
)
def test_at_the_liquidation_price_the_margin_is_the_maintenance_margin(
    sign: int, contracts: Decimal, entry: Decimal, leverage: int
) -> None:
    held = position(is_cross=False, leverage=str(leverage))
    held.trade(sign * contracts, entry, 1)

    def is_lost(price: Fraction) -> bool:
        value = Fraction(contracts) * Fraction(SOL.multiplier) * price
        return Fraction(held.margin) + sign * (value - Fraction(held.cost)) <= maintenance_of(value)

    price, tick = Fraction(liquidation_price(held, held.margin)), Fraction(SOL.tick)
    if price == 0:
        assert not is_lost(tick)
        return
    # it is told on the safe side: a tick further it is lost, a tick before it is not
    assert is_lost(price - sign * tick)
    assert not is_lost(price + sign * tick)


@given(
    st.sampled_from([1, -1]),
    st.integers(1, 20_000).map(Decimal),
    st.integers(1_000, 30_000).map(lambda ticks: Decimal(ticks) / 100),
    st.integers(2, 20),
)
def test_at_the_bankruptcy_price_all_of_the_margin_is_gone(
    sign: int, contracts: Decimal, entry: Decimal, leverage: int
) -> None:
    held = position(is_cross=False, leverage=str(leverage))
    held.trade(sign * contracts, entry, 1)
    mark = entry * (1 - sign * Decimal("0.02"))
    margin = Fraction(held.margin)
    price = bankruptcy_price(held, mark, held.margin + held.unrealised(mark))
    _, profit = held.trade(-held.size, price, 2)
    assert 0 <= margin + Fraction(profit) <= Fraction(QUANTUM) * Fraction(contracts) * Fraction(SOL.multiplier)
