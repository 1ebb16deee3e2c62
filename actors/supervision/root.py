"""The root supervisor: groups of actors, restarted with intensity and backoff, stopped in reverse."""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Final

import msgspec
import structlog

from actors.connection.backoff import Backoff
from actors.runtime import Continue, LoopActor, Ref, Reply, TerminationCause, TerminationKind, handles
from actors.supervision.plans import ChildPlan, GroupPlan, RestartSettings
from messages.errors import ConfigurationError, TellerError
from messages.lanes import Lane

_log: Final = structlog.get_logger("teller.supervision")
_PAUSE_AFTER_FAILED_START_S: Final = 1.0
_STOP_MARGIN_S: Final = 5.0
"""On top of a child's own deadline, after which it is not waited for any longer."""


class StartGroup(msgspec.Struct, frozen=True):
    """Starts the actors of a group in order; answered when all have acknowledged, or with what stopped one."""

    plan: GroupPlan


class StopGroups(msgspec.Struct, frozen=True):
    """Stops the named groups, last started first, and each one's actors in reverse; answered when they are down.

    ``names``: None for all.
    """

    lane: ClassVar[Lane] = Lane.CONTROL

    names: tuple[str, ...] | None = None


class GetSupervision(msgspec.Struct, frozen=True):
    """Answered with a `GroupStatus` for each group."""


class GroupStatus(msgspec.Struct, frozen=True):
    """How a group fares: ``restarts`` over its whole life."""

    name: str
    is_up: bool
    is_given_up: bool
    restarts: int


class _Running(msgspec.Struct, frozen=True):
    """An actor that was started, and the plan that it was started by."""

    child: ChildPlan
    ref: Ref[Any]


class _Group:
    """What the supervisor knows of one group.

    Attributes:
        running: actors that run, the first ones of the plan; the others are to be started again.
        going: those being stopped for a restart. attempt: counts restarts begun; a later crash begins another, and what
            comes of an earlier one is then undone. starting: while actors are being started.
    """

    def __init__(self, plan: GroupPlan, backoff: Backoff) -> None:
        self.plan = plan
        self.backoff = backoff
        self.running: list[_Running] = []
        self.going: list[_Running] = []
        self.attempt = 0
        self.starting: asyncio.Task[Any] | None = None
        self.delay_s = 0.0
        self.restarted_s: deque[float] = deque()
        self.restarts = 0
        self.started_s = 0.0
        self.is_stopping = False
        self.is_given_up = False
        self.resuming: asyncio.Task[Any] | None = None


class RootSupervisor(LoopActor):
    """Keeps groups running. A crash is noticed at once; the group's address tells askers why it is away."""

    def __init__(self, *, settings: RestartSettings, rng: random.Random) -> None:
        super().__init__()
        self.name = "root"
        self._settings = settings
        self._rng = rng
        self._groups: dict[str, _Group] = {}

    # -- start ----------------------------------------------------------------------------------------------------

    @handles(StartGroup)
    def _start_group(self, message: StartGroup) -> None:
        plan = message.plan
        self._groups[plan.name] = _Group(plan, Backoff(self._settings.backoff, self._rng))
        self._bring_up(self._groups[plan.name], self.defer())

    def _bring_up(self, group: _Group, reply: Reply[Any] | None) -> None:
        attempt = group.attempt
        group.starting = self.io(
            f"start of {group.plan.name}",
            _start_children(group.plan.children[len(group.running) :]),
            lambda running: self._group_started(group, attempt, running, reply),
            lambda error: self._group_start_failed(group, attempt, error, reply),
        )

    def _group_started(self, group: _Group, attempt: int, running: list[_Running], reply: Reply[Any] | None) -> None:
        group.starting = None
        if group.is_stopping or attempt != group.attempt:
            self._take_down(group, running)
            return
        first = len(group.running)
        group.running.extend(running)
        group.started_s = self.now()
        for index, each in enumerate(running, start=first):
            each.ref.terminated.add_done_callback(partial(self._noticed, group, index, each.ref))
        if reply is not None:
            reply.set(None)
            return
        _log.warning("group_restarted", group=group.plan.name, restarts=group.restarts)
        group.resuming = self.spawn(_resume(group.plan), f"resume:{group.plan.name}")

    def _group_start_failed(self, group: _Group, attempt: int, error: Exception, reply: Reply[Any] | None) -> None:
        group.starting = None
        if reply is not None:
            reply.set_error(error)
        elif attempt != group.attempt:
            self._take_down(group, [])
        else:
            self._restart(group, len(group.running), TerminationCause(TerminationKind.START_FAILED, error))

    def _noticed(self, group: _Group, index: int, ref: Ref[Any], cause: Reply[TerminationCause]) -> None:
        ended = partial(self._child_ended, group, index, ref, cause.result())
        self.actor_ref.tell(Continue(f"end of {ref.name}", ended))

    # -- crashes --------------------------------------------------------------------------------------------------

    def _child_ended(self, group: _Group, index: int, ref: Ref[Any], cause: TerminationCause) -> None:
        is_current = index < len(group.running) and group.running[index].ref is ref
        if not is_current or group.is_stopping or not cause.is_failure:
            return
        _log.error(
            "child_crashed",
            group=group.plan.name,
            child=group.plan.children[index].name,
            cause=str(cause),
            exc_info=cause.error,
        )
        group.plan.went_down(cause)
        self._restart(group, index, cause)

    def _restart(self, group: _Group, first: int, cause: TerminationCause) -> None:
        if group.is_stopping:
            return
        if group.resuming is not None:
            group.resuming.cancel()
            group.resuming = None
        now_s, recent = self.now(), group.restarted_s
        while recent and recent[0] <= now_s - self._settings.within_s:
            recent.popleft()
        rest = group.running[first:]
        del group.running[first:]
        was_started = cause.kind is not TerminationKind.START_FAILED
        if not was_started and isinstance(cause.error, ConfigurationError):
            # What a person has to mend (a journal that cannot be written) is waited for: it is no fault of the actor's.
            group.delay_s = max(group.backoff.next_delay_s(), _PAUSE_AFTER_FAILED_START_S)
            _log.error(
                "group_not_started", group=group.plan.name, again_in_s=round(group.delay_s, 3), cause=str(cause.error)
            )
            self._take_down(group, rest)
            return
        if len(recent) >= self._settings.max_restarts:
            self._give_up(group, rest, cause)
            return
        recent.append(now_s)
        group.restarts += 1
        if was_started:
            group.backoff.was_live_for(now_s - group.started_s)
        group.delay_s = group.backoff.next_delay_s()
        self._take_down(group, rest)

    def _take_down(self, group: _Group, rest: list[_Running]) -> None:
        """Stops these, and whoever is on the way down already; then the group is brought up again, once."""
        group.attempt += 1
        group.going += rest
        attempt, what = group.attempt, f"end of {group.plan.name}"
        self.io(what, _stop_in_reverse(list(group.going)), lambda _: self._rest_down(group, attempt))

    def _rest_down(self, group: _Group, attempt: int) -> None:
        if attempt == group.attempt:
            group.going.clear()
            restart = partial(self._restart_due, group, attempt)
            self.call_later(group.delay_s, f"restart of {group.plan.name}", restart)

    def _restart_due(self, group: _Group, attempt: int) -> None:
        # Where an earlier attempt is still starting somebody, its end begins the next one.
        if attempt == group.attempt and not group.is_stopping and group.starting is None:
            self._bring_up(group, None)

    def _give_up(self, group: _Group, rest: list[_Running], cause: TerminationCause) -> None:
        _log.critical(
            "group_given_up",
            group=group.plan.name,
            restarts=group.restarts,
            within_s=self._settings.within_s,
            cause=str(cause),
        )
        group.is_given_up = True
        group.is_stopping = True
        rest = group.running + rest
        group.running = []
        self._take_down(group, rest)
        group.plan.given_up(cause)

    # -- the end --------------------------------------------------------------------------------------------------

    @handles(StopGroups)
    def _stop_groups(self, message: StopGroups) -> None:
        chosen = [
            group for name, group in reversed(self._groups.items()) if message.names is None or name in message.names
        ]
        for group in chosen:
            group.is_stopping = True
            if group.resuming is not None:
                group.resuming.cancel()
        self._stop_groups_and_answer(chosen, self.defer())

    def _stop_groups_and_answer(self, groups: list[_Group], reply: Reply[Any]) -> None:
        running = [each for group in reversed(groups) for each in (*group.running, *group.going)]
        starting = [group.starting for group in groups if group.starting is not None]
        self.io("end of groups", _stop_all(running, starting), lambda _: self._stopped(groups, running, reply))

    def _stopped(self, groups: list[_Group], stopped: list[_Running], reply: Reply[Any]) -> None:
        for group in groups:
            group.running.clear()
            group.going = [each for each in group.going if each not in stopped]
        if any(group.going for group in groups):  # a start was through in the last moment
            self._stop_groups_and_answer(groups, reply)
        else:
            reply.set(None)

    @handles(GetSupervision)
    def _get_supervision(self, _: GetSupervision) -> tuple[GroupStatus, ...]:
        return tuple(
            GroupStatus(
                name=name,
                is_up=len(group.running) == len(group.plan.children) and not group.is_stopping,
                is_given_up=group.is_given_up,
                restarts=group.restarts,
            )
            for name, group in self._groups.items()
        )


async def _resume(plan: GroupPlan) -> None:
    """Ends quietly when an actor of the group ends meanwhile: the restart that follows resumes anew."""
    try:
        await plan.resumed()
    except TellerError as error:
        _log.warning("group_not_resumed", group=plan.name, error=str(error))


async def _start_children(children: Sequence[ChildPlan]) -> list[_Running]:
    """Starts them in order, each acknowledged before the next; what was started is stopped again if one fails."""
    running: list[_Running] = []
    try:
        for child in children:
            ref = child.start()
            running.append(_Running(child, ref))
            await _started(ref)
            child.address.bind(ref)
    except BaseException:
        await _stop_in_reverse(running)
        raise
    return running


async def _started(ref: Ref[Any]) -> None:
    """Returns when it has started, or raises what its start failed with."""
    await ref.started


async def _stop_in_reverse(running: Sequence[_Running]) -> None:
    """One that does not end in its time (a thread in a call that blocks) is left behind, and told."""
    for each in reversed(running):
        deadline_s = each.child.stop_deadline_s
        try:
            async with asyncio.timeout(deadline_s + _STOP_MARGIN_S):
                await each.ref.stop(deadline_s=deadline_s)
        except TimeoutError:
            _log.error("child_left_behind", child=each.child.name, waited_s=deadline_s + _STOP_MARGIN_S)


async def _stop_all(running: Sequence[_Running], starting: Sequence[asyncio.Task[Any]]) -> None:
    """Calls starts off that are under way, which take back what they began, and stops these."""
    for task in starting:
        task.cancel()
    if starting:
        await asyncio.wait(starting)
    await _stop_in_reverse(running)
