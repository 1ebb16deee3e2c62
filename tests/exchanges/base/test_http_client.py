"""What a lost answer means, and that limits are kept and ``Retry-After`` obeyed, over real sockets."""

import asyncio
from collections.abc import Mapping

import pytest
import structlog

from exchanges.base.http_client import HttpAnswer, HttpCall, HttpClient, parse_retry_after
from exchanges.base.rate_limiter import RateLimiter, Scope
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
