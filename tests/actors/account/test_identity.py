"""Which order a piece of news is about: ids, client ids missing or used again, echoes of dropped orders (R2)."""

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations

import msgspec
import pytest

from actors.account.funds.reservations import Reservation
from actors.account.orders import store as order_store
from actors.account.state import AccountState, OrderKey
from actors.journal import SymbolMemory
from messages.enums import OrderStatus, Side
from messages.order import Fill, Order, add_fees
from tests.support.orders import BTC, SOL, apply, balance, fill, order, paid
from tests.support.spot_state import spot_state

FILLED, CANCELED, EXPIRED = OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED
LATER_MS = 100_000
"""When the second order of a client id is decided: long after the first."""


def ours(client_order_id: str = "c1", *, decided_ms: int = 0, state: AccountState | None = None) -> AccountState:
    state = state or spot_state()
    state.begin_order(
        order(OrderStatus.PENDING, at=0, created=0, order_id=None, client_order_id=client_order_id),
        Reservation("USDT", Decimal(0)),
        decided_ms,
    )
    return state


def open_orders(state: AccountState) -> list[Order]:
    return [record.order for record in state.orders.open_records()]


def only(state: AccountState) -> Order:
    (found,) = [*open_orders(state), *state.orders.executed(SOL)]
    return found


# -- a trade with oneself --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("repeated", [1, 2])
def test_r2_both_sides_of_a_trade_with_oneself_count_each_once(repeated: int) -> None:
    bought = fill("7", "2", order_id="1", client_order_id="buy", at=5)
    sold = fill("7", "2", order_id="2", client_order_id="sell", side=Side.SELL, at=5)
    state = apply(
        spot_state(),
        order(order_id="1", client_order_id="buy"),
        order(order_id="2", client_order_id="sell", side=Side.SELL),
        *[bought, sold] * repeated,
    )
    assert [known.filled_quantity for known in open_orders(state)] == [2, 2]
    assert state.fills_count == 2


def test_r2_both_sides_of_a_trade_with_oneself_count_though_their_orders_are_not_known_yet() -> None:
    sides = [fill("7", order_id="1", client_order_id=None), fill("7", order_id="2", client_order_id=None)]
    state = apply(spot_state(), *sides, *sides)
    assert state.fills_count == 2
    apply(state, order(order_id="1", client_order_id=None), order(order_id="2", client_order_id=None))
    assert [known.filled_quantity for known in open_orders(state)] == [1, 1]


def test_r2_after_a_restart_each_side_of_a_trade_with_oneself_is_remembered_on_its_own() -> None:
    state = spot_state()
    state.restore(SymbolMemory(symbol=SOL, open_orders=(order(order_id="1"),), fill_ids=(("7", "1"),)))
    assert state.apply_fill(fill("7", order_id="1"))[1] is False
    assert state.apply_fill(fill("7", order_id="2", client_order_id="c2"))[1] is True


# -- news without our text -------------------------------------------------------------------------------------------


def news_without_text() -> dict[str, Order | Fill]:
    return {
        "bare fill": fill("1", "2", order_id="9", client_order_id=None, at=4),
        "named fill": fill("2", "3", order_id="9", client_order_id="c1", at=5),
        "bare report": order(order_id="9", client_order_id=None, filled="2", at=4),
        "named report": order(order_id="9", client_order_id="c1", at=3),
    }


@pytest.mark.parametrize("names", [*permutations(news_without_text())])
def test_r2_what_comes_without_our_text_finds_the_order_that_waits_for_it(names: tuple[str, ...]) -> None:
    state = ours()
    apply(state, *(news_without_text()[name] for name in names))

    found = only(state)
    assert (found.order_id, found.client_order_id, found.filled_quantity) == ("9", "c1", 5)
    assert found.status is OrderStatus.PARTIALLY_FILLED
    assert state.find(OrderKey(SOL, None, "c1")) == state.find(OrderKey(SOL, "9", None)) == found
    assert state.inconsistent_orders() == []


def test_a_fill_that_names_the_order_brings_those_that_came_before_it() -> None:
    state = apply(ours(), fill("1", "2", order_id="9", client_order_id=None))
    assert only(state).filled_quantity == 0
    told, _ = state.apply_fill(fill("2", "3", order_id="9", client_order_id="c1"))
    assert told is not None
    assert told.filled_quantity == 5
    assert told.fees == paid("0.005 SOL")
    assert state.inconsistent_orders() == []


def test_an_order_that_ended_before_its_text_was_heard_is_ours_once_it_is() -> None:
    state = apply(ours(), order(FILLED, filled="10", order_id="9", client_order_id=None, at=4))
    assert [known.status for known in open_orders(state)] == [OrderStatus.PENDING]
    told = state.apply_order(order(FILLED, filled="10", order_id="9", client_order_id="c1", at=4))
    assert told is not None
    assert told.client_order_id == "c1"
    assert open_orders(state) == []
    assert state.orders.executed(SOL) == (told,)


def test_r3_an_order_of_ours_that_was_dropped_for_room_before_its_text_was_heard_is_ours_once_it_is() -> None:
    state = spot_state(executed_limit=1)
    state.funds.apply_balances([balance("USDT", "1000", at=1)])
    pending = order(OrderStatus.PENDING, at=0, created=0, order_id=None)
    state.begin_order(pending, Reservation("USDT", Decimal(1000)), LATER_MS)
    apply(state, order(CANCELED, order_id="9", client_order_id=None, created=LATER_MS, at=LATER_MS + 4))
    apply(state, order(CANCELED, order_id="10", client_order_id="other", created=LATER_MS, at=LATER_MS + 5))
    assert state.orders.of(SOL).evicted("9") is not None
    told = order(CANCELED, order_id="9", client_order_id="c1", created=LATER_MS, at=LATER_MS + 4)
    assert state.apply_order(told, LATER_MS + 50) == told
    assert state.find(OrderKey(SOL, None, "c1")) == told
    assert open_orders(state) == []
    state.funds.apply_balances([balance("USDT", "1000", at=LATER_MS + 60)])
    assert state.funds.available("USDT") == 1000, "nothing is set aside for it any more"


def test_an_order_taken_for_never_arrived_and_heard_of_without_its_text_becomes_one() -> None:
    state = ours()
    state.conclude_unknown(OrderKey(SOL, None, "c1"), 50)
    apply(state, order(order_id="9", client_order_id=None, at=4), fill("1", order_id="9", client_order_id="c1", at=5))
    assert only(state).order_id == "9"
    assert only(state).client_order_id == "c1"
    assert len(open_orders(state)) == 1


def test_the_client_id_of_an_order_placed_elsewhere_is_known_once_it_is_told() -> None:
    state = apply(spot_state(), order(order_id="9", client_order_id=None, at=1))
    assert state.find(OrderKey(SOL, None, "web")) is None
    apply(state, order(order_id="9", client_order_id="web", at=2))
    assert state.find(OrderKey(SOL, None, "web")) == only(state)


@pytest.mark.parametrize("status", [OrderStatus.NEW, CANCELED])
def test_r2_a_later_report_without_our_client_id_does_not_wipe_it(status: OrderStatus) -> None:
    state = apply(ours(), order(order_id="9", at=1), order(status, order_id="9", client_order_id=None, at=9))
    assert only(state).client_order_id == "c1"
    assert only(state).status is status
    assert state.find(OrderKey(SOL, None, "c1")) == only(state)


@pytest.mark.parametrize("is_pushed_first", [False, True])
@pytest.mark.parametrize("is_over", [False, True])
def test_r3_what_answers_a_placing_is_the_order_that_was_placed_however_wrong_our_reading_of_the_clock_was(
    is_pushed_first: bool, is_over: bool
) -> None:
    state = ours(decided_ms=LATER_MS)
    report = order(EXPIRED if is_over else OrderStatus.NEW, order_id="7", at=5, created=5)
    if is_pushed_first:
        apply(state, report)

    state.orders.of(SOL).acknowledge("c1", report)
    apply(state, report)

    assert only(state) == report
    assert state.find(OrderKey(SOL, None, "c1")) == report


# -- client ids that are used again ----------------------------------------------------------------------------------


def first_of_its_id(**changes: object) -> Order:
    return order(CANCELED, order_id="1", client_order_id="again", created=10, at=20)


@pytest.mark.parametrize(
    "late",
    [
        first_of_its_id(),
        order(order_id="1", client_order_id="again", created=10, at=15),
        fill("7", order_id="1", client_order_id="again", at=15),
    ],
    ids=["end", "echo", "fill"],
)
@pytest.mark.parametrize("is_remembered", [True, False])
def test_a_client_id_that_is_used_again_is_not_bound_to_the_old_order(
    late: Order | Fill, *, is_remembered: bool
) -> None:
    state = spot_state(executed_limit=1)
    if is_remembered:  # dropped for room; otherwise not even heard of in this life
        apply(state, first_of_its_id(), order(CANCELED, order_id="2", client_order_id="other", at=25))
    ours("again", decided_ms=LATER_MS, state=state)

    apply(state, late)

    mine = state.find(OrderKey(SOL, None, "again"))
    assert mine is not None
    assert (mine.order_id, mine.status, mine.filled_quantity) == (None, OrderStatus.PENDING, 0)

    apply(state, order(order_id="3", client_order_id="again", created=LATER_MS - 9_000, at=LATER_MS))
    mine = state.find(OrderKey(SOL, None, "again"))
    assert mine is not None
    assert (mine.order_id, mine.status) == ("3", OrderStatus.NEW), "its own, also where the clocks differ by seconds"


def test_a_client_id_that_is_used_again_within_seconds_is_not_bound_to_the_old_order() -> None:
    state = spot_state(executed_limit=1)
    apply(state, first_of_its_id(), order(CANCELED, order_id="2", client_order_id="other", at=25))
    ours("again", decided_ms=30, state=state)
    apply(state, fill("7", order_id="1", client_order_id="again", at=20), first_of_its_id())
    mine = state.find(OrderKey(SOL, None, "again"))
    assert mine is not None
    assert mine.order_id is None


def test_an_answer_by_client_id_about_an_earlier_order_is_no_answer() -> None:
    state = ours("again", decided_ms=LATER_MS)
    asked = OrderKey(SOL, None, "again")
    apply(state, first_of_its_id())
    assert not state.is_about(first_of_its_id(), asked)
    mine = order(order_id="3", client_order_id="again", created=LATER_MS, at=LATER_MS)
    apply(state, mine)
    assert state.is_about(mine, asked)
    assert state.is_about(mine, OrderKey(SOL, "3", None))
    assert state.is_about(mine, OrderKey(BTC, None, "never heard of"))


def test_of_two_orders_of_one_client_id_the_younger_one_is_meant_in_whichever_order_they_come() -> None:
    older = order(CANCELED, order_id="1", client_order_id="again", created=10, at=20)
    younger = order(order_id="2", client_order_id="again", created=30, at=40)
    for news in ((older, younger), (younger, older)):
        state = apply(spot_state(), *news)
        assert state.find(OrderKey(SOL, None, "again")) == younger
        assert state.orders.open_count == state.orders.executed_count == 1


def test_an_order_of_the_same_client_id_after_one_that_never_arrived_takes_its_place() -> None:
    state = ours("again", decided_ms=10)
    state.conclude_unknown(OrderKey(SOL, None, "again"), 50)
    ours("again", decided_ms=LATER_MS, state=state)
    mine = state.find(OrderKey(SOL, None, "again"))
    assert mine is not None
    assert mine.status is OrderStatus.PENDING


def test_an_old_order_without_text_is_not_taken_for_ours_when_its_text_is_told() -> None:
    state = ours("again", decided_ms=LATER_MS)
    apply(state, order(order_id="1", client_order_id=None, created=10, at=11))
    apply(state, order(order_id="1", client_order_id="again", created=10, at=12))
    assert [known.order_id for known in open_orders(state)] == [None, "1"]
    mine = state.find(OrderKey(SOL, None, "again"))
    assert mine is not None
    assert mine.order_id is None


# -- echoes of orders that were dropped for room (R9) ----------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 4])
@pytest.mark.parametrize("as_of_ms", [0, 10_000])
def test_r2_with_few_finished_orders_kept_none_reopens_in_what_is_told(limit: int, as_of_ms: int) -> None:
    state = spot_state(executed_limit=limit)
    finished: set[str] = set()

    def told(changed: Order | None) -> None:
        if changed is not None:
            assert changed.is_finished or changed.order_id not in finished
            if changed.is_finished:
                finished.add(str(changed.order_id))

    for number in range(8):
        ids = {"order_id": str(number), "client_order_id": f"c{number}"}
        told(state.apply_order(order(at=10 * number + 1, **ids)))
        told(state.apply_order(order(EXPIRED, at=10 * number + 5, **ids)))
        for earlier in range(number + 1):
            echo = order(at=10 * earlier + 1, order_id=str(earlier), client_order_id=f"c{earlier}")
            told(state.apply_order(echo, as_of_ms))
    assert state.orders.open_count == 0
    assert state.inconsistent_orders() == []


def test_r2_the_end_of_a_dropped_order_is_told_once_and_a_later_fill_with_its_client_id() -> None:
    state = spot_state(executed_limit=1)
    state.apply_order(order(CANCELED, filled="1", at=20, order_id="1", client_order_id="c1"))
    state.apply_order(order(CANCELED, at=30, order_id="2", client_order_id="c2"))
    again = order(CANCELED, filled="1", at=20, order_id="1", client_order_id=None)
    assert state.apply_order(again) is None
    larger = order(CANCELED, filled="2", at=20, order_id="1", client_order_id=None)
    assert state.apply_order(larger) == msgspec.structs.replace(larger, client_order_id="c1")


def test_r2_a_dropped_order_that_is_asked_for_does_not_go_back_in_time() -> None:
    """Two clocks of one exchange stamp the same order."""
    state = spot_state(executed_limit=1)
    state.apply_order(order(CANCELED, filled="1", at=20, order_id="1", client_order_id="c1"))
    state.apply_order(order(CANCELED, at=30, order_id="2", client_order_id="c2"))
    told = state.apply_order(order(CANCELED, filled="1", at=10, order_id="1", client_order_id="c1"), 40)
    assert told is not None
    assert told.updated_ms == 20


def dropped(*, through_ms: int = 50) -> AccountState:
    """Finished orders were dropped for room, and which they were is not known any more."""
    state = spot_state()
    state.restore(SymbolMemory(symbol=SOL, older_through_ms=through_ms))
    return state


def test_r2_of_what_may_be_an_echo_nobody_is_told_before_the_exchange_has_confirmed_it() -> None:
    state = dropped()
    assert state.apply_order(order(at=20)) is None
    assert state.apply_order(order(at=30, filled="2"), 40) is None, "asked before the last of them had ended"
    assert open_orders(state) == []
    assert state.has_new_inconsistent
    assert state.inconsistent_orders() == [OrderKey(SOL, "1001", "c1")]

    told = state.apply_order(order(at=30, filled="2"), 60)

    assert told is not None
    assert told == order(at=30, filled="2")
    assert open_orders(state) == [told]
    assert state.inconsistent_orders() == []


@pytest.mark.parametrize(
    ("confirm", "left"),
    [
        (lambda state: state.apply_order(order(FILLED, filled="10", at=25)), 1),
        (lambda state: state.conclude_unknown(OrderKey(SOL, "1001", "c1"), 60), 0),
    ],
    ids=["it had ended", "unknown to the exchange"],
)
def test_r2_an_echo_is_over_when_the_exchange_says_so(confirm: Callable[[AccountState], object], left: int) -> None:
    state = apply(dropped(), order(at=20))
    confirm(state)
    assert state.inconsistent_orders() == []
    assert open_orders(state) == []
    assert state.orders.executed_count == left


def test_fills_of_an_echo_wait_with_it() -> None:
    state = apply(dropped(), order(at=20, client_order_id=None), fill("1", "2", client_order_id=None, at=21))
    told = state.apply_order(order(at=20, client_order_id=None), 60)
    assert told is not None
    assert told.filled_quantity == 2


def test_an_order_that_is_newer_than_all_that_were_dropped_is_no_echo() -> None:
    state = dropped(through_ms=50)
    assert state.apply_order(order(at=51)) is not None
    assert state.apply_order(order(at=50, order_id="2", client_order_id="c2")) is None


def test_our_own_order_is_no_echo_however_late_it_is_told_of() -> None:
    state = ours(state=dropped())
    assert state.apply_order(order(at=20)) is not None
    assert state.inconsistent_orders() == []


def test_r9_the_ids_of_dropped_orders_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_store, "_EVICTED_IDS_LIMIT", 2)
    state = spot_state(executed_limit=1)
    for number in range(4):
        apply(state, order(CANCELED, order_id=str(number), client_order_id=f"c{number}", at=10 + number))
    orders = state.orders.of(SOL)
    assert [orders.evicted(str(number)) is not None for number in range(4)] == [False, True, True, False]


def test_r9_a_dropped_order_is_found_by_neither_id_and_a_younger_one_of_its_client_id_is() -> None:
    state = spot_state(executed_limit=2)
    apply(state, order(CANCELED, order_id="1", at=5, created=1), order(CANCELED, order_id="2", at=6, created=2))
    apply(state, order(CANCELED, order_id="3", client_order_id="c3", at=7))
    assert state.orders.find(SOL, "1", None) is None
    younger = state.orders.find(SOL, None, "c1")
    assert younger is not None
    assert younger.order.order_id == "2"
    apply(state, order(CANCELED, order_id="4", client_order_id="c4", at=8))
    assert state.orders.find(SOL, None, "c1") is None
    assert state.orders.find(SOL, "2", None) is None


def test_fills_of_the_journal_are_joined_by_their_orders() -> None:
    state = spot_state()
    mine, strangers = fill("1", "4", at=3), fill("2", "1", order_id="9", client_order_id=None, at=3)
    ids = (("1", "1001"), ("2", "9"))
    state.restore(SymbolMemory(symbol=SOL, open_orders=(order(at=1),), fills=(mine, strangers), fill_ids=ids))
    assert only(state).filled_quantity == 4
    assert state.inconsistent_orders() == []
    assert not state.has_new_inconsistent
    assert [state.apply_fill(each)[1] for each in (mine, strangers)] == [False, False]
    apply(state, fill("3", "2", at=4))
    assert only(state).filled_quantity == 6


def test_what_was_dropped_in_an_earlier_life_is_known_by_its_time() -> None:
    state = spot_state(executed_limit=1)
    apply(state, order(CANCELED, at=90), order(CANCELED, order_id="2", client_order_id="c2", at=95))
    state.restore(SymbolMemory(symbol=SOL, older_through_ms=50))
    assert state.orders.of(SOL).evicted_through_ms == 90


def test_a_dropped_order_that_is_looked_up_is_kept_again() -> None:
    state = spot_state(executed_limit=1)
    apply(state, order(CANCELED, at=5), order(CANCELED, order_id="2", client_order_id="c2", at=6))
    found = state.apply_order(order(CANCELED, at=5), 60)
    assert state.orders.executed(SOL) == (found,)
    assert state.orders.of(SOL).evicted("1001") is None
    assert state.orders.of(SOL).evicted("2") is not None


# -- fills of orders that are not known ------------------------------------------------------------------------------


def test_r6_fills_of_an_order_that_the_exchange_denies_are_kept_for_when_it_tells_of_it() -> None:
    state = apply(spot_state(), fill("1", "2", client_order_id=None, at=3))
    state.conclude_unknown(OrderKey(SOL, "1001", None), 50)
    assert state.inconsistent_orders() == []
    apply(state, fill("2", "1", client_order_id=None, at=4))
    assert state.inconsistent_orders() == [OrderKey(SOL, "1001", None)], "it has told more since"
    state.conclude_unknown(OrderKey(SOL, "1001", None), 60)
    apply(state, order(at=1))
    assert only(state).filled_quantity == 3
    assert state.inconsistent_orders() == []


def test_r9_fills_without_an_order_are_bounded_and_the_oldest_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_store, "_ORPHAN_FILLS_LIMIT", 2)
    state = spot_state()
    for number, order_id in enumerate(("1", "1", "2")):
        assert state.apply_fill(fill(str(number), order_id=order_id, client_order_id=None)) == (None, True)
    assert {order_key.order_id for order_key in state.inconsistent_orders()} == {"1", "2"}, (
        "their orders are asked for all the same"
    )
    apply(state, order(order_id="1", client_order_id=None), order(order_id="2", client_order_id="c2"))
    assert [known.filled_quantity for known in open_orders(state)] == [2, 1], "no fill is lost"
    assert state.inconsistent_orders() == []
    for number, order_id in enumerate(("3", "4")):
        apply(state, fill(f"x{number}", order_id=order_id, client_order_id=None))
    assert [order_key.order_id for order_key in state.inconsistent_orders()] == ["3", "4"], (
        "those that were joined make room"
    )


def test_r9_orders_whose_fills_gave_way_are_bounded_and_forgotten_when_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_store, "_ORPHAN_FILLS_LIMIT", 1)
    monkeypatch.setattr(order_store, "_ORPHAN_ORDERS_LIMIT", 2)
    state = spot_state()
    for order_id in "12345":
        state.apply_fill(fill(order_id, order_id=order_id, client_order_id=None, at=int(order_id)))
    assert {order_key.order_id for order_key in state.inconsistent_orders()} == {"3", "4", "5"}
    assert state.orders.of(SOL).first_orphan_ms("3") == 3
    state.conclude_unknown(OrderKey(SOL, "3", None), 50)
    state.conclude_unknown(OrderKey(SOL, "5", None), 50)
    assert [order_key.order_id for order_key in state.inconsistent_orders()] == ["4"]
    state.apply_fill(fill("6", order_id="6", client_order_id=None, at=6))
    assert {order_key.order_id for order_key in state.inconsistent_orders()} == {"4", "6"}, (
        "5 was denied before its fills gave way"
    )


def test_r6_what_came_of_fills_that_gave_way_outlasts_an_older_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A late fill of a canceled order that was dropped for room, and a query that is behind it."""
    monkeypatch.setattr(order_store, "_ORPHAN_FILLS_LIMIT", 1)
    state = spot_state()
    first, second = fill("1", "2", client_order_id=None, at=7), fill("2", "1", price="90", client_order_id=None, at=8)
    apply(state, first, second, fill("x", order_id="2", client_order_id=None, at=9))
    assert state.orders.of(SOL).first_orphan_ms("1001") == 7
    canceled = order(OrderStatus.CANCELED, at=5)
    state.apply_order(canceled, 10)
    found = state.find(OrderKey(SOL, "1001", None))
    assert found is not None
    assert (found.status, found.filled_quantity, found.filled_quote) == (OrderStatus.CANCELED, 3, 290)
    assert found.fees == add_fees(first.fees, second.fees)
    assert found.updated_ms == 8
    assert state.inconsistent_orders() == [OrderKey(SOL, "2", None)]
    assert state.apply_fill(first) == (None, False), "counted already"


@pytest.mark.parametrize("kept", [1, 10_000])
def test_r2_a_fill_of_an_order_still_to_be_asked_for_counts_once_however_many_ids_came_since(
    monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """Asking for the order tells its fills again, also those whose ids were forgotten for want of room."""
    monkeypatch.setattr(order_store, "_ORPHAN_FILLS_LIMIT", kept)
    monkeypatch.setattr(order_store, "_FILL_IDS_LIMIT", 2)
    state = spot_state()
    state.fills_asked_from_ms = 50
    early = [fill(str(number), order_id="1", client_order_id=None, at=7) for number in range(2)]
    others = [fill(f"x{number}", order_id="2", client_order_id=None, at=60) for number in range(3)]
    for each in (*early, *others):
        assert state.apply_fill(each)[1]
    for each in early:
        assert state.apply_fill(each) == (None, False)
    state.apply_order(order(order_id="1", client_order_id=None))
    for each in early:
        assert state.apply_fill(each) == (None, False), "also once it is known"
    assert [known.filled_quantity for known in open_orders(state)] == [2]


def test_r4_what_is_held_is_not_dropped_for_room_until_it_is_released() -> None:
    state = spot_state(executed_limit=1)
    names = SOL, "1", None
    state.orders.hold(*names)
    state.orders.hold(*names)
    for number in (1, 2, 3):
        apply(
            state, order(OrderStatus.FILLED, filled="10", order_id=str(number), client_order_id=f"c{number}", at=number)
        )
    assert [each.order_id for each in state.orders.executed(SOL)] == ["1", "3"]
    assert state.orders.executed_count == 2
    assert state.find(OrderKey(SOL, None, "c1")) is not None
    state.orders.release(*names)
    assert state.find(OrderKey(SOL, "1", None)) is not None, "still held by another"
    state.orders.release(*names)
    assert state.find(OrderKey(SOL, "1", None)) is None
    assert state.orders.executed_count == 1
    apply(state, order(at=1, order_id="1", client_order_id="c1"))
    assert open_orders(state) == [], "it is known to have been there (R2)"


def test_r9_the_ids_of_fills_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_store, "_FILL_IDS_LIMIT", 2)
    orders = spot_state().orders.of(SOL)
    assert [orders.is_new_fill(trade_id, "1", 5, 6) for trade_id in ("a", "b", "c", "b", "a")] == [
        True,
        True,
        True,
        False,
        True,
    ]


def test_r2_a_fill_that_will_be_asked_for_again_is_not_forgotten_for_want_of_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_store, "_FILL_IDS_LIMIT", 2)
    state = spot_state(executed_limit=1)
    fills = [fill(str(number), order_id=str(number), client_order_id=None, at=100_000 + number) for number in range(5)]
    for item in fills:
        apply(state, order(FILLED, filled="1", order_id=item.order_id, client_order_id=None, at=item.time_ms), item)
    state.fills_asked_from_ms = 85_010
    assert [state.apply_fill(item)[1] for item in fills] == [False] * 5
    state.fills_asked_from_ms = 185_000
    apply(state, fill("new", order_id="9", client_order_id=None, at=200_000))
    assert state.apply_fill(fills[0])[1] is True, "long over, and no query asks for it any more"


def test_r2_after_a_restart_no_fill_that_is_asked_for_again_was_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_store, "_FILL_IDS_LIMIT", 2)
    state = spot_state()
    ids = tuple((str(number), "1") for number in range(5))
    state.restore(SymbolMemory(symbol=SOL, fill_ids=ids, newest_fill_ms=50_000))
    state.fills_asked_from_ms = 45_000
    assert [state.apply_fill(fill(number, order_id="1", at=50_000))[1] for number, _ in ids] == [False] * 5


def test_a_fill_of_a_refused_order_waits_for_the_exchange_to_tell_of_it() -> None:
    state = ours()
    state.reject_order(SOL, "c1", "POC_FILL_IMMEDIATELY")
    assert state.apply_fill(fill("1", "2", at=3)) == (None, True)
    assert state.inconsistent_orders() == [OrderKey(SOL, "1001", None)]
    told = state.apply_order(order(at=2))
    assert told is not None
    assert told.filled_quantity == 2


# -- questions make nothing (R10) ------------------------------------------------------------------------------------

MISTYPED = BTC


@pytest.mark.parametrize(
    "question",
    [
        lambda state: state.find(OrderKey(MISTYPED, "1", "c")),
        lambda state: state.known(order(symbol=MISTYPED)),
        lambda state: state.is_about(order(symbol=MISTYPED), OrderKey(MISTYPED, "1", "c")),
        lambda state: state.orders.executed(MISTYPED),
        lambda state: state.orders.find(MISTYPED, "1", None),
        lambda state: state.orders.open_records(MISTYPED),
        lambda state: state.conclude_unknown(OrderKey(MISTYPED, "1", "c"), 5),
        lambda state: state.mark_unresolved(MISTYPED, "c"),
        lambda state: state.reject_order(MISTYPED, "c", "why"),
    ],
)
def test_r10_a_question_about_a_market_does_not_make_it_one_of_ours(question: Callable[[AccountState], object]) -> None:
    state = spot_state()
    question(state)
    assert [*state.orders.symbols()] == []


def test_an_order_of_an_earlier_life_that_is_known_by_now_is_not_doubled() -> None:
    state = apply(spot_state(), order(at=5))
    state.restore_unresolved(order(OrderStatus.UNRESOLVED, at=0, order_id=None))
    assert only(state) == order(at=5)


def test_the_money_of_no_order_is_asked_for() -> None:
    state = spot_state()
    state.funds.apply_balances([balance("USDT", "5")])
    assert state.funds.available("USDT") == 5
    assert state.funds.available("SOL") == 0
