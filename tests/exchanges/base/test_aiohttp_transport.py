"""HTTP over real sockets: what certainly did not leave is told from what may have arrived, and nothing goes twice."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from exchanges.base.aiohttp_transport import AiohttpTransport
from exchanges.base.transport import AnswerLostError, HttpResponse, RequestNotSentError
from messages.errors import ConnectionFailedError, UnknownOutcomeError
from tests.exchanges.base.loopback import http_answer, read_request, reset, tcp_server, unused_port

METHODS = ["GET", "POST", "DELETE", "PATCH", "PUT"]


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    made = AiohttpTransport()
    yield made
    await made.close()


async def ask(
    transport: AiohttpTransport,
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    timeout_s: float = 5.0,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    return await transport.request(method, url, headers=headers or {}, body=body, timeout_s=timeout_s)


class Site:
    """Answers every request with ``answer`` and keeps what it was asked."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer or http_answer(b'{"ok":true}')
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            self.requests.append(await read_request(reader))
            writer.write(self.answer)
            await writer.drain()


async def test_a_whole_answer_comes_back_with_status_lower_case_headers_and_body(transport: AiohttpTransport) -> None:
    site = Site(http_answer(b'{"label":"X"}', status="404 Not Found", headers="X-In-Time: 17\r\n"))
    async with tcp_server(site.converse) as address:
        answer = await ask(transport, f"http://{address}/x")
    assert (answer.status, answer.body, answer.headers["x-in-time"]) == (404, b'{"label":"X"}', "17")


@pytest.mark.parametrize("method", METHODS)
async def test_a_request_says_no_content_type_but_the_callers(transport: AiohttpTransport, method: str) -> None:
    site = Site()
    async with tcp_server(site.converse) as address:
        await ask(transport, f"http://{address}/x", method=method)
        await ask(transport, f"http://{address}/x", method=method, body=b"{}", headers={"Content-Type": "text/x"})
    assert ["content-type" in headers for _, headers, _ in site.requests] == [False, True]
    assert site.requests[1][1]["content-type"] == "text/x"


@pytest.mark.parametrize(
    "target",
    [
        "/api/v4/spot/orders?currency_pair=SOL_USDT",
        "/a?pairs=A%2CB&x=%7e&y=+&z=a%20b",
        "/a?b=%C3%A9&c==&&d",
        "/a%2Fb/./c?q=1",
    ],
)
async def test_the_url_goes_out_byte_for_byte(transport: AiohttpTransport, target: str) -> None:
    site = Site()
    async with tcp_server(site.converse) as address:
        await ask(transport, f"http://{address}{target}")
    assert site.requests[0][0] == f"GET {target} HTTP/1.1"


async def test_body_and_headers_go_out_as_given(transport: AiohttpTransport) -> None:
    site = Site()
    async with tcp_server(site.converse) as address:
        await ask(
            transport,
            f"http://{address}/",
            method="POST",
            body=b'{"a":1}',
            headers={"Content-Type": "application/json"},
        )
    _, headers, body = site.requests[0]
    assert body == b'{"a":1}'
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"


async def test_one_connection_is_kept_for_many_requests(transport: AiohttpTransport) -> None:
    site = Site()
    async with tcp_server(site.converse) as address:
        for _ in range(5):
            await ask(transport, f"http://{address}/")
    assert (site.connections, len(site.requests)) == (1, 5)


async def test_a_redirect_is_an_answer_and_is_not_followed(transport: AiohttpTransport) -> None:
    site = Site(http_answer(status="302 Found", headers="Location: /elsewhere\r\n"))
    async with tcp_server(site.converse) as address:
        answer = await ask(transport, f"http://{address}/")
    assert answer.status == 302
    assert len(site.requests) == 1


async def test_cookies_are_not_kept_so_that_accounts_share_nothing(transport: AiohttpTransport) -> None:
    site = Site(http_answer(headers="Set-Cookie: session=alpha; Path=/\r\n"))
    async with tcp_server(site.converse) as address:
        await ask(transport, f"http://{address}/")
        await ask(transport, f"http://{address}/")
    assert all("cookie" not in headers for _, headers, _ in site.requests)


async def test_a_proxy_in_the_environment_is_not_used(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    async with tcp_server(Site().converse) as address:
        assert (await ask(transport, f"http://{address}/")).status == 200


class TestNotSent:
    """`RequestNotSentError` is a promise: nothing left."""

    async def test_refused(self, transport: AiohttpTransport) -> None:
        with pytest.raises(RequestNotSentError):
            await ask(transport, f"http://127.0.0.1:{unused_port()}/", method="POST", body=b"{}")

    async def test_a_name_that_does_not_resolve(self, transport: AiohttpTransport) -> None:
        with pytest.raises(RequestNotSentError):
            await ask(transport, "http://no-such-host.invalid/")

    async def test_no_connection_in_time(self, transport: AiohttpTransport) -> None:
        with socket.socket() as deaf, contextlib.ExitStack() as others:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for _ in range(4):  # fills the queue of connections that nobody accepts
                filler = others.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(deaf.getsockname())
            with pytest.raises(RequestNotSentError):
                await ask(transport, f"http://127.0.0.1:{deaf.getsockname()[1]}/", timeout_s=0.3)

    async def test_no_tls_where_tls_was_asked_for(self, transport: AiohttpTransport) -> None:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(b"this is no TLS")

        async with tcp_server(converse) as address:
            with pytest.raises(RequestNotSentError):
                await ask(transport, f"https://{address}/")

    @pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///nowhere"])
    async def test_a_url_that_cannot_be_asked(self, transport: AiohttpTransport, url: str) -> None:
        with pytest.raises(RequestNotSentError):
            await ask(transport, url)

    async def test_a_closed_transport(self, transport: AiohttpTransport) -> None:
        await transport.close()
        await transport.close()
        with pytest.raises(RequestNotSentError):
            await ask(transport, "http://127.0.0.1/")

    def test_it_is_a_failed_connection(self) -> None:
        assert issubclass(RequestNotSentError, ConnectionFailedError)


class TestAnswerLost:
    """`AnswerLostError` whenever it may have arrived (R3), whatever the method, and it is sent only once."""

    @pytest.mark.parametrize("method", METHODS)
    async def test_reset_after_the_request(self, transport: AiohttpTransport, method: str) -> None:
        seen: list[str] = []

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append((await read_request(reader))[0])
            reset(writer)

        async with tcp_server(converse) as address:
            with pytest.raises(AnswerLostError):
                await ask(transport, f"http://{address}/x", method=method)
        assert seen == [f"{method} /x HTTP/1.1"]

    @pytest.mark.parametrize("method", METHODS)
    async def test_a_kept_connection_that_dies_under_a_request_does_not_make_it_go_twice(
        self, transport: AiohttpTransport, method: str
    ) -> None:
        seen: list[str] = []

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append((await read_request(reader))[0])
            writer.write(http_answer())
            seen.append((await read_request(reader))[0])

        async with tcp_server(converse) as address:
            await ask(transport, f"http://{address}/first")
            with pytest.raises(AnswerLostError):
                await ask(transport, f"http://{address}/second", method=method)
        assert seen == ["GET /first HTTP/1.1", f"{method} /second HTTP/1.1"]

    @pytest.mark.parametrize(
        "part",
        [
            b"",
            b"HTTP/1.1 200",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"\x00\x01 no HTTP at all\r\n\r\n",
        ],
        ids=["nothing", "half a head", "half a body", "half a chunk", "junk"],
    )
    async def test_an_answer_that_is_not_whole(self, transport: AiohttpTransport, part: bytes) -> None:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(part)
            await writer.drain()

        async with tcp_server(converse) as address:
            with pytest.raises(AnswerLostError):
                await ask(transport, f"http://{address}/", method="POST", body=b"{}")

    @pytest.mark.parametrize(
        "part", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"], ids=["at the head", "in the body"]
    )
    async def test_an_answer_that_stalls(self, transport: AiohttpTransport, part: bytes) -> None:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(part)
            await reader.read()

        async with tcp_server(converse) as address:
            with pytest.raises(AnswerLostError):
                await ask(transport, f"http://{address}/", timeout_s=0.2)

    async def test_the_transport_is_closed_meanwhile(self, transport: AiohttpTransport) -> None:
        arrived = asyncio.Event()

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            arrived.set()
            await reader.read()

        async with tcp_server(converse) as address:
            asking = asyncio.ensure_future(ask(transport, f"http://{address}/"))
            await arrived.wait()
            await transport.close()
            with pytest.raises(AnswerLostError):
                await asking

    def test_it_is_an_unknown_outcome(self) -> None:
        assert issubclass(AnswerLostError, UnknownOutcomeError)


async def test_r12_no_error_text_quotes_url_headers_or_body(transport: AiohttpTransport) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        reset(writer)

    async with tcp_server(converse) as address:
        for host in (address, f"127.0.0.1:{unused_port()}"):
            with pytest.raises((AnswerLostError, RequestNotSentError)) as caught:
                await ask(
                    transport,
                    f"http://{host}/p?hush=1",
                    method="POST",
                    body=b"hush",
                    headers={"KEY": "hush", "SIGN": "hush"},
                )
            assert "hush" not in str(caught.value)
