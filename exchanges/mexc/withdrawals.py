"""Withdrawals by MEXC's REST (docs/venues/mexc.md, withdrawals). Answers to commands are an id; the rest is listed."""

from collections.abc import Sequence
from typing import Final

import msgspec

from exchanges.base.json_reader import Reader
from exchanges.base.rate_limiter import Priority
from exchanges.base.rows import RowReader, UnreadableLog
from exchanges.mexc import convert, limits, wire
from exchanges.mexc.histories import CLOCK_MARGIN_MS, History, Window
from exchanges.mexc.rest import MexcRest
from exchanges.mexc.signing import Query
from messages.commands import Withdraw
from messages.enums import WithdrawalStatus
from messages.errors import InvalidValueError, TellerError, UnknownOutcomeError
from messages.symbol import Symbol
from messages.withdrawal import Withdrawal

_ROWS: Final = 1000
_DAY_MS: Final = 86_400_000
_SPAN_MS: Final = 7 * _DAY_MS
"""What MEXC tells without times, and no more at once."""
_KNOWN_MS: Final = 90 * _DAY_MS - 600_000
_COST: Final = limits.query(1)
_OPEN: Final = frozenset({WithdrawalStatus.REQUESTED, WithdrawalStatus.PROCESSING})

_read_named: Final = Reader[wire.Named](wire.Named).read


class MexcWithdrawals:
    """Withdrawals of one account."""

    def __init__(self, rest: MexcRest, unreadable: UnreadableLog) -> None:
        self._rest = rest
        self._unreadable = unreadable
        self._rows = RowReader(wire.WithdrawalRow, convert.withdrawal, to_symbol=_no_symbol, market="coin")

    async def send(self, withdraw: Withdraw) -> Withdrawal:
        """Sends money away over the network that ``chain`` names (MEXC's ``netWork``).

        Raises:
            InvalidValueError: without a client withdrawal id. See `MexcRest.change` for the others.
        """
        now_ms = self._rest.server_clock.now_ms()
        return await self._rest.change(
            "withdraw",
            "POST",
            "/capital/withdraw",
            lambda body: convert.asked_withdrawal(withdraw, _read_named(body), now_ms),
            cost=_COST,
            query=convert.withdraw_query(withdraw),
        )

    async def find(self, withdrawal_id: str) -> Withdrawal | None:
        """One withdrawal of the last 90 days; None when the exchange lists none of that id in that time."""
        for window in self._windows(self._rest.server_clock.now_ms() - _KNOWN_MS, None):
            for found in await self._read(window, ()):
                if found.withdrawal_id == withdrawal_id:
                    return found
        return None

    async def call_back(self, withdrawal_id: str) -> Withdrawal:
        """Calls a withdrawal back; `VenueRefusedError` when it is too late.

        Raises:
            UnknownOutcomeError: also when it was called back and what became of it cannot be found out.
        """
        named = await self._rest.change(
            "cancel_withdrawal",
            "DELETE",
            "/capital/withdraw",
            _read_named,
            cost=_COST,
            query=(("id", withdrawal_id),),
            priority=Priority.CANCEL,
        )
        try:
            found = await self.find(named.id)
        except TellerError as error:
            raise UnknownOutcomeError(f"cancel_withdrawal: taken, and not looked up: {error}") from error
        if found is None:
            raise UnknownOutcomeError("cancel_withdrawal: taken, and not listed")
        # The list may be older than the answer, which said that it was called back.
        return msgspec.structs.replace(found, status=WithdrawalStatus.CANCELED) if found.status in _OPEN else found

    async def load(
        self, *, currency: str | None, from_ms: int | None, to_ms: int | None, limit: int
    ) -> tuple[Withdrawal, ...]:
        """Past withdrawals of the last 90 days at most, newest first; without ``from_ms`` of seven days."""
        query = () if currency is None else (("coin", currency),)
        found: dict[str, Withdrawal] = {}
        for window in self._windows(from_ms, to_ms):
            found.update((each.withdrawal_id, each) for each in await self._read(window, query))
            if len(found) >= limit:
                break
        newest_first = sorted(found.values(), key=lambda each: each.created_ms, reverse=True)
        return tuple(newest_first[:limit])

    def _windows(self, from_ms: int | None, to_ms: int | None) -> Sequence[Window]:
        """Windows that cover the time, newest first, none longer than MEXC takes."""
        now_ms = self._rest.server_clock.now_ms()
        until_ms = now_ms + CLOCK_MARGIN_MS if to_ms is None else to_ms
        since_ms = until_ms - _SPAN_MS if from_ms is None else max(from_ms, now_ms - _KNOWN_MS)
        found = []
        while until_ms >= since_ms:
            begin_ms = max(since_ms, until_ms - _SPAN_MS)
            found.append(Window(begin_ms, until_ms))
            if begin_ms == since_ms:
                break
            until_ms = begin_ms
        return found

    async def _read(self, window: Window, fixed: Query) -> Sequence[Withdrawal]:
        history: History[Withdrawal] = History(
            "load_withdrawals",
            lambda part: self._rest.query(
                "load_withdrawals",
                "/capital/withdraw/history",
                self._rows.read,
                cost=_COST,
                query=(*fixed, *part.query, ("limit", str(_ROWS))),
            ),
            key=lambda each: each.withdrawal_id,
            time_ms=lambda each: each.created_ms,
            full=_ROWS,
        )
        await history.read(window)
        self._unreadable.tell("load_withdrawals", history.unreadable)
        return tuple(history.found.values())


def _no_symbol(name: str) -> Symbol:
    raise InvalidValueError("symbol", name, "a withdrawal names a currency")
