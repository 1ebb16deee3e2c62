"""Reports on the running system by asking its actors, as any other client would."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from actors.runtime import DeadLetters
from actors.strategy.base import StrategyReport
from actors.strategy.handle import AccountHandle
from actors.system import TradingSystem
from config import Config
from console.observer import Notes
from console.status_report import AccountStatus, BalanceLine, FillLine, OrderLine, StatusReport, StrategyStatus
from console.watchdog import LoopWatchdog
from exchanges.base.environment import Clock
from messages.errors import TellerError
from messages.order import Fill, Order
from messages.snapshot import AccountSnapshot, TradingStats

_ANSWER_WITHIN_S: Final = 1.0
_RATE_OVER_S: Final = 5.0
_ORDERS_SHOWN: Final = 20
_FILLS_SHOWN: Final = 20


class Monitor:
    """Makes a report whenever it is asked to; an actor that is slow to answer is shown as it was before."""

    def __init__(
        self,
        *,
        system: TradingSystem,
        config: Config,
        notes: Notes,
        watchdog: LoopWatchdog,
        dead_letters: DeadLetters,
        clock: Clock,
        for_s: float | None,
    ) -> None:
        self.phase = "running"
        self._system = system
        self._config = config
        self._notes = notes
        self._watchdog = watchdog
        self._dead_letters = dead_letters
        self._clock = clock
        self._for_s = for_s
        self._began_s = clock.monotonic_s()
        self._reports: Sequence[StrategyReport] = ()
        self._accounts: dict[str, AccountStatus] = {}
        self._counts: deque[tuple[float, dict[str, int]]] = deque([(self._began_s, dict(notes.events_count))])

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was made, which is when the run began."""
        return self._clock.monotonic_s() - self._began_s

    async def report(self) -> StatusReport:
        """The system as it is now."""
        rates = self._rates()
        for name in self._system.account_names:
            try:
                async with asyncio.timeout(_ANSWER_WITHIN_S):
                    self._accounts[name] = await self._account(self._system.account(name), rates.get(name, 0.0))
            except (TellerError, TimeoutError) as error:
                cause = str(error) or "does not answer"
                venue = self._system.account(name).venue
                self._accounts[name] = AccountStatus(account=name, venue=venue, sync_state="down", cause=cause)
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                self._reports = await self._system.strategy_reports() or self._reports
        except TimeoutError:
            self._notes.latest_error = "a strategy is busy and does not report"
        return StatusReport(
            source=self._config.source,
            phase=self.phase,
            elapsed_s=self.elapsed_s,
            for_s=self._for_s,
            accounts=tuple(self._accounts.values()),
            strategies=tuple(strategy_status(report) for report in self._reports),
            recent_fills=tuple(_fill(*pair) for pair in list(self._notes.recent_fills)[: -_FILLS_SHOWN - 1 : -1]),
            events_per_s=sum(rates.values()),
            loop_lag=self._watchdog.summary(),
            dead_letters=self._dead_letters.count,
            latest_error=self._notes.latest_error,
        )

    async def _account(self, handle: AccountHandle, events_per_s: float) -> AccountStatus:
        snapshot: AccountSnapshot = await handle.snapshot()
        stats: TradingStats = await handle.get_trading_stats()
        status = self._notes.statuses.get(handle.name)
        since_ms = snapshot.stale_since_ms
        return AccountStatus(
            account=handle.name,
            venue=handle.venue,
            sync_state=snapshot.sync_state.value,
            stale_for_s=None if since_ms is None else max(0.0, (self._clock.now_ms() - since_ms) / 1000),
            cause="" if status is None else status.cause,
            kill_switch=stats.kill_switch,
            balances=self._balances(snapshot),
            open_orders=tuple(_order(handle.name, order) for order in snapshot.open_orders[:_ORDERS_SHOWN]),
            open_orders_count=stats.open_orders_count,
            unresolved_orders=stats.unresolved_orders,
            executed_orders_count=stats.executed_orders_count,
            fills_count=stats.fills_count,
            rejected_count=stats.rejected_count,
            denied_count=stats.denied_count,
            reconnects_count=stats.reconnects_count,
            mailbox_depth=stats.mailbox_depth,
            events_per_s=events_per_s,
            event_latency=stats.event_latency,
            command_latency=stats.command_latency,
        )

    def _balances(self, snapshot: AccountSnapshot) -> tuple[BalanceLine, ...]:
        symbols = self._config.symbols_of(snapshot.account)
        traded = dict.fromkeys(currency for symbol in symbols for currency in (symbol.base, symbol.quote))
        lines = [BalanceLine(b.currency, b.available, b.locked) for b in snapshot.balances.values() if b.total]
        return tuple(sorted(lines, key=lambda line: (line.currency not in traded, line.currency)))

    def _rates(self) -> dict[str, float]:
        """Events a second of each account, over the last few seconds."""
        now_s, counts = self._clock.monotonic_s(), dict(self._notes.events_count)
        self._counts.append((now_s, counts))
        while len(self._counts) > 2 and now_s - self._counts[1][0] >= _RATE_OVER_S:
            self._counts.popleft()
        then_s, before = self._counts[0]
        span_s = now_s - then_s
        return {name: (count - before.get(name, 0)) / span_s for name, count in counts.items()} if span_s else {}


def strategy_status(report: StrategyReport) -> StrategyStatus:
    """A strategy's report as it is shown."""
    return StrategyStatus(
        strategy=report.strategy,
        account=report.account,
        symbol="" if report.symbol is None else str(report.symbol),
        inventory=report.inventory,
        pnl=report.pnl,
        fills_count=report.fills_count,
        orders_count=report.orders_count,
        requotes_count=report.requotes_count,
        note=report.note,
    )


def _order(account: str, order: Order) -> OrderLine:
    return OrderLine(
        account=account,
        symbol=str(order.symbol),
        side=order.side.value,
        price=order.price,
        quantity=order.quantity,
        filled=order.filled_quantity,
        status=order.status.value,
    )


def _fill(account: str, fill: Fill) -> FillLine:
    return FillLine(
        account=account,
        symbol=str(fill.symbol),
        side=fill.side.value,
        price=fill.price,
        quantity=fill.quantity,
        fee=", ".join(map(str, fill.fees)),
        liquidity=fill.liquidity.value,
        time_ms=fill.time_ms,
    )
