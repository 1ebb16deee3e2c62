"""A second program on one of the accounts, with a journal of its own: for the first one somebody else's hand."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from actors.journal import Journal, JournalError, JournalSettings
from actors.runtime import Address, LoopHost
from exchanges.simulator.core.orders import Order as BookedOrder
from simulation.oracles.check import client_id_of
from simulation.oracles.watcher import Told, Watcher
from simulation.program import Program
from simulation.trace import Trace


class SecondProgram:
    """Starts some time after the first has run, trades for a while, and stops without canceling its orders.

    Attributes:
        told: what its subscribers have heard, by account.
    """

    def __init__(
        self,
        make: Callable[[Address], Program],
        first: Program,
        *,
        account: str,
        host: LoopHost,
        rng: random.Random,
        trace: Trace,
        violations: list[str],
    ) -> None:
        """``make``: gives the second program, with a subscriber's address. ``violations``: takes broken promises."""
        self._make = make
        self._first = first
        self.told = {account: Told()}
        self._host = host
        self._loop = host.loop
        self._rng = rng
        self._trace = trace
        self._violations = violations

    async def run(self, *, begins_s: float, ends_s: float) -> None:
        """Its whole life, somewhere in that span of virtual time; its end may take a little longer."""
        from_s = self._rng.uniform(begins_s, (begins_s + ends_s) / 2)
        until_s = self._rng.uniform(from_s, ends_s)
        await asyncio.sleep(from_s - self._loop.time())
        try:
            async with asyncio.timeout_at(until_s):
                await self._first.has_run.wait()  # what was before its first start is none of its affairs
        except TimeoutError:
            return
        watcher = Watcher.start(self.told, self._violations, self._trace, host=self._host)
        await watcher.started
        observer = Address("second watcher", self._host.dead_letters)
        observer.bind(watcher)
        await self._live(self._make(observer), until_s, ends_s)
        await watcher.stop()

    async def _live(self, program: Program, until_s: float, give_up_s: float) -> None:
        self._trace.add("second", "a second program is started")
        program.begins_anew = self._begin_life
        if not await program.start(give_up_s):
            self._trace.add("second", "it could not be started")
            return
        for path in self._first_journals():
            self.try_journal(path)
        await asyncio.sleep(until_s - self._loop.time())
        self._trace.add("second", "it is stopped, and leaves its orders open")
        await program.stop_strategies()
        await program.end(cancel_open_orders=False)

    def try_journal(self, path: Path) -> None:
        """Somebody starts a program on a journal that another one writes: it must be refused."""
        try:
            journal = Journal.open(
                path,
                account=path.stem,
                settings=JournalSettings(),
                loop=self._loop,
                executor=None,
                now_ms=lambda: 0,
            )
        except JournalError:
            self._trace.add("second", f"it may not write {path.name}")
        else:
            journal.abandon()
            self._violations.append(f"{path.stem}: two programs have opened {path.name} (R4)")

    def placed(self, order: BookedOrder) -> bool:
        """Whether an order of the books is one of its orders, as far as its subscribers know."""
        client_id = client_id_of(order)
        return any(told.client_order_id == client_id for each in self.told.values() for told in each.orders.values())

    def _begin_life(self) -> None:
        for told in self.told.values():
            told.begin_life()

    def _first_journals(self) -> list[Path]:
        first = self._first
        if first.has_ended or first.life.is_over:
            return []
        return [journal.path for journal in first.life.journals]
