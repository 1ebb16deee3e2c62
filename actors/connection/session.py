"""What a connection supervisor asks of a session, the same for accounts and for market data."""

from collections.abc import Callable
from typing import Protocol

from messages.enums import SyncState
from messages.events import ConnectionStatus


class Session(Protocol):
    """One connection of an owner (account or market actor), from opening to closing; never reopened.

    A session tells its owner everything itself: events as they come, the snapshot when it is loaded.
    """

    async def open(self) -> None:
        """Creates the clients, connects, and subscribes (R7: before anything is loaded)."""
        ...

    async def load(self) -> None:
        """Loads the snapshot in parallel and returns when the owner has joined it. May be called again at any time."""
        ...

    async def check(self) -> None:
        """Asks the exchange by each REST link and holds what it says against what the socket has told.

        Raises:
            ConnectionFailedError: a link does not answer, or the socket has kept something from us.
            ListChangedError: a list could not be read whole, and nothing is known of it.
            VenueRefusedError, LocalRefusalError: what had to be asked was refused: nothing is known of it.
        """
        ...

    def doubt_facts(self) -> bool:
        """What it keeps of the venue may be out of date: True where the next check, made now, would read it anew."""
        ...

    async def close(self) -> None:
        """Closes what `open` opened; no event reaches the owner after it has returned. Never raises."""
        ...

    def links(self) -> ConnectionStatus:
        """Which links are up."""
        ...

    def answers_count(self) -> int:
        """How many answers its loading has got so far: one that goes on getting them is not given up."""
        ...

    def is_open(self) -> bool:
        """Whether its socket is open and subscribed, so that loading is all that it takes to be live again."""
        ...


class SessionFactory(Protocol):
    """Makes session number ``connection``, which calls ``lost`` once when a link of it breaks."""

    def next_number(self) -> int:
        """A number that no earlier session had, also not one of an earlier supervisor."""
        ...

    def __call__(self, session_id: int, lost: Callable[[str], None]) -> Session: ...


class TellSync(Protocol):
    """Tells the owner how far it can be believed."""

    def __call__(self, sync_state: SyncState, links: ConnectionStatus, cause: str, reconnects: int, /) -> None: ...
