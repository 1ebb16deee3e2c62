"""A quiet exchange behind MEXC's face, and a raw client with its own reading of how MEXC wants requests signed."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from ccxt.protobuf.mexc.PushDataV3ApiWrapper_pb2 import PushDataV3ApiWrapper

from exchanges.simulator import AccountConfig, Exchange, HttpRequest, RateLimits, Session, SimulatorConfig
from exchanges.simulator.faults.faults import Fault

from ..clocks import VirtualTime

BALANCES = {"SOL": Decimal(1_000), "USDT": Decimal(100_000)}
QUIET: dict[str, Any] = {
    "seed": 7,
    "accounts": tuple(AccountConfig(name=name, balances=BALANCES) for name in ("alpha", "beta")),
    "traders_on": False,
    "rate_limits": RateLimits(enabled=False),
}
ORDERS, DEALS, ACCOUNT = (f"spot@private.{name}.v3.api.pb" for name in ("orders", "deals", "account"))
DEPTH = "spot@public.aggre.depth.v3.api.pb@100ms@SOLUSDT"
BOOK_TICKER = "spot@public.aggre.bookTicker.v3.api.pb@100ms@SOLUSDT"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    json: Any

    @property
    def code(self) -> object:
        return self.json["code"]


@dataclass
class Link:
    """Keeps what a session sends: answers as JSON or plain text, pushes as decoded by another program's schema."""

    raw: list[str | bytes] = field(default_factory=list)
    closed_with: int | str | None = None

    def send(self, frame: str | bytes) -> None:
        self.raw.append(frame)

    def ping(self) -> None:
        raise AssertionError("MEXC sends no pings")

    def close(self, code: int) -> None:
        self.closed_with = code

    def reset(self) -> None:
        self.closed_with = "reset"

    @property
    def texts(self) -> list[str]:
        return [frame for frame in self.raw if isinstance(frame, str)]

    @property
    def answers(self) -> list[str]:
        return [json.loads(text)["msg"] for text in self.texts]

    @property
    def pushes(self) -> list[PushDataV3ApiWrapper]:
        return [PushDataV3ApiWrapper.FromString(frame) for frame in self.raw if isinstance(frame, bytes)]

    def on(self, channel: str) -> list[Any]:
        """The bodies of a channel's pushes."""
        found = [push for push in self.pushes if push.channel == channel]
        return [getattr(push, push.WhichOneof("body")) for push in found]


class Venue:
    """An exchange without a market of its own."""

    def __init__(self, **config: Any) -> None:
        self.time = VirtualTime()
        self.exchange = Exchange(
            SimulatorConfig(**{**QUIET, **config}),
            now_ms=self.time.now_ms,
            schedule=self.time.schedule,
            rng=Random(7),
            face="mexc",
        )

    def control(self, method: str, path: str, body: object = None) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        response = self.exchange.control(HttpRequest(method=method, path=path, body=raw))
        assert response.status == 200, response.body
        return json.loads(response.body)

    def market(self, bid: str | None = "140", ask: str | None = "142", amount: str = "10") -> None:
        self.control("POST", "/market/SOL_USDT", {"bid": bid, "ask": ask, "amount": amount})

    def fault(self, fault: Fault) -> None:
        self.exchange.faults.add(fault)

    def client(self, name: str = "alpha") -> "Client":
        return Client(self, name)


class Client:
    """One account's view of it."""

    def __init__(self, venue: Venue, name: str = "alpha") -> None:
        self.venue = venue
        account = venue.exchange.keys.accounts[name]
        self.key, self.secret = account.key, account.secret

    def sign(self, text: str) -> str:
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def signed(self, query: str) -> str:
        query = f"{query}&" if query else ""
        text = f"{query}timestamp={self.venue.time.now_ms()}"
        return f"{text}&signature={self.sign(text)}"

    def send(self, method: str, path: str, query: str, *, body: bytes = b"", **headers: str) -> Reply:
        """Sends a request as it stands."""
        replies: list[Reply] = []
        request = HttpRequest(
            method=method,
            path=f"/api/v3/{path}",
            query=query,
            body=body,
            headers={"x-mexc-apikey": self.key, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )
        self.venue.exchange.request(
            request,
            lambda response: replies.append(Reply(response.status, response.headers, json.loads(response.body))),
        )
        (reply,) = replies
        return reply

    def call(self, method: str, path: str, query: str = "") -> Reply:
        return self.send(method, path, self.signed(query))

    def get(self, path: str, query: str = "") -> Any:
        reply = self.call("GET", path, query)
        assert reply.status == 200, reply.json
        return reply.json

    def order(self, query: str = "", **fields: str) -> Reply:
        """Places an order, by default a limit buy of 1 SOL at 100."""
        given = {"symbol": "SOLUSDT", "side": "BUY", "type": "LIMIT", "quantity": "1", "price": "100", **fields}
        return self.call("POST", "order", "&".join(f"{name}={value}" for name, value in given.items() if value))

    def state(self, order_id: str) -> Any:
        return self.get("order", f"symbol=SOLUSDT&orderId={order_id}")

    def listen_key(self) -> str:
        return str(self.call("POST", "userDataStream").json["listenKey"])

    def socket(self, *names: str, listen_key: str | None = None) -> tuple[Session, Link]:
        """Opens a socket with a listen key ("" for none, None for a new one), and subscribes."""
        key = self.listen_key() if listen_key is None else listen_key
        link = Link()
        handshake = HttpRequest(method="GET", path="/ws", query=f"listenKey={key}" if key else "")
        session = self.venue.exchange.open_socket(handshake, link)
        assert session is not None
        if names:
            session.receive(json.dumps({"method": "SUBSCRIPTION", "params": names}))
        return session, link
