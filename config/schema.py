"""What can be set. The keys of the file are the names of these fields; `config/live.example.toml` explains each.

How accounts, connections and strategies behave is described where that behaviour lives; a setting that is added there
can be set in the file at once.
"""

import re
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from actors.account.settings import AccountSettings
from actors.connection.settings import SupervisorSettings
from actors.journal import JournalSettings
from actors.strategy.quoter import QuoterSettings
from actors.supervision.plans import RestartSettings
from exchanges.registry import FIRST_KIND, VENUE_KINDS
from messages.errors import InvalidValueError, one_of
from messages.symbol import Symbol

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_THIS_MACHINE: Final = {"127.0.0.1", "::1", "localhost"}


class EmbeddedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange of our own, run as a child process with one account for each of ours.

    Attributes:
        seed: decides its market. rest_latency_ms: of a request and its answer. push_latency_ms: of each socket frame.
        log_file: where it writes its log, relative to the working directory.
    """

    seed: int = 1
    rest_latency_ms: float = 0.0
    push_latency_ms: float = 0.0
    log_file: str = "exchange.log"

    def __post_init__(self) -> None:
        for name in ("rest_latency_ms", "push_latency_ms"):
            if not 0 <= getattr(self, name) <= 60_000:
                raise InvalidValueError(name, getattr(self, name), "0 to 60000 milliseconds")


class VenueConfig(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange out there.

    Attributes:
        name: how accounts refer to it. kind: which protocol it speaks.
        rest, ws: its addresses; both or neither, and then those of the real exchange.
    """

    name: str
    kind: str = FIRST_KIND
    rest: str | None = None
    ws: str | None = None

    def __post_init__(self) -> None:
        require_name("name", self.name)
        if self.kind not in VENUE_KINDS:
            raise InvalidValueError("kind", self.kind, one_of(VENUE_KINDS))
        _require_address("rest", self.rest, "http")
        _require_address("ws", self.ws, "ws")
        if (self.rest is None) is not (self.ws is None):
            missing = "rest" if self.rest is None else "ws"
            raise InvalidValueError(missing, "", "given together with the other address: one without the other is half")


class AccountConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One account.

    Attributes:
        venue: the name of one of the venues. key_env, secret_env: environment variables that hold key and secret.
        settings: how it behaves; in the file these keys stand beside the others.
    """

    name: str
    venue: str
    key_env: str | None = None
    secret_env: str | None = None
    settings: AccountSettings = AccountSettings()

    def __post_init__(self) -> None:
        require_name("name", self.name)
        for field in ("key_env", "secret_env"):
            value = getattr(self, field)
            if value is not None and _VARIABLE.fullmatch(value) is None:
                raise InvalidValueError(
                    field, value, "the NAME of an environment variable (A-Z 0-9 _), never the key or secret itself"
                )


class StrategyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy; in the file the keys of ``settings`` stand beside the others."""

    name: str
    account: str
    kind: Literal["quoter"]
    settings: QuoterSettings


class JournalConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where accounts keep what they are about to do and what they heard.

    Attributes:
        enabled: without a journal nothing is known of an earlier life of the program. directory: relative to the
            configuration's folder; one file for each account in it.
        settings: how they are kept; in the file these keys stand beside the others.
    """

    enabled: bool = True
    directory: str | None = None
    settings: JournalSettings = JournalSettings()


class ShutdownConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    cancel_open_orders: cancel every open order of every account at the end, also those that were placed elsewhere.
    patience_s: how long the exchange may take to confirm that.
    """

    cancel_open_orders: bool = True
    patience_s: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.patience_s <= 600:
            raise InvalidValueError("patience_s", self.patience_s, "above 0 and at most 600 seconds")


class LoggingConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    level: the least that is logged. format: key=value for people, or JSON lines.
    file: instead of stderr; while the live view has the terminal the log goes to a file in any case.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    file: str | None = None


class ConnectionConfig(SupervisorSettings, frozen=True, kw_only=True):
    """`SupervisorSettings`; a check tells a deaf socket by news older than two seconds, so it comes less often."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.check_every_s < 3:
            raise InvalidValueError("check_every_s", self.check_every_s, "3 seconds or more")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file, checked.

    Attributes:
        source: the file's name, for texts. folder: where it is. seed: of everything that is random in here; None for a
            new one each time.
        secrets_file: absolute or relative to the working directory. embedded: None when ``venues`` are used.
    """

    source: str
    folder: Path
    accounts: tuple[AccountConfig, ...]
    venues: tuple[VenueConfig, ...] = ()
    strategies: tuple[StrategyConfig, ...] = ()
    embedded: EmbeddedConfig | None = None
    seed: int | None = None
    secrets_file: Path | None = None
    connection: ConnectionConfig = ConnectionConfig()
    supervision: RestartSettings = RestartSettings()
    journal: JournalConfig = JournalConfig()
    shutdown: ShutdownConfig = ShutdownConfig()
    logging: LoggingConfig = LoggingConfig()

    @property
    def journal_directory(self) -> Path | None:
        """Where the journals are, from whatever folder the program is run; None for the embedded exchange unless the
        file says where: its books begin anew each time, so what an earlier run did is of no use to the next."""
        if self.journal.directory is not None:
            return self.folder / Path(self.journal.directory).expanduser()
        return self.folder / "journal" if self.embedded is None else None

    def symbols_of(self, account: str) -> tuple[Symbol, ...]:
        """The markets that the strategies of ``account`` trade."""
        return tuple(dict.fromkeys(s.settings.symbol for s in self.strategies if s.account == account))


def require_name(field: str, value: str) -> None:
    """Refuses names that do not fit file names, logs and every exchange."""
    if _NAME.fullmatch(value) is None:
        raise InvalidValueError(field, value, "1 to 32 of a-z 0-9 _ -, beginning with a letter")


def _require_address(field: str, value: str | None, scheme: str) -> None:
    """Plain text only inside this machine: the key travels in a header."""
    if value is None:
        return
    allowed = f"{scheme}s://HOST/PATH, or {scheme}:// on this machine only, without a name or password in it"
    try:
        parts = urlsplit(value)
        is_local = parts.hostname in _THIS_MACHINE
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise InvalidValueError(field, value, allowed) from None
    if not parts.hostname or not has_port or "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidValueError(field, "(not shown)" if "@" in value else value, allowed)
    if parts.scheme != f"{scheme}s" and not (parts.scheme == scheme and is_local):
        raise InvalidValueError(field, value, allowed)
    if field == "rest" and value.endswith("/"):
        raise InvalidValueError(field, value, "without a slash at the end")
