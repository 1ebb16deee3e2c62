"""What happens on a market without a name is not judged; whatever can be named is."""

import pytest

from messages.symbol import Symbol
from simulation.oracles.markets import symbol_of


@pytest.mark.parametrize(("pair", "symbol"), [("SOL_USDT", Symbol("SOL", "USDT")), ("A1_B2", Symbol("A1", "B2"))])
def test_a_pair_that_can_be_named_is_judged_by_its_symbol(pair: str, symbol: Symbol) -> None:
    assert symbol_of(pair) == symbol


@pytest.mark.parametrize("pair", ["_USDT", "SOLUSDT", "", "SOL_"])
def test_whatever_a_symbol_refuses_has_none(pair: str) -> None:
    assert symbol_of(pair) is None
