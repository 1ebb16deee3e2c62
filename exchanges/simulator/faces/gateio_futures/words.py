"""Gate's words on futures: labels of refusals, ends of orders, kinds of changes of a wallet, names of positions."""

from typing import Final

from exchanges.simulator.core.futures.positions import Leg
from exchanges.simulator.core.orders import BalanceReason, Finish, Forced
from exchanges.simulator.core.rules import Reason

LABELS: Final = {
    Reason.UNKNOWN_PAIR: "CONTRACT_NOT_FOUND",
    Reason.RESTRICTED: "CONTRACT_IN_DELISTING",
    Reason.INVALID_VALUE: "INVALID_PARAM_VALUE",
    Reason.PRECISION: "INVALID_PARAM_VALUE",
    Reason.BELOW_BASE_MINIMUM: "SIZE_TOO_SMALL",
    Reason.BELOW_QUOTE_MINIMUM: "SIZE_TOO_SMALL",
    Reason.ABOVE_MAXIMUM: "SIZE_TOO_LARGE",
    Reason.NOT_ENOUGH_FUNDS: "INSUFFICIENT_AVAILABLE",
    Reason.WOULD_TAKE: "ORDER_POC_IMMEDIATE",
    Reason.CANNOT_FILL: "ORDER_FOK",
    Reason.REPEATED_TEXT: "REPEATED_CREATION",
    Reason.TOO_MANY_ORDERS: "TOO_MANY_ORDERS",
    Reason.ORDER_UNKNOWN: "ORDER_NOT_FOUND",
    Reason.ORDER_FILLED: "ORDER_FINISHED",
    Reason.ORDER_CANCELLED: "ORDER_FINISHED",
    Reason.NO_CHANGE: "NO_CHANGE",
    Reason.PRICE_TOO_FAR: "PRICE_TOO_DEVIATED",
    Reason.RISK_LIMIT: "RISK_LIMIT_EXCEEDED",
    Reason.LEVERAGE_TOO_HIGH: "LEVERAGE_TOO_HIGH",
    Reason.LEVERAGE_TOO_LOW: "LEVERAGE_TOO_LOW",
    Reason.WOULD_LIQUIDATE: "LIQUIDATE_IMMEDIATELY",
    Reason.INCREASES_POSITION: "INCREASE_POSITION",
    Reason.REDUCES_TOO_MUCH: "REDUCE_EXCEEDED",
    Reason.POSITION_EMPTY: "POSITION_EMPTY",
    Reason.POSITION_HELD: "POSITION_HOLDING",
    Reason.POSITION_CROSS: "POSITION_CROSS_MARGIN",
    Reason.ORDERS_OPEN: "ORDER_PENDING",
}
FINISHES: Final = {
    Finish.FILLED: "filled",
    Finish.CANCELED: "cancelled",
    Finish.IMMEDIATE_REST: "ioc",
    Finish.SELF_TRADE: "stp",
    Finish.BOOK_RAN_DRY: "ioc",
    Finish.POSITION_CLOSED: "position_closed",
    Finish.REDUCE_OUT: "reduce_out",
    Finish.LIQUIDATED: "liquidated",
    Finish.DELEVERAGED: "auto_deleveraged",
}
"""``finish_as`` over REST; an open order has none."""
PUSHED_FINISHES: Final = FINISHES | {
    Finish.OPEN: "open",
    Finish.BOOK_RAN_DRY: "depth_not_enough",
    Finish.LIQUIDATED: "liquidate_cancelled",
}
"""``finish_as`` of pushes, which has words of its own."""
WALLET_TYPES: Final = {
    BalanceReason.DEPOSIT: "dnw",
    BalanceReason.WITHDRAWAL: "dnw",
    BalanceReason.REALISED: "pnl",
    BalanceReason.FEE: "fee",
    BalanceReason.REBATE: "refr",
    BalanceReason.FUNDING: "fund",
}
FORCED_TEXTS: Final = {
    Forced.LIQUIDATION: "liquidation",
    Forced.DELEVERAGING: "auto_deleveraging",
    Forced.SETTLEMENT: "clear",
}
"""``text`` of orders that the exchange itself has made."""
MODES: Final = {Leg.NET: "single", Leg.LONG: "dual_long", Leg.SHORT: "dual_short"}
LEG_OF: Final = {word: leg for leg, word in MODES.items()}
