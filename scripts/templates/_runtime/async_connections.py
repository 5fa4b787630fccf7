"""What carries the requests: connections of the client's own, or the caller's client of httpx."""

from __future__ import annotations

from collections import deque
from typing import Protocol, cast

import attrs
import httpcore
import httpx

from .body import Body
from .connections import (
    HTTPCORE_ERRORS,
    MAX_BORROWED,
    MAX_REQUESTS,
    Answer,
    Request,
    Rooms,
    Route,
    in_terms_of_httpx,
    this_loop,
)
from .deadline import Deadline
from .gates import AsyncGate
from .wires import AsyncWire


class AsyncCarrier(Protocol):
    """Something to send a request through."""

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request and return the answer with its body, up to so many bytes."""
        ...

    async def aclose(self) -> None:
        """Close what it has opened."""
        ...


class AsyncConnection:
    """A connection, used by one request at a time."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self.wire = AsyncWire()
        self.inner = route.async_connection(self.wire)

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request and read the answer."""
        self.wire.use(deadline)
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
            extensions={"timeout": deadline.clip(request.timeout)},
        )
        answer = await self.inner.handle_async_request(sent)
        try:
            headers = httpx.Headers(answer.headers)
            body = Body(headers.get("Content-Encoding", ""), limit)
            async for chunk in answer.aiter_stream():
                body.add(chunk)
                if body.error:
                    break
        finally:
            await answer.aclose()
        reason = cast("dict[str, bytes]", answer.extensions).get("reason_phrase", b"")
        return Answer(answer.status, reason.decode("ascii", "ignore"), headers, body)


@attrs.frozen
class _Room:
    """The connections of one loop that wait for a request, the last one used at the end."""

    gate: AsyncGate = attrs.field(factory=lambda: AsyncGate(MAX_REQUESTS))
    idle: deque[AsyncConnection] = attrs.field(factory=deque[AsyncConnection])

    def newest(self) -> AsyncConnection | None:
        """Take out the connection that was used last; other threads may do so too."""
        try:
            return self.idle.pop()
        except IndexError:
            return None

    def oldest(self) -> AsyncConnection | None:
        """Take out the connection that has been idle for longest."""
        try:
            return self.idle.popleft()
        except IndexError:
            return None


class AsyncConnections:
    """The connections of a client."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._rooms = Rooms(self._new_room)
        self._is_closed = False

    def _new_room(self) -> _Room:
        self._rooms.of_closed_loops()  # Their sockets are closed once nobody holds them.
        return _Room()

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request over a connection that is free, or over a new one."""
        if self._is_closed:
            raise RuntimeError("The client has been closed.")
        room = self._rooms.here(this_loop())
        await room.gate.enter(deadline)
        try:
            connection = await self._free(room) or AsyncConnection(self._route)
            try:
                return await connection.exchange(request, deadline, limit)
            except HTTPCORE_ERRORS as error:
                raise in_terms_of_httpx(error) from error
            finally:
                if connection.inner.is_available() and not self._is_closed:
                    room.idle.append(connection)
                else:
                    await connection.wire.hang_up()
        finally:
            room.gate.leave()

    async def _free(self, room: _Room) -> AsyncConnection | None:
        """Return the connection that was used last, and close those that have expired."""
        oldest = room.oldest()
        if oldest is not None:
            if oldest.inner.has_expired():
                await oldest.wire.hang_up()
            else:
                room.idle.appendleft(oldest)
        newest = room.newest()
        while newest is not None and newest.inner.has_expired():
            await newest.wire.hang_up()
            newest = room.newest()
        return newest

    async def aclose(self) -> None:
        """Close the connections; one that is in use is closed when its answer has come."""
        self._is_closed = True
        room = self._rooms.take_out(this_loop())
        while room and (connection := room.newest()) is not None:
            await connection.wire.hang_up()


class AsyncBorrowed:
    """A client of httpx that is the caller's: it has connections, headers and hooks of its own."""

    def __init__(self, client: httpx.AsyncClient, base_url: httpx.URL) -> None:
        self._client = client
        self._base_url = base_url
        self._gates = Rooms(lambda: AsyncGate(MAX_BORROWED))

    async def exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
        """Send a request through it, but without its `auth`, and wherever an answer points to."""
        gate = self._gates.here(this_loop())
        await gate.enter(deadline)
        try:
            return await self._exchange(request, deadline, limit)
        finally:
            gate.leave()

    async def _exchange(self, request: Request, deadline: Deadline, limit: int) -> Answer:
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
                body = Body(answer.headers.get("Content-Encoding", ""), limit)
                if answer.is_stream_consumed:  # As from httpx.MockTransport: it is decompressed.
                    body = Body("", limit)
                    body.add(answer.content)
                    return Answer(answer.status_code, answer.reason_phrase, answer.headers, body)
                async for chunk in answer.aiter_raw():
                    body.add(chunk)
                    if body.error:
                        break
                    deadline.left(None)
            finally:
                await answer.aclose()
        except Exception:
            # Errors of httpx keep the request: whoever digs there shall not find the token.
            sent.headers.clear()
            raise
        return Answer(answer.status_code, answer.reason_phrase, answer.headers, body)

    async def aclose(self) -> None:
        """Leave it open."""
