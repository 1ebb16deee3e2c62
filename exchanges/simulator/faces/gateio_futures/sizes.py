"""Sizes of contracts: JSON numbers cut to whole contracts, or texts with decimals for clients that want these.

What a renderer leaves as ``Decimal`` is a size; everything else has its JSON type already.
"""

import re
from decimal import Decimal

import msgspec

from exchanges.simulator.core.rules import plain
from exchanges.simulator.faces.gateio.errors import invalid

SIZE = re.compile(r"-?\d{1,15}(\.\d{1,12})?")


def sized(value: object, *, decimal: bool) -> object:
    """Returns the JSON value with its sizes in the form that the client wants."""
    if isinstance(value, Decimal):
        return plain(value) if decimal else int(value)
    if isinstance(value, dict):
        return {name: sized(item, decimal=decimal) for name, item in value.items()}
    if isinstance(value, list):
        return [sized(item, decimal=decimal) for item in value]
    return value


def number(value: Decimal) -> msgspec.Raw:
    """Returns the decimal as a JSON number, with all of its digits."""
    return msgspec.Raw(plain(value).encode())


def parse_size(name: str, value: int | str) -> Decimal:
    """Returns a size, which may be below 0, from either form. Raises ``GateError``."""
    text = str(value)
    if not SIZE.fullmatch(text):
        raise invalid(f"{name} {value!r} is not a size")
    return Decimal(text)
