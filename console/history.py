"""``run.py history``: what the accounts did, from their journals, also while the program runs."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from rich.cells import cell_len

from actors.journal import History, HistoryFilter, JournalError, RealisedProfit, read_history
from config import Config
from console.exit_codes import ExitCode
from console.journals import chosen_accounts, journal_path, require_directory
from console.output import Output
from messages.errors import ConfigurationError
from messages.order import Fill, Order

Form = Literal["table", "json", "csv"]
_AGE: Final = re.compile(r"(\d+)([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LAST_DIGIT_SHOWN: Final = Decimal("1e-12")
_PLAIN_DIGITS: Final = 60
"""Beyond that an exponent is written: an exchange that sends 1e-999999 fills no screen."""
_ROOM: Final = Context(prec=2 * _PLAIN_DIGITS)
_ORDER_COLUMNS: Final = (
    "time",
    "account",
    "symbol",
    "side",
    "type",
    "status",
    ">price",
    ">quantity",
    ">filled",
    ">average",
    "order_id",
    "client_order_id",
)
_FILL_COLUMNS: Final = (
    "time",
    "account",
    "symbol",
    "side",
    ">price",
    ">quantity",
    "fees",
    "liquidity",
    "trade_id",
    "order_id",
)
_PROFIT_COLUMNS: Final = (
    "account",
    "symbol",
    ">realised",
    ">fees_quote",
    ">fees_base",
    "fees_other",
    ">bought",
    ">sold",
    ">uncovered",
    ">held",
    ">held_cost",
    ">fills",
    "complete",
)


def history(config: Config, accounts: Sequence[str], wanted: HistoryFilter, form: Form, output: Output) -> int:
    """Prints the history of some accounts, of all when none is named; returns the exit code.

    Raises:
        ConfigurationError: an account is not known, there is no journal, or one cannot be read.
    """
    directory = require_directory(config)
    paths = [journal_path(directory, name) for name in chosen_accounts(config, accounts)]
    found = [read_history(path, wanted) for path in (paths if accounts else _existing(paths))]
    if form == "json":
        output.text(msgspec.json.encode({"accounts": found}).decode())
    elif form == "csv":
        output.text(_as_csv(found))
    else:
        output.text("\n".join(_as_tables(found, wanted.limit)))
    return ExitCode.OK


def parse_time(text: str, now: datetime) -> int:
    """Unix milliseconds of ``2026-11-22``, ``2026-11-22T10:30`` (UTC unless it says otherwise), or ``90m`` ago.

    Raises:
        ConfigurationError: it is none of these.
    """
    age = _AGE.fullmatch(text)
    try:
        if age is not None:
            moment = now - timedelta(**{_UNITS[age[2]]: int(age[1])})
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"time {text!r} is not allowed: 2026-11-22, 2026-11-22T10:30 (UTC), or an age such as 90m, 24h, 7d"
        ) from None


def _existing(paths: Sequence[Path]) -> list[Path]:
    there = [path for path in paths if path.exists()]
    if not there:
        raise JournalError(paths[0], "does not exist", "nothing has been traded yet, or in another working directory")
    return there


# -- tables ------------------------------------------------------------------------------------------------------------


def _as_tables(found: Sequence[History], limit: int) -> Iterator[str]:
    orders = [(h.account, order) for h in found for order in h.orders]
    fills = [(h.account, fill) for h in found for fill in h.fills]
    yield from _table("ORDERS", _ORDER_COLUMNS, (_order_row(*pair) for pair in orders))
    yield ""
    yield from _table("FILLS", _FILL_COLUMNS, (_fill_row(*pair) for pair in fills))
    yield ""
    yield from _table("REALISED PROFIT", _PROFIT_COLUMNS, (_profit_row(profit) for h in found for profit in h.profits))
    for history in found:
        yield _completeness(history)
        yield from (f"{history.account}: missing: {missing}" for missing in history.missing)
        if limit in {len(history.orders), len(history.fills)}:
            yield f"{history.account}: the newest {limit} are shown (--limit); profit counts all fills"


def _completeness(history: History) -> str:
    began = f"{history.account}: complete from {_moment(history.complete_from_ms)}"
    if history.complete_through_ms is None:
        return f"{history.account}: not known to be complete: fills were never read whole from the exchange"
    but = ", but for what is named below" if history.missing else ""
    return f"{began} to {_moment(history.complete_through_ms)}{but}; what is newer is as it was heard"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A heading that begins with ``>`` is of a column that is aligned right."""
    cells = [
        [column.removeprefix(">") for column in columns],
        *([_text(_shortened(value)) for value in row] for row in rows),
    ]
    widths = [max(cell_len(row[index]) for row in cells) for index in range(len(columns))]
    yield f"{title} ({len(cells) - 1})"
    for row in cells:
        padded = (
            _padded(text, width, is_right=column.startswith(">"))
            for text, width, column in zip(row, widths, columns, strict=True)
        )
        yield "  ".join(padded).rstrip()


def _padded(text: str, width: int, *, is_right: bool) -> str:
    """To a width on the screen, where some letters take two places."""
    space = " " * (width - cell_len(text))
    return space + text if is_right else text + space


def _order_row(account: str, order: Order) -> tuple[Any, ...]:
    return (
        _moment(order.updated_ms),
        account,
        order.symbol,
        order.side.value,
        order.type.value,
        order.status.value,
        order.price,
        order.quantity,
        order.filled_quantity,
        _average(order),
        order.order_id,
        order.client_order_id,
    )


def _fill_row(account: str, fill: Fill) -> tuple[Any, ...]:
    return (
        _moment(fill.time_ms),
        account,
        fill.symbol,
        fill.side.value,
        fill.price,
        fill.quantity,
        ", ".join(map(str, fill.fees)),
        fill.liquidity.value,
        fill.trade_id,
        fill.order_id,
    )


def _profit_row(profit: RealisedProfit) -> tuple[Any, ...]:
    return (
        profit.account,
        profit.symbol,
        profit.realised,
        profit.fees_quote,
        profit.fees_base,
        ", ".join(f"{fee:f} {currency}" for currency, fee in profit.fees_other.items()),
        profit.bought,
        profit.sold,
        profit.uncovered,
        profit.held,
        profit.held_cost,
        profit.fills_count,
        "yes" if profit.is_complete else "no",
    )


# -- CSV ---------------------------------------------------------------------------------------------------------------


def _as_csv(found: Sequence[History]) -> str:
    """All three kinds in one file: the column ``record`` says which a line is, columns of the others are empty."""
    kinds: list[tuple[str, Sequence[str], list[tuple[Any, ...]]]] = [
        ("order", _ORDER_COLUMNS, [_order_row(h.account, order) for h in found for order in h.orders]),
        ("fill", _FILL_COLUMNS, [_fill_row(h.account, fill) for h in found for fill in h.fills]),
        ("profit", _PROFIT_COLUMNS, [_profit_row(profit) for h in found for profit in h.profits]),
    ]
    names = list(dict.fromkeys(column.removeprefix(">") for _, columns, _ in kinds for column in columns))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["record", *names], restval="", lineterminator="\n")
    writer.writeheader()
    for kind, columns, rows in kinds:
        for row in rows:
            cells = {column.removeprefix(">"): _text(value) for column, value in zip(columns, row, strict=True)}
            writer.writerow({"record": kind, **cells})
    return text.getvalue().removesuffix("\n")


# -- values ------------------------------------------------------------------------------------------------------------


def _average(order: Order) -> Decimal | None:
    """What the filled part cost on average, to 12 digits."""
    if not order.filled_quantity:
        return None
    return Decimal(f"{order.filled_quote / order.filled_quantity:.12g}")


def _moment(time_ms: int) -> str:
    """The number itself where it is no time that a calendar has: what an exchange sent is shown as it is."""
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shortened(value: object) -> object:
    """For people; programs get every digit."""
    if not isinstance(value, Decimal) or not value or abs(value.adjusted()) > _PLAIN_DIGITS:
        return value
    rounded = value.quantize(_LAST_DIGIT_SHOWN, context=_ROOM)
    return value if rounded == value else rounded


def _text(value: object) -> str:
    if value is None:
        return ""
    is_plain = isinstance(value, Decimal) and abs(value.adjusted()) <= _PLAIN_DIGITS
    return f"{value:f}" if is_plain else str(value)
