"""The market actor of a venue: fans book tickers out, newest wins for each subscriber."""

from typing import Final

import msgspec
import structlog

from actors.market.messages import (
    FeedOpened,
    FeedStatus,
    FeedSyncChanged,
    GetFeed,
    MarketsUnavailable,
    SubscribeBookTicker,
    Subscribing,
    UnsubscribeBook,
)
from actors.runtime import Address, LoopActor, handles
from messages.enums import SyncState
from messages.events import ConnectionStatus, ConnectionStatusEvent
from messages.market import BookTicker
from messages.symbol import Symbol

_log: Final = structlog.get_logger("teller.market")


class MarketActor(LoopActor):
    """Market data of one venue.

    A subscriber that is slower than the market finds one ticker for each symbol in its mailbox: the newest.
    """

    def __init__(
        self, *, venue: str, symbols: tuple[Symbol, ...], subscribers: dict[Symbol, dict[Address, None]]
    ) -> None:
        """``symbols``: carried from the start; others are added when somebody subscribes to them.
        ``subscribers``: by symbol; given by whoever restarts the actor, so that it outlives it."""
        super().__init__()
        self.name = f"{venue}:market"
        self._venue = venue
        self._symbols: dict[Symbol, None] = dict.fromkeys([*symbols, *subscribers])
        self._subscribers = subscribers
        self._latest: dict[Symbol, BookTicker] = {}
        self._feed: Subscribing | None = None
        self._session_id = 0
        self._sync_state = SyncState.DOWN
        self._status = ConnectionStatusEvent(
            name=venue, sync_state=SyncState.DOWN, links=ConnectionStatus(), since_ms=0
        )
        self._tickers_count = 0

    @handles(BookTicker)
    def _book_ticker(self, ticker: BookTicker) -> None:
        symbol = ticker.symbol
        known = self._latest.get(symbol)
        if known is not None and ticker.update_id < known.update_id:
            return
        self._latest[symbol] = ticker
        self._tickers_count += 1
        for subscriber in self._subscribers.get(symbol, ()):
            subscriber.tell_latest(symbol, ticker)

    @handles(SubscribeBookTicker)
    def _subscribe(self, message: SubscribeBookTicker) -> ConnectionStatusEvent:
        symbol = message.symbol
        self._subscribers.setdefault(symbol, {})[message.subscriber] = None
        if symbol not in self._symbols:
            self._symbols[symbol] = None
            if self._feed is not None:
                self.spawn(self._feed.add(symbol), f"{self.name}:subscribe")
        ticker = self._latest.get(symbol)
        if ticker is not None and self._status.is_live_for(symbol):
            message.subscriber.tell_latest(symbol, ticker)
        return self._status

    @handles(UnsubscribeBook)
    def _unsubscribe(self, message: UnsubscribeBook) -> None:
        for subscribers in self._subscribers.values():
            subscribers.pop(message.subscriber, None)

    @handles(FeedOpened)
    def _opened(self, message: FeedOpened) -> tuple[Symbol, ...]:
        self._feed, self._session_id = message.feed, message.session_id
        # Update ids of another server session need not go on where the old one stopped.
        self._latest.clear()
        return tuple(self._symbols)

    @handles(MarketsUnavailable)
    def _markets_unavailable(self, message: MarketsUnavailable) -> None:
        """Told once for each change, to all subscribers, with the feed's status."""
        before, causes = self._status.unknown_markets, message.causes
        if message.session_id != self._session_id or causes == before:
            return
        for symbol in causes.keys() - before.keys():
            self._latest.pop(symbol, None)
            _log.warning("market_unknown", feed=self._venue, symbol=str(symbol), cause=causes[symbol])
        for symbol in before.keys() - causes.keys():
            _log.info("market_known_again", feed=self._venue, symbol=str(symbol))
        self._tell_status(msgspec.structs.replace(self._status, unknown_markets=dict(causes)))

    @handles(FeedSyncChanged)
    def _sync_changed(self, message: FeedSyncChanged) -> None:
        self._sync_state = message.sync_state
        if not message.socket_is_up:
            self._feed = None
        self._tell_status(
            ConnectionStatusEvent(
                name=self._venue,
                sync_state=message.sync_state,
                links=ConnectionStatus(public_rest=message.rest_is_up, public_ws=message.socket_is_up),
                since_ms=0,
                cause=message.cause,
                unknown_markets=self._status.unknown_markets,
            )
        )

    def _tell_status(self, status: ConnectionStatusEvent) -> None:
        self._status = status
        for subscriber in {s: None for subscribers in self._subscribers.values() for s in subscribers}:
            subscriber.tell(self._status)

    @handles(GetFeed)
    def _get_feed(self, _: GetFeed) -> FeedStatus:
        return FeedStatus(
            self._venue,
            self._sync_state,
            tuple(self._symbols),
            self._tickers_count,
            self._status.unknown_markets,
        )
