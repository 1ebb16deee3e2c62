"""Where Gate.io's USDT perpetuals are."""

from collections.abc import Mapping
from typing import Final

from exchanges.base.endpoints import Endpoints

PREFIX: Final = "/futures/usdt"
"""Of every path of these perpetuals."""
LIVE: Final = Endpoints("https://api.gateio.ws/api/v4", "wss://fx-ws.gateio.ws/v4/ws/usdt")
"""The real exchange (REST manual, hosts)."""
TESTNET: Final = Endpoints("https://api-testnet.gateapi.io/api/v4", "wss://ws-testnet.gate.com/v4/ws/futures/usdt")
"""Gate's test network (REST manual, hosts)."""
HEADERS: Final[Mapping[str, str]] = {"X-Gate-Size-Decimal": "1"}
"""Asks for sizes as texts with their decimals, in requests and handshakes: without it Gate cuts the decimals off."""
