"""Reading what a request asks for: query parameters and JSON bodies, strictly.

A missing name, a wrong type or a value outside its range is refused, so that a client's slip shows; Gate itself lets
some of these pass. As there, names that nobody knows are ignored (clients send fields that are newer than we, or meant
for another endpoint), and ``null`` means that a field is not given.
"""

import re
from decimal import Decimal
from typing import Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec

from exchanges.simulator.core.orders import AccountType
from exchanges.simulator.faces.gateio.errors import GateError, invalid, missing

T = TypeVar("T")
DECIMAL = re.compile(r"\d{1,20}(\.\d{1,18})?")
TEXT = re.compile(r"t-[0-9A-Za-z_.\-]{1,28}")
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
MISSING_FIELD = re.compile(r"missing required field `(\w+)`")


class Query:
    """The parameters of a query string. An empty value counts as absent."""

    def __init__(self, raw: str, known: frozenset[str]) -> None:
        self._values: dict[str, str] = {}
        for name, value in parse_qsl(raw, keep_blank_values=True):
            if name not in known:
                continue
            if name in self._values:
                raise invalid(f"parameter {name} is given twice")
            if value:
                self._values[name] = value

    def text(self, name: str, default: str = "") -> str:
        """Returns the value as it is."""
        return self._values.get(name, default)

    def required(self, name: str) -> str:
        """Returns the value. Raises ``GateError`` when it is absent."""
        value = self._values.get(name)
        if value is None:
            raise missing(name)
        return value

    def choice(self, name: str, *allowed: str) -> str:
        """Returns the value, by default the first one allowed."""
        value = self._values.get(name, allowed[0])
        if value not in allowed:
            raise invalid(f"{name} {value} is not one of {', '.join(filter(None, allowed))}")
        return value

    def flag(self, name: str) -> bool:
        """Returns a boolean, in whichever way clients write it; False when it is absent."""
        value = self._values.get(name, "false")
        if value.lower() not in BOOLEANS:
            raise invalid(f"{name} {value} is not a boolean")
        return BOOLEANS[value.lower()]

    def whole(self, name: str, default: int, *, low: int = 0, high: int = 10**15) -> int:
        """Returns the value as a whole number within ``low`` and ``high``."""
        value = self._values.get(name)
        if value is None:
            return default
        if not value.isdecimal() or not low <= int(value) <= high:
            raise invalid(f"{name} {value} is not a whole number from {low} to {high}")
        return int(value)

    def given(self) -> dict[str, str]:
        """Returns all that is there."""
        return dict(self._values)


class OrderBody(msgspec.Struct):
    """POST /spot/orders (Gate REST manual, create an order)."""

    currency_pair: str
    side: Literal["buy", "sell"]
    amount: str
    text: str | None = None
    type: Literal["limit", "market"] = "limit"
    account: str = "spot"
    price: str | None = None
    time_in_force: Literal["gtc", "ioc", "poc", "fok"] = "gtc"
    iceberg: str | None = None
    stp_act: Literal["cn", "co", "cb", "-", ""] = "-"
    auto_borrow: bool = False
    auto_repay: bool = False
    action_mode: Literal["ACK", "RESULT", "FULL"] = "FULL"


class AmendBody(msgspec.Struct):
    """PATCH /spot/orders/{id}."""

    currency_pair: str | None = None
    account: str = "spot"
    amount: str | None = None
    price: str | None = None
    amend_text: str | None = None
    action_mode: Literal["ACK", "RESULT", "FULL"] = "FULL"


class BatchAmendItem(AmendBody, kw_only=True):
    """One item of POST /spot/amend_batch_orders."""

    order_id: str
    currency_pair: str


class CancelItem(msgspec.Struct):
    """One item of POST /spot/cancel_batch_orders."""

    currency_pair: str
    id: str
    account: str = "spot"
    action_mode: Literal["ACK", "RESULT", "FULL"] = "FULL"


class CountdownBody(msgspec.Struct):
    """POST /spot/countdown_cancel_all."""

    timeout: int
    currency_pair: str | None = None


class WithdrawalBody(msgspec.Struct):
    """POST /withdrawals."""

    currency: str
    amount: str
    chain: str
    address: str
    memo: str = ""
    withdraw_order_id: str = ""
    withdraw_id: str = ""
    asset_class: str = ""


class TransferBody(msgspec.Struct):
    """POST /wallet/transfers."""

    currency: str
    amount: str
    from_account: str = msgspec.field(name="from")
    to_account: str = msgspec.field(name="to")


def parse_json(body: bytes) -> object:
    """Returns the JSON value of a body. Raises ``GateError``."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise GateError("INVALID_REQUEST_BODY", "The request body is not valid JSON") from None
    return value


def typed(value: object, kind: type[T]) -> T:
    """Returns the JSON value as ``kind``. Raises ``GateError`` naming the field."""
    try:
        return msgspec.convert(without_nulls(value), kind)
    except msgspec.ValidationError as error:
        lacking = MISSING_FIELD.search(str(error))
        raise (missing(lacking[1]) if lacking else invalid(str(error))) from None


def without_nulls(value: object) -> object:
    """Returns the JSON value without the fields that are ``null``, however deep."""
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return value


def parse_decimal(name: str, value: str) -> Decimal:
    """Returns a number that is written as text. Raises ``GateError``."""
    if not DECIMAL.fullmatch(value):
        raise invalid(f"{name} {value!r} is not a number")
    return Decimal(value)


def parse_text(value: str | None) -> str:
    """Returns a client order id (Gate REST manual, order ``text``), "" when there is none."""
    if not value:
        return ""
    if not TEXT.fullmatch(value):
        raise invalid("text must be t- and then at most 28 of 0-9 a-z A-Z _ - .")
    return value


def account_types(account: str) -> tuple[AccountType, ...]:
    """Returns the kinds of orders that a query's ``account`` means (Gate REST manual, list orders): by default spot
    and margin, while those of cross margin must be asked for. Raises ``GateError``."""
    if not account:
        return (AccountType.SPOT, AccountType.MARGIN)
    for account_type in AccountType:
        if account_type.value == account:
            return (account_type,)
    raise invalid(f"account {account} is not one of {', '.join(known.value for known in AccountType)}")


def check_account(account: str) -> None:
    """Raises ``GateError`` unless the order is for the spot account."""
    if account != "spot":
        raise invalid(f"account {account} is not supported, only spot")
