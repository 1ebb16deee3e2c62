"""The control API's side of margin orders: the operator places, lists and cancels them."""

from decimal import Decimal
from typing import Literal

import msgspec

from exchanges.simulator.control.requests import ControlError, Empty, Handler, Json, body_of
from exchanges.simulator.core.margin import MarginOrders
from exchanges.simulator.core.orders import AccountType, NewOrder, Order, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.http import HttpRequest


class MarginBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /accounts/{name}/margin_orders: an order that rests; without a text it comes from the web page."""

    currency_pair: str
    side: Side
    amount: Decimal
    price: Decimal
    account: Literal["margin", "cross_margin"] = "margin"
    text: str = ""


class MarginControl:
    """Answers control requests about margin orders."""

    def __init__(self, services: Services) -> None:
        self._accounts = services.keys.accounts
        self._margin: MarginOrders = services.margin

    def handlers(self) -> dict[tuple[str, ...], Handler]:
        """Returns the handlers by method and parts of the path."""
        return {
            ("GET", "accounts", "*", "margin_orders"): self._show,
            ("POST", "accounts", "*", "margin_orders"): self._place,
            ("POST", "margin_orders", "*", "cancel"): self._cancel,
        }

    def _show(self, name: str, _request: HttpRequest) -> list[Json]:
        orders = self._margin.of(self._known(name), list(AccountType), is_open=True)
        return [margin_record(order) for order in orders]

    def _place(self, name: str, request: HttpRequest) -> Json:
        account, body = self._known(name), body_of(request, MarginBody)
        new = NewOrder(
            pair=body.currency_pair,
            side=body.side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
            amount=body.amount,
            price=body.price,
            text=body.text,
            origin="web",
        )
        return margin_record(self._margin.place(account, new, AccountType(body.account)))

    def _cancel(self, item: str, request: HttpRequest) -> Json:
        body_of(request, Empty)
        order = self._margin.find(int(item)) if item.isdecimal() else None
        if order is None:
            raise ControlError(404, f"there is no margin order {item}")
        return margin_record(self._margin.cancel(order))

    def _known(self, name: str) -> str:
        if name not in self._accounts:
            raise ControlError(404, f"there is no account {name!r}, only {', '.join(self._accounts)}")
        return name


def margin_record(order: Order) -> Json:
    """Returns what the exchange knows of a margin order."""
    return {
        "id": str(order.id),
        "text": order.shown_text,
        "account": order.account_type.value,
        "currency_pair": order.pair,
        "side": order.side.value,
        "amount": plain(order.amount),
        "price": plain(order.price),
        "left": plain(order.remaining),
        "finish_as": order.finish.value,
        "created_ms": order.created_ms,
        "updated_ms": order.updated_ms,
    }
