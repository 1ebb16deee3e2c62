"""What a run is asked to be: its profile, which hostile features it may draw, and what is left out of it."""

import enum
from collections.abc import Iterable
from typing import Final

import msgspec


class Profile(enum.Enum):
    """How a run goes.

    STORM: many faults at once, then quiet. CALM: no fault of network or machine; any loss of LIVE is a violation.
    LONG_FAULT: one fault alone, for the whole run and perhaps through the comparison. ORDERLY_STOP: the program is
    stopped in the middle of the storm, and started again after it. NIGHT_OFF: the program is away for minutes to weeks
    while the exchange goes on. CROWDED: many markets and orders, so that limits bite that only bite at size.
    """

    STORM = "storm"
    CALM = "calm"
    LONG_FAULT = "long_fault"
    ORDERLY_STOP = "orderly_stop"
    NIGHT_OFF = "night_off"
    CROWDED = "crowded"


class Feature(enum.Enum):
    """Something hostile that a seed may draw; a friendly run has none of them."""

    # the exchange
    LAG = "lag"
    FORGETTING = "forgetting"
    REFUSALS = "refusals"
    REFUSED_KEYS = "refused_keys"
    UNKNOWN_ORDERS = "unknown_orders"
    LIVING_MARKETS = "living_markets"
    STRANGE_NAMES = "strange_names"
    ODD_ROWS = "odd_rows"
    MISSING_TEXTS = "missing_texts"
    MARGIN_ORDERS = "margin_orders"
    FEES = "fees"
    SELF_TRADES = "self_trades"
    SAME_MILLISECOND = "same_millisecond"
    TWO_CLOCKS = "two_clocks"
    LATE_BALANCES = "late_balances"
    OTHER_PROGRAMS = "other_programs"
    LONG_PAST = "long_past"
    # the machine
    DISK = "disk"
    LOG = "log"
    SLOW_HANDLERS = "slow_handlers"
    SUSPENDED = "suspended"
    CALLBACK_ERRORS = "callback_errors"
    SECOND_PROGRAM = "second_program"
    CLOCK_JUMPS = "clock_jumps"
    # the strategies
    CALLBACK_COMMANDS = "callback_commands"
    STRANGE_QUERIES = "strange_queries"
    ABSURD_VALUES = "absurd_values"
    WITHDRAWALS = "withdrawals"
    KILL_SWITCH_KEPT = "kill_switch_kept"
    SEVERAL_STRATEGIES = "several_strategies"
    USER_CONNECTS = "user_connects"
    REUSED_IDS = "reused_ids"
    # sizes and settings
    SMALL_BOUNDS = "small_bounds"
    RARE_CHECKS = "rare_checks"
    FEW_RESTARTS = "few_restarts"
    # habits and limits of the exchange that no manual fixes
    HABITS = "habits"
    TIGHT_LIMITS = "tight_limits"
    # how long what a socket is opened with, and the socket itself, is good
    SHORT_SESSIONS = "short_sessions"


ALL_FEATURES: Final = frozenset(Feature)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """With a seed, all that decides a run.

    Attributes:
        features: what may be drawn; empty is a friendly world. certain: all of them are there, instead of drawn.
        without: names left out: of faults (``rest_reset_after``), of the exchange's faults (``exchange:LateFill``), of
            actions (``action:amend``), accounts (``account:beta``), features (``feature:lag``), ``outage``, ``burst``,
            ``quoter``.
        limits: at most so many occurrences of a fault, by its name.
        venues: every venue that the simulation knows, with accounts on each; else all accounts are on the first one.
        storm_s: how long the storm lasts, in virtual seconds; by default the seed decides.
    """

    profile: Profile = Profile.STORM
    features: frozenset[Feature] = frozenset()
    certain: bool = False
    without: frozenset[str] = frozenset()
    limits: dict[str, int] = {}
    venues: bool = False
    storm_s: float | None = None

    def arguments(self) -> str:
        """The command line that asks for the same, without the seed."""
        parts = []
        if self.profile is not Profile.STORM:
            parts.append(f"--profile {self.profile.value}")
        if self.features:
            named = "all" if self.features == ALL_FEATURES else ",".join(sorted(each.value for each in self.features))
            parts.append(f"--features {named}")
        if self.certain:
            parts.append("--certain")
        if self.without:
            parts.append(f"--without {','.join(sorted(self.without))}")
        if self.limits:
            parts.append(f"--limits {','.join(f'{name}={count}' for name, count in sorted(self.limits.items()))}")
        if self.venues:
            parts.append("--all-venues")
        if self.storm_s is not None:
            parts.append(f"--storm {self.storm_s:g}")
        return " ".join(parts)


def features_named(text: str) -> frozenset[Feature]:
    """``all``, ``none``, or names with commas between.

    Raises:
        ValueError: a name that no feature has.
    """
    if text == "all":
        return ALL_FEATURES
    if text == "none":
        return frozenset()
    return frozenset(Feature(name) for name in _listed(text))


def names_listed(text: str) -> frozenset[str]:
    """Names with commas between."""
    return frozenset(_listed(text))


def limits_listed(text: str) -> dict[str, int]:
    """``name=count`` with commas between.

    Raises:
        ValueError: not of that form.
    """
    pairs = (each.partition("=") for each in _listed(text))
    return {name: int(count) for name, _, count in pairs}


def _listed(text: str) -> Iterable[str]:
    return (name for name in text.split(",") if name)
