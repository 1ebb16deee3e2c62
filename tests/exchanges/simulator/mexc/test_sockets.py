"""What a socket is subscribed to, and for how long it lives (docs/venues/mexc.md, sockets)."""

import json

import pytest

from exchanges.simulator.core.config import SocketRules
from exchanges.simulator.faults.acknowledgements import AckForm

from .quiet import DEPTH, ORDERS, Client, Venue

UNKNOWN = "spot@public.aggre.depth.v3.api.pb@100ms@NOSUCHUSDT"
RETIRED = "spot@public.increase.depth.v3.api.pb@SOLUSDT"


@pytest.fixture
def venue() -> Venue:
    opened = Venue()
    opened.market()
    return opened


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def ask(method: str, *params: str) -> str:
    return json.dumps({"method": method, "params": params, "id": 11})


def test_what_is_granted_is_acknowledged_as_a_list(client: Client) -> None:
    session, link = client.socket()
    session.receive(ask("SUBSCRIPTION", ORDERS, DEPTH))
    assert json.loads(link.texts[0]) == {"id": 11, "code": 0, "msg": f"{ORDERS},{DEPTH}"}


def test_a_refusal_has_code_0_too_and_names_what_is_blocked(client: Client) -> None:
    session, link = client.socket()
    session.receive(ask("SUBSCRIPTION", UNKNOWN, RETIRED))
    session.receive(ask("SUBSCRIPTION", DEPTH, UNKNOWN))
    assert link.answers == [
        f"Not Subscribed successfully! [{UNKNOWN},{RETIRED}].  Reason： Blocked! ",  # noqa: RUF001
        f"Subscribed successful! [{DEPTH}]. Not Subscribed successfully! [{UNKNOWN}].  Reason： Blocked! ",  # noqa: RUF001
    ]
    assert [topic.name for topic in session.topics] == [DEPTH]
    assert {json.loads(text)["code"] for text in link.texts} == {0}


def test_the_long_form_may_come_where_nothing_is_refused(venue: Venue, client: Client) -> None:
    venue.fault(AckForm())
    _, link = client.socket(DEPTH)
    assert link.answers[0].startswith(f"Subscribed successful! [{DEPTH}]. Not Subscribed successfully! [].")


@pytest.mark.parametrize(
    "name",
    [
        f"{ORDERS}@SOLUSDT",
        "spot@public.aggre.depth.v3.api.pb@50ms@SOLUSDT",
        "spot@public.aggre.depth.v3.api.pb@100ms@solusdt",
        "spot@public.limit.depth.v3.api.pb@SOLUSDT@7",
        "spot@public.miniTicker.v3.api.pb@SOLUSDT",
        "spot@public.kline.v3.api.pb@SOLUSDT@1m",
        "nonsense",
        "",
    ],
)
def test_a_stream_that_there_is_not_is_blocked(client: Client, name: str) -> None:
    session, link = client.socket(name)
    assert "Blocked!" in link.answers[0]
    assert not session.topics


def test_private_streams_need_a_listen_key(client: Client) -> None:
    session, link = client.socket(ORDERS, DEPTH, listen_key="")
    assert "Not Subscribed successfully! [spot@private.orders" in link.answers[0]
    assert [topic.channel for topic in session.topics] == [DEPTH.removesuffix("@100ms@SOLUSDT")]


def test_the_31st_subscription_is_acknowledged_and_stays_silent(venue: Venue, client: Client) -> None:
    streams = [
        f"spot@public.aggre.depth.v3.api.pb@{pace}@{symbol}USDT"
        for pace in ("100ms", "10ms")
        for symbol in ("BTC", "ETH", "PEPE")
    ]
    streams += [
        f"spot@public.kline.v3.api.pb@{symbol}USDT@{interval}"
        for symbol in ("BTC", "ETH", "SOL", "PEPE")
        for interval in ("Min1", "Min5", "Min15", "Min30", "Min60", "Hour4")
    ]
    session, link = client.socket(*streams[:30])
    session.receive(ask("SUBSCRIPTION", ORDERS))
    assert link.answers[-1] == ORDERS
    client.order()
    assert link.on(ORDERS) == []
    session.receive(ask("UNSUBSCRIPTION", streams[0], ORDERS))
    session.receive(ask("SUBSCRIPTION", ORDERS))
    client.order()
    assert len(link.on(ORDERS)) == 1


def test_what_is_unsubscribed_is_pushed_no_more(client: Client) -> None:
    session, link = client.socket(ORDERS)
    session.receive(ask("UNSUBSCRIPTION", ORDERS))
    client.order()
    assert link.answers == [ORDERS, ORDERS]
    assert link.pushes == []


def test_a_ping_is_answered_and_what_is_not_understood_too(client: Client) -> None:
    session, link = client.socket()
    for frame in (
        '{"method":"PING"}',
        "nonsense",
        b"\xff",
        '{"method":"LOGIN"}',
        "[]",
        '{"method":"SUBSCRIPTION","params":[1]}',
    ):
        session.receive(frame)
    assert json.loads(link.texts[0]) == {"id": 0, "code": 0, "msg": "PONG"}
    assert len(link.texts) == 6
    assert link.closed_with is None


def test_a_socket_without_a_subscription_is_closed_after_30_seconds(venue: Venue, client: Client) -> None:
    session, link = client.socket()
    for _ in range(3):
        session.receive('{"method":"PING"}')
        venue.time.advance(9)
    assert link.closed_with is None
    venue.time.advance(9)
    assert link.closed_with == 1001


def test_a_socket_in_which_nothing_moves_is_closed_after_60_seconds(venue: Venue, client: Client) -> None:
    session, quiet = client.socket(ORDERS)
    _, told = client.socket(ORDERS)
    session.receive('{"method":"PING"}')
    venue.time.advance(50)
    client.order()
    session, pinged = client.socket(ORDERS)
    for _ in range(5):
        venue.time.advance(15)
        session.receive('{"method":"PING"}')
    assert (quiet.closed_with, told.closed_with, pinged.closed_with) == (1001, 1001, None)


def test_a_socket_lives_a_day_at_most() -> None:
    venue = Venue(socket_rules=SocketRules(life_s=100))  # as if a day were so short
    client = venue.client()
    session, link = client.socket(ORDERS)
    for _ in range(9):
        venue.time.advance(10)
        session.receive('{"method":"PING"}')
    assert link.closed_with is None
    venue.time.advance(20)
    assert link.closed_with == 1001
