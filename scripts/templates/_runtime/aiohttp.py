"""Requests over aiohttp, with its errors told apart as httpx tells apart its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import aiohttp
import httpx
import yarl

from .async_connections import AsyncCarrier, AsyncRoom, read
from .connections import KEEPALIVE, Answer, Request, Route
from .deadline import Deadline

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
        raise next(
            meaning(str(error)) for kind, meaning in MEANINGS if isinstance(error, kind)
        ) from error


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp repeats one by itself after any error that it knows."""
    with _in_terms_of_httpx():
        return await handler(request)


class Session:
    """The connections of one loop."""

    def __init__(self, route: Route) -> None:
        self.inner = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEPALIVE, ssl=route.tls or True
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
        )

    async def aclose(self) -> None:
        """Close them."""
        await self.inner.close()


class AsyncConnections(AsyncCarrier):
    """The connections of a client, over aiohttp."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self._route = route
        self._server = f"{route.base_url.scheme}://{route.host.decode()}"

    async def _exchange(
        self, room: AsyncRoom, request: Request, deadline: Deadline, limit: int
    ) -> Answer:
        if not room.open:
            for left in self._rooms.of_closed_loops():
                await left.open.pop().aclose()
            room.open.append(Session(self._route))
        parts = deadline.clip(request.timeout)
        session: Session = room.open[0]
        sent = session.inner.request(
            request.method,
            yarl.URL(f"{self._server}{request.target}", encoded=True),
            headers=[(key.decode(), value.decode()) for key, value in request.headers],
            data=request.content or None,
            allow_redirects=False,
            proxy=str(self._route.proxy) if self._route.proxy else None,
            timeout=aiohttp.ClientTimeout(sock_connect=parts["connect"], sock_read=parts["read"]),
        )
        with _in_terms_of_httpx():
            async with sent as answer:
                headers, chunks = httpx.Headers(list(answer.raw_headers)), answer.content.iter_any()
                reason = answer.reason or ""
                return await read(answer.status, reason, headers, chunks, deadline, limit)
