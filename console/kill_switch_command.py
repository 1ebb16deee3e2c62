"""``run.py kill-switch``: engages, releases or shows the kill switch, whether the program runs or not."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from actors.account.journal_recovery import KILL_SWITCH
from actors.journal import holder_of, read_state
from config import AccountConfig, Config
from console.cancel_command import Exchanges, reach
from console.exit_codes import ExitCode
from console.journals import chosen_accounts, journal_path, require_directory
from console.kill_switch import KillSwitchFile, Word
from console.output import Output
from messages.commands import CancelAll
from messages.errors import InvalidValueError

_LONGEST_REASON: Final = 500
_OBEYED_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.05
_NOT_OBEYED: Final = "; NOT OBEYED YET, see the program's log"


async def switch(
    config: Config, action: str, accounts: Sequence[str], *, reason: str, within_s: float, output: Output
) -> int:
    """Does ``action`` (engage, release, status) to some accounts, to all when none is named; returns the exit code.

    All are told before any is waited for. Where no program runs, engaging cancels what is open itself.

    Raises:
        ConfigurationError: an account is not known, or there is no place for the files.
        InvalidValueError: the reason is empty or too long.
    """
    directory = require_directory(config)
    chosen = chosen_accounts(config, accounts)
    switches = [
        _Switch(directory, account, has_journal=config.journal.enabled)
        for account in config.accounts
        if account.name in chosen
    ]
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise InvalidValueError("reason", reason, f"a few words, at most {_LONGEST_REASON} characters")
    if action == "status":
        for one in switches:
            output.text(f"{one.name}: {one.status()}")
        return ExitCode.OK
    word = Word(engaged=action == "engage", reason=reason, at_ms=time.time_ns() // 1_000_000)
    for one in switches:
        one.file.write(word)
    if action == "release":
        return _worst([await _release(one, output) for one in switches])
    if config.embedded is not None:
        return _worst([await _engage_embedded(one, output) for one in switches])
    async with reach(config, output.hider) as exchanges:
        return _worst(await asyncio.gather(*(_engage(one, exchanges, within_s, output) for one in switches)))


async def _release(one: "_Switch", output: Output) -> ExitCode:
    is_obeyed = await one.wait_until_obeyed(engaged=False)
    output.text(f"{one.name}: {one.status()}" + ("" if is_obeyed else _NOT_OBEYED))
    return ExitCode.OK if is_obeyed else ExitCode.UNEXPECTED


async def _engage_embedded(one: "_Switch", output: Output) -> ExitCode:
    """The exchange of the configuration lives in the program that trades, and ends with it."""
    is_obeyed = await one.wait_until_obeyed(engaged=True)
    output.text(f"{one.name}: {one.status()}" + ("" if is_obeyed else _NOT_OBEYED))
    return ExitCode.OK if is_obeyed else ExitCode.UNEXPECTED


async def _engage(one: "_Switch", exchanges: Exchanges, within_s: float, output: Output) -> ExitCode:
    has_program = one.holder() is not None
    is_obeyed = await one.wait_until_obeyed(engaged=True)
    said = f"{one.name}: {one.status()}" + ("" if is_obeyed else _NOT_OBEYED)
    problem = exchanges.problems.get(one.name)
    if problem is not None and has_program and is_obeyed:
        output.text(f"{said}; it cancels, and what is open was not looked at: {problem}")
        return ExitCode.OK
    # A program that has obeyed cancels, too: two cancels of one order do no harm, and one of them may not get through.
    canceled = await exchanges.cancel(one.account, CancelAll(), spares_later=False, within_s=within_s)
    not_reached = "" if has_program or problem is not None else exchanges.key_problem(one.account)
    output.text(f"{said}; {canceled}" + (f"; NOT REACHED: {not_reached}" if not_reached else ""))
    if canceled.why or not_reached:
        return ExitCode.ORDERS_LEFT_OPEN
    return ExitCode.OK if is_obeyed else ExitCode.UNEXPECTED


def _worst(codes: Sequence[ExitCode]) -> ExitCode:
    return max(codes, default=ExitCode.OK)


class _Switch:
    """One account as it is seen from outside."""

    def __init__(self, directory: Path, account: AccountConfig, *, has_journal: bool) -> None:
        self.account = account
        self.name = account.name
        self.file = KillSwitchFile(directory, account.name)
        self._journal = journal_path(directory, account.name)
        self._has_journal = has_journal

    def holder(self) -> str | None:
        """The program that trades with its journal."""
        return holder_of(self._journal)

    def status(self) -> str:
        """In words."""
        holder = self.holder()
        reason = self.file.rule(self._remembered())
        state = "released, orders are taken" if reason is None else f"ENGAGED, no orders are taken: {reason}"
        runs = "no program runs with its journal" if holder is None else f"{holder} trades it"
        return f"{state} ({runs})" if self._has_journal else state

    async def wait_until_obeyed(self, *, engaged: bool) -> bool:
        """Waits for the program that runs now, if any; True when there is nothing to wait for any more."""
        deadline_s = time.monotonic() + _OBEYED_WITHIN_S
        while self.holder() is not None:
            if self._is_obeyed(engaged):
                return True
            if time.monotonic() >= deadline_s:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)
        return True

    def _is_obeyed(self, engaged: bool) -> bool:
        if engaged:
            return self._remembered() is not None
        return self.file.read() is None

    def _remembered(self) -> str | None:
        return read_state(self._journal, KILL_SWITCH) if self._journal.exists() else None
