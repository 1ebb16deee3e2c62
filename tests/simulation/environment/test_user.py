"""The user before the program: whose key is refused is connected anew when that can help, and not before."""

import random
from typing import Any, cast

import pytest

from actors.connection.messages import Connect
from exchanges.simulator.faults.faults import KeyRevoked
from exchanges.simulator.faults.refusals import RestRefusal, SubscriptionRefused
from messages.enums import SyncState
from simulation.environment.user import User
from simulation.oracles.alarms import REFUSED_KEY
from simulation.oracles.watcher import Told
from simulation.trace import Trace
from tests.support.books import Books


class Connections:
    """Stands for the program: keeps whom it was asked to connect."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.system = self.life = self
        self.is_over = False
        self.names = ("alpha", "beta")

    def connection(self, name: str) -> "Connections":
        self.asked.append(name)
        return self

    def ask(self, message: Connect) -> None:
        assert message.persistent


def failed_accounts() -> tuple[Books, User, Connections, dict[str, Told]]:
    books, program = Books(), Connections()
    told = {"alpha": Told(), "beta": Told()}
    for each in told.values():
        each.sync_state = SyncState.FAILED
    trace = Trace(books.now_s, on=False)
    user = User(books.exchange, random.Random(1), trace, scenario=cast(Any, program), told=told)
    return books, user, program, told


def test_a_key_that_sockets_refuse_stays_failed_until_it_is_mended() -> None:
    books, user, program, told = failed_accounts()
    books.exchange.faults.add(SubscriptionRefused(account="alpha", channel="spot.orders", code=2, message=REFUSED_KEY))
    user.connect_anew(cast(Any, program))
    assert program.asked == []

    books.exchange.faults.clear()
    user.connect_anew(cast(Any, program))
    assert program.asked == ["alpha"]

    told["alpha"].sync_state, told["alpha"].live_since_s = SyncState.LIVE, 5.0
    user.connect_anew(cast(Any, program))
    told["alpha"].sync_state, told["alpha"].live_since_s = SyncState.FAILED, None
    user.connect_anew(cast(Any, program))
    assert program.asked == ["alpha"], "it was live: what comes after is another matter"


def test_who_fails_of_a_refusal_only_after_its_end_is_connected_anew_too() -> None:
    books, user, program, told = failed_accounts()
    told["alpha"].sync_state, told["alpha"].live_since_s = SyncState.LIVE, 5.0
    books.exchange.faults.add(SubscriptionRefused(account="alpha", channel="spot.orders", code=2, message=REFUSED_KEY))
    books.exchange.faults.clear()
    user.connect_anew(cast(Any, program))  # still live: the refusal is on its way
    told["alpha"].sync_state, told["alpha"].live_since_s = SyncState.FAILED, None
    user.connect_anew(cast(Any, program))
    assert program.asked == ["alpha"]


@pytest.mark.parametrize("endpoint", ["GET /spot/accounts", "GET /spot/open_orders"])
def test_a_permission_to_read_what_an_account_must_is_mended_by_its_user(endpoint: str) -> None:
    books, user, program, _ = failed_accounts()
    books.exchange.faults.add(RestRefusal(account="alpha", endpoint=endpoint, status=403, label="READ_ONLY"))
    user.connect_anew(cast(Any, program))
    assert program.asked == []
    books.exchange.faults.clear()
    user.connect_anew(cast(Any, program))
    assert program.asked == ["alpha"]


@pytest.mark.parametrize(
    ("endpoint", "label"), [("GET /spot/my_trades", "READ_ONLY"), ("GET /spot/accounts", "TRADE_RESTRICTED")]
)
def test_whoever_fails_of_another_refusal_is_not_helped(endpoint: str, label: str) -> None:
    books, user, program, _ = failed_accounts()
    books.exchange.faults.add(RestRefusal(account="alpha", endpoint=endpoint, status=403, label=label))
    books.exchange.faults.clear()
    user.connect_anew(cast(Any, program))
    assert program.asked == []


def test_a_key_that_is_refused_is_no_matter_of_another_account() -> None:
    books, user, program, _ = failed_accounts()
    books.exchange.faults.add(SubscriptionRefused(account="alpha", channel="spot.orders", code=2, message=REFUSED_KEY))
    books.exchange.faults.add(KeyRevoked(account="beta"))
    user.connect_anew(cast(Any, program))
    assert program.asked == ["beta"]
