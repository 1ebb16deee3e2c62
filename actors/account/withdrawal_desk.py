"""Withdrawals of one account: off unless the account's settings allow them."""

from collections.abc import Coroutine
from typing import Any, Final

import structlog

from actors.account.client_ids import ClientIds
from actors.account.context import AccountContext, Defer
from actors.account.intents import Intent, Intents
from actors.runtime import Reply
from messages.commands import CancelWithdrawal, GetWithdrawal, GetWithdrawals, Withdraw
from messages.errors import NotPermittedError
from messages.withdrawal import Withdrawal

_log: Final = structlog.get_logger("teller.account")


class WithdrawalDesk:
    """Withdrawal commands; only used inside the account's turns (R1)."""

    def __init__(self, context: AccountContext, client_ids: ClientIds, intents: Intents) -> None:
        self._context = context
        self._intents = intents
        self._client_ids = client_ids

    def withdraw(self, command: Withdraw, defer: Defer) -> None:
        """Sends money away. An answer that is lost is told as such and never sent again (R3): look at the history.

        Raises:
            NotPermittedError: the account's settings do not allow it. NotLiveError: the balances are not those of now.
        """
        self._require_permission()
        self._context.require_trading()
        rest = self._context.require_rest()
        command = self._client_ids.assigned_withdrawal(command)
        _log.info(
            "withdrawal_requested",
            account=self._context.name,
            currency=command.currency,
            amount=str(command.amount),
            chain=command.chain,
            client_withdrawal_id=command.client_withdrawal_id,
        )
        intent = self._intents.begin(command)
        reply = defer()
        self._intents.owe(reply, "withdrawal", command.client_withdrawal_id)
        self._run("withdraw", intent.then(lambda: rest.withdraw(command)), reply, intent)

    def cancel(self, command: CancelWithdrawal, defer: Defer) -> None:
        """Calls one back; raises `NotPermittedError` unless withdrawals are allowed."""
        self._require_permission()
        rest = self._context.require_rest()
        intent = self._intents.begin_cancel(command)
        self._run(
            "cancel_withdrawal",
            intent.then(lambda: rest.cancel_withdrawal(command.withdrawal_id)),
            defer(),
            intent,
        )

    def get(self, command: GetWithdrawal, defer: Defer) -> None:
        """One withdrawal as it is now, or None."""
        rest = self._context.require_rest()
        self._run("get_withdrawal", rest.get_withdrawal(command.withdrawal_id), defer())

    def history(self, command: GetWithdrawals, defer: Defer) -> None:
        """Past withdrawals, newest first."""
        rest = self._context.require_rest()
        query = rest.load_withdrawals(
            currency=command.currency, from_ms=command.from_ms, to_ms=command.to_ms, limit=command.limit
        )
        self._run("load_withdrawals", query, defer())

    def _require_permission(self) -> None:
        if not self._context.settings.allow_withdrawals:
            raise NotPermittedError(
                f"account {self._context.name!r} has allow_withdrawals = false in its configuration"
            )

    def settle(self, intent: Intent, command: Withdraw) -> None:
        """A withdrawal of an earlier life whose answer never came: found in the history, or left open and told."""
        rest = self._context.require_rest()

        def looked(history: tuple[Withdrawal, ...]) -> None:
            if any(found.client_withdrawal_id == command.client_withdrawal_id for found in history):
                intent.settled(happened=True)
                return
            _log.error(
                "withdrawal_of_unknown_fate",
                account=self._context.name,
                currency=command.currency,
                amount=str(command.amount),
                client_withdrawal_id=command.client_withdrawal_id,
            )

        self._context.io(
            "find_withdrawal",
            rest.load_withdrawals(currency=command.currency, from_ms=None, to_ms=None, limit=1000),
            looked,
            self._context.tell_trouble,
        )

    def _run(
        self, name: str, coroutine: Coroutine[Any, Any, Any], reply: Reply[Any], intent: Intent | None = None
    ) -> None:
        started_s = self._context.monotonic_s()

        def done(value: object) -> None:
            elapsed_ms = round((self._context.monotonic_s() - started_s) * 1000, 3)
            _log.info("withdrawal_query_done", account=self._context.name, query=name, elapsed_ms=elapsed_ms)
            if intent is not None:
                intent.ended()
            reply.set(value)

        def failed(error: Exception) -> None:
            if intent is not None:
                intent.ended(error)
            self._context.tell_trouble(error)
            reply.set_error(error)

        self._context.io(name, coroutine, done, failed)
