"""An end in doubt: what fails, or is not answered, is asked with pauses, and what may be open has its exit code."""

import gc
import io
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.orderly_end import cancel_open_orders
from config import parse_config
from console.closing import AccountEnd, Closing
from console.exit_codes import ExitCode, OrdersMayBeOpenError
from console.logs import Hider
from console.output import Output
from console.start import StartOptions, start
from exchanges.base.environment import Clock
from exchanges.simulator import HttpRequest, start_exchange
from messages.commands import PlaceOrder
from messages.enums import Side
from messages.errors import ConnectionFailedError
from messages.order import Order
from tests.console.running import QUIET, SOL, Meddling, running


async def test_orders_that_may_be_open_have_their_code_though_nobody_can_be_asked() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\n") as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await run.exchange.close()
        end = await run.end()
    assert end.left_open == "the exchange did not confirm within 0.2 s"
    assert (end.verdict, end.exit_code) == ("UNKNOWN", ExitCode.ORDERS_LEFT_OPEN)


async def test_orders_that_were_canceled_late_are_not_called_open() -> None:
    """R14: the account went on canceling (R13), and the exchange's own list shows that nothing is open."""
    async with running(extra="[shutdown]\npatience_s = 0.2\n") as run:
        alpha = run.system.account("alpha")
        await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        run.control("POST", "/faults", kind="rest_error", endpoint="DELETE /spot/orders", effect="none", status=502)
        seen: list[Order] = []

        async def recover() -> None:
            seen.extend((await alpha.snapshot()).open_orders)
            run.control("DELETE", "/faults")
            await alpha.cancel_all()

        end = await run.end(readers={"alpha": Meddling(run.readers["alpha"], recover)})
    assert len(seen) == 1, "it was open when patience was over"
    assert (end.verdict, end.left_open, end.exit_code) == ("AGREE", "", ExitCode.OK)


async def test_an_exchange_that_is_no_more_has_no_order_that_may_be_open() -> None:
    async with running(extra="[shutdown]\npatience_s = 0.2\n") as run:
        await run.system.account("alpha").place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(139)))
        await run.exchange.close()
        end = await run.end(has_exchange=False)
    assert (end.verdict, end.exit_code, end.left_open) == ("UNKNOWN", ExitCode.CONNECTION, "")


class Pauses:
    """A clock that notes for how long somebody slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.taken: list[float] = []
        self.now_ms = clock.now_ms
        self.monotonic_s = clock.monotonic_s

    async def sleep(self, delay_s: float) -> None:
        self.taken.append(round(delay_s, 6))
        await self._clock.sleep(delay_s)


async def test_an_exchange_that_does_not_answer_at_the_end_is_asked_with_pauses_that_double() -> None:
    async def fail() -> None:
        raise ConnectionFailedError("nobody answers")

    async with running() as run:
        pauses = Pauses(run.environment.clock)
        end = await run.end(
            readers={"alpha": Meddling(run.readers["alpha"], *[fail] * 1_000)},
            environment=replace(run.environment, clock=pauses),
            patient_s=1.0,
        )
    assert end.verdict == "UNKNOWN"
    assert pauses.taken[:3] == [0.1, 0.2, 0.4]


async def test_cancels_that_fail_at_once_are_asked_for_with_pauses_that_double() -> None:
    async with running() as run:
        pauses = Pauses(run.environment.clock)
        handle = run.system.account("alpha")
        await run.system.stop_actors()
        ended = await cancel_open_orders(handle, patience_s=1.0, clock=pauses)
    assert "is unavailable" in ended.problem
    assert pauses.taken[:3] == [0.05, 0.1, 0.2]


@pytest.mark.parametrize("is_gone", [False, True], ids=["exchange there", "exchange gone"])
async def test_a_fault_while_closing_does_not_keep_orders_open_and_says_where_nobody_confirmed(
    is_gone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = await start_exchange(QUIET)
    gateio: Any = exchange.endpoints["gateio"]
    for variable, what in (("K", "key"), ("S", "secret")):
        monkeypatch.setenv(variable, gateio["accounts"][0][what])
    config = parse_config(
        f'[[venues]]\nname = "gate"\nrest = "{gateio["rest"]}"\nws = "{gateio["ws"]}"\n'
        '[[accounts]]\nname = "alpha"\nvenue = "gate"\nkey_env = "K"\nsecret_env = "S"\n'
        "[journal]\nenabled = false\n[shutdown]\npatience_s = 0.5\n",
        "t.toml",
        folder=tmp_path,
    )
    placed: list[Order] = []

    async def break_down(closing: Closing) -> tuple[AccountEnd, ...]:
        alpha = closing._system.account("alpha")
        placed.append(await alpha.place(PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(100))))
        if is_gone:
            await exchange.close()
        raise ZeroDivisionError

    monkeypatch.setattr(Closing, "run", break_down)
    output = Output(json=False, hider=Hider(), stream=io.StringIO())
    wanted = OrdersMayBeOpenError if is_gone else ZeroDivisionError
    try:
        with pytest.raises(wanted) as told:
            await start(config, StartOptions(for_s=0.1, plain=True), output)
        if is_gone:
            assert ExitCode.of(told.value) is ExitCode.ORDERS_LEFT_OPEN
            assert str(told.value).startswith("orders may be open: account 'alpha': ")
            assert "ZeroDivisionError" in str(told.value)
        else:
            books: Any = exchange.exchange.control(
                HttpRequest(method="GET", path="/accounts/alpha/books", query="", headers={}, body=b"", remote="")
            )
            statuses = {order["id"]: order["status"] for order in msgspec.json.decode(books.body)["orders"]}
            assert statuses == {placed[0].order_id: "finished"}
    finally:
        sys.setswitchinterval(0.005)
        gc.unfreeze()
        await exchange.close()
