"""Gate's price-triggered orders of perpetuals to ours."""

from collections.abc import Mapping
from typing import Final

from exchanges.gateio.futures import wire
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.values import CLOSES, above_zero, client_order_id, exchange_id, finite, moment_ms
from messages.conditional_order import ConditionalOrder, ConditionalOrderStatus, TriggerPriceType
from messages.enums import Side
from messages.errors import ProtocolError
from messages.validation import ZERO

_TRIGGERS: Final[Mapping[int, TriggerPriceType]] = {
    0: TriggerPriceType.LAST,
    1: TriggerPriceType.MARK,
    2: TriggerPriceType.INDEX,
}
_CONDITIONAL_ENDS: Final[Mapping[str, ConditionalOrderStatus]] = {
    "succeeded": ConditionalOrderStatus.TRIGGERED,
    "cancelled": ConditionalOrderStatus.CANCELED,
    "expired": ConditionalOrderStatus.EXPIRED,
    "failed": ConditionalOrderStatus.FAILED,
}


def conditional_order(told: wire.ConditionalOrder, contracts: Contracts) -> ConditionalOrder:
    """A conditional order by REST. ``order_type`` says what it closes where it is told without a size."""
    initial = told.initial
    contract = contracts.of(initial.contract)
    size = finite("size", initial.size if initial.amount is None else initial.amount)
    side = (Side.BUY if size > ZERO else Side.SELL) if size else _closing_side(told)
    return ConditionalOrder(
        conditional_id=exchange_id(told.id),
        symbol=contract.symbol,
        side=side,
        quantity=abs(contract.to_base(size)),
        price=above_zero("price", initial.price),
        trigger_price=finite("trigger.price", told.trigger.price),
        trigger_price_type=_TRIGGERS.get(told.trigger.price_type, TriggerPriceType.OTHER),
        triggers_above=_triggers_above(told.trigger.rule),
        status=_conditional_status(told),
        reduce_only=initial.is_reduce_only or initial.reduce_only or not size,
        closes_position=not size,
        client_order_id=client_order_id(initial.text),
        order_id=exchange_id(told.trade_id) if told.trade_id and told.trade_id != "0" else None,
        finish_reason=told.finish_as or None,
        created_ms=moment_ms(told.create_time),
    )


def _closing_side(told: wire.ConditionalOrder) -> Side | None:
    if told.initial.auto_size in CLOSES:
        return CLOSES[told.initial.auto_size]
    if "close-long" in told.order_type:
        return Side.SELL
    return Side.BUY if "close-short" in told.order_type else None


def _triggers_above(rule: int) -> bool:
    if rule not in {1, 2}:
        raise ProtocolError("a trigger by a rule that we do not know")
    return rule == 1


def _conditional_status(told: wire.ConditionalOrder) -> ConditionalOrderStatus:
    if told.status in {"open", "inactive"}:
        return ConditionalOrderStatus.OPEN
    if told.status == "invalid":
        return ConditionalOrderStatus.FAILED
    status = _CONDITIONAL_ENDS.get(told.finish_as)
    if told.status != "finished" or status is None:
        raise ProtocolError("a conditional order with a status that we do not know")
    return status
