"""The operator's hand on the markets: lists, halts, changes and delists them while the exchange runs."""

import msgspec

from exchanges.simulator.core.config import MAX_DECIMALS, PairConfig
from exchanges.simulator.core.engine import Engine, Market
from exchanges.simulator.core.orders import Order

FIXED = {"id", "start_price"}


class Listings:
    """Changes which pairs trade, and by which rules."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._decimals: dict[str, tuple[int, int]] = {}

    def add(self, rules: PairConfig) -> Market:
        """Lists a pair. One that was delisted goes on with its trade and update ids.

        Raises ``ValueError`` when it is listed already.
        """
        engine = self._engine
        if not isinstance(rules, engine.rules_type):
            raise ValueError(f"id: {rules.id!r} must be described as a contract")
        if rules.id in engine.markets:
            raise ValueError(f"id: {rules.id!r} is listed already, must be another one")
        market = engine.markets[rules.id] = Market(rules, engine.delisted.pop(rules.id, None))
        for listener in engine.listeners:
            listener.on_listed(rules.id)
        return market

    def change(self, pair: str, **changes: object) -> PairConfig:
        """Changes fields of a pair's rules by name; returns the rules from now on.

        New orders and amends are judged by them, what rests stays as it is. Raises ``RefusedError`` when there is no
        such pair, ``ValueError`` when the rules would not be allowed.
        """
        market = self._engine.market(pair)
        for field in FIXED & changes.keys():
            raise ValueError(f"{field}: {changes[field]} cannot be changed")
        rules = msgspec.structs.replace(market.rules, **changes)
        # what rests was placed by the rules of before, and trades with what comes by the new ones
        decimals = [max(both) for both in zip(self._most_decimals(market.rules), _decimals(rules), strict=True)]
        if sum(decimals) > MAX_DECIMALS:
            raise ValueError(
                f"price_precision + amount_precision: {sum(decimals)}, the most of each since the pair was listed,"
                f" must be at most {MAX_DECIMALS}"
            )
        self._decimals[rules.id] = (decimals[0], decimals[1])
        market.rules = rules
        return rules

    def remove(self, pair: str) -> list[Order]:
        """Delists a pair: cancels all of its orders, and nobody knows it any more. Returns the orders of accounts.

        Raises ``RefusedError`` when there is no such pair.
        """
        engine = self._engine
        market = engine.market(pair)
        cancelled = [
            order
            for name, record in engine.accounts.items()
            for order in engine.cancel_all(name, pair=pair)
            if not record.internal
        ]
        engine.settle_delisted(pair)
        del engine.markets[pair]
        engine.delisted[pair] = market
        self._decimals.pop(pair, None)
        for listener in engine.listeners:
            listener.on_delisted(pair)
        return cancelled

    def _most_decimals(self, rules: PairConfig) -> tuple[int, int]:
        """The most decimals that prices and amounts of a pair have been allowed since it was listed."""
        return self._decimals.get(rules.id, _decimals(rules))


def _decimals(rules: PairConfig) -> tuple[int, int]:
    return rules.price_precision, rules.amount_precision
