"""The one fault of a run with the profile long_fault: it stands alone, and perhaps until the end.

What it does not concern has to be right all the while (R10): a market that is refused is no affair of the others, nor
is a permission, a row of a list, or another account.
"""

import random
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from exchanges.simulator import Exchange
from exchanges.simulator.faults.faults import Fault as ExchangeFault
from exchanges.simulator.faults.faults import RestError
from exchanges.simulator.faults.odd_rows import OddRows
from exchanges.simulator.faults.refusals import RestRefusal, SubscriptionRefused
from simulation.environment.faults import NETWORK, Cut, Fault, Link, Outage
from simulation.environment.hostile_faults import HOSTILE, WITHDRAWALS
from simulation.options import Feature
from simulation.oracles.alarms import refuses_key
from simulation.venues.wires import WIRE

_BEGINS_S: Final = 8.0
_OUTAGE_S: Final = 15.0
_WHOLE_RUN_S: Final = 900.0
_ORDER: Final = re.compile(r"\border (\d+)")
_NOT_CONNECTED: Final = re.compile(r"no answer to 'connect (\w+)' yet")
_MARKET: Final = re.compile(r"\b([A-Z0-9]+)/([A-Z0-9]+)\b")
RULES: Final = WIRE.endpoints.markets
"""Without it an account goes on by the rules that it knows."""
_LISTS_OF_ALL: Final = (WIRE.endpoints.open_orders, WIRE.endpoints.balances, WIRE.endpoints.time)
"""Without these an account cannot know what it must: a refusal of one of them concerns all of the account."""
NOT_STARTED: Final = "the program could not be started although all was quiet"


class LongFault(msgspec.Struct, frozen=True, kw_only=True):
    """One of these, the others None.

    Attributes:
        kind: of the network. outage: links that are gone for a while. exchange: a fault of the exchange, in the words
            of the first venue.
        begins_s: when the outage or the exchange's fault begins, virtual seconds.
        stays: the exchange's fault is still there when everything is compared. cuts: sockets are cut when it begins,
            so that they are opened under it.
    """

    kind: Fault | None = None
    outage: Outage | None = None
    exchange: ExchangeFault | None = None
    begins_s: float = _BEGINS_S
    stays: bool = False
    cuts: bool = False

    @property
    def may_deafen(self) -> bool:
        """Whether something of a socket may be lost or come late."""
        is_rest = self.kind is not None and self.kind.value.startswith("rest_")
        return not is_rest

    def excuses(self, violation: str, exchange: Exchange) -> bool:
        """Whether what was found is about something that the fault, while it stays, concerns."""
        fault = self.exchange
        if violation == NOT_STARTED:
            return self.stays and _keeps_from_starting(fault)
        if self.stays and isinstance(fault, SubscriptionRefused) and refuses_key(fault):
            return f"{fault.account}: " in violation and "tried for ever" not in violation
        if not self.stays or not isinstance(fault, RestRefusal | OddRows | RestError):
            return False
        account = violation.removeprefix("after ").partition("seconds: ")[2].partition(":")[0]
        connecting = _NOT_CONNECTED.search(violation)  # which takes as long as the fault does
        account = connecting[1] if connecting else account or violation.partition(":")[0]
        if fault.account not in (None, account):
            return False
        if isinstance(fault, OddRows):
            return fault.replace and "not live" not in violation
        if fault.endpoint in {RULES, *WITHDRAWALS}:
            return False
        if fault.endpoint in _LISTS_OF_ALL or fault.pair is None:
            return True
        return _pair_of(violation, account, exchange) == fault.pair and "not live" not in violation


def draw_long_fault(
    rng: random.Random,
    features: frozenset[Feature],
    names: Sequence[str],
    pairs: Sequence[str],
    keys: Sequence[str],
) -> LongFault:
    """``keys``: API keys, of accounts that an outage may be limited to."""
    makers = [make for feature in Feature if feature in features for make in HOSTILE.get(feature, ())]
    if makers and rng.random() < 0.8:
        fault = rng.choice(makers)(rng, names, pairs, _WHOLE_RUN_S)
        is_rules = isinstance(fault, RestRefusal) and fault.endpoint == RULES
        if isinstance(fault, SubscriptionRefused) or is_rules:
            return LongFault(exchange=fault, stays=True, cuts=True)
        return LongFault(exchange=fault, stays=_may_stay(fault) and rng.random() < 0.8)
    if rng.random() < 0.5:
        links = rng.choice((frozenset(Link), frozenset({Link.PRIVATE_REST, Link.PRIVATE_SOCKET})))
        length_s = rng.choice((2.0, _OUTAGE_S, _OUTAGE_S))
        return LongFault(
            outage=Outage(
                from_s=_BEGINS_S,
                until_s=_BEGINS_S + length_s,
                links=links,
                cut=Cut.REFUSE,
                key=rng.choice((None, *keys)) if len(links) < len(Link) else None,
            )
        )
    return LongFault(kind=rng.choice([fault for fault in Fault if fault in NETWORK]))


def _keeps_from_starting(fault: ExchangeFault | None) -> bool:
    """Whether an account cannot be started under it: a start is whole or not at all (decision 0003)."""
    if not isinstance(fault, RestRefusal):
        return refuses_key(fault)
    return fault.pair is None and fault.endpoint in {RULES, WIRE.endpoints.fills, *_LISTS_OF_ALL[:2]}


def _may_stay(fault: ExchangeFault) -> bool:
    """Queries that are refused, lag or lie may do so for ever; a command that is refused for ever cannot be done."""
    if isinstance(fault, RestRefusal):
        return fault.endpoint is not None and (fault.endpoint.startswith("GET") or fault.endpoint in WITHDRAWALS)
    return not isinstance(fault, RestError)


def _pair_of(violation: str, account: str, exchange: Exchange) -> str | None:
    """The market that a violation is about, as far as it says so."""
    market = _MARKET.search(violation)
    if market is not None:
        return "_".join(market.groups())
    number = _ORDER.search(violation)
    if number is None or account not in exchange.engine.accounts:
        return None
    order = exchange.engine.accounts[account].orders.get(int(number.group(1)))
    return None if order is None else order.pair
