"""The program of a run, ended as a user does it."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from messages.errors import TellerError
from simulation.program import Program


class FullDisk:
    """Stands for a program on a full disk, that cancels everything all the same, but for the orders of beta."""

    path = Path("alpha.sqlite")

    def __init__(self) -> None:
        self.journals = [self]

    async def run(self, coroutine: Coroutine[Any, Any, Any], _: str) -> Any:
        return await coroutine

    async def stop(self, *, cancel_open_orders: bool) -> dict[str, str]:
        assert cancel_open_orders
        return {"beta": "the exchange did not confirm"}

    async def close(self) -> None:
        raise TellerError("the disk is full")


def test_r13_what_a_journal_could_not_write_is_no_order_that_could_not_be_canceled() -> None:
    program: Any = object.__new__(Program)
    program._system = FullDisk()
    program._lives = [program._system]
    assert asyncio.run(program.end()) == {"beta": "the exchange did not confirm"}
    assert program.unwritten == {"alpha": "the disk is full"}
