"""What all runs have in common: the venue, its addresses, the first markets."""

from decimal import Decimal
from typing import Final

from actors.strategy.quoter import QuoterSettings
from exchanges.base.endpoints import Endpoints
from exchanges.simulator import PairConfig
from exchanges.simulator.faces.registry import FACES
from messages.symbol import Symbol

STARTED_MS: Final = 1_790_000_000_000
"""The true time at which a run begins, unix milliseconds."""
SOL: Final = Symbol("SOL", "USDT")
KEEPS_ALL: Final = 1000
"""Finished orders of each market: more than a run has."""
QUOTER: Final = QuoterSettings(
    symbol=SOL,
    quantity=Decimal("0.5"),
    half_spread_bps=Decimal(8),
    requote_bps=Decimal(3),
    max_inventory=Decimal(5),
)
PAIRS: Final = (
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
FINE: Final = PairConfig(
    id="PEPE_USDT",
    start_price=Decimal("0.00001185"),
    price_precision=10,
    amount_precision=0,
    min_base_amount=Decimal(1),
)
"""A market with a tick so fine that an absurd price has more digits than a Decimal keeps."""
RICH: Final = {"USDT": Decimal(200_000), "SOL": Decimal(2_000), "ETH": Decimal(80), "PEPE": Decimal(10**9)}
POOR: Final = {"USDT": Decimal(3_000), "SOL": Decimal(12), "ETH": Decimal("0.7")}


def endpoints_of(kind: str) -> Endpoints:
    """Where a kind of venue is found in a run."""
    face = FACES[kind]
    return Endpoints(f"http://{kind}.test{face.rest_path}", f"ws://{kind}.test{face.socket_path}")
