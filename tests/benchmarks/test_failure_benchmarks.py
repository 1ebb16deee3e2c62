"""The benchmarks of failure and of the journal run, at a tiny size, and yield their fields."""

import json

from benchmarks import journalled, recovery


def test_recovery_times_cuts_and_what_the_others_notice() -> None:
    rows = list(recovery.run(cuts=2, open_orders=3, accounts=3, fills=3))
    assert [row["case"] for row in rows] == [
        "cut to live, 0 open orders",
        "cut to live, 3 open orders",
        "isolation, 1 of 3 crashes in a loop",
        "isolation, 1 of 3 loses its socket in a loop",
    ]
    for row in rows:
        assert json.loads(json.dumps(row)) == row
    assert all(float(str(row["p50_ms"])) > 0 for row in rows[:2])
    for row in rows[2:]:
        assert float(str(row["p99_ratio_to_quiet"])) > 0
        assert 0 <= float(str(row["away_share"])) <= 1


def test_journalled_compares_with_an_account_that_has_no_journal_and_restarts_from_a_file() -> None:
    orders, bursts, steady, restart = journalled.run(
        orders=6, markets=3, lives=20, per_second=500.0, finished=50, turns=1
    )
    assert (orders["case"], bursts["case"]) == ("order round trip", "event, burst")
    for row in (orders, bursts):
        assert float(str(row["with_us"])) > 0
        assert float(str(row["ratio_to_without"])) > 0
    assert steady["case"] == "event, steady, 500/s"
    assert steady["events_per_turn"] == 60
    for row in (bursts, steady):
        assert float(str(row["cpu_ratio_to_without"])) > 0
    assert float(str(steady["p99_ratio_to_without"])) > 0
    assert restart["case"] == "restart to live from 50 finished orders"
    assert float(str(restart["to_live_s"])) > 0
    assert float(str(restart["peak_mib"])) > 0
