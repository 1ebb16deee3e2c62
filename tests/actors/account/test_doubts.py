"""Asking about an order of unknown fate: an answer counts for what was known when it was asked for (R3, R6)."""

from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, cast

from actors.account.context import AccountContext
from actors.account.doubts import DoubtDesk
from actors.account.settings import AccountSettings
from actors.account.state import AccountState, Doubt, Reservation
from exchanges.base.clients import PrivateRest
from messages.enums import OrderStatus
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

    def wait(self) -> None:
        for run in [*self.timers]:
            self.timers.remove(run)
            run()


class NoExpiry:
    """All that the desk asks of a client by itself."""

    order_expiry_ms = None


def test_r3_an_answer_of_before_the_order_was_named_is_not_believed() -> None:
    look_ups, state = LookUps(), AccountState()
    context = AccountContext(
        name="alpha",
        settings=AccountSettings(unresolved_patience_ms=0, resolve_grace_ms=0),
        state=state,
        io=look_ups.io,
        later=look_ups.later,
        monotonic_s=lambda: 0.0,
        server_now_ms=lambda: 1_000,
        tell_order=lambda _: None,
        tell_fill=lambda _: None,
        tell_trouble=lambda _: None,
        rest=cast("PrivateRest", NoExpiry()),
    )
    state.hear_balances([balance("USDT", "10000")])
    state.begin_order(order(OrderStatus.PENDING, order_id=None), Reservation("USDT", Decimal(1)))
    state.mark_unresolved(SOL, "c1")
    settled: list[Any] = []
    DoubtDesk(context).ask(Doubt(SOL, None, "c1"), settled.append)

    state.hear_order(order(order_id="1001"))  # the socket was quicker than the answer
    look_ups.answer_no_such_order()

    assert not settled
    assert state.find(Doubt(SOL, "1001", None)) == order(order_id="1001")

    look_ups.wait()
    assert look_ups.asked == [Doubt(SOL, None, "c1"), Doubt(SOL, "1001", "c1")]
    look_ups.answer_no_such_order()  # now that is the truth
    assert [each.status for each in settled] == [OrderStatus.CANCELED]
