"""Withdrawals of one account: off unless the account's settings allow them."""

from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

import structlog

from actors.account.context import AccountContext, Defer
from actors.account.intents import CERTAIN, Intent, Intents
from actors.account.orders.client_ids import ClientIds
from actors.runtime import Reply
from messages.commands import CancelWithdrawal, GetWithdrawal, GetWithdrawals, Withdraw
from messages.enums import WithdrawalStatus
from messages.errors import NotPermittedError
from messages.withdrawal import Withdrawal

_log: Final = structlog.get_logger("teller.account")
_LONGEST_PAUSE_S: Final = 30.0
_HISTORY_MARGIN_MS: Final = 3_600_000
"""Histories are asked for from so long before a withdrawal could have arrived."""
_MOST_FOUND: Final = 20_000
_ENDED: Final = {WithdrawalStatus.DONE, WithdrawalStatus.CANCELED, WithdrawalStatus.FAILED}


class _Judge(Protocol):
    """Takes an answer in; True when no more are needed. ``is_certain``: whatever it lacks can no longer arrive."""

    def __call__(self, answer: Any, /, *, is_certain: bool) -> bool: ...


class Withdrawals:
    """Withdrawal commands; only used inside the account's turns (R1)."""

    def __init__(self, context: AccountContext, client_ids: ClientIds, intents: Intents) -> None:
        self._context = context
        self._intents = intents
        self._client_ids = client_ids

    def withdraw(self, command: Withdraw, defer: Defer) -> None:
        """Sends money away. An answer that is lost is told as such, and never sent again (R3): it is looked for in the
        exchange's history until it is found, or can no longer arrive; the log and the journal tell.

        Raises:
            NotPermittedError: the account's settings do not allow it. UnsupportedError: the venue does not have it.
            NotLiveError: the balances are not those of now.
        """
        self._require_permission()
        self._context.require_trading()
        rest = self._context.require_rest()
        rest.capabilities.require_withdrawals()
        command = self._client_ids.assigned_withdrawal(command)
        _log.info(
            "withdrawal_requested",
            account=self._context.name,
            currency=command.currency,
            amount=str(command.amount),
            chain=command.chain,
            client_withdrawal_id=command.client_withdrawal_id,
        )
        arrives_by_ms = self._arrives_by_ms()
        intent = self._intents.begin(command, arrives_by_ms)
        reply = defer()
        self._intents.track(reply, "withdrawal", command.client_withdrawal_id)
        self._run(
            "withdraw",
            intent.then(lambda: rest.withdraw(command)),
            reply,
            intent,
            lambda: self.settle(intent, command, arrives_by_ms),
        )

    def cancel(self, command: CancelWithdrawal, defer: Defer) -> None:
        """Calls one back; raises `NotPermittedError` unless withdrawals are allowed."""
        self._require_permission()
        rest = self._context.require_rest()
        arrives_by_ms = self._arrives_by_ms()
        intent = self._intents.begin_cancel(command, arrives_by_ms)
        self._run(
            "cancel_withdrawal",
            intent.then(lambda: rest.cancel_withdrawal(command.withdrawal_id)),
            defer(),
            intent,
            lambda: self.settle_cancel(intent, command, arrives_by_ms),
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

    def _arrives_by_ms(self) -> int:
        """Venues let no withdrawal expire: one that is sent now is waited for with patience."""
        return self._context.latest_arrival_ms(self._context.server_now_ms(), expires=False)

    # -- of unknown fate ------------------------------------------------------------------------------------------

    def settle(self, intent: Intent, command: Withdraw, arrives_by_ms: int) -> None:
        """Looks for a withdrawal whose answer never came, also one of an earlier life; it is never sent again.

        ``arrives_by_ms``: it can no longer arrive after this moment of the exchange's clock.
        """
        context = self._context
        patience_ms = context.settings.unresolved_patience_ms + context.settings.resolve_grace_ms
        from_ms = max(arrives_by_ms - patience_ms - _HISTORY_MARGIN_MS, 0)
        told = {
            "account": context.name,
            "currency": command.currency,
            "amount": str(command.amount),
            "client_withdrawal_id": command.client_withdrawal_id,
        }

        def ask() -> Coroutine[Any, Any, tuple[Withdrawal, ...]]:
            return context.require_rest().load_withdrawals(
                currency=command.currency, from_ms=from_ms, to_ms=None, limit=_MOST_FOUND
            )

        def judge(history: tuple[Withdrawal, ...], *, is_certain: bool) -> bool:
            for found in history:
                if found.client_withdrawal_id == command.client_withdrawal_id:
                    _log.info("withdrawal_found", **told, withdrawal_id=found.withdrawal_id, status=found.status.value)
                    intent.settled(happened=True)
                    return True
            if is_certain and len(history) < _MOST_FOUND:
                _log.warning("withdrawal_never_arrived", **told)
                intent.settled(happened=False)
                return True
            return False

        _log.error("withdrawal_of_unknown_fate", **told)
        self._ask_until(ask, judge, arrives_by_ms)

    def settle_cancel(self, intent: Intent, command: CancelWithdrawal, arrives_by_ms: int) -> None:
        """The same for calling one back."""
        context = self._context

        def ask() -> Coroutine[Any, Any, Withdrawal | None]:
            return context.require_rest().get_withdrawal(command.withdrawal_id)

        def judge(found: Withdrawal | None, *, is_certain: bool) -> bool:
            is_over = is_certain or (found is not None and found.status in _ENDED)
            if is_over:
                happened = found is not None and found.status is WithdrawalStatus.CANCELED
                _log.info(
                    "withdrawal_cancel_settled",
                    account=context.name,
                    withdrawal_id=command.withdrawal_id,
                    happened=happened,
                )
                intent.settled(happened=happened)
            return is_over

        self._ask_until(ask, judge, arrives_by_ms)

    def _ask_until(self, ask: Callable[[], Coroutine[Any, Any, Any]], judge: _Judge, arrives_by_ms: int) -> None:
        """Asks again and again, more and more rarely, until ``judge`` has enough of the answers."""
        context, settings, tries = self._context, self._context.settings, 0

        def again() -> None:
            nonlocal tries
            tries += 1
            pause_s = min(settings.lookup_first_s * 2 ** min(tries, 16), _LONGEST_PAUSE_S)
            wait_s = (arrives_by_ms + context.query_lag_ms - context.server_now_ms()) / 1000
            if 0 < wait_s < pause_s:
                pause_s = wait_s + 0.001
            context.later(pause_s, look)

        def look() -> None:
            asked_ms = context.server_now_ms()
            if context.rest is None:
                again()
                return
            context.io("find_withdrawal", ask(), lambda answer: looked(answer, asked_ms), failed)

        def looked(answer: Any, asked_ms: int) -> None:
            if not judge(answer, is_certain=asked_ms > arrives_by_ms + context.query_lag_ms):
                again()

        def failed(error: Exception) -> None:
            _log.warning("withdrawal_not_looked_up", account=context.name, error=str(error))
            context.tell_trouble(error)
            again()

        look()

    def _run(
        self,
        name: str,
        coroutine: Coroutine[Any, Any, Any],
        reply: Reply[Any],
        intent: Intent | None = None,
        settle: Callable[[], None] | None = None,
    ) -> None:
        """``settle``: finds out what became of a command whose answer was lost."""
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
            if settle is not None and not isinstance(error, CERTAIN):
                settle()

        self._context.io(name, coroutine, done, failed)
