"""Whatever a strategy sends, the account refuses it in words and goes on (R8, R10)."""

from decimal import Decimal
from typing import Any

import pytest

from exchanges.simulator import SimulatorConfig
from exchanges.simulator.core.config import PairConfig
from messages.commands import AmendOrder, CancelAll, CancelOrder, GetOrder, PlaceOrder, Withdraw
from messages.enums import Side
from messages.errors import InvalidValueError, LocalRefusalError, TellerError
from messages.symbol import Symbol
from tests.support.orders import SOL
from tests.support.world import open_world, until_async

D = Decimal
FINE = Symbol("FINE", "USDT")
PAIRS = (
    PairConfig(id="SOL_USDT", start_price=D(140), price_precision=2, amount_precision=3, min_base_amount=D("0.001")),
    PairConfig(id="FINE_USDT", start_price=D("0.00001"), price_precision=10, amount_precision=0, min_base_amount=D(1)),
)
ABSURD = [D("1e19"), D("1e20"), D("1e-20"), D("0." + "1" * 40), D("9" * 20 + "." + "9" * 40), D("123456789.0123456789")]


def commands(value: Decimal) -> list[Any]:
    made = []
    for symbol in (SOL, FINE, Symbol("NO", "USDT")):
        for side in Side:
            made += [
                PlaceOrder.limit(symbol, side, D(1), value),
                PlaceOrder.limit(symbol, side, value, D(1)),
                PlaceOrder.limit(symbol, side, value, value),
            ]
        made += [
            PlaceOrder.market_buy(symbol, value),
            PlaceOrder.market_sell(symbol, value),
            AmendOrder(symbol=symbol, order_id="x", price=value),
            AmendOrder(symbol=symbol, client_order_id="resting", quantity=value),
        ]
    return [*made, Withdraw(currency="USDT", amount=value, chain="TRX", address="T1")]


async def test_r10_absurd_numbers_are_refused_one_by_one_and_the_account_goes_on() -> None:
    async with open_world(SimulatorConfig(traders_on=False, pairs=PAIRS)) as world:
        system = await world.start()
        account = system.account("alpha")
        resting = await account.place(PlaceOrder.limit(SOL, Side.BUY, D(1), D(130), client_order_id="resting"))
        for value in ABSURD:
            for command in commands(value):
                with pytest.raises(TellerError):
                    await account.ask(command)
        for odd_id in ("..", "1/2", "\x00", "é", "-1", "9" * 64):
            for command in (
                GetOrder(symbol=SOL, order_id=odd_id),
                CancelOrder(symbol=SOL, order_id=odd_id),
                AmendOrder(symbol=SOL, order_id=odd_id, price=D(1)),
            ):
                try:
                    await account.ask(command)
                except TellerError:
                    continue
        assert not any(guarded.is_given_up or guarded.restarts for guarded in await system.supervision())
        snapshot = await account.snapshot()
        assert snapshot.is_live
        assert [order.order_id for order in snapshot.open_orders] == [resting.order_id]
        await account.ask(CancelAll())


async def test_an_order_is_judged_by_the_exchanges_clock_when_it_is_placed() -> None:
    """The rules were read before the market opened, and are not read again (kind 10b)."""
    async with open_world(SimulatorConfig(traders_on=False, pairs=PAIRS)) as world:
        opens_ms = world.venue().server_now_ms() + 1_500
        world.exchange.exchange.listings.change("SOL_USDT", buy_start_s=opens_ms // 1000)
        system = await world.start()
        account = system.account("alpha")
        with pytest.raises(InvalidValueError, match="opens to buy at"):
            await account.place(PlaceOrder.limit(SOL, Side.BUY, D(1), D(130)))

        async def is_taken() -> bool:
            try:
                await account.place(PlaceOrder.limit(SOL, Side.BUY, D(1), D(130)))
            except LocalRefusalError:
                return False
            return True

        await until_async(is_taken)
        assert world.venue().server_now_ms() >= opens_ms // 1000 * 1000
