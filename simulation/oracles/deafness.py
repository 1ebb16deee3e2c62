"""R5 of a socket that is open and answers, and tells nothing any more: the account must not go on with it for long.

A check loads what the socket has kept back, so that what is told stays right; an account that does not see where that
came from goes on half blind, and every piece of news is as late as its checks.
"""

from collections.abc import Iterator, Mapping

from messages.commands import Reload
from simulation.environment.sockets import MemorySockets
from simulation.oracles.command_log import CommandLog
from simulation.oracles.oracle import Oracle
from simulation.oracles.watcher import Told


class Deafness(Oracle):
    """Looks once a second for accounts that stay live on a socket that has kept a fill from them."""

    def __init__(
        self,
        *,
        keys: Mapping[str, str],
        told: Mapping[str, Told],
        log: CommandLog,
        sockets: MemorySockets,
        bound_s: float,
    ) -> None:
        """``keys``: API keys by account name. ``bound_s``: within so many virtual seconds a check must have found the
        fill; a user who reloads takes it out of the checks' sight, and the next fill counts."""
        self._keys = keys
        self._told = told
        self._log = log
        self._sockets = sockets
        self._bound_s = bound_s
        self._now_s = sockets.weather.now_s
        self._found: set[int] = set()

    def look(self) -> Iterator[str]:
        for connection in self._sockets.open:
            name = next((name for name, key in self._keys.items() if key == connection.key), None)
            live_s = None if name is None else self._told[name].live_since_s
            if name is None or live_s is None or connection.number in self._found or not connection.fills_withheld_s:
                continue
            reloads_s = [filed.asked_s for filed in self._log.of(name, Reload)]
            known_s = max([live_s, *(at_s + self._bound_s / 2 for at_s in reloads_s)])
            first_s = next((at_s for at_s in connection.fills_withheld_s if at_s > known_s), None)
            if first_s is not None and self._now_s() - first_s > self._bound_s:
                self._found.add(connection.number)
                deaf_s = self._now_s() - first_s
                yield f"{name}: is live on a socket that kept back a fill {deaf_s:.0f} s ago (R5)"
