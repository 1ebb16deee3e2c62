"""Gate's spot queries and commands of one account (REST manual, spot, wallet, withdrawals; docs/venues/gateio.md)."""

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
from exchanges.base.rows import Rows, UnreadableLog
from exchanges.gateio import limits
from exchanges.gateio.capabilities import capabilities_of
from exchanges.gateio.histories import History, Window, windows
from exchanges.gateio.rest import GateioRest, Query, path_part, single
from exchanges.gateio.rows import RowReader
from exchanges.gateio.spot import convert, wire
from exchanges.gateio.spot.open_orders import OpenOrdersReader, OpenPages, read_open_orders
from exchanges.gateio.symbols import to_pair, to_symbol
from messages.commands import AmendOrder, OrderReference, PlaceOrder, Withdraw
from messages.enums import Side
from messages.errors import InvalidValueError, RefusalReason, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol
from messages.withdrawal import Withdrawal

M = TypeVar("M")
R = TypeVar("R")

_OPEN_ORDERS_PAGE: Final = 100
"""Orders of each pair on a page of the open orders (REST manual: at most 100)."""
_FINISHED_PAGE: Final = 100
_FILLS_PAGE: Final = 1000
_WITHDRAWALS_PAGE: Final = 100
_MOST_PAGES: Final = 100
"""Of one window of a list: ``limit * (page - 1)`` may be 100,000 at most (gateapi-python, `list_my_trades`)."""
_WITHDRAWALS_KNOWN_MS: Final = 90 * 86_400_000
_ACCOUNT: Final = ("account", "spot")

_ORDERS: Final = RowReader(wire.RestOrder, convert.spot_order)
_OPEN: Final = OpenOrdersReader(RowReader(wire.RestOrder, convert.open_order))
_FILLS: Final = RowReader(wire.Trade, convert.fill)
_WITHDRAWALS: Final = RowReader(wire.WireWithdrawal, convert.withdrawal, market="currency")
_CANCELLED: Final = RowReader(
    wire.RestOrder,
    lambda order: convert.spot_order(order) if order.succeeded else None,
    is_left_out=lambda row: row.get("succeeded") is False,
)
_BALANCES: Final = RowReader(wire.SpotAccount, convert.account_balance, market="currency")
_read_wire_order: Final = Reader[wire.RestOrder](wire.RestOrder).read
_read_order: Final = single(_read_wire_order, convert.rest_order)
_read_spot_order: Final = single(_read_wire_order, convert.spot_order)
_read_fee: Final = Reader[wire.WalletFee](wire.WalletFee).read
_read_detail: Final = Reader[wire.AccountDetail](wire.AccountDetail).read
_read_countdown: Final = Reader[wire.Countdown](wire.Countdown).read
_read_withdrawal: Final = single(Reader[wire.WireWithdrawal](wire.WireWithdrawal).read, convert.withdrawal)


class GateioPrivateRest:
    """`exchanges.base.clients.PrivateRest` of one Gate.io spot account."""

    def __init__(self, rest: GateioRest) -> None:
        self._rest = rest
        self._unreadable = UnreadableLog("gateio")
        self.capabilities: Final = capabilities_of(rest.settings)

    @property
    def answers_count(self) -> int:
        return self._rest.answers_count

    @property
    def query_lag_ms(self) -> int:
        """How far queries may lag behind, by the stamps of the exchange: farther after its clock was set forward."""
        lag_ms = self._rest.settings.query_lag_ms
        return lag_ms + self._rest.server_clock.set_forward_ms(2 * lag_ms)

    async def load_balances(self) -> BalancesReport:
        """All balances, true at the moment at which the exchange took the query up."""
        rows, as_of_ms = await self._list("load_balances", "/spot/accounts", _BALANCES.read, scope="GET /spot/accounts")
        balances = tuple(msgspec.structs.replace(balance, updated_ms=as_of_ms) for balance in rows.items)
        return BalancesReport(balances, as_of_ms, self._noted("load_balances", rows.unreadable))

    async def load_open_orders(self, symbol: Symbol | None = None) -> OpenOrdersReport:
        """Every open order of every pair, or an error (R6); see `open_orders` for how. With a ``symbol`` it is the same
        list, cut to it: Gate's list of one pair tells no more.

        Raises:
            ListChangedError: the list changed too fast.
        """

        async def ask(page: int, limit: int) -> tuple[OpenPages, int]:
            return await self._list(
                "load_open_orders",
                "/spot/open_orders",
                _OPEN.read,
                scope="GET /spot/open_orders",
                query=(("page", str(page)), ("limit", str(limit)), _ACCOUNT),
                continues=page > 1,
            )

        report = await read_open_orders(ask, _OPEN_ORDERS_PAGE)
        self._noted("load_open_orders", report.unreadable)
        if symbol is None:
            return report
        return OpenOrdersReport(
            tuple(order for order in report.orders if order.symbol == symbol),
            report.as_of_ms,
            tuple(row for row in report.unreadable if row.symbol in {symbol, None}),
            frozenset({symbol}),
        )

    async def load_finished_orders(
        self, symbol: Symbol | None, *, from_ms: int | None = None, limit: int | None = None
    ) -> FinishedOrdersReport:
        """Orders that ended at or after ``from_ms``, newest first: every page of them, or at most ``limit``."""
        fixed = [("status", "finished"), _ACCOUNT]
        if symbol is not None:
            fixed.insert(0, ("currency_pair", to_pair(symbol)))
        page_size = _FINISHED_PAGE if limit is None else min(limit, _FINISHED_PAGE)
        history, as_of_ms = await self._read_history(
            "load_finished_orders",
            "/spot/orders",
            fixed,
            _ORDERS.read,
            lambda order: order.order_id,
            span=(from_ms, None),
            page_size=page_size,
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

        Without ``from_ms`` the exchange looks seven days back, or to the beginning of the order that is named.
        """
        fixed = [_ACCOUNT]
        if symbol is not None:
            fixed.append(("currency_pair", to_pair(symbol)))
        if order_id is not None:
            if symbol is None:
                raise InvalidValueError("symbol", None, "the market of the order whose fills are asked for")
            fixed.append(("order_id", path_part("order_id", order_id)))
        history, as_of_ms = await self._read_history(
            "load_fills",
            "/spot/my_trades",
            fixed,
            _FILLS.read,
            lambda fill: (fill.symbol, fill.trade_id, fill.order_id),
            span=(from_ms, to_ms),
            page_size=_FILLS_PAGE,
        )
        newest_first = sorted(history.found.values(), key=lambda fill: fill.time_ms, reverse=True)
        return FillsReport(tuple(newest_first), as_of_ms, self._noted("load_fills", history.unreadable))

    async def _read_history(
        self,
        operation: str,
        path: str,
        fixed: Query,
        read: Callable[[bytes], Rows[M]],
        key: Callable[[M], Hashable],
        *,
        span: tuple[int | None, int | None],
        page_size: int,
        limit: int | None = None,
        by_offset: bool = False,
    ) -> tuple[History[M], int]:
        """Every row between two times (unix ms; None: as the exchange does without), and when the first was asked for.

        ``by_offset``: pages are told apart by ``offset`` and not by ``page``.
        """
        asked: list[int] = []

        async def ask(window: Window, page: int) -> Rows[M]:
            number = ("offset", str((page - 1) * page_size)) if by_offset else ("page", str(page))
            query = (*fixed, *window.query, number, ("limit", str(page_size)))
            rows, taken_up_ms = await self._list(
                operation, path, read, scope=f"GET {path}", query=query, continues=bool(asked)
            )
            asked.append(taken_up_ms)
            return rows

        now_ms = self._rest.server_clock.now_ms()
        history = History(
            operation,
            ask,
            key,
            page_size=page_size,
            most_pages=_MOST_PAGES,
            settled_ms=now_ms - self.query_lag_ms,
            now_ms=now_ms,
            limit=limit,
        )
        for window in windows(*span, now_ms):
            await history.read(window)
        return history, asked[0] if asked else now_ms

    async def _list(
        self,
        operation: str,
        path: str,
        read: Callable[[bytes], R],
        *,
        scope: str,
        query: Query = (),
        continues: bool = False,
    ) -> tuple[R, int]:
        """One answer, and the exchange's clock at which it took the query up."""
        return await self._rest.query_as_of(
            operation,
            path,
            lambda body, as_of_ms: (read(body), as_of_ms),
            scope=limits.endpoint(scope),
            query=query,
            continues=continues,
        )

    def _noted(self, operation: str, unreadable: Iterable[UnreadableRow]) -> tuple[UnreadableRow, ...]:
        """Logs what is new of it."""
        rows = tuple(unreadable)
        self._unreadable.tell(operation, rows)
        return rows

    async def load_fee_rates(self, symbol: Symbol) -> FeeRates:
        """The account's own rates; those with the GT discount where it is on."""
        return await self._rest.query(
            "load_fee_rates",
            "/wallet/fee",
            single(_read_fee, _fee_rates),
            scope=limits.endpoint("GET /wallet/fee"),
            query=(("currency_pair", to_pair(symbol)),),
        )

    async def load_key_permissions(self) -> KeyPermissions:
        """Which account the key belongs to, and what it is limited to."""
        read = single(_read_detail, _key_permissions)
        return await self._rest.query("load_key_permissions", "/account/detail", read, scope=limits.ACCOUNT_DETAIL)

    async def get_order(self, order: OrderReference, *, priority: Priority = Priority.NORMAL) -> Order | None:
        """The order by the exchange's id, or by ours where there is no other.

        Returns:
            None only when the exchange says that it knows no such order. By our id it forgets orders some time after
            they ended (docs/venues/gateio.md), so that None for a client id does not prove that there never was one.
        """
        try:
            return await self._rest.query(
                "get_order",
                f"/spot/orders/{_order_path(order)}",
                _read_spot_order,
                scope=limits.endpoint("GET /spot/orders/{id}"),
                query=(("currency_pair", to_pair(order.symbol)), _ACCOUNT),
                priority=priority,
            )
        except VenueRefusedError as error:
            if error.reason is RefusalReason.ORDER_NOT_FOUND:
                return None
            raise

    async def place_order(
        self, order: PlaceOrder, *, decided_ms: int | None = None, before_sending: Callable[[], None] | None = None
    ) -> Order:
        """Sends a new order; the answer is the order as the exchange took it, ended already where it was filled.

        Args:
            decided_ms: the moment of the exchange's clock from which the expiry counts; None: now.
            before_sending: called when its turn has come; what it raises keeps it from being sent.

        Raises:
            InvalidValueError: without a client order id. See `GateioRest.change` for the others.
        """
        return await self._rest.change(
            "place_order",
            "POST",
            "/spot/orders",
            _read_order,
            scope=limits.orders_of(to_pair(order.symbol)),
            body=convert.place_body(order),
            expires_at_ms=self._rest.expiry_ms(decided_ms),
            before_sending=before_sending,
        )

    async def cancel_order(self, order: OrderReference) -> Order:
        """The order as it ended; `VenueRefusedError` (ORDER_NOT_FOUND, ORDER_FINISHED) when there is none open."""
        return await self._rest.change(
            "cancel_order",
            "DELETE",
            f"/spot/orders/{_order_path(order)}",
            _read_order,
            scope=limits.CANCELS,
            query=(("currency_pair", to_pair(order.symbol)), _ACCOUNT),
            priority=Priority.CANCEL,
        )

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        """Cancels the open orders of ``symbol``, or with None **all of the account**, of one side or of both.

        Gate takes a request without a pair for "every pair", so only an explicit None leaves it out.
        """
        query = [_ACCOUNT]
        if symbol is not None:
            query.append(("currency_pair", to_pair(symbol)))
        if side is not None:
            query.append(("side", side.value))
        operation = "cancel_all_of_account" if symbol is None else "cancel_all_of_symbol"
        rows = await self._rest.change(
            operation,
            "DELETE",
            "/spot/orders",
            _CANCELLED.read,
            scope=limits.CANCELS,
            query=query,
            priority=Priority.CANCEL,
        )
        self._noted(operation, rows.unreadable)
        return tuple(rows.items)

    async def amend_order(self, order: AmendOrder, *, decided_ms: int | None = None) -> Order:
        """Changes price or total quantity; the answer is the order as amended, or as ended where that ended it.

        Args:
            decided_ms: the moment of the exchange's clock from which the expiry counts; None: now.
        """
        return await self._rest.change(
            "amend_order",
            "PATCH",
            f"/spot/orders/{_order_path(order)}",
            _read_order,
            scope=limits.orders_of(to_pair(order.symbol)),
            query=(("currency_pair", to_pair(order.symbol)), _ACCOUNT),
            body=convert.amend_body(order),
            expires_at_ms=self._rest.expiry_ms(decided_ms),
        )

    async def arm_dead_mans_switch(self, timeout_s: int) -> None:
        """Gate's countdown over all pairs, begun anew by every call: 5 seconds at least, 0 disarms."""
        if timeout_s != 0:
            self.capabilities.require_countdown("timeout_s", timeout_s)
        await self._rest.change(
            "arm_dead_mans_switch",
            "POST",
            "/spot/countdown_cancel_all",
            _read_countdown,
            scope=limits.endpoint("POST /spot/countdown_cancel_all"),
            body=wire.CountdownBody(timeout=timeout_s),
            priority=Priority.CANCEL,
        )

    async def withdraw(self, withdrawal: Withdraw) -> Withdrawal:
        """Sends money away. Gate allows one in three seconds.

        Raises:
            InvalidValueError: without a client withdrawal id. See `GateioRest.change` for the others.
        """
        return await self._rest.change(
            "withdraw",
            "POST",
            "/withdrawals",
            _read_withdrawal,
            scope=limits.WITHDRAWALS,
            body=convert.withdraw_body(withdrawal),
        )

    async def get_withdrawal(self, withdrawal_id: str) -> Withdrawal | None:
        """One withdrawal of the last 90 days; None when the exchange knows none of that id in that time."""
        fixed = (("withdraw_id", path_part("withdrawal_id", withdrawal_id)),)
        since_ms = self._rest.server_clock.now_ms() - _WITHDRAWALS_KNOWN_MS
        for found in await self._load_withdrawals(fixed, since_ms, None, None):
            if found.withdrawal_id == withdrawal_id:
                return found
        return None

    async def cancel_withdrawal(self, withdrawal_id: str) -> Withdrawal:
        """Calls a withdrawal back; `VenueRefusedError` (WITHDRAWAL) when it is too late."""
        return await self._rest.change(
            "cancel_withdrawal",
            "DELETE",
            f"/withdrawals/{path_part('withdrawal_id', withdrawal_id)}",
            _read_withdrawal,
            scope=limits.endpoint("DELETE /withdrawals/{id}"),
            priority=Priority.CANCEL,
        )

    async def load_withdrawals(
        self, *, currency: str | None, from_ms: int | None, to_ms: int | None, limit: int
    ) -> tuple[Withdrawal, ...]:
        """Past withdrawals, newest first; without ``from_ms`` the exchange looks seven days back."""
        fixed = [] if currency is None else [("currency", currency)]
        return await self._load_withdrawals(fixed, from_ms, to_ms, limit)

    async def _load_withdrawals(
        self, fixed: Query, from_ms: int | None, to_ms: int | None, limit: int | None
    ) -> tuple[Withdrawal, ...]:
        history, _ = await self._read_history(
            "load_withdrawals",
            "/wallet/withdrawals",
            fixed,
            _WITHDRAWALS.read,
            lambda each: each.withdrawal_id,
            span=(from_ms, to_ms),
            page_size=_WITHDRAWALS_PAGE if limit is None else min(limit, _WITHDRAWALS_PAGE),
            limit=limit,
            by_offset=True,
        )
        self._noted("load_withdrawals", history.unreadable)
        newest_first = sorted(history.found.values(), key=lambda each: each.created_ms, reverse=True)
        return tuple(newest_first[:limit])


def _order_path(order: OrderReference) -> str:
    """The exchange's id where there is one: it is good for longer than ours."""
    if order.order_id is not None:
        return path_part("order_id", order.order_id)
    return f"{convert.CLIENT_ID_PREFIX}{order.client_order_id}"


def _fee_rates(fee: wire.WalletFee) -> FeeRates:
    if fee.gt_discount and fee.gt_maker_fee is not None and fee.gt_taker_fee is not None:
        return FeeRates(maker=fee.gt_maker_fee, taker=fee.gt_taker_fee)
    return FeeRates(maker=fee.maker_fee, taker=fee.taker_fee)


def _key_permissions(detail: wire.AccountDetail) -> KeyPermissions:
    return KeyPermissions(
        user_id=str(detail.user_id),
        symbols=tuple(to_symbol(pair) for pair in detail.currency_pairs),
        ip_whitelist=tuple(detail.ip_whitelist),
    )
