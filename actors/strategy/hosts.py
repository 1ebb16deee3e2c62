"""The actors that host a strategy: on the loop with plain callbacks, on the loop with async ones, or on a thread."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import msgspec

from actors.account.messages import Subscribe, Unsubscribe
from actors.market.messages import SubscribeBookTicker, UnsubscribeBook
from actors.runtime import Address, DeadLetters, LoopActor, LoopHost, Ref, Reply, ThreadActor
from actors.strategy.base import Strategy
from actors.strategy.handle import AccountHandle
from messages.errors import InvalidValueError, one_of
from messages.events import (
    BalanceUpdateEvent,
    ConnectionStatusEvent,
    ErrorEvent,
    ExecutionReportEvent,
    OrderUpdateEvent,
)
from messages.lanes import Lane
from messages.market import BookTicker
from messages.position_events import (
    LedgerEvent,
    MarginBalanceUpdateEvent,
    PositionMismatchEvent,
    PositionUpdateEvent,
)
from messages.symbol import Symbol


class Begin(msgspec.Struct, frozen=True):
    """The accounts are live: subscribe and run `Strategy.on_start`; answered when that is through."""


class GetReport(msgspec.Struct, frozen=True):
    """Answered with the `StrategyReport`."""

    lane: ClassVar[Lane] = Lane.CONTROL


class _TimerDue(msgspec.Struct, frozen=True):
    name: str


class _Settled(msgspec.Struct, frozen=True):
    reply: Reply[Any]
    callback: Callable[[Any], Any]
    failed: Callable[[Exception], Any]


class Surroundings(msgspec.Struct, frozen=True):
    """The addresses that a strategy can reach: its accounts with their venues, and the venues' market actors.

    Attributes:
        dead_letters: where a message goes that comes for the strategy when it has ended.
    """

    accounts: Mapping[str, tuple[str, Address]]
    markets: Mapping[str, Address]
    dead_letters: DeadLetters


class _Desk:
    """The part of a host that is the same on a loop and on a thread: routing messages to callbacks."""

    def __init__(self, strategy: Strategy, surroundings: Surroundings, actor: "StrategyActor") -> None:
        self.strategy = strategy
        self._surroundings = surroundings
        self._actor = actor
        self._self_address = Address(strategy.name, surroundings.dead_letters)
        self._callbacks: dict[type, Callable[[Any], Any]] = {
            BookTicker: strategy.on_book_ticker,
            OrderUpdateEvent: strategy.on_order_update,
            ExecutionReportEvent: strategy.on_fill,
            BalanceUpdateEvent: strategy.on_balance_update,
            PositionUpdateEvent: strategy.on_position_update,
            PositionMismatchEvent: strategy.on_position_mismatch,
            MarginBalanceUpdateEvent: strategy.on_margin_balance_update,
            LedgerEvent: strategy.on_ledger,
            ConnectionStatusEvent: strategy.on_connection_status,
            ErrorEvent: strategy.on_error,
            GetReport: lambda _: strategy.report(),
            Begin: lambda _: self._begin(),
            _TimerDue: lambda due: strategy.on_timer(due.name),
            _Settled: _settle,
        }
        strategy.attach(self)

    def deliver(self, message: object) -> Any:
        """Calls the callback; what it returns may have to be awaited."""
        callback = self._callbacks.get(type(message))
        if callback is None:
            raise InvalidValueError("message", type(message).__name__, "a message that strategies are sent")
        return callback(message)

    def _begin(self) -> Any:
        self._self_address.bind(self._actor.actor_ref)
        for name in self.strategy.accounts:
            self._surroundings.accounts[name][1].ask(Subscribe(self._self_address))
        return self.strategy.on_start()

    def leave(self) -> None:
        """Ends the subscriptions."""
        for name in self.strategy.accounts:
            address = self._surroundings.accounts[name][1]
            if address.is_bound:
                address.tell(Unsubscribe(self._self_address))
        for address in self._surroundings.markets.values():
            if address.is_bound:
                address.tell(UnsubscribeBook(self._self_address))

    # -- StrategyHost ---------------------------------------------------------------------------------------------

    def account(self, name: str) -> AccountHandle:
        if name not in self.strategy.accounts or name not in self._surroundings.accounts:
            raise InvalidValueError("account", name, one_of(self.strategy.accounts))
        venue, address = self._surroundings.accounts[name]
        return AccountHandle(name, venue, address)

    def watch_book_ticker(self, venue: str, symbol: Symbol) -> None:
        market = self._surroundings.markets.get(venue)
        if market is None:
            raise InvalidValueError("venue", venue, one_of(self._surroundings.markets))
        self.then(
            market.ask(SubscribeBookTicker(symbol, self._self_address)), self.strategy.on_connection_status, _raise
        )

    def set_timer(self, delay_s: float, name: str) -> None:
        self._actor.later(delay_s, _TimerDue(name))

    def now_s(self) -> float:
        return self._actor.now()

    def then(self, reply: Reply[Any], callback: Callable[[Any], Any], failed: Callable[[Exception], Any]) -> None:
        tell = self._self_address.tell
        reply.add_done_callback(lambda settled: _ignore(tell(_Settled(settled, callback, failed))))


class PlainStrategyActor(LoopActor):
    """On the loop, callbacks without ``async``: the least between an event and its callback."""

    def __init__(self, strategy: Strategy, surroundings: Surroundings) -> None:
        super().__init__()
        self.name = strategy.name
        self._desk = _Desk(strategy, surroundings, self)

    def on_receive(self, message: object) -> Any:
        return self._desk.deliver(message)

    def on_stop(self) -> Any:
        self._desk.leave()
        return self._desk.strategy.on_stop()

    def on_failure(self, *_: object) -> None:
        self._desk.leave()


class AsyncStrategyActor(PlainStrategyActor):
    """On the loop, with callbacks that may await: one at a time, the others wait their turn."""

    serial_async = True

    async def on_receive(self, message: object) -> Any:
        result = self._desk.deliver(message)
        return await result if isinstance(result, Awaitable) else result


class ThreadStrategyActor(ThreadActor):
    """On a thread of its own: callbacks may block."""

    def __init__(self, strategy: Strategy, surroundings: Surroundings) -> None:
        super().__init__()
        self.name = strategy.name
        self._desk = _Desk(strategy, surroundings, self)

    def on_receive(self, message: object) -> Any:
        return self._desk.deliver(message)

    def on_stop(self) -> Any:
        self._desk.leave()
        self._desk.strategy.on_stop()

    def on_failure(self, *_: object) -> None:
        self._desk.leave()


StrategyActor: TypeAlias = PlainStrategyActor | ThreadStrategyActor


def start_strategy(strategy: Strategy, surroundings: Surroundings, host: LoopHost) -> Ref[Any]:
    """Starts the host that fits the strategy: a thread if it asks for one, else the loop.

    Raises:
        InvalidValueError: a strategy on a thread has ``async`` callbacks; nobody would await them there.
    """
    has_async = any(
        inspect.iscoroutinefunction(getattr(strategy, name)) for name in dir(Strategy) if name.startswith("on_")
    )
    if strategy.on_thread:
        if has_async:
            raise InvalidValueError("on_thread", True, "a strategy whose callbacks are plain functions")
        return ThreadStrategyActor.start(strategy, surroundings)
    if has_async:
        return AsyncStrategyActor.start(strategy, surroundings, host=host)
    return PlainStrategyActor.start(strategy, surroundings, host=host)


def _settle(settled: _Settled) -> Any:
    error = settled.reply.error
    if error is None:
        return settled.callback(settled.reply.result())
    if isinstance(error, Exception):
        return settled.failed(error)
    raise error


def _raise(error: Exception) -> None:
    raise error


def _ignore(_: bool) -> None:
    """A strategy that has ended gets no more callbacks; the lost message is counted as a dead letter."""
