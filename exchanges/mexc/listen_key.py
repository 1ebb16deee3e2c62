"""The key by which private sockets of one account are opened (docs/venues/mexc.md, listen key).

It is made by REST, good for an hour, and prolonged by REST. There may be 60 for an account, so one is made for all of
its sockets, prolonged while any of them is open, looked at again after a socket was lost, replaced and deleted after a
socket could not be opened with it, and deleted when the last one is closed in order. Whoever knows it can listen: it is
never logged.
"""

import asyncio
from typing import Final

import structlog

from exchanges.base.environment import Environment
from exchanges.base.json_reader import Reader
from exchanges.base.lasting_connection import Ending
from exchanges.mexc import limits, wire
from exchanges.mexc.rest import MexcRest
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, UnknownOutcomeError, VenueRefusedError

logger = structlog.get_logger(__name__)

_PATH: Final = "/userDataStream"
_RENEW_EVERY_S: Final = 25 * 60.0
_GOOD_FOR_S: Final = 55 * 60.0
"""Of an hour, from when it was made or prolonged last: after that it counts as dead."""
_RETRY_S: Final = 60.0
_DELETE_PATIENCE_S: Final = 2.0
"""So long an orderly end waits for the key to be deleted; without an answer it ends by itself within the hour."""
_COST: Final = limits.query(1)
_WORTH_ANOTHER_TRY: Final = frozenset({RefusalReason.RATE_LIMIT, RefusalReason.CLOCK, RefusalReason.OVERLOADED})

_read_created: Final = Reader[wire.Created](wire.Created).read
_read_listed: Final = Reader[wire.Listed](wire.Listed).read


class _Key:
    """One key as far as we know it. Seconds are monotonic.

    Attributes:
        good_until_s: it was prolonged so that it is good until then. is_doubtful: to be prolonged before it is used
            again. is_made: by us; one that was there may be another program's, and is not deleted. sockets: that use
            it. dead: set when it is good no more.
    """

    __slots__ = ("dead", "good_until_s", "is_doubtful", "is_made", "keeper", "sockets", "text")

    def __init__(self, text: str, good_until_s: float, *, is_made: bool) -> None:
        self.text = text
        self.good_until_s = good_until_s
        self.is_made = is_made
        self.is_doubtful = False
        self.sockets = 0
        self.dead = asyncio.Event()
        self.keeper: asyncio.Task[None] | None = None


class ListenKeys:
    """The listen key of one account; made once for it, and handed to its sockets."""

    def __init__(self, environment: Environment, rest: MexcRest) -> None:
        """``rest``: of the account."""
        self._environment = environment
        self._clock = environment.clock
        self._rest = rest
        self._lock = asyncio.Lock()
        self._current: _Key | None = None
        self._keys: dict[str, _Key] = {}
        self._discarded: dict[str, None] = {}

    async def acquire(self) -> str:
        """A key for one socket, to be given back by `release`.

        Raises:
            VenueRefusedError: the API key is not accepted, or no listen key can be had.
            ConnectionFailedError: no usable answer.
        """
        async with self._lock:
            try:
                key = await self._usable()
            except UnknownOutcomeError as error:
                raise ConnectionFailedError(f"no listen key: {error}") from error
            key.sockets += 1
            if key.keeper is None or key.keeper.done():
                key.keeper = self._environment.spawn(self._keep_alive(key), "mexc.listen_key")
            return key.text

    async def until_dead(self, text: str) -> None:
        """Returns when a socket of that key has to be replaced."""
        key = self._keys.get(text)
        if key is not None:
            await key.dead.wait()

    async def release(self, text: str, ending: Ending) -> None:
        """A socket of that key has ended. Never raises a `TellerError`."""
        key = self._keys.get(text)
        if key is None:
            return
        key.sockets -= 1
        if ending is Ending.LOST:
            key.is_doubtful = True  # the key may be why
        elif ending is Ending.NOT_OPENED:
            self._declare_dead(key)
        if key.sockets:
            return
        if key.keeper is not None:
            key.keeper.cancel()
            key.keeper = None
        if ending is Ending.LOST:
            return
        self._forget(key)
        if ending is Ending.NOT_OPENED and key.is_made:
            self._discarded[key.text] = None  # to be deleted when there is another, and not before
        elif key.is_made:
            deleting = self._environment.spawn(self._delete(key.text), "mexc.listen_key.delete")
            await asyncio.wait([deleting], timeout=_DELETE_PATIENCE_S)

    async def _usable(self) -> _Key:
        """The key that there is, where it is good, else another."""
        key = self._current
        is_doubtful = key is not None and (key.is_doubtful or self._clock.monotonic_s() >= key.good_until_s)
        if key is not None and is_doubtful and not await self._prolong(key):
            self._declare_dead(key)
            key = None
        if key is None:
            made = await self._obtain()
            made.is_made |= made.text in self._discarded
            self._delete_discarded(made.text)
            key = self._keys.setdefault(made.text, made)  # the exchange may hand out the same again
            if key is not made:
                key.good_until_s, key.is_doubtful, key.dead = made.good_until_s, False, asyncio.Event()
            self._current = key
        return key

    async def _obtain(self) -> _Key:
        """A new key, or one that the account has already: it may have no more, or a lost answer has made one."""
        asked_s = self._clock.monotonic_s()
        try:
            created = await self._rest.change("create_listen_key", "POST", _PATH, _read_created, cost=_COST)
        except (VenueRefusedError, UnknownOutcomeError) as error:
            if isinstance(error, VenueRefusedError) and (error.is_hopeless or error.reason in _WORTH_ANOTHER_TRY):
                raise
            return await self._reuse(error)
        return _Key(created.key, asked_s + _GOOD_FOR_S, is_made=True)

    async def _reuse(self, problem: TellerError) -> _Key:
        """The first of the account's keys that can be prolonged; raises ``problem`` where there is none."""
        listed = await self._rest.query("list_listen_keys", _PATH, _read_listed, cost=_COST)
        logger.info("listen_key_not_made", cause=str(problem), listed=len(listed.keys))
        for text in listed.keys:
            key = _Key(text, 0.0, is_made=False)
            if await self._prolong(key):
                return key
        raise problem

    async def _prolong(self, key: _Key) -> bool:
        """False when the exchange says that it cannot be. Raises when it does not say."""
        asked_s = self._clock.monotonic_s()
        try:
            await self._rest.change(
                "prolong_listen_key",
                "PUT",
                _PATH,
                _read_created,
                cost=_COST,
                query=(("listenKey", key.text),),
                hide=(key.text,),
            )
        except VenueRefusedError as error:
            if error.is_hopeless or error.reason in _WORTH_ANOTHER_TRY:
                raise
            logger.info("listen_key_ended", label=error.label)
            return False
        key.good_until_s = asked_s + _GOOD_FOR_S
        key.is_doubtful = False
        return True

    async def _keep_alive(self, key: _Key) -> None:
        pause_s = _RENEW_EVERY_S
        while key.sockets and not key.dead.is_set():
            await self._clock.sleep(pause_s)
            try:
                if not await self._prolong(key):
                    self._declare_dead(key)
                pause_s = _RENEW_EVERY_S
            except TellerError as error:
                logger.warning("listen_key_not_prolonged", cause=str(error))
                pause_s = _RETRY_S
                if self._clock.monotonic_s() >= key.good_until_s:
                    self._declare_dead(key)

    async def _delete(self, text: str) -> None:
        try:
            await self._rest.change(
                "delete_listen_key", "DELETE", _PATH, bytes, cost=_COST, query=(("listenKey", text),), hide=(text,)
            )
        except TellerError as error:
            logger.info("listen_key_not_deleted", cause=str(error))

    def _delete_discarded(self, but: str) -> None:
        """Deletes what was replaced; ``but``: the exchange may hand out the same again."""
        self._discarded.pop(but, None)
        for text in self._discarded:
            self._environment.spawn(self._delete(text), "mexc.listen_key.delete")
        self._discarded.clear()

    def _declare_dead(self, key: _Key) -> None:
        """Its sockets are replaced, with another key."""
        key.dead.set()
        if self._current is key:
            self._current = None
        if not key.sockets:
            self._forget(key)

    def _forget(self, key: _Key) -> None:
        self._keys.pop(key.text, None)
        if self._current is key:
            self._current = None
