"""R3, R4: a withdrawal of unknown fate is looked for until it is found or can no longer arrive; never sent again."""

import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from actors.account.funds.withdrawals import Withdrawals
from actors.account.intents import Intent, Intents
from actors.account.orders.client_ids import ClientIds
from actors.runtime import Reply
from messages.commands import CancelWithdrawal, Withdraw
from messages.enums import WithdrawalStatus
from messages.errors import UnknownOutcomeError, VenueRefusedError
from messages.withdrawal import Withdrawal
from tests.support.account_parts import START_MS, AccountParts, Fate

COMMAND = Withdraw(currency="USDT", amount=Decimal(50), chain="TRX", address="T1", client_withdrawal_id="w1")


class Filed(Intent):
    def __init__(self) -> None:
        super().__init__(None, None)
        self.ends: list[Exception | None] = []
        self.happened: list[bool] = []

    def ended(self, error: Exception | None = None) -> None:
        self.ends.append(error)

    def settled(self, *, happened: bool) -> None:
        self.happened.append(happened)


class FiledIntents(Intents):
    """Hands out intents that remember what was filed."""

    def __init__(self) -> None:
        super().__init__(None)
        self.filed: list[Filed] = []

    def begin(self, command: Any, arrives_by_ms: int | None = None) -> Intent:
        assert arrives_by_ms is not None
        self.filed.append(Filed())
        return self.filed[-1]

    begin_cancel = begin


class Treasury:
    """The exchange's withdrawals, and a client for them that fails as `AccountParts.venue` is told to."""

    def __init__(self, parts: AccountParts) -> None:
        self.parts = parts
        self.there: list[Withdrawal] = []
        venue: Any = parts.venue
        venue.withdraw = self.withdraw
        venue.load_withdrawals = self.load
        venue.get_withdrawal = self.get
        venue.cancel_withdrawal = self.cancel
        self.asked_from_ms: list[int] = []

    def arrive(self, client_id: str = "w1", status: WithdrawalStatus = WithdrawalStatus.REQUESTED) -> Withdrawal:
        withdrawal = Withdrawal(
            withdrawal_id=f"id-{len(self.there)}",
            client_withdrawal_id=client_id,
            currency="USDT",
            chain="TRX",
            address="T1",
            memo="",
            amount=Decimal(50),
            fee=None,
            status=status,
            venue_status=status.value,
            transaction_id="",
            created_ms=self.parts.now_ms(),
        )
        self.there.append(withdrawal)
        return withdrawal

    async def withdraw(self, command: Withdraw) -> Any:
        return self.parts.venue._carry_out("withdraw", lambda: self.arrive(str(command.client_withdrawal_id)))

    async def load(self, *, currency: str, from_ms: int, to_ms: int | None, limit: int) -> Any:
        assert (currency, to_ms) == ("USDT", None)
        self.asked_from_ms.append(from_ms)
        return self.parts.venue._carry_out("history", lambda: tuple(self.there[:limit]), changes=False)

    async def get(self, withdrawal_id: str) -> Any:
        found = [each for each in self.there if each.withdrawal_id == withdrawal_id]
        return self.parts.venue._carry_out("get", lambda: found[0] if found else None, changes=False)

    async def cancel(self, withdrawal_id: str) -> Any:
        def do() -> Withdrawal:
            self.there = [
                msgspec.structs.replace(each, status=WithdrawalStatus.CANCELED)
                for each in self.there
                if each.withdrawal_id == withdrawal_id
            ]
            return self.there[0]

        return self.parts.venue._carry_out("cancel_withdrawal", do)


class Teller:
    def __init__(self, **settings: Any) -> None:
        self.parts = AccountParts(
            allow_withdrawals=True, unresolved_patience_ms=30_000, resolve_grace_ms=1_000, **settings
        )
        self.parts.connect()
        self.treasury = Treasury(self.parts)
        self.intents = FiledIntents()
        self.desk = Withdrawals(self.parts.context, ClientIds(START_MS, random.Random(1)), self.intents)

    @property
    def fates(self) -> list[Fate]:
        return self.parts.venue.fates

    def withdraw(self) -> Reply[Any]:
        reply: Reply[Any] = Reply()
        self.desk.withdraw(COMMAND, lambda: reply)
        self.parts.pass_time(0)
        return reply

    def cancel(self, withdrawal: Withdrawal) -> Reply[Any]:
        reply: Reply[Any] = Reply()
        self.desk.cancel(CancelWithdrawal(withdrawal_id=withdrawal.withdrawal_id), lambda: reply)
        self.parts.pass_time(0)
        return reply

    @property
    def happened(self) -> list[bool]:
        return self.intents.filed[-1].happened


def test_an_answered_withdrawal_is_not_looked_for() -> None:
    teller = Teller()
    reply = teller.withdraw()
    teller.parts.pass_time(100)
    assert reply.result().client_withdrawal_id == "w1"
    assert teller.parts.venue.requests == ["withdraw"]
    assert teller.intents.filed[0].ends == [None]


def test_a_refused_withdrawal_is_not_looked_for() -> None:
    teller = Teller()
    teller.fates.append(Fate.REFUSED)
    assert isinstance(teller.withdraw().error, VenueRefusedError)
    teller.parts.pass_time(100)
    assert teller.parts.venue.requests == ["withdraw"]


def test_one_whose_answer_was_lost_is_told_as_such_at_once_and_found() -> None:
    teller = Teller()
    teller.fates.append(Fate.ANSWER_LOST)
    with capture_logs() as logs:
        reply = teller.withdraw()
        assert isinstance(reply.error, UnknownOutcomeError)
        teller.parts.pass_time(1)
    assert teller.happened == [True]
    assert [row["event"] for row in logs if row["event"].startswith("withdrawal_")][-2:] == [
        "withdrawal_of_unknown_fate",
        "withdrawal_found",
    ]
    made = len(teller.parts.venue.requests)
    teller.parts.pass_time(1_000)
    assert len(teller.parts.venue.requests) == made


def test_one_that_arrives_late_is_found_and_never_sent_again() -> None:
    teller = Teller()
    teller.fates.extend([Fate.NEVER_ARRIVED, Fate.UNREACHABLE, Fate.REFUSED])
    teller.withdraw()
    teller.parts.pass_time(20)
    assert teller.happened == []
    teller.treasury.arrive("somebody-elses")
    teller.treasury.arrive()
    teller.parts.pass_time(31)
    assert teller.happened == [True]
    assert teller.parts.venue.requests.count("withdraw") == 1


def test_one_that_never_arrives_is_told_when_that_is_certain() -> None:
    teller = Teller()
    teller.parts.venue.query_lag_ms = 10_000
    teller.fates.append(Fate.NEVER_ARRIVED)
    with capture_logs() as logs:
        teller.withdraw()
        teller.parts.pass_time(40.9)
        assert teller.happened == []
        teller.parts.pass_time(1)
    assert teller.happened == [False]
    assert [row["client_withdrawal_id"] for row in logs if row["event"] == "withdrawal_never_arrived"] == ["w1"]
    made = len(teller.parts.venue.requests)
    assert made < 20, "asked more and more rarely"
    teller.parts.pass_time(1_000)
    assert len(teller.parts.venue.requests) == made


def test_while_the_history_cannot_be_had_nothing_is_concluded() -> None:
    teller = Teller()
    teller.fates.extend([Fate.NEVER_ARRIVED, *[Fate.UNREACHABLE] * 100])
    teller.withdraw()
    teller.parts.pass_time(600)
    assert teller.happened == []
    teller.fates.clear()
    teller.parts.pass_time(31)
    assert teller.happened == [False]


def test_the_history_is_read_from_well_before_it_could_have_arrived() -> None:
    teller = Teller()
    filed = Filed()
    teller.desk.settle(filed, COMMAND, START_MS + 31_000)
    teller.parts.pass_time(0)
    assert teller.treasury.asked_from_ms == [START_MS - 3_600_000]
    teller.desk.settle(filed, COMMAND, 5)
    teller.parts.pass_time(0)
    assert teller.treasury.asked_from_ms[-1] == 0


def test_one_of_an_earlier_life_is_looked_for_when_there_is_a_connection() -> None:
    teller = Teller()
    rest, teller.parts.context.rest = teller.parts.context.rest, None
    filed = Filed()
    teller.desk.settle(filed, COMMAND, START_MS + 1_000)
    teller.parts.pass_time(5)
    assert teller.parts.venue.requests == []
    teller.treasury.arrive()
    teller.parts.context.rest = rest
    teller.parts.pass_time(31)
    assert filed.happened == [True]


@pytest.mark.parametrize(
    ("fate", "happened"), [(Fate.ANSWER_LOST, True), (Fate.NEVER_ARRIVED, False)], ids=lambda value: str(value)
)
def test_calling_one_back_is_filed_as_the_exchange_shows_it(fate: Fate, happened: bool) -> None:
    teller = Teller()
    withdrawal = teller.treasury.arrive()
    teller.fates.append(fate)
    reply = teller.cancel(withdrawal)
    assert isinstance(reply.error, UnknownOutcomeError)
    teller.parts.pass_time(30)
    if not happened:
        assert teller.happened == []
    teller.parts.pass_time(60)
    assert teller.happened == [happened]


@pytest.mark.parametrize("status", [WithdrawalStatus.DONE, WithdrawalStatus.FAILED])
def test_one_that_ended_otherwise_was_not_called_back(status: WithdrawalStatus) -> None:
    teller = Teller()
    withdrawal = teller.treasury.arrive(status=status)
    filed = Filed()
    teller.desk.settle_cancel(filed, CancelWithdrawal(withdrawal_id=withdrawal.withdrawal_id), START_MS + 60_000)
    teller.parts.pass_time(1)
    assert filed.happened == [False]
