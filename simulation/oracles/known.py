"""How far what an account says may be behind the books in a run, by its settings and features."""

import msgspec

from exchanges.simulator.core.retention import Retention
from simulation.options import Feature, Profile
from simulation.scenario import LONGEST_LAG_S, Scenario, truth_bound_s


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """How far answers may be behind the books.

    Attributes:
        stale_s: an account that is live may not have heard yet of what is younger. lag_s: of queries; a denial is not
            believed before.
        retention: what the exchange forgets. denies: it may say of any order that there is none.
        funds_are_known: nothing but the account's own orders lowers its balances, and it soon knows of it.
        funds_are_exact: so, and it sets money aside until it knows.
        loses_records: a journal may lack the end of what it has the beginning of.
        loses_frames: what happens may not be told by a socket.
        texts_may_lack: the exchange leaves texts out, so that whose an order is may not be known.
    """

    stale_s: float
    lag_s: float = 0.0
    retention: Retention = Retention()
    denies: bool = False
    funds_are_known: bool = False
    funds_are_exact: bool = False
    loses_records: bool = False
    loses_frames: bool = False
    texts_may_lack: bool = False


def known_in(scenario: Scenario) -> Known:
    """How far the answers of this run may be behind the books."""
    lowers_balances = {Feature.OTHER_PROGRAMS, Feature.SECOND_PROGRAM, Feature.WITHDRAWALS}
    funds_are_known = scenario.profile is Profile.CALM and not scenario.features & lowers_balances
    return Known(
        stale_s=truth_bound_s(scenario),
        lag_s=LONGEST_LAG_S if scenario.features & {Feature.LAG, Feature.UNKNOWN_ORDERS} else 0.0,
        retention=scenario.exchange.retention,
        denies=scenario.has(Feature.UNKNOWN_ORDERS),
        funds_are_known=funds_are_known,
        funds_are_exact=funds_are_known,
        loses_records=scenario.has(Feature.DISK),
        loses_frames=scenario.profile is not Profile.CALM,
        texts_may_lack=scenario.has(Feature.MISSING_TEXTS),
    )
