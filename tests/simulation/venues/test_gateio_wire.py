"""What a request asks for is read to the last parameter."""

from decimal import Decimal

import pytest

from exchanges.simulator import HttpRequest
from simulation.venues.wire import Action
from simulation.venues.wires import WIRE


def request(method: str, path: str, *, query: str = "", body: bytes = b"") -> HttpRequest:
    return HttpRequest(method=method, path=f"/api/v4{path}", query=query, body=body)


def test_a_question_is_no_command() -> None:
    assert WIRE.read_command(request("GET", "/spot/orders/12", query="currency_pair=SOL_USDT")) is None


@pytest.mark.parametrize(
    ("method", "path", "action", "item"),
    [
        ("POST", "/spot/orders", Action.PLACE, ""),
        ("PATCH", "/spot/orders/12", Action.AMEND, "12"),
        ("DELETE", "/spot/orders/t-abc", Action.CANCEL, "t-abc"),
        ("DELETE", "/spot/orders", Action.CANCEL_ALL, ""),
        ("POST", "/spot/countdown_cancel_all", Action.COUNTDOWN, ""),
        ("POST", "/withdrawals", Action.WITHDRAW, ""),
        ("DELETE", "/withdrawals/9", Action.CANCEL_WITHDRAWAL, "9"),
        ("POST", "/spot/batch_orders", Action.OTHER, "batch_orders"),
        ("POST", "/margin/loans", Action.OTHER, "loans"),
    ],
)
def test_method_and_path_say_what_is_to_be_done(method: str, path: str, action: Action, item: str) -> None:
    command = WIRE.read_command(request(method, path))

    assert command is not None
    assert (command.action, command.item) == (action, item)


def test_every_term_is_there_and_the_usual_ones_are_understood() -> None:
    body = b'{"account":"spot","amount":"1.50","iceberg":"0.1","auto_borrow":true}'
    command = WIRE.read_command(request("POST", "/spot/orders", query="currency_pair=%24X_USDT", body=body))

    assert command is not None
    assert command.terms == {"pair": "$X_USDT", "amount": "1.50", "iceberg": "0.1", "auto_borrow": "true"}
    assert (command.term("time_in_force"), command.term("price")) == ("gtc", None)
    assert (command.number("amount"), command.number("iceberg"), command.number("price")) == (
        Decimal("1.5"),
        Decimal("0.1"),
        None,
    )


def test_an_unusual_account_and_a_term_given_twice_are_seen() -> None:
    command = WIRE.read_command(request("DELETE", "/spot/orders", query="side=buy&side=sell&account=margin"))

    assert command is not None
    assert command.terms == {"side": "buy|sell", "account": "margin"}


def test_a_body_that_is_no_object_is_a_term_of_its_own() -> None:
    for body, text in ((b"{", "b'{'"), (b"[1]", "[1]")):
        command = WIRE.read_command(request("POST", "/spot/orders", body=body))
        assert command is not None
        assert command.terms == {"body": text}
