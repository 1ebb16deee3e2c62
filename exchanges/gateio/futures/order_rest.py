"""Gate's queries and commands about orders and fills of perpetuals (REST manual, futures)."""

from collections.abc import Callable
from typing import Final

from exchanges.base.clients import FillsReport, FinishedOrdersReport, OpenOrdersReport
from exchanges.base.json_reader import Reader
from exchanges.base.rate_limiter import Priority
from exchanges.gateio.futures import bodies, limits, orders, wire
from exchanges.gateio.futures.account_queries import AccountQueries, of_market, rows_of
from exchanges.gateio.futures.capabilities import NAME
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.settings import PREFIX
from exchanges.gateio.futures.symbols import to_contract
from exchanges.gateio.futures.values import CLIENT_ID_PREFIX
from exchanges.gateio.rest import GateioRest, path_part, single
from messages.commands import AmendOrder, OrderReference, PlaceOrder
from messages.enums import Side
from messages.errors import InvalidValueError, RefusalReason, UnsupportedError, VenueRefusedError
from messages.order import Fill, Order
from messages.position_commands import ClosePosition
from messages.symbol import Symbol

_SIDES_REMEMBERED: Final = 10_000
_read_order: Final = Reader[wire.Order](wire.Order).read
_read_countdown: Final = Reader[wire.Countdown](wire.Countdown).read


class OrderRest(AccountQueries):
    """Of `exchanges.base.futures_clients.FuturesPrivateRest`: orders and fills."""

    def __init__(self, rest: GateioRest, contracts: Contracts) -> None:
        super().__init__(rest, contracts)
        self._sides: dict[str, Side] = {}
        self._orders = rows_of(wire.Order, self._order)
        self._finished = rows_of(wire.Order, self._finished_order)
        self._canceled = rows_of(wire.Order, lambda told: self._order(told) if told.succeeded else None)
        self._fills = rows_of(wire.Trade, lambda trade: orders.fill(trade, contracts))
        self._read_order = single(_read_order, self._order)

    async def load_open_orders(self, symbol: Symbol | None = None) -> OpenOrdersReport:
        """Every open order, of all markets or of one, or an error (R6). Conditional orders are not among them.

        Raises:
            ListChangedError: the list changed too fast.
        """
        whole = await self._read_whole(
            "load_open_orders",
            f"{PREFIX}/orders",
            (("status", "open"), *of_market(symbol)),
            self._orders.read,
            lambda order: order.order_id,
        )
        markets = None if symbol is None else frozenset({symbol})
        return OpenOrdersReport(whole.items, whole.as_of_ms, whole.unreadable, markets)

    async def load_finished_orders(
        self, symbol: Symbol | None, *, from_ms: int | None = None, limit: int | None = None
    ) -> FinishedOrdersReport:
        """Orders that ended at or after ``from_ms``, newest first: every page of them, or at most ``limit``."""
        history, as_of_ms = await self._read_history(
            "load_finished_orders",
            f"{PREFIX}/orders_timerange",
            of_market(symbol),
            self._finished.read,
            lambda order: order.order_id,
            span=(from_ms, None),
            limit=limit,
        )
        newest_first = sorted(history.found.values(), key=lambda order: order.updated_ms, reverse=True)
        is_complete = history.is_complete and (limit is None or len(newest_first) <= limit)
        unreadable = self._noted("load_finished_orders", history.unreadable)
        return FinishedOrdersReport(tuple(newest_first[:limit]), as_of_ms, unreadable, is_complete)

    async def load_fills(
        self,
        symbol: Symbol | None,
        *,
        order_id: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
    ) -> FillsReport:
        """Every fill of ``symbol``, of every market, or of one order of ``symbol``, newest first.

        Those of one order come from the list that can be asked by order, and are cut to the time here.
        """
        fixed = list(of_market(symbol))
        path, span = f"{PREFIX}/my_trades_timerange", (from_ms, to_ms)
        if order_id is not None:
            if symbol is None:
                raise InvalidValueError("symbol", None, "the market of the order whose fills are asked for")
            fixed.append(("order", path_part("order_id", order_id)))
            path, span = f"{PREFIX}/my_trades", (None, None)
        history, as_of_ms = await self._read_history(
            "load_fills",
            path,
            fixed,
            self._fills.read,
            lambda fill: (fill.symbol, fill.trade_id, fill.order_id),
            span=span,
        )
        fills = [fill for fill in history.found.values() if _is_within(fill, from_ms, to_ms)]
        newest_first = sorted(fills, key=lambda fill: fill.time_ms, reverse=True)
        return FillsReport(tuple(newest_first), as_of_ms, self._noted("load_fills", history.unreadable))

    async def get_order(self, order: OrderReference, *, priority: Priority = Priority.NORMAL) -> Order | None:
        """The order by the exchange's id, or by ours where there is no other.

        Returns:
            None only when the exchange says that it knows no such order. One that ended without a fill it forgets: by
            our id after a minute, by its own after ten.
        """
        await self._contracts.ready()
        try:
            found = await self._rest.query(
                "get_order",
                f"{PREFIX}/orders/{_order_path(order)}",
                self._read_order,
                scope=limits.endpoint("GET orders/{id}"),
                priority=priority,
            )
        except VenueRefusedError as error:
            if error.reason is RefusalReason.ORDER_NOT_FOUND:
                return None
            raise
        return self._remembered(found)

    async def place_order(
        self, order: PlaceOrder, *, decided_ms: int | None = None, before_sending: Callable[[], None] | None = None
    ) -> Order:
        """Sends a new order; the answer is the order as the exchange took it, ended already where it was filled.

        Args:
            decided_ms: the moment of the exchange's clock from which the expiry counts; None: now.
            before_sending: called when its turn has come; what it raises keeps it from being sent.

        Raises:
            InvalidValueError: without a client order id, or a quantity that is no number of contracts. See
                `GateioRest.change` for the others.
        """
        await self._contracts.ready()
        name = to_contract(order.symbol)
        body = bodies.place_body(order, self._contracts.of(name), name)
        return await self._place("place_order", body, order.side, decided_ms=decided_ms, before_sending=before_sending)

    async def close_position(
        self,
        command: ClosePosition,
        *,
        decided_ms: int | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> Order:
        """Closes the whole of a position, however large it is by then; see `place_order`."""
        body = bodies.close_body(command, to_contract(command.symbol))
        return await self._place(
            "close_position", body, command.side, decided_ms=decided_ms, before_sending=before_sending
        )

    async def _place(
        self,
        operation: str,
        body: wire.PlaceBody,
        side: Side,
        *,
        decided_ms: int | None,
        before_sending: Callable[[], None] | None,
    ) -> Order:
        await self._contracts.ready()
        self._remember(body.text, side)
        placed = await self._rest.change(
            operation,
            "POST",
            f"{PREFIX}/orders",
            self._read_order,
            scope=limits.ORDERS,
            body=body,
            expires_at_ms=self._rest.expiry_ms(decided_ms),
            before_sending=before_sending,
        )
        return self._remembered(placed)

    async def cancel_order(self, order: OrderReference) -> Order:
        """The order as it ended; `VenueRefusedError` (ORDER_NOT_FOUND, ORDER_FINISHED) when there is none open."""
        await self._contracts_for_a_cancel()
        return await self._rest.change(
            "cancel_order",
            "DELETE",
            f"{PREFIX}/orders/{_order_path(order)}",
            self._read_order,
            scope=limits.CANCELS,
            priority=Priority.CANCEL,
        )

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        """Cancels the open orders of ``symbol``, of one side or of both.

        Raises:
            UnsupportedError: without a symbol: the exchange cancels by market.
        """
        if symbol is None:
            raise UnsupportedError(NAME, "cancel of a whole account", "cancel market by market")
        await self._contracts_for_a_cancel()
        query = [("contract", to_contract(symbol))]
        if side is not None:
            query.append(("side", "bid" if side is Side.BUY else "ask"))
        rows = await self._rest.change(
            "cancel_all_of_symbol",
            "DELETE",
            f"{PREFIX}/orders",
            self._canceled.read,
            scope=limits.CANCELS,
            query=query,
            priority=Priority.CANCEL,
        )
        self._noted("cancel_all_of_symbol", rows.unreadable)
        return tuple(rows.items)

    async def amend_order(self, order: AmendOrder, *, decided_ms: int | None = None) -> Order:
        """Changes price or total quantity; the answer is the order as amended, or as ended where that ended it.

        A new quantity is sent with the sign of the order: where that is not known yet, the order is looked up first.

        Args:
            decided_ms: the moment of the exchange's clock from which the expiry counts; None: now.

        Raises:
            VenueRefusedError: ORDER_NOT_FOUND, too, where that look-up finds none.
        """
        await self._contracts.ready()
        name = to_contract(order.symbol)
        side = None if order.quantity is None else await self._side_of(order)
        amended = await self._rest.change(
            "amend_order",
            "PUT",
            f"{PREFIX}/orders/{_order_path(order)}",
            self._read_order,
            scope=limits.ORDERS,
            body=bodies.amend_body(order, self._contracts.of(name), side),
            expires_at_ms=self._rest.expiry_ms(decided_ms),
        )
        return self._remembered(amended)

    async def _side_of(self, order: AmendOrder) -> Side:
        known = self._sides.get(_order_path(order))
        if known is not None:
            return known
        found = await self.get_order(order)
        if found is None:
            raise VenueRefusedError(RefusalReason.ORDER_NOT_FOUND, "ORDER_NOT_FOUND", "looked up for its side")
        return found.side

    def _remembered(self, order: Order) -> Order:
        """The side of an order never changes; those of the latest are kept, by either id."""
        if order.order_id is not None:
            self._remember(order.order_id, order.side)
        if order.client_order_id is not None:
            self._remember(CLIENT_ID_PREFIX + order.client_order_id, order.side)
        return order

    def _remember(self, name: str, side: Side) -> None:
        self._sides[name] = side
        if len(self._sides) > _SIDES_REMEMBERED:
            del self._sides[next(iter(self._sides))]

    async def arm_dead_mans_switch(self, timeout_s: int) -> None:
        """Gate's countdown over all markets, begun anew by every call: 5 seconds at least, 0 disarms."""
        if timeout_s != 0:
            self.capabilities.require_countdown("timeout_s", timeout_s)
        await self._rest.change(
            "arm_dead_mans_switch",
            "POST",
            f"{PREFIX}/countdown_cancel_all",
            _read_countdown,
            scope=limits.endpoint("POST countdown_cancel_all"),
            body=wire.CountdownBody(timeout=timeout_s),
            priority=Priority.CANCEL,
        )

    def _order(self, told: wire.Order) -> Order:
        """One that closes a whole position may be told without a size: its side is known from when it was sent."""
        return orders.order(told, self._contracts, side=self._sides.get(told.text))

    def _finished_order(self, told: wire.Order) -> Order | None:
        """The list of a time may hold orders that are open."""
        order = self._order(told)
        return order if order.is_finished else None


def _order_path(order: OrderReference) -> str:
    """The exchange's id where there is one: it is good for longer than ours."""
    if order.order_id is not None:
        return path_part("order_id", order.order_id)
    return f"{CLIENT_ID_PREFIX}{order.client_order_id}"


def _is_within(fill: Fill, from_ms: int | None, to_ms: int | None) -> bool:
    """``from_ms`` and ``to_ms`` are of the second that the exchange counts in, both included."""
    return (from_ms is None or fill.time_ms >= from_ms // 1000 * 1000) and (
        to_ms is None or fill.time_ms < (-(-to_ms // 1000) + 1) * 1000
    )
