"""R1: only an account's actor changes its state; everybody else gets frozen snapshots."""

import asyncio
import importlib
import inspect
import pkgutil
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

import messages
from actors.account.actor import AccountActor
from actors.account.state import AccountState
from messages.balance import Balance
from messages.commands import PlaceOrder
from messages.enums import Side, SyncState
from messages.errors import TellerError
from tests.support.orders import SOL
from tests.support.world import Recorder, World, assert_agrees, until_async

ONE = Decimal(1)
THREADS = 4
EACH = 6


class Spy:
    """Sees every use of an account's state, and who was at work."""

    def __init__(self) -> None:
        self.uses = 0
        self.strangers: list[str] = []
        self._at_work: dict[int, object] = {}

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on, in every account."""
        serve = AccountActor._serve

        def serve_watched(actor: AccountActor, envelope: Any) -> None:
            thread = threading.get_ident()
            self._at_work[thread] = actor
            try:
                serve(actor, envelope)
            finally:
                del self._at_work[thread]

        monkeypatch.setattr(AccountActor, "_serve", serve_watched)
        for name, function in inspect.getmembers(AccountState, inspect.isfunction):
            if not name.startswith("_"):
                monkeypatch.setattr(AccountState, name, self._watched(name, function))

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def use(state: AccountState, *args: Any, **kwargs: Any) -> Any:
            self.uses += 1
            actor = self._at_work.get(threading.get_ident())
            if not isinstance(actor, AccountActor) or actor._state is not state:
                self.strangers.append(name)
            return function(state, *args, **kwargs)

        return use


async def test_r1_the_state_is_only_touched_in_turns_of_its_own_actor_whoever_asks_from_wherever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy()
    spy.watch(monkeypatch)
    recorder = Recorder()
    account = (await world.start(strategies=[recorder], check_every_s=0.1)).account("alpha")

    def trade(number: int) -> None:
        """On a thread of its own: places, and cancels every other one."""
        for count in range(EACH):
            price = Decimal(130) + Decimal(number * EACH + count) / 100
            try:
                order = account.place(PlaceOrder.limit(SOL, Side.BUY, ONE, price)).get(timeout=10)
                if count % 2:
                    account.cancel(order).get(timeout=10)
            except TellerError:
                continue  # refused while the account was away: that is part of the noise here

    trading = [asyncio.to_thread(trade, number) for number in range(THREADS)]
    working = asyncio.gather(*trading)
    await until_async(_has_orders(world, THREADS), what="some orders")
    for row in (await world.books())["orders"][:THREADS]:
        if row["status"] == "open":
            await world.control("POST", f"/orders/{row['id']}/fill", {"amount": "0.1"})
    world.ws.cut()
    await working

    async def is_live() -> bool:
        return (await account.snapshot()).sync_state is SyncState.LIVE

    await until_async(is_live, what="the account to be live again")
    await assert_agrees(world, account)
    assert spy.strangers == []
    assert spy.uses > THREADS * EACH


def _has_orders(world: World, count: int) -> Any:
    async def has() -> bool:
        return len((await world.books())["orders"]) >= count

    return has


async def test_r1_what_a_reader_does_with_a_snapshot_changes_nothing_for_the_account(world: World) -> None:
    account = (await world.start()).account("alpha")
    before = await account.snapshot()
    held = before.balances["USDT"]
    before.balances["USDT"] = Balance(currency="USDT", available=ONE, locked=ONE, updated_ms=held.updated_ms + 1)
    before.balances.clear()
    stats = await account.get_trading_stats()
    stats.total_balances.clear()

    assert (await account.snapshot()).balances["USDT"] == held
    assert (await account.get_trading_stats()).total_balances["USDT"] == held.total
    with pytest.raises(AttributeError):
        held.available = ONE  # type: ignore[misc]  # that it cannot be done is the point


def test_r1_everything_that_is_said_is_frozen() -> None:
    said = []
    for module in pkgutil.iter_modules(messages.__path__):
        for _, kind in inspect.getmembers(importlib.import_module(f"messages.{module.name}"), inspect.isclass):
            if issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct:
                said.append(kind)
                assert kind.__struct_config__.frozen, kind
    assert len(said) > 25
