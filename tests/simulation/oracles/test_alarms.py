"""Alarms without a cause, keys that are tried for ever, quotes that are doubled, orders that nobody looks after."""

from decimal import Decimal

from exchanges.simulator.core.orders import NewOrder, OrderType, TimeInForce
from exchanges.simulator.core.orders import Side as BookedSide
from messages.commands import PlaceOrder
from messages.enums import Side, SyncState
from simulation.oracles.alarms import FalseAlarms, RefusedKey
from simulation.oracles.strategy_orders import GivenUp, QuoterOrders
from simulation.oracles.watcher import Told
from tests.support.books import Books
from tests.support.judged import JudgedBooks
from tests.support.orders import SOL


def quote(books: Books, amount: str = "0.5") -> None:
    """Places a post-only buy as the quoter of a run does."""
    books.engine.place(
        "alpha",
        NewOrder(
            pair="SOL_USDT",
            side=BookedSide.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.POST_ONLY,
            amount=Decimal(amount),
            price=Decimal(100),
        ),
    )


def test_a_socket_that_is_called_deaf_without_a_cause_is_told_once() -> None:
    told = {"alpha": Told()}
    oracle = FalseAlarms(told, ("alpha",))
    assert list(oracle.look()) == []
    told["alpha"].deaf_alarms += 1
    assert list(oracle.look()) == ["alpha: its socket was called deaf, and nothing of it was lost (R14)"]
    assert list(oracle.look()) == []


def test_a_refused_key_must_end_in_failed() -> None:
    told = {"alpha": Told()}
    stands = [True]
    oracle = RefusedKey(told, "alpha", lambda: stands[-1])
    told["alpha"].sync_state = SyncState.CONNECTING
    assert [each.endswith("it is tried for ever") for each in oracle.compare()] == [True]
    told["alpha"].sync_state = SyncState.FAILED
    assert list(oracle.compare()) == []
    told["alpha"].sync_state = SyncState.LIVE
    stands.append(False)
    assert list(oracle.compare()) == []


def test_two_quotes_on_a_side_are_told_when_they_stay() -> None:
    books = Books()
    oracle = QuoterOrders(books.exchange, "alpha", books.now_s)
    quote(books)
    quote(books, amount="0.7")
    books.time.advance(10.0)
    assert list(oracle.look()) == [], "one of them is another strategy's"
    quote(books)
    assert list(oracle.look()) == []
    books.time.advance(10.0)
    assert list(oracle.look()) == ["alpha: the quoter has 2 orders on a side, buy (R3)"]


def test_what_a_strategy_leaves_that_was_given_up_is_told_unless_another_one_trades() -> None:
    books = JudgedBooks()
    given_up: set[str] = set()
    oracle = GivenUp(
        books.exchange,
        books.history,
        books.commands,
        {"alpha": ["alpha", "quoter"], "beta": ["beta"]},
        lambda: given_up,
    )
    command = PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="own-1")
    books.ask(command)
    books.place_as_told(command)
    quote(books)
    given_up.update({"beta", "quoter"})
    assert list(oracle.compare()) == []
    given_up.add("alpha")
    assert list(oracle.compare()) == ["alpha: 1 orders of strategies that were given up are open (R13)"]


def test_what_others_have_open_where_strategies_were_given_up_is_not_told() -> None:
    books = JudgedBooks()
    oracle = GivenUp(books.exchange, books.history, books.commands, {"alpha": ["alpha"]}, lambda: {"alpha"})
    quote(books)
    books.place_as_told(
        PlaceOrder.limit(SOL, Side.BUY, Decimal(2), Decimal(100), client_order_id="of-a-second-program")
    )
    assert list(oracle.compare()) == []
