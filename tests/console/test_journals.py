"""The journals of `run.py start`: kept across runs, held by one process, and refused in words when they are damaged."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.journal import inspect_journal, read_history
from tests.console.programs import Exchange, exchange, program, quoter
from tests.support.eventually import eventually_blocking

EMBEDDED = '[embedded]\nseed = 11\n[[accounts]]\nname = "alpha"\n' + quoter("alpha", "SOL/USDT", 5)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Exchange]:
    folder = tmp_path / "exchange"
    folder.mkdir()
    with exchange(folder) as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A working directory other than the configuration's folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_a_journal_is_kept_beside_the_configuration_and_the_next_run_from_anywhere_goes_on_with_it(
    outside: Exchange, tmp_path: Path, elsewhere: Path
) -> None:
    config = outside.config(tmp_path)
    counts = []
    environ = {**outside.environ, "HOME": str(tmp_path)}
    for folder in (tmp_path, elsewhere):
        with program("start", "--config", config, "--json-logs", folder=folder, **environ) as run:
            run.wait_until_logged("system_started")
            before = len(outside.ask("/accounts/alpha/books")["orders"])
            eventually_blocking(
                lambda before=before: len(outside.ask("/accounts/alpha/books")["orders"]) > before,  # type: ignore[misc]
                within_s=20,
                what="an order",
            )
            run.send(signal.SIGTERM)
            assert run.end() == 0, run.err
            assert "RESULT AGREE" in run.out
            assert " records in " in run.out
            recalled = run.logged("journal_recalled")
        counts.append([record["orders"] for record in recalled if record["account"] == "alpha"])
    assert counts[0] == [0]
    assert counts[1][0] > 0
    assert list(elsewhere.iterdir()) == []
    for name in outside.accounts:
        path = tmp_path / "journal" / f"{name}.sqlite"
        there = {order["id"] for order in outside.ask(f"/accounts/{name}/books")["orders"]}
        assert {order.order_id for order in read_history(path).orders} == there
        assert inspect_journal(path, account=name).open_intents_count == 0


def test_a_second_program_on_the_same_accounts_is_refused_and_told_who_has_them(
    outside: Exchange, tmp_path: Path, elsewhere: Path
) -> None:
    config = outside.config(tmp_path)
    with program("start", "--config", config, "--json-logs", folder=tmp_path, **outside.environ) as first:
        first.wait_until_logged("system_started")
        with program("start", "--config", config, folder=elsewhere, **outside.environ) as second:
            assert second.end() == 2
            assert f"alpha.sqlite is in use by process {first.pid}: one process at a time" in second.err
            assert second.out == ""
        with program("check", "--config", config, folder=tmp_path, **outside.environ) as looking:
            assert looking.end() == 2
            assert f"is in use by process {first.pid}" in looking.out
        first.send(signal.SIGTERM)
        assert first.end() == 0, first.err


def test_a_second_program_with_the_same_keys_is_refused_from_another_folder_with_another_file(
    outside: Exchange, tmp_path: Path, elsewhere: Path
) -> None:
    environ = {**outside.environ, "HOME": str(tmp_path)}
    with program("start", "--config", outside.config(tmp_path), "--json-logs", folder=tmp_path, **environ) as first:
        first.wait_until_logged("system_started")
        other = outside.config(elsewhere)
        with program("start", "--config", other, folder=elsewhere, **environ) as second:
            assert second.end() == 2
            assert f"the API key of account 'alpha' is in use by process {first.pid}" in second.err
        assert not any(outside.environ["ALPHA_KEY"] in path.read_text() for path in tmp_path.rglob("keys/*"))
        first.send(signal.SIGKILL)
        assert first.end() == -signal.SIGKILL
    with program("start", "--config", other, "--json-logs", folder=elsewhere, **environ) as third:
        third.wait_until_logged("system_started")
        third.send(signal.SIGTERM)
        assert third.end() in {0, 5}, third.err  # the first one's fills are not in this one's journal


def test_a_damaged_journal_is_named_with_what_to_do_and_left_as_it_is(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path)
    path = tmp_path / "journal" / "beta.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\0" + b"\x07" * 5000)
    before = path.read_bytes()
    with program("start", "--config", config, folder=tmp_path, **outside.environ) as run:
        assert run.end() == 2
        assert "beta.sqlite is damaged" in run.err
        assert "move it and its -wal file away" in run.err
    with program("check", "--config", config, folder=tmp_path, **outside.environ) as run:
        assert run.end() == 2
        assert "ok    alpha journal" in run.out
        assert "FAIL  beta journal" in run.out
        assert "is damaged" in run.out
    assert path.read_bytes() == before


def test_without_a_journal_nothing_is_written(outside: Exchange, tmp_path: Path) -> None:
    config = outside.config(tmp_path, extra="[journal]\nenabled = false\n")
    with program("start", "--config", config, "--for", "0.3", folder=tmp_path, **outside.environ) as run:
        assert run.end() == 0, run.err
        assert "records in" not in run.out
    assert not (tmp_path / "journal").exists()


def test_the_journal_of_an_embedded_run_is_kept_where_asked_for_and_never_mixed_with_the_next(tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    path.write_text(EMBEDDED + '[journal]\ndirectory = "kept"\n')
    with program("start", "--config", str(path), "--for", "0.5", folder=tmp_path) as run:
        assert run.end() == 0, run.err
    assert read_history(tmp_path / "kept" / "alpha.sqlite").orders
    with program("start", "--config", str(path), "--for", "0.5", folder=tmp_path) as run:
        assert run.end() == 2
        assert f"journal.directory: {tmp_path}/kept/alpha.sqlite is of an earlier run" in run.err
