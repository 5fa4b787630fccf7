"""Waiting for many things at once.

Between two steps of the iteration nothing runs: no thread, no task, no request. So there is
nothing to close, however the loop over it is left. A step therefore ends only when the looks under
way have.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from .calls import Response
from .crews import AsyncLook, Outcome, Tasks
from .waiting import Watch, called_async, is_refusal

T = TypeVar("T")
R = TypeVar("R")


class AsyncFinished(AsyncIterator[R], Generic[T, R]):
    """What of many things has ended, in the order of its ending; then an error for the rest."""

    def __init__(
        self,
        look: AsyncLook[T],
        watches: list[Watch[T]],
        give: Callable[[Response[T]], R],
        on_update: Callable[[T], object] | None,
        max_concurrency: int,
        total_timeout: float | None,
    ) -> None:
        self._look = look
        self._give = give
        self._on_update = on_update
        self._max_concurrency = max_concurrency
        self._total_timeout = total_timeout
        self._count = len(watches)
        self._noun = watches[0].wait.kind.noun if watches else ""
        self._waiting = [(watch.due, index, watch) for index, watch in enumerate(watches)]
        self._pushed = self._count
        self._over: deque[Watch[T]] = deque()
        self._lost: list[Exception] = []

    async def __anext__(self) -> R:
        try:
            if not self._over and self._waiting:
                await self._follow()
            if self._over:
                watch = self._over.popleft()
                if watch.error:
                    raise watch.error
                if watch.response:
                    return self._give(watch.response)
            if self._lost:
                count = f"{len(self._lost)} of {self._count} {self._noun}s"
                raise ExceptionGroup(f"{count} could not be followed to their end", self._lost)
            raise StopAsyncIteration
        except BaseException:
            self._waiting, self._lost = [], []
            self._over.clear()
            raise

    async def _follow(self) -> None:
        """Look at everything when it is due, until something is over."""
        async with Tasks(self._look, self._max_concurrency) as crew:
            while not self._over and (self._waiting or crew.busy):
                for watch in self._due(self._max_concurrency - len(crew.busy)):
                    if watch.wait.is_over:
                        watch.give_up()
                        self._settle(watch)
                    else:
                        crew.start(watch, watch.wait.deadline(self._total_timeout))
                for watch, outcome in await crew.outcomes(self._pause(len(crew.busy))):
                    await self._hear(watch, outcome)
            while crew.busy and not any(watch.error for watch in self._over):
                for watch, outcome in await crew.outcomes(None):
                    await self._hear(watch, outcome)

    async def _hear(self, watch: Watch[T], outcome: Outcome[T]) -> None:
        try:
            if watch.hear(outcome) and self._on_update and watch.item is not None:
                await called_async(self._on_update, watch.item)
        except StopAsyncIteration as error:  # It would end the loop as if nothing were left.
            raise RuntimeError(f"poll_interval or on_update raised {error!r}") from error
        self._settle(watch)

    def _settle(self, watch: Watch[T]) -> None:
        if not watch.is_over:
            self._push(watch)
        elif watch.error and not watch.response and not is_refusal(watch.error):
            self._lost.append(watch.error)
        else:
            self._over.append(watch)

    def _due(self, room: int) -> list[Watch[T]]:
        """Take what is to be looked at now."""
        found: list[Watch[T]] = []
        now = time.monotonic()
        while len(found) < room and self._waiting and self._waiting[0][0] <= now:
            found.append(heapq.heappop(self._waiting)[2])
        return found

    def _push(self, watch: Watch[T]) -> None:
        self._pushed += 1
        heapq.heappush(self._waiting, (watch.due, self._pushed, watch))

    def _pause(self, busy: int) -> float | None:
        """Say how long there is nothing to start, in seconds; `None` until a look is over."""
        if not self._waiting or busy >= self._max_concurrency:
            return None
        return max(self._waiting[0][0] - time.monotonic(), 0.0)
