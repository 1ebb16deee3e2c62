"""Price-triggered orders as Gate takes and lists them (Gate REST manual, spot: create a price-triggered order)."""

from typing import Literal

import msgspec

from exchanges.simulator.core.orders import NewOrder, OrderType, Side
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.triggers import Rule, Trigger
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, newest_page, private
from exchanges.simulator.faces.gateio.errors import GateError, invalid
from exchanges.simulator.faces.gateio.parameters import parse_decimal, parse_text, typed
from exchanges.simulator.faces.gateio.render import Json
from exchanges.simulator.faces.gateio.words import TIME_IN_FORCE_OF, TIMES_IN_FORCE

LONGEST_S = 30 * 86_400


class TriggerBody(msgspec.Struct):
    """When: the last price is on this side of ``price``, within ``expiration`` seconds."""

    price: str
    rule: Literal[">=", "<="]
    expiration: int


class PutBody(msgspec.Struct):
    """What is placed then."""

    side: Literal["buy", "sell"]
    amount: str
    price: str = "0"
    type: Literal["limit", "market"] = "limit"
    account: Literal["normal", "spot"] = "normal"
    time_in_force: Literal["gtc", "ioc"] = "gtc"
    text: str | None = None


class PriceOrderBody(msgspec.Struct):
    """POST /spot/price_orders."""

    trigger: TriggerBody
    put: PutBody
    market: str


class PriceOrders:
    """Answers an account about its price-triggered orders."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._triggers = services.triggers

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            private("POST", "/spot/price_orders", self.create),
            private("GET", "/spot/price_orders", self.list_some, "status market account limit offset"),
            private("DELETE", "/spot/price_orders", self.cancel_some, "market account"),
            private("GET", "/spot/price_orders/{}", self.look_up),
            private("DELETE", "/spot/price_orders/{}", self.cancel),
        ]

    def create(self, call: Call) -> Answer:
        """Takes one; answered with its number."""
        body = typed(call.body, PriceOrderBody)
        put = body.put
        if not 0 < body.trigger.expiration <= LONGEST_S:
            raise invalid(f"expiration {body.trigger.expiration} is not from 1 to {LONGEST_S} seconds")
        price = parse_decimal("price", put.price)
        trigger = self._triggers.add(
            call.owner,
            NewOrder(
                pair=body.market,
                side=Side(put.side),
                type=OrderType(put.type),
                time_in_force=TIME_IN_FORCE_OF["ioc" if put.type == "market" else put.time_in_force],
                amount=parse_decimal("amount", put.amount),
                price=price if put.type == "limit" else None,
                text=parse_text(put.text),
                origin=call.origin,
            ),
            price=parse_decimal("trigger.price", body.trigger.price),
            rule=Rule(body.trigger.rule),
            expires_s=body.trigger.expiration,
            text=put.text or "",
        )
        return Answer({"id": trigger.id}, status=201)

    def list_some(self, call: Call) -> Answer:
        """Those that wait, or those that have ended; newest first."""
        query = call.query
        is_open = query.choice("status", "open", "finished") == "open"
        market = query.text("market")
        found = [each for each in self._triggers.of(call.owner, is_open=is_open) if market in ("", each.new.pair)]
        found.reverse()
        limit = query.whole("limit", 100, low=1, high=1000)
        page, headers = newest_page(found, limit=limit, offset=query.whole("offset", 0))
        return Answer([_rendered(each, self._user_id(call)) for each in page], headers=headers)

    def cancel_some(self, call: Call) -> Answer:
        """All that wait, or those of one market."""
        market = call.query.text("market")
        found = [each for each in self._triggers.of(call.owner, is_open=True) if market in ("", each.new.pair)]
        for each in found:
            self._triggers.cancel(each)
        return Answer([_rendered(each, self._user_id(call)) for each in found])

    def look_up(self, call: Call) -> Answer:
        """One."""
        return Answer(_rendered(self._find(call), self._user_id(call)))

    def cancel(self, call: Call) -> Answer:
        """Ends one that waits."""
        trigger = self._find(call)
        if not self._triggers.cancel(trigger):
            raise GateError("ORDER_CLOSED", f"price order {trigger.id} is {trigger.status.value}")
        return Answer(_rendered(trigger, self._user_id(call)))

    def _find(self, call: Call) -> Trigger:
        found = self._triggers.find(call.owner, int(call.item)) if call.item.isdecimal() else None
        if found is None:
            raise GateError("ORDER_NOT_FOUND", f"price order {call.item} not found")
        return found

    def _user_id(self, call: Call) -> int:
        return self._services.engine.accounts[call.owner].user_id


def _rendered(trigger: Trigger, user_id: int) -> Json:
    new = trigger.new
    return {
        "id": trigger.id,
        "user": user_id,
        "market": new.pair,
        "trigger": {
            "price": plain(trigger.price),
            "rule": trigger.rule.value,
            "expiration": trigger.expires_s,
        },
        "put": {
            "type": new.type.value,
            "side": new.side.value,
            "price": "0" if new.price is None else plain(new.price),
            "amount": plain(new.amount),
            "account": "normal",
            "time_in_force": TIMES_IN_FORCE[new.time_in_force],
            "text": trigger.text,
        },
        "ctime": trigger.created_ms // 1000,
        "ftime": trigger.ended_ms // 1000,
        "fired_order_id": trigger.order_id,
        "status": trigger.status.value,
        "reason": trigger.reason,
    }
