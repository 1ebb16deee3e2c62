"""What a WebSocket client calls when the exchange speaks; injected by constructor, one struct for each kind of socket.

Handlers are called on the event loop, one at a time, in the order of the frames; they must return at once. An exception
in a handler is reported through ``error`` and does not stop the socket from being read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from messages.balance import Balance
from messages.errors import TellerError
from messages.market import BookTicker
from messages.order import Fill, Order


@dataclass(frozen=True, slots=True)
class PublicWebsocketHandlers:
    """Attributes:
    book_ticker: best bid and ask changed. connection: the link came up or went down, and why.
    error: a frame could not be read, or the venue reported an error outside any request.
    """

    book_ticker: Callable[[BookTicker], None]
    connection: Callable[[bool, str], None]
    error: Callable[[TellerError], None]


@dataclass(frozen=True, slots=True)
class PrivateWebsocketHandlers:
    """Attributes:
    order: what the exchange says of one order. balance: currencies that changed, each as it is now.
    execution: one fill. connection: the link came up or went down, and why. error: as for the public socket.
    """

    order: Callable[[Order], None]
    balance: Callable[[tuple[Balance, ...]], None]
    execution: Callable[[Fill], None]
    connection: Callable[[bool, str], None]
    error: Callable[[TellerError], None]
