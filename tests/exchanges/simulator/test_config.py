"""Configs that cannot be are refused at construction, with the field, the value and what is allowed."""

from decimal import Decimal

import msgspec
import pytest

from exchanges.simulator import AccountConfig, PairConfig, Past, RateLimits, SimulatorConfig, accounts_named

SOL = PairConfig(
    id="SOL_USDT",
    start_price=Decimal(141),
    price_precision=2,
    amount_precision=3,
    min_base_amount=Decimal("0.001"),
)


def pair(**changes: object) -> PairConfig:
    return msgspec.structs.replace(SOL, **changes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: pair(id="sol-usdt"), "pair id: 'sol-usdt'"),
        (lambda: pair(start_price=Decimal(0)), "SOL_USDT start_price: Decimal('0')"),
        (lambda: pair(price_precision=-1), "price_precision: -1"),
        (lambda: pair(price_precision=10), "price_precision + amount_precision: 13"),
        (lambda: AccountConfig(name="Alpha"), "account name: 'Alpha'"),
        (lambda: AccountConfig(name="a", balances={"BTC": Decimal(-1)}), "balance BTC"),
        (lambda: AccountConfig(name="a", fees=()), "account a fees: ()"),
        (lambda: Past(orders=0), "past orders: 0"),
        (lambda: Past(days=3_651), "past days: 3651"),
        (lambda: Past(fills=100_001), "past fills: 100001"),
        (lambda: SimulatorConfig(accounts=accounts_named(*map(str, range(51))), past=Past(fills=100_000)), "5100000"),
        (lambda: RateLimits(place_per_s=0), "rate limit place_per_s: 0"),
        (lambda: SimulatorConfig(rest_port=-1), "rest_port: -1"),
        (lambda: SimulatorConfig(push_latency_ms=-0.5), "push_latency_ms: -0.5"),
        (lambda: SimulatorConfig(balance_push_delay_ms=60_001), "balance_push_delay_ms: 60001"),
        (lambda: SimulatorConfig(engine_clock_step_ms=0), "engine_clock_step_ms: 0"),
        (lambda: SimulatorConfig(maker_fee_rate=Decimal("-0.001")), "maker_fee_rate"),
        (lambda: SimulatorConfig(accounts=()), "accounts: []"),
        (lambda: SimulatorConfig(pairs=(pair(), pair())), "pairs: 'SOL_USDT'"),
    ],
)
def test_a_config_that_cannot_be_is_refused(make: object, said: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match="is not allowed, must be") as error:
        make()
    assert said in str(error.value)


def test_secrets_do_not_show() -> None:
    account = AccountConfig(name="alpha", secret="very-secret").with_credentials(1)
    assert "very-secret" not in repr(account)
    assert "very-secret" not in repr(SimulatorConfig(accounts=(account,)))
