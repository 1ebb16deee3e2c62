"""The embedded exchange as a program of its own, and ccxt with nothing changed but its URLs."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ccxt
import pytest
import requests

ROOT = Path(__file__).parents[2]
ZONES = ("public", "private")


@dataclass(frozen=True)
class Exchange:
    """Where the exchange is, and its accounts."""

    endpoints: dict[str, Any]

    @property
    def accounts(self) -> list[dict[str, str]]:
        accounts: list[dict[str, str]] = self.endpoints["gateio"]["accounts"]
        return accounts

    @property
    def mexc(self) -> Any:
        """Where MEXC's face is, and its accounts."""
        return self.endpoints["mexc"]

    def control(self, path: str, body: object) -> Any:
        reply = requests.post(f"{self.endpoints['control']}{path}", json=body, timeout=5)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def look(self, path: str) -> Any:
        reply = requests.get(f"{self.endpoints['control']}{path}", timeout=5)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def point(self, client: Any) -> Any:
        """Sets the client's URLs, and nothing else."""
        for zone in ZONES:
            for part in client.urls["api"][zone]:
                client.urls["api"][zone][part] = self.endpoints["gateio"]["rest"]
        return client

    @property
    def futures(self) -> Any:
        """Where Gate's face of futures is, and its accounts."""
        return self.endpoints["gateio_futures"]

    def point_futures(self, client: Any) -> Any:
        """Sets the URLs of a client of contracts, and nothing else."""
        for zone in ZONES:
            for part in client.urls["api"][zone]:
                client.urls["api"][zone][part] = self.futures["rest"]
        if "swap" in client.urls["api"]:
            client.urls["api"]["swap"]["usdt"] = self.futures["ws"]
        return client

    def point_mexc(self, client: Any) -> Any:
        """Sets the URLs of a client for MEXC, and nothing else."""
        api, where = client.urls["api"], self.mexc
        api["spot"] = dict.fromkeys(ZONES, where["rest"])
        api["contract"] = {"public": f"{where['rest']}/api/v1/contract", "private": f"{where['rest']}/api/v1/private"}
        if "ws" in api:
            api["ws"]["spot"] = where["ws"]
        return client


@pytest.fixture(scope="module")
def exchange() -> Iterator[Exchange]:
    """SOL_USDT stands still at 140 and 142, the other pairs move."""
    command = [sys.executable, "-m", "exchanges.simulator", "--seed", "9", "--exit-when-stdin-closes"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            running = Exchange(json.loads(process.stdout.readline()))
            for face in ("gateio", "mexc"):
                running.control(f"/{face}/market/SOL_USDT", {"bid": "140", "ask": "142", "amount": "1000"})
            running.control("/gateio_futures/market/SOL_USDT", {"bid": "140", "ask": "142", "amount": "10000"})
            running.control("/gateio_futures/prices/SOL_USDT", {"mark": "141"})
            yield running
        finally:
            process.terminate()
            process.communicate(timeout=10)


@pytest.fixture(scope="module")
def make_client(exchange: Exchange) -> Callable[..., Any]:
    """Makes a ccxt client of the first account; options replace its credentials."""

    def make(**options: object) -> Any:
        account = exchange.accounts[0]
        return exchange.point(ccxt.gate({"apiKey": account["key"], "secret": account["secret"], **options}))

    return make
