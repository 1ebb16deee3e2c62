"""Gate's spot queries and commands of one account (REST manual, spot, wallet, withdrawals; fact sheet 7 to 9)."""

from collections.abc import Callable, Iterator
from typing import Final

from exchanges.base.clients import BalancesReport, FeeRates, KeyPermissions, OpenOrdersReport
from exchanges.base.rate_limiter import Priority
from exchanges.gateio import convert, limits, wire
from exchanges.gateio.rest import GateioRest, Query, listed, path_part, single
from exchanges.gateio.symbols import to_pair, to_symbol
from messages.commands import AmendOrder, OrderReference, PlaceOrder, Withdraw
from messages.enums import Side
from messages.errors import InvalidValueError, ProtocolError, RefusalReason, VenueRefusedError
from messages.order import Fill, Order
from messages.symbol import Symbol
from messages.withdrawal import Withdrawal

_OPEN_ORDERS_PAGE: Final = 100
"""Orders of each pair on a page of the open orders (REST manual: at most 100)."""
_FINISHED_PAGE: Final = 100
_FILLS_PAGE: Final = 1000
_WITHDRAWALS_PAGE: Final = 100
_SPAN_S: Final = 30 * 86_400
"""Histories are asked for at most 30 days at a time (REST manual)."""
_WITHDRAWAL_SPANS: Final = 3
_READINGS: Final = 3
_SHORTEST_COUNTDOWN_S: Final = 5
"""How often a list of several pages is read anew when it changed while it was being read."""
_MOST_PAGES: Final = 200
_UNFILLED_KEPT_MS: Final = 60_000
"""Orders that end without a fill are found for a minute, by id, by text and in lists (Gate's staff, gateapi-go issue
11, gateapi-python issue 61)."""

_read_order: Final = single(wire.Reader[wire.RestOrder](wire.RestOrder).read, convert.rest_order)
_read_wire_orders: Final = wire.Reader[list[wire.RestOrder]](list[wire.RestOrder]).read
_read_orders: Final = listed(_read_wire_orders, convert.rest_order)
_read_open: Final = wire.Reader[list[wire.OpenOrdersOfPair]](list[wire.OpenOrdersOfPair]).read
_read_fills: Final = listed(wire.Reader[list[wire.Trade]](list[wire.Trade]).read, convert.fill)
_read_accounts: Final = wire.Reader[list[wire.SpotAccount]](list[wire.SpotAccount]).read
_read_fee: Final = wire.Reader[wire.WalletFee](wire.WalletFee).read
_read_detail: Final = wire.Reader[wire.AccountDetail](wire.AccountDetail).read
_read_countdown: Final = wire.Reader[wire.Countdown](wire.Countdown).read
_read_withdrawal: Final = single(wire.Reader[wire.WireWithdrawal](wire.WireWithdrawal).read, convert.withdrawal)
_read_withdrawals: Final = listed(
    wire.Reader[list[wire.WireWithdrawal]](list[wire.WireWithdrawal]).read, convert.withdrawal
)


class GateioPrivateRest:
    """`exchanges.base.clients.PrivateRest` of one Gate.io spot account.

    Attributes:
        order_expiry_ms: the exchange refuses an order that reaches it later than this after it was sent.
        query_lag_ms: how far queries may lag behind. unfilled_kept_ms: how long orders without fills are remembered.
    """

    def __init__(self, rest: GateioRest) -> None:
        self._rest = rest
        self.order_expiry_ms = rest.settings.order_expiry_ms
        self.query_lag_ms = rest.settings.query_lag_ms
        self.unfilled_kept_ms: int | None = _UNFILLED_KEPT_MS

    async def load_balances(self) -> BalancesReport:
        """All balances, true at the moment at which the exchange took the query up."""
        scope = limits.endpoint("GET /spot/accounts")
        return await self._rest.query_as_of("load_balances", "/spot/accounts", _read_balances, scope=scope)

    async def load_open_orders(self) -> OpenOrdersReport:
        """Every open order of every pair, or an error (R6).

        Pages are of 100 orders for each pair. When the totals change while the pages are read, an order may have
        slipped from one page to another unseen: then all is read anew.

        Raises:
            ProtocolError: it kept changing.
        """
        for _ in range(_READINGS):
            report = await self._read_open_orders()
            if report is not None:
                return report
        raise ProtocolError(f"load_open_orders: the list changed during each of {_READINGS} readings")

    async def _read_open_orders(self) -> OpenOrdersReport | None:
        orders: dict[str | None, Order] = {}
        totals: dict[str, int] = {}
        read: dict[str, int] = {}
        as_of_ms: int | None = None
        for page in range(1, _MOST_PAGES + 1):
            groups, taken_up_ms = await self._rest.query_as_of(
                "load_open_orders",
                "/spot/open_orders",
                _read_open_page,
                scope=limits.endpoint("GET /spot/open_orders"),
                query=(("page", str(page)), ("limit", str(_OPEN_ORDERS_PAGE)), ("account", "spot")),
            )
            as_of_ms = taken_up_ms if as_of_ms is None else as_of_ms
            for pair, total, found in groups:
                if totals.setdefault(pair, total) != total:
                    return None
                read[pair] = read.get(pair, 0) + len(found)
                for order in found:
                    orders[order.order_id] = order
            complete = all(read[pair] >= total for pair, total in totals.items())
            if complete and len(orders) == sum(read.values()):
                return OpenOrdersReport(tuple(orders.values()), as_of_ms)
            if complete or not any(found for _, _, found in groups):
                return None
        return None

    async def load_finished_orders(self, symbol: Symbol, *, from_ms: int | None, limit: int) -> tuple[Order, ...]:
        """Orders of ``symbol`` that ended at or after ``from_ms``, newest first, at most ``limit``."""
        query = [("currency_pair", to_pair(symbol)), ("status", "finished"), ("account", "spot")]
        if from_ms is not None:
            query.append(("from", str(from_ms // 1000)))
        orders: dict[str | None, Order] = {}
        page_size = min(limit, _FINISHED_PAGE)
        for page in range(1, _MOST_PAGES + 1):
            found = await self._rest.query(
                "load_finished_orders",
                "/spot/orders",
                _read_orders,
                scope=limits.endpoint("GET /spot/orders"),
                query=(*query, ("page", str(page)), ("limit", str(page_size))),
            )
            orders.update((order.order_id, order) for order in found)
            if len(found) < page_size or len(orders) >= limit:
                break
        newest_first = sorted(orders.values(), key=lambda order: order.updated_ms, reverse=True)
        return tuple(newest_first[:limit])

    async def load_fills(
        self, symbol: Symbol, *, order_id: str | None = None, from_ms: int | None = None, limit: int = 1000
    ) -> tuple[Fill, ...]:
        """Fills of ``symbol``, or of one order of it, newest first, paging until ``limit``.

        Without ``from_ms`` the exchange looks seven days back. A longer past is asked for in spans of 30 days.
        """
        query = [("currency_pair", to_pair(symbol))]
        if order_id is not None:
            query.append(("order_id", path_part("order_id", order_id)))
        fills: dict[str, Fill] = {}
        for span in self._spans(from_ms, None):
            await self._read_fills(fills, (*query, *span), limit)
            if len(fills) >= limit:
                break
        newest_first = sorted(fills.values(), key=lambda fill: fill.time_ms, reverse=True)
        return tuple(newest_first[:limit])

    async def _read_fills(self, fills: dict[str, Fill], query: Query, limit: int) -> None:
        page_size = min(limit, _FILLS_PAGE)
        for page in range(1, _MOST_PAGES + 1):
            found = await self._rest.query(
                "load_fills",
                "/spot/my_trades",
                _read_fills,
                scope=limits.endpoint("GET /spot/my_trades"),
                query=(*query, ("page", str(page)), ("limit", str(page_size))),
            )
            fills.update((fill.trade_id, fill) for fill in found)
            if len(found) < page_size or len(fills) >= limit:
                return

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

    async def get_order(self, order: OrderReference) -> Order | None:
        """The order by the exchange's id, or by ours where there is no other.

        Returns:
            None only when the exchange says that it knows no such order. By our id it forgets orders some time after
            they ended (fact sheet 8.4), so that None for a client id does not prove that there never was one.
        """
        try:
            return await self._rest.query(
                "get_order",
                f"/spot/orders/{_order_path(order)}",
                _read_order,
                scope=limits.endpoint("GET /spot/orders/{id}"),
                query=(("currency_pair", to_pair(order.symbol)), ("account", "spot")),
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
            query=(("currency_pair", to_pair(order.symbol)), ("account", "spot")),
            priority=Priority.CANCEL,
        )

    async def cancel_all(self, symbol: Symbol | None, side: Side | None) -> tuple[Order, ...]:
        """Cancels the open orders of ``symbol``, or with None **all of the account**, of one side or of both.

        Gate takes a request without a pair for "every pair" (fact sheet 17.5), so only an explicit None leaves it out.
        """
        query = [("account", "spot")]
        if symbol is not None:
            query.append(("currency_pair", to_pair(symbol)))
        if side is not None:
            query.append(("side", side.value))
        return await self._rest.change(
            "cancel_all_of_account" if symbol is None else "cancel_all_of_symbol",
            "DELETE",
            "/spot/orders",
            _read_cancelled,
            scope=limits.CANCELS,
            query=query,
            priority=Priority.CANCEL,
        )

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
            query=(("currency_pair", to_pair(order.symbol)), ("account", "spot")),
            body=convert.amend_body(order),
            expires_at_ms=self._rest.expiry_ms(decided_ms),
        )

    async def arm_dead_mans_switch(self, timeout_s: int) -> None:
        """Gate's countdown over all pairs, begun anew by every call: 5 seconds at least, 0 disarms (fact sheet 8.5)."""
        if timeout_s != 0 and timeout_s < _SHORTEST_COUNTDOWN_S:
            raise InvalidValueError("timeout_s", timeout_s, f"0, or {_SHORTEST_COUNTDOWN_S} seconds or more")
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
        wanted = path_part("withdrawal_id", withdrawal_id)
        newest_ms = self._rest.server_clock.now_ms()
        for span in self._spans(newest_ms - _WITHDRAWAL_SPANS * _SPAN_S * 1000, None):
            for found in await self._load_withdrawals((("withdraw_id", wanted), *span, ("limit", "1"))):
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
        withdrawals: dict[str, Withdrawal] = {}
        page_size = min(limit, _WITHDRAWALS_PAGE)
        for span in self._spans(from_ms, to_ms):
            for page in range(_MOST_PAGES):
                window = (("limit", str(page_size)), ("offset", str(page * page_size)))
                found = await self._load_withdrawals((*fixed, *span, *window))
                withdrawals.update((each.withdrawal_id, each) for each in found)
                if len(found) < page_size or len(withdrawals) >= limit:
                    break
            if len(withdrawals) >= limit:
                break
        newest_first = sorted(withdrawals.values(), key=lambda each: each.created_ms, reverse=True)
        return tuple(newest_first[:limit])

    async def _load_withdrawals(self, query: Query) -> tuple[Withdrawal, ...]:
        scope = limits.endpoint("GET /wallet/withdrawals")
        return await self._rest.query(
            "load_withdrawals", "/wallet/withdrawals", _read_withdrawals, scope=scope, query=query
        )

    def _spans(self, from_ms: int | None, to_ms: int | None) -> Iterator[Query]:
        """``from`` and ``to`` parameters that cover the time, newest first, none longer than the exchange takes."""
        if from_ms is None:
            yield () if to_ms is None else (("to", str(_seconds_up(to_ms))),)
            return
        start_s = from_ms // 1000
        end_s = _seconds_up(self._rest.server_clock.now_ms() if to_ms is None else to_ms)
        if to_ms is None and end_s - start_s < _SPAN_S:
            yield (("from", str(start_s)),)
            return
        while end_s > start_s:
            begin_s = max(start_s, end_s - _SPAN_S)
            yield ("from", str(begin_s)), ("to", str(end_s))
            end_s = begin_s


def _seconds_up(time_ms: int) -> int:
    return -(-time_ms // 1000)


def _order_path(order: OrderReference) -> str:
    """The exchange's id where there is one: it is good for longer than ours."""
    if order.order_id is not None:
        return path_part("order_id", order.order_id)
    return f"{convert.CLIENT_ID_PREFIX}{order.client_order_id}"


def _read_balances(body: bytes, as_of_ms: int) -> BalancesReport:
    return BalancesReport(
        tuple(convert.account_balance(account, as_of_ms) for account in _read_accounts(body)), as_of_ms
    )


def _read_open_page(body: bytes, as_of_ms: int) -> tuple[list[tuple[str, int, tuple[Order, ...]]], int]:
    groups = [
        (group.currency_pair, group.total, tuple(convert.rest_order(order) for order in group.orders))
        for group in _read_open(body)
    ]
    return groups, as_of_ms


def _read_cancelled(body: bytes) -> tuple[Order, ...]:
    """Answers about several orders say of each whether it succeeded."""
    return tuple(convert.rest_order(order) for order in _read_wire_orders(body) if order.succeeded)


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
