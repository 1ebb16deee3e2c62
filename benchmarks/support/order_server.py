"""A child process that takes orders over HTTP and answers at once: as little server as can be.

It answers ``POST /spot/orders`` with an order that rests, under the client's id and a new id of its own;
``GET /spot/accounts`` with plenty of everything; any other query with an empty list. It checks nothing, parses nothing
but the client id, and keeps nothing but the moment (monotonic ns) at which the last request arrived: its part of a
round trip is as small as Python can make it, which leaves the client's part nowhere to hide.
"""

import asyncio
import json
import sys
import time
from typing import cast

from benchmarks.support.loops import run_on_loop
from benchmarks.support.peers import answer

_HEAD_END = b"\r\n\r\n"


class OrderServer(asyncio.Protocol):
    """One keep-alive connection."""

    arrived_ns = 0
    orders = 0
    accounts = b"[]"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answers each whole request in the buffer."""
        OrderServer.arrived_ns = time.monotonic_ns()
        self._buffer += data
        while (head_end := self._buffer.find(_HEAD_END)) >= 0:
            head = self._buffer[:head_end].lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            end = head_end + len(_HEAD_END) + int(length or 0)
            if len(self._buffer) < end:
                return
            body, self._buffer = self._buffer[head_end + len(_HEAD_END) : end], self._buffer[end:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"post"):
            status, content = b"201 Created", self._order(body)
        else:
            status, content = b"200 OK", self.accounts if b"/spot/accounts" in head[: head.find(b"\r\n")] else b"[]"
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(content), content)
        )

    @staticmethod
    def _order(body: bytes) -> bytes:
        OrderServer.orders += 1
        return b"".join(
            (
                b'{"id":"%d","text":"' % (900_000_000_000 + OrderServer.orders),
                _text_after(b'"text":"', body),
                b'","create_time":"1760000000","update_time":"1760000000","create_time_ms":1760000000211,'
                b'"update_time_ms":1760000000211,"status":"open","currency_pair":"',
                _text_after(b'"currency_pair":"', body),
                b'","type":"limit","account":"spot","side":"buy","amount":"1","price":"100","time_in_force":"gtc",'
                b'"iceberg":"0","left":"1","filled_amount":"0","fill_price":"0","filled_total":"0",'
                b'"avg_deal_price":"0","fee":"0","fee_currency":"SOL","point_fee":"0","gt_fee":"0",'
                b'"gt_discount":false,"rebated_fee":"0","rebated_fee_currency":"USDT","finish_as":"open"}',
            )
        )


def _text_after(mark: bytes, body: bytes) -> bytes:
    return body.partition(mark)[2].partition(b'"')[0]


async def _serve(currencies: list[str]) -> None:
    OrderServer.accounts = json.dumps(
        [{"currency": currency, "available": "1000000000", "locked": "0"} for currency in currencies]
    ).encode()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(OrderServer, "127.0.0.1", 0)
    answer({"rest": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"})
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        answer({"arrived_ns": OrderServer.arrived_ns})


if __name__ == "__main__":
    run_on_loop(_serve(json.loads(sys.argv[1])["currencies"]))
