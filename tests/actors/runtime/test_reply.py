"""The reply: set once, waited for from anywhere, never at the price of a blocked loop."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime import Reply
from tests.support.eventually import eventually


async def test_a_value_set_before_during_or_after_the_wait_is_the_same() -> None:
    before: Reply[int] = Reply.of(1)
    assert await before == 1
    later: Reply[int] = Reply()
    asyncio.get_running_loop().call_soon(later.set, 2)
    assert await later == 2
    assert await later == 2
    assert later.result() == later.get(timeout=0) == 2


async def test_an_error_is_raised_to_every_waiter() -> None:
    reply: Reply[int] = Reply()
    waiters = [asyncio.ensure_future(reply) for _ in range(3)]
    await asyncio.sleep(0)
    reply.set_error(KeyError("gone"))
    assert [type(error) for error in await asyncio.gather(*waiters, return_exceptions=True)] == [KeyError] * 3
    with pytest.raises(KeyError):
        reply.result()
    with pytest.raises(KeyError):
        reply.get()
    assert isinstance(reply.error, KeyError)


def test_result_without_an_answer_is_an_invalid_state() -> None:
    with pytest.raises(asyncio.InvalidStateError):
        Reply[int]().result()


def test_the_first_answer_counts_and_later_ones_are_counted() -> None:
    reply: Reply[int] = Reply()
    reply.set(1)
    reply.set(2)
    reply.set_error(ValueError("late"))
    reply.set_exception((KeyError, KeyError("later"), None))
    assert reply.result() == 1
    assert reply.error is None
    assert reply.late_answers == 3


def test_of_many_threads_that_answer_at_once_one_wins(frequent_switches: None) -> None:
    for _ in range(100):
        reply: Reply[int] = Reply()
        calls: list[int | None] = []
        reply.add_done_callback(_noting(calls))
        threads = [threading.Thread(target=reply.set, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        assert reply.get(timeout=10) in range(4)
        for thread in threads:
            thread.join(10)
        assert calls == [reply.result()]
        assert reply.late_answers == 3


def test_a_callback_added_while_another_thread_settles_runs_exactly_once(frequent_switches: None) -> None:
    for _ in range(300):
        reply: Reply[int] = Reply()
        calls: list[int | None] = []
        setter = threading.Thread(target=reply.set, args=(1,))
        setter.start()
        for _ in range(5):
            reply.add_done_callback(_noting(calls))
        setter.join(10)
        assert calls == [1] * 5


class _SettlingList(list[Any]):
    """Settles the reply at the worst moment: when the waiter is about to be appended."""

    def __init__(self, reply: Reply[int]) -> None:
        super().__init__()
        self._reply = reply

    def append(self, item: Any, /) -> None:
        self._reply.set(1)
        super().append(item)


def test_a_callback_that_loses_the_race_against_the_answer_runs_all_the_same() -> None:
    reply: Reply[int] = Reply()
    reply._waiters = _SettlingList(reply)
    calls: list[int | None] = []
    reply.add_done_callback(_noting(calls))
    assert calls == [1]


def test_a_thread_that_loses_the_race_against_the_answer_gets_it_all_the_same() -> None:
    reply: Reply[int] = Reply()
    reply._waiters = _SettlingList(reply)
    assert reply.get(timeout=10) == 1


def _noting(calls: list[int | None]) -> Callable[[Reply[int]], None]:
    return lambda reply: calls.append(reply.result())


async def test_threads_and_two_loops_wait_for_one_reply() -> None:
    reply: Reply[str] = Reply()
    waiting = threading.Barrier(3)

    def on_a_plain_thread() -> str:
        waiting.wait(10)
        return reply.get(timeout=10)

    async def wait() -> str:
        waiting.wait(10)
        return await reply

    outcomes = asyncio.gather(
        asyncio.to_thread(on_a_plain_thread), asyncio.to_thread(lambda: asyncio.run(wait())), _plain(reply)
    )
    await asyncio.to_thread(waiting.wait, 10)
    await eventually(lambda: len(reply._waiters) == 3)
    reply.set("all of you")
    assert await outcomes == ["all of you"] * 3


async def test_a_reply_set_on_another_thread_wakes_the_loop() -> None:
    reply: Reply[int] = Reply()
    waiting = asyncio.ensure_future(reply)
    await asyncio.sleep(0)
    threading.Thread(target=reply.set, args=(3,)).start()
    assert await asyncio.wait_for(waiting, 10) == 3


async def test_canceling_one_waiter_leaves_the_reply_and_the_others_alone() -> None:
    reply: Reply[int] = Reply()
    one, other = asyncio.create_task(_plain(reply)), asyncio.create_task(_plain(reply))
    await asyncio.sleep(0)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    assert not reply.done
    assert len(reply._waiters) == 1  # the canceled one left nothing behind
    reply.set(4)
    assert await other == 4


async def test_wait_for_gives_up_on_a_reply_without_settling_it() -> None:
    reply: Reply[int] = Reply()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reply, 0.01)
    assert not reply.done


def test_get_gives_up_after_its_timeout_and_leaves_nothing_behind() -> None:
    reply: Reply[int] = Reply()
    for timeout in (0, 0.001, -1):
        with pytest.raises(pykka.Timeout):
            reply.get(timeout=timeout)
    assert reply._waiters == []
    reply.set(5)
    assert reply.get(timeout=0) == 5
    assert reply.get(timeout=1e12) == 5


def test_a_waiter_whose_loop_is_closed_does_not_disturb_the_setter() -> None:
    reply: Reply[int] = Reply()
    loop = asyncio.new_event_loop()
    waiting = reply.__await__()

    async def begin_to_wait() -> None:
        waiting.send(None)

    loop.run_until_complete(begin_to_wait())
    loop.close()
    other = threading.Thread(target=reply.set, args=(6,))
    other.start()
    other.join(10)
    assert reply.result() == 6
    waiting.close()


def test_what_a_callback_raises_reaches_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    reply: Reply[int] = Reply()
    seen: list[int] = []

    def failing(_reply: Reply[int]) -> None:
        raise SystemExit("secret")

    reply.add_done_callback(failing)
    reply.add_done_callback(lambda settled: seen.append(settled.result()))
    reply.set(1)
    reply.add_done_callback(lambda settled: seen.append(settled.result()))
    assert seen == [1, 1]
    out = capsys.readouterr().out
    assert "reply_callback_failed" in out
    assert "secret" not in out


def test_a_chained_reply_follows_the_inner_one_and_takes_no_other_answer() -> None:
    inner: Reply[int] = Reply()
    outer: Reply[int] = Reply()
    outer.set(inner)
    assert not outer.done
    outer.set(9)
    inner.set(1)
    assert outer.result() == 1
    assert outer.late_answers == 1


@given(st.integers(1, 20), st.booleans(), st.booleans())
def test_chains_of_any_length_pass_on_value_and_error(length: int, fails: bool, settled_first: bool) -> None:
    source: Reply[Any] = Reply()
    settle: Callable[[], None] = (lambda: source.set_error(KeyError())) if fails else (lambda: source.set("x"))
    if settled_first:
        settle()
    last: Reply[Any] = source
    for _ in range(length):
        link: Reply[Any] = Reply()
        link.set(last)
        last = link
    if not settled_first:
        assert not last.done
        settle()
    assert last.done
    assert isinstance(last.error, KeyError) if fails else last.result() == "x"


@given(st.integers(1, 5))
def test_a_circle_of_replies_is_an_error_not_a_wait_for_ever(length: int) -> None:
    replies: list[Reply[Any]] = [Reply() for _ in range(length)]
    for number, reply in enumerate(replies):
        reply.set(replies[(number + 1) % length])
    for reply in replies:
        with pytest.raises(ValueError, match="answered with itself"):
            reply.result()


def test_a_foreign_future_is_refused_as_an_answer() -> None:
    reply: Reply[Any] = Reply()
    reply.set(pykka.ThreadingFuture())
    with pytest.raises(TypeError, match="return a Reply"):
        reply.result()


def test_pykkas_combinators_push_instead_of_blocking() -> None:
    numbers: Reply[Any] = Reply()
    doubled = numbers.map(lambda items: [item * 2 for item in items])
    count = numbers.map(len)
    joined = doubled.join(count)
    assert not joined.done
    numbers.set([1, 2, 3])
    assert joined.result() == [[2, 4, 6], 3]
    assert pykka.get_all([doubled, count]) == [[2, 4, 6], 3]


def test_combinators_pass_on_errors_also_their_own() -> None:
    failed: Reply[Any] = Reply()
    failed.set_error(KeyError("first"))
    assert isinstance(failed.map(str).error, KeyError)
    assert isinstance(Reply[Any].of(1).join(failed).error, KeyError)
    assert isinstance(Reply.of(0).map(lambda value: 1 / value).error, ZeroDivisionError)
    with pytest.raises(TypeError, match="cannot join a ThreadingFuture"):
        failed.join(pykka.ThreadingFuture())
    with pytest.raises(TypeError, match="get hook"):
        failed.set_get_hook(str)


def test_set_exception_takes_what_is_being_handled() -> None:
    reply: Reply[Any] = Reply()
    try:
        raise KeyError("in hand")
    except KeyError:
        reply.set_exception()
    assert isinstance(reply.error, KeyError)
    with pytest.raises(ValueError, match="no exception is being handled"):
        Reply[Any]().set_exception()
    with pytest.raises(TypeError, match="an exception instance"):
        Reply[Any]().set_error(KeyError)


def test_repr_tells_the_state_and_not_the_value_r12() -> None:
    failed: Reply[str] = Reply()
    failed.set_error(ValueError("s3cr3t"))
    assert repr(Reply[str]()) == "<Reply pending>"
    assert repr(Reply.of("s3cr3t")) == "<Reply done>"
    assert repr(failed) == "<Reply failed: ValueError>"


async def _plain(reply: Reply[Any]) -> Any:
    return await reply
