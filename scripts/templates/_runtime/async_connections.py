"""What carries the requests: connections of the client's own, or the caller's client of httpx."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, Protocol, cast
from weakref import WeakKeyDictionary

import httpcore
import httpx

from .body import PIECE, unpacked
from .connections import KEEPALIVE, Answer, Request, Route, route_to, this_loop
from .deadline import AsyncGate, Deadline, shielded

MAX_REQUESTS = 16
"""How many requests a client has under way at a time; more wait for their turn."""

MAX_BORROWED = 100
"""The same over an `http_client`, whose own limits come first; as httpx's are by default."""

_BACKEND = cast(httpcore.AsyncNetworkBackend, httpcore.AnyIOBackend())


class AsyncConnection(Protocol):
    """What carries one request at a time, and is closed after an error."""

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer: ...

    def is_usable(self) -> bool:
        return True

    async def aclose(self) -> None:
        return  # It may be the caller's.


class AsyncOwnConnection(httpcore.AsyncNetworkBackend, httpcore.AsyncNetworkStream):
    """A connection of the client's own.

    It is the socket, too, over which httpcore speaks: opened when needed, and held to the deadline
    of each call.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self._deadline = Deadline(None)
        self._patience: float | None = None
        self._has_read = False
        self._stream = httpcore.AsyncNetworkStream()  # Not there yet.
        options: dict[str, Any] = {"ssl_context": route.tls, "keepalive_expiry": KEEPALIVE}
        options["network_backend"] = self
        pool = httpcore.AsyncConnectionPool(**options)
        if route.proxy is not None:
            if route.proxy.url.scheme == "https":
                options["proxy_ssl_context"] = route.tls
            pool_class = httpcore.AsyncSOCKSProxy if route.is_by_socks else httpcore.AsyncHTTPProxy
            pool = pool_class(str(route.proxy.url), route.proxy.raw_auth, **options)
        self._inner = pool.create_connection(route.origin)

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        self._deadline, deadline.wire = deadline, self
        self._patience = request.timeout.read  # For the steps of SOCKS, which have no other.
        self._has_read = False
        origin, target = self._route.origin, request.target.encode("ascii")
        sent = httpcore.Request(
            request.method,
            httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target),
            headers=[(b"Host", self._route.base_url.netloc), *request.headers],
            content=request.content,
            extensions={"timeout": request.timeout.as_dict()},
        )
        try:
            answer = await self._inner.handle_async_request(sent)
            try:
                if not self._has_read:  # A server that answers twice would be one ahead for good.
                    raise httpx.RemoteProtocolError("the answer came before the request")
                reason = cast("dict[str, bytes]", answer.extensions).get("reason_phrase", b"")
                head = answer.status, reason.decode("ascii", "ignore"), answer.headers
                return await read(head, answer.aiter_stream(), deadline, limit)
            finally:
                await answer.aclose()
        except Exception as error:
            # Those of httpcore, and of what speaks SOCKS for it, have the names of those of httpx.
            error_class = getattr(httpx, type(error).__name__, None)
            if error_class is None:
                raise
            raise error_class(str(error)) from error
        finally:
            deadline.wire = None  # From here on, it may be another call's.

    def is_usable(self) -> bool:
        return self._inner.is_available() and not self._inner.has_expired()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *more: Any, **options: Any
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the server, or to the proxy before it."""
        left = self._deadline.left(timeout)
        self._stream = await _BACKEND.connect_tcp(host, port, left, *more, **options)
        return self

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Speak TLS from now on."""
        left = self._deadline.left(timeout)
        self._stream = await self._stream.start_tls(ssl_context, server_hostname, left)
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._has_read = True
        return await self._stream.read(max_bytes, self._deadline.left(timeout or self._patience))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, self._deadline.left(timeout or self._patience))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    async def aclose(self) -> None:
        """Close the socket, also where the task is being cancelled."""
        with shielded(), suppress(OSError, NotImplementedError):  # The latter before it is there.
            await self._stream.aclose()


class AsyncLentClient(AsyncConnection):
    """A client of httpx that is the caller's: it has connections, headers and hooks of its own."""

    def __init__(self, client: httpx.AsyncClient, base_url: httpx.URL) -> None:
        self._client, self._base_url = client, base_url

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request through it, but without its `auth`, and wherever an answer points to."""
        sent = self._client.build_request(
            request.method,
            self._base_url.copy_with(raw_path=request.target.encode("ascii")),
            headers=request.headers,
            content=request.content or None,
            timeout=httpx.Timeout(**deadline.clip(request.timeout)),
        )
        try:
            answer = await self._client.send(sent, stream=True, auth=None, follow_redirects=False)
            try:
                head = answer.status_code, answer.reason_phrase, answer.headers
                if answer.is_stream_consumed:  # As from httpx.MockTransport: it is decompressed.
                    return Answer(*head, *unpacked(answer.content, "", limit))
                return await read(head, answer.aiter_raw(), deadline, limit)
            finally:
                await answer.aclose()
        except Exception:
            # Errors of httpx keep the request: whoever digs there shall not find the token.
            sent.headers.clear()
            raise


async def read(
    head: tuple[int, str, Any], chunks: AsyncIterator[bytes], deadline: Deadline, limit: int
) -> Answer:
    """Return an answer with its body, up to so many bytes; it begins with status and headers."""
    status_code, reason, given = head
    headers, content = httpx.Headers(given), bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > limit + PIECE:  # What is packed may be larger than what it holds.
            break
        deadline.left(None)
    encoding = headers.get("Content-Encoding", "")
    return Answer(status_code, reason, headers, *unpacked(bytes(content), encoding, limit))


class AsyncRoom(NamedTuple):
    """What one process has in one loop."""

    gate: AsyncGate
    free: deque[AsyncConnection]
    """The connections that no call is using, the one that is free for longest first."""
    keeper: AsyncGenerator[None]
    """What closes those at the end of the loop, or of the client that nobody holds any more."""


async def keeper(free: deque[AsyncConnection]) -> AsyncGenerator[None]:
    """Close connections at the end: Python ends a generator when its loop ends."""
    try:
        yield
    finally:
        while connection := popped(free):
            await connection.aclose()


def popped(free: deque[AsyncConnection]) -> AsyncConnection | None:
    """Take the first one out, if one is there: other threads take them, too."""
    try:
        return free.popleft()
    except IndexError:
        return None


class AsyncCarrier:
    """Something to send requests through, a few at a time in each process and each event loop.

    A child of a fork shares the sockets of its parent, and a loop cannot use those of another.
    So each has its own; those of the parent stay, as to close them would touch its loop.
    """

    def __init__(
        self, base_url: httpx.URL, connect: Callable[[Route], AsyncConnection], http_client: object
    ) -> None:
        kind, given = httpx.AsyncClient, type(http_client).__name__
        self._connect: Callable[[], AsyncConnection]
        if http_client is None:
            route = route_to(base_url)
            if route.is_by_socks and connect is not AsyncOwnConnection:
                raise ValueError("The environment names a SOCKS proxy, which aiohttp cannot use.")
            self._connect, self._size = partial(connect, route), MAX_REQUESTS
        elif isinstance(http_client, kind):
            self._connect = partial(AsyncLentClient, http_client, base_url)
            self._size = MAX_BORROWED
        else:
            raise ValueError(f"http_client must be an httpx.{kind.__name__}, not of type {given}.")
        self._by_process: dict[int, WeakKeyDictionary[object, AsyncRoom]] = {}
        self._is_closed = False

    def _rooms(self) -> WeakKeyDictionary[object, AsyncRoom]:
        """Return what this process has, by loop."""
        return self._by_process.setdefault(os.getpid(), WeakKeyDictionary())

    async def _room(self) -> AsyncRoom:
        """Return what this loop has; where two ask at once, both get the same."""
        if self._is_closed:
            raise RuntimeError("The client has been closed.")
        rooms, loop = self._rooms(), this_loop()
        if room := rooms.get(loop):
            return room
        free: deque[AsyncConnection] = deque()
        room = AsyncRoom(AsyncGate(self._size), free, keeper(free))
        await room.keeper.__anext__()
        return rooms.setdefault(loop, room)

    async def turn(self) -> None:
        """Wait for a turn to begin, where many begin at once."""
        await (await self._room()).gate.turn()

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request and return the answer with its body, up to so many bytes."""
        gate, free, _ = await self._room()
        async with gate.place(deadline):
            while (connection := popped(free)) and not connection.is_usable():
                await connection.aclose()
            connection, is_sound = connection or self._connect(), False
            try:
                answer = await connection.exchange(request, deadline, limit)
                is_sound = connection.is_usable() and not self._is_closed
                return answer
            finally:  # An error, or Ctrl-C, may have struck anywhere in it.
                if is_sound:
                    free.append(connection)
                else:
                    await connection.aclose()

    async def aclose(self) -> None:
        """Close what is free; what is in use is closed when its answer has come."""
        self._is_closed = True
        if room := self._rooms().pop(this_loop(), None):
            await room.keeper.aclose()
