"""Cancelling everything of an account at an end, within a time that is stated."""

import asyncio
from typing import Final

import msgspec
import structlog

from actors.strategy.handle import AccountHandle
from exchanges.base.environment import Clock
from messages.errors import TellerError
from messages.order import Order

_log: Final = structlog.get_logger("teller.closing")
_LOOK_EVERY_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
"""Between two questions to an exchange that does not answer while we end."""
_NAMED: Final = 5


class OrdersEnded(msgspec.Struct, frozen=True):
    """``canceled``: how many orders ended by it. ``problem``: what may be left, and why; empty if nothing is."""

    canceled: int
    problem: str


async def cancel_open_orders(account: AccountHandle, *, patience_s: float, clock: Clock) -> OrdersEnded:
    """Cancels until nothing is open, also what was still on its way to the exchange when that began (R13).

    The account itself goes on until a complete list shows nothing; it is asked again where it could not be reached, and
    where something is open that came later, with pauses that double. Never raises; over after ``patience_s`` seconds.
    """
    deadline_s = clock.monotonic_s() + patience_s
    pause_s = _LOOK_EVERY_S
    canceled: set[str | None] = set()
    while True:
        problem = ""
        try:
            async with asyncio.timeout(max(_LOOK_EVERY_S, deadline_s - clock.monotonic_s())):
                canceled.update(order.order_id for order in await account.cancel_all())
                problem = _left((await account.snapshot()).open_orders)
        except TellerError as error:
            problem = str(error)
        except TimeoutError:
            problem = f"the exchange did not confirm within {patience_s:g} s"
        if not problem:
            _log.info("open_orders_canceled", account=account.name, canceled=len(canceled))
            return OrdersEnded(len(canceled), "")
        if clock.monotonic_s() >= deadline_s:
            _log.error("open_orders_not_canceled", account=account.name, canceled=len(canceled), error=problem)
            return OrdersEnded(len(canceled), problem)
        await clock.sleep(max(_LOOK_EVERY_S, min(pause_s, deadline_s - clock.monotonic_s())))
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _left(orders: tuple[Order, ...]) -> str:
    if not orders:
        return ""
    names = ", ".join(f"{order.symbol} {order.order_id or order.client_order_id}" for order in orders[:_NAMED])
    more = "" if len(orders) <= _NAMED else f" and {len(orders) - _NAMED} more"
    return f"{len(orders)} orders are still open: {names}{more}"
