"""From parsed arguments to a running command."""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from config import LoggingConfig, load_config
from console.check import check
from console.exit_codes import ExitCode
from console.logs import Hider, configure_logs, open_log
from console.output import Output
from console.program import run
from console.start import StartOptions, start
from exchanges.simulator import config_from, simulate
from messages.errors import TellerError


def run_command(arguments: argparse.Namespace) -> int:
    """Returns the exit code; whatever goes wrong is told on stderr in a line or a few."""
    hider = Hider()

    def complain(text: str) -> None:
        sys.stderr.write(hider.hide(f"run.py {arguments.command}: {text}\n"))

    return {"start": _start, "check": _check, "simulate": _simulate}[arguments.command](arguments, hider, complain)


def _start(arguments: argparse.Namespace, hider: Hider, complain: Callable[[str], None]) -> int:
    with ExitStack() as stack:
        try:
            config = load_config(arguments.config)
            config = msgspec.structs.replace(config, logging=_logging(config.logging, arguments))
            path = config.logging.file
            log = None if path is None else stack.enter_context(open_log(path, f"{config.source}: logging.file"))
            configure_logs(config.logging, hider, log)
        except TellerError as error:
            complain(str(error))
            return ExitCode.of(error)
        options = StartOptions(for_s=arguments.for_s, plain=arguments.plain)
        return run(start(config, options, Output(json=arguments.json, hider=hider)), complain=complain)


def _check(arguments: argparse.Namespace, hider: Hider, complain: Callable[[str], None]) -> int:
    configure_logs(_logging(LoggingConfig(level="error"), arguments), hider)
    return run(check(arguments.config, Output(json=False, hider=hider)), complain=complain)


def _simulate(arguments: argparse.Namespace, hider: Hider, complain: Callable[[str], None]) -> int:
    configure_logs(LoggingConfig(), hider)
    try:
        config = config_from(arguments)
    except ValueError as error:
        complain(str(error))
        return ExitCode.CONFIGURATION
    return run(simulate(config, exit_when_stdin_closes=arguments.exit_when_stdin_closes), complain=complain)


def _logging(settings: LoggingConfig, arguments: argparse.Namespace) -> LoggingConfig:
    """The file's settings, unless the command line says otherwise."""
    return LoggingConfig(
        level=arguments.log_level or settings.level,
        format="json" if arguments.json_logs else settings.format,
        file=settings.file,
    )
