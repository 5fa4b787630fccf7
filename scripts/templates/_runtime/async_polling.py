"""Polling things in progress, again and again until they have ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Generic, TypeVar

import anyio

from .arguments import checked_async_callback, checked_count
from .async_client import AsyncAPIClient
from .calls import Call, Response
from .crews import AsyncLook, Outcome, Tasks
from .deadline import Deadline
from .errors import APIError, ResponseDecodeError
from .waiting import called_async
from .watches import Wait, Watch

T = TypeVar("T")
R = TypeVar("R")


class AsyncPollingClient(AsyncAPIClient):
    """A client that can also wait."""

    async def _look(self, call: Call[T], deadline: Deadline) -> Response[T] | APIError:
        """Make a call once, as one of many polls of the same thing."""
        try:
            return await self._attempt(call, self._request(call), deadline, 0)
        except ResponseDecodeError as error:
            return error

    async def _wait_for_one(self, wait: Wait[T]) -> Response[T]:
        """Poll something until it has ended, or the wait for it has."""
        checked_async_callback("on_update", wait.on_update)
        while (response := wait.result()) is None:
            if watch := wait.take():
                deadline = wait.deadline(self._total_timeout)
                await _hear(wait, watch, await self._look(watch.call, deadline))
            elif (pause := wait.pause()) is not None:
                await anyio.sleep(pause)
        return response

    def _wait_for_many(
        self, wait: Wait[T], give: Callable[[Response[T]], R], max_concurrency: int
    ) -> AsyncGenerator[R]:
        """Poll many things, a few at a time, until each has ended."""
        checked_async_callback("on_update", wait.on_update)
        size = checked_count("max_concurrency", max_concurrency, least=1)
        return AsyncFinished(self._look, wait, give, size, self._total_timeout)


class AsyncFinished(AsyncGenerator[R], Generic[T, R]):
    """What of many things has ended, in the order of its ending; then an error for the rest.

    Between two steps nothing runs: no thread, no task, no request. So nothing is left behind,
    however the loop over it is left. A step ends when the polls under way have; one that is
    interrupted gives them up, and the next step makes them again.
    """

    def __init__(
        self,
        look: AsyncLook[T],
        wait: Wait[T],
        give: Callable[[Response[T]], R],
        max_concurrency: int,
        total_timeout: float | None,
    ) -> None:
        self._look, self._wait, self._give = look, wait, give
        self._max_concurrency, self._total_timeout = max_concurrency, total_timeout
        self._lock = Lock()
        wait.is_grouped = True

    async def asend(self, _: None) -> R:
        """Return what has ended next; this is the step of the iteration."""
        with self._alone():
            while (response := self._wait.result()) is None:
                if not self._wait.queue:
                    raise StopAsyncIteration
                await self._follow()
            return self._give(response)

    async def athrow(self, typ: Any, val: Any = None, tb: Any = None, /) -> R:
        """End the iteration, and raise the exception; `aclose` does it with `GeneratorExit`."""
        with self._alone():
            self._wait.close()
        raise typ if val is None else val

    @contextmanager
    def _alone(self) -> Generator[None]:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("another thread or task is taking from this iterator: let one do it")
        try:
            yield
        finally:
            self._lock.release()

    async def _follow(self) -> None:
        """Poll everything when it is due, until something is over."""
        wait, size = self._wait, self._max_concurrency
        try:
            async with Tasks(self._look, size) as crew:
                while wait.busy or (wait.queue and not wait.over):
                    while not wait.over and len(wait.busy) < size and (watch := wait.take()):
                        crew.start(watch, wait.deadline(self._total_timeout))
                    pause = None if wait.over or len(wait.busy) == size else wait.pause()
                    if wait.busy:
                        for watch, outcome in await crew.outcomes(pause):
                            await _hear(wait, watch, outcome)
                    elif pause is not None:
                        await anyio.sleep(pause)
                    if any(watch.error for watch in wait.over):
                        break
        finally:
            wait.put_back()


async def _hear(wait: Wait[T], watch: Watch[T], outcome: Outcome[T]) -> None:
    """Take in what a poll gave, and tell the caller of a new state; an error of his ends it."""
    try:
        item = wait.hear(watch, outcome)
        if item is not None and wait.on_update:
            await called_async(wait.on_update, item)
    except Exception as error:
        wait.close()
        if isinstance(error, StopAsyncIteration):  # It would end a loop as if nothing were left.
            raise RuntimeError(f"poll_interval or on_update raised {error!r}") from error
        raise
