"""Requests over aiohttp, with its errors told apart as httpx tells apart its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import aiohttp
import httpx
import yarl
from multidict import CIMultiDict, CIMultiDictProxy

from .async_connections import AsyncConnection, read
from .connections import KEEPALIVE, Answer, Request, Route
from .deadline import Deadline, shielded
from .secret import basic

MAX_HEADER = 100 * 1024
"""The largest header of an answer, in bytes, as it is over httpx."""

MEANINGS: tuple[tuple[type[Exception], type[httpx.RequestError]], ...] = (
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.ClientPayloadError, httpx.ReadError),
    (aiohttp.ClientError, httpx.RemoteProtocolError),
)
"""What an error of aiohttp means in terms of httpx; the first that fits."""


@contextmanager
def _in_terms_of_httpx() -> Generator[None]:
    try:
        yield
    except aiohttp.ClientError as error:
        if isinstance(error, aiohttp.ClientResponseError):
            # It keeps the request: whoever digs there shall not find the token.
            info, nothing = error.request_info, CIMultiDictProxy[str](CIMultiDict())
            info = aiohttp.RequestInfo(info.url, info.method, nothing, info.real_url)
            error.request_info, error.args = info, (info, error.history)
        raise next(
            meaning(str(error)) for kind, meaning in MEANINGS if isinstance(error, kind)
        ) from error


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp repeats one by itself after any error that it knows."""
    with _in_terms_of_httpx():
        return await handler(request)


class Session(AsyncConnection):
    """A connection, as aiohttp keeps it; it connects anew by itself."""

    def __init__(self, route: Route) -> None:
        self._server = f"{route.base_url.scheme}://{route.base_url.netloc.decode()}"
        user = route.proxy and route.proxy.auth
        self._proxy_headers = {"Proxy-Authorization": basic(":".join(user))} if user else {}
        self._inner = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=KEEPALIVE, ssl=route.tls or True),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            proxy=str(route.proxy.url) if route.proxy else None,
            headers=self._proxy_headers if route.base_url.scheme == "http" else None,
        )

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        parts = deadline.clip(request.timeout)
        connect, wait = parts["connect"], parts["read"]
        # A proxy that was connected to may take its time, too.
        in_all = None if connect is None or wait is None else connect + wait
        sent = self._inner.request(
            request.method,
            yarl.URL(f"{self._server}{request.target}", encoded=True),
            headers=[(key.decode(), value.decode()) for key, value in request.headers],
            data=request.content or None,
            allow_redirects=False,
            proxy_headers=self._proxy_headers,
            timeout=aiohttp.ClientTimeout(connect=in_all, sock_connect=connect, sock_read=wait),
        )
        with _in_terms_of_httpx():
            async with sent as answer:
                head = answer.status, answer.reason or "", list(answer.raw_headers)
                return await read(head, answer.content.iter_any(), deadline, limit)

    async def aclose(self) -> None:
        with shielded():
            await self._inner.close()
