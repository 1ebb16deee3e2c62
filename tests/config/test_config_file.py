"""A configuration is either read whole or refused with file, key, value and what is allowed."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.account.settings import AccountSettings
from actors.journal import Durability, JournalSettings
from config import Config, load_config, parse_config
from messages.errors import ConfigurationError
from messages.symbol import Symbol

ROOT = Path(__file__).parents[2]
EMBEDDED = """
[embedded]
seed = 3

[[accounts]]
name = "alpha"
"""
LIVE = """
[[venues]]
name = "gateio"

[[accounts]]
name = "main"
venue = "gateio"
key_env = "MAIN_KEY"
secret_env = "MAIN_SECRET"
"""
QUOTER = """
[[strategies]]
kind = "quoter"
name = "q"
account = "alpha"
symbol = "SOL/USDT"
quantity = 0.1
half_spread_bps = 3
requote_bps = 2
max_inventory = 1
"""


def read(text: str) -> Config:
    return parse_config(text, "t.toml", folder=Path("/etc/teller"))


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return str(caught.value)


def problems_of(text: str) -> list[str]:
    """None for a good file."""
    try:
        read(text)
    except ConfigurationError as error:
        return str(error).splitlines()
    return []


# -- what is accepted --------------------------------------------------------------------------------------------------


def test_the_demo_runs_two_accounts_with_a_quoter_each_on_the_embedded_exchange() -> None:
    config = load_config(ROOT / "config" / "demo.toml")
    assert config.embedded is not None
    assert [account.name for account in config.accounts] == ["alpha", "beta"]
    assert {strategy.account for strategy in config.strategies} == {"alpha", "beta"}
    assert len({strategy.settings.symbol for strategy in config.strategies}) == 2


def test_the_live_example_names_real_hosts_and_takes_secrets_from_the_environment() -> None:
    config = load_config(ROOT / "config" / "live.example.toml")
    assert config.embedded is None
    assert config.venues[0].rest == "https://api.gateio.ws/api/v4"
    assert config.venues[0].ws == "wss://api.gateio.ws/ws/v4/"
    assert all(account.key_env and account.secret_env for account in config.accounts)
    assert not any(account.settings.allow_withdrawals for account in config.accounts)


def test_what_is_left_out_has_the_default_of_the_part_that_it_belongs_to() -> None:
    config = read(EMBEDDED)
    assert config.accounts[0].settings == AccountSettings()
    assert config.accounts[0].venue == "gateio"
    assert config.shutdown.cancel_open_orders is True


def test_numbers_of_money_are_exact_r11() -> None:
    settings = read(EMBEDDED + QUOTER.replace("0.1", "0.10000000000000000001")).strategies[0].settings
    assert settings.quantity == Decimal("0.10000000000000000001")
    assert type(settings.half_spread_bps) is Decimal


def test_symbols_of_an_account_are_those_of_its_strategies() -> None:
    config = read(EMBEDDED + QUOTER + QUOTER.replace('"q"', '"q2"'))
    assert config.symbols_of("alpha") == (Symbol("SOL", "USDT"),)


def test_nested_settings_are_read() -> None:
    config = read(EMBEDDED + "[connection]\ncheck_every_s = 3\n[connection.backoff]\nfirst_s = 0.5\n")
    assert config.connection.check_every_s == 3
    assert config.connection.backoff.first_s == 0.5


def test_the_journal_of_real_venues_is_on_and_beside_the_file() -> None:
    config = read(LIVE)
    assert config.journal.enabled
    assert config.journal_directory == Path("/etc/teller/journal")
    assert config.journal.settings.durability is Durability.PROCESS_CRASH


def test_the_journal_of_the_embedded_exchange_is_temporary_unless_a_directory_is_given() -> None:
    assert read(EMBEDDED).journal_directory is None
    assert read(EMBEDDED + '[journal]\ndirectory = "here"\n').journal_directory == Path("/etc/teller/here")
    assert read(EMBEDDED + '[journal]\ndirectory = "/var/j"\n').journal_directory == Path("/var/j")


def test_every_setting_of_the_journal_can_be_set() -> None:
    text = (
        '[journal]\nenabled = false\ndirectory = "/var/j"\ndurability = "power_loss"\nkeep_finished_orders = 10\n'
        "keep_fills = 20\nkeep_settled_intents = 30\nlinger_s = 0.5\nbacklog_limit = 7\n"
    )
    journal = read(LIVE + text).journal
    assert (journal.enabled, journal.directory) == (False, "/var/j")
    assert journal.settings == JournalSettings(
        durability=Durability.POWER_LOSS,
        keep_finished_orders=10,
        keep_fills=20,
        keep_settled_intents=30,
        linger_s=0.5,
        backlog_limit=7,
    )


def test_the_dead_mans_switch_is_a_setting_of_the_account() -> None:
    assert read(EMBEDDED + "dead_mans_switch_s = 30\n").accounts[0].settings.dead_mans_switch_s == 30


def test_a_path_in_the_file_is_relative_to_the_file() -> None:
    text = 'secrets_file = "s.toml"\n[[venues]]\nname = "gateio"\n[[accounts]]\nname = "main"\nvenue = "gateio"\n'
    assert read(text).secrets_file == Path("/etc/teller/s.toml")


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read(EMBEDDED).accounts = ()  # type: ignore[misc]  # that it is refused is the point


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("a = = 1", "t.toml: is not valid TOML: Invalid value (at line 1, column 5)", id="syntax"),
        pytest.param("", "t.toml: accounts is missing: at least one [[accounts]] with a name", id="empty"),
        pytest.param(
            '[[accounts]]\nname = "a"', "t.toml: venues is missing: [[venues]] with at least a name", id="no venue"
        ),
        pytest.param("[embedded]\n", "t.toml: accounts is missing", id="no accounts"),
        pytest.param(
            EMBEDDED + "[loging]\n",
            "t.toml: loging is not known: one of seed, secrets_file, embedded, venues, accounts, strategies, "
            "connection, supervision, journal, shutdown, logging (did you mean logging?)",
            id="unknown table",
        ),
        pytest.param(
            EMBEDDED + "withdrawals = true",
            "t.toml: accounts[0].withdrawals is not known: one of executed_limit, allow_withdrawals, ",
            id="unknown key",
        ),
        pytest.param(
            EMBEDDED.replace("seed", "sede"),
            "t.toml: embedded.sede is not known: one of seed, rest_latency_ms, push_latency_ms, log_file "
            "(did you mean seed?)",
            id="misspelt key",
        ),
        pytest.param(
            EMBEDDED.replace("3", '"three"'),
            't.toml: embedded.seed = "three" is not allowed: a whole number',
            id="text",
        ),
        pytest.param(EMBEDDED.replace("3", "true"), "embedded.seed = true is not allowed: a whole number", id="bool"),
        pytest.param(
            EMBEDDED.replace("seed = 3", "rest_latency_ms = -1"),
            "t.toml: embedded.rest_latency_ms = -1.0 is not allowed: 0 to 60000 milliseconds",
            id="out of range",
        ),
        pytest.param("embedded = 3\n", "t.toml: embedded = 3 is not allowed: a table: [embedded]", id="not a table"),
        pytest.param(
            '[accounts]\nname = "a"',
            "accounts = a table is not allowed: a list of tables: [[accounts]]",
            id="not a list",
        ),
        pytest.param(
            EMBEDDED.replace('"alpha"', '""'),
            't.toml: accounts[0].name = "" is not allowed: text in quotes that is not empty',
            id="empty text",
        ),
        pytest.param(
            EMBEDDED.replace("alpha", "Alpha One"),
            't.toml: accounts[0].name = "Alpha One" is not allowed: 1 to 32 of a-z 0-9 _ -',
            id="bad name",
        ),
        pytest.param(
            EMBEDDED.replace('name = "alpha"', ""), "accounts[0].name is missing: text in quotes", id="missing name"
        ),
        pytest.param(
            EMBEDDED + '[[accounts]]\nname = "alpha"',
            't.toml: accounts[1].name = "alpha" is not allowed: a name that no other of them has',
            id="account twice",
        ),
        pytest.param(
            EMBEDDED + QUOTER + QUOTER,
            't.toml: strategies[1].name = "q" is not allowed: a name that no other of them has',
            id="strategy twice",
        ),
        pytest.param(
            LIVE + '[[venues]]\nname = "gateio"',
            't.toml: venues[1].name = "gateio" is not allowed: a name that no other of them has',
            id="venue twice",
        ),
        pytest.param(
            LIVE.replace('venue = "gateio"', 'venue = "gatoi"'),
            't.toml: accounts[0].venue = "gatoi" is not allowed: one of gateio (did you mean gateio?)',
            id="unknown venue",
        ),
        pytest.param(
            LIVE.replace('venue = "gateio"', ""),
            "t.toml: accounts[0].venue is missing: text in quotes",
            id="no venue named",
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace('"alpha"', '"alfa"'),
            't.toml: strategies[0].account = "alfa" is not allowed: one of alpha (did you mean alpha?)',
            id="unknown account",
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace("quoter", "qouter"),
            't.toml: strategies[0].kind = "qouter" is not allowed: one of quoter (did you mean quoter?)',
            id="unknown strategy",
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace("SOL/USDT", "SOL-USDT"),
            't.toml: strategies[0].symbol = "SOL-USDT" is not allowed: BASE/QUOTE, for example SOL/USDT',
            id="bad symbol",
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace("SOL/USDT", "S OL/USDT"),
            't.toml: strategies[0].symbol = "S OL/USDT" is not allowed: ',
            id="symbol with a space",
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace("0.1", '"0.1"'),
            't.toml: strategies[0].quantity = "0.1" is not allowed: a number, such as 0.25',
            id="number in quotes",
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace("0.1", "nan"),
            "t.toml: strategies[0].quantity = NaN is not allowed: a finite Decimal",
            id="not a number",
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace("0.1", "0"), "strategies[0].quantity = 0 is not allowed: above zero", id="zero"
        ),
        pytest.param(
            EMBEDDED + QUOTER.replace("requote_bps = 2", ""),
            "t.toml: strategies[0].requote_bps is missing: a number, such as 0.25",
            id="missing number",
        ),
        pytest.param(
            EMBEDDED + "[connection.backoff]\nfirst_s = 60",
            "t.toml: connection.backoff.first_s = 60.0 is not allowed: above 0 and at most max_s = 30.0",
            id="nested",
        ),
        pytest.param(
            EMBEDDED + "[connection]\ncheck_every_s = 2",
            "t.toml: connection.check_every_s = 2.0 is not allowed: 3 seconds or more",
            id="checked too often",
        ),
        pytest.param(
            EMBEDDED + "[connection.backof]\nfirst_s = 1",
            "t.toml: connection.backof is not known: one of attempt_timeout_s, check_every_s, "
            "unchecked_limit_s, confirm_refusal_s, backoff "
            "(did you mean backoff?)",
            id="nested unknown",
        ),
        pytest.param(
            EMBEDDED + '[shutdown]\ncancel_open_orders = "no"',
            't.toml: shutdown.cancel_open_orders = "no" is not allowed: true or false',
            id="not a switch",
        ),
        pytest.param(
            EMBEDDED + '[journal]\ndurability = "process_crush"',
            't.toml: journal.durability = "process_crush" is not allowed: one of process_crash, power_loss '
            "(did you mean process_crash?)",
            id="not a durability",
        ),
        pytest.param(
            EMBEDDED + "[journal]\nlinger = 1",
            "t.toml: journal.linger is not known: one of durability, keep_finished_orders, keep_fills, "
            "keep_settled_intents, linger_s, backlog_limit, enabled, directory (did you mean linger_s?)",
            id="unknown key of the journal",
        ),
        pytest.param(
            EMBEDDED + "dead_mans_switch_s = 0",
            "t.toml: accounts[0].dead_mans_switch_s = 0 is not allowed: None, or 1 second or more",
            id="no countdown",
        ),
        pytest.param(
            EMBEDDED + '[logging]\nlevel = "loud"',
            't.toml: logging.level = "loud" is not allowed: one of debug, info, warning, error',
            id="not a level",
        ),
        pytest.param(
            EMBEDDED + '[[venues]]\nname = "gateio"', "t.toml: venues and [embedded] exclude each other", id="both"
        ),
        pytest.param(
            EMBEDDED + 'key_env = "A_KEY"',
            "t.toml: accounts[0].key_env is not needed: the embedded exchange hands out its own keys",
            id="key for embedded",
        ),
        pytest.param(
            LIVE.replace('secret_env = "MAIN_SECRET"', ""),
            "t.toml: accounts[0].secret_env is missing: the name of an environment variable",
            id="half a key",
        ),
        pytest.param(
            LIVE + '[[accounts]]\nname = "two"\nvenue = "gateio"\nkey_env = "MAIN_KEY"\nsecret_env = "OTHER"',
            "t.toml: accounts[1].key_env names MAIN_KEY again: each key and each secret has its own variable",
            id="key twice",
        ),
        pytest.param(
            LIVE.replace('"gateio"\n\n', '"gateio"\nrest = "https://api.gateio.ws/api/v4"\n\n'),
            "t.toml: venues[0].ws",
            id="half an address",
        ),
        pytest.param(
            LIVE.replace('"gateio"\n\n', '"gateio"\nrest = "http://gate.example/api/v4"\nws = "ws://127.0.0.1/"\n\n'),
            't.toml: venues[0].rest = "http://gate.example/api/v4" is not allowed: https://HOST/PATH, or http:// on '
            "this machine only",
            id="plain text over the network",
        ),
    ],
)
def test_a_mistake_is_refused_with_file_key_value_and_what_is_allowed(text: str, wanted: str) -> None:
    assert wanted in refusal(text)


def test_all_mistakes_are_told_at_once_each_on_a_line() -> None:
    text = refusal(EMBEDDED + QUOTER.replace("0.1", "0") + "[logs]\n")
    assert len(text.splitlines()) == 2
    assert all(line.startswith("t.toml: ") for line in text.splitlines())


def test_a_refused_account_is_not_also_reported_as_unknown_to_its_strategies() -> None:
    text = refusal(EMBEDDED + "executed_limit = 0\n" + QUOTER)
    assert text == "t.toml: accounts[0].executed_limit = 0 is not allowed: 1 or more"


@pytest.mark.parametrize("bad", ["MISSING.toml", "."])
def test_a_file_that_cannot_be_read_says_so(bad: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read: (No such file|Is a directory)"):
        load_config(tmp_path / bad)


def test_a_file_that_is_not_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"t\.toml: is not UTF-8 text"):
        load_config(path)


def test_a_key_with_a_line_break_cannot_forge_a_line() -> None:
    assert len(refusal(EMBEDDED + '"a\\nt.toml: \\u2028b" = 1').splitlines()) == 1


# -- R12 ---------------------------------------------------------------------------------------------------------------

SECRET = "0123abcdef4567890123abcdef456789"


@pytest.mark.parametrize(
    "text",
    [
        LIVE + f'secret = "{SECRET}"',
        LIVE + f'{SECRET[:6]}key = "{SECRET}"',
        LIVE.replace("MAIN_SECRET", SECRET),
        LIVE.replace('"MAIN_KEY"', f'["{SECRET}"]'),
        LIVE.replace('"gateio"\n\n', f'"gateio"\nrest = "https://me:{SECRET}@a.example"\nws = "wss://a.example/"\n\n'),
        LIVE + f'[unknown]\nvalue = "{SECRET}"',
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_without_being_quoted_r12(text: str) -> None:
    assert SECRET not in refusal(text)


# -- any text ----------------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    ["seed", "embedded", "venues", "accounts", "strategies", "connection", "logging", "name", "venue", "symbol", "x"]
)
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.decimals(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def as_toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    if isinstance(value, Decimal) and not value.is_finite():
        return "nan" if value.is_nan() else "inf"
    if isinstance(value, Decimal):
        return f"{value:f}" if "." in f"{value:f}" else f"{value:f}.0"
    return msgspec.json.encode(value).decode().replace("\x7f", "")


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_whatever_the_values_are_the_answer_is_a_config_or_a_configuration_error(tables: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {as_toml(value)}" for key, value in tables.items())
    assert all(line.startswith("t.toml: ") for line in problems_of(text))


@given(st.text(max_size=200))
def test_whatever_the_text_is_the_answer_is_a_config_or_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^t\.toml: "):
        read(text)
