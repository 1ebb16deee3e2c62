"""Gate's queries and commands about price-triggered orders of perpetuals (REST manual, futures price orders)."""

from typing import Final

from exchanges.base.futures_clients import ConditionalOrdersReport
from exchanges.base.json_reader import Reader
from exchanges.base.rate_limiter import Priority
from exchanges.gateio.futures import conditional_orders, limits, wire
from exchanges.gateio.futures.account_queries import AccountQueries, of_market, rows_of
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.settings import PREFIX
from exchanges.gateio.rest import GateioRest, path_part, single
from messages.conditional_order import ConditionalOrder
from messages.symbol import Symbol

_read_conditional: Final = Reader[wire.ConditionalOrder](wire.ConditionalOrder).read


class ConditionalOrderRest(AccountQueries):
    """Of `exchanges.base.futures_clients.FuturesPrivateRest`: conditional orders, whose ids are of their own space."""

    def __init__(self, rest: GateioRest, contracts: Contracts) -> None:
        super().__init__(rest, contracts)
        self._conditionals = rows_of(wire.ConditionalOrder, self._conditional)

    async def load_conditional_orders(self, symbol: Symbol | None = None) -> ConditionalOrdersReport:
        """Every open conditional order, of all markets or of one, or an error (R6).

        Raises:
            ListChangedError: the list changed too fast.
        """
        whole = await self._read_whole(
            "load_conditional_orders",
            f"{PREFIX}/price_orders",
            (("status", "open"), *of_market(symbol)),
            self._conditionals.read,
            lambda order: order.conditional_id,
        )
        return ConditionalOrdersReport(whole.items, whole.as_of_ms, whole.unreadable)

    async def cancel_conditional_order(self, conditional_id: str) -> ConditionalOrder:
        """As it ended; `VenueRefusedError` (ORDER_NOT_FOUND, ORDER_FINISHED) when there is none open."""
        await self._contracts_for_a_cancel()
        return await self._rest.change(
            "cancel_conditional_order",
            "DELETE",
            f"{PREFIX}/price_orders/{path_part('conditional_id', conditional_id)}",
            single(_read_conditional, self._conditional),
            scope=limits.CANCELS,
            priority=Priority.CANCEL,
        )

    async def cancel_all_conditional_orders(self, symbol: Symbol | None) -> tuple[ConditionalOrder, ...]:
        """Those of one market or with None of all."""
        await self._contracts_for_a_cancel()
        rows = await self._rest.change(
            "cancel_all_conditional_orders",
            "DELETE",
            f"{PREFIX}/price_orders",
            self._conditionals.read,
            scope=limits.CANCELS,
            query=of_market(symbol),
            priority=Priority.CANCEL,
        )
        self._noted("cancel_all_conditional_orders", rows.unreadable)
        return tuple(rows.items)

    def _conditional(self, told: wire.ConditionalOrder) -> ConditionalOrder:
        return conditional_orders.conditional_order(told, self._contracts)
