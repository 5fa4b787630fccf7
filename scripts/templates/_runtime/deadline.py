"""The end of a whole call, and a place in the queue for it: by threads, and by tasks."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import AsyncGenerator, Generator

import anyio
import httpcore
import httpx


class Deadline:
    """The moment by which a call must be done, on the monotonic clock."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.wire: httpcore.NetworkStream | httpcore.AsyncNetworkStream | None = None
        """The socket that the call is using."""
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    def allows(self, delay: float) -> bool:
        """Whether something can still be done after so many seconds."""
        return time.monotonic() + delay < self._end

    def left(self, timeout: float | None) -> float | None:
        """Return how long one step may take, in seconds, or raise where no time is left."""
        if self._end == math.inf:
            return timeout
        remaining = self._end - time.monotonic()
        if remaining <= 0.0:
            raise TimeoutError  # Without a text, as that of the gate: logs group by it.
        return remaining if timeout is None else min(timeout, remaining)

    def clip(self, timeout: httpx.Timeout) -> dict[str, float | None]:
        """Return the parts of a time-out, none longer than what is left."""
        return {name: self.left(seconds) for name, seconds in timeout.as_dict().items()}

    def cut(self) -> None:
        """End the call now, from another thread; one that still connects, once it has."""
        self._end = -math.inf
        used = self.wire and self.wire.get_extra_info("socket")
        if isinstance(used, socket.socket):
            with contextlib.suppress(OSError):  # It may be closed by now.
                socket.socket.shutdown(used, socket.SHUT_RDWR)


def shielded() -> contextlib.AbstractContextManager[object]:
    """Let a task that is being cancelled do something in full."""
    return anyio.CancelScope(shield=True)


def unshielded() -> contextlib.AbstractContextManager[None]:
    """Do nothing: nobody cancels a thread."""
    return contextlib.nullcontext()


class AsyncGate:
    """Lets a few tasks through at a time, in the order in which they came."""

    def __init__(self, size: int) -> None:
        self._places = anyio.Semaphore(size, fast_acquire=True)
        self._turn = anyio.Lock()

    @contextlib.asynccontextmanager
    async def place(self, deadline: Deadline) -> AsyncGenerator[None]:
        """Wait for a place, and keep it; the task is cancelled when the time is over."""
        with anyio.fail_after(deadline.left(None)):
            async with self._places:
                yield

    async def turn(self) -> None:
        """Let one task on in each round of the loop, so that many that begin do not block it."""
        async with self._turn:  # To take it is what lasts a round.
            pass


class Gate:
    """Lets a few threads through at a time."""

    def __init__(self, size: int) -> None:
        self._places = threading.Semaphore(size)

    @contextlib.contextmanager
    def place(self, deadline: Deadline) -> Generator[None]:
        """Wait for a place, and keep it; each step of the sockets is held to the deadline."""
        while not self._places.acquire(timeout=deadline.left(1.0)):
            continue
        try:
            yield
        finally:
            self._places.release()

    def turn(self) -> None:
        """Go on: the system lets each thread have its turn."""
