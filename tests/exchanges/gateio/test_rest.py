"""What goes over the wire by REST, byte for byte, and what is made of every kind of answer."""

import itertools
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import pytest
import structlog

from exchanges.base.clients import FeeRates, PrivateRest
from exchanges.gateio.settings import GateioEndpoints, GateioSettings
from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder, Withdraw
from messages.enums import Side
from messages.errors import (
    ConnectionFailedError,
    InvalidValueError,
    ProtocolError,
    RateLimitedError,
    RefusalReason,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
)
from messages.symbol import Symbol
from tests.exchanges.base.manual_clock import ManualClock
from tests.exchanges.gateio import payloads
from tests.exchanges.gateio.scripted import ALPHA, LOST, Reply, Request, Script, scripted

D = Decimal
SOL = Symbol("SOL", "USDT")
DAY_MS = 86_400_000
NOW_MS = 1_760_000_000_000
ORDER = Reply(payloads.rest_order())
PLACE = PlaceOrder.limit(SOL, Side.BUY, D("2.5"), D("141.20"), client_order_id="desk7-000042")
WITHDRAW = Withdraw(currency="USDT", amount=D(5), chain="TRX", address="T1", client_withdrawal_id="p-1")
WITHDRAWAL = Reply({"id": "w1", "currency": "USDT", "amount": "5", "status": "REQUEST", "timestamp": "1760000100"})

Call = Callable[[PrivateRest], Coroutine[Any, Any, Any]]

QUERIES: dict[str, Call] = {
    "load_balances": lambda rest: rest.load_balances(),
    "load_open_orders": lambda rest: rest.load_open_orders(),
    "load_finished_orders": lambda rest: rest.load_finished_orders(SOL, from_ms=None, limit=10),
    "load_fills": lambda rest: rest.load_fills(SOL),
    "load_fee_rates": lambda rest: rest.load_fee_rates(SOL),
    "load_key_permissions": lambda rest: rest.load_key_permissions(),
    "get_order": lambda rest: rest.get_order(GetOrder(symbol=SOL, order_id="1")),
    "get_withdrawal": lambda rest: rest.get_withdrawal("w1"),
    "load_withdrawals": lambda rest: rest.load_withdrawals(currency=None, from_ms=None, to_ms=None, limit=10),
}
CHANGES: dict[str, Call] = {
    "place_order": lambda rest: rest.place_order(PLACE),
    "cancel_order": lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, order_id="1")),
    "cancel_all": lambda rest: rest.cancel_all(SOL, None),
    "amend_order": lambda rest: rest.amend_order(AmendOrder(symbol=SOL, order_id="1", price=D(1))),
    "withdraw": lambda rest: rest.withdraw(WITHDRAW),
    "cancel_withdrawal": lambda rest: rest.cancel_withdrawal("w1"),
}
EVERY = QUERIES | CHANGES


async def run(call: Call, script: Script, **more: Any) -> Any:
    async with scripted(script, clock=ManualClock(unix_ms=NOW_MS), **more) as venue:
        return await call(venue.create_private_rest(ALPHA))


async def only_request(call: Call, reply: Reply, **more: Any) -> Request:
    script = Script(reply)
    await run(call, script, **more)
    assert len(script.requests) == 1
    return script.requests[0]


class TestRequests:
    async def test_a_new_order(self) -> None:
        request = await only_request(CHANGES["place_order"], ORDER)
        assert (request.method, request.path, request.query) == ("POST", "/api/v4/spot/orders", "")
        assert request.json == {
            "text": "t-desk7-000042",
            "currency_pair": "SOL_USDT",
            "type": "limit",
            "account": "spot",
            "side": "buy",
            "amount": "2.5",
            "price": "141.20",
            "time_in_force": "gtc",
        }
        assert request.headers["content-type"] == "application/json"
        assert request.headers["timestamp"] == str(NOW_MS // 1000)
        assert request.headers["x-gate-exptime"] == str(NOW_MS + 5000)
        assert request.is_signed_by(ALPHA)

    async def test_the_expiry_can_be_set_and_switched_off(self) -> None:
        request = await only_request(CHANGES["place_order"], ORDER, settings=GateioSettings(order_expiry_ms=1500))
        assert request.headers["x-gate-exptime"] == str(NOW_MS + 1500)
        request = await only_request(CHANGES["place_order"], ORDER, settings=GateioSettings(order_expiry_ms=None))
        assert "x-gate-exptime" not in request.headers

    async def test_an_amendment(self) -> None:
        request = await only_request(
            lambda rest: rest.amend_order(AmendOrder(symbol=SOL, client_order_id="a-1", quantity=D(2), price=D(3))),
            ORDER,
        )
        assert (request.method, request.path) == ("PATCH", "/api/v4/spot/orders/t-a-1")
        assert request.json == {"currency_pair": "SOL_USDT", "account": "spot", "amount": "2", "price": "3"}
        assert "x-gate-exptime" in request.headers
        assert request.is_signed_by(ALPHA)

    async def test_a_cancel_names_the_pair_in_the_query_and_never_expires(self) -> None:
        request = await only_request(CHANGES["cancel_order"], ORDER)
        assert (request.method, request.path) == ("DELETE", "/api/v4/spot/orders/1")
        assert request.parameters["currency_pair"] == "SOL_USDT"
        assert request.body == b""
        assert "x-gate-exptime" not in request.headers
        assert request.is_signed_by(ALPHA)

    @pytest.mark.parametrize(
        ("symbol", "side", "parameters"),
        [
            (SOL, None, {"account": "spot", "currency_pair": "SOL_USDT"}),
            (SOL, Side.SELL, {"account": "spot", "currency_pair": "SOL_USDT", "side": "sell"}),
            (None, None, {"account": "spot"}),
            (None, Side.BUY, {"account": "spot", "side": "buy"}),
        ],
    )
    async def test_cancel_all_leaves_the_pair_out_only_when_all_pairs_are_meant(
        self, symbol: Symbol | None, side: Side | None, parameters: dict[str, str]
    ) -> None:
        with structlog.testing.capture_logs() as logs:
            request = await only_request(lambda rest: rest.cancel_all(symbol, side), Reply([]))
        assert (request.method, request.path) == ("DELETE", "/api/v4/spot/orders")
        assert request.parameters == parameters
        operation = next(entry["operation"] for entry in logs if entry["event"] == "http_request")
        assert operation == ("cancel_all_of_account" if symbol is None else "cancel_all_of_symbol")

    async def test_cancel_all_tells_only_of_those_that_ended(self) -> None:
        answer = Reply(
            [
                payloads.rest_order(id="1", status="cancelled", finish_as="cancelled", succeeded=True),
                payloads.rest_order(id="2", succeeded=False, label="ORDER_NOT_FOUND", message="gone"),
                payloads.rest_order(id="3", status="cancelled", finish_as="cancelled"),
            ]
        )
        ended = await run(CHANGES["cancel_all"], Script(answer))
        assert [order.order_id for order in ended] == ["1", "3"]

    @pytest.mark.parametrize(
        ("reference", "path"),
        [
            (GetOrder(symbol=SOL, order_id="77"), "77"),
            (GetOrder(symbol=SOL, client_order_id="a.b_C-9"), "t-a.b_C-9"),
            (GetOrder(symbol=SOL, order_id="77", client_order_id="a-1"), "77"),
        ],
    )
    async def test_a_look_up_prefers_the_exchanges_id(self, reference: GetOrder, path: str) -> None:
        request = await only_request(lambda rest: rest.get_order(reference), ORDER)
        assert request.path == f"/api/v4/spot/orders/{path}"
        assert request.is_signed_by(ALPHA)

    @pytest.mark.parametrize("order_id", ["..", ".", "1/2", "1?x=1", "1%2F2", "é", " ", "#"])
    async def test_an_id_that_would_lead_elsewhere_is_refused_before_the_wire(self, order_id: str) -> None:
        script = Script(ORDER)
        for call in (
            lambda rest: rest.get_order(GetOrder(symbol=SOL, order_id=order_id)),
            lambda rest: rest.cancel_order(CancelOrder(symbol=SOL, order_id=order_id)),
            lambda rest: rest.load_fills(SOL, order_id=order_id),
            lambda rest: rest.get_withdrawal(order_id),
            lambda rest: rest.cancel_withdrawal(order_id),
        ):
            with pytest.raises(InvalidValueError):
                await run(call, script)
        assert script.requests == []

    async def test_r3_an_order_without_an_id_of_ours_is_refused_before_the_wire(self) -> None:
        script = Script(ORDER)
        with pytest.raises(InvalidValueError):
            await run(lambda rest: rest.place_order(PlaceOrder.limit(SOL, Side.BUY, D(1), D(1))), script)
        assert script.requests == []

    async def test_a_withdrawal(self) -> None:
        request = await only_request(CHANGES["withdraw"], WITHDRAWAL)
        assert (request.method, request.path) == ("POST", "/api/v4/withdrawals")
        assert request.json == {
            "currency": "USDT",
            "amount": "5",
            "chain": "TRX",
            "address": "T1",
            "withdraw_order_id": "p-1",
        }

    @pytest.mark.parametrize("name", sorted(QUERIES))
    async def test_queries_are_signed_too(self, name: str) -> None:
        script = Script(LOST)
        with pytest.raises(ConnectionFailedError):
            await run(QUERIES[name], script)
        assert script.requests[0].is_signed_by(ALPHA)

    async def test_public_queries_carry_no_key(self) -> None:
        script = Script(Reply({"server_time": NOW_MS}))
        async with scripted(script) as venue:
            await venue.create_public_rest().server_time_ms()
        assert not {"key", "sign", "timestamp"} & set(script.requests[0].headers)


class TestAnswers:
    @pytest.mark.parametrize("name", sorted(CHANGES))
    @pytest.mark.parametrize(
        "reply",
        [
            LOST,
            Reply(b"<html>", status="502 Bad Gateway"),
            Reply({"label": "INTERNAL"}, status="500 Oops"),
            Reply({"label": "TOO_BUSY"}, status="400 Busy"),
            Reply({"label": "SERVER_ERROR"}, status="200 OK"),
            Reply(b"not json"),
            Reply({"unexpected": True}),
            Reply(b""),
            Reply(b"\xff"),
            Reply(b"", status="408 Timeout"),
        ],
        ids=["lost", "502", "internal", "busy", "odd 200", "no json", "wrong json", "empty", "no utf-8", "408"],
    )
    async def test_r3_a_change_without_a_usable_answer_has_an_unknown_outcome(self, name: str, reply: Reply) -> None:
        script = Script(reply)
        with pytest.raises(UnknownOutcomeError):
            await run(CHANGES[name], script)
        assert len(script.requests) == 1, "a change is never sent a second time"

    @pytest.mark.parametrize("name", sorted(QUERIES))
    @pytest.mark.parametrize(
        "reply",
        [
            LOST,
            Reply(b"<html>", status="502 Bad Gateway"),
            Reply({"label": "TOO_BUSY"}, status="400 Busy"),
            Reply(b"?"),
        ],
        ids=["lost", "502", "busy", "no json"],
    )
    async def test_r6_a_query_without_a_usable_answer_is_an_error_and_never_empty(
        self, name: str, reply: Reply
    ) -> None:
        with pytest.raises(ConnectionFailedError):
            await run(QUERIES[name], Script(reply))

    @pytest.mark.parametrize("name", sorted(EVERY))
    async def test_a_refusal_is_certain(self, name: str) -> None:
        refusal = Reply({"label": "INVALID_SIGNATURE", "message": "Signature mismatch"}, status="401 Unauthorized")
        with pytest.raises(VenueRefusedError) as refused:
            await run(EVERY[name], Script(refusal))
        assert refused.value.reason is RefusalReason.AUTHENTICATION

    @pytest.mark.parametrize("label", ["ORDER_NOT_FOUND", "CLIENT_ID_NOT_FOUND"])
    @pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found"])
    async def test_an_order_that_the_exchange_does_not_know_is_none(self, label: str, status: str) -> None:
        assert await run(QUERIES["get_order"], Script(Reply({"label": label}, status=status))) is None

    async def test_a_bare_404_is_not_taken_for_an_unknown_order(self) -> None:
        with pytest.raises(VenueRefusedError):
            await run(QUERIES["get_order"], Script(Reply(b"<html>", status="404 Not Found")))

    @pytest.mark.parametrize("amount", ["NaN", "-1", "Infinity", "x"])
    async def test_r11_an_order_with_an_amount_that_is_none_is_no_answer(self, amount: str) -> None:
        reply = Reply(payloads.rest_order(amount=amount))
        with pytest.raises(UnknownOutcomeError):
            await run(CHANGES["place_order"], Script(reply))
        with pytest.raises(ProtocolError):
            await run(QUERIES["get_order"], Script(reply))

    async def test_r12_key_secret_and_signature_show_in_no_log_and_no_error(self) -> None:
        said = "demo-key s3cr3t-demo"
        texts: list[str] = []
        signatures: list[str] = []
        with structlog.testing.capture_logs() as logs:
            for call in EVERY.values():
                for reply in (
                    Reply({"label": "INVALID_KEY", "message": said}, status="401 No"),
                    Reply({"label": "INVALID_PARAM_VALUE", "detail": said}, status="400 No"),
                    Reply({"label": said, "message": said}, status="400 No"),
                    LOST,
                    Reply(b"demo-key"),
                ):
                    script = Script(reply)
                    with pytest.raises(TellerError) as caught:
                        await run(call, script)
                    signatures += [request.headers["sign"] for request in script.requests]
                    chain: BaseException | None = caught.value
                    while chain is not None:
                        texts += [str(chain), repr(chain)]
                        chain = chain.__cause__
        everything = repr(logs) + "".join(texts)
        assert "demo" not in everything.lower()
        assert signatures
        assert not [signature for signature in signatures if signature in everything]

    async def test_r12_no_client_shows_its_credentials(self) -> None:
        async with scripted(Script(ORDER)) as venue:
            rest: Any = venue.create_private_rest(ALPHA)
            for thing in (rest, rest._rest, vars(rest), vars(rest._rest), vars(venue)):
                assert "s3cr3t" not in repr(thing)
                assert "demo-key" not in repr(thing)


class TestClock:
    async def test_the_server_time_corrects_what_is_signed(self) -> None:
        script = Script(Reply({"server_time": NOW_MS + 90_000}), ORDER)
        async with scripted(script, clock=ManualClock(unix_ms=NOW_MS)) as venue:
            assert await venue.create_public_rest().server_time_ms() == NOW_MS + 90_000
            assert venue.server_now_ms() == NOW_MS + 90_000
            await venue.create_private_rest(ALPHA).place_order(PLACE)
        assert script.requests[1].headers["timestamp"] == str(NOW_MS // 1000 + 90)
        assert script.requests[1].headers["x-gate-exptime"] == str(NOW_MS + 95_000)

    async def test_every_answer_corrects_it_even_a_refusal_for_a_wrong_clock(self) -> None:
        expired = Reply(
            {"label": "REQUEST_EXPIRED", "message": "gap exceeds 60"},
            status="401 No",
            headers=f"X-In-Time: {(NOW_MS + 300_000) * 1000}\r\n",
        )
        script = Script(expired, ORDER)
        async with scripted(script, clock=ManualClock(unix_ms=NOW_MS)) as venue:
            rest = venue.create_private_rest(ALPHA)
            with pytest.raises(VenueRefusedError) as refused:
                await rest.place_order(PLACE)
            assert refused.value.reason is RefusalReason.CLOCK
            assert not refused.value.is_hopeless
            await rest.place_order(PLACE)
        assert script.requests[1].headers["timestamp"] == str(NOW_MS // 1000 + 300)

    @pytest.mark.parametrize("in_time", ["5", "soon", "", "9" * 40, "-1"])
    async def test_a_header_that_makes_no_sense_does_not_move_the_clock(self, in_time: str) -> None:
        script = Script(Reply([], headers=f"X-In-Time: {in_time}\r\n"))
        async with scripted(script, clock=ManualClock(unix_ms=NOW_MS)) as venue:
            await venue.create_private_rest(ALPHA).load_balances()
            assert venue.server_now_ms() == NOW_MS

    async def test_balances_are_as_of_the_moment_the_query_was_taken_up(self) -> None:
        accounts = [{"currency": "USDT", "available": "1647", "locked": "353", "update_id": 881}]
        with_header = Reply(accounts, headers=f"X-In-Time: {(NOW_MS + 7) * 1000 + 999}\r\n")
        report = await run(QUERIES["load_balances"], Script(with_header))
        assert report.as_of_ms == NOW_MS + 7
        assert [(b.currency, b.available, b.locked, b.updated_ms) for b in report.balances] == [
            ("USDT", D(1647), D(353), NOW_MS + 7)
        ]
        assert (await run(QUERIES["load_balances"], Script(Reply(accounts)))).as_of_ms == NOW_MS


class TestLimits:
    async def test_orders_of_one_market_are_held_back_and_cancels_are_not(self) -> None:
        script = Script(ORDER)
        settings = GateioSettings(order_expiry_ms=1000)
        async with scripted(script, clock=ManualClock(), settings=settings) as venue:
            rest = venue.create_private_rest(ALPHA)
            for _ in range(10):
                await rest.place_order(PLACE)
            with pytest.raises(RateLimitedError) as held:
                await rest.place_order(PLACE)
            with pytest.raises(RateLimitedError):
                await rest.amend_order(AmendOrder(symbol=SOL, order_id="1", price=D(1)))
            assert "SOL_USDT" in str(held.value)
            await rest.place_order(PlaceOrder.limit(Symbol("BTC", "USDT"), Side.BUY, D(1), D(1), client_order_id="x"))
            for _ in range(50):
                await CHANGES["cancel_order"](rest)
            other_account = venue.create_private_rest(ALPHA)
            await other_account.place_order(PLACE)
        assert len(script.requests) == 10 + 1 + 50 + 1

    async def test_withdrawals_go_one_in_three_seconds(self) -> None:
        settings = GateioSettings(max_wait_s=1.0)
        async with scripted(Script(WITHDRAWAL), clock=ManualClock(), settings=settings) as venue:
            rest = venue.create_private_rest(ALPHA)
            await rest.withdraw(WITHDRAW)
            with pytest.raises(RateLimitedError):
                await rest.withdraw(WITHDRAW)

    @pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
    async def test_the_exchanges_own_count_is_honoured(self, unit: int) -> None:
        reset = (NOW_MS // 1000 + 4) * unit
        headers = (
            "X-Gate-RateLimit-Requests-Remain: 0\r\nX-Gate-RateLimit-Limit: 200\r\n"
            f"X-Gate-RateLimit-Reset-Timestamp: {reset}\r\n"
        )
        settings = GateioSettings(max_wait_s=1.0)
        script = Script(Reply([], headers=headers))
        async with scripted(script, clock=ManualClock(unix_ms=NOW_MS), settings=settings) as venue:
            rest = venue.create_private_rest(ALPHA)
            await rest.load_balances()
            with pytest.raises(RateLimitedError) as held:
                await rest.load_balances()
        assert held.value.retry_after_s >= 4

    @pytest.mark.parametrize(
        ("headers", "wait_s"), [("Retry-After: 3\r\n", 3.0), ("", 1.0)], ids=["with Retry-After", "without a word"]
    )
    async def test_after_a_429_the_scope_rests(self, headers: str, wait_s: float) -> None:
        refusal = Reply({"label": "TOO_MANY_REQUESTS"}, status="429 Too Many", headers=headers)
        settings = GateioSettings(max_wait_s=0.1)
        script = Script(refusal, Reply([]))
        async with scripted(script, clock=ManualClock(), settings=settings) as venue:
            rest = venue.create_private_rest(ALPHA)
            with pytest.raises(VenueRefusedError) as refused:
                await rest.load_balances()
            assert refused.value.reason is RefusalReason.RATE_LIMIT
            assert refused.value.retry_after_s == wait_s
            with pytest.raises(RateLimitedError) as held:
                await rest.load_balances()
            assert held.value.retry_after_s == pytest.approx(wait_s)
            await rest.load_fills(SOL)

    async def test_an_order_does_not_wait_longer_than_it_may_live(self) -> None:
        clock = ManualClock()
        async with scripted(Script(ORDER), clock=clock, settings=GateioSettings(order_expiry_ms=200)) as venue:
            rest = venue.create_private_rest(ALPHA)
            for _ in range(10):
                await rest.place_order(PLACE)
            with pytest.raises(RateLimitedError):
                await rest.place_order(PLACE)


def pages(rows: list[Any], default: int = 100) -> Callable[[Request], Reply]:
    """Serves ``rows`` by ``page`` and ``limit``, or by ``offset`` and ``limit``."""

    def serve(request: Request) -> Reply:
        parameters = request.parameters
        limit = int(parameters.get("limit", default))
        start = int(parameters["offset"]) if "offset" in parameters else (int(parameters.get("page", 1)) - 1) * limit
        return Reply(rows[start : start + limit])

    return serve


class TestPaging:
    def open_orders(self, first: int, last: int, total: int) -> list[Any]:
        orders = [payloads.rest_order(id=str(number)) for number in range(first, last)]
        return [{"currency_pair": "SOL_USDT", "total": total, "orders": orders}]

    async def test_r6_open_orders_are_read_to_the_last_page(self) -> None:
        script = Script(
            Reply([*self.open_orders(0, 100, 150), {"currency_pair": "BTC_USDT", "total": 0, "orders": []}]),
            Reply(self.open_orders(100, 150, 150)),
        )
        report = await run(QUERIES["load_open_orders"], script)
        assert len(report.orders) == 150
        assert [request.parameters["page"] for request in script.requests] == ["1", "2"]

    async def test_r6_a_list_that_changes_while_it_is_read_is_read_anew(self) -> None:
        script = Script(
            Reply(self.open_orders(0, 100, 150)),
            Reply(self.open_orders(101, 150, 149)),
            Reply(self.open_orders(1, 101, 149)),
            Reply(self.open_orders(101, 150, 149)),
        )
        report = await run(QUERIES["load_open_orders"], script)
        assert {order.order_id for order in report.orders} == {str(number) for number in range(1, 150)}

    async def test_r6_an_order_seen_twice_hides_another_so_all_is_read_anew(self) -> None:
        script = Script(
            Reply(self.open_orders(0, 100, 150)),
            Reply(self.open_orders(99, 149, 150)),
            Reply(self.open_orders(0, 100, 150)),
            Reply(self.open_orders(100, 150, 150)),
        )
        assert len((await run(QUERIES["load_open_orders"], script)).orders) == 150

    async def test_r6_a_list_that_never_holds_still_is_an_error(self) -> None:
        def shrink(request: Request) -> Reply:
            return Reply(self.open_orders(0, 100, 150 if request.parameters["page"] == "1" else 140))

        with pytest.raises(ProtocolError):
            await run(QUERIES["load_open_orders"], Script(shrink))

    async def test_r6_a_list_that_ends_before_its_total_is_an_error(self) -> None:
        script = Script(
            lambda request: Reply(self.open_orders(0, 100, 150) if request.parameters["page"] == "1" else [])
        )
        with pytest.raises(ProtocolError):
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
        assert [order.order_id for order in found] == [str(number) for number in range(230)]
        assert [request.parameters["page"] for request in script.requests] == ["1", "2", "3"]
        assert script.requests[0].parameters["from"] == str((NOW_MS - 5000) // 1000)
        assert script.requests[0].parameters["status"] == "finished"

    async def test_fills_page_until_enough_and_none_counts_twice(self) -> None:
        rows = [payloads.rest_trade(id=str(number), create_time_ms=NOW_MS - number) for number in range(1500)]
        script = Script(pages([*rows[:1000], rows[999], *rows[1000:]]))
        found = await run(lambda rest: rest.load_fills(SOL, limit=5000), script)
        assert [fill.trade_id for fill in found] == [str(number) for number in range(1500)]
        assert len(await run(lambda rest: rest.load_fills(SOL, limit=7), Script(pages(rows)))) == 7

    async def test_fills_of_a_long_time_are_asked_for_in_spans_of_thirty_days_without_a_gap(self) -> None:
        script = Script(Reply([]))
        await run(lambda rest: rest.load_fills(SOL, from_ms=NOW_MS - 70 * DAY_MS), script)
        spans = [(int(r.parameters["from"]), int(r.parameters["to"])) for r in script.requests]
        assert spans[0][1] >= NOW_MS // 1000
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
        assert len(script.requests) == 3
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
        assert await run(QUERIES["load_fee_rates"], Script(Reply(fee | changes))) == expected

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

        script = Script(Reply([pair("SOL"), pair("odd currency"), pair("BTC", precision=99), pair("ETH")]))
        with structlog.testing.capture_logs() as logs:
            async with scripted(script) as venue:
                instruments = await venue.create_public_rest().load_instruments()
        assert set(instruments) == {SOL, Symbol("ETH", "USDT")}
        assert [entry["market"] for entry in logs if entry["event"] == "instrument_left_out"] == [
            "odd currency_USDT",
            "BTC_USDT",
        ]

    async def test_an_empty_book(self) -> None:
        script = Script(Reply({"id": 9, "current": 1, "update": 2, "asks": [], "bids": [["141.18", "12.5"]]}))
        async with scripted(script) as venue:
            ticker = await venue.create_public_rest().load_book_ticker(SOL)
        assert (ticker.bid, ticker.ask, ticker.mid, ticker.update_id, ticker.time_ms) == (D("141.18"), None, None, 9, 2)
        assert script.requests[0].parameters == {"currency_pair": "SOL_USDT", "limit": "1", "with_id": "true"}


class TestSettings:
    @pytest.mark.parametrize(
        ("rest", "ws"),
        [("https://x/api/v4/", "wss://x"), ("api.gateio.ws", "wss://x"), ("https://x", "https://x"), ("", "")],
    )
    def test_addresses_that_are_none_are_refused(self, rest: str, ws: str) -> None:
        with pytest.raises(InvalidValueError, match="endpoints"):
            GateioEndpoints(rest, ws)

    def test_the_real_hosts(self) -> None:
        assert GateioEndpoints.LIVE.rest == "https://api.gateio.ws/api/v4"
        assert GateioEndpoints.LIVE.ws == "wss://api.gateio.ws/ws/v4/"
        assert "testnet" in GateioEndpoints.TESTNET.rest

    @pytest.mark.parametrize(("field", "value"), [("request_timeout_s", 0), ("max_wait_s", -1), ("order_expiry_ms", 0)])
    def test_settings_that_cannot_work_are_refused(self, field: str, value: float) -> None:
        with pytest.raises(InvalidValueError, match=field):
            GateioSettings(**{field: value})
