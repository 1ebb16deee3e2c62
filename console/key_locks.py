"""One program of a user trades with an API key, from whatever folder and with whatever file it was started.

Two programs with one key would each take the other's orders for somebody else's, share one allowance of requests, and
answer to kill switches of their own.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from actors.journal import HeldElsewhereError, ProcessLock
from config import Config
from exchanges.base.credentials import Credentials
from messages.errors import ConfigurationError


@contextmanager
def hold_keys(config: Config, credentials: Mapping[str, Credentials], home: Path) -> Iterator[None]:
    """Holds the key of every account while the ``with`` lasts, by locks that end with the process.

    ``home``: the user's; the locks are in a folder of theirs there, under digests that tell nothing of the keys.

    Raises:
        ConfigurationError: another program of the user has one of the keys, or there is no place for the locks.
    """
    folder = home / ".local" / "state" / "teller" / "keys"
    venues = {venue.name: venue.rest or venue.name for venue in config.venues}
    with ExitStack() as stack:
        for account in config.accounts:
            path = folder / _digest(venues[account.venue], credentials[account.name].reveal_key())
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                lock = ProcessLock(path)
            except HeldElsewhereError as error:
                raise ConfigurationError(
                    f"{config.source}: the API key of account {account.name!r} is in use by {error.holder}: one "
                    "program at a time may trade with a key; end that one first, or use another key"
                ) from error
            except OSError as error:
                raise ConfigurationError(
                    f"{config.source}: the API key of account {account.name!r} cannot be locked in {folder}: "
                    f"{error.strerror}"
                ) from error
            stack.callback(lock.release)
        yield


def _digest(venue: str, key: str) -> str:
    """Keys are long and random, so nobody finds one by trying."""
    return hashlib.sha256(f"{venue}\n{key}".encode()).hexdigest()
