"""A scenario is decided by seed and options alone, and what is left out changes nothing else."""

import pytest

from exchanges.gateio.spot import private_rest
from exchanges.mexc import listen_key
from exchanges.mexc import private_rest as mexc_rest
from exchanges.simulator.core.config import SocketRules
from simulation.bounds import USUAL, Bounds, bounded_by
from simulation.environment.faults import EXCHANGE, Fault
from simulation.options import ALL_FEATURES, Feature, Options, Profile
from simulation.scenario import draw

SEEDS = range(1, 60)


def test_the_same_seed_draws_the_same_scenario() -> None:
    options = Options(features=ALL_FEATURES, profile=Profile.CROWDED)
    assert draw(7, options) == draw(7, options)
    assert draw(7, options) != draw(8, options)


def test_a_friendly_run_has_no_feature_and_a_hostile_one_at_least_one() -> None:
    assert all(not draw(seed, Options()).features for seed in SEEDS)
    assert all(draw(seed, Options(features=frozenset({Feature.LAG}))).features for seed in SEEDS)
    drawn = [draw(seed, Options(features=ALL_FEATURES)).features for seed in SEEDS]
    assert set().union(*drawn) == ALL_FEATURES
    assert max(map(len, drawn)) < len(ALL_FEATURES), "each run has a mix of its own"


def test_certain_features_are_all_there() -> None:
    wanted = frozenset({Feature.LAG, Feature.FEES})
    assert draw(3, Options(features=wanted, certain=True)).features == wanted


def test_leaving_a_feature_out_changes_nothing_else() -> None:
    whole = draw(5, Options(features=ALL_FEATURES))
    gone = min(whole.features, key=lambda feature: feature.value)
    left = draw(5, Options(features=ALL_FEATURES, without=frozenset({f"feature:{gone.value}"})))
    assert left.features == whole.features - {gone}
    assert (left.names, left.weights, left.storm_s, left.kinds) == (
        whole.names,
        whole.weights,
        whole.storm_s,
        whole.kinds,
    )


def test_leaving_an_account_out_leaves_at_least_one() -> None:
    everybody = frozenset({"account:alpha", "account:beta", "account:gamma"})
    assert all(draw(seed, Options(without=everybody)).names == ("alpha",) for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_profiles_draw_what_they_are_for(seed: int) -> None:
    assert draw(seed, Options(profile=Profile.CALM)).kinds == EXCHANGE
    assert draw(seed, Options(profile=Profile.LONG_FAULT)).kinds == EXCHANGE
    assert draw(seed, Options(profile=Profile.STORM)).kinds == frozenset(Fault)
    assert draw(seed, Options(profile=Profile.NIGHT_OFF)).night_s >= 60
    assert len(draw(seed, Options(profile=Profile.CROWDED)).symbols) >= 3


def test_bounds_hold_while_they_last_and_are_taken_back() -> None:
    small = Bounds(fills_page=5, most_pages=3)
    with bounded_by(small):
        assert (private_rest._FILLS_PAGE, private_rest._MOST_PAGES) == (5, 3)
    assert (USUAL.fills_page, USUAL.most_pages) == (private_rest._FILLS_PAGE, private_rest._MOST_PAGES)


def test_usual_bounds_of_the_second_venue_are_its_clients_own() -> None:
    assert (USUAL.fills_rows, USUAL.orders_rows) == (mexc_rest._FILLS_ROWS, mexc_rest._ORDERS_ROWS)
    assert (USUAL.key_renewed_every_s, USUAL.key_good_for_s, USUAL.key_retry_s) == (
        listen_key._RENEW_EVERY_S,
        listen_key._GOOD_FOR_S,
        listen_key._RETRY_S,
    )


def test_without_short_sessions_the_exchange_has_its_usual_rules_and_clients_their_bounds() -> None:
    scenario = draw(3, Options(venues=True))
    assert (scenario.exchange.socket_rules, scenario.bounds) == (SocketRules(), USUAL)


def test_short_sessions_are_replaced_before_they_end_and_only_where_a_venue_ends_them() -> None:
    short = Options(features=frozenset({Feature.SHORT_SESSIONS}), certain=True, venues=True)
    keys = set()
    for seed in SEEDS:
        scenario = draw(seed, short)
        rules, bounds = scenario.exchange.socket_rules, scenario.bounds
        life_s = scenario.venues["mexc"].socket.life_s
        assert scenario.venues["gateio"].socket.life_s is None
        assert life_s is not None
        assert life_s < rules.life_s < SocketRules().life_s
        assert bounds.key_renewed_every_s < bounds.key_good_for_s < rules.key_life_s
        keys.add(rules.key_life_s)
    assert keys == {30.0, 3_600.0}


def test_in_a_calm_a_side_is_canceled_later_where_a_venue_has_no_cancel_for_it() -> None:
    calm = Options(profile=Profile.CALM)
    assert draw(1, calm).settle_s < draw(1, Options(profile=Profile.CALM, venues=True)).settle_s
