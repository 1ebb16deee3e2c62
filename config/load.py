"""From a TOML file to a checked `Config`."""

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec

from actors.account.settings import AccountSettings
from actors.journal import JournalSettings
from actors.strategy.quoter import QuoterSettings
from actors.supervision.plans import RestartSettings
from config.schema import (
    AccountConfig,
    Config,
    ConnectionConfig,
    EmbeddedConfig,
    JournalConfig,
    LoggingConfig,
    ShutdownConfig,
    StrategyConfig,
    VenueConfig,
    require_name,
)
from config.tables import Problems, Table, allowed_among
from exchanges.registry import FIRST_KIND, VENUE_KINDS
from messages.errors import ConfigurationError

S = TypeVar("S", bound=msgspec.Struct)
_KEY_FIELDS: Final = ("key_env", "secret_env")
_OWN_KEYS: Final = "is not needed: the embedded exchange hands out its own keys"


class _Top(msgspec.Struct, frozen=True, kw_only=True):
    """Keys before the first table."""

    seed: int | None = None
    secrets_file: str | None = None


class _StrategyHead(msgspec.Struct, frozen=True, kw_only=True):
    """What every kind of strategy has."""

    kind: Literal["quoter"]
    name: str
    account: str

    def __post_init__(self) -> None:
        require_name("name", self.name)


def load_config(path: Path) -> Config:
    """Reads and checks a file.

    Raises:
        ConfigurationError: it cannot be read, or something in it is not allowed; each problem is a line of the text.
    """
    return parse_config(read_text(path), str(path), folder=path.parent)


def parse_config(text: str, source: str, *, folder: Path) -> Config:
    """Checks the text of a file; paths in it are relative to ``folder``. Raises as `load_config`."""
    problems = Problems(source)
    top = Table(parse_toml(text, source), "", problems)
    keys = top.read(_Top) or _Top()
    embedded = _section(top, "embedded", EmbeddedConfig)
    venues, venue_names = _venues(top, problems)
    accounts, account_names = _accounts(top, venue_names, problems)
    strategies = _strategies(top, account_names, problems)
    connection = _section(top, "connection", ConnectionConfig)
    supervision = _section(top, "supervision", RestartSettings)
    journal = _journal(top)
    shutdown = _section(top, "shutdown", ShutdownConfig)
    logging = _section(top, "logging", LoggingConfig)
    top.refuse_unknown_keys()
    problems.raise_if_any()
    return Config(
        source=source,
        folder=folder.resolve(),
        seed=keys.seed,
        secrets_file=None if keys.secrets_file is None else folder / Path(keys.secrets_file).expanduser(),
        embedded=embedded,
        venues=venues,
        accounts=accounts,
        strategies=strategies,
        connection=connection or ConnectionConfig(),
        supervision=supervision or RestartSettings(),
        journal=journal or JournalConfig(),
        shutdown=shutdown or ShutdownConfig(),
        logging=logging or LoggingConfig(),
    )


def read_text(path: Path) -> str:
    """The text of a file; raises `ConfigurationError` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """TOML with numbers as `Decimal`, so that no float ever holds money (R11)."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ArithmeticError, ValueError, RecursionError) as error:
        reason = error if isinstance(error, tomllib.TOMLDecodeError) else "a value cannot be read"
        raise ConfigurationError(f"{source}: is not valid TOML: {reason}") from None


def _venues(top: Table, problems: Problems) -> tuple[tuple[VenueConfig, ...], list[str]]:
    if "embedded" in top:
        if "venues" in top:
            problems.add("venues", "and [embedded] exclude each other: trade on the embedded exchange or on real ones")
        if "secrets_file" in top:
            problems.add("secrets_file", _OWN_KEYS)
    elif "venues" not in top:
        problems.add("venues", "is missing: [[venues]] with at least a name, or an [embedded] exchange")
    names = _Names(problems)
    venues = []
    for table in top.tables("venues"):
        venue = _closed(table, VenueConfig)
        names.add(table, venue)
        if venue is not None:
            venues.append(venue)
    return tuple(venues), list(VENUE_KINDS) if "embedded" in top else names.known


def _accounts(top: Table, venues: Sequence[str], problems: Problems) -> tuple[tuple[AccountConfig, ...], list[str]]:
    if "accounts" not in top:
        problems.add("accounts", "is missing: at least one [[accounts]] with a name")
    defaults = {"venue": FIRST_KIND} if "embedded" in top else {}
    names = _Names(problems)
    variables: set[str] = set()
    accounts = []
    for table in top.tables("accounts"):
        settings = table.read(AccountSettings)
        account = table.read(AccountConfig, defaults=defaults, settings=settings or AccountSettings())
        table.refuse_unknown_keys()
        names.add(table, account)
        if account is None:
            continue
        accounts.append(account)
        if account.venue not in venues:
            problems.refuse(table.at("venue"), account.venue, allowed_among(account.venue, venues))
        _check_keys(top, table, account, problems)
        for field in _KEY_FIELDS:
            variable = getattr(account, field)
            if variable in variables:
                problems.add(table.at(field), f"names {variable} again: each key and each secret has its own variable")
            elif variable is not None:
                variables.add(variable)
    return tuple(accounts), names.known


def _check_keys(top: Table, table: Table, account: AccountConfig, problems: Problems) -> None:
    given = [field for field in _KEY_FIELDS if getattr(account, field) is not None]
    missing = [field for field in _KEY_FIELDS if field not in given]
    if "embedded" in top:
        for field in given:
            problems.add(table.at(field), _OWN_KEYS)
    elif len(given) == 1 or (missing and "secrets_file" not in top):
        for field in missing:
            problems.add(table.at(field), "is missing: the name of an environment variable, or secrets_file at the top")


def _strategies(top: Table, accounts: Sequence[str], problems: Problems) -> tuple[StrategyConfig, ...]:
    names = _Names(problems)
    strategies = []
    for table in top.tables("strategies"):
        settings = table.read(QuoterSettings)
        head = table.read(_StrategyHead)
        table.refuse_unknown_keys()
        names.add(table, head)
        if head is None:
            continue
        if head.account not in accounts:
            problems.refuse(table.at("account"), head.account, allowed_among(head.account, accounts))
        if settings is not None:
            strategies.append(StrategyConfig(name=head.name, account=head.account, kind=head.kind, settings=settings))
    return tuple(strategies)


def _journal(top: Table) -> JournalConfig | None:
    table = top.table("journal")
    if table is None:
        return None
    settings = table.read(JournalSettings)
    journal = table.read(JournalConfig, settings=settings or JournalSettings())
    table.refuse_unknown_keys()
    return journal


class _Names:
    """The names in one list of tables, each of which must be used once."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.known: list[str] = []

    def add(self, table: Table, named: VenueConfig | AccountConfig | _StrategyHead | None) -> None:
        """``named``: what was read from ``table``; None when it was refused, so that others may still refer to it."""
        name = table.peek("name") if named is None else named.name
        if not isinstance(name, str):
            return
        if name in self.known:
            self._problems.refuse(table.at("name"), name, "a name that no other of them has")
        self.known.append(name)


def _section(top: Table, key: str, kind: type[S]) -> S | None:
    table = top.table(key)
    return None if table is None else _closed(table, kind)


def _closed(table: Table, kind: type[S]) -> S | None:
    value = table.read(kind)
    table.refuse_unknown_keys()
    return value
