"""How long sockets and their listen keys last, where a venue has such rules: hours, made seconds for a run."""

import random
from typing import Final

import msgspec

from exchanges.simulator.core.config import SocketRules
from simulation.bounds import Bounds

_BEFORE_S: Final = 8.0
"""A client replaces a socket so long before the exchange ends it."""


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    rules: the exchange's. life_s: after so long a client whose venue ends sockets replaces them; None: not at all.
    """

    rules: SocketRules = SocketRules()
    life_s: float | None = None

    def bound(self, bounds: Bounds) -> Bounds:
        """With a client that prolongs a listen key in the same parts of its life as it does with one of an hour."""
        share = self.rules.key_life_s / SocketRules().key_life_s
        return msgspec.structs.replace(
            bounds,
            key_renewed_every_s=bounds.key_renewed_every_s * share,
            key_good_for_s=bounds.key_good_for_s * share,
            key_retry_s=bounds.key_retry_s * share,
        )


LONG: Final = Sessions()


def short_sessions(rng: random.Random) -> Sessions:
    """Keys that last for half a minute or an hour, few of them or many, and sockets for less than a minute."""
    life_s = rng.choice((20.0, 40.0))
    return Sessions(
        rules=SocketRules(life_s=life_s, key_life_s=rng.choice((30.0, 30.0, 3_600.0)), keys=rng.choice((2, 60))),
        life_s=life_s - _BEFORE_S,
    )
