"""What a request asks the exchange to change, in a reading of its own: neither the client's nor the exchange's.

Sources of the names: Gate's REST manual, spot orders and withdrawals.
"""

import enum
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec

from exchanges.simulator.faces.http import HttpRequest

_PREFIX: Final = "/api/v4"
_USUAL: Final = {"account": "spot", "action_mode": "FULL", "type": "limit", "time_in_force": "gtc"}
"""What a parameter means when it is left out."""


class Action(enum.Enum):
    """What a request wants to change. OTHER: something that no command of ours asks for."""

    PLACE = "place"
    AMEND = "amend"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel all"
    COUNTDOWN = "countdown"
    WITHDRAW = "withdraw"
    CANCEL_WITHDRAWAL = "cancel withdrawal"
    OTHER = "other"


_ACTIONS: Final = {
    "POST /spot/orders": Action.PLACE,
    "PATCH /spot/orders/": Action.AMEND,
    "DELETE /spot/orders/": Action.CANCEL,
    "DELETE /spot/orders": Action.CANCEL_ALL,
    "POST /spot/countdown_cancel_all": Action.COUNTDOWN,
    "POST /withdrawals": Action.WITHDRAW,
    "DELETE /withdrawals/": Action.CANCEL_WITHDRAWAL,
}


class WireCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One request that is to change something.

    Attributes:
        item: the order or withdrawal in the path, by the exchange's id or by text; empty where there is none.
        terms: everything that query and body say, as text; without the account and the answer's form where these are
            the usual ones. One that is given twice, or in query and body, with two values is there as ``a|b``.
    """

    action: Action
    item: str
    terms: dict[str, str]

    def number(self, name: str) -> Decimal | None:
        """A term as a number; None where it is missing or no number."""
        try:
            return Decimal(self.terms[name])
        except (KeyError, ArithmeticError):
            return None

    def term(self, name: str) -> str | None:
        """A term, or what leaving it out means."""
        return self.terms.get(name, _USUAL.get(name))


def read_command(request: HttpRequest) -> WireCommand | None:
    """What the request asks for; None for one that only asks questions."""
    if request.method == "GET":
        return None
    path = unquote(request.path).removeprefix(_PREFIX)
    parent, slash, item = path.rpartition("/")
    action = _ACTIONS.get(f"{request.method} {path}")
    if action is None:
        action = _ACTIONS.get(f"{request.method} {parent}{slash}", Action.OTHER)
    else:
        item = ""
    terms: dict[str, str] = {}
    for name, value in (*parse_qsl(request.query, keep_blank_values=True), *_fields(request.body)):
        terms[name] = value if terms.get(name, value) == value else f"{terms[name]}|{value}"
    for name in ("account", "action_mode"):
        if terms.get(name) == _USUAL[name]:
            del terms[name]
    return WireCommand(action=action, item=item, terms=terms)


def _fields(body: bytes) -> list[tuple[str, str]]:
    if not body:
        return []
    try:
        value: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return [("body", repr(body))]
    if not isinstance(value, dict):
        return [("body", str(value))]
    return [
        (str(name), each if isinstance(each, str) else msgspec.json.encode(each).decode())
        for name, each in value.items()
    ]
