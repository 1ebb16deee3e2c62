"""The end of a run and the pictures of it, in one process with a real exchange on real sockets."""

import io
from decimal import Decimal

import msgspec
import pytest

from actors.journal import JournalFigures
from console.display import status_lines
from console.exit_codes import ExitCode
from console.journals import JournalEnd
from console.logs import Hider
from console.output import Output
from console.summary import Crashes, Summary, as_text, exit_code_of, verdict_of
from messages.commands import PlaceOrder
from messages.enums import Side
from messages.errors import ConnectionFailedError
from messages.symbol import Symbol
from tests.console.running import SOL, Lying, Meddling, running
from tests.support.eventually import eventually

NO_FIGURES = JournalFigures(waiting=0, lost=0, refused=0, commits=0, records=0, failure="")


# -- closing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_rest", [False, True], ids=["control", "rest"])
async def test_what_was_traded_agrees_with_the_exchange(by_rest: bool) -> None:
    async with running(by_rest=by_rest) as run:
        alpha = run.system.account("alpha")
        resting = await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(142)))
        await alpha.place(PlaceOrder.market_sell(SOL, Decimal(1)))
        run.control("POST", f"/orders/{resting.order_id}/fill", amount="1")
        end = await run.end()
    assert end.verdict == "AGREE", end.comparison
    assert end.canceled == 1
    assert end.comparison is not None
    assert (end.comparison.open_orders, end.comparison.finished_orders, end.comparison.fills) == (0, 3, 3)
    assert end.exit_code == ExitCode.OK


@pytest.mark.parametrize("by_rest", [False, True], ids=["control", "rest"])
async def test_fills_that_are_not_kept_one_by_one_are_compared_all_the_same(by_rest: bool) -> None:
    async with running(by_rest=by_rest, fills_kept=3) as run:
        alpha = run.system.account("alpha")
        for side, price in [(Side.BUY, 142), (Side.SELL, 140)] * 5:
            await alpha.place(PlaceOrder.ioc(SOL, side, Decimal(1), Decimal(price)))
        end = await run.end()
        assert len(list(run.notes.fills_of("alpha"))) == 3
        run.notes.fills_of("alpha").earlier["SOL/USDT"].count -= 1
        disagreeing = await run.end(patient_s=0.0)
    assert end.verdict == "AGREE", end.comparison
    assert end.comparison is not None
    assert end.comparison.fills == 10
    assert disagreeing.comparison is not None
    assert disagreeing.comparison.differences[0].startswith("earlier fills SOL/USDT: we say 6 fills, bought ")


async def test_a_difference_is_told_and_has_its_code() -> None:
    async with running() as run:
        end = await run.end(readers={"alpha": Lying(run.readers["alpha"])}, patient_s=0.0)
    assert (end.verdict, end.exit_code) == ("DISAGREE", ExitCode.BOOKS_DISAGREE)
    assert end.comparison is not None
    assert end.comparison.differences == (
        "balance SOL: we say 5000 available and 0 locked, the exchange 5000.001 and 0",
    )


async def test_orders_that_cannot_be_canceled_are_told_and_have_their_code() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\n") as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        run.control("POST", "/latency", rest_ms=20_000)
        end = await run.end()
    assert end.left_open == "the exchange did not confirm within 0.2 s"
    assert end.verdict == "AGREE", "the order is open on both sides"
    assert end.exit_code == ExitCode.ORDERS_LEFT_OPEN


async def test_an_account_that_is_not_live_is_not_called_right_r5() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\ncancel_open_orders = false\n") as run:
        await run.exchange.close()
        await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss to be noticed")
        end = await run.end()
    assert (end.verdict, end.exit_code) == ("UNKNOWN", ExitCode.CONNECTION)
    assert end.why.startswith("the account is ")


async def test_a_reconnect_while_closing_is_waited_out_and_compared() -> None:
    """A false alarm must not make the end unknown though the books agree."""
    async with running() as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        run.control("POST", "/sockets/cut", how="reset")
        await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss to be noticed")
        end = await run.end()
    assert (end.verdict, end.exit_code) == ("AGREE", ExitCode.OK), end.why


async def test_a_reconnect_between_the_readings_is_waited_out_too() -> None:
    async with running() as run:

        async def cut() -> None:
            run.control("POST", "/sockets/cut", how="reset")
            lying.append(True)
            await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss")

        async def fail() -> None:
            raise ConnectionFailedError("nobody answers")

        lying: list[bool] = []
        end = await run.end(readers={"alpha": Meddling(run.readers["alpha"], fail, cut, fail)})
    assert lying
    assert end.verdict == "AGREE", end.why


async def test_an_auditor_that_fails_to_the_last_leaves_the_end_unknown() -> None:
    async def fail() -> None:
        raise ConnectionFailedError("nobody answers")

    async with running() as run:
        reader = Meddling(run.readers["alpha"], *[fail] * 1_000)
        end = await run.end(readers={"alpha": reader}, patient_s=0.2)
    assert (end.verdict, end.exit_code, end.why) == ("UNKNOWN", ExitCode.CONNECTION, "nobody answers")


async def test_with_few_orders_remembered_only_those_are_compared() -> None:
    async with running(account="executed_limit = 2") as run:
        for _ in range(3):
            await run.system.account("alpha").place(PlaceOrder.ioc(SOL, Side.BUY, Decimal(1), Decimal(142)))
        end = await run.end()
    assert end.verdict == "AGREE", end.comparison
    assert end.comparison is not None
    assert end.comparison.finished_orders == 2


# -- pictures ----------------------------------------------------------------------------------------------------------


async def test_a_picture_shows_the_account_as_it_is() -> None:
    async with running() as run:
        alpha = run.system.account("alpha")
        await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(142)))
        await eventually(lambda: run.notes.fills_count.get("alpha"), what="the fill")
        report = await run.monitor.report()
    (shown,) = report.accounts
    assert (shown.sync_state, shown.stale_for_s) == ("live", None)
    assert [(order.side, order.price, order.status) for order in shown.open_orders] == [("buy", Decimal(139), "new")]
    assert (shown.fills_count, shown.executed_orders_count) == (1, 1)
    assert [(fill.account, fill.price, fill.quantity) for fill in report.recent_fills] == [
        ("alpha", Decimal(142), Decimal(2))
    ]
    assert shown.events_per_s > 0
    assert status_lines(report)[0].startswith(
        "status elapsed_s=0 account=alpha state=live open_orders=1 executed_orders=1"
    )


async def test_a_picture_of_a_lost_connection_says_stale_and_why_r5() -> None:
    async with running() as run:
        await run.exchange.close()
        await eventually(lambda: run.notes.statuses["alpha"].sync_state.value != "live", what="the loss to be noticed")
        (shown,) = (await run.monitor.report()).accounts
    assert shown.sync_state in {"degraded", "recovering"}
    assert shown.stale_for_s is not None
    assert shown.balances, "what was true then is still shown"


async def test_a_picture_of_a_stopped_system_says_that_it_is_down() -> None:
    async with running() as run:
        await run.system.stop_actors()
        (shown,) = (await run.monitor.report()).accounts
    assert shown.sync_state == "down"
    assert "alpha is unavailable" in shown.cause


async def test_a_journal_that_is_not_whole_has_the_code_of_configuration() -> None:
    assert exit_code_of([], given_up=False, journal_failed=True) == ExitCode.CONFIGURATION
    assert exit_code_of([], given_up=False) == ExitCode.OK


# -- the summary -------------------------------------------------------------------------------------------------------


async def test_the_summary_tells_every_difference_and_can_be_read_by_programs() -> None:
    async with running() as run:
        end = await run.end(readers={"alpha": Lying(run.readers["alpha"])}, patient_s=0.0)
        report = await run.monitor.report()
    summary = Summary(
        source="t.toml",
        elapsed_s=1.5,
        reason="Ctrl-C",
        verdict=verdict_of([end]),
        exit_code=end.exit_code,
        accounts=(end,),
        strategies=report.strategies,
        crashes=(Crashes(name="strategy quoter", restarts=5, is_given_up=True),),
        journals=(JournalEnd(account="alpha", file="alpha.sqlite", figures=NO_FIGURES, failure="the disk is full"),),
        loop_lag=report.loop_lag,
        hangs=2,
        dead_letters=0,
    )
    text = as_text(summary)
    assert "DIFFERENCE balance SOL: we say 5000 available and 0 locked, the exchange 5000.001 and 0" in text
    assert "CRASHED strategy quoter: restarted 5 times, given up, the log says why" in text
    assert "JOURNAL NOT WHOLE: the disk is full" in text
    assert "HUNG 2 times" in text
    assert text.endswith("RESULT DISAGREE: see the differences above (exit code 5)")
    assert all(len(line) <= 110 for line in text.splitlines())
    stream = io.StringIO()
    Output(json=True, hider=Hider(), stream=stream).record("summary", summary)
    assert msgspec.json.decode(stream.getvalue())["accounts"][0]["verdict"] == "DISAGREE"


async def test_hundreds_of_markets_are_compared_within_the_limits() -> None:
    """With a query for each they would be used up: 200 in 10 s."""
    async with running(by_rest=True) as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(142)))
        markets = [SOL, *(Symbol(f"COIN{number}", "USDT") for number in range(300))]
        books = await run.readers["alpha"].read(markets)
        assert [order.symbol for order in books.orders.values()] == ["SOL/USDT"]
        assert len(books.fills) == 1
        assert set(books.complete_from_ms) == {str(symbol) for symbol in markets}
