"""What the actions of a random trader are made with: its account, the markets it sees, ids, and common commands."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from actors.runtime import Reply
from actors.strategy.base import Strategy
from actors.strategy.handle import AccountHandle
from messages.commands import PlaceOrder
from messages.enums import Side, TimeInForce
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.order import Order
from messages.symbol import Symbol
from simulation.options import Feature
from simulation.scenario import Scenario

RELEASE: Final = "release"
"""The timer at which an engaged kill switch is released."""


class Trading(Strategy):
    """Trades one account; what it does is up to those who derive from it.

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
    ) -> None:
        """Unless the account forgets, it gives an order the id of an earlier one now and then, which has to be refused.
        With the feature for it, it does so also where the account may have dropped the earlier one.
        """
        super().__init__(name, (account,))
        self.asked = asked
        self._reuses_ids = not scenario.forgets or scenario.has(Feature.REUSED_IDS)
        self._life = rng.randrange(10**6)
        self._account_name = account
        self._scenario = scenario
        self._symbols = scenario.symbols
        self._rng = rng
        self._instruments: dict[Symbol, Instrument] = {}
        self._tickers: dict[Symbol, BookTicker] = {}
        self._open: dict[str, Order] = {}
        self._own_ids = 0

    def on_start(self) -> None:
        account = self._handle()
        for symbol in self._symbols:
            self.watch_book_ticker(account.venue, symbol)
            self._ask("instrument", account.instrument(symbol), self._learn_instrument)

    def on_book_ticker(self, ticker: BookTicker) -> None:
        self._tickers[ticker.symbol] = ticker

    # -- commands -----------------------------------------------------------------------------------------------------

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

    def _cancel_all(self) -> None:
        symbol = self._rng.choice((None, *self._symbols))
        side = self._rng.choice((None, Side.BUY, Side.SELL))
        self._ask("cancel all", self._handle().cancel_all(symbol, side))

    def _engage(self, reason: str, for_s: float) -> None:
        self._ask("kill switch", self._handle().engage_kill_switch(reason))
        self.set_timer(for_s, RELEASE)

    # -- helpers ------------------------------------------------------------------------------------------------------

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
