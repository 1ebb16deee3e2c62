"""What an account does with an order command, without an exchange's delays: money, ids, figures, answers."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from actors.account.intents import Intent, Intents
from actors.account.order_store import OrderStore
from actors.account.state import Doubt
from actors.journal import IntentCommand, Outcome
from actors.runtime import Reply
from messages.commands import AmendOrder, CancelOrder, PlaceOrder
from messages.enums import OrderStatus, Side, SyncState
from messages.errors import (
    ConnectionFailedError,
    InsufficientBalanceError,
    InvalidValueError,
    KillSwitchError,
    NotLiveError,
    UnknownMarketError,
    UnresolvedOrderError,
    VenueRefusedError,
)
from messages.order import Order
from tests.support.desks import Desks, Fate
from tests.support.orders import BTC, SOL, order

USDT = Decimal(100_000)
ONE = Decimal(1)


@pytest.fixture
def desks() -> Desks:
    desks = Desks()
    desks.connect()
    return desks


def placing(desks: Desks, command: PlaceOrder) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    desks.orders.place(command, lambda: reply)
    return reply


@pytest.mark.parametrize(
    ("command", "currency", "left"),
    [
        (PlaceOrder.limit(SOL, Side.BUY, Decimal(3), Decimal(100)), "USDT", USDT - 300),
        (PlaceOrder.post_only(SOL, Side.BUY, Decimal(2), Decimal(99)), "USDT", USDT - 198),
        (PlaceOrder.market_buy(SOL, Decimal(500)), "USDT", USDT - 500),
        (PlaceOrder.limit(SOL, Side.SELL, Decimal(3), Decimal(100)), "SOL", Decimal(997)),
        (PlaceOrder.market_sell(BTC, Decimal(4)), "BTC", Decimal(996)),
    ],
)
def test_money_is_set_aside_from_the_moment_of_sending(
    desks: Desks, command: PlaceOrder, currency: str, left: Decimal
) -> None:
    desks.latency_s = 1.0
    placing(desks, command)
    assert desks.state.available(currency) == left
    desks.pass_time(1)


def test_what_is_set_aside_cannot_be_spent_twice_and_a_refusal_frees_it(desks: Desks) -> None:
    most = PlaceOrder.limit(SOL, Side.BUY, Decimal(900), Decimal(100))
    desks.venue.fates = [Fate.REFUSED]
    first = placing(desks, most)
    with pytest.raises(InsufficientBalanceError, match="USDT: 90000 needed, 10000 available"):
        placing(desks, most)
    desks.pass_time(0)
    assert isinstance(first.error, VenueRefusedError)
    assert desks.state.available("USDT") == USDT
    second = placing(desks, most)
    desks.pass_time(0)
    assert second.result().status is OrderStatus.NEW


def test_money_of_an_order_of_unknown_fate_stays_set_aside(desks: Desks) -> None:
    desks.venue.fates = [Fate.NEVER_ARRIVED]
    reply = placing(desks, PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(100)))
    desks.pass_time(0)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert desks.told[-1].status is OrderStatus.UNRESOLVED
    assert desks.state.available("USDT") == USDT - 100
    desks.pass_time(120)
    assert desks.state.available("USDT") == USDT


def test_an_id_that_another_order_has_is_refused_in_whichever_market(desks: Desks) -> None:
    desks.resting(SOL, client_order_id="mine")
    with pytest.raises(InvalidValueError, match="an id that no other order of ours has"):
        desks.place(BTC, client_order_id="mine")
    assert desks.venue.requests == ["place"]


@pytest.mark.parametrize("is_pushed_first", [True, False])
def test_r3_the_answer_to_a_placing_is_about_its_order_also_where_the_exchange_has_set_its_clock_back(
    desks: Desks, is_pushed_first: bool
) -> None:
    desks.venue._now_ms = lambda: desks.now_ms() - 60_000
    desks.way_back_s = 1.0
    reply = desks.place(client_order_id="mine")
    desks.pass_time(0)
    [taken] = desks.venue.orders.values()
    if is_pushed_first:
        desks.hear(taken)
    desks.pass_time(1)

    assert reply.result() == taken
    assert [record.order for record in desks.state.orders.open_records()] == [taken]


def test_an_order_without_an_id_is_given_one(desks: Desks) -> None:
    first, second = desks.resting(), desks.resting()
    assert first.client_order_id
    assert first.client_order_id != second.client_order_id


@pytest.mark.parametrize(("fate", "figure"), [(Fate.REFUSED, "rejected"), (Fate.UNREACHABLE, "denied")])
def test_refusals_are_counted_by_who_refused(desks: Desks, fate: Fate, figure: str) -> None:
    desks.venue.fates = [fate]
    reply = desks.place()
    desks.pass_time(0)
    assert reply.error is not None
    figures = desks.context.figures
    assert {"rejected": figures.rejected, "denied": figures.denied} == {"rejected": 0, "denied": 0} | {figure: 1}
    assert desks.orders._sending == {}
    assert desks.told[-1].status is OrderStatus.REJECTED
    assert figures.command_latency.count == 1
    assert desks.told[-1].finish_reason == ("TRY_LATER" if fate is Fate.REFUSED else "ConnectionFailedError")


def test_each_command_that_was_answered_has_a_latency(desks: Desks) -> None:
    order = desks.resting()
    amended: Reply[Any] = Reply()
    desks.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=Decimal(99)), lambda: amended)
    desks.pass_time(0)
    desks.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), Reply)
    desks.pass_time(0)
    assert desks.context.figures.command_latency.count == 3
    other = desks.resting()
    desks.orders.cancel_named(other)
    desks.pass_time(0)
    assert desks.venue.open == {}
    assert desks.context.figures.command_latency.count == 4, "nobody's command"


def test_r5_while_not_live_orders_and_amends_are_refused_and_cancels_pass(desks: Desks) -> None:
    order = desks.resting()
    desks.context.sync_state = SyncState.DEGRADED
    with pytest.raises(NotLiveError):
        desks.place()
    with pytest.raises(NotLiveError):
        desks.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=ONE), Reply)
    desks.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), Reply)
    desks.pass_time(0)
    assert desks.venue.open == {}


def test_while_the_kill_switch_is_engaged_orders_and_amends_are_refused(desks: Desks) -> None:
    order = desks.resting()
    desks.context.kill_switch = "stop"
    with pytest.raises(KillSwitchError):
        desks.place()
    with pytest.raises(KillSwitchError):
        desks.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=ONE), Reply)


def test_without_a_connection_a_cancel_is_refused() -> None:
    desks = Desks()
    with pytest.raises(ConnectionFailedError):
        desks.orders.cancel(CancelOrder(symbol=SOL, order_id="1"), Reply)


@pytest.mark.parametrize("state", ["unknown", "canceled"])
def test_an_amend_of_what_is_not_open_is_refused_here(desks: Desks, state: str) -> None:
    order = desks.resting()
    order_id = "77" if state == "unknown" else order.order_id
    desks.hear(desks.venue.end(order))
    with pytest.raises(InvalidValueError, match=f"open, but it is {state}"):
        desks.orders.amend(AmendOrder(symbol=SOL, order_id=order_id, price=ONE), Reply)


def test_an_amend_changes_what_it_names_and_nothing_else(desks: Desks) -> None:
    order = desks.resting()
    reply: Reply[Any] = Reply()
    desks.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, quantity=Decimal(2)), lambda: reply)
    desks.pass_time(0)
    assert (reply.result().quantity, reply.result().price) == (Decimal(2), Decimal(100))


@pytest.mark.parametrize("terms", [{"price": Decimal(99)}, {"quantity": Decimal("0.5")}, {"price": Decimal(101)}])
@pytest.mark.parametrize("behind_ms", [0, 500])
def test_r2_an_amend_is_known_once_it_is_answered_though_the_clock_of_the_exchange_stood_still(
    desks: Desks, terms: dict[str, Decimal], behind_ms: int
) -> None:
    placed = desks.resting()
    order = msgspec.structs.replace(placed, updated_ms=placed.updated_ms + behind_ms)
    desks.hear(order)
    desks.venue.orders[str(order.order_id)] = order
    desks.venue.is_clock_still = True
    reply: Reply[Any] = Reply()
    desks.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, **terms), lambda: reply)
    desks.pass_time(0)
    amended = msgspec.structs.replace(order, **terms)
    assert reply.result() == amended
    desks.hear(order)
    assert desks.state.known(order) == amended, "an earlier frame that comes late turns nothing back"


def test_an_amend_that_was_lost_and_happened_is_answered_with_the_order(desks: Desks) -> None:
    order = desks.resting()
    desks.venue.fates = [Fate.ANSWER_LOST]
    reply: Reply[Any] = Reply()
    desks.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=Decimal(99)), lambda: reply)
    desks.pass_time(1)
    assert reply.result().price == Decimal(99)


def test_r6_a_cancel_of_an_order_that_we_took_for_ended_asks_the_exchange(desks: Desks) -> None:
    order = desks.resting()
    desks.pass_time(60)
    desks.state.conclude_unknown(Doubt(SOL, order.order_id, order.client_order_id), desks.now_ms())
    assert desks.state.orders.open_count == 0
    reply: Reply[Any] = Reply()
    assert desks.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), lambda: reply) is None
    desks.pass_time(5)
    assert reply.result().status is OrderStatus.CANCELED
    assert desks.venue.open == {}


def test_a_cancel_of_a_finished_order_is_answered_at_once(desks: Desks) -> None:
    order = desks.resting()
    desks.hear(desks.venue.end(order, OrderStatus.FILLED))
    made = len(desks.venue.requests)
    ended = desks.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), Reply)
    assert ended is not None
    assert ended.status is OrderStatus.FILLED
    assert len(desks.venue.requests) == made


def amending(desks: Desks, order_id: str | None, **terms: Decimal) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    desks.orders.amend(AmendOrder(symbol=SOL, order_id=order_id, **terms), lambda: reply)
    desks.pass_time(0)
    return reply


def test_an_amend_that_finds_the_order_ended_learns_how(desks: Desks) -> None:
    order = desks.resting()
    desks.venue.end(order, OrderStatus.FILLED)
    assert isinstance(amending(desks, order.order_id, price=Decimal(99)).error, VenueRefusedError)
    desks.pass_time(1)
    assert desks.told[-1].status is OrderStatus.FILLED


@pytest.mark.parametrize("terms", [{"price": Decimal(99)}, {"quantity": Decimal(2)}])
def test_an_amend_that_was_lost_and_did_not_happen_is_unresolved(desks: Desks, terms: dict[str, Decimal]) -> None:
    order = desks.resting()
    desks.venue.fates = [Fate.NEVER_ARRIVED]
    reply = amending(desks, order.order_id, **terms)
    desks.pass_time(1)
    assert isinstance(reply.error, UnresolvedOrderError)


def test_an_amend_that_was_lost_of_an_order_that_ended_is_unresolved(desks: Desks) -> None:
    order = desks.resting()
    desks.venue.fates = [Fate.ANSWER_LOST, Fate.UNREACHABLE]
    reply = amending(desks, order.order_id, price=Decimal(99))
    desks.venue.end(desks.venue.orders[str(order.order_id)])
    desks.pass_time(5)
    assert isinstance(reply.error, UnresolvedOrderError)


@pytest.mark.parametrize("terms", [{"price": Decimal("99.001")}, {"quantity": Decimal("1.0001")}])
def test_an_amend_against_the_rules_of_its_market_is_not_sent(desks: Desks, terms: dict[str, Decimal]) -> None:
    order = desks.resting()
    with pytest.raises(InvalidValueError, match=next(iter(terms))):
        amending(desks, order.order_id, **terms)
    desks.context.unknown_markets = {SOL: "delisted"}
    with pytest.raises(UnknownMarketError, match="delisted"):
        amending(desks, order.order_id, price=Decimal(99))
    assert desks.venue.requests == ["place"]


def test_an_order_against_the_rules_of_its_market_is_not_sent(desks: Desks) -> None:
    with pytest.raises(InvalidValueError, match="price"):
        placing(desks, PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal("99.001")))
    desks.context.unknown_markets = {SOL: "delisted"}
    with pytest.raises(UnknownMarketError, match="delisted"):
        desks.place()
    desks.pass_time(1)
    assert desks.venue.requests == []
    assert desks.state.available("USDT") == USDT


def test_an_amend_of_an_order_that_the_exchange_has_not_named_is_refused_here(desks: Desks) -> None:
    desks.place(client_order_id="mine")
    with pytest.raises(InvalidValueError, match=r"mine.*open, but it is pending"):
        desks.orders.amend(AmendOrder(symbol=SOL, client_order_id="mine", price=Decimal(99)), Reply)
    desks.pass_time(0)


@pytest.mark.parametrize("by", ["order_id", "client_order_id"])
def test_a_refusal_to_amend_names_the_order_as_the_command_does(desks: Desks, by: str) -> None:
    order = desks.resting(client_order_id="mine")
    name = {by: str(getattr(order, by))}
    desks.latency_s = 1.0
    desks.orders.amend(AmendOrder(symbol=SOL, **name, price=Decimal(99)), Reply)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=f"{name[by]}.*without an earlier amend"):
        desks.orders.amend(AmendOrder(symbol=SOL, **name, price=Decimal(98)), Reply)  # type: ignore[arg-type]
    desks.pass_time(2)
    desks.hear(desks.venue.end(desks.venue.orders[str(order.order_id)]))
    with pytest.raises(InvalidValueError, match=f"{name[by]}.*it is canceled"):
        desks.orders.amend(AmendOrder(symbol=SOL, **name, price=Decimal(98)), Reply)  # type: ignore[arg-type]


def test_each_answer_is_logged_with_its_latency(desks: Desks) -> None:
    desks.latency_s = 0.25
    with capture_logs() as logs:
        desks.place(client_order_id="mine")
        desks.pass_time(1)
        desks.orders.amend(AmendOrder(symbol=SOL, client_order_id="mine", price=Decimal(99)), Reply)
        desks.pass_time(1)
        canceling(desks, "mine")
        desks.pass_time(1)
        desks.venue.fates = [Fate.REFUSED]
        desks.place()
        desks.pass_time(1)
    timed = [(row["event"], row["elapsed_ms"], row["status"]) for row in logs if "elapsed_ms" in row]
    assert timed == [
        ("order_placed", 250.0, "new"),
        ("order_amended", 250.0, "new"),
        ("order_canceled", 250.0, "canceled"),
        ("order_refused", 250.0, "rejected"),
    ]
    assert (desks.doubts._evidence._sent, desks.orders._sending) == ({}, {}), "nothing is kept of what was answered"


def test_r3_when_the_account_ends_every_command_under_way_is_of_unknown_outcome(desks: Desks) -> None:
    desks.resting(client_order_id="first")
    second = desks.resting(client_order_id="second")
    desks.latency_s = 1.0
    replies = {"placing": desks.place(client_order_id="third"), "cancelling": canceling(desks, "first")}
    replies["amending"] = amending(desks, second.order_id, price=Decimal(99))
    desks.intents.account_ends()
    for what, reply in replies.items():
        assert isinstance(reply.error, UnresolvedOrderError)
        assert str(reply.error).startswith(f"{what} of order ")
        assert "the account ended before the answer came" in str(reply.error)
    desks.pass_time(2)
    assert all(reply.late_answers for reply in replies.values())


def test_a_cancel_that_finds_the_order_ended_is_answered_with_its_end(desks: Desks) -> None:
    order = desks.resting(client_order_id="mine")
    desks.venue.end(order, OrderStatus.FILLED)
    reply = canceling(desks, "mine")
    desks.pass_time(1)
    assert reply.result().status is OrderStatus.FILLED


def test_a_lost_amend_of_an_order_that_nobody_knows_any_more_is_unresolved() -> None:
    desks = Desks(executed_limit=1)
    desks.connect()
    order, other = desks.resting(), desks.resting()
    desks.venue.fates = [Fate.ANSWER_LOST, Fate.UNREACHABLE]
    reply = amending(desks, order.order_id, price=Decimal(99))
    for each in (order, other):
        desks.hear(desks.venue.end(desks.venue.orders[str(each.order_id)]))
    desks.venue.orders.clear()
    desks.pass_time(9)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert "get_order" in desks.venue.requests


def canceling(desks: Desks, client_order_id: str) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    assert desks.orders.cancel(CancelOrder(symbol=SOL, client_order_id=client_order_id), lambda: reply) is None
    return reply


@pytest.mark.parametrize("fate", [Fate.REFUSED, Fate.UNREACHABLE, Fate.NEVER_ARRIVED])
def test_a_cancel_that_fails_is_a_sign_of_trouble(desks: Desks, fate: Fate) -> None:
    desks.resting(client_order_id="mine")
    desks.venue.fates = [fate]
    reply = canceling(desks, "mine")
    desks.pass_time(0)
    assert [str(error) for error in desks.trouble] == [str(reply.error)] or fate is Fate.NEVER_ARRIVED
    assert len(desks.trouble) == 1


@pytest.mark.parametrize("fate", list(Fate))
def test_r13_a_cancel_that_waits_for_the_orders_name_has_its_end(fate: Fate) -> None:
    """However the placing ends, and whoever tells of it: its answer, its refusal, a look-up."""
    desks = Desks(cancel_patience_s=60.0)
    desks.connect()
    desks.latency_s = 0.1
    desks.venue.fates = [fate]
    desks.place(client_order_id="mine")
    desks.pass_time(0)
    desks.orders._sending.clear()  # it has left: it cannot be called back
    reply = canceling(desks, "mine")
    assert desks.venue.requests == []
    desks.pass_time(50)
    assert desks.venue.open == {}
    arrived = fate in {Fate.DONE, Fate.ANSWER_LOST}
    assert reply.result().status is (OrderStatus.CANCELED if arrived else OrderStatus.REJECTED)
    assert desks.venue.requests.count("cancel") == arrived
    assert desks.orders._when_answered == {}


class Filed(Intent):
    """Remembers what was filed."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self.ends: list[tuple[bool, str]] = []
        self.answers: list[str] = []

    def ended(self, error: Exception | None = None) -> None:
        self.answers.append("done" if error is None else type(error).__name__)

    def settled(self, *, happened: bool, detail: str = "asked later") -> None:
        self.ends.append((happened, detail))


@pytest.mark.parametrize(
    ("has_arrived", "is_ours", "end"),
    [
        (True, True, (True, "asked later")),
        (False, True, (False, "never_arrived")),
        (False, False, (False, "asked later")),
    ],
)
def test_r3_a_placing_of_unknown_fate_is_filed_as_the_exchange_tells(
    desks: Desks, has_arrived: bool, is_ours: bool, end: tuple[bool, str]
) -> None:
    if is_ours:
        command = PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(100), client_order_id="mine")
        desks.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))
    if has_arrived:
        desks.venue.add(client_order_id="mine")
    intent = Filed()
    desks.orders.settle(intent, Doubt(SOL, None, "mine"))
    desks.pass_time(60)
    assert intent.ends == [end]


def test_r3_a_placing_that_was_refused_after_all_is_filed_as_rejected(desks: Desks) -> None:
    desks.latency_s = 1.0
    desks.venue.fates = [Fate.REFUSED]
    desks.place(client_order_id="mine")
    intent = Filed()
    desks.orders.settle(intent, Doubt(SOL, None, "mine"))
    desks.pass_time(60)
    assert intent.ends == [(False, "asked later")]


def test_r3_a_placing_whose_order_vanished_later_has_happened(desks: Desks) -> None:
    order = desks.resting(client_order_id="mine")
    desks.venue.orders.clear()
    intent = Filed()
    desks.orders.settle(intent, Doubt(SOL, None, "mine"))
    desks.pass_time(60)
    assert desks.told[-1].is_inferred
    assert desks.told[-1].order_id == order.order_id
    assert intent.ends == [(True, "asked later")]


def test_a_cancel_of_an_order_that_is_not_known_here_goes_out(desks: Desks) -> None:
    order = desks.venue.add()
    reply: Reply[Any] = Reply()
    assert desks.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), lambda: reply) is None
    desks.pass_time(0)
    assert reply.result().status is OrderStatus.CANCELED


def test_a_cancel_of_an_ended_order_is_answered_in_time_when_nobody_can_say_how_it_ended(desks: Desks) -> None:
    order = desks.resting(client_order_id="mine")
    desks.venue.end(order)
    reply = canceling(desks, "mine")
    desks.venue.fates = [Fate.DONE, *[Fate.UNREACHABLE] * 100]
    desks.pass_time(desks.context.settings.cancel_patience_s - 1)
    assert not reply.done
    desks.pass_time(2)
    assert isinstance(reply.error, UnresolvedOrderError)


class FilingIntents(Intents):
    """Hands out intents that remember what was filed, and until when each may arrive."""

    def __init__(self) -> None:
        super().__init__(None)
        self.filed: list[tuple[Filed, int | None]] = []

    def begin(self, command: IntentCommand, arrives_by_ms: int | None = None) -> Intent:
        self.filed.append((Filed(), arrives_by_ms))
        return self.filed[-1][0]

    begin_cancel = begin


@pytest.mark.parametrize(
    ("fate", "answer"),
    [(Fate.DONE, "done"), (Fate.REFUSED, "VenueRefusedError"), (Fate.NEVER_ARRIVED, "UnknownOutcomeError")],
)
@pytest.mark.parametrize("kind", ["place", "cancel", "amend"])
def test_r4_each_answer_is_filed_and_each_failure_is_a_sign_of_trouble(
    desks: Desks, kind: str, fate: Fate, answer: str
) -> None:
    order = desks.resting(client_order_id="mine")
    intents = desks.orders._intents = FilingIntents()
    desks.venue.fates = [fate]
    if kind == "place":
        desks.place()
    elif kind == "cancel":
        canceling(desks, "mine")
    else:
        desks.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=Decimal(99)), Reply)
    desks.pass_time(0)
    ((intent, arrives_by_ms),) = intents.filed
    assert arrives_by_ms is not None
    assert intent.answers == [answer]
    assert len(desks.trouble) == (fate is not Fate.DONE)
    assert desks.orders._amending == set()


def test_r4_a_lost_cancel_is_waited_for_with_patience_for_no_exchange_lets_it_expire(desks: Desks) -> None:
    desks.resting(client_order_id="mine")
    intents = desks.orders._intents = FilingIntents()
    desks.venue.fates = [Fate.NEVER_ARRIVED]
    settings = desks.context.settings
    patience_ms = settings.unresolved_patience_ms + settings.resolve_grace_ms
    canceling(desks, "mine")
    ((intent, arrives_by_ms),) = intents.filed
    assert arrives_by_ms == desks.now_ms() + patience_ms
    desks.pass_time(patience_ms / 1000 - 0.1)
    assert intent.ends == []
    desks.pass_time(5)
    assert intent.ends == [(False, "asked later")]


# -- a small memory of finished orders --------------------------------------------------------------------------------


class Outcomes(Intent):
    """Remembers what was filed, in place of a journal."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self.outcomes: list[str] = []

    def _file(self, outcome: Outcome, detail: str) -> None:
        del detail
        self.outcomes.append(outcome.value)


@pytest.mark.parametrize("is_denied", [False, True], ids=["found by our id", "denied by our id"])
@pytest.mark.parametrize("ended", [OrderStatus.FILLED, OrderStatus.CANCELED])
def test_r4_an_order_that_was_told_of_is_filed_as_confirmed_however_many_end_before_the_answer(
    monkeypatch: pytest.MonkeyPatch, ended: OrderStatus, is_denied: bool
) -> None:
    """An account that keeps one finished order, and an answer that is lost (or denies what was done)."""
    desks, filed = Desks(), Outcomes()
    desks.state.orders = OrderStore(1)
    desks.connect()
    take = desks.venue._take

    def take_and_tell(command: PlaceOrder) -> Order:
        placed = take(command)
        desks.hear(desks.venue.end(placed, ended))
        for name in ("1", "2", "3"):
            desks.hear(order(OrderStatus.FILLED, filled="10", order_id=name, client_order_id=f"other{name}"))
        if is_denied:
            desks.venue.orders.clear()
        return placed

    monkeypatch.setattr(desks.venue, "_take", take_and_tell)
    monkeypatch.setattr(desks.intents, "begin", lambda *_: filed)
    desks.venue.fates = [Fate.ANSWER_LOST]
    reply = desks.place(client_order_id="c1")
    desks.pass_time(300)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert filed.outcomes == ["unresolved", "confirmed"]
    assert desks.doubts.open_count == 0
    assert desks.state.orders.executed_count == 1, "it gives way once all is filed"


def test_a_cancel_is_answered_with_the_order_that_ended_while_it_was_on_its_way() -> None:
    desks = Desks()
    desks.state.orders = OrderStore(1)
    desks.connect()
    resting = desks.resting(client_order_id="c1")
    reply: Reply[Any] = Reply()
    desks.latency_s = 1.0
    desks.orders.cancel(CancelOrder(symbol=SOL, client_order_id="c1"), lambda: reply)
    desks.hear(desks.venue.end(resting, OrderStatus.FILLED))
    for name in ("1", "2", "3"):
        desks.hear(order(OrderStatus.FILLED, filled="10", order_id=name, client_order_id=f"other{name}"))
    desks.venue.orders.clear()  # it has been forgotten there
    desks.pass_time(2)
    assert reply.result().status is OrderStatus.FILLED


# -- answers in time, and what is asked --------------------------------------------------------------------------------


def test_a_cancel_that_waits_for_its_orders_name_is_answered_in_time(desks: Desks) -> None:
    desks.latency_s = 100.0
    desks.place(client_order_id="mine")
    reply = canceling(desks, "mine")
    desks.pass_time(desks.context.settings.cancel_patience_s - 1)
    assert not reply.done
    desks.pass_time(2)
    assert "its placing has not been answered" in str(reply.error)
    desks.pass_time(100)


def test_a_lost_amend_is_answered_in_time(desks: Desks) -> None:
    order = desks.resting()
    desks.venue.fates = [Fate.ANSWER_LOST, *[Fate.UNREACHABLE] * 100]
    reply = amending(desks, order.order_id, price=Decimal(99))
    desks.pass_time(desks.context.settings.cancel_patience_s + 1)
    assert isinstance(reply.error, UnresolvedOrderError)


def test_an_amend_that_is_refused_for_another_reason_asks_nothing(desks: Desks) -> None:
    order = desks.resting()
    desks.venue.fates = [Fate.REFUSED]
    assert isinstance(amending(desks, order.order_id, price=Decimal(99)).error, VenueRefusedError)
    desks.pass_time(5)
    assert desks.venue.requests == ["place", "amend"]


def test_without_a_connection_a_cancel_of_an_earlier_lifes_order_is_refused() -> None:
    desks = Desks()
    command = PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(100), client_order_id="mine")
    desks.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))
    with pytest.raises(ConnectionFailedError):
        canceling(desks, "mine")


def test_r6_a_cancel_is_not_answered_with_an_end_that_we_only_concluded(desks: Desks) -> None:
    desks.resting(client_order_id="mine")
    desks.venue.orders.clear()
    reply = canceling(desks, "mine")
    desks.pass_time(60)
    assert desks.told[-1].is_inferred
    assert isinstance(reply.error, VenueRefusedError)


def test_r3_an_order_is_ours_that_was_created_long_before_its_answer_was_lost(desks: Desks) -> None:
    desks.latency_s = 20.0
    desks.venue.fates = [Fate.ANSWER_LOST]
    desks.place(client_order_id="mine")
    created_ms = desks.now_ms() + 10
    desks.pass_time(20)
    ((order_id, placed),) = desks.venue.orders.items()
    desks.venue.orders[order_id] = msgspec.structs.replace(placed, created_ms=created_ms, updated_ms=created_ms)
    desks.pass_time(100)
    assert (desks.told[-1].order_id, desks.told[-1].status) == (order_id, OrderStatus.NEW)


def test_r6_a_cancel_of_an_order_that_we_took_for_never_arrived_goes_out(desks: Desks) -> None:
    desks.venue.fates = [Fate.NEVER_ARRIVED]
    desks.place(client_order_id="mine")
    desks.pass_time(120)
    assert desks.told[-1].finish_reason == "never_arrived"
    desks.venue.add(client_order_id="mine")
    reply = canceling(desks, "mine")
    desks.pass_time(0)
    assert reply.result().status is OrderStatus.CANCELED


@pytest.mark.parametrize("terms", [{"price": Decimal(1)}, {"quantity": Decimal("0.01")}])
def test_an_amend_is_checked_with_the_terms_that_it_leaves_alone(desks: Desks, terms: dict[str, Decimal]) -> None:
    order = desks.resting()
    rules = msgspec.structs.replace(desks.context.instruments[SOL], min_notional=Decimal(5))
    desks.context.instruments = {SOL: rules}
    with pytest.raises(InvalidValueError):
        amending(desks, order.order_id, **terms)
    assert desks.venue.requests == ["place"]
