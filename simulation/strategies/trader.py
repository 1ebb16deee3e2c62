"""A strategy that does everything a strategy may do, at random: places, cancels, amends, looks up, in every state."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from actors.runtime import Reply
from messages.commands import GetExecutedOrders, GetTradingStats, PlaceOrder
from messages.enums import Side, TimeInForce
from messages.errors import TellerError
from messages.events import OrderUpdateEvent
from messages.order import Order
from simulation.environment.crashes import InjectedCrash
from simulation.options import Feature
from simulation.scenario import Scenario
from simulation.strategies.actions import ACTIONS, HOSTILE_ACTIONS
from simulation.strategies.hostile_actions import HostileActions
from simulation.strategies.trading import RELEASE

_REMEMBERED: Final = 200


class RandomTrader(HostileActions):
    """Trades one account without any aim but to reach every corner.

    An action is a method with the name that `ACTIONS` has for it.
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
        """
        super().__init__(name, account, scenario=scenario, rng=rng, asked=asked)
        self._crashes = crashes
        self._remembered: list[Order] = []
        weights = {name: usual * scenario.weights[name] for name, usual in ACTIONS.items()}
        weights |= {name: usual for name, (feature, usual) in HOSTILE_ACTIONS.items() if scenario.has(feature)}
        self._names, self._weights = list(weights), list(weights.values())
        self._left_out = {name.removeprefix("action:") for name in without}

    # -- callbacks ----------------------------------------------------------------------------------------------------

    def on_start(self) -> None:
        super().on_start()
        self._ask("release", self._handle().release_kill_switch())  # an earlier life may have engaged it
        self.set_timer(self._rng.uniform(0.1, 1.0), "act")

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
        if name == RELEASE:
            self._ask("release", self._handle().release_kill_switch())
            return
        if self._crashes():
            raise InjectedCrash
        for _ in range(self._rng.choice((1, 1, 1, 2, 5))):
            self._act()
        self.set_timer(self._rng.expovariate(1 / self._scenario.pause_s), name)

    # -- actions ------------------------------------------------------------------------------------------------------

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
