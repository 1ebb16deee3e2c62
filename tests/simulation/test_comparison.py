"""What an account need not know of the books: what nobody could tell it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from exchanges.simulator.core.orders import Order, Side
from exchanges.simulator.core.other_program import PREFIX
from messages.enums import OrderStatus
from simulation.comparison import Comparison
from simulation.oracles.book_history import BookHistory
from simulation.oracles.watcher import Told
from tests.actors.journal.samples import journal_at
from tests.support.books import Books
from tests.support.eventually import eventually
from tests.support.orders import SOL, order


def need_not_be_known(
    books: Books, order: Order, *, is_lost: bool = False, directory: Path | None = None, is_market_unknown: bool = False
) -> bool:
    """``directory``: of journals that drop what is old; without one they keep all. ``is_market_unknown``: the account
    has said so."""
    told = Told()
    told.take_unknown({SOL: "a row cannot be read"} if is_market_unknown else {}, 0.0)
    parts: Any = SimpleNamespace(
        told={"alpha": told},
        directory=directory,
        scenario=SimpleNamespace(journal=SimpleNamespace(keeps_all=directory is None)),
        may_have_lost=lambda _: is_lost,
        cannot_be_asked_for=lambda order: order.pair in books.engine.delisted,
    )
    program: Any = None
    return Comparison(parts, (), program, None)._need_not_be_known(order)


def filled(books: Books, text: str) -> Order:
    order = books.place(text=text)
    books.place(account="beta", side=Side.SELL)
    assert order.filled_base
    assert not order.is_open
    return order


@pytest.mark.parametrize(("text", "of_another"), [(f"{PREFIX}1", True), ("t-ours", False)])
def test_r6_a_filled_order_of_another_program_is_to_be_known_while_its_market_is_listed(
    text: str, of_another: bool
) -> None:
    books = Books()
    order = filled(books, text)
    assert not need_not_be_known(books, order)
    books.exchange.listings.remove("SOL_USDT")
    assert need_not_be_known(books, order) is of_another


def test_an_order_of_another_program_that_ended_without_a_fill_need_not_be_known_and_an_open_one_must() -> None:
    books = Books()
    order = books.place(text=f"{PREFIX}1")
    assert not need_not_be_known(books, order)
    books.engine.cancel(order)
    assert need_not_be_known(books, order)


def test_an_order_of_a_market_that_an_account_has_told_to_be_unknown_need_not_be_known() -> None:
    books = Books()
    order = books.place(text="t-ours")
    assert need_not_be_known(books, order, is_market_unknown=True)
    assert not need_not_be_known(books, order)


@pytest.mark.parametrize(("age_ms", "need_not"), [(0, True), (-1, False)])
@pytest.mark.parametrize(("text", "of_another"), [(f"{PREFIX}1", True), ("t-ours", False)])
async def test_r9_an_order_of_another_program_may_be_taken_for_one_of_those_that_its_journal_has_dropped(
    tmp_path: Path, age_ms: int, need_not: bool, text: str, of_another: bool
) -> None:
    books = Books()
    there = filled(books, text)
    async with journal_at(tmp_path / "alpha.sqlite", keep_finished_orders=1) as journal:
        for number, at in enumerate((there.fills[-1].time_ms + age_ms, there.fills[-1].time_ms + 1000)):
            journal.record_order(order(OrderStatus.CANCELED, order_id=str(number), at=at))
        await journal.flush()
    async with journal_at(tmp_path / "alpha.sqlite", keep_finished_orders=1) as journal:
        await journal.flush()  # the first commit of a run looks after it
        await eventually(lambda: journal.load().orders_count == 1)
    assert need_not_be_known(books, there, directory=tmp_path) is (of_another and need_not)


@pytest.mark.parametrize("is_lost", [False, True])
def test_an_order_lost_with_the_power_is_to_be_known_by_its_fills_while_its_market_is_listed(is_lost: bool) -> None:
    books = Books()
    order = filled(books, "t-ours")
    assert not need_not_be_known(books, order, is_lost=is_lost)
    books.exchange.listings.remove("SOL_USDT")
    assert need_not_be_known(books, order, is_lost=is_lost) is is_lost


def test_r14_refused_orders_are_counted_also_of_markets_in_which_the_exchange_never_took_one() -> None:
    books = Books()
    told = Told()
    told.hear(order(OrderStatus.REJECTED, order_id=None, client_order_id="c1"))
    parts: Any = SimpleNamespace(
        exchange=books.exchange, scenario=SimpleNamespace(symbols=()), told={"alpha": told, "beta": Told()}
    )
    program: Any = None
    comparison = Comparison(parts, (), program, None)
    assert list(comparison._symbols_of("alpha")) == [SOL]
    assert list(comparison._symbols_of("beta")) == []


@pytest.mark.parametrize(
    ("ran_from_s", "text", "is_before"),
    [(5.0, f"{PREFIX}1", True), (5.0, "t-ours", False), (-5.0, f"{PREFIX}1", False), (None, f"{PREFIX}1", False)],
)
def test_only_what_others_had_ended_when_the_program_first_ran_was_before_it(
    ran_from_s: float | None, text: str, *, is_before: bool
) -> None:
    books = Books()
    history = BookHistory(books.exchange, books.now_s)
    order = filled(books, text)
    parts: Any = SimpleNamespace(history=history, is_out_of_sight=lambda _: False, is_gone_for_good=lambda _: False)
    program: Any = SimpleNamespace(ran_from_s=ran_from_s)
    assert Comparison(parts, (), program, None)._was_before_the_program(order) is is_before
