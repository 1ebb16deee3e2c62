"""Where the kill switch is engaged and released, and where an account misses something or hears it late."""

from typing import Final

from simulation.tools.probe import Probe

_ACTOR: Final = "actors/account/actor.py"
_CONTEXT: Final = "actors/account/context.py"
_COVERAGE: Final = "actors/account/orders/fills_coverage.py"
_SNAPSHOTS: Final = "actors/account/snapshot_joiner.py"
_LATE: Final = "actors/account/orders/missed_updates.py"
_SWITCH: Final = "actors/account/dead_mans_switch.py"

ACCOUNT: Final = (
    Probe(
        "kill switch: engaged",
        _ACTOR,
        "AccountActor._engage_kill_switch",
        "self._mass_cancels.engage(self.defer)",
    ),
    Probe(
        "kill switch: goes on after a restart",
        _ACTOR,
        "AccountActor._take_up",
        "self._mass_cancels.engage(None)",
    ),
    Probe(
        "kill switch: released",
        _ACTOR,
        "AccountActor._release_kill_switch",
        "self._mass_cancels.release()",
    ),
    Probe("account: event of an earlier connection", _ACTOR, "AccountActor._on_order", "return"),
    Probe("account: snapshot of an earlier connection", _ACTOR, "AccountActor._snapshot_loaded", "return 0"),
    Probe(
        "account: the list of open orders lacks one", _SNAPSHOTS, "SnapshotJoiner._ask_for_missing", "reply = defer()"
    ),
    Probe(
        "account: what the list lacks could not be asked for",
        _SNAPSHOTS,
        "SnapshotJoiner._ask_for_missing.<locals>.failed",
        "reply.set_error(error)",
    ),
    Probe(
        "account: what the list lacks is refused for its market",
        _SNAPSHOTS,
        "SnapshotJoiner._ask_for_missing.<locals>.failed",
        "end(order_key)",
    ),
    Probe(
        "account: a market is unknown",
        _SNAPSHOTS,
        "SnapshotJoiner._tell_markets",
        '_log.warning("market_unknown", account=context.name, symbol=str(symbol), cause=causes[symbol])',
    ),
    Probe(
        "account: a market is known again",
        _SNAPSHOTS,
        "SnapshotJoiner._tell_markets",
        '_log.info("market_known_again", account=context.name, symbol=str(symbol))',
    ),
    Probe(
        "account: an order in a market that is unknown is refused here",
        _CONTEXT,
        "AccountContext.require_market",
        "raise UnknownMarketError(self.name, symbol, cause)",
    ),
    Probe(
        "account: fills of one market could not be read",
        _COVERAGE,
        "FillsCoverage.loaded",
        "self._gaps[symbol] = _Gap(from_ms, cause, now_s + _FIRST_PAUSE_S)",
    ),
    Probe(
        "account: fills of one market are known again",
        _COVERAGE,
        "FillsCoverage.loaded",
        "gap = self._gaps.pop(symbol, None)",
        "symbol in self._gaps",
    ),
    Probe(
        "account: a command's refusal is of the key",
        _ACTOR,
        "AccountActor._tell_trouble",
        "self._supervisor.tell(RequestFailed(self._session_id, str(error)))",
        "reason is RefusalReason.AUTHENTICATION",
    ),
    Probe(
        "account: a command's refusal speaks of market rules",
        _ACTOR,
        "AccountActor._tell_trouble",
        "self._supervisor.tell(FactsDoubted(self._session_id))",
    ),
    Probe(
        "deaf socket: it did not tell a fill",
        _LATE,
        "MissedUpdates.count_fill",
        "self.count += is_new and self._was_to_be_told(fill.time_ms)",
        "is_new and self._was_to_be_told(fill.time_ms)",
    ),
    Probe(
        "deaf socket: it did not tell of an order",
        _LATE,
        "MissedUpdates.count_order",
        "self.count += is_late",
        "is_late",
    ),
    Probe(
        "dead man's switch: armed",
        _SWITCH,
        "DeadMansSwitch._tell",
        'context.io("arm_dead_mans_switch", _answer_of(arming), lambda _: None, self._not_armed)',
    ),
    Probe(
        "dead man's switch: arming failed",
        _SWITCH,
        "DeadMansSwitch._not_armed",
        "self._context.tell_trouble(error)",
    ),
    Probe(
        "dead man's switch: left to run out while not live",
        _SWITCH,
        "DeadMansSwitch._tell",
        "self._is_running = False",
    ),
    Probe(
        "dead man's switch: taken back at the end",
        _SWITCH,
        "DeadMansSwitch.disarm",
        "may_land = self._may_land(arming)",
    ),
    Probe(
        "dead man's switch: could not be taken back",
        _SWITCH,
        "DeadMansSwitch.disarm",
        '_log.warning("dead_mans_switch_not_disarmed", account=context.name, error=problem)',
    ),
)
