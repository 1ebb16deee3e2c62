"""A journal that says of a command what the exchange did not do, or not what it did, is found."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from actors.journal.codec import encode
from actors.journal.database import open_database
from actors.journal.settings import Durability
from exchanges.simulator.core.config import FeeScheme
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.core.orders import Side as BookedSide
from messages.enums import Liquidity, Side
from messages.order import Fill
from messages.symbol import Symbol
from simulation.oracles.book_history import BookHistory
from simulation.oracles.filed import Filed
from simulation.oracles.kill_switch import Seen
from simulation.oracles.profit import profit_differences, profit_of
from tests.support.books import Books
from tests.support.orders import paid
from tests.support.sealed import changing

PLACED = {"side": "buy", "quantity": "2", "price": "100", "client_order_id": "c1"}
SOL_ID = {"base": "SOL", "quote": "USDT"}


class Journal:
    """alpha's journal beside its books, written by hand."""

    def __init__(self, directory: Path) -> None:
        self.books = Books()
        self.history = BookHistory(self.books.exchange, self.books.now_s)
        self.path = directory / "alpha.sqlite"
        self.seen: Seen | None = None
        open_database(self.path, account="alpha", durability=Durability.PROCESS_CRASH, now_ms=1).close()

    def execute(self, statement: str, *values: object) -> None:
        with changing(self.path) as connection:
            connection.execute(statement, values)

    def file(
        self, kind: str, outcome: str | None, *, order_id: int | None = None, detail: str = "", **terms: str
    ) -> None:
        """One intent of the client id c1."""
        self.execute(
            "INSERT INTO intents (kind, order_id, client_id, made_ms, command, is_open, outcome, detail)"
            " VALUES (?, ?, 'c1', 1, ?, ?, ?, ?)",
            kind,
            None if order_id is None else str(order_id),
            json.dumps({"symbol": SOL_ID, **(PLACED if kind == "place" else {}), **terms}),
            outcome is None,
            outcome,
            detail,
        )

    def file_fills(self) -> None:
        """All fills of the books, as they were."""
        for booked in self.books.engine.accounts["alpha"].fills:
            fill = Fill(
                symbol=Symbol("SOL", "USDT"),
                trade_id=str(booked.trade_id),
                order_id=str(booked.order_id),
                client_order_id=None,
                side=Side(booked.side.value),
                price=booked.price,
                quantity=booked.amount,
                fees=paid(f"{booked.fee} {booked.fee_currency}"),
                liquidity=Liquidity(booked.role.value),
                time_ms=booked.time_ms,
            )
            self.execute(
                "INSERT INTO fills (symbol, trade_id, order_id, time_ms, record) VALUES ('SOL/USDT', ?, ?, ?, ?)",
                fill.trade_id,
                fill.order_id,
                fill.time_ms,
                encode(fill),
            )

    def oracle(self) -> Filed:
        return Filed(
            exchange=self.books.exchange,
            history=self.history,
            names=("alpha",),
            directory=self.path.parent,
            kill_switch=lambda _: self.seen,
            is_alone=True,
            is_disk_sound=True,
            out_of_sight=lambda _: False,
        )

    def wrong(self) -> list[str]:
        return list(self.oracle().final())

    def placed(self) -> BookedOrder:
        self.file("place", "confirmed")
        return self.books.place(text="t-c1")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_a_journal_that_says_what_happened_is_right(journal: Journal) -> None:
    order = journal.placed()
    path = f"/spot/orders/{order.id}"
    journal.books.request("PATCH", path, body={"currency_pair": "SOL_USDT", "price": "99"})
    journal.file("amend", "confirmed", order_id=order.id, price="99")
    journal.file("amend", "rejected", order_id=order.id, price="98")
    journal.books.request("DELETE", path, query="currency_pair=SOL_USDT")
    journal.file("cancel", "rejected", order_id=order.id)
    journal.file("cancel", "confirmed", order_id=order.id)

    assert journal.wrong() == []


def test_an_order_whose_intent_was_never_filed_is_found_at_once(journal: Journal) -> None:
    journal.books.place(text="t-c1")
    oracle = journal.oracle()
    oracle.begin_life()

    [found] = oracle.look()
    assert "its intent c1 was never filed (R4)" in found


@pytest.mark.parametrize("outcome", ["rejected", "denied"])
def test_a_placing_that_happened_and_is_filed_otherwise_is_found(journal: Journal, outcome: str) -> None:
    journal.file("place", outcome)
    journal.books.place(text="t-c1")

    assert journal.wrong() == ["alpha: 0 placings of c1 are filed as confirmed, 1 happened (R4)"]


def test_a_placing_that_never_happened_or_has_no_end_is_found(journal: Journal) -> None:
    journal.file("place", "confirmed")
    assert journal.wrong() == ["alpha: 1 placings of c1 are filed as confirmed, 0 happened (R4)"]

    journal.execute("UPDATE intents SET is_open = 1, outcome = NULL")
    assert any("the place 1 of c1 is filed as None" in each for each in journal.wrong())


def test_a_cancel_that_happened_and_is_filed_as_refused_is_found(journal: Journal) -> None:
    order = journal.placed()
    journal.books.request("DELETE", f"/spot/orders/{order.id}", query="currency_pair=SOL_USDT")
    journal.file("cancel", "rejected", order_id=order.id)

    assert any("was ended by a cancel, and none of it is filed as confirmed" in each for each in journal.wrong())


def test_an_amend_that_is_filed_otherwise_than_it_went_is_found(journal: Journal) -> None:
    order = journal.placed()
    journal.file("amend", "confirmed", order_id=order.id, price="99", detail="asked later")
    assert any("over its quantity is filed as confirmed, and never happened" in each for each in journal.wrong())

    journal.execute("UPDATE intents SET outcome = 'rejected' WHERE kind = 'amend'")
    body = {"currency_pair": "SOL_USDT", "price": "99"}
    journal.books.request("PATCH", f"/spot/orders/{order.id}", body=body)
    assert any("was amended to 99 over 2, filed as not done" in each for each in journal.wrong())


@pytest.mark.parametrize(("filed", "said"), [(None, "enough"), ("enough", None), ("other", "enough")])
def test_a_kill_switch_that_is_filed_otherwise_than_it_was_said_is_found(
    journal: Journal, filed: str | None, said: str | None
) -> None:
    if filed is not None:
        journal.execute("INSERT INTO state (key, value, set_ms) VALUES ('kill_switch', ?, 1)", filed)
    journal.seen = Seen(at_s=1.0, reason=said, commands=0, life=0)
    assert any("the kill switch was said to be" in each for each in journal.wrong())

    journal.seen = Seen(at_s=1.0, reason=filed, commands=0, life=0)
    assert journal.wrong() == []


def test_profit_equals_the_books_and_a_fill_that_is_missing_shows(journal: Journal) -> None:
    for number, (side, price) in enumerate(
        ((BookedSide.BUY, "100"), (BookedSide.BUY, "110"), (BookedSide.SELL, "120"))
    ):
        journal.books.time.advance(1.0)
        order = journal.books.place(side=side, price=price, text=f"t-{number}")
        journal.books.engine.fill_from_house(order)
    fills = journal.books.engine.accounts["alpha"].fills
    journal.file_fills()
    assert list(profit_differences(fills, journal.path)) == []

    journal.execute("DELETE FROM fills WHERE rowid = 1")
    found = list(profit_differences(fills, journal.path))
    assert any(each.startswith("realised of SOL_USDT is") for each in found)
    assert any(each.startswith("fills_count of SOL_USDT is 2") for each in found)


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_rebate_may_lack_only_where_the_market_is_gone(journal: Journal, *, is_gone: bool) -> None:
    journal.books.engine.accounts["alpha"].fees = (FeeScheme.REBATE,)
    journal.books.engine.fill_from_house(journal.books.place(text="t-1"))
    fills = journal.books.engine.accounts["alpha"].fills
    assert fills[0].rebated_fee
    journal.file_fills()
    found = list(profit_differences(fills, journal.path, gone={"SOL_USDT"} if is_gone else ()))
    assert any("fees_quote" in each for each in found) is not is_gone


def test_profit_by_average_cost() -> None:
    books = Books()
    for side, price, amount in (
        (BookedSide.BUY, "100", "1"),
        (BookedSide.BUY, "110", "1"),
        (BookedSide.SELL, "120", "1"),
        (BookedSide.SELL, "130", "2"),
    ):
        books.time.advance(1.0)
        books.engine.fill_from_house(books.place(side=side, price=price, amount=amount))
    fills = books.engine.accounts["alpha"].fills
    profit = profit_of(fills)
    bought = [fill for fill in fills if fill.side is BookedSide.BUY]
    held = Fraction(sum((fill.amount - fill.fee for fill in bought), Decimal(0)))

    assert (profit.bought, profit.sold, profit.fills_count, profit.held, profit.held_cost) == (2, 3, 4, 0, 0)
    assert profit.uncovered == 3 - held
    brought = 120 + 130 * (held - 1)
    fees = Fraction(sum((fill.fee for fill in fills if fill.side is BookedSide.SELL), Decimal(0)))
    assert profit.realised == brought - 210 - fees
