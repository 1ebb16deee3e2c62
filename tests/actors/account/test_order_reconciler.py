"""Asking about an order of unknown fate: what "no such order" is worth, and when (R3, R6)."""

from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from actors.account.funds.reservations import Reservation
from actors.account.orders import store as order_store
from actors.account.state import OrderKey
from exchanges.base.clients import UnreadableRow
from messages.commands import OrderReference
from messages.enums import OrderStatus
from messages.errors import ConnectionFailedError, RateLimitedError, RefusalReason, VenueRefusedError
from messages.order import Order
from messages.symbol import Symbol
from tests.support.capabilities import capabilities
from tests.support.orders import BTC, SOL, fill, order
from tests.support.reconciling import KEPT_MS, LAG_MS, Reconciling

CANCELED, FILLED, NEW = OrderStatus.CANCELED, OrderStatus.FILLED, OrderStatus.NEW
NEVER_ARRIVED = (OrderStatus.REJECTED, "never_arrived")
VANISHED = (OrderStatus.CANCELED, "vanished")
UNRESOLVED = (OrderStatus.UNRESOLVED, None)
EXPIRES_S = 6.0
"""Five seconds of the venue's, and one of grace."""
LAG_S = LAG_MS / 1000
DOWN = ConnectionFailedError("HTTP 502")
UNKNOWN_ORDER = VenueRefusedError(RefusalReason.ORDER_NOT_FOUND, "ORDER_NOT_FOUND")
UNKNOWN_MARKET = VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, "INVALID_CURRENCY_PAIR")


@pytest.fixture
def here() -> Reconciling:
    return Reconciling()


# -- an order that may not have arrived -------------------------------------------------------------------------------


def test_r6_an_order_has_never_arrived_when_two_looks_that_no_lag_explains_did_not_see_it(here: Reconciling) -> None:
    order_key = here.lose()
    here.ask(order_key)

    here.run(EXPIRES_S + LAG_S)
    assert here.status(order_key) == UNRESOLVED, "what arrived at the last moment may not be found yet"
    assert here.rest.count("open_orders") == 0, "a list says nothing either as long as that"

    here.run(LAG_S)
    assert here.status(order_key) == UNRESOLVED, "what ended before the first list may not be in the other lists yet"

    here.run(2 * here.context.settings.lookup_max_s)
    assert here.status(order_key) == NEVER_ARRIVED
    assert [each.finish_reason for each in here.settled if each is not None] == ["never_arrived"]
    assert not here.desk.open_count


@pytest.mark.parametrize("query", ["open_orders", "finished_orders", "fills", "get_order"])
def test_r6_while_one_of_the_questions_cannot_be_asked_an_order_stays_unresolved(here: Reconciling, query: str) -> None:
    order_key = here.lose()
    here.rest.errors[query] = DOWN
    here.ask(order_key)
    here.run(300)
    assert here.status(order_key) == UNRESOLVED
    assert here.failed == [DOWN], "who waits is told once that it cannot be asked"
    assert here.rest.count(query) < 120, "with pauses"

    here.rest.errors.clear()
    here.run(60)
    assert here.state.find(order_key).is_finished  # type: ignore[union-attr]


@pytest.mark.parametrize("hidden_in", ["open", "finished"])
def test_r6_an_order_whose_text_is_forgotten_is_found_in_the_lists(here: Reconciling, hidden_in: str) -> None:
    order_key = here.lose()
    row = here.row(NEW if hidden_in == "open" else CANCELED)
    getattr(here.rest, hidden_in).append(row)
    here.ask(order_key)
    here.run(60)
    assert here.settled == [row]
    assert here.state.find(order_key) == row


def test_r6_an_order_is_found_by_its_fill_behind_a_thousand_newer_ones(here: Reconciling) -> None:
    order_key = here.lose()
    ended = here.row(FILLED, filled="10")
    own = fill("1", "10", at=here.now_ms)
    here.rest.fills = [fill(str(n), at=here.now_ms + n, order_id="7", client_order_id=None) for n in range(2, 1500)]
    here.rest.fills.append(own)
    here.ask(order_key)
    here.run(EXPIRES_S)
    here.rest.by_id.append(ended)  # by its own id it is found, by our text it is not
    here.rest.errors["get_order"] = DOWN
    here.run(1)
    here.rest.errors.clear()
    here.rest.by_id[0] = order(FILLED, filled="10", at=ended.updated_ms, created=ended.created_ms, client_order_id=None)
    here.run(60)
    assert here.status(order_key) == (FILLED, "filled")
    assert [each.trade_id for each in here.fills] == ["1"]


def test_r6_lists_are_asked_for_since_the_decision_and_not_for_all_the_past(here: Reconciling) -> None:
    decided_ms = here.now_ms
    here.ask(here.lose())
    here.run(60)
    (symbol, from_ms), *_ = [what for name, *what in here.rest.asked if name == "finished_orders"]
    assert symbol == SOL
    assert decided_ms - 60_000 <= from_ms <= decided_ms
    assert all(what[1] == from_ms for name, *what in here.rest.asked if name == "fills")


def test_r3_an_order_that_the_exchange_has_named_since_needs_no_more_questions(here: Reconciling) -> None:
    order_key = here.lose()
    here.hold()
    here.ask(order_key)
    row = here.row()
    here.context.apply_order(row)  # the socket was quicker than the answer
    here.release()
    here.run(1)
    assert here.settled == [row]
    assert here.rest.count("get_order") == 1


def test_r3_an_order_that_arrives_between_two_questions_is_settled_at_once(here: Reconciling) -> None:
    order_key = here.lose()
    here.ask(order_key)
    here.run(5)
    asked = here.rest.count("get_order")
    row = here.row()
    here.context.apply_order(row)
    here.run(0)
    assert here.settled == [row]
    assert here.rest.count("get_order") == asked


def test_r6_no_such_order_counts_by_when_it_was_asked_not_by_when_it_was_answered(here: Reconciling) -> None:
    order_key = here.lose()
    here.run(EXPIRES_S + LAG_S)  # the last moment at which it may only mean "not yet"
    here.hold()
    here.ask(order_key)
    here.now_ms += 5_000
    here.release()
    assert here.unsure == 1
    assert here.rest.count("open_orders") == 0


def test_r3_an_order_that_is_still_with_us_is_not_judged(here: Reconciling) -> None:
    here.state.begin_order(order(OrderStatus.PENDING, order_id=None), Reservation("USDT", Decimal(1)))
    here.ask(OrderKey(SOL, None, "c1"))
    here.run(600)
    assert here.status(OrderKey(SOL, None, "c1")) == (OrderStatus.PENDING, None)


def test_r6_an_older_order_of_the_same_client_id_is_not_taken_for_it(here: Reconciling) -> None:
    older = here.row(CANCELED, order_id="7")
    here.run(3_600)
    order_key = here.lose()
    here.rest.by_id.append(older)
    here.ask(order_key)
    here.run(60)
    assert here.status(order_key) == NEVER_ARRIVED


@pytest.mark.parametrize("is_told_by_id", [True, False], ids=["the look-up tells it", "its text is forgotten"])
def test_r13_fills_of_an_older_order_of_the_same_client_id_are_not_asked_about_for_ever(
    here: Reconciling, is_told_by_id: bool
) -> None:
    older = here.row(FILLED, order_id="7", filled="10")
    here.state.apply_order(older)
    here.rest.fills.append(fill("1", "10", order_id="7", client_order_id="c1", at=here.now_ms))
    here.run(5)
    order_key = here.lose()
    if is_told_by_id:
        here.rest.by_id.append(older)
    here.ask(order_key)
    here.run(60)
    assert here.status(order_key) == NEVER_ARRIVED
    assert here.rest.count("get_order") < 60


# -- what may be forgotten --------------------------------------------------------------------------------------------


def test_r14_what_was_asked_about_too_late_is_not_said_to_have_never_arrived(here: Reconciling) -> None:
    """An earlier life's order: it may have been canceled without a fill, and be forgotten since."""
    order_key = here.lose()
    here.run(3 * KEPT_MS / 1000)
    here.ask(order_key)
    here.run(60)
    assert here.status(order_key) == VANISHED
    assert here.state.find(order_key).order_id is None  # type: ignore[union-attr]


def test_r14_a_venue_that_forgets_nothing_can_be_asked_at_any_time(here: Reconciling) -> None:
    here.rest.capabilities = capabilities(order_expiry_ms=5_000)
    order_key = here.lose()
    here.run(3 * KEPT_MS / 1000)
    here.ask(order_key)
    here.run(60)
    assert here.status(order_key) == NEVER_ARRIVED


def test_r14_where_orders_have_long_to_arrive_lists_are_watched_meanwhile(here: Reconciling) -> None:
    """Otherwise an order that was canceled early would be forgotten when the lists are asked."""
    here.rest.capabilities = capabilities(unfilled_kept_ms=KEPT_MS)
    order_key = here.lose()
    canceled = here.row(CANCELED)
    here.rest.finished.append(canceled)
    here.ask(order_key)
    here.run(KEPT_MS / 1000)
    here.rest.finished.clear()
    here.run(60)
    assert here.state.find(order_key) == canceled

    order_key = here.lose("c2")
    here.ask(order_key)
    here.run(3 * KEPT_MS / 1000)
    assert here.status(order_key) == NEVER_ARRIVED


# -- an order that the exchange has told of ---------------------------------------------------------------------------


def test_r6_an_acknowledged_order_that_is_not_found_is_not_found_yet_while_queries_may_lag(here: Reconciling) -> None:
    order_key = here.placed()
    here.ask(order_key)
    here.run(LAG_S)
    assert here.status(order_key) == (NEW, None)
    assert here.unsure == 1
    here.rest.by_id.append(here.row(at=here.now_ms - 9_000, created=here.now_ms - 9_000))
    here.run(10)
    assert [each.status for each in here.settled if each is not None] == [NEW]


@pytest.mark.parametrize("query", ["open_orders", "finished_orders", "fills", "fills_of_order"])
def test_r6_an_acknowledged_order_is_not_concluded_to_be_gone_while_a_question_fails(
    here: Reconciling, query: str
) -> None:
    order_key = here.placed()
    here.rest.errors[query] = DOWN
    here.ask(order_key)
    here.run(120)
    assert here.status(order_key) == (NEW, None)
    here.rest.errors.clear()
    here.run(30)
    assert here.status(order_key) == VANISHED


def test_r6_a_list_that_shows_the_order_goes_before_a_look_up_that_does_not(here: Reconciling) -> None:
    order_key = here.placed()
    here.rest.open.append(here.row())
    here.run(60)
    here.ask(order_key)
    here.run(60)
    assert here.status(order_key) == (NEW, None)
    assert [each.status for each in here.settled if each is not None] == [NEW]


def test_r6_the_end_that_the_finished_list_tells_is_the_exchanges_word(here: Reconciling) -> None:
    order_key = here.placed()
    here.run(60)
    here.rest.finished.append(here.row(OrderStatus.EXPIRED, created=1_000_000))
    here.ask(order_key)
    here.run(1)
    assert here.status(order_key) == (OrderStatus.EXPIRED, "expired")


def test_r6_an_order_that_nothing_shows_has_vanished_as_filled_as_its_fills_say(here: Reconciling) -> None:
    order_key = here.placed()
    here.rest.fills.append(fill("1", "4", at=here.now_ms + 5))
    here.run(60)
    here.ask(order_key)
    here.run(2 * LAG_S)
    assert here.status(order_key) == VANISHED
    assert here.state.find(order_key).filled_quantity == 4  # type: ignore[union-attr]


@pytest.mark.parametrize("refused", ["fills_of_order", "get_order"])
def test_r6_a_refusal_to_tell_of_an_unknown_order_is_an_answer(here: Reconciling, refused: str) -> None:
    """Gate answers an error for fills of an order that it does not know (gateapi-go issue 55)."""
    order_key = here.placed()
    here.rest.errors[refused] = UNKNOWN_ORDER
    here.run(60)
    here.ask(order_key)
    here.run(2 * LAG_S)
    assert here.status(order_key) == VANISHED


def test_r6_orders_of_a_market_that_is_gone_come_to_an_end(here: Reconciling) -> None:
    for query in ("get_order", "fills_of_order", "finished_orders", "fills"):
        here.rest.errors[query] = UNKNOWN_MARKET
    placed, lost = here.placed("1001", "c1"), here.lose("c2")
    here.run(60)
    here.ask(placed)
    here.ask(lost)
    here.run(60)
    assert here.status(placed) == VANISHED
    assert here.status(lost) == VANISHED, "that it never arrived nobody has said"


def test_r6_an_order_that_may_have_ended_before_it_was_asked_about_is_never_said_not_to_have_arrived(
    here: Reconciling,
) -> None:
    """Lists that are complete later say nothing of what was forgotten by then."""
    for query in ("get_order", "finished_orders", "fills"):
        here.rest.errors[query] = UNKNOWN_MARKET
    lost = here.lose("c2")
    here.ask(lost)
    here.run(60)
    assert here.status(lost) == VANISHED
    here.rest.errors.clear()
    here.ask(lost)
    here.run(60)
    assert here.status(lost) == VANISHED


def test_r6_an_order_of_a_market_that_is_gone_is_as_filled_as_the_fills_of_all_markets_say(here: Reconciling) -> None:
    for query in ("get_order", "fills_of_order", "finished_orders", "fills"):
        here.rest.errors[query] = UNKNOWN_MARKET
    placed = here.placed("1001", "c1")
    here.run(60)
    here.rest.fills += [
        fill("1", "1", order_id="1001", client_order_id="c1", at=here.now_ms),
        fill("2", "2", order_id="1001", client_order_id=None, symbol=BTC, at=here.now_ms),
    ]
    here.rest.errors["fills_of_all"] = DOWN
    here.ask(placed)
    here.run(60)
    assert here.status(placed) == (NEW, None), "what could not be asked for is no answer"
    del here.rest.errors["fills_of_all"]
    here.run(60)
    assert [told.trade_id for told in here.fills] == ["1"]
    order = here.state.find(placed)
    assert order is not None
    assert (order.is_finished, order.filled_quantity) == (True, 1)


@pytest.mark.parametrize("reason", [RefusalReason.PERMISSION, RefusalReason.OVERLOADED, RefusalReason.OTHER])
def test_r6_any_other_refusal_is_no_answer(here: Reconciling, reason: RefusalReason) -> None:
    order_key = here.placed()
    here.rest.errors["get_order"] = VenueRefusedError(reason, "NO")
    here.run(60)
    here.ask(order_key)
    here.run(120)
    assert here.status(order_key) == (NEW, None)


def test_r10_where_an_order_may_not_be_asked_for_lists_tell_how_it_ended(here: Reconciling) -> None:
    order_key = here.placed("1001", "c1")
    here.rest.errors["get_order"] = VenueRefusedError(RefusalReason.PERMISSION, "NO")
    here.run(60)
    here.rest.finished.append(order(CANCELED, at=here.now_ms, reason="cancelled"))
    here.ask(order_key)
    here.run(10)
    assert here.status(order_key) == (CANCELED, "cancelled")


@pytest.mark.parametrize("reason", [RefusalReason.RATE_LIMIT, RefusalReason.OVERLOADED])
def test_r13_who_asks_too_much_does_not_ask_for_lists_besides(here: Reconciling, reason: RefusalReason) -> None:
    order_key = here.placed("1001", "c1")
    here.rest.errors["get_order"] = VenueRefusedError(reason, "SLOWLY")
    here.run(60)
    here.ask(order_key)
    here.run(60)
    assert here.rest.count("get_order") > 1
    assert here.rest.count("finished_orders") == 0


def test_r10_what_one_market_does_not_tell_keeps_nothing_from_another(here: Reconciling) -> None:
    ours, theirs = here.placed("1", "c1"), here.placed("2", "c2", symbol=BTC)
    real = here.rest.load_finished_orders

    async def load_finished_orders(symbol: object, **options: object) -> object:
        if symbol == BTC:
            raise DOWN
        return await real(symbol, **options)  # type: ignore[arg-type]

    here.rest.load_finished_orders = load_finished_orders  # type: ignore[assignment]
    here.run(60)
    here.ask(ours)
    here.ask(theirs)
    here.run(60)
    assert here.status(ours) == VANISHED
    assert here.status(theirs) == (NEW, None)


@pytest.mark.parametrize("where", ["unreadable", "unreadable_open"])
@pytest.mark.parametrize("symbol", [SOL, None])
def test_r6_a_list_with_a_row_that_cannot_be_read_is_no_evidence(
    here: Reconciling, where: str, symbol: Symbol | None
) -> None:
    """What is looked for may be that row."""
    odd = here.placed("1", "c1")
    getattr(here.rest, where).append(UnreadableRow(symbol, "", "", "odd"))
    here.run(60)
    here.ask(odd)
    here.run(60)
    assert here.status(odd) == (NEW, None)
    getattr(here.rest, where).clear()
    here.run(60)
    assert here.status(odd) == VANISHED


def test_an_order_that_neither_side_knows_is_answered_at_once(here: Reconciling) -> None:
    here.ask(OrderKey(SOL, "424242", None))
    assert here.settled == [None]
    assert here.rest.count("open_orders") == 0


def test_r6_no_such_order_yields_to_what_the_exchange_tells_of_it_meanwhile(here: Reconciling) -> None:
    here.hold()
    here.ask(OrderKey(SOL, None, "theirs"))
    row = here.row(client_order_id="theirs")
    here.context.apply_order(row)  # nobody here knew of it before
    here.release()
    here.run(1)
    assert here.settled == [row]
    assert here.rest.count("get_order") == 1


def test_an_order_known_by_its_fills_only_is_not_dropped_while_queries_may_lag(here: Reconciling) -> None:
    here.state.apply_fill(fill("1", order_id="7", client_order_id=None, at=here.now_ms))
    here.ask(OrderKey(SOL, "7", None))
    here.run(LAG_S)
    assert here.state.inconsistent_orders() == [OrderKey(SOL, "7", None)]
    here.rest.by_id.append(here.row(FILLED, order_id="7", client_order_id="theirs", filled="1", quantity="1"))
    here.run(10)
    assert [each.client_order_id for each in here.settled if each is not None] == ["theirs"]
    assert here.state.inconsistent_orders() == []


def test_an_order_known_by_its_fills_only_that_nothing_shows_is_given_up(here: Reconciling) -> None:
    here.state.apply_fill(fill("1", order_id="7", client_order_id=None, at=here.now_ms))
    here.ask(OrderKey(SOL, "7", None))
    here.run(60)
    assert here.settled == [None]
    assert here.state.inconsistent_orders() == []


# -- asking -----------------------------------------------------------------------------------------------------------


def test_many_doubts_share_lists_and_do_not_ask_one_by_one(here: Reconciling) -> None:
    reconciler = [here.lose(f"c{n}") for n in range(200)]
    here.rest.open = [here.row(order_id=str(n), client_order_id=f"c{n}") for n in range(0, 200, 2)]
    here.hold()
    for order_key in reconciler:
        here.ask(order_key)
    here.release()
    here.run(60)
    assert sum(here.status(order_key) == NEVER_ARRIVED for order_key in reconciler) == 100
    assert sum(here.status(order_key) == (NEW, None) for order_key in reconciler) == 100
    assert here.rest.count("get_order") <= 20
    assert here.rest.count("open_orders") <= 40


def test_many_orders_that_are_gone_are_asked_about_a_few_at_a_time(here: Reconciling) -> None:
    reconciler = [here.placed(str(n), f"c{n}") for n in range(200)]
    here.run(60)
    here.hold()
    for order_key in reconciler:
        here.ask(order_key)
    here.release()
    here.run(60)
    assert {here.status(order_key) for order_key in reconciler} == {VANISHED}
    assert here.rest.count("get_order") == 200, "each by its id before it is believed gone (R6)"
    assert here.most_at_once == 8
    assert here.rest.count("open_orders") <= 40


def test_look_ups_that_fail_are_tried_again_a_few_at_a_time(here: Reconciling) -> None:
    reconciler = [here.placed(str(n), f"c{n}") for n in range(10)]
    here.rest.errors["get_order"] = DOWN
    here.hold()
    for order_key in reconciler:
        here.ask(order_key)
    here.release()
    here.hold()
    here.run(5)
    assert here.most_at_once == 8


@pytest.mark.parametrize("is_failing", [False, True])
def test_lists_are_read_once_at_a_time_and_then_for_those_that_came_meanwhile(
    here: Reconciling, *, is_failing: bool
) -> None:
    first, second = here.placed("1", "c1"), here.placed("2", "c2")
    here.run(60)
    here.ask(first)
    here.hold()
    if is_failing:
        here.rest.errors["open_orders"] = DOWN
    here.run(0.1)
    here.rest.errors.clear()
    here.ask(second)
    here.release("look_up_order")
    here.run(0.1)
    assert here.rest.count("open_orders") == 1
    here.release()
    assert here.rest.count("open_orders") == 2
    here.run(60)
    assert (here.status(first), here.status(second)) == (VANISHED, VANISHED)


def test_why_an_order_cannot_be_asked_about_is_logged_once_for_each_cause(here: Reconciling) -> None:
    order_key = here.placed()
    with capture_logs() as logs:
        for trouble in ("HTTP 502", "HTTP 503"):
            here.rest.errors["get_order"] = ConnectionFailedError(trouble)
            here.ask(order_key)
            here.run(120)
    told = [line for line in logs if line["event"] == "order_look_up_failed"]
    assert [(line["order_id"], line["client_order_id"], line["error"]) for line in told] == [
        ("1001", "c1", "HTTP 502"),
        ("1001", "c1", "HTTP 503"),
    ]


def test_who_asks_about_an_order_that_is_asked_about_shares_the_answer(here: Reconciling) -> None:
    order_key = here.placed()
    here.rest.by_id.append(here.row())
    here.hold()
    here.ask(order_key)
    here.ask(order_key)
    here.release()
    assert len(here.settled) == 2
    assert here.rest.count("get_order") == 1


def test_a_limit_of_ours_is_no_trouble_of_the_exchanges(here: Reconciling) -> None:
    order_key = here.placed()
    here.rest.errors["get_order"] = RateLimitedError("orders", 1.0)
    here.ask(order_key)
    here.run(5)
    assert here.failed == []
    here.rest.errors.clear()
    here.rest.by_id.append(here.row())
    here.run(10)
    assert len(here.settled) == 1


def test_pauses_double_and_begin_anew_when_the_link_is_back(here: Reconciling) -> None:
    here.ask(here.lose())
    here.run(10)
    before = here.rest.count("get_order")
    assert before <= 9, "0.1 s, then twice as long each time"
    here.desk.hurry()
    assert here.rest.count("get_order") == before + 1, "at once"
    here.run(0.35)
    assert here.rest.count("get_order") == before + 2, "and no pause of before counts besides"


def test_a_doubt_without_a_connection_waits_for_one(here: Reconciling) -> None:
    order_key = here.placed()
    rest, here.context.rest = here.context.rest, None
    here.ask(order_key)
    here.run(5)
    assert not here.settled
    here.context.rest = rest
    here.rest.by_id.append(here.row())
    here.run(5)
    assert len(here.settled) == 1


def test_odd_orders_are_asked_about_when_they_are_odd_twice(here: Reconciling) -> None:
    here.state.apply_fill(fill("1", order_id="7", client_order_id=None, at=here.now_ms))
    here.desk.query_inconsistent()
    assert here.desk.has_inconsistent
    assert not here.rest.asked
    here.rest.by_id.append(here.row(FILLED, order_id="7", client_order_id=None, filled="1", quantity="1"))
    here.desk.query_inconsistent()
    assert here.rest.count("get_order") == 1
    here.desk.query_inconsistent()
    assert not here.desk.has_inconsistent


def test_an_answer_without_our_text_is_about_the_order_that_was_asked_for(here: Reconciling) -> None:
    order_key = here.lose()
    here.rest.open.append(here.row(order_id="7", client_order_id=None))
    real = here.rest.get_order

    async def get_order(reference: OrderReference, **_: object) -> Order | None:
        await real(reference)
        return here.rest.open[0]

    here.rest.get_order = get_order  # type: ignore[method-assign]
    here.ask(order_key)
    known = here.state.find(order_key)
    assert known is not None
    assert (known.order_id, known.status) == ("7", NEW)
    assert here.settled == [known]


def test_r6_an_order_that_was_taken_for_vanished_and_is_found_when_asked_for_again_is_open_again(
    here: Reconciling,
) -> None:
    order_key = here.placed()
    here.run(60)
    here.ask(order_key)
    here.run(1)
    assert here.status(order_key) == VANISHED
    here.run(60)
    here.rest.by_id.append(here.row(at=1_000_000, created=1_000_000))  # nothing new in it but that it is there
    here.ask(order_key)
    assert here.status(order_key) == (NEW, None)


def test_r6_a_late_word_of_a_vanished_order_is_asked_about_once_and_not_for_ever(here: Reconciling) -> None:
    order_key = here.placed()
    here.run(60)
    here.ask(order_key)
    here.run(1)
    assert here.status(order_key) == VANISHED
    here.context.apply_order(here.row(filled="1", at=1_000_500, created=1_000_000))
    assert here.state.inconsistent_orders() == [order_key]
    for _ in range(3):
        here.desk.query_inconsistent()
        here.run(30)
    assert here.state.inconsistent_orders() == []
    assert here.status(order_key) == VANISHED


def test_r6_an_order_whose_fills_gave_way_for_room_is_asked_for_all_the_same(
    here: Reconciling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_store, "_ORPHAN_FILLS_LIMIT", 2)
    for number in range(1, 6):
        here.state.apply_fill(fill(str(number), order_id=str(number), client_order_id=None, at=here.now_ms))
        here.rest.by_id.append(
            here.row(FILLED, order_id=str(number), client_order_id=f"theirs-{number}", filled="1", quantity="1")
        )
    assert len(here.state.inconsistent_orders()) == 5
    here.desk.query_inconsistent()
    here.desk.query_inconsistent()
    assert here.state.inconsistent_orders() == []
    assert {each.order_id for each in here.state.orders.executed(SOL)} == {"1", "2", "3", "4", "5"}


# -- what is kept inside -----------------------------------------------------------------------------------------------


def test_r4_an_order_of_an_earlier_life_may_arrive_until_its_own_last_moment(here: Reconciling) -> None:
    here.state.restore_unresolved(order(OrderStatus.UNRESOLVED, order_id=None, at=0, created=0))
    order_key, arrives_by_ms = OrderKey(SOL, None, "c1"), here.now_ms + 300_000
    here.desk.sent_before("c1", since_ms=here.now_ms - 1_000, arrives_by_ms=arrives_by_ms)
    here.ask(order_key)
    here.run(300 + LAG_S)
    assert here.status(order_key) == UNRESOLVED
    assert {what[1] for name, *what in here.rest.asked if name == "fills"} <= {1_000_000 - 1_000}
    here.run(2 * LAG_S)
    assert here.status(order_key) == NEVER_ARRIVED, "asked soon after: it cannot have been forgotten"


def test_r14_where_patience_is_long_each_look_covers_what_the_next_one_could_not_see(here: Reconciling) -> None:
    here.rest.capabilities = capabilities(order_expiry_ms=5_000, unfilled_kept_ms=30_000)
    here.state.restore_unresolved(order(OrderStatus.UNRESOLVED, order_id=None, at=0, created=0))
    here.desk.sent_before("c1", since_ms=here.now_ms, arrives_by_ms=here.now_ms + 90_000)
    here.rest.capabilities = capabilities(
        order_expiry_ms=89_000, unfilled_kept_ms=30_000
    )  # and a second of grace: it was decided on just now
    here.ask(OrderKey(SOL, None, "c1"))
    here.run(150)
    assert here.status(OrderKey(SOL, None, "c1")) == NEVER_ARRIVED
    assert here.rest.count("open_orders") >= 5


def test_what_an_order_changed_to_before_the_exchange_named_it_is_no_reason_to_ask(here: Reconciling) -> None:
    order_key = here.lose()
    here.ask(order_key)
    here.run(1)
    asked = here.rest.count("get_order")
    here.desk.has_changed(here.state.find(order_key))  # type: ignore[arg-type]
    here.run(0)
    assert here.rest.count("get_order") == asked


def test_lists_of_an_order_that_the_exchange_told_of_begin_where_it_was_last_heard_of(here: Reconciling) -> None:
    order_key, seen_ms = here.placed(), here.now_ms
    here.run(600)
    here.ask(order_key)
    here.run(1)
    assert {what[1] for name, *what in here.rest.asked if name == "finished_orders"} == {seen_ms - 10_000}


def test_lists_of_an_order_without_a_time_begin_with_the_question(here: Reconciling) -> None:
    here.state.apply_order(order(at=0, created=0))
    here.run(600)
    asked_ms = here.now_ms
    here.ask(OrderKey(SOL, "1001", "c1"))
    here.run(1)
    assert {what[1] for name, *what in here.rest.asked if name == "finished_orders"} == {asked_ms - 10_000}


def test_lists_of_orders_known_by_their_fills_begin_with_the_first_fill(here: Reconciling) -> None:
    first_ms = here.now_ms
    for number in range(20):
        here.state.apply_fill(fill(str(number), order_id=str(number), client_order_id=None, at=first_ms + number))
    here.run(600)
    for number in range(20):
        here.ask(OrderKey(SOL, str(number), None))
    here.run(1)
    begins = [what[1] for name, *what in here.rest.asked if name == "finished_orders"]
    assert begins
    assert all(first_ms - 10_000 <= begin_ms <= first_ms + 20 - 10_000 for begin_ms in begins)


def test_of_an_order_that_is_in_two_lists_its_end_is_the_newer_word(here: Reconciling) -> None:
    order_key = here.lose()
    here.rest.open.append(here.row())
    here.rest.finished.append(here.row(FILLED, filled="10"))
    here.ask(order_key)
    here.run(60)
    assert here.status(order_key) == (FILLED, "filled")


@pytest.mark.parametrize("query", ["finished_orders", "fills"])
def test_r6_a_list_that_is_refused_is_not_a_market_that_is_gone(here: Reconciling, query: str) -> None:
    here.rest.errors[query] = VenueRefusedError(RefusalReason.PERMISSION, "FORBIDDEN")
    placed, lost = here.placed("1001", "c1"), here.lose("c2")
    here.ask(placed)
    here.ask(lost)
    here.run(120)
    assert here.status(placed) == (NEW, None)
    assert here.status(lost) == UNRESOLVED


@pytest.mark.parametrize("more", [(), ("fills_of_all",)])
def test_r14_of_a_market_that_is_gone_nobody_can_say_that_an_order_never_arrived(
    here: Reconciling, more: tuple[str, ...]
) -> None:
    for query in ("get_order", "finished_orders", "fills", *more):
        here.rest.errors[query] = UNKNOWN_MARKET
    order_key = here.lose()
    here.ask(order_key)
    here.run(60)
    assert here.status(order_key) == VANISHED


def test_a_pause_that_was_cut_short_asks_no_second_time(here: Reconciling) -> None:
    here.ask(here.lose())
    here.run(4)
    for _ in range(5):
        here.desk.hurry()
    asked = here.rest.count("get_order")
    here.run(10)
    assert here.rest.count("get_order") - asked <= 8, "0.1 s, then twice as long each time: one row of pauses"


def test_what_is_answered_is_not_kept(here: Reconciling) -> None:
    here.lose()
    here.desk.answered("c1")
    assert not here.desk._evidence._sent
