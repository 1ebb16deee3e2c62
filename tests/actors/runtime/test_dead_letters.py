"""Lost messages are counted, the last ones remembered, and the log is not flooded."""

import threading

import structlog

from actors.runtime import DeadLetter, DeadLetters
from tests.actors.runtime.samples import Command, Event


def test_letters_are_counted_by_reason_and_the_last_are_kept() -> None:
    letters = DeadLetters(keep=3)
    for n in range(5):
        letters.add(Event(n), "account main", "actor stopped")
    letters.add(Command(), "account main", "busy")
    assert letters.count == 6
    assert letters.by_reason == {"actor stopped": 5, "busy": 1}
    assert len(letters.recent) == 3
    assert letters.recent[-1] == DeadLetter("Command", "account main", "busy")


def test_the_log_is_limited_and_says_how_many_it_left_out() -> None:
    now = [0.0]
    letters = DeadLetters(log_every_s=1.0, clock=lambda: now[0])
    with structlog.testing.capture_logs() as logs:
        for _ in range(100):
            letters.add(Event(), "account main", "actor stopped")
        now[0] = 1.0
        letters.add(Event(), "account main", "actor stopped")
    assert [(entry["event"], entry["unlogged"]) for entry in logs] == [("dead_letter", 0), ("dead_letter", 99)]
    assert logs[0]["log_level"] == "warning"


def test_no_content_is_kept_or_logged_r12() -> None:
    letters = DeadLetters()
    with structlog.testing.capture_logs() as logs:
        letters.add({"secret": "s3cr3t"}, "account main", "actor stopped")
    assert "s3cr3t" not in f"{logs} {letters.recent} {letters.__dict__}"


def test_letters_of_many_threads_are_all_counted(frequent_switches: None) -> None:
    letters = DeadLetters(log_every_s=3600)

    def add() -> None:
        for n in range(500):
            letters.add(Event(n), "account main", "actor stopped")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert letters.count == 2000
