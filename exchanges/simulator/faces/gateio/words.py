"""Gate's words for what the exchange knows: times in force, self-trade actions, ends of orders, reasons of bookings."""

from typing import Final

from exchanges.simulator.core.orders import BalanceReason, Finish, SelfTrade, TimeInForce

TIMES_IN_FORCE: Final = {
    TimeInForce.GOOD_TILL_CANCELED: "gtc",
    TimeInForce.IMMEDIATE_OR_CANCEL: "ioc",
    TimeInForce.POST_ONLY: "poc",
    TimeInForce.FILL_OR_KILL: "fok",
}
SELF_TRADES: Final = {
    SelfTrade.CANCEL_NEWEST: "cn",
    SelfTrade.CANCEL_OLDEST: "co",
    SelfTrade.CANCEL_BOTH: "cb",
}
FINISHES: Final = {
    Finish.OPEN: "open",
    Finish.FILLED: "filled",
    Finish.CANCELED: "cancelled",
    Finish.IMMEDIATE_REST: "ioc",
    Finish.SELF_TRADE: "stp",
    Finish.BOOK_RAN_DRY: "depth_not_enough",
}
"""``finish_as``."""
CHANGE_TYPES: Final = {
    BalanceReason.DEPOSIT: "deposit",
    BalanceReason.WITHDRAWAL: "withdraw",
    BalanceReason.ORDER_PLACED: "order-create",
    BalanceReason.ORDER_MATCHED: "order-match",
    BalanceReason.ORDER_CHANGED: "order-update",
    BalanceReason.FEE: "trade-fee-deduct",
    BalanceReason.REBATE: "other",
}
"""``change_type`` of balances."""
TIME_IN_FORCE_OF: Final = {word: meant for meant, word in TIMES_IN_FORCE.items()}
SELF_TRADE_OF: Final = {word: meant for meant, word in SELF_TRADES.items()}
