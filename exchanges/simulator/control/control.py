"""The control API: the true books of every account, and the hand of the house, for tests and for demos.

JSON over HTTP, without signatures; it belongs on the loopback interface only.
"""

from decimal import ROUND_UP, Decimal
from typing import Literal
from urllib.parse import unquote

import msgspec
import structlog

from exchanges.simulator.control.futures import FuturesControl
from exchanges.simulator.control.margin import MarginControl
from exchanges.simulator.control.markets import MarketsControl
from exchanges.simulator.control.orders import OrdersControl, fill_record, order_record
from exchanges.simulator.control.requests import ControlError, Empty, Handler, Json, known_account
from exchanges.simulator.control.requests import body_of as _body
from exchanges.simulator.core.config import MAX_AMOUNT, MAX_DECIMALS
from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.engine import HOUSE
from exchanges.simulator.core.fees import GT
from exchanges.simulator.core.listings import Listings
from exchanges.simulator.core.orders import NewOrder, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError, check_tradable, decimals_of, plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.traders import Traders
from exchanges.simulator.core.transfers import WithdrawalStatus
from exchanges.simulator.faces.face import Face
from exchanges.simulator.faces.http import HttpRequest, HttpResponse, json_response
from exchanges.simulator.faults.faults import Fault
from exchanges.simulator.faults.kinds import EveryFault

HOUSE_ORDER_VALUE = Decimal(10_000)
log = structlog.get_logger(__name__)


class DepositBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /accounts/{name}/deposit."""

    currency: str
    amount: Decimal


class CutBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sockets/cut: sessions with a subscription of this account and channel, by default all."""

    account: str | None = None
    channel: str | None = None
    how: Literal["close", "reset"] = "close"


class LatencyBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /latency; what is not given stays."""

    rest_ms: float | None = None
    push_ms: float | None = None
    balance_push_ms: float | None = None


class TradersBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /traders."""

    on: bool


class StatusBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /withdrawals/{id}/status."""

    status: WithdrawalStatus
    txid: str = ""


class MarketBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /market/{pair}: a quiet market of one house order on each side; null leaves a side empty.

    ``amount`` is in base units, by default worth about 10,000 quote units.
    """

    bid: Decimal | None = None
    ask: Decimal | None = None
    amount: Decimal | None = None


class Control:
    """Answers control requests."""

    def __init__(self, services: Services, face: Face, traders: Traders, latency: Latency, listings: Listings) -> None:
        self._services = services
        self._engine = services.engine
        self._face = face
        self._traders = traders
        self._latency = latency
        self._futures = FuturesControl(services)
        self._handlers: dict[tuple[str, ...], Handler] = {
            ("GET", "health"): self._health,
            ("GET", "accounts"): self._accounts,
            ("GET", "accounts", "*", "books"): self._books,
            ("POST", "accounts", "*", "deposit"): self._deposit,
            ("GET", "sockets"): self._sockets,
            ("POST", "sockets", "cut"): self._cut,
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._set_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("DELETE", "faults", "*"): self._clear_fault,
            ("POST", "latency"): self._set_latency,
            ("POST", "traders"): self._switch_traders,
            ("POST", "withdrawals", "*", "status"): self._set_withdrawal,
            ("POST", "market", "*"): self._set_market,
            **OrdersControl(services, face).handlers(),
            **MarketsControl(services.engine, listings).handlers(),
            **MarginControl(services).handlers(),
            **self._futures.handlers(),
        }

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Returns the answer: 400 for bad input, 404 for what does not exist, each with a clear ``error``."""
        try:
            return json_response(200, self._route(request))
        except ControlError as error:
            return json_response(error.status, {"error": str(error)})
        except RefusedError as refused:
            return json_response(400, {"error": refused.message})
        except (ValueError, ArithmeticError) as error:
            return json_response(400, {"error": str(error)})

    def _route(self, request: HttpRequest) -> object:
        """Finds the handler: the second part of a path may be any one item, which the handler gets."""
        parts = request.path.strip("/").split("/")
        item = ""
        handler = self._handlers.get((request.method, *parts))
        if handler is None and len(parts) > 1:
            item, parts[1] = unquote(parts[1]), "*"
            handler = self._handlers.get((request.method, *parts))
        if handler is None:
            raise ControlError(404, f"there is no {request.method} {request.path}")
        return handler(item, request)

    def _health(self, _item: str, _request: HttpRequest) -> Json:
        return {"status": "ok", "time_ms": self._services.now_ms(), "traders_on": self._traders.on}

    def _accounts(self, _item: str, _request: HttpRequest) -> list[Json]:
        return [self._account(name) for name in self._services.keys.accounts]

    def _account(self, name: str) -> Json:
        record = self._engine.accounts[name]
        return {"name": name, "user_id": record.user_id, "open_orders": len(record.open_orders)}

    def _books(self, item: str, _request: HttpRequest) -> Json:
        name = known_account(self._services.keys.accounts, item)
        record = self._engine.accounts[name]
        return {
            "balances": {
                currency: {"available": plain(balance.available), "locked": plain(balance.locked)}
                for currency, balance in self._engine.ledger.balances(name).items()
            },
            "orders": [order_record(order, self._face.naming) for order in record.orders.values()],
            "trades": [fill_record(fill, self._face.naming) for fill in record.fills],
            **self._futures.books(name),
        }

    def _deposit(self, item: str, request: HttpRequest) -> Json:
        name, body = known_account(self._services.keys.accounts, item), _body(request, DepositBody)
        amount = _amount("amount", body.amount)
        if body.currency not in {*self._engine.currencies(), GT}:  # GT pays fees, traded or not
            raise ControlError(400, f"currency: {body.currency!r} is not traded here")
        self._services.transfers.deposit(name, body.currency, amount)
        balance = self._engine.ledger.balance(name, body.currency)
        return {
            "currency": body.currency,
            "available": plain(balance.available),
            "locked": plain(balance.locked),
        }

    def _sockets(self, _item: str, _request: HttpRequest) -> list[Json]:
        return [
            {
                "id": socket.id,
                "accounts": sorted({topic.account for topic in socket.topics if topic.account}),
                "subscriptions": [
                    {"channel": topic.channel, "name": topic.name, "account": topic.account} for topic in socket.topics
                ],
            }
            for socket in self._face.sockets
        ]

    def _cut(self, _item: str, request: HttpRequest) -> Json:
        body = _body(request, CutBody)
        if body.account is not None:
            known_account(self._services.keys.accounts, body.account)
        chosen = self._face.concerned(body.account, body.channel)
        for socket in chosen:
            socket.cut(body.how)
        log.info("sockets_cut", count=len(chosen), account=body.account, channel=body.channel, how=body.how)
        return {"cut": len(chosen)}

    def _list_faults(self, _item: str, _request: HttpRequest) -> list[Json]:
        return [active.record() for active in self._services.faults.active.values()]

    def _set_fault(self, _item: str, request: HttpRequest) -> Json:
        try:
            fault: Fault = msgspec.json.decode(request.body or b"{}", type=EveryFault)
        except msgspec.DecodeError as error:
            raise ControlError(400, f"body: {error}") from error
        account, channel, endpoint, pair = (
            getattr(fault, name, None) for name in ("account", "channel", "endpoint", "pair")
        )
        if account is not None and account not in self._services.keys.accounts:
            raise ControlError(400, f"account: {account!r} is not one of {', '.join(self._services.keys.accounts)}")
        if channel is not None and channel not in self._face.channels:
            known = ", ".join(sorted(self._face.channels))
            raise ControlError(400, f"channel: {channel!r} is not one of {known}")
        if endpoint is not None and not self._face.knows(endpoint):
            raise ControlError(400, f"endpoint: {endpoint!r} is none, must be like 'POST /spot/orders'")
        if pair is not None and pair not in self._engine.markets | self._engine.delisted:
            raise ControlError(400, f"pair: {pair!r} is not traded here, must be one that is listed or was")
        active = self._services.faults.add(fault)
        log.info("fault_set", **active.record())
        return active.record()

    def _clear_faults(self, _item: str, request: HttpRequest) -> Json:
        _body(request, Empty)
        return {"cleared": self._services.faults.clear()}

    def _clear_fault(self, item: str, _request: HttpRequest) -> Json:
        if not item.isdecimal() or not self._services.faults.clear(int(item)):
            raise ControlError(404, f"no fault {item} stands")
        return {"cleared": 1}

    def _set_latency(self, _item: str, request: HttpRequest) -> Json:
        body = _body(request, LatencyBody)
        for field in ("rest_ms", "push_ms", "balance_push_ms"):
            value = getattr(body, field)
            if value is None:
                continue
            if not 0 <= value <= 60_000:
                raise ControlError(400, f"{field}: {value} must be from 0 to 60000")
            setattr(self._latency, field, value)
        result: Json = msgspec.structs.asdict(self._latency)
        return result

    def _switch_traders(self, _item: str, request: HttpRequest) -> Json:
        if _body(request, TradersBody).on:
            self._engine.cancel_all(HOUSE)  # quiet markets end
            self._traders.start()
        else:
            self._traders.stop()
        return {"on": self._traders.on}

    def _set_withdrawal(self, item: str, request: HttpRequest) -> Json:
        body, number = _body(request, StatusBody), item.removeprefix("w")
        withdrawal = self._services.transfers.withdrawals.get(int(number)) if number.isdecimal() else None
        if withdrawal is None:
            raise ControlError(404, f"there is no withdrawal {item}")
        self._services.transfers.set_status(withdrawal, body.status, body.txid)
        return {"id": f"w{withdrawal.id}", "status": withdrawal.status.value, "txid": withdrawal.transaction}

    def _set_market(self, pair: str, request: HttpRequest) -> Json:
        """Clears the house's and the traders' orders of the pair, and places the house's anew.

        An order of an account that the new prices cross is filled by them.
        """
        body = _body(request, MarketBody)
        if pair not in self._engine.markets:
            raise ControlError(404, f"there is no pair {pair}")
        rules = self._engine.markets[pair].rules
        if body.bid is not None and body.ask is not None and body.bid >= body.ask:
            raise ControlError(400, f"bid: {body.bid} must be below the ask {body.ask}")
        amount = body.amount
        if amount is None:
            lot = Decimal(1).scaleb(-rules.amount_precision)
            amount = (HOUSE_ORDER_VALUE / (rules.start_price * rules.unit)).quantize(lot, ROUND_UP)
        sides = [(Side.BUY, body.bid, rules.quote), (Side.SELL, body.ask, rules.base)]
        for side, price, _ in sides:
            if price is not None:
                check_tradable(rules, side, self._engine.now_ms())
                self._engine.check_limit(rules, price, amount)
        self._traders.leave(pair)
        self._engine.cancel_all(HOUSE, pair=pair)
        for side, price, currency in sides:
            if price is None:
                continue
            self._engine.provide(HOUSE, currency, amount * (price if side is Side.BUY else 1))
            self._engine.place(
                HOUSE,
                NewOrder(
                    pair=pair,
                    side=side,
                    type=OrderType.LIMIT,
                    time_in_force=TimeInForce.GOOD_TILL_CANCELED,
                    amount=amount,
                    price=price,
                ),
            )
        return {"pair": pair, "bid": body.bid, "ask": body.ask, "amount": plain(amount)}


def _amount(field: str, value: Decimal) -> Decimal:
    if not 0 < value <= MAX_AMOUNT or decimals_of(value) > MAX_DECIMALS:
        raise ControlError(400, f"{field}: {value} must be above 0, at most {MAX_AMOUNT}, with {MAX_DECIMALS} decimals")
    return value
