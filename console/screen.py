"""The live view from the side of the process that trades: starts the viewer, sends it reports, never waits for it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog

from console.embedded import ROOT
from console.status_report import StatusReport

_log = structlog.get_logger("teller.screen")
_CLOSE_S = 3.0
_SHOW_AGAIN = "\x1b[?1049l\x1b[?25h"
"""Leaves the viewer's page and shows the cursor, as a viewer that ends by itself does."""


class Screen:
    """A running viewer."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None, "it is a pipe"
        self._process = process
        self._reports = process.stdin

    @property
    def is_open(self) -> bool:
        return self._process.returncode is None and not self._reports.is_closing()

    def show(self, report: StatusReport) -> None:
        """Sends a report, unless the viewer has not taken the one before yet."""
        if self.is_open and not self._reports.transport.get_write_buffer_size():
            self._reports.write(msgspec.json.encode(report) + b"\n")


@asynccontextmanager
async def open_screen(say: Callable[[str], None]) -> AsyncIterator[Screen]:
    """Takes the terminal while the ``async with`` lasts, and gives it back as it was.

    ``say``: writes a line to the terminal without waiting for it: who pressed Ctrl-S has stopped the viewer.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.view", stdin=asyncio.subprocess.PIPE, cwd=ROOT
    )
    screen = Screen(process)
    try:
        yield screen
    finally:
        assert process.stdin is not None, "it is a pipe"
        process.stdin.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await process.wait()
        except TimeoutError:
            _log.warning("viewer_lingers", pid=process.pid)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            say(f"{_SHOW_AGAIN}the live view did not end by itself")
