"""The history of the books has every state, when it began, and why."""

from decimal import Decimal

import pytest

from exchanges.simulator.core.orders import Finish, Order, Side
from simulation.oracles.book_history import BookHistory, Cause, OrderState
from simulation.venues.wire import Action
from tests.support.books import IOC, Books


class RememberedBooks(Books):
    """Books with their history, asked by requests that are on their way for so many seconds."""

    on_its_way_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.history = BookHistory(self.exchange, self.now_s, lambda _: self.now_s() - self.on_its_way_s)

    def states(self, order: Order) -> list[OrderState]:
        return self.history.states(order.account, order.id)


@pytest.fixture
def books() -> RememberedBooks:
    return RememberedBooks()


def test_every_state_of_an_order_is_there_with_the_time_at_which_it_began(books: RememberedBooks) -> None:
    order = books.place()
    books.time.advance(1)
    books.engine.fill_from_house(order, amount=Decimal("0.5"))
    books.time.advance(1)
    books.engine.amend(order, amount=Decimal(3))
    books.time.advance(1)
    books.engine.cancel(order)

    assert [(each.at_s, each.finish, each.amount, each.filled_base) for each in books.states(order)] == [
        (0, Finish.OPEN, Decimal(2), Decimal(0)),
        (1, Finish.OPEN, Decimal(2), Decimal("0.5")),
        (2, Finish.OPEN, Decimal(3), Decimal("0.5")),
        (3, Finish.CANCELED, Decimal(3), Decimal("0.5")),
    ]


def test_an_order_that_never_rests_is_there_as_well(books: RememberedBooks) -> None:
    books.place(account="beta", side=Side.SELL)
    taker = books.place(time_in_force=IOC, text="t-mine")
    missed = books.place(time_in_force=IOC, text="t-mine")

    assert books.states(taker)[-1].finish is Finish.FILLED
    assert [each.finish for each in books.states(missed)] == [Finish.IMMEDIATE_REST]
    assert books.history.with_text("alpha", "t-mine") == [taker.id, missed.id]


def test_a_fill_after_the_cancel_is_a_state_of_its_own(books: RememberedBooks) -> None:
    order = books.place()
    books.engine.cancel(order)
    books.time.advance(1)
    books.engine.fill_late(order, Decimal("0.5"))

    last = books.states(order)[-1]
    assert (last.at_s, last.finish, last.filled_base) == (1, Finish.CANCELED, Decimal("0.5"))


def test_the_state_of_a_moment_is_the_last_one_that_had_begun(books: RememberedBooks) -> None:
    books.time.advance(1)
    order = books.place()
    books.time.advance(1)
    books.engine.cancel(order)

    at = books.history.state_at
    assert at("alpha", order.id, 0.5) is None
    assert at("alpha", order.id, 1.5) == books.states(order)[0]
    assert at("alpha", order.id, 9) == books.states(order)[1]


def test_a_span_has_every_state_that_held_in_it(books: RememberedBooks) -> None:
    books.time.advance(1)
    order = books.place()
    books.time.advance(1)
    books.engine.cancel(order)
    first, second = books.states(order)

    during = books.history.during
    assert during("alpha", order.id, 0.5, 0.9) == [None]
    assert during("alpha", order.id, 0.5, 1.5) == [None, first]
    assert during("alpha", order.id, 2, 3) == [first, second]
    assert during("alpha", order.id, 2.5, 3) == [second]


def test_balances_have_their_past_too_from_the_first_deposit_on(books: RememberedBooks) -> None:
    before = books.engine.ledger.balance("alpha", "USDT").available
    books.time.advance(1)
    books.place()

    assert [(each.at_s, each.available, each.locked) for each in books.history.balance_states("alpha", "USDT")] == [
        (float("-inf"), before, Decimal(0)),
        (1, before - 200, Decimal(200)),
    ]
    assert "USDT" in books.history.currencies("alpha")


def test_what_a_request_does_is_told_from_what_happens_by_itself(books: RememberedBooks) -> None:
    by_request, by_hand, by_scope = books.place(), books.place(price="99"), books.place(price="98")
    books.engine.cancel(by_hand)
    books.request("DELETE", f"/spot/orders/{by_request.id}", query="currency_pair=SOL_USDT")
    books.request("DELETE", "/spot/orders", query="currency_pair=SOL_USDT&side=buy")

    causes = [
        (books.states(each)[-1].cause, books.states(each)[-1].request) for each in (by_hand, by_request, by_scope)
    ]
    assert causes == [(Cause.OUTSIDE, None), (Cause.CANCEL, 1), (Cause.CANCEL_ALL, 2)]
    one, scope = books.history.requests
    assert (one.account, one.command.action, one.command.item) == ("alpha", Action.CANCEL, str(by_request.id))
    assert scope.command.terms == {"pair": "SOL_USDT", "side": "buy"}


def test_a_request_is_filed_with_the_time_at_which_it_left(books: RememberedBooks) -> None:
    books.on_its_way_s = 2.5
    order = books.place()
    books.time.advance(7)
    books.request("DELETE", f"/spot/orders/{order.id}", query="currency_pair=SOL_USDT")
    [only] = books.history.requests
    assert (only.at_s, only.sent_s) == (7, 4.5)


def test_a_countdown_that_runs_out_is_the_cause_of_what_it_cancels(books: RememberedBooks) -> None:
    order = books.place()
    books.request("POST", "/spot/countdown_cancel_all", body={"timeout": 5})
    books.time.advance(5)

    assert books.states(order)[-1].cause is Cause.COUNTDOWN


def test_a_refusal_is_kept_with_its_label(books: RememberedBooks) -> None:
    books.request("DELETE", "/spot/orders/77", query="currency_pair=SOL_USDT")
    books.request("GET", "/spot/orders/77", query="currency_pair=SOL_USDT")

    [only] = books.history.requests
    assert (only.status, only.label) == (404, "ORDER_NOT_FOUND")
