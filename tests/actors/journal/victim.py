"""A process to be killed: forks journal writers on request, so that each is there in no time.

Each line on stdin is a JSON object: ``path``, ``durability``, ``threads``. The answer is the writer's pid. The writer
then opens the journal and places one intent after the other, with orders and fills in between; it writes the id of
every intent that has resolved to ``path``.acks, so a line there is a promise. ``holder`` true only opens, and says so
there.
"""

import asyncio
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

from actors.journal import Durability, Journal, JournalSettings, Outcome
from messages.commands import PlaceOrder
from messages.enums import Side
from tests.support.orders import SOL, fill, order


async def _write(task: dict[str, Any], acks: int) -> None:
    pool = ThreadPoolExecutor(2) if task.get("threads") else None
    journal = Journal.open(
        Path(task["path"]),
        account="alice",
        settings=JournalSettings(durability=Durability(task["durability"]), linger_s=0.002),
        loop=asyncio.get_running_loop(),
        executor=pool,
        now_ms=lambda: time.time_ns() // 1_000_000,
    )
    if task.get("holder"):
        os.write(acks, b"open\n")
        await asyncio.Event().wait()

    async def place() -> None:
        while True:
            command = PlaceOrder.limit(SOL, Side.BUY, Decimal("2.5"), Decimal("141.2"), client_order_id="c")
            intent_id = await journal.record_intent(command)
            os.write(acks, b"%d\n" % intent_id)
            journal.record_outcome(intent_id, Outcome.UNRESOLVED, "about to be killed")
            journal.record_order(order(order_id=str(intent_id), at=intent_id))
            journal.record_fill(fill(str(intent_id), at=intent_id))

    await asyncio.gather(*(place() for _ in range(4)))


def main() -> None:
    """Forks a writer for each line; ends with stdin."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        task = json.loads(line)
        acks = os.open(task["path"] + ".acks", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        pid = os.fork()
        if not pid:
            asyncio.run(_write(task, acks))
            os._exit(1)
        os.close(acks)
        os.write(1, b"%d\n" % pid)


if __name__ == "__main__":
    main()
