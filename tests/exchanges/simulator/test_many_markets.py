"""Many markets, with every kind of name."""

from collections import Counter
from random import Random
from urllib.parse import quote

import msgspec
import pytest

from exchanges.simulator import Exchange
from exchanges.simulator.core.many_markets import many_markets
from exchanges.simulator.core.traders import MAKERS

from .clocks import VirtualTime
from .conftest import QUIET, VenueFactory

NAMES = ("币安人生_USDT", "пепе_USDT", "pepe_USDT", "1000SATS_USDT", "$WIF_USDT", "A_B_USDT", "9_USDT")


def test_the_names_are_of_every_kind_and_the_same_ones_for_the_same_randomness() -> None:
    pairs = many_markets(300, Random(5))
    names = [rules.id for rules in pairs]
    assert len(set(names)) == 300
    assert names == [rules.id for rules in many_markets(300, Random(5))]
    assert names != [rules.id for rules in many_markets(300, Random(6))]
    bases = [rules.base for rules in pairs]
    for is_of_kind in (
        str.isupper,
        str.islower,
        lambda base: base[0].isdigit(),
        lambda base: "$" in base,
        lambda base: "_" in base,
        lambda base: not base.isascii(),
        lambda base: len(base) > 12,
    ):
        assert sum(map(is_of_kind, bases)) > 30
    assert "_" not in "".join(rules.quote for rules in pairs)


def test_names_that_are_taken_are_left_out() -> None:
    taken = {rules.id for rules in many_markets(100, Random(5))}
    assert not taken & {rules.id for rules in many_markets(100, Random(5), besides=taken)}


def test_every_one_of_them_can_be_traded() -> None:
    pairs = many_markets(300, Random(5))
    config = msgspec.structs.replace(QUIET, pairs=pairs, traders_on=True)
    time = VirtualTime()
    exchange = Exchange(config, now_ms=time.now_ms, schedule=time.schedule, rng=Random(1))
    exchange.start()
    for rules in pairs:
        book = exchange.engine.markets[rules.id].book
        assert book.bids.best() is not None, rules
        assert book.asks.best() is not None, rules


def test_idle_pairs_cost_the_traders_nothing() -> None:
    pairs = (*QUIET.pairs, *many_markets(300, Random(5)))
    config = msgspec.structs.replace(QUIET, pairs=pairs, traders_on=True, traders_pairs=("SOL_USDT", "BTC_USDT"))
    time = VirtualTime()
    exchange = Exchange(config, now_ms=time.now_ms, schedule=time.schedule, rng=Random(1))
    exchange.start()
    time.advance(5)
    visited = Counter(order.pair for order in exchange.engine.accounts[MAKERS].open_orders.values())
    assert set(visited) == {"SOL_USDT", "BTC_USDT"}


async def test_odd_names_work_on_every_way_in(start: VenueFactory) -> None:
    pairs = tuple(msgspec.structs.replace(QUIET.pairs[2], id=name) for name in NAMES)
    wire = (await start(msgspec.structs.replace(QUIET, pairs=pairs))).wire()
    assert [pair["id"] for pair in await wire.get("/spot/currency_pairs")] == list(NAMES)
    for name in NAMES:
        base = name.removesuffix("_USDT")
        pair = (await wire.call("GET", f"/spot/currency_pairs/{quote(name)}", signed=False)).json
        assert (pair["id"], pair["base"], pair["quote"]) == (name, base, "USDT")
        deposit = await wire.control("POST", "/accounts/alpha/deposit", {"currency": base, "amount": "5"})
        assert deposit.json["available"] == "5"
        async with wire.socket() as socket:
            assert (await socket.subscribe("spot.orders", [name], private=True))["error"] is None
            assert (await socket.subscribe("spot.book_ticker", [name]))["error"] is None
            assert (await socket.subscribe("spot.obu", [f"ob.{name}.50"]))["error"] is None
            order = await wire.order(currency_pair=name, side="sell", price="141", text="t-odd")
            assert (order.status, order.json["currency_pair"]) == (201, name)
            assert (await socket.next_on("spot.book_ticker"))["result"]["s"] == name
        found = await wire.get("/spot/orders/t-odd", f"currency_pair={name}")
        assert found["id"] == order.json["id"]
        assert (await wire.call("DELETE", f"/spot/orders/{found['id']}", f"currency_pair={name}")).status == 200
        market = await wire.control("POST", f"/market/{quote(name)}", {"bid": "140", "ask": "142"})
        assert market.json["pair"] == name


@pytest.mark.parametrize(
    "name", ["SOLUSDT", "_USDT", "SOL_", "SOL-X_USDT", "SOL.X_USDT", "SOL USDT_X", "A" * 60 + "_USDT"]
)
def test_a_name_that_no_exchange_lists_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="BASE_QUOTE of letters"):
        msgspec.structs.replace(QUIET.pairs[2], id=name)


def test_traders_can_only_visit_pairs_that_there_are() -> None:
    with pytest.raises(ValueError, match="traders_pairs: 'FOO_USDT'"):
        msgspec.structs.replace(QUIET, traders_pairs=("FOO_USDT",))
