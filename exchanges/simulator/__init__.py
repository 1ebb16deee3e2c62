"""An embedded exchange: a matching engine behind the wire faces of real venues. Imports nothing of the clients.

Start one in this process, for tests::

    exchange = await start_exchange(SimulatorConfig(seed=7))
    exchange.endpoints  # {"VENUE": {"rest": ..., "ws": ..., "accounts": [...]}, "control": ...}
    await exchange.close()

``Exchange`` is the same thing without sockets, for a simulation on virtual time: hand it a clock, a scheduler and
randomness, give it an ``HttpRequest`` or open a ``Session`` on a ``Link`` of your own. What can be made to go wrong
is in ``fault_kinds``: ``exchange.faults.add(RestTimeout(effect="done", times=1))``, or ``POST /faults`` of the control
API. Pairs come, halt, change and go by ``listings``, or ``POST /markets``, ``POST`` and ``DELETE /markets/{pair}``.
What is forgotten, and when, is ``Retention``.
``simulate`` runs one as a program.
"""

from exchanges.simulator.command import add_arguments, config_from, simulate
from exchanges.simulator.core.config import (
    AccountConfig,
    FeeScheme,
    PairConfig,
    Past,
    RateLimits,
    SimulatorConfig,
    accounts_named,
)
from exchanges.simulator.core.futures.contracts import ContractConfig, RiskTier
from exchanges.simulator.core.retention import Retention
from exchanges.simulator.exchange import Exchange
from exchanges.simulator.faces.face import Frame, Link, Session
from exchanges.simulator.faces.http import HttpRequest, HttpResponse
from exchanges.simulator.server import RunningExchange, start_exchange

__all__ = [
    "AccountConfig",
    "ContractConfig",
    "Exchange",
    "FeeScheme",
    "Frame",
    "HttpRequest",
    "HttpResponse",
    "Link",
    "PairConfig",
    "Past",
    "RateLimits",
    "Retention",
    "RiskTier",
    "RunningExchange",
    "Session",
    "SimulatorConfig",
    "accounts_named",
    "add_arguments",
    "config_from",
    "simulate",
    "start_exchange",
]
