"""Books with their history and a log of commands: what the oracles of wishes and answers judge by."""

import json
from typing import Any

from actors.runtime import Reply
from messages.commands import Command, PlaceOrder
from messages.enums import OrderStatus
from messages.order import Order
from simulation.oracles.book_history import BookHistory
from simulation.oracles.command_log import CommandLog
from tests.support.books import Books


class JudgedBooks(Books):
    """Commands are filed by hand, requests are sent by hand, answers are given by hand: any of them may be wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.history = BookHistory(self.exchange, self.now_s)
        self.commands = CommandLog(self.now_s)

    def ask(self, command: Command, account: str = "alpha") -> Reply[Any]:
        """Files a command; its answer is whatever the reply is given."""
        reply: Reply[Any] = Reply()
        self.commands.file(account, command, reply)
        return reply

    def send(self, body: dict[str, str], account: str = "alpha") -> dict[str, Any]:
        """Sends a new order; returns what the exchange answered."""
        answer: dict[str, Any] = json.loads(self.request("POST", "/spot/orders", body=body, account=account).body)
        return answer

    def place_as_told(self, command: PlaceOrder, **changed: str) -> dict[str, Any]:
        """Sends what a limit order command says, save for what is ``changed``."""
        body = {
            "text": f"t-{command.client_order_id or 'made-1'}",
            "currency_pair": f"{command.symbol.base}_{command.symbol.quote}",
            "side": command.side.value,
            "type": "limit",
            "time_in_force": command.time_in_force.value,
            "amount": str(command.quantity),
            "price": str(command.price),
        }
        return self.send(body | changed)


def order_of(command: PlaceOrder, answer: dict[str, Any], status: OrderStatus = OrderStatus.NEW) -> Order:
    """What an account answers when the exchange has answered so."""
    return Order(
        symbol=command.symbol,
        side=command.side,
        type=command.type,
        time_in_force=command.time_in_force,
        status=status,
        quantity=command.quantity or command.as_order(status).quantity,
        price=command.price,
        order_id=answer["id"],
        client_order_id=answer["text"][2:],
    )
