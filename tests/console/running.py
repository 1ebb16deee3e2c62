"""A whole system with one account in this process, on a real exchange on real sockets, and auditors that misbehave."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from actors.runtime import Address, DeadLetters, LoopHost
from actors.system import TradingSystem
from config import Config, load_credentials, parse_config
from console.account_records import AccountRecords
from console.assembly import build_plans, build_strategies, build_venues, open_environment
from console.closing import AccountEnd, Closing
from console.kept_fills import FILLS_KEPT
from console.monitor import Monitor
from console.observer import Notes, Observer
from console.record_readers import ControlRecordReader, RecordReader, RestRecordReader
from console.watchdog import LoopWatchdog
from exchanges.base.environment import Environment
from exchanges.registry import FIRST_KIND
from exchanges.simulator import HttpRequest, RunningExchange, SimulatorConfig, start_exchange
from messages.symbol import Symbol

SOL = Symbol("SOL", "USDT")
QUIET = SimulatorConfig(traders_on=False)


@dataclass(kw_only=True)
class Running:
    """A system with one account, alpha, on an exchange without other traders; its market is 140 to 142."""

    exchange: RunningExchange
    environment: Environment
    config: Config
    system: TradingSystem
    notes: Notes
    monitor: Monitor
    readers: dict[str, RecordReader]

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = self.exchange.exchange.control(
            HttpRequest(method=method, path=path, query="", headers={}, body=msgspec.json.encode(body), remote="")
        )
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    async def end(self, **options: Any) -> AccountEnd:
        options = {"readers": self.readers, "environment": self.environment, "patient_s": 5.0} | options
        closing = Closing(system=self.system, config=self.config, notes=self.notes, **options)
        (end,) = await closing.run()
        return end


@asynccontextmanager
async def running(
    *, account: str = "", extra: str = "", by_rest: bool = False, fills_kept: int = FILLS_KEPT
) -> AsyncIterator[Running]:
    exchange = await start_exchange(QUIET)
    gateio: Any = exchange.endpoints["gateio"]
    key, secret = (gateio["accounts"][0][what] for what in ("key", "secret"))
    text = (
        f'[[venues]]\nname = "gate"\nrest = "{gateio["rest"]}"\nws = "{gateio["ws"]}"\n'
        f'[[accounts]]\nname = "alpha"\nvenue = "gate"\nkey_env = "K"\nsecret_env = "S"\n{account}\n'
        f"[connection.backoff]\nfirst_s = 0.05\n{extra}\n"
    )
    config = parse_config(text, "t.toml", folder=Path())
    credentials = load_credentials(config, {"K": key, "S": secret})
    try:
        async with open_environment(seed=1) as environment:
            host = LoopHost.current(environment.spawn, dead_letters=DeadLetters())
            notes = Notes(fills_kept=fills_kept)
            observer = Observer.start(notes, host=host)
            await observer.started
            address = Address("observer")
            address.bind(observer)
            venues = build_venues(config, environment, None)
            system = TradingSystem(
                host=host,
                environment=environment,
                venues=venues,
                accounts=build_plans(config, credentials),
                strategies=build_strategies(config),
                supervisor_settings=config.connection,
                observers=[address],
            )
            monitor = Monitor(
                system=system,
                config=config,
                notes=notes,
                watchdog=LoopWatchdog(environment.clock),
                dead_letters=host.dead_letters,
                clock=environment.clock,
                for_s=None,
            )
            reader: RecordReader = ControlRecordReader(
                environment.http, str(exchange.endpoints["control"]), FIRST_KIND, "alpha"
            )
            if by_rest:
                minute_ago_ms = environment.clock.now_ms() - 60_000
                rest = venues["gate"].create_private_rest(credentials["alpha"])
                reader = RestRecordReader(rest, venues["gate"].server_now_ms, from_ms=minute_ago_ms)
            notes.fills_of("alpha").begin(reader.from_ms)
            made = Running(
                exchange=exchange,
                environment=environment,
                config=config,
                system=system,
                notes=notes,
                monitor=monitor,
                readers={"alpha": reader},
            )
            made.control("POST", "/market/SOL_USDT", bid="140", ask="142", amount="100")
            await system.start()
            try:
                yield made
            finally:
                await system.stop(cancel_open_orders=False)
                await observer.stop()
    finally:
        await exchange.close()


class Lying:
    """An auditor that reads the true books and changes one number."""

    def __init__(self, true: RecordReader) -> None:
        self._true = true
        self.from_ms = true.from_ms

    async def read(self, symbols: Sequence[Symbol], /) -> AccountRecords:
        books = await self._true.read(symbols)
        available, locked = books.balances["SOL"]
        books.balances["SOL"] = (available + Decimal("0.001"), locked)
        return books


class Meddling:
    """An auditor that lets something happen before its first readings, or fails at them."""

    def __init__(self, true: RecordReader, *acts: Callable[[], Awaitable[None]]) -> None:
        self._true = true
        self.from_ms = true.from_ms
        self._acts = list(acts)

    async def read(self, symbols: Sequence[Symbol], /) -> AccountRecords:
        if self._acts:
            await self._acts.pop(0)()
        return await self._true.read(symbols)
