"""Who may ask, and in which order that is looked at (docs/venues/mexc.md, signing and errors)."""

import re
from collections.abc import Callable

import pytest

from exchanges.simulator import AccountConfig, HttpRequest, RateLimits
from exchanges.simulator.faces.mexc.errors import MexcError
from exchanges.simulator.faces.mexc.signatures import check_signature
from exchanges.simulator.faults.faults import KeyRevoked

from .quiet import BALANCES, Client, Venue

DOCS_SECRET = "45d0b3c26f2644f19bfb98b07741b2f5"
OUR_SECRET = "s3cr3t-demo"
LIMIT = "symbol=BTCUSDT&side=BUY&type=LIMIT"
REST = "quantity=1&price=11&recvWindow=5000&timestamp=1644489390087"
BATCH = (
    "batchOrders=%5B%7B%22symbol%22%3A%22SOLUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A%22LIMIT%22%2C%22quantity"
    "%22%3A%222.5%22%2C%22price%22%3A%22141.2%22%2C%22newClientOrderId%22%3A%22desk7-000043%22%7D%2C%7B%22symbol%22%3A"
    "%22SOLUSDT%22%2C%22side%22%3A%22SELL%22%2C%22type%22%3A%22LIMIT%22%2C%22quantity%22%3A%221%22%2C%22price%22%3A"
    "%22150%22%7D%5D&timestamp=1760000000123"
)
VECTORS = [
    (DOCS_SECRET, LIMIT, REST, "d1a676610ceb39174c8039b3f548357994b2a34139a8addd33baadba65684592"),
    (DOCS_SECRET, f"{LIMIT}&{REST}", "", "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a"),
    (
        OUR_SECRET,
        "symbol=SOLUSDT&side=BUY&type=LIMIT&quantity=2.5&price=141.2&newClientOrderId=desk7-000042&recvWindow=5000"
        "&timestamp=1760000000123",
        "",
        "5222e7d6bf44370c3a69e725450b8f3aa5d9c3508bb46dc9d57fe271b417120d",
    ),
    (
        OUR_SECRET,
        "recvWindow=5000&timestamp=1760000000123",
        "",
        "59c8d74b93a30bebed408d0f47c3dbfa9e3b631bbff8cbc499c9987749a25656",
    ),
    (
        OUR_SECRET,
        "listenKey=pqia91ma19a5s61c&timestamp=1760000000123",
        "",
        "724da3a7550777b84046770658da1780e45bc0ec63e54b66ba4c72b6c2b436c9",
    ),
    (
        OUR_SECRET,
        "symbol=SOLUSDT&origClientOrderId=desk7-000042&timestamp=1760000000123",
        "",
        "244a635f556a40b3c5c5dec579f6b0be3a64b22fafc76dde2e8199496b6219f2",
    ),
    (OUR_SECRET, BATCH, "", "6ff7c9ab352d7894b0ceb74ea9114a361593a57135fa7d9d81cb9fddd3307761"),
]


def signed(query: str, body: str, signature: str) -> HttpRequest:
    return HttpRequest(method="POST", path="/", query=f"{query}&signature={signature}", body=body.encode())


@pytest.mark.parametrize(("secret", "query", "body", "signature"), VECTORS)
def test_the_vectors_are_taken_and_nothing_else_is(secret: str, query: str, body: str, signature: str) -> None:
    check_signature(signed(query, body, signature), secret)
    for wrong in (signature.upper(), signature[:-1], "", "0" * 64):
        with pytest.raises(MexcError) as refused:
            check_signature(signed(query, body, wrong), secret)
        assert refused.value.code == 700002


def test_a_signature_may_stand_behind_the_body() -> None:
    secret, query, body, signature = VECTORS[0]
    check_signature(
        HttpRequest(method="POST", path="/", query=query, body=f"{body}&signature={signature}".encode()), secret
    )


def test_percent_escapes_are_signed_in_capitals() -> None:
    client = Venue().client()
    small = re.sub("%..", lambda escape: escape[0].lower(), BATCH.replace("1760000000123", str(1_760_000_000_000)))
    assert client.send("POST", "batchOrders", f"{small}&signature={client.sign(small)}").code == 700002


Change = Callable[[Client], tuple[str, dict[str, str]]]


def plainly(query: str = "", **headers: str) -> Change:
    return lambda client: (client.signed(query), headers)


def at(offset_ms: int, window: str = "") -> Change:
    def make(client: Client) -> tuple[str, dict[str, str]]:
        text = f"{window}timestamp={client.venue.time.now_ms() + offset_ms}"
        return f"{text}&signature={client.sign(text)}", {}

    return make


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param(plainly(x_mexc_apikey=""), 401, 400, id="no key"),
        pytest.param(plainly(x_mexc_apikey="nobody"), 401, 700001, id="malformed key"),
        pytest.param(plainly(x_mexc_apikey="mx0nobody1234"), 401, 10072, id="unknown key"),
        pytest.param(plainly("recvWindow=60001"), 400, 700005, id="window too large"),
        pytest.param(plainly("recvWindow=5e3"), 400, 33333, id="window is no number"),
        pytest.param(at(-5_001), 400, 700003, id="too late"),
        pytest.param(at(1_000), 400, 700003, id="a second ahead"),
        pytest.param(at(1_000, "recvWindow=60000&"), 400, 700003, id="a second ahead with a wide window"),
        pytest.param(lambda _client: ("signature=00", {}), 400, 44444, id="no timestamp"),
        pytest.param(lambda client: (client.signed("")[:-1], {}), 401, 700002, id="wrong signature"),
        pytest.param(lambda client: (client.signed("").partition("&")[0], {}), 401, 700002, id="no signature"),
        pytest.param(lambda client: (f"{client.signed('')}&more=1", {}), 401, 700002, id="signature is not last"),
    ],
)
def test_a_request_that_is_not_signed_well_is_refused(change: Change, status: int, code: int) -> None:
    client = Venue().client()
    query, headers = change(client)
    reply = client.send("GET", "account", query, **headers)
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize("change", [at(-5_000), at(999), at(-59_000, "recvWindow=60000&")])
def test_a_request_within_its_window_is_taken(change: Change) -> None:
    client = Venue().client()
    query, _ = change(client)
    assert client.send("GET", "account", query).status == 200


@pytest.mark.parametrize("given", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_form_is_refused_before_anything_is_looked_at(given: str) -> None:
    client = Venue().client()
    for headers in ({}, {"x_mexc_apikey": "nobody"}):
        assert client.send("POST", "userDataStream", "", content_type=given, **headers).code == 700013
    assert client.send("GET", "account", client.signed(""), content_type=given).status == 200


@pytest.mark.parametrize("given", ["", "application/json", "application/json; charset=utf-8"])
def test_json_and_no_type_are_taken(given: str) -> None:
    client = Venue().client()
    assert client.send("POST", "userDataStream", client.signed(""), content_type=given).status == 200


def test_the_query_wins_over_the_body() -> None:
    venue = Venue()
    client = venue.client()
    query, body = f"symbol=SOLUSDT&side=BUY&timestamp={venue.time.now_ms()}", "side=SELL&type=LIMIT&quantity=1&price=90"
    reply = client.send("POST", "order", f"{query}&signature={client.sign(query + body)}", body=body.encode())
    assert reply.json["side"] == "BUY"


def test_a_key_that_may_only_read_cannot_place_and_cancel() -> None:
    venue = Venue(accounts=(AccountConfig(name="alpha", balances=BALANCES, read_only=True),))
    client = venue.client()
    assert client.order().code == 700007
    assert client.call("DELETE", "openOrders", "symbol=SOLUSDT").code == 700007
    assert client.get("openOrders") == []


def test_a_revoked_key_is_unknown_and_its_listen_keys_are_gone() -> None:
    venue = Venue()
    client = venue.client()
    _, link = client.socket()
    venue.fault(KeyRevoked(account="alpha"))
    assert client.call("GET", "account").code == 10072
    assert link.closed_with == 1001
    venue.exchange.faults.clear()
    assert client.get("userDataStream") == {"listenKey": []}


def test_the_weight_of_the_address_is_looked_at_first_and_order_calls_last() -> None:
    venue = Venue(rate_limits=RateLimits(weight_per_10s=25, order_calls_per_s=1))
    client = venue.client()
    assert client.send("POST", "order", "", x_mexc_apikey="nobody").code == 700001
    assert client.order().status == 200
    assert client.send("POST", "order", client.signed("symbol=X")[:-1]).code == 700002
    assert client.order(symbol="NOSUCH").code == 429  # not -1121
    assert client.send("GET", "exchangeInfo", "").status == 200
    assert client.send("GET", "account", "", x_mexc_apikey="nobody").code == 429  # not 700001


def test_keys_have_the_shape_of_the_venues() -> None:
    keys = [account.key for account in Venue().exchange.keys.accounts.values()]
    assert len(set(keys)) == 2
    assert all(re.fullmatch(r"mx0[0-9a-f]{29}", key) for key in keys)
