"""Snapshots of which a part cannot be read or asked for leave only that part unknown (R5, R6, R10); no sockets."""

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actors.account.context import AccountContext
from actors.account.messages import SnapshotLoaded
from actors.account.orders import store as order_store
from actors.account.settings import AccountSettings
from actors.account.snapshot_joiner import SnapshotJoiner
from actors.account.state import OrderKey
from actors.runtime import Reply
from exchanges.base.clients import BalancesReport, FillsReport, OpenOrdersReport, UnreadableRow
from messages.balance import Balance
from messages.enums import OrderStatus, SyncState
from messages.errors import (
    ConnectionFailedError,
    InvalidValueError,
    ProtocolError,
    RefusalReason,
    UnknownMarketError,
    VenueRefusedError,
)
from messages.instrument import Instrument
from messages.order import Fill, Order
from messages.symbol import Symbol
from tests.support.capabilities import EVERYTHING
from tests.support.orders import BTC, SOL, balance, fill, order
from tests.support.spot_state import spot_state

OLD = Symbol("OLD", "USDT")
UNLISTED = VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, "INVALID_CURRENCY_PAIR")
NOT_ALLOWED = VenueRefusedError(RefusalReason.PERMISSION, "FORBIDDEN", "the key is limited to SOL_USDT")
BUSY = VenueRefusedError(RefusalReason.RATE_LIMIT, "TOO_MANY_REQUESTS")
KEY = VenueRefusedError(RefusalReason.AUTHENTICATION, "INVALID_KEY")


def rules(*symbols: Symbol) -> dict[Symbol, Instrument]:
    step = Decimal("0.01")
    return {symbol: Instrument(symbol=symbol, tick=step, lot=step, quote_step=step) for symbol in symbols}


def unreadable(symbol: Symbol | None, item_id: str, market: str = "") -> UnreadableRow:
    return UnreadableRow(symbol, market, item_id, "price must be a number")


class FakeDoubts:
    """Takes the questions; the test answers."""

    def __init__(self) -> None:
        self.asked: dict[OrderKey, list[tuple[Callable[..., None], Callable[..., None]]]] = {}
        self.unsure: dict[OrderKey, Callable[..., None]] = {}

    def ask(
        self,
        order_key: OrderKey,
        settled: Callable[..., None],
        failed: Callable[..., None],
        unsure: Callable[..., None],
    ) -> None:
        self.asked.setdefault(order_key, []).append((settled, failed))
        self.unsure[order_key] = unsure

    def answer(self, order_key: OrderKey, after: Order | None) -> None:
        for settled, _ in self.asked.pop(order_key):
            settled(after)

    def fail(self, order_key: OrderKey, error: Exception) -> None:
        for _, failed in self.asked[order_key]:
            failed(error)


class FakeMemory:
    def __init__(self) -> None:
        self.through: list[int] = []
        self.asked_from: list[int] = []
        self.settled = 0

    def fills_asked(self, from_ms: int) -> None:
        self.asked_from.append(from_ms)

    def fills_loaded(self, through_ms: int) -> None:
        self.through.append(through_ms)

    def settle_open_intents(self) -> None:
        self.settled += 1


class Account:
    """A desk with its surroundings; time stands still unless a test moves it."""

    def __init__(self, symbols: tuple[Symbol, ...] = (SOL, BTC)) -> None:
        self.now_s = 0.0
        self.fills: list[Fill] = []
        self.balances: list[Balance] = []
        self.markets: list[dict[Symbol, str]] = []
        self.inconsistent = 0
        self.state = spot_state()
        self.reconciler = FakeDoubts()
        self.recovery = FakeMemory()
        nothing: Any = lambda *_: None  # noqa: E731
        self.context = AccountContext(
            name="alpha",
            settings=AccountSettings(),
            state=self.state,
            io=nothing,
            later=nothing,
            monotonic_s=lambda: self.now_s,
            server_now_ms=lambda: 1_000_000,
            tell_order=nothing,
            tell_fill=self.fills.append,
            tell_trouble=nothing,
            symbols=symbols,
            rest=cast("Any", SimpleNamespace(capabilities=EVERYTHING, query_lag_ms=0)),
        )
        self.context.sync_state = SyncState.LIVE
        self.desk = SnapshotJoiner(
            self.context,
            self.reconciler,  # type: ignore[arg-type]
            self.recovery,  # type: ignore[arg-type]
            since_ms=1_000,
            tell_balances=self.balances.extend,
            markets_changed=self.markets.append,
        )

    def load(
        self,
        *orders: Order,
        as_of_ms: int = 100_000,
        fills: tuple[Fill, ...] = (),
        fills_unreadable: tuple[UnreadableRow, ...] = (),
        orders_unreadable: tuple[UnreadableRow, ...] = (),
        balances: BalancesReport | None = None,
        again: dict[Symbol, FillsReport | str] | None = None,
        listed: tuple[Symbol, ...] = (SOL, BTC),
        fills_from_ms: int | None = None,
    ) -> Reply[int] | int:
        """Returns the count of late news, or the reply that is to have it."""
        replies: list[Reply[Any]] = []

        def defer() -> Reply[Any]:
            replies.append(Reply())
            return replies[0]

        needed = self.desk.fills_needed()
        count = self.desk.loaded(
            SnapshotLoaded(
                session_id=1,
                subscribed_ms=10_000,
                unreadable_ms=0,
                balances=balances or BalancesReport((), as_of_ms),
                open_orders=OpenOrdersReport(orders, as_of_ms + 5, orders_unreadable),
                fills=FillsReport(fills, as_of_ms, fills_unreadable),
                fills_from_ms=needed.from_ms if fills_from_ms is None else fills_from_ms,
                fills_lag_ms=10_000,
                again=again or {},
                instruments=rules(*listed),
            ),
            defer,
            self.saw_oddity,
        )
        return replies[0] if count is None else count

    def saw_oddity(self) -> None:
        self.inconsistent += 1


# -- what is unknown --------------------------------------------------------------------------------------------------


def test_r10_a_market_that_is_not_listed_any_more_is_unknown_alone_told_once_and_known_again() -> None:
    account = Account()
    account.load()
    assert account.markets == []
    for _ in range(3):
        assert account.load(listed=(SOL,)) == 0
    assert account.markets == [{BTC: "the exchange does not list it any more"}]
    with pytest.raises(UnknownMarketError, match=r"BTC/USDT is unknown to account 'alpha'.*does not list"):
        account.context.require_market(BTC)
    assert account.context.require_market(SOL).symbol == SOL
    with pytest.raises(InvalidValueError, match="lists"):
        account.context.require_market(OLD)
    account.load()
    assert account.markets[1:] == [{}]
    assert account.context.require_market(BTC).symbol == BTC


def test_r10_an_open_order_that_cannot_be_read_leaves_only_its_market_unknown_and_is_not_missing() -> None:
    account = Account()
    account.load(order(order_id="1", symbol=BTC, client_order_id=None))
    assert account.load(orders_unreadable=(unreadable(BTC, "1"),)) == 0
    assert not account.reconciler.asked  # it is open there, whatever else it is
    assert account.markets == [{BTC: "its order 1 cannot be read: price must be a number"}]
    account.load(order(order_id="1", symbol=BTC, client_order_id=None))
    assert account.markets[-1] == {}


def test_r10_a_row_whose_market_has_no_name_of_ours_concerns_none() -> None:
    account = Account()
    assert account.load(orders_unreadable=(unreadable(None, "1"),), fills_unreadable=(unreadable(None, "2"),)) == 0
    assert account.markets == []


def test_r10_a_fill_that_cannot_be_read_leaves_only_its_market_unknown_until_it_can_be() -> None:
    account = Account()
    account.load(fills_unreadable=(unreadable(SOL, "9"),))
    assert list(account.markets[-1]) == [SOL]
    account.now_s = 31.0
    assert account.desk.fills_needed().again == {SOL: 1_000}
    late = fill("9", order_id="77", client_order_id=None, at=50_000)
    assert account.load(again={SOL: FillsReport((late,), 0)}) == 0  # late, and no sign of a deaf socket
    assert account.fills == [late]
    assert account.markets[-1] == {}
    assert account.recovery.through == [1_000, 90_000]


def test_r10_a_balance_that_cannot_be_read_stays_and_leaves_the_markets_of_its_currency_unknown() -> None:
    account = Account()
    account.load(balances=BalancesReport((balance("BTC", "3"), balance("SOL", "5")), 1))
    row = unreadable(None, "", market="BTC")
    account.load(balances=BalancesReport((balance("SOL", "5"),), 100_000, (row,)))
    assert account.state.funds.balances["BTC"].available == 3
    assert list(account.markets[-1]) == [BTC]
    account.load(balances=BalancesReport((balance("SOL", "5"),), 200_000))
    assert account.state.funds.balances["BTC"].available == 0
    assert account.markets[-1] == {}


# -- what is missing --------------------------------------------------------------------------------------------------


def two_open() -> tuple[Account, OrderKey, OrderKey]:
    account = Account()
    first = order(order_id="1", client_order_id="c1", symbol=SOL)
    second = order(order_id="2", client_order_id="c2", symbol=BTC)
    account.load(first, second)
    return account, OrderKey(SOL, "1", "c1"), OrderKey(BTC, "2", "c2")


def test_r6_what_the_list_lacks_is_asked_for_before_the_snapshot_is_joined() -> None:
    account, sol, btc = two_open()
    proven_ms = account.desk.proven_ms
    reply = account.load(as_of_ms=200_000)
    assert isinstance(reply, Reply)
    account.reconciler.answer(sol, None)
    assert not reply.done
    assert account.desk.proven_ms == proven_ms
    account.reconciler.answer(btc, None)
    assert reply.result() == 0
    assert account.desk.proven_ms == account.context.true_at_ms == 200_000  # the earlier of the two queries


def test_r6_an_order_that_may_still_turn_up_keeps_no_snapshot_from_being_joined() -> None:
    account, sol, btc = two_open()
    reply = account.load(as_of_ms=200_000)
    assert isinstance(reply, Reply)
    account.reconciler.unsure[sol]()
    account.reconciler.unsure[sol]()
    assert not reply.done
    account.reconciler.unsure[btc]()
    assert reply.result() == 0
    account.reconciler.answer(sol, None)


def test_what_the_socket_kept_back_is_counted_with_what_was_missing() -> None:
    account, sol, btc = two_open()
    reply = account.load(as_of_ms=200_000)
    assert isinstance(reply, Reply)
    account.reconciler.answer(sol, order(OrderStatus.CANCELED, order_id="1", client_order_id="c1", at=150_000))
    account.reconciler.answer(btc, account.state.find(btc))
    assert reply.result() == 1


@pytest.mark.parametrize("error", [UNLISTED, NOT_ALLOWED, ProtocolError("an answer that cannot be read")], ids=str)
def test_r10_an_order_that_cannot_be_asked_for_leaves_only_its_market_unknown(error: Exception) -> None:
    account, sol, btc = two_open()
    reply = account.load(as_of_ms=200_000)
    assert isinstance(reply, Reply)
    account.reconciler.answer(sol, None)
    account.reconciler.fail(btc, error)
    assert reply.result() == 0
    assert account.markets == [{BTC: f"its order 2 cannot be asked for: {error}"}]

    again = account.load(as_of_ms=300_000)  # SOL is still open here and missing there
    assert isinstance(again, Reply)
    assert len(account.reconciler.asked[btc]) == 1  # that question goes on by itself, and is asked once
    account.reconciler.answer(sol, None)
    assert again.done
    assert len(account.markets) == 1
    account.reconciler.answer(btc, None)  # at last
    assert account.markets[-1] == {}


def test_r10_an_order_that_could_not_be_asked_for_and_is_listed_again_makes_its_market_known() -> None:
    account, sol, btc = two_open()
    account.load(as_of_ms=200_000)
    account.reconciler.answer(sol, None)
    account.reconciler.fail(btc, UNLISTED)
    second = order(order_id="2", client_order_id="c2", symbol=BTC)
    account.load(order(order_id="1", client_order_id="c1"), second, as_of_ms=300_000)
    assert account.markets[-1] == {}


@pytest.mark.parametrize("error", [BUSY, KEY, ConnectionFailedError("no answer within 10 s")], ids=str)
def test_r6_what_could_not_be_asked_for_any_market_fails_the_load(error: Exception) -> None:
    account, sol, btc = two_open()
    proven_ms = account.desk.proven_ms
    reply = account.load(as_of_ms=200_000)
    assert isinstance(reply, Reply)
    account.reconciler.fail(sol, error)
    assert reply.error is error
    account.reconciler.fail(btc, error)
    account.reconciler.answer(sol, None)
    account.reconciler.answer(btc, None)
    assert account.desk.proven_ms == proven_ms
    assert account.markets == []


# -- what is proven ---------------------------------------------------------------------------------------------------


def test_r5_what_is_not_live_is_proven_and_not_said_to_be_true() -> None:
    account = Account()
    account.context.sync_state = SyncState.SYNCING
    account.load(as_of_ms=200_000)
    assert account.desk.proven_ms == 200_000
    assert account.context.true_at_ms == 0


def test_an_older_answer_does_not_move_the_proof_back() -> None:
    account = Account()
    account.load(as_of_ms=200_000)
    account.load(as_of_ms=100_000)
    assert account.context.true_at_ms == account.desk.proven_ms == 200_000


def test_intents_are_settled_and_news_is_counted_with_every_load() -> None:
    account = Account()
    late = fill("1", order_id="5", client_order_id=None, at=50_000)
    fresh = fill("2", order_id="5", client_order_id=None, at=99_000)
    assert account.load(fills=(late, fresh), as_of_ms=100_000) == 1
    assert account.load(fills=(late, fresh), as_of_ms=101_000) == 0
    assert account.recovery.settled == 2
    assert account.inconsistent >= 1


def test_r2_a_fill_of_before_the_time_that_was_asked_for_is_not_told_again() -> None:
    """The exchange takes whole seconds, and ids of fills that nobody asks for any more are forgotten."""
    account = Account()
    account.load(as_of_ms=100_000)
    from_ms = account.desk.fills_needed().from_ms
    before = fill("1", order_id="5", client_order_id=None, at=from_ms - 1)
    since = fill("2", order_id="5", client_order_id=None, at=from_ms)
    account.load(fills=(since, before), as_of_ms=101_000)
    assert account.fills == [since]


# -- what was asked before another snapshot was joined ----------------------------------------------------------------


@pytest.mark.parametrize("is_of_one_market", [False, True])
def test_r2_a_list_that_was_asked_for_before_another_was_joined_tells_no_fill_again(
    monkeypatch: pytest.MonkeyPatch, is_of_one_market: bool
) -> None:
    monkeypatch.setattr(order_store, "_FILL_IDS_LIMIT", 2)
    account = Account()
    old = tuple(fill(str(number), order_id="77", client_order_id=None, at=20_000 + number) for number in range(3))
    young = fill("9", order_id="78", client_order_id=None, at=99_000)
    account.load(fills=old[::-1], as_of_ms=100_000)
    account.load(fills=(young,), as_of_ms=101_000)  # no question will be about the old ones: they may be forgotten
    assert account.fills == [*old, young]
    if is_of_one_market:
        account.load(again={SOL: FillsReport((young, *old[::-1]), 99_000)}, as_of_ms=102_000)
    else:
        account.load(fills=(young, *old[::-1]), as_of_ms=102_000, fills_from_ms=1_000)
    assert account.fills == [*old, young]


# -- balances of a query that may lag ---------------------------------------------------------------------------------


class LaggingRest:
    query_lag_ms = 6_000
    capabilities = EVERYTHING


def lagging() -> Account:
    account = Account()
    account.context.rest = LaggingRest()  # type: ignore[assignment]
    return account


def dollars(available: str, at: int) -> BalancesReport:
    return BalancesReport((balance("USDT", available, at=at),), at)


@pytest.mark.parametrize(
    ("pushed_ms", "kept"),  # of one millisecond a push stands
    [(9_000, "900"), (93_999, "900"), (94_000, "800"), (94_001, "800"), (99_000, "800"), (101_000, "800")],
)
def test_r2_a_list_of_balances_overrules_what_the_socket_told_only_where_it_is_certainly_newer(
    pushed_ms: int, kept: str
) -> None:
    account = lagging()
    account.state.funds.apply_balances([balance("USDT", "800", at=pushed_ms)])
    account.load(balances=dollars("900", at=100_000))
    assert account.state.funds.balances["USDT"].available == Decimal(kept)


def test_r2_a_push_of_before_a_lagging_list_was_taken_up_is_newer_than_the_list() -> None:
    account = lagging()
    account.load(balances=dollars("900", at=100_000))
    account.state.funds.apply_balances([balance("USDT", "800", at=97_000)])  # late on its way
    assert account.state.funds.balances["USDT"].available == 800


def test_r7_what_was_told_before_the_subscription_stands_for_nothing_however_much_lists_lag() -> None:
    account = lagging()
    account.state.funds.apply_balances([balance("USDT", "800", at=9_999)])  # and what came between was not heard
    account.load(balances=dollars("900", at=10_500), as_of_ms=10_500)  # subscribed at 10,000
    assert account.state.funds.balances["USDT"].available == 900


def test_r5_a_snapshot_is_as_old_as_a_balance_that_a_list_contradicts() -> None:
    account = lagging()
    account.state.funds.apply_balances([balance("USDT", "800", at=97_000), balance("SOL", "5", at=98_000)])
    account.load(balances=dollars("900", at=100_000))  # and no SOL at all
    assert account.desk.proven_ms == 97_000
    account.load(balances=BalancesReport((balance("USDT", "900"), balance("SOL", "5")), 104_000), as_of_ms=104_000)
    assert account.desk.proven_ms == 104_000, "by now the list is certainly newer, or agrees"
    assert account.state.funds.balances["USDT"].available == 900


def test_r10_a_balance_that_cannot_be_read_contradicts_nothing() -> None:
    account = lagging()
    account.state.funds.apply_balances([balance("USDT", "800", at=97_000), balance("SOL", "5", at=98_000)])
    rows = (unreadable(None, "", market="SOL"),)
    account.load(balances=BalancesReport((balance("USDT", "800"),), 100_000, rows))
    assert account.desk.proven_ms == 100_000
    account.load(balances=BalancesReport((), 100_000, (unreadable(None, ""),)), as_of_ms=101_000)
    assert account.state.funds.balances["USDT"].available == 800
