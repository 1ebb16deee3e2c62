"""Asking about an order of unknown fate: an answer counts for what was known when it was asked for (R3, R6)."""

from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, cast

from actors.account.context import AccountContext
from actors.account.doubts import DoubtDesk
from actors.account.reservations import Reservation
from actors.account.settings import AccountSettings
from actors.account.state import AccountState, Doubt
from exchanges.base.clients import PrivateRest
from messages.enums import OrderStatus
from messages.order import Order
from tests.support.orders import SOL, balance, order


class LookUps:
    """Questions that a desk has asked, to be answered when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Doubt] = []
        self._then: list[Callable[[Any], None]] = []
        self.timers: list[Callable[[], None]] = []

    def io(
        self,
        _name: str,
        coroutine: Coroutine[Any, Any, Any],
        then: Callable[[Any], None],
        _failed: Callable[[Exception], None],
    ) -> None:
        assert coroutine.cr_frame is not None
        self.asked.append(coroutine.cr_frame.f_locals["doubt"])
        coroutine.close()
        self._then.append(then)

    def later(self, _delay_s: float, run: Callable[[], None]) -> None:
        self.timers.append(run)

    def answer_no_such_order(self) -> None:
        self._then.pop(0)((None, ()))

    def answer(self, found: Order) -> None:
        self._then.pop(0)((found, ()))

    def wait(self) -> None:
        for run in [*self.timers]:
            self.timers.remove(run)
            run()


class Exchange:
    """A desk with one unresolved order, at a moment that the test sets."""

    def __init__(self, decided_ms: int = 0) -> None:
        self.now_ms = 1_000
        self.look_ups, self.state = LookUps(), AccountState()
        self.desk = DoubtDesk(
            AccountContext(
                name="alpha",
                settings=AccountSettings(),
                state=self.state,
                io=self.look_ups.io,
                later=self.look_ups.later,
                monotonic_s=lambda: 0.0,
                server_now_ms=lambda: self.now_ms,
                tell_order=lambda _: None,
                tell_fill=lambda _: None,
                tell_trouble=lambda _: None,
                rest=cast("PrivateRest", object()),
            )
        )
        self.state.hear_balances([balance("USDT", "10000")])
        self.state.begin_order(order(OrderStatus.PENDING, order_id=None), Reservation("USDT", Decimal(1)), decided_ms)
        self.state.mark_unresolved(SOL, "c1")
        self.settled: list[Any] = []

    def mine(self) -> Order:
        found = self.state.find(Doubt(SOL, None, "c1"))
        assert found is not None
        return found

    def ask(self) -> None:
        self.desk.ask(Doubt(SOL, None, "c1"), self.settled.append)


def test_r3_an_answer_of_before_the_order_was_named_is_not_believed() -> None:
    exchange = Exchange()
    exchange.ask()

    exchange.state.hear_order(order(order_id="1001"))  # the socket was quicker than the answer
    exchange.look_ups.answer_no_such_order()

    assert not exchange.settled
    assert exchange.state.find(Doubt(SOL, "1001", None)) == order(order_id="1001")

    exchange.look_ups.wait()
    assert exchange.look_ups.asked == [Doubt(SOL, None, "c1"), Doubt(SOL, "1001", "c1")]
    exchange.look_ups.answer_no_such_order()  # now that is the truth
    assert [each.status for each in exchange.settled] == [OrderStatus.CANCELED]


def test_r6_no_such_order_is_believed_only_of_a_question_after_its_last_moment_to_arrive() -> None:
    exchange = Exchange()
    exchange.desk.sent("c1", arrives_by_ms=2_000)
    exchange.ask()

    exchange.now_ms = 9_000  # the answer took long; the order may have come right after the question
    exchange.look_ups.answer_no_such_order()
    assert not exchange.settled

    exchange.look_ups.wait()
    exchange.look_ups.answer_no_such_order()
    assert [each.status for each in exchange.settled] == [OrderStatus.REJECTED]


def test_an_answer_with_an_earlier_order_of_the_client_id_is_no_answer_about_ours() -> None:
    exchange = Exchange(decided_ms=900_000)
    exchange.desk.sent("c1", arrives_by_ms=1_000_000)
    exchange.ask()

    exchange.look_ups.answer(order(OrderStatus.CANCELED, order_id="7", created=10, at=20))

    assert not exchange.settled
    assert (exchange.mine().order_id, exchange.mine().status) == (None, OrderStatus.UNRESOLVED)
    assert [known.order_id for known in exchange.state.orders.executed(SOL)] == ["7"]


def test_an_answer_without_our_text_is_about_the_order_that_was_asked_for() -> None:
    exchange = Exchange()
    exchange.ask()

    exchange.look_ups.answer(order(order_id="7", client_order_id=None))

    assert (exchange.mine().order_id, exchange.mine().status) == ("7", OrderStatus.NEW)
    assert exchange.settled == [exchange.mine()]


def test_r6_an_order_that_the_exchange_is_asked_for_again_and_has_is_open_again() -> None:
    exchange = Exchange()
    exchange.state.hear_order(order(order_id="1001"))
    exchange.state.conclude_unknown(Doubt(SOL, "1001", None), 500)
    assert exchange.mine().is_finished
    exchange.ask()

    exchange.look_ups.answer(order(order_id="1001"))  # nothing new in it but that it is there

    assert exchange.mine().is_open
