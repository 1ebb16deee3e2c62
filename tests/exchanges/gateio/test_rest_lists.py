"""Lists by REST: every page or an error (R6), spans of time that the exchange takes, and what single answers hold."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from exchanges.base.clients import FeeRates
from exchanges.gateio.settings import GateioSettings
from messages.errors import (
    ConnectionFailedError,
    InvalidValueError,
    ListChangedError,
    ProtocolError,
    TellerError,
    VenueRefusedError,
)
from messages.symbol import Symbol
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio import payloads
from tests.exchanges.gateio.scripted import (
    ALPHA,
    DAY_MS,
    EVERY,
    LOST,
    NOW_MS,
    QUERIES,
    SOL,
    Call,
    D,
    Reply,
    Request,
    Script,
    only_request,
    run,
    scripted,
)


def pages(rows: list[Any], default: int = 100) -> Callable[[Request], Reply]:
    """Serves ``rows`` by ``page`` and ``limit``, or by ``offset`` and ``limit``."""

    def serve(request: Request) -> Reply:
        parameters = request.parameters
        limit = int(parameters.get("limit", default))
        start = int(parameters["offset"]) if "offset" in parameters else (int(parameters.get("page", 1)) - 1) * limit
        return Reply(rows[start : start + limit])

    return serve


_OF_ROWS = ["load_balances", "load_open_orders", "load_finished_orders", "load_fills", "load_withdrawals"]


@pytest.mark.parametrize("junk", [b"[[[]]]", b"[null]", b'[1, "a"]'])
@pytest.mark.parametrize("operation", _OF_ROWS)
async def test_r6_a_list_without_an_object_is_another_answer_and_no_list_of_odd_rows(
    operation: str, junk: bytes
) -> None:
    with pytest.raises(ProtocolError):
        await run(QUERIES[operation], Script(*[Reply(junk)] * 3))


class TestPaging:
    def open_orders(self, first: int, last: int, total: int) -> list[Any]:
        orders = [payloads.rest_order(id=str(number)) for number in range(first, last)]
        return [{"currency_pair": "SOL_USDT", "total": total, "orders": orders}]

    async def test_r6_open_orders_are_read_to_the_last_page(self) -> None:
        script = Script(
            Reply([*self.open_orders(0, 100, 150), {"currency_pair": "BTC_USDT", "total": 0, "orders": []}]),
            Reply(self.open_orders(90, 150, 150)),
        )
        report = await run(QUERIES["load_open_orders"], script)
        assert len(report.orders) == 150
        assert [(r.parameters["page"], r.parameters["limit"]) for r in script.requests] == [("1", "100"), ("2", "90")]

    async def test_r6_a_list_that_ends_before_its_total_is_an_error(self) -> None:
        script = Script(
            lambda request: Reply(self.open_orders(0, 100, 150) if request.parameters["page"] == "1" else [])
        )
        with pytest.raises(ListChangedError):
            await run(QUERIES["load_open_orders"], script)

    async def test_r6_a_page_that_fails_fails_the_whole(self) -> None:
        with pytest.raises(ConnectionFailedError):
            await run(QUERIES["load_open_orders"], Script(Reply(self.open_orders(0, 100, 150)), LOST))

    async def test_finished_orders_page_until_enough_and_come_newest_first(self) -> None:
        rows = [
            payloads.rest_order(id=str(number), status="closed", finish_as="filled", update_time_ms=NOW_MS - number)
            for number in range(250)
        ]
        script = Script(pages(rows))
        found = await run(lambda rest: rest.load_finished_orders(SOL, from_ms=NOW_MS - 5000, limit=230), script)
        assert [order.order_id for order in found.orders] == [str(number) for number in range(230)]
        assert not found.is_complete
        assert [request.parameters["page"] for request in script.requests] == ["1", "2", "3"]
        assert script.requests[0].parameters["from"] == str((NOW_MS - 5000) // 1000)
        assert script.requests[0].parameters["status"] == "finished"

    async def test_fills_page_to_the_end_and_none_counts_twice(self) -> None:
        rows = [payloads.rest_trade(id=str(number), create_time_ms=NOW_MS - number) for number in range(1500)]
        script = Script(pages([*rows[:1000], rows[999], *rows[1000:]]))
        found = await run(lambda rest: rest.load_fills(SOL), script)
        assert [fill.trade_id for fill in found.fills] == [str(number) for number in range(1500)]

    async def test_fills_of_a_long_time_are_asked_for_in_spans_of_thirty_days_without_a_gap(self) -> None:
        script = Script(Reply([]))
        await run(lambda rest: rest.load_fills(SOL, from_ms=NOW_MS - 70 * DAY_MS), script)
        now_s = NOW_MS // 1000
        spans = [(int(r.parameters["from"]), int(r.parameters.get("to", now_s))) for r in script.requests]
        assert "to" not in script.requests[0].parameters
        assert spans[0][0] >= (NOW_MS - 7 * DAY_MS) // 1000
        assert spans[-1][0] == (NOW_MS - 70 * DAY_MS) // 1000
        assert all(to - since <= 30 * 86_400 for since, to in spans)
        assert all(later[0] == earlier[1] for later, earlier in itertools.pairwise(spans))

    async def test_recent_fills_need_no_end(self) -> None:
        request = await only_request(lambda rest: rest.load_fills(SOL, from_ms=NOW_MS - DAY_MS), Reply([]))
        assert "to" not in request.parameters
        assert request.parameters["from"] == str((NOW_MS - DAY_MS) // 1000)

    async def test_withdrawals_page_by_offset(self) -> None:
        rows = [
            {"id": f"w{number}", "currency": "USDT", "amount": "5", "status": "DONE", "timestamp": str(2000 - number)}
            for number in range(150)
        ]
        script = Script(pages(rows))
        found = await run(
            lambda rest: rest.load_withdrawals(currency="USDT", from_ms=None, to_ms=None, limit=1000), script
        )
        assert [each.withdrawal_id for each in found] == [row["id"] for row in rows]
        assert [request.parameters["offset"] for request in script.requests] == ["0", "100"]

    async def test_a_withdrawal_is_looked_for_in_three_months(self) -> None:
        script = Script(Reply([]))
        assert await run(QUERIES["get_withdrawal"], script) is None
        assert len(script.requests) == 4
        assert {request.parameters["withdraw_id"] for request in script.requests} == {"w1"}


class TestOthers:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, FeeRates(maker=D("-0.0001"), taker=D("0.001"))),
            ({"gt_discount": True}, FeeRates(maker=D("0.0002"), taker=D("0.0003"))),
            ({"gt_discount": True, "gt_maker_fee": ""}, FeeRates(maker=D("-0.0001"), taker=D("0.001"))),
        ],
    )
    async def test_fee_rates(self, changes: dict[str, Any], expected: FeeRates) -> None:
        fee = {
            "user_id": 1,
            "taker_fee": "0.001",
            "maker_fee": "-0.0001",
            "gt_discount": False,
            "gt_taker_fee": "0.0003",
            "gt_maker_fee": "0.0002",
        }
        script = Script(Reply(fee | changes))
        assert await run(QUERIES["load_fee_rates"], script) == expected
        assert script.requests[0].parameters == {"currency_pair": "SOL_USDT"}

    async def test_what_the_key_may(self) -> None:
        detail = {"user_id": 20417733, "ip_whitelist": ["10.0.0.7"], "currency_pairs": ["SOL_USDT"], "key": {"mode": 1}}
        made = await run(QUERIES["load_key_permissions"], Script(Reply(detail)))
        assert (made.user_id, made.ip_whitelist, made.symbols) == ("20417733", ("10.0.0.7",), (SOL,))
        made = await run(QUERIES["load_key_permissions"], Script(Reply({"user_id": 1, "ip_whitelist": None})))
        assert (made.ip_whitelist, made.symbols) == ((), ())

    async def test_one_odd_market_does_not_keep_the_others_from_being_loaded(self) -> None:
        def pair(base: str, **changes: Any) -> dict[str, Any]:
            rules = {"id": f"{base}_USDT", "base": base, "quote": "USDT", "precision": 2, "amount_precision": 3}
            return rules | {"trade_status": "tradable"} | changes

        odd = [pair("odd currency"), pair("BTC", precision=99), pair("XRP", precision="two"), 7]
        script = Script(Reply([pair("SOL"), *odd, pair("ETH")]))
        with structlog.testing.capture_logs() as logs:
            async with scripted(script) as venue:
                instruments = await venue.create_public_rest().load_instruments()
        assert set(instruments) == {SOL, Symbol("ETH", "USDT")}
        assert [entry["market"] for entry in logs if entry["event"] == "row_unreadable"] == [
            "odd currency_USDT",
            "BTC_USDT",
            "XRP_USDT",
            "",
        ]

    async def test_an_empty_book(self) -> None:
        script = Script(Reply({"id": 9, "current": 1, "update": 2, "asks": [], "bids": [["141.18", "12.5"]]}))
        async with scripted(script) as venue:
            ticker = await venue.create_public_rest().load_book_ticker(SOL)
        assert (ticker.bid, ticker.ask, ticker.mid, ticker.update_id, ticker.time_ms) == (D("141.18"), None, None, 9, 2)
        assert script.requests[0].parameters == {"currency_pair": "SOL_USDT", "limit": "1", "with_id": "true"}


@pytest.mark.parametrize(
    ("call", "limit"),
    [
        (lambda rest: rest.load_open_orders(), "100"),
        (lambda rest: rest.load_finished_orders(SOL), "100"),
        (lambda rest: rest.load_finished_orders(SOL, limit=101), "100"),
        (lambda rest: rest.load_finished_orders(SOL, limit=7), "7"),
        (lambda rest: rest.load_fills(SOL), "1000"),
        (lambda rest: rest.get_withdrawal("w1"), "100"),
        (lambda rest: rest.load_withdrawals(currency=None, from_ms=None, to_ms=None, limit=101), "100"),
        (lambda rest: rest.load_withdrawals(currency=None, from_ms=None, to_ms=None, limit=7), "7"),
    ],
)
async def test_no_page_is_asked_for_that_is_larger_than_the_exchange_gives(call: Call, limit: str) -> None:
    """It would be cut, and a page that is shorter than was asked for is taken for the last one."""
    script = Script(Reply([]))
    await run(call, script)
    assert {request.parameters["limit"] for request in script.requests} == {limit}


class TestWhatIsTold:
    @pytest.mark.parametrize("name", sorted({**EVERY}))
    async def test_the_log_names_what_was_asked(self, name: str) -> None:
        with structlog.testing.capture_logs() as logs, pytest.raises(TellerError):
            await run(EVERY[name], Script(LOST))
        asked = {entry["operation"] for entry in logs if entry["event"] == "http_request"}
        expected = {"get_withdrawal": "load_withdrawals", "cancel_all": "cancel_all_of_symbol"}
        assert asked == {expected.get(name, name)}

    @pytest.mark.parametrize(
        ("name", "body"),
        [
            ("load_balances", [{"currency": "SOL"}]),
            ("load_open_orders", [{"currency_pair": "SOL_USDT", "total": 1, "orders": [{"id": "7"}]}]),
            ("load_finished_orders", [{"id": "7", "currency_pair": "SOL_USDT"}]),
            ("load_fills", [{"id": "7", "currency_pair": "SOL_USDT"}]),
            ("load_withdrawals", [{"id": "7", "currency": "SOL"}]),
            ("cancel_all", [{"id": "7", "currency_pair": "SOL_USDT"}, {"id": "8", "succeeded": False}]),
        ],
    )
    async def test_r10_a_row_that_cannot_be_read_is_logged_once_and_nothing_of_its_contents(
        self, name: str, body: list[Any]
    ) -> None:
        script = Script(Reply(body))
        with structlog.testing.capture_logs() as logs:
            async with scripted(script, clock=ManualClock(unix_ms=NOW_MS)) as venue:
                rest = venue.create_private_rest(ALPHA)
                for _ in range(3):
                    report = await EVERY[name](rest)
        (told,) = [entry for entry in logs if entry["event"] == "row_unreadable"]
        assert told["list"].startswith(name)
        assert (told["market"].split("_")[0], told["log_level"]) == ("SOL", "warning")
        if name != "load_balances":
            assert told["item_id"] == "7"
        if hasattr(report, "unreadable"):
            (row,) = report.unreadable
            assert row.reason == told["reason"]

    @pytest.mark.parametrize("timeout_s", [0, 5, 60])
    async def test_the_dead_mans_switch_is_armed_and_disarmed(self, timeout_s: int) -> None:
        request = await only_request(lambda rest: rest.arm_dead_mans_switch(timeout_s), Reply({"triggerTime": "0"}))
        assert (request.method, request.path) == ("POST", "/api/v4/spot/countdown_cancel_all")
        assert request.json == {"timeout": timeout_s}

    @pytest.mark.parametrize("timeout_s", [-1, 1, 4])
    async def test_a_time_that_the_exchange_does_not_take_is_not_sent(self, timeout_s: int) -> None:
        script = Script(Reply({"triggerTime": "0"}))
        with pytest.raises(InvalidValueError, match="timeout_s"):
            await run(lambda rest: rest.arm_dead_mans_switch(timeout_s), script)
        assert script.requests == []

    async def test_fills_of_an_order_need_its_market(self) -> None:
        with pytest.raises(InvalidValueError, match="symbol"):
            await run(lambda rest: rest.load_fills(None, order_id="5"), Script(Reply([])))

    async def test_lists_of_every_market_name_none(self) -> None:
        for call in (lambda rest: rest.load_fills(None), lambda rest: rest.load_finished_orders(None)):
            request = await only_request(call, Reply([]))
            assert "currency_pair" not in request.parameters
            assert request.parameters["account"] == "spot"

    async def test_an_answer_without_a_time_is_as_of_when_it_was_asked_for(self) -> None:
        clock = ManualClock(unix_ms=NOW_MS)

        def late(_: Request) -> Reply:
            clock.jump(2.0)
            return Reply([])

        async with scripted(Script(late), clock=clock, settings=GateioSettings(request_timeout_s=30.0)) as venue:
            report = await venue.create_private_rest(ALPHA).load_balances()
        assert report.as_of_ms == NOW_MS

    async def test_a_list_is_as_of_its_first_page(self) -> None:
        rows = [payloads.rest_trade(id=str(number)) for number in range(1000)]
        script = Script(
            *(Reply(body, headers=f"X-In-Time: {(NOW_MS + at) * 1000}\r\n") for at, body in ((1, rows), (9, [])))
        )
        assert (await run(lambda rest: rest.load_fills(SOL), script)).as_of_ms == NOW_MS + 1

    async def test_a_list_that_is_as_long_as_its_limit_and_no_longer_is_complete(self) -> None:
        rows = [payloads.rest_order(id=str(number), status="closed") for number in range(150)]
        for limit, is_complete in ((149, False), (150, True), (151, True)):
            report = await run(
                lambda rest, limit=limit: rest.load_finished_orders(SOL, limit=limit), Script(pages(rows))
            )
            assert (len(report.orders), report.is_complete) == (min(limit, 150), is_complete)

    async def test_a_page_of_a_redirection_is_no_list(self) -> None:
        with pytest.raises(TellerError):
            await run(QUERIES["load_fills"], Script(Reply([], status="300 Multiple Choices")))

    async def test_a_time_of_the_exchange_that_makes_no_sense_is_not_when_a_list_was_true(self) -> None:
        script = Script(Reply([], headers=f"X-In-Time: {'9' * 40}\r\n"))
        assert (await run(QUERIES["load_balances"], script)).as_of_ms == NOW_MS

    async def test_only_a_rate_limit_says_when_to_ask_again(self) -> None:
        for label, status, after_s in (("TOO_MANY_REQUESTS", "429 X", 1.0), ("INVALID_CURRENCY", "400 X", None)):
            with pytest.raises(VenueRefusedError) as refused:
                await run(QUERIES["load_fills"], Script(Reply({"label": label, "message": "no"}, status=status)))
            assert refused.value.retry_after_s == after_s

    async def test_an_id_that_is_none_is_named_by_its_field(self) -> None:
        for call in (lambda rest: rest.get_withdrawal("/"), lambda rest: rest.cancel_withdrawal("/")):
            with pytest.raises(InvalidValueError, match="withdrawal_id"):
                await run(call, Script(Reply([])))

    async def test_the_log_tells_public_from_private_requests(self) -> None:
        with structlog.testing.capture_logs() as logs:
            async with scripted(Script(Reply([])), clock=ManualClock(unix_ms=NOW_MS)) as venue:
                await venue.create_public_rest().load_instruments()
                await venue.create_private_rest(ALPHA).load_fills(SOL)
        assert [entry["client"] for entry in logs if entry["event"] == "http_request"] == ["gateio", "gateio.private"]
