"""The programs of a run: its own, and with the feature for it a second one on one of the accounts."""

from collections.abc import Sequence

import msgspec

from actors.runtime import Address
from simulation.environment.faults import Weather
from simulation.machine.disk import SECOND_FOLDER
from simulation.machine.second_program import SecondProgram
from simulation.options import Feature
from simulation.parts import Parts
from simulation.program import Program


def own_program(parts: Parts, observers: Sequence[Address]) -> Program:
    """``observers``: outlive the program."""
    return Program(
        loop=parts.loop,
        environment=parts.environment,
        host=parts.host,
        sockets=parts.sockets,
        exchange=parts.exchange,
        weather=parts.weather,
        trace=parts.trace,
        scenario=parts.scenario,
        without=parts.options.without,
        directory=parts.directory,
        observers=observers,
        rng=parts.rng,
        dying=parts.machine.dying,
    )


def second_program(parts: Parts, first: Program) -> SecondProgram | None:
    """Another program that is to trade one of the accounts for a while, in weather that spares it; None without the
    feature."""
    scenario, rng = parts.scenario, parts.rng("second program")
    if not scenario.has(Feature.SECOND_PROGRAM):
        return None
    account = rng.choice(parts.names)
    quiet = Weather(rng, parts.loop.time, begins_s=0.0, ends_s=0.0, keys=(), kinds=frozenset(), outages=False)

    def make(observer: Address) -> Program:
        return Program(
            loop=parts.loop,
            environment=parts.environment,
            host=parts.host,
            sockets=parts.sockets,
            exchange=parts.exchange,
            weather=quiet,
            trace=parts.trace,
            scenario=msgspec.structs.replace(scenario, names=(account,), traders=1, quoter=False),
            without=parts.options.without,
            directory=parts.directory / SECOND_FOLDER,
            observers=(observer,),
            rng=lambda purpose: parts.rng(f"second {purpose}"),
            is_second=True,
        )

    return SecondProgram(
        make,
        first,
        account=account,
        host=parts.host,
        rng=rng,
        trace=parts.trace,
        violations=parts.violations,
    )
