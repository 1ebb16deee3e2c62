"""Orders over a WebSocket session: login, acknowledgement, result, refusal."""

from typing import Any

import pytest

from .conftest import Venue
from .wire import Socket, Wire, hmac_hex

ORDER = {"text": "t-desk7-000043", "currency_pair": "SOL_USDT", "side": "buy", "amount": "1", "price": "140"}


class Desk:
    """A session that talks of orders."""

    def __init__(self, socket: Socket, wire: Wire) -> None:
        self._socket, self._wire = socket, wire

    async def ask(self, channel: str, parameters: object = None, **payload: object) -> Any:
        """Sends a request and returns the answer to it."""
        await self._socket.send(self.frame(channel, parameters, **payload))
        return await self._socket.next()

    def frame(self, channel: str, parameters: object = None, **payload: object) -> dict[str, Any]:
        full = {"req_id": "r-1", "req_param": parameters, **payload}
        return {
            "time": self._wire.now_s(),
            "channel": channel,
            "event": "api",
            "payload": {name: value for name, value in full.items() if value is not None},
        }

    async def login(self) -> Any:
        timestamp = str(self._wire.now_s())
        signature = hmac_hex(self._wire.secret, f"api\nspot.login\n\n{timestamp}")
        return await self.ask("spot.login", api_key=self._wire.key, timestamp=timestamp, signature=signature)

    async def place(self, **fields: str) -> tuple[Any, Any]:
        """Places an order; returns the acknowledgement and the result."""
        return await self.ask("spot.order_place", ORDER | fields), await self._socket.next()


def label(answer: Any) -> str:
    return str(answer["data"]["errs"]["label"])


async def test_a_session_logs_in_and_then_places_without_signing(wire: Wire, venue: Venue) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        login = await desk.login()
        assert (login["header"]["status"], login["data"]["result"]["api_key"]) == ("200", wire.key)
        ack, result = await desk.place()
        assert (ack["request_id"], ack["ack"], ack["data"]["result"]["req_param"]) == ("r-1", True, ORDER)
        assert "ack" not in result
        assert (result["request_id"], result["header"]["status"]) == ("r-1", "200")
        order = result["data"]["result"]
        assert (order["text"], order["status"], order["create_time_ms"]) == ("t-desk7-000043", "open", venue.ms)
        assert result["header"]["x_gate_ratelimit_requests_remain"] == 9
        assert result["header"]["response_time"] == str(venue.ms)


async def test_an_order_without_text_shows_that_it_came_over_the_socket(wire: Wire) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        _, result = await desk.place(text="")
        assert result["data"]["result"]["text"] == "apiv4-ws"


async def test_the_login_is_signed_over_the_raw_text_of_its_parameters(wire: Wire) -> None:
    async with wire.socket() as socket:
        desk, timestamp = Desk(socket, wire), str(wire.now_s())
        signature = hmac_hex(wire.secret, f"api\nspot.login\n{{}}\n{timestamp}")
        credentials = {"api_key": wire.key, "timestamp": timestamp, "signature": signature}
        assert (await desk.ask("spot.login", {}, **credentials))["header"]["status"] == "200"
        assert label(await desk.ask("spot.login", **credentials)) == "INVALID_SIGNATURE"


async def test_nobody_places_before_the_login(wire: Wire) -> None:
    async with wire.socket() as socket:
        answer = await Desk(socket, wire).ask("spot.order_place", ORDER)
        assert (answer["header"]["status"], label(answer)) == ("400", "AUTHENTICATION_FAILED")
        wire.secret = "wrong"
        assert label(await Desk(socket, wire).login()) == "INVALID_SIGNATURE"
        wire.key = "nobody"
        assert label(await Desk(socket, wire).login()) == "INVALID_KEY"
        now_s = wire.now_s
        wire.now_s = lambda: now_s() - 61
        late = await Desk(socket, wire).login()
        assert (late["header"]["status"], label(late)) == ("403", "REQUEST_EXPIRED")


async def test_a_refusal_comes_after_the_acknowledgement(wire: Wire) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        ack, result = await desk.place(amount="10000")
        assert ack["ack"] is True
        assert (result["header"]["status"], label(result)) == ("400", "BALANCE_NOT_ENOUGH")
        assert result["data"]["errs"]["message"].startswith("label: BALANCE_NOT_ENOUGH, message: ")


async def test_the_whole_life_of_an_order(wire: Wire) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        _, placed = await desk.place()
        named = {"order_id": placed["data"]["result"]["id"], "currency_pair": "SOL_USDT"}
        amended = await desk.ask("spot.order_amend", named | {"price": "139"})
        status = await desk.ask("spot.order_status", named)
        listed = await desk.ask("spot.order_list", {"currency_pair": "SOL_USDT", "status": "open"})
        cancelled = await desk.ask("spot.order_cancel", named)
        assert amended["data"]["result"]["price"] == status["data"]["result"]["price"] == "139"
        assert [order["id"] for order in listed["data"]["result"]] == [named["order_id"]]
        assert cancelled["data"]["result"]["status"] == "cancelled"
        assert label(await desk.ask("spot.order_cancel", named)) == "ORDER_CANCELLED"


async def test_orders_in_batches(wire: Wire) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        await desk.ask("spot.order_place", [ORDER, ORDER | {"text": "t-2"}])
        placed = (await socket.next())["data"]["result"]
        assert [order["succeeded"] for order in placed] == [True, True]
        ids = [{"currency_pair": "SOL_USDT", "id": order_id} for order_id in (placed[0]["id"], "5")]
        cancelled = (await desk.ask("spot.order_cancel_ids", ids))["data"]["result"]
        assert [entry["succeeded"] for entry in cancelled] == [True, False]
        rest = (await desk.ask("spot.order_cancel_cp", {"currency_pair": "SOL_USDT"}))["data"]["result"]
        assert [order["text"] for order in rest] == ["t-2"]


async def test_a_late_order_is_refused(wire: Wire, venue: Venue) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        answer = await desk.ask("spot.order_place", ORDER, req_header={"x-gate-exptime": str(venue.ms - 1)})
        assert (answer["header"]["status"], label(answer)) == ("403", "REQUEST_EXPIRED")
        await socket.send({"channel": "spot.ping"})
        assert (await socket.next())["channel"] == "spot.pong", "it was not acknowledged"


async def test_placing_counts_with_the_orders_over_rest(wire: Wire) -> None:
    for _ in range(9):
        await wire.order()
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        placed = (await desk.place())[1]
        assert placed["header"]["status"] == "200"
        assert "x_gate_ratelimit_requests_remain" not in placed["header"], "it is left out at 0"
        named = {"order_id": placed["data"]["result"]["id"], "currency_pair": "SOL_USDT"}
        assert "x_gate_ratelimit_limit" not in (await desk.ask("spot.order_status", named))["header"]
        refused = await desk.ask("spot.order_place", ORDER)
        assert (refused["header"]["status"], label(refused)) == ("429", "TOO_MANY_REQUESTS")
        assert refused["data"]["errs"]["message"].endswith("(211)")
        await socket.send({"channel": "spot.ping"})
        assert (await socket.next())["channel"] == "spot.pong", "neither was it acknowledged"


@pytest.mark.parametrize(
    ("channel", "parameters", "wanted"),
    [
        ("spot.order_dance", {}, "INVALID_ARGUMENT"),
        ("spot.order_place", {"side": "buy"}, "INVALID_ARGUMENT"),
        ("spot.order_place", ORDER | {"amount": 1}, "INVALID_ARGUMENT"),
        ("spot.order_place", [ORDER, "t-2"], "INVALID_ARGUMENT"),
        ("spot.order_cancel", {"order_id": "5"}, "MISSING_REQUIRED_PARAM"),
        ("spot.order_cancel", {"currency_pair": "SOL_USDT"}, "NOT_FOUND"),
        ("spot.order_status", None, "NOT_FOUND"),
        ("spot.order_list", {"currency_pair": "SOL_USDT", "status": "odd"}, "INVALID_PARAM_VALUE"),
        ("spot.order_amend", {"order_id": "5", "currency_pair": "SOL_USDT", "price": 1}, "INVALID_PARAM_VALUE"),
    ],
)
async def test_a_wrong_request_is_refused(wire: Wire, channel: str, parameters: object, wanted: str) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        assert label(await desk.ask(channel, parameters)) == wanted


async def test_null_is_not_given(wire: Wire) -> None:
    async with wire.socket() as socket:
        desk = Desk(socket, wire)
        await desk.login()
        nothing: dict[str, object] = {"account": None, "action_mode": None}
        await desk.ask("spot.order_place", {**ORDER, **nothing, "iceberg": None}, req_header={"x-gate-exptime": None})
        placed = (await socket.next())["data"]["result"]
        named = {**nothing, "order_id": placed["id"], "currency_pair": "SOL_USDT"}
        amended = await desk.ask("spot.order_amend", {**named, "price": "139", "amount": None})
        assert amended["data"]["result"]["price"] == "139"
        frame = desk.frame("spot.order_cancel", named)
        frame["payload"] |= {"api_key": None, "signature": None, "timestamp": None, "req_header": None}
        await socket.send(frame)
        assert (await socket.next())["data"]["result"]["status"] == "cancelled"


async def test_a_request_that_cannot_be_read_is_malformed(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.send({"channel": "spot.order_place", "event": "api", "payload": {"req_param": {}}})
        assert (await socket.next())["error"]["code"] == 1
