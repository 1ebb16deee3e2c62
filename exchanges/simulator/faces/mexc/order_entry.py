"""Placing orders: one, one as a trial, and up to twenty (docs/venues/mexc.md, trading)."""

import json

from exchanges.simulator.core.config import TradeStatus
from exchanges.simulator.core.engine import Market
from exchanges.simulator.core.orders import NewOrder, Order, OrderType, SelfTrade, Side, TimeInForce
from exchanges.simulator.core.rules import Reason, RefusedError, check_new, check_tradable, plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.mexc.calls import Call, Endpoint, Json, order_call
from exchanges.simulator.faces.mexc.errors import (
    BELOW_MINIMUM,
    ILLEGAL_COMBINATION,
    NOTHING_OPPOSITE,
    OVERSOLD,
    SIDE_NOT_ALLOWED,
    SYMBOL_SUSPENDED,
    MexcError,
    wrong,
)
from exchanges.simulator.faces.mexc.parameters import Parameters, parse_client_id, parse_decimal
from exchanges.simulator.faces.mexc.render import TYPES, placed_row
from exchanges.simulator.faces.mexc.symbols import Symbols

TIME_IN_FORCE_OF = {word: meant for meant, word in TYPES.items()} | {
    "LIMIT_ORDER": TimeInForce.GOOD_TILL_CANCELED  # so in the manual's example of a batch
}
SELF_TRADE_OF = {
    "": None,
    "cancel_maker": SelfTrade.CANCEL_OLDEST,
    "cancel_taker": SelfTrade.CANCEL_NEWEST,
    "cancel_both": SelfTrade.CANCEL_BOTH,
}
MOST_IN_A_BATCH = 20


class OrderEntry:
    """Takes orders."""

    def __init__(self, services: Services, symbols: Symbols) -> None:
        self._services = services
        self._engine = services.engine
        self._symbols = symbols

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            order_call("POST", "/api/v3/order", self.create),
            order_call("POST", "/api/v3/order/test", self.test),
            order_call("POST", "/api/v3/batchOrders", self.create_batch, 10),
        ]

    def create(self, call: Call) -> object:
        """Places one order. The answer says that it was taken, not what has become of it."""
        order, stp_mode = self._place(call.owner, call.parameters)
        return placed_row(order, stp_mode)

    def test(self, call: Call) -> object:
        """Checks an order as far as that goes without placing it."""
        new = self._read(call.parameters)
        rules = self._engine.market(new.pair).rules
        try:
            check_tradable(rules, new.side, self._engine.now_ms())
            check_new(new, rules)
        except RefusedError as refused:
            raise _refusal(refused, new, self._engine.market(new.pair)) from refused
        return {}

    def create_batch(self, call: Call) -> object:
        """Places up to twenty orders of one symbol, each of which succeeds or fails by itself."""
        items = _items(call.parameters.required("batchOrders"))
        if not 1 <= len(items) <= MOST_IN_A_BATCH:
            raise wrong(f"batchOrders must have 1 to {MOST_IN_A_BATCH} orders")
        if len({item.text("symbol") for item in items}) > 1:
            raise wrong("all orders of a batch must be of one symbol")
        return [self._batched(call.owner, item) for item in items]

    def _batched(self, owner: str, parameters: Parameters) -> Json:
        client_id = parameters.text("newClientOrderId")
        try:
            order, _ = self._place(owner, parameters)
        except MexcError as error:
            return {"newClientOrderId": client_id or None, "msg": error.message, "code": error.code}
        row = placed_row(order, "")
        answer = {name: row[name] for name in ("symbol", "orderId", "orderListId")}
        return answer | ({"newClientOrderId": client_id} if client_id else {})

    def _place(self, owner: str, parameters: Parameters) -> tuple[Order, str]:
        new = self._read(parameters)
        market = self._engine.market(new.pair)
        if new.type is OrderType.MARKET and market.book.side(new.side.opposite).best() is None:
            raise MexcError(NOTHING_OPPOSITE, "No opposite order")
        try:
            return self._engine.place(owner, new), parameters.text("stpMode")
        except RefusedError as refused:
            raise _refusal(refused, new, market) from refused

    def _read(self, parameters: Parameters) -> NewOrder:
        """Returns the order that is asked for. Raises ``MexcError``: parameters before the symbol."""
        symbol, side, kind = (parameters.required(name) for name in ("symbol", "side", "type"))
        if side not in ("BUY", "SELL"):
            raise wrong(f"side {side} is not one of BUY, SELL")
        if kind != "MARKET" and kind not in TIME_IN_FORCE_OF:
            raise wrong(f"type {kind} is not one of MARKET, {', '.join(TIME_IN_FORCE_OF)}")
        stp_mode = parameters.text("stpMode")
        if stp_mode not in SELF_TRADE_OF:
            raise wrong(f"stpMode {stp_mode} is not one of {', '.join(filter(None, SELF_TRADE_OF))}")
        text = parse_client_id(parameters.text("newClientOrderId"))
        is_market, is_buy = kind == "MARKET", side == "BUY"
        unit = "quoteOrderQty" if is_market and is_buy else "quantity"
        if not parameters.text(unit) and is_market:
            raise MexcError(ILLEGAL_COMBINATION, "Combination of optional parameters invalid.")
        amount = parse_decimal(unit, parameters.required(unit))
        price = None if is_market else parse_decimal("price", parameters.required("price"))
        return NewOrder(
            pair=self._symbols.market(symbol).rules.id,
            side=Side.BUY if is_buy else Side.SELL,
            type=OrderType.MARKET if is_market else OrderType.LIMIT,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if is_market else TIME_IN_FORCE_OF[kind],
            amount=amount,
            price=price,
            text=text,
            self_trade=SELF_TRADE_OF[stp_mode],
        )


def _refusal(refused: RefusedError, new: NewOrder, market: Market) -> MexcError:
    """Returns the engine's refusal of an order in MEXC's words."""
    rules = market.rules
    match refused.reason:
        case Reason.BELOW_BASE_MINIMUM:
            least = f"{plain(rules.min_base_amount)}{rules.base}"
        case Reason.BELOW_QUOTE_MINIMUM:
            least = f"{plain(rules.min_quote_amount)}{rules.quote}"
        case Reason.NOT_ENOUGH_FUNDS if new.side is Side.SELL:
            return MexcError(OVERSOLD, "Oversold")
        case Reason.RESTRICTED if rules.trade_status is TradeStatus.UNTRADABLE:
            return MexcError(SYMBOL_SUSPENDED, "Transaction suspension")
        case Reason.RESTRICTED:
            return MexcError(SIDE_NOT_ALLOWED, "The current transaction direction is not allowed to place an order")
        case _:
            return MexcError.of(refused)
    return MexcError(BELOW_MINIMUM, f"The minimum transaction volume cannot be less than:{least}")


def _items(text: str) -> list[Parameters]:
    """Returns the orders of a batch; what is a number there is taken as it is written. Raises ``MexcError``."""
    try:
        value: object = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise wrong(f"batchOrders: {error}") from None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise wrong("batchOrders is no list of orders")
    return [Parameters.of({name: str(given) for name, given in item.items() if given is not None}) for item in value]
