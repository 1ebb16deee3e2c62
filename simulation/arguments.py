"""The words of the simulation's command line."""

import argparse
from collections.abc import Collection, Iterable
from typing import Final

from simulation.options import Feature, Profile, features_named, limits_listed, names_listed
from simulation.run import WORKERS
from simulation.tools.names import known_names, limitable_names
from simulation.tools.shrink import MOST_RUNS

_CODES: Final = """\
exit codes:
  0  every seed held; with --replay-corpus: every entry is as it was filed; with --shrink: a smaller run was found
  1  a seed was violated; an entry is not as it was filed; there was nothing to shrink
  2  the command line is wrong

names for --without (those of --limits are the ones without a colon, but for burst, outage and quoter):
"""


def build_parser() -> argparse.ArgumentParser:
    """All that can be asked for, with the exit codes and the names in the help."""
    parser = argparse.ArgumentParser(
        prog="python -m simulation",
        description="Teller on virtual time: one seed decides everything that happens in a run.",
        epilog=_CODES + _columns(sorted(known_names())),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_argument_group("which runs")
    which.add_argument("--seeds", type=int, default=100, metavar="N", help="how many seeds to run (default 100)")
    which.add_argument("--from", type=int, default=1, dest="first", metavar="K", help="the first seed (default 1)")
    which.add_argument("--seed", type=int, metavar="S", help="run this one only")
    which.add_argument("--replay-corpus", action="store_true", help="run the filed failures again")
    which.add_argument("--workers", type=int, default=WORKERS, metavar="N", help=f"processes (default {WORKERS})")
    _add_options(parser)
    results = parser.add_argument_group("what becomes of it")
    results.add_argument("--trace", action="store_true", help="with --seed: print all that happened")
    results.add_argument("--reach", action="store_true", help="count who has been in the branches that matter")
    results.add_argument("--file-failures", action="store_true", help="file a run for each new kind of violation")
    results.add_argument(
        "--accept",
        action="store_true",
        help="with --replay-corpus: evidence is filed as it was seen now; what holds now has to hold from here on",
    )
    results.add_argument("--shrink", action="store_true", help="with --seed: make its failure as small as possible")
    results.add_argument(
        "--kind", metavar="TEXT", help="with --shrink: the signature that must stay (default: of the first violation)"
    )
    results.add_argument(
        "--shrink-runs", type=int, default=MOST_RUNS, metavar="N", help=f"runs to spend (default {MOST_RUNS})"
    )
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what a run is made of")
    group.add_argument(
        "--profile",
        type=_profile,
        default=Profile.STORM,
        metavar="NAME",
        help=f"how it goes: {', '.join(each.value for each in Profile)}, or all of them in turn (default storm)",
    )
    group.add_argument(
        "--features",
        type=_features,
        default=frozenset(),
        metavar="NAMES",
        help="hostile features that a seed may draw: all, none, or names with commas between (default none)",
    )
    group.add_argument("--certain", action="store_true", help="every one of --features is there, instead of drawn")
    group.add_argument(
        "--without", type=_without, default=frozenset(), metavar="NAMES", help="left out; names with commas between"
    )
    group.add_argument(
        "--limits", type=_limits, default={}, metavar="NAME=N,...", help="at most so many occurrences of a fault"
    )
    group.add_argument(
        "--all-venues", action="store_true", dest="venues", help="accounts on every venue (default: on the first one)"
    )
    group.add_argument("--storm", type=_seconds, metavar="SECONDS", help="length of the storm (default: by the seed)")


def _profile(text: str) -> Profile | None:
    """None for all."""
    if text == "all":
        return None
    allowed = [each.value for each in Profile]
    if text not in allowed:
        raise _refused("profile", text, ["all", *allowed])
    return Profile(text)


def _features(text: str) -> frozenset[Feature]:
    if text not in {"all", "none"}:
        _check("feature", names_listed(text), [each.value for each in Feature])
    return features_named(text)


def _without(text: str) -> frozenset[str]:
    names = names_listed(text)
    _check("name", names, known_names())
    return names


def _limits(text: str) -> dict[str, int]:
    try:
        limits = limits_listed(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: name=count, with commas between") from None
    _check("fault", limits, limitable_names())
    return limits


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: seconds, above 0")
    return seconds


def _check(what: str, names: Iterable[str], allowed: Collection[str]) -> None:
    for name in sorted(names):
        if name not in allowed:
            raise _refused(what, name, allowed)


def _refused(what: str, name: str, allowed: Iterable[str]) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{what} {name!r} is not allowed: one of {', '.join(sorted(allowed))}")


def _columns(names: Iterable[str]) -> str:
    names = list(names)
    width = max(map(len, names)) + 2
    count = 100 // width
    rows = (
        "".join(f"{name:{width}}" for name in names[index : index + count]) for index in range(0, len(names), count)
    )
    return "\n".join(f"  {row.rstrip()}" for row in rows)
