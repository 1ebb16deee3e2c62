"""R13 of the dead man's switch: while an account is live the exchange's countdown really runs, started again and again;
after an orderly end it does not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from simulation.oracles.book_history import BookHistory
from simulation.oracles.oracle import Oracle
from simulation.oracles.watcher import Told
from simulation.venues.wire import Action

_SPANS: Final = 2
"""Within so many spans of live time with the exchange in reach a countdown that ran out has been started again."""


class Countdowns(Oracle):
    """Judges by the requests that reached the exchange, whatever their answers came to."""

    def __init__(
        self,
        *,
        history: BookHistory,
        told: Mapping[str, Told],
        names: Iterable[str],
        now_s: Callable[[], float],
        can_reach: Callable[[str], bool],
        span_s: int | None,
        slack_s: float,
    ) -> None:
        """``can_reach``: as in `simulation.oracles.kill_switch.KillSwitch`. ``span_s``: of the countdown that is wished
        for; None: none is. ``slack_s``: what requests may take."""
        self._history = history
        self._told = told
        self._names = tuple(names)
        self._now_s = now_s
        self._can_reach = can_reach
        self._span_s = span_s
        self._slack_s = slack_s
        self._runs_until_s = dict.fromkeys(self._names, 0.0)
        self._read = 0
        self._since_s: dict[str, float] = {}

    def begin_life(self) -> None:
        self._since_s.clear()

    def resume(self) -> None:
        """A program that stood still could start none."""
        self._since_s.clear()

    def look(self) -> Iterator[str]:
        self._take_new()
        now_s, span_s = self._now_s(), self._span_s
        if span_s is None:
            return
        for name in self._names:
            if self._told[name].live_since_s is None or not self._can_reach(name):
                self._since_s.pop(name, None)
                continue
            since_s = max(self._since_s.setdefault(name, now_s), self._runs_until_s[name])
            if now_s - since_s > _SPANS * span_s + self._slack_s:
                self._since_s[name] = now_s
                yield f"{name}: has been live for {now_s - since_s:.0f} s without a countdown of {span_s} s (R13)"

    def final(self) -> Iterator[str]:
        self._take_new()
        for name, until_s in self._runs_until_s.items():  # one that was stopped runs until then
            if until_s > self._now_s():
                yield f"{name}: its countdown runs on after the orderly end (R13)"

    def _take_new(self) -> None:
        requests = self._history.requests
        for done in requests[self._read :]:
            if done.command.action is Action.COUNTDOWN and done.label is None and done.account in self._runs_until_s:
                timeout_s = float(done.command.number("timeout") or 0)
                self._runs_until_s[done.account] = done.at_s + timeout_s
        self._read = len(requests)
