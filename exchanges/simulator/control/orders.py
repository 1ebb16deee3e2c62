"""The control API's side of orders: those of other programs and hands on an account, and the hand of the house."""

from decimal import Decimal
from typing import Literal

import msgspec

from exchanges.simulator.control.requests import ControlError, Empty, Handler, Json, body_of, known_account
from exchanges.simulator.core.orders import ZERO, Fill, NewOrder, Order, OrderType, SelfTrade, Side, TimeInForce
from exchanges.simulator.core.other_program import ORIGINS
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.face import Face
from exchanges.simulator.faces.http import HttpRequest
from exchanges.simulator.faces.naming import Naming, plain_number


class PlaceBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /accounts/{name}/orders: an order that comes from elsewhere.

    ``amount`` as in ``NewOrder``; ``time_in_force``: by default ``gtc``, ``ioc`` for a market order. Without ``text``
    its ``origin`` is shown instead.
    """

    currency_pair: str
    side: Side
    amount: Decimal
    price: Decimal | None = None
    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce | None = None
    text: str = ""
    origin: Literal["web", "app", "apiv4"] = "web"
    stp_act: SelfTrade | None = None
    iceberg: Decimal = ZERO
    reduce_only: bool = False
    closes: bool = False


class AmendBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /orders/{id}/amend; what is not given stays. ``amount`` is the new total, with what is filled."""

    price: Decimal | None = None
    amount: Decimal | None = None
    amend_text: str = ""


class FillBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /orders/{id}/fill: by default all that remains, at the order's price."""

    amount: Decimal | None = None
    price: Decimal | None = None


class OrdersControl:
    """Answers control requests about orders."""

    def __init__(self, services: Services, face: Face) -> None:
        self._face = face
        self._accounts = services.keys.accounts
        self._engine = services.engine

    def handlers(self) -> dict[tuple[str, ...], Handler]:
        """Returns the handlers by method and parts of the path."""
        return {
            ("POST", "accounts", "*", "orders"): self._place,
            ("POST", "orders", "*", "amend"): self._amend,
            ("POST", "orders", "*", "fill"): self._fill,
            ("POST", "orders", "*", "cancel"): self._cancel,
        }

    def _place(self, item: str, request: HttpRequest) -> Json:
        name, body = known_account(self._accounts, item), body_of(request, PlaceBody)
        if body.text and not self._face.takes_client_id(body.text):
            raise ControlError(400, f"text: {body.text!r} must be {self._face.client_ids}")
        is_limit = body.type is OrderType.LIMIT
        usual = TimeInForce.GOOD_TILL_CANCELED if is_limit else TimeInForce.IMMEDIATE_OR_CANCEL
        new = NewOrder(
            pair=body.currency_pair,
            side=body.side,
            type=body.type,
            time_in_force=body.time_in_force or usual,
            amount=body.amount,
            price=body.price if is_limit else None,
            text=body.text,
            origin=ORIGINS[body.origin],
            self_trade=body.stp_act,
            iceberg=body.iceberg,
            reduce_only=body.reduce_only or body.closes,
            closes=body.closes,
        )
        return order_record(self._engine.place(name, new), self._face.naming)

    def _amend(self, item: str, request: HttpRequest) -> Json:
        order, body = self._order(item), body_of(request, AmendBody)
        amended = self._engine.amend(order, price=body.price, amount=body.amount, amend_text=body.amend_text)
        return order_record(amended, self._face.naming)

    def _fill(self, item: str, request: HttpRequest) -> Json:
        order, body = self._order(item), body_of(request, FillBody)
        return order_record(
            self._engine.fill_from_house(order, amount=body.amount, price=body.price), self._face.naming
        )

    def _cancel(self, item: str, request: HttpRequest) -> Json:
        body_of(request, Empty)
        return order_record(self._engine.cancel(self._order(item)), self._face.naming)

    def _order(self, order_id: str) -> Order:
        for number in (self._face.naming.order_number(order_id), plain_number(order_id)):
            for name in self._accounts:
                order = None if number is None else self._engine.accounts[name].orders.get(number)
                if order is not None:
                    return order
        raise ControlError(404, f"there is no order {order_id}")


def order_record(order: Order, naming: Naming) -> Json:
    """Returns all that the exchange knows of an order, under the ids that clients are told."""
    return {
        "id": naming.order_id(order.id),
        "text": order.shown_text,
        "client_id": naming.client_id(order.text),
        "account": order.account,
        "currency_pair": order.pair,
        "side": order.side.value,
        "type": order.type.value,
        "time_in_force": order.time_in_force.value,
        "amount": plain(order.amount),
        "price": plain(order.price),
        "left": plain(order.remaining),
        "filled": plain(order.filled_base),
        "filled_total": plain(order.filled_quote),
        "avg": plain(order.average_price),
        "fee": plain(order.fee),
        "fee_currency": order.receives,
        "gt_fee": plain(order.gt_fee),
        "point_fee": plain(order.point_fee),
        "rebated_fee": plain(order.rebated_fee),
        "rebated_fee_currency": order.pays,
        "locked": plain(order.locked),
        "status": "open" if order.is_open else "finished",
        "finish_as": order.finish.value,
        "amend_text": order.amend_text,
        "created_ms": order.created_ms,
        "updated_ms": order.updated_ms,
    }


def fill_record(fill: Fill, naming: Naming) -> Json:
    """Returns all that the exchange knows of one order's half of a trade, likewise."""
    return {
        "id": naming.trade_id(fill.trade_id),
        "order_id": naming.order_id(fill.order_id),
        "text": fill.text,
        "currency_pair": fill.pair,
        "side": fill.side.value,
        "role": fill.role.value,
        "amount": plain(fill.amount),
        "price": plain(fill.price),
        "fee": plain(fill.fee),
        "fee_currency": fill.fee_currency,
        "gt_fee": plain(fill.gt_fee),
        "point_fee": plain(fill.point_fee),
        "rebated_fee": plain(fill.rebated_fee),
        "rebated_fee_currency": fill.rebated_fee_currency,
        "time_ms": fill.time_ms,
    }
