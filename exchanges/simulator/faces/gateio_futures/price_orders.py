"""Price-triggered orders on contracts (Gate REST manual, futures: create a price-triggered order)."""

from exchanges.simulator.core.orders import ZERO, NewOrder, OrderType, Side
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.triggers import PriceSource, Rule, Trigger, TriggerStatus
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, newest_page, private
from exchanges.simulator.faces.gateio.errors import GateError, invalid
from exchanges.simulator.faces.gateio.parameters import parse_decimal, parse_text, typed
from exchanges.simulator.faces.gateio.words import TIME_IN_FORCE_OF, TIMES_IN_FORCE
from exchanges.simulator.faces.gateio_futures.ids import order_number_told
from exchanges.simulator.faces.gateio_futures.orders import ORIGIN
from exchanges.simulator.faces.gateio_futures.own import FUTURES, Futures
from exchanges.simulator.faces.gateio_futures.parameters import InitialBody, PriceOrderBody, TriggerBody
from exchanges.simulator.faces.gateio_futures.render import Json, seconds, signed
from exchanges.simulator.faces.gateio_futures.sizes import parse_size

_TRIGGER_STATUS = {
    TriggerStatus.OPEN: ("open", ""),
    TriggerStatus.CANCELLED: ("finished", "cancelled"),
    TriggerStatus.FINISHED: ("finished", "succeeded"),
    TriggerStatus.FAILED: ("finished", "failed"),
    TriggerStatus.EXPIRED: ("finished", "expired"),
}
PRICE_TYPES = {PriceSource.LAST: 0, PriceSource.MARK: 1, PriceSource.INDEX: 2}
RULES = {Rule.AT_LEAST: 1, Rule.AT_MOST: 2}
PATH = f"{FUTURES}/price_orders"
SOURCE_OF = {number: source for source, number in PRICE_TYPES.items()}
RULE_OF = {number: rule for rule, number in RULES.items()}
LONGEST_S = 365 * 86_400


class PriceOrders(Futures):
    """Answers an account about its price-triggered orders."""

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            private("POST", PATH, self.create),
            private("GET", PATH, self.list_some, "status contract limit offset"),
            private("DELETE", PATH, self.cancel_some, "contract"),
            private("GET", f"{PATH}/{{}}", self.look_up),
            private("DELETE", f"{PATH}/{{}}", self.cancel),
        ]

    def create(self, call: Call) -> Answer:
        """Takes one; answered with its number."""
        body = typed(call.body, PriceOrderBody)
        self.user_id(call)
        initial, when = body.initial, body.trigger
        if not 0 <= when.expiration <= LONGEST_S:
            raise invalid(f"expiration {when.expiration} is not from 0 to {LONGEST_S} seconds")
        new = self._new(initial, body.order_type)
        self._check_side(new.pair, when)
        trigger = self.services.triggers.add(
            call.owner,
            new,
            price=parse_decimal("trigger.price", when.price),
            rule=RULE_OF[when.rule],
            expires_s=when.expiration,
            text=initial.text or "",
            source=SOURCE_OF[when.price_type],
            kind=body.order_type,
            one_leg=bool(initial.auto_size),
        )
        return Answer({"id": trigger.id, "id_string": str(trigger.id)}, status=201)

    def list_some(self, call: Call) -> Answer:
        """Those that wait, or those that have ended; newest first."""
        query = call.query
        status = query.required("status")
        if status not in ("open", "finished"):
            raise invalid(f"status {status} is not one of open, finished")
        found = self._some(call, is_open=status == "open")
        found.reverse()
        limit = query.whole("limit", 100, low=1, high=1000)
        page, headers = newest_page(found, limit=limit, offset=query.whole("offset", 0))
        return Answer([price_order(each, self.user_id(call)) for each in page], headers=headers)

    def cancel_some(self, call: Call) -> Answer:
        """All that wait, or those of one contract."""
        found = self._some(call, is_open=True)
        for each in found:
            self.services.triggers.cancel(each)
        return Answer([price_order(each, self.user_id(call)) for each in found])

    def look_up(self, call: Call) -> Answer:
        """One."""
        return Answer(price_order(self._find(call), self.user_id(call)))

    def cancel(self, call: Call) -> Answer:
        """Ends one that waits."""
        trigger = self._find(call)
        if not self.services.triggers.cancel(trigger):
            raise GateError("ORDER_FINISHED", f"price order {trigger.id} is {trigger.status.value}")
        return Answer(price_order(trigger, self.user_id(call)))

    def _new(self, initial: InitialBody, kind: str) -> NewOrder:
        """Returns what is placed once the price is reached. Raises ``GateError`` or ``RefusedError``."""
        size = parse_size("size", initial.amount if initial.amount is not None else initial.size)
        closes = initial.close or bool(initial.auto_size) or kind in ("close-long-position", "close-short-position")
        price = parse_decimal("price", initial.price)
        if not price and initial.tif != "ioc":
            raise invalid("price 0 is for a market order, whose tif must be ioc")
        if closes and size:
            raise invalid("size must be 0 to close a position")
        if not closes and not size:
            raise invalid("size must not be 0")
        is_sell = initial.auto_size == "close_long" or "close-long" in kind if closes else size < 0
        return NewOrder(
            pair=self.engine.contract(initial.contract).id,
            side=Side.SELL if is_sell else Side.BUY,
            type=OrderType.LIMIT if price else OrderType.MARKET,
            time_in_force=TIME_IN_FORCE_OF[initial.tif],
            amount=abs(size),
            price=price or None,
            text=parse_text(initial.text),
            origin=ORIGIN,
            reduce_only=initial.reduce_only or closes,
            closes=closes,
        )

    def _check_side(self, pair: str, when: TriggerBody) -> None:
        """Raises ``GateError`` when the price is reached already: at least must be above it, at most below."""
        rules, price = self.engine.contract(pair), parse_decimal("trigger.price", when.price)
        now = {
            PriceSource.LAST: self.services.histories.day(pair).last,
            PriceSource.MARK: self.engine.prices.mark(rules),
            PriceSource.INDEX: self.engine.prices.index(rules),
        }[SOURCE_OF[when.price_type]]
        if price <= 0 or (price <= now if RULE_OF[when.rule] is Rule.AT_LEAST else price >= now):
            raise GateError("INVALID_PARAM_VALUE", f"trigger.price {plain(price)} is reached at {plain(now)} already")

    def _some(self, call: Call, *, is_open: bool) -> list[Trigger]:
        pair = call.query.text("contract")
        if pair:
            self.engine.contract(pair)
        self.user_id(call)
        return [each for each in self.services.triggers.of(call.owner, is_open=is_open) if pair in ("", each.new.pair)]

    def _find(self, call: Call) -> Trigger:
        found = self.services.triggers.find(call.owner, int(call.item)) if call.item.isdecimal() else None
        if found is None:
            raise GateError("ORDER_NOT_FOUND", f"price order {call.item} not found")
        return found


def price_order(trigger: Trigger, user_id: int) -> Json:
    """Returns a price-triggered order as REST lists it."""
    new = trigger.new
    status, finish_as = _TRIGGER_STATUS[trigger.status]
    size = ZERO if new.closes else signed(new.side, new.amount)
    auto_size = "" if not trigger.one_leg else "close_long" if new.side is Side.SELL else "close_short"
    row: Json = {
        "id": trigger.id,
        "id_string": str(trigger.id),
        "user": user_id,
        "create_time": seconds(trigger.created_ms),
        "finish_time": seconds(trigger.ended_ms),
        "trade_id": order_number_told(trigger.order_id) if trigger.order_id else 0,
        "me_order_id": 0,
        "status": status,
        "reason": trigger.reason,
        "order_type": trigger.kind,
        "initial": {
            "contract": new.pair,
            "size": size,
            "amount": plain(size),
            "price": "0" if new.price is None else plain(new.price),
            "tif": TIMES_IN_FORCE[new.time_in_force],
            "text": trigger.text or new.origin,
            "close": new.closes and not auto_size,
            "is_close": new.closes,
            "reduce_only": new.reduce_only,
            "is_reduce_only": new.reduce_only,
            "auto_size": auto_size,
        },
        "trigger": {
            "strategy_type": 0,
            "price_type": PRICE_TYPES[trigger.source],
            "price": plain(trigger.price),
            "rule": RULES[trigger.rule],
            "expiration": trigger.expires_s,
        },
    }
    return row | {"finish_as": finish_as} if finish_as else row
