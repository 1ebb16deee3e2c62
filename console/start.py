"""``run.py start``: builds the system, runs it, and ends it in order."""

import asyncio
import gc
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from actors.runtime import Address, DeadLetters, Hang, HangWatchdog, LoopHost
from actors.system import TradingSystem
from config import Config, load_credentials
from console.assembly import build_plans, build_strategies, build_venues, open_environment
from console.closing import Closing
from console.display import Display
from console.embedded import EmbeddedExchange, run_embedded
from console.exit_codes import ExitCode, OrdersMayBeOpenError
from console.file_limit import provide_descriptors
from console.journals import open_journals
from console.key_locks import hold_keys
from console.kill_switch import KillSwitchFile, KillSwitchWatch
from console.monitor import Monitor, strategy_status
from console.observer import Notes, Observer
from console.output import Output
from console.record_readers import ControlRecordReader, RecordReader, RestRecordReader
from console.signals import StopRequest, StopRequestedError
from console.summary import Crashes, Summary, as_text, exit_code_of, verdict_of
from console.watchdog import LoopWatchdog
from exchanges.base.clients import Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from messages.errors import TellerError

SWITCH_INTERVAL_S: Final = 0.0005
"""So long may a thread keep the interpreter that another one wants."""
_log = structlog.get_logger("teller.start")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """What the command line adds to the file.

    Attributes:
        for_s: end after so many seconds of trading; None for ever. plain: no live view, even in a terminal.
    """

    for_s: float | None
    plain: bool


async def start(config: Config, options: StartOptions, output: Output) -> int:
    """Runs until the time is up or somebody asks for the end; returns the exit code.

    Raises:
        TellerError: it could not be started; everything has been closed again.
    """
    provide_descriptors(config)
    with StopRequest(output.last_words) as stop_request:
        try:
            async with AsyncExitStack() as stack:
                summary = await _Run(config, options, output, stop_request).whole(stack)
        except StopRequestedError as error:
            _log.info("stopped_before_it_was_live", reason=str(error))
            output.text(f"ended by {error} before it was live; nothing was traded")
            return ExitCode.OK
    if output.json:
        output.record("summary", summary)
    else:
        output.text(as_text(summary))
    return summary.exit_code


class _Run:
    """One run; what it opens is closed by the stack, last opened first."""

    def __init__(self, config: Config, options: StartOptions, output: Output, stop_request: StopRequest) -> None:
        self._config = config
        self._options = options
        self._output = output
        self._stop_request = stop_request
        self._is_closed = False
        self._exchange_is_gone = False

    async def whole(self, stack: AsyncExitStack) -> Summary:
        config, stop_request = self._config, self._stop_request
        credentials = load_credentials(config, os.environ) if config.embedded is None else {}
        self._hide(credentials)
        display = await Display.open(
            self._output, config.logging, stack, source=config.source, plain=self._options.plain
        )
        environment = await stack.enter_async_context(open_environment(config.seed))
        opening = open_journals(config, now_ms=environment.clock.now_ms, hide=self._output.hider.hide)
        journals = await stack.enter_async_context(opening)
        if config.embedded is None:
            stack.enter_context(hold_keys(config, credentials, Path.home()))
        embedded = await self._run_embedded(stack)
        credentials = credentials if embedded is None else embedded.credentials_of(self._config.accounts)
        host = LoopHost.current(environment.spawn, dead_letters=DeadLetters(clock=environment.clock.monotonic_s))
        notes = Notes()
        observer = await _start_observer(notes, host, stack)
        venues = build_venues(config, environment, embedded)
        kill_switches = _kill_switches(config, journals.directory)
        hangs: list[Hang] = []
        hang_watchdog = HangWatchdog(host, told=hangs.append)
        system = TradingSystem(
            host=host,
            environment=environment,
            venues=venues,
            accounts=build_plans(config, credentials, journals, kill_switches),
            strategies=build_strategies(config),
            supervisor_settings=config.connection,
            restart_settings=config.supervision,
            observers=[observer],
        )
        settle_interpreter()
        hang_watchdog.start()
        stack.callback(hang_watchdog.stop)
        for name, file in kill_switches.items():
            watch = KillSwitchWatch(file, system.account(name), journals.of(name), environment.clock)
            environment.spawn(watch.run(), f"kill_switch:{name}")
        try:
            await stop_request.unless_asked(system.start())
        except TellerError as error:
            _name_accounts(error, notes)
            raise
        stack.push_async_exit(partial(self._leave, system))
        readers = await self._readers(system, environment, venues, credentials, embedded)
        for account, reader in readers.items():
            notes.fills_of(account).begin(reader.from_ms)
        watchdog = LoopWatchdog(environment.clock)
        environment.spawn(watchdog.run(), "watchdog")
        monitor = Monitor(
            system=system,
            config=config,
            notes=notes,
            watchdog=watchdog,
            dead_letters=host.dead_letters,
            clock=environment.clock,
            for_s=self._options.for_s,
        )
        showing = environment.spawn(display.run(monitor, environment.clock), "display")
        await self._until_the_end(environment, embedded)
        elapsed_s, monitor.phase = monitor.elapsed_s, "stopping"
        groups = await system.supervision()
        dead_letters = host.dead_letters.count  # later ones are events for strategies that have ended
        reports = await system.stop_strategies()
        closing = Closing(
            system=system,
            config=config,
            notes=notes,
            readers=readers,
            environment=environment,
            has_exchange=not self._exchange_is_gone,
            read_every_s=1.0 if embedded is None else 0.05,
        )
        accounts = await closing.run()
        journal_ends = await journals.ends()
        self._is_closed = True
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        return _noted(
            Summary(
                source=config.source,
                elapsed_s=elapsed_s,
                reason=stop_request.reason,
                verdict=verdict_of(accounts),
                exit_code=exit_code_of(
                    accounts,
                    given_up=any(group.is_given_up for group in groups),
                    journal_failed=any(end.failure for end in journal_ends),
                ),
                accounts=accounts,
                strategies=tuple(strategy_status(report) for report in reports),
                crashes=tuple(
                    Crashes(name=group.name, restarts=group.restarts, is_given_up=group.is_given_up)
                    for group in groups
                    if group.restarts or group.is_given_up
                ),
                journals=journal_ends,
                loop_lag=watchdog.summary(),
                hangs=len(hangs),
                dead_letters=dead_letters,
            )
        )

    async def _run_embedded(self, stack: AsyncExitStack) -> EmbeddedExchange | None:
        config = self._config
        if config.embedded is None:
            return None
        starting = stack.enter_async_context(run_embedded(config.embedded, [each.name for each in config.accounts]))
        embedded = await self._stop_request.unless_asked(starting)
        self._hide(embedded.credentials_of(self._config.accounts))
        return embedded

    def _hide(self, credentials: Mapping[str, Credentials]) -> None:
        for one in credentials.values():
            self._output.hider.learn([one.reveal_key(), one.reveal_secret()])

    async def _leave(self, system: TradingSystem, _: object, fault: BaseException | None, __: object) -> None:
        """Stops the actors; if something broke before the closing, also does what the closing would have done."""
        if self._is_closed:
            await system.stop_actors()
            return
        shutdown = self._config.shutdown
        must_cancel = shutdown.cancel_open_orders and not self._exchange_is_gone
        problems = await system.stop(cancel_open_orders=must_cancel, patience_s=shutdown.patience_s)
        if problems:
            _log.error("ended_by_a_fault", exc_info=fault)
            raise OrdersMayBeOpenError(problems, fault) from fault

    async def _readers(
        self,
        system: TradingSystem,
        environment: Environment,
        venues: Mapping[str, Venue],
        credentials: Mapping[str, Credentials],
        embedded: EmbeddedExchange | None,
    ) -> dict[str, RecordReader]:
        readers: dict[str, RecordReader] = {}
        for account in self._config.accounts:
            if embedded is not None:
                readers[account.name] = ControlRecordReader(
                    environment.http, embedded.control, account.venue, account.name
                )
            else:
                venue = venues[account.venue]
                rest = venue.create_private_rest(credentials[account.name])
                live_from_ms = (await system.account(account.name).snapshot()).true_at_ms
                readers[account.name] = RestRecordReader(rest, venue.server_now_ms, from_ms=live_from_ms)
        return readers

    async def _until_the_end(self, environment: Environment, embedded: EmbeddedExchange | None) -> None:
        stop_request = self._stop_request

        async def time_is_up(for_s: float) -> None:
            await environment.clock.sleep(for_s)
            stop_request.ask("the time was up")

        async def exchange_is_gone(exchange: EmbeddedExchange) -> None:
            code = await exchange.ended()
            self._exchange_is_gone = True
            stop_request.ask(f"the embedded exchange ended by itself with code {code}")

        watchers = []
        if self._options.for_s is not None:
            watchers.append(environment.spawn(time_is_up(self._options.for_s), "time_is_up"))
        if embedded is not None:
            watchers.append(environment.spawn(exchange_is_gone(embedded), "exchange_is_gone"))
        await stop_request.wait()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        _log.info("stopping", reason=stop_request.reason)


def _noted(summary: Summary) -> Summary:
    """The summary, which the log tells in short: stdout may have no reader."""
    _log.info("run_ended", reason=summary.reason, verdict=summary.verdict, exit_code=int(summary.exit_code))
    return summary


def _kill_switches(config: Config, directory: Path | None) -> dict[str, KillSwitchFile]:
    return {} if directory is None else {a.name: KillSwitchFile(directory, a.name) for a in config.accounts}


async def _start_observer(notes: Notes, host: LoopHost, stack: AsyncExitStack) -> Address:
    ref = Observer.start(notes, host=host)
    await ref.started

    async def end() -> None:
        await ref.stop()

    stack.push_async_callback(end)
    address = Address("observer", host.dead_letters)
    address.bind(ref)
    return address


def _name_accounts(error: TellerError, notes: Notes) -> None:
    """Says whose error it is, where the error itself does not."""
    names = [repr(name) for name, cause in notes.failures.items() if cause == str(error)]
    if names:
        error.add_note(f"account {', '.join(names)}")


def settle_interpreter() -> None:
    """Prepares Python for trading, before that begins.

    What is there by now lives as long as we do: the collector need not look at it again. And a thread that computes, a
    strategy's or the journal's, hands the interpreter back to the event loop within half a millisecond instead of five.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
