"""The embedded exchange as a program: one JSON line on stdout when it is ready, logs on stderr."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

import structlog

from exchanges.simulator.core.config import SimulatorConfig, accounts_named
from exchanges.simulator.server import is_loopback, start_exchange

EXIT_OK = 0
EXIT_BAD_ARGUMENTS = 2
EXIT_CANNOT_LISTEN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the exchange's options to a parser; ``config_from`` reads them."""
    defaults = SimulatorConfig()
    parser.add_argument("--seed", type=int, default=defaults.seed, help="decides keys, secrets and the market")
    parser.add_argument("--host", default=defaults.host, help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port of REST and WebSocket (0: any free one)")
    parser.add_argument("--control-port", type=int, default=0, help="port of the control API (0: any free one)")
    parser.add_argument("--accounts", default="alpha,beta", metavar="N|NAMES", help="a number, or names with commas")
    parser.add_argument("--rest-latency-ms", type=float, default=0.0, help="how long a REST answer takes")
    parser.add_argument("--push-latency-ms", type=float, default=0.0, help="how long a pushed frame takes")
    parser.add_argument("--no-traders", action="store_true", help="no synthetic market, only what accounts place")
    parser.add_argument(
        "--funding-interval-s",
        type=int,
        default=defaults.funding_interval_s,
        help="seconds between two settlements of funding, of all contracts",
    )
    parser.add_argument(
        "--max-sockets", type=int, default=defaults.max_sockets, help="WebSocket sessions that it takes at a time"
    )
    parser.add_argument(
        "--exit-when-stdin-closes", action="store_true", help="end with the process that started this one"
    )


def config_from(arguments: argparse.Namespace) -> SimulatorConfig:
    """Returns the config that the options ask for. Raises ``ValueError`` naming what is not allowed."""
    return SimulatorConfig(
        seed=arguments.seed,
        host=arguments.host,
        rest_port=arguments.port,
        control_port=arguments.control_port,
        accounts=accounts_named(*_account_names(arguments.accounts)),
        rest_latency_ms=arguments.rest_latency_ms,
        push_latency_ms=arguments.push_latency_ms,
        traders_on=not arguments.no_traders,
        max_sockets=arguments.max_sockets,
        funding_interval_s=arguments.funding_interval_s,
        public_past=True,
    )


def _account_names(wanted: str) -> list[str]:
    if not wanted.isdecimal():
        return [name.strip() for name in wanted.split(",")]
    if not 1 <= int(wanted) <= 1000:
        raise ValueError(f"accounts: {wanted} is not allowed, must be 1 to 1000 or names with commas")
    first = ["alpha", "beta", "gamma", "delta"]
    return [first[i] if i < len(first) else f"account-{i + 1}" for i in range(int(wanted))]


async def simulate(config: SimulatorConfig, *, exit_when_stdin_closes: bool = False) -> int:
    """Runs an exchange until SIGTERM, SIGINT or, if asked for, the end of stdin; returns the exit code."""
    if not structlog.is_configured():  # stdout is for the one line
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        running = await start_exchange(config)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {config.host}: {error.strerror or error}\n")
        return EXIT_CANNOT_LISTEN
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        if exit_when_stdin_closes:
            _watch_stdin(lambda: loop.call_soon_threadsafe(ended.set))
        if not is_loopback(config.host):
            sys.stderr.write(
                f"WARNING: {config.host} can be reached from other machines. Keys and secrets of the accounts are in "
                "the line below, traffic is not encrypted, and the control API wants the token in it "
                "(Authorization: Bearer TOKEN).\n"
            )
        sys.stdout.write(json.dumps(running.endpoints) + "\n")
        sys.stdout.flush()
        await ended.wait()
    finally:
        await running.close()
    return EXIT_OK


def _watch_stdin(closed: Callable[[], object]) -> None:
    """Calls ``closed`` from a thread when stdin ends; a thread, as not every kind of stdin can be polled."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            continue
        with contextlib.suppress(RuntimeError):  # the loop may have ended first
            closed()

    threading.Thread(target=watch, name="stdin-watch", daemon=True).start()


def main(argv: list[str] | None = None) -> int:
    """Runs the exchange with the options of a command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m exchanges.simulator", description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        config = config_from(arguments)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_ARGUMENTS
    return asyncio.run(simulate(config, exit_when_stdin_closes=arguments.exit_when_stdin_closes))
