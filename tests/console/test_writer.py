"""Lines are written by threads of their own, to real pipes, fifos and files: nobody waits, no loss is unseen."""

import fcntl
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from config import LoggingConfig
from console.logs import configure_logs
from console.sinks import DescriptorSink
from console.writer import Writer
from tests.support.eventually import eventually_blocking


class Pipe:
    """A pipe with a writer to it; ``read`` says what has come through until the writer has written all."""

    def __init__(self, *, room: int = 10_000) -> None:
        self.end, self.into = os.pipe()
        self.writer = Writer(DescriptorSink(self.into), room=room)

    def fill(self) -> int:
        """Says more than a pipe holds, so that the writer waits for a reader; returns how many lines that were."""
        for number in range(200):
            self.writer.insist(f"{number:<999}\n")
        eventually_blocking(lambda: self.writer._size < 200_000, what="the writer to have begun")
        return 200

    def read(self) -> list[str]:
        """Reads until all that was said has come through."""
        written = self.writer.written()
        found: list[bytes] = []

        def reading() -> None:
            while data := os.read(self.end, 1 << 16):
                found.append(data)

        reader = threading.Thread(target=reading, daemon=True)
        reader.start()
        assert written.wait(10)
        os.close(self.into)
        reader.join(10)
        return b"".join(found).decode().splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.end)


def numbered(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines]


# -- a reader that does not read ---------------------------------------------------------------------------------------


def test_lines_without_room_are_lost_and_told_of_in_their_place(pipe: Pipe) -> None:
    pipe.writer.when_lost(notice=lambda lines: f"lost {lines}\n")
    for number in range(pipe.fill()):
        pipe.writer.write(f"more {number}\n")
    pipe.writer.insist("the end\n")
    lines = numbered(pipe.read())
    assert lines == [*map(str, range(200)), "lost 200", "the end"]


def test_a_loss_is_told_of_though_nothing_is_said_after_it(pipe: Pipe) -> None:
    pipe.writer.when_lost(notice=lambda lines: f"lost {lines}\n")
    pipe.fill()
    pipe.writer.write("one\ntwo\n")
    assert numbered(pipe.read())[-1] == "lost 2"


def test_the_beginning_of_a_loss_is_told_once(pipe: Pipe) -> None:
    problems: list[str] = []
    pipe.writer.when_lost(notice=lambda lines: f"lost {lines}\n", on_loss=problems.append)
    pipe.fill()
    pipe.writer.write("one\n")
    pipe.writer.write("two\n")
    assert problems == ["nobody reads it"]
    pipe.read()


def test_lines_that_find_room_come_in_order_from_all_threads() -> None:
    pipe = Pipe(room=10_000_000)
    said = [f"{name} {number}" for name in "abc" for number in range(2_000)]
    threads = [
        threading.Thread(target=lambda own=name: [pipe.writer.write(f"{own} {number}\n") for number in range(2_000)])
        for name in "abc"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = pipe.read()
    assert sorted(lines) == sorted(said)
    for name in "abc":
        assert [line for line in lines if line[0] == name] == [line for line in said if line[0] == name]
    os.close(pipe.end)


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    """Who shares a terminal with us may have set it so."""
    fcntl.fcntl(pipe.into, fcntl.F_SETFL, os.O_NONBLOCK)
    pipe.fill()
    assert numbered(pipe.read()) == [*map(str, range(200))]


def test_a_closed_writer_takes_nothing_and_its_thread_ends(pipe: Pipe) -> None:
    pipe.writer.write("last\n")
    assert pipe.writer.close().wait(10)
    pipe.writer.write("late\n")
    assert pipe.writer.close().wait(10)
    assert pipe.read() == ["last"]


# -- a disk or a reader that comes back --------------------------------------------------------------------------------


def test_a_reader_that_comes_back_is_told_how_many_lines_are_missing(tmp_path: Path) -> None:
    """R14. A real fifo: without a reader the system refuses each line."""
    fifo = tmp_path / "log"
    os.mkfifo(fifo)
    first = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    into = os.open(fifo, os.O_WRONLY)
    writer = Writer(DescriptorSink(into))
    configure_logs(LoggingConfig(), writer)
    structlog.get_logger().info("before")
    assert writer.written().wait(10)
    assert b"before" in os.read(first, 4096)
    os.close(first)
    structlog.get_logger().info("order_placed")
    logging.getLogger("library").warning("as well")
    assert writer.written().wait(10)
    second = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    structlog.get_logger().info("after")
    assert writer.close().wait(10)
    told, after = os.read(second, 4096).decode().splitlines()
    assert told.split()[1:] == ["error", "log_was_not_writable", "lines=2"]
    assert after.split()[1:] == ["info", "after"]
    for descriptor in (second, into):
        os.close(descriptor)


def test_what_a_full_disk_has_cut_off_has_a_line_of_its_own(tmp_path: Path, limited: Callable[[int], None]) -> None:
    path = tmp_path / "log"
    into = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    writer = Writer(DescriptorSink(into))
    writer.when_lost(notice=lambda lines: f"lost {lines}\n")
    limited(15)
    writer.write("one\ntwo\nthree\nfour\nfive\n")
    assert writer.written().wait(10)
    limited(-1)
    writer.write("six\n")
    assert writer.close().wait(10)
    os.close(into)
    assert path.read_text().splitlines() == ["one", "two", "three", "f", "lost 2", "six"]


@pytest.fixture
def limited() -> Iterator[Callable[[int], None]]:
    """Sets how large a file may become, as a full disk would; -1 for as it was."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before if size < 0 else (size, before[1]))

    yield limit
    limit(-1)


# -- what cannot be written as text ------------------------------------------------------------------------------------


class Odd:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_field_that_has_no_text_raises_nothing(pipe: Pipe, format: Any) -> None:  # noqa: A002
    configure_logs(LoggingConfig(format=format), pipe.writer)
    structlog.get_logger().warning("order_placed", what=Odd())
    logging.getLogger("library").warning("%d", "no number")
    logging.getLogger("library").warning("a lone surrogate \ud800")
    placed, record, surrogate = pipe.read()
    assert "order_placed" in placed
    assert "RuntimeError" in placed
    assert "log_record_not_written" in record
    assert "a lone surrogate" in surrogate
    if format == "json":
        assert json.loads(placed)["fields_not_written"] == "RuntimeError"
