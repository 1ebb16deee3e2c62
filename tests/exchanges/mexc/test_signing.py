"""Signatures of vectors made by hand: the manual's own (with its demo secret), and ours."""

from urllib.parse import parse_qsl

import pytest

from exchanges.base.credentials import Credentials
from exchanges.mexc.signing import encode, sign, signed

MANUAL = Credentials("demo-key", "45d0b3c26f2644f19bfb98b07741b2f5")
DEMO = Credentials("demo-key", "s3cr3t-demo")
BATCH = (
    '[{"symbol":"SOLUSDT","side":"BUY","type":"LIMIT","quantity":"2.5","price":"141.2",'
    '"newClientOrderId":"desk7-000043"},'
    '{"symbol":"SOLUSDT","side":"SELL","type":"LIMIT","quantity":"1","price":"150"}]'
)
VECTORS = {
    "query and body glued": (
        MANUAL,
        "symbol=BTCUSDT&side=BUY&type=LIMITquantity=1&price=11&recvWindow=5000&timestamp=1644489390087",
        "d1a676610ceb39174c8039b3f548357994b2a34139a8addd33baadba65684592",
    ),
    "the manual's order": (
        MANUAL,
        "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=11&recvWindow=5000&timestamp=1644489390087",
        "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a",
    ),
    "an order": (
        DEMO,
        "symbol=SOLUSDT&side=BUY&type=LIMIT&quantity=2.5&price=141.2&newClientOrderId=desk7-000042&recvWindow=5000"
        "&timestamp=1760000000123",
        "5222e7d6bf44370c3a69e725450b8f3aa5d9c3508bb46dc9d57fe271b417120d",
    ),
    "a listen key": (
        DEMO,
        "recvWindow=5000&timestamp=1760000000123",
        "59c8d74b93a30bebed408d0f47c3dbfa9e3b631bbff8cbc499c9987749a25656",
    ),
    "a listen key prolonged": (
        DEMO,
        "listenKey=pqia91ma19a5s61c&timestamp=1760000000123",
        "724da3a7550777b84046770658da1780e45bc0ec63e54b66ba4c72b6c2b436c9",
    ),
    "a cancel by client id": (
        DEMO,
        "symbol=SOLUSDT&origClientOrderId=desk7-000042&timestamp=1760000000123",
        "244a635f556a40b3c5c5dec579f6b0be3a64b22fafc76dde2e8199496b6219f2",
    ),
    "characters that are escaped": (
        DEMO,
        encode([("batchOrders", BATCH), ("timestamp", "1760000000123")]),
        "6ff7c9ab352d7894b0ceb74ea9114a361593a57135fa7d9d81cb9fddd3307761",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_signature_is_that_of_the_vector(name: str) -> None:
    credentials, text, signature = VECTORS[name]
    assert sign(credentials, text) == signature


def test_escapes_have_upper_case_digits_and_are_signed_as_they_are_sent() -> None:
    assert encode([("a", '{"b":[1, 2]}'), ("c", "x_y-z.~")]) == "a=%7B%22b%22%3A%5B1%2C%202%5D%7D&c=x_y-z.~"


def test_a_private_query_has_its_window_its_time_and_last_its_signature() -> None:
    query = [
        ("symbol", "SOLUSDT"),
        ("side", "BUY"),
        ("type", "LIMIT"),
        ("quantity", "2.5"),
        ("price", "141.2"),
        ("newClientOrderId", "desk7-000042"),
    ]
    text, _, signature = signed(DEMO, query, timestamp_ms=1_760_000_000_123, window_ms=5000).rpartition("&signature=")
    assert (text, signature) == VECTORS["an order"][1:]
    assert dict(parse_qsl(text))["recvWindow"] == "5000"
    assert "s3cr3t-demo" not in text
