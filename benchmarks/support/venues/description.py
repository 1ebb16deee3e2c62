"""How one venue's order frames are written, read by us, read at the least, and read by ccxt.pro."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.support.frames import Write
from exchanges.base.handlers import PrivateWebsocketHandlers
from messages.symbol import Symbol

Feed = Callable[[bytes], None]


@dataclass(frozen=True)
class OrderStream:
    """One venue's private socket, as far as it tells of orders.

    Attributes:
        venue: its kind, as in `exchanges.registry`. write: makes frames as the venue sends them.
        make_feed: our decoder, of an account that trades these markets; what it reads goes to the handlers.
        floor: the least that anybody has to do with a frame to know what is in it.
        connect_ccxt: ccxt.pro's exchange as after its handshake; what its socket's reader calls with a frame.
        floor_at_most: the target for our time by the floor's. ccxt_at_least: for ccxt.pro's time by ours.
    """

    venue: str
    write: Write
    make_feed: Callable[[PrivateWebsocketHandlers, Iterable[Symbol]], Feed]
    floor: Callable[[bytes], object]
    connect_ccxt: Callable[[Iterable[Symbol]], tuple[Any, Feed]]
    floor_at_most: float
    ccxt_at_least: float


def ccxt_exchange(kind: str, markets: Iterable[dict[str, object]], **options: object) -> Any:
    """ccxt.pro's exchange of this name, with its markets set by hand."""
    settings = {"apiKey": "key", "secret": "secret", "options": options}
    exchange = getattr(importlib.import_module("ccxt.pro"), kind)(settings)
    exchange.set_markets(list(markets))
    return exchange


def ccxt_connected(exchange: Any, url: str, channel: str) -> Feed:
    """Connected and subscribed but for the socket; returns what its socket's reader calls with each frame."""
    client = exchange.client(url)
    client.connected.resolve(url)
    client.subscriptions[channel] = True
    feed: Feed = client.handle_text_or_binary_message
    return feed


def ccxt_market(symbol: Symbol, name: str) -> dict[str, object]:
    """A spot market as ccxt keeps it. ``name``: the venue's word for it."""
    base, quote = symbol.base, symbol.quote
    return {
        "id": name, "symbol": str(symbol), "base": base, "quote": quote, "baseId": base, "quoteId": quote,
        "type": "spot", "spot": True, "margin": False, "swap": False, "future": False, "option": False,
        "contract": False, "active": True, "precision": {"amount": 0.001, "price": 0.01}, "limits": {},
    }  # fmt: skip
