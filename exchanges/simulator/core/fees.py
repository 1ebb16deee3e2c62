"""What a fill costs, and in which currencies."""

from decimal import ROUND_DOWN, ROUND_UP, Decimal

import msgspec

from exchanges.simulator.core.config import MAX_DECIMALS, FeeScheme
from exchanges.simulator.core.orders import ZERO, Role

FEE_QUANTUM = Decimal(1).scaleb(-MAX_DECIMALS)
GT = "GT"
GT_PRICE = Decimal(10)
"""What a GT is worth in any quote currency; only the books need to agree on it."""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one fill's price, each 0 or more.

    ``fee`` in what the fill brought in, ``gt`` in GT, ``points`` in points (one for each quote unit); ``rebate``,
    in what the fill was paid with, goes the other way.
    """

    fee: Decimal = ZERO
    gt: Decimal = ZERO
    points: Decimal = ZERO
    rebate: Decimal = ZERO


def charge(
    scheme: FeeScheme,
    role: Role,
    *,
    rate: Decimal,
    paid: Decimal,
    received: Decimal,
    value: Decimal,
    gt_available: Decimal,
) -> Charge:
    """Returns what a fill costs that turns ``paid`` into ``received`` and is worth ``value`` quote units.

    ``rate`` is a fraction; ``gt_available`` is how much GT the account can pay with at once.
    """
    match scheme:
        case FeeScheme.ZERO:
            return Charge()
        case FeeScheme.POINTS:
            return Charge(points=_rounded(value * rate))
        case FeeScheme.REBATE if role is Role.MAKER:
            return Charge(rebate=(paid * rate).quantize(FEE_QUANTUM, ROUND_DOWN))
    gt = ZERO
    whole = _rounded(value * rate / GT_PRICE)
    if scheme is FeeScheme.GT and gt_available >= whole:
        gt = whole
    elif scheme is FeeScheme.SPLIT:
        gt = min(_rounded(whole / 2), gt_available)
    share_left = (whole - gt) / whole if whole else Decimal(1)
    return Charge(fee=_rounded(received * rate * share_left), gt=gt)


def _rounded(fee: Decimal) -> Decimal:
    return fee.quantize(FEE_QUANTUM, ROUND_UP)
