"""The comparison with the books finds every kind of difference."""

import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from exchanges.simulator import Exchange, SimulatorConfig
from exchanges.simulator.core.orders import Finish, NewOrder, OrderType, Side, TimeInForce
from exchanges.simulator.core.orders import Order as BookedOrder
from messages.balance import Balance
from messages.enums import Liquidity, OrderStatus, SyncState
from messages.enums import OrderType as OurType
from messages.enums import Side as OurSide
from messages.enums import TimeInForce as OurTimeInForce
from messages.order import NEVER_ARRIVED, UNKNOWN_WORD, VANISHED, Fill, Order
from messages.snapshot import AccountSnapshot
from messages.symbol import Symbol
from simulation.oracles import check
from simulation.oracles.check import differences, fees_of
from simulation.oracles.watcher import Told, key_of
from tests.support.orders import order, paid

SOL = Symbol("SOL", "USDT")


class Books:
    """An account with one partly filled order, and what it rightly says of that."""

    def __init__(self) -> None:
        self.exchange = Exchange(
            SimulatorConfig(traders_on=False),
            now_ms=lambda: 1,
            schedule=lambda *_: None,
            rng=random.Random(1),  # type: ignore[arg-type,return-value]  # nothing is scheduled
        )
        engine = self.exchange.engine
        placed = self.place(text="t-c1")
        engine.fill_from_house(placed, amount=Decimal(1))
        [booked] = engine.accounts["alpha"].fills
        self.order = msgspec.structs.replace(
            order(OrderStatus.PARTIALLY_FILLED, filled="1", quantity="2", order_id=str(placed.id)),
            fees=paid(f"{placed.fee} SOL"),
        )
        self.fill = Fill(
            symbol=SOL,
            trade_id=str(booked.trade_id),
            order_id=str(placed.id),
            client_order_id="c1",
            side=OurSide.BUY,
            price=booked.price,
            quantity=booked.amount,
            fees=paid(f"{booked.fee} {booked.fee_currency}"),
            liquidity=Liquidity.MAKER,
            time_ms=1,
        )
        self.told = Told()
        self.told.numbered[str(self.order.order_id)] = self.order
        self.told.fills[key_of(self.fill)] = self.fill
        self.balances = self.booked_balances()
        self.told.balances_now = dict(self.balances)
        self.open: tuple[Order, ...] = (self.order,)
        self.executed: tuple[Order, ...] = ()
        self.sync_state = SyncState.LIVE

    def place(self, *, text: str) -> BookedOrder:
        return self.exchange.engine.place(
            "alpha",
            NewOrder(
                pair="SOL_USDT",
                side=Side.BUY,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.GOOD_TILL_CANCELED,
                amount=Decimal(2),
                price=Decimal(100),
                text=text,
            ),
        )

    def booked_balances(self) -> dict[str, Balance]:
        return {
            currency: Balance(currency=currency, available=booked.available, locked=booked.locked)
            for currency, booked in self.exchange.engine.ledger.balances("alpha").items()
        }

    def wrong(self, **known: Any) -> list[str]:
        snapshot = AccountSnapshot(
            account="alpha",
            venue="gateio",
            sync_state=self.sync_state,
            true_at_ms=1,
            stale_since_ms=None,
            balances=self.balances,
            open_orders=self.open,
        )
        return list(differences(self.exchange, snapshot, self.executed, self.told, **known))


def test_an_account_that_says_what_the_books_say_is_right() -> None:
    assert Books().wrong() == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"status": OrderStatus.CANCELED}, "canceled here"),
        ({"filled_quantity": Decimal("0.5")}, "has filled 0.5 here"),
        ({"filled_quote": Decimal(99)}, "in quote"),
        ({"fees": paid("7 SOL")}, "fees of 7"),
        ({"quantity": Decimal(3)}, "is over 3"),
        ({"price": Decimal(101)}, "is at 101"),
        ({"side": OurSide.SELL}, "'sell', 'limit'"),
        ({"type": OurType.MARKET}, "'buy', 'market'"),
        ({"time_in_force": OurTimeInForce.POST_ONLY}, "'POST_ONLY'"),
        ({"client_order_id": "c9"}, "'c9'"),
        ({"fees": paid("0.001 USDT")}, "USDT here"),
    ],
)
def test_every_part_of_an_order_counts(change: dict[str, object], finding: str) -> None:
    books = Books()
    books.open = (msgspec.structs.replace(books.order, **change),)

    assert any(finding in each for each in books.wrong())


@pytest.mark.parametrize(
    ("texts_may_lack", "is_of_others", "is_right"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_an_order_of_others_may_lack_its_text_where_the_exchange_leaves_texts_out(
    texts_may_lack: bool, is_of_others: bool, is_right: bool
) -> None:
    books = Books()
    nameless = msgspec.structs.replace(books.order, client_order_id=None)
    books.open = (nameless,)
    books.told.numbered[str(nameless.order_id)] = nameless
    wrong = books.wrong(texts_may_lack=texts_may_lack, of_others=lambda _: is_of_others)
    assert (wrong == []) is is_right
    books.open = (msgspec.structs.replace(nameless, client_order_id="another"),)
    assert books.wrong(texts_may_lack=texts_may_lack, of_others=lambda _: is_of_others)


@pytest.mark.parametrize("may_lack", [True, False])
def test_a_fill_may_lack_its_text_where_its_row_may_be_odd_and_nothing_else(*, may_lack: bool) -> None:
    books = Books()
    key, told = next(iter(books.told.fills.items()))
    books.told.fills[key] = msgspec.structs.replace(told, client_order_id=None)
    assert (books.wrong(fill_texts_may_lack=may_lack, texts_may_lack=not may_lack) == []) is may_lack
    books.told.fills[key] = msgspec.structs.replace(told, client_order_id=None, time_ms=told.time_ms + 1)
    assert books.wrong(fill_texts_may_lack=may_lack)


def test_what_was_told_counts_as_much_as_what_is_known() -> None:
    books = Books()
    books.told.numbered[str(books.order.order_id)] = msgspec.structs.replace(
        books.order, filled_quantity=Decimal("0.5")
    )

    assert any("as told has filled 0.5" in each for each in books.wrong())


def test_unknown_orders_on_either_side_are_found() -> None:
    books = Books()
    books.open = ()
    assert any("is unknown here" in each for each in books.wrong())

    books = Books()
    books.executed = (order(OrderStatus.CANCELED, order_id="1", client_order_id="c9"),)
    assert any("is not in the books" in each for each in books.wrong())


@pytest.mark.parametrize("reason", [VANISHED, NEVER_ARRIVED])
@pytest.mark.parametrize("is_filled", [True, False])
def test_an_order_told_to_have_vanished_need_not_be_known_if_it_ended_without_a_fill(
    reason: str, is_filled: bool
) -> None:
    books = Books()
    engine = books.exchange.engine
    new = NewOrder(
        pair="SOL_USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        amount=Decimal(2),
        price=Decimal(100),
        text="t-c2",
    )
    placed = engine.place("alpha", new)
    if is_filled:
        engine.fill_from_house(placed, amount=Decimal(1))
    engine.cancel(placed)
    books.told.hear(
        msgspec.structs.replace(order(OrderStatus.CANCELED, order_id=None, client_order_id="c2"), finish_reason=reason)
    )
    is_found = any("is unknown here" in each for each in books.wrong())
    assert is_found is (is_filled or reason != VANISHED)


@pytest.mark.parametrize("reason", [VANISHED, "cancelled"])
def test_the_last_terms_of_an_order_that_was_forgotten_need_not_be_known(reason: str) -> None:
    books = Books()
    new = NewOrder(
        pair="SOL_USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        amount=Decimal(2),
        price=Decimal(100),
        text="t-c2",
    )
    placed = books.exchange.engine.place("alpha", new)
    books.exchange.engine.cancel(placed)
    ours = order(OrderStatus.CANCELED, order_id=str(placed.id), client_order_id="c2", quantity="2", price="98")
    ours = msgspec.structs.replace(ours, finish_reason=reason)
    books.told.hear(ours)
    books.executed = (ours,)
    assert any("is at 98 here" in each for each in books.wrong()) is (reason != VANISHED)


@pytest.mark.parametrize("heard", ["0", "0.004"])
@pytest.mark.parametrize(("is_gone", "says_so"), [(True, True), (True, False), (False, True)])
def test_some_of_a_rebate_may_lack_where_the_market_is_gone_and_the_account_says_that_fees_are_partial(
    *, is_gone: bool, says_so: bool, heard: str
) -> None:
    books = Books()
    placed = books.exchange.engine.accounts["alpha"].orders[int(books.order.order_id or "")]
    placed.rebated_fee = Decimal("0.01")
    fees = {**fees_of(books.order)}
    fees[placed.pays] = fees.get(placed.pays, Decimal(0)) - Decimal(heard)
    told = msgspec.structs.replace(
        books.order, fees_are_partial=says_so, fees=paid(*(f"{fee} {name}" for name, fee in fees.items() if fee))
    )
    books.told.numbered[str(placed.id)] = told
    books.open = (told,)
    found = any("has paid fees" in each for each in books.wrong(unaskable=lambda _: is_gone))
    assert found is not (is_gone and says_so)


@pytest.mark.parametrize("is_gone", [True, False])
def test_the_last_terms_of_an_order_with_fills_may_be_unknown_only_where_its_market_is_gone(*, is_gone: bool) -> None:
    books = Books()
    placed = books.exchange.engine.accounts["alpha"].orders[int(books.order.order_id or "")]
    books.exchange.engine.cancel(placed)
    books.order = msgspec.structs.replace(
        books.order, status=OrderStatus.CANCELED, finish_reason=VANISHED, price=Decimal(98)
    )
    books.told.numbered[str(placed.id)] = books.order
    books.open, books.executed = (), (books.order,)
    books.balances = books.told.balances_now = books.booked_balances()
    wrong = books.wrong(unaskable=lambda order: order is placed and is_gone)
    assert any("is at 98 here" in each for each in wrong) is not is_gone


@pytest.mark.parametrize(
    ("reason", "is_right"), [(VANISHED, True), (f"{UNKNOWN_WORD}session_closed", True), ("cancelled", False)]
)
def test_how_an_order_ended_need_not_be_known_where_it_says_that_nobody_has_told(reason: str, is_right: bool) -> None:
    books = Books()
    new = NewOrder(
        pair="SOL_USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        amount=Decimal(2),
        price=Decimal(100),
        text="t-c2",
    )
    placed = books.exchange.engine.place("alpha", new)
    assert placed.finish is Finish.IMMEDIATE_REST
    ours = order(OrderStatus.CANCELED, order_id=str(placed.id), client_order_id="c2", quantity="2", reason=reason)
    ours = msgspec.structs.replace(ours, time_in_force=OurTimeInForce.IOC)
    books.told.hear(ours)
    books.executed = (ours,)
    assert any("is canceled here, expired there" in each for each in books.wrong()) is not is_right


def test_an_order_of_ours_that_is_rejected_here_and_lives_there_is_found() -> None:
    books = Books()
    books.executed = (order(OrderStatus.REJECTED, order_id=None),)

    assert any("is rejected (" in each and "the exchange has it" in each for each in books.wrong())


@pytest.mark.parametrize(("reason", "is_right"), [(VANISHED, True), (NEVER_ARRIVED, False)])
def test_an_order_that_may_have_been_there_need_not_be_remembered_for_its_end_without_a_fill(
    reason: str, is_right: bool
) -> None:
    books = Books()
    forgotten = books.place(text="t-c2")
    books.exchange.engine.cancel(forgotten)
    told = order(OrderStatus.CANCELED, order_id=None, client_order_id="c2")
    books.told.orders[SOL, "c2"] = msgspec.structs.replace(told, finish_reason=reason)
    books.balances = books.told.balances_now = books.booked_balances()
    assert (books.wrong() == []) is is_right

    books.exchange.engine.fill_from_house(books.place(text="t-c2"), amount=Decimal(1))
    assert any("unknown here" in each for each in books.wrong()), "it has a fill"


@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.UNRESOLVED])
def test_an_order_without_an_end_is_found(status: OrderStatus) -> None:
    books = Books()
    books.open = (*books.open, order(status, order_id=None, client_order_id="c2"))

    assert any(f"is still {status.value}" in each for each in books.wrong())


def test_fills_are_counted_one_by_one() -> None:
    books = Books()
    books.told.fills.clear()
    assert any("is missing" in each for each in books.wrong())

    books = Books()
    stranger = msgspec.structs.replace(books.fill, trade_id="1")
    books.told.fills[key_of(stranger)] = stranger
    assert any("is not in the books" in each for each in books.wrong())


@pytest.mark.parametrize(
    "change",
    [
        {"fees": paid("7 SOL")},
        {"fees": paid("0.001 USDT")},
        {"liquidity": Liquidity.TAKER},
        {"time_ms": 2},
        {"side": OurSide.SELL},
        {"client_order_id": None},
    ],
)
def test_every_part_of_a_fill_counts(change: dict[str, object]) -> None:
    books = Books()
    books.told.fills[key_of(books.fill)] = msgspec.structs.replace(books.fill, **change)

    assert any(f"fill {books.fill.trade_id} of SOL/USDT" in each for each in books.wrong())


def test_the_balances_that_were_told_last_count() -> None:
    books = Books()
    books.told.balances_now["SOL"] = msgspec.structs.replace(books.balances["SOL"], available=Decimal(1))
    assert any("as told: SOL is 1" in each for each in books.wrong())

    books = Books()
    del books.told.balances_now["USDT"]
    assert any("as told: USDT is 0" in each for each in books.wrong())


def test_balances_and_sync_state_count() -> None:
    books = Books()
    books.balances["SOL"] = msgspec.structs.replace(books.balances["SOL"], available=Decimal(1))
    assert any("SOL is 1" in each for each in books.wrong())

    books = Books()
    books.sync_state = SyncState.DEGRADED
    assert books.wrong() == ["alpha: is degraded, not live"]


def test_two_orders_of_one_client_id_are_found() -> None:
    books = Books()
    engine = books.exchange.engine
    [first] = engine.accounts["alpha"].orders.values()
    engine.cancel(first)
    books.place(text="t-c1")

    assert any("is two orders" in each for each in books.wrong())


def test_of_the_past_nothing_need_be_known_and_what_is_told_of_it_must_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books()
    monkeypatch.setattr(check, "FIRST_ORDER_ID", int(str(books.order.order_id)) + 1)
    assert books.wrong() == []
    books.told.fills[key_of(books.fill)] = msgspec.structs.replace(books.fill, quantity=Decimal(7))
    books.open = (msgspec.structs.replace(books.order, price=Decimal(7)),)
    assert [any(what in each for each in books.wrong()) for what in ("Decimal('7')", "is at 7 here")] == [True, True]

    books.open = ()
    books.told.fills.clear()
    assert books.wrong() == []


@pytest.mark.parametrize("is_before", [True, False])
def test_an_order_from_before_the_program_need_not_be_known_nor_any_of_its_fills(*, is_before: bool) -> None:
    books = Books()
    books.open, books.told.numbered, books.told.fills = (), {}, {}
    wrong = books.wrong(before=lambda _: is_before)
    assert any("is unknown here" in each for each in wrong) is not is_before
    assert any("is missing" in each for each in wrong) is not is_before
