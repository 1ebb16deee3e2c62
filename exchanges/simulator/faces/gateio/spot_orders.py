"""Spot orders: create, look up, list, cancel, amend, in single and in batches, and the fills of an account."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from functools import partial

import msgspec

from exchanges.simulator.core.orders import (
    ZERO,
    AccountType,
    Fill,
    NewOrder,
    Order,
    OrderType,
    Side,
)
from exchanges.simulator.core.rules import Reason, RefusedError
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.views import View
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, newest_page, private
from exchanges.simulator.faces.gateio.errors import GateError, invalid, missing
from exchanges.simulator.faces.gateio.limits import LimitKind
from exchanges.simulator.faces.gateio.parameters import (
    AmendBody,
    BatchAmendItem,
    CancelItem,
    CountdownBody,
    OrderBody,
    Query,
    account_types,
    check_account,
    parse_decimal,
    parse_text,
    typed,
    without_nulls,
)
from exchanges.simulator.faces.gateio.render import Json, rest_fill, rest_order
from exchanges.simulator.faces.gateio.words import SELF_TRADE_OF, TIME_IN_FORCE_OF
from exchanges.simulator.faults.queries import QueryKind
from exchanges.simulator.faults.texts import NO_TEXT, TextMissing

DAY_S = 86_400
MAX_SPAN_S = 30 * DAY_S
FAR_S = 10**12
LAST_OFFSET = 100_000
IGNORED_BY_OPEN_ORDERS = "currency_pair status from to"  # not in the manual, but sent by clients in use
ACTION_MODES = ("FULL", "ACK", "RESULT")
SUCCEEDED: Json = {"succeeded": True, "label": "", "message": ""}


class SpotOrders:
    """Answers an account about its orders, and changes them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine
        self._views = services.views
        self._margin = services.margin

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        listing = "currency_pair status page limit account from to side"
        cancelling = "currency_pair account action_mode"
        return [
            _order_entry("POST", "/spot/orders", self.create),
            _order_entry("POST", "/spot/batch_orders", self.create_batch),
            _order_entry("PATCH", "/spot/orders/{}", self.amend, "currency_pair account amount price amend_text"),
            _order_entry("POST", "/spot/amend_batch_orders", self.amend_batch),
            private("GET", "/spot/orders/{}", self.look_up, "currency_pair account"),
            private("GET", "/spot/orders", self.list_orders, listing),
            private("GET", "/spot/open_orders", self.list_open, f"page limit account {IGNORED_BY_OPEN_ORDERS}"),
            _cancelling("DELETE", "/spot/orders/{}", self.cancel, cancelling),
            _cancelling("DELETE", "/spot/orders", self.cancel_all, f"{cancelling} side"),
            _cancelling("POST", "/spot/cancel_batch_orders", self.cancel_batch),
            private("POST", "/spot/countdown_cancel_all", self.countdown),
            private("GET", "/spot/my_trades", self.my_trades, "currency_pair order_id limit page from to account"),
        ]

    def create(self, call: Call) -> Answer:
        """Places one order."""
        body = typed(call.body, OrderBody)
        placed = self._placed(call, body)
        if self._services.faults.strike(TextMissing, lambda fault: fault.concerns(call.owner, "placed")):
            placed["text"] = NO_TEXT
        return Answer(placed, status=201)

    def create_batch(self, call: Call) -> Answer:
        """Places several orders; each succeeds or fails by itself once the batch as a whole is accepted."""
        bodies = typed(call.body, list[OrderBody])
        if not bodies:
            raise invalid("the batch is empty")
        if len({body.account for body in bodies}) > 1:
            raise GateError("MIXED_ACCOUNT_TYPE", "All orders of a batch must be of one account type")
        counts = Counter(body.currency_pair for body in bodies)
        if len(counts) > 4:
            raise GateError("TOO_MANY_CURRENCY_PAIRS", "A batch may have at most 4 currency pairs")
        if max(counts.values()) > 10:
            raise GateError("TOO_MANY_ORDERS", "A batch may have at most 10 orders for each currency pair")
        if any(not body.text for body in bodies):
            raise missing("text")
        return Answer([_each(partial(_named, self._placed, call, body), {"text": body.text}) for body in bodies])

    def amend(self, call: Call) -> Answer:
        """Changes price or amount of an order; what the body says goes before the query."""
        in_body = without_nulls(call.body)
        body = typed({**call.query.given(), **(in_body if isinstance(in_body, dict) else {})}, AmendBody)
        return Answer(self._amended(call, call.item, body))

    def amend_batch(self, call: Call) -> Answer:
        """Changes several orders."""
        items = typed(call.body, list[BatchAmendItem])
        if not 1 <= len(items) <= 5:
            raise GateError("TOO_MANY_ORDERS", "A batch may amend 1 to 5 orders")
        return Answer(
            [
                _each(partial(_named, self._amended, call, item.order_id, item), {"order_id": item.order_id})
                for item in items
            ]
        )

    def look_up(self, call: Call) -> Answer:
        """One order, by id or by text."""
        margin = self._margin_order(call, account_types(call.query.text("account")))
        if margin is not None:
            return Answer(rest_order(margin))
        query: QueryKind = "order_by_text" if call.item.startswith("t-") else "order_by_id"
        view = self._views.for_query(call.owner, query)
        order = self._find(view, call.item, call.query.required("currency_pair"))
        if self._views.denies(order, query):
            raise _not_found()
        return Answer(rest_order(order))

    def list_orders(self, call: Call) -> Answer:
        """Open orders of a pair, or finished ones, also of all pairs, by the time they ended; newest first."""
        query = call.query
        types = account_types(query.text("account"))
        status = query.required("status")
        if status not in ("open", "finished"):
            raise invalid(f"status {status} is not one of open, finished")
        pair = query.text("currency_pair")
        if pair or status == "open":
            pair = self._pair(query.required("currency_pair"))
        limit = query.whole("limit", 100, low=1, high=100 if status == "open" else 1000)
        offset = _offset(query, limit)
        side = query.choice("side", "", "buy", "sell")
        since_s, until_s = _span(query.whole("from", 0), query.whole("to", FAR_S))
        orders: Sequence[Order]
        if status == "open":
            view = self._views.for_query(call.owner, "open_orders")
            orders = [order for order in view.open_orders() if order.pair == pair]
            orders = self._margin.beside(orders, call.owner, types, is_open=True, pair=pair)
            first, end = 0, len(orders)
        else:
            orders = self._views.for_query(call.owner, "finished_orders").finished(pair)
            orders = self._margin.beside(orders, call.owner, types, is_open=False, pair=pair)
            first = bisect_left(orders, since_s * 1000, key=_ended_ms)
            end = bisect_right(orders, until_s * 1000 + 999, key=_ended_ms)
        if side:
            orders = [order for order in orders[first:end] if order.side.value == side]
            first, end = 0, len(orders)
        page, headers = newest_page(orders, limit=limit, offset=offset, first=first, end=end)
        return Answer([rest_order(order) for order in page], headers=headers)

    def list_open(self, call: Call) -> Answer:
        """Open orders of all pairs; paged within each pair."""
        query = call.query
        types = account_types(query.text("account"))
        limit = query.whole("limit", 100, low=1, high=100)
        offset = (query.whole("page", 1, low=1) - 1) * limit
        by_pair: dict[str, list[Order]] = {}
        spot = self._views.for_query(call.owner, "open_orders").open_orders()
        for order in self._margin.beside(spot, call.owner, types, is_open=True):
            by_pair.setdefault(order.pair, []).append(order)
        return Answer(
            [
                {
                    "currency_pair": pair,
                    "total": len(orders),
                    "orders": [rest_order(order) for order in newest_page(orders, limit=limit, offset=offset)[0]],
                }
                for pair, orders in by_pair.items()
            ]
        )

    def cancel(self, call: Call) -> Answer:
        """Cancels one order, by id or by text."""
        query = call.query
        types = account_types(query.text("account"))
        mode = query.choice("action_mode", *ACTION_MODES)
        margin = self._margin_order(call, types)
        if margin is not None:
            return Answer(rest_order(self._margin.cancel(margin), mode))
        order = self._find(self._views.for_command(call.owner), call.item, query.required("currency_pair"))
        return Answer(rest_order(self._engine.cancel(order), mode))

    def cancel_all(self, call: Call) -> Answer:
        """Cancels all orders, of one pair, side or account if given; without a pair those of every pair."""
        query = call.query
        types = account_types(query.text("account")) if query.text("account") else tuple(AccountType)
        mode = query.choice("action_mode", *ACTION_MODES)
        side = query.choice("side", "", "buy", "sell")
        pair = query.text("currency_pair")
        if pair:
            self._pair(pair)
        cancelled: list[Order] = []
        if AccountType.SPOT in types:
            cancelled += self._engine.cancel_all(call.owner, pair=pair or None, side=Side(side) if side else None)
        for order in self._margin.of(call.owner, types, is_open=True, pair=pair):
            if side in ("", order.side.value):
                cancelled.append(self._margin.cancel(order))
        return Answer([rest_order(order, mode) | SUCCEEDED for order in cancelled])

    def cancel_batch(self, call: Call) -> Answer:
        """Cancels several orders, each by id or by text."""
        items = typed(call.body, list[CancelItem])
        if not 1 <= len(items) <= 20:
            raise GateError("TOO_MANY_ORDERS", "A batch may cancel 1 to 20 orders")
        return Answer([self._cancel_item(call, item) for item in items])

    def countdown(self, call: Call) -> Answer:
        """Sets or stops the timer that cancels the account's orders."""
        body = typed(call.body, CountdownBody)
        if body.timeout != 0 and not 5 <= body.timeout <= DAY_S:
            raise invalid(f"timeout {body.timeout} must be 0 or at least 5 seconds")
        pair = self._pair(body.currency_pair) if body.currency_pair else None
        return Answer({"triggerTime": self._services.countdowns.arm(call.owner, pair, body.timeout)})

    def my_trades(self, call: Call) -> Answer:
        """The account's fills, newest first; by default of the last 7 days."""
        query = call.query
        check_account(query.text("account", "spot"))
        pair, order_id = query.text("currency_pair"), query.text("order_id")
        if order_id and not pair:
            raise missing("currency_pair")
        limit = query.whole("limit", 100, low=1, high=1000)
        offset = _offset(query, limit)
        retention, now_s = self._views.retention, self._services.now_ms() // 1000
        until_s = query.whole("to", now_s + DAY_S)
        if retention.trades_from_alone_days is not None and "from" in query.given() and "to" not in query.given():
            until_s = query.whole("from", 0) + retention.trades_from_alone_days * DAY_S
        since_s, until_s = _span(query.whole("from", max(0, min(now_s, until_s) - 7 * DAY_S)), until_s)
        if "to" in query.given() and until_s - since_s > MAX_SPAN_S:
            raise invalid("the time range must not exceed 30 days")
        view = self._views.for_query(call.owner, "my_trades")
        pair = self._pair(pair) if pair else ""
        fills: Sequence[Fill] = []
        if not order_id:
            fills = view.fills(pair=pair)
        else:
            order = view.order(int(order_id)) if order_id.isdecimal() else None
            if order is not None and order.pair == pair:
                fills = view.fills(order=order)
            elif retention.unknown_order_trades_refused:
                raise _not_found()
        first = bisect_left(fills, since_s * 1000, key=lambda fill: fill.time_ms)
        end = bisect_right(fills, until_s * 1000 + 999, key=lambda fill: fill.time_ms)
        page, headers = newest_page(fills, limit=limit, offset=offset, first=first, end=end)
        return Answer([rest_fill(fill) for fill in page], headers=headers)

    def _placed(self, call: Call, body: OrderBody) -> Json:
        check_account(body.account)
        if body.auto_borrow or body.auto_repay:
            raise invalid("auto_borrow and auto_repay are not supported on the spot account")
        if body.type == "limit" and body.price is None:
            raise missing("price")
        order = self._engine.place(
            call.owner,
            NewOrder(
                pair=self._pair(body.currency_pair),
                side=Side(body.side),
                type=OrderType(body.type),
                time_in_force=TIME_IN_FORCE_OF[body.time_in_force],
                amount=parse_decimal("amount", body.amount),
                price=parse_decimal("price", body.price or "0") if body.type == "limit" else None,
                text=parse_text(body.text),
                origin=call.origin,
                self_trade=SELF_TRADE_OF.get(body.stp_act),
                iceberg=parse_decimal("iceberg", body.iceberg) if body.iceberg else ZERO,
            ),
        )
        return rest_order(order, body.action_mode)

    def _amended(self, call: Call, item: str, body: AmendBody) -> Json:
        check_account(body.account)
        if not body.currency_pair:
            raise missing("currency_pair")
        order = self._find(self._views.for_command(call.owner), item, body.currency_pair)
        changes: dict[str, Decimal] = {
            name: parse_decimal(name, value)
            for name, value in (("price", body.price), ("amount", body.amount))
            if value is not None
        }
        if not changes:
            raise missing("amount or price")
        amend_text = parse_text(body.amend_text)
        self._engine.amend(order, price=changes.get("price"), amount=changes.get("amount"), amend_text=amend_text)
        return rest_order(order, body.action_mode)

    def _cancel_item(self, call: Call, item: CancelItem) -> Json:
        named: Json = {"currency_pair": item.currency_pair, "id": item.id}

        def cancel() -> Json:
            check_account(item.account)
            view = self._views.for_command(call.owner)
            order = self._engine.cancel(self._find(view, item.id, item.currency_pair))
            return named | {"id": str(order.id), "text": order.shown_text}

        return _each(cancel, named | {"text": ""})

    def _margin_order(self, call: Call, types: Collection[AccountType]) -> Order | None:
        """Returns the margin order of one of these types that the call names by id, None when it names none."""
        order = self._margin.find(int(call.item)) if call.item.isdecimal() else None
        if order is None or order.account != call.owner or order.account_type not in types:
            return None
        return order if order.pair == self._pair(call.query.required("currency_pair")) else None

    def _find(self, view: View, item: str, pair: str) -> Order:
        """Returns the order with this id or text. Raises ``GateError`` or ``RefusedError``."""
        self._pair(pair)
        if item.startswith("t-"):
            order = view.order_by_text(item)
        elif item.isdecimal():
            order = view.order(int(item))
        else:
            raise invalid(f"order id {item} is neither a number nor a text that begins with t-")
        if order is None or order.pair != pair:
            raise _not_found()
        return order

    def _pair(self, pair: str) -> str:
        return self._engine.market(pair).rules.id


def _named(action: Callable[..., Json], *arguments: object) -> Json:
    """Returns an order as the batches do that place and amend: with its id a second time."""
    order = action(*arguments)
    return {"order_id": order["id"], **order}


def _each(action: Callable[[], Json], about: Json) -> Json:
    """Returns one item of a batch's answer: what the action returned, or why it failed."""
    try:
        return {**action(), **SUCCEEDED}
    except RefusedError as refused:
        error = GateError.of(refused)
    except GateError as gate_error:
        error = gate_error
    return {**about, "succeeded": False, **error.body()}


def _not_found() -> RefusedError:
    return RefusedError(Reason.ORDER_UNKNOWN, "Order not found")


def _ended_ms(order: Order) -> int:
    return order.ended_ms


def _offset(query: Query, limit: int) -> int:
    """Returns how many rows are before the page. Raises ``GateError``: there is no page behind so many (REST manual,
    personal trading history)."""
    offset = (query.whole("page", 1, low=1) - 1) * limit
    if offset > LAST_OFFSET:
        raise invalid(f"limit * (page - 1) must not exceed {LAST_OFFSET}")
    return offset


def _span(since_s: int, until_s: int) -> tuple[int, int]:
    if since_s > until_s:
        raise invalid(f"from {since_s} is after to {until_s}")
    return since_s, until_s


def _pairs_of(call: Call) -> set[str]:
    """The pairs that an order request names, readable or not."""
    entries = call.body if isinstance(call.body, list) else [call.body]
    named = {entry["currency_pair"] for entry in entries if isinstance(entry, dict) and "currency_pair" in entry}
    return {pair for pair in named if isinstance(pair, str)} or {call.query.text("currency_pair")}


def _order_entry(method: str, path: str, handle: Callable[[Call], Answer], params: str = "") -> Endpoint:
    endpoint = private(method, path, handle, params, LimitKind.PLACE)
    return msgspec.structs.replace(endpoint, order_entry=True, pairs=_pairs_of)


def _cancelling(method: str, path: str, handle: Callable[[Call], Answer], params: str = "") -> Endpoint:
    endpoint = private(method, path, handle, params, LimitKind.CANCEL)
    return msgspec.structs.replace(endpoint, order_entry=True)
