"""Whose turn it is: a few requests at a time, in the order in which they came."""

from __future__ import annotations

import threading

import anyio.lowlevel

from .deadline import Deadline


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


class AsyncGate:
    """Lets a few tasks through at a time."""

    def __init__(self, size: int) -> None:
        self._places = anyio.Semaphore(size, fast_acquire=True)

    async def enter(self, deadline: Deadline) -> None:
        """Wait for a place; the end of the call cancels the task."""
        await self._places.acquire()

    def leave(self) -> None:
        """Give the place back."""
        self._places.release()


class Turnstile:
    """Threads need none: the system takes care that each gets its turn."""

    def go_through(self) -> None:
        """Return at once."""


class AsyncTurnstile:
    """Lets one task through in each round of the loop, so that many that begin do not block it."""

    def __init__(self) -> None:
        self._lock = anyio.Lock(fast_acquire=True)

    async def go_through(self) -> None:
        """Wait until those that came before are through."""
        async with self._lock:
            await anyio.lowlevel.checkpoint()
