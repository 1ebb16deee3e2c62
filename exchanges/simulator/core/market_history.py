"""What the public can look up of a pair's past: trades, candles and the figures of the last 24 hours."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.events import Listener
from exchanges.simulator.core.orders import ZERO, Trade
from exchanges.simulator.core.public_past import Candle, PublicPast

DAY_S = 86_400
INTERVALS_S = {
    "1s": 1,
    "10s": 10,
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "30m": 1_800,
    "1h": 3_600,
    "4h": 14_400,
    "8h": 28_800,
    "1d": DAY_S,
    "7d": 7 * DAY_S,
    "30d": 30 * DAY_S,
}
STATISTICS_INTERVAL = "15m"
KEPT_TRADES = 5_000
KEPT_CANDLES = 1_500


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The last 24 hours, to the quarter of an hour."""

    last: Decimal
    change_percent: Decimal
    high: Decimal
    low: Decimal
    base_volume: Decimal
    quote_volume: Decimal


class PairHistory:
    """The past of one pair, bounded."""

    def __init__(self, rules: PairConfig, past: PublicPast | None = None) -> None:
        """``past``: what was traded before; None for nothing."""
        self.trades: deque[Trade] = deque(() if past is None else past.trades(), maxlen=KEPT_TRADES)
        self._past = past
        self._last = rules.start_price
        self._series: dict[str, deque[Candle]] = {name: deque(maxlen=KEPT_CANDLES) for name in INTERVALS_S}
        self._day_before: list[Candle] = []
        if past is not None:
            for name, series in self._series.items():
                series.append(past.candle(past.began_s - past.began_s % INTERVALS_S[name], INTERVALS_S[name]))
            first_s = self._series[STATISTICS_INTERVAL][0].start_s
            self._day_before = self._candles_before(STATISTICS_INTERVAL, first_s - DAY_S, first_s)

    def record(self, trade: Trade) -> None:
        """Adds a trade; trades come in the order of their time."""
        self.trades.append(trade)
        self._last = trade.price
        for name, series in self._series.items():
            self._extend(series, INTERVALS_S[name], trade.time_ms // 1000, trade.price)
            series[-1].add(trade)

    def candles(self, interval: str, now_s: int) -> list[Candle]:
        """Returns the candles of an interval up to now, oldest first: those since the first trade, or since the
        exchange began where there is a past before that. Quiet intervals are flat."""
        series = self._series[interval]
        if series:
            self._extend(series, INTERVALS_S[interval], now_s, series[-1].close)
        return list(series)

    def candles_between(self, interval: str, since_s: int, until_s: int, now_s: int) -> list[Candle]:
        """Returns the candles that began from ``since_s`` to ``until_s``, oldest first, as far back as it goes."""
        known = self.candles(interval, now_s)
        before = self._candles_before(interval, since_s, until_s + 1)
        return before + [candle for candle in known if since_s <= candle.start_s <= until_s]

    def day(self, now_s: int) -> DayFigures:
        """Returns the figures of the last 24 hours; without any trade all prices are the start price."""
        every = (*self._day_before, *self._series[STATISTICS_INTERVAL])
        window = [candle for candle in every if candle.start_s > now_s - DAY_S]
        if not window:
            return DayFigures(self._last, ZERO, self._last, self._last, ZERO, ZERO)
        opened = window[0].open
        return DayFigures(
            last=self._last,
            change_percent=round((self._last - opened) * 100 / opened, 2),
            high=max(candle.high for candle in window),
            low=min(candle.low for candle in window),
            base_volume=sum((candle.base_volume for candle in window), ZERO),
            quote_volume=sum((candle.quote_volume for candle in window), ZERO),
        )

    def _candles_before(self, interval: str, since_s: int, before_s: int) -> list[Candle]:
        """Returns the candles that began in this time, and ended before the exchange began."""
        if self._past is None:
            return []
        length_s = INTERVALS_S[interval]
        end_s = min(before_s, self._past.began_s - self._past.began_s % length_s)
        first_s = since_s + -since_s % length_s
        return [self._past.candle(start_s, length_s) for start_s in range(first_s, end_s, length_s)]

    def _extend(self, series: deque[Candle], length_s: int, until_s: int, price: Decimal) -> None:
        """Sees to it that the last candle is the one of ``until_s``; the first one opens at ``price``."""
        start = until_s - until_s % length_s
        if not series:
            series.append(Candle(start, price, price, price, price))
            return
        last = series[-1]
        first_missing = max(last.start_s + length_s, start - (KEPT_CANDLES - 1) * length_s)
        for missing in range(first_missing, start + 1, length_s):
            series.append(Candle(missing, last.close, last.close, last.close, last.close))


class MarketHistory(Listener):
    """Listens to the engine and keeps the history of each pair."""

    def __init__(self, engine: Engine, *, past_seed: int | None = None) -> None:
        """``past_seed``: decides what was traded before; None: nothing."""
        self._engine = engine
        self._histories = {
            pair: PairHistory(
                market.rules,
                None if past_seed is None else PublicPast(market.rules, engine.now_ms() // 1000, past_seed),
            )
            for pair, market in engine.markets.items()
        }

    def of(self, pair: str) -> PairHistory:
        """Returns the history of the pair."""
        return self._histories[pair]

    def candles(self, pair: str, interval: str) -> list[Candle]:
        """Returns the pair's candles up to now, oldest first."""
        return self._histories[pair].candles(interval, self._engine.now_ms() // 1000)

    def candles_between(self, pair: str, interval: str, since_s: int, until_s: int) -> list[Candle]:
        """Returns the pair's candles that began in this time, both ends included, oldest first."""
        return self._histories[pair].candles_between(interval, since_s, until_s, self._engine.now_ms() // 1000)

    def day(self, pair: str) -> DayFigures:
        """Returns the pair's figures of the last 24 hours."""
        return self._histories[pair].day(self._engine.now_ms() // 1000)

    def on_trade(self, trade: Trade) -> None:
        """Records the trade."""
        self._histories[trade.pair].record(trade)

    def on_listed(self, pair: str) -> None:
        """Begins a history."""
        self._histories[pair] = PairHistory(self._engine.markets[pair].rules)

    def on_delisted(self, pair: str) -> None:
        """Forgets the pair's past."""
        del self._histories[pair]
