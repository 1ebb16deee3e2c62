"""Both signatures give the values of vectors A, B and C, made by hand after Gate's manual."""

import hashlib

from exchanges.base.credentials import Credentials
from exchanges.gateio.signing import sign_channel, sign_request

DEMO = Credentials("demo-key", "s3cr3t-demo")
BODY = (
    b'{"text":"t-desk7-000042","currency_pair":"SOL_USDT","type":"limit","account":"spot","side":"buy",'
    b'"amount":"2.5","price":"141.20","time_in_force":"gtc"}'
)


def test_vector_a_a_request_with_a_body() -> None:
    headers = sign_request(DEMO, method="POST", path="/api/v4/spot/orders", query="", body=BODY, seconds=1_760_000_000)
    assert hashlib.sha512(BODY).hexdigest().startswith("d25d0cbe6ff879f59944e6ec047c0de0")
    assert headers == {
        "KEY": "demo-key",
        "Timestamp": "1760000000",
        "SIGN": "1e3745d8dced384f45a1fe7ea1387806613aed7f34e9ca409c5bd1193c43d7c6"
        "e1d443f5369aa9232631c49dfef429dca89fbdf2e46f191dd347dd6d569f00bc",
    }


def test_vector_b_a_query_without_a_body() -> None:
    headers = sign_request(
        DEMO,
        method="GET",
        path="/api/v4/spot/orders/912345678901",
        query="currency_pair=SOL_USDT",
        body=None,
        seconds=1_760_000_000,
    )
    assert headers["SIGN"] == (
        "5106d55888f2ff34d57b8f53b8bdd06bbe8b68e3acd3f17afec014c22cc55a43"
        "8d3df6fcfecddb9e770ec48756441d1cc66d23c3f71341152657497b3c834b10"
    )


def test_an_empty_body_is_signed_as_no_body() -> None:
    def sign(body: bytes | None) -> dict[str, str]:
        return sign_request(DEMO, method="POST", path="/x", query="", body=body, seconds=1)

    assert sign(b"") == sign(None)


def test_vector_c_a_private_channel() -> None:
    auth = sign_channel(DEMO, channel="spot.orders", event="subscribe", seconds=1_760_000_000)
    assert auth == {
        "method": "api_key",
        "KEY": "demo-key",
        "SIGN": "1bb1b37d9e05c0b5f9d583a1f2cfe5e019c5b0956a3a3ddae0b109f2b6ab180c"
        "441d9bfce5165c1852444ca9df8a1bbab3555dad773ad46017b8a7d5df19e5e9",
    }
