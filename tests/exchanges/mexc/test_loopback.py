"""What really leaves over HTTP: no body and no content type, whatever the method."""

import asyncio
from decimal import Decimal

import pytest

from exchanges.base.endpoints import Endpoints
from exchanges.mexc.venue import MexcVenue
from messages.commands import PlaceOrder
from messages.enums import Side
from tests.exchanges.base.loopback import environment, http_answer, read_request, tcp_server
from tests.exchanges.mexc.scripted import ALPHA, SOL


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_request_has_neither_body_nor_content_type_and_arrives_as_it_was_signed(method: str) -> None:
    arrived: list[tuple[str, dict[str, str], bytes]] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await read_request(reader))
        writer.write(http_answer(b'{"orderId":"1","transactTime":5}' if method == "POST" else b"[]"))
        await writer.drain()

    async with tcp_server(converse) as address, environment() as seams:
        venue = MexcVenue(Endpoints(f"http://{address}", f"ws://{address}/ws"), seams)
        rest = venue.create_private_rest(ALPHA)
        if method == "POST":
            await rest.place_order(PlaceOrder.limit(SOL, Side.BUY, Decimal(1), Decimal(1), client_order_id="a"))
        else:
            await rest.cancel_all(SOL, None)
    ((line, headers, body),) = arrived
    assert line.startswith(f"{method} /api/v3/")
    assert "&signature=" in line
    assert body == b""
    assert "content-type" not in headers
    assert headers["x-mexc-apikey"] == ALPHA.reveal_key()
