"""Runs one command's coroutine on the fastest event loop there is, and makes its end an exit code."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from console.exit_codes import ExitCode
from messages.errors import TellerError

_log = structlog.get_logger("teller")


def run(command: Coroutine[Any, Any, int], *, complain: Callable[[str], None]) -> int:
    """Returns the exit code; ``complain`` is told the cause of a failure in a line or a few."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(command)
        except TellerError as error:
            complain(": ".join([*getattr(error, "__notes__", []), str(error)]))
            return ExitCode.of(error)
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED
        except Exception as error:
            _log.exception("unexpected_error")
            complain(f"unexpected {type(error).__name__}: see the log")
            return ExitCode.UNEXPECTED


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
