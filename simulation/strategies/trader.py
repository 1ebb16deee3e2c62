"""A strategy that does everything a strategy may do, at random: places, cancels, amends, looks up, in every state."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from actors.runtime import Reply
from actors.strategy.base import Strategy
from actors.strategy.handle import AccountHandle
from messages.commands import (
    CancelOrder,
    CancelWithdrawal,
    GetExecutedOrders,
    GetTradingStats,
    GetWithdrawal,
    GetWithdrawals,
    PlaceOrder,
    Withdraw,
)
from messages.enums import OrderStatus, Side, TimeInForce
from messages.errors import TellerError
from messages.events import OrderUpdateEvent
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Order
from messages.symbol import Symbol
from simulation.environment.crashes import InjectedCrash
from simulation.options import Feature
from simulation.scenario import Scenario
from simulation.strategies.actions import ACTIONS, HOSTILE_ACTIONS

_REMEMBERED: Final = 200
_RELEASE: Final = "release"
_UNLISTED: Final = (Symbol("NOPE", "USDT"), Symbol("SOL", "USDTT"), Symbol("BTC", "ETH"))
_MAY_BE_LISTED: Final = (Symbol("NEW1", "USDT"), Symbol("NEW2", "USDT"))
_ABSURD: Final = tuple(map(Decimal, ("1E+19", "1E-19", "99999999999999999999.99", "0.00000000000000000001", "1E+300")))
_LONG_REASON: Final = "because " * 625
_FROM_CALLBACK: Final = 0.2


class RandomTrader(Strategy):
    """Trades one account without any aim but to reach every corner.

    Attributes:
        asked: every reply that it was given, with what it asked for; the next life goes on with the same list.
    """

    def __init__(
        self,
        name: str,
        account: str,
        *,
        scenario: Scenario,
        rng: random.Random,
        asked: list[tuple[str, Reply[Any]]],
        crashes: Callable[[], bool],
        without: frozenset[str] = frozenset(),
    ) -> None:
        """``crashes``: asked before each step whether it is to be the last. ``without``: actions that are drawn and
        then not done, as ``action:amend``.

        Unless the account forgets, it gives an order the id of an earlier one now and then, which has to be refused.
        With the feature for it, it does so also where the account may have dropped the earlier one.
        """
        super().__init__(name, (account,))
        self.asked = asked
        self._crashes = crashes
        self._reuses_ids = not scenario.forgets or scenario.has(Feature.REUSED_IDS)
        self._life = rng.randrange(10**6)
        self._account_name = account
        self._scenario = scenario
        self._symbols = scenario.symbols
        self._rng = rng
        self._instruments: dict[Symbol, Instrument] = {}
        self._tickers: dict[Symbol, BookTicker] = {}
        self._open: dict[str, Order] = {}
        self._remembered: list[Order] = []
        self._own_ids = 0
        weights = {name: usual * scenario.weights[name] for name, usual in ACTIONS.items()}
        weights |= {name: usual for name, (feature, usual) in HOSTILE_ACTIONS.items() if scenario.has(feature)}
        self._names, self._weights = list(weights), list(weights.values())
        self._left_out = {name.removeprefix("action:") for name in without}

    # -- callbacks ------------------------------------------------------------------------------------------------

    def on_start(self) -> None:
        account = self._handle()
        for symbol in self._symbols:
            self.watch_book(account.venue, symbol)
            self._ask("instrument", account.instrument(symbol), self._learn_instrument)
        self._ask("release", account.release_kill_switch())  # an earlier life may have engaged it
        self.set_timer(self._rng.uniform(0.1, 1.0), "act")

    def on_book_ticker(self, ticker: BookTicker) -> None:
        self._tickers[ticker.symbol] = ticker

    def on_order_update(self, event: OrderUpdateEvent) -> None:
        order = event.order
        key = order.client_order_id or str(order.order_id)
        if order.is_finished:
            self._open.pop(key, None)
        else:
            self._open[key] = order
        self._remembered.append(order)
        if len(self._remembered) > _REMEMBERED:
            del self._remembered[: _REMEMBERED // 2]
        if self._scenario.has(Feature.CALLBACK_COMMANDS):
            self._act_on(order)

    def on_timer(self, name: str) -> None:
        if name == _RELEASE:
            self._ask("release", self._handle().release_kill_switch())
            return
        if self._crashes():
            raise InjectedCrash
        for _ in range(self._rng.choice((1, 1, 1, 2, 5))):
            self._act()
        self.set_timer(self._rng.expovariate(1 / self._scenario.pause_s), name)

    # -- actions --------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        [name] = self._rng.choices(self._names, self._weights)
        if name in self._left_out:
            return
        try:
            getattr(self, f"_{name}")()
        except TellerError as error:  # a command that cannot even be built
            self.log.debug("not_asked", error=str(error))

    def _place_resting(self) -> None:
        if len(self._open) < self._scenario.most_open:
            self._place(TimeInForce.GTC, self._rng.uniform(-0.004, 0.0005))

    def _place_post_only(self) -> None:
        if len(self._open) < self._scenario.most_open:
            self._place(TimeInForce.POST_ONLY, self._rng.uniform(-0.003, 0.0005))

    def _place_taking(self) -> None:
        self._place(self._rng.choice((TimeInForce.IOC, TimeInForce.FOK)), self._rng.uniform(-0.001, 0.003))

    def _place(self, time_in_force: TimeInForce, reach: float, *, factor: int = 1) -> Reply[Order] | None:
        """``reach``: how far into the other side of the market, as a fraction of the price; negative stays away."""
        market = self._market()
        if market is None:
            return None
        instrument, mid = market
        side = self._rng.choice((Side.BUY, Side.SELL))
        sign = 1 if side is Side.BUY else -1
        price = instrument.round_price(mid * (1 + sign * Decimal(repr(round(reach, 6)))), side)
        quantity = instrument.round_quantity(self._notional() * factor / price)
        command = PlaceOrder.limit(
            instrument.symbol, side, quantity, price, time_in_force=time_in_force, client_order_id=self._own_id()
        )
        return self._ask("place", self._handle().place(command))

    def _place_market(self) -> None:
        market = self._market()
        if market is None:
            return
        instrument, mid = market
        if self._rng.random() < 0.5:
            command = PlaceOrder.market_buy(instrument.symbol, self._notional())
        else:
            command = PlaceOrder.market_sell(instrument.symbol, instrument.round_quantity(self._notional() / mid))
        self._ask("market order", self._handle().place(command))

    def _place_and_cancel(self) -> None:
        """The cancel is on its way before the exchange has named the order."""
        own_id = self._own_id() or self._new_id()
        market = self._market()
        if market is None:
            return
        instrument, mid = market
        price = instrument.round_price(mid * Decimal("0.998"), Side.BUY)
        quantity = instrument.round_quantity(self._notional() / price)
        command = PlaceOrder.limit(instrument.symbol, Side.BUY, quantity, price, client_order_id=own_id)
        self._ask("place", self._handle().place(command))
        pending = self._open.get(own_id)
        if pending is not None:
            self._ask("cancel", self._handle().cancel(pending))
        else:
            self._ask("look up", self._handle().get_active_order(instrument.symbol, client_order_id=own_id))

    def _place_too_much(self) -> None:
        self._place(TimeInForce.GTC, -0.002, factor=10_000)

    def _cancel(self) -> None:
        if self._open:
            self._ask("cancel", self._handle().cancel(self._rng.choice(list(self._open.values()))))

    def _cancel_twice(self) -> None:
        """Any order of late, also one that is long finished."""
        if self._remembered:
            order = self._rng.choice(self._remembered)
            self._ask("cancel", self._handle().cancel(order))
            self._ask("cancel", self._handle().cancel(order))

    def _cancel_all(self) -> None:
        symbol = self._rng.choice((None, *self._symbols))
        side = self._rng.choice((None, Side.BUY, Side.SELL))
        self._ask("cancel all", self._handle().cancel_all(symbol, side))

    def _amend(self) -> None:
        orders = [order for order in self._open.values() if order.price is not None]
        if not orders:
            return
        order = self._rng.choice(orders)
        instrument = self._instruments.get(order.symbol)
        if instrument is None or order.price is None:
            return
        factor = Decimal(repr(round(self._rng.uniform(0.998, 1.002), 6)))
        price = instrument.round_price(order.price * factor, order.side)
        quantity = instrument.round_quantity(order.quantity * Decimal(repr(round(self._rng.uniform(0.5, 1.5), 3))))
        which = self._rng.randrange(3)
        reply = self._handle().amend(
            order, price=None if which == 0 else price, quantity=None if which == 1 else quantity
        )
        self._ask("amend", reply)

    def _look_up(self) -> None:
        handle = self._handle()
        if self._remembered and self._rng.random() < 0.9:
            order = self._rng.choice(self._remembered)
            by_client_id = order.order_id is None or self._rng.random() < 0.5
            reply = handle.get_active_order(
                order.symbol,
                None if by_client_id and order.client_order_id else order.order_id,
                client_order_id=order.client_order_id if by_client_id else None,
            )
        else:
            reply = handle.get_active_order(self._symbols[0], str(self._rng.randrange(10**12)))
        self._ask("look up", reply)

    def _read(self) -> None:
        handle = self._handle()
        self._ask("snapshot", handle.snapshot())
        self._ask("stats", handle.ask(GetTradingStats()))
        self._ask("executed", handle.ask(GetExecutedOrders(symbol=self._symbols[0])))

    def _reload(self) -> None:
        self._ask("reload", self._handle().reload())

    def _kill_switch(self) -> None:
        if self._rng.random() < 0.3:
            self._engage("the trader felt like it", self._rng.uniform(0.0, 4.0))

    def _engage(self, reason: str, for_s: float) -> None:
        self._ask("kill switch", self._handle().engage_kill_switch(reason))
        self.set_timer(for_s, _RELEASE)

    # -- hostile actions ------------------------------------------------------------------------------------------

    def _act_on(self, order: Order) -> None:
        """Commands out of the callback that tells of the order, when it has no id of the exchange yet."""
        own_id = order.client_order_id
        if order.status is not OrderStatus.PENDING or own_id is None or self._rng.random() >= _FROM_CALLBACK:
            return
        handle, side = self._handle(), self._rng.choice((None, order.side, order.side.opposite))
        which = self._rng.randrange(3)
        if which == 0:
            self._ask("cancel", handle.ask(CancelOrder(symbol=order.symbol, client_order_id=own_id)))
        elif which == 1:
            self._ask("cancel all", handle.cancel_all(order.symbol, side))
        elif order.price is not None:
            self._ask("amend", handle.amend(order, price=order.price * 2))

    def _place_and_cancel_all(self) -> None:
        """The cancel of everything is told after the order, so that the order may not outlive it."""
        self._place(TimeInForce.GTC, self._rng.uniform(-0.004, -0.001))
        self._cancel_all()

    def _cancel_by_own_id(self) -> None:
        orders = [order for order in self._open.values() if order.client_order_id is not None]
        if orders:
            order = self._rng.choice(orders)
            command = CancelOrder(symbol=order.symbol, client_order_id=order.client_order_id)
            self._ask("cancel", self._handle().ask(command))

    def _cancel_unknown(self) -> None:
        symbol = self._rng.choice((*self._symbols, *_UNLISTED))
        number = str(self._rng.randrange(10**12))
        command = self._rng.choice(
            (CancelOrder(symbol=symbol, order_id=number), CancelOrder(symbol=symbol, client_order_id=f"no-{number}"))
        )
        self._ask("cancel", self._handle().ask(command))

    def _look_up_unlisted(self) -> None:
        symbol, handle = self._rng.choice(_UNLISTED), self._handle()
        which = self._rng.randrange(3)
        if which == 0:
            self._ask("look up", handle.get_active_order(symbol, str(self._rng.randrange(10**12))))
        elif which == 1:
            self._ask("executed", handle.executed_orders(symbol))
        else:
            self._ask("instrument", handle.instrument(symbol))

    def _place_unlisted(self) -> None:
        command = PlaceOrder.limit(self._rng.choice(_UNLISTED), Side.BUY, Decimal(1), Decimal(1))
        self._ask("place", self._handle().place(command))

    def _place_new_market(self) -> None:
        """A market that may have been listed while the account was live."""
        command = PlaceOrder.limit(self._rng.choice(_MAY_BE_LISTED), Side.BUY, Decimal(1), Decimal("9.5"))
        self._ask("place", self._handle().place(command))

    def _place_absurd(self) -> None:
        market = self._market()
        if market is None:
            return
        instrument, mid = market
        quantity, price = instrument.round_quantity(self._notional() / mid), instrument.round_price(mid, Side.BUY)
        if self._rng.random() < 0.5:
            quantity = self._rng.choice(_ABSURD)
        else:
            price = self._rng.choice(_ABSURD)
        side = self._rng.choice((Side.BUY, Side.SELL))
        self._ask("place", self._handle().place(PlaceOrder.limit(instrument.symbol, side, quantity, price)))

    def _kill_switch_long_reason(self) -> None:
        self._engage(_LONG_REASON, self._rng.uniform(5.0, 20.0))

    def _kill_switch_kept(self) -> None:
        self._engage("for longer", self._rng.uniform(10.0, 40.0))

    def _withdraw(self) -> None:
        command = Withdraw(
            currency="USDT",
            amount=Decimal(self._rng.choice((10, 25, 10**9))),
            chain="TRX",
            address="TVjsyZ7fYF3qLF6BQgPmTEZy1xrNNyVAAA",
        )
        self._ask("withdraw", self._handle().ask(command))

    def _read_withdrawals(self) -> None:
        handle, number = self._handle(), f"w{self._rng.randrange(1, 10)}"
        which = self._rng.randrange(3)
        if which == 0:
            self._ask("withdrawals", handle.ask(GetWithdrawals()))
        elif which == 1:
            self._ask("withdrawal", handle.ask(GetWithdrawal(withdrawal_id=number)))
        else:
            self._ask("cancel withdrawal", handle.ask(CancelWithdrawal(withdrawal_id=number)))

    # -- helpers --------------------------------------------------------------------------------------------------

    def _handle(self) -> AccountHandle:
        return self.account(self._account_name)

    def _ask(self, what: str, reply: Reply[Any], then: Callable[[Any], Any] | None = None) -> Reply[Any]:
        self.asked.append((what, reply))
        self.then(reply, then or _do_nothing, _do_nothing)
        return reply

    def _learn_instrument(self, instrument: Instrument) -> None:
        self._instruments[instrument.symbol] = instrument

    def _market(self) -> tuple[Instrument, Decimal] | None:
        symbol = self._rng.choice(self._symbols)
        instrument, ticker = self._instruments.get(symbol), self._tickers.get(symbol)
        if instrument is None or ticker is None or ticker.mid is None:
            return None
        return instrument, ticker.mid

    def _notional(self) -> Decimal:
        return Decimal(self._rng.choice((2, 5, 20, 50, 150, 400, 1500)))

    def _own_id(self) -> str | None:
        """Mostly None, so that the account makes one; now and then one of ours, rarely one used before."""
        if self._rng.random() < 0.7:
            return None
        if self._reuses_ids and self._own_ids and self._rng.random() < 0.1:
            return self._nth_id(self._rng.randrange(self._own_ids) + 1)
        return self._new_id()

    def _new_id(self) -> str:
        self._own_ids += 1
        return self._nth_id(self._own_ids)

    def _nth_id(self, number: int) -> str:
        return f"{self.name}-{self._life}-{number}"


def _do_nothing(_: object) -> None:
    """The reply has been noted; what it says does not matter here."""
