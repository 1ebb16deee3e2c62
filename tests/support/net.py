"""The network in memory with a quiet exchange behind it."""

import random
from typing import Any

from exchanges.base.transport import HttpResponse, Socket
from exchanges.simulator import Exchange, SimulatorConfig
from simulation.environment.faults import Weather
from simulation.environment.http import MemoryHttp
from simulation.environment.sockets import MemorySockets
from simulation.loop import VirtualLoop
from simulation.process import Outside
from simulation.trace import Trace

TIME = "http://exchange.test/api/v4/spot/time"


class Net:
    """A quiet exchange behind both transports; the test makes the weather."""

    def __init__(self, loop: VirtualLoop) -> None:
        outside = Outside(loop)
        self.exchange = Exchange(
            SimulatorConfig(traders_on=False),
            now_ms=lambda: 1_000_000 + int(loop.time() * 1000),
            schedule=outside.later,
            rng=random.Random(1),
        )
        self.arrived = 0
        answer = self.exchange.face.request

        def count(*arguments: Any) -> Any:
            self.arrived += 1
            return answer(*arguments)

        self.exchange.face.request = count  # type: ignore[method-assign]  # counts, and lets pass
        self.weather = Weather(random.Random(1), loop.time, begins_s=0.0, ends_s=1e9, keys=())
        self.weather.rates, self.weather.bursts, self.weather.outages = {}, [], []
        trace = Trace(loop.time, on=False)
        self.http = MemoryHttp(outside, self.exchange, self.weather, trace)
        self.sockets = MemorySockets(outside, self.exchange, self.weather, trace)

    async def time(self) -> HttpResponse:
        return await self.http.request("GET", TIME, headers={}, body=None, timeout_s=2.0)

    async def connect(self) -> Socket:
        return await self.sockets.connect("ws://exchange.test/ws/v4/", timeout_s=2.0)
