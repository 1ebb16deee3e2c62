"""`GetOrder`: None is said only of an order that the exchange denies and that we do not know either (R6)."""

from typing import Any

import msgspec
import pytest

from actors.runtime import Reply
from messages.commands import GetOrder
from messages.enums import OrderStatus, SyncState
from messages.errors import ConnectionFailedError
from messages.order import Order
from tests.support.orders import SOL, order
from tests.support.reconciling import LAG_MS, Reconciling

BY_ID = GetOrder(symbol=SOL, order_id="1001")
BY_TEXT = GetOrder(symbol=SOL, client_order_id="c1")
CANCELED, NEW = OrderStatus.CANCELED, OrderStatus.NEW
DOWN = ConnectionFailedError("HTTP 502")


class Asker:
    def __init__(self, here: Reconciling) -> None:
        self._here = here
        self.replies: list[Reply[Any]] = []

    def get(self, command: GetOrder) -> Order | None:
        """What was answered at once; else the answer is the newest of ``replies``."""
        return self._here.lookups.get(command, self._defer)

    def _defer(self) -> Reply[Any]:
        self.replies.append(Reply())
        return self.replies[-1]


@pytest.fixture
def here() -> Reconciling:
    return Reconciling()


@pytest.fixture
def asker(here: Reconciling) -> Asker:
    return Asker(here)


def test_r5_an_open_order_is_answered_from_memory_while_live_only(here: Reconciling, asker: Asker) -> None:
    here.context.sync_state = SyncState.LIVE
    here.placed()
    known = asker.get(BY_ID)
    assert known is not None
    assert known.status is NEW
    assert (here.context.figures.cache_hits, here.context.figures.cache_misses) == (1, 0)
    assert not here.rest.asked

    here.context.sync_state = SyncState.DEGRADED
    here.rest.by_id.append(here.row(filled="2", at=here.now_ms + 1, created=here.now_ms))
    assert asker.get(BY_ID) is None
    assert asker.replies[-1].result().filled_quantity == 2
    assert (here.context.figures.cache_hits, here.context.figures.cache_misses) == (1, 1)


def test_a_finished_order_is_answered_from_memory_in_any_state(here: Reconciling, asker: Asker) -> None:
    ended = order(CANCELED)
    here.state.apply_order(ended)
    assert asker.get(BY_TEXT) == ended
    assert not here.rest.asked


@pytest.mark.parametrize("state", [SyncState.LIVE, SyncState.DEGRADED])
def test_r6_an_order_that_may_still_arrive_is_never_denied(here: Reconciling, asker: Asker, state: SyncState) -> None:
    here.context.sync_state = state
    here.lose()
    answer = asker.get(BY_TEXT) or asker.replies[-1].result()
    assert answer is not None
    assert answer.status is OrderStatus.UNRESOLVED


def test_r6_an_order_that_queries_may_not_know_yet_is_told_as_last_heard(here: Reconciling, asker: Asker) -> None:
    here.placed()
    here.run(LAG_MS / 1000)
    assert asker.get(BY_ID) is None
    assert asker.replies[-1].result().status is NEW


def test_r6_an_order_that_should_be_there_is_asked_about_until_that_is_settled(here: Reconciling, asker: Asker) -> None:
    here.placed()
    here.run(60)
    asker.get(BY_ID)
    asker.get(BY_ID)
    assert not any(reply.done for reply in asker.replies)
    here.rest.finished.append(here.row(CANCELED, created=1_000_000))
    here.run(1)
    assert [reply.result().status for reply in asker.replies] == [CANCELED, CANCELED]


def test_r6_while_that_cannot_be_asked_the_answer_is_the_error(here: Reconciling, asker: Asker) -> None:
    here.placed()
    here.run(60)
    here.rest.errors["open_orders"] = DOWN
    asker.get(BY_ID)
    here.run(1)
    assert asker.replies[-1].error is DOWN


def test_r3_could_not_ask_is_an_error_and_trouble(here: Reconciling, asker: Asker) -> None:
    here.rest.errors["get_order"] = DOWN
    asker.get(BY_ID)
    assert asker.replies[-1].error is DOWN
    assert here.troubles == [DOWN]


def test_r6_what_the_exchange_denies_and_we_do_not_know_is_none(here: Reconciling, asker: Asker) -> None:
    asker.get(BY_ID)
    assert asker.replies[-1].result() is None
    assert here.rest.count("open_orders") == 0


def test_r14_an_order_of_which_we_know_nothing_more_is_answered_without_its_fees_and_not_told(
    here: Reconciling, asker: Asker
) -> None:
    """Before it was dropped for room it may have been told with all of them."""
    partial, whole = here.row(CANCELED, filled="1"), here.row(CANCELED, filled="1")
    here.rest.by_id.append(msgspec.structs.replace(partial, fees_are_partial=True))
    asker.get(BY_ID)
    answer = asker.replies[-1].result()
    assert (answer.status, answer.filled_quantity, answer.fees_are_partial) == (CANCELED, 1, True)
    assert here.told == []

    here.rest.by_id[:] = [whole]
    assert asker.get(BY_ID) is None, "it is asked for again"
    assert not asker.replies[-1].result().fees_are_partial
    assert len(here.told) == 1


@pytest.mark.parametrize("now_there", [True, False])
def test_r6_an_end_that_we_only_inferred_is_asked_about_again(here: Reconciling, asker: Asker, now_there: bool) -> None:
    here.context.sync_state = SyncState.LIVE
    order_key = here.placed()
    here.run(60)
    here.ask(order_key)
    here.run(1)
    assert here.status(order_key) == (CANCELED, "vanished")
    if now_there:
        here.rest.by_id.append(here.row(CANCELED, filled="3", created=1_000_000))
    asked = len(here.rest.asked)
    asker.get(BY_ID)
    assert len(here.rest.asked) == asked + 1, "one question"
    answer = asker.replies[-1].result()
    assert (answer.status, answer.finish_reason) == (CANCELED, "canceled" if now_there else "vanished")
    assert answer.filled_quantity == (3 if now_there else 0)


def test_concurrent_look_ups_of_one_order_share_a_request_and_each_is_answered(here: Reconciling, asker: Asker) -> None:
    here.rest.by_id.append(here.row())
    here.hold()
    asker.get(BY_ID)
    asker.get(BY_ID)
    asker.get(GetOrder(symbol=SOL, order_id="7"))
    here.release()
    assert [reply.result() and reply.result().order_id for reply in asker.replies] == ["1001", "1001", None]
    assert here.rest.count("get_order") == 2
    asker.get(BY_ID)
    assert here.rest.count("get_order") == 3, "an answer is for those who asked before it came"
    assert asker.replies[-1].result().order_id == "1001"


def test_an_order_that_is_known_by_its_text_is_asked_for_by_the_exchanges_id(here: Reconciling, asker: Asker) -> None:
    here.placed()
    asker.get(BY_TEXT)
    assert here.rest.asked == [("get_order", "1001", "c1")]


def test_before_the_first_connection_it_cannot_be_asked(here: Reconciling, asker: Asker) -> None:
    here.context.rest = None
    with pytest.raises(ConnectionFailedError):
        asker.get(BY_ID)
    assert not asker.replies


@pytest.mark.parametrize("is_concluded", [False, True])
def test_an_earlier_order_of_the_client_id_is_not_told_for_ours(
    here: Reconciling, asker: Asker, *, is_concluded: bool
) -> None:
    here.rest.by_id.append(order(CANCELED, order_id="7", created=10, at=20))
    order_key = here.lose()
    if is_concluded:
        here.state.conclude_unknown(order_key, here.now_ms)
    assert asker.get(BY_TEXT) is None
    answered = asker.replies[-1].result()
    assert answered.order_id is None
    assert answered.status is (OrderStatus.REJECTED if is_concluded else OrderStatus.UNRESOLVED)


def test_an_order_whose_text_is_told_by_the_look_up_is_ours(here: Reconciling, asker: Asker) -> None:
    here.lose()
    here.state.apply_order(here.row(client_order_id=None))
    here.rest.by_id.append(here.row())
    assert asker.get(BY_TEXT) is None
    answered = asker.replies[-1].result()
    assert (answered.order_id, answered.client_order_id, answered.status) == ("1001", "c1", NEW)


def test_an_earlier_order_of_the_client_id_is_not_told_as_ours(here: Reconciling, asker: Asker) -> None:
    earlier = here.row(CANCELED, order_id="7")
    here.run(3_600)
    here.lose()
    here.rest.by_id.append(earlier)
    asker.get(BY_TEXT)
    answer = asker.replies[-1].result()
    assert (answer.order_id, answer.status) == (None, OrderStatus.UNRESOLVED)


def test_an_order_that_only_the_exchange_knows_is_told_as_it_says(here: Reconciling, asker: Asker) -> None:
    here.rest.by_id.append(here.row(order_id="7", client_order_id="theirs"))
    asker.get(GetOrder(symbol=SOL, client_order_id="theirs"))
    assert asker.replies[-1].result().order_id == "7"


def test_an_order_that_is_found_is_told_at_once_however_old_it_is(here: Reconciling, asker: Asker) -> None:
    here.placed()
    here.rest.by_id.append(here.row())
    here.run(600)
    asker.get(BY_ID)
    assert asker.replies[-1].result().status is NEW
    assert here.rest.asked == [("get_order", "1001", "c1")]
