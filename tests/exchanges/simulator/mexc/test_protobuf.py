"""Frames are written byte for byte as other programs write them (docs/venues/mexc.md, protobuf schema)."""

import pytest
from ccxt.protobuf.mexc.PushDataV3ApiWrapper_pb2 import PushDataV3ApiWrapper

from exchanges.simulator.faces.mexc.form import FORM
from exchanges.simulator.faces.mexc.messages import frame

SENT_MS = 1_760_000_000_187
BOOK_TICKER = "spot@public.aggre.bookTicker.v3.api.pb@100ms@SOLUSDT"
DEPTH = "spot@public.aggre.depth.v3.api.pb@100ms@SOLUSDT"
VECTORS = {
    "bookTicker": (
        frame(
            BOOK_TICKER,
            "publicAggreBookTicker",
            {"bidPrice": "141.18", "bidQuantity": "12.5", "askPrice": "141.19", "askQuantity": "3"},
            sent_ms=1_760_000_000_123,
            symbol="SOLUSDT",
        ),
        "0a3473706f74407075626c69632e61676772652e626f6f6b5469636b65722e76332e6170692e7062403130306d7340534f4c555344541a"
        "07534f4c5553445430fb80b3c19c33da13190a063134312e3138120431322e351a063134312e3139220133",
    ),
    "orders": (
        frame(
            "spot@private.orders.v3.api.pb",
            "privateOrders",
            {
                "id": "C02__600000000000000001",
                "clientId": "desk7-000042",
                "price": "141.2",
                "quantity": "2.5",
                "amount": "353",
                "avgPrice": "141.18",
                "orderType": 1,
                "tradeType": 1,
                "isMaker": False,
                "remainAmount": "141.2",
                "remainQuantity": "1",
                "lastDealQuantity": "1.5",
                "cumulativeQuantity": "1.5",
                "cumulativeAmount": "211.77",
                "status": 3,
                "createTime": 1_760_000_000_123,
            },
            sent_ms=SENT_MS,
            symbol="SOLUSDT",
        ),
        "0a1d73706f7440707269766174652e6f72646572732e76332e6170692e70621a07534f4c5553445430bb81b3c19c3382136a0a17433032"
        "5f5f363030303030303030303030303030303031120c6465736b372d3030303034321a053134312e322203322e352a0333353332063134"
        "312e31383801400152053134312e325a01316203312e356a03312e3572063231312e373778038001fb80b3c19c33",
    ),
    "deals": (
        frame(
            "spot@private.deals.v3.api.pb",
            "privateDeals",
            {
                "price": "141.18",
                "quantity": "1.5",
                "amount": "211.77",
                "tradeType": 1,
                "isMaker": False,
                "isSelfTrade": False,
                "tradeId": "600000000000000001X1",
                "clientOrderId": "desk7-000042",
                "orderId": "C02__600000000000000001",
                "feeAmount": "0.105885",
                "feeCurrency": "USDT",
                "time": 1_760_000_000_181,
            },
            sent_ms=SENT_MS + 1,
            symbol="SOLUSDT",
        ),
        "0a1c73706f7440707269766174652e6465616c732e76332e6170692e70621a07534f4c5553445430bc81b3c19c3392136b0a063134312e"
        "31381203312e351a063231312e373720013a143630303030303030303030303030303030315831420c6465736b372d3030303034324a17"
        "4330325f5f3630303030303030303030303030303030315208302e3130353838355a045553445460b581b3c19c33",
    ),
    "account": (
        frame(
            "spot@private.account.v3.api.pb",
            "privateAccount",
            {
                "vcoinName": "USDT",
                "coinId": "coin0demo7f31",
                "balanceAmount": "1647.03",
                "balanceAmountChange": "0.03",
                "frozenAmount": "141.2",
                "frozenAmountChange": "-211.8",
                "type": "ENTRUST",
                "time": 1_760_000_000_182,
            },
            sent_ms=SENT_MS + 3,
            created_ms=1_760_000_000_182,
        ),
        "0a1e73706f7440707269766174652e6163636f756e742e76332e6170692e706228b681b3c19c3330be81b3c19c339a13430a0455534454"
        "120d636f696e3064656d6f376633311a07313634372e30332204302e30332a053134312e3232062d3231312e383a07454e545255535440"
        "b681b3c19c33",
    ),
    "depth": (
        frame(
            DEPTH,
            "publicAggreDepths",
            {
                "asks": [{"price": "141.19", "quantity": "0"}],
                "bids": [{"price": "141.18", "quantity": "10.5"}],
                "eventType": "spot@public.aggre.depth.v3.api.pb@100ms",
                "fromVersion": "70010021",
                "toVersion": "70010024",
            },
            sent_ms=1_760_000_000_140,
            symbol="SOLUSDT",
        ),
        "0a2f73706f74407075626c69632e61676772652e64657074682e76332e6170692e7062403130306d7340534f4c555344541a07534f4c55"
        "534454308c81b3c19c33ca135a0a0b0a063134312e3139120130120e0a063134312e3138120431302e351a2773706f74407075626c6963"
        "2e61676772652e64657074682e76332e6170692e7062403130306d73220837303031303032312a083730303130303234",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_frame_is_what_other_programs_write(name: str) -> None:
    written, vector = VECTORS[name]
    assert written.hex() == vector
    assert PushDataV3ApiWrapper.FromString(written).SerializeToString() == written


@pytest.mark.parametrize("name", VECTORS)
def test_the_channel_of_a_frame_is_found_again(name: str) -> None:
    written, _ = VECTORS[name]
    head = FORM.head(written)
    assert head.is_push
    assert PushDataV3ApiWrapper.FromString(written).channel.startswith(head.channel)
    assert "@SOLUSDT" not in head.channel


def test_a_field_that_no_client_knows_stands_beside_the_others() -> None:
    written, _ = VECTORS["orders"]
    longer = FORM.extended(written)
    assert isinstance(longer, bytes)
    read, plain = PushDataV3ApiWrapper.FromString(longer), PushDataV3ApiWrapper.FromString(written)
    assert longer != written
    assert (read.channel, read.privateOrders) == (plain.channel, plain.privateOrders)


def test_an_answer_is_no_push() -> None:
    assert not FORM.head('{"id":0,"code":0,"msg":"PONG"}').is_push
