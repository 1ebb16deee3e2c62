"""What is read out of requests to MEXC, for those who judge them."""

from decimal import Decimal

import pytest

from exchanges.simulator import HttpRequest, HttpResponse
from simulation.venues.mexc.wire import MexcWire
from simulation.venues.wire import Action

WIRE = MexcWire()


def request(method: str, path: str, query: str = "") -> HttpRequest:
    return HttpRequest(method=method, path=f"/api/v3{path}", query=query)


def test_a_question_and_a_stream_change_nothing() -> None:
    assert WIRE.read_command(request("GET", "/order", "symbol=SOLUSDT&orderId=1")) is None
    assert WIRE.read_command(request("POST", "/userDataStream", "timestamp=1")) is None


@pytest.mark.parametrize(
    ("said", "type_", "time_in_force"),
    [
        ("LIMIT", "limit", "gtc"),
        ("LIMIT_MAKER", "limit", "post_only"),
        ("IMMEDIATE_OR_CANCEL", "limit", "ioc"),
        ("FILL_OR_KILL", "limit", "fok"),
    ],
)
def test_a_new_order_is_read_in_every_term(said: str, type_: str, time_in_force: str) -> None:
    query = (
        f"symbol=SOLUSDT&side=BUY&type={said}&quantity=2.5&price=141.2&newClientOrderId=c-1&timestamp=1&signature=ff"
    )
    command = WIRE.read_command(request("POST", "/order", query))
    assert command is not None
    assert command.action is Action.PLACE
    assert command.terms == {
        "pair": "SOL_USDT",
        "side": "buy",
        "type": type_,
        "time_in_force": time_in_force,
        "amount": "2.5",
        "price": "141.2",
        "text": "c-1",
    }


def test_a_market_buy_is_over_an_amount_in_quote() -> None:
    command = WIRE.read_command(request("POST", "/order", "symbol=ETHBTC&side=BUY&type=MARKET&quoteOrderQty=0.5"))
    assert command is not None
    assert (command.terms["pair"], command.number("amount"), command.term("price")) == ("ETH_BTC", Decimal("0.5"), None)


@pytest.mark.parametrize(("name", "item"), [("orderId", "912"), ("origClientOrderId", "c-1")])
def test_a_cancel_names_its_order(name: str, item: str) -> None:
    command = WIRE.read_command(request("DELETE", "/order", f"symbol=SOLUSDT&{name}={item}&timestamp=1"))
    assert command is not None
    assert (command.action, command.item, command.terms) == (Action.CANCEL, item, {"pair": "SOL_USDT"})


def test_a_cancel_of_all_names_its_markets() -> None:
    command = WIRE.read_command(request("DELETE", "/openOrders", "symbol=SOLUSDT%2CETHUSDT&timestamp=1"))
    assert command is not None
    assert (command.action, command.terms) == (Action.CANCEL_ALL, {"pair": "SOL_USDT,ETH_USDT"})


def test_a_withdrawal_says_where_it_goes() -> None:
    query = "coin=USDT&netWork=TRX&address=T1&amount=5&withdrawOrderId=w1&timestamp=1"
    command = WIRE.read_command(request("POST", "/capital/withdraw", query))
    assert command is not None
    assert command.action is Action.WITHDRAW
    assert command.terms == {
        "currency": "USDT",
        "chain": "TRX",
        "address": "T1",
        "amount": "5",
        "withdraw_order_id": "w1",
    }


def test_what_nobody_asks_for_is_told_as_such() -> None:
    command = WIRE.read_command(request("POST", "/batchOrders", "batchOrders=%5B%5D"))
    assert command is not None
    assert command.action is Action.OTHER


def test_answers_are_read_by_code_and_order() -> None:
    refused = WIRE.read_answer(HttpResponse(status=400, headers={}, body=b'{"code":-2011,"msg":"Unknown order sent."}'))
    assert (refused.label, refused.order_number) == ("-2011", None)
    placed = WIRE.read_answer(HttpResponse(status=200, headers={}, body=b'{"symbol":"SOLUSDT","orderId":"912"}'))
    assert (placed.label, placed.order_number) == ("", 912)
    assert WIRE.label_of(b"<html>") == ""
