"""Sizes in contracts and quantities in base become each other exactly, or not at all (R11)."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.gateio.futures.contracts import Contracts, ContractSize, UnknownContractError
from exchanges.gateio.futures.symbols import to_contract, to_symbol
from messages.errors import InvalidValueError, ProtocolError
from messages.symbol import Symbol
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio.futures.tables import contracts_of, size_of

D = Decimal
SOL = Symbol("SOL", "USDT", "USDT")
multipliers = st.one_of(
    st.integers(-8, 6).map(lambda places: D(1).scaleb(places)),
    st.decimals("0.000001", "100000", places=6, allow_nan=False, allow_infinity=False),
)
whole_sizes = st.integers(-(10**12), 10**12).map(Decimal)
sizes = whole_sizes | st.decimals(-(10**9), 10**9, places=8, allow_nan=False, allow_infinity=False)
quantities = st.decimals("-1000000", "1000000", allow_nan=False, allow_infinity=False, places=10)


def contract(multiplier: Decimal, *, takes_fractions: bool) -> ContractSize:
    return ContractSize(SOL, multiplier, takes_fractions)


@given(size=whole_sizes, multiplier=multipliers, takes_fractions=st.booleans())
def test_r11_whole_contracts_come_back_as_they_were(size: Decimal, multiplier: Decimal, takes_fractions: bool) -> None:
    each = contract(multiplier, takes_fractions=takes_fractions)
    base = each.to_base(size)
    assert Fraction(base) == Fraction(size) * Fraction(multiplier)
    assert each.to_contracts(base) == size


@given(size=sizes, multiplier=multipliers)
def test_r11_parts_of_contracts_come_back_where_the_market_takes_them(size: Decimal, multiplier: Decimal) -> None:
    each = contract(multiplier, takes_fractions=True)
    base = each.to_base(size)
    assert Fraction(base) == Fraction(size) * Fraction(multiplier)
    assert each.to_contracts(base) == size


@given(quantity=quantities, multiplier=multipliers, takes_fractions=st.booleans())
def test_r11_base_to_contracts_to_base_never_changes_a_quantity_and_refuses_what_does_not_fit(
    quantity: Decimal, multiplier: Decimal, takes_fractions: bool
) -> None:
    each = contract(multiplier, takes_fractions=takes_fractions)
    exact = Fraction(quantity) / Fraction(multiplier)
    fits = _is_finite_decimal(exact) if takes_fractions else exact.denominator == 1
    if fits:
        size = each.to_contracts(quantity)
        assert Fraction(size) == exact
        assert each.to_base(size) == quantity
    else:
        with pytest.raises(InvalidValueError, match="quantity"):
            each.to_contracts(quantity)


def _is_finite_decimal(number: Fraction) -> bool:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


@pytest.mark.parametrize(
    ("multiplier", "quantity", "size"),
    [("0.0001", "0.0123", "123"), ("10", "-400", "-40"), ("1", "7", "7"), ("0.1", "0.30", "3"), ("1000", "1E+4", "10")],
)
def test_plain_examples(multiplier: str, quantity: str, size: str) -> None:
    each = size_of("SOL_USDT", multiplier)
    assert each.to_contracts(D(quantity)) == D(size)
    assert format(each.to_contracts(D(quantity)), "f") == size
    assert each.to_base(D(size)) == D(quantity)


def test_a_part_of_a_contract_is_written_with_its_decimals_only() -> None:
    each = size_of("SOL_USDT", "0.01", takes_fractions=True)
    assert format(each.to_contracts(D("0.0050")), "f") == "0.5"
    with pytest.raises(InvalidValueError, match=r"quantity .* a multiple of 0\.01 SOL, which is one contract"):
        size_of("SOL_USDT", "0.01").to_contracts(D("0.005"))


@pytest.mark.parametrize("multiplier", ["0", "-1", "NaN", "Infinity", "1e21"])
def test_r11_an_inverse_contract_or_none_at_all_has_no_size(multiplier: str) -> None:
    with pytest.raises(InvalidValueError, match="quanto_multiplier"):
        size_of("SOL_USDT", multiplier)


@pytest.mark.parametrize("multiplier", ["1", "0.01"])
@pytest.mark.parametrize("size", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_r11_a_size_that_is_no_number_is_refused(multiplier: str, size: str) -> None:
    with pytest.raises(ProtocolError):
        size_of("SOL_USDT", multiplier).to_base(D(size))
    with pytest.raises(InvalidValueError, match="quantity"):
        size_of("SOL_USDT", multiplier).to_contracts(D(size))


def test_r11_a_size_of_more_digits_than_can_be_multiplied_is_refused_and_not_rounded() -> None:
    digits = D("1" * 199 + ".1")
    with pytest.raises(ProtocolError, match="exactly"):
        size_of("SOL_USDT", "0.37").to_base(digits)
    with pytest.raises(InvalidValueError, match="quantity"):
        size_of("SOL_USDT", "0.37").to_contracts(digits)


class TestNames:
    def test_a_contract_is_a_perpetual_in_usdt(self) -> None:
        assert to_symbol("SOL_USDT") == SOL
        assert to_contract(SOL) == "SOL_USDT"
        assert to_contract(to_symbol("BTC_3L_USDT")) == "BTC_3L_USDT"

    @pytest.mark.parametrize("name", ["SOL", "BTC_USD", "USDT", "_USDT", "USDT_USDT", ""])
    def test_any_other_name_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidValueError):
            to_symbol(name)

    @pytest.mark.parametrize(
        "symbol", [Symbol("SOL", "USDT"), Symbol("BTC", "USD", "BTC"), Symbol("SOL", "USDC", "USDC")]
    )
    def test_any_other_symbol_is_refused(self, symbol: Symbol) -> None:
        with pytest.raises(InvalidValueError, match="symbol"):
            to_contract(symbol)


class Exchange:
    """Knows contracts, and counts how often it is asked."""

    def __init__(self, **multipliers: str) -> None:
        self.multipliers = multipliers
        self.asked: list[str | None] = []
        self.is_down = False

    async def learn(self, contract: str | None) -> Iterable[tuple[str, ContractSize]]:
        self.asked.append(contract)
        await asyncio.sleep(0)
        if self.is_down:
            raise ProtocolError("down")
        return [(name, size_of(name, each)) for name, each in self.multipliers.items() if contract in {None, name}]


class TestTable:
    async def test_it_is_loaded_once_for_all_who_wait(self) -> None:
        exchange = Exchange(SOL_USDT="1")
        table = Contracts(exchange.learn, ManualClock())
        await asyncio.gather(*(table.ready() for _ in range(5)))
        assert exchange.asked == [None]
        assert table.of("SOL_USDT").multiplier == 1

    async def test_a_load_that_failed_is_tried_anew(self) -> None:
        exchange = Exchange(SOL_USDT="1")
        table = Contracts(exchange.learn, ManualClock())
        exchange.is_down = True
        with pytest.raises(ProtocolError):
            await table.ready()
        exchange.is_down = False
        await table.ready()
        assert table.of("SOL_USDT").multiplier == 1

    async def test_a_contract_that_is_missing_is_asked_for_by_itself(self) -> None:
        exchange = Exchange(SOL_USDT="1")
        table = Contracts(exchange.learn, ManualClock())
        await table.ready()
        assert not await table.learn_missing()
        exchange.multipliers["NEW_USDT"] = "10"
        with pytest.raises(UnknownContractError):
            table.of("NEW_USDT")
        assert await table.learn_missing()
        assert table.of("NEW_USDT").multiplier == 10
        assert exchange.asked == [None, "NEW_USDT"]

    async def test_a_contract_that_the_exchange_does_not_know_is_not_asked_for_at_every_row(self) -> None:
        exchange, clock = Exchange(SOL_USDT="1"), ManualClock()
        table = Contracts(exchange.learn, clock)
        await table.ready()
        for _ in range(3):
            with pytest.raises(UnknownContractError):
                table.of("GONE_USDT")
            assert not await table.learn_missing()
        assert exchange.asked == [None, "GONE_USDT"]
        await clock.advance(31)
        with pytest.raises(UnknownContractError):
            table.of("GONE_USDT")
        assert not await table.learn_missing()
        assert exchange.asked == [None, "GONE_USDT", "GONE_USDT"]

    async def test_a_name_that_is_none_is_never_asked_for(self) -> None:
        table = contracts_of()
        with pytest.raises(InvalidValueError, match="contract"):
            table.of("BTC_USD")
        assert not await table.learn_missing()
