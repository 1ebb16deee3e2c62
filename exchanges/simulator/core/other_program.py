"""Another program, or a hand, that trades on an account which somebody else believes to have for himself."""

import random
from decimal import ROUND_HALF_UP, Decimal

from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.orders import NewOrder, Order, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError

ORIGINS = {"web": "web", "app": "101", "apiv4": "apiv4"}
"""What is shown as ``text`` of an order without one, by where it came from."""
PREFIX = "t-other-"
"""Of its client ids."""
REACH = 0.003  # how far from the middle its limits are, as a fraction: some are filled at once, some wait
VALUE = (10.0, 200.0)  # of an order, in quote units
MARKET_CHANCE = 0.2
NAMED_CHANCE = 0.5
PLACE, AMEND, CANCEL = 5, 2, 2  # weights


class OtherProgram:
    """Trades on ``account`` with orders of its own, at most ``max_open`` at a time; touches no others.

    Some have client ids (``t-other-...``), some only an origin. It goes straight to the engine, so no rate limit and no
    fault of the wire concerns it.
    """

    def __init__(self, engine: Engine, account: str, rng: random.Random, *, max_open: int = 5) -> None:
        self._engine = engine
        self._account = account
        self._rng = rng
        self._max_open = max_open
        self._waiting: list[Order] = []

    @staticmethod
    def placed(order: Order) -> bool:
        """Whether an order has the marks of such a program: its client ids, or an origin that is no client id."""
        return order.text.startswith(PREFIX) or (not order.text and order.origin in ORIGINS.values())

    def act(self) -> Order | None:
        """Places, amends or cancels an order; returns it, or None when the exchange refused (no money, no change)."""
        self._waiting = [order for order in self._waiting if order.is_open]
        mine = bool(self._waiting)
        weights = (PLACE * (len(self._waiting) < self._max_open), AMEND * mine, CANCEL * mine)
        (action,) = self._rng.choices((self._place, self._amend, self._cancel), weights)
        try:
            return action()
        except RefusedError:
            return None

    def _place(self) -> Order:
        rules = self._rng.choice(list(self._engine.markets.values())).rules
        side = self._rng.choice((Side.BUY, Side.SELL))
        price = self._price(rules)
        amount = _rounded(self._rng.uniform(*VALUE) / float(price * rules.unit), rules.amount_precision)
        at_market = self._rng.random() < MARKET_CHANCE
        in_quote = at_market and side is Side.BUY and rules.market_buys_in_quote
        new = NewOrder(
            pair=rules.id,
            side=side,
            type=OrderType.MARKET if at_market else OrderType.LIMIT,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if at_market else TimeInForce.GOOD_TILL_CANCELED,
            amount=amount * price if in_quote else amount,
            price=None if at_market else price,
            text=f"{PREFIX}{self._rng.getrandbits(40):010x}" if self._rng.random() < NAMED_CHANCE else "",
            origin=self._rng.choice(list(ORIGINS.values())),
        )
        order = self._engine.place(self._account, new)
        if order.is_open:
            self._waiting.append(order)
        return order

    def _amend(self) -> Order:
        order = self._rng.choice(self._waiting)
        if self._rng.random() < 0.5:
            return self._engine.amend(order, price=self._price(order.rules))
        amount = _rounded(float(order.amount) * self._rng.uniform(0.5, 1.5), order.rules.amount_precision)
        return self._engine.amend(order, amount=amount)

    def _cancel(self) -> Order:
        return self._engine.cancel(self._rng.choice(self._waiting))

    def _price(self, rules: PairConfig) -> Decimal:
        """Returns a limit near the middle of the book; where that is empty, near the price that the pair began with."""
        book = self._engine.markets[rules.id].book
        best = [float(level.price) for level in (book.bids.best(), book.asks.best()) if level is not None]
        middle = sum(best) / len(best) if best else float(rules.start_price)
        return _rounded(middle * (1 + self._rng.uniform(-REACH, REACH)), rules.price_precision)


def _rounded(value: float, decimals: int) -> Decimal:
    """Returns the value in whole units of its last decimal, at least one."""
    unit = Decimal(1).scaleb(-decimals)
    return max(unit, Decimal(value).quantize(unit, ROUND_HALF_UP))
