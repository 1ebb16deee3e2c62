"""What an account that is live has told and says is held against what the books said a while ago, and since."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import msgspec
import pytest

from actors.runtime import Reply
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.faults.faults import ClockSkew
from messages.balance import Balance
from messages.commands import Command
from messages.enums import OrderStatus, SyncState
from messages.order import Order
from messages.snapshot import AccountSnapshot
from simulation.oracles.book_history import BookHistory
from simulation.oracles.truth import Truth
from simulation.oracles.watcher import Told
from tests.support.books import Books
from tests.support.orders import BTC, SOL, order

BOUND_S = 10.0
PROVEN_WITHIN_S = 20.0


class Account:
    """An account, alpha, that has been live from the start and tells everything, as its subscribers heard it."""

    def __init__(
        self,
        *,
        to_the_letter: bool = False,
        loses_frames: bool = True,
        balances_lag_s: float = 0.0,
        is_lost_for_good: bool = False,
    ) -> None:
        self.books = Books()
        self.told = Told()
        self.told.sync_state, self.told.live_since_s = SyncState.LIVE, 0.0
        self.snapshot: dict[str, object] = {}
        self.open: dict[str, Order] = {}
        self.before_judging: Callable[[], object] = lambda: None
        history = BookHistory(self.books.exchange, self.books.now_s)
        self.oracle = Truth(
            history=history,
            told={"alpha": self.told},
            names=("alpha",),
            ask=self.answer,
            now_s=self.books.now_s,
            venue_ms=self.books.engine.now_ms,
            bound_s=BOUND_S,
            proven_within_s=PROVEN_WITHIN_S,
            balances_lag_s=balances_lag_s,
            loses_frames=loses_frames,
            later=lambda _, judge: [self.before_judging(), judge()],
            to_the_letter=to_the_letter,
            lost_for_good=lambda _: is_lost_for_good,
        )
        self.apply_balances()

    def answer(self, _name: str, _command: Command) -> Reply[AccountSnapshot]:
        is_live = self.told.live_since_s is not None
        now_ms = self.books.engine.now_ms()
        snapshot = AccountSnapshot(
            account="alpha",
            venue="gateio",
            sync_state=self.told.sync_state,
            true_at_ms=now_ms if is_live else now_ms - 5_000,
            stale_since_ms=None if is_live else now_ms - 5_000,
            balances=dict(self.told.balances_now),
            open_orders=tuple(self.open.values()),
        )
        return Reply.of(msgspec.structs.replace(snapshot, **self.snapshot))

    def apply_balances(self) -> None:
        for currency, booked in self.books.engine.ledger.balances("alpha").items():
            self.told.balances_now[currency] = Balance(
                currency=currency, available=booked.available, locked=booked.locked
            )

    def hear(self, booked: BookedOrder, status: OrderStatus = OrderStatus.NEW, **changes: object) -> None:
        """Tells of an order as it is booked, or otherwise."""
        said = order(
            status,
            order_id=str(booked.id),
            client_order_id=booked.text.removeprefix("t-") or None,
            quantity=str(booked.amount),
            price=str(booked.price),
            filled=str(booked.filled_base),
        )
        said = msgspec.structs.replace(said, **changes)
        self.told.numbered[str(booked.id)] = said
        self.told.filled[str(booked.id)] = booked.filled_base
        self.open.pop(str(booked.id), None)
        if said.is_open:
            self.open[str(booked.id)] = said

    def after(self, seconds: float) -> list[str]:
        """What is found within so many seconds, looked at once a second."""
        found: list[str] = []
        for _ in range(round(seconds)):
            self.books.time.advance(1.0)
            found += self.oracle.look()
        return [*found, *self.oracle.compare()]


def test_an_account_that_tells_all_is_right_and_so_is_one_that_tells_within_the_while() -> None:
    account = Account()
    booked = account.books.place(text="t-c1")
    assert account.after(BOUND_S - 1) == []
    account.hear(booked)
    account.apply_balances()
    assert account.after(30) == []

    account.books.engine.fill_from_house(booked, amount=Decimal(1))
    account.hear(booked, OrderStatus.PARTIALLY_FILLED)
    account.apply_balances()
    assert account.after(30) == []

    account.books.engine.cancel(booked)
    assert account.after(BOUND_S - 1) == []
    account.hear(booked, OrderStatus.CANCELED)
    account.apply_balances()
    assert account.after(30) == []


def test_of_a_market_told_to_be_unknown_nothing_is_to_be_told_until_a_while_after_it_is_known_again() -> None:
    account = Account()
    account.told.take_unknown({SOL}, account.books.now_s())
    account.books.place(text="t-c1")
    account.apply_balances()
    assert account.after(2 * BOUND_S) == []
    account.told.take_unknown({BTC}, account.books.now_s())
    assert account.after(BOUND_S - 1) == []
    assert any("is untold" in each for each in account.after(2))


def test_an_order_and_money_that_nobody_told_of_are_found_after_the_while_and_not_before() -> None:
    account = Account()
    account.books.place(text="t-c1")

    assert account.after(BOUND_S - 1) == []
    found = account.after(5)
    assert any("is untold 10 s after the fact" in each for each in found)
    assert any("USDT was told as" in each for each in found)
    assert any("lacks order" in each for each in found)
    assert account.after(20) == [], "each is found once"


@pytest.mark.parametrize(
    ("loses_frames", "lives_s", "is_ours", "is_found"),
    [(True, 1, False, False), (True, 12, False, True), (True, 1, True, True), (False, 1, False, True)],
)
def test_an_order_of_others_that_came_and_went_may_be_missed_with_its_frames(
    loses_frames: bool, lives_s: int, is_ours: bool, is_found: bool
) -> None:
    account = Account(loses_frames=loses_frames)
    booked = account.books.place(text="t-c1")
    if is_ours:
        account.told.orders[SOL, "c1"] = order(OrderStatus.UNRESOLVED, order_id=None, client_order_id="c1")
    found = account.after(lives_s)
    account.books.engine.cancel(booked)
    found += account.after(25)
    assert any("is untold" in each for each in found) is is_found


def test_an_order_of_others_that_traded_is_never_missed() -> None:
    account = Account()
    booked = account.books.place(text="t-c1")
    account.books.engine.fill_from_house(booked, amount=Decimal(1))
    account.books.engine.cancel(booked)
    assert any("is untold" in each for each in account.after(25))


@pytest.mark.parametrize("is_lost_for_good", [False, True])
@pytest.mark.parametrize("is_told_anew", [False, True])
def test_the_end_of_an_order_lost_for_good_need_not_be_told_by_a_life_that_does_not_know_it(
    is_lost_for_good: bool, is_told_anew: bool
) -> None:
    account = Account(is_lost_for_good=is_lost_for_good)
    booked = account.books.place(text="t-c1")
    account.hear(booked)
    if is_told_anew:
        account.told.numbered_now[str(booked.id)] = account.told.numbered[str(booked.id)]
    account.books.engine.cancel(booked)
    account.open.clear()
    is_excused = is_lost_for_good and not is_told_anew
    assert any("was told as new" in each for each in account.after(25)) is not is_excused


def test_a_balance_may_stay_what_an_event_said_for_as_long_as_lists_are_reckoned_to_lag() -> None:
    account = Account(balances_lag_s=5.0)
    account.books.engine.deposit("alpha", "USDT", Decimal(5))
    assert account.after(BOUND_S + 4) == []
    assert any("USDT was told as" in each for each in account.after(3))


def test_an_account_that_says_it_is_not_live_may_know_nothing() -> None:
    account = Account()
    account.told.sync_state, account.told.live_since_s, account.told.left_live_s = SyncState.DEGRADED, None, 0.0
    account.snapshot = {"true_at_ms": 0}
    account.books.place(text="t-c1")

    assert account.after(60) == []


@pytest.mark.parametrize(
    ("status", "changes", "finding"),
    [
        (OrderStatus.PARTIALLY_FILLED, {"filled_quantity": Decimal("0.5")}, "told as filled 0.5, was 1"),
        (OrderStatus.CANCELED, {}, "told as canceled, was open"),
        (OrderStatus.PARTIALLY_FILLED, {"price": Decimal(101)}, "told at 101 over 2, was at 100 over 2"),
    ],
)
def test_every_part_of_what_was_told_counts(status: OrderStatus, changes: dict[str, object], finding: str) -> None:
    account = Account()
    booked = account.books.place(text="t-c1")
    account.books.engine.fill_from_house(booked, amount=Decimal(1))
    account.hear(booked, status, **changes)
    account.apply_balances()

    assert any(finding in each for each in account.after(15))


def test_a_fill_or_an_end_that_was_not_told_is_found() -> None:
    account = Account()
    booked = account.books.place(text="t-c1")
    account.books.engine.fill_from_house(booked, amount=Decimal(1))
    account.hear(booked, OrderStatus.PARTIALLY_FILLED)
    account.told.filled.clear()
    assert any("had fills of 0 told, was filled 1" in each for each in account.after(15))

    account = Account()
    booked = account.books.place(text="t-c1")
    account.hear(booked)
    account.books.engine.cancel(booked)
    found = account.after(15)
    assert any("told as new, was cancelled" in each for each in found)
    assert any("has order" in each and "which was open at no moment" in each for each in found)


def test_of_a_market_that_is_told_to_be_unknown_nothing_is_claimed() -> None:
    account = Account()
    booked = account.books.place(text="t-c1")
    account.hear(booked)
    account.told.take_unknown([SOL], 0.0)
    account.books.engine.cancel(booked)
    assert not [each for each in account.after(15) if "order" in each]


@pytest.mark.parametrize("to_the_letter", [True, False])
def test_a_live_snapshot_that_claims_to_be_of_now_may_be_held_to_it(to_the_letter: bool) -> None:
    account = Account(to_the_letter=to_the_letter)
    account.apply_balances()
    account.books.engine.deposit("alpha", "USDT", Decimal(5))
    found = [each for each in account.after(7) if "has USDT" in each and "by its true_at_ms" in each]
    assert bool(found) is to_the_letter


def test_a_snapshot_with_a_balance_or_terms_that_never_were_is_found() -> None:
    account = Account()
    booked = account.books.place(text="t-c1")
    account.hear(booked)
    account.apply_balances()
    account.snapshot = {
        "balances": {"USDT": Balance(currency="USDT", available=Decimal(1), locked=Decimal(0))},
        "open_orders": (msgspec.structs.replace(account.open[str(booked.id)], quantity=Decimal(3)),),
    }

    found = account.after(15)
    assert any("has USDT at 1 + 0, which it was at no moment" in each for each in found)
    assert any("over 3, which it was at no moment" in each for each in found)


def test_a_live_snapshot_may_be_as_old_as_checks_allow_and_no_older() -> None:
    for age_ms, is_wrong in ((15_000, False), (25_000, True)):
        account = Account()
        account.snapshot = {"true_at_ms": account.books.engine.now_ms() - age_ms}
        assert any("is live, and true" in found for found in account.after(1)) is is_wrong


@pytest.mark.parametrize(
    ("is_live", "snapshot", "finding"),
    [
        (True, {"stale_since_ms": 5}, "is live and stale since 5"),
        (True, {"sync_state": SyncState.DEGRADED, "stale_since_ms": 5}, "is degraded, and told was live"),
        (True, {"true_at_ms": 5}, "is live, and true"),
        (True, {"true_at_ms": 2 * 10**12}, "ms from now"),
        (False, {"sync_state": SyncState.LIVE, "stale_since_ms": None}, "is live, and told was degraded"),
        (False, {"stale_since_ms": None}, "is degraded and stale since None"),
        (False, {}, "ms after it left live"),
    ],
)
def test_how_far_a_snapshot_can_be_believed_is_checked(
    is_live: bool, snapshot: dict[str, object], finding: str
) -> None:
    account = Account()
    account.snapshot = snapshot
    if not is_live:
        account.told.sync_state, account.told.live_since_s, account.told.left_live_s = SyncState.DEGRADED, None, 0.0

    assert any(finding in each for each in account.after(15))


def test_an_account_that_never_was_live_was_never_true() -> None:
    account = Account()
    account.told.sync_state, account.told.live_since_s = SyncState.SYNCING, None

    assert any("and never was live" in each for each in account.after(3))


def test_a_clock_that_is_set_back_between_the_answer_and_its_judgement_makes_nobody_a_liar() -> None:
    account = Account()
    assert account.after(5) == []
    set_back = ClockSkew(offset_ms=-5_000, clock="both", stepwise_back=True)
    account.before_judging = partial(account.books.exchange.faults.add, set_back)
    assert account.after(1) == []

    honest = Account()
    honest.snapshot["true_at_ms"] = honest.books.engine.now_ms() + 10_000
    assert "claims to be true" in honest.after(1)[0]
