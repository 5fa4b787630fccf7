"""Connections, for clients that bring none of their own.

httpcore goes over all connections and all requests of a pool whenever one of them begins or ends:
with fifty requests under way through one pool, most of the time goes there.
"""

from __future__ import annotations

import os
import ssl
import urllib.request
from collections.abc import AsyncIterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import httpx

from .deadline import enforce

MAX_CONNECTIONS = 100
"""How many connections a client opens at most; as httpx."""

LIMITS = httpx.Limits(
    max_connections=MAX_CONNECTIONS,
    max_keepalive_connections=MAX_CONNECTIONS,  # httpx closes what is beyond 20, time and again.
    keepalive_expiry=55.0,  # Polls come every 30 seconds; servers close after a minute or more.
)

POOL_SIZE = 4


def tls_context() -> ssl.SSLContext:
    """Give the certificates to trust, as httpx finds them; read once for all clients."""
    return _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _tls_context(*_: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()


def client_of_httpx(
    mine: httpx.Client | None, timeout: httpx.Timeout, headers: Mapping[str, str], _: str
) -> httpx.Client:
    """Return the caller's client of httpx, or a new one."""
    client = mine or httpx.Client(
        timeout=timeout, headers=headers, limits=LIMITS, verify=tls_context()
    )
    enforce(client)
    return client


def async_client_of_httpx(
    mine: httpx.AsyncClient | None,
    timeout: httpx.Timeout,
    headers: Mapping[str, str],
    transport: str,
) -> httpx.AsyncClient:
    """Return the caller's client of httpx, or a new one, over httpx's transport or aiohttp's."""
    if mine:
        return mine
    more: dict[str, Any] = {"limits": LIMITS, "verify": tls_context()}
    if transport == "aiohttp":
        client: type[httpx.AsyncClient] = import_module(".aiohttp", __package__).Client
        return client(timeout=timeout, headers=headers, **more)
    if not urllib.request.getproxies():  # httpx asks for them only if it makes the transport.
        more = {"transport": Pools()}
    return httpx.AsyncClient(timeout=timeout, headers=headers, **more)


class Pools(httpx.AsyncBaseTransport):
    """Many small pools of connections, in place of a large one."""

    def __init__(self) -> None:
        self._pools: list[_Pool] = []

    def _choose(self) -> _Pool:
        for pool in self._pools:
            if pool.busy < POOL_SIZE:
                return pool
        if len(self._pools) * POOL_SIZE < MAX_CONNECTIONS:
            self._pools.append(_Pool())
            return self._pools[-1]
        return min(self._pools, key=lambda pool: pool.busy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over a pool that has room."""
        pool = self._choose()
        pool.busy += 1
        try:
            answer = await pool.transport.handle_async_request(request)
        except BaseException:
            pool.busy -= 1
            raise
        stream = _Stream(answer, pool)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=stream,
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools:
            await pool.transport.aclose()


class _Pool:
    def __init__(self) -> None:
        limits = httpx.Limits(
            max_connections=POOL_SIZE,
            max_keepalive_connections=POOL_SIZE,
            keepalive_expiry=LIMITS.keepalive_expiry,
        )
        self.transport = httpx.AsyncHTTPTransport(verify=tls_context(), limits=limits)
        self.busy = 0
        """How many requests are under way."""


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpx.Response, pool: _Pool) -> None:
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        self._stream, self._pool = answer.stream, pool
        self._is_open = True

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        if self._is_open:
            self._is_open = False
            self._pool.busy -= 1
        await self._stream.aclose()
