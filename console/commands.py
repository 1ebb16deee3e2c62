"""From parsed arguments to a running command."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from actors.journal import HistoryFilter
from config import LoggingConfig, load_config
from console.cancel_command import cancel_all
from console.check import check
from console.exit_codes import ExitCode
from console.history import history, parse_time
from console.kill_switch_command import switch
from console.logs import Hider, configure_logs
from console.outlets import Outlets
from console.output import Output
from console.program import run
from console.start import StartOptions, start
from console.withdrawals import withdrawals
from exchanges.simulator import config_from, simulate
from messages.commands import CancelAll
from messages.enums import OrderStatus, Side
from messages.errors import TellerError
from messages.symbol import Symbol


def run_command(arguments: argparse.Namespace) -> int:
    """Returns the exit code; whatever goes wrong is told on stderr in a line or a few."""
    commands = {
        "start": _start,
        "check": _check,
        "simulate": _simulate,
        "history": _history,
        "kill-switch": _kill_switch,
        "cancel-all": _cancel_all,
        "withdrawals": _withdrawals,
    }
    hider = Hider()
    with Outlets(hider) as outlets:

        def complain(text: str) -> None:
            outlets.err.insist(f"run.py {arguments.command}: {text}\n")

        return commands[arguments.command](arguments, outlets, complain)


def _start(arguments: argparse.Namespace, outlets: Outlets, complain: Callable[[str], None]) -> int:
    try:
        config = load_config(arguments.config)
        config = msgspec.structs.replace(config, logging=_logging(config.logging, arguments))
        path = config.logging.file
        log = outlets.err if path is None else outlets.file(path, f"{config.source}: logging.file")
        configure_logs(config.logging, log)
    except TellerError as error:
        complain(str(error))
        return ExitCode.of(error)
    options = StartOptions(for_s=arguments.for_s, plain=arguments.plain)
    output = Output(json=arguments.json, hider=outlets.hider, outlets=outlets)
    return run(start(config, options, output), complain=complain)


def _check(arguments: argparse.Namespace, outlets: Outlets, complain: Callable[[str], None]) -> int:
    configure_logs(_logging(LoggingConfig(level="error"), arguments), outlets.err)
    return run(check(arguments.config, Output(json=False, hider=outlets.hider)), complain=complain)


def _simulate(arguments: argparse.Namespace, outlets: Outlets, complain: Callable[[str], None]) -> int:
    configure_logs(LoggingConfig(), outlets.err)
    try:
        config = config_from(arguments)
    except ValueError as error:
        complain(str(error))
        return ExitCode.CONFIGURATION
    return run(simulate(config, exit_when_stdin_closes=arguments.exit_when_stdin_closes), complain=complain)


def _history(arguments: argparse.Namespace, outlets: Outlets, complain: Callable[[str], None]) -> int:
    def work() -> int:
        now = datetime.now(UTC)
        wanted = HistoryFilter(
            symbol=None if arguments.symbol is None else Symbol.parse(arguments.symbol),
            from_ms=None if arguments.from_time is None else parse_time(arguments.from_time, now),
            to_ms=None if arguments.to_time is None else parse_time(arguments.to_time, now),
            statuses=None if arguments.status is None else frozenset(map(OrderStatus, arguments.status)),
            limit=arguments.limit,
        )
        output = Output(json=False, hider=outlets.hider)
        return history(load_config(arguments.config), arguments.accounts, wanted, arguments.form, output)

    return _told(work, outlets, complain)


def _kill_switch(arguments: argparse.Namespace, outlets: Outlets, complain: Callable[[str], None]) -> int:
    async def work() -> int:
        output, config = Output(json=False, hider=outlets.hider), load_config(arguments.config)
        return await switch(
            config,
            arguments.action,
            arguments.accounts,
            reason=arguments.reason,
            within_s=arguments.within_s,
            output=output,
        )

    configure_logs(LoggingConfig(level="error"), outlets.err)
    return run(work(), complain=complain)


def _cancel_all(arguments: argparse.Namespace, outlets: Outlets, complain: Callable[[str], None]) -> int:
    async def work() -> int:
        output, config = Output(json=False, hider=outlets.hider), load_config(arguments.config)
        symbol = None if arguments.symbol is None else Symbol.parse(arguments.symbol)
        scope = CancelAll(symbol=symbol, side=None if arguments.side is None else Side(arguments.side))
        return await cancel_all(config, arguments.accounts, scope, arguments.within_s, output)

    configure_logs(LoggingConfig(level="error"), outlets.err)
    return run(work(), complain=complain)


def _withdrawals(arguments: argparse.Namespace, outlets: Outlets, complain: Callable[[str], None]) -> int:
    async def work() -> int:
        output, config = Output(json=False, hider=outlets.hider), load_config(arguments.config)
        return await withdrawals(config, arguments.accounts, arguments.currency, arguments.limit, output)

    configure_logs(LoggingConfig(level="error"), outlets.err)
    return run(work(), complain=complain)


def _told(work: Callable[[], int], outlets: Outlets, complain: Callable[[str], None]) -> int:
    """The exit code of work that needs no event loop."""
    configure_logs(LoggingConfig(level="error"), outlets.err)
    try:
        return work()
    except TellerError as error:
        complain(str(error))
        return ExitCode.of(error)


def _logging(settings: LoggingConfig, arguments: argparse.Namespace) -> LoggingConfig:
    """The file's settings, unless the command line says otherwise."""
    return LoggingConfig(
        level=arguments.log_level or settings.level,
        format="json" if arguments.json_logs else settings.format,
        file=settings.file,
    )
