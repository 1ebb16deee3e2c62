"""Orders that exist: looked up, listed and canceled, and the fills of an account (docs/venues/mexc.md, trading)."""

from collections.abc import Sequence

from exchanges.simulator.core.orders import Fill, Order
from exchanges.simulator.core.rules import RefusedError
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.views import View
from exchanges.simulator.faces.mexc.calls import Call, Endpoint, Json, order_call, query
from exchanges.simulator.faces.mexc.errors import (
    CANNOT_CANCEL,
    NO_ORDER_NAMED,
    NO_SUCH_ORDER,
    MexcError,
    wrong,
)
from exchanges.simulator.faces.mexc.ids import order_number
from exchanges.simulator.faces.mexc.parameters import Parameters
from exchanges.simulator.faces.mexc.render import fill_row, order_row
from exchanges.simulator.faces.mexc.symbols import Symbols
from exchanges.simulator.faults.queries import QueryKind

DAY_MS = 86_400_000
ORDERS_KEPT_MS = 7 * DAY_MS
FILLS_KEPT_MS = 30 * DAY_MS
MOST_SYMBOLS = 5
CANCEL_FIELDS = (
    "symbol",
    "orderId",
    "orderListId",
    "price",
    "origQty",
    "executedQty",
    "cummulativeQuoteQty",
    "status",
    "timeInForce",
    "type",
    "side",
)


class SpotOrders:
    """Answers an account about its orders, and cancels them."""

    def __init__(self, services: Services, symbols: Symbols) -> None:
        self._services = services
        self._engine = services.engine
        self._views = services.views
        self._symbols = symbols

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            query("/api/v3/order", self.look_up, 2),
            query("/api/v3/openOrders", self.list_open, 3),
            query("/api/v3/allOrders", self.list_all, 10),
            query("/api/v3/myTrades", self.my_trades, 10),
            order_call("DELETE", "/api/v3/order", self.cancel),
            order_call("DELETE", "/api/v3/openOrders", self.cancel_open),
            order_call("DELETE", "/api/v3/order/all", self.cancel_all),
        ]

    def look_up(self, call: Call) -> object:
        """One order, by id or by the client's own id."""
        kind: QueryKind = "order_by_id" if call.parameters.text("orderId") else "order_by_text"
        order = self._find(self._views.for_query(call.owner, kind), call.parameters)
        if order is None or self._views.denies(order, kind):
            raise MexcError(NO_SUCH_ORDER, "Order does not exist.")
        return order_row(order)

    def list_open(self, call: Call) -> object:
        """Open orders of one symbol or of all, newest first."""
        symbol = call.parameters.text("symbol")
        pair = self._symbols.market(symbol).rules.id if symbol else ""
        orders = self._views.for_query(call.owner, "open_orders").open_orders()
        return [order_row(order) for order in reversed(orders) if pair in ("", order.pair)]

    def list_all(self, call: Call) -> object:
        """Open and ended orders of a symbol, newest first: by default those of the last day, of 7 days at most."""
        parameters, now_ms = call.parameters, self._services.now_ms()
        pair = self._symbols.market(parameters.required("symbol")).rules.id
        limit = parameters.whole("limit", 500, low=1, high=1000)
        since_ms, until_ms = parameters.span_ms(parameters.whole("endTime", now_ms) - DAY_MS, now_ms + DAY_MS)
        since_ms = max(since_ms, now_ms - ORDERS_KEPT_MS)
        view = self._views.for_query(call.owner, "finished_orders")
        orders = [*view.finished(pair), *(order for order in view.open_orders() if order.pair == pair)]
        found = sorted((order for order in orders if since_ms <= order.created_ms <= until_ms), key=_age)
        return [order_row(order) for order in reversed(found[-limit:])]

    def my_trades(self, call: Call) -> object:
        """Fills of a symbol, newest first, a month back."""
        parameters, now_ms = call.parameters, self._services.now_ms()
        pair = self._symbols.market(parameters.required("symbol")).rules.id
        limit = parameters.whole("limit", 100, low=1, high=100)
        since_ms, until_ms = parameters.span_ms(0, now_ms + DAY_MS)
        since_ms = max(since_ms, now_ms - FILLS_KEPT_MS)
        view = self._views.for_query(call.owner, "my_trades")
        fills: Sequence[Fill] = view.fills(pair=pair)
        if parameters.text("orderId"):
            order = self._find(view, parameters)
            fills = view.fills(order=order) if order is not None else []
        found = [fill for fill in fills if since_ms <= fill.time_ms <= until_ms]
        return [fill_row(fill) for fill in reversed(found[-limit:])]

    def cancel(self, call: Call) -> object:
        """Cancels one order; the answer shows it as it was before."""
        parameters = call.parameters
        order = self._find(self._views.for_command(call.owner), parameters)
        if order is None:
            raise MexcError(CANNOT_CANCEL, "Unknown order sent.")
        row = self._canceled(order)
        return row | {"clientOrderId": parameters.text("newClientOrderId") or row["clientOrderId"]}

    def cancel_open(self, call: Call) -> object:
        """Cancels the open orders of up to five symbols."""
        symbols = call.parameters.required("symbol").split(",")
        if len(symbols) > MOST_SYMBOLS:
            raise wrong(f"symbol may name at most {MOST_SYMBOLS} symbols")
        pairs = [self._symbols.market(symbol).rules.id for symbol in symbols]
        opened = self._views.for_command(call.owner).open_orders()
        return [self._canceled(order) for order in opened if order.pair in pairs]

    def cancel_all(self, call: Call) -> object:
        """Cancels the open orders of all symbols."""
        self._engine.cancel_all(call.owner)
        return {"code": 0, "msg": "success"}

    def _canceled(self, order: Order) -> Json:
        """Cancels an order, and returns what it was before. Raises ``MexcError``."""
        row = order_row(order)
        try:
            self._engine.cancel(order)
        except RefusedError as refused:
            raise MexcError.of(refused) from refused
        client_id = row["clientOrderId"]
        return {name: row[name] for name in CANCEL_FIELDS} | {
            "origClientOrderId": client_id,
            "clientOrderId": client_id,
        }

    def _find(self, view: View, parameters: Parameters) -> Order | None:
        """Returns the order that a request names, None when there is none. Raises ``MexcError``."""
        pair = self._symbols.market(parameters.required("symbol")).rules.id
        given, client_id = parameters.text("orderId"), parameters.text("origClientOrderId")
        if not given and not client_id:
            raise MexcError(NO_ORDER_NAMED, "Either 'origClientOrderId' or 'orderId' must be sent.")
        number = order_number(given)
        order = view.order_by_text(client_id) if not given else None if number is None else view.order(number)
        return order if order is not None and order.pair == pair else None


def _age(order: Order) -> tuple[int, int]:
    return order.created_ms, order.id
