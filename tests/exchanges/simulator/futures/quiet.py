"""A quiet exchange behind the face of futures, and a raw client that signs as it reads the manual."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import unquote

from exchanges.simulator import AccountConfig, Exchange, HttpRequest, RateLimits, Session, SimulatorConfig
from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.faults.faults import Fault

from ..clocks import VirtualTime

FUTURES = "/futures/usdt"
SOL = ContractConfig(
    id="SOL_USDT",
    start_price=Decimal(141),
    price_precision=2,
    amount_precision=0,
    min_base_amount=Decimal(1),
    multiplier=Decimal(1),
)
ETH = ContractConfig(
    id="ETH_USDT",
    start_price=Decimal(3_200),
    price_precision=2,
    amount_precision=1,
    min_base_amount=Decimal("0.1"),
    multiplier=Decimal("0.01"),
)
QUIET: dict[str, Any] = {
    "seed": 7,
    "accounts": (
        *(
            AccountConfig(name=name, balances={"USDT": Decimal(100_000), "SOL": Decimal(5)})
            for name in ("alpha", "beta")
        ),
        AccountConfig(name="gamma", balances={}),
    ),
    "contracts": (SOL, ETH),
    "traders_on": False,
    "rate_limits": RateLimits(enabled=False),
}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    json: Any

    @property
    def label(self) -> str:
        return str(self.json["label"])


@dataclass
class Link:
    """Keeps what a session sends."""

    frames: list[Any] = field(default_factory=list)
    closed_with: int | str | None = None

    def send(self, frame: str | bytes) -> None:
        self.frames.append(json.loads(frame, parse_float=Decimal))

    def ping(self) -> None:
        pass

    def close(self, code: int) -> None:
        self.closed_with = code

    def reset(self) -> None:
        self.closed_with = "reset"

    def on(self, channel: str) -> list[Any]:
        """The rows of a channel's pushes."""
        pushes = [each for each in self.frames if (each["channel"], each["event"]) == (channel, "update")]
        return [
            row for each in pushes for row in (each["result"] if isinstance(each["result"], list) else [each["result"]])
        ]


class Venue:
    """An exchange without a market of its own, whose SOL contract stands at 141."""

    def __init__(self, **config: Any) -> None:
        self.time = VirtualTime()
        self.exchange = Exchange(
            SimulatorConfig(**{**QUIET, **config}),
            now_ms=self.time.now_ms,
            schedule=self.time.schedule,
            rng=Random(7),
            face="gateio_futures",
        )
        self.exchange.start()
        self.market()
        self.prices("141")

    def control(self, method: str, path: str, body: object = None) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        response = self.exchange.control(HttpRequest(method=method, path=path, body=raw))
        assert response.status == 200, response.body
        return json.loads(response.body)

    def market(self, bid: str | None = "140", ask: str | None = "142", amount: str = "1000") -> None:
        self.control("POST", "/market/SOL_USDT", {"bid": bid, "ask": ask, "amount": amount})

    def prices(self, mark: str | None, index: str | None = None) -> None:
        self.control("POST", "/prices/SOL_USDT", {"mark": mark, "index": index})

    def fault(self, fault: Fault) -> None:
        self.exchange.faults.add(fault)

    def client(self, name: str = "alpha") -> "Client":
        return Client(self, name)


class Client:
    """One account's view of it; ``decimal``: whether it wants sizes as texts."""

    def __init__(self, venue: Venue, name: str = "alpha", *, decimal: bool = False) -> None:
        self.venue = venue
        self.decimal = decimal
        account = venue.exchange.keys.accounts[name]
        self.key, self.secret = account.key, account.secret
        self.user = str(venue.exchange.engine.accounts[name].user_id)

    def sign(self, text: str) -> str:
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha512).hexdigest()

    def call(self, method: str, path: str, query: str = "", body: object = None) -> Reply:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, timestamp = f"/api/v4{path}", str(self.venue.time.now_ms() // 1000)
        text = "\n".join((method, path, unquote(query), hashlib.sha512(raw).hexdigest(), timestamp))
        headers = {"key": self.key, "timestamp": timestamp, "sign": self.sign(text), "content-type": "application/json"}
        if self.decimal:
            headers["x-gate-size-decimal"] = "1"
        request = HttpRequest(method=method, path=path, query=query, body=raw, headers=headers)
        replies: list[Reply] = []
        self.venue.exchange.request(
            request, lambda done: replies.append(Reply(done.status, done.headers, json.loads(done.body)))
        )
        (reply,) = replies
        return reply

    def get(self, path: str, query: str = "") -> Any:
        reply = self.call("GET", f"{FUTURES}{path}", query)
        assert reply.status == 200, reply.json
        return reply.json

    def order(self, **fields: object) -> Reply:
        """Places an order, by default a limit buy of 10 contracts at 130."""
        given = {"contract": "SOL_USDT", "size": 10, "price": "130", **fields}
        body = {name: value for name, value in given.items() if value is not None}
        return self.call("POST", f"{FUTURES}/orders", body=body)

    def at_market(self, size: object, **fields: object) -> Any:
        reply = self.order(size=size, price="0", tif="ioc", **fields)
        assert reply.status == 201, reply.json
        return reply.json

    def position(self, contract: str = "SOL_USDT") -> Any:
        return self.get(f"/positions/{contract}")

    def socket(self, *subscriptions: tuple[str, list[str]]) -> tuple[Session, Link]:
        """Opens a socket and subscribes, signed where the channel is one of accounts."""
        link = Link()
        headers = {"x-gate-size-decimal": "1"} if self.decimal else {}
        session = self.venue.exchange.open_socket(
            HttpRequest(method="GET", path="/v4/ws/futures/usdt", headers=headers), link
        )
        assert session is not None
        for channel, payload in subscriptions:
            session.receive(json.dumps(self.subscription(channel, payload)))
        return session, link

    def subscription(self, channel: str, payload: list[str], event: str = "subscribe") -> dict[str, Any]:
        now_s = self.venue.time.now_ms() // 1000
        sign = self.sign(f"channel={channel}&event={event}&time={now_s}")
        auth = {"method": "api_key", "KEY": self.key, "SIGN": sign}
        return {"time": now_s, "id": 1, "channel": channel, "event": event, "payload": payload, "auth": auth}

    def private(self, *channels: str) -> tuple[Session, Link]:
        """Opens a socket with these channels of the account, all contracts."""
        return self.socket(
            *((name, [self.user] if name == "futures.balances" else [self.user, "!all"]) for name in channels)
        )
