"""The end of a whole call, and a place in the queue for it: by threads, and by tasks."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

import anyio.lowlevel
import httpx

OVER = "the time for the call is over"


class Deadline:
    """The moment by which a call must be done, on the monotonic clock."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._end: float | None = None
        if seconds is not None and seconds < math.inf:
            self._end = time.monotonic() + seconds
        self._socket: socket.socket | None = None

    @property
    def remaining(self) -> float | None:
        """The seconds left, 0 at the least; `None` for ever."""
        return None if self._end is None else max(self._end - time.monotonic(), 0.0)

    def allows(self, delay: float) -> bool:
        """Whether something can still be done after so many seconds."""
        return self._end is None or time.monotonic() + delay < self._end

    def clip(self, timeout: httpx.Timeout) -> dict[str, float | None]:
        """Return the parts of a time-out, none longer than what is left."""
        return {name: self.left(seconds) for name, seconds in timeout.as_dict().items()}

    def left(self, timeout: float | None) -> float | None:
        """Return how long one step may take, in seconds, or raise where no time is left."""
        remaining = self.remaining
        if remaining is None:
            return timeout
        if remaining == 0.0:
            raise httpx.ReadTimeout(OVER)
        return remaining if timeout is None else min(timeout, remaining)

    def holds(self, used: object) -> None:
        """Take note of the socket that the call is using."""
        self._socket = used if isinstance(used, socket.socket) else None

    def cut(self) -> None:
        """End the call now, from another thread; one that still connects, once it has."""
        self._end = time.monotonic()
        if self._socket is not None:
            with suppress(OSError):  # It may be closed by now.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


@contextmanager
def cancelling(deadline: Deadline) -> Generator[None]:
    """Have the task cancelled when the time is over, and say so by an error."""
    with anyio.move_on_after(deadline.remaining) as scope:
        yield
    if scope.cancelled_caught:
        raise httpx.ReadTimeout(OVER)


def reading(_: Deadline) -> AbstractContextManager[None]:
    """Leave it to the sockets, each step of which is held to the deadline."""
    return nullcontext()


def shielded() -> AbstractContextManager[object]:
    """Let a task that is being cancelled do something in full."""
    return anyio.CancelScope(shield=True)


def unshielded() -> AbstractContextManager[None]:
    """Do nothing: nobody cancels a thread."""
    return nullcontext()


class AsyncGate:
    """Lets a few tasks through at a time, in the order in which they came."""

    def __init__(self, size: int) -> None:
        self._places = anyio.Semaphore(size, fast_acquire=True)
        self._turn = anyio.Lock(fast_acquire=True)

    async def enter(self, _: Deadline) -> None:
        """Wait for a place; the end of the call cancels the task."""
        await self._places.acquire()

    def leave(self) -> None:
        """Give the place back."""
        self._places.release()

    async def turn(self) -> None:
        """Let one task on in each round of the loop, so that many that begin do not block it."""
        async with self._turn:
            await anyio.lowlevel.checkpoint()


class Gate:
    """Lets a few threads through at a time."""

    def __init__(self, size: int) -> None:
        self._places = threading.Semaphore(size)

    def enter(self, deadline: Deadline) -> None:
        """Wait for a place, up to the end of the call."""
        while not self._places.acquire(timeout=deadline.left(1.0)):
            continue

    def leave(self) -> None:
        """Give the place back."""
        self._places.release()

    def turn(self) -> None:
        """Go on: the system lets each thread have its turn."""
