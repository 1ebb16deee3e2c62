"""An order that was refused here by old rules is told; one that the exchange would refuse, too, is not."""

from decimal import Decimal

from messages.commands import PlaceOrder
from messages.enums import Side
from messages.errors import InvalidValueError
from messages.symbol import Symbol
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.market_rules import MarketRules
from tests.support.books import Books

SOL = Symbol("SOL", "USDT")
BOUND_S = 20.0


class Refusals:
    """An account that refuses orders, and the oracle that looks on."""

    def __init__(self) -> None:
        self.books = Books()
        self.log = CommandLog(self.books.now_s)
        self.oracle = MarketRules(
            self.books.exchange, self.log, names=["alpha"], now_s=self.books.now_s, bound_s=BOUND_S
        )

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            assert list(self.oracle.look()) == []
            self.books.time.advance(1.0)

    def refuse(self, price: str = "100.01", field: str = "price", symbol: Symbol = SOL) -> list[str]:
        """What the oracle says when an order of this price was refused here for that field."""
        command = PlaceOrder.limit(symbol, Side.BUY, Decimal(1), Decimal(price))
        filed = FiledCommand(1, "alpha", command, self.books.now_s(), 1)
        filed.error = InvalidValueError(field, price, "something else")
        for call in self.log.when_answered:
            call(filed)
        return list(self.oracle.look())


def test_an_order_that_the_exchange_takes_must_not_be_refused_by_rules() -> None:
    refusals = Refusals()
    refusals.wait(25)
    assert refusals.refuse() == [], "by that it finds out that its rules may be old"
    refusals.wait(20)
    assert refusals.refuse() == []
    refusals.wait(1)
    [found] = refusals.refuse()
    assert found.startswith("alpha: an order was refused here (price = '100.01'")
    assert found.endswith("for 46 s (rules)")


def test_a_program_that_stood_still_read_no_rules_meanwhile() -> None:
    refusals = Refusals()
    refusals.wait(2)
    assert refusals.refuse() == []
    refusals.books.time.advance(60.0)
    refusals.oracle.resume()
    assert refusals.refuse() == []
    refusals.wait(21)
    assert len(refusals.refuse()) == 1


def test_an_order_that_the_exchange_refuses_may_be_refused_here() -> None:
    refusals = Refusals()
    refusals.wait(2)
    for _ in range(2):
        assert refusals.refuse(price="100.001") == []
        refusals.wait(25)
    assert refusals.refuse(price="100.001") == []
    assert refusals.refuse(symbol=Symbol("NOPE", "USDT"), field="symbol") == []
    assert refusals.refuse(field="client_order_id") == []


def test_rules_may_be_old_for_a_while_after_a_change() -> None:
    refusals = Refusals()
    refusals.wait(25)
    assert refusals.refuse() == []
    refusals.books.exchange.listings.change("SOL_USDT", min_quote_amount=Decimal(1))
    refusals.wait(10)
    assert refusals.refuse() == []
    refusals.wait(20)
    assert refusals.refuse() == []
    refusals.wait(1)
    assert len(refusals.refuse()) == 1


def test_a_market_that_opens_is_open_from_then_on() -> None:
    refusals = Refusals()
    opens_s = refusals.books.engine.now_ms() // 1000 + 10
    refusals.books.exchange.listings.change("SOL_USDT", buy_start_s=opens_s, sell_start_s=opens_s)
    refusals.wait(25)
    assert refusals.refuse(field="side") == []
    refusals.wait(21)
    assert len(refusals.refuse(field="side")) == 1
