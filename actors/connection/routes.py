"""Where news of a connection goes: to its owner, and from a venue's market data to the accounts that trade there."""

from collections.abc import Iterable, Mapping

from actors.account.messages import SyncChanged
from actors.connection.messages import PublicLinkChanged
from actors.market.messages import FeedSyncChanged
from actors.runtime import Address
from messages.enums import SyncState
from messages.events import ConnectionStatus, ConnectionStatusEvent


class AccountRoute:
    """`TellSync` of an account: its actor, and when that has gone down, whoever is told its events."""

    def __init__(self, account: Address, subscribers: Mapping[Address, None]) -> None:
        self._account = account
        self._subscribers = subscribers

    def __call__(self, sync_state: SyncState, links: ConnectionStatus, cause: str, reconnects: int, /) -> None:
        if self._account.is_bound:
            self._account.tell(SyncChanged(sync_state=sync_state, links=links, cause=cause, reconnects=reconnects))

    def went_down(self, sync_state: SyncState, cause: str) -> None:
        """The actor itself cannot say it."""
        _tell_down(self._account.name, self._subscribers, sync_state, cause)


class FeedRoute:
    """`TellSync` of a venue's market data: its actor, and the connections of the accounts that trade there, which are
    live only while it is.

    Attributes:
        is_up: whether the socket is there, as was last told.
    """

    def __init__(self, venue: str, market: Address, connections: Iterable[Address]) -> None:
        """``connections``: supervisors of the venue's accounts."""
        self._venue = venue
        self._market = market
        self._connections = tuple(connections)
        self.is_up = False

    def __call__(self, sync_state: SyncState, links: ConnectionStatus, cause: str, _reconnects: int, /) -> None:
        self._market.tell(FeedSyncChanged(sync_state, links.public_rest, links.public_ws, cause))
        self.is_up = links.public_ws
        for connection in self._connections:
            if connection.is_bound:
                connection.tell(PublicLinkChanged(links.public_ws))

    def went_down(self, subscribers: Iterable[Address], cause: str) -> None:
        """The actor itself cannot say it; ``subscribers``: to any market of the venue."""
        self(SyncState.DOWN, ConnectionStatus(), cause, 0)
        _tell_down(self._venue, subscribers, SyncState.RECOVERING, cause)


def _tell_down(name: str, subscribers: Iterable[Address], sync_state: SyncState, cause: str) -> None:
    status = ConnectionStatusEvent(name=name, sync_state=sync_state, links=ConnectionStatus(), since_ms=0, cause=cause)
    for subscriber in dict.fromkeys(subscribers):
        subscriber.tell(status)
