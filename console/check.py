"""``run.py check``: looks at everything that a start needs, a line each, and never trades."""

import asyncio
import os
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, TypeVar

from actors.account.journal_recovery import KILL_SWITCH
from actors.journal import JournalError, holder_of, inspect_journal, read_state
from config import AccountConfig, Config, StrategyConfig, load_config, load_credentials
from console.assembly import build_venues, open_environment
from console.embedded import run_embedded
from console.exit_codes import ExitCode
from console.journals import journal_path
from console.kill_switch import KillSwitchFile
from console.logs import Hider
from console.output import Output
from console.signals import StopRequest, StopRequestedError
from exchanges.base.account_wide import AccountWideRest
from exchanges.base.clients import PrivateRest, PublicRest, Venue
from exchanges.base.credentials import Credentials
from exchanges.base.environment import Environment
from exchanges.base.handlers import PrivateWebsocketHandlers, PublicWebsocketHandlers
from messages.commands import OrderReference
from messages.enums import Side
from messages.errors import (
    ConfigurationError,
    ConnectionFailedError,
    InvalidValueError,
    RefusalReason,
    TellerError,
    VenueRefusedError,
)
from messages.instrument import Instrument
from messages.market import BookTicker
from messages.symbol import Symbol

T = TypeVar("T")
_WITHIN_S: Final = 15.0
_LARGEST_SKEW_MS: Final = 5000
"""Signing corrects for any difference; one this large means that the machine's clock is not looked after."""


async def check(path: Path, output: Output) -> int:
    """Prints the lines and returns the exit code of the first failure, 0 if there is none."""
    checks = _Checks(output)
    with StopRequest(output.last_words) as stop_request:
        try:
            await stop_request.unless_asked(_check_all(path, checks, output.hider))
        except StopRequestedError as error:
            output.text(f"ended by {error}; not everything was looked at")
    return checks.code


async def _check_all(path: Path, checks: "_Checks", hider: Hider) -> None:
    config = await checks.line("configuration", _configuration(path))
    if config is None:
        return
    if config.journal_directory is not None:
        for account in config.accounts:
            if config.journal.enabled:
                await checks.line(f"{account.name} journal", _journal(config.journal_directory, account.name))
            await checks.line(f"{account.name} kill switch", _kill_switch(config.journal_directory, account.name))
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(open_environment(config.seed))
        if config.embedded is None:
            embedded = None
            credentials = await checks.line("secrets", _secrets(config))
        else:
            names = [account.name for account in config.accounts]
            started = stack.enter_async_context(run_embedded(config.embedded, names))
            embedded = await checks.line("embedded exchange", _told(started, "runs as a child process"))
            if embedded is None:
                return
            credentials = embedded.credentials_of(config.accounts)
        for one in (credentials or {}).values():
            hider.learn([one.reveal_key(), one.reveal_secret()])
        venues = build_venues(config, environment, embedded)
        for name, venue in venues.items():
            await _check_venue(config, name, venue, environment, checks)
        for account in config.accounts:
            if credentials is not None:
                symbols = config.symbols_of(account.name)
                await _check_account(account, symbols, venues[account.venue], credentials[account.name], checks)


async def _check_venue(config: Config, name: str, venue: Venue, environment: Environment, checks: "_Checks") -> None:
    rest = venue.create_public_rest()
    if await checks.line(f"{name} REST", _reach(rest, environment)) is None:
        return
    await checks.line(f"{name} clock", _clock(venue, environment))
    await checks.line(f"{name} can", _capabilities(venue))
    on_venue = {account.name for account in config.accounts if account.venue == name}
    strategies = [strategy for strategy in config.strategies if strategy.account in on_venue]
    instruments = await checks.line(f"{name} markets", _markets(rest))
    listed = []
    for strategy in strategies:
        symbol = strategy.settings.symbol
        if instruments is not None and await checks.line(
            strategy.name, _strategy(strategy, instruments, rest, venue.server_now_ms())
        ):
            listed.append(symbol)
    await checks.line(f"{name} WebSocket", _public_socket(venue, sorted(set(listed))))


async def _check_account(
    account: AccountConfig, symbols: tuple[Symbol, ...], venue: Venue, credentials: Credentials, checks: "_Checks"
) -> None:
    name = account.name
    rest = venue.create_private_rest(credentials)
    await checks.line(f"{name} settings", _settings(account, venue))
    if not await checks.line(f"{name} key", _key(rest, symbols)):
        return
    if symbols:
        await checks.line(f"{name} may trade", _may_trade(rest, symbols[0]))
    await checks.line(f"{name} books", _books(rest, symbols, venue))
    await checks.line(f"{name} WebSocket", _private_socket(venue, credentials))


# -- one line each ----------------------------------------------------------------------------------------------------


async def _configuration(path: Path) -> tuple[Config, str]:
    config = load_config(path)
    return config, f"{path}: {len(config.accounts)} accounts, {len(config.strategies)} strategies"


async def _secrets(config: Config) -> tuple[Mapping[str, Credentials], str]:
    found = load_credentials(config, os.environ)
    return found, f"key and secret of {', '.join(found)}"


async def _journal(directory: Path, account: str) -> tuple[bool, str]:
    """Would a start take it? Nothing is changed."""
    path = journal_path(directory, account)
    holder = holder_of(path)
    if holder is not None:
        raise JournalError(path, f"is in use by {holder}", "one process at a time may trade an account")
    if not path.exists():
        return True, f"{path} will be made"
    found = await asyncio.to_thread(inspect_journal, path, account=account)
    return True, (
        f"{path}: {found.orders_count} orders, {found.fills_count} fills, "
        f"{found.open_intents_count} commands to be settled at the start"
    )


async def _kill_switch(directory: Path, account: str) -> tuple[bool, str]:
    path = journal_path(directory, account)
    remembered = read_state(path, KILL_SWITCH) if path.exists() else None
    reason = KillSwitchFile(directory, account).rule(remembered)
    return True, "released" if reason is None else f"ENGAGED, no orders are taken: {reason}"


async def _reach(rest: PublicRest, environment: Environment) -> tuple[bool, str]:
    await rest.server_time_ms()  # opens the connection, which is not what is timed
    began_s = environment.clock.monotonic_s()
    await rest.server_time_ms()
    return True, f"answers in {(environment.clock.monotonic_s() - began_s) * 1000:.1f} ms"


async def _clock(venue: Venue, environment: Environment) -> tuple[bool, str]:
    ahead_ms = environment.clock.now_ms() - venue.server_now_ms()
    text = f"this machine is {abs(ahead_ms)} ms {'ahead' if ahead_ms > 0 else 'behind'}"
    if abs(ahead_ms) > _LARGEST_SKEW_MS:
        raise ConfigurationError(f"{text}; at most {_LARGEST_SKEW_MS} ms: set its clock")
    return True, text


async def _capabilities(venue: Venue) -> tuple[bool, str]:
    missing = venue.capabilities.missing()
    return True, f"no {', no '.join(missing)}" if missing else "everything that this program knows of"


async def _markets(rest: PublicRest) -> tuple[Mapping[Symbol, Instrument], str]:
    instruments = await rest.load_instruments()
    return instruments, f"{len(instruments)} listed"


async def _strategy(
    strategy: StrategyConfig, instruments: Mapping[Symbol, Instrument], rest: PublicRest, now_ms: int
) -> tuple[bool, str]:
    """Would the exchange take the strategy's orders, by its rules?"""
    settings = strategy.settings
    instrument = instruments.get(settings.symbol)
    if instrument is None:
        raise InvalidValueError("symbol", str(settings.symbol), "a market that the exchange lists")
    mid = (await rest.load_book_ticker(settings.symbol)).mid
    for side in Side:
        price = None if mid is None else instrument.round_price(mid, side)
        instrument.check(side, now_ms=now_ms, quantity=settings.quantity, price=price)
    return True, f"{settings.symbol} is open; {settings.quantity} {settings.symbol.base} is a size that it takes"


async def _public_socket(venue: Venue, symbols: list[Symbol]) -> tuple[bool, str]:
    def nothing(_: BookTicker) -> None:
        """Tickers are not looked at."""

    socket = venue.create_public_ws_with_handlers(
        PublicWebsocketHandlers(book_ticker=nothing, connection=_ignore, error=_ignore_error)
    )
    try:
        await socket.connect(symbols)
    finally:
        await socket.close()
    return True, f"book tickers of {', '.join(map(str, symbols)) or 'no market'} subscribed"


async def _settings(account: AccountConfig, venue: Venue) -> tuple[bool, str]:
    account.settings.require_supported(venue.capabilities)
    return True, f"{account.venue} has all that they need"


async def _key(rest: PrivateRest, symbols: tuple[Symbol, ...]) -> tuple[bool, str]:
    found = await rest.load_key_permissions()
    if found.symbols and (excluded := [str(symbol) for symbol in symbols if symbol not in found.symbols]):
        raise ConfigurationError(
            f"it is limited to {', '.join(map(str, found.symbols))}; the strategies want {', '.join(excluded)}"
        )
    markets = ", ".join(map(str, found.symbols)) or "all markets"
    return True, f"user {found.user_id}; {markets}; from {', '.join(found.ip_whitelist) or 'any address'}"


async def _may_trade(rest: PrivateRest, symbol: Symbol) -> tuple[bool, str]:
    """Cancels an order that does not exist: a key that may only read is refused before the order is looked for."""
    nothing = OrderReference(symbol=symbol, client_order_id="check-that-is-no-order")
    try:
        await rest.cancel_order(nothing)
    except VenueRefusedError as error:
        if error.reason is not RefusalReason.ORDER_NOT_FOUND:
            raise
    return True, "orders may be canceled, and so placed"


async def _books(rest: PrivateRest, symbols: tuple[Symbol, ...], venue: Venue) -> tuple[bool, str]:
    balances = [balance for balance in (await rest.load_balances()).balances if balance.total]
    open_orders = (await AccountWideRest(rest, venue.server_now_ms).load_open_orders(symbols)).orders
    return True, f"{len(balances)} currencies, {len(open_orders)} open orders"


async def _private_socket(venue: Venue, credentials: Credentials) -> tuple[bool, str]:
    socket = venue.create_private_ws_with_handlers(
        credentials,
        PrivateWebsocketHandlers(
            order=lambda _: None,
            balance=lambda _: None,
            execution=lambda _: None,
            connection=_ignore,
            error=_ignore_error,
        ),
    )
    try:
        await socket.connect()
    finally:
        await socket.close()
    return True, "orders, fills and balances subscribed"


async def _told(work: Coroutine[None, None, T], text: str) -> tuple[T, str]:
    return await work, text


def _ignore(_: bool, __: str) -> None:
    """The link is closed again at once."""


def _ignore_error(_: TellerError) -> None:
    """What matters raises."""


class _Checks:
    """Prints each line and keeps the code of the first failure."""

    def __init__(self, output: Output) -> None:
        self.code: int = ExitCode.OK
        self._output = output

    async def line(self, what: str, work: Coroutine[None, None, tuple[T, str]]) -> T | None:
        """The value of ``work`` with its text as an ok line; None after a FAIL line."""
        try:
            async with asyncio.timeout(_WITHIN_S):
                value, text = await work
        except TellerError as error:
            self._fail(what, error)
            return None
        except TimeoutError:
            self._fail(what, ConnectionFailedError(f"no answer within {_WITHIN_S:g} s"))
            return None
        self._output.text(f"ok    {what:<20} {text}")
        return value

    def _fail(self, what: str, error: TellerError) -> None:
        self.code = self.code or ExitCode.of(error)
        first, *others = str(error).split("\n")
        self._output.text(f"FAIL  {what:<20} {first}")
        for text in others:
            self._output.text(f"      {'':<20} {text}")
