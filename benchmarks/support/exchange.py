"""A child process with the embedded exchange: quiet, with as many markets as are asked for.

Argument: ``{"pairs": [...], "accounts": [...]}``, with ``"has_limits": true`` for Gate's rate limits. Ready with what
``run.py simulate`` prints.
"""

import asyncio
import json
import sys
from decimal import Decimal

from benchmarks.support.loops import log_like_the_program
from benchmarks.support.peers import answer
from exchanges.simulator import AccountConfig, PairConfig, RateLimits, SimulatorConfig, start_exchange

_PLENTY = Decimal(1_000_000_000)


def _config(pairs: list[str], accounts: list[str], *, has_limits: bool) -> SimulatorConfig:
    currencies = {currency for pair in pairs for currency in pair.split("_")}
    return SimulatorConfig(
        pairs=tuple(
            PairConfig(
                id=pair,
                start_price=Decimal(100),
                price_precision=2,
                amount_precision=3,
                min_base_amount=Decimal("0.001"),
            )
            for pair in pairs
        ),
        accounts=tuple(AccountConfig(name=name, balances=dict.fromkeys(currencies, _PLENTY)) for name in accounts),
        rate_limits=RateLimits(enabled=has_limits),
        max_open_orders_per_account=1_000_000,
        max_sockets=10_000,
        traders_on=False,
    )


async def _serve(config: SimulatorConfig) -> None:
    exchange = await start_exchange(config)
    answer(exchange.endpoints)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    await exchange.close()


if __name__ == "__main__":
    log_like_the_program()
    options = json.loads(sys.argv[1])
    asyncio.run(_serve(_config(options["pairs"], options["accounts"], has_limits=options.get("has_limits", False))))
