"""What others do around an account: markets come, go and change, other programs trade, margin orders lie beside."""

import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from exchanges.simulator import Exchange, PairConfig
from exchanges.simulator.core.config import TradeStatus
from exchanges.simulator.core.orders import AccountType, NewOrder, OrderType, Side, TimeInForce
from exchanges.simulator.core.other_program import OtherProgram
from exchanges.simulator.core.rules import RefusedError
from messages.symbol import Symbol
from simulation.options import Feature
from simulation.trace import Trace

_CHANCE: Final = 0.08
_OTHERS_CHANCE: Final = 0.4
_HALTED_S: Final = (2.0, 20.0)
_NEW_PAIRS: Final = ("NEW1", "NEW2", "Новый", "new3", "$NEW4", "NEW_5")


ACTS: Final[Mapping[str, Feature]] = {
    "halt": Feature.LIVING_MARKETS,
    "change": Feature.LIVING_MARKETS,
    "delist": Feature.LIVING_MARKETS,
    "list": Feature.LIVING_MARKETS,
    "opening": Feature.LIVING_MARKETS,
    "margin": Feature.MARGIN_ORDERS,
    "margin_end": Feature.MARGIN_ORDERS,
}
"""What the operator does, each with the feature that it belongs to."""


class Operator:
    """Acts about once in some seconds, as far as the run has the features for it.

    The programs of others act about every other second, also while ours is away.
    """

    def __init__(
        self,
        exchange: Exchange,
        rng: random.Random,
        trace: Trace,
        *,
        features: frozenset[Feature],
        names: Sequence[str],
        symbols: Sequence[Symbol],
        now_s: Callable[[], float],
        now_ms: Callable[[], int],
        without: frozenset[str] = frozenset(),
    ) -> None:
        """``names``: of accounts. ``symbols``: those that strategies trade; the first of them is never taken away.
        ``now_s``: virtual seconds. ``now_ms``: the exchange's clock, unix milliseconds.
        ``without``: acts that are drawn and then left out, as ``operator:delist``."""
        self._exchange = exchange
        self._rng = rng
        self._trace = trace
        self._names = names
        self._pairs = [f"{symbol.base}_{symbol.quote}" for symbol in symbols]
        self._now_s = now_s
        self._now_ms = now_ms
        self._resume_s: dict[str, float] = {}
        self._new = list(_NEW_PAIRS)
        acts: dict[str, Callable[[], None]] = {
            "halt": self._halt,
            "change": self._change,
            "delist": self._delist,
            "list": self._list,
            "opening": self._set_opening,
            "margin": self._place_margin,
            "margin_end": self._cancel_margin,
        }
        self._acts = [
            (acts[name], f"operator:{name}" in without) for name, feature in ACTS.items() if feature in features
        ]
        self._others = {
            name: OtherProgram(exchange.engine, name, random.Random(rng.random()))
            for name in names
            if Feature.OTHER_PROGRAMS in features
        }

    def act(self) -> None:
        """Called once a second."""
        now_s = self._now_s()
        for pair in [pair for pair, until_s in self._resume_s.items() if until_s <= now_s]:
            self._resume(pair)
        for name, program in self._others.items():
            if self._rng.random() < _OTHERS_CHANCE:
                order = program.act()
                self._trace.add("other", f"acts on {name}: {order}")
        for act, is_left_out in self._acts:
            if self._rng.random() < _CHANCE and not is_left_out:
                act()

    def resume_all(self) -> None:
        """All halted markets trade again."""
        for pair in list(self._resume_s):
            self._resume(pair)

    # -- markets --------------------------------------------------------------------------------------------------

    def _resume(self, pair: str) -> None:
        del self._resume_s[pair]
        self._do(f"resumes {pair}", partial(self._status, pair, TradeStatus.TRADABLE))

    def _status(self, pair: str, status: TradeStatus) -> None:
        if pair in self._exchange.engine.markets:
            self._exchange.listings.change(pair, trade_status=status)

    def _halt(self) -> None:
        pair = self._some_pair()
        status = self._rng.choice((TradeStatus.UNTRADABLE, TradeStatus.BUYABLE, TradeStatus.SELLABLE))
        self._resume_s[pair] = self._now_s() + self._rng.uniform(*_HALTED_S)
        self._do(f"sets {pair} to {status.value}", lambda: self._status(pair, status))

    def _set_opening(self) -> None:
        """A market that opens in some seconds, for both sides."""
        pair, at_s = self._some_pair(), self._now_ms() // 1000 + self._rng.randrange(1, 15)
        self._do(
            f"opens {pair} at {at_s}",
            lambda: self._exchange.listings.change(pair, buy_start_s=at_s, sell_start_s=at_s),
        )

    def _change(self) -> None:
        """Coarser or finer ticks and lots, other minimums."""
        pair = self._some_pair()
        rules = self._exchange.engine.market(pair).rules
        possible: list[dict[str, object]] = [
            {"price_precision": max(0, rules.price_precision - 1)},
            {"amount_precision": max(1, rules.amount_precision - 1)},  # the quoter's quantity stays a multiple
            {"min_quote_amount": rules.min_quote_amount * 2},
            {"min_base_amount": rules.min_base_amount * 2},
        ]
        changes = self._rng.choice(possible)
        self._do(f"changes {pair}: {changes}", lambda: self._exchange.listings.change(pair, **changes))

    def _delist(self) -> None:
        """Any market but the first, for good."""
        pairs = [pair for pair in self._pairs[1:] if pair in self._exchange.engine.markets]
        if pairs and self._rng.random() < 0.5:
            pair = self._rng.choice(pairs)
            self._do(f"delists {pair}", lambda: self._exchange.listings.remove(pair))

    def _list(self) -> None:
        if self._new:
            base = self._new.pop(0)
            rules = PairConfig(
                id=f"{base}_USDT",
                start_price=Decimal(10),
                price_precision=2,
                amount_precision=2,
                min_base_amount=Decimal("0.01"),
            )
            self._do(f"lists {rules.id}", lambda: self._exchange.listings.add(rules))

    def _some_pair(self) -> str:
        return self._rng.choice([pair for pair in self._pairs if pair in self._exchange.engine.markets])

    # -- margin orders --------------------------------------------------------------------------------------------

    def _place_margin(self) -> None:
        account, pair = self._rng.choice(self._names), self._some_pair()
        rules = self._exchange.engine.market(pair).rules
        tick = Decimal(1).scaleb(-rules.price_precision)
        order = NewOrder(
            pair=pair,
            side=self._rng.choice(tuple(Side)),
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
            amount=max(rules.min_base_amount, Decimal(1)),
            price=(rules.start_price * self._rng.choice((8, 12)) / 10).quantize(tick),
            text=self._rng.choice(("", "t-margin-1", "web")),
        )
        kind = self._rng.choice([each for each in AccountType if each is not AccountType.SPOT])
        margin = self._exchange.services.margin
        self._do(f"places a {kind.value} order of {account}", lambda: margin.place(account, order, kind))

    def _cancel_margin(self) -> None:
        margin, types = self._exchange.services.margin, list(AccountType)
        orders = [order for name in self._names for order in margin.of(name, types, is_open=True)]
        if orders:
            order = self._rng.choice(orders)
            self._do(f"cancels margin order {order.id}", lambda: margin.cancel(order))

    def _do(self, what: str, act: Callable[[], object]) -> None:
        self._trace.add("operator", what)
        try:
            act()
        except (RefusedError, ValueError) as error:
            self._trace.add("operator", f"refused: {error}")
