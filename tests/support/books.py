"""An embedded exchange in memory on time that is moved by hand, with signed requests: books to judge answers by."""

import hashlib
import json
from decimal import Decimal
from random import Random
from urllib.parse import quote

from exchanges.simulator import AccountConfig, Exchange, HttpRequest, HttpResponse, SimulatorConfig
from exchanges.simulator.core.engine import Engine
from exchanges.simulator.core.orders import NewOrder, Order, OrderType, Side, TimeInForce
from tests.exchanges.simulator.clocks import START_MS, VirtualTime
from tests.exchanges.simulator.wire import hmac_hex

GTC = TimeInForce.GOOD_TILL_CANCELED
IOC = TimeInForce.IMMEDIATE_OR_CANCEL


class Books:
    """Two accounts, alpha and beta, and no synthetic traders."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.exchange = Exchange(
            SimulatorConfig(traders_on=False, accounts=(AccountConfig(name="alpha"), AccountConfig(name="beta"))),
            now_ms=self.time.now_ms,
            schedule=self.time.schedule,
            rng=Random(1),
        )

    @property
    def engine(self) -> Engine:
        return self.exchange.engine

    def now_s(self) -> float:
        """Seconds since the beginning."""
        return (self.time.ms - START_MS) / 1000

    def place(
        self,
        *,
        account: str = "alpha",
        side: Side = Side.BUY,
        price: str = "100",
        amount: str = "2",
        time_in_force: TimeInForce = GTC,
        text: str = "",
    ) -> Order:
        """Places a limit order of SOL by hand, without a request."""
        return self.engine.place(
            account,
            NewOrder(
                pair="SOL_USDT",
                side=side,
                type=OrderType.LIMIT,
                time_in_force=time_in_force,
                amount=Decimal(amount),
                price=Decimal(price),
                text=text,
            ),
        )

    def request(
        self, method: str, path: str, *, query: str = "", body: object = None, account: str = "alpha"
    ) -> HttpResponse:
        """Sends a signed request of the account; ``query`` is not encoded yet."""
        config = self.exchange.keys.accounts[account]
        raw = b"" if body is None else json.dumps(body).encode()
        timestamp = str(int(self.time.ms // 1000))
        signed = "\n".join((method, f"/api/v4{path}", query, hashlib.sha512(raw).hexdigest(), timestamp))
        headers = {"key": config.key, "timestamp": timestamp, "sign": hmac_hex(config.secret, signed)}
        answers: list[HttpResponse] = []
        self.exchange.request(
            HttpRequest(
                method=method,
                path=f"/api/v4{path}",
                query=quote(query, safe="=&"),
                headers={"content-type": "application/json"} | headers,
                body=raw,
            ),
            answers.append,
        )
        self.time.advance(0)
        [answer] = answers
        return answer
