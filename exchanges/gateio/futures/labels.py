"""The labels of Gate's that only an account of perpetuals can meet: see `exchanges.gateio.labels` for what is asked of
each (REST manual, error labels of futures; the list of ccxt; one of them from a user's own probes)."""

from collections.abc import Mapping
from typing import Final

from exchanges.gateio.labels import LABELS, Label, Proof
from messages.errors import RefusalReason

_R = RefusalReason

FUTURES_LABELS: Final[Mapping[str, Label]] = {
    **LABELS,
    # No futures account yet: the first transfer to it makes one. Nothing is wrong with the key.
    "USER_NOT_FOUND": Label(_R.TRADING_DISABLED, Proof.NOT_TAKEN),
    "CONTRACT_NOT_FOUND": Label(_R.UNKNOWN_SYMBOL, Proof.CHECKED),
    "CONTRACT_NO_COUNTER": Label(_R.WOULD_NOT_FILL, Proof.CHECKED),  # nobody stands on the other side
    "CONTRACT_IN_DELISTING": Label(_R.TRADING_DISABLED, Proof.CHECKED),
    # what the account has
    "INSUFFICIENT_AVAILABLE": Label(_R.INSUFFICIENT_BALANCE, Proof.CHECKED),
    "RISK_LIMIT_EXCEEDED": Label(_R.RISK_LIMIT, Proof.CHECKED),
    "RISK_LIMIT_TOO_HIGH": Label(_R.RISK_LIMIT, Proof.CHECKED),
    "RISK_LIMIT_TOO_LOW": Label(_R.RISK_LIMIT, Proof.CHECKED),  # the manual prints RISK_LIMIT_TOO_lOW
    "LIQUIDATE_IMMEDIATELY": Label(_R.RISK_LIMIT, Proof.CHECKED),  # what is asked for would liquidate at once
    "LEVERAGE_TOO_HIGH": Label(_R.LEVERAGE, Proof.CHECKED),
    "LEVERAGE_TOO_LOW": Label(_R.LEVERAGE, Proof.CHECKED),
    # orders
    "ORDER_NOT_OWNED": Label(_R.ORDER_NOT_FOUND, Proof.NOTHING_TO_DO),
    "ORDER_FINISHED": Label(_R.ORDER_FINISHED, Proof.NOTHING_TO_DO),
    "ORDER_POC_IMMEDIATE": Label(_R.WOULD_TAKE, Proof.CHECKED),
    "ORDER_FOK": Label(_R.WOULD_NOT_FILL, Proof.CHECKED),
    "INCREASE_POSITION": Label(_R.REDUCE_ONLY, Proof.CHECKED),
    "REDUCE_EXCEEDED": Label(_R.REDUCE_ONLY, Proof.CHECKED),
    "PRICE_TOO_DEVIATED": Label(_R.PRICE_OUT_OF_RANGE, Proof.CHECKED),
    "PRICE_OVER_LIQUIDATION": Label(_R.PRICE_OUT_OF_RANGE, Proof.CHECKED),
    "PRICE_OVER_BANKRUPT": Label(_R.PRICE_OUT_OF_RANGE, Proof.CHECKED),
    "SIZE_TOO_LARGE": Label(_R.ABOVE_MAXIMUM, Proof.CHECKED),
    "SIZE_TOO_SMALL": Label(_R.BELOW_MINIMUM, Proof.CHECKED),
    "ERR_QUOTA_LOWER_LIMIT": Label(_R.BELOW_MINIMUM, Proof.CHECKED),
    "AMEND_WITH_STOP": Label(_R.BAD_REQUEST, Proof.CHECKED),
    # positions: an order or a setting is refused for how they stand
    "POSITION_NOT_FOUND": Label(_R.POSITION, Proof.CHECKED),
    "POSITION_EMPTY": Label(_R.REDUCE_ONLY, Proof.CHECKED),  # there is nothing to close
    "POSITION_HOLDING": Label(_R.POSITION, Proof.CHECKED),
    "POSITION_DUAL_MODE": Label(_R.POSITION, Proof.CHECKED),
    "POSITION_CROSS_MARGIN": Label(_R.POSITION, Proof.CHECKED),
    "POSITION_IN_LIQUIDATION": Label(_R.POSITION, Proof.CHECKED),
    # An order that closes the position is there: of whoever, the first copy of this request's for all we know.
    "POSITION_IN_CLOSE": Label(_R.POSITION, Proof.IS_THERE),
    "ORDER_PENDING": Label(_R.POSITION, Proof.CHECKED),  # of a change of mode: there are open orders
}
"""Every label that an account of perpetuals can meet."""
