"""Commands are filed from outside, with their answers, whoever asks."""

from decimal import Decimal

import pykka
import pytest

from actors.runtime import Address, Reply
from messages.commands import CancelAll, GetSnapshot, PlaceOrder
from messages.enums import Side
from messages.errors import ConnectionFailedError, InvalidValueError, UnknownOutcomeError
from messages.symbol import Symbol
from simulation.environment.crashes import CrashNow
from simulation.loop import VirtualLoop, run_on_virtual_time
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.process import Life

BUY = PlaceOrder.limit(Symbol("SOL", "USDT"), Side.BUY, Decimal(1), Decimal(100))


class Time:
    def __init__(self) -> None:
        self.s = 0.0

    def now_s(self) -> float:
        return self.s


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def log(time: Time) -> CommandLog:
    return CommandLog(time.now_s)


def test_what_is_asked_of_an_address_is_filed_with_its_answer(log: CommandLog) -> None:
    address = Address("alpha")
    with log.filing():
        reply = address.ask(BUY)
    address.ask(GetSnapshot())

    [filed] = log.commands
    assert (filed.account, filed.command, filed.life) == ("alpha", BUY, None)
    assert filed.error is reply.error
    assert filed.was_not_sent


def test_what_is_told_is_filed_without_an_answer(log: CommandLog) -> None:
    with log.filing():
        Address("alpha").tell(CancelAll())

    [filed] = log.commands
    assert not filed.is_answered


def test_what_is_no_command_of_the_vocabulary_is_not_filed(log: CommandLog) -> None:
    with log.filing():
        Address("alpha").ask(CrashNow())
        Address("alpha").tell("an event")

    assert log.commands == []


def test_an_answer_is_filed_when_it_comes(log: CommandLog, time: Time) -> None:
    reply: Reply[str] = Reply()
    filed = log.file("alpha", BUY, reply)
    time.s = 2.5
    assert not filed.is_answered
    reply.set("done")

    assert (filed.asked_s, filed.answered_s, filed.value, filed.error) == (0, 2.5, "done", None)


@pytest.mark.parametrize(
    ("error", "promises"),
    [
        (InvalidValueError("price", 1, "another"), True),
        (ConnectionFailedError("no connection"), True),
        (UnknownOutcomeError("lost"), False),
        (pykka.ActorDeadError("gone"), False),
    ],
)
def test_only_a_refusal_of_our_own_promises_that_nothing_was_sent(
    log: CommandLog, error: Exception, promises: bool
) -> None:
    reply: Reply[None] = Reply()
    filed = log.file("alpha", BUY, reply)
    reply.set_error(error)

    assert filed.was_not_sent is promises


def test_commands_are_found_by_account_and_kind(log: CommandLog) -> None:
    numbers = [log.file(name, command).number for name in ("alpha", "beta") for command in (BUY, CancelAll())]
    assert numbers == [1, 2, 3, 4]

    found: list[FiledCommand] = list(log.of("beta", PlaceOrder))
    assert [each.number for each in found] == [3]


def test_the_log_of_the_first_program_knows_nothing_of_what_a_second_one_asks(time: Time) -> None:
    first = CommandLog(time.now_s)
    everything = CommandLog(time.now_s, first=first)
    heard: list[int] = []
    first.when_answered.append(lambda filed: heard.append(filed.number))
    loop = VirtualLoop()

    async def ask() -> None:
        Address("alpha").ask(BUY)

    async def main() -> None:
        with everything.filing():
            await Life(loop, 1, is_second=True).run(ask(), "second")
            await Life(loop, 1).run(ask(), "first")
            Address("alpha").ask(GetSnapshot())

    run_on_virtual_time(loop, main())
    assert [filed.number for filed in everything.commands] == [1, 2, 3]
    assert [filed.number for filed in first.commands] == heard == [2, 3]
