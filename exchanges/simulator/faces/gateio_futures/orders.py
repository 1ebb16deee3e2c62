"""Orders on contracts: create, look up, list, cancel, amend, in single and in batches; an account's fills."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeVar

import msgspec

from exchanges.simulator.core.orders import ZERO, Fill, NewOrder, Order, OrderType, Side
from exchanges.simulator.core.rules import Reason, RefusedError
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.views import View
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, newest_page, private
from exchanges.simulator.faces.gateio.errors import GateError, invalid, missing
from exchanges.simulator.faces.gateio.limits import LimitKind
from exchanges.simulator.faces.gateio.parameters import TEXT, Query, parse_decimal, parse_text, typed, without_nulls
from exchanges.simulator.faces.gateio.words import SELF_TRADE_OF, TIME_IN_FORCE_OF
from exchanges.simulator.faces.gateio_futures.ids import order_number
from exchanges.simulator.faces.gateio_futures.own import FUTURES, Futures
from exchanges.simulator.faces.gateio_futures.parameters import AmendBody, BatchAmendItem, CountdownBody, OrderBody
from exchanges.simulator.faces.gateio_futures.render import Json, rest_fill, rest_order, signed, timerange_fill
from exchanges.simulator.faces.gateio_futures.sizes import parse_size
from exchanges.simulator.faces.gateio_futures.words import LABELS
from exchanges.simulator.faults.queries import QueryKind
from exchanges.simulator.faults.texts import NO_TEXT, TextMissing

T = TypeVar("T")
DAY_S = 86_400
FAR_S = 10**10
ORIGIN = "api"
MODES = ("FULL", "ACK", "RESULT")
SIDES = {"": None, "bid": Side.BUY, "ask": Side.SELL}


class Orders(Futures):
    """Answers an account about its orders, and changes them."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._views = services.views

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        orders, paging = f"{FUTURES}/orders", "limit offset"
        return [
            _order_entry("POST", orders, self.create),
            _order_entry("POST", f"{FUTURES}/batch_orders", self.create_batch),
            _order_entry("PUT", f"{orders}/{{}}", self.amend),
            _order_entry("POST", f"{FUTURES}/batch_amend_orders", self.amend_batch),
            private("GET", f"{orders}/{{}}", self.look_up),
            private("GET", orders, self.list_orders, f"contract status last_id {paging}"),
            private("GET", f"{FUTURES}/orders_timerange", self.list_ended, f"contract from to {paging}"),
            _cancelling("DELETE", f"{orders}/{{}}", self.cancel, "action_mode"),
            _cancelling("DELETE", orders, self.cancel_all, "contract side exclude_reduce_only action_mode text"),
            _cancelling("POST", f"{FUTURES}/batch_cancel_orders", self.cancel_batch),
            private("POST", f"{FUTURES}/countdown_cancel_all", self.countdown),
            private("GET", f"{FUTURES}/my_trades", self.my_trades, f"contract order last_id {paging}"),
            private("GET", f"{FUTURES}/my_trades_timerange", self.my_trades_between, f"contract from to role {paging}"),
        ]

    def create(self, call: Call) -> Answer:
        """Places one order."""
        placed = self._placed(call, typed(call.body, OrderBody))
        if self.services.faults.strike(TextMissing, lambda fault: fault.concerns(call.owner, "placed")):
            placed["text"] = NO_TEXT
        return Answer(placed, status=201)

    def create_batch(self, call: Call) -> Answer:
        """Places several orders; each succeeds or fails by itself once the batch as a whole can be read."""
        bodies = typed(call.body, list[OrderBody])
        if not 1 <= len(bodies) <= 10:
            raise GateError("TOO_MANY_ORDERS", "A batch may have 1 to 10 orders")
        if any(not body.text for body in bodies):
            raise missing("text")
        return Answer([_each(partial(self._placed, call, body), {"text": body.text}) for body in bodies])

    def amend(self, call: Call) -> Answer:
        """Changes price or size of an order."""
        body = typed(without_nulls(call.body) or {}, AmendBody)
        return Answer(self._amended(call, call.item, body))

    def amend_batch(self, call: Call) -> Answer:
        """Changes several orders."""
        items = typed(call.body, list[BatchAmendItem])
        if not 1 <= len(items) <= 10:
            raise GateError("TOO_MANY_ORDERS", "A batch may amend 1 to 10 orders")
        named = [(str(item.order_id or item.text or ""), item) for item in items]
        return Answer([_each(partial(self._amended, call, name, item), {"order_id": name}) for name, item in named])

    def look_up(self, call: Call) -> Answer:
        """One order, by id or by text."""
        query: QueryKind = "order_by_text" if call.item.startswith("t-") else "order_by_id"
        order = self._find(self._views.for_query(call.owner, query), call.item)
        if self._views.denies(order, query):
            raise _not_found()
        return Answer(self._order(call, order))

    def list_orders(self, call: Call) -> Answer:
        """Open orders or finished ones, of one contract or all; newest first."""
        query = call.query
        status = query.required("status")
        if status not in ("open", "finished"):
            raise invalid(f"status {status} is not one of open, finished")
        pair = self._pair(query.text("contract"))
        last = order_number(query.text("last_id")) if query.text("last_id") else None
        if status == "open":
            orders = self._views.for_query(call.owner, "open_orders").open_orders()
        else:
            orders = list(self._views.for_query(call.owner, "finished_orders").finished(pair))
        orders = [each for each in orders if pair in ("", each.pair) and (last is None or each.id < last)]
        page, headers = _page(orders, query)
        return Answer([self._order(call, order) for order in page], headers=headers)

    def list_ended(self, call: Call) -> Answer:
        """Orders that ended within a time, newest first."""
        query = call.query
        since_s, until_s = query.whole("from", 0), query.whole("to", FAR_S)
        orders = self._views.for_query(call.owner, "finished_orders").finished(self._pair(query.text("contract")))
        first = bisect_left(orders, since_s * 1000, key=_ended_ms)
        end = bisect_right(orders, until_s * 1000 + 999, key=_ended_ms)
        page, headers = _page(orders[first:end], query)
        return Answer([self._order(call, order) for order in page], headers=headers)

    def cancel(self, call: Call) -> Answer:
        """Cancels one order, by id or by text."""
        mode = call.query.choice("action_mode", *MODES)
        order = self._find(self._views.for_command(call.owner), call.item)
        return Answer(self._order(call, self.engine.cancel(order), mode))

    def cancel_all(self, call: Call) -> Answer:
        """Cancels the open orders of a contract, of one side if given."""
        query = call.query
        mode = query.choice("action_mode", *MODES)
        pair = self._pair(query.required("contract"))
        side = SIDES[query.choice("side", *SIDES)]
        spares = query.flag("exclude_reduce_only")
        chosen = [
            order
            for order in list(self.engine.accounts[call.owner].open_orders.values())
            if order.pair == pair and side in (None, order.side) and not (spares and order.reduce_only)
        ]
        return Answer([self._order(call, self.engine.cancel(order), mode) for order in chosen])

    def cancel_batch(self, call: Call) -> Answer:
        """Cancels several orders, by id."""
        ids = typed(call.body, list[str])
        if not 1 <= len(ids) <= 20:
            raise GateError("TOO_MANY_ORDERS", "A batch may cancel 1 to 20 orders")
        return Answer([self._cancel_item(call, each) for each in ids])

    def countdown(self, call: Call) -> Answer:
        """Sets or stops the timer that cancels the account's orders."""
        body = typed(call.body, CountdownBody)
        if body.timeout != 0 and not 5 <= body.timeout <= DAY_S:
            raise invalid(f"timeout {body.timeout} must be 0 or at least 5 seconds")
        pair = self._pair(body.contract or "") or None
        return Answer({"triggerTime": self.services.countdowns.arm(call.owner, pair, body.timeout)})

    def my_trades(self, call: Call) -> Answer:
        """The account's fills, newest first."""
        query, pair = call.query, self._pair(call.query.text("contract"))
        view = self._views.for_query(call.owner, "my_trades")
        wanted = query.text("order")
        fills: Sequence[Fill] = view.fills(pair=pair)
        if wanted:
            number = order_number(wanted)
            order = None if number is None else view.order(number)
            if order is None and self._views.retention.unknown_order_trades_refused:
                raise _not_found()
            fills = [] if order is None or pair not in ("", order.pair) else view.fills(order=order)
        last_id = query.whole("last_id", 0)
        if last_id:
            fills = [fill for fill in fills if fill.trade_id < last_id]
        page, headers = _page(fills, query)
        return Answer([rest_fill(fill, self.text_of(fill), self._value(fill)) for fill in page], headers=headers)

    def my_trades_between(self, call: Call) -> Answer:
        """The account's fills of a time, newest first."""
        query, pair = call.query, self._pair(call.query.text("contract"))
        since_s, until_s = query.whole("from", 0), query.whole("to", FAR_S)
        role = query.choice("role", "", "maker", "taker")
        fills = self._views.for_query(call.owner, "my_trades").fills(pair=pair)
        first = bisect_left(fills, since_s * 1000, key=_filled_ms)
        end = bisect_right(fills, until_s * 1000 + 999, key=_filled_ms)
        chosen = [fill for fill in fills[first:end] if role in ("", fill.role.value)]
        page, headers = _page(chosen, query)
        return Answer([timerange_fill(fill, self.text_of(fill), self._value(fill)) for fill in page], headers=headers)

    def _placed(self, call: Call, body: OrderBody) -> Json:
        self.user_id(call)
        size, price = parse_size("size", body.size), parse_decimal("price", body.price or "0")
        closes = body.close or bool(body.auto_size)
        self._check_closing(call, body, size)
        if not price and body.tif not in ("ioc", "fok"):
            raise invalid("price 0 is for a market order, whose tif must be ioc or fok")
        if body.auto_size:
            side = Side.SELL if body.auto_size == "close_long" else Side.BUY
        else:
            side = Side.BUY if size > 0 else Side.SELL
        new = NewOrder(
            pair=self.engine.contract(body.contract).id,
            side=side,
            type=OrderType.LIMIT if price else OrderType.MARKET,
            time_in_force=TIME_IN_FORCE_OF[body.tif],
            amount=abs(size),
            price=price or None,
            text=parse_text(body.text),
            origin=ORIGIN if call.origin == "apiv4" else call.origin,
            self_trade=SELF_TRADE_OF.get(body.stp_act),
            iceberg=abs(parse_size("iceberg", body.iceberg)) if body.iceberg else ZERO,
            reduce_only=body.reduce_only or closes,
            closes=closes,
        )
        return self._order(call, self.engine.place(call.owner, new), body.action_mode)

    def _check_closing(self, call: Call, body: OrderBody, size: Decimal) -> None:
        """Raises ``GateError`` unless what closes a whole position has no size, and everything else has one."""
        is_dual = self.engine.margins[call.owner].is_dual
        if body.close and is_dual:
            raise GateError("POSITION_DUAL_MODE", "close is for single mode, auto_size for dual mode")
        if body.auto_size and not is_dual:
            raise invalid("auto_size is for dual mode")
        if (body.close or body.auto_size) and size:
            raise invalid("size must be 0 to close a position")
        if not (body.close or body.auto_size or size):
            raise invalid("size must not be 0")

    def _amended(self, call: Call, item: str, body: AmendBody) -> Json:
        order = self._find(self._views.for_command(call.owner), item)
        size = None if body.size is None else parse_size("size", body.size)
        price = None if body.price is None else parse_decimal("price", body.price)
        if size is None and price is None:
            raise missing("size or price")
        if size is not None and signed(order.side, size) < 0:
            raise invalid(f"size {body.size} must have the sign of the order")
        amount = None if size is None else abs(size)
        self.engine.amend(order, price=price, amount=amount, amend_text=parse_text(body.amend_text))
        return self._order(call, order, body.action_mode)

    def _cancel_item(self, call: Call, order_id: str) -> Json:
        row: Json = {"id": order_id, "user_id": self.user_id(call)}
        try:
            self.engine.cancel(self._find(self._views.for_command(call.owner), order_id))
        except RefusedError as refused:
            return {**row, "succeeded": False, "message": LABELS[refused.reason]}
        except GateError as error:
            return {**row, "succeeded": False, "message": error.label}
        return {**row, "succeeded": True, "message": ""}

    def _find(self, view: View, item: str) -> Order:
        """Returns the order with this id or text. Raises ``GateError`` or ``RefusedError``."""
        number = order_number(item)
        if item.startswith("t-"):
            order = view.order_by_text(item) if TEXT.fullmatch(item) else None
        elif item.isdecimal():
            order = None if number is None else view.order(number)
        else:
            raise invalid(f"order id {item} is neither a number nor a text that begins with t-")
        if order is None:
            raise _not_found()
        return order

    def _order(self, call: Call, order: Order, mode: str = "FULL") -> Json:
        return rest_order(order, self.user_id(call), self.engine.fee_rates, mode)

    def _value(self, fill: Fill) -> Decimal:
        order = self.engine.accounts[fill.account].orders[fill.order_id]
        return fill.amount * order.rules.unit * fill.price

    def _pair(self, pair: str) -> str:
        return self.engine.contract(pair).id if pair else ""


def _page(rows: Sequence[T], query: Query) -> tuple[list[T], dict[str, str]]:
    limit = query.whole("limit", 100, low=1, high=1000)
    return newest_page(rows, limit=limit, offset=query.whole("offset", 0))


def _each(action: Callable[[], Json], about: Json) -> Json:
    """Returns one item of a batch's answer: what the action returned, or why it failed."""
    try:
        return {**action(), "succeeded": True}
    except RefusedError as refused:
        error = GateError.of(refused, LABELS)
    except GateError as gate_error:
        error = gate_error
    return {**about, "succeeded": False, "label": error.label, "detail": error.message}


def _not_found() -> RefusedError:
    return RefusedError(Reason.ORDER_UNKNOWN, "Order not found")


def _ended_ms(order: Order) -> int:
    return order.ended_ms


def _filled_ms(fill: Fill) -> int:
    return fill.time_ms


def _order_entry(method: str, path: str, handle: Callable[[Call], Answer], params: str = "") -> Endpoint:
    endpoint = private(method, path, handle, params, LimitKind.CONTRACT_ORDER)
    return msgspec.structs.replace(endpoint, order_entry=True, each_counts=True)


def _cancelling(method: str, path: str, handle: Callable[[Call], Answer], params: str = "") -> Endpoint:
    endpoint = private(method, path, handle, params, LimitKind.CANCEL)
    return msgspec.structs.replace(endpoint, order_entry=True)
