"""The transport of aiohttp, with its errors told apart as httpx tells apart its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx
import httpx_aiohttp

MEANINGS: tuple[tuple[type[aiohttp.ClientError], type[httpx.RequestError]], ...] = (
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
def _in_terms_of_httpx(request: httpx.Request) -> Generator[None]:
    try:
        yield
    except (httpx.RequestError, aiohttp.ClientError) as error:
        cause = error.__cause__ if isinstance(error, httpx.RequestError) else error
        for kind, meaning in MEANINGS:
            if isinstance(cause, kind):
                raise meaning(str(cause), request=request) from cause
        raise


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, request: httpx.Request) -> None:
        self._stream, self._request = stream, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_terms_of_httpx(self._request):
            async for chunk in self._stream:
                yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class Transport(httpx_aiohttp.AiohttpTransport):
    """Carries requests over aiohttp."""

    def get_client(self) -> aiohttp.ClientSession:
        """Give the session of aiohttp."""
        session = super().get_client()
        # Else it repeats a request itself, which no `max_retries` bounds. There is no public way.
        vars(session)["_retry_connection"] = False
        return session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        with _in_terms_of_httpx(request):
            answer = await super().handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        answer.stream = _Stream(answer.stream, request)
        return answer


class Client(httpx_aiohttp.HttpxAiohttpClient):
    """A client of httpx over that transport, with the proxies of the environment."""

    def _init_transport(self, *_: Any, **options: Any) -> httpx.AsyncBaseTransport:
        del options["transport"]
        return Transport(**options)

    def _init_proxy_transport(
        self, proxy: httpx.Proxy, *_: Any, **options: Any
    ) -> httpx.AsyncBaseTransport:
        return Transport(proxy=proxy, **options)
