"""A few polls at a time: `Threads`, and `Tasks` for use with `await`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent import futures
from contextlib import AbstractContextManager
from typing import Generic, Self, TypeAlias, TypeVar

import anyio

from .calls import Call
from .deadline import Deadline
from .watches import Outcome, Watch

T = TypeVar("T")
Poll: TypeAlias = Callable[[Call[T], Deadline], Outcome[T]]
AsyncPoll: TypeAlias = Callable[[Call[T], Deadline], Awaitable[Outcome[T]]]


class Threads(AbstractContextManager["Threads[T]"], Generic[T]):
    """A few polls at a time, each on a thread; the `with` ends when the last thread has."""

    def __init__(self, poll: Poll[T], size: int) -> None:
        self._poll, self._pool = poll, futures.ThreadPoolExecutor(size, __name__)
        self._busy: dict[futures.Future[Outcome[T]], tuple[Watch[T], Deadline]] = {}

    def start(self, watch: Watch[T], deadline: Deadline) -> None:
        """Poll something; not more than `size` at a time."""
        self._busy[self._pool.submit(self._poll, watch.call, deadline)] = watch, deadline

    def outcomes(self, timeout: float | None) -> list[tuple[Watch[T], Outcome[T]]]:
        """Wait until a poll is over, up to so many seconds, and return what there is."""
        futures.wait(self._busy, timeout, futures.FIRST_COMPLETED)
        over = [one for one in self._busy if one.done()]
        return [(self._busy.pop(one)[0], one.result()) for one in over]

    def __exit__(self, *_: object) -> None:
        for one, (_watch, deadline) in self._busy.items():
            if not one.done():  # Else its connection may be another call's by now.
                deadline.cut()
        self._pool.shutdown(cancel_futures=True)


class Tasks(Generic[T]):
    """A few polls at a time, each in a task; the `async with` ends when the last task has."""

    def __init__(self, poll: AsyncPoll[T], size: int) -> None:
        self._poll, self._group = poll, anyio.create_task_group()
        self._over: list[tuple[Watch[T], Outcome[T]]] = []
        self._is_over = anyio.Event()

    def start(self, watch: Watch[T], deadline: Deadline) -> None:
        """Poll something."""
        self._group.start_soon(self._run, watch, deadline)

    async def _run(self, watch: Watch[T], deadline: Deadline) -> None:
        outcome = await self._poll(watch.call, deadline)
        self._over.append((watch, outcome))
        self._is_over.set()

    async def outcomes(self, timeout: float | None) -> list[tuple[Watch[T], Outcome[T]]]:
        """Wait until a poll is over, up to so many seconds, and return what there is."""
        with anyio.move_on_after(timeout):
            await self._is_over.wait()
        over, self._over, self._is_over = self._over, [], anyio.Event()
        return over

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._group.cancel_scope.cancel()
        try:
            # Without the caller's error, which the group would wrap.
            await self._group.__aexit__(None, None, None)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
