"""Markets of the exchange by the names that accounts have for them."""

from functools import lru_cache

from messages.errors import InvalidValueError
from messages.symbol import Symbol


@lru_cache(maxsize=4096)
def symbol_of(pair: str) -> Symbol | None:
    """The symbol of a pair as the exchange names it; None where an account has no name for such a market: what happens
    there it cannot tell, and need not."""
    base, _, quote = pair.rpartition("_")
    try:
        return Symbol(base, quote)
    except InvalidValueError:
        return None
