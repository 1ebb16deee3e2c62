"""R5 from outside: an account whose links have been gone for a while must not call itself live."""

from collections.abc import Iterator, Mapping

from messages.enums import SyncState
from simulation.environment.faults import Link, Weather
from simulation.environment.sockets import MemorySockets
from simulation.oracles.oracle import Oracle
from simulation.oracles.watcher import Told


class Staleness(Oracle):
    """Looks once a second at each account, its links, and what it says."""

    def __init__(
        self,
        *,
        keys: Mapping[str, str],
        told: Mapping[str, Told],
        weather: Weather,
        sockets: MemorySockets,
        noticed_within_s: float,
    ) -> None:
        """``keys``: API keys by account name. ``noticed_within_s``: so long a link may be gone unnoticed."""
        self._keys = keys
        self._told = told
        self._weather = weather
        self._sockets = sockets
        self._noticed_within_s = noticed_within_s
        self._was_up_s: dict[tuple[str, Link], float] = {}

    def begin_life(self) -> None:
        """The program was killed: nobody looked since, and who comes back has a clean record."""
        self._was_up_s.clear()

    def resume(self) -> None:
        """It has to notice what was down meanwhile from now on."""
        self._was_up_s.clear()

    def look(self) -> Iterator[str]:
        now_s = self._weather.now_s()
        for name, key in self._keys.items():
            is_live = self._told[name].sync_state is SyncState.LIVE
            for link in Link:
                if not is_live or self._is_up(link, key):
                    self._was_up_s[name, link] = now_s
                    continue
                down_s = now_s - self._was_up_s.setdefault((name, link), now_s)
                if down_s > self._noticed_within_s:
                    yield f"{name}: is live although its {link.value} has been gone for {down_s:.0f} s (R5)"
                    self._was_up_s[name, link] = now_s

    def _is_up(self, link: Link, key: str) -> bool:
        if link is Link.PRIVATE_SOCKET:
            return (
                any(
                    connection.key == key and not connection.is_half_open
                    for connection in self._sockets.open
                    if connection.is_private
                )
                and self._weather.outage(link, key) is None
            )
        if link is Link.PUBLIC_SOCKET:
            feeds = (each for each in self._sockets.open if not each.is_private and not each.is_half_open)
            return any(feeds) and self._weather.outage(link, None) is None
        return self._weather.outage(link, None if link is Link.PUBLIC_REST else key) is None
