"""The oracle of the wish takes what was asked for, and finds whatever else reaches the exchange."""

import json
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actors.runtime import Reply
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.faults.odd_rows import FIRST_MADE_UP_ID, OddRows
from messages.commands import (
    AmendOrder,
    CancelAll,
    CancelOrder,
    CancelWithdrawal,
    Command,
    EngageKillSwitch,
    PlaceOrder,
    ReleaseKillSwitch,
    Withdraw,
)
from messages.enums import Side
from messages.errors import (
    InvalidValueError,
    RefusalReason,
    UnresolvedOrderError,
    VenueRefusedError,
)
from messages.symbol import Symbol
from simulation.oracles.command_log import CommandLog
from simulation.oracles.wishes import Wishes
from simulation.process import LIFE, Life
from tests.support.judged import JudgedBooks, order_of

SOL = Symbol("SOL", "USDT")
BTC = Symbol("BTC", "USDT")
BUY = PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="mine")
NAMELESS = PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100))


class Judge(JudgedBooks):
    countdown_s: int | None = None
    lost_through_s: float | None = None
    stamped_s: Callable[[BookedOrder], float] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.own_commands = CommandLog(self.now_s)
        self.commands = CommandLog(self.now_s, first=self.own_commands)

    def ask_as_second(self, command: Command) -> Reply[Any]:
        """Files a command of another program on the same account."""
        before = LIFE.set(cast(Life, SimpleNamespace(number=1, is_second=True)))
        try:
            return self.ask(command)
        finally:
            LIFE.reset(before)

    def found(self) -> list[str]:
        oracle = Wishes(
            self.exchange,
            self.history,
            self.commands,
            own_commands=self.own_commands,
            names=("alpha", "beta"),
            countdown_s=lambda _: self.countdown_s,
            is_lost=lambda filed_s, at_s: self.lost_through_s is not None and filed_s <= self.lost_through_s < at_s,
            stamped_s=self.stamped_s,
        )
        return list(oracle.final())

    def found_only(self, what: str) -> bool:
        found = self.found()
        return len(found) == 1 and found[0].startswith("alpha: ") and what in found[0]

    def resting(self, side: Side = Side.BUY, own_id: str = "mine", price: str = "100") -> str:
        """Places an order as it should be; returns its id."""
        command = PlaceOrder.limit(SOL, side, Decimal(2), Decimal(price), client_order_id=own_id)
        reply = self.ask(command)
        answer = self.place_as_told(command)
        reply.set(order_of(command, answer))
        return str(answer["id"])

    def cancel(self, order_id: str, pair: str = "SOL_USDT") -> None:
        assert self.request("DELETE", f"/spot/orders/{order_id}", query=f"currency_pair={pair}").status == 200

    def cancel_all(self, query: str = "") -> None:
        assert self.request("DELETE", "/spot/orders", query=query).status == 200


@pytest.fixture
def judge() -> Judge:
    return Judge()


# -- new orders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [BUY, NAMELESS])
def test_an_order_as_it_was_wished_for_is_right(judge: Judge, command: PlaceOrder) -> None:
    reply = judge.ask(command)
    judge.time.advance(1)
    reply.set(order_of(command, judge.place_as_told(command)))

    assert judge.found() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"side": "sell", "price": "200"},
        {"amount": "1"},
        {"price": "99"},
        {"time_in_force": "poc"},
        {"currency_pair": "BTC_USDT"},
        {"iceberg": "1"},
        {"stp_act": "co"},
    ],
)
@pytest.mark.parametrize("command", [BUY, NAMELESS])
def test_every_term_counts(judge: Judge, command: PlaceOrder, changed: dict[str, str]) -> None:
    reply = judge.ask(command)
    answer = judge.place_as_told(command, **changed)
    reply.set_error(UnresolvedOrderError("placing", answer["text"][2:], "lost"))

    assert any("is not what was wished for" in each for each in judge.found())


def test_an_order_that_nobody_asked_for_is_found(judge: Judge) -> None:
    judge.place_as_told(NAMELESS)

    assert judge.found_only("was wished for by nobody")


def test_an_order_without_a_client_id_is_found(judge: Judge) -> None:
    judge.ask(NAMELESS)
    judge.place_as_told(NAMELESS, text="")

    assert judge.found_only("has no client order id (R3)")


def test_an_order_whose_answer_a_kill_has_taken_is_known_by_its_terms(judge: Judge) -> None:
    judge.ask(NAMELESS)
    judge.place_as_told(NAMELESS)
    assert judge.found() == []

    judge.place_as_told(NAMELESS, text="t-made-2")
    assert judge.found_only("was wished for by nobody")


@pytest.mark.parametrize("command", [BUY, NAMELESS])
def test_an_order_that_is_sent_twice_is_found(judge: Judge, command: PlaceOrder) -> None:
    judge.ask(command).set(order_of(command, judge.place_as_told(command)))
    judge.place_as_told(command)

    assert judge.found_only("was sent twice (R3)")


def test_the_same_client_id_may_be_used_again_by_another_command(judge: Judge) -> None:
    judge.resting()
    judge.ask(CancelAll())
    judge.cancel_all()
    judge.resting()

    assert judge.found() == []


def test_what_was_refused_here_must_not_be_sent(judge: Judge) -> None:
    judge.ask(BUY).set_error(InvalidValueError("price", 1, "another"))
    judge.place_as_told(BUY)

    assert judge.found_only("was sent, and its asker was told")


@pytest.mark.parametrize("command", [BUY, NAMELESS])
def test_what_was_told_as_refused_must_not_be_in_the_books(judge: Judge, command: PlaceOrder) -> None:
    reply = judge.ask(command)
    judge.place_as_told(command)
    reply.set_error(VenueRefusedError(RefusalReason.OTHER, "NO_REASON"))

    [found] = judge.found()
    assert "NO_REASON" in found
    assert "(R3)" in found


def test_a_refusal_by_the_exchange_is_right_where_it_was_one(judge: Judge) -> None:
    reply = judge.ask(NAMELESS)
    answer = judge.place_as_told(NAMELESS, price="0.00000001")
    reply.set_error(VenueRefusedError(RefusalReason.PRECISION, answer["label"]))
    assert any("by nobody" in each for each in judge.found())

    judge = Judge()
    dear = PlaceOrder.limit(SOL, Side.BUY, Decimal(2_000), Decimal(10_000))
    reply = judge.ask(dear)
    answer = judge.place_as_told(dear)
    reply.set_error(VenueRefusedError(RefusalReason.INSUFFICIENT_BALANCE, answer["label"]))
    assert judge.found() == []


def test_an_answer_tells_of_the_order_that_was_made_for_it(judge: Judge) -> None:
    other = judge.place(text="t-other")
    reply = judge.ask(BUY)
    answer = judge.place_as_told(BUY)
    reply.set(order_of(BUY, answer | {"id": str(other.id)}))

    assert judge.found_only("its own are")


def test_orders_of_other_hands_are_no_concern(judge: Judge) -> None:
    order = judge.place(text="t-other")
    judge.engine.cancel(order)

    assert judge.found() == []


# -- changes ----------------------------------------------------------------------------------------------------------


def test_an_amendment_is_what_was_wished_for(judge: Judge) -> None:
    order_id = judge.resting()
    judge.ask(AmendOrder(symbol=SOL, client_order_id="mine", quantity=Decimal(3)))
    query, path = "currency_pair=SOL_USDT", f"/spot/orders/{order_id}"
    judge.request("PATCH", path, query=query, body={"currency_pair": "SOL_USDT", "amount": "3"})
    assert judge.found() == []

    judge.request("PATCH", path, query=query, body={"currency_pair": "SOL_USDT", "amount": "3"})
    assert judge.found_only("was wished for by nobody")


def test_the_same_amendment_twice_is_two_wishes_where_the_second_was_refused_and_looked_up(judge: Judge) -> None:
    order_id = judge.resting()
    command = AmendOrder(symbol=SOL, order_id=order_id, quantity=Decimal(3))
    for _ in range(2):
        reply = judge.ask(command)
        judge.time.advance(1)
        judge.request("PATCH", f"/spot/orders/{order_id}", query="currency_pair=SOL_USDT", body={"amount": "3"})
        reply.set(None)
        judge.time.advance(1)
    assert [done.label for done in judge.history.requests[1:]] == [None, "NO_CHANGE"]
    assert judge.found() == []

    judge.request("PATCH", f"/spot/orders/{order_id}", query="currency_pair=SOL_USDT", body={"amount": "3"})
    assert judge.found_only("was wished for by nobody")


def test_an_amendment_of_other_terms_or_of_another_order_is_found(judge: Judge) -> None:
    order_id = judge.resting()
    other_id = judge.resting(own_id="other", price="99")
    judge.ask(AmendOrder(symbol=SOL, order_id=order_id, quantity=Decimal(3)))
    for path, amount in ((f"/spot/orders/{order_id}", "4"), (f"/spot/orders/{other_id}", "3")):
        judge.request("PATCH", path, body={"currency_pair": "SOL_USDT", "amount": amount})

    assert len([each for each in judge.found() if "was wished for by nobody" in each]) == 2


# -- cancels ----------------------------------------------------------------------------------------------------------


def test_a_cancel_of_the_order_that_was_meant_is_right(judge: Judge) -> None:
    by_id, by_own_id = judge.resting(), judge.resting(own_id="other")
    judge.ask(CancelOrder(symbol=SOL, order_id=by_id))
    judge.ask(CancelOrder(symbol=SOL, client_order_id="other"))
    judge.cancel(by_id)
    judge.cancel(by_own_id)

    assert judge.found() == []


def test_a_cancel_of_another_order_is_found(judge: Judge) -> None:
    meant, other = judge.resting(), judge.resting(own_id="other")
    judge.ask(CancelOrder(symbol=SOL, order_id=meant))
    judge.cancel(other)

    assert judge.found_only(f"a cancel of {other}")


@pytest.mark.parametrize(
    ("command", "query"),
    [
        (CancelAll(), ""),
        (CancelAll(symbol=SOL), "currency_pair=SOL_USDT"),
        (CancelAll(symbol=SOL, side=Side.SELL), "currency_pair=SOL_USDT&side=sell"),
        (CancelAll(side=Side.BUY), "account=spot&side=buy"),
    ],
)
def test_a_cancel_of_all_has_the_scope_that_was_asked_for(judge: Judge, command: CancelAll, query: str) -> None:
    judge.resting()
    judge.ask(command)
    judge.cancel_all(query)
    assert judge.found() == []


@pytest.mark.parametrize("query", ["", "currency_pair=SOL_USDT", "side=sell", "currency_pair=BTC_USDT&side=sell"])
def test_a_cancel_of_all_with_another_scope_is_found(judge: Judge, query: str) -> None:
    judge.ask(CancelAll(symbol=SOL, side=Side.SELL))
    judge.cancel_all(query)

    assert judge.found_only("a cancel of all of")


def test_a_cancel_of_all_is_tried_again_until_its_last_try_must_have_arrived(judge: Judge) -> None:
    reply = judge.ask(CancelAll())
    judge.cancel_all()
    judge.time.advance(1)
    judge.cancel_all()
    assert judge.found() == []

    reply.set(())
    judge.time.advance(1)
    judge.cancel_all()
    assert judge.found() == [], "an early try, which comes last"
    judge.time.advance(100)
    judge.cancel_all()
    assert judge.found_only("was wished for by nobody")


def test_the_kill_switch_cancels_all_while_it_is_engaged_or_until_that_is_done(judge: Judge) -> None:
    engaged = judge.ask(EngageKillSwitch(reason="enough"))
    judge.time.advance(1_000)
    judge.cancel_all()
    judge.cancel_all()
    assert judge.found() == []

    judge.ask(ReleaseKillSwitch()).set(None)
    judge.time.advance(1_000)
    judge.cancel_all()
    assert judge.found() == [], "nobody was told that all is cancelled"

    engaged.set(())
    judge.time.advance(1_000)
    judge.cancel_all()
    assert judge.found_only("a cancel of all")


def test_a_cancel_by_an_id_that_was_used_in_another_market_means_the_order_of_its_own(judge: Judge) -> None:
    earlier = judge.resting()
    judge.ask(CancelOrder(symbol=SOL, order_id=earlier))
    judge.cancel(earlier)
    judge.time.advance(1)
    command = PlaceOrder.limit(BTC, Side.BUY, Decimal(2), Decimal(100), client_order_id="mine")
    placing = judge.ask(command)
    judge.ask(CancelOrder(symbol=BTC, client_order_id="mine"))
    judge.time.advance(1)
    answer = judge.place_as_told(command)
    placing.set(order_of(command, answer))
    judge.cancel(str(answer["id"]), pair="BTC_USDT")

    assert judge.found() == []


def test_the_kill_switch_of_one_program_is_not_released_by_another(judge: Judge) -> None:
    judge.ask(EngageKillSwitch(reason="enough")).set(())
    judge.ask_as_second(EngageKillSwitch(reason="too")).set(())
    judge.ask_as_second(ReleaseKillSwitch()).set(None)
    judge.time.advance(1_000)
    judge.cancel_all()
    assert judge.found() == []

    judge.ask(ReleaseKillSwitch()).set(None)
    judge.time.advance(1_000)
    judge.cancel_all()
    assert judge.found_only("a cancel of all")


def test_an_order_that_was_on_its_way_may_be_canceled_alone_for_a_cancel_of_all(judge: Judge) -> None:
    before = judge.resting()
    judge.time.advance(1)
    judge.ask(CancelAll(symbol=SOL, side=Side.BUY)).set(())
    judge.time.advance(100)
    after = judge.resting(own_id="after")
    judge.cancel(before)
    assert judge.found() == []

    judge.cancel(after)
    assert judge.found_only(f"a cancel of {after}")


@pytest.mark.parametrize(("symbol", "is_right"), [(SOL, True), (BTC, False)])
def test_an_order_of_an_odd_row_may_be_canceled_for_a_cancel_of_all_in_its_market(
    judge: Judge, symbol: Symbol, is_right: bool
) -> None:
    judge.exchange.faults.add(OddRows(list="open_orders", oddity="unknown_word", field="type", account="alpha"))
    judge.resting()
    (of_pair,) = json.loads(judge.request("GET", "/spot/open_orders").body)
    (made_up,) = (row["id"] for row in of_pair["orders"] if int(row["id"]) >= FIRST_MADE_UP_ID)
    judge.ask(CancelAll(symbol=symbol, side=Side.SELL))
    judge.cancel(made_up)

    assert judge.found() == [] if is_right else judge.found_only(f"a cancel of {made_up}")


def test_after_a_loss_of_power_a_cancel_of_all_takes_what_it_cannot_know_for_told_before_it(judge: Judge) -> None:
    first = judge.ask(CancelAll(symbol=SOL, side=Side.BUY))
    judge.time.advance(1)
    lost, other = judge.resting(), judge.resting(side=Side.SELL, own_id="other", price="200")
    first.set(())
    judge.time.advance(1)
    judge.lost_through_s = judge.now_s()
    judge.time.advance(1)
    judge.cancel(lost)
    assert judge.found() == []
    judge.cancel(other)
    assert judge.found_only(f"a cancel of {other}")


def test_a_program_without_the_record_of_its_end_goes_on_with_a_cancel_of_all(judge: Judge) -> None:
    judge.ask(CancelAll(symbol=SOL, side=Side.SELL)).set(())
    judge.lost_through_s = judge.now_s()
    judge.time.advance(1_000)
    judge.cancel_all("currency_pair=SOL_USDT&side=sell")
    assert judge.found() == []

    judge.cancel_all()
    assert judge.found_only("a cancel of all")


@pytest.mark.parametrize(("has_no_text", "behind_s", "right"), [(True, 2, True), (True, 0.5, False), (False, 2, False)])
def test_an_order_without_its_text_is_covered_by_a_cancel_of_all_that_its_stamp_is_before(
    judge: Judge, has_no_text: bool, behind_s: float, right: bool
) -> None:
    judge.ask(CancelAll(symbol=SOL, side=Side.BUY)).set(())
    judge.time.advance(1)
    stamp_s = judge.now_s() - behind_s
    judge.stamped_s = (lambda _: stamp_s) if has_no_text else None
    order_id = judge.resting()
    judge.cancel(order_id)
    assert (judge.found() == []) is right
    assert right or judge.found_only(f"a cancel of {order_id}")


@pytest.mark.parametrize(("ends_after_s", "right"), [(0.5, True), (1.5, False)])
def test_how_a_cancel_of_all_ended_just_before_its_life_did_may_not_be_on_record(
    judge: Judge, ends_after_s: float, right: bool
) -> None:
    judge.ask(CancelAll(symbol=SOL)).set(())
    judge.time.advance(ends_after_s)
    judge.ask(CancelOrder(symbol=BTC, order_id="7")).set(None)
    judge.time.advance(100)
    judge.ask(CancelOrder(symbol=BTC, order_id="8")).set(None)
    for number, filed in enumerate(judge.commands.commands):
        filed.life = 1 + (number == 2)
    judge.cancel_all("currency_pair=SOL_USDT")
    assert (judge.found() == []) is right


@pytest.mark.parametrize("is_answered", [True, False])
@pytest.mark.parametrize("is_nameless", [True, False])
def test_a_cancel_of_all_that_goes_on_may_take_an_order_it_cannot_name_for_told_before_it(
    judge: Judge, *, is_answered: bool, is_nameless: bool
) -> None:
    command = judge.ask(CancelAll(symbol=SOL, side=Side.BUY))
    if is_answered:
        command.set(())
    judge.time.advance(1)
    judge.stamped_s = (lambda _: judge.now_s()) if is_nameless else None
    order_id = judge.resting()
    judge.cancel(order_id)
    right = is_nameless and not is_answered
    assert (judge.found() == []) is right
    assert right or judge.found_only(f"a cancel of {order_id}")


@pytest.mark.parametrize("is_on_its_way", [True, False])
def test_a_cancel_by_an_id_that_is_used_again_means_the_order_that_was_told_last(
    judge: Judge, *, is_on_its_way: bool
) -> None:
    judge.cancel(judge.resting())
    judge.ask(CancelOrder(symbol=SOL, client_order_id="mine"))  # for the first one, which is gone
    judge.time.advance(1)
    reply = judge.ask(BUY)
    if is_on_its_way:
        judge.ask(CancelOrder(symbol=SOL, client_order_id="mine"))
    judge.time.advance(1)
    answer = judge.place_as_told(BUY)
    reply.set(order_of(BUY, answer))
    judge.cancel(str(answer["id"]))
    assert (judge.found() == []) is is_on_its_way
    assert is_on_its_way or judge.found_only(f"a cancel of {answer['id']}")


@pytest.mark.parametrize("loses_before", [True, False])
def test_a_loss_of_power_excuses_no_cancel_before_it_nor_of_what_came_after(
    judge: Judge, *, loses_before: bool
) -> None:
    judge.ask(CancelAll(symbol=SOL, side=Side.BUY))
    judge.time.advance(1)
    if loses_before:
        judge.lost_through_s = judge.now_s()
        judge.time.advance(1)
    later = judge.resting()
    judge.cancel(later)
    judge.time.advance(1)
    if not loses_before:
        judge.lost_through_s = judge.now_s()
    assert judge.found_only(f"a cancel of {later}")


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_a_countdown_is_the_one_of_the_settings(judge: Judge) -> None:
    judge.countdown_s = 5
    for timeout_s in (5, 0):
        judge.request("POST", "/spot/countdown_cancel_all", body={"timeout": timeout_s})
    assert judge.found() == []

    judge.request("POST", "/spot/countdown_cancel_all", body={"timeout": 6})
    assert judge.found_only("a countdown of")


def test_what_a_countdown_cancels_needs_that_one_was_wanted(judge: Judge) -> None:
    judge.resting()
    judge.countdown_s = 5
    judge.request("POST", "/spot/countdown_cancel_all", body={"timeout": 5})
    judge.time.advance(5)
    assert judge.found() == []

    judge.countdown_s = None
    assert any("by a countdown that nobody wanted" in each for each in judge.found())


def test_a_withdrawal_is_sent_once_as_it_was_wished_for(judge: Judge) -> None:
    judge.ask(Withdraw(currency="USDT", amount=Decimal(10), chain="TRX", address="T1", client_withdrawal_id="w1"))
    body = {"currency": "USDT", "amount": "10", "chain": "TRX", "address": "T1", "withdraw_order_id": "w1"}
    judge.request("POST", "/withdrawals", body=body)
    assert judge.found() == []

    judge.request("POST", "/withdrawals", body=body)
    assert judge.found_only("was sent twice (R3)")


def test_money_to_another_address_is_found(judge: Judge) -> None:
    judge.ask(Withdraw(currency="USDT", amount=Decimal(10), chain="TRX", address="T1", client_withdrawal_id="w1"))
    body = {"currency": "USDT", "amount": "10", "chain": "TRX", "address": "T2", "withdraw_order_id": "w1"}
    judge.request("POST", "/withdrawals", body=body)

    assert judge.found_only("is not what was wished for")


def test_a_withdrawal_is_called_back_only_when_asked_for(judge: Judge) -> None:
    judge.ask(CancelWithdrawal(withdrawal_id="7"))
    judge.request("DELETE", "/withdrawals/7")
    judge.request("DELETE", "/withdrawals/8")

    assert judge.found_only("withdrawal 8 was called back")


def test_requests_that_no_command_makes_are_found(judge: Judge) -> None:
    judge.request("POST", "/spot/batch_orders", body=[])

    assert judge.found_only("a request to batch_orders")
