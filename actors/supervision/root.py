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
from actors.runtime import (
    LoopActor,
    Ref,
    Reply,
    TerminationCause,
    TerminationKind,
    handles,
    started,
    stop,
    tell,
    terminated,
)
from actors.supervision.plans import ChildPlan, GroupPlan, RestartSettings
from messages.errors import TellerError
from messages.lanes import Lane

_log: Final = structlog.get_logger("teller.supervision")


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


class _Started(msgspec.Struct, frozen=True):
    name: str
    first: int
    refs: list[Ref[Any]]
    reply: Reply[Any] | None


class _StartFailed(msgspec.Struct, frozen=True):
    name: str
    first: int
    error: Exception
    reply: Reply[Any] | None


class _Ended(msgspec.Struct, frozen=True):
    name: str
    index: int
    ref: Ref[Any]
    cause: TerminationCause


class _RestartDue(msgspec.Struct, frozen=True):
    name: str
    first: int


class _RestDown(msgspec.Struct, frozen=True):
    name: str
    first: int
    delay_s: float


class _Stopped(msgspec.Struct, frozen=True):
    reply: Reply[Any]


class _Group:
    """What the supervisor knows of one group."""

    def __init__(self, plan: GroupPlan, backoff: Backoff) -> None:
        self.plan = plan
        self.backoff = backoff
        self.refs: list[Ref[Any]] = []
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
        self._bring_up(plan.name, 0, self.defer())

    def _bring_up(self, name: str, first: int, reply: Reply[Any] | None) -> None:
        children = self._groups[name].plan.children[first:]
        self.pipe(
            _start_children(children),
            lambda refs: _Started(name, first, refs, reply),
            lambda error: _StartFailed(name, first, error, reply),
            name=f"start:{name}",
        )

    @handles(_Started)
    def _group_started(self, message: _Started) -> None:
        group = self._groups[message.name]
        del group.refs[message.first :]
        group.refs.extend(message.refs)
        group.started_s = self.now()
        if group.is_stopping:
            self.spawn(_stop_in_reverse(group.plan.children, list(group.refs)), f"stop:{message.name}")
            return
        for index, ref in enumerate(message.refs, start=message.first):
            terminated(ref).add_done_callback(partial(self._noticed, message.name, index, ref))
        if message.reply is not None:
            message.reply.set(None)
            return
        _log.warning("group_restarted", group=message.name, restarts=group.restarts)
        group.resuming = self.spawn(_resume(group.plan), f"resume:{message.name}")

    @handles(_StartFailed)
    def _group_start_failed(self, message: _StartFailed) -> None:
        if message.reply is not None:
            message.reply.set_error(message.error)
            return
        self._restart(message.name, message.first, TerminationCause(TerminationKind.START_FAILED, message.error))

    def _noticed(self, name: str, index: int, ref: Ref[Any], cause: Reply[TerminationCause]) -> None:
        tell(self.actor_ref, _Ended(name, index, ref, cause.result()))

    # -- crashes --------------------------------------------------------------------------------------------------

    @handles(_Ended)
    def _child_ended(self, message: _Ended) -> None:
        group = self._groups[message.name]
        is_current = message.index < len(group.refs) and group.refs[message.index] is message.ref
        if not is_current or group.is_stopping or not message.cause.is_failure:
            return
        _log.error(
            "child_crashed",
            group=message.name,
            child=group.plan.children[message.index].name,
            cause=str(message.cause),
            exc_info=message.cause.error,
        )
        group.plan.went_down(message.cause)
        self._restart(message.name, message.index, message.cause)

    def _restart(self, name: str, first: int, cause: TerminationCause) -> None:
        group = self._groups[name]
        if group.is_stopping:
            return
        if group.resuming is not None:
            group.resuming.cancel()
            group.resuming = None
        now_s, recent = self.now(), group.restarted_s
        while recent and recent[0] <= now_s - self._settings.within_s:
            recent.popleft()
        rest = list(group.refs[first:])
        del group.refs[first:]
        if len(recent) >= self._settings.max_restarts:
            self._give_up(group, rest, cause)
            return
        recent.append(now_s)
        group.restarts += 1
        group.backoff.was_live_for(now_s - group.started_s)
        delay_s = group.backoff.next_delay_s()
        self.pipe(
            _stop_in_reverse(group.plan.children[first:], rest),
            lambda _: _RestDown(name, first, delay_s),
            name=f"stop:{name}",
        )

    @handles(_RestDown)
    def _rest_down(self, message: _RestDown) -> None:
        self.later(message.delay_s, _RestartDue(message.name, message.first))

    @handles(_RestartDue)
    def _restart_due(self, message: _RestartDue) -> None:
        if not self._groups[message.name].is_stopping:
            self._bring_up(message.name, message.first, None)

    def _give_up(self, group: _Group, rest: list[Ref[Any]], cause: TerminationCause) -> None:
        _log.critical(
            "group_given_up",
            group=group.plan.name,
            restarts=group.restarts,
            within_s=self._settings.within_s,
            cause=str(cause),
        )
        group.is_given_up = True
        group.is_stopping = True
        rest = group.refs + rest
        group.refs = []
        self.spawn(_stop_in_reverse(group.plan.children, rest), f"stop:{group.plan.name}")
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
        reply = self.defer()
        self.pipe(
            _stop_all_in_reverse([(group.plan.children, list(group.refs)) for group in chosen]),
            lambda _: _Stopped(reply),
            name="stop",
        )

    @handles(_Stopped)
    def _groups_stopped(self, message: _Stopped) -> None:
        message.reply.set(None)

    @handles(GetSupervision)
    def _get_supervision(self, _: GetSupervision) -> tuple[GroupStatus, ...]:
        return tuple(
            GroupStatus(
                name=name,
                is_up=len(group.refs) == len(group.plan.children) and not group.is_stopping,
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


async def _start_children(children: Sequence[ChildPlan]) -> list[Ref[Any]]:
    """Starts them in order, each acknowledged before the next; what was started is stopped again if one fails."""
    refs: list[Ref[Any]] = []
    try:
        for child in children:
            ref = child.start()
            refs.append(ref)
            await started(ref)
            child.address.bind(ref)
    except BaseException:
        await _stop_in_reverse(children, refs)
        raise
    return refs


async def _stop_in_reverse(children: Sequence[ChildPlan], refs: Sequence[Ref[Any]]) -> None:
    for child, ref in reversed(list(zip(children, refs, strict=False))):
        await stop(ref, deadline_s=child.stop_deadline_s)


async def _stop_all_in_reverse(groups: Sequence[tuple[Sequence[ChildPlan], Sequence[Ref[Any]]]]) -> None:
    for children, refs in groups:
        await _stop_in_reverse(children, refs)
