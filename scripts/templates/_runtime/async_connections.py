"""What carries the requests: connections of the client's own, or the caller's client of httpx."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import Any, cast

import httpcore
import httpx

from .body import Body
from .connections import (
    HTTPCORE_ERRORS,
    KEEPALIVE,
    MAX_BORROWED,
    MAX_REQUESTS,
    Answer,
    Request,
    Rooms,
    Route,
    this_loop,
)
from .deadline import AsyncGate, Deadline, shielded

_BACKEND = cast(httpcore.AsyncNetworkBackend, httpcore.AnyIOBackend())


class AsyncWire(httpcore.AsyncNetworkBackend, httpcore.AsyncNetworkStream):
    """The socket of one connection: opened when needed, and held to the deadline of each call."""

    def __init__(self) -> None:
        self._deadline = Deadline(None)
        self._inner: httpcore.AsyncNetworkStream | None = None

    @property
    def _stream(self) -> httpcore.AsyncNetworkStream:
        assert self._inner is not None
        return self._inner

    def use(self, deadline: Deadline) -> None:
        """Serve a call from now on."""
        self._deadline = deadline
        if self._inner is not None:
            deadline.holds(self._inner.get_extra_info("socket"))

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the server, or to the proxy before it."""
        timeout = self._deadline.left(timeout)
        self._inner = await _BACKEND.connect_tcp(host, port, timeout, local_address, socket_options)
        self.use(self._deadline)
        return self

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Speak TLS from now on."""
        timeout = self._deadline.left(timeout)
        self._inner = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        self.use(self._deadline)
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, self._deadline.left(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, self._deadline.left(timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    async def aclose(self) -> None:
        """Close the socket, also where the task is being cancelled."""
        if self._inner is not None:
            with shielded(), suppress(OSError):
                await self._inner.aclose()


class AsyncConnection:
    """A connection, used by one request at a time."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._wire = AsyncWire()
        options: dict[str, Any] = {"keepalive_expiry": KEEPALIVE, "network_backend": self._wire}
        self.inner: httpcore.AsyncConnectionInterface
        if route.proxy is None:
            self.inner = httpcore.AsyncHTTPConnection(route.origin, route.tls, **options)
        else:
            is_socks = route.proxy.scheme.startswith("socks")
            pool_class = httpcore.AsyncSOCKSProxy if is_socks else httpcore.AsyncHTTPProxy
            self.inner = pool_class(**route.by_proxy, **options).create_connection(route.origin)

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request and read the answer."""
        self._wire.use(deadline)
        origin = self._route.origin
        sent = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=origin.scheme,
                host=origin.host,
                port=origin.port,
                target=request.target.encode("ascii"),
            ),
            headers=[(b"Host", self._route.host), *request.headers],
            content=request.content,
            extensions={"timeout": request.timeout.as_dict()},
        )
        answer = await self.inner.handle_async_request(sent)
        reason = cast("dict[str, bytes]", answer.extensions).get("reason_phrase", b"")
        try:
            headers = httpx.Headers(answer.headers)
            said = reason.decode("ascii", "ignore")
            return await read(answer.status, said, headers, answer.aiter_stream(), deadline, limit)
        finally:
            await answer.aclose()

    async def aclose(self) -> None:
        """Close it, whatever its state."""
        await self._wire.aclose()


async def read(
    status_code: int,
    reason: str,
    headers: httpx.Headers,
    chunks: AsyncIterator[bytes],
    deadline: Deadline,
    limit: int,
) -> Answer:
    """Return an answer with its body, up to so many bytes."""
    body = Body(headers.get("Content-Encoding", ""), limit)
    async for chunk in chunks:
        body.add(chunk)
        if body.error:
            break
        deadline.left(None)
    return Answer(status_code, reason, headers, body)


class AsyncRoom:
    """What one loop has: a gate, and what it keeps open, the last one used at the end."""

    def __init__(self, size: int) -> None:
        self.gate = AsyncGate(size)
        self.open: deque[Any] = deque()

    def taken(self, take: Callable[[], Any]) -> Any:
        """Take something out, if something is there: other threads may take it, too."""
        try:
            return take()
        except IndexError:
            return None


class AsyncCarrier:
    """Something to send requests through, a few at a time."""

    size = MAX_REQUESTS

    def __init__(self) -> None:
        self._rooms = Rooms(lambda: AsyncRoom(self.size))
        self._is_closed = False

    async def turn(self) -> None:
        """Wait for a turn to begin, where many begin at once."""
        await self._rooms.here(this_loop()).gate.turn()

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request and return the answer with its body, up to so many bytes."""
        if self._is_closed:
            raise RuntimeError("The client has been closed.")
        room = self._rooms.here(this_loop())
        await room.gate.enter(deadline)
        try:
            return await self._exchange(room, request, deadline, limit)
        finally:
            room.gate.leave()

    async def _exchange(
        self, room: AsyncRoom, request: Request, deadline: Deadline, limit: int
    ) -> Answer:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close what is open; what is in use is closed when its answer has come."""
        self._is_closed = True
        room = self._rooms.take_out(this_loop())
        while room and (one := room.taken(room.open.pop)) is not None:
            await one.aclose()


class AsyncConnections(AsyncCarrier):
    """Connections of the client's own."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self._route = route

    async def _exchange(
        self, room: AsyncRoom, request: Request, deadline: Deadline, limit: int
    ) -> Answer:
        connection = await self._free(room) or AsyncConnection(self._route)
        try:
            return await connection.exchange(request, deadline, limit)
        except HTTPCORE_ERRORS as error:
            error_class: type[httpx.RequestError] = getattr(httpx, type(error).__name__)
            raise error_class(str(error)) from error
        finally:
            deadline.holds(None)  # From here on, it may be another call's.
            if connection.inner.is_available() and not self._is_closed:
                room.open.append(connection)
            else:
                await connection.aclose()

    async def _free(self, room: AsyncRoom) -> AsyncConnection | None:
        """Return the connection that was used last, and close those that have expired."""
        oldest: AsyncConnection | None = room.taken(room.open.popleft)
        if oldest is not None and not oldest.inner.has_expired():
            room.open.appendleft(oldest)
        elif oldest is not None:
            await oldest.aclose()
        newest: AsyncConnection | None
        while (newest := room.taken(room.open.pop)) and newest.inner.has_expired():
            await newest.aclose()
        return newest


class AsyncBorrowed(AsyncCarrier):
    """A client of httpx that is the caller's: it has connections, headers and hooks of its own."""

    size = MAX_BORROWED

    def __init__(self, client: object, base_url: httpx.URL) -> None:
        super().__init__()
        kind, given = httpx.AsyncClient, type(client).__name__
        if not isinstance(client, kind):
            raise ValueError(f"http_client must be an httpx.{kind.__name__}, not of type {given}.")
        self._client, self._base_url = client, base_url

    async def _exchange(
        self, room: AsyncRoom, request: Request, deadline: Deadline, limit: int
    ) -> Answer:
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
            status, reason, headers = answer.status_code, answer.reason_phrase, answer.headers
            try:
                if answer.is_stream_consumed:  # As from httpx.MockTransport: it is decompressed.
                    body = Body("", limit)
                    body.add(answer.content)
                    return Answer(status, reason, headers, body)
                return await read(status, reason, headers, answer.aiter_raw(), deadline, limit)
            finally:
                await answer.aclose()
        except Exception:
            # Errors of httpx keep the request: whoever digs there shall not find the token.
            sent.headers.clear()
            raise

    async def aclose(self) -> None:
        """Leave it open."""
