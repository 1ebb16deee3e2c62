"""The oracle of answers takes what was so in the books at some instant, and finds whatever was never so."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from exchanges.base.transport import HttpResponse
from exchanges.simulator import Retention
from exchanges.simulator.core.orders import Finish
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.core.orders import Side as SimulatorSide
from messages.commands import (
    AmendOrder,
    CancelAll,
    CancelOrder,
    Command,
    EngageKillSwitch,
    GetExecutedOrders,
    GetOrder,
    PlaceOrder,
    ReleaseKillSwitch,
)
from messages.enums import OrderStatus, OrderType, Side, SyncState, TimeInForce
from messages.errors import (
    BusyError,
    CanceledBeforeSentError,
    InsufficientBalanceError,
    KillSwitchError,
    NotLiveError,
    RefusalReason,
    UnresolvedOrderError,
    VenueRefusedError,
)
from messages.order import VANISHED, Order
from messages.symbol import Symbol
from simulation.oracles.answers import Answers
from simulation.oracles.delivered import Delivered
from simulation.oracles.known import Known
from simulation.oracles.watcher import Told
from tests.support.judged import JudgedBooks

SOL = Symbol("SOL", "USDT")
MINE = "t-mine"
BY_OWN_ID = GetOrder(symbol=SOL, client_order_id="mine")


class Answered:
    """A transport that answers everything with one refusal."""

    def __init__(self, status: int, body: bytes) -> None:
        self.response = HttpResponse(status=status, headers={}, body=body)

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        return self.response

    async def close(self) -> None:
        """Nothing to close."""


class Judge(JudgedBooks):
    """Answers by hand; an account may be ten seconds behind while live."""

    def __init__(self, known: Known | None = None) -> None:
        super().__init__()
        self.told = Told()
        self.transport = Answered(400, b'{"label":"TRADE_RESTRICTED"}')
        self.delivered = Delivered(self.transport, {"key": "alpha"}, self.now_s)
        self.oracle = Answers(
            self.history,
            self.commands,
            names=("alpha",),
            known=known or Known(stale_s=10.0),
            told={"alpha": self.told},
            delivered=self.delivered,
            now_s=self.now_s,
        )

    def answer(self, command: Command, value: Any, *, after_s: float = 0.0) -> None:
        reply = self.ask(command)
        self.time.advance(after_s)
        if isinstance(value, Exception):
            reply.set_error(value)
        else:
            reply.set(value)

    def found(self) -> list[str]:
        return list(self.oracle.final())

    def found_only(self, what: str) -> bool:
        found = self.found()
        return len(found) == 1 and found[0].startswith("alpha: ") and what in found[0]


def said(booked: BookedOrder, status: OrderStatus = OrderStatus.NEW, **changed: Any) -> Order:
    """What an account that knows the order as it is now says of it; a limit buy of SOL."""
    order = Order(
        symbol=SOL,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        status=status,
        quantity=booked.amount,
        price=booked.price or None,
        filled_quantity=booked.filled_base,
        filled_quote=booked.filled_quote,
        order_id=str(booked.id),
        client_order_id=booked.text[2:] or None,
    )
    return msgspec.structs.replace(order, **changed)


@pytest.fixture
def judge() -> Judge:
    return Judge()


# -- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_as_it_is_or_was_a_moment_ago_is_true(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    before = said(booked)
    judge.time.advance(1)
    judge.engine.fill_from_house(booked, amount=Decimal(1))
    judge.answer(BY_OWN_ID, said(booked, OrderStatus.PARTIALLY_FILLED))
    judge.answer(BY_OWN_ID, before)

    assert judge.found() == []


def test_its_parts_may_have_been_heard_one_after_the_other(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    judge.time.advance(1)
    judge.engine.amend(booked, price=Decimal(99))
    judge.engine.fill_from_house(booked, amount=Decimal(1))
    judge.answer(BY_OWN_ID, said(booked, OrderStatus.PARTIALLY_FILLED, price=Decimal(100)))

    assert judge.found() == []


def test_what_was_so_long_ago_is_not_true_any_more(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    before = said(booked)
    judge.time.advance(1)
    judge.engine.fill_from_house(booked, amount=Decimal(1))
    judge.time.advance(11)
    judge.answer(BY_OWN_ID, before)

    assert any("said to be filled 0" in each for each in judge.found())


@pytest.mark.parametrize(
    ("is_forgotten", "price", "right"), [(True, 100, True), (True, 101, False), (False, 100, False)]
)
def test_an_order_forgotten_there_may_have_terms_of_before(
    judge: Judge, is_forgotten: bool, price: int, right: bool
) -> None:
    booked = judge.place(text=MINE)
    judge.time.advance(5)
    judge.engine.amend(booked, price=Decimal(99))
    judge.time.advance(1)
    judge.engine.cancel(booked)
    judge.time.advance(100)
    reason = VANISHED if is_forgotten else "cancelled"
    judge.answer(BY_OWN_ID, said(booked, OrderStatus.CANCELED, price=Decimal(price), finish_reason=reason))

    assert (judge.found() == []) is right


@pytest.mark.parametrize(("later_s", "is_found"), [(0, False), (9, False), (11, True)])
def test_what_is_answered_right_after_a_standstill_was_known_before_it(
    judge: Judge, later_s: int, is_found: bool
) -> None:
    booked = judge.place(text=MINE)
    before = said(booked)
    judge.time.advance(5)
    list(judge.oracle.look())
    judge.time.advance(1)
    judge.engine.fill_from_house(booked, amount=Decimal(1))
    judge.time.advance(300)
    judge.oracle.resume()
    judge.time.advance(later_s)
    judge.told.live_since_s = judge.now_s()
    judge.answer(BY_OWN_ID, before)

    assert any("said to be filled 0" in each for each in judge.found()) is is_found


@pytest.mark.parametrize(
    ("status", "reason", "right"),
    [
        (OrderStatus.FILLED, "filled", True),
        (OrderStatus.CANCELED, VANISHED, True),
        (OrderStatus.CANCELED, "cancelled", False),
        (OrderStatus.EXPIRED, "ioc", False),
    ],
)
def test_fills_alone_do_not_say_how_an_order_of_a_quote_amount_ended(
    judge: Judge, status: OrderStatus, reason: str, right: bool
) -> None:
    judge.place(account="beta", side=SimulatorSide.SELL)
    body = {"text": MINE, "currency_pair": "SOL_USDT", "side": "buy", "type": "market", "amount": "150.05"}
    order_id = judge.send(body | {"time_in_force": "ioc"})["id"]
    booked = judge.engine.accounts["alpha"].orders[int(order_id)]
    assert booked.finish is Finish.FILLED
    assert booked.remaining
    market = said(
        booked,
        status,
        finish_reason=reason,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        quantity=Decimal(0),
        quote_quantity=booked.amount,
        price=None,
    )
    judge.answer(BY_OWN_ID, market)
    assert (judge.found() == []) is right


def test_an_account_that_is_not_live_asks_before_it_tells_of_an_open_order(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    before = said(booked)
    judge.time.advance(1)
    judge.engine.fill_from_house(booked, amount=Decimal(1))
    judge.time.advance(1)
    for live_since_s, right in ((0.0, True), (None, False)):
        judge.told.live_since_s = live_since_s
        judge.answer(BY_OWN_ID, before)
        judge.time.advance(1)
        assert (judge.found() == []) is right


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_look_up_may_share_the_answer_to_one_that_was_under_way(judge: Judge, is_shared: bool) -> None:
    booked = judge.place(text=MINE)
    before = said(booked)
    judge.told.live_since_s = None
    judge.time.advance(1)
    first = judge.ask(BY_OWN_ID)
    judge.engine.cancel(booked)
    judge.time.advance(1)
    if not is_shared:
        first.set(said(booked, OrderStatus.CANCELED))
        judge.time.advance(1)
    second = judge.ask(BY_OWN_ID)
    if is_shared:
        first.set(before)
    second.set(before)
    judge.time.advance(1)

    assert (judge.found() == []) is is_shared


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"status": OrderStatus.CANCELED}, "said to be canceled"),
        ({"status": OrderStatus.PARTIALLY_FILLED}, "said to be partially_filled"),
        ({"filled_quantity": Decimal(1)}, "said to be filled 1"),
        ({"filled_quote": Decimal(7)}, "for 7"),
        ({"quantity": Decimal(3)}, "over 3"),
        ({"price": Decimal(101)}, "at 101"),
        ({"side": Side.SELL}, "sell"),
        ({"time_in_force": TimeInForce.POST_ONLY}, "post_only"),
        ({"client_order_id": None}, "None, is t-mine"),
        ({"order_id": "77"}, "is not in the books"),
    ],
)
def test_every_part_of_an_order_counts(judge: Judge, changed: dict[str, Any], finding: str) -> None:
    booked = judge.place(text=MINE)
    judge.answer(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100)), said(booked, **changed))

    assert any(finding in each for each in judge.found())


def test_an_order_that_is_said_never_to_have_been_taken_never_comes(judge: Judge) -> None:
    judge.ask(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="mine"))
    never = Order(
        symbol=SOL,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        status=OrderStatus.REJECTED,
        quantity=Decimal(2),
        client_order_id="mine",
    )
    judge.answer(BY_OWN_ID, never)
    assert judge.found() == []

    judge.time.advance(1)
    judge.place(text=MINE)
    assert judge.found_only("never to have been taken")


def test_executed_orders_are_finished_and_of_that_market(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    judge.answer(GetExecutedOrders(symbol=SOL), (said(booked),))
    judge.answer(GetExecutedOrders(symbol=Symbol("ETH", "USDT")), (said(booked),))
    assert len(judge.found()) == 2

    judge = Judge()
    booked = judge.place(text=MINE)
    judge.engine.cancel(booked)
    judge.time.advance(1_000)
    judge.answer(GetExecutedOrders(symbol=SOL), (said(booked, OrderStatus.CANCELED),))
    assert judge.found() == []


@pytest.mark.parametrize(("may_lack", "filled", "right"), [(True, 3, True), (False, 3, False), (True, 1, False)])
def test_where_frames_are_lost_an_open_order_is_filled_by_those_of_its_fills_that_were_heard(
    may_lack: bool, filled: int, right: bool
) -> None:
    judge = Judge(Known(stale_s=10.0, loses_frames=may_lack))
    booked = judge.place(text=MINE, amount=Decimal(10))
    for amount in (2, 3):
        judge.time.advance(20)
        judge.engine.fill_from_house(booked, amount=Decimal(amount))
    heard = Decimal(filled)
    order = said(booked, OrderStatus.PARTIALLY_FILLED, filled_quantity=heard, filled_quote=heard * 100)
    judge.answer(BY_OWN_ID, order)
    assert (judge.found() == []) is right


@pytest.mark.parametrize(("is_filled_late", "filled", "right"), [(True, 3, True), (True, 4, False), (False, 3, False)])
def test_where_frames_are_lost_one_that_was_filled_after_its_end_is_filled_by_what_was_heard(
    is_filled_late: bool, filled: int, right: bool
) -> None:
    judge = Judge(Known(stale_s=10.0, loses_frames=True))
    booked = judge.place(text=MINE, amount=Decimal(10))
    judge.engine.fill_from_house(booked, amount=Decimal(2))
    if not is_filled_late:
        judge.engine.fill_from_house(booked, amount=Decimal(3))
    judge.engine.cancel(booked)
    judge.time.advance(20)
    if is_filled_late:
        judge.engine.fill_late(booked, Decimal(3))
    heard = Decimal(filled)
    order = said(booked, OrderStatus.CANCELED, filled_quantity=heard, filled_quote=heard * 100)
    judge.answer(BY_OWN_ID, order)
    assert (judge.found() == []) is right


@pytest.mark.parametrize(("heard", "right"), [(10, True), (4, False)])
def test_an_order_that_was_filled_after_an_unheard_amendment_may_be_taken_for_canceled(
    judge: Judge, heard: int, right: bool
) -> None:
    booked = judge.place(text=MINE, amount=Decimal(10))
    judge.time.advance(1)
    judge.engine.amend(booked, amount=Decimal(4))
    judge.engine.fill_from_house(booked, amount=Decimal(4))
    judge.time.advance(20)
    order = said(booked, OrderStatus.CANCELED, quantity=Decimal(heard), finish_reason=VANISHED)
    judge.answer(BY_OWN_ID, order)
    assert (judge.found() == []) is right


@pytest.mark.parametrize(
    ("reason", "price", "is_found"), [(VANISHED, 100, False), (VANISHED, 98, True), ("", 100, True)]
)
def test_an_order_that_was_forgotten_when_it_was_asked_about_has_terms_that_it_had_once(
    judge: Judge, reason: str, price: int, is_found: bool
) -> None:
    booked = judge.place(text=MINE)
    judge.time.advance(20)
    judge.engine.amend(booked, price=Decimal(99))
    judge.time.advance(20)
    judge.engine.cancel(booked)
    judge.time.advance(1_000)
    judge.answer(BY_OWN_ID, said(booked, OrderStatus.CANCELED, price=Decimal(price), finish_reason=reason or None))
    assert any("said to be over" in each for each in judge.found()) is is_found


# -- none such --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_id", [True, False])
def test_none_is_true_only_of_an_order_that_the_exchange_does_not_know(judge: Judge, by_id: bool) -> None:
    judge.answer(BY_OWN_ID, None)
    assert judge.found() == []

    judge.time.advance(1)
    booked = judge.place(text=MINE)
    judge.time.advance(1)
    judge.answer(GetOrder(symbol=SOL, order_id=str(booked.id)) if by_id else BY_OWN_ID, None)
    assert judge.found_only("is answered None")


def test_a_client_id_means_the_latest_order_of_it_in_whichever_market(judge: Judge) -> None:
    first = judge.place(text=MINE)
    judge.engine.cancel(first)
    judge.time.advance(1)
    judge.answer(BY_OWN_ID, None)
    assert judge.found_only("is answered None")

    judge = Judge()
    first = judge.place(text=MINE)
    judge.engine.cancel(first)
    judge.time.advance(1)
    command = PlaceOrder.limit(Symbol("ETH", "USDT"), Side.BUY, Decimal(2), Decimal(3_000), client_order_id="mine")
    judge.place_as_told(command)
    judge.time.advance(1)
    judge.answer(BY_OWN_ID, None)
    assert judge.found() == []


def test_an_order_of_another_market_is_not_that_one(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    judge.time.advance(1)
    judge.answer(GetOrder(symbol=Symbol("ETH", "USDT"), order_id=str(booked.id)), None)

    assert judge.found() == []


def test_what_a_lagging_query_could_not_see_yet_may_be_none() -> None:
    for known, right in ((Known(stale_s=10.0, lag_s=5.0), True), (Known(stale_s=10.0), False)):
        judge = Judge(known)
        judge.time.advance(10)
        judge.place(text=MINE)
        judge.time.advance(4)
        judge.answer(BY_OWN_ID, None)
        assert (judge.found() == []) is right


def test_what_the_exchange_forgets_may_be_none() -> None:
    for retention, by_id, right in (
        (Retention(text_kept_s=60), False, True),
        (Retention(text_kept_s=60), True, False),
        (Retention(unfilled_cancel_kept_s=60), True, True),
        (Retention(), False, False),
    ):
        judge = Judge(Known(stale_s=10.0, retention=retention))
        booked = judge.place(text=MINE)
        judge.engine.cancel(booked)
        judge.time.advance(61)
        judge.answer(GetOrder(symbol=SOL, order_id=str(booked.id)) if by_id else BY_OWN_ID, None)
        assert (judge.found() == []) is right


# -- cancels and changes ----------------------------------------------------------------------------------------------


def test_a_cancel_is_answered_with_the_order_as_it_ended(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    judge.engine.cancel(booked)
    judge.answer(CancelOrder(symbol=SOL, order_id=str(booked.id)), said(booked, OrderStatus.CANCELED))

    assert judge.found() == []


def test_an_order_that_is_open_has_not_ended(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    judge.answer(CancelOrder(symbol=SOL, client_order_id="mine"), said(booked, OrderStatus.CANCELED))

    assert any("said to have ended, and is open" in each for each in judge.found())


def test_another_order_than_the_one_that_was_meant_is_found(judge: Judge) -> None:
    meant, other = judge.place(text=MINE), judge.place(text="t-other")
    judge.engine.cancel_all("alpha")
    judge.answer(CancelOrder(symbol=SOL, order_id=str(meant.id)), said(other, OrderStatus.CANCELED))

    assert judge.found_only("is answered with order")


@pytest.mark.parametrize("command", [CancelAll(), CancelAll(symbol=SOL, side=Side.BUY), EngageKillSwitch(reason="x")])
def test_after_a_cancel_of_all_nothing_of_its_scope_is_open(judge: Judge, command: Command) -> None:
    judge.place(text=MINE)
    judge.time.advance(1)
    judge.answer(command, (), after_s=1)

    assert judge.found_only("was open before and is open still (R13)")


def test_an_order_that_came_in_the_very_moment_was_not_there_before(judge: Judge) -> None:
    judge.place(text=MINE)
    judge.answer(CancelAll(), (), after_s=1)

    assert judge.found() == []


def test_a_cancel_of_all_tells_what_it_has_ended(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    judge.time.advance(1)
    reply = judge.ask(CancelAll())
    judge.request("DELETE", "/spot/orders")
    reply.set((said(booked, OrderStatus.CANCELED),))
    assert judge.found() == []

    judge = Judge()
    judge.ask(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="mine"))
    judge.place(text=MINE)
    judge.time.advance(1)
    reply = judge.ask(CancelAll())
    judge.request("DELETE", "/spot/orders")
    reply.set(())
    assert judge.found_only("was canceled by it and is not told")


@pytest.mark.parametrize("is_engaged", [True, False])
def test_an_engaged_kill_switch_may_have_sent_the_cancel_of_all_that_hit_an_order(
    judge: Judge, *, is_engaged: bool
) -> None:
    judge.answer(EngageKillSwitch(reason="enough"), ())
    if not is_engaged:
        judge.answer(ReleaseKillSwitch(), None)
    judge.time.advance(1)
    judge.ask(PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="mine"))
    judge.place(text=MINE)
    judge.time.advance(1)
    reply = judge.ask(CancelAll(side=Side.BUY))
    judge.request("DELETE", "/spot/orders")
    reply.set(())
    assert any("was canceled by it and is not told" in each for each in judge.found()) is not is_engaged


@pytest.mark.parametrize(
    ("told", "is_answered", "right"),
    [
        ("before", False, False),
        ("after", False, True),
        ("after", True, False),
        ("by another", False, True),
        ("by another", True, False),
    ],
)
async def test_what_a_cancel_of_all_has_hit_beside_what_was_told_before_it_only_its_answer_says(
    judge: Judge, told: str, is_answered: bool, right: bool
) -> None:
    place = PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="mine")
    if told == "before":
        judge.ask(place)
    canceling = judge.ask(CancelAll())
    if told == "after":
        judge.ask(place)
    judge.place_as_told(place)
    judge.time.advance(1)
    judge.request("DELETE", "/spot/orders")
    if is_answered:
        judge.transport.response = HttpResponse(status=200, headers={}, body=b"[]")
        url = "http://exchange.test/api/v4/spot/orders?account=spot"
        await judge.delivered.request("DELETE", url, headers={"KEY": "key"}, body=None, timeout_s=1.0)
    canceling.set(())
    found = judge.found()
    assert (found == []) is right
    assert all("was canceled by it and is not told" in each for each in found)


def test_a_cancel_of_all_does_not_tell_of_what_is_out_of_its_scope(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    judge.engine.cancel(booked)
    judge.answer(CancelAll(symbol=SOL, side=Side.SELL), (said(booked, OrderStatus.CANCELED),))

    assert judge.found_only("a buy of SOL/USDT")


def test_an_amendment_that_is_confirmed_was_made(judge: Judge) -> None:
    booked = judge.place(text=MINE)
    command = AmendOrder(symbol=SOL, order_id=str(booked.id), price=Decimal(99))
    judge.answer(command, said(booked))
    assert judge.found_only("never had these terms")

    judge = Judge()
    booked = judge.place(text=MINE)
    reply = judge.ask(AmendOrder(symbol=SOL, order_id=str(booked.id), price=Decimal(99)))
    judge.engine.amend(booked, price=Decimal(99))
    reply.set(said(booked))
    assert judge.found() == []


# -- errors -----------------------------------------------------------------------------------------------------------


DEAR = PlaceOrder.limit(SOL, Side.BUY, Decimal(2_000), Decimal(1_000))
DEAR_COST = Decimal(2_000_000)
"""More than the account has."""


def test_a_refusal_for_want_of_money_is_right_where_the_money_is_not_there(judge: Judge) -> None:
    available = judge.engine.ledger.balance("alpha", "USDT").available
    judge.answer(DEAR, InsufficientBalanceError("USDT", DEAR_COST, available))
    assert judge.found() == []

    cheap = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(1))
    judge.answer(cheap, InsufficientBalanceError("USDT", Decimal(1), Decimal(0)))
    assert judge.found_only("was refused for 1 USDT")


def test_money_that_is_set_aside_for_another_order_may_be_wanting(judge: Judge) -> None:
    available = judge.engine.ledger.balance("alpha", "USDT").available
    whole = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), available)
    judge.ask(whole)
    judge.answer(whole, InsufficientBalanceError("USDT", available, Decimal(0)))

    assert judge.found() == []


@pytest.mark.parametrize("stood_still", [True, False])
def test_money_of_an_order_of_unknown_fate_may_be_wanting_for_as_long_as_nothing_could_be_asked(
    judge: Judge, stood_still: bool
) -> None:
    available = judge.engine.ledger.balance("alpha", "USDT").available
    whole = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), available)
    judge.answer(whole, UnresolvedOrderError("placing", "c1", "the connection broke"))
    list(judge.oracle.look())
    judge.time.advance(200)
    if stood_still:
        judge.oracle.resume()
    judge.answer(whole, InsufficientBalanceError("USDT", available, Decimal(0)))

    assert (judge.found() == []) is stood_still


@pytest.mark.parametrize("loses_records", [True, False])
@pytest.mark.parametrize("earlier", [CanceledBeforeSentError("placing", "c1"), BusyError("alpha", 5)])
@pytest.mark.parametrize("later_s", [0, 2])
def test_money_of_an_earlier_life_may_be_wanting_where_the_end_of_its_order_may_be_lost(
    loses_records: bool, earlier: Exception, later_s: int
) -> None:
    """With the disk, or because that life was over before it was written."""
    judge = Judge(Known(stale_s=10.0, loses_records=loses_records))
    available = judge.engine.ledger.balance("alpha", "USDT").available
    whole = PlaceOrder.limit(SOL, Side.BUY, Decimal(1), available)
    judge.answer(whole, earlier)
    judge.answer(whole, NotLiveError("alpha", "syncing", 1), after_s=later_s)
    for filed in judge.commands.commands:
        filed.life = 1
    judge.time.advance(200)
    judge.answer(whole, InsufficientBalanceError("USDT", available, Decimal(0)))

    is_excused = (loses_records or not later_s) and isinstance(earlier, CanceledBeforeSentError)
    assert (judge.found() == []) is is_excused


def test_a_refusal_names_what_the_order_needs(judge: Judge) -> None:
    judge.answer(DEAR, InsufficientBalanceError("SOL", Decimal(1_000), Decimal(0)))

    assert judge.found_only("needs 2000000 USDT")


def test_an_order_without_the_money_is_not_let_through_where_the_money_is_known() -> None:
    judge = Judge(Known(stale_s=10.0, funds_are_exact=True))
    judge.ask(DEAR)
    assert judge.place_as_told(DEAR)["label"] == "BALANCE_NOT_ENOUGH"

    assert judge.found_only("was let through without the money")


@pytest.mark.parametrize(("passed_s", "found"), [(9, False), (11, True)])
def test_an_order_may_lack_what_an_amend_has_locked_lately(passed_s: int, found: bool) -> None:
    judge = Judge(Known(stale_s=10.0, funds_are_exact=True))
    resting = judge.place()
    judge.request("PATCH", f"/spot/orders/{resting.id}", query="currency_pair=SOL_USDT", body={"amount": "500"})
    judge.time.advance(passed_s)
    left = judge.engine.ledger.balance("alpha", "USDT").available
    more = PlaceOrder.limit(SOL, Side.BUY, left / 100 + 400, Decimal(100))
    judge.ask(more)
    assert judge.place_as_told(more)["label"] == "BALANCE_NOT_ENOUGH"
    assert any("without the money" in each for each in judge.found()) is found


@pytest.mark.parametrize(("other", "found"), [("2", False), ("3", True)])
def test_what_an_order_has_locked_may_be_taken_for_shown_by_another_change_of_the_same_amount(
    other: str, found: bool
) -> None:
    judge = Judge(Known(stale_s=10.0, funds_are_exact=True))
    first = PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="first")
    judge.ask(first)
    judge.place_as_told(first)
    judge.place(amount=other)
    left = judge.engine.ledger.balance("alpha", "USDT").available
    more = PlaceOrder.limit(SOL, Side.BUY, left / 100 + 2, Decimal(100))
    judge.ask(more)
    assert judge.place_as_told(more)["label"] == "BALANCE_NOT_ENOUGH"
    assert any("without the money" in each for each in judge.found()) is found


def whole_purse(judge: Judge, own_id: str) -> PlaceOrder:
    """A limit buy for all the money that there is."""
    available = judge.engine.ledger.balance("alpha", "USDT").available
    return PlaceOrder.limit(SOL, Side.BUY, available / 100, Decimal(100), client_order_id=own_id)


def test_money_of_an_order_on_its_way_is_not_spent_again() -> None:
    judge = Judge(Known(stale_s=10.0, funds_are_known=True))
    one, two = whole_purse(judge, "one"), whole_purse(judge, "two")
    judge.ask(one)
    judge.ask(two)
    judge.time.advance(1)
    judge.place_as_told(one)
    judge.place_as_told(two)

    assert judge.found_only("were on their way (funds)")


def test_money_of_an_order_that_has_arrived_may_not_be_known_to_be_spent() -> None:
    judge = Judge(Known(stale_s=10.0, funds_are_known=True))
    one, two = whole_purse(judge, "one"), whole_purse(judge, "two")
    judge.ask(one)
    judge.place_as_told(one)
    judge.time.advance(1)
    judge.ask(two)
    judge.place_as_told(two)

    assert judge.found() == []


def test_not_live_is_a_lie_while_the_account_is_live(judge: Judge) -> None:
    refused = NotLiveError("alpha", SyncState.DEGRADED.value, None)
    judge.answer(DEAR, refused)
    judge.told.live_since_s = 0.0
    judge.answer(DEAR, refused)
    assert judge.found() == [], "the event of it may be on its way"
    judge.time.advance(1)
    assert judge.found_only("told was live")

    judge.answer(DEAR, refused)
    judge.time.advance(1)
    judge.told.live_since_s = None
    assert judge.found() == []


def test_the_kill_switch_refuses_only_while_it_may_be_engaged(judge: Judge) -> None:
    refused = KillSwitchError("alpha", "enough")
    judge.answer(DEAR, refused)
    assert judge.found_only("nobody has engaged it")

    judge = Judge()
    judge.answer(EngageKillSwitch(reason="enough"), ())
    judge.time.advance(1)
    judge.answer(DEAR, refused)
    assert judge.found() == []

    judge.answer(ReleaseKillSwitch(), None)
    judge.time.advance(1)
    judge.answer(DEAR, refused)
    assert judge.found_only("nobody has engaged it")


async def test_a_refusal_by_the_exchange_is_one_that_has_arrived(judge: Judge) -> None:
    refused = VenueRefusedError(RefusalReason.TRADING_DISABLED, "TRADE_RESTRICTED")
    reply = judge.ask(DEAR)
    await judge.delivered.request("POST", "/", headers={"KEY": "key"}, body=None, timeout_s=1.0)
    reply.set_error(refused)
    assert judge.found() == []

    judge.time.advance(1)
    judge.answer(DEAR, refused)
    assert judge.found_only("which the exchange has not said")


async def test_a_refusal_without_a_label_is_known_by_its_status(judge: Judge) -> None:
    judge.transport.response = HttpResponse(status=403, headers={}, body=b"<html>")
    reply = judge.ask(GetOrder(symbol=SOL, order_id="1"))
    await judge.delivered.request("GET", "/", headers={"KEY": "key"}, body=None, timeout_s=1.0)
    reply.set_error(VenueRefusedError(RefusalReason.OTHER, "HTTP_403"))

    assert judge.found() == []


@pytest.mark.parametrize("label", ["HTTP_403", "HTTP_429", "REPEATED_CREATION", "NO_CHANGE", "SOMETHING_OF_TOMORROW"])
async def test_a_change_is_not_refused_by_what_proves_nothing(judge: Judge, label: str) -> None:
    judge.transport.response = HttpResponse(status=400, headers={}, body=msgspec.json.encode({"label": label}))
    reply = judge.ask(DEAR)
    await judge.delivered.request("POST", "/", headers={"KEY": "key"}, body=None, timeout_s=1.0)
    reply.set_error(VenueRefusedError(RefusalReason.OTHER, label))

    assert judge.found_only("which does not say that nothing happened (R3)")
