"""A scenario is decided by seed and options alone, and what is left out changes nothing else."""

import pytest

from exchanges.gateio.spot import private_rest
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
