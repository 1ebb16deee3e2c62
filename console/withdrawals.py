"""``run.py withdrawals``: what an exchange tells of money that was sent away; nothing is sent by it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from config import AccountConfig, Config
from console.cancel_command import Exchanges, reach
from console.exit_codes import ExitCode
from console.journals import chosen_accounts
from console.output import Output
from messages.errors import TellerError
from messages.withdrawal import Withdrawal


async def withdrawals(config: Config, accounts: Sequence[str], currency: str | None, limit: int, output: Output) -> int:
    """Lists withdrawals of some accounts, of all when none is named; returns the exit code.

    Args:
        currency: only of this one. limit: at most so many of each account, the newest, within the venue's default span.

    Raises:
        ConfigurationError: an account is not known, or the exchange is an embedded one.
    """
    chosen = chosen_accounts(config, accounts)
    code = ExitCode.OK
    async with reach(config, output.hider) as exchanges:
        for account in config.accounts:
            if account.name in chosen:
                try:
                    found = await _load(exchanges, account, currency, limit)
                except TellerError as error:
                    output.text(f"{account.name}: {error}")
                    code = ExitCode.of(error)
                    continue
                output.text(f"{account.name}: {len(found)} withdrawals" if found else f"{account.name}: no withdrawals")
                for each in found:
                    output.text(f"  {_line(each)}")
    return code


async def _load(
    exchanges: Exchanges, account: AccountConfig, currency: str | None, limit: int
) -> tuple[Withdrawal, ...]:
    exchanges.require(account)
    client = await exchanges.client(account)
    client.capabilities.require_withdrawals()
    return await client.load_withdrawals(currency=currency, from_ms=None, to_ms=None, limit=limit)


def _line(withdrawal: Withdrawal) -> str:
    at = datetime.fromtimestamp(withdrawal.created_ms / 1000, UTC)
    sent = f"{withdrawal.amount} {withdrawal.currency} to {withdrawal.address} ({withdrawal.chain})"
    return f"{at:%Y-%m-%d %H:%M:%S} {withdrawal.withdrawal_id} {withdrawal.status.value}: {sent}"
