"""Withdrawals as the exchange reports them."""

from decimal import Decimal

import msgspec

from messages.enums import WithdrawalStatus


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """One withdrawal.

    Attributes:
        withdrawal_id: the exchange's id. client_withdrawal_id: ours, if one was given.
        amount: in currency. fee: None where the exchange has not said.
        status: ours; venue_status: the venue's own word, kept because venues have many.
        transaction_id: on the chain; empty until there is one.
    """

    withdrawal_id: str
    client_withdrawal_id: str | None
    currency: str
    chain: str
    address: str
    memo: str
    amount: Decimal
    fee: Decimal | None
    status: WithdrawalStatus
    venue_status: str
    transaction_id: str
    created_ms: int
