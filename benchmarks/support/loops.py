"""The event loop and the log of a benchmark: those of the program itself."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

try:
    import uvloop
except ImportError:  # where there is none, the program runs on asyncio's own loop, too
    _new_loop, LOOP = asyncio.new_event_loop, "asyncio"
else:
    _new_loop, LOOP = uvloop.new_event_loop, "uvloop"


def run_on_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs it on the loop that `run.py` uses; `LOOP` is its name."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(coroutine)


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
