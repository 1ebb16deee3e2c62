"""Answers and pushes without the client's own id, one place at a time."""

import pytest

from tests.exchanges.simulator.wire import Wire


@pytest.mark.parametrize(("place", "in_answer", "in_push"), [("placed", "-", "t-mine"), ("orders", "t-mine", "-")])
async def test_the_text_is_missing_where_the_fault_wants_it(
    wire: Wire, place: str, in_answer: str, in_push: str
) -> None:
    await wire.control("POST", "/faults", {"kind": "text_missing", "place": place})
    async with wire.socket() as socket:
        await socket.subscribe("spot.orders", ["SOL_USDT"], private=True)
        answer = (await wire.order(price="100", text="t-mine")).json
        pushed = (await socket.next_on("spot.orders"))["result"][0]
    assert (answer["text"], pushed["text"]) == (in_answer, in_push)
    listed = await wire.call("GET", f"/spot/orders/{answer['id']}", "currency_pair=SOL_USDT")
    assert listed.json["text"] == "t-mine"


async def test_fills_may_lack_it_too_and_others_do_not(wire: Wire) -> None:
    await wire.control("POST", "/faults", {"kind": "text_missing", "place": "fills", "account": "beta"})
    await wire.control("POST", "/market/SOL_USDT", {"ask": "141"})
    async with wire.socket() as socket:
        await socket.subscribe("spot.usertrades", ["SOL_USDT"], private=True)
        await wire.order(price="141", text="t-mine")
        assert (await socket.next_on("spot.usertrades"))["result"][0]["text"] == "t-mine"
        await wire.control("POST", "/faults", {"kind": "text_missing", "place": "fills", "account": "alpha"})
        await wire.order(price="141", text="t-more")
        assert (await socket.next_on("spot.usertrades"))["result"][0]["text"] == "-"
