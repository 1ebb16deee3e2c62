"""A symbol says its product, in the notation that users of ccxt know."""

import msgspec
import pytest

from messages.errors import InvalidValueError
from messages.symbol import Product, Symbol

SPOT = Symbol("SOL", "USDT")
PERPETUAL = Symbol("SOL", "USDT", "USDT")


@pytest.mark.parametrize(
    ("text", "symbol", "product"),
    [
        ("SOL/USDT", SPOT, Product.SPOT),
        ("SOL/USDT:USDT", PERPETUAL, Product.PERPETUAL),
        ("BTC/USD:BTC", Symbol("BTC", "USD", "BTC"), Product.PERPETUAL),
    ],
)
def test_a_symbol_is_read_as_it_is_written(text: str, symbol: Symbol, product: Product) -> None:
    assert Symbol.parse(text) == symbol
    assert str(symbol) == text
    assert symbol.product is product


@pytest.mark.parametrize("text", ["SOLUSDT", "SOL/USDT:", "SOL:USDT", "/USDT", "SOL/", "SOL/USDT:US/DT", "SOL/SOL:SOL"])
def test_what_is_no_symbol_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="symbol"):
        Symbol.parse(text)


def test_the_same_market_as_another_product_is_another_symbol() -> None:
    assert SPOT != PERPETUAL
    assert len({SPOT: 1, PERPETUAL: 2}) == 2
    assert sorted([PERPETUAL, SPOT]) == [SPOT, PERPETUAL]


def test_a_spot_symbol_is_filed_as_it_always_was() -> None:
    assert msgspec.json.encode(SPOT) == b'{"base":"SOL","quote":"USDT"}'
    assert msgspec.json.decode(msgspec.json.encode(PERPETUAL), type=Symbol) == PERPETUAL
