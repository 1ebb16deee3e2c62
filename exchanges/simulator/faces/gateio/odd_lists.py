"""Lists and pushes with odd rows, as the faults want them; and what is made up for them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint
from exchanges.simulator.faces.gateio.errors import GateError
from exchanges.simulator.faces.gateio.odd_fields import (
    as_push,
    cancelled,
    from_nothing,
    make_odd,
    renamed,
)
from exchanges.simulator.faces.gateio.render import Json
from exchanges.simulator.faults.faults import ActiveFault
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID, PUSHED_ON, ListName, OddRows

LISTS: dict[str, ListName] = {
    "/spot/currency_pairs": "currency_pairs",
    "/spot/open_orders": "open_orders",
    "/spot/my_trades": "my_trades",
    "/spot/accounts": "accounts",
}
OF_CHANNEL = {channel: name for name, channels in PUSHED_ON.items() for channel in channels}
KEPT = 1_000  # made-up rows; the oldest go first


@dataclass(slots=True, kw_only=True)
class MadeUp:
    """A row that is in no books: its number, whose it is, on which pair, and since when.

    An order is of the account type that it shows, unless that is what is odd, and has ``ended`` once it is canceled.
    """

    number: int
    fault: OddRows
    account: str
    pair: str
    row: Json
    since_s: int
    ended: bool = False

    @property
    def account_type(self) -> str:
        """What a cancel must ask for, unless it asks for any."""
        return str(self.row["account"]) if self.fault.oddity == "margin_order" else "spot"


class OddLists:
    """Stands between the endpoints and their answers. ``made_up`` has the rows that were made up, by number.

    A made-up open order is like one of the account's own to whoever looks it up or cancels it, by id or with all.
    """

    def __init__(self, services: Services) -> None:
        self.made_up: dict[int, MadeUp] = {}
        self._shown: dict[tuple[OddRows, str], MadeUp] = {}
        self._services = services
        self._faults = services.faults
        self._last_number = FIRST_MADE_UP_ID
        self._faults.watchers.append(self._fault_changed)

    def answer(self, endpoint: Endpoint, call: Call) -> Answer:
        """Lets the endpoint answer; the answer may have an odd row. Raises as the endpoint does."""
        made = self._named(endpoint, call) if self.made_up else None
        if made is not None and endpoint.method == "GET":
            return Answer(made.row)
        if made is not None and endpoint.method == "DELETE":
            return Answer(self._cancel(made))
        answer = endpoint.handle(call)
        if self.made_up and (endpoint.method, endpoint.path) == ("DELETE", "/spot/orders"):
            return Answer([*_list(answer.value), *self._cancel_all(call)])
        is_list = isinstance(answer.value, list)
        if is_list and endpoint.method == "GET" and self._faults.active and self._faults.of_kind(OddRows):
            self._disturb(endpoint.path, call, _list(answer.value))
        return answer

    def pushed(self, channel: str, account: str, rows: list[Json]) -> list[Json]:
        """Returns what is pushed on a private channel, perhaps with an odd row."""
        name = OF_CHANNEL.get(channel)
        if name is None or not self._faults.active:
            return rows
        fault, shown = self._strike(
            lambda fault: (
                (fault.push, fault.list) == (True, name)
                and fault.account in (None, account)
                and bool(fault.fields(rows[0]))
                and (fault.replace or self._may_show(fault, account, pair=""))
            )
        )
        if fault is None:
            return rows
        if fault.replace:
            make_odd(rows[0], fault, self._faults.rng)
            return rows
        made = self._obtain(fault, account, shown, [], pair="")
        told = as_push(made.row, rows[0], made.number)
        make_odd(told, fault, random.Random(made.number))
        return [*rows, told]

    def _disturb(self, path: str, call: Call, listed: list[Json]) -> None:
        """Changes what an endpoint lists."""
        query, pair = call.query, call.query.text("currency_pair")
        name = LISTS.get(path)
        if path == "/spot/orders":
            name = "open_orders" if query.text("status") == "open" else "finished_orders"
        account = "" if call.account is None else call.account.name
        is_grouped = path == "/spot/open_orders"
        if is_grouped:
            pair = ""  # which is ignored there
        pages = [_list(group["orders"]) for group in listed] if is_grouped else [listed]
        rows = [row for page in pages for row in page]
        fault, shown = self._strike(
            lambda fault: (
                fault.list == name
                and fault.account in (None, account)
                and (
                    any(map(fault.fields, rows))
                    if fault.replace
                    else self._has_room(call, pages, is_grouped)
                    and self._may_show(fault, account, pair=pair, call=call)
                )
            )
        )
        if fault is None:
            return
        if fault.replace:
            make_odd(self._faults.rng.choice([row for row in rows if fault.fields(row)]), fault, self._faults.rng)
            return
        made = self._obtain(fault, account, shown, rows, pair=pair)
        if is_grouped:
            _join_group(listed, made)
        else:
            listed.insert(0, made.row)

    def _strike(self, concerned: Callable[[OddRows], bool]) -> tuple[OddRows | None, dict[tuple[OddRows, str], MadeUp]]:
        """Returns the fault that strikes, and what was shown until then: its last strike ends a fault."""
        shown = dict(self._shown)
        return self._faults.strike(OddRows, concerned), shown

    def _has_room(self, call: Call, pages: list[list[Json]], is_grouped: bool) -> bool:
        """Whether one more row fits on this page: it stands on one page of a list only."""
        if call.account is None:
            return bool(pages[0])
        is_full = any(len(rows) >= call.query.whole("limit", 100) for rows in pages)
        return not is_full and (call.query.whole("page", 1) == 1 or (not is_grouped and bool(pages[0])))

    def _may_show(self, fault: OddRows, account: str, *, pair: str, call: Call | None = None) -> bool:
        """Whether the fault's row is one that the account may see in a list of this pair, "" being all."""
        if call is not None and call.query.text("order_id"):
            return False
        made = self._shown.get((fault, account))
        if made is None:
            return bool(self._services.engine.markets) and not (pair and fault.oddity == "unknown_market")
        if (made.ended and fault.list == "open_orders") or pair not in ("", made.pair):
            return False
        if call is None or fault.oddity == "distant_time":
            return True
        return call.query.whole("from", 0) <= made.since_s <= call.query.whole("to", 10**12)

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
        row = renamed(row, fault.list, self._last_number, rng)
        known_pair = str(row.get("currency_pair", ""))
        make_odd(row, fault, random.Random(self._last_number))
        made = MadeUp(
            number=self._last_number,
            fault=fault,
            account=account,
            pair=str(row["currency_pair"]) if fault.oddity == "unknown_market" else known_pair,
            row=row,
            since_s=now_ms // 1000,
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
        if endpoint.path != "/spot/orders/{}" or not call.item.isdecimal():
            return None
        made = self.made_up.get(int(call.item))
        if made is None or made.account != call.owner or made.fault.list not in ("open_orders", "finished_orders"):
            return None
        asked = call.query.text("account")
        return made if endpoint.method == "GET" or asked in ("", made.account_type) else None

    def _cancel(self, made: MadeUp) -> Json:
        if made.ended:
            raise GateError("ORDER_CANCELLED", "Order has been cancelled")
        made.ended, made.row = True, cancelled(made.row)
        return made.row

    def _cancel_all(self, call: Call) -> list[Json]:
        """Cancels the made-up orders that the call means."""
        query = call.query
        return [
            self._cancel(made)
            for made in self.made_up.values()
            if (made.account, made.fault.list, made.ended) == (call.owner, "open_orders", False)
            and query.text("currency_pair") in ("", made.pair)
            and query.text("account") in ("", made.account_type)
            and query.text("side") in ("", made.row.get("side"))
        ]

    def _fault_changed(self, active: ActiveFault, begins: bool) -> None:
        if not begins:
            for fault, account in list(self._shown):
                if fault == active.fault:
                    del self._shown[fault, account]


def _list(value: object) -> list[Json]:
    """Returns a list that an endpoint answers, itself."""
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} is no list")
    return value


def _join_group(groups: list[Json], made: MadeUp) -> None:
    """Puts an order among those of its pair, in a group of its own if there are none."""
    for group in groups:
        if group["currency_pair"] == made.pair:
            orders = _list(group["orders"])
            orders.insert(0, made.row)
            group["total"] = len(orders)  # there is no other page
            return
    groups.append({"currency_pair": made.pair, "total": 1, "orders": [made.row]})
