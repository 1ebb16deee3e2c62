"""Names of all that can be left out of a run: `Options.without` and ``--without`` take them."""

from collections.abc import Iterable, Iterator

from exchanges.simulator.faults import faults
from simulation.environment.faults import Fault
from simulation.environment.operator import ACTS
from simulation.figures import Figures
from simulation.options import Feature, Options
from simulation.scenario import NAMES, Scenario
from simulation.strategies.actions import ACTIONS, HOSTILE_ACTIONS


def known_names() -> frozenset[str]:
    """Every name that means something, in whichever run."""
    return frozenset(
        (
            *(fault.value for fault in Fault),
            *(f"feature:{feature.value}" for feature in Feature),
            *(f"action:{name}" for name in (*ACTIONS, *HOSTILE_ACTIONS)),
            *(f"account:{name}" for name in NAMES),
            *(f"exchange:{kind}" for kind in _kinds_below(faults.Fault)),
            *(f"operator:{name}" for name in ACTS),
            "burst",
            "outage",
            "quoter",
        )
    )


def limitable_names() -> frozenset[str]:
    """Those whose occurrences can be limited: `Options.limits` and ``--limits`` take them."""
    return frozenset(fault.value for fault in Fault)


def names_in(scenario: Scenario, options: Options, figures: Figures) -> tuple[str, ...]:
    """Names of all that is in one run and could be left out of it, the most disturbing first.

    ``figures``: of that run; faults that did not happen in it are not among the names.
    """
    actions = [*ACTIONS, *(name for name, (feature, _) in HOSTILE_ACTIONS.items() if scenario.has(feature))]
    accounts = scenario.names if len(scenario.names) > 1 else ()
    return tuple(
        _without(
            options.without,
            (
                *sorted(f"feature:{feature.value}" for feature in scenario.features),
                *(name for name, count in figures.happened.items() if count),
                *(["quoter"] if scenario.quoter else []),
                *(f"operator:{name}" for name, feature in ACTS.items() if scenario.has(feature)),
                *(f"action:{name}" for name in actions if scenario.weights.get(name, 1)),
                *(f"account:{name}" for name in reversed(accounts)),
            ),
        )
    )


def _without(left_out: frozenset[str], names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name not in left_out)


def _kinds_below(kind: type[faults.Fault]) -> Iterator[str]:
    for below in kind.__subclasses__():
        yield below.__name__
        yield from _kinds_below(below)
