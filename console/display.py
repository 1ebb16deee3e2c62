"""What is seen while it runs: the live view in a terminal, a status line for each account otherwise."""

import json
from contextlib import AsyncExitStack
from typing import Final, Self

import structlog

from config import LoggingConfig
from console.logs import configure_logs
from console.monitor import Monitor
from console.output import Output
from console.screen import Screen, open_screen
from console.status_report import StatusReport
from exchanges.base.environment import Clock
from messages.errors import TellerError

_log = structlog.get_logger("teller.display")
_VIEW_EVERY_S: Final = 0.25
_STATUS_EVERY_S: Final = 5.0
_VIEW_LOG: Final = "teller.log"


class Display:
    """Shows reports of a monitor until it is canceled; falls back to status lines when the view is gone."""

    def __init__(self, output: Output, screen: Screen | None) -> None:
        self._output = output
        self._screen = screen

    @classmethod
    async def open(
        cls, output: Output, logging: LoggingConfig, stack: AsyncExitStack, *, source: str, plain: bool
    ) -> Self:
        """With the live view where stdout is a terminal, unless ``plain`` or JSON; ``stack`` closes it again.

        The log leaves the terminal to the view: without a file of its own it goes to ``teller.log``.

        Raises:
            ConfigurationError: that file cannot be written.
        """
        if plain or output.json or output.outlets is None or not output.is_terminal:
            return cls(output, None)
        if logging.file is None:
            outlets = output.outlets
            configure_logs(logging, outlets.file(_VIEW_LOG, "the live view's log"))
            stack.callback(configure_logs, logging, outlets.err)
            output.text(f"the log is in {_VIEW_LOG}")
        screen = await stack.enter_async_context(open_screen(output.text))
        screen.show(StatusReport(source=source, phase="starting", elapsed_s=0.0, for_s=None))
        return cls(output, screen)

    async def run(self, monitor: Monitor, clock: Clock) -> None:
        """Until canceled."""
        while True:
            await clock.sleep(_STATUS_EVERY_S if self._open_screen is None else _VIEW_EVERY_S)
            try:
                report = await monitor.report()
            except TellerError as error:
                _log.warning("no_picture", error=str(error))
                continue
            screen = self._open_screen
            if screen is not None:
                screen.show(report)
            elif self._output.json:
                self._output.record("status", report, may_be_lost=True)
            else:
                for line in status_lines(report):
                    self._output.text(line, may_be_lost=True)

    @property
    def _open_screen(self) -> Screen | None:
        return self._screen if self._screen is not None and self._screen.is_open else None


def status_lines(report: StatusReport) -> list[str]:
    """One for each account, as key=value."""
    lines = []
    for a in report.accounts:
        pnl = "".join(f" pnl={s.pnl:.4f}" for s in report.strategies if s.account == a.account and s.pnl is not None)
        killed = "" if a.kill_switch is None else f" kill_switch={json.dumps(a.kill_switch)}"
        lines.append(
            f"status elapsed_s={report.elapsed_s:.0f} account={a.account} state={a.sync_state} "
            f"open_orders={a.open_orders_count} executed_orders={a.executed_orders_count} fills={a.fills_count} "
            f"events_per_s={a.events_per_s:.1f} event_p99_ms={a.event_latency.p99_ms:.1f} "
            f"order_p99_ms={a.command_latency.p99_ms:.1f} mailbox={a.mailbox_depth}{pnl}{killed}"
        )
    return lines
