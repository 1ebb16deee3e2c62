"""Orders of margin accounts come on the channels of spot: they and their fills are not the spot account's."""

from typing import Any

import pytest

from exchanges.base.handlers import PrivateWebsocketHandlers
from exchanges.gateio.spot import private_ws
from exchanges.gateio.spot.private_ws import PrivateFrameDecoder
from tests.exchanges.gateio import payloads


def decoder(heard: list[Any]) -> PrivateFrameDecoder:
    return PrivateFrameDecoder(
        PrivateWebsocketHandlers(
            order=heard.append,
            balance=heard.append,
            execution=heard.append,
            connection=lambda *_: None,
            error=heard.append,
        )
    )


@pytest.mark.parametrize("account", ["margin", "cross_margin", "unified", "a new one"])
def test_what_another_account_does_is_not_told_and_no_error(account: str) -> None:
    heard: list[Any] = []
    feed = decoder(heard).feed
    feed(payloads.orders(payloads.socket_order(id="5", account=account), payloads.socket_order(id="6")))
    feed(payloads.trades(payloads.socket_trade(order_id="5"), payloads.socket_trade(id=8, order_id="6")))
    assert [each.order_id for each in heard] == ["6", "6"]


def test_fills_are_known_by_the_order_whether_its_id_is_a_text_or_a_number() -> None:
    heard: list[Any] = []
    feed = decoder(heard).feed
    feed(payloads.orders(payloads.socket_order(id=5, account="margin")))
    feed(payloads.trades(payloads.socket_trade(order_id=5), payloads.socket_trade(order_id="5")))
    assert heard == []


def test_the_oldest_orders_of_other_accounts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_ws, "_ORDERS_ELSEWHERE", 2)
    heard: list[Any] = []
    feed = decoder(heard).feed
    feed(payloads.orders(*(payloads.socket_order(id=str(number), account="margin") for number in range(3))))
    feed(payloads.trades(*(payloads.socket_trade(id=number, order_id=str(number)) for number in range(3))))
    assert [each.order_id for each in heard] == ["0"]
