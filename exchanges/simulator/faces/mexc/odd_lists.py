"""Lists and pushes with odd rows, as the faults want them; and what is made up for them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.mexc.calls import Call, Endpoint, Json
from exchanges.simulator.faces.mexc.errors import CANNOT_CANCEL, MexcError
from exchanges.simulator.faces.mexc.ids import order_number
from exchanges.simulator.faces.mexc.names import ACCOUNT, DEALS, ORDERS
from exchanges.simulator.faces.mexc.odd_fields import (
    canceled,
    from_nothing,
    make_odd,
    odd_fields,
    renamed,
    renamed_push,
)
from exchanges.simulator.faces.mexc.symbols import Symbols, symbol_of
from exchanges.simulator.faults.faults import ActiveFault
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID, ListName, OddRows

LISTS: dict[str, tuple[ListName, str]] = {
    "/api/v3/exchangeInfo": ("currency_pairs", "symbols"),
    "/api/v3/openOrders": ("open_orders", ""),
    "/api/v3/allOrders": ("finished_orders", ""),
    "/api/v3/myTrades": ("my_trades", ""),
    "/api/v3/account": ("accounts", "balances"),
}
"""The list that each endpoint has, and in which field of its answer."""
OF_CHANNEL: dict[str, ListName] = {ORDERS: "open_orders", DEALS: "my_trades", ACCOUNT: "accounts"}
MOST_ROWS = {"finished_orders": 500, "my_trades": 100}
KEPT = 1_000  # made-up rows; the oldest go first
ORDER_PATH, OPEN_PATH, ALL_PATH = "/api/v3/order", "/api/v3/openOrders", "/api/v3/order/all"


@dataclass(slots=True, kw_only=True)
class MadeUp:
    """A row that is in no books: its number, whose it is, on which pair, and since when (ms).

    An order has ``ended`` once it is canceled.
    """

    number: int
    fault: OddRows
    account: str
    pair: str
    row: Json
    since_ms: int
    ended: bool = False


class OddLists:
    """Stands between the endpoints and their answers. ``made_up`` has the rows that were made up, by number.

    A made-up open order is like one of the account's own to whoever looks it up or cancels it, by id or with all.
    """

    def __init__(self, services: Services, symbols: Symbols) -> None:
        self.made_up: dict[int, MadeUp] = {}
        self._shown: dict[tuple[OddRows, str], MadeUp] = {}
        self._services = services
        self._symbols = symbols
        self._faults = services.faults
        self._last_number = FIRST_MADE_UP_ID
        self._faults.watchers.append(self._fault_changed)

    def answer(self, endpoint: Endpoint, call: Call) -> object:
        """Lets the endpoint answer; the answer may have an odd row. Raises as the endpoint does."""
        made = self._named(endpoint, call) if self.made_up else None
        if made is not None:
            return made.row if endpoint.method == "GET" else self._cancel(made)
        answer = endpoint.handle(call)
        if self.made_up and endpoint.method == "DELETE" and endpoint.path in (OPEN_PATH, ALL_PATH):
            gone = self._cancel_all(call)
            return [*answer, *gone] if isinstance(answer, list) else answer
        known = LISTS.get(endpoint.path)
        if known is not None and endpoint.method == "GET" and self._faults.active and self._faults.of_kind(OddRows):
            name, field = known
            self._disturb(name, call, _rows(answer[field] if isinstance(answer, dict) else answer))
        return answer

    def pushed(self, channel: str, account: str, message: Json) -> list[Json]:
        """Returns what is pushed on a private channel, perhaps with an odd message."""
        name = OF_CHANNEL[channel]
        if not self._faults.active:
            return [message]
        fault, shown = self._strike(
            lambda fault: (
                (fault.push, fault.list) == (True, name)
                and fault.account in (None, account)
                and bool(odd_fields(fault, message))
                and (fault.replace or self._may_show(fault, account))
            )
        )
        if fault is None:
            return [message]
        if fault.replace:
            make_odd(message, fault, self._faults.rng, is_push=True)
            return [message]
        made = self._obtain(fault, account, shown, [], pair="")
        told = renamed_push(message, name, made.number)
        make_odd(told, fault, random.Random(made.number), is_push=True)
        return [message, told]

    def _disturb(self, name: ListName, call: Call, rows: list[Json]) -> None:
        """Changes what an endpoint lists."""
        symbol = call.parameters.text("symbol")
        pair = (self._symbols.pair(symbol) or "") if symbol else ""
        account = "" if call.account is None else call.account.name
        is_full = len(rows) >= call.parameters.whole("limit", MOST_ROWS.get(name, 10**6))
        is_one = name == "currency_pairs" and bool(symbol)

        def concerned(fault: OddRows) -> bool:
            if fault.list != name or fault.account not in (None, account):
                return False
            if fault.replace:
                return any(odd_fields(fault, row) for row in rows)
            return not is_full and not is_one and self._may_show(fault, account, pair=pair, call=call)

        fault, shown = self._strike(concerned)
        if fault is None:
            return
        if fault.replace:
            make_odd(self._faults.rng.choice([row for row in rows if odd_fields(fault, row)]), fault, self._faults.rng)
            return
        rows.insert(0, self._obtain(fault, account, shown, rows, pair=pair).row)

    def _strike(self, concerned: Callable[[OddRows], bool]) -> tuple[OddRows | None, dict[tuple[OddRows, str], MadeUp]]:
        """Returns the fault that strikes, and what was shown until then: its last strike ends a fault."""
        shown = dict(self._shown)
        return self._faults.strike(OddRows, concerned), shown

    def _may_show(self, fault: OddRows, account: str, *, pair: str = "", call: Call | None = None) -> bool:
        """Whether the fault's row is one that the account may see in a list of this pair, "" being all."""
        if call is not None and call.parameters.text("orderId"):
            return False
        made = self._shown.get((fault, account))
        if made is None:
            is_placed = not (pair and fault.oddity == "unknown_market") and bool(self._services.engine.markets)
            return is_placed and fault.oddity != "margin_order" and bool(self._would_have(fault))
        if (made.ended and fault.list == "open_orders") or pair not in ("", made.pair):
            return False
        if call is None or fault.oddity == "distant_time":
            return True
        parameters = call.parameters
        return parameters.whole("startTime", 0) <= made.since_ms <= parameters.whole("endTime", 10**15)

    def _would_have(self, fault: OddRows) -> list[str]:
        """Returns the fields that the fault can make odd in a made-up row."""
        rules = next(iter(self._services.engine.markets.values())).rules
        if fault.list == "currency_pairs":
            return ["symbol"]
        return odd_fields(fault, from_nothing(fault.list, rules, random.Random(0), 0))

    def _obtain(
        self,
        fault: OddRows,
        account: str,
        shown: dict[tuple[OddRows, str], MadeUp],
        rows: list[Json],
        *,
        pair: str,
    ) -> MadeUp:
        """Returns the row that the fault shows to the account, made up after one of ``rows`` if there is none yet."""
        made = shown.get((fault, account))
        if made is not None:
            return made
        engine, rng = self._services.engine, self._faults.rng
        self._last_number += 1
        now_ms = engine.now_ms()
        if rows:
            row = rng.choice(rows)
        else:
            row = from_nothing(fault.list, engine.market(pair or rng.choice(list(engine.markets))).rules, rng, now_ms)
        row = renamed(row, fault.list, self._last_number)
        if odd_fields(fault, row):
            make_odd(row, fault, random.Random(self._last_number))
        made = MadeUp(
            number=self._last_number,
            fault=fault,
            account=account,
            pair=self._symbols.pair(str(row.get("symbol"))) or str(row.get("symbol", "")),
            row=row,
            since_ms=now_ms,
            ended=fault.list == "finished_orders",
        )
        self.made_up[made.number] = made
        if len(self.made_up) > KEPT:
            del self.made_up[next(iter(self.made_up))]
        if fault in self._faults.of_kind(OddRows):
            self._shown[fault, account] = made
        return made

    def _named(self, endpoint: Endpoint, call: Call) -> MadeUp | None:
        """Returns the made-up order that a look-up or a cancel names by id, None when it names none."""
        if endpoint.path != ORDER_PATH or endpoint.method not in ("GET", "DELETE"):
            return None
        made = self.made_up.get(order_number(call.parameters.text("orderId")) or 0)
        if made is None or made.account != call.owner or made.fault.list not in ("open_orders", "finished_orders"):
            return None
        return made if call.parameters.text("symbol") in (symbol_of(made.pair), made.pair) else None

    def _cancel(self, made: MadeUp) -> Json:
        """Cancels a made-up order; returns it as it was before."""
        if made.ended:
            raise MexcError(CANNOT_CANCEL, "Unknown order sent.")
        before = made.row
        made.ended, made.row = True, canceled(made.row)
        return before

    def _cancel_all(self, call: Call) -> list[Json]:
        """Cancels the made-up orders that the call means."""
        named = call.parameters.text("symbol").split(",") if call.parameters.text("symbol") else []
        pairs = {self._symbols.pair(symbol) or symbol for symbol in named}
        return [
            self._cancel(made)
            for made in self.made_up.values()
            if (made.account, made.fault.list, made.ended) == (call.owner, "open_orders", False)
            and (not pairs or made.pair in pairs)
        ]

    def _fault_changed(self, active: ActiveFault, begins: bool) -> None:
        if not begins:
            for fault, account in list(self._shown):
                if fault == active.fault:
                    del self._shown[fault, account]


def _rows(value: object) -> list[Json]:
    """Returns a list that an endpoint answers, itself."""
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} is no list")
    return value
