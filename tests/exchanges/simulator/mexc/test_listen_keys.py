"""Listen keys: made, prolonged, gone (docs/venues/mexc.md, listen keys)."""

import json

import pytest

from exchanges.simulator.faults.listen_keys import ListenKeysExhausted, ListenKeysRevoked

from .quiet import DEPTH, ORDERS, Client, Venue


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


def test_listen_keys_are_made_listed_prolonged_and_deleted(client: Client) -> None:
    first, second = client.listen_key(), client.listen_key()
    assert client.get("userDataStream") == {"listenKey": [first, second]}
    assert client.call("PUT", "userDataStream", f"listenKey={first}").json == {"listenKey": first}
    assert client.call("DELETE", "userDataStream", f"listenKey={first}").json == {"listenKey": first}
    assert client.get("userDataStream") == {"listenKey": [second]}
    for method in ("PUT", "DELETE"):
        assert client.call(method, "userDataStream", f"listenKey={first}").code == 730708
        assert client.venue.client("beta").call(method, "userDataStream", f"listenKey={second}").code == 730708
        assert client.call(method, "userDataStream").code == 44444


def test_a_listen_key_ends_an_hour_after_it_was_last_asked_for(venue: Venue, client: Client) -> None:
    key = client.listen_key()
    session, link = client.socket(ORDERS, listen_key=key)

    def wait(seconds: int) -> None:
        for _ in range(seconds // 30):
            venue.time.advance(30)
            if link.closed_with is None:
                session.receive('{"method":"PING"}')  # which does not prolong the key

    wait(3_570)
    assert client.call("PUT", "userDataStream", f"listenKey={key}").status == 200
    wait(3_570)
    assert link.closed_with is None
    wait(60)
    assert link.closed_with == 1001
    assert client.call("PUT", "userDataStream", f"listenKey={key}").code == 730708


@pytest.mark.parametrize("given", ["nonsense", "0" * 64])
def test_a_bad_listen_key_is_told_in_plain_text_and_closed(venue: Venue, client: Client, given: str) -> None:
    _, link = client.socket(listen_key=given)
    assert (link.raw, link.closed_with) == (["Invalid listen key"], 1000)
    assert len(venue.exchange.face.sockets) == 0


def test_a_deleted_key_takes_its_sockets_with_it(client: Client) -> None:
    key = client.listen_key()
    _, mine = client.socket(ORDERS, listen_key=key)
    _, other = client.socket(ORDERS)
    client.call("DELETE", "userDataStream", f"listenKey={key}")
    assert (mine.closed_with, other.closed_with) == (1001, None)


def test_a_key_has_five_sockets_and_an_account_sixty_keys(client: Client) -> None:
    key = client.listen_key()
    opened = [client.socket(listen_key=key) for _ in range(6)]
    assert [link.closed_with for _, link in opened] == [None] * 5 + [1000]
    opened[0][0].close()
    assert client.socket(listen_key=key)[1].closed_with is None
    for _ in range(59):
        client.listen_key()
    refused = client.call("POST", "userDataStream")
    assert (refused.status, refused.code) == (400, 730000)
    assert client.venue.client("beta").listen_key()
    client.call("DELETE", "userDataStream", f"listenKey={key}")
    assert client.listen_key()


def test_listen_keys_are_revoked_in_mid_session(venue: Venue, client: Client) -> None:
    key = client.listen_key()
    _, link = client.socket(ORDERS, listen_key=key)
    _, other = venue.client("beta").socket(ORDERS)
    venue.fault(ListenKeysRevoked(account="alpha"))
    assert (link.closed_with, other.closed_with) == (1001, None)
    assert client.socket(listen_key=key)[1].raw == ["Invalid listen key"]
    assert client.socket(ORDERS)[1].closed_with is None


def test_listen_keys_may_end_without_a_word(venue: Venue, client: Client) -> None:
    session, link = client.socket(ORDERS, DEPTH)
    venue.fault(ListenKeysRevoked(account="alpha", how="silent"))
    client.order()
    venue.time.advance(1)
    session.receive('{"method":"PING"}')
    assert (link.on(ORDERS), len(link.on(DEPTH)), link.answers[-1]) == ([], 1, "PONG")
    assert link.closed_with is None
    session.receive(ask("SUBSCRIPTION", ORDERS))
    assert "Blocked!" in link.answers[-1]


def test_listen_keys_may_be_exhausted(venue: Venue, client: Client) -> None:
    venue.fault(ListenKeysExhausted(account="alpha", times=1))
    assert [client.call("POST", "userDataStream").status for _ in range(2)] == [400, 200]
