"""What positions must be backed by, and the prices at which that is no longer so. Pure functions, exact but for prices.

Maintenance margin is progressive: each part of a position's value counts with the rate of the tier that it falls into.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_UP, Decimal

from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.futures.positions import QUANTUM, Position
from exchanges.simulator.core.orders import ZERO


def maintenance(contract: ContractConfig, value: Decimal) -> Decimal:
    """The maintenance margin of a position of this value; beyond the last limit the last rate goes on."""
    rate, deduction = _terms(contract, value)
    return value * rate - deduction


def initial(contract: ContractConfig, value: Decimal, leverage: Decimal) -> Decimal:
    """What must be set aside to hold this value at this leverage."""
    del contract
    return (value / leverage).quantize(QUANTUM, ROUND_UP)


def liquidation_price(position: Position, backing: Decimal) -> Decimal:
    """The mark price at which ``backing`` and what the position has gained or lost are its maintenance margin; on the
    safe side of it by less than a tick. 0 when no price above 0 is it.

    ``backing``: its margin, or of a cross position what the account has for it.
    """
    contract, sign = position.contract, position.sign
    if not sign:
        return ZERO
    base = abs(position.size) * contract.multiplier
    for number, tier in enumerate(contract.tiers):
        rate, deduction = _terms(contract, tier.limit)
        price = (sign * position.cost - backing - deduction) / (base * (sign - rate))
        lowest = contract.tiers[number - 1].limit if number else ZERO
        is_last = number == len(contract.tiers) - 1
        if price * base > lowest and (is_last or price * base <= tier.limit):
            break
    else:
        return ZERO
    rounding = ROUND_CEILING if sign > 0 else ROUND_FLOOR
    return max(ZERO, price.quantize(contract.tick, rounding))


def bankruptcy_price(position: Position, mark: Decimal, backing: Decimal) -> Decimal:
    """The price at which closing the position loses all of ``backing``, which counts what it has gained or lost at
    ``mark``. It leaves a rest of less than the quantum; never below a quantum."""
    base = abs(position.size) * position.contract.multiplier
    rounding = ROUND_CEILING if position.sign > 0 else ROUND_FLOOR
    return max(QUANTUM, (mark - position.sign * backing / base).quantize(QUANTUM, rounding))


def _terms(contract: ContractConfig, value: Decimal) -> tuple[Decimal, Decimal]:
    """The rate of the tier of this value, and what lower tiers are cheaper by."""
    deduction, rate = ZERO, contract.tiers[0].maintenance_rate
    for below, tier in zip(contract.tiers, contract.tiers[1:], strict=False):
        if value <= below.limit:
            break
        deduction += below.limit * (tier.maintenance_rate - rate)
        rate = tier.maintenance_rate
    return rate, deduction
