"""A strategy that does everything a strategy may do, at random: places, cancels, amends, looks up, in every state."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from actors.runtime import Reply
from actors.strategy.base import Strategy
from actors.strategy.handle import AccountHandle
from messages.commands import GetExecutedOrders, GetTradingStats, PlaceOrder
from messages.enums import Side, TimeInForce
from messages.errors import TellerError
from messages.events import OrderUpdateEvent
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Order
from messages.symbol import Symbol
from simulation.crashes import InjectedCrash
from simulation.settings import SYMBOLS

_REMEMBERED: Final = 200
_PAUSE_S: Final = 0.4
_MOST_OPEN: Final = 25
_RELEASE: Final = "release"


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
        rng: random.Random,
        asked: list[tuple[str, Reply[Any]]],
        crashes: Callable[[], bool],
        reuses_ids: bool,
    ) -> None:
        """``crashes``: asked before each step whether it is to be the last. ``reuses_ids``: now and then it gives an
        order the id of an earlier one, which the account has to refuse while it remembers that."""
        super().__init__(name, (account,))
        self.asked = asked
        self._crashes = crashes
        self._reuses_ids = reuses_ids
        self._life = rng.randrange(10**6)
        self._account_name = account
        self._symbols = SYMBOLS
        self._rng = rng
        self._instruments: dict[Symbol, Instrument] = {}
        self._tickers: dict[Symbol, BookTicker] = {}
        self._open: dict[str, Order] = {}
        self._remembered: list[Order] = []
        self._own_ids = 0
        self._actions: tuple[tuple[int, Callable[[], None]], ...] = (
            (14, self._place_resting),
            (8, self._place_post_only),
            (8, self._place_taking),
            (4, self._place_market),
            (3, self._place_and_cancel_at_once),
            (2, self._place_too_much),
            (14, self._cancel),
            (3, self._cancel_twice),
            (2, self._cancel_all),
            (10, self._amend),
            (8, self._look_up),
            (4, self._read),
            (1, self._reload),
            (1, self._engage_kill_switch),
        )

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

    def on_timer(self, name: str) -> None:
        if name == _RELEASE:
            self._ask("release", self._handle().release_kill_switch())
            return
        if self._crashes():
            raise InjectedCrash
        for _ in range(self._rng.choice((1, 1, 1, 2, 5))):
            self._act()
        self.set_timer(self._rng.expovariate(1 / _PAUSE_S), name)

    # -- actions --------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        weights = [weight for weight, _ in self._actions]
        [(_, action)] = self._rng.choices(self._actions, weights)
        try:
            action()
        except TellerError as error:  # a command that cannot even be built
            self.log.debug("not_asked", error=str(error))

    def _place_resting(self) -> None:
        if len(self._open) < _MOST_OPEN:
            self._place(TimeInForce.GTC, self._rng.uniform(-0.004, 0.0005))

    def _place_post_only(self) -> None:
        if len(self._open) < _MOST_OPEN:
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

    def _place_and_cancel_at_once(self) -> None:
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

    def _engage_kill_switch(self) -> None:
        if self._rng.random() < 0.3:
            self._ask("kill switch", self._handle().engage_kill_switch("the trader felt like it"))
            self.set_timer(self._rng.uniform(0.0, 4.0), _RELEASE)

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
