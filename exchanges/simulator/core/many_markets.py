"""Hundreds of markets with every kind of name that an exchange lists, for simulations."""

import random
import string
from collections.abc import Collection
from decimal import Decimal

from exchanges.simulator.core.config import MAX_DECIMALS, PairConfig

LETTERS_BY_SCRIPT = (
    "币安人生龙马狗猫金银月",
    "абвгдежзикл",
    "αβγδεζηθλμ",
    "あいうえおかきくけこ",
    "가나다라마바사아자차",
    "àéîõüçñøß",
)
QUOTES = ("USDT", "USDT", "USDT", "USDC", "BTC", "ETH")
QUOTE_PRICES = {"USDT": 1.0, "USDC": 1.0, "BTC": 95_000.0, "ETH": 3_200.0}  # what a quote unit is worth
SIGNIFICANT_DIGITS = 5  # of prices
LEAST_PRICE = 1e-9  # in quote units: a thousand of the smallest ticks
KINDS = 7


def many_markets(count: int, rng: random.Random, *, besides: Collection[str] = ()) -> tuple[PairConfig, ...]:
    """Returns ``count`` pairs, no two alike and none of the ids ``besides``, worth 0.0000001 to 100,000 USDT a unit.

    Their names take turns: capitals, small letters, a digit first, ``$``, an underscore in the base, another script,
    a long one. The same ``rng`` gives the same pairs.
    """
    pairs: dict[str, PairConfig] = {}
    while len(pairs) < count:
        base, quote = _name(len(pairs) % KINDS, rng), rng.choice(QUOTES)
        name, price = f"{base}_{quote}", 10 ** rng.uniform(-7, 5) / QUOTE_PRICES[quote]
        if name not in besides:
            pairs[name] = _pair(name, max(price, LEAST_PRICE), quote)
    return tuple(pairs.values())


def _name(kind: int, rng: random.Random) -> str:
    capitals = _letters(rng, string.ascii_uppercase, 2, 5)
    match kind:
        case 0:
            return capitals
        case 1:
            return capitals.lower()
        case 2:
            return f"{rng.randrange(1, 10_000)}{capitals}"
        case 3:
            return rng.choice((f"${capitals}", f"{capitals}$"))
        case 4:
            return f"{capitals}_{_letters(rng, string.ascii_uppercase, 1, 4)}"
        case 5:
            return _letters(rng, rng.choice(LETTERS_BY_SCRIPT), 1, 5)
        case _:
            return capitals + _letters(rng, string.ascii_uppercase + string.digits, 10, 18)


def _letters(rng: random.Random, alphabet: str, low: int, high: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def _pair(name: str, price: float, quote: str) -> PairConfig:
    """Returns a pair whose tick is a small part of its price, and whose lot is worth little."""
    magnitude = Decimal(price).adjusted()
    price_decimals = min(MAX_DECIMALS, max(0, SIGNIFICANT_DIGITS - 1 - magnitude))
    amount_decimals = min(MAX_DECIMALS - price_decimals, max(0, magnitude + 2))
    return PairConfig(
        id=name,
        start_price=round(Decimal(price), price_decimals),
        price_precision=price_decimals,
        amount_precision=amount_decimals,
        min_base_amount=Decimal(1).scaleb(-amount_decimals),
        min_quote_amount=Decimal(3) if QUOTE_PRICES[quote] == 1 else Decimal("0.0001"),
    )
