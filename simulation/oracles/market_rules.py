"""What an account refuses by a market's rules, the exchange would have refused, too: rules are not long out of date."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from exchanges.simulator import Exchange
from exchanges.simulator.core.config import PairConfig
from exchanges.simulator.core.orders import NewOrder, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError, check_new, check_tradable
from messages.commands import PlaceOrder
from messages.enums import TimeInForce as OurTimeInForce
from messages.errors import InvalidValueError
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.oracle import Oracle
from simulation.oracles.wish_terms import pair_of

_BY_RULES: Final = frozenset({"symbol", "side", "price", "quantity", "price x quantity", "quote_quantity"})
_TIMES_IN_FORCE: Final = {
    OurTimeInForce.GTC: TimeInForce.GOOD_TILL_CANCELED,
    OurTimeInForce.IOC: TimeInForce.IMMEDIATE_OR_CANCEL,
    OurTimeInForce.FOK: TimeInForce.FILL_OR_KILL,
    OurTimeInForce.POST_ONLY: TimeInForce.POST_ONLY,
}


class MarketRules(Oracle):
    """Judges every order that was refused for a field, at the moment of the refusal."""

    def __init__(
        self,
        exchange: Exchange,
        commands: CommandLog,
        *,
        names: Iterable[str],
        now_s: Callable[[], float],
        bound_s: float,
    ) -> None:
        """``names``: of accounts. ``bound_s``: within so many virtual seconds an account that has refused an order by
        old rules goes by the new ones."""
        self._exchange = exchange
        self._names = set(names)
        self._now_s = now_s
        self._bound_s = bound_s
        self._since_s: dict[str, tuple[float, PairConfig]] = {}
        self._first_refused_s: dict[tuple[str, str], float] = {}
        self._found: list[str] = []
        commands.when_answered.append(self._answered)

    def look(self) -> Iterator[str]:
        """Notes which rules are new; a side that opened late is new from its opening on."""
        self._note()
        found, self._found = self._found, []
        yield from found

    def _note(self) -> None:
        now_ms = self._exchange.engine.now_ms()
        for pair, market in self._exchange.engine.markets.items():
            rules = market.rules
            known = self._since_s.get(pair)
            opens_ms = max(rules.buy_start_s, rules.sell_start_s) * 1000
            if known is None or known[1] is not rules or now_ms < opens_ms:
                self._are_new(pair, rules)
        for pair in self._since_s.keys() - self._exchange.engine.markets.keys():
            del self._since_s[pair]

    def resume(self) -> None:
        """It could read nothing while it stood still."""
        for pair, (_, rules) in self._since_s.items():
            self._are_new(pair, rules)

    def final(self) -> Iterator[str]:
        yield from self._found

    def _are_new(self, pair: str, rules: PairConfig) -> None:
        self._since_s[pair] = self._now_s(), rules
        self._first_refused_s = {key: at_s for key, at_s in self._first_refused_s.items() if key[1] != pair}

    def _answered(self, filed: FiledCommand) -> None:
        error, command = filed.error, filed.command
        if not isinstance(error, InvalidValueError) or not isinstance(command, PlaceOrder):
            return
        if filed.account not in self._names or error.field not in _BY_RULES:
            return
        self._note()  # they may have changed since the look, in a night, too
        pair, now_s = pair_of(command.symbol), self._now_s()
        since_s, rules = self._since_s.get(pair, (now_s, None))
        if rules is None or not self._would_take(command, rules):
            return
        # By the first one that it refuses an account finds out that its rules may be old.
        if now_s - self._first_refused_s.setdefault((filed.account, pair), now_s) > self._bound_s:
            self._found.append(
                f"{filed.account}: an order was refused here ({error}), and the exchange has taken such for "
                f"{now_s - since_s:.0f} s (rules)"
            )

    def _would_take(self, command: PlaceOrder, rules: PairConfig) -> bool:
        """Whether nothing in the market's rules speaks against it."""
        amount = command.quantity if command.quantity is not None else command.quote_quantity
        if amount is None:
            return False
        order = NewOrder(
            pair=rules.id,
            side=Side(command.side.value),
            type=OrderType(command.type.value),
            time_in_force=_TIMES_IN_FORCE[command.time_in_force],
            amount=amount,
            price=command.price,
        )
        try:
            check_tradable(rules, order.side, self._exchange.engine.now_ms())
            check_new(order, rules)
        except RefusedError:
            return False
        return True
