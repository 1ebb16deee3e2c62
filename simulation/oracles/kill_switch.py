"""R13 of the kill switch: while it is engaged nothing rests and nothing new is taken; it stays until it is released.

Whether it is engaged is asked of the account once a second. Between two answers that say so it was engaged all the
while, unless somebody asked for its release in between.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import msgspec

from actors.runtime import Reply
from exchanges.simulator import Exchange
from messages.commands import AmendOrder, Command, EngageKillSwitch, GetTradingStats, PlaceOrder, ReleaseKillSwitch
from messages.snapshot import TradingStats
from simulation.oracles.book_history import BookHistory
from simulation.oracles.check import client_id_of
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.oracle import Oracle

Ask = Callable[[str, Command], "Reply[TradingStats] | None"]
"""Asks an account, by its name; None while there is nobody to ask."""


class Seen(msgspec.Struct, frozen=True):
    """What an account said of its kill switch at ``at_s`` (virtual seconds), after ``commands`` were filed in all.

    ``reason``: None where it is not engaged. ``life``: counts the program's lives.
    """

    at_s: float
    reason: str | None
    commands: int
    life: int


class KillSwitch(Oracle):
    """Holds commands, their answers and the books against what each account says of its kill switch."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        history: BookHistory,
        log: CommandLog,
        names: Iterable[str],
        ask: Ask,
        now_s: Callable[[], float],
        can_reach: Callable[[str], bool],
        bound_s: float,
    ) -> None:
        """``can_reach``: whether the program runs and the exchange takes cancels of this account now.

        ``bound_s``: from then on, and from the switch's engaging, orders may rest for so many virtual seconds."""
        self._exchange = exchange
        self._history = history
        self._log = log
        self._ask = ask
        self._now_s = now_s
        self._can_reach = can_reach
        self._bound_s = bound_s
        self._life = 0
        self._seen: dict[str, Seen | None] = dict.fromkeys(names)
        self._engaged_s: dict[str, float] = {}
        self._reached_s: dict[str, float] = {}
        self._resting: set[tuple[str, int]] = set()
        self._found: list[str] = []

    def look(self) -> Iterator[str]:
        yield from self._take_found()
        now_s = self._now_s()
        for name in self._seen:
            if not self._can_reach(name):
                self._reached_s.pop(name, None)
            else:
                self._reached_s.setdefault(name, now_s)
                yield from self._what_rests(name, now_s)
            reply = self._ask(name, GetTradingStats())
            if reply is not None:
                reply.add_done_callback(partial(self._answered, name))

    def begin_life(self) -> None:
        """Nothing can be canceled until the next life runs; nobody looks while it is away for a night."""
        self._life += 1
        self._reached_s.clear()

    def resume(self) -> None:
        """It could cancel nothing while it stood still."""
        self._reached_s.clear()

    def compare(self) -> Iterator[str]:
        yield from self._take_found()

    def known(self, name: str) -> Seen | None:
        """What the account said last, if nobody has asked for a change since; None where that is not known."""
        seen = self._seen[name]
        if seen is None or any(self._pending(name, seen, EngageKillSwitch, ReleaseKillSwitch)):
            return None
        return seen

    def _take_found(self) -> Iterator[str]:
        found, self._found = self._found, []
        yield from found

    def _answered(self, name: str, answer: Reply[TradingStats]) -> None:
        if answer.error is not None:
            return
        before = self._seen[name]
        now = Seen(self._now_s(), answer.result().kill_switch, len(self._log.commands), self._life)
        self._seen[name] = now
        was_engaged = before is not None and before.reason is not None
        was_released = before is not None and any(self._pending(name, before, ReleaseKillSwitch))
        if now.reason is None:
            self._engaged_s.pop(name, None)
            if was_engaged and not was_released:
                self._found.append(f"{name}: the kill switch was engaged, and is not; nobody has released it (R13)")
        elif before is None or not was_engaged or was_released:
            self._engaged_s[name] = now.at_s
        else:
            self._found += (
                f"{name}: {type(filed.command).__name__} was taken while the kill switch was engaged (R13)"
                for filed in self._log.commands[before.commands : now.commands]
                if filed.account == name
                and isinstance(filed.command, PlaceOrder | AmendOrder)
                and filed.is_answered
                and not filed.was_not_sent
            )

    def _pending(self, name: str, seen: Seen, *kinds: type[Command]) -> Iterator[FiledCommand]:
        """Commands of these kinds that may have been carried out after the account said what was ``seen``."""
        return (
            filed for filed in self._log.of(name, *kinds) if filed.answered_s is None or filed.answered_s >= seen.at_s
        )

    def _what_rests(self, name: str, now_s: float) -> Iterator[str]:
        engaged_s = self._engaged_s.get(name)
        if engaged_s is None:
            return
        since_s = max(engaged_s, self._reached_s[name])
        for number, order in self._exchange.engine.accounts[name].open_orders.items():
            if client_id_of(order) is None:
                continue
            began_s = self._history.states(name, number)[0].at_s
            rested_s = now_s - max(since_s, began_s)
            if rested_s > self._bound_s and (name, number) not in self._resting:
                self._resting.add((name, number))
                yield f"{name}: order {number} rests {rested_s:.0f} s after the kill switch could cancel it (R13)"
