"""Whatever a strategy puts into a command ends in one refusal at construction, in words (R11)."""

import enum
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messages import commands, position_commands
from messages.commands import Command, EngageKillSwitch, PlaceOrder
from messages.enums import OrderType, Side, TimeInForce
from messages.errors import InvalidValueError
from messages.position import MarginMode, PositionSide
from messages.symbol import Symbol
from tests.support.orders import SOL

PERPETUAL = Symbol("SOL", "USDT", "USDT")
COMMANDS = [
    kind
    for module in (commands, position_commands)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Command) and kind.__module__ == module.__name__
]


class Unspeakable:
    def __repr__(self) -> str:
        raise ZeroDivisionError


class OtherDecimal(Decimal):
    pass


class OtherSide(enum.Enum):
    BUY = "buy"


ODD: list[Any] = [
    *map(
        Decimal,
        (
            "NaN",
            "sNaN",
            "Infinity",
            "-Infinity",
            "-0",
            "0E+999999",
            "0E-999999",
            "1e999999",
            "1e-999999",
            "1e20",
            "1e21",
        ),
    ),
    *(Decimal(1), Decimal("0." + "1" * 40), Decimal("0." + "1" * 61), Decimal("9" * 21), OtherDecimal(1), -Decimal(1)),
    *(0, 1, 1000, -1, 2**63, 10**5000, True, False, 1.5, float("nan"), float("inf"), 1j),
    *("", "1", "x", "BUY", "buy", "limit", "SOL/USDT", "\ud800", "\x00", "x" * 10_000, "é", "币安人生", b"x", b""),
    *(None, [], {}, set(), (), object, object(), Unspeakable(), Side.BUY, Side, OtherSide.BUY, OrderType.MARKET),
    *(MarginMode.CROSS, PositionSide.LONG, PositionSide.NET, PERPETUAL),
    *(TimeInForce.IOC, SOL, Symbol, ("SOL", "USDT"), PlaceOrder.market_buy(SOL, Decimal(1))),
]
odd = st.sampled_from(ODD) | st.text() | st.integers() | st.floats() | st.decimals() | st.binary()


GOOD: dict[str, Any] = {
    "symbol": SOL,
    "side": Side.BUY,
    "quantity": Decimal(1),
    "price": Decimal(1),
    "order_id": "1",
    "withdrawal_id": "w1",
    "reason": "because",
    "currency": "USDT",
    "amount": Decimal(1),
    "chain": "TRX",
    "address": "T1",
    "leverage": Decimal(5),
    "margin_mode": MarginMode.CROSS,
}


def good(kind: type[Command], name: str) -> Any:
    return PERPETUAL if name == "symbol" and kind.__module__ == position_commands.__name__ else GOOD[name]


def fields(kind: type[Command]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(kind)]


def require_sound(command: Command) -> None:
    """Each field has one of the types it is declared with, its numbers are finite, its texts can be written."""
    again = msgspec.json.decode(msgspec.json.encode(command), type=type(command))
    assert again == command
    for name in fields(type(command)):
        value = getattr(command, name)
        assert type(value) in {
            *(Decimal, int, str, bool, Symbol, Side, OrderType, TimeInForce, MarginMode, PositionSide, type(None))
        }
        assert not isinstance(value, Decimal) or (value.is_finite() and value > 0 and len(format(value, "f")) < 100)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(COMMANDS), st.data())
def test_r11_any_values_make_a_sound_command_or_one_refusal(kind: type[Command], data: st.DataObject) -> None:
    values = {
        name: data.draw(st.just(good(kind, name)) | odd if name in GOOD else odd, label=name)
        for name in fields(kind)
        if data.draw(st.booleans(), label=f"{name} is given")
    }
    try:
        command = kind(**values)
    except InvalidValueError as refused:
        text = str(refused)
    except TypeError as missing:
        text = str(missing)
        if "Missing required argument" not in text:
            raise
    else:
        text = ""
        require_sound(command)
    assert len(text) < 600


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in COMMANDS for name in fields(kind)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_r11_one_odd_value_in_any_field_of_any_command(kind: type[Command], name: str) -> None:
    values = {each: good(kind, each) for each in fields(kind) if each in GOOD}
    require_sound(kind(**values))
    for value in ODD:
        try:
            command = kind(**values | {name: value})
        except InvalidValueError:
            continue
        require_sound(command)


@pytest.mark.parametrize("reason", ["x" * 5_000, "é" * 5_000])
def test_r13_a_kill_switch_is_not_refused_for_a_long_reason(reason: str) -> None:
    assert EngageKillSwitch(reason=reason).reason == reason


@given(st.text() | st.binary() | st.integers() | st.none() | st.sampled_from(ODD))
@example("sUSD")
@example("币安人生")
def test_a_symbol_of_anything_is_one_or_one_refusal(part: Any) -> None:
    try:
        symbol = Symbol(part, "USDT")
    except InvalidValueError:
        return
    assert Symbol.parse(str(symbol)) == symbol


@pytest.mark.parametrize(
    "name", ["SOL", "1INCH", "sUSD", "币安人生", "BTC3L", "A.B-C", "sol", "$X", "हिन्दी", "x" * 63 + "X"]
)
def test_a_currency_is_named_as_the_exchange_names_it(name: str) -> None:
    assert str(Symbol(name, "USDT")) == f"{name}/USDT"


@pytest.mark.parametrize("name", ["", "_SOL", ".SOL", "-", "S/L", "S L", "S\n", "x" * 64 + "X", "\ud800", "S\u202eL"])
def test_a_currency_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError, match=r"symbol\.base"):
        Symbol(name, "USDT")
