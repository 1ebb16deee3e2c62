"""Options say all that decides a run besides its seed, in words that a command line takes back."""

import msgspec
import pytest

from simulation.options import ALL_FEATURES, Feature, Options, Profile, features_named, limits_listed, names_listed

GIVEN = Options(
    profile=Profile.NIGHT_OFF,
    features=frozenset({Feature.LAG, Feature.FEES}),
    certain=True,
    without=frozenset({"action:amend", "outage"}),
    limits={"rest_429": 2},
    storm_s=7.5,
)


def test_options_are_written_and_read_back() -> None:
    assert msgspec.json.decode(msgspec.json.encode(GIVEN), type=Options) == GIVEN


def test_the_command_line_names_what_differs_from_a_friendly_storm() -> None:
    assert Options().arguments() == ""
    assert GIVEN.arguments() == (
        "--profile night_off --features fees,lag --certain "
        "--without action:amend,outage --limits rest_429=2 --storm 7.5"
    )
    assert Options(features=ALL_FEATURES).arguments() == "--features all"


def test_lists_are_read_as_they_are_written() -> None:
    assert features_named("fees,lag") == GIVEN.features
    assert features_named("all") == ALL_FEATURES
    assert features_named("none") == frozenset()
    assert names_listed("action:amend,outage") == GIVEN.without
    assert limits_listed("rest_429=2") == GIVEN.limits


def test_an_unknown_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="weather"):
        features_named("lag,weather")
