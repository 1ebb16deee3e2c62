"""What an account does with an order command, without an exchange's delays: money, ids, figures, answers."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from actors.account.intents import Intent, Intents
from actors.account.orders.store import OrderStore
from actors.account.state import OrderKey
from actors.journal import IntentCommand, Outcome
from actors.runtime import Reply
from exchanges.base.capabilities import ClientIdRules
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
    UnsupportedError,
    VenueRefusedError,
)
from messages.order import Order
from messages.symbol import Symbol
from tests.support.account_parts import AccountParts, Fate
from tests.support.capabilities import capabilities
from tests.support.orders import BTC, SOL, order

USDT = Decimal(100_000)
ONE = Decimal(1)


@pytest.fixture
def parts() -> AccountParts:
    parts = AccountParts()
    parts.connect()
    return parts


def placing(parts: AccountParts, command: PlaceOrder) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    parts.orders.place(command, lambda: reply)
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
    parts: AccountParts, command: PlaceOrder, currency: str, left: Decimal
) -> None:
    parts.latency_s = 1.0
    placing(parts, command)
    assert parts.state.funds.available(currency) == left
    parts.pass_time(1)


def test_what_is_set_aside_cannot_be_spent_twice_and_a_refusal_frees_it(parts: AccountParts) -> None:
    most = PlaceOrder.limit(SOL, Side.BUY, Decimal(900), Decimal(100))
    parts.venue.fates = [Fate.REFUSED]
    first = placing(parts, most)
    with pytest.raises(InsufficientBalanceError, match="USDT: 90000 needed, 10000 available"):
        placing(parts, most)
    parts.pass_time(0)
    assert isinstance(first.error, VenueRefusedError)
    assert parts.state.funds.available("USDT") == USDT
    second = placing(parts, most)
    parts.pass_time(0)
    assert second.result().status is OrderStatus.NEW


def test_money_of_an_order_of_unknown_fate_stays_set_aside(parts: AccountParts) -> None:
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    reply = placing(parts, PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(100)))
    parts.pass_time(0)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert parts.told[-1].status is OrderStatus.UNRESOLVED
    assert parts.state.funds.available("USDT") == USDT - 100
    parts.pass_time(120)
    assert parts.state.funds.available("USDT") == USDT


def test_an_id_that_another_order_has_is_refused_in_whichever_market(parts: AccountParts) -> None:
    parts.resting(SOL, client_order_id="mine")
    with pytest.raises(InvalidValueError, match="an id that no other order of ours has"):
        parts.place(BTC, client_order_id="mine")
    assert parts.venue.requests == ["place"]


@pytest.mark.parametrize("is_pushed_first", [True, False])
def test_r3_the_answer_to_a_placing_is_about_its_order_also_where_the_exchange_has_set_its_clock_back(
    parts: AccountParts, is_pushed_first: bool
) -> None:
    parts.venue._now_ms = lambda: parts.now_ms() - 60_000
    parts.way_back_s = 1.0
    reply = parts.place(client_order_id="mine")
    parts.pass_time(0)
    [taken] = parts.venue.orders.values()
    if is_pushed_first:
        parts.apply(taken)
    parts.pass_time(1)

    assert reply.result() == taken
    assert [record.order for record in parts.state.orders.open_records()] == [taken]


def test_an_order_without_an_id_is_given_one(parts: AccountParts) -> None:
    first, second = parts.resting(), parts.resting()
    assert first.client_order_id
    assert first.client_order_id != second.client_order_id


@pytest.mark.parametrize(("fate", "figure"), [(Fate.REFUSED, "rejected"), (Fate.UNREACHABLE, "denied")])
def test_refusals_are_counted_by_who_refused(parts: AccountParts, fate: Fate, figure: str) -> None:
    parts.venue.fates = [fate]
    reply = parts.place()
    parts.pass_time(0)
    assert reply.error is not None
    figures = parts.context.figures
    assert {"rejected": figures.rejected, "denied": figures.denied} == {"rejected": 0, "denied": 0} | {figure: 1}
    assert parts.orders._sending == {}
    assert parts.told[-1].status is OrderStatus.REJECTED
    assert figures.command_latency.count == 1
    assert parts.told[-1].finish_reason == ("TRY_LATER" if fate is Fate.REFUSED else "ConnectionFailedError")


def test_each_command_that_was_answered_has_a_latency(parts: AccountParts) -> None:
    order = parts.resting()
    amended: Reply[Any] = Reply()
    parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=Decimal(99)), lambda: amended)
    parts.pass_time(0)
    parts.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), Reply)
    parts.pass_time(0)
    assert parts.context.figures.command_latency.count == 3
    other = parts.resting()
    parts.orders.cancel_named(other)
    parts.pass_time(0)
    assert parts.venue.open == {}
    assert parts.context.figures.command_latency.count == 4, "nobody's command"


def test_r5_while_not_live_orders_and_amends_are_refused_and_cancels_pass(parts: AccountParts) -> None:
    order = parts.resting()
    parts.context.sync_state = SyncState.DEGRADED
    with pytest.raises(NotLiveError):
        parts.place()
    with pytest.raises(NotLiveError):
        parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=ONE), Reply)
    parts.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), Reply)
    parts.pass_time(0)
    assert parts.venue.open == {}


def test_while_the_kill_switch_is_engaged_orders_and_amends_are_refused(parts: AccountParts) -> None:
    order = parts.resting()
    parts.context.kill_switch = "stop"
    with pytest.raises(KillSwitchError):
        parts.place()
    with pytest.raises(KillSwitchError):
        parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=ONE), Reply)


def test_without_a_connection_a_cancel_is_refused() -> None:
    parts = AccountParts()
    with pytest.raises(ConnectionFailedError):
        parts.orders.cancel(CancelOrder(symbol=SOL, order_id="1"), Reply)


def test_what_the_venue_does_not_have_is_refused_here_by_its_name(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.capabilities = capabilities(
        amends_orders=False, client_order_ids=ClientIdRules(longest=4, pattern="[a-z]+", allowed="1 to 4 of a-z")
    )
    parts.venue.requests.clear()
    with pytest.raises(UnsupportedError, match="venue has no amend_order: cancel the order and place a new one"):
        parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=Decimal(99)), Reply)
    with pytest.raises(InvalidValueError, match="1 to 4 of a-z"):
        parts.place(client_order_id="abcde")
    parts.pass_time(1)
    assert parts.venue.requests == []


@pytest.mark.parametrize("state", ["unknown", "canceled"])
def test_an_amend_of_what_is_not_open_is_refused_here(parts: AccountParts, state: str) -> None:
    order = parts.resting()
    order_id = "77" if state == "unknown" else order.order_id
    parts.apply(parts.venue.end(order))
    with pytest.raises(InvalidValueError, match=f"open, but it is {state}"):
        parts.orders.amend(AmendOrder(symbol=SOL, order_id=order_id, price=ONE), Reply)


def test_an_amend_changes_what_it_names_and_nothing_else(parts: AccountParts) -> None:
    order = parts.resting()
    reply: Reply[Any] = Reply()
    parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, quantity=Decimal(2)), lambda: reply)
    parts.pass_time(0)
    assert (reply.result().quantity, reply.result().price) == (Decimal(2), Decimal(100))


@pytest.mark.parametrize("terms", [{"price": Decimal(99)}, {"quantity": Decimal("0.5")}, {"price": Decimal(101)}])
@pytest.mark.parametrize("behind_ms", [0, 500])
def test_r2_an_amend_is_known_once_it_is_answered_though_the_clock_of_the_exchange_stood_still(
    parts: AccountParts, terms: dict[str, Decimal], behind_ms: int
) -> None:
    placed = parts.resting()
    order = msgspec.structs.replace(placed, updated_ms=placed.updated_ms + behind_ms)
    parts.apply(order)
    parts.venue.orders[str(order.order_id)] = order
    parts.venue.is_clock_still = True
    reply: Reply[Any] = Reply()
    parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, **terms), lambda: reply)
    parts.pass_time(0)
    amended = msgspec.structs.replace(order, **terms)
    assert reply.result() == amended
    parts.apply(order)
    assert parts.state.known(order) == amended, "an earlier frame that comes late turns nothing back"


def test_an_amend_that_was_lost_and_happened_is_answered_with_the_order(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.fates = [Fate.ANSWER_LOST]
    reply: Reply[Any] = Reply()
    parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=Decimal(99)), lambda: reply)
    parts.pass_time(1)
    assert reply.result().price == Decimal(99)


def test_r6_a_cancel_of_an_order_that_we_took_for_ended_asks_the_exchange(parts: AccountParts) -> None:
    order = parts.resting()
    parts.pass_time(60)
    parts.state.conclude_unknown(OrderKey(SOL, order.order_id, order.client_order_id), parts.now_ms())
    assert parts.state.orders.open_count == 0
    reply: Reply[Any] = Reply()
    assert parts.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), lambda: reply) is None
    parts.pass_time(5)
    assert reply.result().status is OrderStatus.CANCELED
    assert parts.venue.open == {}


def test_a_cancel_of_a_finished_order_is_answered_at_once(parts: AccountParts) -> None:
    order = parts.resting()
    parts.apply(parts.venue.end(order, OrderStatus.FILLED))
    made = len(parts.venue.requests)
    ended = parts.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), Reply)
    assert ended is not None
    assert ended.status is OrderStatus.FILLED
    assert len(parts.venue.requests) == made


def amending(parts: AccountParts, order_id: str | None, **terms: Decimal) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    parts.orders.amend(AmendOrder(symbol=SOL, order_id=order_id, **terms), lambda: reply)
    parts.pass_time(0)
    return reply


def test_an_amend_that_finds_the_order_ended_learns_how(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.end(order, OrderStatus.FILLED)
    assert isinstance(amending(parts, order.order_id, price=Decimal(99)).error, VenueRefusedError)
    parts.pass_time(1)
    assert parts.told[-1].status is OrderStatus.FILLED


@pytest.mark.parametrize("terms", [{"price": Decimal(99)}, {"quantity": Decimal(2)}])
def test_an_amend_that_was_lost_and_did_not_happen_is_unresolved(
    parts: AccountParts, terms: dict[str, Decimal]
) -> None:
    order = parts.resting()
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    reply = amending(parts, order.order_id, **terms)
    parts.pass_time(1)
    assert isinstance(reply.error, UnresolvedOrderError)


def test_an_amend_that_was_lost_of_an_order_that_ended_is_unresolved(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.fates = [Fate.ANSWER_LOST, Fate.UNREACHABLE]
    reply = amending(parts, order.order_id, price=Decimal(99))
    parts.venue.end(parts.venue.orders[str(order.order_id)])
    parts.pass_time(5)
    assert isinstance(reply.error, UnresolvedOrderError)


@pytest.mark.parametrize("terms", [{"price": Decimal("99.001")}, {"quantity": Decimal("1.0001")}])
def test_an_amend_against_the_rules_of_its_market_is_not_sent(parts: AccountParts, terms: dict[str, Decimal]) -> None:
    order = parts.resting()
    with pytest.raises(InvalidValueError, match=next(iter(terms))):
        amending(parts, order.order_id, **terms)
    parts.context.unknown_markets = {SOL: "delisted"}
    with pytest.raises(UnknownMarketError, match="delisted"):
        amending(parts, order.order_id, price=Decimal(99))
    assert parts.venue.requests == ["place"]


def test_an_order_against_the_rules_of_its_market_is_not_sent(parts: AccountParts) -> None:
    with pytest.raises(InvalidValueError, match="price"):
        placing(parts, PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal("99.001")))
    parts.context.unknown_markets = {SOL: "delisted"}
    with pytest.raises(UnknownMarketError, match="delisted"):
        parts.place()
    parts.pass_time(1)
    assert parts.venue.requests == []
    assert parts.state.funds.available("USDT") == USDT


def test_an_amend_of_an_order_that_the_exchange_has_not_named_is_refused_here(parts: AccountParts) -> None:
    parts.place(client_order_id="mine")
    with pytest.raises(InvalidValueError, match=r"mine.*open, but it is pending"):
        parts.orders.amend(AmendOrder(symbol=SOL, client_order_id="mine", price=Decimal(99)), Reply)
    parts.pass_time(0)


@pytest.mark.parametrize("by", ["order_id", "client_order_id"])
def test_a_refusal_to_amend_names_the_order_as_the_command_does(parts: AccountParts, by: str) -> None:
    order = parts.resting(client_order_id="mine")
    name = {by: str(getattr(order, by))}
    parts.latency_s = 1.0
    parts.orders.amend(AmendOrder(symbol=SOL, **name, price=Decimal(99)), Reply)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=f"{name[by]}.*without an earlier amend"):
        parts.orders.amend(AmendOrder(symbol=SOL, **name, price=Decimal(98)), Reply)  # type: ignore[arg-type]
    parts.pass_time(2)
    parts.apply(parts.venue.end(parts.venue.orders[str(order.order_id)]))
    with pytest.raises(InvalidValueError, match=f"{name[by]}.*it is canceled"):
        parts.orders.amend(AmendOrder(symbol=SOL, **name, price=Decimal(98)), Reply)  # type: ignore[arg-type]


def test_each_answer_is_logged_with_its_latency(parts: AccountParts) -> None:
    parts.latency_s = 0.25
    with capture_logs() as logs:
        parts.place(client_order_id="mine")
        parts.pass_time(1)
        parts.orders.amend(AmendOrder(symbol=SOL, client_order_id="mine", price=Decimal(99)), Reply)
        parts.pass_time(1)
        canceling(parts, "mine")
        parts.pass_time(1)
        parts.venue.fates = [Fate.REFUSED]
        parts.place()
        parts.pass_time(1)
    timed = [(row["event"], row["elapsed_ms"], row["status"]) for row in logs if "elapsed_ms" in row]
    assert timed == [
        ("order_placed", 250.0, "new"),
        ("order_amended", 250.0, "new"),
        ("order_canceled", 250.0, "canceled"),
        ("order_refused", 250.0, "rejected"),
    ]
    assert (parts.reconciler._evidence._sent, parts.orders._sending) == ({}, {}), "nothing is kept of what was answered"


def test_r3_when_the_account_ends_every_command_under_way_is_of_unknown_outcome(parts: AccountParts) -> None:
    parts.resting(client_order_id="first")
    second = parts.resting(client_order_id="second")
    parts.latency_s = 1.0
    replies = {"placing": parts.place(client_order_id="third"), "canceling": canceling(parts, "first")}
    replies["amending"] = amending(parts, second.order_id, price=Decimal(99))
    parts.intents.fail_in_flight()
    for what, reply in replies.items():
        assert isinstance(reply.error, UnresolvedOrderError)
        assert str(reply.error).startswith(f"{what} of order ")
        assert "the account ended before the answer came" in str(reply.error)
    parts.pass_time(2)
    assert all(reply.late_answers for reply in replies.values())


def test_a_cancel_that_finds_the_order_ended_is_answered_with_its_end(parts: AccountParts) -> None:
    order = parts.resting(client_order_id="mine")
    parts.venue.end(order, OrderStatus.FILLED)
    reply = canceling(parts, "mine")
    parts.pass_time(1)
    assert reply.result().status is OrderStatus.FILLED


def test_a_lost_amend_of_an_order_that_nobody_knows_any_more_is_unresolved() -> None:
    parts = AccountParts(executed_limit=1)
    parts.connect()
    order, other = parts.resting(), parts.resting()
    parts.venue.fates = [Fate.ANSWER_LOST, Fate.UNREACHABLE]
    reply = amending(parts, order.order_id, price=Decimal(99))
    for each in (order, other):
        parts.apply(parts.venue.end(parts.venue.orders[str(each.order_id)]))
    parts.venue.orders.clear()
    parts.pass_time(9)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert "get_order" in parts.venue.requests


def canceling(parts: AccountParts, client_order_id: str) -> Reply[Any]:
    reply: Reply[Any] = Reply()
    assert parts.orders.cancel(CancelOrder(symbol=SOL, client_order_id=client_order_id), lambda: reply) is None
    return reply


@pytest.mark.parametrize("fate", [Fate.REFUSED, Fate.UNREACHABLE, Fate.NEVER_ARRIVED])
def test_a_cancel_that_fails_is_a_sign_of_trouble(parts: AccountParts, fate: Fate) -> None:
    parts.resting(client_order_id="mine")
    parts.venue.fates = [fate]
    reply = canceling(parts, "mine")
    parts.pass_time(0)
    assert [str(error) for error in parts.trouble] == [str(reply.error)] or fate is Fate.NEVER_ARRIVED
    assert len(parts.trouble) == 1


@pytest.mark.parametrize("fate", list(Fate))
def test_r13_a_cancel_that_waits_for_the_orders_name_has_its_end(fate: Fate) -> None:
    """However the placing ends, and whoever tells of it: its answer, its refusal, a look-up."""
    parts = AccountParts(cancel_patience_s=60.0)
    parts.connect()
    parts.latency_s = 0.1
    parts.venue.fates = [fate]
    parts.place(client_order_id="mine")
    parts.pass_time(0)
    parts.orders._sending.clear()  # it has left: it cannot be called back
    reply = canceling(parts, "mine")
    assert parts.venue.requests == []
    parts.pass_time(50)
    assert parts.venue.open == {}
    arrived = fate in {Fate.DONE, Fate.ANSWER_LOST}
    assert reply.result().status is (OrderStatus.CANCELED if arrived else OrderStatus.REJECTED)
    assert parts.venue.requests.count("cancel") == arrived
    assert parts.orders._when_answered == {}


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
    parts: AccountParts, has_arrived: bool, is_ours: bool, end: tuple[bool, str]
) -> None:
    if is_ours:
        command = PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(100), client_order_id="mine")
        parts.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))
    if has_arrived:
        parts.venue.add(client_order_id="mine")
    intent = Filed()
    parts.orders.settle(intent, OrderKey(SOL, None, "mine"))
    parts.pass_time(60)
    assert intent.ends == [end]


def test_r3_a_placing_that_was_refused_after_all_is_filed_as_rejected(parts: AccountParts) -> None:
    parts.latency_s = 1.0
    parts.venue.fates = [Fate.REFUSED]
    parts.place(client_order_id="mine")
    intent = Filed()
    parts.orders.settle(intent, OrderKey(SOL, None, "mine"))
    parts.pass_time(60)
    assert intent.ends == [(False, "asked later")]


def test_r3_a_placing_whose_order_vanished_later_has_happened(parts: AccountParts) -> None:
    order = parts.resting(client_order_id="mine")
    parts.venue.orders.clear()
    intent = Filed()
    parts.orders.settle(intent, OrderKey(SOL, None, "mine"))
    parts.pass_time(60)
    assert parts.told[-1].is_inferred
    assert parts.told[-1].order_id == order.order_id
    assert intent.ends == [(True, "asked later")]


def test_a_cancel_of_an_order_that_is_not_known_here_goes_out(parts: AccountParts) -> None:
    order = parts.venue.add()
    reply: Reply[Any] = Reply()
    assert parts.orders.cancel(CancelOrder(symbol=SOL, order_id=order.order_id), lambda: reply) is None
    parts.pass_time(0)
    assert reply.result().status is OrderStatus.CANCELED


def test_a_cancel_of_an_ended_order_is_answered_in_time_when_nobody_can_say_how_it_ended(parts: AccountParts) -> None:
    order = parts.resting(client_order_id="mine")
    parts.venue.end(order)
    reply = canceling(parts, "mine")
    parts.venue.fates = [Fate.DONE, *[Fate.UNREACHABLE] * 100]
    parts.pass_time(parts.context.settings.cancel_patience_s - 1)
    assert not reply.done
    parts.pass_time(2)
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
    parts: AccountParts, kind: str, fate: Fate, answer: str
) -> None:
    order = parts.resting(client_order_id="mine")
    intents = parts.orders._intents = FilingIntents()
    parts.venue.fates = [fate]
    if kind == "place":
        parts.place()
    elif kind == "cancel":
        canceling(parts, "mine")
    else:
        parts.orders.amend(AmendOrder(symbol=SOL, order_id=order.order_id, price=Decimal(99)), Reply)
    parts.pass_time(0)
    ((intent, arrives_by_ms),) = intents.filed
    assert arrives_by_ms is not None
    assert intent.answers == [answer]
    assert len(parts.trouble) == (fate is not Fate.DONE)
    assert parts.orders._amending == set()


def test_r4_a_lost_cancel_is_waited_for_with_patience_for_no_exchange_lets_it_expire(parts: AccountParts) -> None:
    parts.resting(client_order_id="mine")
    intents = parts.orders._intents = FilingIntents()
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    settings = parts.context.settings
    patience_ms = settings.unresolved_patience_ms + settings.resolve_grace_ms
    canceling(parts, "mine")
    ((intent, arrives_by_ms),) = intents.filed
    assert arrives_by_ms == parts.now_ms() + patience_ms
    parts.pass_time(patience_ms / 1000 - 0.1)
    assert intent.ends == []
    parts.pass_time(5)
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
    parts, filed = AccountParts(), Outcomes()
    parts.state.orders = OrderStore(1)
    parts.connect()
    take = parts.venue._take

    def take_and_tell(command: PlaceOrder) -> Order:
        placed = take(command)
        parts.apply(parts.venue.end(placed, ended))
        for name in ("1", "2", "3"):
            parts.apply(order(OrderStatus.FILLED, filled="10", order_id=name, client_order_id=f"other{name}"))
        if is_denied:
            parts.venue.orders.clear()
        return placed

    monkeypatch.setattr(parts.venue, "_take", take_and_tell)
    monkeypatch.setattr(parts.intents, "begin", lambda *_: filed)
    parts.venue.fates = [Fate.ANSWER_LOST]
    reply = parts.place(client_order_id="c1")
    parts.pass_time(300)
    assert isinstance(reply.error, UnresolvedOrderError)
    assert filed.outcomes == ["unresolved", "confirmed"]
    assert parts.reconciler.open_count == 0
    assert parts.state.orders.executed_count == 1, "it gives way once all is filed"


def test_a_cancel_is_answered_with_the_order_that_ended_while_it_was_on_its_way() -> None:
    parts = AccountParts()
    parts.state.orders = OrderStore(1)
    parts.connect()
    resting = parts.resting(client_order_id="c1")
    reply: Reply[Any] = Reply()
    parts.latency_s = 1.0
    parts.orders.cancel(CancelOrder(symbol=SOL, client_order_id="c1"), lambda: reply)
    parts.apply(parts.venue.end(resting, OrderStatus.FILLED))
    for name in ("1", "2", "3"):
        parts.apply(order(OrderStatus.FILLED, filled="10", order_id=name, client_order_id=f"other{name}"))
    parts.venue.orders.clear()  # it has been forgotten there
    parts.pass_time(2)
    assert reply.result().status is OrderStatus.FILLED


# -- answers in time, and what is asked --------------------------------------------------------------------------------


def test_a_cancel_that_waits_for_its_orders_name_is_answered_in_time(parts: AccountParts) -> None:
    parts.latency_s = 100.0
    parts.place(client_order_id="mine")
    reply = canceling(parts, "mine")
    parts.pass_time(parts.context.settings.cancel_patience_s - 1)
    assert not reply.done
    parts.pass_time(2)
    assert "its placing has not been answered" in str(reply.error)
    parts.pass_time(100)


@pytest.mark.parametrize("symbol", [SOL, BTC])
def test_r2_a_cancel_that_waits_is_not_answered_with_an_earlier_order_of_the_same_client_id(
    parts: AccountParts, symbol: Symbol
) -> None:
    """One that was dropped for room, and is told again."""
    earlier = parts.venue.end(parts.venue.add(symbol, client_order_id="mine"))
    parts.pass_time(60)
    parts.latency_s = 1.0
    parts.place(client_order_id="mine")
    parts.orders._sending.clear()  # it has left: it cannot be called back
    reply = canceling(parts, "mine")
    parts.apply(earlier)
    parts.orders.has_changed(earlier)
    assert not reply.done
    parts.pass_time(5)
    assert reply.result().order_id not in {None, earlier.order_id}
    assert parts.venue.open == {}


def test_a_lost_amend_is_answered_in_time(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.fates = [Fate.ANSWER_LOST, *[Fate.UNREACHABLE] * 100]
    reply = amending(parts, order.order_id, price=Decimal(99))
    parts.pass_time(parts.context.settings.cancel_patience_s + 1)
    assert isinstance(reply.error, UnresolvedOrderError)


def test_an_amend_that_is_refused_for_another_reason_asks_nothing(parts: AccountParts) -> None:
    order = parts.resting()
    parts.venue.fates = [Fate.REFUSED]
    assert isinstance(amending(parts, order.order_id, price=Decimal(99)).error, VenueRefusedError)
    parts.pass_time(5)
    assert parts.venue.requests == ["place", "amend"]


def test_without_a_connection_a_cancel_of_an_earlier_lifes_order_is_refused() -> None:
    parts = AccountParts()
    command = PlaceOrder.limit(SOL, Side.BUY, ONE, Decimal(100), client_order_id="mine")
    parts.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))
    with pytest.raises(ConnectionFailedError):
        canceling(parts, "mine")


def test_r6_a_cancel_is_not_answered_with_an_end_that_we_only_concluded(parts: AccountParts) -> None:
    parts.resting(client_order_id="mine")
    parts.venue.orders.clear()
    reply = canceling(parts, "mine")
    parts.pass_time(60)
    assert parts.told[-1].is_inferred
    assert isinstance(reply.error, VenueRefusedError)


def test_r3_an_order_is_ours_that_was_created_long_before_its_answer_was_lost(parts: AccountParts) -> None:
    parts.latency_s = 20.0
    parts.venue.fates = [Fate.ANSWER_LOST]
    parts.place(client_order_id="mine")
    created_ms = parts.now_ms() + 10
    parts.pass_time(20)
    ((order_id, placed),) = parts.venue.orders.items()
    parts.venue.orders[order_id] = msgspec.structs.replace(placed, created_ms=created_ms, updated_ms=created_ms)
    parts.pass_time(100)
    assert (parts.told[-1].order_id, parts.told[-1].status) == (order_id, OrderStatus.NEW)


def test_r6_a_cancel_of_an_order_that_we_took_for_never_arrived_goes_out(parts: AccountParts) -> None:
    parts.venue.fates = [Fate.NEVER_ARRIVED]
    parts.place(client_order_id="mine")
    parts.pass_time(120)
    assert parts.told[-1].finish_reason == "never_arrived"
    parts.venue.add(client_order_id="mine")
    reply = canceling(parts, "mine")
    parts.pass_time(0)
    assert reply.result().status is OrderStatus.CANCELED


@pytest.mark.parametrize("terms", [{"price": Decimal(1)}, {"quantity": Decimal("0.01")}])
def test_an_amend_is_checked_with_the_terms_that_it_leaves_alone(
    parts: AccountParts, terms: dict[str, Decimal]
) -> None:
    order = parts.resting()
    rules = msgspec.structs.replace(parts.context.instruments[SOL], min_notional=Decimal(5))
    parts.context.instruments = {SOL: rules}
    with pytest.raises(InvalidValueError):
        amending(parts, order.order_id, **terms)
    assert parts.venue.requests == ["place"]
