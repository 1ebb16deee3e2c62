"""The event loop and the log of a benchmark: those of the program itself."""

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from console.start import SWITCH_INTERVAL_S

T = TypeVar("T")

try:
    import uvloop
except ImportError:  # where there is none, the program runs on asyncio's own loop, too
    _new_loop, LOOP = asyncio.new_event_loop, "asyncio"
else:
    _new_loop, LOOP = uvloop.new_event_loop, "uvloop"


def run_on_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs it on the loop that `run.py` uses, among threads that share the interpreter as there; `LOOP` is its name."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(coroutine)
    finally:
        sys.setswitchinterval(before_s)


def log_like_the_program() -> None:
    """Logs at INFO, rendered and written, but where nobody reads it. For a process that does nothing else."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(open(os.devnull, "w")),  # noqa: SIM115 open as long as we run
        cache_logger_on_first_use=False,
    )
