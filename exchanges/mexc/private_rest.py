"""MEXC's spot queries and commands of one account (docs/venues/mexc.md)."""

from collections.abc import Callable, Hashable, Iterable
from typing import Final, TypeVar

import msgspec

from exchanges.base.clients import (
    BalancesReport,
    FeeRates,
    FillsReport,
    FinishedOrdersReport,
    KeyPermissions,
    OpenOrdersReport,
    UnreadableRow,
)
from exchanges.base.json_reader import Reader
from exchanges.base.rate_limiter import Priority
from exchanges.base.rows import RowReader, Rows, UnreadableLog
from exchanges.mexc import convert, limits, wire
from exchanges.mexc.capabilities import KNOWN_MS, capabilities_of
from exchanges.mexc.histories import CLOCK_MARGIN_MS, History, Window
from exchanges.mexc.rest import MexcRest
from exchanges.mexc.signing import Query
from exchanges.mexc.symbols import Markets
from exchanges.mexc.withdrawals import MexcWithdrawals
from messages.commands import AmendOrder, OrderReference, PlaceOrder, Withdraw
from messages.enums import Side
from messages.errors import RefusalReason, UnsupportedError, VenueRefusedError
from messages.order import Order, sum_fees
from messages.symbol import Symbol
from messages.validation import ZERO
from messages.withdrawal import Withdrawal

M = TypeVar("M")

_ORDERS_ROWS: Final = 1000
_FILLS_ROWS: Final = 100
_FILLS_KNOWN_MS: Final = 30 * 86_400_000 - 600_000
"""About a month back; less, as its clock is not ours."""
_HISTORY: Final = limits.query(10)

_read_account: Final = Reader[wire.Account](wire.Account).read
_read_row: Final = Reader[wire.OrderRow](wire.OrderRow).read
_read_taken: Final = Reader[wire.Taken](wire.Taken).read
_read_fees: Final = Reader[wire.Fees](wire.Fees).read
_read_uid: Final = Reader[wire.Uid](wire.Uid).read


class MexcPrivateRest:
    """`exchanges.base.clients.PrivateRest` of one MEXC spot account."""

    def __init__(self, rest: MexcRest, markets: Markets) -> None:
        self._rest = rest
        self._markets = markets
        self._unreadable = UnreadableLog("mexc")
        self.capabilities: Final = capabilities_of(rest.settings)
        self._withdrawals = MexcWithdrawals(rest, self._unreadable)
        known = markets.to_symbol
        self._open = self._order_rows(lambda row: convert.open_order(row, known))
        self._all = self._order_rows(lambda row: convert.order(row, known))
        self._canceled = self._order_rows(lambda row: convert.canceled_order(row, known))
        self._balances = RowReader(wire.BalanceRow, convert.balance, to_symbol=known, market="asset", item_id="asset")
        self._fills = RowReader(
            wire.TradeRow, lambda row: convert.fill(row, known), to_symbol=known, market="symbol", item_id="id"
        )

    def _order_rows(self, to_order: Callable[[wire.OrderRow], Order | None]) -> RowReader[wire.OrderRow, Order]:
        known = self._markets.to_symbol
        return RowReader(wire.OrderRow, to_order, to_symbol=known, market="symbol", item_id="orderId")

    @property
    def answers_count(self) -> int:
        return self._rest.answers_count

    @property
    def query_lag_ms(self) -> int:
        """How far queries may lag behind, by the stamps of the exchange: farther after its clock was set forward."""
        lag_ms = self._rest.settings.query_lag_ms
        return lag_ms + self._rest.server_clock.set_forward_ms(2 * lag_ms)

    async def load_balances(self) -> BalancesReport:
        """All balances; MEXC leaves those out that are zero."""
        rows, as_of_ms = await self._rest.query_as_of(
            "load_balances",
            "/account",
            lambda body: self._balances.read(bytes(_read_account(body).balances)),
            cost=limits.account_query(10),
        )
        balances = tuple(msgspec.structs.replace(balance, updated_ms=as_of_ms) for balance in rows.items)
        return BalancesReport(balances, as_of_ms, self._noted("load_balances", rows.unreadable))

    async def load_open_orders(self, symbol: Symbol | None = None) -> OpenOrdersReport:
        """Every open order of the account, or of one market: MEXC tells them in one answer, 500 at most there are."""
        await self._markets.ready()
        query = () if symbol is None else (("symbol", self._markets.to_name(symbol)),)
        (body, rows), as_of_ms = await self._rest.query_as_of(
            "load_open_orders", "/openOrders", self._read_open, cost=limits.query(3), query=query
        )
        if self._markets.is_due:  # a market in it is new
            await self._markets.ready()
            rows = self._open.read(body)
        unreadable = self._noted("load_open_orders", rows.unreadable)
        markets = None if symbol is None else frozenset({symbol})
        return OpenOrdersReport(tuple(rows.items), as_of_ms, unreadable, markets)

    def _read_open(self, body: bytes) -> tuple[bytes, Rows[Order]]:
        return body, self._open.read(body)

    async def load_finished_orders(
        self, symbol: Symbol | None, *, from_ms: int | None = None, limit: int | None = None
    ) -> FinishedOrdersReport:
        """Orders of ``symbol`` that ended at or after ``from_ms``, newest first. MEXC selects them by when they were
        placed, and tells of those of the last seven days: older ones are missing, and then it is not complete."""
        name = self._market_of("histories of the whole account", symbol)
        now_ms = self._rest.server_clock.now_ms()
        since_ms = now_ms - KNOWN_MS
        history, as_of_ms = await self._read_history(
            "load_finished_orders",
            "/allOrders",
            (("symbol", name),),
            self._all.read,
            Window(since_ms, now_ms + CLOCK_MARGIN_MS),
            rows=_ORDERS_ROWS,
            key=lambda order: order.order_id,
            time_ms=lambda order: order.created_ms,
        )
        ended = [
            order
            for order in history.found.values()
            if order.is_finished and (from_ms is None or order.updated_ms >= from_ms)
        ]
        newest_first = sorted(ended, key=lambda order: order.updated_ms, reverse=True)
        is_complete = (limit is None or len(newest_first) <= limit) and (from_ms is None or from_ms >= since_ms)
        unreadable = self._noted("load_finished_orders", history.unreadable)
        return FinishedOrdersReport(tuple(newest_first[:limit]), as_of_ms, unreadable, is_complete)

    async def load_fills(
        self,
        symbol: Symbol | None,
        *,
        order_id: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        priority: Priority = Priority.NORMAL,
    ) -> FillsReport:
        """Every fill of ``symbol``, or of one order of it, newest first. MEXC tells of those of the last month; where
        older ones are asked for, a row among the unreadable says that they are not known."""
        name = self._market_of("histories of the whole account", symbol)
        now_ms = self._rest.server_clock.now_ms()
        since_ms, until_ms = now_ms - _FILLS_KNOWN_MS, now_ms + CLOCK_MARGIN_MS if to_ms is None else to_ms
        window = Window(since_ms if from_ms is None else max(from_ms, since_ms), until_ms)
        query = [("symbol", name)]
        if order_id is not None:
            query.append(("orderId", order_id))
        unreadable: list[UnreadableRow] = []
        if from_ms is not None and from_ms < since_ms:
            unreadable.append(UnreadableRow(symbol, name, "", "fills of more than a month ago are not told"))
        if window.from_ms > window.to_ms:
            return FillsReport((), now_ms, tuple(unreadable))
        history, as_of_ms = await self._read_history(
            "load_fills",
            "/myTrades",
            query,
            self._fills.read,
            window,
            rows=_FILLS_ROWS,
            key=lambda fill: (fill.trade_id, fill.order_id),
            time_ms=lambda fill: fill.time_ms,
            priority=priority,
        )
        unreadable.extend(history.unreadable)
        fills = (fill for fill in history.found.values() if window.from_ms <= fill.time_ms <= window.to_ms)
        newest_first = sorted(fills, key=lambda fill: fill.time_ms, reverse=True)
        return FillsReport(tuple(newest_first), as_of_ms, self._noted("load_fills", unreadable))

    async def _read_history(
        self,
        operation: str,
        path: str,
        fixed: Query,
        read: Callable[[bytes], Rows[M]],
        window: Window,
        *,
        rows: int,
        key: Callable[[M], Hashable],
        time_ms: Callable[[M], int],
        priority: Priority = Priority.NORMAL,
    ) -> tuple[History[M], int]:
        """Every row of a window, and when the first was asked for."""
        asked: list[int] = []

        async def ask(part: Window) -> Rows[M]:
            found, as_of_ms = await self._rest.query_as_of(
                operation,
                path,
                read,
                cost=_HISTORY,
                query=(*fixed, *part.query, ("limit", str(rows))),
                priority=priority,
                continues=bool(asked),
            )
            asked.append(as_of_ms)
            return found

        history = History(operation, ask, key=key, time_ms=time_ms, full=rows)
        await history.read(window)
        return history, asked[0]

    def _noted(self, operation: str, unreadable: Iterable[UnreadableRow]) -> tuple[UnreadableRow, ...]:
        """Logs what is new of it."""
        rows = tuple(unreadable)
        self._unreadable.tell(operation, rows)
        return rows

    def _market_of(self, what: str, symbol: Symbol | None) -> str:
        if symbol is None:
            raise UnsupportedError(self.capabilities.venue, what, "ask market by market")
        return self._markets.to_name(symbol)

    async def load_fee_rates(self, symbol: Symbol) -> FeeRates:
        """The account's own rates in that market."""
        query = (("symbol", self._markets.to_name(symbol)),)
        fees = await self._rest.query("load_fee_rates", "/tradeFee", _read_fees, cost=limits.query(20), query=query)
        return FeeRates(maker=fees.data.maker, taker=fees.data.taker)

    async def load_key_permissions(self) -> KeyPermissions:
        """Which account the key belongs to. What it is limited to MEXC does not tell here: it is left empty."""
        uid = await self._rest.query("load_key_permissions", "/uid", _read_uid, cost=limits.query(1))
        return KeyPermissions(user_id=str(uid.uid), symbols=(), ip_whitelist=())

    async def get_order(self, order: OrderReference, *, priority: Priority = Priority.NORMAL) -> Order | None:
        """The order by the exchange's id, or by ours where there is no other; of one that has ended with its fees.

        Returns:
            None only when the exchange says that it knows no such order, which it also does for a moment after an order
            was placed (docs/venues/mexc.md, orders).
        """
        query = convert.reference_query(order, self._markets.to_name(order.symbol))
        try:
            found = await self._rest.query(
                "get_order", "/order", self._read_order, cost=limits.query(2), query=query, priority=priority
            )
        except VenueRefusedError as error:
            if error.reason is RefusalReason.ORDER_NOT_FOUND:
                return None
            raise
        return await self._with_fees(found, priority) if found.is_finished and found.filled_quantity else found

    async def _with_fees(self, order: Order, priority: Priority) -> Order:
        """Rows of orders tell no fees; its fills do. Where these are refused, or some lack, its fees are partial."""
        try:
            report = await self.load_fills(
                order.symbol,
                order_id=order.order_id,
                from_ms=order.created_ms - CLOCK_MARGIN_MS,
                priority=priority,
            )
        except VenueRefusedError:
            return msgspec.structs.replace(order, fees_are_partial=True)
        told = sum((fill.quantity for fill in report.fills), ZERO)
        fees = sum_fees(fee for fill in report.fills for fee in fill.fees)
        return msgspec.structs.replace(order, fees=fees, fees_are_partial=told < order.filled_quantity)

    async def place_order(
        self, order: PlaceOrder, *, decided_ms: int | None = None, before_sending: Callable[[], None] | None = None
    ) -> Order:
        """Sends a new order; the answer is the order as it was asked for, with the id that the exchange gave it.

        Args:
            decided_ms: the moment of the exchange's clock from which the receive window counts; None: now.
            before_sending: called when its turn has come; what it raises keeps it from being sent.

        Raises:
            InvalidValueError: without a client order id. See `MexcRest.change` for the others.
        """
        return await self._rest.change(
            "place_order",
            "POST",
            "/order",
            lambda body: convert.placed_order(order, _read_taken(body)),
            cost=limits.ORDER,
            query=convert.place_query(order, self._markets.to_name(order.symbol)),
            decided_ms=self._rest.server_clock.now_ms() if decided_ms is None else decided_ms,
            before_sending=before_sending,
        )

    async def cancel_order(self, order: OrderReference) -> Order:
        """The order as canceled, with what it was filled before; `VenueRefusedError` (ORDER_NOT_FOUND) when none is
        open."""
        return await self._rest.change(
            "cancel_order",
            "DELETE",
            "/order",
            self._read_canceled,
            cost=limits.ORDER,
            query=convert.reference_query(order, self._markets.to_name(order.symbol)),
            priority=Priority.CANCEL,
        )

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        """Cancels the open orders of ``symbol``, each as canceled with what it was filled before."""
        if side is not None:
            raise UnsupportedError(self.capabilities.venue, "cancel of one side", "cancel its orders one by one")
        rows = await self._rest.change(
            "cancel_all_of_symbol",
            "DELETE",
            "/openOrders",
            self._canceled.read,
            cost=limits.ORDER,
            query=(("symbol", self._market_of("cancel of the whole account", symbol)),),
            priority=Priority.CANCEL,
        )
        self._noted("cancel_all_of_symbol", rows.unreadable)
        return tuple(rows.items)

    async def amend_order(self, _order: AmendOrder, *, decided_ms: int | None = None) -> Order:
        """MEXC has none: raises `UnsupportedError`."""
        del decided_ms
        raise UnsupportedError(self.capabilities.venue, "amend_order", "cancel the order and place a new one")

    async def arm_dead_mans_switch(self, timeout_s: int) -> None:
        """MEXC has none: raises `UnsupportedError`."""
        self.capabilities.require_countdown("timeout_s", timeout_s)

    async def withdraw(self, withdrawal: Withdraw) -> Withdrawal:
        """See `MexcWithdrawals.send`."""
        return await self._withdrawals.send(withdrawal)

    async def get_withdrawal(self, withdrawal_id: str) -> Withdrawal | None:
        """See `MexcWithdrawals.find`."""
        return await self._withdrawals.find(withdrawal_id)

    async def cancel_withdrawal(self, withdrawal_id: str) -> Withdrawal:
        """See `MexcWithdrawals.call_back`."""
        return await self._withdrawals.call_back(withdrawal_id)

    async def load_withdrawals(
        self, *, currency: str | None, from_ms: int | None, to_ms: int | None, limit: int
    ) -> tuple[Withdrawal, ...]:
        """See `MexcWithdrawals.load`."""
        return await self._withdrawals.load(currency=currency, from_ms=from_ms, to_ms=to_ms, limit=limit)

    def _read_order(self, body: bytes) -> Order:
        return convert.order(_read_row(body), self._markets.to_symbol)

    def _read_canceled(self, body: bytes) -> Order:
        return convert.canceled_order(_read_row(body), self._markets.to_symbol)
