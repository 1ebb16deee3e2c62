"""File descriptors: sockets and journals of many accounts are more than a shell lets a program have."""

import resource
from typing import Final

import structlog

from config import Config
from messages.errors import ConfigurationError

_log: Final = structlog.get_logger("teller.start")
_OURS: Final = 64
"""Of the program: logs, terminal, event loop, market data, the embedded exchange, and what is open for a moment."""
_OF_EACH_ACCOUNT: Final = 16
"""A socket and its successor, requests under way, and a journal with its log, index, lock and second connection: eleven
were counted, and five more where everything reconnects at once."""


def needed_descriptors(config: Config) -> int:
    """How many file descriptors a run of this configuration may have open at a time."""
    return _OURS + _OF_EACH_ACCOUNT * len(config.accounts)


def provide_descriptors(config: Config) -> None:
    """Raises the process's limit to what the run needs, as far as it may.

    Raises:
        ConfigurationError: the hard limit, which only an administrator can raise, is lower.
    """
    needed = needed_descriptors(config)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigurationError(
            f"{config.source}: {len(config.accounts)} accounts may need {needed} open files at a time, and this "
            f"process may have {hard} (its hard limit): raise that (ulimit -Hn, LimitNOFILE= of systemd), or run fewer "
            "accounts"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else needed, hard))
    _log.info("file_limit_raised", before=soft, to=resource.getrlimit(resource.RLIMIT_NOFILE)[0], needed=needed)
