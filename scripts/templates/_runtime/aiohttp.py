"""Requests over aiohttp, with its errors told apart as httpx tells apart its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import aiohttp
import attrs
import httpx
import yarl

from .body import Body
from .connections import KEEPALIVE, MAX_REQUESTS, Answer, Request, Rooms, Route, this_loop
from .deadline import Deadline
from .gates import AsyncGate

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


@attrs.frozen
class _Room:
    """The session of one loop."""

    session: aiohttp.ClientSession
    gate: AsyncGate = attrs.field(factory=lambda: AsyncGate(MAX_REQUESTS))


class Connections:
    """The connections of a client, over aiohttp."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._server = f"{route.base_url.scheme}://{route.host.decode()}"
        self._rooms = Rooms(self._new_room)
        self._is_closed = False

    def _new_room(self) -> _Room:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEEPALIVE, ssl=self._route.tls or True
        )
        return _Room(
            aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_once,),
            )
        )

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request and return the answer with its body, up to so many bytes."""
        if self._is_closed:
            raise RuntimeError("The client has been closed.")
        for left in self._rooms.of_closed_loops():
            await left.session.close()
        room = self._rooms.here(this_loop())
        await room.gate.enter(deadline)
        try:
            with _in_terms_of_httpx():
                return await self._exchange(room.session, request, deadline, limit)
        finally:
            room.gate.leave()

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request, deadline: Deadline, limit: int
    ) -> Answer:
        parts = deadline.clip(request.timeout)
        sent = session.request(
            request.method,
            yarl.URL(f"{self._server}{request.target}", encoded=True),
            headers=[(key.decode(), value.decode()) for key, value in request.headers],
            data=request.content or None,
            allow_redirects=False,
            proxy=str(self._route.proxy) if self._route.proxy else None,
            timeout=aiohttp.ClientTimeout(sock_connect=parts["connect"], sock_read=parts["read"]),
        )
        async with sent as answer:
            headers = httpx.Headers(list(answer.raw_headers))
            body = Body(headers.get("Content-Encoding", ""), limit)
            async for chunk in answer.content.iter_any():
                body.add(chunk)
                if body.error:
                    answer.close()
                    break
            return Answer(answer.status, answer.reason or "", headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        self._is_closed = True
        if room := self._rooms.take_out(this_loop()):
            await room.session.close()
