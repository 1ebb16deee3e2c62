"""What happens by itself as time passes: prices move, funding is settled, triggers go off, margins are lost."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.futures.engine import FuturesEngine
from exchanges.simulator.core.futures.liquidation import Liquidation
from exchanges.simulator.core.orders import Fill
from exchanges.simulator.core.scheduling import Cancellable, Schedule
from exchanges.simulator.core.triggers import PriceSource, Triggers

EVERY_S: Final = 1.0
"""How often, as index and mark prices change."""
KEPT_RATES: Final = 1_000


@dataclass(frozen=True, slots=True)
class FundingRate:
    """What was settled when, in ms since 1970; ``rate`` as a fraction of the value at the mark price."""

    time_ms: int
    rate: Decimal


class Watch(Listener):
    """Looks once a second, and at an account after each of its fills. ``watchers`` are told after each look."""

    def __init__(self, engine: FuturesEngine, triggers: Triggers, *, schedule: Schedule) -> None:
        self.liquidation = Liquidation(engine)
        self.watchers: list[Callable[[], None]] = []
        self._engine = engine
        self._triggers = triggers
        self._schedule = schedule
        self._timer: Cancellable | None = None
        self._due: set[str] = set()
        self._rates: dict[str, deque[FundingRate]] = {}
        self._settled: dict[str, int] = {}
        for market in engine.markets:
            self._settled[market] = self._number(engine.contract(market))

    def start(self) -> None:
        """Begins to look."""
        if self._timer is None:
            self._wait()

    def stop(self) -> None:
        """Looks no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look(self) -> None:
        """Does what is due now."""
        engine = self._engine
        for pair in list(engine.markets):
            contract = engine.contract(pair)
            self._settle_if_due(contract)
            self._triggers.note(pair, PriceSource.MARK, engine.prices.mark(contract))
            self._triggers.note(pair, PriceSource.INDEX, engine.prices.index(contract))
        self.liquidation.check_all()
        for watcher in self.watchers:
            watcher()

    def next_settlement_ms(self, contract: ContractConfig) -> int:
        """When funding is settled next."""
        return (self._number(contract) + 1) * contract.funding_interval_s * 1000

    def rates(self, contract: ContractConfig, since_ms: int, until_ms: int) -> list[FundingRate]:
        """The rates that were settled in this time, both ends included, newest first; those of before the exchange
        began as its prices would have had them."""
        known = self._rates.get(contract.id, deque())
        found = [rate for rate in reversed(known) if since_ms <= rate.time_ms <= until_ms]
        interval_ms = contract.funding_interval_s * 1000
        first_ms = known[0].time_ms if known else self.next_settlement_ms(contract)
        at_ms = min(first_ms - interval_ms, until_ms - until_ms % interval_ms)
        while at_ms >= since_ms and len(found) < KEPT_RATES:
            found.append(FundingRate(at_ms, self._engine.prices.funding_rate(contract, at_ms)))
            at_ms -= interval_ms
        return found

    def settle(self, contract: ContractConfig, rate: Decimal) -> None:
        """Settles funding of a contract now, at this rate: what longs pay shorts receive."""
        engine = self._engine
        rates = self._rates.setdefault(contract.id, deque(maxlen=KEPT_RATES))
        rates.append(FundingRate(engine.now_ms(), rate))
        for account in engine.margins.values():
            for position in account.held():
                if position.contract.id == contract.id:
                    engine.pay_funding(position, rate)
        self.liquidation.check_all()

    def on_fill(self, fill: Fill) -> None:
        """Looks at the account once the engine is done."""
        if not self._due:
            self._schedule(0.0, self._look_at_due)
        self._due.add(fill.account)

    def on_listed(self, pair: str) -> None:
        """Settles funding of the contract from now on."""
        self._settled[pair] = self._number(self._engine.contract(pair))

    def on_delisted(self, pair: str) -> None:
        """Forgets the contract."""
        self._rates.pop(pair, None)

    def _look_at_due(self) -> None:
        due, self._due = sorted(self._due), set()
        for account in due:
            self.liquidation.check(account)

    def _settle_if_due(self, contract: ContractConfig) -> None:
        number = self._number(contract)
        if number <= self._settled[contract.id]:  # also while a clock that went back catches up
            return
        self._settled[contract.id] = number
        at_ms = number * contract.funding_interval_s * 1000
        self.settle(contract, self._engine.prices.funding_rate(contract, at_ms))

    def _number(self, contract: ContractConfig) -> int:
        """How many settlements there have been since 1970."""
        return self._engine.now_ms() // (contract.funding_interval_s * 1000)

    def _tick(self) -> None:
        self.look()
        self._wait()

    def _wait(self) -> None:
        self._timer = self._schedule(EVERY_S, self._tick)
