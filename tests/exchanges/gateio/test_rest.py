"""What goes over the wire by REST, byte for byte, and what is made of every kind of answer."""

import asyncio
from typing import Any

import pytest
import structlog

from exchanges.base.credentials import Credentials
from exchanges.base.endpoints import Endpoints
from exchanges.base.rate_limiter import LONGEST_PAUSE_S, Priority
from exchanges.gateio import settings as gateio
from exchanges.gateio.settings import GateioSettings
from messages.commands import AmendOrder, CancelOrder, GetOrder, PlaceOrder
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
from tests.exchanges.gateio.scripted import (
    ALPHA,
    CHANGES,
    EVERY,
    LOST,
    NOW_MS,
    ORDER,
    PLACE,
    QUERIES,
    SOL,
    WITHDRAW,
    WITHDRAWAL,
    D,
    Reply,
    Request,
    Script,
    only_request,
    run,
    scripted,
)
from tests.support.eventually import eventually


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

    async def test_r3_the_expiry_counts_from_the_decision_however_late_it_is_sent(self) -> None:
        late = await only_request(lambda rest: rest.place_order(PLACE, decided_ms=NOW_MS - 2000), ORDER)
        assert late.headers["x-gate-exptime"] == str(NOW_MS + 3000)

    async def test_r3_an_order_that_is_not_wanted_any_more_when_its_turn_comes_is_not_sent(self) -> None:
        def withdraw_it() -> None:
            raise ConnectionFailedError("a cancel of all has overtaken it")

        script = Script(ORDER)
        with pytest.raises(ConnectionFailedError, match="overtaken"):
            await run(lambda rest: rest.place_order(PLACE, before_sending=withdraw_it), script)
        assert script.requests == []

    async def test_an_amendment(self) -> None:
        request = await only_request(
            lambda rest: rest.amend_order(AmendOrder(symbol=SOL, client_order_id="a-1", quantity=D(2), price=D(3))),
            ORDER,
        )
        assert (request.method, request.path) == ("PATCH", "/api/v4/spot/orders/t-a-1")
        assert request.parameters == {"currency_pair": "SOL_USDT", "account": "spot"}
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
            Reply(b"<html>", status="302 Found"),
            Reply(b"<html>", status="403 Forbidden"),
            Reply(b"", status="429 Too Many"),
            Reply({"label": "REPEATED_CREATION"}, status="400 Bad"),
            Reply({"label": "SOMETHING_NEW"}, status="400 Bad"),
        ],
        ids=[
            "lost",
            "502",
            "internal",
            "busy",
            "odd 200",
            "no json",
            "wrong json",
            "empty",
            "no utf-8",
            "408",
            "302",
            "403",
            "429",
            "repeated",
            "new label",
        ],
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
            with pytest.raises(RateLimitedError):
                await venue.create_private_rest(ALPHA).place_order(PLACE)
            await venue.create_private_rest(Credentials("beta-key", "beta-secret")).place_order(PLACE)
        assert len(script.requests) == 10 + 1 + 50 + 1

    async def test_r6_a_list_of_more_pages_than_the_limit_allows_at_once_waits_for_its_turns(self) -> None:
        total = 20_000
        order_fields = payloads.rest_order()

        def page_of(request: Request) -> Reply:
            page, size = int(request.parameters["page"]), int(request.parameters["limit"])
            numbers = range((page - 1) * size, min(page * size, total))
            orders = [order_fields | {"id": str(number + 1)} for number in numbers]
            return Reply([{"currency_pair": "SOL_USDT", "total": total, "orders": orders}])

        script, clock = Script(page_of), ManualClock()
        async with scripted(script, clock=clock, settings=GateioSettings(max_wait_s=1.0)) as venue:
            reading = asyncio.ensure_future(venue.create_private_rest(ALPHA).load_open_orders())
            await eventually(lambda: clock.next_wake_s is not None)
            assert len(script.requests) == 200
            await clock.advance(10.5)
            report = await reading
        assert {order.order_id for order in report.orders} == {str(number + 1) for number in range(total)}
        assert 200 < len(script.requests) < 300

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

    @pytest.mark.parametrize(
        "headers",
        [
            "Retry-After: 3600\r\n",
            f"X-Gate-RateLimit-Requests-Remain: 0\r\nX-Gate-RateLimit-Reset-Timestamp: {NOW_MS + 3_600_000}\r\n",
            f"X-Gate-RateLimit-Reset-Timestamp: {NOW_MS // 1000 + 3_600}\r\n",
        ],
        ids=["Retry-After", "reset", "reset alone"],
    )
    async def test_r13_a_limit_that_opens_in_an_hour_silences_cancels_for_seconds_only(self, headers: str) -> None:
        clock = ManualClock(unix_ms=NOW_MS)
        refusal = Reply({"label": "TOO_MANY_REQUESTS"}, status="429 Too Many", headers=headers)
        script = Script(refusal, ORDER)
        async with scripted(script, clock=clock) as venue:
            rest = venue.create_private_rest(ALPHA)
            with pytest.raises(VenueRefusedError) as refused:
                await CHANGES["cancel_order"](rest)
            assert refused.value.retry_after_s == pytest.approx(3600, abs=1)
            await rest.place_order(PLACE)  # another scope: not its penalty (R10)
            waiting = asyncio.ensure_future(CHANGES["cancel_order"](rest))
            await eventually(lambda: clock.next_wake_s is not None)
            await clock.advance(LONGEST_PAUSE_S[Priority.CANCEL] + 0.01)
            await waiting
        assert LONGEST_PAUSE_S[Priority.CANCEL] <= 5

    async def test_an_order_does_not_wait_longer_than_it_may_live(self) -> None:
        clock = ManualClock()
        async with scripted(Script(ORDER), clock=clock, settings=GateioSettings(order_expiry_ms=200)) as venue:
            rest = venue.create_private_rest(ALPHA)
            for _ in range(10):
                await rest.place_order(PLACE)
            with pytest.raises(RateLimitedError):
                await rest.place_order(PLACE)


class TestSettings:
    @pytest.mark.parametrize(
        ("rest", "ws"),
        [("https://x/api/v4/", "wss://x"), ("api.gateio.ws", "wss://x"), ("https://x", "https://x"), ("", "")],
    )
    def test_addresses_that_are_none_are_refused(self, rest: str, ws: str) -> None:
        with pytest.raises(InvalidValueError, match="endpoints"):
            Endpoints(rest, ws)

    def test_the_real_hosts(self) -> None:
        assert gateio.LIVE.rest == "https://api.gateio.ws/api/v4"
        assert gateio.LIVE.ws == "wss://api.gateio.ws/ws/v4/"
        assert "testnet" in gateio.TESTNET.rest

    @pytest.mark.parametrize(
        ("field", "value"), [("request_timeout_s", 0), ("max_wait_s", -1), ("order_expiry_ms", 0), ("query_lag_ms", -1)]
    )
    def test_settings_that_cannot_work_are_refused(self, field: str, value: float) -> None:
        with pytest.raises(InvalidValueError, match=field):
            GateioSettings(**{field: value})
