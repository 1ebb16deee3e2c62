"""Withdrawals of an account are listed from outside, as the exchange tells of them; nothing is sent by it."""

import asyncio
from decimal import Decimal
from pathlib import Path

from console.assembly import open_environment
from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.registry import FIRST_KIND, create_venue
from messages.commands import Withdraw
from messages.withdrawal import Withdrawal
from tests.console.programs import Exchange, exchange
from tests.console.test_cancel_commands import command

SENT = Withdraw(currency="USDT", amount=Decimal(250), chain="TRX", address="TXaddress", client_withdrawal_id="rent-7")


async def send(outside: Exchange, account: str) -> Withdrawal:
    async with open_environment(1) as environment:
        venue = create_venue(FIRST_KIND, Endpoints(outside.rest, outside.ws), environment)
        await venue.create_public_rest().server_time_ms()
        return await venue.create_private_rest(Credentials(*outside.accounts[account])).withdraw(SENT)


def test_what_was_sent_is_listed_and_what_cannot_be_asked_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    folder.mkdir()
    with exchange(folder) as outside:
        sent = asyncio.run(send(outside, "alpha"))
        config = outside.config(tmp_path, strategies=False)
        code, said = command("withdrawals", "--config", config, folder=tmp_path, **outside.environ)
        assert code == 0, said
        assert f"{sent.withdrawal_id} " in said
        assert "250 USDT to TXaddress (TRX)" in said
        assert "alpha: 1 withdrawals" in said
        assert "beta: no withdrawals" in said

        code, said = command(
            "withdrawals",
            "--config",
            config,
            "--currency",
            "BTC",
            "--account",
            "alpha",
            folder=tmp_path,
            **outside.environ,
        )
        assert (code, said) == (0, "alpha: no withdrawals\n")

        wrong = {**outside.environ, "BETA_SECRET": "not-it"}
        code, said = command("withdrawals", "--config", config, folder=tmp_path, **wrong)
        assert code == 4, said
        assert "250 USDT" in said, "one account's key keeps no other's list (R10)"


def test_the_embedded_exchange_of_another_program_is_in_no_reach(tmp_path: Path) -> None:
    code, said = command("withdrawals", folder=tmp_path)
    assert code == 2
    assert "cannot be reached from outside" in said
