"""Keys and secrets come from the environment or from a file that nobody else can read (R12)."""

from pathlib import Path

import pytest

from config import load_credentials, parse_config
from messages.errors import ConfigurationError

KEY, SECRET = "a" * 32, "b" * 64
BY_ENVIRONMENT = """
[[venues]]
name = "gateio"
[[accounts]]
name = "main"
venue = "gateio"
key_env = "MAIN_KEY"
secret_env = "MAIN_SECRET"
"""
BY_FILE = """
secrets_file = "secrets.toml"
[[venues]]
name = "gateio"
[[accounts]]
name = "main"
venue = "gateio"
[[accounts]]
name = "hedge"
venue = "gateio"
"""
GOOD_FILE = f'[main]\nkey = "{KEY}"\nsecret = "{SECRET}"\n[hedge]\nkey = "k2"\nsecret = "s2"\n'


def refusal(text: str, folder: Path, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_credentials(parse_config(text, "t.toml", folder=folder), environ or {})
    assert KEY not in str(caught.value)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def write(folder: Path, text: str, mode: int = 0o600) -> None:
    path = folder / "secrets.toml"
    path.write_text(text)
    path.chmod(mode)


def test_the_environment_gives_key_and_secret(tmp_path: Path) -> None:
    config = parse_config(BY_ENVIRONMENT, "t.toml", folder=tmp_path)
    found = load_credentials(config, {"MAIN_KEY": KEY, "MAIN_SECRET": SECRET})
    assert found["main"].reveal_key() == KEY
    assert found["main"].reveal_secret() == SECRET
    assert KEY not in repr(found)
    assert SECRET not in repr(found)


def test_a_file_gives_key_and_secret(tmp_path: Path) -> None:
    write(tmp_path, GOOD_FILE)
    found = load_credentials(parse_config(BY_FILE, "t.toml", folder=tmp_path), {})
    assert found["main"].reveal_secret() == SECRET
    assert found["hedge"].reveal_key() == "k2"


def test_every_missing_variable_is_named(tmp_path: Path) -> None:
    assert refusal(BY_ENVIRONMENT, tmp_path) == (
        "t.toml: account 'main': environment variable MAIN_KEY is not set\n"
        "t.toml: account 'main': environment variable MAIN_SECRET is not set"
    )


@pytest.mark.parametrize(
    ("value", "flaw"),
    [("", "is empty"), (f"{SECRET}\n", "has a space, a line break"), (f"{KEY} {SECRET}", "has a space, a line break")],
)
def test_a_variable_that_cannot_be_a_secret_is_refused(value: str, flaw: str, tmp_path: Path) -> None:
    text = refusal(BY_ENVIRONMENT, tmp_path, {"MAIN_KEY": KEY, "MAIN_SECRET": value})
    assert f"environment variable MAIN_SECRET {flaw}" in text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    write(tmp_path, GOOD_FILE, mode)
    text = refusal(BY_FILE, tmp_path)
    assert f"secrets.toml: mode = {mode:04o} is not allowed: others must not read it, chmod 600" in text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            f'[main]\nkey = "{KEY}"\nsecret = "{SECRET}"\n',
            "hedge is missing: [hedge] with key and secret; there is main",
        ),
        (GOOD_FILE.replace('key = "k2"', ""), "hedge.key is missing"),
        (GOOD_FILE.replace('"k2"', "7"), "hedge.key is not text in quotes"),
        (GOOD_FILE + f'pasword = "{SECRET}"', "hedge.pasword is not known: one of key, secret"),
        (f'main = "{SECRET}"', "main is not a table"),
        (f'[main]\nkey = "{KEY}', "is not valid TOML"),
        ("", "main is missing: [main] with key and secret; there is nothing"),
    ],
)
def test_a_bad_file_is_refused_without_being_quoted(text: str, wanted: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    assert wanted in refusal(BY_FILE, tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(BY_FILE, tmp_path) == f"{tmp_path}/secrets.toml: cannot be read: No such file or directory"


def test_two_accounts_must_not_share_a_key(tmp_path: Path) -> None:
    write(tmp_path, GOOD_FILE.replace('"k2"', f'"{KEY}"'))
    text = refusal(BY_FILE, tmp_path)
    assert text == "t.toml: account 'hedge' has the same key as 'main': two actors must not share an account"
