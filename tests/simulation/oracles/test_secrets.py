"""A key, a secret or a signature is found wherever it is written, and not told again."""

from pathlib import Path

import pytest
import structlog

from actors.runtime import Reply
from messages.commands import GetSnapshot
from messages.errors import ConfigurationError
from simulation.oracles.command_log import CommandLog
from simulation.oracles.secrets import Secrets
from simulation.trace import Trace, logging_into

KEY, SECRET = "3f1a", "s3cr3t"
SIGNATURE = "0123456789abcdef" * 8


class Written:
    """What a program has written, read by the oracle."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = CommandLog(lambda: 0.0)
        self.trace = Trace(lambda: 0.0, on=True)
        secrets = {"alpha": (KEY, SECRET)}
        self.oracle = Secrets(secrets=secrets, log=self.log, trace=self.trace, directory=directory)

    def answer(self, error: Exception) -> None:
        reply: Reply[None] = Reply()
        reply.set_error(error)
        self.log.file("alpha", GetSnapshot(), reply)

    def found(self) -> list[str]:
        return [*self.oracle.look(), *self.oracle.final()]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def test_what_holds_no_secret_is_right(written: Written) -> None:
    (written.directory / "alpha.sqlite").write_bytes(b"an order of alpha, and a digest " + b"ab" * 32)
    written.trace.tell("the log event order_placed", "order_id=912 client_order_id=c1")
    written.trace.add("rest", "POST /spot/orders")
    written.answer(ConfigurationError("the key of alpha is refused"))

    assert written.found() == []


@pytest.mark.parametrize("secret", [KEY, SECRET])
def test_a_secret_is_found_in_logs_answers_files_and_the_trace_and_told_once(written: Written, secret: str) -> None:
    with logging_into(written.trace):
        structlog.get_logger("teller").debug("asked", headers={"KEY": secret})
    written.answer(ConfigurationError(f"cannot sign with {secret}"))
    (written.directory / "alpha.sqlite-wal").write_bytes(b"..." + secret.encode())
    written.trace.add("socket", secret)

    found = written.found()
    assert found == [
        "alpha: the key or secret is in the log event asked (R12)",
        "alpha: the key or secret is in the file alpha.sqlite-wal (R12)",
        "alpha: the key or secret is in the answer to a GetSnapshot (R12)",
        "alpha: the key or secret is in the trace (R12)",
    ]
    assert not any(secret in each for each in found)
    assert written.found() == []


def test_a_signature_is_found_whosever_it_is(written: Written) -> None:
    written.trace.tell("an error event of alpha", f"refused: {SIGNATURE}")

    assert written.found() == ["somebody: a signature is in an error event of alpha (R12)"]


def test_a_journal_is_read_at_the_end_of_every_life(written: Written) -> None:
    path = written.directory / "alpha.sqlite"
    path.write_bytes(SECRET.encode())
    written.oracle.begin_life()
    path.unlink()

    assert written.found() == ["alpha: the key or secret is in the file alpha.sqlite (R12)"]
