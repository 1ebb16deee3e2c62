"""What an exchange tells of fees with an order only is asked for where a fill came after its last report (R14)."""

from decimal import Decimal
from itertools import permutations

import msgspec
import pytest

from actors.account.state import AccountState, OrderKey
from actors.journal import SymbolMemory
from exchanges.simulator.core.config import AccountConfig, FeeScheme, SimulatorConfig
from messages.commands import PlaceOrder
from messages.enums import OrderStatus, Side
from messages.order import Fill, Order
from tests.support.eventually import eventually
from tests.support.orders import SOL, apply, fill, order, paid
from tests.support.spot_state import spot_state
from tests.support.world import Recorder, assert_agrees, open_world

CANCELED = OrderStatus.CANCELED
ASK = OrderKey(SOL, "1001", "c1")


def free(trade_id: str, quantity: str, *, at: int) -> Fill:
    """A fill with a rebate, which its row does not tell."""
    return fill(trade_id, quantity, at=at, fees=())


def rebated(filled: str, rebate: str, *, at: int) -> Order:
    return msgspec.structs.replace(order(CANCELED, filled=filled, at=at), fees=paid(f"-{rebate} USDT"))


def known(state: AccountState) -> Order:
    found = state.find(ASK)
    assert found is not None
    return found


def test_r2_fees_are_partial_until_a_report_covers_the_fills_whatever_comes_first() -> None:
    report, late = rebated("0", "0", at=5), [free("7", "1", at=6), free("8", "2", at=7)]
    for arrival in permutations((order(at=1), msgspec.structs.replace(report, fees=()), *late)):
        state = apply(spot_state(), *arrival)
        assert known(state).fees_are_partial
        assert state.inconsistent_orders() == [ASK]
        apply(state, rebated("1", "0.1", at=6))
        assert known(state).fees_are_partial
        apply(state, rebated("3", "0.3", at=7))
        assert (known(state).fees, known(state).fees_are_partial) == (paid("-0.3 USDT"), False)
        assert state.inconsistent_orders() == []


def test_r14_an_order_that_we_took_for_ended_says_that_its_fees_are_partial_until_the_exchange_tells_of_it() -> None:
    state = apply(spot_state(), order(at=1), free("7", "10", at=6))
    state.conclude_unknown(ASK, 50)
    assert (known(state).status, known(state).fees_are_partial) == (OrderStatus.FILLED, True)
    apply(state, msgspec.structs.replace(order(OrderStatus.FILLED, filled="10", at=6), fees=paid("-1 USDT")))
    assert (known(state).fees, known(state).fees_are_partial) == (paid("-1 USDT"), False)


def test_an_open_order_and_one_whose_report_came_first_are_not_asked_about() -> None:
    for news in ((order(at=1), free("7", "1", at=6)), (order(CANCELED, filled="1", at=7), free("7", "1", at=6))):
        state = apply(spot_state(), *news)
        assert not known(state).fees_are_partial
        assert state.inconsistent_orders() == []


def test_it_is_asked_until_an_answer_is_late_enough_whatever_that_says() -> None:
    state = apply(spot_state(), order(CANCELED, at=5), free("7", "1", at=6))
    state.query_lag_ms = 100
    assert state.has_new_inconsistent
    state.apply_order(order(CANCELED, at=5), as_of_ms=106)
    assert state.inconsistent_orders() == [ASK]
    state.apply_order(order(CANCELED, at=5), as_of_ms=107)
    assert state.inconsistent_orders() == []
    assert known(state).fees_are_partial


def test_it_is_not_dropped_for_room_before_it_was_asked_about() -> None:
    state = spot_state(executed_limit=1)
    apply(state, order(CANCELED, at=5), free("7", "1", at=6))
    others = [order(CANCELED, at=10 + number, order_id=f"200{number}", client_order_id=None) for number in range(3)]
    apply(state, *others)
    assert known(state).order_id == "1001"
    state.apply_order(rebated("1", "0.1", at=6), as_of_ms=200)
    state.orders.hold(SOL, "2002", None)
    state.orders.release(SOL, "2002", None)
    assert state.find(ASK) is None


@pytest.mark.parametrize("has_its_fills", [True, False])
def test_r4_it_is_asked_about_in_the_next_life_where_this_one_has_not_been_answered(*, has_its_fills: bool) -> None:
    late = free("7", "1", at=6)
    filed = known(apply(spot_state(), order(CANCELED, at=5), late))
    state = spot_state()
    state.restore(SymbolMemory(symbol=SOL, finished_orders=(filed,), fills=(late,) if has_its_fills else ()))
    assert known(state) == filed
    assert state.inconsistent_orders() == [ASK]
    state.apply_order(rebated("1", "0.1", at=6), as_of_ms=200)
    assert (known(state).fees, known(state).fees_are_partial) == (paid("-0.1 USDT"), False)
    assert state.inconsistent_orders() == []


async def test_the_rebate_of_a_fill_after_the_cancel_is_told() -> None:
    alpha = AccountConfig(name="alpha", fees=(FeeScheme.REBATE,))
    async with open_world(SimulatorConfig(traders_on=False, accounts=(alpha,))) as world:
        recorder = Recorder()
        account = (await world.start(strategies=[recorder])).account("alpha")
        bid = PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(139), client_order_id="one")
        placed = await account.place(bid)
        await world.fault("late_fill", account="alpha", times=1, delay_ms=20)
        await account.cancel(placed)
        await eventually(lambda: recorder.orders("one")[-1].fees, what="the rebate")
        last = recorder.orders("one")[-1]
        assert (last.status, last.filled_quantity, last.fees_are_partial) == (CANCELED, 1, False)
        assert any(told.fees_are_partial for told in recorder.orders("one"))
        await assert_agrees(world, account)
