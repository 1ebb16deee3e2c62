"""The end of a run and the pictures of it, in one process with a real exchange on real sockets."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.journal import JournalFigures
from actors.orderly_end import cancel_open_orders
from actors.runtime import Address, DeadLetters, LoopHost, started, stop
from actors.system import TradingSystem
from config import Config, load_credentials, parse_config
from console.assembly import build_plans, build_strategies, build_venues, open_environment
from console.auditors import Auditor, ControlAuditor, RestAuditor
from console.books import Books
from console.closing import AccountEnd, Closing
from console.display import status_lines
from console.exit_codes import ExitCode
from console.journals import JournalEnd
from console.logs import Hider
from console.monitor import Monitor
from console.observer import Notes, Observer
from console.output import Output
from console.summary import Crashes, Summary, as_text, exit_code_of, verdict_of
from console.watchdog import LoopWatchdog
from exchanges.base.environment import Clock, Environment
from exchanges.simulator import HttpRequest, RunningExchange, SimulatorConfig, start_exchange
from messages.commands import PlaceOrder
from messages.enums import Side
from messages.errors import ConnectionFailedError
from messages.symbol import Symbol
from tests.support.eventually import eventually

SOL = Symbol("SOL", "USDT")
NO_FIGURES = JournalFigures(waiting=0, lost=0, refused=0, commits=0, records=0, failure="")
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
    auditors: dict[str, Auditor]

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = self.exchange.exchange.control(
            HttpRequest(method=method, path=path, query="", headers={}, body=msgspec.json.encode(body), remote="")
        )
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    async def end(self, **options: Any) -> AccountEnd:
        options = {"auditors": self.auditors, "environment": self.environment, "patient_s": 5.0} | options
        closing = Closing(system=self.system, config=self.config, notes=self.notes, **options)
        (end,) = await closing.run()
        return end


@asynccontextmanager
async def running(*, account: str = "", extra: str = "", by_rest: bool = False) -> AsyncIterator[Running]:
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
            notes = Notes()
            observer = Observer.start(notes, host=host)
            await started(observer)
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
            auditor: Auditor = ControlAuditor(environment.http, str(exchange.endpoints["control"]), "alpha")
            if by_rest:
                minute_ago_ms = environment.clock.now_ms() - 60_000
                rest = venues["gate"].create_private_rest(credentials["alpha"])
                auditor = RestAuditor(rest, since_ms=minute_ago_ms)
            made = Running(
                exchange=exchange,
                environment=environment,
                config=config,
                system=system,
                notes=notes,
                monitor=monitor,
                auditors={"alpha": auditor},
            )
            made.control("POST", "/market/SOL_USDT", bid="140", ask="142", amount="100")
            await system.start()
            try:
                yield made
            finally:
                await system.stop(cancel_open_orders=False)
                await stop(observer)
    finally:
        await exchange.close()


class Lying:
    """An auditor that reads the true books and changes one number."""

    def __init__(self, true: Auditor) -> None:
        self._true = true

    async def read(self, symbols: Sequence[Symbol], /) -> Books:
        books = await self._true.read(symbols)
        available, locked = books.balances["SOL"]
        books.balances["SOL"] = (available + Decimal("0.001"), locked)
        return books


# -- closing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_rest", [False, True], ids=["control", "rest"])
async def test_what_was_traded_agrees_with_the_exchange(by_rest: bool) -> None:
    async with running(by_rest=by_rest) as run:
        alpha = run.system.account("alpha")
        resting = await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(142)))
        await alpha.place(PlaceOrder.market_sell(SOL, Decimal(1)))
        run.control("POST", f"/orders/{resting.order_id}/fill", amount="1")
        end = await run.end()
    assert end.verdict == "AGREE", end.comparison
    assert end.canceled == 1
    assert end.comparison is not None
    assert (end.comparison.open_orders, end.comparison.finished_orders, end.comparison.fills) == (0, 3, 3)
    assert end.exit_code == ExitCode.OK


async def test_a_difference_is_told_and_has_its_code() -> None:
    async with running() as run:
        end = await run.end(auditors={"alpha": Lying(run.auditors["alpha"])}, patient_s=0.0)
    assert (end.verdict, end.exit_code) == ("DISAGREE", ExitCode.BOOKS_DISAGREE)
    assert end.comparison is not None
    assert end.comparison.differences == (
        "balance SOL: we say 5000 available and 0 locked, the exchange 5000.001 and 0",
    )


async def test_orders_that_cannot_be_cancelled_are_told_and_have_their_code() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\n") as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        run.control("POST", "/latency", rest_ms=20_000)
        end = await run.end()
    assert end.left_open == "the exchange did not confirm within 0.2 s"
    assert end.verdict == "AGREE", "the order is open on both sides"
    assert end.exit_code == ExitCode.ORDERS_LEFT_OPEN


async def test_orders_that_may_be_open_have_their_code_though_nobody_can_be_asked() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\n") as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await run.exchange.close()
        end = await run.end()
    assert end.left_open == "the exchange did not confirm within 0.2 s"
    assert (end.verdict, end.exit_code) == ("UNKNOWN", ExitCode.ORDERS_LEFT_OPEN)


async def test_an_exchange_that_is_no_more_has_no_order_that_may_be_open() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\n") as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await run.exchange.close()
        end = await run.end(has_exchange=False)
    assert (end.verdict, end.exit_code, end.left_open) == ("UNKNOWN", ExitCode.CONNECTION, "")


async def test_an_account_that_is_not_live_is_not_called_right_r5() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\ncancel_open_orders = false\n") as run:
        await run.exchange.close()
        await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss to be noticed")
        end = await run.end()
    assert (end.verdict, end.exit_code) == ("UNKNOWN", ExitCode.CONNECTION)
    assert end.why.startswith("the account is ")


class Meddling:
    """An auditor that lets something happen before its first readings, or fails at them."""

    def __init__(self, true: Auditor, *acts: Callable[[], Awaitable[None]]) -> None:
        self._true = true
        self._acts = list(acts)

    async def read(self, symbols: Sequence[Symbol], /) -> Books:
        if self._acts:
            await self._acts.pop(0)()
        return await self._true.read(symbols)


async def test_a_reconnect_while_closing_is_waited_out_and_compared() -> None:
    """A false alarm must not make the end unknown though the books agree."""
    async with running() as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        run.control("POST", "/sockets/cut", how="reset")
        await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss to be noticed")
        end = await run.end()
    assert (end.verdict, end.exit_code) == ("AGREE", ExitCode.OK), end.why


async def test_a_reconnect_between_the_readings_is_waited_out_too() -> None:
    async with running() as run:

        async def cut() -> None:
            run.control("POST", "/sockets/cut", how="reset")
            lying.append(True)
            await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss")

        async def fail() -> None:
            raise ConnectionFailedError("nobody answers")

        lying: list[bool] = []
        end = await run.end(auditors={"alpha": Meddling(run.auditors["alpha"], fail, cut, fail)})
    assert lying
    assert end.verdict == "AGREE", end.why


async def test_an_auditor_that_fails_to_the_last_leaves_the_end_unknown() -> None:
    async def fail() -> None:
        raise ConnectionFailedError("nobody answers")

    async with running() as run:
        auditor = Meddling(run.auditors["alpha"], *[fail] * 1_000)
        end = await run.end(auditors={"alpha": auditor}, patient_s=0.2)
    assert (end.verdict, end.exit_code, end.why) == ("UNKNOWN", ExitCode.CONNECTION, "nobody answers")


class Pauses:
    """A clock that notes for how long somebody slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.taken: list[float] = []
        self.now_ms = clock.now_ms
        self.monotonic_s = clock.monotonic_s

    async def sleep(self, delay_s: float) -> None:
        self.taken.append(round(delay_s, 6))
        await self._clock.sleep(delay_s)


async def test_an_exchange_that_does_not_answer_at_the_end_is_asked_with_pauses_that_double() -> None:
    async def fail() -> None:
        raise ConnectionFailedError("nobody answers")

    async with running() as run:
        pauses = Pauses(run.environment.clock)
        end = await run.end(
            auditors={"alpha": Meddling(run.auditors["alpha"], *[fail] * 1_000)},
            environment=replace(run.environment, clock=pauses),
            patient_s=1.0,
        )
    assert end.verdict == "UNKNOWN"
    assert pauses.taken[:3] == [0.1, 0.2, 0.4]


async def test_cancels_that_fail_at_once_are_asked_for_with_pauses_that_double() -> None:
    async with running() as run:
        pauses = Pauses(run.environment.clock)
        handle = run.system.account("alpha")
        await run.system.stop_actors()
        ended = await cancel_open_orders(handle, patience_s=1.0, clock=pauses)
    assert "is unavailable" in ended.problem
    assert pauses.taken[:3] == [0.05, 0.1, 0.2]


async def test_with_few_orders_remembered_only_those_are_compared() -> None:
    async with running(account="executed_limit = 2") as run:
        for _ in range(3):
            await run.system.account("alpha").place(PlaceOrder.ioc(SOL, Side.BUY, Decimal(1), Decimal(142)))
        end = await run.end()
    assert end.verdict == "AGREE", end.comparison
    assert end.comparison is not None
    assert end.comparison.finished_orders == 2


# -- pictures ----------------------------------------------------------------------------------------------------------


async def test_a_picture_shows_the_account_as_it_is() -> None:
    async with running() as run:
        alpha = run.system.account("alpha")
        await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(142)))
        await eventually(lambda: run.notes.fills_count.get("alpha"), what="the fill")
        picture = await run.monitor.picture()
    (shown,) = picture.accounts
    assert (shown.sync_state, shown.stale_for_s) == ("live", None)
    assert [(order.side, order.price, order.status) for order in shown.open_orders] == [("buy", Decimal(139), "new")]
    assert (shown.fills_count, shown.executed_orders_count) == (1, 1)
    assert [(fill.account, fill.price, fill.quantity) for fill in picture.recent_fills] == [
        ("alpha", Decimal(142), Decimal(2))
    ]
    assert shown.events_per_s > 0
    assert status_lines(picture)[0].startswith(
        "status elapsed_s=0 account=alpha state=live open_orders=1 executed_orders=1"
    )


async def test_a_picture_of_a_lost_connection_says_stale_and_why_r5() -> None:
    async with running() as run:
        await run.exchange.close()
        await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss to be noticed")
        (shown,) = (await run.monitor.picture()).accounts
    assert shown.sync_state in {"degraded", "recovering"}
    assert shown.stale_for_s is not None
    assert shown.balances, "what was true then is still shown"


async def test_a_picture_of_a_stopped_system_says_that_it_is_down() -> None:
    async with running() as run:
        await run.system.stop_actors()
        (shown,) = (await run.monitor.picture()).accounts
    assert shown.sync_state == "down"
    assert "alpha is unavailable" in shown.cause


async def test_a_journal_that_is_not_whole_has_the_code_of_configuration() -> None:
    assert exit_code_of([], given_up=False, journal_failed=True) == ExitCode.CONFIGURATION
    assert exit_code_of([], given_up=False) == ExitCode.OK


# -- the summary -------------------------------------------------------------------------------------------------------


async def test_the_summary_tells_every_difference_and_can_be_read_by_programs() -> None:
    async with running() as run:
        end = await run.end(auditors={"alpha": Lying(run.auditors["alpha"])}, patient_s=0.0)
        picture = await run.monitor.picture()
    summary = Summary(
        source="t.toml",
        elapsed_s=1.5,
        reason="Ctrl-C",
        verdict=verdict_of([end]),
        exit_code=end.exit_code,
        accounts=(end,),
        strategies=picture.strategies,
        crashes=(Crashes(name="strategy quoter", restarts=5, is_given_up=True),),
        journals=(JournalEnd(account="alpha", file="alpha.sqlite", figures=NO_FIGURES, failure="the disk is full"),),
        loop_lag=picture.loop_lag,
        hangs=2,
        dead_letters=0,
    )
    text = as_text(summary)
    assert "DIFFERENCE balance SOL: we say 5000 available and 0 locked, the exchange 5000.001 and 0" in text
    assert "CRASHED strategy quoter: restarted 5 times, given up, the log says why" in text
    assert "JOURNAL NOT WHOLE: the disk is full" in text
    assert "HUNG 2 times" in text
    assert text.endswith("RESULT DISAGREE: see the differences above (exit code 5)")
    assert all(len(line) <= 110 for line in text.splitlines())
    stream = io.StringIO()
    Output(json=True, hider=Hider(), stream=stream).record("summary", summary)
    assert msgspec.json.decode(stream.getvalue())["accounts"][0]["verdict"] == "DISAGREE"
