"""Bodies of futures requests (Gate REST manual, futures); read as strictly as those of spot."""

from typing import Literal

import msgspec


class OrderBody(msgspec.Struct):
    """POST /futures/usdt/orders. ``size`` must be there even where it is 0."""

    contract: str
    size: int | str
    price: str | None = None
    tif: Literal["gtc", "ioc", "poc", "fok"] = "gtc"
    text: str | None = None
    iceberg: int | str | None = None
    reduce_only: bool = False
    close: bool = False
    auto_size: Literal["close_long", "close_short", ""] = ""
    stp_act: Literal["cn", "co", "cb", "-", ""] = "-"
    action_mode: Literal["ACK", "RESULT", "FULL"] = "FULL"


class AmendBody(msgspec.Struct):
    """PUT /futures/usdt/orders/{}. ``size`` is the new total, with what is filled and with its sign."""

    size: int | str | None = None
    price: str | None = None
    amend_text: str | None = None
    text: str | None = None
    action_mode: Literal["ACK", "RESULT", "FULL"] = "FULL"


class BatchAmendItem(AmendBody, kw_only=True):
    """One item of POST /futures/usdt/batch_amend_orders: by id or by text."""

    order_id: int | str | None = None


class CountdownBody(msgspec.Struct):
    """POST /futures/usdt/countdown_cancel_all."""

    timeout: int
    contract: str | None = None


class CrossModeBody(msgspec.Struct):
    """POST /futures/usdt/positions/cross_mode."""

    mode: Literal["CROSS", "ISOLATED"]
    contract: str


class InitialBody(msgspec.Struct):
    """What is placed once the price is reached; ``amount`` goes before ``size``."""

    contract: str
    size: int | str = 0
    amount: str | None = None
    price: str = "0"
    tif: Literal["gtc", "ioc"] = "gtc"
    close: bool = False
    reduce_only: bool = False
    auto_size: Literal["close_long", "close_short", ""] = ""
    text: str | None = None


class TriggerBody(msgspec.Struct):
    """When: ``price_type`` 0 last, 1 mark, 2 index; ``rule`` 1 at least, 2 at most; ``expiration`` in seconds."""

    price: str
    rule: Literal[1, 2]
    strategy_type: Literal[0] = 0
    price_type: Literal[0, 1, 2] = 0
    expiration: int = 0


class PriceOrderBody(msgspec.Struct):
    """POST /futures/usdt/price_orders."""

    initial: InitialBody
    trigger: TriggerBody
    order_type: Literal[
        "",
        "close-long-order",
        "close-short-order",
        "close-long-position",
        "close-short-position",
        "plan-close-long-position",
        "plan-close-short-position",
    ] = ""
