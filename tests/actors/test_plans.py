"""Plans that a system cannot keep are refused before anything is started, by field, value and venue."""

from types import SimpleNamespace
from typing import Any

import pytest

from actors.account.settings import AccountSettings
from actors.system import AccountPlan, TradingSystem
from exchanges.base.capabilities import VenueCapabilities
from exchanges.base.credentials import Credentials
from messages.errors import InvalidValueError, UnsupportedError
from messages.symbol import Product, Symbol
from tests.support.capabilities import capabilities
from tests.support.orders import SOL

PERPETUAL = Symbol("SOL", "USDT", "USDT")


def system(declared: VenueCapabilities | None = None, **plan: Any) -> TradingSystem:
    venue: Any = SimpleNamespace(
        name="venue", capabilities=declared or capabilities(), create_public_rest=lambda: SimpleNamespace()
    )
    account = AccountPlan(**{"name": "alpha", "venue": "here", "credentials": Credentials("key", "secret"), **plan})
    host: Any = SimpleNamespace(dead_letters=None)
    environment: Any = SimpleNamespace(rng=None)
    return TradingSystem(host=host, environment=environment, venues={"here": venue}, accounts=[account])


def test_a_plan_that_the_venue_can_keep_is_taken() -> None:
    assert system(symbols=(SOL,), settings=AccountSettings(dead_mans_switch_s=5)).account_names == ("alpha",)


def test_a_venue_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="venue of account 'alpha' = 'there' is not allowed: one of here"):
        system(venue="there")


def test_a_product_that_the_venue_does_not_have_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="venue has no perpetual accounts"):
        system(product=Product.PERPETUAL, symbols=(PERPETUAL,))


def test_a_symbol_of_another_product_than_the_account_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"symbol of account 'alpha' = 'SOL/USDT:USDT' .* a spot market"):
        system(symbols=(SOL, PERPETUAL))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (AccountSettings(dead_mans_switch_s=60), "venue has no dead_mans_switch_s"),
        (AccountSettings(allow_withdrawals=True), "venue has no withdraw"),
    ],
)
def test_settings_that_the_venue_cannot_keep_are_refused(settings: AccountSettings, says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        system(capabilities(shortest_countdown_s=None, withdraws=False), settings=settings)
