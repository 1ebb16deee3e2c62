"""Everything that a seed decides before its run begins: who trades what, with which settings, under which features."""

import random
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from actors.account.settings import AccountSettings
from actors.connection.backoff import BackoffSettings
from actors.connection.settings import SupervisorSettings
from actors.journal import Durability, JournalSettings
from actors.supervision.plans import RestartSettings
from exchanges.base.venue_settings import VenueSettings
from exchanges.base.websocket_connection import SessionSettings
from exchanges.registry import FIRST_KIND, VENUE_KINDS
from exchanges.simulator import AccountConfig, PairConfig, RateLimits, SimulatorConfig
from exchanges.simulator.core.config import FeeScheme, Past
from exchanges.simulator.core.many_markets import many_markets
from exchanges.simulator.core.retention import Retention
from messages.symbol import Symbol
from simulation.bounds import USUAL, Bounds
from simulation.environment.faults import EXCHANGE, Fault
from simulation.options import Feature, Options, Profile
from simulation.sessions import LONG, Sessions, short_sessions
from simulation.settings import FINE, KEEPS_ALL, PAIRS, POOR, RICH, STARTED_MS
from simulation.strategies.actions import ACTIONS
from simulation.venues.wires import VENUE_WIRES, account_at, venue_of, wire_of

T = TypeVar("T")
CALM_S: Final = 2.0
LONGEST_LAG_S: Final = 10.0
_CALM_BOUND_S: Final = 5.0
_LIMITED_S: Final = 10.0
"""So long the limits may hold up the queries for what came in frames that nobody can read."""
_FEATURE_CHANCE: Final = 0.3
NAMES: Final = ("alpha", "beta", "gamma", "delta", "epsilon")
_CALM_SETTLE_S: Final = 5.0
"""In a calm nothing is lost, so that nothing needs a check to be right again."""
_LEAVES_DOUBTS: Final = frozenset({Feature.LAG, Feature.UNKNOWN_ORDERS})
"""What an exchange lags behind, or denies, takes longer to be believed."""
_REFUSES_CANCELS: Final = frozenset({Feature.TIGHT_LIMITS, Feature.KILL_SWITCH_KEPT})
_REFUSED_SETTLE_S: Final = 25.0
"""A cancel of all that was refused, and is not sent again for the sake of later orders, or of one side where a venue
has none such, waits for a list that cannot be behind it any more."""
_OPENS_LATE: Final = 0.5
_CROWDED_PAIRS: Final = 12
_MOST_WITH_A_PAST: Final = 20
"""Every pair has a past of its own: with hundreds of them a run would be nothing but past."""
_VISITED: Final = 15
"""Pairs that the exchange's traders visit; the others are idle and cost nothing."""
_SOME_HABITS: Final = 0.3
_NOT_PERMITTED: Final = 0.25
_UNCHECKED_S: Final = 12.0
"""So long checks may be refused: no longer than queries may take that are not answered."""
_COARSE: Final = 4
_SOME: Final = 0.1
_USUAL: Final = frozenset(pair.id for pair in (*PAIRS, FINE))
_PLAIN: Final = re.compile(r"[A-Z0-9]+_[A-Z0-9]+").fullmatch
_WEIGHTS: Final = (0, 1, 1, 1, 3)
_DISTURBS_LIVE: Final = frozenset(
    {
        Feature.DISK,
        Feature.LOG,
        Feature.SUSPENDED,
        Feature.SLOW_HANDLERS,
        Feature.CALLBACK_ERRORS,
        Feature.REFUSALS,
        Feature.CLOCK_JUMPS,
        Feature.TWO_CLOCKS,
        Feature.FEW_RESTARTS,
    }
)
"""Features that may take an account out of LIVE without any fault of the program's: not in a calm run."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    names: of accounts, see `simulation.venues.wires.account_at`. symbols: markets that are traded.
    settle_s: within so many quiet seconds everything must be right again.
    kinds: faults of network, machine and house that may be drawn; outages: whether links may be gone for a while;
        exchange_faults: whether the exchange has faults of its own.
    weights: of the random trader's actions, as factors on the usual ones. most_open: resting orders of one trader.
    traders: random traders on each account. begins_s: when the faults begin.
    night_s: how long the program is away (profile night_off), else 0.
    """

    profile: Profile
    features: frozenset[Feature]
    names: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    exchange: SimulatorConfig
    account: AccountSettings
    journal: JournalSettings
    venues: Mapping[str, VenueSettings]
    supervisor: SupervisorSettings
    restarts: RestartSettings
    bounds: Bounds
    kinds: frozenset[Fault]
    outages: bool
    exchange_faults: bool
    weights: Mapping[str, int]
    most_open: int
    pause_s: float
    traders: int
    quoter: bool
    begins_s: float
    storm_s: float
    settle_s: float
    night_s: float
    skew_ms: int

    def has(self, feature: Feature) -> bool:
        return feature in self.features

    @property
    def request_timeout_s(self) -> float:
        """The longest of any venue's client."""
        return max(venue.request_timeout_s for venue in self.venues.values())

    def settings_of(self, account: str) -> AccountSettings:
        """Without what its venue does not have."""
        kind = venue_of(account)
        has_countdown = VENUE_KINDS[kind].capabilities(self.venues[kind]).shortest_countdown_s is not None
        return self.account if has_countdown else msgspec.structs.replace(self.account, dead_mans_switch_s=None)

    def countdown_s(self, account: str) -> int | None:
        """Of its dead man's switch."""
        return self.settings_of(account).dead_mans_switch_s

    @property
    def storm_ends_s(self) -> float:
        return CALM_S + self.storm_s

    @property
    def forgets(self) -> bool:
        """Whether an account may have dropped finished orders for room."""
        return self.account.executed_limit < KEEPS_ALL or not self.journal.keeps_all


def draw(seed: int, options: Options) -> Scenario:
    """The scenario of a seed; each part has its own randomness, so that leaving one out changes little of the rest."""

    def rng(purpose: str) -> random.Random:
        return random.Random(f"{seed}:scenario:{purpose}")

    profile = options.profile
    features = _features(rng("features"), options)
    count = rng("accounts").choice((1, 2, 2, 3))
    drawn = _names(rng("venues"), count) if options.venues else NAMES[:count]
    names = tuple(name for name in drawn if f"account:{name}" not in options.without) or drawn[:1]
    pairs = _pairs(rng("pairs"), features, profile)
    settings = rng("settings")
    storm_s = settings.uniform(20.0, 60.0)
    small = Feature.SMALL_BOUNDS in features
    sessions = short_sessions(rng("sessions")) if Feature.SHORT_SESSIONS in features else LONG
    venues = {
        kind: _venue(
            kind,
            rng("venue" if kind == FIRST_KIND else f"venue {kind}"),
            lags=Feature.LAG in features,
            sessions=sessions,
        )
        for kind in dict.fromkeys((FIRST_KIND, *map(venue_of, names)))
    }
    return Scenario(
        profile=profile,
        features=features,
        names=names,
        symbols=_symbols(rng("symbols"), pairs, profile),
        exchange=_with_habits(
            _exchange(seed, rng("exchange"), names=names, pairs=pairs, profile=profile, features=features),
            rng("habits"),
            features,
            sessions,
        ),
        account=_account(rng("account"), rng("permission"), features),
        journal=_journal(rng("journal"), rng("journal sizes"), features),
        venues=venues,
        supervisor=_supervisor(rng("supervisor"), profile, features, wait_s=_queries_wait_s(names)),
        restarts=_restarts(rng("restarts"), few=Feature.FEW_RESTARTS in features),
        bounds=sessions.bound(
            _bounds(rng("bounds"), profile, is_limited=Feature.TIGHT_LIMITS in features) if small else USUAL
        ),
        kinds=_kinds(profile),
        outages=profile not in {Profile.CALM, Profile.LONG_FAULT},
        exchange_faults=profile not in {Profile.CALM, Profile.LONG_FAULT},
        weights=_weights(rng("weights"), hostile=bool(features)),
        most_open=250 if profile is Profile.CROWDED else 80 if small else 25,
        pause_s=rng("pause").choice((0.1, 0.2)) if profile is Profile.CROWDED or small else 0.4,
        traders=2 if Feature.SEVERAL_STRATEGIES in features else 1,
        quoter="quoter" not in options.without,
        begins_s=settings.choice((0.0, CALM_S, CALM_S, CALM_S)),
        storm_s=options.storm_s if options.storm_s is not None else storm_s,
        settle_s=_settle_s(profile, features, venues, _queries_wait_s(names)),
        night_s=_night_s(rng("night")) if profile is Profile.NIGHT_OFF else 0.0,
        skew_ms=settings.choice((0, 0, -1_700, 2_300, 40_000)),
    )


def _queries_wait_s(names: Iterable[str]) -> float:
    return max(wire_of(name).queries_wait_s for name in names)


def _settle_s(
    profile: Profile, features: frozenset[Feature], venues: Mapping[str, VenueSettings], wait_s: float
) -> float:
    if profile is not Profile.CALM or features & _LEAVES_DOUBTS:
        return 90.0
    cancels_by_side = all(VENUE_KINDS[kind].capabilities(venues[kind]).cancels_by_side for kind in venues)
    is_late = features & _REFUSES_CANCELS or not cancels_by_side
    return wait_s + (_REFUSED_SETTLE_S if is_late else _CALM_SETTLE_S)


_PAUSES_S: Final = 10.0
"""What slow handlers and a slow disk may add to that: two long pauses, or some short ones."""


def pauses_s(scenario: Scenario) -> float:
    """How long an account may stand still in all before something that takes several of its turns is through."""
    return _PAUSES_S if scenario.has(Feature.SLOW_HANDLERS) or scenario.has(Feature.DISK) else 0.0


def truth_bound_s(scenario: Scenario) -> float:
    """How old something may be that an account has not told although it was live all the while.

    Where no frame is lost its socket tells at once. Elsewhere a check finds what is missing: an interval, the queries,
    look-ups of what they make doubtful, and what the exchange's replicas lag behind: a denial is not believed before.
    """
    lag_s = LONGEST_LAG_S if scenario.has(Feature.LAG) else 0.0
    if scenario.profile is Profile.CALM:
        is_unreadable = scenario.has(Feature.ODD_ROWS) or scenario.has(Feature.LIVING_MARKETS)
        is_late = is_unreadable and scenario.has(Feature.TIGHT_LIMITS)
        late_s = max(_LIMITED_S, _queries_wait_s(scenario.names)) if is_late else 0.0
        return _CALM_BOUND_S + lag_s + late_s
    lag_s = LONGEST_LAG_S if scenario.features & _LEAVES_DOUBTS else 0.0
    queries_s = 4 * scenario.request_timeout_s
    return scenario.supervisor.check_every_s + queries_s + lag_s + pauses_s(scenario)


_SILENCE_S: Final = 10.0
"""A silent socket is given up after so long; a query is given up twice within it, with four seconds of patience."""


def notice_bound_s(scenario: Scenario) -> float:
    """How long a link may be gone before an account stops to be live: a check finds it, or the silence of a socket."""
    every_s = scenario.supervisor.check_every_s if scenario.profile is not Profile.CALM else 0.0
    return every_s + _SILENCE_S + pauses_s(scenario)


def proof_bound_s(scenario: Scenario) -> float:
    """How long ago a check or a load may have agreed with the exchange last, of an account that is live: as long as
    checks may fail it, and what the last of them takes."""
    lag_s = LONGEST_LAG_S if scenario.has(Feature.LAG) else 0.0
    unchecked_s = scenario.supervisor.check_every_s + scenario.supervisor.may_be_unchecked_s
    return unchecked_s + 4 * scenario.request_timeout_s + lag_s + pauses_s(scenario)


def safety_bound_s(scenario: Scenario) -> float:
    """So long a command that takes risk away may take once the exchange is in reach: a few tries, each lost."""
    return 3 * scenario.request_timeout_s


def _features(rng: random.Random, options: Options) -> frozenset[Feature]:
    drawn = {feature for feature in Feature if rng.random() < _FEATURE_CHANCE}
    # A hostile seed has at least one feature, or it would be a friendly one.
    allowed = [feature for feature in Feature if feature in options.features]
    present = set(allowed) if options.certain else drawn & options.features
    if allowed and not present:
        present = {rng.choice(allowed)}
    if options.profile is Profile.CALM:
        present -= _DISTURBS_LIVE
    return frozenset(feature for feature in present if f"feature:{feature.value}" not in options.without)


def _pairs(rng: random.Random, features: frozenset[Feature], profile: Profile) -> tuple[PairConfig, ...]:
    """The two that always trade; one with a fine tick, many of a crowd, and hundreds that an exchange lists besides."""
    pairs: tuple[PairConfig, ...] = PAIRS
    if Feature.LIVING_MARKETS in features and rng.random() < _OPENS_LATE:
        opens_s = STARTED_MS // 1000 + rng.randrange(5, 15)
        pairs = (PAIRS[0], msgspec.structs.replace(PAIRS[1], buy_start_s=opens_s, sell_start_s=opens_s))
    if profile is Profile.CROWDED:
        pairs += tuple(
            PairConfig(
                id=f"C{number}_USDT",
                start_price=Decimal(rng.randrange(1, 5_000)),
                price_precision=2,
                amount_precision=3,
                min_base_amount=Decimal("0.001"),
            )
            for number in range(_CROWDED_PAIRS)
        )
    if Feature.ABSURD_VALUES in features:
        pairs += (FINE,)
    if Feature.STRANGE_NAMES in features:
        pairs += many_markets(rng.choice((20, 100, 600)), rng, besides=[pair.id for pair in pairs])
    return pairs


def _visited(pairs: tuple[PairConfig, ...]) -> tuple[PairConfig, ...]:
    """Those that the exchange's own traders make a market in."""
    return tuple(pair for pair in pairs if pair.id in _USUAL or pair.id.startswith("C"))


def _symbols(rng: random.Random, pairs: tuple[PairConfig, ...], profile: Profile) -> tuple[Symbol, ...]:
    """What is traded: the first two, and in a crowd some or all of those that we can name."""
    usual = [Symbol(pair.base, pair.quote) for pair in pairs if pair.id in _USUAL]
    if profile is not Profile.CROWDED:
        return tuple(usual)
    others = [Symbol(pair.base, pair.quote) for pair in pairs if pair.id not in _USUAL and _PLAIN(pair.id)]
    return (*usual, *others[: rng.choice((4, 12, len(others), len(others)))])


def _exchange(
    seed: int,
    rng: random.Random,
    *,
    names: tuple[str, ...],
    pairs: tuple[PairConfig, ...],
    profile: Profile,
    features: frozenset[Feature],
) -> SimulatorConfig:
    """Some accounts are short of money; in a crowd none is."""
    purses = (RICH,) if profile is Profile.CROWDED else (RICH, RICH, POOR)
    others = [pair for pair in pairs if pair.id not in {usual.id for usual in PAIRS}]

    def money() -> dict[str, Decimal]:
        more = {pair.base: Decimal(5_000) for pair in others if pair.price_precision <= _COARSE or rng.random() < _SOME}
        return more | dict(rng.choice(purses)) | {"GT": rng.choice((Decimal(0), Decimal("0.05"), Decimal(1_000)))}

    def fees(name: str) -> tuple[FeeScheme, ...]:
        if Feature.FEES not in features:
            return (FeeScheme.RECEIVED,)
        return tuple(rng.choice(wire_of(name).fee_schemes) for _ in range(rng.choice((1, 1, 2, 3))))

    forgets = Feature.FORGETTING in features
    return SimulatorConfig(
        seed=seed,
        pairs=pairs,
        accounts=tuple(AccountConfig(name=name, balances=money(), fees=fees(name)) for name in names),
        rest_latency_ms=rng.choice((0.0, 5.0, 60.0)),
        push_latency_ms=rng.choice((0.0, 0.0, 20.0)),
        balance_push_delay_ms=rng.choice((50.0, 500.0, 2_000.0)) if Feature.LATE_BALANCES in features else 0.0,
        engine_clock_step_ms=rng.choice((5, 50, 200)) if Feature.SAME_MILLISECOND in features else 1,
        traders_interval_ms=rng.choice((200, 400, 1000)),
        traders_pairs=tuple(pair.id for pair in pairs if pair in _visited(pairs))[:_VISITED],
        self_trades_allowed=Feature.SELF_TRADES in features,
        past=Past(
            orders=rng.choice((20, 300)), fills=rng.choice((50, 1_500)), days=20, fills_in_a_second=rng.choice((1, 30))
        )
        if Feature.LONG_PAST in features and len(pairs) <= _MOST_WITH_A_PAST
        else None,
        retention=Retention(
            text_kept_s=rng.choice((1_800, 3_600)) if forgets else 3_600,
            unfilled_cancel_kept_s=60 if forgets else None,
            unknown_order_trades_refused=forgets,
            trades_from_alone_days=7 if forgets else None,
        ),
    )


def _with_habits(
    config: SimulatorConfig, rng: random.Random, features: frozenset[Feature], sessions: Sessions
) -> SimulatorConfig:
    """What the exchange leaves out or calls otherwise, and limits that are lower than the usual ones."""
    zeros_listed, dust_cancels = rng.random() < _SOME_HABITS, rng.random() >= _SOME_HABITS
    limits = RateLimits(
        place_per_s=rng.choice((2, 5, 10)),
        cancel_per_s=rng.choice((10, 40, 200)),
        private_per_10s=rng.choice((120, 200, 200)),
    )
    if Feature.HABITS in features:
        config = msgspec.structs.replace(config, zero_balances_listed=zeros_listed, dust_cancels=dust_cancels)
    if Feature.TIGHT_LIMITS in features:
        config = msgspec.structs.replace(config, rate_limits=limits)
    return msgspec.structs.replace(config, socket_rules=sessions.rules)


def _names(rng: random.Random, count: int) -> tuple[str, ...]:
    """As many, and one on every venue at least."""
    kinds = list(VENUE_WIRES)
    kinds += [rng.choice(kinds) for _ in range(count - len(kinds))]
    return tuple(account_at(kind, name) for kind, name in zip(kinds, NAMES, strict=False))


def _venue(kind: str, rng: random.Random, *, lags: bool, sessions: Sessions) -> VenueSettings:
    """A client with less patience than usual, so that a run sees more; with or without the venue's own expiry.

    What it reckons queries to lag behind is never less than they do, as with a real venue.
    """
    settings = VENUE_KINDS[kind].settings
    life_s = None if settings().socket.life_s is None else sessions.life_s
    return settings(
        request_timeout_s=4.0,
        order_expiry_ms=rng.choice((5000, 5000, 2000, None)),
        query_lag_ms=round(1000 * LONGEST_LAG_S) if lags else rng.choice((1_000, 10_000)),
        socket=SessionSettings(
            connect_timeout_s=4.0, acknowledge_timeout_s=4.0, heartbeat_s=4.0, silence_s=10.0, life_s=life_s
        ),
    )


def _account(rng: random.Random, permission: random.Random, features: frozenset[Feature]) -> AccountSettings:
    """Patience for every delay that the network can have; now and then a short memory, or a dead man's switch.

    The memory holds more orders than end while an answer is on its way that alone says which of them is ours.
    """
    small = (20, 20, 40) if Feature.MISSING_TEXTS in features else (2, 4, 20)
    return AccountSettings(
        executed_limit=rng.choice(small if Feature.SMALL_BOUNDS in features else (KEEPS_ALL, KEEPS_ALL, 20)),
        allow_withdrawals=permission.random() >= _NOT_PERMITTED or Feature.WITHDRAWALS not in features,
        lookup_max_s=2.0,
        unresolved_patience_ms=45_000,
        dead_mans_switch_s=rng.choice((None, None, 5, 12)),
    )


def _journal(rng: random.Random, sizes: random.Random, features: frozenset[Feature]) -> JournalSettings:
    """Where the power may go, every other run wants nothing to be lost with it; where a disk may be full, not much has
    to wait for it in every third. Where bounds are small it keeps little of what is over, in every third; not where
    lists lag, which show it as open: more has to be kept than ends in that time."""
    on_bad_disk = Feature.DISK in features
    backlog, kept = sizes.choice((30, 100, 100_000)), sizes.choice((100, 300, None, None))
    keep = kept if Feature.SMALL_BOUNDS in features and Feature.LAG not in features else None
    return JournalSettings(
        durability=rng.choice(tuple(Durability)) if on_bad_disk else Durability.PROCESS_CRASH,
        backlog_limit=backlog if on_bad_disk else 100_000,
        keep_finished_orders=keep,
        keep_fills=keep,
        keep_settled_intents=keep,
    )


def _supervisor(
    rng: random.Random, profile: Profile, features: frozenset[Feature], *, wait_s: float
) -> SupervisorSettings:
    """A check is a full reload, which hides what the socket did not tell: now and then there is none at all, unless a
    frame may tell what is not so and only a reload can say otherwise."""
    attempt_s = 16.0 if wait_s else 10.0  # longer than the window of a limit that a life before may have used up
    if profile is Profile.LONG_FAULT:
        return SupervisorSettings(
            attempt_timeout_s=attempt_s, check_every_s=6.0, unchecked_limit_s=_UNCHECKED_S + wait_s
        )
    never = profile is Profile.CALM and rng.random() < 0.5 and Feature.ODD_ROWS not in features
    rare = Feature.RARE_CHECKS in features
    return SupervisorSettings(
        attempt_timeout_s=attempt_s,
        check_every_s=100_000.0 if never else 15.0 if rare else 6.0,
        unchecked_limit_s=_UNCHECKED_S + wait_s,
        backoff=BackoffSettings(max_s=3.0, stable_s=5.0),
    )


def _restarts(rng: random.Random, *, few: bool) -> RestartSettings:
    return RestartSettings(
        max_restarts=rng.choice((0, 1, 3)) if few else 1000, backoff=BackoffSettings(first_s=0.05, max_s=1.0)
    )


def _bounds(rng: random.Random, profile: Profile, *, is_limited: bool) -> Bounds:
    """In a calm no check may fail, however the list of open orders changes: it is read as often as usual. Where few
    requests are allowed, a list that needs many of them would never be through."""
    page = rng.choice((2, 5, 10))
    return Bounds(
        fills_page=20 * page,
        fills_rows=5 * page,
        orders_rows=10 * page,
        open_orders_page=100 if is_limited else min(page + 3, 10),  # pages of two orders cannot overlap
        finished_page=10 * page,
        most_pages=rng.choice((3, 10, 100)),
        instruments_good_for_s=rng.choice((1.0, 10.0, 3_600.0)),
        orphan_fills=rng.choice((3, 10, 10_000)),
        trade_ids=rng.choice((20, 100, 20_000)),
        evicted_ids=rng.choice((1_000, 20_000)),  # more than come and go while a list lags
        commands=rng.choice((2, 5, 1_000)),
        checkpoint_records=rng.choice((50, 400, 2_000)),
        open_orders_readings=rng.choice((1, USUAL.open_orders_readings))
        if profile is not Profile.CALM
        else USUAL.open_orders_readings,
    )


def _kinds(profile: Profile) -> frozenset[Fault]:
    """None in a calm; that of a long fault is drawn by `simulation.environment.long_fault`."""
    return EXCHANGE if profile in {Profile.CALM, Profile.LONG_FAULT} else frozenset(Fault)


def _weights(rng: random.Random, *, hostile: bool) -> dict[str, int]:
    """Factors on the usual weights of actions; in a hostile run some actions are absent and others frequent."""
    return {name: rng.choice(_WEIGHTS) if hostile else 1 for name in ACTIONS}


def _night_s(rng: random.Random) -> float:
    return rng.choice((60.0, 600.0, 3_600.0, 12 * 3_600.0, 8 * 86_400.0, 29 * 86_400.0))
