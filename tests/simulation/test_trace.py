"""What the trace takes from the log."""

import asyncio
from functools import partial

import pytest
import structlog

from simulation.process import Life
from simulation.trace import Trace, logging_into


@pytest.mark.parametrize("is_second", [False, True])
def test_what_the_second_program_gives_up_is_no_matter_of_the_runs_own(is_second: bool) -> None:
    trace = Trace(lambda: 0.0, on=False)

    async def give_up() -> None:
        log = structlog.get_logger("teller.test")
        log.error("strategy_given_up", strategy="quoter")
        log.error("group_given_up", group="strategy quoter")
        assert not trace.is_crippled
        log.error("group_given_up", group="account alpha")

    async def main() -> None:
        await Life(asyncio.get_running_loop(), 1, is_second=is_second).run(give_up(), "give up")

    with logging_into(trace):
        asyncio.run(main())
    assert trace.given_up == (set() if is_second else {"quoter"})
    assert trace.is_crippled is not is_second


def test_a_deadline_that_passed_in_a_standstill_is_no_fault_of_ours_at_that_moment_only() -> None:
    now_s = 1.0
    trace = Trace(lambda: now_s, on=False)
    log = structlog.get_logger("teller.test")
    with logging_into(trace):
        trace.resume()
        log.error("actor_hook_failed", error_type="TimeoutError")
        log.error("task_outlives_actor", task="attempt")
        assert trace.faults == []
        log.error("actor_hook_failed", error_type="KeyError")
        now_s = 2.0
        log.error("actor_hook_failed", error_type="TimeoutError")
    assert len(trace.faults) == 2


def test_a_deadline_of_a_program_that_is_held_up_is_no_fault_of_ours() -> None:
    trace = Trace(lambda: 0.0, on=False)
    log = structlog.get_logger("teller.test")
    with logging_into(trace):
        for spent_s, faults in ((3.0, 0), (1.5, 1)):
            trace.spent_s = partial(min, spent_s)
            log.error("actor_hook_failed", error_type="TimeoutError")
            assert len(trace.faults) == faults
