"""Candles and trades of the time before the exchange began, made up: the same however often they are asked for.

Prices are a sum of waves around the start price, which they reach at the moment of the beginning; trades come at a
steady pace. So trades and candles of all intervals tell of one market, but for the highest and lowest prices of long
intervals, which are those of a few moments within them.
"""

import math
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.orders import ZERO, Side, Trade

FIRST_PUBLIC_TRADE_ID: Final = 1_000_000
TRADES: Final = 500
TRADE_EVERY_S: Final = 7
SAMPLES: Final = 8
WAVES: Final = ((600, 0.001), (7_200, 0.004), (86_400, 0.015), (9 * 86_400, 0.05))
"""Lengths in seconds, and heights as shares of the start price."""


@dataclass(slots=True)
class Candle:
    """Prices and volumes of one interval that began at ``start_s`` (seconds since 1970)."""

    start_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    base_volume: Decimal = ZERO
    quote_volume: Decimal = ZERO

    def add(self, trade: Trade) -> None:
        """Counts one trade."""
        self.high = max(self.high, trade.price)
        self.low = min(self.low, trade.price)
        self.close = trade.price
        self.base_volume += trade.amount
        self.quote_volume += trade.amount * trade.price


class PublicPast:
    """What the public traded on one pair before ``began_s`` (seconds since 1970)."""

    def __init__(self, rules: PairConfig, began_s: int, seed: int) -> None:
        self.began_s = began_s
        self._rules = rules
        self._tick = Decimal(1).scaleb(-rules.price_precision)
        self._lot = Decimal(1).scaleb(-rules.amount_precision)
        rng = random.Random(f"past of {rules.id} {seed}")
        self._waves = [(length, height, rng.uniform(0, 2 * math.pi)) for length, height in WAVES]
        smallest = max(rules.min_base_amount, rules.min_quote_amount / rules.start_price, self._lot)
        self._amount = (smallest * 20).quantize(self._lot) or self._lot

    def price(self, at_s: float) -> Decimal:
        """The price at a moment, never below one tick."""
        since_s = at_s - self.began_s
        moved = sum(
            height * (math.sin(2 * math.pi * since_s / length + phase) - math.sin(phase))
            for length, height, phase in self._waves
        )
        return max(self._tick, (self._rules.start_price * Decimal(1 + moved)).quantize(self._tick))

    def candle(self, start_s: int, length_s: int) -> Candle:
        """The candle of an interval that began before the exchange did, up to that moment."""
        end_s = min(start_s + length_s, self.began_s)
        prices = [self.price(start_s + (end_s - start_s) * step / SAMPLES) for step in range(SAMPLES + 1)]
        # trades were at began_s - TRADE_EVERY_S, began_s - 2 * TRADE_EVERY_S, ...
        traded = (self.began_s - start_s) // TRADE_EVERY_S - (self.began_s - end_s) // TRADE_EVERY_S
        volume = self._amount * traded
        quote_volume = (volume * sum(prices) / len(prices)).quantize(self._tick * self._lot)
        return Candle(start_s, prices[0], max(prices), min(prices), prices[-1], volume, quote_volume)

    def trades(self) -> list[Trade]:
        """The last ones before the beginning, oldest first."""
        found = []
        for number in range(TRADES):
            at_s = self.began_s - (TRADES - number) * TRADE_EVERY_S
            price, before = self.price(at_s), self.price(at_s - TRADE_EVERY_S)
            found.append(
                Trade(
                    id=FIRST_PUBLIC_TRADE_ID + number,
                    sequence=number + 1,
                    pair=self._rules.id,
                    side=Side.BUY if price >= before else Side.SELL,
                    price=price,
                    amount=self._amount,
                    time_ms=at_s * 1000,
                )
            )
        return found
