"""Recovery over real sockets, the exchange in another process.

* `cut`: from the moment the exchange is told to reset the account's socket until the account is live again: noticed,
  reconnected, subscribed, balances, open orders and fills loaded and joined. The first retry comes at once. With no
  open order and with 200. Cuts are spaced so that the loading stays below the exchange's rate limits.
* `isolation`: 20 accounts. One of them crashes and recovers in a loop, or loses its socket in a loop; orders of the
  others are filled at the exchange, and the time until a subscriber is told is compared with that when all is quiet.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import aiohttp

from actors.connection.backoff import BackoffSettings
from actors.connection.settings import SupervisorSettings
from actors.runtime import Address, Continue, LoopActor, LoopHost, handles
from actors.supervision.plans import RestartSettings
from actors.system import AccountPlan, TradingSystem
from benchmarks.support.account import UNDISTURBED_S, real_environment, spawn
from benchmarks.support.loops import LOOP, run_on_loop
from benchmarks.support.peers import peer
from benchmarks.support.timing import percentile
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.registry import FIRST_KIND, create_venue
from messages.commands import PlaceOrder
from messages.enums import Side, SyncState
from messages.errors import TellerError
from messages.events import ConnectionStatusEvent, ExecutionReportEvent
from messages.symbol import Symbol

SOL: Final = Symbol("SOL", "USDT")
_PAUSE_S: Final = 0.2
_STORM_PAUSE_S: Final = 0.05  # one account's loading stays below its rate limits at this pace, too
_PATIENCE_S: Final = 30.0  # nothing here takes a tenth of it: a figure that never comes is an error, not a wait
_AT_ONCE: Final = BackoffSettings(first_s=0.05, max_s=0.05, stable_s=0.0)


class _Witness(LoopActor):
    """A subscriber that keeps the moment at which it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.filled: dict[str, asyncio.Future[float]] = {}
        self.live: dict[str, asyncio.Future[float]] = {}
        self._was_away: set[str] = set()

    @handles(ExecutionReportEvent)
    def _fill(self, event: ExecutionReportEvent) -> None:
        _tell(self.filled.pop(event.account, None))

    @handles(ConnectionStatusEvent)
    def _status(self, event: ConnectionStatusEvent) -> None:
        if event.sync_state is not SyncState.LIVE:
            self._was_away.add(event.name)
        elif event.name in self._was_away:
            self._was_away.discard(event.name)
            _tell(self.live.pop(event.name, None))

    def on_receive(self, _: object) -> None:
        """Other events do not matter here."""


def _tell(waiting: asyncio.Future[float] | None) -> None:
    """The moment, to the one who waits; the storm's end cancels its last wait before it is answered."""
    if waiting is not None and not waiting.done():
        waiting.set_result(time.perf_counter())


async def _took_ms(waiting: asyncio.Future[float], began: float) -> float:
    async with asyncio.timeout(_PATIENCE_S):
        return (await waiting - began) * 1000


def _fail() -> None:
    raise ZeroDivisionError


class _Scene:
    """A system of some accounts on the embedded exchange."""

    def __init__(self, system: TradingSystem, witness: _Witness, control: aiohttp.ClientSession) -> None:
        self.system = system
        self.witness = witness
        self._control = control

    async def ask(self, path: str, body: dict[str, object]) -> None:
        async with self._control.post(path, json=body) as answer:
            answer.raise_for_status()
            await answer.read()

    async def cut(self, account: str) -> float:
        """Milliseconds until the account is live again."""
        waiting = self.witness.live[account] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await self.ask("/sockets/cut", {"account": account, "how": "reset"})
        return await _took_ms(waiting, began)

    async def crash(self, account: str) -> float:
        """The same after a fault in the account's own actor."""
        waiting = self.witness.live[account] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        try:
            await self.system.address(account).ask(Continue("crash", _fail))
        except TellerError:
            return await _took_ms(waiting, began)
        raise AssertionError("the actor survived")

    async def fill(self, account: str, order_id: str) -> float:
        """Milliseconds from telling the exchange to fill a little of an order until the subscriber knows."""
        waiting = self.witness.filled[account] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await self.ask(f"/orders/{order_id}/fill", {"amount": "0.001"})
        return await _took_ms(waiting, began)


class _Storm:
    """Disturbs one account again and again; counts how often it came back, and for how long it was away until then."""

    def __init__(self, disturb: Callable[[str], Awaitable[float]]) -> None:
        self._disturb = disturb
        self.count = 0
        self.away_s = 0.0

    async def rage(self) -> None:
        while True:
            self.away_s += await self._disturb("a0") / 1000
            self.count += 1
            await asyncio.sleep(_STORM_PAUSE_S)


@asynccontextmanager
async def _scene(accounts: int) -> AsyncIterator[_Scene]:
    names = [f"a{number}" for number in range(accounts)]
    async with (
        peer("benchmarks.support.exchange", pairs=["SOL_USDT"], accounts=names) as exchange,
        real_environment() as environment,
        aiohttp.ClientSession(exchange.ready["control"]) as control,
    ):
        gate = exchange.ready["gateio"]
        venue = create_venue(FIRST_KIND, Endpoints(rest=gate["rest"], ws=gate["ws"]), environment)
        host = LoopHost.current(spawn=spawn)
        actor = _Witness()
        ref = _start_with(actor, host)
        address = Address("witness", host.dead_letters)
        address.bind(ref)
        system = TradingSystem(
            host=host,
            environment=environment,
            venues={"gateio": venue},
            accounts=[
                AccountPlan(
                    name=row["name"],
                    venue="gateio",
                    credentials=Credentials(row["key"], row["secret"]),
                    symbols=(SOL,),
                )
                for row in gate["accounts"]
            ],
            supervisor_settings=SupervisorSettings(check_every_s=UNDISTURBED_S, backoff=_AT_ONCE),
            restart_settings=RestartSettings(max_restarts=1_000_000, backoff=_AT_ONCE),
            observers=(address,),
        )
        await system.start()
        try:
            yield _Scene(system, actor, control)
        finally:
            await system.stop(cancel_open_orders=False)
            await ref.stop()


def _start_with(actor: _Witness, host: LoopHost) -> Any:
    """Starts an actor that is already made, so that the benchmark can look into it."""

    class Made(_Witness):
        def __new__(cls) -> Any:
            return actor

    return Made.start(host=host)


async def _cuts(open_orders: int, cuts: int) -> dict[str, object]:
    async with _scene(1) as scene:
        account = scene.system.account("a0")
        for number in range(open_orders):
            await account.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(50) + Decimal(number) / 100))
        await scene.cut("a0")
        took_ms = []
        for _ in range(cuts):
            await asyncio.sleep(_PAUSE_S)
            took_ms.append(await scene.cut("a0"))
    return {
        "benchmark": "recovery",
        "case": f"cut to live, {open_orders} open orders",
        "p50_ms": percentile(took_ms, 0.50),
        "p99_ms": percentile(took_ms, 0.99),
        "max_ms": round(max(took_ms), 3),
        "cuts": cuts,
        "loop": LOOP,
    }


async def _isolation(accounts: int, fills: int) -> AsyncIterator[dict[str, object]]:
    async with _scene(accounts) as scene:
        others = [f"a{number}" for number in range(1, accounts)]
        orders = {
            name: (
                await scene.system.account(name).place(PlaceOrder.limit(SOL, Side.BUY, Decimal(1000), Decimal(50)))
            ).order_id
            for name in others
        }
        rng = random.Random(1)

        async def fill_some() -> list[float]:
            took = []
            for _ in range(fills):
                name = rng.choice(others)
                took.append(await scene.fill(name, str(orders[name])))
            return took

        await fill_some()
        for what, disturb in (("crashes", scene.crash), ("loses its socket", scene.cut)):
            quiet_ms = await fill_some()
            storm = _Storm(disturb)
            began = time.perf_counter()
            storming = spawn(storm.rage(), "storm")
            storm_ms = await fill_some()
            storm_s = time.perf_counter() - began
            storming.cancel()
            await asyncio.gather(storming, return_exceptions=True)
            quiet_again_ms = await fill_some()
            calm = [*quiet_ms, *quiet_again_ms]
            yield {
                "benchmark": "recovery",
                "case": f"isolation, 1 of {accounts} {what} in a loop",
                "p99_ratio_to_quiet": round(percentile(storm_ms, 0.99) / percentile(calm, 0.99), 3),
                "p50_ratio_to_quiet": round(percentile(storm_ms, 0.50) / percentile(calm, 0.50), 3),
                "storm_p50_ms": percentile(storm_ms, 0.50),
                "storm_p99_ms": percentile(storm_ms, 0.99),
                "quiet_p50_ms": percentile(calm, 0.50),
                "quiet_p99_ms": percentile(calm, 0.99),
                "disturbances": storm.count,
                "away_share": round(storm.away_s / storm_s, 3),
                "storm_s": round(storm_s, 3),
                "fills": fills,
                "loop": LOOP,
            }


async def _all_of(rows: AsyncIterator[dict[str, object]]) -> list[dict[str, object]]:
    return [row async for row in rows]


def run(
    *, cuts: int = 100, open_orders: int = 200, accounts: int = 20, fills: int = 2_000
) -> Iterator[dict[str, object]]:
    """One object for each case.

    Args:
        cuts: measured, after one that warms up. open_orders: in the second case. accounts: of the isolation cases.
        fills: in each of its phases.
    """
    yield run_on_loop(_cuts(0, cuts))
    yield run_on_loop(_cuts(open_orders, cuts))
    yield from run_on_loop(_all_of(_isolation(accounts, fills)))
