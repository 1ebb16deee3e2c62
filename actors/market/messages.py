"""Messages between a market actor, its supervisor and its subscribers."""

from typing import ClassVar, Protocol

import msgspec

from actors.runtime import Address
from messages.enums import SyncState
from messages.lanes import Lane
from messages.symbol import Symbol


class SubscribeBookTicker(msgspec.Struct, frozen=True):
    """Sends ``symbol``'s book tickers to ``subscriber`` from now on, newest wins, and changes of the feed's state."""

    lane: ClassVar[Lane] = Lane.CONTROL

    symbol: Symbol
    subscriber: Address


class UnsubscribeBook(msgspec.Struct, frozen=True):
    """Ends all subscriptions of ``subscriber``."""

    lane: ClassVar[Lane] = Lane.CONTROL

    subscriber: Address


class Subscribing(Protocol):
    """Adds a market to an open feed; one that the exchange refuses is told as unavailable and tried again."""

    async def add(self, symbol: Symbol) -> None: ...


class FeedOpened(msgspec.Struct, frozen=True):
    """A new public socket begins; answered with the symbols it is to carry."""

    lane: ClassVar[Lane] = Lane.CONTROL

    session_id: int
    feed: Subscribing


class MarketsUnavailable(msgspec.Struct, frozen=True):
    """The markets that connection number ``connection`` cannot carry now, each with the cause; all others it does."""

    lane: ClassVar[Lane] = Lane.CONTROL

    session_id: int
    causes: dict[Symbol, str]


class FeedSyncChanged(msgspec.Struct, frozen=True):
    """The supervisor's word on the feed."""

    lane: ClassVar[Lane] = Lane.CONTROL

    sync_state: SyncState
    rest_is_up: bool
    socket_is_up: bool
    cause: str


class GetFeed(msgspec.Struct, frozen=True):
    """Answered with `FeedStatus`."""


class FeedStatus(msgspec.Struct, frozen=True):
    """Figures of a feed."""

    venue: str
    sync_state: SyncState
    symbols: tuple[Symbol, ...]
    tickers_count: int
    unavailable: dict[Symbol, str] = {}
