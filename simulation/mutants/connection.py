"""A link that is broken goes unnoticed, or is not mended."""

from typing import Final

from simulation.environment.faults import Fault
from simulation.mutants.mutant import CALM, LONG_FAULT, bug
from simulation.options import Feature, Options

_CLOCK: Final = "exchanges/base/server_clock.py"
_SESSION: Final = "actors/account/session.py"
_SUPERVISOR: Final = "actors/connection/supervisor.py"
_WEBSOCKET: Final = "exchanges/base/websocket_connection.py"

_ONLY_MUTE: Final = Options(
    without=frozenset({each.value for each in Fault} - {Fault.SOCKET_MUTE.value})
    | {"burst", "outage", "action:reload"},
    storm_s=60.0,
)
"""Whatever else breaks a socket hides that it was deaf, and a user who reloads hides it from the checks."""

CONNECTION: Final = (
    bug("a deaf socket is not noticed", _SESSION, "        if missed:\n", "        if missed < 0:\n", _ONLY_MUTE),
    bug(
        "a silent socket is not noticed",
        _WEBSOCKET,
        '        self._end(f"nothing received for {silence_s:g} s")\n',
        '        logger.warning("nothing_received", session=self._name)\n',
        LONG_FAULT,
    ),
    bug(
        "a REST link that does not answer is not noticed",
        _SUPERVISOR,
        " LocalRefusalError | ListChangedError):\n            self._broke(error)\n",
        ' LocalRefusalError | ListChangedError):\n            self._report("")\n',
    ),
    bug(
        "market data may be gone from an account that is live",
        _SUPERVISOR,
        "        if not message.is_up and self._needs_public_feed and self._state is SyncState.LIVE:\n",
        "        if not message.is_up and not self._needs_public_feed and self._state is SyncState.LIVE:\n",
    ),
    bug(
        "one refused command ends the account",
        _SUPERVISOR,
        "        if message.session_id == self._session_id and session is not None and session.doubt_facts():\n"
        "            self.validate_connection_state()\n",
        "        if message.session_id == self._session_id and session is not None:\n"
        '            self._broke(ConnectionFailedError("a command was refused"))\n',
        CALM,
    ),
    bug(
        "nobody tries again after a second failure",
        _SUPERVISOR,
        "        if self._state is SyncState.DEGRADED:\n            self._retry_later()\n        else:\n",
        "        if self._state is not SyncState.DEGRADED:\n",
    ),
    bug(
        "seconds between attempts are taken for minutes",
        _SUPERVISOR,
        "        attempt, self._retry_at_s = self._attempt, self.now() + delay_s\n",
        "        attempt, self._retry_at_s = self._attempt, self.now()\n        delay_s *= 60\n",
    ),
    bug(
        "the exchange's clock is taken for ours",
        _CLOCK,
        "        return round(self._clock.monotonic_s() * 1000 + self._offset_ms)\n",
        "        return self._clock.now_ms()\n",
        Options(features=frozenset({Feature.CLOCK_JUMPS}), certain=True),
    ),
)
