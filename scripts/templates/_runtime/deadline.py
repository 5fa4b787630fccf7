"""The end of a whole call, which the time-outs of each read do not know."""

from __future__ import annotations

import socket
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

import anyio
import httpx

OVER = "the time for the call is over"


class Deadline:
    """The moment by which a call must be done, on the monotonic clock."""

    def __init__(self, seconds: float | None, *, can_be_cut: bool = False) -> None:
        self.seconds = seconds
        self.can_be_cut = can_be_cut
        self._end = None if seconds is None else time.monotonic() + seconds
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
        parts = timeout.as_dict()
        left = self.remaining
        if left is None:
            return parts
        return {name: left if s is None else min(s, left) for name, s in parts.items()}

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
        """End the call now, from another thread."""
        self._end = time.monotonic()
        if self._socket is not None:
            with suppress(OSError):  # It may be closed by now.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def enforced_by_cancelling(self) -> AbstractContextManager[object]:
        """Have the task cancelled when the time is over, and say so by an error."""
        left = self.remaining
        return nullcontext() if left is None else _cancelling(left)

    def enforced_by_sockets(self) -> AbstractContextManager[object]:
        """Leave it to the sockets, which a `Wire` holds to the deadline."""
        return nullcontext()


@contextmanager
def _cancelling(seconds: float) -> Generator[None]:
    with anyio.move_on_after(seconds) as scope:
        yield
    if scope.cancelled_caught:
        raise httpx.ReadTimeout(OVER)
