"""What the random trader does, by name, and how often in relation to each other."""

from collections.abc import Mapping
from typing import Final

from simulation.options import Feature

ACTIONS: Final[Mapping[str, int]] = {
    "place_resting": 14,
    "place_post_only": 8,
    "place_taking": 8,
    "place_market": 4,
    "place_and_cancel": 3,
    "place_too_much": 2,
    "cancel": 14,
    "cancel_twice": 3,
    "cancel_all": 2,
    "amend": 10,
    "look_up": 8,
    "read": 4,
    "reload": 1,
    "kill_switch": 1,
}
"""What every trader does, and how often in relation to each other."""

HOSTILE_ACTIONS: Final[Mapping[str, tuple[Feature, int]]] = {
    "place_and_cancel_all": (Feature.CALLBACK_COMMANDS, 10),
    "cancel_by_own_id": (Feature.CALLBACK_COMMANDS, 5),
    "cancel_unknown": (Feature.STRANGE_QUERIES, 2),
    "look_up_unlisted": (Feature.STRANGE_QUERIES, 2),
    "place_unlisted": (Feature.STRANGE_QUERIES, 1),
    "place_absurd": (Feature.ABSURD_VALUES, 3),
    "kill_switch_long_reason": (Feature.ABSURD_VALUES, 1),
    "place_new_market": (Feature.LIVING_MARKETS, 2),
    "kill_switch_kept": (Feature.KILL_SWITCH_KEPT, 3),
    "withdraw": (Feature.WITHDRAWALS, 2),
    "read_withdrawals": (Feature.WITHDRAWALS, 2),
}
"""What only a trader with that feature does."""
