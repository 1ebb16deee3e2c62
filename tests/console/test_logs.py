"""Logs: readable, in one stream, and without secrets even where somebody logs one (R12)."""

import io
import json
import logging
from typing import Any

import pytest
import structlog

from config import LoggingConfig
from console.logs import Hider, configure_logs
from console.sinks import StreamSink
from console.writer import Writer

SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"


class Log(io.StringIO):
    """What was logged, when it has been written."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__()
        hider = Hider()
        hider.learn(known)
        self.writer = Writer(StreamSink(self), hide=hider.hide)

    def getvalue(self) -> str:
        assert self.writer.written().wait(10)
        return super().getvalue()


def logged(format: Any = "text", level: Any = "debug", known: tuple[str, ...] = (SECRET,)) -> Log:  # noqa: A002
    log = Log(known)
    configure_logs(LoggingConfig(level=level, format=format), log.writer)
    return log


def test_a_line_for_people_is_an_event_with_its_fields() -> None:
    stream = logged()
    structlog.get_logger().info("order_placed", account="alpha", price="1.5", cause="a b", ids=["1", "2"])
    stamp, rest = stream.getvalue().rstrip().split(" ", 1)
    assert stamp.endswith("Z")
    assert rest == 'info    order_placed  account=alpha price=1.5 cause="a b" ids=1,2'


def test_a_json_line_holds_the_same() -> None:
    stream = logged("json")
    structlog.get_logger().warning("order_placed", account="alpha")
    record = json.loads(stream.getvalue())
    assert (record["event"], record["level"], record["account"]) == ("order_placed", "warning", "alpha")


def test_a_value_with_a_line_break_cannot_forge_a_line() -> None:
    stream = logged()
    structlog.get_logger().info("frame_refused", reason="x\n2026-01-01 info forged")
    assert len(stream.getvalue().splitlines()) == 1


def test_the_level_is_the_least_that_is_logged() -> None:
    stream = logged(level="warning")
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet as well")
    structlog.get_logger().warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_the_standard_library_logs_into_the_same_stream() -> None:
    stream = logged("json")
    logging.getLogger("pykka").error("it %s", "broke")
    record = json.loads(stream.getvalue())
    assert (record["event"], record["logger"], record["level"]) == ("it broke", "pykka", "error")


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(
    "fields",
    [
        {"secret": "unknown to us"},
        {"api_key": "unknown to us"},
        {"key": "unknown to us"},
        {"Authorization": "unknown to us"},
        {"signature": "unknown to us"},
        {"password": "unknown to us"},
    ],
)
def test_fields_with_telling_names_are_hidden_r12(fields: dict[str, str], format: str) -> None:  # noqa: A002
    stream = logged(format)
    structlog.get_logger().info("request", **fields)
    assert "unknown to us" not in stream.getvalue()
    assert "<hidden>" in stream.getvalue()


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_known_secret_is_hidden_wherever_it_stands_r12(format: str) -> None:  # noqa: A002
    stream = logged(format)
    structlog.get_logger().info("request", url=f"https://a.example/?q={SECRET}", headers={"x": [SECRET]})
    structlog.get_logger().info(f"oh {SECRET}")
    logging.getLogger("library").error("sent %s", SECRET)
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("<hidden>") == 4


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_traceback_shows_no_local_variables_r12(format: str) -> None:  # noqa: A002
    stream = logged(format, known=())

    def signing(secret: str) -> None:
        raise ValueError("no")

    try:
        signing(SECRET)
    except ValueError:
        structlog.get_logger().exception("crashed")
    assert "ValueError: no" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_short_texts_are_no_secrets_to_look_for() -> None:
    hider = Hider()
    hider.learn(["", "a", "abc"])
    assert hider.hide("abracadabra abc") == "abracadabra abc"
