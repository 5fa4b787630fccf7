"""Polling things in progress, again and again until they have ended."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

import anyio

from .arguments import checked_async_callback
from .async_client import AsyncAPIClient
from .calls import Response
from .crews import LAST_MOMENT, AsyncPoll, Tasks
from .waiting import called_async
from .watches import Outcome, Wait, Watch

T = TypeVar("T")
R = TypeVar("R")


class AsyncPollingClient(AsyncAPIClient):
    """A client that can also wait."""

    async def _poll(self, watch: Watch[T]) -> Outcome[T]:
        """Make the call of a watch once; return what it raises.

        That is anything at all: a poll without an outcome would be waited for without end.
        """
        try:
            return await self._attempt(watch.call, watch.deadline)
        except BaseException as error:
            return error

    async def _wait_for_one(self, wait: Wait[T]) -> Response[T]:
        """Poll something until it has ended, or the wait for it has."""
        checked_async_callback("on_update", wait.on_update)
        while (end := wait.end()) is None:
            due = wait.next()
            if isinstance(due, Watch):
                await _hear(wait, due, await self._poll(due))
            elif due is not None:
                await anyio.sleep(due)
        return end


class AsyncFinished(AsyncGenerator[R], Generic[T, R]):
    """What of many things has ended, in the order of its ending; then an error for the rest.

    Between two steps nothing runs: no thread, no task, no request. So nothing is left behind,
    however the loop over it is left. A step ends when the polls under way have, or a little after
    something has ended; it gives up the rest, as one that is interrupted does, and the next step
    makes them again.
    """

    def __init__(self, poll: AsyncPoll[T], wait: Wait[T], give: Callable[[Response[T]], R]) -> None:
        checked_async_callback("on_update", wait.on_update)
        self._poll, self._wait, self._give = poll, wait, give
        self._lock = threading.Lock()

    async def asend(self, _: None) -> R:
        """Return what has ended next: this is the step of the iteration."""
        wait = self._wait
        with self._alone():
            wait.put_back()
            while (end := wait.end()) is None and wait.queue:
                await self._follow(wait)
        if end is None:
            raise StopAsyncIteration
        given = self._give(end)
        del wait.over[0]  # Last, since no signal comes between this and the return.
        return given

    async def athrow(self, typ: Any, val: Any = None, tb: Any = None, /) -> R:
        """End the iteration, and raise the exception; `aclose` does it with `GeneratorExit`."""
        with self._alone():
            self._wait.close()
        raise typ if val is None else val

    def _alone(self) -> AbstractContextManager[object]:
        """Return a lock that nobody holds, to be held for a step."""
        if self._lock.locked():
            raise RuntimeError("another thread or task is taking from this iterator: let one do it")
        return self._lock

    async def _follow(self, wait: Wait[T]) -> None:
        """Poll everything when it is due, until something is over and no poll is under way."""
        async with Tasks(self._poll) as crew:
            while wait.busy or (wait.queue and not wait.over):
                while isinstance(due := wait.next(), Watch):
                    crew.start(due)
                if wait.busy:
                    patience = max(LAST_MOMENT, 2 * wait.usual)
                    heard = await crew.outcome(patience if wait.over else due)
                    if heard:
                        await _hear(wait, *heard)
                    elif wait.over:  # One request that stalls holds up none of the others.
                        break
                elif due is not None:
                    await anyio.sleep(due)
                if any(isinstance(one, Exception) for _, one in wait.over):
                    break


async def _hear(wait: Wait[T], watch: Watch[T], outcome: Outcome[T]) -> None:
    """Take in what a poll gave, and tell the caller of a new state; an error ends the wait."""
    try:
        item = wait.hear(watch, outcome)
        if item is not None and wait.on_update:
            await called_async(wait.on_update, item)
    except Exception as error:
        wait.close()
        if isinstance(error, StopAsyncIteration):  # It would end a loop as if nothing were left.
            raise RuntimeError(f"poll_interval or on_update raised {error!r}") from error
        raise
