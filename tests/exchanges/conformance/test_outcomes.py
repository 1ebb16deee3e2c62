"""What a lost, refused or broken answer proves, for every venue and every request that changes something (R3)."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from exchanges.simulator.faults.faults import RestAbort, RestError, RestLimit, RestTimeout
from messages.commands import CancelOrder, PlaceOrder
from messages.enums import Side
from messages.errors import ConnectionFailedError, RefusalReason, UnknownOutcomeError, VenueRefusedError
from tests.support.orders import SOL
from tests.support.virtual_world import VirtualWorld, on_virtual_time

FAULTS = [RestAbort(times=1, effect="done"), RestTimeout(times=1, effect="done"), RestError(times=1, status=502)]
BUY = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(130), client_order_id="a-1")


def _place(world: VirtualWorld) -> Awaitable[object]:
    return world.rest.place_order(BUY)


def _cancel(world: VirtualWorld) -> Awaitable[object]:
    return world.rest.cancel_order(CancelOrder(symbol=SOL, order_id="1"))


def _cancel_all(world: VirtualWorld) -> Awaitable[object]:
    return world.rest.cancel_all(SOL, None)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("change", [_place, _cancel, _cancel_all])
@on_virtual_time()
async def test_r3_without_a_word_of_the_exchange_nobody_knows(
    world: VirtualWorld, fault: RestAbort, change: Callable[[VirtualWorld], Awaitable[object]]
) -> None:
    world.fault(fault)
    with pytest.raises(UnknownOutcomeError):
        await change(world)


@pytest.mark.parametrize("fault", FAULTS)
@on_virtual_time()
async def test_a_query_without_an_answer_is_no_answer(world: VirtualWorld, fault: RestAbort) -> None:
    world.fault(fault)
    with pytest.raises(ConnectionFailedError):
        await world.rest.load_balances()


@on_virtual_time()
async def test_a_limit_is_refused_as_such_and_says_how_long(world: VirtualWorld) -> None:
    world.fault(RestLimit(times=1, retry_after_s=2))
    with pytest.raises(VenueRefusedError) as refused:
        await world.rest.place_order(BUY)
    assert (refused.value.reason, refused.value.retry_after_s) == (RefusalReason.RATE_LIMIT, 2)
    assert world.booked() == {}


@on_virtual_time()
async def test_r13_an_order_that_is_called_back_before_its_turn_is_not_sent(world: VirtualWorld) -> None:
    def called_back() -> None:
        raise ConnectionFailedError("called back")

    with pytest.raises(ConnectionFailedError, match="called back"):
        await world.rest.place_order(BUY, before_sending=called_back)
    assert world.booked() == {}
