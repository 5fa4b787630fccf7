"""A few polls at a time: `Threads`, and `Tasks` for use with `await`."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Generic, Self, TypeAlias, TypeVar

import anyio

from .watches import Outcome, Watch

T = TypeVar("T")
Poll: TypeAlias = Callable[[Watch[T]], Outcome[T]]
AsyncPoll: TypeAlias = Callable[[Watch[T]], Awaitable[Outcome[T]]]
Heard: TypeAlias = tuple[Watch[T], Outcome[T]]

LAST_MOMENT = 1.0
"""How long polls are waited for that nothing depends on any more, in seconds."""


class Threads(AbstractContextManager["Threads[T]"], Generic[T]):
    """Polls, each on a thread; the `with` ends when the last has, or soon after.

    A poll that cannot be cut short, since it looks up a name or connects, ends on its own. Its
    thread is a daemon, which does not keep a program from ending.
    """

    def __init__(self, poll: Poll[T]) -> None:
        self._poll = poll
        self._busy: dict[Watch[T], threading.Thread] = {}
        self._over: SimpleQueue[Heard[T]] = SimpleQueue()

    def start(self, watch: Watch[T]) -> None:
        """Poll something."""

        def run() -> None:
            self._over.put((watch, self._poll(watch)))

        self._busy[watch] = threading.Thread(target=run, name=__name__, daemon=True)
        self._busy[watch].start()

    def outcome(self, timeout: float | None) -> Heard[T] | None:
        """Return what a poll gave, as soon as one is over; `None` after so many seconds."""
        try:
            heard = self._over.get(timeout=timeout)
        except Empty:
            return None
        del self._busy[heard[0]]
        return heard

    def __exit__(self, *_: object) -> None:
        for watch in self._busy:
            watch.deadline.cut()
        end = time.monotonic() + LAST_MOMENT
        for thread in self._busy.values():
            if thread.is_alive():  # Ctrl-C may come while one starts.
                thread.join(max(end - time.monotonic(), 0.0))


class Tasks(Generic[T]):
    """Polls, each in a task; the `async with` ends when the last has."""

    def __init__(self, poll: AsyncPoll[T]) -> None:
        self._poll, self._group = poll, anyio.create_task_group()
        self._over: deque[Heard[T]] = deque()
        self._is_over = anyio.Event()

    def start(self, watch: Watch[T]) -> None:
        """Poll something."""
        self._group.start_soon(self._run, watch)

    async def _run(self, watch: Watch[T]) -> None:
        self._over.append((watch, await self._poll(watch)))
        self._is_over.set()

    async def outcome(self, timeout: float | None) -> Heard[T] | None:
        """Return what a poll gave, as soon as one is over; `None` after so many seconds."""
        if not self._over:
            self._is_over = anyio.Event()
            with anyio.move_on_after(timeout):
                await self._is_over.wait()
        return self._over.popleft() if self._over else None

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._group.cancel_scope.cancel()
        # Without the caller's error, which the group would wrap.
        await self._group.__aexit__(None, None, None)
