"""Keys and secrets: from environment variables or a separate file, never from the configuration itself (R12)."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.load import parse_toml, read_text
from config.schema import AccountConfig, Config
from config.tables import Problems, allowed_among
from exchanges.base.credentials import Credentials

_FIELDS: Final = ("key", "secret")


def load_credentials(config: Config, environ: Mapping[str, str]) -> dict[str, Credentials]:
    """Key and secret of every account, by account name.

    Raises:
        ConfigurationError: some are missing or unusable; each is a line of the text, none is quoted.
    """
    problems = Problems(config.source)
    from_file = [account.name for account in config.accounts if account.key_env is None]
    found = _from_file(config.secrets_file, from_file) if config.secrets_file is not None and from_file else {}
    for account in config.accounts:
        if account.key_env is not None:
            credentials = _from_environment(account, environ, problems)
            if credentials is not None:
                found[account.name] = credentials
    users: dict[str, str] = {}
    for name, credentials in found.items():
        other = users.setdefault(credentials.reveal_key(), name)
        if other != name:
            problems.add(f"account {name!r}", f"has the same key as {other!r}: two actors must not share an account")
    problems.raise_if_any()
    return found


def _from_environment(account: AccountConfig, environ: Mapping[str, str], problems: Problems) -> Credentials | None:
    values = []
    for variable in (account.key_env, account.secret_env):
        assert variable is not None, "the configuration has been checked"
        value = environ.get(variable, "")
        flaw = _flaw(value) if variable in environ else "is not set"
        if flaw is not None:
            problems.add(f"account {account.name!r}:", f"environment variable {variable} {flaw}")
        values.append(value)
    key, secret = values
    return None if _flaw(key) or _flaw(secret) else Credentials(key, secret)


def _from_file(path: Path, wanted: list[str]) -> dict[str, Credentials]:
    problems = Problems(str(path))
    text = read_text(path)
    if os.name == "posix" and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        problems.add("mode", f"= {mode:04o} is not allowed: others must not read it, chmod 600 {path}")
        problems.raise_if_any()
    tables = parse_toml(text, str(path))
    found: dict[str, Credentials] = {}
    for name, entry in tables.items():
        credentials = _entry(name, entry, problems)
        if credentials is not None:
            found[name] = credentials
    for name in wanted:
        if name not in tables:
            problems.add(name, f"is missing: [{name}] with key and secret; there is {', '.join(tables) or 'nothing'}")
    problems.raise_if_any()
    return {name: found[name] for name in wanted}


def _entry(name: str, entry: object, problems: Problems) -> Credentials | None:
    if not isinstance(entry, dict):
        problems.add(name, "is not a table: [NAME OF ACCOUNT] with key and secret")
        return None
    for field in _FIELDS:
        flaw = _flaw(entry[field]) if field in entry else "is missing"
        if flaw is not None:
            problems.add(f"{name}.{field}", flaw)
    for field in entry:
        if field not in _FIELDS:
            problems.add(f"{name}.{field}", f"is not known: {allowed_among(field, _FIELDS)}")
    key, secret = (entry.get(field, "") for field in _FIELDS)
    return None if _flaw(key) or _flaw(secret) else Credentials(key, secret)


def _flaw(value: object) -> str | None:
    """What is wrong with a key or a secret, without saying what it is."""
    if not isinstance(value, str):
        return "is not text in quotes"
    if not value:
        return "is empty"
    if not (value.isascii() and value.isprintable()) or " " in value:
        return "has a space, a line break or another character that no key has"
    return None
