"""What a run is made of: the exchange, the accounts, the strategies, and how patient everybody is."""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from actors.account.settings import AccountSettings
from actors.connection.backoff import BackoffSettings
from actors.connection.supervisor import SupervisorSettings
from actors.journal import Journal
from actors.strategy.quoter import QuoterSettings
from actors.supervision.plans import RestartSettings
from actors.system import AccountPlan
from exchanges.base.credentials import Credentials
from exchanges.base.websocket_session import SessionSettings
from exchanges.gateio.settings import GateioEndpoints, GateioSettings
from exchanges.simulator import AccountConfig, PairConfig, SimulatorConfig
from messages.symbol import Symbol

VENUE: Final = "gateio"
SOL: Final = Symbol("SOL", "USDT")
ETH: Final = Symbol("ETH", "USDT")
SYMBOLS: Final = (SOL, ETH)
ENDPOINTS: Final = GateioEndpoints(rest="http://exchange.test/api/v4", ws="ws://exchange.test/ws/v4/")
SUPERVISOR: Final = SupervisorSettings(
    attempt_timeout_s=10.0, check_every_s=6.0, backoff=BackoffSettings(max_s=3.0, stable_s=5.0)
)
RESTARTS: Final = RestartSettings(max_restarts=1000, backoff=BackoffSettings(first_s=0.05, max_s=1.0))
KEEPS_ALL: Final = 1000
"""Finished orders of each market: more than a run has."""
QUOTER: Final = QuoterSettings(
    symbol=SOL,
    quantity=Decimal("0.5"),
    half_spread_bps=Decimal(8),
    requote_bps=Decimal(3),
    max_inventory=Decimal(5),
)
_PAIRS: Final = (
    PairConfig(
        id="SOL_USDT",
        start_price=Decimal(141),
        price_precision=2,
        amount_precision=3,
        min_base_amount=Decimal("0.001"),
    ),
    PairConfig(
        id="ETH_USDT",
        start_price=Decimal(3_200),
        price_precision=2,
        amount_precision=4,
        min_base_amount=Decimal("0.001"),
    ),
)
_RICH: Final = {"USDT": Decimal(200_000), "SOL": Decimal(2_000), "ETH": Decimal(80)}
_POOR: Final = {"USDT": Decimal(3_000), "SOL": Decimal(12), "ETH": Decimal("0.7")}


def exchange_config(seed: int, names: Sequence[str], rng: random.Random) -> SimulatorConfig:
    """An exchange with two markets and these accounts, some of them short of money."""
    return SimulatorConfig(
        seed=seed,
        pairs=_PAIRS,
        accounts=tuple(AccountConfig(name=name, balances=dict(rng.choice((_RICH, _RICH, _POOR)))) for name in names),
        rest_latency_ms=rng.choice((0.0, 5.0, 60.0)),
        push_latency_ms=rng.choice((0.0, 0.0, 20.0)),
        traders_interval_ms=rng.choice((200, 400, 1000)),
    )


def venue_settings(rng: random.Random) -> GateioSettings:
    """A client with less patience than usual, so that a run sees more; with or without the venue's own expiry."""
    return GateioSettings(
        request_timeout_s=4.0,
        order_expiry_ms=rng.choice((5000, 5000, 2000, None)),
        socket=SessionSettings(connect_timeout_s=4.0, acknowledge_timeout_s=4.0, heartbeat_s=4.0, silence_s=10.0),
    )


def account_settings(rng: random.Random) -> AccountSettings:
    """Patience for every delay that the network can have; now and then a short memory, or a dead man's switch."""
    return AccountSettings(
        executed_limit=rng.choice((KEEPS_ALL, KEEPS_ALL, 20)),
        lookup_max_s=2.0,
        unresolved_patience_ms=45_000,
        dead_mans_switch_s=rng.choice((None, None, 5, 12)),
    )


def account_plans(
    accounts: Mapping[str, AccountConfig], journals: Mapping[str, Journal], settings: AccountSettings
) -> list[AccountPlan]:
    """One plan for each name that has a journal, with the key that the exchange knows."""
    return [
        AccountPlan(
            name=name,
            venue=VENUE,
            credentials=Credentials(accounts[name].key, accounts[name].secret),
            symbols=SYMBOLS,
            settings=settings,
            journal=journal,
        )
        for name, journal in journals.items()
    ]
