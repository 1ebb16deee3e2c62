"""Client order ids that no other run of the program has used."""

import random
from typing import Final, TypeVar

import msgspec

from actors.journal import Placing
from messages.commands import Withdraw

C = TypeVar("C", bound=Placing)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class ClientIds:
    """Makes ids such as ``k3f9a2b1x7-42``: start of the run, a random part, and a counter.

    The random part keeps two programs apart that start in the same millisecond. At most 24 characters.
    """

    def __init__(self, started_ms: int, rng: random.Random) -> None:
        """``started_ms``: unix milliseconds at the start of the account."""
        self._prefix = _base36(started_ms) + "".join(rng.choice(_DIGITS) for _ in range(4))
        self._counter = 0

    def next(self) -> str:
        self._counter += 1
        return f"{self._prefix}-{_base36(self._counter)}"

    def assigned(self, command: C) -> C:
        """The command with a client order id, made here if it had none."""
        if command.client_order_id is not None:
            return command
        return msgspec.structs.replace(command, client_order_id=self.next())

    def assigned_withdrawal(self, command: Withdraw) -> Withdraw:
        """The same for a withdrawal."""
        if command.client_withdrawal_id is not None:
            return command
        return msgspec.structs.replace(command, client_withdrawal_id=self.next())


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits
