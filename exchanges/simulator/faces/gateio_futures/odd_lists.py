"""Lists and pushes of futures with odd rows, as the faults want them; what is odd is called as faults call it."""

import random
from decimal import Decimal
from typing import Final

import msgspec

from exchanges.simulator.core.futures.contracts import ContractConfig
from exchanges.simulator.core.futures.positions import Leg, Position
from exchanges.simulator.core.orders import Fill, Order, OrderType, Role, Side, TimeInForce
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint
from exchanges.simulator.faces.gateio.errors import GateError
from exchanges.simulator.faces.gateio.odd_fields import BEYOND_64_BITS, LARGE, ORIGINS
from exchanges.simulator.faces.gateio.odd_lists import KEPT, MadeUp, OddLists
from exchanges.simulator.faces.gateio_futures.ids import order_number_told
from exchanges.simulator.faces.gateio_futures.own import FUTURES, futures_of
from exchanges.simulator.faces.gateio_futures.render import Json, rest_fill, rest_order, rest_position
from exchanges.simulator.faults.odd_rows import FIELDS_OF_ALL, ListName, OddRows

ORDERS: Final = f"{FUTURES}/orders"
LISTS: Final[dict[str, ListName]] = {
    f"{FUTURES}/contracts": "currency_pairs",
    f"{FUTURES}/my_trades": "my_trades",
    f"{FUTURES}/my_trades_timerange": "my_trades",
    f"{FUTURES}/orders_timerange": "finished_orders",
    f"{FUTURES}/positions": "positions",
}
OF_CHANNEL: Final[dict[str, ListName]] = {
    "futures.orders": "open_orders",
    "futures.usertrades": "my_trades",
    "futures.positions": "positions",
    "futures.balances": "accounts",
}
_SHARED: Final[dict[str, tuple[str, ...]]] = {"currency_pair": ("contract",), "amount": ("size",)}
_ORDER: Final[dict[str, tuple[str, ...]]] = _SHARED | {
    "time_in_force": ("tif",),
    "avg_deal_price": ("fill_price",),
    **{
        name: (name,)
        for name in (
            "id",
            "text",
            "status",
            "finish_as",
            "price",
            "left",
            "create_time",
            "update_time",
            "create_time_ms",
        )
    },
}
CALLED: Final[dict[ListName, dict[str, tuple[str, ...]]]] = {
    "open_orders": _ORDER,
    "finished_orders": _ORDER,
    "my_trades": {
        **_SHARED,
        "id": ("id", "trade_id"),
        **{name: (name,) for name in ("order_id", "text", "role", "price", "fee", "create_time", "create_time_ms")},
    },
    "accounts": {"currency": ("currency",), "total": ("total", "balance"), "available": ("available",)},
    "currency_pairs": {
        "id": ("name",),
        "trade_status": ("status",),
        "type": ("type",),
        "amount_precision": ("quanto_multiplier",),
        "precision": ("order_price_round",),
        "min_base_amount": ("order_size_min",),
        "max_quote_amount": ("order_size_max",),
        "buy_start": ("launch_time",),
    },
    "positions": {
        "currency_pair": ("contract",),
        "leg": ("mode",),
        "version": ("update_id",),
        "liquidation_price": ("liq_price",),
        **{name: (name,) for name in ("size", "entry_price", "margin", "leverage", "update_time")},
    },
}
"""What rows of futures call a field, by what faults call it; a row has one of those, or none."""
WORDS: Final = {
    "status": "suspended",
    "finish_as": "session_closed",
    "tif": "gtd",
    "role": "auctioneer",
    "type": "quanto",
    "mode": "dual_plus",
}


def fields(fault: OddRows, row: Json) -> list[str]:
    """Returns the fields of a row that can be odd."""
    wanted = FIELDS_OF_ALL[fault.list][fault.oddity] if fault.field is None else (fault.field,)
    told = CALLED[fault.list]
    found = [name for each in wanted for name in told.get(each, ()) if name in row]
    return [name for name in found if name in WORDS] if fault.oddity == "unknown_word" else found


def make_odd(row: Json, fault: OddRows, rng: random.Random) -> None:
    """Changes a field of the row as the fault says; the row must have one that can be."""
    name = rng.choice(fields(fault, row))
    is_text = isinstance(row[name], str)
    match fault.oddity:
        case "unknown_word":
            row[name] = WORDS[name]
        case "null_field":
            row[name] = None
        case "empty_field":
            row[name] = ""
        case "missing_field":
            del row[name]
        case "distant_time":
            row[name] = str(BEYOND_64_BITS) if is_text else msgspec.Raw(b"%d" % BEYOND_64_BITS)
        case "unknown_market":
            row[name] = "TOMORROW_USDT"
        case "large_number":
            row[name] = LARGE if is_text else Decimal(LARGE)


class FuturesOddLists(OddLists):
    """Stands between the endpoints of futures and their answers."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._engine = futures_of(services).engine

    def answer(self, endpoint: Endpoint, call: Call) -> Answer:
        """Lets the endpoint answer; the answer may have an odd row. Raises as the endpoint does."""
        made = self._named_order(endpoint, call) if self.made_up else None
        if made is not None and endpoint.method == "GET":
            return Answer(made.row)
        if made is not None and endpoint.method == "DELETE":
            return Answer(self._cancel_made(made))
        answer = endpoint.handle(call)
        if self.made_up and (endpoint.method, endpoint.path) == ("DELETE", ORDERS) and isinstance(answer.value, list):
            waiting = [each for each in self.made_up.values() if self._is_canceled_by(each, call)]
            return Answer([*answer.value, *map(self._cancel_made, waiting)])
        if endpoint.method == "GET" and self._faults.active and self._faults.of_kind(OddRows):
            self._disturb_answer(endpoint.path, call, answer.value)
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
                and bool(fields(fault, rows[0]))
                and (fault.replace or self._may_be_shown(fault, account, pair=""))
            )
        )
        if fault is None:
            return rows
        if fault.replace:
            make_odd(rows[0], fault, self._faults.rng)
            return rows
        number = self._row_of(fault, account, shown, [], pair="").number
        told = _renamed(rows[0], name, number, self._faults.rng)
        make_odd(told, fault, random.Random(number))
        return [*rows, told]

    def _disturb_answer(self, path: str, call: Call, value: object) -> None:
        """Changes what an endpoint lists, or the account that it answers."""
        account = "" if call.account is None else call.account.name
        if path == f"{FUTURES}/accounts" and isinstance(value, dict):
            name: ListName | None = "accounts"
            rows: list[Json] = [value]
        else:
            name = LISTS.get(path)
            if path == ORDERS:
                name = "open_orders" if call.query.text("status") == "open" else "finished_orders"
            if name is None or not isinstance(value, list):
                return
            rows = value
        pair = call.query.text("contract")
        has_room = (
            name != "accounts" and len(rows) < call.query.whole("limit", 100) and not call.query.whole("offset", 0)
        )
        has_room &= not call.query.text("order")

        def concerned(fault: OddRows) -> bool:
            if fault.list != name or fault.account not in (None, account):
                return False
            if fault.replace:
                return any(fields(fault, row) for row in rows)
            return has_room and self._may_be_shown(fault, account, pair=pair)

        fault, shown = self._strike(concerned)
        if fault is None:
            return
        if fault.replace:
            make_odd(self._faults.rng.choice([row for row in rows if fields(fault, row)]), fault, self._faults.rng)
        else:
            rows.insert(0, self._row_of(fault, account, shown, rows, pair=pair).row)

    def _may_be_shown(self, fault: OddRows, account: str, *, pair: str) -> bool:
        """Whether the fault's row is one that the account may see in a list of this contract, "" being all."""
        if fault.list == "accounts" or fault.oddity == "margin_order":
            return False
        made = self._shown.get((fault, account))
        if made is None:
            return bool(self._engine.markets) and not (pair and fault.oddity == "unknown_market")
        return not (made.ended and fault.list == "open_orders") and pair in ("", made.pair)

    def _row_of(
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
        rng = self._faults.rng
        self._last_number += 1
        rules = self._engine.contract(pair or rng.choice(list(self._engine.markets)))
        row = rng.choice(rows) if rows else self._from_nothing(fault.list, rules, account)
        row = _renamed(row, fault.list, self._last_number, rng)
        known_pair = str(row.get("contract", ""))
        make_odd(row, fault, random.Random(self._last_number))
        made = MadeUp(
            number=self._last_number,
            fault=fault,
            account=account,
            pair="TOMORROW_USDT" if fault.oddity == "unknown_market" else known_pair,
            row=row,
            since_s=self._engine.now_ms() // 1000,
            ended=fault.list == "finished_orders",
        )
        self.made_up[made.number] = made
        if len(self.made_up) > KEPT:
            del self.made_up[next(iter(self.made_up))]
        if fault in self._faults.of_kind(OddRows):
            self._shown[fault, account] = made
        return made

    def _from_nothing(self, kind: ListName, rules: ContractConfig, account: str) -> Json:
        """Returns a row for a list that has none to go by."""
        now_ms = self._engine.now_ms()
        if kind == "positions":
            empty = Position(account=account, contract=rules, leg=Leg.NET, updated_ms=now_ms, version=1)
            return rest_position(empty, self._engine, user_id=0, orders=0)
        if kind == "my_trades":
            fill = Fill(
                trade_id=0,
                sequence=0,
                order_id=0,
                account="",
                pair=rules.id,
                side=Side.BUY,
                role=Role.MAKER,
                price=rules.start_price,
                amount=rules.min_base_amount,
                fee=Decimal(0),
                fee_currency=rules.quote,
                rebated_fee_currency=rules.quote,
                text="",
                amend_text="",
                time_ms=now_ms,
            )
            return rest_fill(fill, "", rules.value(fill.amount, fill.price))
        order = Order(
            id=0,
            account="",
            rules=rules,
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
            amount=rules.min_base_amount,
            price=rules.start_price,
            remaining=rules.min_base_amount,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        row = rest_order(order, 0, self._engine.fee_rates)
        return row if kind == "open_orders" else _canceled(row)

    def _named_order(self, endpoint: Endpoint, call: Call) -> MadeUp | None:
        """Returns the made-up order that a look-up or a cancel names by id, None when it names none."""
        if endpoint.path != f"{ORDERS}/{{}}":
            return None
        return next(
            (
                made
                for made in self.made_up.values()
                if made.account == call.owner
                and made.fault.list in ("open_orders", "finished_orders")
                and call.item == str(order_number_told(made.number))
            ),
            None,
        )

    def _is_canceled_by(self, made: MadeUp, call: Call) -> bool:
        is_waiting = (made.account, made.fault.list, made.ended) == (call.owner, "open_orders", False)
        return is_waiting and call.query.text("contract") == made.pair

    def _cancel_made(self, made: MadeUp) -> Json:
        if made.ended:
            raise GateError("ORDER_FINISHED", "Order has been cancelled")
        made.row, made.ended = _canceled(made.row), True
        return made.row


def _canceled(row: Json) -> Json:
    """Returns an order's row after its cancel; a word that nobody knows stays."""
    status = row.get("status")
    return row | ({"status": "finished", "finish_as": "cancelled"} if status in ("open", WORDS["status"]) else {})


def _renamed(row: Json, kind: ListName, number: int, rng: random.Random) -> Json:
    """Returns a copy of a row that is nobody's: with an id or a contract of its own."""
    told = order_number_told(number)
    match kind:
        case "currency_pairs":
            return row | {"name": f"ODD{number % 1_000_000}_USDT"}
        case "positions":
            return dict(row)
        case "my_trades":
            ids = {
                name: number if isinstance(row[name], int) else str(number)
                for name in ("id", "trade_id")
                if name in row
            }
            return row | ids | {"order_id": str(told), "text": rng.choice(ORIGINS)}
        case _:
            return row | {"id": told, "text": rng.choice(ORIGINS), "amend_text": "-"}
