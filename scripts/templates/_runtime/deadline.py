"""The end of a whole call, which httpx's time-outs do not know: they bound each read anew.

The async client has cancellation for it. The sync one has its sockets wait no longer than the
call that uses them may still take; `enforce` sees to that.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

import anyio
import httpcore
import httpx

_here = threading.local()


class Deadline:
    """The moment by which a call must be done, on the monotonic clock."""

    def __init__(self, seconds: float | None, *, can_be_cut: bool = False) -> None:
        self.seconds = seconds
        self._can_be_cut = can_be_cut
        # Beyond a century, the clocks of the system overflow.
        self._end = None if seconds is None or seconds > 3e9 else time.monotonic() + seconds
        self._stream: httpcore.NetworkStream | None = None

    @property
    def remaining(self) -> float | None:
        """The seconds left, 0 at the least; `None` for ever."""
        return None if self._end is None else max(self._end - time.monotonic(), 0.0)

    def allows(self, delay: float) -> bool:
        """Whether something can still be done after so many seconds."""
        return self._end is None or time.monotonic() + delay < self._end

    def clip(self, timeout: httpx.Timeout) -> httpx.Timeout:
        """Shorten the parts of a time-out to what is left."""
        left = self.remaining
        if left is None:
            return timeout
        parts = timeout.as_dict().items()
        return httpx.Timeout(**{name: left if s is None else min(s, left) for name, s in parts})

    def holds(self, stream: httpcore.NetworkStream) -> None:
        """Take note of the stream that the call is using."""
        self._stream = stream

    def cut(self) -> None:
        """End the call now, from another thread."""
        self._end = time.monotonic()
        used = self._stream.get_extra_info("socket") if self._stream else None
        if isinstance(used, socket.socket):
            with suppress(OSError):  # It may be closed by now.
                socket.socket.shutdown(used, socket.SHUT_RDWR)

    def enforced_by_cancelling(self) -> AbstractContextManager[object]:
        """Have the task cancelled when the time is over; that ends in a `TimeoutError`."""
        left = self.remaining
        return nullcontext() if left is None else anyio.fail_after(left)

    def enforced(self) -> AbstractContextManager[object]:
        """Hold the sockets of this thread to the deadline, if there is one."""
        return nullcontext() if self._end is None and not self._can_be_cut else self._enforced()

    @contextmanager
    def _enforced(self) -> Generator[None]:
        before = _deadline_here()
        _here.deadline = self
        try:
            yield
        finally:
            _here.deadline = before


def enforce(http_client: httpx.Client) -> None:
    """Have the sockets that `http_client` opens from now on obey `Deadline.enforced`.

    httpx has no public way to choose httpcore's network backend. Where its insides are not what
    they were, the deadline is looked at between reads, and no less sharply than that.
    """
    known: dict[str, Any] = vars(http_client)
    mounts: dict[str, Any] = known.get("_mounts", {})
    for transport in (known.get("_transport"), *mounts.values()):
        pool = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if isinstance(backend, httpcore.NetworkBackend) and not isinstance(backend, _Backend):
            vars(pool)["_network_backend"] = _Backend(backend)


def _deadline_here() -> Deadline | None:
    return getattr(_here, "deadline", None)


def _left(timeout: float | None, stream: httpcore.NetworkStream | None = None) -> float | None:
    deadline = _deadline_here()
    if deadline and stream:
        deadline.holds(stream)
    left = deadline.remaining if deadline else None
    if left is None:
        return timeout
    if left == 0.0:
        raise httpcore.ReadTimeout("the time for the call is over")
    return left if timeout is None else min(timeout, left)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(host, port, _left(timeout), *args, **kwargs)
        if deadline := _deadline_here():
            deadline.holds(stream)  # From here on it can be cut, the TLS handshake included.
        return _Stream(stream)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        return _Stream(self._backend.connect_unix_socket(path, _left(timeout), *args, **kwargs))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, self._stream))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, self._stream))

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()
