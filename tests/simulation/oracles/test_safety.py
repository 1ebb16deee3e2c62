"""Commands that take risk away are held to what they promise: a right run passes, each broken promise is found."""

from decimal import Decimal
from typing import Any

import pytest

from actors.runtime import Reply
from messages.commands import CancelAll, Command, EngageKillSwitch, PlaceOrder, ReleaseKillSwitch
from messages.enums import Side
from messages.errors import KillSwitchError
from messages.snapshot import TradingStats
from simulation.oracles.book_history import BookHistory
from simulation.oracles.cancel_all import CancelsAll
from simulation.oracles.command_log import CommandLog
from simulation.oracles.countdowns import Countdowns
from simulation.oracles.kill_switch import KillSwitch
from simulation.oracles.oracle import Oracle
from simulation.oracles.venue_limits import VenueLimits
from simulation.oracles.watcher import Told
from tests.support.books import Books
from tests.support.orders import SOL, order
from tests.support.stats import trading_stats

BOUND_S = 10.0


class Account:
    """alpha, what is asked of it, and what it says of its kill switch."""

    def __init__(self) -> None:
        self.books = Books()
        self.history = BookHistory(self.books.exchange, self.books.now_s)
        self.log = CommandLog(self.books.now_s)
        self.reason: str | None = None
        self.is_reached = True

    def kill_switch(self) -> KillSwitch:
        return KillSwitch(
            exchange=self.books.exchange,
            history=self.history,
            log=self.log,
            names=("alpha",),
            ask=self._stats,
            now_s=self.books.now_s,
            can_reach=lambda _: self.is_reached,
            bound_s=BOUND_S,
        )

    def cancels_all(self) -> CancelsAll:
        return CancelsAll(
            exchange=self.books.exchange,
            log=self.log,
            names=("alpha",),
            now_s=self.books.now_s,
            bound_s=BOUND_S,
        )

    def countdowns(self, told: Told, span_s: int | None = 5) -> Countdowns:
        return Countdowns(
            history=self.history,
            told={"alpha": told},
            names=("alpha",),
            now_s=self.books.now_s,
            can_reach=lambda _: self.is_reached,
            span_s=span_s,
            slack_s=BOUND_S,
        )

    def _stats(self, _name: str, _command: Command) -> Reply[TradingStats]:
        return Reply.of(trading_stats(kill_switch=self.reason))

    def ask(self, command: Command, answer: Any) -> None:
        """Files a command with its answer: a value or an error."""
        reply: Reply[Any] = Reply()
        if isinstance(answer, Exception):
            reply.set_error(answer)
        else:
            reply.set(answer)
        self.log.file("alpha", command, reply)

    def engage(self) -> None:
        self.ask(EngageKillSwitch(reason="enough"), ())
        self.reason = "enough"

    def after(self, seconds: int, oracle: Oracle) -> list[str]:
        found: list[str] = []
        for _ in range(seconds):
            self.books.time.advance(1.0)
            found += oracle.look()
        return [*found, *oracle.compare()]


def buy(client_order_id: str | None = None) -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(100), client_order_id=client_order_id)


def test_a_kill_switch_that_cancels_refuses_and_is_released_is_right() -> None:
    account = Account()
    oracle = account.kill_switch()
    booked = account.books.place(text="t-c1")
    assert account.after(30, oracle) == []

    account.engage()
    assert account.after(3, oracle) == []
    account.ask(buy(), KillSwitchError("alpha", "enough"))
    account.books.engine.cancel(booked)
    assert account.after(30, oracle) == []

    account.ask(ReleaseKillSwitch(), None)
    account.reason = None
    account.ask(buy(), order())
    assert account.after(3, oracle) == []


def test_an_order_that_rests_beside_an_engaged_kill_switch_is_found_unless_nobody_can_cancel_it() -> None:
    account = Account()
    oracle = account.kill_switch()
    account.books.place(text="t-c1")
    account.engage()
    account.is_reached = False
    assert account.after(60, oracle) == []

    account.is_reached = True
    assert account.after(10, oracle) == []
    [found] = account.after(10, oracle)
    assert "after the kill switch could cancel it (R13)" in found


@pytest.mark.parametrize("is_suspended", [True, False])
def test_what_came_while_the_program_was_away_has_the_whole_while_afterwards(*, is_suspended: bool) -> None:
    account = Account()
    oracle = account.kill_switch()
    account.engage()
    account.after(2, oracle)
    if not is_suspended:
        oracle.begin_life()
    account.books.place(text="t-c1")
    account.books.time.advance(60.0)
    if is_suspended:
        oracle.resume()
    assert account.after(10, oracle) == []
    [found] = account.after(10, oracle)
    assert "after the kill switch could cancel it (R13)" in found


def test_an_order_that_is_taken_while_it_is_engaged_is_found() -> None:
    account = Account()
    oracle = account.kill_switch()
    account.engage()
    account.after(2, oracle)
    account.ask(buy(), order())

    assert account.after(3, oracle) == ["alpha: PlaceOrder was taken while the kill switch was engaged (R13)"]


def test_a_kill_switch_that_forgets_is_found_also_across_lives() -> None:
    account = Account()
    oracle = account.kill_switch()
    account.engage()
    account.after(2, oracle)
    oracle.begin_life()
    account.reason = None

    assert account.after(3, oracle) == ["alpha: the kill switch was engaged, and is not; nobody has released it (R13)"]


def test_what_it_is_known_to_be_holds_until_somebody_asks_for_a_change() -> None:
    account = Account()
    oracle = account.kill_switch()
    account.engage()
    account.after(2, oracle)
    seen = oracle.known("alpha")
    assert seen is not None
    assert seen.reason == "enough"

    account.ask(ReleaseKillSwitch(), None)
    account.books.time.advance(0.1)
    assert oracle.known("alpha") is None


def test_an_order_that_outlives_a_cancel_told_after_it_is_found() -> None:
    account = Account()
    oracle = account.cancels_all()
    account.ask(buy("c1"), order())
    booked = account.books.place(text="t-c1")
    account.ask(CancelAll(symbol=SOL), ())

    assert account.after(10, oracle) == []
    [found] = account.after(5, oracle)
    assert f"order {booked.id}, told at" in found


@pytest.mark.parametrize("command", [CancelAll(symbol=SOL, side=Side.SELL), CancelAll(symbol=type(SOL)("ETH", "USDT"))])
def test_an_order_out_of_scope_or_told_later_may_live(command: CancelAll) -> None:
    account = Account()
    oracle = account.cancels_all()
    account.ask(buy("c1"), order())
    account.books.place(text="t-c1")
    account.ask(command, ())
    account.ask(CancelAll(), ValueError("not done"))
    assert account.after(30, oracle) == []

    account = Account()
    oracle = account.cancels_all()
    account.ask(CancelAll(), ())
    account.ask(buy("c1"), order())
    account.books.place(text="t-c1")
    assert account.after(30, oracle) == []


def test_a_countdown_that_is_started_again_and_again_and_stopped_in_the_end_is_right() -> None:
    account, told = Account(), Told()
    told.live_since_s = 0.0
    oracle = account.countdowns(told)
    for _ in range(20):
        account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 5})
        assert account.after(2, oracle) == []
    account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 0})

    assert list(oracle.final()) == []


def test_a_countdown_that_never_runs_or_runs_on_is_found() -> None:
    account, told = Account(), Told()
    told.live_since_s = 0.0
    oracle = account.countdowns(told)
    assert any("without a countdown of 5 s (R13)" in each for each in account.after(30, oracle))

    account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 5})
    assert list(oracle.final()) == ["alpha: its countdown runs on after the orderly end (R13)"]


def test_a_countdown_that_another_program_stops_is_to_be_started_again_within_the_while() -> None:
    account, told = Account(), Told()
    told.live_since_s = 0.0
    oracle = account.countdowns(told)
    for _ in range(20):
        account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 5})
        assert account.after(2, oracle) == []
    account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 0})
    assert account.after(2, oracle) == []
    account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 5})
    assert account.after(2, oracle) == []
    account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 0})
    assert any("without a countdown of 5 s (R13)" in each for each in account.after(30, oracle))


def test_a_program_that_stood_still_is_to_start_a_countdown_once_it_goes_on() -> None:
    account, told = Account(), Told()
    told.live_since_s = 0.0
    oracle = account.countdowns(told)
    account.books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 5})
    assert account.after(2, oracle) == []
    account.books.time.advance(60.0)
    oracle.resume()
    assert account.after(2, oracle) == []
    assert any("without a countdown of 5 s (R13)" in each for each in account.after(30, oracle))


def test_nobody_asks_for_a_countdown_that_is_not_wished_for_or_of_an_account_that_is_not_live() -> None:
    account, told = Account(), Told()
    assert account.after(60, account.countdowns(told)) == []

    told.live_since_s = 0.0
    assert account.after(60, account.countdowns(told, None)) == []


NEW_ORDER = {"currency_pair": "SOL_USDT", "side": "buy", "amount": "1", "price": "100", "type": "limit"}
OVER_THE_LIMIT = "alpha: counted over the limit at POST /api/v4/spot/orders (R13)"


@pytest.mark.parametrize("is_even", [True, False])
def test_being_counted_over_a_limit_is_found_where_the_way_was_even(is_even: bool) -> None:
    books = Books()
    oracle = VenueLimits(
        exchange=books.exchange, names=("alpha",), is_even=lambda: is_even, sent_s=lambda _: books.now_s()
    )
    for _ in range(10):
        books.request("POST", "/spot/orders", body=NEW_ORDER)
    assert list(oracle.look()) == []

    books.request("POST", "/spot/orders", body=NEW_ORDER)
    assert list(oracle.look()) == ([OVER_THE_LIMIT] if is_even else [])


@pytest.mark.parametrize(
    ("left_s", "found"),
    [
        ([0.94, *[1.9] * 9, 2.0, 2.0], []),
        ([1.06, *[1.9] * 9, 2.0, 2.0], [OVER_THE_LIMIT]),
        ([1.06, *[1.9] * 8, 2.1, 2.0, 2.0], []),
        ([1.06, *[1.9] * 8, 2.05, 2.0, 2.0], [OVER_THE_LIMIT]),
    ],
    ids=["first left early", "all in a window", "overtaken by one of the next window", "overtaken within a window"],
)
def test_r13_a_request_that_took_long_is_counted_by_when_it_left(left_s: list[float], found: list[str]) -> None:
    """The exchange counts by arrival: of eleven, the first may have left a window before the last, and come late."""
    books = Books()
    oracle = VenueLimits(exchange=books.exchange, names=("alpha",), is_even=lambda: True, sent_s=lambda _: left_s[0])
    for _ in range(11):
        books.request("POST", "/spot/orders", body=NEW_ORDER)
        left_s.pop(0)
    assert list(oracle.look()) == found


def test_orders_count_by_market_and_cancels_for_themselves() -> None:
    books = Books()
    oracle = VenueLimits(
        exchange=books.exchange, names=("alpha",), is_even=lambda: True, sent_s=lambda _: books.now_s()
    )
    for _ in range(10):
        books.request("DELETE", "/spot/orders", query="currency_pair=SOL_USDT")
        books.request("POST", "/spot/orders", body={**NEW_ORDER, "currency_pair": "BTC_USDT"})
        books.request("POST", "/spot/orders", body=NEW_ORDER)
    assert list(oracle.look()) == []
    books.request("PATCH", "/spot/orders/1", query="currency_pair=SOL_USDT", body={"amount": "2"})
    assert list(oracle.look()) == ["alpha: counted over the limit at PATCH /api/v4/spot/orders/1 (R13)"]
