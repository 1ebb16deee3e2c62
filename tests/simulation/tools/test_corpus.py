"""Failing runs are filed once for each kind, and run again: as evidence, or as a promise."""

from pathlib import Path

import pytest

from simulation.figures import Figures
from simulation.options import Feature, Options, Profile
from simulation.run import Outcome, run_seed
from simulation.tools import corpus
from simulation.tools.corpus import Entry, State, Verdict

HOSTILE = Options(profile=Profile.NIGHT_OFF, features=frozenset({Feature.LAG, Feature.FEES}), limits={"kill": 1})
LOST = "alpha: order 912000000147 is lost (R3)"
KIND = "ACCOUNT: order # is lost (R3)"


def outcome(seed: int, *violations: str) -> Outcome:
    return Outcome(seed=seed, violations=list(violations), figures=Figures(), wall_s=0.0)


def entry(state: State) -> Entry:
    return Entry(seed=7, options=HOSTILE, signature=KIND, saw=LOST, state=state)


@pytest.mark.timeout(300)
def test_whatever_has_to_hold_holds() -> None:
    promises = [each for each in corpus.read() if each.state is State.MUST_HOLD]
    assert promises
    broken = [each for each in corpus.replay(promises) if not each.verdict.is_as_filed]
    assert not broken, "\n".join(f"{each.entry.command}: {each.found}" for each in broken)


def test_a_failure_is_filed_with_all_that_it_takes_to_run_it_again(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    assert corpus.read(path) == ()
    assert corpus.file_failures([(HOSTILE, outcome(7, LOST)), (HOSTILE, outcome(8))], path)
    assert corpus.read(path) == (entry(State.FAILS_AS_KNOWN),)
    assert corpus.read(path)[0].command == (
        "python -m simulation --seed 7 --profile night_off --features fees,lag --limits kill=1"
    )


def test_each_kind_is_filed_once_and_of_one_run_the_first_three(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    many = [f"alpha: {what}" for what in ("is odd", "is deaf", "is late", "is gone")]
    corpus.file_failures([(HOSTILE, outcome(1, LOST))], path)
    new = corpus.file_failures([(Options(), outcome(2, LOST, *many)), (Options(), outcome(3, many[3]))], path)
    assert [(each.seed, each.saw) for each in new] == [(2, many[0]), (2, many[1]), (2, many[2]), (3, many[3])]
    assert [each.seed for each in corpus.read(path)] == [1, 2, 2, 2, 3]


@pytest.mark.parametrize(
    ("state", "violations", "verdict", "accepted"),
    [
        (State.FAILS_AS_KNOWN, ["alpha: is odd", LOST], Verdict.FAILS_AS_KNOWN, (State.FAILS_AS_KNOWN, LOST)),
        (State.FAILS_AS_KNOWN, ["beta: is odd"], Verdict.FAILS_OTHERWISE, (State.FAILS_AS_KNOWN, "beta: is odd")),
        (State.FAILS_AS_KNOWN, [], Verdict.HOLDS_NOW, (State.MUST_HOLD, LOST)),
        (State.MUST_HOLD, [], Verdict.HOLDS, (State.MUST_HOLD, LOST)),
        (State.MUST_HOLD, ["beta: is odd"], Verdict.BROKEN, (State.MUST_HOLD, LOST)),
    ],
)
def test_a_replay_says_whether_an_entry_is_as_it_was_filed(
    state: State, violations: list[str], verdict: Verdict, accepted: tuple[State, str]
) -> None:
    def run(seed: int, options: Options) -> Outcome:
        assert options == HOSTILE
        return outcome(seed, *violations)

    [replay] = corpus.replay([entry(state)], run)
    assert replay.verdict is verdict
    assert [(each.state, each.saw) for each in corpus.accepted([replay])] == [accepted]


def test_a_real_run_is_replayed_with_its_options() -> None:
    calm = Entry(seed=1, options=Options(storm_s=3.0), signature=KIND, saw=LOST, state=State.MUST_HOLD)
    [replay] = corpus.replay([calm])
    assert run_seed(calm.seed, calm.options).violations == []
    assert replay.verdict is Verdict.HOLDS


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    corpus.write([entry(State.MUST_HOLD)], path)
    path.write_text(path.read_text() + '{"seed": 1, "options": {"features": ["sorcery"]}}\n')
    with pytest.raises(corpus.CorpusError, match=r"line 2: .*sorcery"):
        corpus.read(path)
