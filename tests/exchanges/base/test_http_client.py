"""What a lost answer means, and that limits are kept and ``Retry-After`` obeyed, over real sockets."""

import asyncio
from collections.abc import Mapping

import msgspec
import pytest
import structlog

from exchanges.base.http_client import HttpAnswer, HttpCall, HttpClient, parse_retry_after
from exchanges.base.rate_limiter import LONGEST_PAUSE_S, Priority, RateLimiter, Scope
from exchanges.base.transport import RequestNotSentError
from messages.errors import ConnectionFailedError, RateLimitedError, UnknownOutcomeError
from tests.exchanges.base.loopback import environment, http_answer, read_request, reset, tcp_server, unused_port
from tests.exchanges.base.manual_clock import ManualClock

SCOPE = Scope("things", 2, 1.0)


def call(address: str, *, changes: bool, max_wait_s: float | None = None) -> HttpCall:
    return HttpCall(
        operation="do_it",
        method="POST" if changes else "GET",
        url=f"http://{address}/thing",
        headers=lambda: {"KEY": "hush"},
        scope=SCOPE,
        body=b"{}" if changes else None,
        changes=changes,
        max_wait_s=max_wait_s,
    )


async def send_to(answer: bytes | None, *, changes: bool) -> HttpAnswer:
    """Sends one request to a server that answers so, or resets the connection instead."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        if answer is None:
            reset(writer)
        else:
            writer.write(answer)

    async with tcp_server(converse) as address, environment() as seams:
        client = HttpClient(seams, name="test", limiter=RateLimiter(seams.clock), timeout_s=5, max_wait_s=1)
        return await client.send(call(address, changes=changes))


async def test_r3_a_lost_answer_to_a_change_leaves_its_outcome_unknown() -> None:
    with pytest.raises(UnknownOutcomeError):
        await send_to(None, changes=True)


def test_a_call_changes_nothing_unless_it_says_so() -> None:
    plain = HttpCall(operation="x", method="GET", url="http://x/", headers=dict, scope=SCOPE)
    assert (plain.changes, plain.body, plain.priority, plain.max_wait_s) == (False, None, Priority.NORMAL, None)


async def test_a_lost_answer_to_a_query_is_only_a_failed_connection() -> None:
    with pytest.raises(ConnectionFailedError):
        await send_to(None, changes=False)


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Late"])
async def test_r3_a_server_fault_leaves_a_change_unknown_and_fails_a_query(status: str) -> None:
    with pytest.raises(UnknownOutcomeError):
        await send_to(http_answer(status=status), changes=True)
    with pytest.raises(ConnectionFailedError):
        await send_to(http_answer(status=status), changes=False)


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "302 Found", "400 Bad", "404 Not Found", "429 Slow"])
async def test_any_other_status_is_the_venues_to_read(status: str) -> None:
    answer = await send_to(http_answer(b"body", status=status), changes=True)
    assert answer.response.body == b"body"
    assert answer.received_s >= answer.sent_s


async def test_a_change_that_did_not_leave_is_a_failed_connection_and_certain() -> None:
    async with environment() as seams:
        client = HttpClient(seams, name="test", limiter=RateLimiter(seams.clock), timeout_s=5, max_wait_s=1)
        with pytest.raises(RequestNotSentError) as caught:
            await client.send(call(f"127.0.0.1:{unused_port()}", changes=True))
    assert not isinstance(caught.value, UnknownOutcomeError)


async def test_the_limit_is_kept_before_the_wire_and_headers_are_made_at_the_turn() -> None:
    made: list[str] = []

    def headers() -> Mapping[str, str]:
        made.append("signed")
        return {}

    async with environment(ManualClock()) as seams:
        client = HttpClient(seams, name="test", limiter=RateLimiter(seams.clock), timeout_s=5, max_wait_s=0.1)
        wanted = HttpCall(
            operation="x", method="GET", url=f"http://127.0.0.1:{unused_port()}/", headers=headers, scope=SCOPE
        )
        for _ in range(2):
            with pytest.raises(RequestNotSentError):
                await client.send(wanted)
        with pytest.raises(RateLimitedError):
            await client.send(wanted)
    assert made == ["signed", "signed"]


async def test_a_call_may_be_less_patient_than_the_client() -> None:
    async with environment(ManualClock()) as seams:
        limiter = RateLimiter(seams.clock)
        client = HttpClient(seams, name="test", limiter=limiter, timeout_s=5, max_wait_s=60)
        limiter.block(10.0)
        with pytest.raises(RateLimitedError):
            await client.send(call("127.0.0.1:1", changes=True, max_wait_s=0.5))


async def test_the_client_is_the_longest_that_any_call_waits() -> None:
    async with environment(ManualClock()) as seams:
        limiter = RateLimiter(seams.clock)
        client = HttpClient(seams, name="test", limiter=limiter, timeout_s=5, max_wait_s=0.5)
        limiter.block(10.0)
        with pytest.raises(RateLimitedError) as refused:
            await client.send(call("127.0.0.1:1", changes=True, max_wait_s=60))
    assert (refused.value.scope, refused.value.retry_after_s) == ("things", 10.0)


async def test_what_has_begun_waits_for_two_windows_but_not_for_ever() -> None:
    clock = ManualClock()
    async with environment(clock) as seams:
        limiter = RateLimiter(seams.clock)
        client = HttpClient(seams, name="test", limiter=limiter, timeout_s=5, max_wait_s=0.5)
        more = msgspec.structs.replace(call(f"127.0.0.1:{unused_port()}", changes=False), continues=True)
        limiter.block(1.9 * SCOPE.window_s)
        waiting = asyncio.ensure_future(client.send(more))
        await clock.advance(2 * SCOPE.window_s)
        with pytest.raises(RequestNotSentError):  # its turn came
            await waiting
        limiter.block(2.1 * SCOPE.window_s)
        with pytest.raises(RateLimitedError):
            await client.send(more)


async def test_r13_a_cancel_has_its_own_place_in_line() -> None:
    """It waits for seconds where others are told to come again in a minute."""
    clock = ManualClock()
    async with environment(clock) as seams:
        limiter = RateLimiter(clock)
        client = HttpClient(seams, name="test", limiter=limiter, timeout_s=5, max_wait_s=5)
        limiter.block(3600)
        wanted = call(f"127.0.0.1:{unused_port()}", changes=True)
        with pytest.raises(RateLimitedError):
            await client.send(wanted)
        cancel = asyncio.ensure_future(client.send(msgspec.structs.replace(wanted, priority=Priority.CANCEL)))
        await clock.advance(LONGEST_PAUSE_S[Priority.CANCEL] + 0.01)
        with pytest.raises(RequestNotSentError):
            await cancel


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "403 No", "400 Bad", "302 Found"])
async def test_retry_after_says_something_only_with_a_refusal_for_the_rate(status: str) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(SCOPE.capacity):
            await read_request(reader)
            writer.write(http_answer(status=status, headers="Retry-After: 7\r\n"))

    async with tcp_server(converse) as address, environment(ManualClock()) as seams:
        client = HttpClient(seams, name="test", limiter=RateLimiter(seams.clock), timeout_s=5, max_wait_s=0)
        for _ in range(SCOPE.capacity):
            await client.send(call(address, changes=False))


async def test_an_answer_names_when_it_was_asked_for_and_when_it_came() -> None:
    clock = ManualClock()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await clock.advance(0.25)
        writer.write(http_answer())

    async with tcp_server(converse) as address, environment(clock) as seams:
        client = HttpClient(seams, name="test", limiter=RateLimiter(clock), timeout_s=5, max_wait_s=1)
        with structlog.testing.capture_logs() as logs:
            answer = await client.send(call(address, changes=False))
    assert (answer.sent_s, answer.received_s, answer.retry_after_s) == (1000.0, 1000.25, None)
    entry = next(entry for entry in logs if entry["event"] == "http_request")
    assert (entry["client"], entry["elapsed_ms"]) == ("test", 250.0)


@pytest.mark.parametrize("changes", [True, False])
async def test_what_was_lost_is_named_with_what_it_was(changes: bool) -> None:
    branch = UnknownOutcomeError if changes else ConnectionFailedError
    with pytest.raises(branch) as caught:
        await send_to(http_answer(status="502 Bad Gateway"), changes=changes)
    assert str(caught.value) == "do_it: status 502" + (": it may or may not have happened" if changes else "")
    with structlog.testing.capture_logs() as logs, pytest.raises(branch) as caught:
        await send_to(None, changes=changes)
    assert str(caught.value).startswith("do_it: ") is not changes
    assert [entry["outcome"] for entry in logs if entry["event"] == "http_request"] == ["answer_lost"]


async def test_what_did_not_leave_is_logged_as_failed() -> None:
    async with environment() as seams:
        client = HttpClient(seams, name="test", limiter=RateLimiter(seams.clock), timeout_s=5, max_wait_s=1)
        with structlog.testing.capture_logs() as logs, pytest.raises(RequestNotSentError):
            await client.send(call(f"127.0.0.1:{unused_port()}", changes=True))
    assert [entry["outcome"] for entry in logs if entry["event"] == "http_request"] == ["failed"]


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy"])
async def test_retry_after_holds_the_scope_back(status: str) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(http_answer(status=status, headers="Retry-After: 7\r\n"))

    async with tcp_server(converse) as address, environment(ManualClock()) as seams:
        client = HttpClient(seams, name="test", limiter=RateLimiter(seams.clock), timeout_s=5, max_wait_s=6)
        if status.startswith("429"):
            assert (await client.send(call(address, changes=False))).retry_after_s == 7.0
        else:
            with pytest.raises(ConnectionFailedError):
                await client.send(call(address, changes=False))
        with pytest.raises(RateLimitedError) as refused:
            await client.send(call(address, changes=False))
    assert refused.value.retry_after_s == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("3", 3.0),
        (" 2.5 ", 2.5),
        ("Thu, 09 Oct 2025 08:53:30 GMT", 10.0),
        ("Thu, 09 Oct 2025 08:53:00 GMT", 0.0),
        ("999999999", 3600.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("1e999", 3600.0),
        ("\u0663", None),
        ("3\u0663", None),
    ],
)
def test_retry_after_in_both_of_its_forms(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, 1_760_000_000_000) == seconds


async def test_every_request_logs_its_elapsed_time_and_nothing_secret() -> None:
    with structlog.testing.capture_logs() as logs:
        await send_to(http_answer(), changes=True)
    entry = next(entry for entry in logs if entry["event"] == "http_request")
    assert (entry["operation"], entry["outcome"], entry["log_level"]) == ("do_it", "200", "debug")
    assert entry["elapsed_ms"] >= 0
    assert "hush" not in repr(logs)
