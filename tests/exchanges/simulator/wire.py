"""A raw client of the wire face, with its own reading of how Gate wants requests signed."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import websockets
from multidict import CIMultiDictProxy

from exchanges.simulator import HttpRequest

HANDSHAKE = HttpRequest(method="GET", path="/ws/v4/")


def hmac_hex(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


@dataclass
class Reply:
    status: int
    headers: CIMultiDictProxy[str]
    json: Any

    @property
    def label(self) -> str:
        return str(self.json["label"])


class Wire:
    """One account's view of a running exchange: signed and plain requests, and sockets."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        endpoints: dict[str, Any],
        name: str,
        now_s: Callable[[], int],
    ) -> None:
        gate = endpoints["gateio"]
        account = next(account for account in gate["accounts"] if account["name"] == name)
        self.key, self.secret = account["key"], account["secret"]
        self.rest, self.ws, self.control_url = gate["rest"], gate["ws"], endpoints["control"]
        self.now_s = now_s
        self._session = session

    def headers(self, method: str, path: str, query: str, body: bytes, timestamp: str = "") -> dict[str, str]:
        timestamp = timestamp or str(self.now_s())
        parts = (method, f"/api/v4{path}", query, hashlib.sha512(body).hexdigest(), timestamp)
        return {"KEY": self.key, "Timestamp": timestamp, "SIGN": hmac_hex(self.secret, "\n".join(parts))}

    async def call(
        self,
        method: str,
        path: str,
        query: str = "",
        body: object = None,
        *,
        signed: bool = True,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Sends a request; ``headers`` replace those of the signature where they have the same name."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        all_headers = {"Content-Type": "application/json"} if raw else {}
        if signed:
            all_headers |= self.headers(method, path, query, raw)
        all_headers |= headers or {}
        url = f"{self.rest}{path}" + (f"?{quote(query, safe='=&')}" if query else "")
        async with self._session.request(
            method,
            aiohttp.client.URL(url, encoded=True),
            data=raw or None,
            headers={name: value for name, value in all_headers.items() if value},
        ) as response:
            return Reply(response.status, response.headers, json.loads(await response.read()))

    async def get(self, path: str, query: str = "") -> Any:
        return (await self.call("GET", path, query)).json

    async def order(self, **fields: str) -> Reply:
        """Creates an order, by default a limit buy of 1 SOL at 100."""
        body = {"currency_pair": "SOL_USDT", "side": "buy", "amount": "1", "price": "100", **fields}
        return await self.call("POST", "/spot/orders", body={name: value for name, value in body.items() if value})

    async def control(self, method: str, path: str, body: object = None) -> Reply:
        async with self._session.request(method, f"{self.control_url}{path}", json=body) as response:
            return Reply(response.status, response.headers, json.loads(await response.read()))

    @asynccontextmanager
    async def socket(self) -> AsyncIterator["Socket"]:
        async with websockets.connect(self.ws, proxy=None, ping_interval=None) as connection:
            yield Socket(connection, self)


class Socket:
    """A raw WebSocket session."""

    def __init__(self, connection: websockets.ClientConnection, wire: Wire) -> None:
        self.connection = connection
        self._wire = wire

    async def send(self, frame: object) -> None:
        await self.connection.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def next(self) -> Any:
        return json.loads(await self.connection.recv())

    async def next_on(self, channel: str, event: str = "update") -> Any:
        """Returns the next frame of this channel, passing over the others."""
        while True:
            frame = await self.next()
            if (frame["channel"], frame["event"]) == (channel, event):
                return frame

    def request(self, channel: str, event: str, payload: object = None, **extra: object) -> dict[str, Any]:
        frame: dict[str, Any] = {"time": self._wire.now_s(), "channel": channel, "event": event, **extra}
        return frame if payload is None else frame | {"payload": payload}

    def signed(self, channel: str, event: str, payload: object = None, **extra: object) -> dict[str, Any]:
        frame = self.request(channel, event, payload, **extra)
        text = f"channel={channel}&event={event}&time={frame['time']}"
        auth = {"method": "api_key", "KEY": self._wire.key, "SIGN": hmac_hex(self._wire.secret, text)}
        return frame | {"auth": auth}

    async def subscribe(self, channel: str, payload: object = None, *, private: bool = False) -> Any:
        """Subscribes and returns the acknowledgement."""
        make = self.signed if private else self.request
        await self.send(make(channel, "subscribe", payload, id=7))
        return await self.next_on(channel, "subscribe")
