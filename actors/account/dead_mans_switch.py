"""Keeps the exchange's own countdown alive, so that it cancels our orders when we no longer can."""

from typing import Final

import structlog

from actors.account.context import AccountContext
from messages.enums import SyncState
from messages.errors import TellerError

_log: Final = structlog.get_logger("teller.account")
_CALLS_PER_COUNTDOWN: Final = 3
"""So many times within one countdown it is started anew: two calls may be lost."""


class DeadMansSwitch:
    """While the account is live the exchange is told again and again; when we fall silent it cancels every open order
    of the account. Off where ``settings.dead_mans_switch_s`` is None. Only used inside the account's turns (R1)."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._is_running = False
        self.is_armed = False

    def live(self) -> None:
        """The account is live: the countdown begins, or goes on."""
        if self._context.settings.dead_mans_switch_s is not None and not self._is_running:
            self._is_running = True
            self._tell()

    def _tell(self) -> None:
        context, timeout_s = self._context, self._context.settings.dead_mans_switch_s
        if timeout_s is None or context.sync_state is not SyncState.LIVE:
            self._is_running = False
            return
        rest = context.require_rest()
        context.io("arm_dead_mans_switch", rest.arm_dead_mans_switch(timeout_s), self._armed, self._not_armed)
        context.later(timeout_s / _CALLS_PER_COUNTDOWN, self._tell)

    def _armed(self, _: None) -> None:
        self.is_armed = True

    def _not_armed(self, error: Exception) -> None:
        _log.warning("dead_mans_switch_not_armed", account=self._context.name, error=str(error))
        self._context.tell_trouble(error)

    async def disarm(self) -> None:
        """For an orderly end: nothing is cancelled behind our back later. Never raises."""
        rest = self._context.rest
        if not self.is_armed or rest is None:
            return
        try:
            await rest.arm_dead_mans_switch(0)
        except TellerError as error:
            _log.warning("dead_mans_switch_not_disarmed", account=self._context.name, error=str(error))
