"""A made-up venue's face: a line of JSON for a question, a line for the answer, by REST and by socket.

It lists and cancels by market only, has no amending, no countdown, no expiry, and takes no side with a cancel of all.
"""

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from exchanges.simulator.core.delay import DelayLine, Latency
from exchanges.simulator.core.events import Change, Listener
from exchanges.simulator.core.orders import (
    BalanceReason,
    Fill,
    Finish,
    NewOrder,
    Order,
    OrderChange,
    OrderType,
    Side,
    TimeInForce,
)
from exchanges.simulator.core.rules import Reason, RefusedError
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.venue_rules import VenueRules
from exchanges.simulator.faces.face import Frame, Link
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, Witness, json_response
from exchanges.simulator.faces.naming import Naming
from exchanges.simulator.faults.faults import ActiveFault, KeyRevoked, RestFault, SocketCut
from exchanges.simulator.faults.injection import FaultyLink, Head, answer_with
from exchanges.simulator.faults.queries import QueryKind

Json = dict[str, Any]
_REASONS = {
    Reason.UNKNOWN_PAIR: "unknown_symbol",
    Reason.RESTRICTED: "trading_disabled",
    Reason.PRECISION: "precision",
    Reason.BELOW_BASE_MINIMUM: "below_minimum",
    Reason.BELOW_QUOTE_MINIMUM: "below_minimum",
    Reason.ABOVE_MAXIMUM: "above_maximum",
    Reason.NOT_ENOUGH_FUNDS: "insufficient_balance",
    Reason.WOULD_TAKE: "would_take",
    Reason.CANNOT_FILL: "would_not_fill",
    Reason.REPEATED_TEXT: "duplicate",
    Reason.ORDER_UNKNOWN: "order_not_found",
    Reason.ORDER_FILLED: "order_finished",
    Reason.ORDER_CANCELLED: "order_finished",
}
_TIMES = {
    "gtc": TimeInForce.GOOD_TILL_CANCELED,
    "ioc": TimeInForce.IMMEDIATE_OR_CANCEL,
    "fok": TimeInForce.FILL_OR_KILL,
    "post_only": TimeInForce.POST_ONLY,
}
_WORDS = {time: word for word, time in _TIMES.items()}


class LineRefusedError(Exception):
    """Told as it is."""

    def __init__(self, reason: str, label: str) -> None:
        super().__init__(label)
        self.reason, self.label = reason, label


class LinesForm:
    """How it says what a fault wants said."""

    junk: tuple[Frame, ...] = ("", "{", "[]", '{"order":{}}')

    def head(self, frame: Frame) -> Head:
        said = msgspec.json.decode(frame, type=Json)
        channel = next((name for name in ("order", "fill", "balances", "ticker") if name in said), "")
        return Head(channel, bool(channel))

    def refusal(self, status: int, label: str, message: str, headers: dict[str, str]) -> HttpResponse:
        return json_response(status, {"reason": "other", "label": label, "message": message}, headers)

    def too_many(self, retry_after_s: int) -> HttpResponse:
        refused = {"reason": "rate_limit", "label": "TOO_MANY", "message": ""}
        return json_response(429, refused, {"Retry-After": str(retry_after_s)})

    def spent(self, _reset_ms: int) -> dict[str, str]:
        return {}


FORM = LinesForm()


class Topic(msgspec.Struct, frozen=True):
    channel: str
    name: str
    account: str


class LinesFace(Listener):
    """`exchanges.simulator.faces.face.Face`."""

    name: ClassVar[str] = "lines"
    rest_path: ClassVar[str] = "/lines"
    socket_path: ClassVar[str] = "/stream"
    client_ids: ClassVar[str] = "1 to 24 of a-z 0-9 -"
    venue_rules: ClassVar[VenueRules] = VenueRules()
    naming: ClassVar[Naming] = Naming()
    channels: ClassVar[Collection[str]] = {"order", "fill", "balances", "ticker"}

    def __init__(self, services: Services, latency: Latency) -> None:
        self.services = services
        self.witnesses: list[Witness] = []
        self.sockets: dict[LinesSession, None] = {}  # type: ignore[assignment]
        self.made_up: dict[int, Any] = {}
        self.latency = latency
        self._engine = services.engine
        services.engine.listeners.append(self)
        services.faults.watchers.append(self._fault_changed)

    # -- REST -----------------------------------------------------------------------------------------------------

    def knows(self, endpoint: str) -> bool:
        return hasattr(self, f"op_{endpoint}")

    def takes_client_id(self, text: str) -> bool:
        return 0 < len(text) <= 24

    def request(self, request: HttpRequest, reply: Callable[[HttpResponse], None], abort: Callable[[], None]) -> None:
        try:
            said = msgspec.json.decode(request.body, type=Json)
        except msgspec.DecodeError:
            said = {}
        account, op = self.services.keys.owner(str(said.get("key", ""))), str(said.get("op", ""))
        fault = self.services.faults.strike(
            RestFault, lambda each: each.concerns(account, op, "private" if account else "public", lambda: set())
        )
        schedule, now_ms = self.services.schedule, self.services.now_ms
        if fault is None:
            reply(self._handle(request))
        else:
            answer_with(
                fault,
                request,
                perform=self._handle,
                reply=reply,
                abort=abort,
                schedule=schedule,
                now_ms=now_ms,
                form=FORM,
            )

    def _handle(self, request: HttpRequest) -> HttpResponse:
        for witness in self.witnesses:
            witness.begins(request)
        now_ms = str(self.services.now_ms())
        try:
            said = msgspec.json.decode(request.body, type=Json)
            response = json_response(200, getattr(self, f"op_{said['op']}")(said), {"x-time": now_ms})
        except RefusedError as error:
            response = self._refusal(_REASONS.get(error.reason, "bad_request"), error.reason.name)
        except LineRefusedError as error:
            response = self._refusal(error.reason, error.label)
        for witness in self.witnesses:
            witness.ends(request, response)
        return response

    def _refusal(self, reason: str, label: str) -> HttpResponse:
        status = 403 if reason == "authentication" else 400
        return json_response(status, {"reason": reason, "label": label, "message": ""})

    def account(self, said: Json) -> str:
        name = self.services.keys.owner(str(said.get("key", "")))
        if name is None or self.services.keys.accounts[name].secret != said.get("secret"):
            raise LineRefusedError("authentication", "WHO_ARE_YOU")
        return name

    def _pair(self, said: Json) -> str:
        pair = str(said["market"]).replace("/", "_")
        self._engine.market(pair)
        return pair

    def op_time(self, _said: Json) -> int:
        return self.services.now_ms()

    def op_markets(self, _said: Json) -> list[Json]:
        return [
            {
                "symbol": symbol(pair),
                "tick": str(Decimal(1).scaleb(-rules.price_precision)),
                "lot": str(Decimal(1).scaleb(-rules.amount_precision)),
                "quote_step": str(Decimal(1).scaleb(-rules.price_precision)),
                "min_quantity": str(rules.min_base_amount),
                "min_notional": str(rules.min_quote_amount),
                "max_notional": str(rules.max_quote_amount),
            }
            for pair, rules in ((pair, market.rules) for pair, market in self._engine.markets.items())
        ]

    def op_ticker(self, said: Json) -> Json:
        return self.ticker(self._pair(said))

    def ticker(self, pair: str) -> Json:
        book = self._engine.markets[pair].book
        bid, ask = book.side(Side.BUY).best(), book.side(Side.SELL).best()
        return {
            "symbol": symbol(pair),
            "bid": None if bid is None else str(bid.price),
            "bid_quantity": None if bid is None else str(bid.amount),
            "ask": None if ask is None else str(ask.price),
            "ask_quantity": None if ask is None else str(ask.amount),
            "update_id": book.update_id,
            "time_ms": self.services.now_ms(),
        }

    def op_key(self, said: Json) -> Json:
        return {"user_id": str(self._engine.accounts[self.account(said)].user_id), "symbols": [], "ip_whitelist": []}

    def op_fees(self, said: Json) -> Json:
        self.account(said)
        self._pair(said)
        config = self.services.config
        return {"maker": str(config.maker_fee_rate), "taker": str(config.taker_fee_rate)}

    def op_balances(self, said: Json) -> list[Json]:
        view = self.services.views.for_query(self.account(said), "accounts")
        return [balance(currency, each, 0) for currency, each in view.balances().items()]

    def op_open_orders(self, said: Json) -> list[Json]:
        return [
            order_row(each) for each in self._view(said, "open_orders").open_orders() if each.pair == self._pair(said)
        ]

    def op_finished_orders(self, said: Json) -> list[Json]:
        ended = self._view(said, "finished_orders").finished(self._pair(said))
        rows = [order_row(each) for each in ended if each.ended_ms >= (said.get("from_ms") or 0)]
        return rows[::-1][: said.get("limit")]

    def op_fills(self, said: Json) -> list[Json]:
        fills = self._view(said, "my_trades").fills(pair=self._pair(said))
        from_ms, to_ms, order_id = said.get("from_ms") or 0, said.get("to_ms"), said.get("order_id")
        return [
            fill_row(each)
            for each in reversed(fills)
            if each.time_ms >= from_ms
            and (to_ms is None or each.time_ms <= to_ms)
            and order_id in {None, str(each.order_id)}
        ]

    def _view(self, said: Json, kind: QueryKind) -> Any:
        return self.services.views.for_query(self.account(said), kind)

    def _order(self, said: Json, view: Any) -> Order:
        pair, order_id, client_id = self._pair(said), said.get("order_id"), said.get("client_order_id")
        found = view.order(int(order_id)) if order_id is not None and order_id.isdecimal() else None
        if order_id is None:
            found = view.order_by_text(client_id)
        if found is None or found.pair != pair:
            raise LineRefusedError("order_not_found", "NO_SUCH_ORDER")
        order: Order = found
        return order

    def op_order(self, said: Json) -> Json:
        return order_row(self._order(said, self._view(said, "order")))

    def op_place(self, said: Json) -> Json:
        quote = said.get("quote_quantity")
        new = NewOrder(
            pair=self._pair(said),
            side=Side(said["side"]),
            type=OrderType(said["type"]),
            time_in_force=_TIMES[said["time_in_force"]],
            amount=Decimal(said["quantity"] if quote is None else quote),
            price=None if said.get("price") is None else Decimal(said["price"]),
            text=said["client_order_id"],
        )
        return order_row(self._engine.place(self.account(said), new))

    def op_cancel(self, said: Json) -> Json:
        return order_row(self._engine.cancel(self._order(said, self.services.views.for_command(self.account(said)))))

    def op_cancel_all(self, said: Json) -> list[Json]:
        return [order_row(each) for each in self._engine.cancel_all(self.account(said), pair=self._pair(said))]

    # -- sockets --------------------------------------------------------------------------------------------------

    def open_socket(self, handshake: HttpRequest, link: Link) -> "LinesSession | None":
        del handshake
        session = LinesSession(self, link)
        self.sockets[session] = None
        return session

    def concerned(self, account: str | None, channel: str | None) -> "Sequence[LinesSession]":
        return [each for each in self.sockets if each.concerns(account, channel)]

    def on_order(self, order: Order, change: OrderChange) -> None:
        del change
        self._push(order.account, "order", order_row(order))

    def on_fill(self, fill: Fill) -> None:
        self._push(fill.account, "fill", fill_row(fill))

    def on_balances(self, account: str, changes: list[Change], reason: BalanceReason) -> None:
        del reason
        now_ms = self._engine.now_ms()
        self._push(account, "balances", [balance(each.currency, each.balance, now_ms) for each in changes])

    def on_book(self, pair: str, changes: Any, last_update_id: int) -> None:
        del changes, last_update_id
        for session in self.sockets:
            if any(topic.channel == "ticker" and topic.name == pair for topic in session.topics):
                session.push({"ticker": self.ticker(pair)})

    def _push(self, account: str, channel: str, row: object) -> None:
        for session in self.sockets:
            if session.concerns(account, channel):
                session.push({channel: row})

    def _fault_changed(self, active: ActiveFault, begins: bool) -> None:
        fault = active.fault
        if isinstance(fault, KeyRevoked):
            self.services.keys.revoked = {each.account for each in self.services.faults.of_kind(KeyRevoked)}
        for session in list(self.sockets):
            session.link.note(active, begins)
        if begins and isinstance(fault, SocketCut):
            for session in self.concerned(fault.account, fault.channel):
                session.cut(fault.how)


class LinesSession:
    """`exchanges.simulator.faces.face.Session`."""

    def __init__(self, face: LinesFace, link: Link) -> None:
        services = face.services
        self.id = f"{services.rng.getrandbits(32):08x}"
        self.topics: list[Topic] = []
        self._face = face
        self.link = FaultyLink(link, self, services.faults, services.schedule, FORM)
        self._line = DelayLine(lambda: face.latency.push_ms, services.schedule, self.link.send)

    @property
    def is_silent(self) -> bool:
        return self.link.is_silent

    def concerns(self, account: str | None, channel: str | None) -> bool:
        return (account is None and channel is None) or any(
            account in {None, topic.account} and channel in {None, topic.channel} for topic in self.topics
        )

    def is_private(self, channel: str) -> bool:
        return any(topic.channel == channel and topic.account for topic in self.topics)

    def push(self, said: Json) -> None:
        self._line.send(msgspec.json.encode(said))

    def heard(self) -> None:
        """It never gives a client up."""

    def receive(self, frame: Frame) -> None:
        try:
            said = msgspec.json.decode(frame, type=Json)
            if said["op"] == "ping":
                self.push({"pong": True})
                return
            self._subscribe(said)
            cut = self._face.services.faults.strike(SocketCut, lambda each: self.concerns(each.account, each.channel))
            if cut is not None:
                self.cut(cut.how)
                return
            self.push({"granted": said["id"]})
        except (LineRefusedError, RefusedError) as error:
            reason = error.reason if isinstance(error, LineRefusedError) else "unknown_symbol"
            self.push({"refused": said["id"], "reason": reason, "label": str(error)})

    def _subscribe(self, said: Json) -> None:
        if said["op"] == "account":
            account = self._face.account(said)
            self.topics += [Topic(channel, "", account) for channel in ("order", "fill", "balances")]
            return
        for market in said["markets"]:
            pair = market.replace("/", "_")
            self._face.services.engine.market(pair)
            self.topics.append(Topic("ticker", pair, ""))

    def cut(self, how: str) -> None:
        self.close() if how == "close" else self.reset()

    def close(self) -> None:
        self.link.close(1001)
        self.gone()

    def reset(self) -> None:
        self.link.reset()
        self.gone()

    def gone(self) -> None:
        self.link.drop()
        self._line.drop()
        self._face.sockets.pop(self, None)


def symbol(pair: str) -> Json:
    base, _, quote = pair.rpartition("_")
    return {"base": base, "quote": quote}


def balance(currency: str, each: Any, at_ms: int) -> Json:
    return {
        "currency": currency,
        "available": str(each.available),
        "locked": str(each.locked),
        "updated_ms": at_ms,
    }


def order_row(order: Order) -> Json:
    fees = [{"currency": order.receives, "amount": str(order.fee)}] if order.fee else []
    return {
        "symbol": symbol(order.pair),
        "side": order.side.value,
        "type": order.type.value,
        "time_in_force": _WORDS[order.time_in_force],
        "status": _status(order),
        "quantity": "0" if order.in_quote else str(order.amount),
        "quote_quantity": str(order.amount) if order.in_quote else None,
        "price": str(order.price) if order.price else None,
        "filled_quantity": str(order.filled_base),
        "filled_quote": str(order.filled_quote),
        "fees": fees,
        "order_id": str(order.id),
        "client_order_id": order.text or None,
        "finish_reason": None if order.is_open else order.finish.value,
        "created_ms": order.created_ms,
        "updated_ms": order.updated_ms,
    }


def _status(order: Order) -> str:
    if order.is_open:
        return "partially_filled" if order.filled_base else "new"
    return {Finish.FILLED: "filled", Finish.CANCELED: "canceled"}.get(order.finish, "expired")


def fill_row(fill: Fill) -> Json:
    return {
        "symbol": symbol(fill.pair),
        "trade_id": str(fill.trade_id),
        "order_id": str(fill.order_id),
        "client_order_id": fill.text or None,
        "side": fill.side.value,
        "price": str(fill.price),
        "quantity": str(fill.amount),
        "fees": [{"currency": fill.fee_currency, "amount": str(fill.fee)}] if fill.fee else [],
        "liquidity": fill.role.value,
        "time_ms": fill.time_ms,
    }
