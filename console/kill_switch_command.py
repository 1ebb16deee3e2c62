"""``run.py kill-switch``: engages, releases or shows the kill switch, whether the program runs or not."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from actors.account.memory import KILL_SWITCH
from actors.journal import holder_of, read_state
from config import Config
from console.exit_codes import ExitCode
from console.journals import chosen_accounts, journal_path, require_directory
from console.kill_switch import KillSwitchFile, Word
from console.output import Output
from messages.errors import InvalidValueError

_LONGEST_REASON: Final = 500
_OBEYED_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.05


def switch(config: Config, action: str, accounts: Sequence[str], reason: str, output: Output) -> int:
    """Does ``action`` (engage, release, status) to some accounts, to all when none is named; returns the exit code.

    All are told before any is waited for.

    Raises:
        ConfigurationError: an account is not known, or there is no place for the files.
        InvalidValueError: the reason is empty or too long.
    """
    directory = require_directory(config)
    switches = [
        _Switch(directory, name, has_journal=config.journal.enabled) for name in chosen_accounts(config, accounts)
    ]
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise InvalidValueError("reason", reason, f"a few words, at most {_LONGEST_REASON} characters")
    if action != "status":
        word = Word(engaged=action == "engage", reason=reason, at_ms=time.time_ns() // 1_000_000)
        for one in switches:
            one.file.write(word)
    code = ExitCode.OK
    for one in switches:
        is_obeyed = action == "status" or one.wait_until_obeyed(engaged=action == "engage")
        output.text(f"{one.account}: {one.status()}" + ("" if is_obeyed else "; NOT OBEYED YET, see the program's log"))
        code = code if is_obeyed else ExitCode.UNEXPECTED
    return code


class _Switch:
    """One account as it is seen from outside."""

    def __init__(self, directory: Path, account: str, *, has_journal: bool) -> None:
        self.account = account
        self.file = KillSwitchFile(directory, account)
        self._journal = journal_path(directory, account)
        self._has_journal = has_journal

    def status(self) -> str:
        """In words."""
        holder = holder_of(self._journal)
        reason = self.file.rule(self._remembered())
        state = "released, orders are taken" if reason is None else f"ENGAGED, no orders are taken: {reason}"
        runs = "no program runs with its journal" if holder is None else f"{holder} trades it"
        return f"{state} ({runs})" if self._has_journal else state

    def wait_until_obeyed(self, *, engaged: bool) -> bool:
        """Waits for the program that runs now, if any; True when there is nothing to wait for any more."""
        deadline_s = time.monotonic() + _OBEYED_WITHIN_S
        while holder_of(self._journal) is not None:
            if self._is_obeyed(engaged):
                return True
            if time.monotonic() >= deadline_s:
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def _is_obeyed(self, engaged: bool) -> bool:
        if engaged:
            return self._remembered() is not None
        return self.file.read() is None

    def _remembered(self) -> str | None:
        return read_state(self._journal, KILL_SWITCH) if self._journal.exists() else None
