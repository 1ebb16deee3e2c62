"""HTTP over aiohttp: one keep-alive session, URLs untouched, nothing sent twice.

What aiohttp does by itself and we do not want: it resends GET, PUT and DELETE when a kept connection turns out dead
(a cancel could run twice), follows redirects (the signature would go elsewhere), keeps cookies (accounts would share
them), and normalises URLs (the signature would not fit). All four are off.
"""

from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from exchanges.base.transport import AnswerLostError, HttpResponse, RequestNotSentError

_KEEP_ALIVE_S: Final = 30.0
"""Below the idle limit of common front ends, so that we close an idle connection before the exchange does."""
_CONNECT_SHARE: Final = 0.9
"""The connection gets this part of the whole time, so that running out of time while connecting is told apart."""
_DEFAULT_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "teller"}

_ONLY_AS_GIVEN: Final = ("Content-Type",)
"""aiohttp names one even for a request without a body, and exchanges refuse what they did not expect."""


async def _never_resend(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Turns a broken connection into our error before aiohttp sees its own and sends the request a second time."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise AnswerLostError(f"the connection broke before the answer: {_name(error)}") from error


class AiohttpTransport:
    """`HttpTransport` over one `aiohttp.ClientSession`, which is made at the first request.

    May be shared by any number of accounts: it holds no cookies, no credentials and no default host. aiohttp sets
    TCP_NODELAY on its connections by itself.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._timeouts: dict[float, aiohttp.ClientTimeout] = {}

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        """One request and its whole answer, whatever its status; redirects are answers like any other.

        Raises:
            RequestNotSentError: name not resolved, connection refused, TLS failed, no connection in time.
            AnswerLostError: anything that went wrong once there was a connection.
        """
        try:
            async with self._open_session().request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body,
                timeout=self._timeout(timeout_s),
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
                # Names are folded here, once, so that nobody has to care how the exchange writes them.
                folded = {name.lower(): value for name, value in answer.headers.items()}
                return HttpResponse(status=answer.status, headers=folded, body=content)
        except aiohttp.ConnectionTimeoutError as error:
            raise RequestNotSentError("no connection in time") from error
        except aiohttp.ClientConnectorError as error:
            raise RequestNotSentError(f"no connection: {_name(error.os_error)}") from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise RequestNotSentError("the URL is not one that can be asked") from error
        except TimeoutError as error:
            raise AnswerLostError(f"no answer within {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise AnswerLostError(f"the connection broke: {_name(error)}") from error

    async def close(self) -> None:
        """Closes idle and busy connections; later requests are refused. May be called twice."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RequestNotSentError("the transport is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_DEFAULT_HEADERS,
                skip_auto_headers=_ONLY_AS_GIVEN,
                middlewares=(_never_resend,),
                trust_env=False,
            )
        return self._session

    def _timeout(self, timeout_s: float) -> aiohttp.ClientTimeout:
        timeout = self._timeouts.get(timeout_s)
        if timeout is None:
            # aiohttp rounds long timeouts up to whole seconds; a threshold above the timeout keeps them exact.
            timeout = aiohttp.ClientTimeout(
                total=timeout_s, connect=timeout_s * _CONNECT_SHARE, ceil_threshold=timeout_s + 1.0
            )
            self._timeouts[timeout_s] = timeout
        return timeout


def _name(error: BaseException) -> str:
    """What an error text may say: the kind and the operating system's words, never a URL or a header (R12)."""
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return type(error).__name__
