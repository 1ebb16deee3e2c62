"""Keeps the exchange's own countdown alive, so that it cancels our orders when we no longer can."""

import asyncio
from typing import Any, Final

import structlog

from actors.account.context import AccountContext
from exchanges.base.clients import PrivateRest
from messages.enums import SyncState
from messages.errors import LocalRefusalError, TellerError, VenueRefusedError

_log: Final = structlog.get_logger("teller.account")
_CALLS_PER_COUNTDOWN: Final = 3
"""So many times within one countdown it is started anew: two calls may be lost."""
_LANDING_S: Final = 1.0
"""At an orderly end an arming that is under way is waited for so long, lest it arrive after the disarming."""
_TRY_S: Final = 1.5
_PAUSE_S: Final = 0.5
_TRIES: Final = 3
"""All of it fits into the time that a stopping actor has for its last hook."""


class DeadMansSwitch:
    """While the account is live the exchange is told again and again; when we fall silent it cancels every open order
    of the account. Off where ``settings.dead_mans_switch_s`` is None. Only used inside the account's turns (R1)."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._is_running = False
        self._arming: asyncio.Task[None] | None = None
        self._may_land_by_s = float("-inf")

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
        # A task of its own: the account's tasks are canceled when it ends, and this one is to be heard of first.
        arming = self._arming = asyncio.create_task(_arm(context.require_rest(), timeout_s))
        arming.add_done_callback(_retrieved)
        context.io("arm_dead_mans_switch", _answer_of(arming), lambda _: None, self._not_armed)
        context.later(timeout_s / _CALLS_PER_COUNTDOWN, self._tell)

    def _not_armed(self, error: Exception) -> None:
        if not isinstance(error, VenueRefusedError | LocalRefusalError):
            patience_ms = self._context.settings.unresolved_patience_ms
            self._may_land_by_s = self._context.monotonic_s() + patience_ms / 1000
        _log.warning("dead_mans_switch_not_armed", account=self._context.name, error=str(error))
        self._context.tell_trouble(error)

    async def disarm(self) -> None:
        """For an orderly end: nothing is canceled behind our back later. Never raises.

        Tried more than once, also where no arming was answered or an earlier actor of the account has armed it. An
        arming whose answer was lost may arrive after us: then it is taken back several times, and told.
        """
        context, arming = self._context, self._arming
        if context.settings.dead_mans_switch_s is None or context.rest is None:
            return
        if arming is not None:
            await asyncio.wait([arming], timeout=_LANDING_S)
        problem = ""
        for number in range(_TRIES):
            if number:
                await asyncio.sleep(_PAUSE_S)  # noqa: TID251 as the time-outs here, by the loop
            may_land = self._may_land(arming)
            problem = await self._disarm_once(context.rest)
            if not problem and not may_land:
                return
        if problem:
            _log.warning("dead_mans_switch_not_disarmed", account=context.name, error=problem)
        else:
            _log.warning("dead_mans_switch_may_be_armed_late", account=context.name)

    async def _disarm_once(self, rest: PrivateRest) -> str:
        """Returns what was wrong; empty if nothing was."""
        try:
            async with asyncio.timeout(_TRY_S):
                await _arm(rest, 0)
        except TellerError as error:
            return str(error)
        except TimeoutError:
            return f"no answer within {_TRY_S:g} s"
        return ""

    def _may_land(self, arming: asyncio.Task[None] | None) -> bool:
        """Whether an arming may arrive after what is sent now."""
        if arming is None:
            return False
        error = None if not arming.done() or arming.cancelled() else arming.exception()
        is_lost = error is not None and not isinstance(error, VenueRefusedError | LocalRefusalError)
        return not arming.done() or is_lost or self._context.monotonic_s() < self._may_land_by_s


async def _arm(rest: PrivateRest, timeout_s: int) -> None:
    await rest.arm_dead_mans_switch(timeout_s)


async def _answer_of(arming: asyncio.Task[None]) -> None:
    await asyncio.shield(arming)


def _retrieved(arming: asyncio.Task[Any]) -> None:
    """Its failure is not that of nobody's task."""
    if not arming.cancelled():
        arming.exception()
