"""``run.py cancel-all``, and the cancels of ``run.py kill-switch engage`` where no program runs."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from actors.journal import Journal, JournalError, Outcome, holder_of
from config import AccountConfig, Config, load_credentials
from console.assembly import build_venues, open_environment
from console.cancels import Canceled, OpenOrdersCancel
from console.exit_codes import ExitCode
from console.journals import chosen_accounts, journal_path
from console.key_locks import hold_keys
from console.logs import Hider
from console.output import Output
from exchanges.base.clients import PrivateRest, Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from messages.commands import CancelAll
from messages.errors import ConfigurationError, TellerError


class Exchanges:
    """The exchanges of a configuration, to be reached from outside any running program."""

    def __init__(
        self,
        *,
        config: Config,
        environment: Environment,
        venues: Mapping[str, Venue],
        credentials: Mapping[str, Credentials],
        hider: Hider,
        problems: Mapping[str, str],
    ) -> None:
        """For `reach`. ``problems``: by account, why it cannot be asked."""
        self._config = config
        self._environment = environment
        self._venues = venues
        self._credentials = credentials
        self._hider = hider
        self.problems = problems

    async def cancel(
        self, account: AccountConfig, scope: CancelAll, *, spares_later: bool, within_s: float
    ) -> Canceled:
        """Cancels what is open on ``account``, as `OpenOrdersCancel` does; in the journal where nobody has it (R4)."""
        if account.name in self.problems:
            return Canceled(orders=(), left=None, why=self.problems[account.name])
        venue = self._venues[account.venue]
        cancel = OpenOrdersCancel(
            await self.client(account),
            self._environment,
            server_now_ms=venue.server_now_ms,
            markets=self._config.symbols_of(account.name),
        )
        told_ms = venue.server_now_ms()
        async with self._journal(account.name) as journal:
            intent_id = await _file(journal, scope)
            canceled = await cancel.run(scope, told_ms=told_ms, spares_later=spares_later, patience_s=within_s)
            if journal is not None:
                for order in canceled.orders:
                    journal.record_order(order)
                if intent_id is not None:
                    outcome = Outcome.UNRESOLVED if canceled.why else Outcome.CONFIRMED
                    journal.record_outcome(intent_id, outcome, canceled.why)
        return canceled

    def require(self, account: AccountConfig) -> None:
        """Raises `ConfigurationError` for one of the ``problems``."""
        if account.name in self.problems:
            raise ConfigurationError(self.problems[account.name])

    async def client(self, account: AccountConfig) -> PrivateRest:
        """A client of an account that is not among the ``problems``."""
        venue = self._venues[account.venue]
        with suppress(TellerError):  # what is told by our own clock is good enough to go on with
            await venue.create_public_rest().server_time_ms()
        return venue.create_private_rest(self._credentials[account.name])

    def key_problem(self, account: AccountConfig) -> str:
        """Why another program goes on trading with this key whatever is said here; empty if none does."""
        only = msgspec.structs.replace(self._config, accounts=(account,))
        try:
            with hold_keys(only, self._credentials, Path.home()):
                return ""
        except ConfigurationError as error:
            return str(error)

    @asynccontextmanager
    async def _journal(self, account: str) -> AsyncIterator[Journal | None]:
        """None where there is none, or it cannot be used: a cancel does not wait for that (R13)."""
        directory = self._config.journal_directory
        if directory is None or not self._config.journal.enabled or not journal_path(directory, account).exists():
            yield None
            return
        try:
            journal = Journal.open(
                journal_path(directory, account),
                account=account,
                settings=self._config.journal.settings,
                loop=asyncio.get_running_loop(),
                executor=None,
                now_ms=self._environment.clock.now_ms,
                hide=self._hider.hide,
            )
        except JournalError:
            yield None
            return
        try:
            yield journal
        finally:
            with suppress(JournalError):
                await journal.close()


@asynccontextmanager
async def reach(config: Config, hider: Hider) -> AsyncIterator[Exchanges]:
    """The exchanges of ``config``, with its secrets, while the ``async with`` lasts.

    What one account lacks keeps no other from being asked (R10).

    Raises:
        ConfigurationError: the exchange is an embedded one.
    """
    if config.embedded is not None:
        raise ConfigurationError(
            f"{config.source}: the embedded exchange lives and ends with the program that trades on it, and cannot be "
            "reached from outside"
        )
    credentials: dict[str, Credentials] = {}
    problems: dict[str, str] = {}
    for account in config.accounts:
        try:
            credentials |= load_credentials(msgspec.structs.replace(config, accounts=(account,)), os.environ)
        except ConfigurationError as error:
            problems[account.name] = " ".join(str(error).split())
    for one in credentials.values():
        hider.learn([one.reveal_key(), one.reveal_secret()])
    async with open_environment(config.seed) as environment:
        yield Exchanges(
            config=config,
            environment=environment,
            venues=build_venues(config, environment, None),
            credentials=credentials,
            hider=hider,
            problems=problems,
        )


async def cancel_all(config: Config, accounts: Sequence[str], scope: CancelAll, within_s: float, output: Output) -> int:
    """Cancels what is open now on some accounts, on all when none is named; returns the exit code.

    Orders that a running program places meanwhile are not touched.

    Raises:
        ConfigurationError: an account is not known, or the exchange is an embedded one.
    """
    chosen = chosen_accounts(config, accounts)
    async with reach(config, output.hider) as exchanges:
        wanted = [account for account in config.accounts if account.name in chosen]
        work = [exchanges.cancel(one, scope, spares_later=True, within_s=within_s) for one in wanted]
        code = ExitCode.OK
        for account, canceled in zip(wanted, await asyncio.gather(*work), strict=True):
            output.text(f"{account.name}: {canceled}{_who_goes_on(config, account.name)}")
            code = ExitCode.ORDERS_LEFT_OPEN if canceled.why else code
    return code


def _who_goes_on(config: Config, account: str) -> str:
    directory = config.journal_directory
    holder = None if directory is None else holder_of(journal_path(directory, account))
    return (
        "" if holder is None else f"; {holder} trades it and may place new ones (kill-switch engage keeps it from that)"
    )


async def _file(journal: Journal | None, scope: CancelAll) -> int | None:
    if journal is None:
        return None
    try:
        return await journal.record_intent(scope)
    except JournalError:
        return None
