"""The socket under a connection of httpcore: opened in time, and closed whatever happens."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

import anyio
import httpcore

from .deadline import Deadline

SLICE = 1.5
"""How long a thread tries to connect before it looks whether it still shall, in seconds."""


_ASYNC = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
_SYNC: httpcore.NetworkBackend = httpcore.SyncBackend()


class AsyncWire(httpcore.AsyncNetworkBackend):
    """Opens the socket of one connection."""

    def __init__(self) -> None:
        self._stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a server, or to the proxy before it."""
        self._stream = await _ASYNC.connect_tcp(host, port, timeout, local_address, socket_options)
        return self._stream

    def use(self, deadline: Deadline) -> None:
        """Serve another call from now on, whose deadline cancels its task."""

    async def hang_up(self) -> None:
        """Close the socket, also where the task is being cancelled."""
        if self._stream is not None:
            with anyio.CancelScope(shield=True), suppress(OSError):
                await self._stream.aclose()


class Wire(httpcore.NetworkBackend):
    """Opens the socket of one connection, and holds it to the deadline of each call."""

    def __init__(self) -> None:
        self.deadline = Deadline(None)
        """That of the call which is using the connection."""
        self._stream: httpcore.NetworkStream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a server, or to the proxy before it."""
        timeout = self.deadline.left(timeout)
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if end is None else end - time.monotonic()
            part = self.deadline.left(left)
            if self.deadline.can_be_cut:  # While it connects, nobody else knows the socket.
                part = min(SLICE, SLICE if part is None else part)
            try:
                stream = _SYNC.connect_tcp(host, port, part, local_address, socket_options)
            except httpcore.ConnectTimeout:
                if end is not None and time.monotonic() >= end:
                    raise
            else:
                return self.follow(stream)

    def follow(self, stream: httpcore.NetworkStream) -> httpcore.NetworkStream:
        """Return a stream that obeys the deadline."""
        self._stream = stream
        self.deadline.holds(stream.get_extra_info("socket"))
        return _Stream(self, stream)

    def use(self, deadline: Deadline) -> None:
        """Serve another call from now on."""
        self.deadline = deadline
        if self._stream is not None:
            deadline.holds(self._stream.get_extra_info("socket"))

    def hang_up(self) -> None:
        """Close the socket."""
        if self._stream is not None:
            self._stream.close()


class _Stream(httpcore.NetworkStream):
    def __init__(self, wire: Wire, stream: httpcore.NetworkStream) -> None:
        self._wire, self._stream = wire, stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._wire.deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._wire.deadline.left(timeout))

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        plain: socket.socket = self._stream.get_extra_info("socket")
        timeout = self._wire.deadline.left(timeout)
        # The handshake takes the socket out of its object, so that nobody else could end it.
        with socket.fromfd(plain.fileno(), plain.family, plain.type) as twin:
            self._wire.deadline.holds(twin)
            stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return self._wire.follow(stream)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()
