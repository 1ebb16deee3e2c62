"""Reading what a request asks for: query string and form-style body, strictly.

A parameter that has no value, a wrong form or a value outside its range is refused, so that a client's slip shows.
Names that nobody knows are ignored. A name that is in both places has the query's value.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl

from exchanges.simulator.faces.mexc.errors import ILLEGAL_CHARACTERS, MexcError, missing, wrong

DECIMAL = re.compile(r"\d{1,20}(\.\d{1,18})?")
CLIENT_ID = re.compile(r"[0-9A-Za-z_-]+")
CLIENT_ID_LENGTH = 32
FAR_MS = 10**15


class Parameters:
    """The parameters of one request; an empty value counts as absent."""

    def __init__(self, query: str, body: str = "") -> None:
        self._values: dict[str, str] = {}
        for raw in (body, query):
            read: dict[str, str] = {}
            for name, value in parse_qsl(raw, keep_blank_values=True):
                if name in read:
                    raise wrong(f"parameter {name} is given twice")
                read[name] = value
            self._values.update(read)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Parameters":
        """Returns parameters that were read from elsewhere."""
        made = cls("")
        made._values.update(values)
        return made

    def text(self, name: str, default: str = "") -> str:
        """Returns the value as it is."""
        return self._values.get(name) or default

    def required(self, name: str) -> str:
        """Returns the value. Raises ``MexcError`` when it is absent."""
        value = self._values.get(name)
        if not value:
            raise missing(name)
        return value

    def whole(self, name: str, default: int, *, low: int = 0, high: int = FAR_MS) -> int:
        """Returns the value as a whole number within ``low`` and ``high``. Raises ``MexcError``."""
        value = self.text(name)
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{1,18}", value) or not low <= int(value) <= high:
            raise wrong(f"{name} {value} is not a whole number from {low} to {high}")
        return int(value)

    def span_ms(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        """Returns ``startTime`` and ``endTime``, by default those given here. Raises ``MexcError``."""
        since_ms, until_ms = self.whole("startTime", since_ms), self.whole("endTime", until_ms)
        if since_ms > until_ms:
            raise wrong(f"startTime {since_ms} is after endTime {until_ms}")
        return since_ms, until_ms


def parse_decimal(name: str, value: str) -> Decimal:
    """Returns a number that is written as text, without an exponent. Raises ``MexcError``."""
    if not DECIMAL.fullmatch(value):
        raise MexcError(ILLEGAL_CHARACTERS, f"Illegal characters found in parameter '{name}'")
    return Decimal(value)


def parse_client_id(value: str) -> str:
    """Returns a client's own id of an order, "" when there is none. Raises ``MexcError``."""
    if len(value) > CLIENT_ID_LENGTH:
        raise wrong(f"newClientOrderId must have at most {CLIENT_ID_LENGTH} characters")
    if value and not CLIENT_ID.fullmatch(value):
        raise MexcError(ILLEGAL_CHARACTERS, "Illegal characters found in parameter 'newClientOrderId'")
    return value
